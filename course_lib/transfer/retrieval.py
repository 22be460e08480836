"""Search by vectors: the nearest ones, and how good the order is in which they come.

Taught in ``04_2_embedding_and_retrieval``.
"""

import numpy as np

from course_lib import checks

METRICS = ("cosine", "euclidean")


def similarity(queries, library):
    """Cosine of the angle between every query and every vector of a library.

    Parameters
    ----------
    queries : (Q, D) array
    library : (N, D) array

    Returns
    -------
    (Q, N) float64 ndarray
        -1 to 1; 0 where either vector is all zeros, which is like nothing.

    Raises
    ------
    ValueError
        If the widths differ, or a number is not finite.
    """
    queries, library = _pair(queries, library)
    return _unit(queries) @ _unit(library).T


def nearest(queries, library, count, *, metric="cosine"):
    """Find the nearest vectors of a library for each query.

    Parameters
    ----------
    queries : (Q, D) array
    library : (N, D) array
    count : int
        How many, 1 to N.
    metric : str
        ``"cosine"``: 1 - the cosine of the angle; or ``"euclidean"``.

    Returns
    -------
    indices : (Q, count) int64 ndarray
        Rows of the library, nearest first; of equally near ones the first row.
    distances : (Q, count) float64 ndarray

    Raises
    ------
    ValueError
        If the widths differ, a number is not finite, the library has fewer than `count` rows, or
        the metric is unknown.

    Notes
    -----
    The same as ``sklearn.neighbors.NearestNeighbors(algorithm="brute")``: every distance is
    computed. Taught in ``04_2_embedding_and_retrieval``.
    """
    queries, library = _pair(queries, library)
    if len(library) == 0:
        raise ValueError("library is empty; wanted at least one vector.")
    count = checks.number(count, "count", low=1, high=len(library), integer=True)
    distances = _distances(queries, library, checks.choice(metric, "metric", METRICS))
    indices = np.array([_smallest(row, count) for row in distances], np.int64).reshape(-1, count)
    return indices, np.take_along_axis(distances, indices, axis=1)


def average_precision(scores, relevant):
    """Mean of the precision at the rank of each relevant item, best score first.

    Parameters
    ----------
    scores : (N,) array
        One per item; larger means more like the query.
    relevant : (N,) bool array
        At least one is True.

    Returns
    -------
    float
        1 if all relevant items come first.

    Raises
    ------
    ValueError
        If the lengths differ, a score is not finite, or nothing is relevant.

    Notes
    -----
    Items of equal score share the precision at the last of them, so that luck does not count; as
    in ``sklearn.metrics.average_precision_score``. Taught in ``04_2_embedding_and_retrieval``.
    """
    scores = checks.array(scores, "scores", ndim=1, dtype=np.float64)
    relevant = checks.array(relevant, "relevant", shape=scores.shape, low=0, high=1) > 0
    if not relevant.any():
        raise ValueError("relevant has no True; wanted at least one item to be found.")
    order = np.argsort(-scores, kind="stable")
    scores, relevant = scores[order], relevant[order]
    precision = np.cumsum(relevant) / np.arange(1, len(scores) + 1)
    last_equal = np.searchsorted(-scores, -scores, side="right") - 1
    return float(precision[last_equal][relevant].mean())


def leave_one_out(vectors, labels, *, queries=None):
    """Let each picture search for the others of its label.

    Parameters
    ----------
    vectors : (N, D) array
        One picture each.
    labels : (N,) array
        Whole numbers, each at least twice.
    queries : (N, D) array, optional
        Other vectors of the same pictures to search with, such as taken in worse light.

    Returns
    -------
    (N,) float64 ndarray
        Average precision of each picture as the query; the picture itself is not in the library.
        Their mean is the **mean average precision**.

    Raises
    ------
    ValueError
        If the lengths differ, a number is not finite, or a label occurs only once.
    """
    vectors = checks.array(vectors, "vectors", ndim=2, dtype=np.float64)
    if len(vectors) == 0:
        raise ValueError(f"vectors has shape {vectors.shape}; wanted at least two pictures.")
    labels = checks.array(labels, "labels", shape=(len(vectors),), dtype=np.int64)
    kinds, counts = np.unique(labels, return_counts=True)
    if (counts < 2).any():
        alone = kinds[counts < 2][0]
        raise ValueError(f"labels has {alone} only once; wanted at least one other to be found.")
    if queries is not None:
        queries = checks.array(queries, "queries", shape=vectors.shape, dtype=np.float64)
    scores = similarity(vectors if queries is None else queries, vectors)
    others = ~np.eye(len(vectors), dtype=bool)
    pairs = zip(scores, labels, others, strict=True)
    return np.array([average_precision(s[o], labels[o] == label) for s, label, o in pairs])


def _pair(queries, library):
    """Queries (Q, D) and a library (N, D), float64."""
    library = checks.array(library, "library", ndim=2, dtype=np.float64)
    width = library.shape[1]
    return checks.array(queries, "queries", shape=(None, width), dtype=np.float64), library


def _unit(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _distances(queries, library, metric):
    """All distances, (Q, N)."""
    if metric == "cosine":
        return 1 - _unit(queries) @ _unit(library).T
    squares = (queries**2).sum(axis=1)[:, None] + (library**2).sum(axis=1)
    return np.sqrt(np.maximum(squares - 2 * queries @ library.T, 0))


def _smallest(row, count):
    """Where the smallest numbers are, in order; sorts only those that can be among them."""
    limit = np.partition(row, count - 1)[count - 1]
    candidates = np.flatnonzero(row <= limit)
    return candidates[np.argsort(row[candidates], kind="stable")][:count]
