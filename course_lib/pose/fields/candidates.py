"""How well a field supports a limb between two points, for all pairs of points at once.

Source: Cao et al., CVPR 2017, arXiv 1611.08050, equations 10 to 15. Taught in
``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from course_lib import checks

METHODS = ("greedy", "optimal")


def line_samples(field, starts, ends, *, samples=10):
    """The field's part along the line, at evenly spaced points of every candidate limb.

    Parameters
    ----------
    field : (H, W, 2) array_like
        x and y of the vectors.
    starts : (N, 2) or (N, 3) array_like
        ``x, y`` in pixels; more columns are left aside.
    ends : (M, 2) or (M, 3) array_like
    samples : int
        Points on each line, both ends included; at least 2.

    Returns
    -------
    (N, M, samples) float64 ndarray
        The vector at the nearest pixel times the unit vector from start to end; 0 where the two
        are the same point.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or there are too few samples.
    """
    field = checks.array(field, "field", shape=(None, None, 2))
    starts, ends = _points(starts, "starts"), _points(ends, "ends")
    samples = checks.number(samples, "samples", low=2, high=1000, integer=True)
    if field.size == 0:
        raise ValueError(f"field is empty {field.shape}; wanted at least one pixel.")
    along = ends[None] - starts[:, None]  # (N, M, 2)
    length = np.hypot(along[..., 0], along[..., 1])[..., None]
    unit = along / np.where(length > 0, length, 1)
    steps = np.linspace(0, 1, samples)[:, None]  # (S, 1)
    places = starts[:, None, None] + along[:, :, None] * steps  # (N, M, S, 2)
    last = [field.shape[1] - 1, field.shape[0] - 1]
    x, y = np.moveaxis(np.clip(np.rint(places), 0, last).astype(np.intp), -1, 0)
    return np.einsum("nmsc,nmc->nms", field[y, x], unit)


def line_integrals(field, starts, ends, *, samples=10):
    """Mean of the field's part along the line, for every pair of a start and an end.

    Parameters
    ----------
    field, starts, ends, samples
        As in `line_samples`.

    Returns
    -------
    (N, M) float64 ndarray
        1: the field points from start to end all the way; 0: it does not speak of this limb;
        below 0: it points back.
    """
    return line_samples(field, starts, ends, samples=samples).mean(axis=2)


def match(scores, *, method="greedy", minimum=0.0):
    """Pairs of starts and ends, each used at most once.

    Parameters
    ----------
    scores : (N, M) array_like
        How well each start goes with each end; minus infinity: never.
    method : {"greedy", "optimal"}
        Take the best pair again and again; or find the pairs with the largest sum (Hungarian
        method: SciPy's ``linear_sum_assignment``).
    minimum : float
        Pairs must score more than this.

    Returns
    -------
    (Q, 2) int64 ndarray
        Index of start and end, best score first; of equal scores, the first in reading order.

    Raises
    ------
    ValueError
        If the scores are not ``(N, M)`` or hold NaN or plus infinity, or the method is unknown.
    """
    scores = checks.array(scores, "scores", ndim=2, finite=False, dtype=np.float64)
    if not (scores < np.inf).all():
        raise ValueError("scores holds NaN or plus infinity; wanted numbers.")
    checks.choice(method, "method", METHODS)
    minimum = checks.number(minimum, "minimum", low=-1e6, high=1e6)
    # A pair that is too weak is worth as much as no pair: nothing.
    gains = np.where(scores > minimum, scores - minimum, 0)
    if method == "optimal":
        pairs = np.column_stack(linear_sum_assignment(gains, maximize=True))
        pairs = pairs[gains[pairs[:, 0], pairs[:, 1]] > 0]
        order = np.argsort(-scores[pairs[:, 0], pairs[:, 1]], kind="stable")
        return pairs[order].astype(np.int64)
    return _greedy(gains)


def _greedy(gains):
    """Go through the pairs from the best to the worst and keep those whose ends are both free."""
    candidates = np.argwhere(gains > 0)
    order = np.argsort(-gains[candidates[:, 0], candidates[:, 1]], kind="stable")
    free_start, free_end = np.ones(gains.shape[0], bool), np.ones(gains.shape[1], bool)
    pairs = []
    for start, end in candidates[order]:
        if free_start[start] and free_end[end]:
            free_start[start] = free_end[end] = False
            pairs.append((start, end))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _points(value, name):
    """x and y of points, (N, 2) float64; an empty list is no point."""
    points = checks.array(value, name, dtype=np.float64)
    if points.size == 0:
        return np.zeros((0, 2))
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise ValueError(f"{name} has shape {points.shape}; wanted (N, 2) or (N, 3).")
    return points[:, :2]
