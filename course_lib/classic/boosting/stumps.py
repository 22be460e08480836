"""Decision stumps: one question about one feature, found by one sorted pass over each.

Taught in ``01_2_adaboost``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb.

Labels are -1 and +1. `X` holds one sample per row and one feature per column; ``float32`` in
Fortran order (each feature's values side by side, as `haar.responses` returns them) is fast and
is never copied.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np

from course_lib import checks
from course_lib.classic.boosting import binning

# Errors closer than this are a tie: sums of weights that should be equal differ by rounding.
TIE = 1e-10


@dataclass(frozen=True)
class Stump:
    """One question about one feature: is it above the threshold?

    Parameters
    ----------
    feature : int
        Column of `X`.
    threshold : float
    polarity : int
        The answer above the threshold, +1 or -1; at or below it, the opposite.
    """

    feature: int
    threshold: float
    polarity: int

    def vote(self, values):
        """Answers -1 or +1, int64, for an array of this feature's values."""
        # A Python float would be rounded to float32 before the comparison.
        above = np.asarray(values) > np.float64(self.threshold)
        return np.where(above, self.polarity, -self.polarity)

    def predict(self, X):
        """Answers -1 or +1, (n_samples,) int64, for samples (n_samples, n_features)."""
        return self.vote(np.asarray(X)[:, self.feature])


