"""Small networks to look at: their weights as plain arrays, found by scikit-learn.

A network is a tuple of layers, a layer is ``(weights, bias)`` of shapes (inputs, outputs) and
(outputs,). How weights are found is the lesson of ``02_2`` and ``02_3``. Taught in
``02_1_neuron_to_network``.
"""

import warnings

import numpy as np

from course_lib import checks
from course_lib.networks import neurons

ACTIVATIONS = {"relu": neurons.relu, "tanh": neurons.tanh, "sigmoid": neurons.sigmoid}
ANSWERS = ("yes_no", "one_of_many", "number")
KINDS = ("xor", "ring", "moons")


def forward(layers, inputs, *, activation="relu"):
    """Send samples through a network.

    Parameters
    ----------
    layers : sequence of (weights, bias)
        Of shapes (inputs, outputs) and (outputs,).
    inputs : (N, I) array_like
    activation : {"relu", "tanh", "sigmoid"}
        Of every layer but the last.

    Returns
    -------
    list of (N, outputs) float64 ndarray
        What each layer gives. The last has no activation: these are logits, or numbers.

    Raises
    ------
    ValueError
        If there is no layer, the shapes do not fit each other or the activation is not known.

    Notes
    -----
    Taught in ``02_1_neuron_to_network``.
    """
    function = ACTIVATIONS[checks.choice(activation, "activation", ACTIVATIONS)]
    layers = list(layers)
    if not layers:
        raise ValueError("layers is empty; wanted at least one pair of weights and bias.")
    values = []
    for number, (weights, bias) in enumerate(layers, start=1):
        sums = neurons.dense(inputs, weights, bias)
        inputs = sums if number == len(layers) else function(sums)
        values.append(inputs)
    return values


def train(inputs, targets, hidden=(), *, answer="yes_no", activation="relu", **settings):
    """Find the weights of a small network with scikit-learn.

    Parameters
    ----------
    inputs : (N, I) array_like
    targets : (N,) array_like of int, or (N,) or (N, O) array_like of numbers
        0 and 1 for yes/no, classes from 0 for one of many.
    hidden : sequence of int
        Neurons of each hidden layer; none is a network of one layer.
    answer : {"yes_no", "one_of_many", "number"}
        Which loss is made small: binary or categorical cross-entropy, or squared error.
    activation : {"relu", "tanh", "sigmoid"}
        Of the hidden layers.
    **settings
        ``seed`` of the first weights (0), ``steps`` at most (300), and ``penalty`` for large
        weights (1e-4).

    Returns
    -------
    tuple of (weights, bias)

    Raises
    ------
    TypeError
        If a setting is not known.
    ValueError
        If the shapes do not fit, or a class between 0 and the largest has no sample.

    Notes
    -----
    ``MLPClassifier`` and ``MLPRegressor`` with the solver L-BFGS (Liu and Nocedal, 1989).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    checks.choice(answer, "answer", ANSWERS)
    checks.choice(activation, "activation", ACTIVATIONS)
    inputs = checks.array(inputs, "inputs", ndim=2, dtype=np.float64)
    targets = _targets(targets, len(inputs), answer)
    options = {"hidden_layer_sizes": tuple(hidden), "solver": "lbfgs"}
    options["activation"] = {"sigmoid": "logistic"}.get(activation, activation)
    model = (MLPRegressor if answer == "number" else MLPClassifier)(
        **options | _options(**settings)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `steps` was the student's choice
        model.fit(inputs, targets)
    return tuple(zip(model.coefs_, model.intercepts_, strict=True))


def places(height, width):
    """Write where each pixel of a picture lies, row by row, as two inputs of a network.

    Parameters
    ----------
    height, width : int

    Returns
    -------
    (height * width, 2) float64 ndarray
        Middle of each pixel: x to the right and y **up**, 0 in the middle of the picture, the
        height from -1 to 1.

    Raises
    ------
    TypeError, ValueError
        If a side is not a whole number of at least 1.

    Notes
    -----
    Departs from the rest of the course, where y points down. Taught in ``02_1_neuron_to_network``.
    """
    height = checks.number(height, "height", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    y, x = np.mgrid[:height, :width] + 0.5
    return np.stack([2 * x - width, height - 2 * y], axis=-1).reshape(-1, 2) / height


def points(kind, count, rng):
    """Draw points of two classes that no straight line separates.

    Parameters
    ----------
    kind : {"xor", "ring", "moons"}
        Four clouds at the corners, a disc inside a ring, or two crescents.
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    X : (count, 2) float64 ndarray
        Mostly within [-1, 1].
    labels : (count,) int64 ndarray
        0 and 1.

    Raises
    ------
    TypeError, ValueError
        If the kind is not known or the count is not a whole number of at least 1.
    """
    checks.choice(kind, "kind", KINDS)
    count = checks.number(count, "count", low=1, integer=True)
    labels = np.arange(count) % 2
    turn = rng.uniform(0, 2 * np.pi, count)
    if kind == "xor":
        across = rng.choice([-1, 1], count)
        corners = np.stack([across, np.where(labels == 1, -across, across)], axis=1)
        return 0.6 * corners + rng.normal(0, 0.13, (count, 2)), labels
    if kind == "ring":
        radius = np.where(labels == 1, 0.4 * np.sqrt(rng.random(count)), 0.8)
        centres = 0.0
    else:
        turn = turn / 2 + np.pi * labels  # the upper half is 0, the lower 1
        radius, centres = 0.6, np.stack([0.6 * labels - 0.3, 0.3 * labels - 0.15])
    circle = radius * np.stack([np.cos(turn), np.sin(turn)])  # (2, count)
    return (circle + centres).T + rng.normal(0, 0.06, (count, 2)), labels


def _targets(targets, samples, answer):
    """Targets of the type and range that the answer asks for."""
    if answer == "number":
        targets = checks.array(targets, "targets", dtype=np.float64)
        shape = (samples,) if targets.ndim == 1 else (samples, None)
        return checks.array(targets, "targets", shape=shape)
    targets = checks.array(targets, "targets", shape=(samples,), low=0, dtype=np.int64)
    classes = np.unique(targets)
    wanted = 2 if answer == "yes_no" else max(3, len(classes))
    if len(classes) != wanted or classes[-1] != wanted - 1:
        say = "0 and 1" if answer == "yes_no" else "every class from 0 up, three or more"
        raise ValueError(f"targets holds the classes {classes.tolist()}; wanted {say}.")
    return targets


def _options(*, seed=0, steps=300, penalty=1e-4):
    """Our names of scikit-learn's options."""
    steps = checks.number(steps, "steps", low=1, integer=True)
    return {"random_state": seed, "max_iter": steps, "max_fun": 10**6, "alpha": penalty}
