"""Integral images and Haar features: the light and dark rectangles of the face detector.

Source: Viola and Jones, IJCV 2004, doi 10.1023/B:VISI.0000013087.49260.fb. Taught in
``01_1_haar_features``.

A feature is a whole rectangle cut into equal cells, light (+) and dark (-) in turn; its response is
the sum of the pixels in the light cells minus the sum in the dark ones. The first cell, at the top
left, is dark: ``two_down`` is large where something dark lies above something light, as eyes lie
above cheeks. The signs are those of ``skimage.feature.haar_like_feature``.
"""

import numba
import numpy as np

from course_lib import checks

# Cells across and down of each prototype, in the order of PROTOTYPES.
CELLS = {
    "two_across": (2, 1),
    "two_down": (1, 2),
    "three_across": (3, 1),
    "three_down": (1, 3),
    "four": (2, 2),
}
PROTOTYPES = tuple(CELLS)
STD_FLOOR = 1e-6  # A window flatter than this is flat: dividing by its std would amplify rounding.


def integral_image(image):
    """Sum of all pixels above and to the left of every pixel corner.

    Parameters
    ----------
    image : (H, W) or (N, H, W) array_like
        One grey picture, or N of them. Any finite numbers.

    Returns
    -------
    (H+1, W+1) or (N, H+1, W+1) float64 ndarray
        ``integral[y, x]`` is the sum of ``image[:y, :x]``, so the first row and column are zero,
        as in ``cv2.integral``. ``skimage.transform.integral_image`` leaves them out.

    Raises
    ------
    ValueError
        If the picture is not two- or three-dimensional, is empty, or holds NaN or infinity.

    Notes
    -----
    Source: Crow, SIGGRAPH 1984, doi 10.1145/800031.808600.
    """
    image = _pictures(image, "image")
    above_left = [(0, 0)] * (image.ndim - 2) + [(1, 0), (1, 0)]
    sums = image.cumsum(axis=-2, dtype=np.float64).cumsum(axis=-1)
    return np.pad(sums, above_left)  # (..., H+1, W+1)


def rectangle_sum(integral, x, y, width, height):
    """Sum of the pixels in a rectangle, by four look-ups in an integral image.

    Parameters
    ----------
    integral : (H+1, W+1) or (N, H+1, W+1) ndarray
        From `integral_image`.
    x, y : int or integer ndarray
        Left column and top row, in pixels.
    width, height : int or integer ndarray
        Size in pixels, 0 or more. The four broadcast against each other.

    Returns
    -------
    float64 or float64 ndarray
        Shape ``integral.shape[:-2]`` followed by the shape of the broadcast coordinates.

    Raises
    ------
    ValueError
        If a rectangle reaches outside the picture, or a coordinate is not a whole number.
    """
    integral = _pictures(integral, "integral")
    named = {"x": x, "y": y, "width": width, "height": height}
    x, y, width, height = (_whole(value, name) for name, value in named.items())
    rows, columns = integral.shape[-2] - 1, integral.shape[-1] - 1
    inside = (x >= 0) & (y >= 0) & (width >= 0) & (height >= 0)
    if not np.all(inside & (x + width <= columns) & (y + height <= rows)):
        raise ValueError(f"The rectangle must lie inside the picture of {columns} x {rows} pixels.")
    top, bottom, left, right = y, y + height, x, x + width
    lower = integral[..., bottom, right] - integral[..., bottom, left]
    upper = integral[..., top, right] - integral[..., top, left]
    return lower - upper