def sort_features(X):
    """For each feature, the samples in rising order: ``argsort(X, axis=0)`` in parallel and small.

    Parameters
    ----------
    X : (n_samples, n_features) array_like

    Returns
    -------
    (n_samples, n_features) uint16 or int32 ndarray
        In Fortran order; uint16 (2 bytes an entry) up to 65,536 samples.

    Raises
    ------
    ValueError
        If X is not two-dimensional, is empty, or holds NaN or infinity.
    """
    columns = _features(X).T  # (n_features, n_samples), C order
    order = np.empty(columns.shape, np.uint16 if columns.shape[1] <= 2**16 else np.int32)
    step = max(1, 2**18 // columns.shape[1])  # argsort makes int64: 2 MB at a time

    def sort(start):
        order[start : start + step] = np.argsort(columns[start : start + step], axis=1)

    with ThreadPoolExecutor(min(os.cpu_count(), numba.get_num_threads())) as pool:
        list(pool.map(sort, range(0, len(columns), step)))
    return order.T


def best_stump(X, labels, weights=None, order=None):
    """The stump with the smallest weighted error, by one sorted pass over every feature.

    Parameters
    ----------
    X : (n_samples, n_features) array_like or Binned
        Any finite numbers, compared as float32; or rounded to a byte each by
        `binning.bin_features`, where memory or time is short.
    labels : (n_samples,) array_like
        -1 and +1, both present.
    weights : (n_samples,) array_like, optional
        0 or more; scaled to sum 1. All equal if left out.
    order : (n_samples, n_features) integer ndarray, optional
        From `sort_features`; saves the sorting.

    Returns
    -------
    stump : Stump
        Its threshold lies midway between two neighbouring values of the feature, as in
        scikit-learn. Among equals the first feature wins, then the lowest threshold, then
        polarity +1, whatever the number of threads.
    error : float
        Its weighted error, in [0, 0.5].

    Raises
    ------
    ValueError
        If shapes disagree, labels are not -1 and +1, weights are negative or all zero, numbers
        are not finite, or no feature has two different values.

    Notes
    -----
    scikit-learn's trees minimise the Gini impurity instead of the error, except
    ``DecisionTreeRegressor(criterion="absolute_error", max_depth=1)``, which finds this stump.
    Taught in ``01_2_adaboost``.
    """
    return search(*prepare(X, labels, weights, order))


def prepare(X, labels, weights, order):
    """The checked arguments of `search`, with those that are None filled in."""
    if isinstance(X, binning.Binned):
        order = None
    else:
        X = _features(X)
        order = sort_features(X) if order is None else _order(order, X.shape)
    return X, _labels(labels, len(X)), _weights(weights, len(X)), order


def search(X, labels, weights, order):
    """`best_stump` without its checks: the arguments come from `prepare`, weights sum to 1."""
    signed, negatives = weights * labels, weights[labels < 0].sum()
    if order is None:
        errors, positions, polarities = binning.scan(X.codes, X.width, signed, negatives, TIE)
    else:
        errors, positions, polarities = _scan_able(X.T, order.T, signed, negatives)
    feature = int(np.flatnonzero(errors <= errors.min() + TIE)[0])
    if errors[feature] > 1:
        raise ValueError("X has no feature with two different values; there is nothing to ask.")
    threshold = _threshold(X, order, feature, positions[feature])
    stump = Stump(feature, float(threshold), int(polarities[feature]))
    return stump, float(max(errors[feature], 0.0))


def column(X, feature):
    """One feature's values, (n_samples,)."""
    return X.column(feature) if isinstance(X, binning.Binned) else X[:, feature]


def _threshold(X, order, feature, position):
    """Midway between two neighbours in the order, or the upper edge of a bin."""
    if order is None:
        return X.low[feature] + (position + 1) * X.width[feature]
    below, above = X[order[position : position + 2, feature], feature].astype(np.float64)
    return below / 2 + above / 2


def _scan_able(columns, order, signed, negatives):
    """`_scan`, four times faster: features that cannot have the smallest error get 2 unseen."""
    floors = _floors(order, signed, negatives)  # no error is smaller than its floor
    promising = np.argpartition(floors, min(31, len(floors) - 1))[:32]
    limit = _scan(columns, order, signed, negatives, promising)[0].min()
    able = np.flatnonzero(floors <= limit + 2 * TIE)
    result = np.full(len(floors), 2.0), np.zeros(len(floors), int), np.ones(len(floors), int)
    for whole, part in zip(result, _scan(columns, order, signed, negatives, able), strict=True):
        whole[able] = part
    return result


@numba.njit(parallel=True, cache=True)
def _floors(order, signed, negatives):
    """The smallest error of each feature if it could also cut between equal values.

    Four features at a time: each addition to a sum waits for the one before it, but four sums do
    not wait for each other.
    """
    floors, last = np.empty(len(order)), len(order) - 1
    for block in numba.prange((len(order) + 3) // 4):
        f = 4 * block
        a, b = order[f], order[min(f + 1, last)]
        c, d = order[min(f + 2, last)], order[min(f + 3, last)]
        off_a = off_b = off_c = off_d = negatives - 0.5  # how far the error is from a coin's
        most_a = most_b = most_c = most_d = 0.0
        for k in range(len(a) - 1):
            off_a += signed[a[k]]
            off_b += signed[b[k]]
            off_c += signed[c[k]]
            off_d += signed[d[k]]
            most_a = max(most_a, abs(off_a))
            most_b = max(most_b, abs(off_b))
            most_c = max(most_c, abs(off_c))
            most_d = max(most_d, abs(off_d))
        for n, most in enumerate((most_a, most_b, most_c, most_d)):
            if f + n <= last:
                floors[f + n] = 0.5 - most
    return floors


@numba.njit(parallel=True, cache=True)
def _scan(columns, order, signed, negatives, chosen):
    """Of each chosen feature the smallest error, after which sample it cuts, the answer above."""
    errors = np.full(len(chosen), 2.0)
    positions = np.zeros(len(chosen), np.int64)
    polarities = np.ones(len(chosen), np.int64)
    for n in numba.prange(len(chosen)):
        f = chosen[n]
        best, position, polarity = 2.0, 0, 1
        error = negatives  # of "+1 above the threshold", with the threshold below all samples
        for k in range(order.shape[1] - 1):
            i = order[f, k]
            error += signed[i]  # sample i is now below: a mistake if it is +1, else one less
            smaller = min(error, 1 - error)  # 1 - error: the answers swapped
            if smaller < best - TIE and columns[f, order[f, k + 1]] > columns[f, i]:
                best, position, polarity = smaller, k, 1 if error <= 0.5 + TIE else -1
        errors[n], positions[n], polarities[n] = best, position, polarity
    return errors, positions, polarities


def _features(X):
    """X as finite float32 (n_samples, n_features) in Fortran order."""
    X = checks.array(X, "X", ndim=2, finite=False)
    if X.size == 0:
        raise ValueError(f"X has shape {X.shape}; wanted at least one sample and one feature.")
    with np.errstate(over="ignore"):
        X = np.asfortranarray(X, dtype=np.float32)
    if not (np.isfinite(X.min()) and np.isfinite(X.max())):  # NaN shows in both; no copy is made
        raise ValueError("X holds NaN, infinity or numbers beyond float32; wanted finite ones.")
    return X


def _labels(labels, samples):
    labels = checks.array(labels, "labels", shape=(samples,))
    kinds = np.unique(labels)
    if not np.isin(kinds, (-1, 1)).all():
        raise ValueError(
            f"labels holds {kinds[:4].tolist()}; wanted -1 and +1: 2 * labels - 1 turns 0 and 1."
        )
    if len(kinds) == 1:
        raise ValueError(f"labels are all {kinds[0]:g}; wanted samples of both classes.")
    return labels.astype(np.int64)


def _weights(weights, samples):
    if weights is None:
        return np.full(samples, 1 / samples)
    weights = checks.array(weights, "weights", shape=(samples,), low=0, dtype=np.float64)
    if weights.sum() == 0:
        raise ValueError("weights are all 0; wanted at least one above 0.")
    return weights / weights.sum()


def _order(order, shape):
    """A given order in Fortran order; a wrong index would read outside of the samples."""
    order = checks.array(order, "order", shape=shape)
    if order.dtype.kind not in "iu" or order.min() < 0 or order.max() >= shape[0]:
        raise ValueError("order must hold sample numbers; make it with sort_features(X).")
    return np.asfortranarray(order)
