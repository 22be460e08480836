"""The device, the seed, the time budget and gradients, on Keras' TensorFlow and JAX backends.

The only module that imports a backend, and only when a function needs it: TensorFlow takes seconds
to import. ``KERAS_BACKEND=jax`` chooses JAX; TensorFlow is the default where it is installed.
"""

import importlib.util
import os
import random
import sys

import numpy as np

from course_lib import checks

from .backends import BACKENDS, backend
from .differentiate import compiled_gradients, gradients
from .interrupts import undisturbed
from .portable import onnx, tflite
from .quiet import QuietTensorFlow
from .training import train_step

__all__ = [
    "BACKENDS",
    "backend",
    "budget",
    "compiled_gradients",
    "device",
    "gradients",
    "onnx",
    "seed_all",
    "tflite",
    "train_step",
    "undisturbed",
]

# Read by TensorFlow when it is first imported: without these it writes to stderr at every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("ABSL_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same rounding on every processor
if "KERAS_BACKEND" not in os.environ:  # a Python too new for TensorFlow comes with JAX instead
    found = importlib.util.find_spec("tensorflow")
    os.environ["KERAS_BACKEND"] = "tensorflow" if found else "jax"
if "tensorflow" not in sys.modules:
    sys.meta_path.insert(0, QuietTensorFlow())


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
