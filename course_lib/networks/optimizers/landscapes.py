"""Losses of two parameters, with their gradients, to walk down where one can watch.

Taught in ``02_2_gradient_descent``. Places are ``(..., 2)``: any number of them at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib import checks

FAR = 1e6  # a walk that got this far has run away


@dataclass(frozen=True)
class Landscape:
    """A loss of two parameters.

    Parameters
    ----------
    name : str
    height : callable
        Takes places (..., 2), returns the loss there, (...).
    gradient : callable
        Takes places (..., 2), returns the slope along both parameters, (..., 2).
    limits : (x0, x1, y0, y1)
        The part worth drawing.
    start : (x, y)
        Where to begin a walk that shows what is special here.
    minima : tuple of (x, y)
        The deepest places.
    """

    name: str
    height: Callable
    gradient: Callable
    limits: tuple
    start: tuple
    minima: tuple


def ravine(steepness=40.0):
    """A long valley: `steepness` times more curved across than along it.

    Parameters
    ----------
    steepness : float
        At least 1, which is a round bowl.

    Returns
    -------
    Landscape
        Height ``0.05 (x**2 + steepness * y**2)``, whose curvatures are 0.1 and 0.1 * steepness.
    """
    scales = 0.05 * np.array([1.0, checks.number(steepness, "steepness", low=1)])
    return Landscape(
        "ravine",
        height=lambda w: _places(w) ** 2 @ scales,
        gradient=lambda w: 2 * scales * _places(w),
        limits=(-10, 4, -4, 4),
        start=(-9.0, 2.5),
        minima=((0.0, 0.0),),
    )


def saddle():
    """A pass between two valleys: uphill to the left and right, downhill ahead and behind.

    Returns
    -------
    Landscape
        Height ``x**2 / 4 - y**2 / 4 + y**4 / 8``: slope 0 at (0, 0), deepest at (0, 1), (0, -1).
    """
    return Landscape(
        "saddle",
        height=lambda w: (lambda x, y: x**2 / 4 - y**2 / 4 + y**4 / 8)(*_split(w)),
        gradient=lambda w: (lambda x, y: np.stack([x / 2, (y**3 - y) / 2], axis=-1))(*_split(w)),
        limits=(-2, 2, -1.5, 1.5),
        start=(-1.6, 1e-4),
        minima=((0.0, 1.0), (0.0, -1.0)),
    )


def plateau():
    """A hole in a plain that is almost flat.

    Returns
    -------
    Landscape
        Height ``1 - exp(-(x**2 + y**2) / 2)``.
    """

    def bell(w):
        return np.exp(-(_places(w) ** 2).sum(axis=-1) / 2)

    return Landscape(
        "plateau",
        height=lambda w: 1 - bell(w),
        gradient=lambda w: _places(w) * bell(w)[..., None],
        limits=(-4, 2.5, -2.5, 4),
        start=(-2.6, 2.6),
        minima=((0.0, 0.0),),
    )


def many_minima():
    """A bowl full of holes, the deepest in the middle.

    Returns
    -------
    Landscape
        Height ``0.1 r**2 + 0.4 (2 - cos(2 x) - cos(2 y))``, with r the distance from (0, 0).

    Notes
    -----
    A gentler form of Rastrigin's function.
    """
    return Landscape(
        "many minima",
        height=lambda w: (0.1 * _places(w) ** 2 + 0.4 - 0.4 * np.cos(2 * _places(w))).sum(axis=-1),
        gradient=lambda w: 0.2 * _places(w) + 0.8 * np.sin(2 * _places(w)),
        limits=(-5, 5, -5, 5),
        start=(-4.6, 3.7),
        minima=((0.0, 0.0),),
    )


def walk(gradient, optimizer, start, steps):
    """Let an optimizer walk down a landscape.

    Parameters
    ----------
    gradient : callable
        Takes places (..., 2), returns slopes of the same shape.
    optimizer : Optimizer
        A new one: it remembers its past.
    start : (..., 2) array_like
        One place, or many that walk at once without feeling each other.
    steps : int
        At least 1.

    Returns
    -------
    (steps + 1, ..., 2) float64 ndarray
        All places, the start first. Shorter where a coordinate got further than `FAR`.

    Raises
    ------
    ValueError
        If the optimizer has been used, `start` is empty, or its last axis is not 2.
    """
    steps = checks.number(steps, "steps", low=1, integer=True)
    if optimizer.iterations:
        raise ValueError(f"optimizer has taken {optimizer.iterations} steps; wanted a new one.")
    place = _places(start).copy()
    if place.size == 0:
        raise ValueError(f"start has shape {place.shape}; wanted at least one place.")
    trail = [place.copy()]
    while len(trail) <= steps and np.abs(place).max() <= FAR:
        optimizer.step([place], [gradient(place)])
        trail.append(place.copy())
    return np.array(trail)


def _places(w):
    """Places as floats, (..., 2)."""
    w = checks.array(w, "places", dtype=np.float64)
    if w.ndim == 0 or w.shape[-1] != 2:
        raise ValueError(f"places has shape {w.shape}; wanted (..., 2).")
    return w


def _split(w):
    """The two coordinates of places."""
    w = _places(w)
    return w[..., 0], w[..., 1]
