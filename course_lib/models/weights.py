"""Weights from elsewhere, put into a Keras model and kept as ``.weights.h5``."""

import hashlib
import warnings

import numpy as np

from course_lib import checks, compute
from course_lib.fetch.archives import ArchiveError
from course_lib.fetch.converted import converted

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's training pictures: red, green, blue
DEVIATION = (0.229, 0.224, 0.225)


def keras_layers():
    """Keras' layers, imported only when a network is built."""
    compute.backend()  # has set the backend's environment before Keras is imported
    import keras

    return keras.layers


def converted_model(name, file, build, values, *, form=None):
    """Build a model and fill it from the converted weights in the cache; convert them first.

    Parameters
    ----------
    name : str
        The asset that holds the weights.
    file : str
        What to call the converted ones, ending in ``.weights.h5``.
    build : callable
        Returns the model with any weights.
    values : callable
        Takes the path of the asset, returns a dict: name of a layer -> its arrays, as
        ``layer.set_weights`` takes them.
    form : str, optional
        As in `fetch.fetch`.

    Returns
    -------
    keras.Model
    """

    def make(source, new):
        model = build()
        fill(model, values(source), source.name)
        save(model, new)

    return converted(name, file, make, lambda path: read(build, path), form=form)


def fill(model, values, source):
    """Give each layer of a model its arrays.

    Raises
    ------
    ArchiveError
        If a layer gets none, or arrays of other shapes; the message names `source`.
    """
    for layer in model.layers:
        wanted = [tuple(weight.shape) for weight in layer.weights]
        came = [array.shape for array in values.get(layer.name, [])]
        if wanted != came:
            raise ArchiveError(f"{source} has {came} for {layer.name}; wanted {wanted}")
        if wanted:
            layer.set_weights(values[layer.name])


def load_weights(model, path):
    """Load a file of weights into a model of the same architecture.

    Parameters
    ----------
    model : keras.Model
        Left as it was if the file does not fit.
    path : path_like
        Ends in ``.weights.h5``.

    Raises
    ------
    TypeError
        If the path is not one.
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or of another architecture.
    """
    path = checks.path(path)
    if not path.exists():
        text = "run the course from a clone of its repository."
        raise FileNotFoundError(f"There is no {path.name} in {path.parent.name}; {text}")
    before = model.get_weights()
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        model.set_weights(before)
        raise ValueError(
            f"{path.name} does not fit this {model.name}: it is damaged or of another architecture."
            " One of the course's own comes back with: git checkout -- data/models"
        ) from error


def save(model, path):
    """Write a model's weights with their own hash beside them."""
    import h5py

    model.save_weights(path)
    with h5py.File(path, "a") as file:
        file.attrs["course_sha256"] = digest(model)


def read(build, path):
    """Fill a new model from a file of `save`; an OSError or ValueError if it is not whole."""
    import h5py

    with h5py.File(path, "r") as file:
        wanted = file.attrs["course_sha256"]
    model = build()
    with warnings.catch_warnings():  # Keras only warns of a layer that it finds nothing for
        warnings.simplefilter("ignore")
        model.load_weights(path)
    if digest(model) != wanted:
        raise ValueError(f"{path.name} does not hold what was written")
    return model


def digest(model):
    """The SHA-256 of all weights, in order."""
    sums = hashlib.sha256()
    for weight in model.get_weights():
        sums.update(np.ascontiguousarray(weight))
    return sums.hexdigest()


def keras_values(path):
    """Read a weights file of Keras 2: layer name -> its arrays, in the order of the layer.

    Raises
    ------
    ArchiveError
        If it is not such a file.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {
                _text(layer): [file[layer][name][()] for name in file[layer].attrs["weight_names"]]
                for layer in file.attrs["layer_names"]
            }
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ArchiveError(f"{path.name} is not a Keras weights file ({problem})") from problem


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
