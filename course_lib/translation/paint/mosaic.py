"""A mosaic of small stones that follow the rings and petals of a rosette."""

import numpy as np
from scipy.spatial import cKDTree

from .canvas import check_size, colour, coordinates, finish, ramp, smooth_noise

STONE = 1 / 38  # side of a stone, in units of the shorter side
ROUNDS = 12  # of moving each stone to the middle of its cell
GROUT = "#2A211C"
GOLD = ("#8A4B08", "#D9921A", "#F7C948", "#FFE9A0")
PETALS = (("#7A1020", "#B3202C", "#E4512B"), ("#0E5F59", "#17877A", "#58BFA0"))
GROUND = ("#0B1E4B", "#123A86", "#1F62B5", "#3C93CF")
RINGS = (  # reach, how far it swings in between the petals, colours from the middle
    (0.475, 0.10, GOLD[1:]),
    (0.425, 0.09, PETALS[0]),
    (0.31, 0.07, GOLD[1:]),
    (0.265, 0.06, PETALS[1]),
    (0.14, 0.0, GOLD),
    (0.075, 0.0, PETALS[0]),
)


def mosaic(height, width, rng):
    """Paint a mosaic: a rosette of gold, red and green stones on a blue ground.

    Parameters
    ----------
    height, width : int
        In pixels, 16 to 2048; one seed gives nearly one picture at every size.
    rng : numpy.random.Generator

    Returns
    -------
    (height, width, 3) float32 ndarray
        RGB in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If a side is not a whole number in that range, or `rng` no generator.

    Notes
    -----
    Stones are the Voronoi cells of a square's metric that turns with a direction field (Hausner,
    Simulating decorative mosaics, 2001, doi 10.1145/383259.383327), without his graphics hardware.
    Used in ``10_1_style_transfer``.
    """
    height, width = check_size(height, width, rng)
    extent = np.array([width, height]) / min(height, width)
    rosette = (*(extent * rng.uniform(0.42, 0.58, 2)), rng.uniform(0, np.pi / 4))  # x, y, turn
    stones = _settled(rng, extent, rosette)
    x, y = coordinates(height, width)
    stone, first, second = _cells(x, y, stones, rosette)
    tint = 1 + 0.11 * rng.standard_normal((len(stones), 1)).clip(-2, 2)
    colours = _design(*stones.T, rosette, rng) * tint
    gap = (second - first) / STONE  # 0 on the border of two stones
    slope = (y - stones[stone, 1] + x - stones[stone, 0]) / STONE  # light comes from above left
    light = 1 - 0.16 * slope + 0.04 * smooth_noise(rng, 120)(x, y)
    picture = np.where((gap < 0.16)[..., None], colour(GROUT), colours[stone] * light[..., None])
    return finish(picture, height, width)


def _settled(rng, extent, rosette):
    """Middles of the stones (N, 2), after rounds in which each moves to the middle of its cell."""
    count = int(np.prod(extent + 2 * STONE) / STONE**2)
    stones = rng.uniform(-STONE, extent + STONE, (count, 2))
    side = STONE / 5
    rows = np.arange(-STONE, extent[1] + STONE, side)
    y, x = np.meshgrid(rows, np.arange(-STONE, extent[0] + STONE, side), indexing="ij")
    for _ in range(ROUNDS):
        cell = _cells(x, y, stones, rosette)[0].ravel()
        area = np.bincount(cell, minlength=count)
        sums = [np.bincount(cell, values.ravel(), count) for values in (x, y)]
        full = area > 0
        stones[full] = (np.array(sums)[:, full] / area[full]).T
    return stones


def _cells(x, y, stones, rosette):
    """The stone of every point, the distance to it, and to the second nearest.

    Distances are those of a square, turned as the stone is.
    """
    points = np.stack([np.ravel(x), np.ravel(y)], axis=1)
    _, near = cKDTree(stones).query(points, k=6)  # plain neighbours, among which squares decide
    turn = _direction(*stones.T, rosette)
    offset = points[:, None] - stones[near]
    cos, sin = np.cos(turn)[near], np.sin(turn)[near]
    along = np.abs(cos * offset[..., 0] + sin * offset[..., 1])
    aside = np.abs(cos * offset[..., 1] - sin * offset[..., 0])
    distances = np.maximum(along, aside)
    order = np.argsort(distances, axis=1, kind="stable")[:, :2]
    first, second = np.take_along_axis(distances, order, axis=1).T
    stone = np.take_along_axis(near, order[:, :1], axis=1)[:, 0]
    return [values.reshape(np.shape(x)) for values in (stone, first, second)]


def _polar(x, y, rosette):
    """Distance and angle of some points as seen from the rosette's middle."""
    x0, y0, turn = rosette
    return np.hypot(x - x0, y - y0), np.arctan2(y - y0, x - x0) + turn


def _direction(x, y, rosette):
    """How a stone is turned: along rings around the middle that swing out at every petal."""
    radius, angle = _polar(x, y, rosette)
    swing = 0.45 * np.sin(8 * angle) * np.clip((radius - 0.12) / 0.15, 0, 1)
    return angle - rosette[2] + swing * np.clip((0.7 - radius) / 0.2, 0, 1)


def _design(x, y, rosette, rng):
    """Colours of the rosette at some points, (N, 3)."""
    radius, angle = _polar(x, y, rosette)
    petal = 0.5 + 0.5 * np.cos(8 * angle)
    picture = ramp(
        GROUND, 0.5 + 0.5 * np.sin(42 * radius + 1.2 * petal) + rng.normal(0, 0.1, len(x))
    )
    for reach, swing, codes in RINGS:
        border = reach - swing * (1 - petal)
        inside = radius < border
        picture[inside] = ramp(codes, radius / border + rng.normal(0, 0.1, len(x)))[inside]
    star = (radius > 0.5) & (rng.random(len(x)) < 0.05)
    picture[star] = colour(GOLD[2])
    return picture
