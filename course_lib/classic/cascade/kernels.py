"""The loops of the detector, compiled: bands of rows, in each its windows, in each its stages.

The order of additions and the mix of 32- and 64-bit numbers are OpenCV's, so that sums which land
next to a threshold fall on the same side of it.
"""

from typing import NamedTuple

import numba
import numpy as np

SKIPPED, FLAT = 255, 254  # In a depth map: not looked at; too flat to be looked at.
FLAT_STD = 10  # Grey levels of 255.
CROWDED = 16  # While more than one window in so many is left, a row is looked at as a whole.


class Table(NamedTuple):
    """A cascade as flat arrays, its nodes side by side in the order of their evaluation.

    Attributes
    ----------
    inner : (4,) int64 ndarray
        Corners of the window without its outermost pixels, whose contrast is measured.
    area : float
        Of that part, in pixels.
    height, width : int
        Of the window, in pixels.
    corners : (N, 12) int64 ndarray
        Four corners for each of three rectangles of each node; to add are the first and the last.
    weights : (N, 4) float32 ndarray
        Of the rectangles, and the node's threshold.
    children : (N, 2) int64 ndarray
        As in `Tree.children`.
    leaves : (L,) float32 ndarray
    trees : (T + 1, 2) int64 ndarray
        First node and first leaf of every tree; in the last row, where they all end.
    stages : (S + 1,) int64 ndarray
        First tree of every stage; at the end their number.
    thresholds : (S,) float32 ndarray
        Of the stages.
    """

    inner: np.ndarray
    area: float
    height: int
    width: int
    corners: np.ndarray
    weights: np.ndarray
    children: np.ndarray
    leaves: np.ndarray
    trees: np.ndarray
    stages: np.ndarray
    thresholds: np.ndarray


class Rows(NamedTuple):
    """A thread's memory for one row of windows, one number per column of the level.

    Attributes
    ----------
    norms : (n,) float32 ndarray
        One over (area * std) of every window; 0 where it is flat.
    values : (n,) float32 ndarray
        Of a feature.
    totals : (n,) float64 ndarray
        Of a stage.
    ends : (n,) int64 ndarray
        Where in a tree every window has come to, as in `Tree.children`.
    alive : (n,) int64 ndarray
        Columns of the windows that passed all stages so far.
    """

    norms: np.ndarray
    values: np.ndarray
    totals: np.ndarray
    ends: np.ndarray
    alive: np.ndarray


@numba.njit(parallel=True, cache=True, error_model="numpy")
def scan(pixels, bands, table, shape, workers, depths):
    """Fill `depths` with the number of stages that each window passes.

    Parameters
    ----------
    pixels : (n,) uint8 ndarray
        All levels of the pyramid, one behind the other.
    bands : (B, 6) int64 ndarray
        Where a band's pixels start, their rows and columns, the step from window to window, where
        its depths start, and how many of them are in a row.
    table : Table
    shape : (int, int, int)
        Planes, rows and columns of memory that hold the integral images of any band.
    workers : int
        The bands are dealt out to so many threads like cards: none gets all of the busy ones.
    depths : (m,) uint8 ndarray
    """
    for worker in numba.prange(workers):
        planes = np.empty(shape, np.int32)
        for number in range(worker, len(bands), workers):
            first, height, width, step, target, columns = bands[number]
            integrate(pixels[first : first + height * width].reshape(height, width), planes)
            size = width - table.width + 1
            rows = Rows(
                np.empty(size, np.float32),
                np.empty(size, np.float32),
                np.empty(size, np.float64),
                np.empty(size, np.int64),
                np.empty(size, np.int64),
            )
            for y in range(0, height - table.height + 1, step):
                sums = planes.reshape(-1)[y * shape[2] :]
                _norms(sums, shape[1] * shape[2], table, rows.norms)
                _scan_row(sums, table, step, rows, depths[target : target + columns])
                target += columns


@numba.njit(cache=True, error_model="numpy")
def integrate(grey, out):
    """Integral images of a band of rows.

    Parameters
    ----------
    grey : (H, W) uint8 ndarray
    out : (2 or 3, at least H+1, at least W+1) int32 ndarray
        Receives the sums of pixels and the sums of squares; ``[y, x]`` of the third plane is the
        sum over the triangle that opens upwards at 45 degrees from the corner between columns
        x-1 and x. What leaves 32 bits wraps around; differences that fit come out right.
    """
    height, width = grey.shape
    out[:, 0, : width + 1] = 0
    for y in range(height):
        total = squares = 0
        out[0, y + 1, 0] = out[1, y + 1, 0] = 0
        for x in range(width):
            pixel = np.int64(grey[y, x])
            total += pixel
            squares += pixel * pixel
            out[0, y + 1, x + 1] = out[0, y, x + 1] + total
            out[1, y + 1, x + 1] = out[1, y, x + 1] + squares
    if len(out) == 3:
        _integrate_tilted(grey, out[2])


@numba.njit(error_model="numpy")
def _integrate_tilted(grey, out):
    """Two overlapping triangles from the row above, minus their overlap, plus two new pixels."""
    height, width = grey.shape
    for y in range(1, height + 1):
        before = max(y - 2, 0)  # In the first row both terms are zero.
        out[y, 0] = out[y - 1, 1] if y > 1 else 0
        for x in range(1, width):
            fresh = np.int64(grey[y - 1, x - 1]) + (grey[before, x - 1] if y > 1 else 0)
            out[y, x] = out[y - 1, x - 1] + out[y - 1, x + 1] - out[before, x] + fresh
        fresh = np.int64(grey[y - 1, width - 1]) + (grey[before, width - 1] if y > 1 else 0)
        out[y, width] = out[y - 1, width - 1] + fresh


@numba.njit(error_model="numpy")
def _norms(sums, squares, table, norms):
    """One over (area * std) of every window of a row; 0 where it is flat."""
    a, b, c, d = _four(sums, table.inner)
    e, f, g, h = _four(sums[squares:], table.inner)
    for x in range(len(norms)):
        total = np.float64(np.int32(a[x] - b[x] - c[x] + d[x]))
        power = np.float64(np.uint32(e[x] - f[x] - g[x] + h[x]))
        spread = table.area * power - total * total
        norm = np.float32(1 / np.sqrt(max(spread, 0.0)))
        norms[x] = norm if table.area * np.float64(norm) < 1 / FLAT_STD else np.float32(0)


@numba.njit(error_model="numpy")
def _scan_row(sums, table, step, rows, depths):
    """Depths of one row of windows: stage after stage for those that are left."""
    left = len(rows.norms)
    for stage in range(len(table.thresholds)):
        crowded = left * CROWDED > len(rows.norms)
        if crowded:
            _ask_all(sums, table, stage, rows)
        if stage == 0:
            left = _first_stage(table.thresholds[0], step, rows, depths)
            continue
        kept = 0
        for i in range(left):
            x = rows.alive[i]
            total = rows.totals[x] if crowded else _ask_one(sums[x:], table, stage, rows.norms[x])
            if total < table.thresholds[stage]:
                depths[x // step] = stage
            else:
                rows.alive[kept] = x
                kept += 1
        left = kept
    for i in range(left):
        depths[rows.alive[i] // step] = len(table.thresholds)


@numba.njit(error_model="numpy")
def _first_stage(threshold, step, rows, depths):
    """List who passes the first stage; who stands to the right of one that fails is skipped."""
    left = 0
    skip = False
    for column in range(len(depths)):
        x = column * step
        if skip:
            depths[column] = SKIPPED
            skip = False
        elif rows.norms[x] == 0:
            depths[column] = FLAT
        elif rows.totals[x] < threshold:
            depths[column] = 0
            skip = True
        else:
            rows.alive[left] = x
            left += 1
    return left


@numba.njit(error_model="numpy")
def _ask_all(sums, table, stage, rows):
    """Totals of a stage for all windows of a row side by side, which processors do fastest."""
    rows.totals[:] = 0
    for tree in range(table.stages[stage], table.stages[stage + 1]):
        first, leaf = table.trees[tree]
        nodes = table.trees[tree + 1, 0] - first
        for node in range(first, first + nodes):
            _values(sums, table.corners[node], table.weights[node], rows)
            left, right = table.children[node]
            threshold = table.weights[node, 3]
            if nodes == 1:
                below, above = table.leaves[leaf - left], table.leaves[leaf - right]
                for x in range(len(rows.totals)):
                    rows.totals[x] += below if rows.values[x] < threshold else above
            else:
                for x in range(len(rows.ends)):
                    end = left if rows.values[x] < threshold else right
                    here = node == first or rows.ends[x] == node - first
                    rows.ends[x] = end if here else rows.ends[x]
        if nodes > 1:
            for x in range(len(rows.totals)):
                rows.totals[x] += table.leaves[leaf - rows.ends[x]]


@numba.njit(error_model="numpy")
def _values(sums, corners, weights, rows):
    """Value of one feature in all windows of a row."""
    a, b, c, d = _four(sums, corners[:4])
    e, f, g, h = _four(sums, corners[4:8])
    u, v, w = weights[:3]
    for x in range(len(rows.values)):
        value = u * np.float32(np.int32(a[x] - b[x] - c[x] + d[x]))
        rows.values[x] = value + v * np.float32(np.int32(e[x] - f[x] - g[x] + h[x]))
    if w != 0:
        a, b, c, d = _four(sums, corners[8:])
        for x in range(len(rows.values)):
            rows.values[x] += w * np.float32(np.int32(a[x] - b[x] - c[x] + d[x]))
    for x in range(len(rows.values)):
        rows.values[x] *= rows.norms[x]


@numba.njit(error_model="numpy")
def _ask_one(sums, table, stage, norm):
    """Total of a stage for one window."""
    total = 0.0
    for tree in range(table.stages[stage], table.stages[stage + 1]):
        first, leaf = table.trees[tree]
        end = 0
        while True:
            node = first + end
            value = table.weights[node, 0] * _rectangle(sums, table.corners, node, 0)
            value += table.weights[node, 1] * _rectangle(sums, table.corners, node, 4)
            if table.weights[node, 2] != 0:
                value += table.weights[node, 2] * _rectangle(sums, table.corners, node, 8)
            above = value * norm >= table.weights[node, 3]
            end = table.children[node, np.int64(above)]
            if end <= 0:
                break
        total += table.leaves[leaf - end]
    return total


@numba.njit
def _four(sums, corners):
    """The sums as seen from each of four corners."""
    return sums[corners[0] :], sums[corners[1] :], sums[corners[2] :], sums[corners[3] :]


@numba.njit
def _rectangle(sums, corners, node, first):
    """Sum over a rectangle from its four corners, modulo 2**32."""
    return np.float32(
        np.int32(
            sums[corners[node, first]]
            - sums[corners[node, first + 1]]
            - sums[corners[node, first + 2]]
            + sums[corners[node, first + 3]]
        )
    )
