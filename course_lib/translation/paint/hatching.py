"""Hills under a sun, hatched with a pen over a thin wash of colour."""

import numpy as np

from .canvas import check_size, colour, coordinates, finish, ramp, smooth_noise

PAPER, INK, SUN = "#F7EED9", "#1B1B2E", "#E2572B"
SKY = ("#F7B866", "#F5DDA8", "#B5D9D4", "#5FA5B8")  # from the ridge up
HILLS = ("#94BFC0", "#D9C25E", "#7FAE55", "#E0863A", "#3F7F72")  # from far to near
RIDGES, SWINGS = (0.36, 0.45, 0.57, 0.71, 0.86), (0.07, 0.09, 0.09, 0.09, 0.08)
SPACING = 1 / 64  # from line to line, in units of the shorter side
SUN_SIZE, SUN_NUMBER, OUTLINE = 0.12, 6, 0.0045


def hatching(height, width, rng):
    """Paint hills under a red sun in ink hatching, each layer of lines crossing those before it.

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
    The darker a place, the more layers of lines cross it, as in Winkenbach and Salesin (1994, doi
    10.1145/192161.192184). Used in ``10_1_style_transfer``.
    """
    height, width = check_size(height, width, rng)
    scene = _Scene(rng, height, width)
    x, y = coordinates(height, width)
    what, below, light = scene.look(x, y)
    paper = _wash(what, below, light, x, y, rng)
    ink = np.zeros(x.shape, bool)
    for phase, thickness in _layers(scene, what, below, 1 - light, x, y):
        wobble = 0.35 * smooth_noise(rng, 7)(x, y) + 0.06 * smooth_noise(rng, 60)(x, y)
        pressure = 0.16 * smooth_noise(rng, 14)(x, y) + 0.1 * smooth_noise(rng, 50)(x, y)
        place = phase / SPACING + wobble
        ink |= np.abs(place - np.round(place)) < (thickness + pressure) / 2
    ink |= (what > 0) & (below < OUTLINE)
    ink[what == SUN_NUMBER] = False
    return finish(np.where(ink[..., None], colour(INK), paper), height, width)


class _Scene:
    """What stands where: 0 is the sky, 1 to 5 the hills from far to near, 6 the sun."""

    def __init__(self, rng, height, width):
        self.extent = np.array([width, height]) / min(height, width)
        self.bumps = [smooth_noise(rng, 2.2 + 0.3 * n) for n in range(len(RIDGES))]
        self.texture = smooth_noise(rng, 9)
        self.sun = self.extent * (rng.uniform(0.25, 0.75), 0.2)

    def ridge(self, number, x):
        """Height y of a hill's outline at some x."""
        swing = SWINGS[number] * self.bumps[number](x, np.zeros_like(x))
        return (RIDGES[number] + swing) * self.extent[1]

    def look(self, x, y):
        """What is there, how far below its ridge (above for the sky), and how light: 0 to 1."""
        what, light = np.zeros(x.shape, int), 0.78 + 0.2 * self.texture(x, y)
        first = self.ridge(0, x)
        below = (first - y) / first
        for number in range(len(RIDGES)):
            ridge = self.ridge(number, x)
            slope = (self.ridge(number, x + 0.01) - ridge) / 0.01
            inside = y > ridge
            depth = (y - ridge) / self.extent[1]
            shade = 0.92 - 4.2 * depth + 0.55 * slope * np.tanh(8 * (self.sun[0] - x))
            what[inside], below[inside] = number + 1, depth[inside]
            light[inside] = (shade + 0.2 * self.texture(x, y))[inside].clip(0.12, 1)
        away = np.hypot(x - self.sun[0], y - self.sun[1])
        disc = (away < SUN_SIZE) & (what == 0)
        what[disc], light[disc] = SUN_NUMBER, 1.2
        light[(what == 0) & (away < 1.35 * SUN_SIZE)] = 1.2  # a halo without lines
        return what, below, light


def _wash(what, below, light, x, y, rng):
    """Thin colour on paper, which pools here and there."""
    picture = ramp(SKY, below)
    for number, code in enumerate(HILLS):
        picture[what == number + 1] = colour(code)
    picture[what == SUN_NUMBER] = colour(SUN)
    pool = 0.74 + 0.3 * smooth_noise(rng, 4)(x, y) + 0.08 * smooth_noise(rng, 30)(x, y)
    pool = np.where(
        what == SUN_NUMBER, 0.93, pool * np.where(what > 0, 1.2 - 0.35 * light, 1)
    ).clip(0, 1)
    fibre = 1 + 0.03 * smooth_noise(rng, 200)(x, y)
    paper = colour(PAPER) * fibre[..., None]
    return paper * (1 - pool[..., None] * (1 - picture))  # a glaze lets the paper through


def _layers(scene, what, below, dark, x, y):
    """Sets of lines, each as a phase that grows by SPACING from line to line, and their thickness.

    The darker a place, the thicker its lines, and the more sets cross there.
    """
    hill, depth = (what > 0) & (what < SUN_NUMBER), np.where(what > 0, below, 0)
    lean = np.where(what % 2, 1, -1)
    down = 0.75 * x - 0.75 * lean * (y + 1.5 * depth**2)
    rings = np.hypot(x - scene.sun[0], y - scene.sun[1])
    yield np.where(hill, down, rings), np.where(hill, 0.16 + 0.5 * dark, 0.08 + 0.62 * dark)
    contour = np.where(hill, depth * scene.extent[1], y)
    yield 0.9 * contour, np.where(hill, 0.95 * dark - 0.28, -1)
    yield x + lean * 0.8 * y, np.where(hill, 0.9 * dark - 0.42, -1)
