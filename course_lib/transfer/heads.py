"""A new head for a frozen network: softmax regression on its pooled maps, by hand.

Taught in ``04_1_transfer_learning``.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks, compute
from course_lib.networks import losses
from course_lib.transfer import fitting


@dataclass(frozen=True)
class Head:
    """A dense layer that gives one logit per class.

    Attributes
    ----------
    weights : (C, K) ndarray
        One column per class.
    bias : (K,) ndarray
    losses : (steps,) ndarray
        Cross-entropy on the training pictures before each step.
    """

    weights: np.ndarray
    bias: np.ndarray
    losses: np.ndarray

    def logits(self, features):
        """One logit per class, (N, K), for pooled features (N, C)."""
        wanted = (None, len(self.weights))
        return checks.array(features, "features", shape=wanted) @ self.weights + self.bias

    def predict(self, features):
        """The class with the largest logit, (N,)."""
        return self.logits(features).argmax(axis=1)

    def accuracy(self, features, labels):
        """Share of right answers, in [0, 1]."""
        features = fitting.filled(features, "features")
        labels = checks.array(labels, "labels", shape=(len(features),))
        return float((self.predict(features) == labels).mean())


def pool(maps):
    """Mean of each channel over all positions: global average pooling.

    Parameters
    ----------
    maps : (N, h, w, C) array_like

    Returns
    -------
    (N, C) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If there are not four axes, no position, or a number is not finite.
    """
    maps = fitting.filled(maps, "maps", ndim=4)
    return maps.mean(axis=(1, 2), dtype=np.float32)


def fit(features, labels, classes, *, rate=1.0, steps=200, decay=0.0, centre=False):
    """Learn a head by gradient descent on all samples at once, from zeros.

    Parameters
    ----------
    features : (N, C) array_like
        Pooled maps, or pixels.
    labels : (N,) array_like of int
        From 0 to ``classes - 1``.
    classes : int
        2 or more.
    rate : float
        The learning rate, above 0.
    steps : int
    decay : float
        Weight decay: ``decay * weights`` is added to the gradient.
    centre : bool
        Whether to subtract the mean feature vector and to divide by the root mean squared distance
        from it, so that one rate suits all features. The head that comes back takes the features
        as they were: the shift and the scale are folded into its weights and bias.

    Returns
    -------
    Head

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite or out of range, a label is not a class, or
        the rate is so large that the loss leaves all bounds.

    Notes
    -----
    Equals Keras' ``Dense`` with ``SGD`` on the whole set, step for step; there, weight decay is a
    regulariser ``L2(decay / 2)``. Source: Bishop, Pattern Recognition and Machine Learning, 2006,
    section 4.3.4.
    """
    features = checks.array(features, "features", ndim=2, dtype=np.float64)
    classes = checks.number(classes, "classes", low=2, integer=True)
    wanted = {"shape": (len(features),), "low": 0, "high": classes - 1, "dtype": np.int64}
    labels = checks.array(labels, "labels", **wanted)
    rate = checks.number(rate, "rate", low=1e-12)
    steps = checks.number(steps, "steps", low=1, integer=True)
    decay = checks.number(decay, "decay", low=0)
    if features.size == 0:
        raise ValueError(f"features has shape {features.shape}; wanted at least one sample.")
    mean, scale = _centre(features) if centre else (np.zeros(features.shape[1]), 1.0)
    weights, bias, curve = _descend((features - mean) / scale, labels, classes, rate, steps, decay)
    weights = weights / scale
    return Head(weights, bias - mean @ weights, np.array(curve))


def with_head(body, classes, *, head=None):
    """Put global average pooling and a dense head on a model that ends in maps.

    Parameters
    ----------
    body : keras.Model
        Ends in maps ``(N, h, w, C)``; its layers are shared, not copied.
    classes : int
    head : Head, optional
        Values to start from; Keras' random ones otherwise.

    Returns
    -------
    keras.Model
        To logits ``(N, classes)``. The new layers are called ``pool`` and ``logits``.

    Raises
    ------
    TypeError, ValueError
        If it is no Keras model, it does not end in maps, or the head has another size.
    """
    compute.backend()
    import keras

    classes = checks.number(classes, "classes", low=2, integer=True)
    fitting.layer_names(body)  # refuses what is no model
    if len(body.output_shape) != 4:
        raise ValueError(f"body gives {body.output_shape}; wanted maps (N, h, w, C).")
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(body.outputs[0])
    dense = keras.layers.Dense(classes, name="logits")
    model = keras.Model(body.inputs[0], dense(pooled), name=f"{body.name}_with_head")
    if head is not None:
        shape = (body.output_shape[-1], classes)
        if head.weights.shape != shape:
            raise ValueError(f"head has weights {head.weights.shape}; wanted {shape}.")
        dense.set_weights([head.weights, head.bias])
    return model


def _centre(features):
    """The mean vector, and the root mean squared distance from it (1 where there is none)."""
    mean = features.mean(axis=0)
    return mean, float(np.sqrt(((features - mean) ** 2).sum(axis=1).mean())) or 1.0


def _descend(features, labels, classes, rate, steps, decay):
    """Gradient descent from zeros: weights, bias, and the loss before each step."""
    weights, bias = np.zeros((features.shape[1], classes)), np.zeros(classes)
    curve = []
    for _ in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):  # told below, in words
            logits = features @ weights + bias
        if not np.isfinite(logits).all():
            raise ValueError(f"rate {rate:g} is too large: the weights grew beyond all bounds.")
        loss, gradient = losses.categorical_cross_entropy(logits, labels)
        curve.append(loss)
        with np.errstate(over="ignore", invalid="ignore"):
            weights -= rate * (features.T @ gradient + decay * weights)
            bias -= rate * gradient.sum(axis=0)
    if not np.isfinite(weights).all():
        raise ValueError(f"rate {rate:g} is too large: the weights grew beyond all bounds.")
    return weights, bias, curve
