"""One step of training, compiled, on Keras' TensorFlow and JAX backends."""

import functools

import numpy as np

from .backends import backend
from .interrupts import undisturbed


def train_step(function, variables, optimizer, *, state=(), compiled=True):
    """Make one step of training: a loss, its gradients, and what the optimizer does with them.

    Parameters
    ----------
    function : callable
        Takes tensors and returns the loss, a number or an array of terms whose sum counts, computed
        with Keras; traced once per shape.
    variables : sequence of keras.Variable
        What is learned, such as ``model.trainable_variables``.
    optimizer : keras.optimizers.Optimizer
        Of these variables only: another network needs another one.
    state : sequence of keras.Variable
        The other variables that the function reads or changes: moving averages of batch
        normalisation, seeds of dropout, the network played against. ``model.variables`` will do.
    compiled : bool
        False runs the same step operation by operation, which is slower and easier to look into.

    Returns
    -------
    callable
        Takes arrays, float64 ones are used as float32. Each call makes a step and returns the
        function's value from before it: a float, or an ndarray of its terms. An interrupt waits
        until the step is whole.

    Raises
    ------
    TypeError
        If `variables` is not a list of variables.
    ValueError
        If there are none; from the call on JAX, if the function reads a variable that is neither in
        `variables` nor in `state`, whose value would stay what it was at the first step.

    Notes
    -----
    Taught in ``09_1_adversarial_game``.
    """
    variables, state = _sorted(variables, state)
    optimizer.build(variables)
    make = _jax_step if backend() == "jax" else _tensorflow_step
    run = make(function, variables, optimizer, state, compiled)

    def call(*arrays):
        with undisturbed():
            value = np.asarray(run([_array(array) for array in arrays]))
        return float(value) if value.ndim == 0 else value

    return call


def _sorted(variables, state):
    """What is learned, and what else is read or changed, each variable once."""
    import keras

    variables = list(variables)
    for each in variables:
        if not isinstance(each, keras.Variable):
            raise TypeError(f"variables holds a {type(each).__name__}; wanted Keras variables.")
    if not variables:
        raise ValueError("variables is empty; wanted those of a model that is built and trainable.")
    known = {id(each) for each in variables}
    others = {id(each): each for each in state if id(each) not in known}
    return variables, list(others.values())


def _array(array):
    """An array as a backend takes it: whole numbers stay whole."""
    array = np.asarray(array)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _tensorflow_step(function, variables, optimizer, _state, compiled):
    """A tape and the optimizer in one graph, which changes the variables in place."""
    import tensorflow as tf

    def run(sources):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            value = function(*sources)
            total = tf.reduce_sum(value)
        sources = [variable.value for variable in variables]
        grads = tape.gradient(total, sources, unconnected_gradients="zero")
        optimizer.apply(grads, variables)
        return value

    if not compiled:
        return lambda sources: run([tf.convert_to_tensor(source) for source in sources])
    # TensorFlow counts traces by code and warns at the fifth network; a partial has no code.
    whole = functools.partial(run)
    return tf.function(whole, autograph=False)  # errors come out as they were raised


def _jax_step(function, variables, optimizer, state, compiled):
    """A pure function of all variables, which go in and come out."""
    import jax

    def loss(learned, held, sources):
        mapping = [*zip(variables, learned, strict=True), *zip(state, held, strict=True)]
        with _complete_scope(mapping) as scope:
            value = jax.numpy.asarray(function(*sources))
        return value.sum(), (value, [scope.get_current_value(each) for each in state])

    def pure(learned, held, momenta, sources):
        gradient = jax.value_and_grad(loss, has_aux=True)
        (_, (value, held)), grads = gradient(learned, held, sources)
        learned, momenta = optimizer.stateless_apply(momenta, grads, learned)
        return value, learned, held, momenta

    program = jax.jit(pure) if compiled else pure

    def run(sources):
        groups = (variables, state, optimizer.variables)
        now = [[each.value for each in group] for group in groups]
        value, *after = program(*now, [jax.numpy.asarray(source) for source in sources])
        for group, new in zip(groups, after, strict=True):
            for each, one in zip(group, new, strict=True):
                each.assign(one)
        return value

    return run


def _complete_scope(mapping):
    """A scope in which a variable without a value is an error, not a constant."""
    import keras

    class Scope(keras.StatelessScope):
        def get_current_value(self, variable):
            value = super().get_current_value(variable)
            if value is None:
                raise ValueError(
                    f"function reads the variable {variable.path}, which is neither in variables "
                    "nor in state; add it to state."
                )
            return value

    return Scope(mapping)
