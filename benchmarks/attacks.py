"""What each hostile submission of tests/hostile gets from plain `nbgrader autograde`, and from us.

    .venv/bin/python benchmarks/attacks.py [NAME ...]

Prints the table of solutions/README.md. Plain nbgrader runs in a jail of this script's own, as a
user without rights, since it has none: run this as root, on a machine that has bubblewrap.
"""

import argparse
import hashlib
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

import grading  # noqa: E402
import hostile_class  # noqa: E402
import test_hostile  # noqa: E402

from course_lib.staff import sandbox, sources, variants  # noqa: E402

NOBODY = "65534"
WAIT = 60  # seconds until this script stops plain nbgrader
MEMORY, PROCESSES, FILE = 8 * 2**30, 300, 2**30
SECRET = {"COURSE_TEST_SECRET": "SECRET"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="attacks; all if none")
    wanted = parser.parse_args().names or list(hostile_class.attacks())
    if os.name != "posix" or os.geteuid() or not shutil.which("bwrap"):
        print("Left out: the jail for plain nbgrader needs root and bubblewrap.")
        return
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), test_hostile.Accomplice)
    server.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        known = {"CANARY": folder / "canary", "CLASS": folder / "course"}
        known |= {"CHECKOUT": sources.ROOT, "PORT": server.server_address[1]}
        hostile_class.write(folder / "handed_in", sources.released("boxes"), answers(), known)
        theirs = {name: plain(folder, name, server) for name in wanted}
        marks, results = ours(folder, wanted)
    print("| what the submission does | plain nbgrader: points of 16, and harm | ours | why |")
    print("|---|---|---|---|")
    for name in wanted:
        causes = {verdict.cause for verdict in results[name].verdicts} - {"by hand"}
        why = ", ".join(sorted(causes))
        told = hostile_class.attacks()[name]
        print(f"| {told} | {theirs[name]} | {marks[name]['total']:g} | {why} |", flush=True)


def answers():
    """The right answer to each cell that checks judge."""
    every = variants.read("boxes")
    return {
        cell: next(a.source for a in every[cell] if a.is_right) for cell in hostile_class.FUNCTIONS
    }


def ours(folder, wanted):
    """Marks and results of our own grading of the same class, with its sandbox."""
    sandbox.choose()
    os.environ.update(SECRET)
    (folder / "canary").mkdir(exist_ok=True)
    return test_hostile.grade(folder / "ours", folder / "handed_in", sources.released("boxes"))


def plain(folder, name, server):
    """What plain nbgrader makes of one attack: points, and what was harmed, in words."""
    course, canary = folder / "course", folder / "canary"
    for place in (course, canary):
        shutil.rmtree(place, ignore_errors=True)
    canary.mkdir()
    shutil.copytree(sources.ROOT / "solutions" / "boxes", course / "source" / "boxes")
    for student in (name, hostile_class.HONEST[0]):
        shutil.copytree(
            folder / "handed_in" / student, course / "submitted" / student / "boxes", symlinks=True
        )
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    jailed(course, canary, "generate_assignment")
    server.heard.clear()
    before = state(course)
    honest, status = jailed(course, canary, "autograde", hostile_class.HONEST[0])
    if status or honest_total(course) != 16:
        raise SystemExit("The honest submission was not graded: nothing can be said of others.")
    seconds, status = jailed(course, canary, "autograde", name, WAIT)
    return verdict(course, canary, name, server, before, (seconds, honest, status))


def honest_total(course):
    """The points of the honest student, as the gradebook has them."""
    return sum(grading.marks(course).get(hostile_class.HONEST[0], {}).values())


def verdict(course, canary, name, server, before, times):
    """The points and the harm, in words."""
    seconds, honest, status = times
    try:
        marks = grading.marks(course)
    except Exception as error:
        return f"gradebook broken ({type(error).__name__})"
    points = sum(marks.get(name, {}).values())
    harm = []
    changed = sum(state(course).get(file) != digest for file, digest in before.items())
    harm += [f"{changed} files of the course changed"] * bool(changed)
    harm += ["wrote outside its folder"] * bool(list(canary.rglob("*")))
    harm += ["sent the environment away"] * any(b"SECRET" in line for line in server.heard)
    harm += ["called its accomplice"] * bool(server.heard)
    graded = "".join(
        path.read_text(errors="replace") for path in (course / "autograded" / name).rglob("*.ipynb")
    )
    harm += ["read hidden checks"] * ("hidden checks read: " in graded)
    harm += ["saw others' work and secrets"] * ('"SEEN ' in graded)
    scripts = "text/html" in graded and "onerror=" in graded
    harm += ["its scripts run in formgrader"] * scripts
    if honest_total(course) != 16:
        harm.append("another student's marks changed")
    if name not in marks:
        harm.append("not graded")
    if status in (124, 137):
        harm.append(f"stopped by us after {WAIT} s")
    elif seconds > 3 * honest:
        harm.append(f"took {seconds / honest:.0f} times as long as an honest one")
    return f"{points:g}" + "".join(f"; {what}" for what in harm)


def state(course):
    """What an autograding has no reason to change: sources, hand-ins, settings."""
    files = [*(course / "source").rglob("*"), *(course / "submitted").rglob("*")]
    files += [course / "nbgrader_config.py"]
    return {f: hashlib.sha256(f.read_bytes()).digest() for f in files if f.is_file()}


def jailed(course, canary, command, student=None, wait=None):
    """Run nbgrader where it can harm nothing but its own course; return seconds and exit status."""
    subprocess.run(["chown", "-R", NOBODY, str(course), str(canary)], check=True)
    home = Path.home()
    walls = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    walls += ["--unshare-pid", "--die-with-parent", "--tmpfs", str(home)]
    # The interpreter may lie in a home that nobody else may enter.
    for place in {sys.prefix, sys.base_prefix, str(ROOT / "course_lib"), str(ROOT / "solutions")}:
        within = [above for above in Path(place).parents if above.is_relative_to(home)][:-1]
        for above in reversed(within):
            walls += ["--perms", "0755", "--dir", str(above)]
        walls += ["--ro-bind", place, place]
    walls += ["--bind", str(course.parent), str(course.parent), "--chdir", str(course)]
    limits = ["prlimit", f"--as={MEMORY}", f"--nproc={PROCESSES}", f"--fsize={FILE}"]
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    call = [sys.executable, "-m", "nbgrader", command, "boxes"]
    call += [f"--student={student}"] if student else []
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    clean = {"PATH": path, "HOME": str(course), "LANG": "C.UTF-8", **SECRET}
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(
            [*walls, "--", *user, *limits, *call], env=clean, stdout=log, stderr=log
        )
        try:
            status = process.wait(wait)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
            status = 124
        if command != "autograde" and status:
            log.seek(0)
            raise SystemExit(log.read().decode(errors="replace")[-2000:])
    return time.monotonic() - began, status


if __name__ == "__main__":
    main()
