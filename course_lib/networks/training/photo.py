"""From a photo to the few pixels that the networks of MNIST and CIFAR-10 know.

Taught in ``03_2_train_a_cnn``.
"""

import cv2
import numpy as np

from course_lib import checks, images
from course_lib.networks.backpropagation import photo as pen

LONGEST = 400  # pixels: enough for a pen's line, and quick
BOX, SIDE = 20, 28


def to_thumbnail(photo, side=32):
    """Cut the largest square from the middle of a photo and shrink it.

    Parameters
    ----------
    photo : (H, W) or (H, W, 3) array_like
        In [0, 1].
    side : int
        Pixels.

    Returns
    -------
    (side, side, 3) float32 ndarray
        RGB; each pixel is the mean of those that it stands for.
    """
    photo = images.to_rgb(checks.image(photo, "photo"))
    side = checks.number(side, "side", low=1, integer=True)
    height, width = photo.shape[:2]
    length = min(height, width)
    top, left = (height - length) // 2, (width - length) // 2
    return images.resize(photo[top : top + length, left : left + length], side, side)


def to_digit(photo):
    """Find the ink of one digit and place it as the makers of MNIST did.

    Parameters
    ----------
    photo : (H, W) or (H, W, 3) array_like
        A dark digit on light paper, values in [0, 1]; shadows do no harm.

    Returns
    -------
    (28, 28) float32 ndarray
        0 paper, 1 ink.

    Raises
    ------
    ValueError
        If no ink is found, as on an empty page.

    Notes
    -----
    The digit is shrunk into 20x20 pixels and its centre of mass put on pixel 14 (LeCun et
    al., 1998).
    """
    grey = images.to_grey(images.fit(checks.image(photo, "photo"), LONGEST))
    ink = pen.find_ink(grey).astype(np.float32)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(digit.shape)
    small = [max(1, round(length * scale)) for length in digit.shape]
    digit = cv2.resize(digit, small[::-1], interpolation=cv2.INTER_AREA)
    mass = digit.sum()
    middle = [(digit.sum(axis=1 - k) * np.arange(small[k])).sum() / mass for k in (0, 1)]
    top, left = (int(np.clip(round(SIDE / 2 - middle[k]), 0, SIDE - small[k])) for k in (0, 1))
    page = np.zeros((SIDE, SIDE), np.float32)
    page[top : top + small[0], left : left + small[1]] = digit
    return page
