"""Scenes made per second, against the network that eats them.

    python benchmarks/scenes.py            # about two minutes on two cores
    python benchmarks/scenes.py --runs 1   # quicker: no medians

Needs the assets twemoji and corke. One batch of the recipe (32 scenes of 96x96): making it, writing
its targets, one step of training on it, one forward pass; processor time, so that other programs on
the machine count little. Prints Markdown. Set TF_NUM_INTRAOP_THREADS=1 and
TF_NUM_INTEROP_THREADS=1 for one core.
"""

import argparse
import platform
import statistics
import time

import numpy as np

from course_lib import compute
from course_lib.detection import scenes, small_ssd

BATCH = 32


def cost(function, runs):
    """Median processor time of a call in milliseconds."""
    times = []
    for run in range(runs + 1):
        start = time.process_time()
        function(run)
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[1:])  # the first call compiles, or reads files


def measure(runs):
    """Milliseconds per batch of each part, by name."""
    import keras  # noqa: F401  so that seed_all seeds it

    compute.seed_all(0)
    model, defaults = small_ssd.build(), small_ssd.default_boxes()
    step = small_ssd.stepper(model, 100 * runs)
    pictures, made = scenes.batch(BATCH, 0)

    def write_targets(_run):
        return np.stack([small_ssd.targets(one.boxes, one.labels, defaults) for one in made])

    wanted = write_targets(0)
    return {
        "make 32 scenes": cost(lambda run: scenes.batch(BATCH, (1, run)), runs),
        "write their targets": cost(write_targets, runs),
        "one step of training": cost(lambda _: step(pictures, wanted), runs),
        "one forward pass": cost(lambda _: model.predict_on_batch(pictures), runs),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    times = measure(max(1, parser.parse_args().runs))
    print(f"{platform.processor() or platform.machine()}, {compute.backend()}\n")
    print("| a batch of 32 | processor time | per second | of a training step |")
    print("|---|---|---|---|")
    train = times["one step of training"]
    for name, value in times.items():
        print(f"| {name} | {value:.1f} ms | {1000 * BATCH / value:,.0f} | {value / train:.2f} |")


if __name__ == "__main__":
    main()
