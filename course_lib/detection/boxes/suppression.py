"""Suppression: of many boxes on one thing keep one."""

import numbers
from collections.abc import Iterable

import numpy as np

from course_lib import checks
from course_lib.detection.boxes.forms import valid
from course_lib.detection.boxes.overlap import overlaps

# Boxes that are compared at once: 192 x 192 overlaps fit into a processor's cache.
BLOCK = 192


def valid_scores(scores, count, name="scores"):
    """Check the scores of `count` boxes.

    Parameters
    ----------
    scores : (count,) array_like
        In [0, 1]; what a sum in float32 puts above 1 by less than 1e-6 passes.
    count : int
    name : str
        What the message calls the argument.

    Returns
    -------
    (count,) float64 ndarray

    Raises
    ------
    TypeError
        If the scores are not numeric.
    ValueError
        If there are more or fewer, or one is not finite or leaves [0, 1].
    """
    scores = checks.array(scores, name, finite=False, dtype=np.float64)
    if scores.shape != (count,):
        raise ValueError(f"{name} has shape {scores.shape}; wanted one for each of {count} boxes.")
    wrong = np.flatnonzero(~((scores >= 0) & (scores <= 1 + 1e-6)))  # NaN is wrong as well
    if len(wrong):
        raise ValueError(f"{name}[{wrong[0]}] is {scores[wrong[0]]:g}; wanted scores in [0, 1].")
    return scores


def valid_labels(labels, count=None, name="labels"):
    """Check the labels of `count` boxes.

    Parameters
    ----------
    labels : sequence of count int or str
    count : int, optional
        Any number if left out.
    name : str
        What the message calls the argument.

    Returns
    -------
    list of (int or str)

    Raises
    ------
    TypeError
        If there is no list of labels, or one of them is neither a whole number nor a text.
    ValueError
        If there are more or fewer.
    """
    if not isinstance(labels, Iterable) or isinstance(labels, (str, bytes, dict, set)):
        raise TypeError(f"{name} is {labels!r}; wanted a list of labels.")
    labels = np.atleast_1d(labels).tolist() if isinstance(labels, np.ndarray) else list(labels)
    if count not in (None, len(labels)):
        raise ValueError(f"{name} has {len(labels)} entries; wanted one for each of {count} boxes.")
    if not set(map(type, labels)) <= {int, str}:  # the quick way for most
        for i, label in enumerate(labels):
            if not isinstance(label, (numbers.Integral, str)):
                kind = type(label).__name__
                wanted = "a whole number or a text"
                raise TypeError(f"{name}[{i}] is {label!r} ({kind}); wanted {wanted}.")
    return labels


def nms(boxes, scores, *, overlap=0.5, threshold=0.0, labels=None, top=None):
    """Greedy non-maximum suppression: keep the best box, drop what overlaps it, and so on.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, ``x0 <= x1`` and ``y0 <= y1``.
    scores : (N,) array_like
        In [0, 1].
    overlap : float
        In [0, 1]. A box is dropped if its intersection over union with a kept one is *above* it.
    threshold : float
        Only boxes that score *above* it take part.
    labels : sequence of N int or str, optional
        Boxes of different classes do not suppress each other.
    top : int, optional
        Only so many best boxes of each class take part (``top_k`` of OpenCV and of SSD).

    Returns
    -------
    (K,) int64 ndarray
        Indices of the kept boxes, best score first; of equal scores the earlier box first.

    Raises
    ------
    TypeError
        If boxes or scores are not numeric, or a label is neither a whole number nor a text.
    ValueError
        If a box has NaN or corners in the wrong order, a score leaves [0, 1], lengths disagree,
        or a parameter is out of range.

    Notes
    -----
    Equals ``cv2.dnn.NMSBoxes``, but an empty box overlaps nothing (in OpenCV two empty boxes
    overlap fully). Memory does not grow with the square of the number of boxes. Taught in
    ``05_1_boxes``. Source: Felzenszwalb et al., PAMI 2010, doi 10.1109/TPAMI.2009.167.
    """
    corners = valid(boxes)
    scores = valid_scores(scores, len(corners))
    most = checks.number(overlap, "overlap", low=0, high=1)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > checks.number(threshold, "threshold", low=0, high=1)]
    if top is not None:
        top = checks.number(top, "top", low=1, integer=True)
    kept = [group[:top] for group in _groups(order, labels, len(corners))]
    kept = [group[_greedy(corners[group], most)] for group in kept]
    place = np.empty(len(corners), np.int64)
    place[order] = np.arange(len(order))
    kept = np.concatenate([*kept, np.zeros(0, np.int64)])
    return kept[np.argsort(place[kept])]


