"""Style transfer: one step against one pass of VGG16, time to a stated loss, and memory.

    python benchmarks/style.py             # some minutes on two cores
    python benchmarks/style.py --runs 2    # quicker

Needs no download: random weights do not change the time of a step. With the asset vgg16 in the
cache, the time to a loss is measured on its values. Prints Markdown.
"""

import argparse
import contextlib
import io
import os
import platform
import resource
import statistics
import time

import numpy as np

from course_lib import compute, datasets, fetch, images, models
from course_lib.translation import paint, style

SIDES = (128, 224)
SHARE = 0.4  # of the loss at the start: where the race ends
RACE_SIDE, MOST = 128, 120  # px, steps
RATES = (0.01, 0.02, 0.05)


def network():
    """VGG16 as `models.load` builds it, with random weights where the real ones are not here."""
    if fetch.cached("vgg16") is not None:
        return models.load("vgg16")
    return models.vgg16.build("torchvision")


def pictures(side):
    """A photograph and a style of one size."""
    cat = images.resize(datasets.photo("chelsea")[:, 75:375], side, side)
    return cat, paint.waves(side, side, np.random.default_rng(0))


def median_seconds(functions, runs):
    """Median seconds of each function; they take turns, after one turn that is not counted."""
    times = {name: [] for name in functions}
    for n in range(runs + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if n:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def one_step(model, side, runs):
    """Seconds of a compiled pass through all of VGG16, and of one call of a goal."""
    from keras import ops

    photo, art = pictures(side)
    goal = style.Goal(model, photo, art, smooth=0.05)

    model.compile(jit_compile=False)  # Keras' own compiled pass, without its progress bar

    def one_pass():
        return ops.convert_to_numpy(model.predict_on_batch(goal.photo))

    return median_seconds({"pass": one_pass, "step": lambda: goal(goal.photo)}, runs)


def race(model, method, rate):
    """Steps, calls and seconds until the loss is a share of what it was, or None for the steps."""
    photo, art = pictures(RACE_SIDE)
    goal = style.Goal(model, photo, art, weight=15, smooth=0.05)
    goal(goal.photo)  # compile
    wanted, start, found = None, time.perf_counter(), []

    def watch(run):
        nonlocal wanted
        wanted = SHARE * run.total[0] if wanted is None else wanted
        if run.total[-1] <= wanted:
            found.append((run.steps, time.perf_counter() - start))
            raise KeyboardInterrupt  # the way that a student stops a run

    with contextlib.redirect_stdout(io.StringIO()):  # its sentence would stand in the table
        style.transfer(goal, MOST, method=method, rate=rate, on_step=watch)
    return found[0] if found else (None, time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="medians of so many runs")
    runs = parser.parse_args().runs
    compute.backend()
    model = network()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Keras on {compute.backend()}; ", end="")
    print(f"medians of {runs} runs\n")
    print("| px | one pass, s | one step, s | times one pass | wanted |\n|---|---|---|---|---|")
    for side in SIDES:
        found = one_step(model, side, runs)
        ratio = found["step"] / found["pass"]
        print(f"| {side} | {found['pass']:.3f} | {found['step']:.3f} | **{ratio:.2f}** | 4 |")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nLargest memory of the process up to here: {memory:.0f} MB\n")
    print(f"To {SHARE:.0%} of the loss at the start, {RACE_SIDE} px, from the photo:\n")
    print("| way | steps | s |\n|---|---|---|")
    ways = [("L-BFGS", "lbfgs", 0.02), *((f"Adam, rate {rate}", "adam", rate) for rate in RATES)]
    for name, method, rate in ways:
        steps, seconds = race(model, method, rate)
        print(f"| {name} | {steps or f'not in {MOST}'} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
