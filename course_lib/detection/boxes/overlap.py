"""How much two boxes overlap, and which found box belongs to which true one."""

import numpy as np

from course_lib import checks
from course_lib.detection.boxes.forms import coordinates

LEAST = 1e-9  # the smallest overlap that may be asked for: 0 would pair what does not touch


def iou(boxes_a, boxes_b):
    """Intersection over union of every pair of boxes.

    Parameters
    ----------
    boxes_a : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, y down.
    boxes_b : (M, 4) array_like

    Returns
    -------
    (N, M) float64 ndarray
        Values in [0, 1]; 0 where either box is empty.

    Raises
    ------
    TypeError
        If the boxes are not numeric.
    ValueError
        If a last axis is not 4, or a coordinate is not finite or beyond 1e100.

    Notes
    -----
    Continuous coordinates; PASCAL VOC adds 1 to each side. A box whose corners are in the wrong
    order is empty. Taught in ``05_1_boxes``. Source: Everingham et al., IJCV 2010,
    doi 10.1007/s11263-009-0275-4.
    """
    return overlaps(coordinates(boxes_a, "boxes_a"), coordinates(boxes_b, "boxes_b"))


def overlaps(a, b, *, crowd=None):
    """`iou` of checked float64 arrays; over the area of `a` alone where `b` is a crowd, (M,)."""
    wide, high = (
        np.minimum(a[:, None, k + 2], b[:, k + 2]) - np.maximum(a[:, None, k], b[:, k])
        for k in (0, 1)
    )  # (N, M) each
    shared = wide.clip(0) * high.clip(0)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).clip(0).prod(axis=1) for box in (a, b))
    whole = area_a[:, None] + area_b - shared
    if crowd is not None:
        whole = np.where(crowd, area_a[:, None], whole)
    # Of an empty box nothing is shared, so that the smallest number stands in for 0 / 0.
    return shared / np.maximum(whole, np.finfo(float).tiny)


def match(found, truth, *, overlap=0.5):
    """Pair found boxes with true ones, one to one, the best overlap first.

    Parameters
    ----------
    found : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    truth : (M, 4) array_like
    overlap : float
        Smallest intersection over union of a pair, above 0 and up to 1.

    Returns
    -------
    (K, 2) int64 ndarray
        Index into `found` and index into `truth` of every pair, best overlap first. Each index
        occurs once at most: ``N - K`` boxes are false alarms, ``M - K`` true ones are missed.

    Raises
    ------
    TypeError
        If the boxes are not numeric.
    ValueError
        If a last axis is not 4, a coordinate is not finite, or `overlap` leaves (0, 1].

    Notes
    -----
    Greedy, which need not give the most pairs. Where boxes have scores, `metrics` goes by falling
    score instead. Taught in ``05_1_boxes``.
    """
    least = checks.number(overlap, "overlap", low=LEAST, high=1)
    found, truth = coordinates(found, "found"), coordinates(truth, "truth")
    values = overlaps(found, truth)  # (N, M)
    pairs = []
    while values.size and values.max() >= least:
        i, j = np.unravel_index(values.argmax(), values.shape)
        pairs.append((i, j))
        values[i] = values[:, j] = -1
    return np.array(pairs, np.int64).reshape(-1, 2)