def feature_table(height, width, prototypes=PROTOTYPES, step=1):
    """All Haar features that fit into a window, one row each.

    Parameters
    ----------
    height, width : int
        Size of the window in pixels.
    prototypes : sequence of str
        Some of `PROTOTYPES`.
    step : int
        Distance in pixels between neighbouring positions; cells also grow by `step` pixels at a
        time. 1 gives all features.

    Returns
    -------
    (N, 5) int16 ndarray
        Index of the prototype in `PROTOTYPES`, then x, y, width, height in pixels of the whole
        feature. N is 162,336 for a 24x24 window (the paper speaks of 160,000).

    Raises
    ------
    ValueError
        If a prototype is unknown or a number is not positive.
    """
    height = checks.number(height, "height", low=1, high=2**15 - 1, integer=True)
    width = checks.number(width, "width", low=1, high=2**15 - 1, integer=True)
    step = checks.number(step, "step", low=1, integer=True)
    names = [prototypes] if isinstance(prototypes, str) else list(prototypes)
    names = [checks.choice(name, "prototypes", PROTOTYPES) for name in names]
    parts = [np.zeros((0, 5), np.int16)]
    for name in names:
        across, down = CELLS[name]
        x, w = _placements(width, across, step)  # (X,), (X,)
        y, h = _placements(height, down, step)  # (Y,), (Y,)
        i, j = (grid.ravel() for grid in np.indices((len(x), len(y))))
        kind = np.full(len(i), PROTOTYPES.index(name))
        parts.append(np.stack([kind, x[i], y[j], w[i], h[j]], axis=1).astype(np.int16))
    return np.concatenate(parts)


def _placements(length, cells, step):
    """Start and size of every stretch of `cells` equal cells that fits into `length` pixels."""
    sizes = np.arange(cells, length + 1, cells * step)
    starts = [np.arange(0, length - size + 1, step) for size in sizes]
    counts = [len(start) for start in starts]
    return np.concatenate([[], *starts]).astype(int), np.repeat(sizes, counts)


def feature_rectangles(table, balanced=False):
    """Each feature as at most three weighted rectangles, the form of OpenCV's cascade files.

    Parameters
    ----------
    table : (N, 5) integer array_like
        From `feature_table`.
    balanced : bool
        False: every pixel counts +1 or -1, as in the paper and in scikit-image. True: the middle
        cell of a three-rectangle feature counts twice, so that a constant added to the picture
        changes no response (Lienhart and Maydt, doi 10.1109/ICIP.2002.1038171). A cascade for
        OpenCV needs True: its detector never subtracts the mean of a window.

    Returns
    -------
    rectangles : (N, 3, 4) int16 ndarray
        x, y, width, height in pixels: first the whole feature, then its light cells; all zero
        where there is none.
    weights : (N, 3) float32 ndarray
        -1 for the whole feature, 2 for a light cell (-1 + 2 = +1; 3 where it counts twice), or 0.

    Raises
    ------
    ValueError
        If the table is not one of `feature_table`.
    """
    table = _table(table)
    kind, whole = table[:, 0], table[:, 1:]  # (N,), (N, 4)
    across, down = np.array(list(CELLS.values()))[kind].T
    x, y, w, h = whole[:, 0], whole[:, 1], whole[:, 2] // across, whole[:, 3] // down
    right = np.stack([x + w, y, w, h], axis=1)  # (N, 4): the cell right of the first one
    below = np.stack([x, y + h, w, h], axis=1)
    four = (kind == PROTOTYPES.index("four"))[:, None]  # (N, 1)
    second = np.where((across > 1)[:, None], right, below)
    rectangles = np.stack([whole, second, np.where(four, below, 0)], axis=1)  # (N, 3, 4)
    middle = np.where(bool(balanced) & (across * down == 3), 3, 2)
    weights = np.stack([np.full(len(table), -1), middle, np.where(four[:, 0], 2, 0)], axis=1)
    return rectangles.astype(np.int16), weights.astype(np.float32)


