"""Assembly of people from 46 x 82 maps against the OpenPose network's forward pass on 368 x 656.

    python benchmarks/assembly.py             # about a minute; needs the asset openpose
    python benchmarks/assembly.py --runs 31   # more runs per time

Prints a Markdown table and draws the growth from 1 to 50 people into assembly.png beside this file.
The maps are exact drawings of crowds, the fastest case and the fullest: every part is found. The
time of the network does not depend on what is in the picture, so it runs on noise. All take turns
in one run, with `--threads` threads each; medians of processor time, which waiting does not spoil.
The number to hold: ten people cost at most 25 % of the network.
"""

import argparse
import os
import platform
import statistics
import time
from pathlib import Path

HEIGHT, WIDTH, STRIDE = 46, 82, 8
COUNTS = (1, 2, 5, 10, 20, 30, 40, 50)
LIMIT = 0.25


def crowds():
    """Number of people -> exact heatmaps (46, 82, 19) and fields (46, 82, 19, 2)."""
    from course_lib.pose import fields

    found = {}
    for count in COUNTS:
        apart = 3 if count <= 20 else 0  # more people cannot keep apart
        people = fields.crowd(count, HEIGHT, WIDTH, rng=count, apart=apart)
        maps = fields.heatmaps(people, HEIGHT, WIDTH, background=True)
        found[count] = maps, fields.affinity(people, HEIGHT, WIDTH)
    return found


def forward_pass(threads):
    """A function without arguments that runs the network once."""
    import cv2
    import numpy as np

    from course_lib import fetch

    cv2.setNumThreads(threads)
    network = cv2.dnn.readNetFromTensorflow(str(fetch.fetch("openpose")))
    shape = (1, 3, HEIGHT * STRIDE, WIDTH * STRIDE)
    picture = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)

    def run():
        network.setInput(picture)
        return network.forward()

    return run


def measure(jobs, runs):
    """Name -> median of the processor time in milliseconds; the jobs take turns."""
    times = {name: [] for name in jobs}
    for turn in range(runs + 1):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            if turn:  # the first turn warms up
                times[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def draw(times, network, path):
    """The growth of assembly with the number of people, beside the network's time."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from course_lib import plot

    fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    curves = {
        name: (list(COUNTS), [values[count] for count in COUNTS]) for name, values in times.items()
    }
    plot.show_curves(curves, ax=ax, x_label="people", y_label="processor time (ms)")
    for share, style in ((1, "-"), (LIMIT, ":")):
        ax.axhline(share * network, color="black", linestyle=style, linewidth=1)
        ax.text(50, share * network, f"{share:.0%} of the network", ha="right", va="bottom")
    ax.set(yscale="log", title="Fifty people cost less than a quarter of the network")
    fig.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(options.threads)

    from course_lib.pose import assembly

    jobs = {"network": forward_pass(options.threads)}
    for count, maps in crowds().items():
        for method in ("greedy", "optimal"):
            jobs[method, count] = lambda maps=maps, method=method: assembly.assemble(
                *maps, matching=method
            )
    times = measure(jobs, options.runs)
    network = times["network"]
    print(
        f"{platform.machine()}, {options.threads} thread(s), median of {options.runs} runs;",
        end=" ",
    )
    print(f"forward pass {HEIGHT * STRIDE} x {WIDTH * STRIDE}: {network:.0f} ms\n")
    print("| people | greedy (ms) | optimal (ms) | optimal, share of the network |")
    print("|---:|---:|---:|---:|")
    for count in COUNTS:
        greedy, optimal = times["greedy", count], times["optimal", count]
        print(f"| {count} | {greedy:.1f} | {optimal:.1f} | {optimal / network:.1%} |")
    kept = "holds" if times["optimal", 10] <= LIMIT * network else "FAILS"
    print(f"\nTen people at most {LIMIT:.0%} of the network: {kept}.")
    grown = {m: {c: times[m, c] for c in COUNTS} for m in ("greedy", "optimal")}
    draw(grown, network, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
