"""One layer of neurons: the weighted sum, and the functions that bend it.

Taught in ``02_1_neuron_to_network``. Every function computes in float64 and leaves its input as
it is. Source: Goodfellow, Bengio and Courville, Deep Learning, MIT Press 2016, chapters 4 and 6.
"""

import numpy as np

from course_lib import checks


def sigmoid(z):
    """Squeeze numbers between 0 and 1.

    Parameters
    ----------
    z : array_like
        Finite numbers of any shape.

    Returns
    -------
    float64 ndarray
        ``1 / (1 + exp(-z))``, of the shape of `z`, in [0, 1].

    Raises
    ------
    ValueError
        If a number is not finite.

    Notes
    -----
    Never overflows: the exponential is only taken of numbers up to 0. Taught in
    ``02_1_neuron_to_network``.
    """
    z = checks.array(z, "z", dtype=np.float64)
    small = np.exp(-np.abs(z))  # in (0, 1], whatever z is
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def tanh(z):
    """Squeeze numbers between -1 and 1.

    Parameters
    ----------
    z : array_like
        Finite numbers of any shape.

    Returns
    -------
    float64 ndarray
        Of the shape of `z`, in [-1, 1]; the same as ``2 * sigmoid(2 * z) - 1``.

    Raises
    ------
    ValueError
        If a number is not finite.

    Notes
    -----
    Taught in ``02_1_neuron_to_network``.
    """
    return np.tanh(checks.array(z, "z", dtype=np.float64))


def relu(z):
    """Keep positive numbers and make the others 0.

    Parameters
    ----------
    z : array_like
        Finite numbers of any shape.

    Returns
    -------
    float64 ndarray
        ``max(z, 0)``, of the shape of `z`.

    Raises
    ------
    ValueError
        If a number is not finite.

    Notes
    -----
    Taught in ``02_1_neuron_to_network``.
    """
    return np.maximum(checks.array(z, "z", dtype=np.float64), 0.0)


def log_softmax(logits, axis=-1):
    """Logarithms of the probabilities that `softmax` gives, also where those are too small.

    Parameters
    ----------
    logits : array_like
        Finite numbers, one per class along `axis`.
    axis : int
        Along which the probabilities sum to 1.

    Returns
    -------
    float64 ndarray
        Of the shape of `logits`, at most 0.

    Raises
    ------
    TypeError, ValueError
        If a number is not finite, or there is no such axis or no class along it.

    Notes
    -----
    The largest logit is taken away from all first, which leaves the probabilities as they are
    and every exponential at 1 or below. Taught in ``02_1_neuron_to_network``.
    """
    logits = checks.array(logits, "logits", dtype=np.float64)
    axis = checks.number(axis, "axis", integer=True)
    if not -logits.ndim <= axis < logits.ndim or logits.shape[axis] == 0:
        raise ValueError(f"logits has shape {logits.shape}; wanted classes along axis {axis}.")
    with np.errstate(over="ignore"):  # a difference beyond all numbers becomes the largest one
        shifted = logits - logits.max(axis=axis, keepdims=True)
    shifted = np.maximum(shifted, np.finfo(np.float64).min)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax(logits, axis=-1):
    """Turn one number per class into probabilities.

    Parameters
    ----------
    logits : array_like
        Finite numbers, one per class along `axis`.
    axis : int
        Along which the probabilities sum to 1.

    Returns
    -------
    float64 ndarray
        ``exp(logits) / sum(exp(logits))``, of the shape of `logits`, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        If a number is not finite, or there is no such axis or no class along it.

    Notes
    -----
    Never overflows; see `log_softmax`. Taught in ``02_1_neuron_to_network``.
    """
    return np.exp(log_softmax(logits, axis))


def dense(inputs, weights, bias):
    """Weighted sums of a layer in which every neuron sees every input.

    Parameters
    ----------
    inputs : (N, I) array_like
        One sample a row.
    weights : (I, O) array_like
        One neuron a column.
    bias : (O,) array_like
        One number per neuron, added to its sum.

    Returns
    -------
    (N, O) float64 ndarray
        ``inputs @ weights + bias``: no activation yet.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a number is not finite.

    Notes
    -----
    Taught in ``02_1_neuron_to_network``.
    """
    inputs = checks.array(inputs, "inputs", ndim=2, dtype=np.float64)
    weights = checks.array(weights, "weights", shape=(inputs.shape[1], None), dtype=np.float64)
    bias = checks.array(bias, "bias", shape=(weights.shape[1],), dtype=np.float64)
    return inputs @ weights + bias  # (N, I) @ (I, O) + (O,)
