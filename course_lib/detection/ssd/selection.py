"""From the raw outputs of an SSD to boxes: scores, candidates, suppression class by class."""

import numpy as np

from course_lib import checks

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
    most = checks.number(overlap, "overlap", low=0, high=1)
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
        kept = _suppress(found, scores, number, most)[:MOST]
        if len(kept) == MOST or len(some) == len(strength):  # what is weaker changes nothing
            return found[kept], scores[kept], number[kept]
        count *= 2


def _suppress(found, scores, number, overlap):
    """Indices that suppression class by class keeps, best first.

    Equal to ``boxes.nms`` with `number` as labels and `CANDIDATES` as top. It compares the boxes of
    a class only, the pairs of all classes at once, where that one takes class after class.
    """
    order = np.lexsort((-scores, number))  # class by class, best first; of equals the earlier
    _, first, count = np.unique(number[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(first, count)
    order, rank = order[rank < CANDIDATES], rank[rank < CANDIDATES]
    worse = np.repeat(np.arange(len(order)), rank)  # once for each better box of its class
    starts = np.cumsum(rank) - rank
    better = worse - np.repeat(rank, rank) + np.arange(len(worse)) - np.repeat(starts, rank)
    close = _close(found[order], better, worse, overlap)
    alive = [True] * len(order)
    for i, j in zip(better[close].tolist(), worse[close].tolist(), strict=True):
        alive[j] = alive[j] and not alive[i]  # what was dropped drops nothing
    kept = order[np.array(alive, bool)]
    return kept[np.lexsort((kept, -scores[kept]))]


def _close(corners, one, other, overlap):
    """Which pairs of boxes, (P,) and (P,) indices, overlap by more: (P,) bool."""
    x0, y0, x1, y1 = corners.T
    area = (x1 - x0) * (y1 - y0)
    width = np.minimum(x1[one], x1[other]) - np.maximum(x0[one], x0[other])
    height = np.minimum(y1[one], y1[other]) - np.maximum(y0[one], y0[other])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    return shared > overlap * (area[one] + area[other] - shared)


def _strongest(strength, count):
    """Indices of the `count` largest values, and of those equal to the last, in their order."""
    if len(strength) <= count:
        return np.arange(len(strength))
    return np.flatnonzero(strength >= np.partition(strength, -count)[-count])


def _mask(classes, count):
    """Which of `count` classes are wanted."""
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        raise TypeError(f"classes is {classes!r}; wanted a list of whole numbers, such as [17].")
    numbers = checks.array(list(classes), "classes", ndim=1, dtype=np.int64, low=1, high=count - 1)
    return np.isin(np.arange(count), numbers)