def _groups(order, labels, count):
    """The indices in `order`, class by class."""
    if labels is None:
        return [order]
    labels = valid_labels(labels, count)
    numbers_of = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    classes = np.array([numbers_of[label] for label in labels], np.int64)[order]
    by_class = np.argsort(classes, kind="stable")
    return np.split(order[by_class], np.flatnonzero(np.diff(classes[by_class])) + 1)


def _greedy(corners, most):
    """Which of N boxes, best first, greedy suppression keeps: (N,) bool."""
    keep, kept = np.ones(len(corners), bool), corners[:0]
    for start in range(0, len(corners), BLOCK):
        block = corners[start : start + BLOCK]
        alive = keep[start : start + BLOCK]  # a view
        for first in range(0, len(kept), BLOCK):
            rest = np.flatnonzero(alive)
            shared = overlaps(kept[first : first + BLOCK], block[rest])
            alive[rest] = (shared <= most).all(axis=0)
        drops = np.triu(overlaps(block, block) > most, 1)  # row i drops column j > i
        for i in np.flatnonzero(drops.any(axis=1)):
            if alive[i]:
                alive &= ~drops[i]
        kept = np.concatenate([kept, block[alive]])
    return keep


def soft_nms(boxes, scores, *, overlap=0.3, sigma=0.5, method="gaussian", threshold=0.001):
    """Soft suppression: lower the score of what overlaps a better box instead of dropping it.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, ``x0 <= x1`` and ``y0 <= y1``.
    scores : (N,) array_like
        In [0, 1].
    overlap : float
        In [0, 1]; only of ``"linear"``, which leaves boxes alone that overlap up to this much.
    sigma : float
        Above 0; only of ``"gaussian"``: the smaller, the stricter.
    method : {"gaussian", "linear"}
        Times ``exp(-iou**2 / sigma)``, or times ``1 - iou``.
    threshold : float
        A box whose score falls *below* it is dropped.

    Returns
    -------
    indices : (K,) int64 ndarray
        Of the kept boxes, in falling order of their new scores.
    scores : (K,) float64 ndarray
        The new scores.

    Raises
    ------
    TypeError, ValueError
        See `nms`; or the method is unknown.

    Notes
    -----
    Equals ``cv2.dnn.softNMSBoxes``, which knows whole-number boxes only. Taught in
    ``05_1_boxes``. Source: Bodla et al., ICCV 2017, arXiv 1704.04503.
    """
    corners = valid(boxes)
    left = valid_scores(scores, len(corners)).copy()
    most = checks.number(overlap, "overlap", low=0, high=1)
    sigma = checks.number(sigma, "sigma", low=1e-9)
    linear = checks.choice(method, "method", ("gaussian", "linear")) == "linear"
    least = checks.number(threshold, "threshold", low=0, high=1)
    order, rest = [], np.flatnonzero(left >= least)
    result = np.zeros(len(corners))
    while len(rest):
        best = rest[left[rest].argmax()]
        order.append(best)
        result[best] = left[best]
        rest = rest[rest != best]
        shared = overlaps(corners[best][None], corners[rest])[0]
        factor = np.where(shared > most, 1 - shared, 1) if linear else np.exp(-(shared**2) / sigma)
        left[rest] *= factor
        rest = rest[left[rest] >= least]
    order = np.array(order, np.int64)
    return order, result[order]
