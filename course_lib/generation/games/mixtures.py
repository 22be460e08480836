"""Data to imitate: clouds of points whose modes can be counted.

Taught in ``09_1_adversarial_game``. Sources: Metz et al., Unrolled generative adversarial networks,
ICLR 2017, arXiv:1611.02163 (the ring); Srivastava et al., VEEGAN, NeurIPS 2017, arXiv:1705.07761
(modes found, and samples of good quality: within three standard deviations of a mode).
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks


@dataclass(frozen=True, eq=False)
class Mixture:
    """Round Gaussian clouds of one size, each as likely as the others.

    Parameters
    ----------
    centres : (K, D) array_like
        Where the clouds are: the modes of the density, if they are well apart.
    width : float
        Standard deviation of each along each axis, above 0.
    """

    centres: np.ndarray
    width: float

    def __post_init__(self):
        object.__setattr__(self, "centres", _points(self.centres, "centres"))
        width = checks.number(self.width, "width", low=0)
        if width == 0:
            raise ValueError("width is 0; wanted clouds of some size.")

    @property
    def dimensions(self):
        """How many numbers a sample has."""
        return self.centres.shape[1]

    def sample(self, count, rng):
        """Draw samples, (count, D) float32."""
        chosen = draw(rng).integers(0, len(self.centres), _count(count))
        noise = rng.standard_normal((count, self.dimensions))
        return (self.centres[chosen] + self.width * noise).astype(np.float32)

    def density(self, points):
        """Probability density at points (N, D): (N,) float64."""
        points = _points(points, "points", self.dimensions)
        squares = ((points[:, None] - self.centres) ** 2).sum(axis=-1)  # (N, K)
        scale = (2 * np.pi * self.width**2) ** (self.dimensions / 2)
        return np.exp(-squares / (2 * self.width**2)).mean(axis=1) / scale


@dataclass(frozen=True, eq=False)
class Points:
    """A list of samples to draw from with repetition, such as the colours of a photo.

    Parameters
    ----------
    points : (N, D) array_like
    """

    points: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "points", _points(self.points, "points"))

    @property
    def dimensions(self):
        """How many numbers a sample has."""
        return self.points.shape[1]

    def sample(self, count, rng):
        """Draw samples, (count, D) float32."""
        chosen = draw(rng).integers(0, len(self.points), _count(count))
        return self.points[chosen].astype(np.float32)


def line(*centres, width=0.4):
    """Clouds on a line.

    Parameters
    ----------
    *centres : float
        1 where none is given.
    width : float

    Returns
    -------
    Mixture
        Of one dimension.
    """
    places = [checks.number(centre, "a centre") for centre in centres or (1.0,)]
    return Mixture(np.array(places)[:, None], width)


def ring(modes=8, *, radius=4.0, width=0.2):
    """Clouds around a circle.

    Parameters
    ----------
    modes : int
        1 or more.
    radius : float
        Of the circle around 0 on which their centres are.
    width : float
        Standard deviation of each cloud.

    Returns
    -------
    Mixture
        Of two dimensions; the first cloud is on the right, the next ones counter-clockwise.
    """
    modes = checks.number(modes, "modes", low=1, integer=True)
    angles = 2 * np.pi * np.arange(modes) / modes
    radius = checks.number(radius, "radius", low=0)
    return Mixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), width)


@dataclass(frozen=True, eq=False)
class Modes:
    """Which modes some samples found.

    Attributes
    ----------
    counts : (K,) int64 ndarray
        Samples near each mode.
    found : int
        Modes with enough samples.
    good : float
        Share of samples that are near some mode.
    """

    counts: np.ndarray
    found: int
    good: float


def modes_found(samples, mixture, *, within=3.0, least=0.01):
    """Count the modes that a generator found.

    Parameters
    ----------
    samples : (N, D) array_like
    mixture : Mixture
    within : float
        A sample belongs to its nearest mode if it is within so many widths of it.
    least : float
        A mode is found if at least this share of all samples belongs to it, and at least one.

    Returns
    -------
    Modes

    Raises
    ------
    TypeError, ValueError
        If there is no sample, one is not finite, D is not the mixture's, or that has no modes.

    Notes
    -----
    In two dimensions 99 % of the real samples are within three widths. Srivastava et al. (2017)
    call a mode found from its first sample on; a share does not depend on how many are drawn.
    """
    if not isinstance(mixture, Mixture):
        raise TypeError(f"mixture is {_kind(mixture)}; wanted a Mixture such as games.ring().")
    samples = _points(samples, "samples", mixture.dimensions)
    within = checks.number(within, "within", low=0)
    least = checks.number(least, "least", low=0, high=1)
    distances = np.linalg.norm(samples[:, None] - mixture.centres, axis=-1)  # (N, K)
    near = distances.min(axis=1) <= within * mixture.width
    counts = np.bincount(distances.argmin(axis=1)[near], minlength=len(mixture.centres))
    found = int((counts >= max(1, least * len(samples))).sum())
    return Modes(counts, found, float(near.mean()))


def draw(rng):
    """The generator of chance itself, or a TypeError that says how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {_kind(rng)}; wanted a generator: np.random.default_rng(0).")
    return rng


def _count(value):
    return checks.number(value, "count", low=0, integer=True)


def _kind(value):
    return f"of type {type(value).__name__}"


def _points(values, name, dimensions=None):
    """Points as rows, at least one."""
    points = checks.array(values, name, dtype=np.float64)
    if points.ndim != 2 or dimensions not in (None, points.shape[1]):
        rows = f"(N, {dimensions or 'D'}), a row for each point"
        raise ValueError(f"{name} has shape {points.shape}; wanted {rows}.")
    if points.size == 0:
        raise ValueError(f"{name} has shape {points.shape}; wanted at least one point.")
    return points
