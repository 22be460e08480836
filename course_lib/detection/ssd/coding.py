"""Boxes as offsets from default boxes, which is what an SSD learns to say, and back."""

import numpy as np

from course_lib import checks
from course_lib.detection.boxes.forms import LARGEST, coordinates

VARIANCES = (0.1, 0.1, 0.2, 0.2)


def encode(boxes, defaults, variances=VARIANCES):
    """Say each box as its offsets from a default box.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1``; every box has a width and a height above 0.
    defaults : (N, 4) array_like
        The default box of each, as corners in the same unit (pixels, or shares of the picture).
    variances : (4,) array_like
        Above 0; the offsets are divided by them, which brings all four to about the same size.

    Returns
    -------
    (N, 4) float64 ndarray
        Shift of the centre in x and y, in widths and heights of the default box, and the
        logarithms of the two ratios of sizes; each over its variance.

    Raises
    ------
    TypeError
        If something is not numeric.
    ValueError
        If a shape is wrong, a number is not finite, or a side or a variance is not above 0.

    Notes
    -----
    Inverse of `decode`. Taught in ``05_2_mobilenet_ssd``.
    Source: Liu et al., ECCV 2016, arXiv:1512.02325, equation 2; the variances are in its code.
    """
    centre, size = _centres_and_sizes(boxes, "boxes")
    anchor, span = _centres_and_sizes(defaults, "defaults", count=len(centre))
    offsets = np.hstack([(centre - anchor) / span, np.log(size) - np.log(span)])  # (N, 4)
    return offsets / _variances(variances)


def decode(offsets, defaults, variances=VARIANCES):
    """Turn offsets from default boxes into boxes.

    Parameters
    ----------
    offsets : (N, 4) array_like
        As `encode` returns them.
    defaults : (N, 4) array_like
        Corners ``x0, y0, x1, y1``, of a width and a height above 0.
    variances : (4,) array_like
        The ones that the offsets were divided by.

    Returns
    -------
    (N, 4) float64 ndarray
        Corners in the unit of the defaults; they may lie outside the picture.

    Raises
    ------
    TypeError
        If something is not numeric.
    ValueError
        If a shape is wrong, a number is not finite, a side or a variance is not above 0,
        or a box would be larger than any picture (1e100).

    Notes
    -----
    Inverse of `encode`. Taught in ``05_2_mobilenet_ssd``. Source: as `encode`.
    """
    anchor, span = _centres_and_sizes(defaults, "defaults")
    moves = checks.boxes(offsets, "offsets")  # (N, 4) finite numbers, as boxes are
    if len(moves) != len(span):
        raise ValueError(f"offsets has {len(moves)} rows; wanted {len(span)}, one per default box.")
    moves = moves * _variances(variances)
    with np.errstate(over="ignore", invalid="ignore"):  # said in a sentence below
        centre, size = anchor + moves[:, :2] * span, span * np.exp(moves[:, 2:])
        found = np.hstack([centre - size / 2, centre + size / 2])
    if not (np.abs(found) <= LARGEST).all():  # false for NaN as well
        row = np.flatnonzero(~(np.abs(found) <= LARGEST).all(axis=1))[0]
        raise ValueError(f"offsets has numbers in row {row} that are too large for a finite box.")
    return found


def _centres_and_sizes(boxes, name, count=None):
    """Centres (N, 2) and sizes (N, 2) of boxes that must not be empty."""
    corners = coordinates(boxes, name)
    if count is not None and len(corners) != count:
        raise ValueError(f"{name} has {len(corners)} rows; wanted {count}, one per box.")
    size = corners[:, 2:] - corners[:, :2]
    if not (size > 0).all():
        worst = np.flatnonzero((size <= 0).any(axis=1))[0]
        raise ValueError(f"{name} has an empty box in row {worst}; wanted x0 < x1 and y0 < y1.")
    return (corners[:, :2] + corners[:, 2:]) / 2, size


def _variances(variances):
    return checks.array(variances, "variances", shape=(4,), low=np.finfo(float).tiny)
