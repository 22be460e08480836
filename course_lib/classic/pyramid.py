"""The image pyramid of the face detector, and the integral images of one of its levels.

The detector looks for faces of one size only, and finds larger ones in smaller copies of the
picture. Sizes, rounding and the resize are OpenCV's, so that both detectors see the same pixels.

Taught in ``01_3_face_detector``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb; tilted sums: Lienhart and Maydt, ICIP 2002,
doi 10.1109/ICIP.2002.1038171.
"""

from dataclasses import dataclass

import cv2
import numba
import numpy as np

STRIP = 512  # Columns that one thread adds up at a time: two rows of them stay in its cache.


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


def planes(grey, tilted=False):
    """Integral images of a level: of its pixels, of their squares, and along diagonals.

    Parameters
    ----------
    grey : (H, W) uint8 ndarray
    tilted : bool
        Whether to add the plane of diagonal sums.

    Returns
    -------
    (2 or 3, H+1, W+1) int32 ndarray
        Sums of pixels; sums of squares; ``[y, x]`` of the third is the sum over the triangle of
        pixels that opens upwards at 45 degrees from the corner between columns x-1 and x.
        Sums that leave 32 bits wrap around. Differences of them that fit come out right.
    """
    result = np.empty((3 if tilted else 2, grey.shape[0] + 1, grey.shape[1] + 1), np.int32)
    _integrate(grey, result)
    if tilted:
        _integrate_tilted(grey, result[2])
    return result


@numba.njit(parallel=True, cache=True)
def _integrate(grey, out):
    """Add up along rows, then down columns: each row, and then each strip, on its own."""
    height, width = grey.shape
    out[:2, 0] = 0
    for y in numba.prange(height):
        total = squares = np.int64(0)
        out[:2, y + 1, 0] = 0
        for x in range(width):
            pixel = np.int64(grey[y, x])
            total += pixel
            squares += pixel * pixel
            out[0, y + 1, x + 1] = total
            out[1, y + 1, x + 1] = squares
    for strip in numba.prange((width + STRIP) // STRIP):
        left, right = strip * STRIP, min(strip * STRIP + STRIP, width + 1)
        for y in range(1, height):
            for plane in range(2):
                for x in range(left, right):
                    out[plane, y + 1, x] += out[plane, y, x]


@numba.njit(cache=True)
def _integrate_tilted(grey, out):
    """Two overlapping triangles from the row above, minus their overlap, plus two new pixels."""
    height, width = grey.shape
    out[0] = 0
    for y in range(1, height + 1):
        out[y, 0] = out[y - 1, 1] if y > 1 else 0
        for x in range(1, width):
            out[y, x] = out[y - 1, x - 1] + out[y - 1, x + 1] + grey[y - 1, x - 1]
        out[y, width] = out[y - 1, width - 1] + grey[y - 1, width - 1]
        if y > 1:
            for x in range(1, width):
                out[y, x] += np.int32(grey[y - 2, x - 1]) - out[y - 2, x]
            out[y, width] += grey[y - 2, width - 1]
