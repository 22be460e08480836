"""Majority votes, AdaBoost and bagging: many weak voters make a strong one.

Taught in ``01_2_adaboost``. Sources: Freund and Schapire, JCSS 1997, doi 10.1006/jcss.1997.1504;
Viola and Jones, IJCV 2004, doi 10.1023/B:VISI.0000013087.49260.fb; Breiman, Machine Learning 1996,
doi 10.1007/BF00058655.

The voters are decision stumps; labels, samples and features are those of `stumps`.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.classic.boosting.stumps import (
    TIE,
    Stump,
    best_stump,
    column,
    prepare,
    search,
    sort_features,
)

__all__ = [
    "Ensemble",
    "Stump",
    "best_stump",
    "fit_adaboost",
    "fit_bagging",
    "majority_vote_probability",
    "sort_features",
]


@dataclass(frozen=True)
class Ensemble:
    """Stumps and the weight of each one's vote.

    Parameters
    ----------
    stumps : tuple of Stump
    alphas : tuple of float
        Weights of the votes; at least 0.
    """

    stumps: tuple
    alphas: tuple

    def score(self, X):
        """Sum of the weighted votes, (n_samples,) float64: above 0 means +1."""
        return self.staged_score(X)[-1]

    def staged_score(self, X):
        """`score` after each round, (rounds, n_samples) float64."""
        votes = [alpha * s.predict(X) for s, alpha in zip(self.stumps, self.alphas, strict=True)]
        return np.cumsum(votes, axis=0)

    def predict(self, X):
        """Answers -1 or +1, (n_samples,) int64. A score of 0 becomes -1, as in scikit-learn."""
        return np.where(self.score(X) > 0, 1, -1)

    def margins(self, X, labels):
        """How clearly each sample is right: 1 all votes, -1 none, (n_samples,) float64."""
        return labels * self.score(X) / np.sum(self.alphas)


def majority_vote_probability(n, p):
    """Probability that the majority of n independent voters is right.

    Parameters
    ----------
    n : int
        Number of voters, 1 or more. Where n is even, a fair coin settles a tie.
    p : float or array_like
        Probability that one voter is right, in [0, 1].

    Returns
    -------
    float or float64 ndarray of the shape of p

    Raises
    ------
    ValueError
        If n is below 1 or p leaves [0, 1].

    Notes
    -----
    Builds the binomial distribution one voter at a time. Taught in ``01_2_adaboost``.
    Source: Condorcet, 1785.
    """
    n = checks.number(n, "n", low=1, integer=True)
    p = checks.array(p, "p", low=0, high=1, dtype=np.float64)
    right = [np.ones_like(p)]  # right[k]: probability that k of the voters so far are right
    for _ in range(n):
        miss = [q * (1 - p) for q in right] + [0 * p]
        hit = [0 * p] + [q * p for q in right]
        right = [a + b for a, b in zip(miss, hit, strict=True)]
    tie = right[n // 2] / 2 if n % 2 == 0 else 0
    return sum(right[n // 2 + 1 :]) + tie


def fit_adaboost(X, labels, rounds, *, weights=None, order=None, on_round=None):
    """AdaBoost on decision stumps: each round's stump minds most what the last ones got wrong.

    Parameters
    ----------
    X : (n_samples, n_features) array_like or Binned
        Any finite numbers, compared as float32; or rounded to a byte each by
        `binning.bin_features`, where memory or time is short.
    labels : (n_samples,) array_like
        -1 and +1, both present.
    rounds : int
        Largest number of stumps, 1 or more.
    weights : (n_samples,) array_like, optional
        Weights of the samples in the first round; all equal if left out.
    order : (n_samples, n_features) integer ndarray, optional
        From `sort_features`, if it is there already.
    on_round : callable, optional
        Called after each round as ``on_round(ensemble, error, weights)``: the ensemble so far, the
        newest stump's weighted error, and the weights it was trained with. True stops.

    Returns
    -------
    Ensemble
        Fewer stumps than `rounds` if a stump was perfect (alpha 1) or none beat chance.

    Raises
    ------
    ValueError
        As `best_stump`; also if `rounds` is below 1 or not even the first stump beats chance.

    Notes
    -----
    The alphas are half those of scikit-learn's ``AdaBoostClassifier``, as in the paper; the
    answers are the same. Memory: 2 bytes an entry of X for the order (4 above 65,536 samples).
    Source: Freund and Schapire, JCSS 1997. Taught in ``01_2_adaboost``.
    """
    rounds = checks.number(rounds, "rounds", low=1, integer=True)
    X, labels, weights, order = prepare(X, labels, weights, order)
    stumps, alphas = (), ()
    for _ in range(rounds):
        stump, error = search(X, labels, weights, order)
        if error >= 0.5 - TIE:
            break
        perfect = error <= TIE
        stumps += (stump,)
        alphas += (1.0 if perfect else 0.5 * np.log((1 - error) / error),)
        stop = on_round is not None and on_round(Ensemble(stumps, alphas), error, weights)
        if perfect or stop:
            break
        weights = weights * np.exp(-alphas[-1] * labels * stump.vote(column(X, stump.feature)))
        weights /= weights.sum()
    if not stumps:
        raise ValueError("No stump beats chance on these samples; give X other features.")
    return Ensemble(stumps, alphas)


def fit_bagging(X, labels, voters, *, rng, order=None):
    """Bagging of decision stumps: each sees its own random draw of the samples, votes are equal.

    Parameters
    ----------
    X : (n_samples, n_features) array_like
    labels : (n_samples,) array_like
        -1 and +1, both present.
    voters : int
        Number of stumps, 1 or more.
    rng : numpy.random.Generator
        Draws n_samples samples with replacement for each stump.
    order : (n_samples, n_features) integer ndarray, optional
        From `sort_features`.

    Returns
    -------
    Ensemble
        With equal alphas that sum to 1.

    Raises
    ------
    ValueError
        As `best_stump`.

    Notes
    -----
    A sample drawn twice is a sample of twice the weight, so no array is copied.
    Source: Breiman, Machine Learning 1996. Taught in ``01_2_adaboost``.
    """
    voters = checks.number(voters, "voters", low=1, integer=True)
    X, labels, _, order = prepare(X, labels, None, order)
    n = len(X)
    draws = [np.bincount(rng.integers(n, size=n), minlength=n) / n for _ in range(voters)]
    stumps = tuple(search(X, labels, draw, order)[0] for draw in draws)
    return Ensemble(stumps, (1 / voters,) * voters)
