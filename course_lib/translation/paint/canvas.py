"""What all style pictures are drawn on: coordinates, smooth noise, colours, shrinking.

Coordinates are in units of the picture's shorter side, so that one seed draws one picture at every
size.
"""

import cv2
import numpy as np
from scipy import ndimage

from course_lib import checks

FINER = 3  # drawn so many times larger per axis, then averaged: that smooths all edges
SMALLEST, LARGEST = 16, 2048  # px a side
LATTICE = 64  # values per axis of a noise, which repeats after them


def check_size(height, width, rng):
    """Check what every painter takes, and return the height and the width."""
    if not isinstance(rng, np.random.Generator):
        kind = type(rng).__name__
        raise TypeError(f"rng is a {kind}; wanted a generator: np.random.default_rng(0).")
    height = checks.number(height, "height", low=SMALLEST, high=LARGEST, integer=True)
    return height, checks.number(width, "width", low=SMALLEST, high=LARGEST, integer=True)


def coordinates(height, width):
    """Coordinates of the finer pixels' centres, x and y: two (FINER * H, FINER * W) arrays."""
    unit = FINER * min(height, width)
    y, x = np.indices((FINER * height, FINER * width), np.float32)
    return (x + 0.5) / unit, (y + 0.5) / unit


def smooth_noise(rng, cells):
    """Draw a smooth random function of x and y, about from -1 to 1, of so many bumps per unit.

    `cells` is one number, or two: along x and along y.
    """
    lattice = ndimage.spline_filter(rng.uniform(-1, 1, (LATTICE, LATTICE)), mode="grid-wrap")
    across, down = np.broadcast_to(cells, 2)

    def noise(x, y):
        places = np.stack([np.asarray(y) * down, np.asarray(x) * across])
        values = ndimage.map_coordinates(lattice, places, mode="grid-wrap", prefilter=False)
        return values.astype(np.float32)

    return noise


def colour(code):
    """A colour such as ``#1F3A68`` as three numbers in [0, 1]."""
    return np.array([int(code[n : n + 2], 16) for n in (1, 3, 5)], np.float32) / 255


def ramp(codes, t):
    """Mix colours along a line: t of 0 is the first one, t of 1 the last."""
    table = np.array([colour(code) for code in codes])
    places = np.clip(t, 0, 1) * (len(table) - 1)
    low = np.minimum(places.astype(int), len(table) - 2)
    part = (places - low)[..., None]
    return (table[low] * (1 - part) + table[low + 1] * part).astype(np.float32)


def finish(picture, height, width):
    """Average the finer pixels, and keep the picture in [0, 1]."""
    small = cv2.resize(picture.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 1)
