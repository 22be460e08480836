"""Average precision over many pictures, class by class, and its mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib import checks
from course_lib.detection.boxes import valid, valid_labels, valid_scores
from course_lib.detection.boxes.overlap import LEAST
from course_lib.detection.metrics.judging import PROTOCOLS, RIGHT, WRONG, judge_sorted
from course_lib.detection.metrics.precision import METHODS, area, flags, ranked

# COCO's own expression: 0.5 to 0.95, the 17th digit included.
COCO_OVERLAPS = np.linspace(0.5, 0.95, 10)


class Found(NamedTuple):
    """The detections in one picture.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    scores : (N,) array_like
        In [0, 1].
    labels : sequence of N int or str
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: tuple


class Truth(NamedTuple):
    """The true boxes in one picture.

    Parameters
    ----------
    boxes : (M, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    labels : sequence of M int or str
    aside : (M,) array_like of bool, optional
        Boxes that need not be found: crowds in COCO, "difficult" objects in VOC.
    """

    boxes: np.ndarray
    labels: tuple
    aside: np.ndarray = None


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Parameters
    ----------
    classes : tuple of (int or str)
        C classes.
    overlaps : (T,) ndarray
        The smallest intersections over union that were asked for.
    table : (C, T) ndarray
        Average precision; NaN for a class without a true box.
    truths : (C,) ndarray
        How many objects there were to find.
    curves : dict
        Class to (precision, recall) at the first overlap; classes without a true box are left out.
    """

    classes: tuple
    overlaps: np.ndarray
    table: np.ndarray
    truths: np.ndarray
    curves: dict

    @property
    def by_class(self):
        """Class to average precision, the mean over the overlaps; NaN without a true box."""
        return dict(zip(self.classes, self.table.mean(axis=1).tolist(), strict=True))

    @property
    def mean(self):
        """Mean average precision, over the classes that have a true box; NaN if none has."""
        known = self.table[self.truths > 0]
        return float(known.mean()) if known.size else float("nan")


def evaluate(found, truth, *, protocol="coco", overlaps=None, method=None, classes=None, most=None):
    """Average precision over many pictures, class by class, and its mean.

    Parameters
    ----------
    found : sequence of Found
        One for each picture; anything with ``boxes``, ``scores`` and ``labels`` will do.
    truth : sequence of Truth
        One for each picture, in the same order.
    protocol : {"coco", "voc"}
        How detections are judged, see `judge`.
    overlaps : float or sequence of float, optional
        In (0, 1]; COCO's ten from 0.5 to 0.95, or VOC's 0.5, if left out.
    method : {"voc11", "all", "coco101"}, optional
        See `average_precision`; "coco101" or "all" if left out.
    classes : sequence of (int or str), optional
        The classes there are; those that occur if left out.
    most : int, optional
        Only so many best detections of a class in a picture count; 100 in COCO, all in VOC if
        left out.

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        If an entry lacks ``boxes``, ``scores`` or ``labels``, they are not numeric, or a label is
        neither a whole number nor a text.
    ValueError
        If lengths disagree, a box or score is none, a class is unknown or given twice, or a
        parameter is out of range.

    Notes
    -----
    COCO's sizes ("small" to "large") are left out. Taught in ``05_1_boxes``. Sources as of
    `average_precision`.
    """
    coco = checks.choice(protocol, "protocol", PROTOCOLS) == "coco"
    defaults = ("coco101", COCO_OVERLAPS, 100) if coco else ("all", 0.5, 2**62)
    given = zip((method, overlaps, most), defaults, strict=True)
    method, overlaps, most = (own if own is not None else default for own, default in given)
    checks.choice(method, "method", METHODS)
    limits = _limits(overlaps)
    most = checks.number(most, "most", low=1, integer=True)
    found, truth = _pictures(found, "found"), _pictures(truth, "truth")
    if len(found) != len(truth):
        raise ValueError(f"found has {len(found)} pictures, truth {len(truth)}; wanted as many.")
    found = [_found(entry, f"found[{i}]") for i, entry in enumerate(found)]
    truth = [_truth(entry, f"truth[{i}]") for i, entry in enumerate(truth)]
    classes = _classes(classes, [*found, *truth])
    pictures = max(len(found), 1)
    found = _sorted_and_cut(_joined(found, classes, pictures, float), most)
    truth = _joined(truth, classes, pictures, bool)
    verdicts = _verdicts(found, truth, limits, protocol)
    truths = np.bincount(truth[1][~truth[2]] // pictures, minlength=len(classes))
    table, curves = _summary(classes, found, truths, verdicts, method, pictures)
    return Evaluation(classes, limits, table, truths, curves)


def _limits(overlaps):
    """One overlap or several as (T,)."""
    limits = checks.array(overlaps, "overlaps", low=LEAST, high=1, dtype=np.float64)
    if limits.ndim > 1 or not limits.size:
        raise ValueError(f"overlaps has shape {limits.shape}; wanted one number or a list.")
    return np.atleast_1d(limits)


def _pictures(entries, name):
    """The pictures as a list."""
    one = isinstance(entries, (Found, Truth, str, dict))
    if one or not isinstance(entries, Iterable):
        kind = type(entries).__name__
        raise TypeError(f"{name} is of type {kind}; wanted a list with an entry for each picture.")
    return list(entries)


def _found(entry, name):
    """Boxes, labels and scores of a picture, checked."""
    boxes, labels = _boxes_and_labels(entry, name, ("boxes", "scores", "labels"))
    return boxes, labels, valid_scores(entry.scores, len(boxes), f"{name}.scores")


def _truth(entry, name):
    """Boxes, labels and what is set aside in a picture, checked."""
    boxes, labels = _boxes_and_labels(entry, name, ("boxes", "labels"))
    aside = getattr(entry, "aside", None)
    aside = np.zeros(len(boxes)) if aside is None else aside
    return boxes, labels, flags(aside, f"{name}.aside", (len(boxes),))


def _boxes_and_labels(entry, name, wanted):
    missing = [part for part in wanted if not hasattr(entry, part)]
    if missing:
        kind = type(entry).__name__
        raise TypeError(f"{name} is a {kind} without {missing[0]}; wanted {', '.join(wanted)}.")
    boxes = valid(entry.boxes, f"{name}.boxes")
    return boxes, valid_labels(entry.labels, len(boxes), f"{name}.labels")


def _classes(classes, entries):
    """The classes in order; those given must hold every label."""
    labels = set().union(*(entry[1] for entry in entries)) if entries else set()
    if classes is None:
        kinds = {isinstance(label, str) for label in labels}
        return tuple(sorted(labels, key=str if len(kinds) > 1 else None))
    classes = valid_labels(classes, name="classes")
    if not classes:
        raise ValueError("classes is empty; wanted one class at least.")
    for i, label in enumerate(classes):
        if label in classes[:i]:
            raise ValueError(f"classes holds {label!r} twice; wanted each class once.")
    for label in sorted(labels - set(classes), key=str):
        checks.choice(label, "label", classes)
    return tuple(classes)


def _joined(entries, classes, pictures, kind):
    """Boxes, a number for each class and picture, and the third parts, of all pictures."""
    place = {label: i * pictures for i, label in enumerate(classes)}
    keys = [place[label] + i for i, entry in enumerate(entries) for label in entry[1]]
    boxes = np.concatenate([np.zeros((0, 4)), *(entry[0] for entry in entries)])
    third = np.concatenate([np.zeros(0, kind), *(entry[2] for entry in entries)])
    return boxes, np.array(keys, np.int64), third


def _sorted_and_cut(found, most):
    """Group by group, best score first, and no more than `most` of a group."""
    boxes, keys, scores = found
    order = np.lexsort((-scores, keys))
    keys = keys[order]
    order = order[np.arange(len(keys)) - np.searchsorted(keys, keys) < most]
    return tuple(part[order] for part in (boxes, found[1], scores))


def _verdicts(found, truth, limits, protocol):
    """Every detection judged at every overlap, (T, N)."""
    verdicts = np.full((len(limits), len(found[1])), WRONG)
    order = np.argsort(truth[1], kind="stable")
    boxes, keys, aside = (part[order] for part in truth)
    groups = np.intersect1d(found[1], keys)  # only where a class is both found and true
    edges = [np.searchsorted(part, [groups, groups + 1]).T for part in (found[1], keys)]
    for (first, last), (start, stop) in zip(*edges, strict=True):
        own, true = found[0][first:last], slice(start, stop)
        verdicts[:, first:last] = judge_sorted(own, boxes[true], aside[true], limits, protocol)[0]
    return verdicts


def _summary(classes, found, truths, verdicts, method, pictures):
    """The table of average precisions and the curves at the first overlap."""
    table, curves = np.full((len(classes), len(verdicts)), np.nan), {}
    edges = np.searchsorted(found[1], np.arange(len(classes) + 1) * pictures)
    for c in np.flatnonzero(truths):
        own = slice(edges[c], edges[c + 1])
        ranks = np.argsort(-found[2][own], kind="stable")
        for t, row in enumerate(verdicts[:, own]):
            row = row[ranks]
            points = ranked(row[row >= 0] == RIGHT, truths[c])
            table[c, t] = area(*points, method)
            if t == 0:
                curves[classes[c]] = points
    return table, curves
