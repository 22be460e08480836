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
from course_lib.classic import grouping, pyramid, scan_kernels
from course_lib.classic.scan_kernels import FLAT, SKIPPED

__all__ = ["FLAT", "SKIPPED", "depth_maps", "detect", "raw_hits", "stage_counts"]

TOLERANCE = np.float32(1e-5)  # By which a stage's sum may miss its threshold.
SMALLEST_FACTOR = 1.001  # Below, the pyramid has more levels than anyone waits for.


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
    return [(level, _depths(grey, level, cascade)) for level in levels]


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


def _depths(grey, level, cascade):
    """Depth map (rows, columns) uint8 of one level."""
    table = _table(cascade)
    planes = pyramid.planes(pyramid.shrink(grey, level), cascade.tilted.any())
    corners = _corners(table, planes.shape)
    inner = _inner(cascade.window, planes.shape)
    depths = np.empty((level.rows, level.columns), np.uint8)
    area = (cascade.window[0] - 2) * (cascade.window[1] - 2)
    workers = numba.get_num_threads()
    scan_kernels.scan(planes, level.step, area, inner, corners, *table[2:], workers, depths)
    return depths


@functools.lru_cache(maxsize=16)
def _table(cascade):
    """The cascade as flat arrays, its nodes side by side in the order of their evaluation.

    Returns
    -------
    rectangles : (N, 3, 4) int64 ndarray
        x, y, width, height of the rectangles of every node's feature.
    tilted : (N,) bool ndarray
    numbers : (N, 4) float32 ndarray
        Three weights and the threshold.
    children : (N, 2) int32 ndarray
        As in `Tree.children`.
    leaves : (L,) float32 ndarray
    trees : (T + 1, 2) int64 ndarray
        First node and first leaf of every tree; in the last row, where they all end.
    first_trees : (S + 1,) int64 ndarray
        First tree of every stage; at the end their number.
    thresholds : (S,) float32 ndarray
        Of the stages, less the tolerance.
    """
    trees = [tree for stage in cascade.stages for tree in stage.trees]
    nodes = np.concatenate([tree.features for tree in trees])
    thresholds = np.concatenate([tree.thresholds for tree in trees])
    starts = [(len(tree.features), len(tree.leaves)) for tree in trees]
    return (
        np.int64(cascade.rectangles)[nodes],
        np.asarray(cascade.tilted, bool)[nodes],
        np.float32(np.column_stack([cascade.weights[nodes], thresholds])),
        np.int32([pair for tree in trees for pair in tree.children]),
        np.float32(np.concatenate([tree.leaves for tree in trees])),
        np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(starts, axis=0)]),
        np.cumsum([0, *(len(stage.trees) for stage in cascade.stages)]),
        np.float32([stage.threshold for stage in cascade.stages]) - TOLERANCE,
    )


def _corners(table, shape):
    """Where in the planes the corners of every rectangle lie, seen from a window's first pixel.

    Parameters
    ----------
    table : tuple
        From `_table`.
    shape : tuple
        Of the planes: number, rows, columns.

    Returns
    -------
    (N, 12) uint32 ndarray
        Four corners for each of three rectangles: those to add are first and last.
    """
    (x, y, w, h), row = np.moveaxis(table[0], 2, 0), shape[2]
    upright = [(x, y), (x + w, y), (x, y + h), (x + w, y + h)]
    turned = [(x, y), (x - h, y + h), (x + w, y + w), (x + w - h, y + w + h)]
    flat = [np.stack([y * row + x for x, y in four], axis=2) for four in (upright, turned)]
    flat[1] += 2 * shape[1] * row  # (N, 3, 4), into the third plane
    chosen = np.where(table[1][:, None, None], flat[1], flat[0])
    return chosen.reshape(-1, 12).astype(np.uint32)


def _inner(window, shape):
    """Corners (4,) of the window without its outermost pixels, whose contrast is measured."""
    width, height = window
    x, y = np.array([1, width - 1, 1, width - 1]), np.array([1, 1, height - 1, height - 1])
    return (y * shape[2] + x).astype(np.uint32)


def _boxes(level, passed, window):
    """Windows of a level as boxes (n, 4) of the picture."""
    row, column = np.nonzero(passed)
    corner = np.rint(np.float32(np.column_stack([column, row]) * level.step) * level.scale)
    size = np.rint(np.float32(window) * level.scale)
    return np.hstack([corner, corner + size]).astype(np.float64)
