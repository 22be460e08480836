"""The detector: a cascade on every window of every level of the pyramid.

Windows, arithmetic and rounding are OpenCV's, so that the boxes are those of
``cv2.CascadeClassifier.detectMultiScale``.

Taught in ``01_3_face_detector``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb.
"""

import functools

import cv2
import numba
import numpy as np

from course_lib import checks, images
from course_lib.classic.cascade import grouping, pyramid
from course_lib.classic.cascade import kernels as scan_kernels
from course_lib.classic.cascade.kernels import FLAT, SKIPPED

__all__ = ["FLAT", "SKIPPED", "attention", "depth_maps", "detect", "raw_hits", "stage_counts"]

TOLERANCE = np.float32(1e-5)  # By which a stage's sum may miss its threshold.
BAND = 64  # Rows of a level that a thread scans at a time; their integral images fit its cache.
SMALLEST_FACTOR = 1.01  # Below, the pyramid has more levels than memory and patience allow.


def detect(image, cascade, *, scale_factor=1.1, min_neighbors=3, min_size=None, max_size=None):
    """Find what the cascade was trained for, in all sizes.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Grey or RGB, values in [0, 1]. It is rounded to bytes, on which the detector works.
    cascade : Cascade
        From `cascade.opencv_cascade`, `cascade.read_cascade` or `training.train_cascade`.
    scale_factor : float
        From one size of the search to the next, more than 1.
    min_neighbors : int
        A box is kept when more than this many hits agree on it; 0 returns the hits themselves.
    min_size, max_size : int or (int, int), optional
        Smallest and largest size to look for, in pixels; width and height where they differ.

    Returns
    -------
    (N, 4) float64 ndarray
        Boxes ``x0, y0, x1, y1`` in whole pixels, cut at the picture's border.

    Raises
    ------
    TypeError, ValueError
        If the picture is no picture or smaller than the cascade's window, `scale_factor` is 1 or
        less, or `min_neighbors` is negative.

    Notes
    -----
    The boxes of OpenCV 4 with the same settings, in an order that does not change from run to run.
    The first call on a machine also compiles, which takes seconds.
    """
    neighbors = checks.number(min_neighbors, "min_neighbors", low=0, integer=True)
    hits = raw_hits(image, cascade, scale_factor=scale_factor, min_size=min_size, max_size=max_size)
    boxes, _ = grouping.group_boxes(hits, neighbors)
    height, width = np.shape(image)[:2]
    boxes = np.clip(boxes, 0, [width, height, width, height])
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


def raw_hits(image, cascade, *, scale_factor=1.1, min_size=None, max_size=None):
    """All windows that pass every stage, before grouping.

    Parameters
    ----------
    image, cascade, scale_factor, min_size, max_size
        As in `detect`.

    Returns
    -------
    (N, 4) float64 ndarray
        Boxes ``x0, y0, x1, y1`` in whole pixels of the picture, smallest first. Rounding may carry
        one a pixel over the border.
    """
    maps = depth_maps(
        image, cascade, scale_factor=scale_factor, min_size=min_size, max_size=max_size
    )
    found = [_boxes(level, depth == len(cascade.stages), cascade.window) for level, depth in maps]
    return np.concatenate([np.zeros((0, 4)), *found])


def stage_counts(image, cascade, *, scale_factor=1.1, min_size=None, max_size=None):
    """How many windows are left after each stage.

    Parameters
    ----------
    image, cascade, scale_factor, min_size, max_size
        As in `detect`.

    Returns
    -------
    (S + 1,) int64 ndarray
        First the windows that enter the first stage of S, then those that passed 1, 2, ... S
        stages. Windows that are too flat, or skipped because their left neighbour failed the
        first stage, do not enter.
    """
    maps = depth_maps(
        image, cascade, scale_factor=scale_factor, min_size=min_size, max_size=max_size
    )
    count = len(cascade.stages)
    ended = sum(np.bincount(depth.ravel(), minlength=256) for _, depth in maps)
    return ended[: count + 1][::-1].cumsum()[::-1]


def attention(image, cascade, *, spot=7):
    """For every place of a picture, how many stages the windows around that place passed.

    Parameters
    ----------
    image, cascade
        As in `detect`.
    spot : int
        Side of the square in pixels that stands for the middle of a window, so that one shows.

    Returns
    -------
    (H, W) float64 ndarray
        The largest number of stages; 0 where no window has its middle.
    """
    reached = np.zeros(np.shape(image)[:2])
    for level, depth in depth_maps(image, cascade):
        corners = np.indices(depth.shape) * level.step  # (2, rows, columns)
        half = np.reshape(cascade.window[::-1], (2, 1, 1)) / 2  # height, width
        y, x = np.rint((corners + half) * level.scale).astype(int)
        np.maximum.at(reached, (y, x), np.where(depth >= FLAT, 0, depth))
    return cv2.dilate(reached, np.ones((spot, spot)))


