"""Where the tops of heatmaps are, to a fraction of a pixel, without a loop over pixels.

Taught in ``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np

from course_lib import checks

REFINEMENTS = ("gaussian", "parabola", "none")
FLOOR = 1e-6  # the logarithm of nothing does not exist


def peaks(heatmaps, *, threshold=0.1, radius=1, refine="gaussian"):
    """Local maxima of each map.

    Parameters
    ----------
    heatmaps : (H, W, K) array_like
        A map per part.
    threshold : float
        Lower maxima are left out; above 0.
    radius : int
        A maximum is the highest pixel of the square that reaches this far; of equal ones, the
        first in reading order.
    refine : {"gaussian", "parabola", "none"}
        What is laid through the pixel and its neighbours, in x and in y, to place the top between
        pixels. The Gaussian (a parabola through the logarithms) is exact for one Gaussian hill.

    Returns
    -------
    list of (N, 3) float64 ndarray
        For each of the K maps ``x, y, score`` in pixels, in reading order; the score is the
        height of the pixel.

    Raises
    ------
    ValueError
        If the maps are not ``(H, W, K)`` or not finite, or a parameter is out of range.
    """
    maps = checks.array(heatmaps, "heatmaps", ndim=3, low=-1e6, high=1e6)
    threshold = checks.number(threshold, "threshold", low=FLOOR)
    radius = checks.number(radius, "radius", low=1, high=100, integer=True)
    checks.choice(refine, "refine", REFINEMENTS)
    if maps.size == 0:
        raise ValueError(f"heatmaps is empty {maps.shape}; wanted at least one pixel and one map.")
    maps = np.ascontiguousarray(np.moveaxis(maps, 2, 0), dtype=np.float64)  # (K, H, W)
    k, y, x = np.nonzero(local_maxima(maps, radius) & (maps >= threshold))
    dx, dy = offsets(maps, k, y, x, refine)
    found = np.column_stack([x + dx, y + dy, maps[k, y, x]])
    return np.split(found, np.searchsorted(k, np.arange(1, len(maps))))


def local_maxima(maps, radius=1):
    """Which pixels are higher than all others in the square around them.

    Parameters
    ----------
    maps : (K, H, W) ndarray
    radius : int
        How far the square reaches; what lies outside the map is no rival.

    Returns
    -------
    (K, H, W) bool ndarray
        Of equal rivals the first in reading order wins.
    """
    maps = checks.array(maps, "maps", ndim=3)
    _, height, width = maps.shape
    padded = np.pad(maps, ((0, 0), (radius, radius), (radius, radius)), constant_values=-np.inf)
    top = np.ones(maps.shape, dtype=bool)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            rows = slice(radius + dy, radius + dy + height)
            rival = padded[:, rows, radius + dx : radius + dx + width]
            if (dy, dx) != (0, 0):
                top &= maps > rival if (dy, dx) < (0, 0) else maps >= rival
    return top


def offsets(maps, k, y, x, refine):
    """How far the tops lie from their pixels, (N,) along x and (N,) along y, within half a pixel.

    Parameters
    ----------
    maps : (K, H, W) ndarray
    k, y, x : (N,) int ndarray
        The highest pixels.
    refine : {"gaussian", "parabola", "none"}

    Notes
    -----
    A pixel at the border has a neighbour on one side only: the two pixels on that side are taken.
    """
    if refine == "none":
        return np.zeros(len(x)), np.zeros(len(x))
    _, height, width = maps.shape
    still = np.zeros(len(x))
    middle = np.clip(x, 1, max(width - 2, 1))
    row = [maps[k, y, middle + step] for step in (-1, 0, 1)] if width > 2 else None
    along_x = still if row is None else vertex(*row, refine, top=x - middle)
    middle = np.clip(y, 1, max(height - 2, 1))
    column = [maps[k, middle + step, x] for step in (-1, 0, 1)] if height > 2 else None
    along_y = still if column is None else vertex(*column, refine, top=y - middle)
    return along_x, along_y


def vertex(before, here, after, refine="gaussian", *, top=0):
    """Where the curve through three values has its top, seen from their highest one.

    Parameters
    ----------
    before, here, after : (N,) array_like
        The values at -1, 0 and 1.
    refine : {"gaussian", "parabola"}
        The curve; a Gaussian is a parabola through the logarithms.
    top : (N,) array_like
        At which of the three places the highest value stands.

    Returns
    -------
    (N,) float64 ndarray
        Between -0.5 and 0.5; 0 where the curve is flat or bends up.
    """
    checks.choice(refine, "refine", REFINEMENTS[:2])
    values = checks.array([before, here, after], "values", dtype=np.float64)
    if refine == "gaussian":
        values = np.log(np.maximum(values, FLOOR))
    bend = values[0] - 2 * values[1] + values[2]  # below 0 at a top
    flat = bend >= -1e-12
    place = (values[0] - values[2]) / (2 * np.where(flat, -1, bend)) - top
    return np.where(flat, 0, np.clip(place, -0.5, 0.5))
