"""Vectors of one length from any number of descriptors: bag of words, VLAD, Fisher vector.

Pictures have different numbers of keypoints; these vectors let them be compared all the same.
Taught in ``04_2_embedding_and_retrieval``.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from course_lib import checks


@dataclass(frozen=True)
class Mixture:
    """A mixture of Gaussians whose axes are independent: a soft vocabulary of K words.

    Attributes
    ----------
    weights : (K,) float64 ndarray
        Share of the descriptors that each word explains; they sum to 1.
    means, variances : (K, D) float64 ndarray
        Of each word along each axis; variances above 0.
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    def __post_init__(self):
        above = {"dtype": np.float64, "low": np.finfo(np.float64).tiny}  # they are divided by
        checks.array(self.weights, "weights", shape=np.shape(self.means)[:1], **above)
        checks.array(self.variances, "variances", shape=np.shape(self.means), **above)


def vocabulary(descriptors, words, *, seed=0):
    """Cluster descriptors; the centre of each cluster is a visual word.

    Parameters
    ----------
    descriptors : (n, D) array
        Of many pictures together.
    words : int
        Number of clusters, at most n.
    seed : int

    Returns
    -------
    (words, D) float64 ndarray

    Raises
    ------
    ValueError
        If there are fewer descriptors than words, or not finite ones.

    Notes
    -----
    ``sklearn.cluster.MiniBatchKMeans`` does it. Source: Sivic and Zisserman, ICCV 2003.
    """
    from sklearn.cluster import MiniBatchKMeans

    descriptors = _enough(descriptors, words, "words")
    means = MiniBatchKMeans(words, batch_size=4096, n_init=3, random_state=seed)
    return means.fit(descriptors).cluster_centers_.astype(np.float64)


