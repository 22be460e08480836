"""What belongs to training a network: counting its parameters, and looking at its mistakes.

Taught in ``03_2_train_a_cnn``. Sources: Goodfellow, Bengio and Courville, Deep Learning, MIT Press
2016, chapters 6.2 and 9; Kohavi and Provost, Glossary of terms, Machine Learning 30, 1998 (the
confusion matrix).
"""

import math
from dataclasses import dataclass

import numpy as np

from course_lib import checks

__all__ = ["Count", "confusion_matrix", "count_parameters", "surprise", "worst_mistakes"]


@dataclass(frozen=True)
class Count:
    """What one layer costs.

    Attributes
    ----------
    name, kind : str
        The layer's name, and its class, such as ``Conv2D``.
    shape : tuple of int
        Of its output, without the batch.
    formula : str
        How its parameters are counted; empty where it has none.
    parameters : int
    learned : int
        Those that gradients change.
    products : int
        Multiplications for one picture, of convolutions and dense layers.
    """

    name: str
    kind: str
    shape: tuple
    formula: str
    parameters: int
    learned: int
    products: int


def count_parameters(model):
    """Count the parameters of every layer from its settings, without asking Keras.

    Parameters
    ----------
    model : keras.Model
        Built, of plain layers.

    Returns
    -------
    list of Count
        One per layer, in the model's order.

    Raises
    ------
    ValueError
        If a layer with parameters is of another kind than ``Conv2D``, ``Dense`` and
        ``BatchNormalization``, or the model is not built yet.

    Notes
    -----
    A convolution has ``(height * width * channels in + 1) * channels out``, a dense layer
    ``(inputs + 1) * outputs``, one less in the bracket where there is no bias. Batch normalisation
    has four numbers per channel, of which gradients learn two.
    """
    if not getattr(model, "built", False):
        raise ValueError("model is not built; give it a keras.Input, or call it on a batch.")
    return [_count(layer) for layer in model.layers]


def surprise(logits, labels):
    """Loss of every single picture: minus the logarithm of the right class's probability.

    Parameters
    ----------
    logits : (N, C) array_like
    labels : (N,) array_like of int

    Returns
    -------
    (N,) float64 ndarray
        In nats; 0 where the network was sure of the right class. Their mean is
        ``losses.categorical_cross_entropy``.

    Raises
    ------
    ValueError
        If the shapes do not fit or a label is out of range.
    """
    logits = checks.array(logits, "logits", ndim=2, dtype=np.float64)
    labels = _classes(labels, "labels", len(logits), logits.shape[1])
    highest = logits.max(axis=1)
    total = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return total - logits[np.arange(len(logits)), labels]


def worst_mistakes(logits, labels, count=12):
    """Find the wrong answers that surprise most.

    Parameters
    ----------
    logits : (N, C) array_like
    labels : (N,) array_like of int
    count : int
        The most to return.

    Returns
    -------
    (k,) int64 ndarray
        Positions of wrong answers, the worst first; fewer than `count` where there are fewer.

    Raises
    ------
    ValueError
        As `surprise`, or if the count is below 1.
    """
    count = checks.number(count, "count", low=1, integer=True)
    losses = surprise(logits, labels)
    wrong = np.flatnonzero(np.argmax(logits, axis=1) != np.asarray(labels))
    return wrong[np.argsort(-losses[wrong], kind="stable")][:count]


def confusion_matrix(labels, answers, classes):
    """Count how often each class was answered by each.

    Parameters
    ----------
    labels, answers : (N,) array_like of int
        Right classes and a network's.
    classes : int
        How many there are.

    Returns
    -------
    (classes, classes) int64 ndarray
        Row: the right class, column: the answer. The diagonal holds the right answers.

    Raises
    ------
    ValueError
        If there are not as many answers as labels, or one is out of range.

    Notes
    -----
    As ``sklearn.metrics.confusion_matrix``; some books swap rows and columns.
    """
    classes = checks.number(classes, "classes", low=1, integer=True)
    labels = _classes(labels, "labels", None, classes)
    answers = _classes(answers, "answers", len(labels), classes)
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    return matrix


def _classes(values, name, count, classes):
    """Class numbers, whole and in range."""
    values = checks.array(values, name, shape=(count,), low=0, high=classes - 1)
    if (values != np.round(values)).any():
        raise ValueError(f"{name} holds fractions; wanted whole class numbers.")
    return values.astype(np.int64)


def _count(layer):
    """The cost of one layer."""
    kind = type(layer).__name__
    shape = tuple(layer.output.shape[1:])
    known = {"Conv2D": _convolution, "Dense": _dense, "BatchNormalization": _normalisation}
    if kind in known:
        formula, parameters, learned, products = known[kind](layer, shape)
    elif layer.weights:
        raise ValueError(f"layer {layer.name} is a {kind}; known are {', '.join(known)}.")
    else:
        formula, parameters, learned, products = "", 0, 0, 0
    learned = learned if layer.trainable else 0
    return Count(layer.name, kind, shape, formula, parameters, learned, products)


def _convolution(layer, shape):
    height, width = layer.kernel_size
    inputs, outputs = layer.input.shape[-1] // layer.groups, layer.filters
    one = height * width * inputs  # weights of one kernel
    bias = " + 1" if layer.use_bias else ""
    formula = f"({height}·{width}·{inputs}{bias})·{outputs}"
    total = (one + layer.use_bias) * outputs
    places = math.prod(size or 1 for size in shape[:-1])  # an unknown size counts once
    return formula, total, total, places * one * outputs


def _dense(layer, shape):
    inputs, outputs = layer.input.shape[-1], layer.units
    bias = " + 1" if layer.use_bias else ""
    total = (inputs + layer.use_bias) * outputs
    places = math.prod(size or 1 for size in shape[:-1])
    return f"({inputs}{bias})·{outputs}", total, total, places * inputs * outputs


def _normalisation(layer, shape):
    channels = layer.input.shape[layer.axis]
    learned = layer.scale + layer.center
    return f"{learned + 2}·{channels}", (learned + 2) * channels, learned * channels, 0
