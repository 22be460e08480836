"""The device, the seed, the time budget and gradients, on Keras' TensorFlow and JAX backends.

The only module that imports a backend, and only when a function needs it: TensorFlow takes seconds
to import. ``KERAS_BACKEND=jax`` chooses JAX; TensorFlow is the default where it is installed.
"""

import importlib.abc
import importlib.util
import os
import random
import sys
import tempfile

import numpy as np

from course_lib import checks

# Read by TensorFlow when it is first imported: without these it writes to stderr at every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("ABSL_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same rounding on every processor
if "KERAS_BACKEND" not in os.environ:  # a Python too new for TensorFlow comes with JAX instead
    found = importlib.util.find_spec("tensorflow")
    os.environ["KERAS_BACKEND"] = "tensorflow" if found else "jax"

BACKENDS = ("tensorflow", "jax")


def backend():
    """Return the name of Keras' backend, without importing it.

    Returns
    -------
    str
        ``tensorflow`` or ``jax``.

    Raises
    ------
    ValueError
        If ``KERAS_BACKEND`` names another one.
    """
    if "keras" in sys.modules:
        return checks.choice(sys.modules["keras"].config.backend(), "KERAS_BACKEND", BACKENDS)
    return checks.choice(os.environ["KERAS_BACKEND"], "KERAS_BACKEND", BACKENDS)


def device():
    """Return what Keras computes on, ``gpu`` or ``cpu``; imports the backend."""
    if backend() == "jax":
        import jax

        return "gpu" if jax.default_backend() in ("gpu", "cuda", "rocm") else "cpu"
    import tensorflow as tf

    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def seed_all(seed):
    """Seed Python, NumPy and, where it is imported already, Keras; return a generator.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1. Import keras before the call where a notebook uses it.

    Returns
    -------
    numpy.random.Generator
        Pass it on as ``rng``.

    Raises
    ------
    TypeError, ValueError
        If the seed is not a whole number in that range.
    """
    seed = checks.number(seed, "seed", low=0, high=2**32 - 1, integer=True)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  libraries that know no Generator read the global state
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)
    return np.random.default_rng(seed)


def budget(*, cpu, gpu):
    """Choose what fits the machine: a short run on a CPU, the real one on a GPU.

    Parameters
    ----------
    cpu, gpu : object
        The same setting for both, such as a number of epochs.

    Returns
    -------
    object
        One of the two.
    """
    return gpu if device() == "gpu" else cpu


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

    return run


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


class _QuietTensorFlow(importlib.abc.MetaPathFinder):
    """Lets a plain ``import keras`` pass without the lines that TensorFlow writes to stderr.

    Its C++ code writes them while it loads, before it reads any setting. Where the import fails
    they are written after all.
    """

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _quietly(load, module)
        return spec


def _quietly(function, *args):
    """Call a function with the process' stderr set aside; shown only if it raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            return function(*args)
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


if "tensorflow" not in sys.modules:
    sys.meta_path.insert(0, _QuietTensorFlow())
