"""Probing VGG16: all its convolutions in one pass, and one step of painting, against one pass.

    python benchmarks/probes.py              # about two minutes on two cores
    python benchmarks/probes.py --runs 3     # quicker

Needs no download: the weights do not change the time. Ours and what it is compared to take turns.
Prints Markdown.
"""

import argparse
import os
import platform
import statistics
import time

import numpy as np

from course_lib import compute
from course_lib.networks import probes

SIDES = (128, 224)
COUNT = 2  # pictures at once


def network():
    """VGG16's convolutions with random weights."""
    compute.backend()
    import keras

    keras.utils.set_random_seed(0)
    return keras.applications.VGG16(weights=None, include_top=False)


def seconds(functions, runs):
    """Median seconds of each function; they take turns, after one turn that is not counted."""
    times = {name: [] for name in functions}
    for n in range(runs + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if n:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def all_convolutions(model, side, runs):
    """Seconds of one pass, and of one that records all 13 convolutions."""
    pictures = np.random.default_rng(0).random((COUNT, side, side, 3), np.float32)
    layers = [name for name in probes.layer_names(model) if "conv" in name]
    assert len(layers) == 13

    def one_pass():
        np.asarray(model(pictures, training=False))

    def record():
        probes.activations(model, layers, pictures)

    return seconds({"pass": one_pass, "ours": record}, runs)


def one_step(model, side, runs):
    """Seconds of one compiled pass, and of one step of `maximize` up to the last convolution."""
    pictures = np.random.default_rng(0).random((COUNT, side, side, 3), np.float32)
    last = "block5_conv3"

    def one_pass():
        np.asarray(model(pictures, training=False))

    rounds = []

    def watch(_step, _scores):
        rounds.append(time.perf_counter())

    values = []
    for _ in range(runs):  # the first step compiles, the others are counted
        rounds.clear()
        probes.maximize(probes.channel(0), model, last, start=pictures, steps=4, on_step=watch)
        values += list(np.diff(rounds))
        values_pass = seconds({"pass": one_pass}, 2)["pass"]
        yield values_pass, statistics.median(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="medians of so many runs")
    runs = parser.parse_args().runs
    model = network()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Keras on {compute.backend()}, ", end="")
    print(f"{COUNT} pictures at once; medians of {runs} runs\n")
    print(
        "| what | px | one pass, s | ours, s | times one pass | wanted |\n|---|---|---|---|---|---|"
    )
    for side in SIDES:
        found = all_convolutions(model, side, runs)
        ratio = found["ours"] / found["pass"]
        row = f"| {side} | {found['pass']:.3f} | {found['ours']:.3f} | **{ratio:.2f}** | 1.3 |"
        print(f"| `activations`, 13 convolutions {row}")
    for side in SIDES:
        passes, steps = zip(*one_step(model, side, runs), strict=True)
        one, step = statistics.median(passes), statistics.median(steps)
        print(
            f"| `maximize`, one step | {side} | {one:.3f} | {step:.3f} | **{step / one:.2f}** | 4 |"
        )


if __name__ == "__main__":
    main()
