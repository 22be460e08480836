"""From true boxes to what the network shall answer at every default box, and the loss.

Source: Liu et al., SSD, ECCV 2016, arXiv:1512.02325, sections 2.2 and 3.
"""

import numpy as np

from course_lib import checks
from course_lib.detection import boxes as box_tools
from course_lib.detection.ssd.coding import VARIANCES, encode

OVERLAP = 0.5
NEGATIVES = 3  # background boxes that count, per matched box


def match(truth, defaults, *, overlap=OVERLAP):
    """Decide which default boxes answer for which true box.

    Parameters
    ----------
    truth : (M, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    defaults : (D, 4) array_like
        As many as there are true boxes, or more.
    overlap : float
        From this intersection over union on a default box answers, in (0, 1].

    Returns
    -------
    (D,) int64 ndarray
        Index into `truth`, or -1 for background. Every true box has one default box at least: the
        pair with the largest overlap first, one to one; then every other default box
        takes the true box it overlaps most, if `overlap` is reached.

    Raises
    ------
    TypeError, ValueError
        If boxes are not finite (.., 4), a true box is empty, or there are too few default boxes.
    """
    truth, defaults = checks.boxes(truth, "truth"), checks.boxes(defaults, "defaults")
    overlap = checks.number(overlap, "overlap", low=1e-9, high=1)
    if len(truth) > len(defaults):
        raise ValueError(f"truth has {len(truth)} boxes; wanted at most {len(defaults)}.")
    if len(truth) == 0:
        return np.full(len(defaults), -1)
    if (truth[:, 2:] <= truth[:, :2]).any():
        raise ValueError("truth holds an empty box; wanted x0 < x1 and y0 < y1.")
    overlaps = box_tools.iou(truth, defaults)  # (M, D)
    chosen = np.where(overlaps.max(axis=0) >= overlap, overlaps.argmax(axis=0), -1)
    for _ in truth:
        m, d = np.unravel_index(overlaps.argmax(), overlaps.shape)
        chosen[d] = m
        overlaps[m] = overlaps[:, d] = -1
    return chosen


def targets(truth, labels, defaults, *, overlap=OVERLAP):
    """Write down what the network shall answer for one scene.

    Parameters
    ----------
    truth : (M, 4) array_like
        Corners in pixels.
    labels : (M,) array_like of int
        Classes, from 0.
    defaults : (D, 4) array_like
    overlap : float
        As for `match`.

    Returns
    -------
    (D, 5) float32 ndarray
        Class (0 background, 1 the first class) and the four encoded offsets, 0 for background.

    Raises
    ------
    TypeError, ValueError
        As for `match`; or if labels do not fit the boxes or are negative.
    """
    chosen = match(truth, defaults, overlap=overlap)
    truth = checks.boxes(truth, "truth")
    labels = checks.array(labels, "labels", shape=(len(truth),), low=0, dtype=np.int64)
    result = np.zeros((len(chosen), 5), np.float32)
    matched = chosen >= 0
    result[matched, 0] = labels[chosen[matched]] + 1
    result[matched, 1:] = encode(truth[chosen[matched]], checks.boxes(defaults)[matched], VARIANCES)
    return result


def loss(wanted, answers):
    """Measure one number per scene: classes with hard negative mining, plus places.

    Parameters
    ----------
    wanted : (N, D, 5) tensor
        From `targets`.
    answers : (N, D, 1 + C + 4) tensor
        From the network.

    Returns
    -------
    (N,) tensor
        Cross-entropy of the matched boxes and of the `NEGATIVES` times as many background boxes
        with the largest, plus the smooth L1 distance of the matched boxes' offsets; divided by
        their number (by 1 where nothing is matched).

    Notes
    -----
    A Keras loss: pass it to ``model.compile``. Departs from SSD, which divides by the matched boxes
    of the whole batch. Equal values are mined in the order of the default boxes.
    """
    return sum(parts(wanted, answers))


def parts(wanted, answers):
    """Measure the two terms of `loss` apart.

    Parameters
    ----------
    wanted, answers : tensor
        As for `loss`.

    Returns
    -------
    classes, places : (N,) tensor
    """
    from keras import ops

    logits, offsets = answers[..., :-4], answers[..., -4:]
    labels = ops.cast(wanted[..., 0], "int32")  # (N, D)
    entropy = ops.logsumexp(logits, axis=-1) - ops.sum(
        logits * ops.one_hot(labels, logits.shape[-1]), axis=-1
    )
    matched = ops.cast(labels > 0, entropy.dtype)
    count = ops.sum(matched, axis=1, keepdims=True)  # (N, 1)
    hard = mine(ops.stop_gradient(entropy), matched, NEGATIVES * count)
    far = ops.abs(offsets - wanted[..., 1:])
    smooth = ops.sum(ops.where(far < 1, 0.5 * far**2, far - 0.5), axis=-1)  # (N, D)
    each = ops.maximum(count[:, 0], 1)
    classes = ops.sum(entropy * (matched + hard), axis=1) / each
    return classes, ops.sum(smooth * matched, axis=1) / each


def mine(entropy, matched, count):
    """Choose the background boxes that the network gets most wrong.

    Parameters
    ----------
    entropy : (N, D) tensor
        Loss of each default box.
    matched : (N, D) tensor
        1 where a true box is matched: never chosen; else 0.
    count : (N, 1) tensor
        How many to choose per scene.

    Returns
    -------
    (N, D) tensor
        1 for the chosen, else 0.
    """
    from keras import ops

    keys = ops.where(matched > 0, np.float32(np.inf), -entropy)
    rank = ops.argsort(ops.argsort(keys, axis=1), axis=1)  # 0 for the hardest background box
    chosen = ops.cast(rank, entropy.dtype) < count
    return ops.cast(chosen, entropy.dtype) * (1 - matched)