def mixture(descriptors, words, *, seed=0, rounds=30):
    """Fit a mixture of Gaussians to descriptors: words with a place, a width and a weight.

    Parameters
    ----------
    descriptors : (n, D) array
        Of many pictures together; fewer, uncorrelated axes (PCA) suit it best.
    words : int
        Number of Gaussians, at most n.
    seed : int
    rounds : int
        Largest number of rounds of expectation and maximisation.

    Returns
    -------
    Mixture

    Raises
    ------
    ValueError
        As `vocabulary`.

    Notes
    -----
    ``sklearn.mixture.GaussianMixture`` does it. It stops after `rounds`, settled or not.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    descriptors = _enough(descriptors, words, "words")
    rounds = checks.number(rounds, "rounds", low=1, integer=True)
    settings = {"covariance_type": "diag", "max_iter": rounds, "init_params": "k-means++"}
    model = GaussianMixture(words, reg_covar=1e-5, random_state=seed, **settings)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        model.fit(descriptors.astype(np.float64))
    return Mixture(model.weights_, model.means_, model.covariances_)


def assign(descriptors, centres):
    """Give each descriptor the number of its nearest word.

    Parameters
    ----------
    descriptors : (n, D) array
    centres : (K, D) array

    Returns
    -------
    (n,) int64 ndarray
        0 to K - 1; of equally near words the first.

    Raises
    ------
    ValueError
        If the widths differ, there is no word, or a number is not finite.
    """
    descriptors, centres = _pair(descriptors, centres, "centres")
    # |x - c|^2 = |x|^2 - 2 x.c + |c|^2, and |x|^2 is the same for all words.
    return np.argmin((centres**2).sum(axis=1) - 2 * descriptors @ centres.T, axis=1)


def bag_of_words(descriptors, centres):
    """Count how often each word occurs in a picture.

    Parameters
    ----------
    descriptors : (n, D) array
        Of one picture.
    centres : (K, D) array

    Returns
    -------
    (K,) float64 ndarray
        Shares that sum to 1; all 0 for a picture without descriptors.

    Raises
    ------
    ValueError
        As `assign`.

    Notes
    -----
    Source: Sivic and Zisserman, ICCV 2003. Taught in ``04_2_embedding_and_retrieval``.
    """
    counts = np.bincount(assign(descriptors, centres), minlength=len(centres))
    return counts / max(counts.sum(), 1)


def vlad(descriptors, centres):
    """Add up, for each word, the arrows from the word to its descriptors.

    Parameters
    ----------
    descriptors : (n, D) array
        Of one picture.
    centres : (K, D) array

    Returns
    -------
    (K * D,) float64 ndarray
        Word by word, as it is: see `normalise`. All 0 for a picture without descriptors.

    Raises
    ------
    ValueError
        As `assign`.

    Notes
    -----
    Source: Jégou, Douze, Schmid and Pérez, CVPR 2010. Taught in ``04_2_embedding_and_retrieval``.
    """
    descriptors, centres = _pair(descriptors, centres, "centres")
    nearest = assign(descriptors, centres)
    order = np.argsort(nearest, kind="stable")  # word by word
    present, starts = np.unique(nearest[order], return_index=True)
    sums = np.zeros(centres.shape)
    if len(order):
        sums[present] = np.add.reduceat((descriptors - centres[nearest])[order], starts)
    return sums.ravel()


def posteriors(descriptors, mixture):
    """Share each descriptor out among the Gaussians, by how probable each makes it.

    Parameters
    ----------
    descriptors : (n, D) array
    mixture : Mixture

    Returns
    -------
    (n, K) float64 ndarray
        Rows sum to 1.

    Raises
    ------
    TypeError, ValueError
        If it is no mixture, the widths differ, or a number is not finite.
    """
    if not isinstance(mixture, Mixture):
        raise TypeError(f"mixture is of type {type(mixture).__name__}; wanted a Mixture.")
    descriptors, means = _pair(descriptors, mixture.means, "mixture.means")
    precision = 1 / mixture.variances  # (K, D)
    distance = descriptors**2 @ precision.T - 2 * descriptors @ (means * precision).T
    distance += (means**2 * precision).sum(axis=1)  # (n, K), in standard deviations, squared
    logs = np.log(mixture.weights) - 0.5 * (distance + np.log(mixture.variances).sum(axis=1))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))  # the largest is 1: no overflow
    return shares / shares.sum(axis=1, keepdims=True)


def fisher_vector(descriptors, mixture):
    """Say how the means and the widths of a mixture would have to change to suit a picture.

    Parameters
    ----------
    descriptors : (n, D) array
        Of one picture.
    mixture : Mixture

    Returns
    -------
    (2 * K * D,) float64 ndarray
        The gradient of the mean log likelihood by all means, word by word, then by all standard
        deviations, each in units of its Fisher information; see `normalise` for what follows. All
        0 for a picture without descriptors.

    Raises
    ------
    TypeError, ValueError
        As `posteriors`.

    Notes
    -----
    ``skimage.feature.fisher_vector`` puts K gradients by the weights in front, which add little,
    and gives the last K * D the opposite sign; products of two vectors do not mind.
    Source: Perronnin, Sánchez and Mensink, ECCV 2010. Taught in ``04_2_embedding_and_retrieval``.
    """
    shares = posteriors(descriptors, mixture)
    descriptors, means = _pair(descriptors, mixture.means, "mixture.means")
    total = shares.sum(axis=0)[:, None]  # (K, 1)
    first, second = shares.T @ descriptors, shares.T @ descriptors**2  # (K, D)
    widths, weights = np.sqrt(mixture.variances), mixture.weights[:, None]
    by_mean = (first - total * means) / (widths * np.sqrt(weights))
    spread = second - 2 * means * first + total * means**2  # sum of shares * (x - mean)^2
    by_width = (spread / mixture.variances - total) / np.sqrt(2 * weights)
    return np.concatenate([by_mean.ravel(), by_width.ravel()]) / max(len(descriptors), 1)


def normalise(vectors, *, power=0.5):
    """Take numbers to a power, keeping their signs, and then each vector to length 1.

    Parameters
    ----------
    vectors : (D,) or (n, D) array
    power : float
        1 leaves the numbers, 0.5 takes roots, so that one bursting word counts for less; above 0.

    Returns
    -------
    float64 ndarray of the same shape
        Vectors of zeros stay zero: they are like nothing.

    Raises
    ------
    ValueError
        If there are more axes, numbers that are not finite, or `power` is not in (0, 1].
    """
    vectors = checks.array(vectors, "vectors", dtype=np.float64)
    if vectors.ndim not in (1, 2):
        raise ValueError(f"vectors has shape {vectors.shape}; wanted (D,) or (n, D).")
    power = checks.number(power, "power", low=1e-9, high=1)
    vectors = np.sign(vectors) * np.abs(vectors) ** power
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _enough(descriptors, count, name):
    """Descriptors from which that many words can be learned."""
    descriptors = checks.array(descriptors, "descriptors", ndim=2)
    count = checks.number(count, name, low=1, integer=True)
    if len(descriptors) < count:
        came = f"descriptors has {len(descriptors)} rows for {count} {name}"
        raise ValueError(f"{came}; wanted at least as many.")
    return descriptors


def _pair(descriptors, centres, name):
    """Descriptors (n, D) and centres (K, D) that fit each other, float64."""
    centres = checks.array(centres, name, ndim=2, dtype=np.float64)
    if centres.size == 0:
        raise ValueError(f"{name} is empty {centres.shape}; wanted at least one word.")
    shape = (None, centres.shape[1])
    return checks.array(descriptors, "descriptors", shape=shape, dtype=np.float64), centres
