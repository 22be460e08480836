"""How good, and how varied, are generated pictures? Distances between clouds of features.

Sources: Heusel et al., NeurIPS 2017, arXiv:1706.08500 (Frechet distance); Kynkaanniemi et al.,
NeurIPS 2019, arXiv:1904.06991 (precision and recall). Taught in ``09_2_dcgan``.
"""

import numpy as np

from course_lib import checks


def frechet_gaussians(mean_a, covariance_a, mean_b, covariance_b):
    """Frechet distance of two Gaussian distributions, squared as everybody reports it.

    Parameters
    ----------
    mean_a, mean_b : (D,) array_like
    covariance_a, covariance_b : (D, D) array_like
        Symmetric, without negative eigenvalues; they may be singular.

    Returns
    -------
    float
        ``|mean_a - mean_b|**2 + trace(A + B - 2 (A B)**(1/2))``, never negative; 0 where both are
        the same.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or a covariance is not one.

    Notes
    -----
    ``A B`` is not symmetric, and a general square root of it loses digits where A is singular. The
    trace is also that of ``(A**(1/2) B A**(1/2))**(1/2)``, which is symmetric. Source: Dowson and
    Landau, 1982, doi 10.1016/0047-259X(82)90077-X.
    """
    mean_a = checks.array(mean_a, "mean_a", ndim=1).astype(float)
    size = len(mean_a)
    mean_b = checks.array(mean_b, "mean_b", shape=(size,)).astype(float)
    a = _covariance(covariance_a, "covariance_a", size)
    b = _covariance(covariance_b, "covariance_b", size)
    values, vectors = np.linalg.eigh(a)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    common = np.sqrt(np.linalg.eigvalsh(root @ b @ root).clip(0)).sum()
    spread = np.trace(a) + np.trace(b) - 2 * common
    return float(((mean_a - mean_b) ** 2).sum() + max(spread, 0.0))


def _covariance(value, name, size):
    value = checks.array(value, name, shape=(size, size)).astype(float)
    tolerance = 1e-6 * max(np.abs(value).max(initial=0), 1e-12)
    if np.abs(value - value.T).max(initial=0) > tolerance:
        raise ValueError(f"{name} is not symmetric; wanted a covariance.")
    if size and np.linalg.eigvalsh(value)[0] < -size * tolerance:
        raise ValueError(f"{name} has negative eigenvalues; wanted a covariance.")
    return (value + value.T) / 2


def frechet_distance(features_a, features_b):
    """Frechet distance of two sets of features, each taken for a Gaussian cloud.

    Parameters
    ----------
    features_a : (N, D) array_like
        One row per picture.
    features_b : (M, D) array_like

    Returns
    -------
    float
        As `frechet_gaussians`. It depends on the network that the features come from, and falls
        with N and M: compare only distances of equally many pictures.

    Raises
    ------
    ValueError
        If there are fewer than two rows, the widths differ, or a number is not finite.
    """
    a, b = _pair(features_a, features_b, "features_a", "features_b")
    clouds = [(x.mean(axis=0), np.cov(x, rowvar=False).reshape(x.shape[1], -1)) for x in (a, b)]
    return frechet_gaussians(*clouds[0], *clouds[1])


def precision_recall(real, generated, *, neighbours=3):
    """Which share of the generated is realistic, and which share of the real could be generated.

    Parameters
    ----------
    real : (N, D) array_like
        Features of real pictures; equally many of both make the numbers comparable.
    generated : (M, D) array_like
    neighbours : int
        The ball around each picture reaches to this neighbour of its own kind.

    Returns
    -------
    precision : float
        The share of generated pictures that lie in the ball of a real one.
    recall : float
        The share of real pictures that lie in the ball of a generated one.

    Raises
    ------
    ValueError
        If the widths differ, a number is not finite, or there are not more rows than neighbours.
    """
    real, generated = _pair(real, generated, "real", "generated")
    fewest = min(len(real), len(generated)) - 1
    neighbours = checks.number(neighbours, "neighbours", low=1, high=fewest, integer=True)
    between = _squared_distances(real, generated)  # (N, M)
    inside_real = between <= _radii(real, neighbours)[:, None]
    inside_generated = between <= _radii(generated, neighbours)[None, :]
    return float(inside_real.any(axis=0).mean()), float(inside_generated.any(axis=1).mean())


def _radii(features, neighbours):
    """The squared distance of each row to its n-th neighbour, itself not counted."""
    within = _squared_distances(features, features)
    np.fill_diagonal(within, np.inf)
    return np.partition(within, neighbours - 1, axis=1)[:, neighbours - 1]


def nearest(queries, collection, *, count=1, batch=500):
    """Find the nearest of a collection to each query, by Euclidean distance.

    Parameters
    ----------
    queries : (N, ...) array_like
        Pictures or features.
    collection : (M, ...) array_like
        Of the same shape per item.
    count : int
        How many to find for each.
    batch : int
        Queries at a time: the memory is ``batch * M`` numbers.

    Returns
    -------
    places : (N, count) int64 ndarray
        In the collection, nearest first.
    distances : (N, count) float64 ndarray

    Raises
    ------
    ValueError
        If the items' shapes differ, a number is not finite, or the collection is too small.
    """
    queries, collection = (
        checks.array(x, name) for x, name in ((queries, "queries"), (collection, "collection"))
    )
    if min(queries.ndim, collection.ndim) < 2:
        raise ValueError("queries or collection is a single item or a number; wanted (N, ...).")
    if queries.shape[1:] != collection.shape[1:]:
        shapes = f"{queries.shape[1:]} and {collection.shape[1:]}"
        raise ValueError(f"queries and collection hold items of shapes {shapes}; wanted the same.")
    size = int(np.prod(queries.shape[1:]))
    queries, collection = (x.reshape(len(x), size) for x in (queries, collection))
    batch = checks.number(batch, "batch", low=1, integer=True)
    count = checks.number(count, "count", low=1, high=len(collection), integer=True)
    places, distances = [], []
    for start in range(0, len(queries), batch):
        squared = _squared_distances(queries[start : start + batch], collection)
        best = np.argpartition(squared, count - 1, axis=1)[:, :count]
        squared = np.take_along_axis(squared, best, axis=1)
        order = np.argsort(squared, axis=1, kind="stable")
        places.append(np.take_along_axis(best, order, axis=1))
        distances.append(np.sqrt(np.take_along_axis(squared, order, axis=1)))
    empty = np.zeros((0, count))
    return np.concatenate([empty.astype(np.int64), *places]), np.concatenate([empty, *distances])


def _squared_distances(a, b):
    """Of every pair of rows, (N, M), never negative: one matrix product instead of a loop."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return squared.clip(0, None, out=squared)


def _pair(a, b, name_a, name_b):
    """Two sets of features of one width, of at least two rows each."""
    a = checks.array(a, name_a, ndim=2).astype(float)
    b = checks.array(b, name_b, shape=(None, a.shape[1])).astype(float)
    for x, name in ((a, name_a), (b, name_b)):
        if len(x) < 2 or x.shape[1] == 0:
            raise ValueError(f"{name} has shape {x.shape}; wanted at least two rows of features.")
    return a, b
