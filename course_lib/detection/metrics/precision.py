"""From right and wrong detections to precision, recall and average precision."""

import numpy as np

from course_lib import checks

# The recalls at which precision is read. COCO's own values, the 17th digit included (its 0.35 is
# larger than 7 / 20): where a recall hits one exactly, the result hangs on it.
GRIDS = {"voc11": np.arange(11) / 10, "coco101": np.linspace(0, 1, 101)}
METHODS = ("voc11", "all", "coco101")


def precision_recall(scores, right, truths):
    """Precision and recall after each detection, best score first.

    Parameters
    ----------
    scores : (N,) array_like
        In [0, 1]. Of equal scores the earlier one counts first.
    right : (N,) array_like of bool
        Whether the detection is right; see `judge`. Leave out those set aside.
    truths : int
        How many objects there are to find, at least 1 and at least the right ones.

    Returns
    -------
    precision, recall : (N,) float64 ndarray
        In [0, 1]; recall never falls.

    Raises
    ------
    TypeError
        If scores are not numeric or `truths` is no whole number.
    ValueError
        If lengths disagree, a value leaves its range, or more are right than there are truths.

    Notes
    -----
    ``sklearn.metrics.precision_recall_curve`` puts equal scores into one point and counts as
    truths those that were found only. Taught in ``05_1_boxes``.
    """
    right = flags(right, "right", (None,))
    scores = checks.array(scores, "scores", shape=right.shape, low=0, high=1 + 1e-6)
    truths = checks.number(truths, "truths", low=1, integer=True)
    if right.sum() > truths:
        raise ValueError(f"{right.sum()} are right, but truths is {truths}; wanted no more right.")
    return ranked(right[np.argsort(-scores.astype(np.float64), kind="stable")], truths)


def flags(value, name, shape):
    """Check an array of yes and no: bool of the wanted shape."""
    value = checks.array(value, name, shape=shape)
    wrong = value[(value != 0) & (value != 1)]
    if wrong.size:
        raise ValueError(f"{name} holds {wrong[0]:g}; wanted True and False (1 and 0) only.")
    return value.astype(bool)


def ranked(right, truths):
    """`precision_recall` of checked verdicts (..., N) that stand best score first."""
    hits = np.cumsum(right, axis=-1)
    return hits / np.arange(1, right.shape[-1] + 1), hits / truths


def envelope(precision):
    """The best precision from each point on, to the right: a staircase that never rises.

    Parameters
    ----------
    precision : (N,) array_like

    Returns
    -------
    (N,) ndarray

    Raises
    ------
    TypeError, ValueError
        If the precision is not numeric, not finite, or has not one axis.
    """
    return np.maximum.accumulate(checks.array(precision, "precision", ndim=1)[::-1])[::-1]


def average_precision(precision, recall, *, method="coco101"):
    """The area under the precision-recall curve, in one of the three published ways.

    Parameters
    ----------
    precision, recall : (N,) array_like
        From `precision_recall`: best score first, so that recall never falls. Empty: nothing was
        found.
    method : {"voc11", "all", "coco101"}
        The mean of the `envelope` at 11 recalls (PASCAL VOC until 2009), its whole area (VOC from
        2010), or its mean at 101 recalls (COCO).

    Returns
    -------
    float
        In [0, 1]; 0 if nothing was found.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If lengths disagree, values leave [0, 1], recall falls, or the method is unknown.

    Notes
    -----
    ``sklearn.metrics.average_precision_score`` is the area without the envelope, so at most
    "all". Taught in ``05_1_boxes``. Sources: Everingham et al., IJCV 2010,
    doi 10.1007/s11263-009-0275-4; Lin et al., ECCV 2014, arXiv 1405.0312.
    """
    checks.choice(method, "method", METHODS)
    precision = checks.array(precision, "precision", ndim=1, low=0, high=1)
    recall = checks.array(recall, "recall", shape=precision.shape, low=0, high=1)
    if (np.diff(recall) < 0).any():
        raise ValueError("recall falls; wanted the points in the order of falling scores.")
    return area(precision, recall, method)


def area(precision, recall, method):
    """`average_precision` of checked arguments."""
    best = envelope(precision)
    if method == "all":
        return float((best * np.diff(recall, prepend=0)).sum())
    first = np.searchsorted(recall, GRIDS[method])  # the first point of at least that recall
    return float(np.append(best, 0.0)[first].mean())
