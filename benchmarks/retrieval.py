"""VLAD and Fisher vector per picture, and the search per query, beside the libraries.

    .venv/bin/python benchmarks/retrieval.py

Prints Markdown tables. One thread each, because on a busy machine two wait for each other.
"""

import argparse
import os
import platform
import time

for library in ("OMP", "OPENBLAS", "MKL"):  # read when NumPy is first imported
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import skimage  # noqa: E402
import sklearn  # noqa: E402
from skimage.feature import fisher_vector as their_fisher_vector  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402
from sklearn.neighbors import NearestNeighbors  # noqa: E402

from course_lib.transfer import retrieval, words  # noqa: E402

WIDTH = 64  # numbers in a descriptor, after PCA
LENGTH = 1280  # numbers in MobileNetV2's vector of a picture


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def taking_turns(ours, theirs, runs):
    """Median seconds of both, which take turns so that other work on the machine meets both."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    return np.median(pairs, axis=0)


def soft_words(count, rng):
    """A mixture of ours, and scikit-learn's object with the same numbers."""
    means, variances = rng.normal(size=(count, WIDTH)), rng.uniform(0.5, 2, (count, WIDTH))
    theirs = GaussianMixture(count, covariance_type="diag")
    theirs.weights_, theirs.means_ = np.full(count, 1 / count), means
    theirs.covariances_, theirs.precisions_cholesky_ = variances, 1 / np.sqrt(variances)
    return words.Mixture(theirs.weights_, means, variances), theirs


def loop_vlad(rows, centres):
    """VLAD as its definition is written, one descriptor at a time."""
    total = np.zeros(centres.shape)
    for row in rows:
        nearest = ((row - centres) ** 2).sum(axis=1).argmin()
        total[nearest] += row - centres[nearest]
    return total.ravel()


def report_encoding(runs, rng):
    """One row per number of words: 300 descriptors of one picture become a vector."""
    print("| one picture, 300 descriptors | ours, ms | theirs, ms | times faster | difference |")
    print("|---|---|---|---|---|")
    rows = rng.normal(size=(300, WIDTH))
    for count in (16, 64, 256):
        ours, theirs = soft_words(count, rng)
        a = words.fisher_vector(rows, ours)
        b = their_fisher_vector(rows, theirs)[count:]
        difference = np.abs(np.abs(a) - np.abs(b)).max()  # the widths have the other sign there
        pair = taking_turns(
            lambda: words.fisher_vector(rows, ours),  # noqa: B023  called before the next round
            lambda: their_fisher_vector(rows, theirs),  # noqa: B023
            runs,
        )
        report(f"Fisher vector, {count} words (scikit-image)", pair, difference)
    for count in (16, 64, 256):
        centres = rng.normal(size=(count, WIDTH))
        difference = np.abs(words.vlad(rows, centres) - loop_vlad(rows, centres)).max()
        pair = taking_turns(
            lambda: words.vlad(rows, centres),  # noqa: B023
            lambda: loop_vlad(rows, centres),  # noqa: B023
            runs,
        )
        report(f"VLAD, {count} words (plain loop)", pair, difference)


def report_search(runs, rng):
    """One row per size of the library: 16 queries for their ten nearest."""
    print("\n| one query, ten nearest | ours, ms | theirs, ms | times faster | difference |")
    print("|---|---|---|---|---|")
    queries = rng.random((16, LENGTH))
    for count in (144, 1000, 10_000):
        library = rng.random((count, LENGTH))
        for metric in retrieval.METRICS:
            index = NearestNeighbors(n_neighbors=10, algorithm="brute", metric=metric).fit(library)
            distances = retrieval.nearest(queries, library, 10, metric=metric)[1]
            difference = np.abs(distances - index.kneighbors(queries)[0]).max()
            pair = taking_turns(
                lambda: retrieval.nearest(queries, library, 10, metric=metric),  # noqa: B023
                lambda: index.kneighbors(queries),  # noqa: B023
                runs,
            )
            report(f"among {count:,}, {metric} (scikit-learn)", pair / len(queries), difference)


def report(name, pair, difference):
    ours, theirs = 1000 * pair
    print(f"| {name} | {ours:.3f} | {theirs:.3f} | **{theirs / ours:.1f}** | {difference:.0e} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="runs of each, taking turns")
    arguments = parser.parse_args()
    versions = [(module.__name__, module.__version__) for module in (np, skimage, sklearn)]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, 1 thread, "
        + ", ".join(f"{name} {version}" for name, version in versions)
        + f". Medians of {arguments.runs} runs.\n"
    )
    rng = np.random.default_rng(0)
    report_encoding(arguments.runs, rng)
    report_search(arguments.runs, rng)


if __name__ == "__main__":
    main()
