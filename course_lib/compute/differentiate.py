"""Gradients of a function, on Keras' TensorFlow and JAX backends, once or compiled."""

import numpy as np

from course_lib import checks

from .backends import backend


def gradients(function, wrt, *, state=()):
    """Return a scalar function's value and its gradients, on either backend.

    Parameters
    ----------
    function : callable
        Returns one number, computed with Keras. It takes the arrays of `wrt` as its arguments;
        where `wrt` is a model or variables it takes none and uses them.
    wrt : keras.Model, sequence of keras.Variable, or sequence of array
        What to differentiate by: a model stands for its trainable variables.
    state : sequence of keras.Variable
        Other variables that the function changes, such as the moving averages of batch
        normalisation and the seeds of dropout. A model brings its own.

    Returns
    -------
    value : float
    gradients : list of ndarray
        One per item of `wrt`, of its shape; zero where the function does not depend on it.

    Raises
    ------
    TypeError
        If `wrt` is one array or variable instead of a list, or its items are of both kinds.
    ValueError
        If there is nothing to differentiate by, as with an empty list or a model that is frozen or
        not built yet; or the function's result is not a single number.

    Notes
    -----
    Afterwards the variables in `state` hold what the function made of them, once, on both
    backends; trainable variables are left as they were.
    """
    variables, arrays, state = _sources(wrt, state)
    if not variables and not arrays:
        text = "wanted variables, arrays, or a model that is built and not frozen."
        raise ValueError(f"wrt is empty; {text}")
    differentiate = _gradients_jax if backend() == "jax" else _gradients_tensorflow
    return differentiate(function, variables, arrays, state)


def compiled_gradients(function, *, state=()):
    """Compile a function of arrays together with the gradients of its sum, for many calls.

    Parameters
    ----------
    function : callable
        Takes tensors and returns a number or an array, computed with Keras; traced once per shape.
    state : sequence of keras.Variable
        All variables that it reads or changes, such as ``model.variables``.

    Returns
    -------
    callable
        Takes arrays; returns the value and the list of gradients, as ndarrays. Each call reads the
        variables and leaves in them what the function made of them.
    """
    run = (_compiled_jax if backend() == "jax" else _compiled_tensorflow)(function, list(state))

    def call(*arrays):
        value, grads = run([np.asarray(array, np.float32) for array in arrays])
        return np.asarray(value), [np.asarray(grad) for grad in grads]

    return call


def _compiled_tensorflow(function, _state):
    """One graph for the function and its tape; it reads and changes variables in place."""
    import tensorflow as tf

    @tf.function(autograph=False)  # errors come out as they were raised
    def run(sources):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            value = function(*sources)
        grads = tape.gradient(value, sources, unconnected_gradients="zero")
        return value, [tf.convert_to_tensor(grad) for grad in grads]

    def call(sources):
        # By its shape: TensorFlow takes several shapes in calls of `run` for a mistake and warns.
        tensors = [tf.convert_to_tensor(source) for source in sources]
        return run.get_concrete_function(tensors)(tensors)

    return call


def _compiled_jax(function, state):
    """One program for the function and its gradients; variables go in and come out."""
    import jax
    import keras

    def pure(sources, held):
        with keras.StatelessScope(state_mapping=[*zip(state, held, strict=True)]) as scope:
            value = function(*sources)
            return value.sum(), (value, [scope.get_current_value(v) for v in state])

    program = jax.jit(jax.value_and_grad(pure, has_aux=True))

    def run(sources):
        (_, (value, after)), grads = program(sources, [variable.value for variable in state])
        for variable, new in zip(state, after, strict=True):
            variable.assign(new)
        return value, grads

    return run


def _sources(wrt, state):
    """The variables or the arrays to differentiate by, and the variables that may change."""
    import keras

    if hasattr(wrt, "trainable_variables"):
        wrt, state = list(wrt.trainable_variables), [*wrt.non_trainable_variables, *state]
    elif hasattr(wrt, "shape") or np.isscalar(wrt) or wrt is None:
        raise TypeError(f"wrt is one {type(wrt).__name__}; wanted a model or a list, such as [x].")
    wrt = list(wrt)
    known = [isinstance(item, keras.Variable) for item in wrt]
    if any(known) and not all(known):
        raise TypeError("wrt holds variables and arrays; differentiate by one kind at a time.")
    if any(known):
        chosen = {id(variable): variable for variable in wrt}
        if len(chosen) < len(wrt):
            raise ValueError("wrt holds a variable twice; name each one once.")
        return wrt, [], [variable for variable in state if id(variable) not in chosen]
    arrays = [checks.array(item, f"wrt[{n}]", finite=False) for n, item in enumerate(wrt)]
    return [], [array.astype("float32") for array in arrays], list(state)


def _gradients_tensorflow(function, variables, arrays, state):
    """Gradients by a tape; variables in `state` are changed in place as the function runs."""
    import tensorflow as tf

    sources = [v.value for v in variables] or [tf.convert_to_tensor(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        value = function() if variables else function(*sources)
        _check_scalar(value)
        value = tf.reshape(value, ())
    grads = tape.gradient(value, sources, unconnected_gradients="zero")
    return float(value), [tf.convert_to_tensor(g).numpy() for g in grads]


def _gradients_jax(function, variables, arrays, state):
    """Gradients of a pure function: variables go in as arguments, changed state comes out."""
    import jax
    import keras

    def pure(sources):
        mapping = [*zip(variables, sources, strict=True)] if variables else []
        held = [(v, v.value) for v in state]
        with keras.StatelessScope(collect_losses=True, state_mapping=mapping + held) as scope:
            value = function() if variables else function(*sources)
            _check_scalar(value)
            return value.reshape(()), [scope.get_current_value(v) for v in state]

    sources = [v.value for v in variables] or [jax.numpy.asarray(a) for a in arrays]
    (value, changed), grads = jax.value_and_grad(pure, has_aux=True)(sources)
    for variable, new in zip(state, changed, strict=True):
        variable.assign(new)
    return float(value), [np.asarray(g) for g in grads]


def _check_scalar(value):
    """Refuse a function that returns more or less than one number."""
    shape = getattr(value, "shape", type(value).__name__)
    if isinstance(shape, str) or int(np.prod(shape)) != 1:
        raise ValueError(f"function returned {shape}; wanted one number, such as a mean.")
