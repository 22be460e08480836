"""What a network for poses is taught to draw: a map per part and a field per limb.

Source: Cao et al., CVPR 2017, arXiv 1611.08050, equations 5 to 9. Taught in
``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np

from course_lib import checks
from course_lib.pose import parts
from course_lib.pose.parts import FAR, People, checked_limbs

MOST_PIXELS = 10_000_000  # of a map: with 19 fields it takes 1.5 GB


def heatmaps(people, height, width, *, sigma=1.0, background=False):
    """A map per part with a Gaussian hill on every person's keypoint.

    Parameters
    ----------
    people : People or (P, K, 3) array_like
        Keypoints in the map's pixels; those of score 0 are left out.
    height, width : int
        Size of the maps.
    sigma : float
        Width of the hills in pixels.
    background : bool
        Whether to add a last map: 1 minus the highest of the others.

    Returns
    -------
    (height, width, K) or (height, width, K + 1) float32 ndarray
        Values in [0, 1]; where two hills meet, the higher counts, so that both tops stay.

    Raises
    ------
    ValueError
        If a shape, a size or `sigma` does not fit.
    """
    points, height, width = _checked(people, height, width)
    sigma = checks.number(sigma, "sigma", low=1e-3)
    x, y, found = points[..., 0], points[..., 1], points[..., 2] > 0
    # A hill is a product of two: one along x and one along y.
    along_x = np.exp(-((np.arange(width)[:, None, None] - x) ** 2) / (2 * sigma**2))  # (W, P, K)
    along_y = np.exp(-((np.arange(height)[:, None, None] - y) ** 2) / (2 * sigma**2))  # (H, P, K)
    maps = np.zeros((height, width, points.shape[1]), np.float32)
    for person in range(len(points)):
        hill = along_y[:, None, person] * along_x[None, :, person] * found[person]  # (H, W, K)
        np.maximum(maps, hill.astype(np.float32), out=maps)
    if background:
        maps = np.concatenate([maps, 1 - maps.max(axis=2, keepdims=True)], axis=2)
    return maps


def affinity(people, height, width, *, radius=1.0, limbs=parts.LIMBS):
    """A field per limb: on the limb the unit vector along it, elsewhere zero.

    Parameters
    ----------
    people : People or (P, K, 3) array_like
        Keypoints in the map's pixels; limbs that miss an end are left out.
    height, width : int
        Size of the fields.
    radius : float
        Half the thickness of a limb in pixels.
    limbs : sequence of (int, int)
        From which part to which.

    Returns
    -------
    (height, width, L, 2) float32 ndarray
        x and y of the vectors, averaged where limbs of the same kind cross; no longer than 1.

    Raises
    ------
    ValueError
        If a shape, a size, the radius or a limb does not fit.

    Notes
    -----
    The ends are round; in the paper they are cut straight, which leaves short limbs no pixel.
    """
    points, height, width = _checked(people, height, width)
    radius = checks.number(radius, "radius", low=1e-3, high=1e4)
    ends = np.asarray(checked_limbs(limbs, points.shape[1]), dtype=int).reshape(-1, 2)
    field = np.zeros((height, width, len(ends), 2), np.float32)
    for number, (a, b) in enumerate(ends):
        both = (points[:, a, 2] > 0) & (points[:, b, 2] > 0)
        total, count = np.zeros((height, width, 2)), np.zeros((height, width, 1))
        for start, end in points[both][:, [a, b], :2]:
            rows, columns, inside, unit = _limb(start, end, radius, height, width)
            total[rows, columns] += inside * unit
            count[rows, columns] += inside
        field[:, :, number] = total / np.maximum(count, 1)
    return field


def mirror(maps, fields):
    """The maps and fields of the mirrored picture: right becomes left, and x points back.

    Parameters
    ----------
    maps : (H, W, 18) or (H, W, 19) ndarray
        As from `heatmaps`, with or without the background.
    fields : (H, W, 19, 2) ndarray
        As from `affinity`.

    Returns
    -------
    maps, fields : ndarrays of the same shapes

    Raises
    ------
    ValueError
        If a shape does not fit.
    """
    maps, count = checks.array(maps, "maps", ndim=3, finite=False), len(parts.FLIP)
    if maps.shape[2] not in (count, count + 1):
        wanted = f"(H, W, {count}), or {count + 1} with the background"
        raise ValueError(f"maps has shape {maps.shape}; wanted {wanted}.")
    shape = (*maps.shape[:2], len(parts.LIMBS), 2)
    fields = checks.array(fields, "fields", shape=shape, finite=False)
    order = [*parts.FLIP, *range(count, maps.shape[2])]
    return maps[:, ::-1, order], fields[:, ::-1, list(parts.LIMB_FLIP)] * [-1, 1]


def _limb(start, end, radius, height, width):
    """Where a limb lies: its rows, its columns, which of those pixels, and its direction."""
    along = end - start
    length = np.hypot(*along)
    low = np.floor(np.minimum(start, end) - radius).astype(int)
    high = np.ceil(np.maximum(start, end) + radius).astype(int) + 1
    columns = slice(max(low[0], 0), max(min(high[0], width), 0))
    rows = slice(max(low[1], 0), max(min(high[1], height), 0))
    y, x = np.mgrid[rows, columns]
    away = np.stack([x, y], axis=-1) - start  # (h, w, 2)
    unit = along / length if length > 0 else np.zeros(2)
    nearest = np.clip(away @ unit, 0, length)[..., None] * unit
    inside = np.hypot(*np.moveaxis(away - nearest, -1, 0)) <= radius
    return rows, columns, (inside & (length > 0))[..., None], unit


def _checked(people, height, width):
    """The keypoints as an array (P, K, 3), and the size."""
    points = people.keypoints if isinstance(people, People) else people
    points = checks.array(points, "people", dtype=np.float64, low=-FAR, high=FAR)
    points = points.reshape(0, len(parts.NAMES), 3) if points.size == 0 else points
    points = checks.array(points, "people", shape=(None, None, 3))
    height = checks.number(height, "height", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    if height * width > MOST_PIXELS:
        raise ValueError(f"{height} x {width} maps are too large; wanted {MOST_PIXELS:,} pixels.")
    return points, height, width
