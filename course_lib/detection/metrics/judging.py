"""Which detections are right, as PASCAL VOC and as COCO judge them."""

import numpy as np

from course_lib import checks
from course_lib.detection.boxes import valid, valid_scores
from course_lib.detection.boxes.overlap import LEAST, overlaps
from course_lib.detection.metrics.precision import flags

RIGHT, WRONG, ASIDE = 1, 0, -1
PROTOCOLS = ("coco", "voc")


def judge(boxes, scores, truth, *, overlap=0.5, aside=None, protocol="coco"):
    """Judge the detections of one class in one picture.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, ``x0 <= x1`` and ``y0 <= y1``.
    scores : (N,) array_like
        In [0, 1]; the best one chooses first, of equal ones the earlier.
    truth : (M, 4) array_like
        The true boxes.
    overlap : float
        Smallest intersection over union with a true box, above 0 and up to 1.
    aside : (M,) array_like of bool, optional
        True boxes that need not be found: crowds in COCO, "difficult" objects in VOC. A detection
        on one is neither right nor wrong.
    protocol : {"coco", "voc"}
        In COCO a detection takes the best true box that is *still free*; in VOC it wants its
        best one, and is wrong if that is taken. A COCO crowd may hold many detections, each
        measured by the share of the detection that lies in it.

    Returns
    -------
    verdicts : (N,) int64 ndarray
        1 right, 0 wrong, -1 set aside.
    owners : (N,) int64 ndarray
        The true box that the detection belongs to, -1 for none.

    Raises
    ------
    TypeError
        If an argument is not numeric.
    ValueError
        If a box has NaN or corners in the wrong order, a score leaves [0, 1], lengths disagree,
        or a parameter is out of range.

    Notes
    -----
    Continuous coordinates; VOC's own program adds 1 to each side. Taught in ``05_1_boxes``.
    Sources: ``VOCevaldet.m`` of the VOC development kit; ``cocoeval.py`` of pycocotools.
    """
    checks.choice(protocol, "protocol", PROTOCOLS)
    boxes, truth = valid(boxes), valid(truth, "truth")
    order = np.argsort(-valid_scores(scores, len(boxes)), kind="stable")
    limits = np.array([checks.number(overlap, "overlap", low=LEAST, high=1)])
    aside = np.zeros(len(truth)) if aside is None else aside
    aside = flags(aside, "aside", (len(truth),))
    results = np.zeros((2, len(boxes)), np.int64)
    found = judge_sorted(boxes[order], truth, aside, limits, protocol)
    results[:, order] = [part[0] for part in found]
    return results[0], results[1]


def judge_sorted(boxes, truth, aside, limits, protocol):
    """`judge` of checked boxes, best score first, at T overlaps: two (T, N) arrays."""
    if not (len(boxes) and len(truth)):
        return np.zeros((2, len(limits), len(boxes)), np.int64) - [[[0]], [[1]]]
    crowd = aside if protocol == "coco" and aside.any() else None
    shared = overlaps(boxes, truth, crowd=crowd)  # (N, M)
    owners, taken = (_coco if protocol == "coco" else _voc)(shared, aside, limits)
    verdicts = np.where(owners < 0, WRONG, np.where(aside[owners], ASIDE, ~taken))
    return verdicts, owners


def _coco(shared, aside, limits):
    """Each detection takes the free box of most overlap, a real one before one set aside."""
    owners = np.full((len(limits), len(shared)), -1)
    free = np.ones((len(limits), len(aside)), bool)
    limits = np.minimum(limits, 1 - 1e-10)[:, None]  # as COCO does: equal boxes pass at 1
    rows = np.arange(len(limits))
    kinds = (aside, ~aside) if aside.any() else (~aside,)
    for i in np.flatnonzero((shared >= limits.min()).any(axis=1)):
        able = free & (shared[i] >= limits)  # (T, M)
        for kind in kinds:  # the real ones come last and overwrite
            values = np.where(able & kind, shared[i], -1)[:, ::-1]
            best = values.argmax(axis=1)  # of equal ones COCO takes the last: seen from behind
            owners[:, i] = np.where(values[rows, best] > 0, len(aside) - 1 - best, owners[:, i])
        hit = owners[:, i] >= 0
        free[rows[hit], owners[hit, i]] = aside[owners[hit, i]]  # a crowd stays free
    return owners, np.zeros(owners.shape, bool)


def _voc(shared, aside, limits):
    """Each detection wants its box of most overlap; the second one to come is wrong."""
    best = shared.argmax(axis=1)  # (N,), of equal ones the first
    owners = np.where(shared.max(axis=1) >= limits[:, None], best, -1)
    taken = np.ones(owners.shape, bool)
    for row, wanted in zip(taken, owners, strict=True):
        row[np.unique(wanted, return_index=True)[1]] = False
    return owners, taken
