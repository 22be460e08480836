"""The image pyramid of the face detector.

The detector looks for faces of one size only, and finds larger ones in smaller copies of the
picture. Sizes, rounding and the resize are OpenCV's, so that both detectors see the same pixels.

Taught in ``01_3_face_detector``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Level:
    """One size of the picture.

    Attributes
    ----------
    scale : float32
        Pixels of the picture per pixel of this level, 1 or more.
    width, height : int
        Of this level, in pixels.
    step : int
        Distance between neighbouring windows, in pixels of this level: 2 where it is less than
        twice smaller than the picture, else 1.
    rows, columns : int
        Number of window positions down and across.
    """

    scale: np.float32
    width: int
    height: int
    step: int
    rows: int
    columns: int


def levels(width, height, window, scale_factor, min_size=(0, 0), max_size=None):
    """The levels in which a window is looked for.

    Parameters
    ----------
    width, height : int
        Of the picture, in pixels.
    window : (int, int)
        Width and height of what the detector looks at.
    scale_factor : float
        From one level to the next, more than 1.
    min_size, max_size : (int, int), optional
        Limits of what is found, width and height in pixels of the picture.

    Returns
    -------
    list of Level
        Largest picture first. Where no level lies within the limits, the one nearest to
        `min_size`, as in OpenCV; empty where the picture is smaller than the window.
    """
    sizes, scales = [], []
    factor = 1.0
    while True:
        size = np.rint(np.multiply(window, factor))
        if size[0] > width or size[1] > height:
            break
        scales.append(np.float32(factor))
        sizes.append(np.rint(np.float32(window) * scales[-1]))
        factor *= scale_factor
    if not scales:
        return []
    sizes = np.array(sizes)  # (levels, 2)
    largest = (width, height) if max_size is None else max_size
    chosen = np.flatnonzero(np.all((sizes >= min_size) & (sizes <= largest), axis=1))
    if len(chosen) == 0:
        chosen = [np.argmin(((sizes - min_size) ** 2).sum(axis=1))]
    shapes = [_shape(width, height, scales[i]) for i in chosen]
    stripes = -(-(shapes[0][0] - window[0] + 1) // 32)
    return [
        _level(scales[i], shape, window, stripes) for i, shape in zip(chosen, shapes, strict=True)
    ]


def _shape(width, height, scale):
    """Width and height of a level; halves go to the even number, as in OpenCV."""
    return int(np.rint(np.float32(width) / scale)), int(np.rint(np.float32(height) / scale))


def _level(scale, shape, window, stripes):
    step = 1 if scale >= 2 else 2
    columns = max(shape[0] + 1 - window[0], 0)
    rows = max(shape[1] + 1 - window[1], 0)
    # OpenCV deals the rows out to `stripes` jobs; where that comes out even, an odd last row is
    # nobody's. It does not matter for faces, but only so are both detectors' windows the same.
    rows = min(rows, stripes * max(-(-(rows // step) // stripes), 1) * step)
    return Level(scale, *shape, step, -(-rows // step), -(-columns // step))


def shrink(grey, level):
    """The picture in the size of a level.

    Parameters
    ----------
    grey : (H, W) uint8 ndarray
    level : Level

    Returns
    -------
    (level.height, level.width) uint8 ndarray
        Bilinear, without smoothing first: fine patterns may alias, as they do in OpenCV.
    """
    return cv2.resize(grey, (level.width, level.height), interpolation=cv2.INTER_LINEAR_EXACT)
