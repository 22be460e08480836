"""Networks in TensorFlow Lite's format, run by the interpreter that TensorFlow brings."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np

from .quiet import quietly


def tflite(path, *, threads=None):
    """Load a network in TensorFlow Lite's format.

    Parameters
    ----------
    path : path
        A ``.tflite`` file.
    threads : int, optional
        How many processor cores it may use; by default it chooses.

    Returns
    -------
    callable
        Takes one array per input, of the network's shapes, cast to its number types; returns a list
        of ndarrays, one per output.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If TensorFlow is not installed; no other backend brings the interpreter.
    ValueError
        If the file is not a whole network, or, from the call, an array does not fit.

    Notes
    -----
    Taught in ``06_2_openpose``.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no network at {path}.")
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError("A .tflite network needs TensorFlow, which is not installed here.")
    try:
        interpreter = quietly(_interpreter, path, threads)
    except (ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path.name} is not a whole TensorFlow Lite network; fetch it again."
        ) from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def call(*arrays):
        if len(arrays) != len(inputs):
            raise ValueError(f"{path.name} takes {len(inputs)} inputs; {len(arrays)} came.")
        for array, wanted in zip(arrays, inputs, strict=True):
            array = np.asarray(array)
            if array.shape != tuple(wanted["shape"]):
                raise ValueError(
                    f"{path.name} takes the shape {tuple(wanted['shape'])}; {array.shape} came."
                )
            interpreter.set_tensor(wanted["index"], array.astype(wanted["dtype"]))
        interpreter.invoke()
        return [interpreter.get_tensor(each["index"]) for each in outputs]

    return call


def _interpreter(path, threads):
    """An interpreter with its memory laid out; it writes to stderr while it does so."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a move to another package, which has no wheel for all
        interpreter = tf.lite.Interpreter(model_content=path.read_bytes(), num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter
