"""The loops of the detector, compiled: one level of the pyramid, window by window.

The order of additions and the mix of 32- and 64-bit numbers are OpenCV's, so that sums which land
next to a threshold fall on the same side of it.
"""

import numba
import numpy as np

SKIPPED, FLAT = 255, 254  # In a depth map: not looked at; too flat to be looked at.
FLAT_STD = 10  # Grey levels of 255.


@numba.njit(parallel=True, cache=True)
def scan(
    planes,
    step,
    area,
    inner,
    corners,
    numbers,
    children,
    leaves,
    trees,
    first_trees,
    thresholds,
    workers,
    depths,
):
    """Fill `depths` (rows, columns) with the number of stages that each window passes.

    The rows are dealt out like cards, so that no thread gets all of the busy ones.
    """
    sums = planes.reshape(-1)
    squares = np.uint64(planes.shape[1] * planes.shape[2])
    rows, columns = depths.shape
    for worker in numba.prange(workers):
        for row in range(worker, rows, workers):
            start = np.uint64(row * step * planes.shape[2])
            skip = False
            for column in range(columns):
                if skip:
                    depths[row, column] = SKIPPED
                    skip = False
                    continue
                at = start + np.uint64(column * step)
                norm = _norm(sums, at, squares, inner, area)
                if norm == 0:
                    depths[row, column] = FLAT
                    continue
                depth = _depth(
                    sums,
                    at,
                    norm,
                    corners,
                    numbers,
                    children,
                    leaves,
                    trees,
                    first_trees,
                    thresholds,
                )
                depths[row, column] = depth
                skip = depth == 0


@numba.njit
def _norm(sums, at, squares, inner, area):
    """One over (area * std) of a window, as float32; 0 where it is flat."""
    total = _rectangle(sums, at, inner, 0)
    power = np.uint32(_rectangle(sums, at + squares, inner, 0))
    spread = np.float64(area) * np.float64(power) - np.float64(total) * np.float64(total)
    if spread <= 0:
        return np.float32(0)
    norm = np.float32(1 / np.sqrt(spread))
    return norm if np.float64(area) * norm * FLAT_STD < 1 else np.float32(0)


@numba.njit
def _rectangle(sums, at, corners, first):
    """Sum over a rectangle from its four corners, modulo 2**32."""
    return np.int32(
        sums[at + corners[first]]
        - sums[at + corners[first + 1]]
        - sums[at + corners[first + 2]]
        + sums[at + corners[first + 3]]
    )


@numba.njit
def _value(sums, at, norm, corners, numbers):
    """Value of one node's feature in a window."""
    value = numbers[0] * np.float32(_rectangle(sums, at, corners, 0))
    value += numbers[1] * np.float32(_rectangle(sums, at, corners, 4))
    if numbers[2] != 0:
        value += numbers[2] * np.float32(_rectangle(sums, at, corners, 8))
    return value * norm


@numba.njit
def _depth(sums, at, norm, corners, numbers, children, leaves, trees, first_trees, thresholds):
    """Number of stages that a window passes."""
    for stage in range(len(thresholds)):
        total = 0.0
        for tree in range(first_trees[stage], first_trees[stage + 1]):
            first_node, first_leaf = trees[tree]
            end = 0
            while True:
                node = first_node + end
                value = _value(sums, at, norm, corners[node], numbers[node])
                end = children[node, 0] if value < numbers[node, 3] else children[node, 1]
                if end <= 0:
                    break
            total += leaves[first_leaf - end]
        if total < thresholds[stage]:
            return stage
    return len(thresholds)
