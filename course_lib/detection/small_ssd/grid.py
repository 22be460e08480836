"""What a YOLO grid is asked to answer: one cell per object, no default boxes.

Source: Redmon et al., YOLO, CVPR 2016, arXiv:1506.02640, section 2.
"""

import numpy as np

from course_lib import checks
from course_lib.detection import scenes

CLASSES = len(scenes.NAMES)


def grid_targets(truth, labels, *, cells=6, size=scenes.SIZE, classes=CLASSES):
    """Write down what a YOLO grid shall answer for one scene.

    Parameters
    ----------
    truth : (M, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels, centres inside the picture.
    labels : (M,) array_like of int
        Classes, from 0.
    cells : int
        Cells per side, S.
    size : float
        Side of the picture in pixels.
    classes : int
        C.

    Returns
    -------
    grid : (S, S, 5 + C) float64 ndarray
        Per cell: 1 if an object's centre lies in it; the centre's place in the cell, x and y in
        [0, 1); the roots of width and height as shares of the picture; a 1 for the class. Zero
        in all other cells.
    lost : list of int
        Objects whose cell was already taken: YOLO's first version answers one object per cell.

    Raises
    ------
    TypeError, ValueError
        If boxes are empty or their centres outside, or labels do not fit.

    Notes
    -----
    The first object of a cell keeps it. Taught in ``05_3_train_a_detector``.
    """
    truth = checks.boxes(truth, "truth")
    cells = checks.number(cells, "cells", low=1, integer=True)
    classes = checks.number(classes, "classes", low=1, integer=True)
    size = checks.number(size, "size", low=1)
    limits = {"low": 0, "high": classes - 1, "dtype": np.int64}
    labels = checks.array(labels, "labels", shape=(len(truth),), **limits)
    centres = (truth[:, :2] + truth[:, 2:]) / 2 * cells / size
    spans = (truth[:, 2:] - truth[:, :2]) / size
    if (spans <= 0).any() or (centres < 0).any() or (centres >= cells).any():
        raise ValueError("truth holds an empty box, or one with its centre outside the picture.")
    grid, lost = np.zeros((cells, cells, 5 + classes)), []
    for n, (centre, span, label) in enumerate(zip(centres, spans, labels, strict=True)):
        column, row = centre.astype(int)
        if grid[row, column, 0]:
            lost.append(n)
            continue
        grid[row, column, :5] = 1, *(centre - (column, row)), *np.sqrt(span)
        grid[row, column, 5 + label] = 1
    return grid, lost
