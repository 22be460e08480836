"""Maps of many vectors on a plane: principal components, and places for thumbnails.

Taught in ``04_2_embedding_and_retrieval``.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks


@dataclass(frozen=True)
class Principal:
    """The directions in which vectors differ most.

    Attributes
    ----------
    mean : (D,) float64 ndarray
    axes : (k, D) float64 ndarray
        Perpendicular, of length 1; the largest number of each by size is positive.
    variances : (k,) float64 ndarray
        Along each axis, largest first.
    shares : (k,) float64 ndarray
        Of the variance along all axes; the sum is at most 1.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    shares: np.ndarray

    def project(self, vectors):
        """Coordinates along the axes, (n, k) float64, of vectors (n, D)."""
        vectors = checks.array(vectors, "vectors", shape=(None, len(self.mean)), dtype=np.float64)
        return (vectors - self.mean) @ self.axes.T

    def restore(self, coordinates):
        """Vectors (n, D) float64 of these coordinates (n, k), as near as k axes allow."""
        shape = (None, len(self.axes))
        return checks.array(coordinates, "coordinates", shape=shape) @ self.axes + self.mean


def pca(vectors, count):
    """Find the perpendicular directions along which vectors vary most.

    Parameters
    ----------
    vectors : (n, D) array
        At least two.
    count : int
        Number of axes, at most the smaller of n and D.

    Returns
    -------
    Principal

    Raises
    ------
    ValueError
        If there are fewer than two vectors, too many axes are wanted, or a number is not finite.

    Notes
    -----
    By the singular value decomposition of the centred vectors, as ``sklearn.decomposition.PCA``;
    also the signs are as there. Taught in ``04_2_embedding_and_retrieval``.
    """
    vectors = checks.array(vectors, "vectors", ndim=2, dtype=np.float64)
    if len(vectors) < 2 or vectors.shape[1] == 0:
        raise ValueError(f"vectors has shape {vectors.shape}; wanted two or more, not empty.")
    count = checks.number(count, "count", low=1, high=min(vectors.shape), integer=True)
    mean = vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    axes = axes * np.where(largest < 0, -1, 1)  # an axis may point either way: choose one
    variances = sizes**2 / (len(vectors) - 1)
    shares = variances / (variances.sum() or 1)
    return Principal(mean, axes[:count], variances[:count], shares[:count])


def spread(points, gap):
    """Choose points that are not too near each other, in the order in which they come.

    Parameters
    ----------
    points : (n, 2) array
    gap : float
        Smallest distance, across or up, as a share of the whole map's extent that way; 0 to 1.

    Returns
    -------
    (m,) int64 ndarray
        Indices of the chosen ones; the others would be covered by their thumbnails.

    Raises
    ------
    ValueError
        If the points are not ``(n, 2)`` and finite, or `gap` is out of range.
    """
    points = checks.array(points, "points", shape=(None, 2), dtype=np.float64)
    gap = checks.number(gap, "gap", low=0, high=1)
    if len(points) == 0:
        return np.zeros(0, np.int64)
    extent = np.ptp(points, axis=0)
    points = points / np.where(extent > 0, extent, 1)
    chosen = []
    for index, point in enumerate(points):
        if not chosen or (np.abs(points[chosen] - point).max(axis=1) >= gap).all():
            chosen.append(index)
    return np.array(chosen, np.int64)
