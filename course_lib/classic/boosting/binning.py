"""Features rounded to 256 levels, so that millions of responses fit into memory.

A face detector is trained on some 7,000 windows with 64,000 features each: 1.8 GB as float32, and
half of that again for their sorted order. One byte an entry is 0.45 GB, needs no sorting, and the
best threshold comes from a histogram of 256 bins: the idea of LightGBM (Ke et al., NIPS 2017) and
of scikit-learn's ``HistGradientBoostingClassifier``.
"""

from dataclasses import dataclass

import numba
import numpy as np

from course_lib import checks

BINS = 256


@dataclass(frozen=True)
class Binned:
    """Samples whose features are cut into 256 bins of equal width; stands in for `X`.

    Parameters
    ----------
    codes : (n_features, n_samples) uint8 ndarray
        Bin of each value. Bin k holds values above ``low + k * width``, up to the next edge.
    low : (n_features,) float64 ndarray
        Smallest value of each feature.
    width : (n_features,) float64 ndarray
        Width of its bins; 0 where all values are equal.
    """

    codes: np.ndarray
    low: np.ndarray
    width: np.ndarray

    @property
    def shape(self):
        """``(n_samples, n_features)``, as that of X."""
        return self.codes.shape[::-1]

    def __len__(self):
        return self.codes.shape[1]

    def column(self, feature):
        """The middle of each sample's bin, (n_samples,) float64: on its value's side of edges."""
        return self.low[feature] + (self.codes[feature] + 0.5) * self.width[feature]


def bin_features(parts):
    """Round features to 256 levels, a part of them at a time.

    Parameters
    ----------
    parts : iterable of (n_samples, k) array_like
        Some of the features of all samples, as float32; for example made one after the other by a
        generator, so that only one part is in memory. ``[X]`` if there is one.

    Returns
    -------
    Binned
        To be given to `best_stump` or `fit_adaboost` in the place of X.

    Raises
    ------
    ValueError
        If a part is not two-dimensional or not finite, the parts differ in their number of
        samples, or there is none.

    Notes
    -----
    A threshold can then only lie on one of 255 edges, so an error may be a little larger than
    `best_stump` would find with all values.
    """
    binned = [_bin(part, f"parts[{number}]") for number, part in enumerate(parts)]
    counts = sorted({codes.shape[1] for codes, _, _ in binned})
    if len(counts) != 1:
        raise ValueError(f"parts have {counts} samples; wanted the same number in each.")
    return Binned(*(np.concatenate(columns) for columns in zip(*binned, strict=True)))


def _bin(part, name):
    part = np.asfortranarray(checks.array(part, name, ndim=2), dtype=np.float32)
    if part.size == 0:
        raise ValueError(f"{name} has shape {part.shape}; wanted samples and features.")
    low, high = part.min(axis=0).astype(np.float64), part.max(axis=0).astype(np.float64)
    width = (high - low) / BINS
    codes = np.zeros(part.shape[::-1], np.uint8)
    _encode(part.T, low, width, codes)
    return codes, low, width


@numba.njit(parallel=True, cache=True)
def _encode(columns, low, width, codes):
    """Fill codes (n_features, n_samples) with the bin of each value."""
    for f in numba.prange(len(codes)):
        if width[f] > 0:
            for i in range(codes.shape[1]):
                x = np.float64(columns[f, i])
                code = min(int((x - low[f]) / width[f]), BINS - 1)
                # An edge belongs to the bin below it, because a stump asks "above?".
                if code > 0 and x <= low[f] + code * width[f]:
                    code -= 1
                codes[f, i] = code


@numba.njit(parallel=True, cache=True)
def scan(codes, width, signed, negatives, tie):
    """Smallest error of each feature, the bin below its cut, and the answer above the cut.

    See `stumps.search`. The outermost bins of a feature that is not constant hold a sample, so
    every cut has samples on both sides; a cut above an empty bin is no better than the one below.
    """
    features = len(codes)
    errors = np.full(features, 2.0)
    positions = np.zeros(features, np.int64)
    polarities = np.ones(features, np.int64)
    for f in numba.prange(features):
        if width[f] == 0:
            continue
        histogram = np.zeros(BINS)
        for i in range(codes.shape[1]):
            histogram[codes[f, i]] += signed[i]
        best, position, polarity = 2.0, 0, 1
        error = negatives
        for k in range(BINS - 1):
            error += histogram[k]
            smaller = min(error, 1 - error)
            if smaller < best - tie:
                best, position, polarity = smaller, k, 1 if error <= 0.5 + tie else -1
        errors[f], positions[f], polarities[f] = best, position, polarity
    return errors, positions, polarities
