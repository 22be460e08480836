"""Overlapping waves in the manner of seigaiha (青海波), printed from a wood block."""

import numpy as np

from .canvas import check_size, colour, coordinates, finish, ramp, smooth_noise

RADIUS = 1 / 6.2  # of a wave, in units of the shorter side
RINGS = 9  # dark and light, from the middle to the rim
SEA = ("#5CC6C0", "#2F93B5", "#1E5F9C", "#163F7C", "#0F2857")  # from far to near
ACCENTS = ("#E4572E", "#F2B134", "#D8A48F")
FOAM, LINE = "#F6EBD3", "#0A1A3A"


def waves(height, width, rng):
    """Paint waves in the manner of seigaiha: rows of rings, each row over the one behind it.

    Parameters
    ----------
    height, width : int
        In pixels, 16 to 2048; one seed gives one picture at every size.
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
    Used in ``10_1_style_transfer``.
    """
    height, width = check_size(height, width, rng)
    x, y = coordinates(height, width)
    bend = [smooth_noise(rng, 5) for _ in range(2)]  # no hand is exact
    x, y = x + 0.006 * bend[0](x, y), y + 0.006 * bend[1](x, y)
    row, column, distance = _nearest_wave(x / RADIUS, y / RADIUS)
    depth = y / y.max() + 0.12 * rng.standard_normal((97, 89))[row % 97, column % 89]
    accent = rng.choice(4, (97, 89), p=(0.07, 0.07, 0.02, 0.84))[row % 97, column % 89]
    picture = _ringed(distance, depth, accent)
    grain, cloud = smooth_noise(rng, (7, 110)), smooth_noise(rng, 3)
    light = 1 + 0.07 * grain(x, y + 0.02 * cloud(x, y)) + 0.06 * cloud(y, x)
    return finish(picture * light[..., None], height, width)


def _nearest_wave(x, y):
    """The row and the column of the wave that lies on top, and the distance to its middle."""
    top = np.floor(2 * y).astype(int)  # rows are half a radius apart
    row, column = np.zeros_like(top), np.zeros_like(top)
    distance = np.full(x.shape, 2, np.float32)
    for step in range(-2, 4):  # from behind to the front
        candidate = top + step
        shift = (candidate % 2).astype(np.float32)  # every other row is moved by a radius
        place = np.round((x - shift) / 2).astype(int)
        away = np.hypot(x - shift - 2 * place, y - candidate / 2)
        covers = away < 1
        row[covers], column[covers] = candidate[covers], place[covers]
        distance[covers] = away[covers]
    return row, column, distance


def _ringed(distance, depth, accent):
    """Colours of the rings: sea and foam in turns, here and there a wave of another colour."""
    band = np.minimum((distance * RINGS).astype(int), RINGS - 1)
    picture = ramp(SEA, depth + 0.25 * (distance - 0.5))
    for number, code in enumerate(ACCENTS):
        chosen = (accent == number) & (band < RINGS - 1)
        picture[chosen] = colour(code) * (0.8 + 0.25 * distance[chosen, None])
    picture[band % 2 == 1] = colour(FOAM)
    picture[distance > 0.955] = colour(LINE)
    return picture
