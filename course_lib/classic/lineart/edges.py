"""Edges by hand: Sobel, Laplacian, and the four stages of Canny's detector.

Canny's stages work on grey levels from 0 to 255, and so do its thresholds, because OpenCV's do:
the same numbers then give the same pixels.
"""

import numba
import numpy as np

from course_lib import checks, images
from course_lib.classic.lineart import filters

SOBEL_X = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=np.float32)
SOBEL_Y = SOBEL_X.T
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=np.float32)

# OpenCV compares slopes in whole numbers: tan 22.5 deg = 13573 / 2**15, rounded.
_TAN_22, _TAN_67, _ONE = 13573, 13573 + 2**16, 2**15


def sobel(values):
    """Measure how fast a picture brightens to the right and downwards.

    Parameters
    ----------
    values : (H, W) array_like
        A grey picture, in any unit.

    Returns
    -------
    gx, gy : (H, W) float32 ndarray
        Differences across two pixels, weighted 1, 2, 1: at most 4 for values in [0, 1].

    Raises
    ------
    ValueError
        If `values` has not two axes.

    Notes
    -----
    Equals ``cv2.Sobel`` with BORDER_REPLICATE. Taught in ``01_4_line_art``.
    """
    values = checks.array(values, "values", ndim=2)
    return filters.correlate(values, SOBEL_X), filters.correlate(values, SOBEL_Y)


def laplacian(values):
    """Measure how much darker each pixel is than its four neighbours.

    Parameters
    ----------
    values : (H, W) array_like

    Returns
    -------
    (H, W) float32 ndarray
        Sum of the four neighbours minus four times the pixel; it changes sign at an edge.

    Raises
    ------
    ValueError
        If `values` has not two axes.

    Notes
    -----
    Equals ``cv2.Laplacian(ksize=1)`` with BORDER_REPLICATE. Taught in ``01_4_line_art``.
    """
    return filters.correlate(checks.array(values, "values", ndim=2), LAPLACE)


def gradient_length(gx, gy, norm="L1"):
    """Return the length of the gradient at every pixel.

    Parameters
    ----------
    gx, gy : (H, W) array_like
        From `sobel`.
    norm : {"L1", "L2"}
        ``|gx| + |gy|``, or the root of the sum of squares.

    Returns
    -------
    (H, W) float64 ndarray
        In the unit of `gx`.

    Raises
    ------
    ValueError
        If the shapes differ or the norm is not known.
    """
    gx, gy = _pair(gx, gy)
    if checks.choice(norm, "norm", ("L1", "L2")) == "L1":
        return np.abs(gx) + np.abs(gy)
    return np.sqrt(gx**2 + gy**2)


def thin(gx, gy, length):
    """Keep the pixels whose gradient is longest across the edge (non-maximum suppression).

    Parameters
    ----------
    gx, gy, length : (H, W) array_like
        From `sobel` and `gradient_length`.

    Returns
    -------
    (H, W) bool ndarray
        True on ridges of `length`, one pixel wide.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Directions are rounded to horizontal, vertical and two diagonals. Where two pixels across a
    vertical or horizontal edge are equal, the left or upper one stays; on diagonals neither, as
    in OpenCV. Taught in ``01_4_line_art``.
    """
    gx, gy = _pair(gx, gy)
    length = checks.array(length, "length", shape=gx.shape, dtype=np.float64)
    height, width = length.shape
    around = np.pad(length, 1)  # outside the picture nothing rises

    def at(down, right):
        return around[1 + down : 1 + down + height, 1 + right : 1 + right + width]

    rise, run = np.abs(gy) * _ONE, np.abs(gx)
    across = (length > at(0, -1)) & (length >= at(0, 1))
    down = (length > at(-1, 0)) & (length >= at(1, 0))
    falling = (length > at(-1, -1)) & (length > at(1, 1))
    rising = (length > at(-1, 1)) & (length > at(1, -1))
    diagonal = np.where(gx * gy > 0, falling, rising)
    return np.select([rise < run * _TAN_22, rise > run * _TAN_67], [across, down], diagonal)


def double_threshold(length, ridge, low, high):
    """Split ridge pixels into sure edges and perhaps-edges.

    Parameters
    ----------
    length : (H, W) array_like
        From `gradient_length`.
    ridge : (H, W) bool array_like
        From `thin`.
    low, high : float
        Thresholds in the unit of `length`, 0 <= low <= high.

    Returns
    -------
    strong, weak : (H, W) bool ndarray
        Ridges longer than `high`; ridges longer than `low` (which hold the strong ones too).

    Raises
    ------
    ValueError
        If the shapes differ or `low` is above `high`. (OpenCV swaps the two silently.)
    """
    length = checks.array(length, "length", ndim=2)
    ridge = checks.array(ridge, "ridge", shape=length.shape, dtype=bool)
    low = checks.number(low, "low", low=0)
    high = checks.number(high, "high", low=low)
    return ridge & (length > high), ridge & (length > low)


def hysteresis(strong, weak):
    """Keep weak edge pixels that hang together with a strong one.

    Parameters
    ----------
    strong, weak : (H, W) bool array_like
        From `double_threshold`.

    Returns
    -------
    (H, W) bool ndarray
        Strong pixels, and all weak ones reached from them in steps to any of eight neighbours.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Taught in ``01_4_line_art``.
    """
    strong = checks.array(strong, "strong", ndim=2, dtype=bool)
    weak = checks.array(weak, "weak", shape=strong.shape, dtype=bool)
    return _grow(strong, weak)


@numba.njit(cache=True)
def _grow(strong, weak):
    """Walk from every strong pixel through weak neighbours: a plain loop says it best."""
    height, width = strong.shape
    kept = strong.copy()
    todo = [(y, x) for y in range(height) for x in range(width) if strong[y, x]]
    while todo:
        y, x = todo.pop()
        for v in range(max(0, y - 1), min(height, y + 2)):
            for u in range(max(0, x - 1), min(width, x + 2)):
                if weak[v, u] and not kept[v, u]:
                    kept[v, u] = True
                    todo.append((v, u))
    return kept


def canny(grey, low, high, norm="L1"):
    """Find edges one pixel wide, closed over their faint stretches.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1]; rounded to grey levels 0 to 255 as OpenCV needs them.
    low, high : float
        Thresholds on the Sobel gradient of the grey levels: 0 <= low <= high, at most about 2000.
    norm : {"L1", "L2"}
        How the gradient's length is measured.

    Returns
    -------
    (H, W) bool ndarray
        True on edges.

    Raises
    ------
    ValueError
        If the picture is not grey, or `low` is above `high`.

    Notes
    -----
    The same pixels as ``cv2.Canny(bytes, low, high, L2gradient=norm == "L2")``. Like OpenCV's it
    leaves out the Gaussian blur of the paper: blur first. Taught in ``01_4_line_art``.
    Source: Canny, PAMI 1986, doi:10.1109/TPAMI.1986.4767851.
    """
    levels = images.to_bytes(checks.image(grey, "grey", channels=(1,)))
    gx, gy = sobel(levels)
    length = gradient_length(gx, gy, norm)
    ridge = thin(gx, gy, length)
    return hysteresis(*double_threshold(length, ridge, low, high))


def _pair(gx, gy):
    """Two gradients of one shape, as float64, in which whole numbers stay exact."""
    gx = checks.array(gx, "gx", ndim=2, dtype=np.float64)
    return gx, checks.array(gy, "gy", shape=gx.shape, dtype=np.float64)
