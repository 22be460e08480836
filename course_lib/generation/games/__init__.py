"""Two networks play against each other: what each wants, and the best that each can do.

Arrays named ``data`` and ``model`` are the shares of real and generated samples per bin, which sum
to 1. A discriminator's logits become probabilities of "real" by the sigmoid. Taught in
``09_1_adversarial_game``. Source: Goodfellow et al., Generative adversarial nets, NeurIPS 2014,
arXiv:1406.2661.
"""

import numpy as np

from course_lib import checks
from course_lib.generation.games.mixtures import Mixture, Modes, Points, line, modes_found, ring
from course_lib.generation.games.players import LOSSES, Game

__all__ = [
    "LOSSES",
    "Game",
    "Mixture",
    "Modes",
    "Points",
    "discriminator_loss",
    "game_value",
    "generator_loss",
    "js_divergence",
    "line",
    "modes_found",
    "optimal_discriminator",
    "ring",
]


def optimal_discriminator(data, model):
    """The best answer to a generator that stands still: the share of real among all that come.

    Parameters
    ----------
    data, model : (...) array_like
        Shares or densities at the same places, 0 or more.

    Returns
    -------
    (...) float64 ndarray
        ``data / (data + model)``, in [0, 1]; 1/2 where neither ever comes.

    Raises
    ------
    ValueError
        If the shapes differ, or a number is negative or not finite.
    """
    data = checks.array(data, "data", low=0, dtype=np.float64)
    model = checks.array(model, "model", low=0, shape=data.shape, dtype=np.float64)
    total = data + model
    return np.divide(data, total, out=np.full(total.shape, 0.5), where=total > 0)


def game_value(discriminator, data, model):
    """What the discriminator makes as large and the generator as small as it can.

    Parameters
    ----------
    discriminator : (...) array_like
        Probability of "real" in each bin, in [0, 1].
    data, model : (...) array_like
        Shares of real and generated samples in each bin.

    Returns
    -------
    float
        ``sum(data * log D) + sum(model * log(1 - D))`` in nats: 0 for a discriminator that is never
        wrong, ``-log 4`` for one that always says 1/2, ``-inf`` for one that is sure and wrong.

    Raises
    ------
    ValueError
        If the shapes differ, the shares do not sum to 1, or a probability leaves [0, 1].
    """
    data, model = _shares(data, model)
    d = checks.array(discriminator, "discriminator", shape=data.shape, low=0, high=1)
    return float(_product_log(data, d).sum() + _product_log(model, 1 - d).sum())


def js_divergence(data, model):
    """Jensen-Shannon divergence: how far two distributions are apart, 0 to log 2.

    Parameters
    ----------
    data, model : (...) array_like
        Shares per bin, each summing to 1.

    Returns
    -------
    float
        In nats; 0 where both are the same, ``log 2`` where no bin holds both.

    Raises
    ------
    ValueError
        If the shapes differ, or the shares do not sum to 1.

    Notes
    -----
    The square of ``scipy.spatial.distance.jensenshannon``. The value of the game against the
    optimal discriminator is ``2 * js_divergence - log 4`` (Goodfellow et al., theorem 1).
    """
    data, model = _shares(data, model)
    middle = (data + model) / 2
    return float(sum(_relative_entropy(shares, middle) for shares in (data, model)) / 2)


def discriminator_loss(real, generated):
    """Binary cross-entropy of a discriminator, over a batch of each kind.

    Parameters
    ----------
    real, generated : array_like
        Its logits for real and for generated samples.

    Returns
    -------
    float
        ``mean(-log D(real)) + mean(-log(1 - D(generated)))``: log 4 for one that knows nothing.

    Raises
    ------
    ValueError
        If there is no logit, or one is not finite.

    Notes
    -----
    Exact for any finite logit. The sum of two of Keras' ``BinaryCrossentropy(from_logits=True)``.
    """
    real, generated = _logits(real, "real"), _logits(generated, "generated")
    return float(np.logaddexp(0, -real).mean() + np.logaddexp(0, generated).mean())


def generator_loss(generated, loss="non-saturating"):
    """A generator's loss, and how it pulls at each logit of the discriminator.

    Parameters
    ----------
    generated : array_like
        The discriminator's logits for generated samples.
    loss : {"saturating", "non-saturating"}
        ``mean(log(1 - D))``, the other side of the discriminator's loss; or ``mean(-log D)``.

    Returns
    -------
    loss : float
    gradient : float64 ndarray
        With respect to the logits, of their shape. Where the discriminator is sure (far below
        0), the first loss' gradient is almost 0, the second's almost ``-1 / size``.

    Raises
    ------
    ValueError
        If there is no logit, one is not finite, or the loss' name is not known.
    """
    checks.choice(loss, "loss", LOSSES)
    logits = _logits(generated, "generated")
    probability = np.exp(-np.logaddexp(0, -logits))  # the sigmoid, without overflow
    if loss == "saturating":
        return float(-np.logaddexp(0, logits).mean()), -probability / logits.size
    return float(np.logaddexp(0, -logits).mean()), (probability - 1) / logits.size


def _logits(values, name):
    """Finite numbers, at least one."""
    logits = checks.array(values, name, dtype=np.float64)
    if logits.size == 0:
        raise ValueError(f"{name} has shape {logits.shape}; wanted at least one logit.")
    return logits


def _shares(data, model):
    """Two lists of shares of one shape, which both sum to 1."""
    data = checks.array(data, "data", low=0, dtype=np.float64)
    model = checks.array(model, "model", low=0, shape=data.shape, dtype=np.float64)
    for name, shares in (("data", data), ("model", model)):
        if abs(shares.sum() - 1) > 1e-6:
            raise ValueError(f"{name} sums to {shares.sum():g}; wanted shares that sum to 1.")
    return data, model


def _product_log(weights, values):
    """``weights * log(values)``, 0 where the weight is 0: what never comes costs nothing."""
    with np.errstate(divide="ignore"):
        return np.where(weights > 0, weights, 0) * np.log(np.where(weights > 0, values, 1))


def _relative_entropy(shares, middle):
    """``sum(shares * log(shares / middle))``; shares too small to have a half are left out."""
    ratio = np.divide(shares, middle, out=np.ones_like(shares), where=middle > 0)
    return _product_log(shares, ratio).sum()
