"""How many joints and how many people were found.

PCK: Yang and Ramanan, TPAMI 2013, doi 10.1109/TPAMI.2012.261. Taught in
``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from course_lib import checks
from course_lib.pose.parts import FAR, People


def pck(found, truth, alpha=0.1):
    """Percentage of correct keypoints: the share of the true joints that were found.

    Parameters
    ----------
    found, truth : People or (P, K, 3) array_like
        In the same pixels.
    alpha : float or array_like
        A joint is correct within this share of its person's size, the longer side of the box
        around the true joints.

    Returns
    -------
    float or float64 ndarray of the shape of alpha
        In [0, 1]. Each true person counts only the joints of the one found person that fits best.

    Raises
    ------
    ValueError
        If the shapes do not fit, alpha is negative, or the truth holds no joint.
    """
    found, truth = _points(found, "found"), _points(truth, "truth")
    alpha = checks.array(alpha, "alpha", low=0, dtype=np.float64)
    _same_parts(found, truth)
    found = found.reshape(-1, truth.shape[1], 3)  # nobody has as many parts as the truth
    there = truth[..., 2] > 0
    if not there.any():
        raise ValueError("truth holds no joint; wanted at least one, to take a share of.")
    miss = distances(found, truth) / _sizes(truth)[None, :, None]  # (F, P, K), in sizes
    reach = max(float(alpha.max(initial=0)), 1e-12)
    likeness = np.maximum(1 - miss / reach, 0).sum(axis=2)  # near joints count more
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    best = np.full(truth.shape[:2], np.inf)
    best[columns] = miss[rows, columns]
    return (best[there][:, None] <= alpha.ravel()).mean(axis=0).reshape(alpha.shape)[()]


def recovered(found, truth, tolerance=0.1):
    """Which people were found exactly: all their parts, no other, each within the tolerance.

    Parameters
    ----------
    found, truth : People or (P, K, 3) array_like
    tolerance : float
        In pixels.

    Returns
    -------
    (P,) bool ndarray
        One per person of the truth.
    """
    found, truth = _points(found, "found"), _points(truth, "truth")
    _same_parts(found, truth)
    tolerance = checks.number(tolerance, "tolerance", low=0)
    if not len(found) or not len(truth):
        return np.zeros(len(truth), bool)
    same = (found[:, None, :, 2] > 0) == (truth[None, :, :, 2] > 0)  # (F, P, K)
    near = (distances(found, truth) <= tolerance) | (truth[None, :, :, 2] == 0)
    return (same & near).all(axis=2).any(axis=0)


def distances(found, truth):
    """How far each found joint is from each true one of its kind, (F, P, K) in pixels.

    Infinite where either is missing.
    """
    gap = np.linalg.norm(found[:, None, :, :2] - truth[None, :, :, :2], axis=3)
    both = (found[:, None, :, 2] > 0) & (truth[None, :, :, 2] > 0)
    return np.where(both, gap, np.inf)


def _sizes(truth):
    """The longer side of the box around each person's joints, (P,); never 0."""
    there = truth[..., 2:] > 0
    low = np.where(there, truth[..., :2], np.inf).min(axis=1)
    high = np.where(there, truth[..., :2], -np.inf).max(axis=1)
    return np.maximum((high - low).max(axis=1), 1e-9)


def _points(people, name):
    points = people.keypoints if isinstance(people, People) else people
    points = checks.array(points, name, dtype=np.float64, low=-FAR, high=FAR)
    if points.size == 0:
        return points.reshape(0, points.shape[1] if points.ndim == 3 else 18, 3)
    return checks.array(points, name, shape=(None, None, 3))


def _same_parts(found, truth):
    """A ValueError unless people who were found have as many parts as the true ones."""
    if found.size and found.shape[1] != truth.shape[1]:
        raise ValueError(
            f"found has {found.shape[1]} parts and truth {truth.shape[1]}; wanted as many."
        )