def responses(windows, table, balanced=False):
    """Response of every feature on every window: sum of the light cells minus sum of the dark.

    Parameters
    ----------
    windows : (M, H, W) array_like
        Grey windows of one size, any finite numbers; usually from `normalise`.
    table : (N, 5) integer array_like
        From `feature_table`, for windows of H x W pixels or less.
    balanced : bool
        See `feature_rectangles`.

    Returns
    -------
    (M, N) float32 ndarray
        In Fortran order: the M responses of one feature lie side by side in memory.

    Raises
    ------
    ValueError
        If the windows are not three-dimensional or a feature reaches outside of them.

    Notes
    -----
    Runs in parallel; the number of threads changes no digit. The first call also compiles.
    """
    windows = checks.array(windows, "windows", ndim=3)
    rectangles, weights = feature_rectangles(table, balanced)
    x, y, w, h = rectangles.astype(np.intp).transpose(2, 0, 1)  # each (N, 3)
    rows, columns = windows.shape[1:]
    if np.any(x + w > columns) or np.any(y + h > rows):
        raise ValueError(
            f"table holds features that reach outside windows of {columns} x {rows} pixels; "
            f"make it with feature_table({rows}, {columns})."
        )
    row = columns + 1
    corners = np.stack([y * row + x, y * row + x + w, (y + h) * row + x, (y + h) * row + x + w], 2)
    integrals = integral_image(windows).reshape(len(windows), row * (rows + 1))  # (M, corners)
    out = np.empty((len(corners), len(windows)), np.float32)
    _weighted_sums(np.ascontiguousarray(integrals.T), corners, weights.astype(np.float64), out)
    return out.T


@numba.njit(parallel=True, cache=True)
def _weighted_sums(integrals, corners, weights, out):
    """Fill out (N, M) from integrals (corner, M); the inner loop runs along memory."""
    for n in numba.prange(len(corners)):
        total = np.zeros(integrals.shape[1])
        for r in range(weights.shape[1]):
            weight = weights[n, r]
            if weight != 0:
                a, b = integrals[corners[n, r, 0]], integrals[corners[n, r, 1]]
                c, d = integrals[corners[n, r, 2]], integrals[corners[n, r, 3]]
                for m in range(len(total)):
                    total[m] += weight * (d[m] - b[m] - c[m] + a[m])
        out[n] = total


def normalise(windows):
    """Each window with mean 0 and standard deviation 1, so that lighting matters little.

    Parameters
    ----------
    windows : (H, W) or (M, H, W) array_like
        Grey windows, any finite numbers.

    Returns
    -------
    float64 ndarray of the same shape
        A flat window (standard deviation below 1e-6) becomes zeros.

    Raises
    ------
    ValueError
        As `integral_image`.

    Notes
    -----
    Viola and Jones only divide by the standard deviation; subtracting the mean as well changes
    nothing but the three-rectangle types, see `feature_rectangles`.
    """
    windows = _pictures(windows, "windows").astype(np.float64)
    centred = windows - windows.mean(axis=(-2, -1), keepdims=True)
    std = centred.std(axis=(-2, -1), keepdims=True)
    return np.where(std < STD_FLOOR, 0.0, centred / np.maximum(std, STD_FLOOR))


def _pictures(value, name):
    """`value` as one picture (H, W) or a stack of them (N, H, W), none of them empty."""
    array = checks.array(value, name)
    if array.ndim not in (2, 3) or 0 in array.shape[-2:]:
        raise ValueError(
            f"{name} must have shape (height, width) or (number, height, width), "
            f"got {array.shape}; make a colour picture grey with images.to_grey first."
        )
    return array


def _whole(value, name):
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} must be a whole number of pixels, got {value!r}.")
    return array.astype(np.intp)


def _table(value):
    """`value` as an (N, 5) feature table in which every feature can be cut into its cells."""
    table = _whole(value, "table")
    if table.ndim != 2 or table.shape[1] != 5:
        raise ValueError(
            "table must have shape (N, 5): prototype, x, y, width, height; "
            f"got {table.shape}; make it with feature_table."
        )
    kind, x, y, w, h = table.T
    if not np.all((kind >= 0) & (kind < len(PROTOTYPES))):
        raise ValueError(f"The first column of table must be 0 to {len(PROTOTYPES) - 1}.")
    across, down = np.array(list(CELLS.values()))[kind].T
    if np.any((x < 0) | (y < 0) | (w < across) | (h < down) | (w % across > 0) | (h % down > 0)):
        raise ValueError("table holds a feature that starts outside or does not divide into cells.")
    return table
