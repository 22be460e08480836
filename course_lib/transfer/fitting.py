"""Whether a network and what it is given fit each other.

Used by `frozen`; taught in ``04_1_transfer_learning``.
"""

import numpy as np

from course_lib import checks, compute


def layer_names(model):
    """List the names of a model's layers.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, with one input and one output.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If it is not such a model.
    """
    compute.backend()  # sets the environment before Keras is imported for the first time
    import keras

    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        kind = type(model).__name__
        raise TypeError(f"model is a {kind}; wanted a built Sequential or functional Keras model.")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise TypeError(f"model {model.name!r} has several inputs or outputs; wanted one of each.")
    return [layer.name for layer in model.layers]


def batch(model, values, name):
    """Check a batch for a model, and return it as float32.

    Parameters
    ----------
    model : keras.Model
        As in `layer_names`.
    values : (N, ...) array_like
    name : str
        What the message calls them.

    Returns
    -------
    (N, ...) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If it is not such a model, or the values have another shape, are not numbers or not finite.
    """
    layer_names(model)
    shape = (None, *model.inputs[0].shape[1:])
    return checks.array(values, name, shape=shape, dtype=np.float32)


def filled(values, name, **wanted):
    """Check an array that must not be empty.

    Parameters
    ----------
    values : array_like
    name : str
        What the message calls it.
    **wanted
        As `checks.array` takes them.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError, ValueError
        As `checks.array`; also if there is nothing in it.
    """
    values = checks.array(values, name, **wanted)
    if values.size == 0:
        raise ValueError(f"{name} is empty; wanted at least one.")
    return values
