"""DCGAN steps per second: compiled against operation by operation, for two widths.

Run from the root of the repository: python benchmarks/gan.py
Add KERAS_BACKEND=jax for the other backend. The ratio is the result; the steps per second depend
on the machine and on what else it does, so both ways take turns and the best turn of each counts.
"""

import time

import numpy as np

from course_lib import compute
from course_lib.generation import dcgan

BATCH, TURNS = 64, 3
STEPS = {True: 5, False: 2}


def steps_per_second(gan, pictures, codes, count):
    """Of processor time, so that other programs count less, and of the clock."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(count):
        gan.step(pictures, codes, codes)
    return count / (time.process_time() - processor), count / (time.perf_counter() - wall)


def measure(width, rng):
    pictures = rng.random((BATCH, 28, 28), dtype=np.float32)
    games = {kind: dcgan.Dcgan(width=width, compiled=kind) for kind in (True, False)}
    codes = rng.standard_normal((BATCH, dcgan.CODE_SIZE), dtype=np.float32)
    start = time.perf_counter()
    games[True].step(pictures, codes, codes)  # compiles
    compiling = time.perf_counter() - start
    games[False].step(pictures, codes, codes)
    best = {True: (0.0, 0.0), False: (0.0, 0.0)}
    for _ in range(TURNS):
        for kind, game in games.items():
            came = steps_per_second(game, pictures, codes, STEPS[kind])
            best[kind] = tuple(map(max, came, best[kind]))
    return compiling, best


def main():
    rng = compute.seed_all(0)
    print(f"{compute.backend()} on a {compute.device()}, batches of {BATCH}; steps per second:\n")
    print(
        "| width | values G + D | compiled, per processor second | not compiled | ratio "
        "| ratio by the clock | first step |"
    )
    print("|---|---|---|---|---|---|---|")
    for width in (16, 32):
        values = sum(m(width=width).count_params() for m in (dcgan.generator, dcgan.discriminator))
        compiling, best = measure(width, rng)
        ratios = [best[True][n] / best[False][n] for n in range(2)]
        print(
            f"| {width} | {values:,} | {best[True][0]:.1f} | {best[False][0]:.1f} "
            f"| {ratios[0]:.2f} | {ratios[1]:.2f} | {compiling:.0f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
