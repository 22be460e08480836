"""Default boxes: the fixed boxes from which an SSD measures everything that it finds."""

import math

import numpy as np

from course_lib import checks

RATIOS = (1, 2, 1 / 2, 3, 1 / 3)  # width over height


def map_sizes(side, *, maps=6, stride=16):
    """The sides of the feature maps of an SSD-MobileNet.

    Parameters
    ----------
    side : int
        Side of the square that the network sees, in pixels.
    maps : int
        How many maps.
    stride : int
        Pixels per cell of the first map; each next map has half the cells, rounded up.

    Returns
    -------
    tuple of int
        For 320: 20, 10, 5, 3, 2, 1.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole, or below 1.
    """
    cells = checks.number(side, "side", low=1, integer=True)
    cells = math.ceil(cells / checks.number(stride, "stride", low=1, integer=True))
    sizes = []
    for _ in range(checks.number(maps, "maps", low=1, integer=True)):
        sizes.append(cells)
        cells = math.ceil(cells / 2)
    return tuple(sizes)


def box_shapes(maps=6, *, smallest=0.2, largest=0.95, ratios=RATIOS):
    """Widths and heights of the default boxes of each map.

    Parameters
    ----------
    maps : int
        How many maps; at least 2.
    smallest, largest : float
        Scale of the first and the last map, above 0; those between lie evenly.
    ratios : sequence of float
        Width over height, above 0; at least three: the first map has the second and the third.

    Returns
    -------
    list of (K, 2) float64 ndarray
        Widths and heights, as shares of the picture's side. The first map has K = 3: a square of
        half its scale, and ratios 2 and 1/2. The others have one shape per ratio, and a square
        between their scale and the next one (1 after the last): K = 6.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    Departs from the paper's scales (0.2 to 0.9) as TensorFlow's Object Detection API does.
    Taught in ``05_2_mobilenet_ssd``. Source: Liu et al., ECCV 2016, arXiv:1512.02325, section 2.2.
    """
    checks.number(maps, "maps", low=2, integer=True)
    tiny = np.finfo(float).tiny
    low = checks.number(smallest, "smallest", low=tiny)
    high = checks.number(largest, "largest", low=low)
    root = np.sqrt(checks.array(ratios, "ratios", ndim=1, low=tiny))
    if len(root) < 3:
        raise ValueError(f"ratios holds {len(root)} numbers; wanted 3 or more.")
    scales = np.r_[np.linspace(low, high, maps), 1.0]
    shapes = [np.c_[s * root, s / root] for s in scales[:-1]]  # w / h = ratio, w * h = s * s
    between = np.sqrt(scales[:-1] * scales[1:])
    others = [np.vstack([k, [b, b]]) for k, b in zip(shapes[1:], between[1:], strict=True)]
    return [np.vstack([[scales[0] / 2] * 2, shapes[0][1:3]]), *others]


def default_boxes(sizes, shapes):
    """The default boxes of all maps: every shape, centred on every cell.

    Parameters
    ----------
    sizes : sequence of int
        Cells along the side of each square map.
    shapes : sequence of (K, 2) array_like
        Widths and heights for each map, as shares of the picture's sides.

    Returns
    -------
    (N, 4) float64 ndarray
        Corners ``x0, y0, x1, y1`` as shares of the picture's sides, not clipped to [0, 1]. Map by
        map, row by row, cell by cell, and shape by shape: the order of the network's outputs.

    Raises
    ------
    TypeError, ValueError
        If there are not as many maps as lists of shapes, or a number is out of range.

    Notes
    -----
    Equal to the layer PriorBox of the graphs. Taught in ``05_2_mobilenet_ssd``.
    """
    for name, value in (("sizes", sizes), ("shapes", shapes)):
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise TypeError(f"{name} is {value!r}; wanted a list with an entry for each map.")
    if not len(sizes):
        raise ValueError("sizes is empty; wanted at least one map.")
    if len(sizes) != len(shapes):
        raise ValueError(f"{len(sizes)} maps and {len(shapes)} lists of shapes; wanted as many.")
    return np.concatenate([_of_map(*pair) for pair in zip(sizes, shapes, strict=True)])


def _of_map(cells, shapes):
    """The default boxes of one map, (cells * cells * K, 4)."""
    cells = checks.number(cells, "cells", low=1, integer=True)
    half = checks.array(shapes, "shapes", shape=(None, 2), low=0) / 2  # (K, 2)
    middle = (np.arange(cells) + 0.5) / cells
    y, x = np.meshgrid(middle, middle, indexing="ij")
    centre = np.stack([x, y], axis=-1).reshape(-1, 1, 2)  # (cells * cells, 1, 2)
    return np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4)
