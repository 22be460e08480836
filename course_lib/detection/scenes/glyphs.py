"""Emoji as objects: read once, kept in several sizes, laid down at any size and angle."""

import functools

import cv2
import numpy as np

from course_lib import checks, fetch

# Name of a class -> its code point, which names the file (Twemoji, CC BY 4.0).
CODES = {
    "cat": "1f431",
    "dog": "1f436",
    "car": "1f697",
    "bicycle": "1f6b2",
    "pizza": "1f355",
    "apple": "1f34e",
    "onigiri": "1f359",
    "ball": "26bd",
}
NAMES = tuple(CODES)
FAR = 4096  # px: largest emoji, and how far from the origin its middle may lie
SHRUNK = (72, 54, 40, 30, 22, 16)  # sides of the stored sizes: less is lost than by one big step


def glyph(name):
    """Load the emoji of a class in several sizes, the largest first.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    tuple of (s, s, 4) float32 ndarray
        RGBA in [0, 1], the colours already multiplied by the opacity; read-only.

    Raises
    ------
    ValueError
        If there is no such class; near ones are named.
    """
    return _read(checks.choice(name, "class", NAMES))


@functools.cache
def _read(name):
    """The emoji of a class, once."""
    path = fetch.fetch("twemoji") / f"{CODES[name]}.png"
    return shrink(cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA))


def shrink(rgba):
    """Prepare a picture with transparency for `lay`: premultiplied, in several sizes.

    Parameters
    ----------
    rgba : (s, s, 4) uint8 array
        Red, green, blue and opacity, 0 to 255.

    Returns
    -------
    tuple of (s, s, 4) float32 ndarray
        The largest first, colours multiplied by the opacity, in [0, 1]; read-only.

    Raises
    ------
    ValueError
        If it is not square, or not RGBA.
    """
    rgba = checks.array(rgba, "rgba", shape=(None, None, 4), low=0, high=255, dtype=np.uint8)
    side = len(rgba)
    if side == 0 or side != rgba.shape[1]:
        raise ValueError(f"rgba has shape {rgba.shape}; wanted a square picture (s, s, 4).")
    full = rgba.astype(np.float32) / 255
    full[..., :3] *= full[..., 3:]
    sides = [side] + [small for small in SHRUNK if small < side]
    levels = tuple(cv2.resize(full, (s, s), interpolation=cv2.INTER_AREA) for s in sides)
    for level in levels:
        level.setflags(write=False)
    return levels


def lay(levels, centre, side, angle):
    """Turn and scale an emoji onto the pixel grid.

    Parameters
    ----------
    levels : tuple of (s, s, 4) float32 ndarray
        From `glyph` or `shrink`.
    centre : (x, y)
        Where its middle comes to lie, in pixels of the scene, y down.
    side : float
        Side of its square in pixels of the scene.
    angle : float
        Turn in degrees, clockwise as seen.

    Returns
    -------
    patch : (h, w, 4) float32 ndarray
        Premultiplied RGBA in [0, 1] that holds all of the emoji.
    corner : (x, y) of int
        Where in the scene the patch's upper left pixel belongs; may lie outside.

    Raises
    ------
    TypeError, ValueError
        If a number is none or out of range.
    """
    centre = checks.array(centre, "centre", shape=(2,), low=-FAR, high=FAR)
    side, angle = checks.number(side, "side", low=1, high=FAR), checks.number(angle, "angle")
    if not isinstance(levels, tuple) or not levels:
        raise TypeError(f"levels is {levels!r}; wanted what glyph or shrink returns.")
    level = next((one for one in reversed(levels) if len(one) >= side), levels[0])
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    reach = side / 2 * (abs(cos) + abs(sin)) + 1
    left, top = int(np.floor(centre[0] - reach)), int(np.floor(centre[1] - reach))
    width = int(np.ceil(centre[0] + reach)) - left
    height = int(np.ceil(centre[1] + reach)) - top
    # Middles of pixels lie at halves: scene -> around the centre -> turned back -> emoji.
    back = np.array([[cos, sin, 0], [-sin, cos, 0]]) * (len(level) / side)
    start = np.array([left + 0.5, top + 0.5]) - centre
    back[:, 2] = back[:, :2] @ start + len(level) / 2 - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(level, back, (width, height), flags=flags), (left, top)
