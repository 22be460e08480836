"""A dense network by hand: forward, backward, and the loop over mini-batches and epochs.

Taught in ``02_3_backpropagation``.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib import checks
from course_lib.networks import losses, neurons
from course_lib.networks.backpropagation import initialisation

# Each activation, and its slope written by its own output: so only outputs need to be kept.
ACTIVATIONS = {
    "relu": (neurons.relu, lambda hidden: (hidden > 0).astype(float)),
    "tanh": (neurons.tanh, lambda hidden: 1 - hidden**2),
    "sigmoid": (neurons.sigmoid, lambda hidden: hidden * (1 - hidden)),
    "linear": (lambda z: z, np.ones_like),
}


class DenseNetwork:
    """Dense layers with an activation between them, and none after the last.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, the inputs first: ``(64, 32, 10)`` has one hidden layer.
    activation : str
        Of the hidden layers: ``relu``, ``tanh``, ``sigmoid`` or ``linear``.
    initialiser : str
        How far from zero the weights begin: ``he``, ``glorot``, ``small`` or ``large``.
    rng : numpy.random.Generator
        Draws the weights; biases begin at zero.

    Attributes
    ----------
    parameters : list of ndarray
        ``[weights (I, O), bias (O,), weights, bias, ...]``, float64, in Keras' order. Trained in
        place, so a list taken once stays true.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, one is below 1, or a name is not known.

    Notes
    -----
    Source: Rumelhart, Hinton and Williams, Nature 1986. Taught in ``02_3_backpropagation``.
    """

    def __init__(self, sizes, *, activation="relu", initialiser="he", rng):
        sizes = tuple(sizes)
        if len(sizes) < 2:
            raise ValueError(f"sizes is {sizes}; wanted inputs and outputs, such as (64, 32, 10).")
        self.sizes = tuple(checks.number(n, "sizes", low=1, integer=True) for n in sizes)
        self.activation = checks.choice(activation, "activation", ACTIVATIONS)
        self.parameters = []
        for fan_in, fan_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            self.parameters += [
                initialisation.weights(fan_in, fan_out, initialiser, rng),
                np.zeros(fan_out),
            ]

    def forward(self, inputs):
        """Run the network and keep what every layer says, as `backward` needs it.

        Parameters
        ----------
        inputs : (N, I) array_like

        Returns
        -------
        list of (N, units) float64 ndarray
            The inputs, the outputs of every hidden layer, and last the logits.

        Raises
        ------
        ValueError
            If the inputs are of another width or not finite, or what a layer gives is not.
        """
        inputs = checks.array(inputs, "inputs", shape=(None, self.sizes[0]), dtype=np.float64)
        activate, _ = ACTIVATIONS[self.activation]
        outputs = [inputs]
        last = len(self.parameters) - 2
        for k in range(0, len(self.parameters), 2):
            with np.errstate(over="ignore", invalid="ignore"):  # told below, in words
                z = outputs[-1] @ self.parameters[k] + self.parameters[k + 1]  # (N, I) @ (I, O)
            if not np.isfinite(z).all():
                raise ValueError(
                    f"Layer {k // 2 + 1} gives NaN or infinity: the weights have grown too large; "
                    "build a new network and lower the learning rate."
                )
            outputs.append(z if k == last else activate(z))
        return outputs

    def backward(self, outputs, by_logits):
        """Send the gradient of the loss back through all layers.

        Parameters
        ----------
        outputs : list of ndarray
            What `forward` returned.
        by_logits : (N, classes) array_like
            The gradient of the loss with respect to the logits, as a loss of `losses` returns it.

        Returns
        -------
        gradients : list of ndarray
            Of the loss with respect to each of `parameters`, in their order and shapes.
        by_inputs : (N, I) ndarray
            With respect to the inputs.

        Raises
        ------
        ValueError
            If the outputs are not those of this network, or the gradient has another shape.
        """
        count = len(self.sizes)
        if len(outputs) != count:
            raise ValueError(f"outputs has {len(outputs)} items; wanted {count}, from forward.")
        widths = tuple(np.shape(each)[-1] for each in outputs)
        if widths != self.sizes:
            raise ValueError(f"outputs has widths {widths}; wanted {self.sizes}, from forward.")
        shape = np.shape(outputs[-1])
        by_outputs = checks.array(by_logits, "by_logits", shape=shape, dtype=np.float64)
        _, slope = ACTIVATIONS[self.activation]
        gradients = []
        for k in reversed(range(count - 1)):
            if k < count - 2:  # the last layer has no activation
                by_outputs = by_outputs * slope(outputs[k + 1])
            by_weights = outputs[k].T @ by_outputs  # (I, N) @ (N, O)
            gradients = [by_weights, by_outputs.sum(axis=0), *gradients]
            by_outputs = by_outputs @ self.parameters[2 * k].T  # (N, O) @ (O, I)
        return gradients, by_outputs

    def predict(self, inputs):
        """Return the class with the largest logit for each input, ``(N,)`` int."""
        return self.forward(inputs)[-1].argmax(axis=1)


def loss_and_gradients(network, inputs, targets, *, loss=losses.categorical_cross_entropy):
    """Return the mean loss and its gradients by all parameters: forward once, backward once.

    Parameters
    ----------
    network : DenseNetwork
    inputs : (N, I) array_like
    targets : array_like
        As the loss takes them, such as labels ``(N,)``.
    loss : callable
        Takes logits and targets, returns the mean loss and its gradient by the logits.

    Returns
    -------
    loss : float
    gradients : list of ndarray
        One per item of ``network.parameters``.
    """
    outputs = network.forward(inputs)
    value, by_logits = loss(outputs[-1], targets)
    return value, network.backward(outputs, by_logits)[0]


def batches(count, size, rng):
    """Yield the sample numbers of one epoch: shuffled, `size` at a time, the last may be fewer.

    Parameters
    ----------
    count, size : int
        Samples in all, and per mini-batch.
    rng : numpy.random.Generator

    Yields
    ------
    (size,) int ndarray
    """
    count = checks.number(count, "count", low=1, integer=True)
    size = checks.number(size, "size", low=1, integer=True)
    order = rng.permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


# Matrices this small gain nothing from a second core, and BLAS keeps it spinning between two.
@threadpool_limits.wrap(limits=1, user_api="blas")
def train(
    network,
    inputs,
    targets,
    optimizer,
    *,
    epochs,
    rng,
    batch=32,
    loss=losses.categorical_cross_entropy,
    validation=None,
):
    """Train a network in place, and keep its learning curves.

    Parameters
    ----------
    network : DenseNetwork
    inputs : (N, I) array_like
    targets : array_like
        N of them, as the loss takes them.
    optimizer : course_lib.networks.optimizers optimizer
    epochs, batch : int
        Passes through all samples, and samples per step.
    rng : numpy.random.Generator
        Shuffles the samples of every epoch.
    loss : callable
        See `loss_and_gradients`.
    validation : (inputs, targets), optional
        Samples that are only looked at.

    Returns
    -------
    dict of str to (n,) ndarray
        ``step loss``: of each mini-batch, before its step. ``loss`` and ``accuracy``: on all
        samples before training and after each epoch; likewise ``validation loss`` and
        ``validation accuracy``. Accuracy only where the targets are labels of classes.

    Raises
    ------
    ValueError
        If there is not one target per sample, or the weights grow beyond all numbers.
    """
    epochs = checks.number(epochs, "epochs", low=0, integer=True)
    sets = {"": _pair(inputs, targets)}
    if validation is not None:
        sets["validation "] = _pair(*validation)
    inputs, targets = sets[""]
    history = {"step loss": []}
    _note(history, network, sets, loss)
    for _ in range(epochs):
        for chosen in batches(len(inputs), batch, rng):
            value, gradients = loss_and_gradients(
                network, inputs[chosen], targets[chosen], loss=loss
            )
            history["step loss"].append(value)
            optimizer.step(network.parameters, gradients)
        _note(history, network, sets, loss)
    return {name: np.array(values) for name, values in history.items()}


def _pair(inputs, targets):
    """Samples and their targets as arrays, as many of one as of the other."""
    inputs = checks.array(inputs, "inputs", ndim=2, dtype=np.float64)
    targets = checks.array(targets, "targets")
    if len(targets) != len(inputs) or len(inputs) == 0:
        raise ValueError(f"inputs has {len(inputs)} samples and targets {len(targets)}.")
    return inputs, targets


def _note(history, network, sets, loss):
    """Add the loss, and the accuracy where there are classes, of every set to the history."""
    for name, (inputs, targets) in sets.items():
        logits = network.forward(inputs)[-1]
        history.setdefault(f"{name}loss", []).append(loss(logits, targets)[0])
        if targets.ndim == 1 and logits.shape[1] > 1:
            right = (logits.argmax(axis=1) == targets).mean()
            history.setdefault(f"{name}accuracy", []).append(right)
