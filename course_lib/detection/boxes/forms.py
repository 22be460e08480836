"""The forms of a box, and what makes it one."""

import numpy as np

from course_lib import checks

# Of larger coordinates the areas would overflow.
LARGEST = 1e100


def coordinates(boxes, name="boxes"):
    """Check boxes loosely: finite, and small enough that areas stay finite; (N, 4) float64."""
    return checks.array(checks.boxes(boxes, name), name, low=-LARGEST, high=LARGEST)


def valid(boxes, name="boxes"):
    """Check boxes strictly: finite, and the corners in the right order.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, y down.
    name : str
        What the message calls the argument.

    Returns
    -------
    (N, 4) float64 ndarray
        Boxes without width or height (``x1 == x0``) are allowed: they are empty.

    Raises
    ------
    TypeError
        If the boxes are not numeric.
    ValueError
        If the last axis is not 4, a coordinate is not finite or beyond 1e100, or ``x1 < x0`` or
        ``y1 < y0``.
    """
    corners = coordinates(boxes, name)
    turned = np.flatnonzero((corners[:, 2:] < corners[:, :2]).any(axis=1))
    if len(turned):
        row = corners[turned[0]].tolist()
        raise ValueError(f"{name}[{turned[0]}] is {row}; wanted x0 <= x1 and y0 <= y1.")
    return corners


def to_centre(boxes):
    """Corners to centre and size: ``x0, y0, x1, y1`` to ``cx, cy, width, height``.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners in pixels (or in any unit: the result has the same).

    Returns
    -------
    (N, 4) float64 ndarray

    Raises
    ------
    TypeError, ValueError
        See `valid`.

    Notes
    -----
    The form in which SSD and YOLO learn boxes. Taught in ``05_1_boxes``.
    """
    corners = valid(boxes)
    low, high = corners[:, :2], corners[:, 2:]
    return np.hstack([(low + high) / 2, high - low])


def to_size(boxes):
    """Corners to corner and size: ``x0, y0, x1, y1`` to ``x0, y0, width, height``.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners in pixels.

    Returns
    -------
    (N, 4) float64 ndarray

    Raises
    ------
    TypeError, ValueError
        See `valid`.

    Notes
    -----
    The form of OpenCV's rectangles and of COCO's annotations. Taught in ``05_1_boxes``.
    """
    corners = valid(boxes)
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])


def to_corners(boxes, *, form="centre"):
    """Centre or corner, and size, to corners: the inverse of `to_centre` and of `to_size`.

    Parameters
    ----------
    boxes : (N, 4) array_like
        ``cx, cy, width, height``; or ``x0, y0, width, height`` where `form` is ``"size"``.
    form : {"centre", "size"}

    Returns
    -------
    (N, 4) float64 ndarray
        ``x0, y0, x1, y1``.

    Raises
    ------
    TypeError
        If the boxes are not numeric.
    ValueError
        If the last axis is not 4, a number is not finite, a size is negative, or the form is
        unknown.
    """
    checks.choice(form, "form", ("centre", "size"))
    rows = coordinates(boxes)
    place, size = rows[:, :2], checks.array(rows[:, 2:], "boxes' width and height", low=0)
    low = place - size / 2 if form == "centre" else place
    return np.hstack([low, low + size])


def clip(boxes, height, width):
    """Cut off what reaches out of a picture.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    height, width : int
        Of the picture.

    Returns
    -------
    (N, 4) float64 ndarray
        A box that lies outside becomes empty, at the border; none is dropped.

    Raises
    ------
    TypeError, ValueError
        See `valid`; or a size is below 1.
    """
    high = [checks.number(n, name, low=1) for n, name in ((width, "width"), (height, "height"))]
    return valid(boxes).clip(0, high * 2)
