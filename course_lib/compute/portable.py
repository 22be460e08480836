"""Networks that others have finished, in two formats made for handing on: TFLite and ONNX."""

import importlib.util
import warnings
from os import PathLike
from pathlib import Path

import numpy as np

from course_lib import checks

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
    TypeError
        If the path or the number of threads is none.
    ImportError
        If TensorFlow is not installed; no other backend brings the interpreter.
    ValueError
        If the file is not a whole network, `threads` is not from 1 to 256, or, from the call, an
        array does not fit.

    Notes
    -----
    Taught in ``06_2_openpose``.
    """
    path, threads = _file(path), _threads(threads)
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
            array = _numbers(array, path)
            if array.shape != tuple(wanted["shape"]):
                raise ValueError(
                    f"{path.name} takes the shape {tuple(wanted['shape'])}; {array.shape} came."
                )
            interpreter.set_tensor(wanted["index"], array.astype(wanted["dtype"]))
        interpreter.invoke()
        return [interpreter.get_tensor(each["index"]) for each in outputs]

    return call


def _file(path):
    """The path of a file that is there."""
    if not isinstance(path, str | PathLike):
        raise TypeError(f"path is of type {type(path).__name__}; wanted the path of a file.")
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no network at {str(path)!r}.")
    return Path(path)


def _threads(threads):
    """A number of threads that a machine can start, or None."""
    if threads is None:
        return None
    return checks.number(threads, "threads", low=1, high=256, integer=True)


def _numbers(array, path):
    """An array of numbers; NaN is the network's business."""
    return checks.array(array, f"an input of {path.name}", finite=False)


def _interpreter(path, threads):
    """An interpreter with its memory laid out; it writes to stderr while it does so."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a move to another package, which has no wheel for all
        interpreter = tf.lite.Interpreter(model_content=path.read_bytes(), num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def onnx(path, *, threads=None):
    """Load a network in the ONNX format.

    Parameters
    ----------
    path : path
        An ``.onnx`` file.
    threads : int, optional
        How many processor cores it may use; by default all.

    Returns
    -------
    callable
        Takes one array per input, in the network's order, cast to float32; returns a list of
        ndarrays, one per output.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If the path or the number of threads is none.
    ValueError
        If the file is not a whole network, `threads` is not from 1 to 256, or, from the call, an
        array does not fit.

    Notes
    -----
    Computes on the processor. A network in whole numbers may differ in the last bits from one kind
    of processor to another. Taught in ``10_2_fast_style_transfer``.
    """
    path, threads = _file(path), _threads(threads)
    import onnxruntime

    states = onnxruntime.capi.onnxruntime_pybind11_state
    broken = (states.InvalidProtobuf, states.InvalidGraph, states.InvalidArgument, states.Fail)
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), _options(onnxruntime, threads), providers=["CPUExecutionProvider"]
        )
    except broken as error:
        raise ValueError(f"{path.name} is not a whole ONNX network; fetch it again.") from error
    wanted = [(each.name, tuple(each.shape)) for each in session.get_inputs()]

    def call(*arrays):
        if len(arrays) != len(wanted):
            raise ValueError(f"{path.name} takes {len(wanted)} inputs; {len(arrays)} came.")
        arrays = [np.ascontiguousarray(_numbers(array, path), np.float32) for array in arrays]
        for array, (_, shape) in zip(arrays, wanted, strict=True):
            if not _fits(array.shape, shape):
                raise ValueError(f"{path.name} takes the shape {shape}; {array.shape} came.")
        names = [name for name, _ in wanted]
        try:
            return session.run(None, dict(zip(names, arrays, strict=True)))
        except Exception as error:  # onnxruntime's errors have no base of their own
            shapes = ", ".join(str(array.shape) for array in arrays)
            raise ValueError(f"{path.name} cannot compute with arrays of {shapes}.") from error

    return call


def _options(onnxruntime, threads):
    """Threads that do not spin while they wait: others use this machine, too."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, and said once
    options.intra_op_num_threads = threads or 0
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _fits(shape, wanted):
    """Whether a shape is the wanted one; names there stand for any size."""
    return len(shape) == len(wanted) and all(
        size == want or not isinstance(want, int) for size, want in zip(shape, wanted, strict=True)
    )
