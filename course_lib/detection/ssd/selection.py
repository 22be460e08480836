"""From the raw outputs of an SSD to boxes: scores, candidates, suppression class by class."""

import numpy as np

from course_lib import checks
from course_lib.detection import boxes as suppression

from .coding import decode

CANDIDATES = 100  # per class, before suppression
MOST = 100  # in all, after it


def sigmoid(logits):
    """Turn any numbers into scores between 0 and 1.

    Parameters
    ----------
    logits : array_like

    Returns
    -------
    float64 ndarray
        ``1 / (1 + exp(-logits))``, without overflow.

    Raises
    ------
    TypeError, ValueError
        If the values are not finite numbers.
    """
    values = checks.array(logits, "logits", dtype=np.float64)
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1, small) / (1 + small)


def select(logits, offsets, defaults, *, threshold=0.5, overlap=0.6, classes=None):
    """Find the boxes that the raw outputs of an SSD stand for.

    Parameters
    ----------
    logits : (N, C) array_like
        For each default box and each class, before the sigmoid; class 0 is the background.
    offsets : (N, 4) array_like
        From the default boxes, see `coding.decode`.
    defaults : (N, 4) array_like
        Corners.
    threshold : float
        In [0, 1]; only what scores *above* it takes part.
    overlap : float
        In [0, 1]; of two boxes of one class that overlap by more, the worse is dropped.
    classes : iterable of int, optional
        The classes to look for, 1 to C - 1; all by default.

    Returns
    -------
    boxes : (K, 4) float64 ndarray
        Corners in the unit of the defaults, best score first; at most `MOST`.
    scores : (K,) float64 ndarray
    numbers : (K,) int64 ndarray
        The class of each.

    Raises
    ------
    TypeError
        If something is not numeric.
    ValueError
        If shapes disagree, numbers are not finite, or a parameter is out of range.

    Notes
    -----
    Equal to OpenCV's layer DetectionOutput: `CANDIDATES` best boxes of each class take part in its
    suppression. A higher threshold only shortens the list, for a worse box never drops a better.
    Taught in ``05_2_mobilenet_ssd``.
    """
    logits = checks.array(logits, "logits", ndim=2)
    least = checks.number(threshold, "threshold", low=0, high=1)
    wanted = np.ones(logits.shape[1], bool) if classes is None else _mask(classes, logits.shape[1])
    wanted[:1] = False  # the background is no thing
    offsets, defaults = checks.boxes(offsets, "offsets"), checks.boxes(defaults, "defaults")
    if not len(logits) == len(offsets) == len(defaults):
        counts = f"{len(logits)}, {len(offsets)} and {len(defaults)}"
        raise ValueError(f"logits, offsets and defaults have {counts} rows; wanted as many.")
    # The sigmoid grows with its input: compare before it, and compute it for the few that matter.
    with np.errstate(divide="ignore"):
        passed = (logits > np.log(least) - np.log1p(-least)) & wanted
    rows, numbers = np.divmod(np.flatnonzero(passed), logits.shape[1] or 1)
    strength, count = logits[rows, numbers], 4 * MOST
    while True:
        some = _strongest(strength, count)
        row, number, scores = rows[some], numbers[some], sigmoid(strength[some])
        found = decode(offsets[row], defaults[row])
        kept = _suppress(found, scores, number, overlap)[:MOST]
        if len(kept) == MOST or len(some) == len(strength):  # what is weaker changes nothing
            return found[kept], scores[kept], number[kept]
        count *= 2


def _suppress(found, scores, number, overlap):
    """Indices that suppression class by class keeps, best first.

    Each class is moved to a place of its own, where it cannot meet another: one call for all
    classes instead of a call for each.
    """
    order = np.lexsort((-scores, number))  # class by class, best first; of equals the earlier
    _, first, count = np.unique(number[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, count)
    chosen = np.sort(order[rank < CANDIDATES])
    moved = found[chosen]
    if len(moved):
        reach = moved.max() - moved.min() + 1
        moved = moved + reach * number[chosen, None]
    return chosen[suppression.nms(moved, scores[chosen], overlap=overlap)]


def _strongest(strength, count):
    """Indices of the `count` largest values, and of those equal to the last, in their order."""
    if len(strength) <= count:
        return np.arange(len(strength))
    return np.flatnonzero(strength >= np.partition(strength, -count)[-count])


def _mask(classes, count):
    """Which of `count` classes are wanted."""
    numbers = checks.array(list(classes), "classes", ndim=1, dtype=np.int64, low=1, high=count - 1)
    return np.isin(np.arange(count), numbers)
