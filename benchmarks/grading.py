"""A class of `boxes` graded by us, sandbox and all, beside `nbgrader autograde` on the same files.

    .venv/bin/python benchmarks/grading.py            # against nbgrader, one run; some minutes
    .venv/bin/python benchmarks/grading.py --growth   # by class size and workers, drawn

The class is made up (course_lib.staff.practice), honest, seeded. Both are whole commands, start and
gradebook included. nbgrader has no workers of its own: it grades one after the other.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from course_lib.staff import practice, release

ROOT = Path(__file__).parent.parent
NAME = "boxes"
SEED = "7"
SIZES, WAYS = (10, 30, 100), (1, 2)  # submissions, workers
LARGE, SPREAD = 300, 2  # the largest class, with this many workers only
STUDENTS, WORKERS = 5000, 50


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="submissions")
    parser.add_argument("--growth", action="store_true", help="sizes and workers; no nbgrader")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        if options.growth:
            growth(Path(folder), [*options.sizes, LARGE])
        else:
            compare(Path(folder), options.count)


def compare(folder, count):
    """Print both ways' time and memory, ours before and after theirs, and whether marks agree."""
    handed_in = hand_in(folder / "class", count)
    theirs = folder / "theirs"
    prepare_plain(theirs, handed_in)
    ways = [("ours, 2 workers", ours(folder / "a", handed_in, 2))]
    ways += [("ours, 1 worker", ours(folder / "b", handed_in, 1))]
    ways += [("nbgrader autograde", measured(plain("autograde"), theirs))]
    ways += [("ours, 2 workers, again", ours(folder / "c", handed_in, 2))]
    theirs_took = ways[2][1][0]
    print(f"\n{count} submissions of {NAME}\n")
    print("| way | seconds | submissions a minute | times nbgrader | peak memory, MB |")
    print("|---|---|---|---|---|")
    for way, (seconds, memory) in ways:
        rate = f"{60 * count / seconds:.0f}"
        print(f"| {way} | {seconds:.1f} | {rate} | {theirs_took / seconds:.1f} | {memory:.0f} |")
    mine, other = marks(folder / "a"), marks(theirs)
    same = sum(mine[student] == other[student] for student in other)
    print(f"\nSame marks, task by task: {same} of {len(other)} (two workers against nbgrader).")
    workers = marks(folder / "b") == mine == marks(folder / "c")
    print(f"Same marks for 1 worker, 2 workers and a second run: {'yes' if workers else 'NO'}.")


def growth(folder, sizes):
    """Print and draw the time by class size and workers, and reckon a large class from it."""
    taken = {}
    print("\n| submissions | workers | seconds | seconds each | peak memory, MB |")
    print("|---|---|---|---|---|")
    for size in sizes:
        handed_in = hand_in(folder / f"class{size}", size)
        for workers in WAYS if size < LARGE else (SPREAD,):
            place = folder / f"{size}by{workers}"
            seconds, memory = ours(place, handed_in, workers)
            taken[size, workers] = seconds
            each = f"{seconds / size:.2f}"
            row = f"| {size} | {workers} | {seconds:.1f} | {each} | {memory:.0f} |"
            print(row, flush=True)
    draw(taken)
    reckon(folder, taken, sizes)


def reckon(folder, taken, sizes):
    """What a cluster would take: its workers' share, or the one process that keeps the book."""
    small, large = min(sizes), max(size for size in sizes if size < LARGE)
    results = (folder / f"{large}by1" / "results" / NAME).glob("*.json")
    work = statistics.mean(json.loads(path.read_text())["seconds"] for path in results)
    each = (taken[large, 1] - taken[small, 1]) / (large - small)
    start = max(0.0, taken[small, 1] - small * each)
    book = max(0.0, each - work)
    spread, alone = STUDENTS * work / WORKERS, STUDENTS * book
    total = start + max(spread, alone)
    print(
        f"\nOne submission: {work:.2f} s in its worker, {book:.3f} s outside; start {start:.1f} s."
    )
    print(
        f"{STUDENTS} students, {WORKERS} workers, reckoned: {spread / 60:.1f} min for each worker,"
        f" {alone / 60:.1f} min for the gradebook's process; {total / 60:.1f} min in all."
    )


def draw(taken):
    """Draw seconds by size, a line per number of workers."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from course_lib import plot

    fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
    workers = sorted({count for _, count in taken})
    curves = {}
    for count in workers:
        sizes = sorted(size for size, w in taken if w == count)
        name = f"{count} worker{'s' * (count > 1)}"
        curves[name] = (sizes, [taken[size, count] for size in sizes])
    labels = {"x_label": "submissions in the class", "y_label": "seconds, the whole command"}
    title = "The time grows in proportion to the class"
    plot.show_curves(curves, ax=ax, title=title, **labels)
    fig.savefig(Path(__file__).with_suffix(".png"), dpi=110)


# --- the two ways ---


def hand_in(folder, count):
    """A class's notebooks in nbgrader's own layout, which both ways take."""
    for student, notebook in practice.make(NAME, count, seed=1).items():
        path = folder / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def ours(place, handed_in, workers):
    """Seconds and megabytes of `course grade`."""
    options = ("--class", str(place), "--workers", str(workers), "--seed", SEED)
    course = Path(sys.executable).with_name("course")
    return measured([str(course), "grade", NAME, str(handed_in), *options], ROOT)


def prepare_plain(folder, handed_in):
    """A course folder as nbgrader wants it, with the assignment released and handed in."""
    import shutil

    shutil.copytree(release.ROOT / "solutions" / NAME, folder / "source" / NAME)
    shutil.copytree(handed_in, folder / "submitted")
    (folder / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'plain'\n"
        "c.ClearSolutions.code_stub = {'python': 'raise NotImplementedError()'}\n"
    )
    measured(plain("generate_assignment"), folder)


def plain(command):
    """nbgrader's own command line."""
    return [sys.executable, "-m", "nbgrader", command, NAME]


def measured(command, folder):
    """Wall seconds of a command and the most megabytes that it and its children held (PSS)."""
    began, peak = time.monotonic(), 0
    log = tempfile.TemporaryFile()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    known = os.environ | {"COURSE_SEED": SEED, "PATH": path}  # nbgrader looks for alembic there
    process = psutil.Popen(command, cwd=folder, stdout=log, stderr=log, env=known)
    while True:
        try:
            process.wait(0.5)
            break
        except psutil.TimeoutExpired:
            peak = max(peak, held(process))
    seconds = time.monotonic() - began
    if process.returncode:
        log.seek(0)
        raise SystemExit(f"{' '.join(command)}:\n{log.read().decode()[-3000:]}")
    return seconds, peak / 1e6


def held(process):
    """Bytes that a process and its children hold, shared pages counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            pass  # it ended meanwhile
    return total


def marks(folder):
    """Student -> points by task, from a gradebook."""
    from nbgrader.api import Gradebook, MissingEntry

    found = {}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        for submission in book.assignment_submissions(NAME):
            try:
                grades = submission.notebooks[0].grades
            except (MissingEntry, IndexError):
                continue
            found[submission.student.id] = {g.name: g.auto_score or 0 for g in grades}
    return found


if __name__ == "__main__":
    main()
