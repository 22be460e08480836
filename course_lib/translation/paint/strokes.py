"""Brush strokes that flow along a field of whirls, laid on thick and lit from the side."""

import cv2
import numpy as np

from .canvas import FINER, check_size, finish, ramp, smooth_noise

NIGHT = ("#081437", "#10307A", "#1C58B0", "#3F8FD0", "#8CC8DC")
LIGHT = ("#3F8FD0", "#A9CFA0", "#F6D55C", "#FFB52E", "#FFF3C4")
LAYERS = ((1 / 26, 0.30, 900), (1 / 44, 0.20, 2200), (1 / 70, 0.13, 3600))
STEPS, BRISTLES = 14, 7  # points of a stroke, lines that make it up


def strokes(height, width, rng):
    """Paint a night sky of flowing brush strokes, which follow whirls around some lights.

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
    Strokes from broad to fine as Hertzmann lays them (1998, doi 10.1145/280814.280951), but along
    a field of our own instead of a photograph's gradients. Used in ``10_1_style_transfer``.
    """
    height, width = check_size(height, width, rng)
    extent = np.array([width, height]) / min(height, width)
    lights = _lights(rng, extent)
    drift = [smooth_noise(rng, cells) for cells in (2, 2, 5)]
    unit = FINER * min(height, width)
    picture = np.zeros((FINER * height, FINER * width, 3), np.float32)
    picture[:] = ramp(NIGHT, np.float32(0.3))
    for x0, y0, reach, _ in lights * unit:  # at its eye a whirl lays no strokes
        middle = round(float(x0)), round(float(y0))
        tone = tuple(ramp(LIGHT, np.float32(0.9)).tolist())
        cv2.circle(picture, middle, round(float(reach) / 3), tone, -1)
    relief = np.zeros(picture.shape[:2], np.float32)
    for breadth, length, count in LAYERS:
        starts = rng.uniform(-0.05, extent + 0.05, (int(count * np.prod(extent)), 2))
        paths = _streamlines(starts, length, lights, drift)
        colours = _sky(*paths[:, STEPS // 2].T, lights, drift, rng)
        _lay(picture, relief, paths * unit, colours, breadth * unit, rng)
    slope = cv2.GaussianBlur(relief, (0, 0), FINER * unit / 2500)
    slope = np.gradient(slope, axis=0) + np.gradient(slope, axis=1)
    light = 1 - 0.5 * np.clip(slope * unit / 260, -0.5, 0.5)
    return finish(picture * light[..., None], height, width)


def _lights(rng, extent):
    """Lights that the sky whirls around: x, y, reach, and the sense of rotation, (5, 4)."""
    spots = (0.27, 0.3), (0.78, 0.22), (0.6, 0.66), (0.14, 0.82), (0.93, 0.8)
    places = (np.array(spots) + rng.uniform(-0.05, 0.05, (5, 2))) * extent
    reach = np.array([0.2, 0.13, 0.17, 0.1, 0.11]) * rng.uniform(0.9, 1.15, 5)
    return np.column_stack([places, reach, [1, -1, -1, 1, 1]])


def _field(x, y, lights, drift):
    """Direction of the strokes: a drift to the right, and a whirl around each light."""
    u, v = 0.7 + 0.3 * drift[0](x, y), 0.8 * drift[1](x, y)
    for x0, y0, reach, sense in lights:
        across, down = (x - x0) / reach, (y - y0) / reach
        near = np.exp(-(across**2 + down**2) / 1.4**2)
        u = u * (1 - near) - 4.5 * sense * near * down  # a light stills the drift and turns it
        v = v * (1 - near) + 4.5 * sense * near * across
    size = np.hypot(u, v) + 1e-6
    return u / size, v / size


def _streamlines(starts, length, lights, drift):
    """Paths (N, STEPS, 2) along the field, by small steps from the starts."""
    here, paths = starts, [starts]
    for _ in range(STEPS - 1):
        u, v = _field(*here.T, lights, drift)
        here = here + length / STEPS * np.stack([u, v], axis=1)
        paths.append(here)
    return np.stack(paths, axis=1)


def _sky(x, y, lights, drift, rng):
    """Colours of the sky at some points, (N, 3): night, and warm rings around the lights."""
    mood = 0.42 + 0.3 * drift[2](x, y) + 0.16 * np.sin(14 * (y + 0.25 * drift[0](x, y)))
    mood = mood + rng.normal(0, 0.13, len(x))
    picture = ramp(NIGHT, mood)
    for x0, y0, reach, _ in lights:
        away = np.hypot(x - x0, y - y0) / reach
        warm = 1 - away + 0.12 * np.sin(11 * away) + rng.normal(0, 0.09, len(x))
        inside = warm > 0.08
        picture[inside] = ramp(LIGHT, warm * 1.25)[inside]
    return picture


def _lay(picture, relief, paths, colours, breadth, rng):
    """Draw strokes one over the other: each a bundle of bristles with shades of its colour."""
    along = np.gradient(paths, axis=1)
    aside = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    aside /= np.linalg.norm(aside, axis=-1, keepdims=True) + 1e-6
    taper = np.sin(np.linspace(0.25, np.pi - 0.1, STEPS))[:, None] ** 0.5
    thick = max(1, round(1.25 * breadth / BRISTLES))
    for path, across, paint in zip(paths, aside, colours, strict=True):
        shades = 1 + rng.normal(0, 0.11, BRISTLES)
        heights = rng.uniform(0.3, 1, BRISTLES)
        for n in rng.permutation(BRISTLES):
            offset = (n / (BRISTLES - 1) - 0.5) * breadth * taper
            points = np.round((path + across * offset) * 8).astype(np.int32)[:, None]
            tone = tuple(float(value) for value in np.clip(paint * shades[n], 0, 1))
            cv2.polylines(picture, [points], False, tone, thick, shift=3)
            cv2.polylines(relief, [points], False, float(heights[n]), thick, shift=3)
