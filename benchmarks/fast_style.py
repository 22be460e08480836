"""Style in one pass: pictures per second by size, and against 10_1's search at the same size.

    .venv/bin/python benchmarks/fast_style.py

Prints Markdown tables. The networks use all cores, as for a student. The search makes 100 steps of
L-BFGS there where it is taken to its end; here 5 steps are timed, and the ratio is per step too.
"""

import argparse
import platform
import time

import numpy as np

from course_lib import (
    compute,  # noqa: F401  before keras: it keeps the backend quiet
    datasets,
    images,
    models,
)
from course_lib.translation import fast_style, paint, style

STEPS = 5


def median_seconds(function, runs):
    """Median wall time of calls, after one that is not counted."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return np.median(times)


def report_speed(photo, picture, runs):
    """A row per size: any style, and 26 styles in one."""
    code = fast_style.style_code(picture)
    print("| photo | any style, pictures/s | 26 styles in one, pictures/s |\n|---|---|---|")
    for side in (128, 256, 384, 512, 768, 1024):
        sized = images.resize(photo, side, side)
        any_style = median_seconds(lambda s=sized: fast_style.with_code(s, code), runs)
        many = median_seconds(lambda s=sized: fast_style.stylise_many(s, np.eye(26)[19]), runs)
        print(f"| {side}x{side} | {1 / any_style:.1f} | {1 / many:.1f} |")
    seconds = median_seconds(lambda: fast_style.style_code(picture), runs)
    print(f"\nReading a style takes {seconds * 1e3:.0f} ms, once per style.\n")


def report_ratio(photo, picture, runs):
    """A row per size: a step of the search in passes."""
    vgg16 = models.load("vgg16")
    print("| size | step of L-BFGS / pass | 100 steps / pass |\n|---|---|---|")
    for side in (160, 256, 384):
        goal = style.Goal(vgg16, photo, picture, size=side, weight=10)
        begun = style.transfer(goal, steps=1)  # compiles
        once = median_seconds(lambda g=goal: fast_style.stylise(g.photo[0], g.style[0]), runs)
        start = time.perf_counter()
        style.transfer(goal, steps=STEPS, resume=begun)
        step = (time.perf_counter() - start) / STEPS
        print(f"| {side}x{side} | {step / once:.1f} | {100 * step / once:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="timed calls of each (default 5)")
    runs = parser.parse_args().runs
    print(f"Python {platform.python_version()}, {platform.machine()}; medians of {runs}\n")
    photo = images.resize(datasets.photo("china")[:, 60:487], 1024, 1024)
    picture = paint.strokes(384, 384, np.random.default_rng(0))
    report_speed(photo, picture, runs)
    report_ratio(photo, picture, runs)


if __name__ == "__main__":
    main()
