"""Haar features and AdaBoost: ours against scikit-image and scikit-learn, in one run.

The 200 LFW windows of scikit-image, all features of the two-rectangle types (101,400 in 25x25
pixels), then 10 rounds of AdaBoost on stumps with half of the windows; the other half is the test.

    python benchmarks/haar_boosting.py              # about a minute
    python benchmarks/haar_boosting.py --theirs 3   # their times as medians of three runs too

Prints Markdown tables. Ours compiles with numba on first use; that is timed on its own, in fresh
processes with an empty and a filled cache, and is in none of the other numbers. On a machine that
is busy with other things two threads wait for each other; OMP_WAIT_POLICY=passive helps there.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time

import numba
import numpy as np
import skimage
import sklearn
from skimage.feature import haar_like_feature, haar_like_feature_coord
from skimage.transform import integral_image
from sklearn.ensemble import AdaBoostClassifier
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from course_lib import datasets
from course_lib.classic import boosting, haar

ROUNDS = 10
PROTOTYPES = ("two_across", "two_down")
THEIR_TYPES = ["type-2-x", "type-2-y"]
FIRST_CALL = "import haar_boosting as b; print(b.time_first_call())"


def timed(function, *arguments):
    """Seconds that one call takes, and its result."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def our_features(windows):
    """Responses, with the list of features made anew: (windows, 101,400) float32."""
    return haar.responses(windows, haar.feature_table(*windows.shape[1:], PROTOTYPES))


def our_boosting(features, labels):
    return boosting.fit_adaboost(features, labels, ROUNDS)


def their_features(windows):
    """The documented call, which lists the features of each window anew."""
    height, width = windows.shape[1:]
    return np.stack(
        [haar_like_feature(integral_image(w), 0, 0, width, height, THEIR_TYPES) for w in windows]
    )


def their_features_listed_once(windows):
    """The faster call of their gallery example: one list of features for all windows."""
    height, width = windows.shape[1:]
    places, types = haar_like_feature_coord(width, height, THEIR_TYPES)
    return np.stack(
        [haar_like_feature(integral_image(w), 0, 0, width, height, types, places) for w in windows]
    )


def their_boosting(features, labels):
    stump = DecisionTreeClassifier(max_depth=1)
    return AdaBoostClassifier(stump, n_estimators=ROUNDS, random_state=0).fit(features, labels)


def time_first_call():
    """Seconds of the first features and the first boosting in this process."""
    windows, labels = datasets.lfw()
    features_s, features = timed(our_features, windows)
    boosting_s, _ = timed(our_boosting, features, np.where(labels > 0, 1, -1))
    return features_s + boosting_s


def first_calls():
    """Seconds of the first call with an empty numba cache, and with the cache that it left."""
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-c", FIRST_CALL]
        runs = [
            subprocess.run(command, env=environment, cwd=here, check=True, capture_output=True)
            for _ in range(2)
        ]
    return [float(run.stdout) for run in runs]


def repeat(runs, features_of, fit, windows, labels, train):
    """Seconds of features and of boosting, (runs, 2), and the features."""
    seconds = []
    for _ in range(runs):
        features_s, features = timed(features_of, windows)
        half = np.asfortranarray(features[train], dtype=np.float32)  # both learners like it so
        boosting_s, _ = timed(fit, half, labels[train])
        seconds.append((features_s, boosting_s))
    return np.array(seconds), features


def halves(labels, seed):
    """Indices of two random halves with as many faces each."""
    indices = np.arange(len(labels))
    return train_test_split(indices, train_size=0.5, random_state=seed, stratify=labels)


def accuracies(features, their_features, labels, splits):
    """Test accuracy on the same random halves, (splits, 2): ours first."""
    rows = []
    for seed in range(splits):
        train, test = halves(labels, seed)
        pairs = [(our_boosting, features), (their_boosting, their_features)]
        models = [(fit(X[train], labels[train]), X[test]) for fit, X in pairs]
        rows.append([np.mean(model.predict(X) == labels[test]) for model, X in models])
    return np.array(rows)


