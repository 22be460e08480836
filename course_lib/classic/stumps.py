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
from course_lib.classic import binning

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
        errors, positions, polarities = _search_sorted(X.T, order.T, signed, negatives)
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
    limit = _scan(columns[promising], order[promising], signed, negatives)[0].min()
    able = np.flatnonzero(floors <= limit + 2 * TIE)
    errors, positions, polarities = _scan(columns[able], order[able], signed, negatives)
    result = np.full(len(floors), 2.0), np.zeros(len(floors), int), np.ones(len(floors), int)
    result[0][able], result[1][able], result[2][able] = errors, positions, polarities
    return result


@numba.njit(parallel=True, cache=True)
def _floors(order, signed, negatives):
    """The smallest error of each feature if it could tell equal values apart: no branch, so fast."""
    features, samples = order.shape
    floors = np.empty(features)
    for f in numba.prange(features):
        off, most = negatives - 0.5, 0.0  # how far the error is from a coin's
        for k in range(samples - 1):
            off += signed[order[f, k]]
            most = max(most, abs(off))
        floors[f] = 0.5 - most
    return floors


def _search_sorted(columns, order, signed, negatives):
    """Error, position and polarity of the best features; an error of 2 stands for "not better"."""
    reach = _reach(order, signed, negatives)
    found = np.full(len(order), 2.0), np.zeros(len(order), np.int64), np.ones(len(order), np.int64)
    _scan(columns, order, signed, negatives, np.array([reach.argmax()]), *found)
    # No other feature can be as good as this one unless its reach says so.
    rest = np.flatnonzero(reach >= 0.5 - found[0].min() - 2 * TIE)
    _scan(columns, order, signed, negatives, rest, *found)
    return found


@numba.njit(parallel=True, cache=True)
def _reach(order, signed, negatives):
    """How far from 0.5 each feature's error can get, if it may also cut between equal values.

    Four features at a time: a running sum waits for its last addition, four need not wait for
    each other, and that is three times as fast as `_scan` alone.
    """
    reach, last = np.empty(len(order)), len(order) - 1
    for block in numba.prange((len(order) + 3) // 4):
        f = 4 * block
        a, b, c, d = (
            order[f],
            order[min(f + 1, last)],
            order[min(f + 2, last)],
            order[min(f + 3, last)],
        )
        gap_a = gap_b = gap_c = gap_d = negatives - 0.5
        far_a = far_b = far_c = far_d = 0.0
        for k in range(len(a) - 1):
            gap_a += signed[a[k]]
            gap_b += signed[b[k]]
            gap_c += signed[c[k]]
            gap_d += signed[d[k]]
            far_a = max(far_a, abs(gap_a))
            far_b = max(far_b, abs(gap_b))
            far_c = max(far_c, abs(gap_c))
            far_d = max(far_d, abs(gap_d))
        fars = (far_a, far_b, far_c, far_d)
        for n in range(min(4, last + 1 - f)):
            reach[f + n] = fars[n]
    return reach


@numba.njit(parallel=True, cache=True)
def _scan(columns, order, signed, negatives, chosen, errors, positions, polarities):
    """For each chosen feature: its smallest error, after which sample it cuts, answer above."""
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
        errors[f], positions[f], polarities[f] = best, position, polarity


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
