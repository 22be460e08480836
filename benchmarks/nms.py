"""Non-maximum suppression by hand beside cv2.dnn.NMSBoxes, and how both grow.

    .venv/bin/python benchmarks/nms.py

Prints a Markdown table and draws nms.png beside this file. "Crowded" boxes are what a detector
gives: eight of ten lie on one of N / 100 things. "Scattered" ones hardly touch, so that nearly all
are kept and compared: the worst case. One thread, processor time.
"""

import argparse
import os
import platform
import time
import tracemalloc
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):  # read when NumPy is first imported
    os.environ[f"{library}_NUM_THREADS"] = "1"

import cv2  # noqa: E402
import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from course_lib import plot  # noqa: E402
from course_lib.detection import boxes  # noqa: E402

COUNTS = (10, 30, 100, 300, 1000, 3000, 10_000)
OVERLAP = 0.5


def crowded(rng, count):
    things = scattered(rng, max(1, count // 100))
    near = things[rng.integers(0, len(things), count)] + rng.normal(0, 8, (count, 4))
    near = np.where(rng.random((count, 1)) < 0.2, scattered(rng, count), near)
    near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
    return near


def scattered(rng, count):
    low = rng.uniform(0, 900, (count, 2))
    return np.hstack([low, low + rng.uniform(20, 100, (count, 2))])


def milliseconds(function, runs):
    """Median processor time of a call; short calls are repeated until the clock can see them."""
    repeats = 1
    while True:
        start = time.process_time()
        for _ in range(repeats):
            function()
        if (passed := time.process_time() - start) > 0.02 or passed * runs > 1:
            break
        repeats *= 4
    times = []
    for _ in range(runs):
        start = time.process_time()
        for _ in range(repeats):
            function()
        times.append((time.process_time() - start) / repeats)
    return 1000 * np.median(times)


def peak_megabytes(function):
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def measure(make, count, runs):
    """Milliseconds of ours and OpenCV's, how many are kept, and our memory."""
    rng = np.random.default_rng(count)
    corners, scores = make(rng, count), rng.random(count).astype(np.float32)
    rects = boxes.to_size(corners)

    def ours():
        return boxes.nms(corners, scores, overlap=OVERLAP)

    def theirs():
        return cv2.dnn.NMSBoxes(rects, scores, 0, OVERLAP)

    if not np.array_equal(ours(), np.ravel(theirs())):
        raise SystemExit(f"{make.__name__}, {count}: ours keeps other boxes than OpenCV's.")
    times = milliseconds(ours, runs), milliseconds(theirs, runs)
    return *times, len(ours()), peak_megabytes(ours)


def draw(table, path):
    """The growth of both, with both axes logarithmic."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
    for ax, (name, rows) in zip(axes, table.items(), strict=True):
        rows = np.array(rows)
        curves = {"by hand, NumPy": (COUNTS, rows[:, 0]), "cv2.dnn.NMSBoxes": (COUNTS, rows[:, 1])}
        plot.show_curves(curves, ax=ax, x_label="boxes", y_label="processor time, ms", title=name)
        ax.set(xscale="log", yscale="log")
        ax.label_outer()
    fig.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    cv2.setNumThreads(1)
    print(f"{platform.machine()}, 1 thread, NumPy {np.__version__}, OpenCV {cv2.__version__}.")
    print(f"Medians of {runs} runs; every row keeps exactly the same boxes.\n")
    print("| boxes | kept | by hand, ms | cv2, ms | by hand / cv2 | our memory, MB |")
    print("|---|---|---|---|---|---|")
    table = {}
    for make in (crowded, scattered):
        for count in COUNTS:
            ours, theirs, kept, memory = measure(make, count, runs)
            table.setdefault(make.__name__, []).append((ours, theirs))
            print(
                f"| {count:,} {make.__name__} | {kept:,} | {ours:.2f} | {theirs:.3f} "
                f"| {ours / theirs:.1f} | {memory:.1f} |"
            )
    draw(table, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