def depth_maps(image, cascade, *, scale_factor=1.1, min_size=None, max_size=None):
    """How many stages every window passes, level by level.

    Parameters
    ----------
    image, cascade, scale_factor, min_size, max_size
        As in `detect`.

    Returns
    -------
    list of (Level, (rows, columns) uint8 ndarray)
        Stages passed by the window at ``row * level.step``, ``column * level.step`` of the level;
        `FLAT` where its standard deviation is 10 of 255 or less, `SKIPPED` where it was left out
        because the window to its left failed the first stage.
    """
    grey = _grey_bytes(image)
    height, width = grey.shape
    if height < cascade.window[1] or width < cascade.window[0]:
        raise ValueError(
            f"image is {width} x {height} pixels and the window of {cascade.name} "
            f"{cascade.window[0]} x {cascade.window[1]}; enlarge it with images.resize."
        )
    factor = checks.number(scale_factor, "scale_factor", low=SMALLEST_FACTOR)
    smallest, largest = _size(min_size, "min_size"), _size(max_size, "max_size")
    levels = pyramid.levels(width, height, cascade.window, factor, smallest or (0, 0), largest)
    pixels, bands, depths = _lay_out(grey, levels, cascade.window)
    row_length = levels[0].width + 1
    shape = (3 if cascade.tilted.any() else 2, bands[:, 1].max() + 1, row_length)
    table = _table(cascade, shape[1], row_length)
    scan_kernels.scan(pixels, bands, table, shape, numba.get_num_threads(), depths)
    ends = np.cumsum([level.rows * level.columns for level in levels])
    maps = np.split(depths, ends[:-1])
    return [(v, m.reshape(v.rows, v.columns)) for v, m in zip(levels, maps, strict=True)]


def _lay_out(grey, levels, window):
    """The levels one behind the other, and the bands of rows in which they are scanned.

    Returns
    -------
    pixels : (n,) uint8 ndarray
    bands : (B, 6) int64 ndarray
        As `scan_kernels.scan` wants them.
    depths : (m,) uint8 ndarray
        Room for one number per window.
    """
    pixels = np.concatenate([pyramid.shrink(grey, level).ravel() for level in levels])
    bands, start, target = [], 0, 0
    for level in levels:
        for row in range(0, level.rows, BAND // level.step):
            rows = min(BAND // level.step, level.rows - row)
            first = start + row * level.step * level.width
            height = (rows - 1) * level.step + window[1]
            bands.append((first, height, level.width, level.step, target, level.columns))
            target += rows * level.columns
        start += level.width * level.height
    return pixels, np.array(bands), np.empty(target, np.uint8)


def _grey_bytes(image):
    """The picture as OpenCV sees it: grey bytes."""
    image = images.to_bytes(checks.image(image))
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _size(value, name):
    """A size as (width, height), or None."""
    if value is None:
        return None
    sides = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(sides) != 2:
        raise ValueError(f"{name} is {value!r}; wanted one number of pixels, or width and height.")
    return tuple(checks.number(side, name, low=1, integer=True) for side in sides)


@functools.lru_cache(maxsize=32)
def _table(cascade, rows, row_length):
    """The cascade's `scan_kernels.Table` for planes of so many rows and so long ones."""
    trees = [tree for stage in cascade.stages for tree in stage.trees]
    nodes = np.concatenate([tree.features for tree in trees])
    thresholds = np.concatenate([tree.thresholds for tree in trees])
    starts = [(len(tree.features), len(tree.leaves)) for tree in trees]
    width, height = cascade.window
    return scan_kernels.Table(
        inner=_flat([1, width - 1, 1, width - 1], [1, 1, height - 1, height - 1], row_length),
        area=float((width - 2) * (height - 2)),
        height=height,
        width=width,
        corners=_corners(cascade, rows, row_length)[nodes],
        weights=np.float32(np.column_stack([cascade.weights[nodes], thresholds])),
        children=np.int64([pair for tree in trees for pair in tree.children]),
        leaves=np.float32(np.concatenate([tree.leaves for tree in trees])),
        trees=np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(starts, axis=0)]),
        stages=np.cumsum([0, *(len(stage.trees) for stage in cascade.stages)]),
        thresholds=np.float32([stage.threshold for stage in cascade.stages]) - TOLERANCE,
    )


def _corners(cascade, rows, row_length):
    """Where the corners of every rectangle lie in the planes, seen from a window's first pixel.

    Returns
    -------
    (F, 12) int64 ndarray
        Four corners for each of three rectangles: those to add are first and last.
    """
    x, y, w, h = np.moveaxis(np.int64(cascade.rectangles), 2, 0)  # (F, 3) each
    upright = _flat([x, x + w, x, x + w], [y, y, y + h, y + h], row_length)  # (4, F, 3)
    turned = _flat([x, x - h, x + w, x + w - h], [y, y + h, y + w, y + w + h], row_length)
    turned += 2 * rows * row_length  # into the third plane
    corners = np.where(cascade.tilted[:, None], turned, upright)
    return np.moveaxis(corners, 0, 2).reshape(-1, 12)


def _flat(x, y, row_length):
    return np.asarray(y) * row_length + np.asarray(x)


def _boxes(level, passed, window):
    """Windows of a level as boxes (n, 4) of the picture."""
    row, column = np.nonzero(passed)
    corner = np.rint(np.float32(np.column_stack([column, row]) * level.step) * level.scale)
    size = np.rint(np.float32(window) * level.scale)
    return np.hstack([corner, corner + size]).astype(np.float64)