def ours_by_threads(counts, runs, data):
    """Seconds of ours for each number of threads: {threads: (runs, 2)}."""
    result = {}
    for threads in counts:
        numba.set_num_threads(threads)
        result[threads] = repeat(runs, our_features, our_boosting, *data)[0]
    return result


def report_times(ours, theirs, listed_once):
    """One row per step: theirs, and for each number of threads ours and how many times faster."""
    names = ("features of 200 windows", f"{ROUNDS} rounds on 100 windows", "**both**")
    heads = [f"ours, {n} thread{'s' * (n > 1)}, s | times faster" for n in ours]
    print("| step | theirs, s |", " | ".join(heads), "|")
    print("|---" * (2 + 2 * len(ours)) + "|")
    for row, name in enumerate(names):
        slow = with_sum(theirs)[row]
        fast = [with_sum(seconds)[row] for seconds in ours.values()]
        cells = " | ".join(f"{s:.3f} | **{slow / s:.0f}**" for s in fast)
        print(f"| {name} | {slow:.1f} | {cells} |")
    best = sum(theirs) - theirs[0] + listed_once
    ratios = ", ".join(f"{best / sum(s):.0f} times on {n}" for n, s in ours.items())
    print(
        f"\nscikit-image lists the features of each window anew. Given the list once, it takes "
        f"{listed_once:.1f} s instead of {theirs[0]:.1f} s for the features; against that, ours is "
        f"faster by {ratios} threads in all."
    )


def with_sum(seconds):
    return [*seconds, sum(seconds)]


def report_machine(arguments):
    versions = [(m.__name__, m.__version__) for m in (np, numba, skimage, sklearn)]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, "
        + ", ".join(f"{name} {version}" for name, version in versions)
        + f". Medians of {2 * arguments.ours} runs of ours, half of them before and half after "
        f"{arguments.theirs} of theirs.\n"
    )


def report_accuracy(scores):
    ours, theirs = 100 * scores.mean(axis=0)
    first = "; the first: {:.0f} % and {:.0f} %".format(*100 * scores[0])
    print(
        f"\nTest accuracy, mean of {len(scores)} random halves: "
        f"ours {ours:.1f} %, theirs {theirs:.1f} %{first}."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", type=int, default=5, help="runs of ours, before and again after")
    parser.add_argument("--theirs", type=int, default=1, help="runs of theirs, half a minute each")
    parser.add_argument("--splits", type=int, default=5, help="random halves for the accuracy")
    arguments = parser.parse_args()
    windows, labels = datasets.lfw()
    labels = np.where(labels > 0, 1, -1)
    data = windows, labels, halves(labels, seed=0)[0]
    counts = sorted({1, numba.get_num_threads()})
    report_machine(arguments)
    compiling, cached = first_calls()
    time_first_call()  # from here on everything is compiled
    before = ours_by_threads(counts, arguments.ours, data)
    theirs, their_X = repeat(arguments.theirs, their_features, their_boosting, *data)
    listed = timed(their_features_listed_once, windows)[0]
    after = ours_by_threads(counts, arguments.ours, data)
    ours = {n: np.median(np.concatenate([before[n], after[n]]), axis=0) for n in counts}
    report_times(ours, np.median(theirs, axis=0), listed)
    X = our_features(windows)
    difference = np.abs(np.sort(X, axis=1) - np.sort(their_X, axis=1)).max()
    print(f"\nLargest difference between the features: {difference:.0e}.")
    report_accuracy(accuracies(X, their_X, labels, arguments.splits))
    print(
        f"\nThe first call of all also compiles: {compiling:.1f} s; the first of a later process "
        f"loads that: {cached:.1f} s. Neither is in the table."
    )


if __name__ == "__main__":
    main()
