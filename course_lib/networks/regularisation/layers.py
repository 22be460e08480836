"""A network as a stack of layers, each with a step forward and a step back.

Taught in ``02_4_dropout_and_friends``. `DenseNetwork` of ``02_3_backpropagation`` is one formula
for all its layers; here every layer is an object of its own, so that dropout and batch
normalisation can stand between them.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib import checks
from course_lib.networks import losses, regularisation


class Dense:
    """A matrix product and a bias, with He's initial weights.

    Parameters
    ----------
    inputs, outputs : int
    rng : numpy.random.Generator
    """

    def __init__(self, inputs, outputs, rng):
        inputs = checks.number(inputs, "inputs", low=1, integer=True)
        outputs = checks.number(outputs, "outputs", low=1, integer=True)
        self.weights = rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs))
        self.parameters = [self.weights, np.zeros(outputs)]
        self.decayed = [True, False]  # the bias is not pulled to 0

    def forward(self, values, training):
        values = checks.array(values, "values", shape=(None, len(self.weights)))
        self._values = values
        return values @ self.parameters[0] + self.parameters[1]

    def backward(self, gradient):
        self.gradients = [self._values.T @ gradient, gradient.sum(axis=0)]
        return gradient @ self.parameters[0].T


class ReLU:
    """The positive part."""

    parameters = gradients = decayed = ()

    def forward(self, values, training):
        self._open = values > 0
        return values * self._open

    def backward(self, gradient):
        return gradient * self._open


class Dropout:
    """Dropout in training, nothing in prediction.

    Parameters
    ----------
    rate : float
        Share that is switched off.
    rng : numpy.random.Generator
    """

    parameters = gradients = decayed = ()

    def __init__(self, rate, rng):
        self.rate, self._rng = rate, rng

    def forward(self, values, training):
        if not training:
            return values
        dropped, self._mask = regularisation.dropout(values, self.rate, self._rng)
        return dropped

    def backward(self, gradient):
        return gradient * self._mask


class BatchNorm:
    """Batch normalisation with moving averages for prediction.

    Parameters
    ----------
    features : int
    momentum : float
        How much of the old average stays at each step.
    """

    def __init__(self, features, *, momentum=0.9):
        self.parameters = [np.ones(features), np.zeros(features)]  # gamma, beta
        self.decayed = [False, False]
        self.mean, self.variance, self.momentum = np.zeros(features), np.ones(features), momentum

    def forward(self, values, training):
        if not training:
            return regularisation.batch_norm_inference(
                values, *self.parameters, self.mean, self.variance
            )
        out, self._cache, mean, variance = regularisation.batch_norm(values, *self.parameters)
        self.mean += (1 - self.momentum) * (mean - self.mean)
        self.variance += (1 - self.momentum) * (variance - self.variance)
        return out

    def backward(self, gradient):
        by_values, *self.gradients = regularisation.batch_norm_backward(gradient, self._cache)
        return by_values


class Stack:
    """Layers one after the other, from features to logits.

    Parameters
    ----------
    layers : sequence
        Objects with ``forward(values, training)``, ``backward(gradient)``, ``parameters`` and
        ``gradients``, such as those of this module.
    """

    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, values, *, training=False):
        """Compute the logits.

        Parameters
        ----------
        values : (N, F) ndarray
        training : bool
            Whether dropout drops and batch normalisation looks at this batch.

        Returns
        -------
        (N, C) ndarray
        """
        for layer in self.layers:
            values = layer.forward(values, training)
        return values

    def backward(self, gradient):
        """Carry the gradient by the logits, ``(N, C)``, back to the input; layers keep theirs."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def parameters(self):
        """All arrays that learn, in order."""
        return [p for layer in self.layers for p in layer.parameters]

    def gradients(self, decay=0.0):
        """The gradients of the last `backward`, with that of weight decay added."""
        found = []
        for layer in self.layers:
            for values, gradient, decayed in zip(
                layer.parameters, layer.gradients, layer.decayed, strict=True
            ):
                found.append(gradient + decay * values if decayed else gradient)
        return found


def dense_stack(sizes, rng, *, rate=0.0, normalise=False):
    """Build a dense network with ReLU, and dropout or batch normalisation where wanted.

    Parameters
    ----------
    sizes : sequence of int
        Features, hidden units of each layer, classes.
    rng : numpy.random.Generator
    rate : float
        Of the dropout after each hidden layer; 0 for none.
    normalise : bool
        Whether batch normalisation stands before each ReLU.

    Returns
    -------
    Stack

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, one is below 1, or the rate is outside [0, 1).
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes is {sizes}; wanted features and classes, such as (64, 32, 10).")
    if not 0 <= checks.number(rate, "rate") < 1:
        raise ValueError(f"rate is {rate}; wanted a number from 0 to below 1.")
    layers = []
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1], strict=True):
        layers.append(Dense(inputs, outputs, rng))
        if normalise:
            layers.append(BatchNorm(outputs))
        layers.append(ReLU())
        if rate:
            layers.append(Dropout(rate, rng))
    return Stack([*layers, Dense(sizes[-2], sizes[-1], rng)])


# Matrices this small gain nothing from a second core, and BLAS keeps it spinning between two.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train(stack, optimizer, data, *, epochs, rng, held_out, batch=20, decay=0.0, watch=None):
    """Train with mini-batches and record the curves.

    Parameters
    ----------
    stack : Stack
        Trained in place.
    optimizer : object
        With ``step(parameters, gradients)``, as in `course_lib.networks.optimizers`.
    data, held_out : tuple of (N, F) array_like and (N,) array_like of int
        Features and labels, to learn from and to look at only.
    epochs, batch : int
    rng : numpy.random.Generator
        Shuffles the samples.
    decay : float
        The strength of the weight decay.
    watch : callable, optional
        Called after each epoch with its number, from 0.

    Returns
    -------
    dict of str to (epochs,) ndarray
        ``loss``, ``accuracy``, ``held_out_loss``, ``held_out_accuracy``: after every epoch, in
        prediction mode.
    """
    batch = checks.number(batch, "batch", low=1, integer=True)
    decay = checks.number(decay, "decay", low=0)
    (features, labels), (others, other_labels) = _samples(data), _samples(held_out)
    history = {"loss": [], "accuracy": [], "held_out_loss": [], "held_out_accuracy": []}
    for epoch in range(checks.number(epochs, "epochs", low=1, integer=True)):
        order = rng.permutation(len(features))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            logits = stack.forward(features[chosen], training=True)
            _, gradient = losses.categorical_cross_entropy(logits, labels[chosen])
            stack.backward(gradient)
            optimizer.step(stack.parameters(), stack.gradients(decay))
        for prefix, x, y in (("", features, labels), ("held_out_", others, other_labels)):
            loss, accuracy = evaluate(stack, x, y)
            history[prefix + "loss"].append(loss)
            history[prefix + "accuracy"].append(accuracy)
        if watch is not None:
            watch(epoch)
    return {name: np.array(values) for name, values in history.items()}


def evaluate(stack, features, labels):
    """Mean cross-entropy and share of right answers, in prediction mode.

    Parameters
    ----------
    stack : Stack
    features : (N, F) ndarray
    labels : (N,) ndarray of int

    Returns
    -------
    loss, accuracy : float
    """
    logits = stack.forward(features)
    loss, _ = losses.categorical_cross_entropy(logits, labels)
    return loss, float(np.mean(logits.argmax(axis=1) == labels))


def _samples(pair):
    features, labels = pair
    features = checks.array(features, "features", ndim=2)
    return features, checks.array(labels, "labels", shape=(len(features),))
