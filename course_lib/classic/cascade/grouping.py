"""Grouping: many overlapping hits on one face become one box, lonely hits disappear.

Taught in ``01_3_face_detector``.
"""

import numba
import numpy as np

from course_lib import checks


def group_boxes(boxes, min_neighbors, eps=0.2):
    """Average the boxes that lie together, and drop groups that are too small.

    Two boxes are alike when each of their sides lies within ``eps`` times the mean of the smaller
    width and the smaller height; a group is all that likeness connects. A group that lies inside
    another one of more hits is dropped as well.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    min_neighbors : int
        A group is kept when it has more boxes than this. 0 returns the boxes as they came.
    eps : float
        0 or more.

    Returns
    -------
    boxes : (M, 4) float64 ndarray
        The mean of every kept group, its place and size rounded to whole pixels.
    counts : (M,) int64 ndarray
        How many boxes are in the group.

    Raises
    ------
    TypeError, ValueError
        If the boxes are no boxes, or a number is negative.

    Notes
    -----
    For boxes in whole pixels it is ``cv2.groupRectangles``, in the order of first members.
    """
    boxes = checks.boxes(boxes)
    neighbors = checks.number(min_neighbors, "min_neighbors", low=0, integer=True)
    eps = checks.number(eps, "eps", low=0)
    if neighbors == 0 or len(boxes) == 0:
        return boxes, np.ones(len(boxes), np.int64)
    rects = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])  # x, y, width, height
    labels = _components(rects, eps)
    counts = np.bincount(labels)
    means = _means(rects, labels, counts)
    kept = counts > neighbors
    means, counts = means[kept], counts[kept]
    alone = ~_inside_busier(means, counts, eps)
    means, counts = means[alone], counts[alone]
    return np.hstack([means[:, :2], means[:, :2] + means[:, 2:]]), counts


def _means(rects, labels, counts):
    """Mean rectangle of every group, rounded; in float32 because OpenCV rounds from there."""
    sums = np.zeros((len(counts), 4))
    np.add.at(sums, labels, rects)
    return np.rint(np.float32(sums) * (np.float32(1) / np.float32(counts))[:, None]).astype(float)


def _inside_busier(rects, counts, eps):
    """Whether each rectangle lies inside another one, but for a margin, that has more hits."""
    x, y, w, h = rects.T
    dx, dy = np.rint(w * eps), np.rint(h * eps)
    inside = (
        (x[:, None] >= x - dx)
        & (y[:, None] >= y - dy)
        & ((x + w)[:, None] <= x + w + dx)
        & ((y + h)[:, None] <= y + h + dy)
    )  # (inner, outer)
    busier = (counts > np.maximum(3, counts[:, None])) | (counts[:, None] < 3)
    np.fill_diagonal(inside, False)
    return (inside & busier).any(axis=1)


@numba.njit(cache=True)
def _components(rects, eps):
    """Number of the group of every rectangle (N,); groups are numbered by their first member."""
    parent = np.arange(len(rects))
    for i in range(len(rects)):
        for j in range(i):
            if _alike(rects[i], rects[j], eps):
                a, b = _root(parent, i), _root(parent, j)
                parent[max(a, b)] = min(a, b)
    labels = np.empty_like(parent)
    groups = 0
    for i in range(len(parent)):
        root = _root(parent, i)
        if root == i:
            labels[i] = groups
            groups += 1
        else:
            labels[i] = labels[root]
    return labels


@numba.njit
def _root(parent, i):
    """The first member of i's group; shortens the way there."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit
def _alike(a, b, eps):
    delta = eps * (min(a[2], b[2]) + min(a[3], b[3])) * 0.5
    return (
        abs(a[0] - b[0]) <= delta
        and abs(a[1] - b[1]) <= delta
        and abs(a[0] + a[2] - b[0] - b[2]) <= delta
        and abs(a[1] + a[3] - b[1] - b[3]) <= delta
    )
