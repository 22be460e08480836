"""Shapes grow, shrink, and lose their specks.

A *mask* is a bool array, True where the shape is; a *drawing* is grey, 1 is paper, 0 is ink.
"""

import cv2
import numpy as np

from course_lib import checks


def disc(radius):
    """Return the pixels within a radius of the middle.

    Parameters
    ----------
    radius : float
        In pixels, at least 0.

    Returns
    -------
    (2 n + 1, 2 n + 1) bool ndarray
        n is the radius, cut to a whole number.

    Raises
    ------
    ValueError
        If the radius is negative or above 50.
    """
    radius = checks.number(radius, "radius", low=0, high=50)
    offsets = np.arange(-int(radius), int(radius) + 1)
    return offsets[:, None] ** 2 + offsets**2 <= radius**2


def dilate(mask, radius=1):
    """Grow a shape by a radius.

    Parameters
    ----------
    mask : (H, W) bool array_like
    radius : float
        In pixels, at least 0.

    Returns
    -------
    (H, W) bool ndarray
        True where any pixel of the shape lies within the radius.

    Raises
    ------
    ValueError
        If the mask has not two axes or the radius is out of range.

    Notes
    -----
    Equals ``cv2.dilate`` with `disc`. Taught in ``01_4_line_art``.
    """
    mask = checks.array(mask, "mask", ndim=2, dtype=bool)
    shape = disc(radius)
    reach, (height, width) = len(shape) // 2, mask.shape
    padded = np.pad(mask, reach)
    grown = np.zeros_like(mask)
    for i, j in np.argwhere(shape):
        grown |= padded[i : i + height, j : j + width]
    return grown


def erode(mask, radius=1):
    """Shrink a shape by a radius; outside of the picture counts as shape.

    Parameters
    ----------
    mask : (H, W) bool array_like
    radius : float
        In pixels, at least 0.

    Returns
    -------
    (H, W) bool ndarray
        True where every pixel within the radius belongs to the shape.

    Raises
    ------
    ValueError
        If the mask has not two axes or the radius is out of range.

    Notes
    -----
    Growing the background. Equals ``cv2.erode`` with `disc`. Taught in ``01_4_line_art``.
    """
    return ~dilate(~checks.array(mask, "mask", ndim=2, dtype=bool), radius)


def remove_specks(drawing, area, ink=0.9):
    """Take away strokes that are smaller than an area.

    Parameters
    ----------
    drawing : (H, W) array_like
        Values in [0, 1].
    area : int
        Strokes of fewer pixels become paper.
    ink : float
        Pixels below this are ink; they hang together through all eight neighbours.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing; strokes that stay are unchanged.

    Raises
    ------
    ValueError
        If the drawing is not grey or a number is out of range.

    Notes
    -----
    Equals ``skimage.morphology.remove_small_objects`` on the mask of the ink. Taught in
    ``01_4_line_art``.
    """
    drawing = checks.image(drawing, "drawing", channels=(1,))
    area = checks.number(area, "area", low=0, integer=True)
    inked = drawing < checks.number(ink, "ink", low=0, high=1)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(
        inked.astype(np.uint8), connectivity=8
    )
    small = statistics[:, cv2.CC_STAT_AREA] < area
    small[0] = False  # label 0 is the paper
    return np.where(small[labels], np.float32(1), drawing)


def thicken(drawing, radius=1):
    """Make all strokes of a drawing wider.

    Parameters
    ----------
    drawing : (H, W) array_like
        Values in [0, 1].
    radius : float
        By how many pixels a stroke grows on each side, at least 0.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing: the darkest value within the radius.

    Raises
    ------
    ValueError
        If the drawing is not grey or the radius is out of range.

    Notes
    -----
    Ink is dark, so growing ink is ``cv2.erode`` of the grey values. Taught in ``01_4_line_art``.
    """
    drawing = checks.image(drawing, "drawing", channels=(1,))
    return cv2.erode(drawing, disc(radius).astype(np.uint8), borderType=cv2.BORDER_REPLICATE)
