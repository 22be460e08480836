"""How wrong a network's answers are, and which way they should move: a loss and its gradient.

Each loss returns ``(loss, gradient)``: the mean over all samples, and its gradient with respect to
the first argument. Two of them take logits, the numbers before sigmoid or softmax, because only
from there can the logarithm be taken safely. Taught in ``02_1_neuron_to_network``. Source:
Goodfellow, Bengio and Courville, Deep Learning, MIT Press 2016, chapter 6.2.
"""

import numpy as np

from course_lib import checks
from course_lib.networks import neurons


def binary_cross_entropy(logits, targets):
    """Mean surprise of yes/no answers: log-loss of a sigmoid.

    Parameters
    ----------
    logits : array_like
        Finite numbers before the sigmoid, of any shape.
    targets : array_like
        Of the same shape, in [0, 1]: 1 yes, 0 no.

    Returns
    -------
    loss : float
        Mean of ``-log p`` where the target is 1 and of ``-log(1 - p)`` where it is 0, with
        ``p = sigmoid(logits)``; in nats.
    gradient : float64 ndarray
        With respect to `logits`, of their shape: ``(p - targets) / size``.

    Raises
    ------
    ValueError
        If the shapes differ, there is no sample, a number is not finite or a target leaves [0, 1].

    Notes
    -----
    Exact for any finite logit. Keras' ``BinaryCrossentropy`` with ``from_logits=True``. Taught in
    ``02_1_neuron_to_network``.
    """
    logits, targets = _pair(logits, targets, "logits")
    targets = checks.array(targets, "targets", low=0, high=1)
    # log(1 + e^z) - t z, with the exponential of negative numbers only
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))
    return float(losses.mean()), (neurons.sigmoid(logits) - targets) / logits.size


def categorical_cross_entropy(logits, labels):
    """Mean surprise of answers that name one of many classes: log-loss of a softmax.

    Parameters
    ----------
    logits : (N, C) array_like
        Finite numbers before the softmax.
    labels : (N,) array_like of int, or (N, C) array_like
        Classes from 0 to C - 1, or one probability per class, such as from `one_hot`.

    Returns
    -------
    loss : float
        Mean of ``-log p`` of the right class, with ``p = softmax(logits)``; in nats.
    gradient : (N, C) float64 ndarray
        With respect to `logits`: ``(p - one_hot(labels)) / N``.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no sample, a number is not finite, a label is not a class
        or the probabilities of a row do not sum to 1.

    Notes
    -----
    Exact for any finite logit. Keras' ``CategoricalCrossentropy`` with ``from_logits=True``.
    Taught in ``02_1_neuron_to_network``.
    """
    logits = checks.array(logits, "logits", ndim=2, dtype=np.float64)
    if logits.size == 0:
        raise ValueError(f"logits has shape {logits.shape}; wanted at least one sample and class.")
    targets = _probabilities(labels, *logits.shape)
    logs = neurons.log_softmax(logits)  # (N, C)
    loss = -(targets * logs).sum(axis=1).mean()
    return float(loss), (np.exp(logs) * targets.sum(axis=1, keepdims=True) - targets) / len(logits)


def mean_squared_error(outputs, targets):
    """Mean squared distance between numbers and what they should be.

    Parameters
    ----------
    outputs : array_like
        Finite numbers of any shape.
    targets : array_like
        Of the same shape.

    Returns
    -------
    loss : float
        Mean of ``(outputs - targets)**2`` over all numbers.
    gradient : float64 ndarray
        With respect to `outputs`, of their shape: ``2 * (outputs - targets) / size``.

    Raises
    ------
    ValueError
        If the shapes differ, there is no sample, or a number is not finite.

    Notes
    -----
    Keras' ``MeanSquaredError``. Taught in ``02_1_neuron_to_network``.
    """
    outputs, targets = _pair(outputs, targets, "outputs")
    distance = outputs - targets
    return float((distance**2).mean()), 2 * distance / distance.size


def one_hot(labels, classes):
    """Write each label as a row of zeros with a one at its class.

    Parameters
    ----------
    labels : (N,) array_like of int
        From 0 to ``classes - 1``.
    classes : int
        1 or more.

    Returns
    -------
    (N, classes) float64 ndarray

    Raises
    ------
    TypeError
        If `classes` is not a whole number.
    ValueError
        If a label is not a whole number in that range, or `labels` has not one axis.

    Notes
    -----
    Keras' ``utils.to_categorical``, which takes a label of -1 for the last class without a word.
    Taught in ``02_1_neuron_to_network``.
    """
    classes = checks.number(classes, "classes", low=1, integer=True)
    labels = checks.array(labels, "labels", ndim=1, low=0, high=classes - 1, dtype=np.int64)
    return np.eye(classes)[labels]


def _pair(values, targets, name):
    """Two arrays of one shape: (N,) against (N, 1) would silently become (N, N)."""
    values = checks.array(values, name, dtype=np.float64)
    if values.size == 0:
        raise ValueError(f"{name} has shape {values.shape}; wanted at least one number.")
    return values, checks.array(targets, "targets", shape=values.shape, dtype=np.float64)


def _probabilities(labels, samples, classes):
    """Labels as one probability per class, (N, C)."""
    labels = checks.array(labels, "labels")
    if labels.ndim != 2:
        checks.array(labels, "labels", shape=(samples,))
        return one_hot(labels, classes)
    shares = checks.array(
        labels, "labels", shape=(samples, classes), dtype=np.float64, low=0, high=1
    )
    sums = shares.sum(axis=1)
    if np.abs(sums - 1).max() > 1e-5:
        raise ValueError(
            f"labels has rows whose sums go from {sums.min():g} to {sums.max():g}; wanted 1."
        )
    return shares
