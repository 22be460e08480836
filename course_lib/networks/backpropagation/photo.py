"""From a photo of a handwritten digit to the 8x8 pixels that the network knows.

Taught in ``02_3_backpropagation``.
"""

import cv2
import numpy as np

from course_lib import checks, images

LONGEST = 400  # pixels: enough for a pen's line, and quick
SIDE = 8
FAINTEST = 30  # of 255 steps of grey that the darkest ink differs from its paper


def to_digit(photo):
    """Find the ink of one digit and shrink it as the makers of the data set did.

    Parameters
    ----------
    photo : (H, W) or (H, W, 3) array_like
        A dark digit on light paper, values in [0, 1]; shadows do no harm.

    Returns
    -------
    (8, 8) float32 ndarray
        Share of ink in each cell of a grid as high as the digit: 0 paper, 1 ink.

    Raises
    ------
    ValueError
        If no ink is found, as on an empty page.

    Notes
    -----
    Paper is what is left when everything narrower than half of the picture is closed; ink is
    what is clearly darker (Otsu's threshold), specks aside. The data set was made from a 32x32
    bitmap with the ink counted in 4x4 cells (Alpaydin and Kaynak, 1998, doi 10.24432/C50P49).
    """
    ink = find_ink(images.to_grey(images.fit(checks.image(photo, "photo"), LONGEST)))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = digit.shape
    side = max(height, width)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = digit
    return cv2.resize(_enlarged(square), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def on_paper(picture):
    """Draw a digit of the data set as a photo: dark ink on paper in uneven light.

    Parameters
    ----------
    picture : (8, 8) array_like
        0 paper, 1 ink.

    Returns
    -------
    (320, 320) float32 ndarray
    """
    picture = checks.image(picture, "picture", channels=(1,))
    ink = images.resize(picture, 224, 224, method="linear") > 0.5
    ink = cv2.GaussianBlur(np.pad(ink, 48).astype(np.float32), (0, 0), 3)
    light = np.linspace(1, 0.45, 320) * np.linspace(0.8, 1, 320)[:, None]
    return (light * (0.95 - 0.8 * ink)).astype(np.float32)


def find_ink(grey):
    """Find where a pen was.

    Parameters
    ----------
    grey : (H, W) array
        Dark ink on light paper, in [0, 1].

    Returns
    -------
    (H, W) bool ndarray

    Raises
    ------
    ValueError
        If no ink is found.
    """
    size = max(3, max(grey.shape) // 2) | 1
    paper = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    darker = images.to_bytes(np.clip(paper - grey, 0, 1))
    _, ink = cv2.threshold(darker, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0  # the paper
    if darker.max() < FAINTEST or areas.max() < 10:
        raise ValueError("photo holds no ink; write one digit with a dark pen on white paper.")
    return np.isin(parts, np.flatnonzero(areas > areas.max() / 10))


def _enlarged(square):
    """At least eight pixels a cell, so that a tiny picture is averaged too."""
    side = SIDE * max(8, -(-len(square) // SIDE))
    return cv2.resize(square, (side, side), interpolation=cv2.INTER_LINEAR)
