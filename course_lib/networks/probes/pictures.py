"""Pictures that go into a model, checked against what it wants."""

import bisect

import numpy as np

from course_lib import checks
from course_lib.networks.probes.graph import graph


def picture_batch(model, pictures, name="images"):
    """Check a batch of pictures for a model.

    Parameters
    ----------
    model : keras.Model
    pictures : (N, H, W, C) array_like, or a list of pictures of one size
    name : str
        What the message calls the argument.

    Returns
    -------
    (N, H, W, C) float32 ndarray

    Raises
    ------
    TypeError
        If they are not numeric.
    ValueError
        If the shape does not fit the model, there is no picture, or one holds NaN or infinity.
    """
    wanted = graph(model).input.shape
    sizes = {np.shape(picture) for picture in pictures} if isinstance(pictures, list) else ()
    if len(sizes) > 1:
        raise ValueError(f"{name} differ in shape: {sorted(sizes)}; make them one size first.")
    batch = checks.array(pictures, name, dtype=np.float32)
    if batch.ndim == len(wanted) - 1:
        text = f"{name} is one picture {batch.shape}; wanted a batch: {name}[None], or a list."
        raise ValueError(text)
    if not len(batch):
        raise ValueError(f"{name} is empty; wanted at least one picture.")
    return checks.array(batch, name, shape=(None, *wanted[1:]))


def picture_shape(model):
    """The shape of a batch of pictures that a model takes.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    (None, H, W, C) tuple
        H and W may be None: any.

    Raises
    ------
    ValueError
        If the model takes something else than pictures.
    """
    shape = graph(model).input.shape
    if len(shape) != 4:
        raise ValueError(f"the model takes {shape}; wanted pictures (N, H, W, C).")
    return shape


def check_size(model, steps, height, width):
    """Refuse a picture so small that nothing is left of it at one of the steps.

    Parameters
    ----------
    model : keras.Model
    steps : list of Step
    height, width : int
        In pixels.

    Raises
    ------
    ValueError
        With the smallest square that is enough.
    """
    read, outputs = graph(model), [step.outputs[0] for step in steps]
    if len(read.input.shape) != 4 or read.fits(height, width, outputs):
        return
    enough = 1
    while enough < 4096 and not read.fits(enough, enough, outputs):
        enough *= 2
    few = bisect.bisect_left(
        range(enough), True, lo=1, key=lambda side: read.fits(side, side, outputs)
    )
    names = ", ".join(step.name for step in steps[:3])
    text = f"too small for {names}; wanted at least {few} x {few}."
    raise ValueError(f"a picture of {height} x {width} px is {text}")


def check_score(score):
    """Refuse a score that is no function.

    Parameters
    ----------
    score : callable

    Raises
    ------
    TypeError
        If it cannot be called.
    """
    if not callable(score):
        text = "wanted a function of what the layers answer, such as channel(0)."
        raise TypeError(f"score is a {type(score).__name__}; {text}")
