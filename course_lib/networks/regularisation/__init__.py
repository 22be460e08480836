"""Weight decay, early stopping, dropout and batch normalisation by hand.

Taught in ``02_4_dropout_and_friends``. Sources: Krogh and Hertz, NIPS 1991 (weight decay);
Prechelt, "Early stopping - but when?", 1998, doi 10.1007/3-540-49430-8_3; Srivastava et al., JMLR
2014 (dropout); Ioffe and Szegedy, ICML 2015, arXiv:1502.03167 (batch normalisation).
"""

import numpy as np

from course_lib import checks


def weight_penalty(weights, strength):
    """Half the sum of all squared weights, times a strength: what L2 weight decay adds to the loss.

    Parameters
    ----------
    weights : sequence of array_like
        Weights of any shapes; biases are usually left out.
    strength : float
        At least 0.

    Returns
    -------
    penalty : float
    gradients : list of ndarray
        ``strength * w``, one of each array's shape.

    Raises
    ------
    TypeError, ValueError
        If a weight is not a finite number, or the strength is negative.

    Notes
    -----
    ``keras.regularizers.L2(l2)`` has no half in it: the same penalty has ``l2 = strength / 2``.
    """
    strength = checks.number(strength, "strength", low=0)
    weights = [checks.array(w, f"weights[{n}]", dtype=np.float64) for n, w in enumerate(weights)]
    penalty = 0.5 * strength * sum(float(np.sum(np.square(w))) for w in weights)
    return penalty, [strength * w for w in weights]


def early_stop(losses, patience):
    """Tell where training would have stopped, and which epoch it would have kept.

    Parameters
    ----------
    losses : (E,) array_like
        The validation loss after each epoch.
    patience : int
        Training stops after this many epochs without a new lowest loss; at least 1.

    Returns
    -------
    best : int
        The epoch with the lowest loss so far, from 0: its weights are kept.
    stopped : int
        The last epoch that was run.

    Raises
    ------
    TypeError, ValueError
        If there is no loss, one is not finite, or the patience is below 1.
    """
    losses = checks.array(losses, "losses", ndim=1)
    patience = checks.number(patience, "patience", low=1, integer=True)
    if not len(losses):
        raise ValueError("losses is empty; wanted one value for every epoch.")
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


def dropout(values, rate, rng):
    """Switch off a random share of the values and enlarge the others: inverted dropout.

    Parameters
    ----------
    values : array_like
        Outputs of a layer, of any shape.
    rate : float
        Probability that a value is set to 0, from 0 to below 1.
    rng : numpy.random.Generator

    Returns
    -------
    dropped : ndarray
        The values times the mask.
    mask : ndarray
        0, or ``1 / (1 - rate)``; a gradient goes back through the same mask, by a product.

    Raises
    ------
    TypeError, ValueError
        If a value is not a finite number, or the rate is outside [0, 1).
    """
    values = checks.array(values, "values")
    rate = checks.number(rate, "rate", low=0)
    if rate >= 1:
        raise ValueError(f"rate is {rate}; wanted a number from 0 to below 1.")
    mask = (rng.random(values.shape) >= rate) / (1 - rate)
    return values * mask, mask


def batch_norm(values, gamma, beta, *, epsilon=1e-3):
    """Give every feature of a batch mean `beta` and standard deviation `gamma`: training mode.

    Parameters
    ----------
    values : (N, F) array_like
        A batch, one sample per row.
    gamma, beta : (F,) array_like
        The learned scale and shift.
    epsilon : float
        Added to the variance, so that a constant feature does not divide by 0.

    Returns
    -------
    out : (N, F) ndarray
    cache : tuple
        For `batch_norm_backward`.
    mean, variance : (F,) ndarray
        Of this batch; the variance divides by N.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a value is not finite, or epsilon is not above 0.

    Notes
    -----
    The paper's moving variance divides by N - 1; Keras' and ours divide by N.
    """
    values, gamma, beta = _features(values, gamma=gamma, beta=beta)
    epsilon = _positive(epsilon)
    if not len(values):
        raise ValueError("values holds no sample; wanted at least one row.")
    mean, variance = values.mean(axis=0), values.var(axis=0)
    scale = 1 / np.sqrt(variance + epsilon)
    standard = (values - mean) * scale
    return gamma * standard + beta, (standard, scale, gamma), mean, variance


def batch_norm_backward(gradient, cache):
    """Carry a gradient back through `batch_norm`.

    Parameters
    ----------
    gradient : (N, F) array_like
        Of the loss by the output.
    cache : tuple
        As `batch_norm` returned it.

    Returns
    -------
    by_values : (N, F) ndarray
    by_gamma, by_beta : (F,) ndarray

    Raises
    ------
    TypeError, ValueError
        If the gradient is not of the output's shape or not finite.
    """
    standard, scale, gamma = cache
    gradient = checks.array(gradient, "gradient", shape=standard.shape, dtype=np.float64)
    by_gamma = (gradient * standard).sum(axis=0)
    inner = gradient * gamma
    # The mean and the variance depend on every sample: each takes its share away.
    shared = inner.mean(axis=0) + standard * (inner * standard).mean(axis=0)
    return scale * (inner - shared), by_gamma, gradient.sum(axis=0)


def batch_norm_inference(values, gamma, beta, mean, variance, *, epsilon=1e-3):
    """Normalise with stored statistics: a sample's result does not depend on its batch.

    Parameters
    ----------
    values : (N, F) array_like
    gamma, beta, mean, variance : (F,) array_like
    epsilon : float

    Returns
    -------
    (N, F) ndarray

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a value is not finite, a variance is negative, or epsilon is not
        above 0.
    """
    values, gamma, beta, mean, variance = _features(
        values, gamma=gamma, beta=beta, mean=mean, variance=variance
    )
    checks.array(variance, "variance", low=0)
    return gamma * (values - mean) / np.sqrt(variance + _positive(epsilon)) + beta


def _features(values, **rows):
    as_float = {"dtype": np.float64}  # the difference of two bytes would wrap round
    values = checks.array(values, "values", ndim=2, **as_float)
    shape = values.shape[1:]
    return values, *(checks.array(v, name, shape=shape, **as_float) for name, v in rows.items())


def _positive(epsilon):
    epsilon = checks.number(epsilon, "epsilon", low=0)
    if epsilon == 0:
        raise ValueError("epsilon is 0; wanted a small number above 0, such as 0.001.")
    return epsilon
