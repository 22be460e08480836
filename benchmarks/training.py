"""Training a cascade on CBCL to a false-alarm rate of 1e-3: time, memory, and how time grows.

    python benchmarks/training.py            # some minutes on two cores
    python benchmarks/training.py --runs 1   # quicker: no medians

Needs the asset cbcl_faces. All 2,429 + 4,548 windows have a part: three fifths of the faces are
learnt from (with their mirror images), one fifth sets the thresholds, one fifth is held out; of the
others four fifths are learnt from and one is held out. Blocks of 50 neighbouring files stay
together, because CBCL holds near-copies. Prints Markdown, writes training_growth.png beside this
file.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np

from course_lib import datasets
from course_lib.classic import haar
from course_lib.classic.cascade import face_windows, mining, scan, training

GOAL = 1e-3
SETTINGS = {
    "stages": 20,
    "hit_rate": 0.998,
    "false_alarms": 0.4,
    "stumps": (10, 20, 40, 80, 160),
    "features": 12000,
    "negatives": 4000,
    "goal": GOAL,
}
ROUNDS = 30
WINDOWS, FEATURES = (875, 1750, 3500, 7000), (4000, 8000, 16000, 32000, 63960)
FIXED_WINDOWS, FIXED_FEATURES = 3500, 16000
CHART = Path(__file__).with_name("training_growth.png")


def split():
    """The windows by their part: (learn, tune, held out) faces and (learn, held out) others."""
    windows, labels = datasets.cbcl()
    windows = face_windows.to_window_bytes(windows)
    faces, others = windows[labels == 1], windows[labels == 0]
    part = face_windows.split_in_blocks(len(faces))
    other = face_windows.split_in_blocks(len(others))
    return (
        faces[part < 3],
        faces[part == 3],
        faces[part == 4],
        others[other < 4],
        others[other == 4],
    )


def mirrored(faces):
    return np.concatenate([faces, faces[:, :, ::-1]])


def train(seed):
    """Seconds of one training, the cascade and the records of its stages."""
    learn, tune, _, others, _ = split()
    photos = mining.photos_without_faces()
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    model, records = training.train_cascade(
        mirrored(learn), mirrored(tune), others, photos, rng=rng, **SETTINGS
    )
    return time.perf_counter() - start, model, records


def compile_first():
    """A training of a second on noise, so that numba's compiler is in none of the numbers."""
    noise = np.random.default_rng(0).integers(0, 256, (3, 60, 19, 19), dtype=np.uint8)
    photos = [np.random.default_rng(1).random((40, 40))]
    rng = np.random.default_rng(2)
    training.train_cascade(*noise, photos, rng=rng, stages=2, features=200, stumps=3)


def passing(model):
    """Rows of (what, windows that pass, windows): learnt from, and never seen."""
    names = (
        "faces learnt from",
        "faces for the thresholds",
        "**faces held out**",
        "CBCL non-faces learnt from",
        "**CBCL non-faces held out**",
    )
    for name, windows in zip(names, split(), strict=True):
        yield name, np.sum(mining.stages_passed(windows, model) == len(model.stages)), len(windows)
    for name, photos in (
        ("windows of the photos mined", mining.TRAINING_PHOTOS),
        ("**windows of photos held out**", mining.HELD_OUT_PHOTOS),
    ):
        counts = sum(scan.stage_counts(p, model) for p in mining.photos_without_faces(photos))
        yield name, counts[-1], counts[0]


def report(model, records):
    print(f"{len(records)} stages, {sum(r.stumps for r in records)} stumps\n")
    print("| windows | pass | of | share |\n|---|---|---|---|")
    for name, passed, number in passing(model):
        print(f"| {name} | {passed:,} | {number:,} | {passed / number:.2e} |")


def peak_memory():
    """Largest memory of a fresh process that only trains, in MB; None where it cannot be read."""
    program = (
        "import resource, sys, training as b; b.compile_first(); b.train(0); "
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "print(peak / (2**20 if sys.platform == 'darwin' else 2**10))"
    )
    if platform.system() == "Windows":
        return None
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def stage_seconds(windows, features):
    """Seconds that one stage of 30 stumps takes, from the windows to its threshold."""
    learn, tune, _, others, _ = split()
    rng = np.random.default_rng(0)
    faces = mirrored(learn)[rng.permutation(2 * len(learn))[: windows * 3 // 7]]
    others = np.concatenate([others, others[:, ::-1]])
    others = others[rng.permutation(len(others))[: windows - len(faces)]]
    table = haar.feature_table(19, 19)
    table = table[rng.permutation(len(table))[:features]]
    start = time.perf_counter()
    # A share below 0 is never reached, so that all stumps are trained.
    training.train_stage(faces, tune, others, table, 0.998, false_alarms=-1, stumps=ROUNDS)
    return time.perf_counter() - start


def growth(runs):
    """Median seconds by number of windows and by number of features."""

    def median(windows, features):
        return statistics.median(stage_seconds(windows, features) for _ in range(runs))

    by_windows = [median(n, FIXED_FEATURES) for n in WINDOWS]
    by_features = [median(FIXED_WINDOWS, n) for n in FEATURES]
    return by_windows, by_features


def exponent(sizes, seconds):
    """p where seconds grow like size to the power of p."""
    return np.polyfit(np.log(sizes), np.log(seconds), 1)[0]


def draw(by_windows, by_features):
    """Write the chart of `growth`."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from course_lib import plot

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for ax, sizes, seconds, what, other in (
        (axes[0], WINDOWS, by_windows, "windows", f"{FIXED_FEATURES:,} features"),
        (axes[1], FEATURES, by_features, "features", f"{FIXED_WINDOWS:,} windows"),
    ):
        power = exponent(sizes, seconds)
        line = seconds[-1] * np.array(sizes) / sizes[-1]
        curves = {"measured": (sizes, seconds), "in proportion": (sizes, line)}
        title = f"{other}: time grows like {what}$^{{{power:.2f}}}$"
        plot.show_curves(curves, ax=ax, x_label=what, y_label="seconds", title=title)
        ax.set(xscale="log", yscale="log")
        ax.set_xticks(sizes, [f"{n:,}" for n in sizes], minor=False)
        ticks = [
            t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if min(line) / 2 < t < 2 * max(seconds)
        ]
        ax.set_yticks(ticks, [f"{t:g}" for t in ticks], minor=False)
        ax.minorticks_off()
    figure.suptitle(f"One stage of {ROUNDS} stumps: time grows no faster than the work")
    figure.savefig(CHART, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="medians of so many runs")
    runs = parser.parse_args().runs
    compile_first()
    trainings = [train(0) for _ in range(runs)]
    seconds = statistics.median(t for t, _, _ in trainings)
    print(f"{platform.machine()}, {os.cpu_count()} cores, {numba.get_num_threads()} threads\n")
    print(f"Training on CBCL to {GOAL:g}: {seconds:.0f} s (median of {runs})")
    memory = peak_memory()
    print("Peak memory " + (f"{memory:,.0f} MB" if memory else "not measured here"))
    report(*trainings[0][1:])
    by_windows, by_features = growth(runs)
    draw(by_windows, by_features)
    print("\n| one stage of 30 stumps | seconds |\n|---|---|")
    for n, s in zip(WINDOWS, by_windows, strict=True):
        print(f"| {n:,} windows, {FIXED_FEATURES:,} features | {s:.2f} |")
    for n, s in zip(FEATURES, by_features, strict=True):
        print(f"| {FIXED_WINDOWS:,} windows, {n:,} features | {s:.2f} |")


if __name__ == "__main__":
    main()
