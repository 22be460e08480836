"""Argument checks whose messages name the argument, what came and what was wanted."""

import difflib
import numbers
import os
from pathlib import Path

import numpy as np


def image(value, name="image", *, channels=(1, 3)):
    """Check a picture and return it as ``float32``.

    Parameters
    ----------
    value : (H, W) or (H, W, 3) array_like
        Values in [0, 1].
    name : str
        What the message calls the argument.
    channels : tuple of int
        ``1`` allows grey pictures ``(H, W)``, ``3`` colour pictures ``(H, W, 3)``.

    Returns
    -------
    (H, W) or (H, W, 3) float32 ndarray

    Raises
    ------
    TypeError
        If the value is not numeric.
    ValueError
        If the shape is wrong, the picture is empty, or values are not finite or leave [0, 1].
    """
    picture = _numeric(value, name)
    grey, colour = picture.ndim == 2, picture.ndim == 3 and picture.shape[-1] == 3
    if picture.size == 0 or not ((grey and 1 in channels) or (colour and 3 in channels)):
        shapes = {1: "(H, W) grey", 3: "(H, W, 3) RGB"}
        wanted = " or ".join(shapes[c] for c in channels)
        raise ValueError(f"{name} has shape {picture.shape}; wanted a picture {wanted}.")
    if picture.dtype == np.uint8:
        raise ValueError(
            f"{name} holds bytes (0 to 255); wanted values in [0, 1]: use images.from_bytes."
        )
    picture = picture.astype(np.float32, copy=False)
    low, high = float(picture.min()), float(picture.max())
    if not (low >= -1e-6 and high <= 1 + 1e-6):  # false for NaN as well
        raise ValueError(f"{name} has values from {low:g} to {high:g}; wanted [0, 1].")
    return picture


def array(value, name, *, shape=None, ndim=None, dtype=None, finite=True, low=None, high=None):
    """Check an array and return it.

    Parameters
    ----------
    value : array_like
    name : str
        What the message calls the argument.
    shape : tuple of (int or None), optional
        Wanted shape; ``None`` leaves an axis free.
    ndim : int, optional
        Wanted number of axes.
    dtype : numpy.dtype, optional
        The type to convert to; a whole-number type refuses fractions and what it cannot hold.
    finite : bool
        Whether NaN and infinity are refused.
    low, high : float, optional
        Smallest and largest value allowed.

    Returns
    -------
    ndarray
        A view of the input where its type already fits.

    Raises
    ------
    TypeError
        If the value is not numeric.
    ValueError
        If shape, finiteness, range or a whole-number type do not fit.
    """
    result = _numeric(value, name)
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} has {result.ndim} axes {result.shape}; wanted {ndim}.")
    if shape is not None and not _fits(result.shape, shape):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name} has shape {result.shape}; wanted {wanted}.")
    if finite and result.dtype.kind == "f" and not np.isfinite(result).all():
        raise ValueError(f"{name} holds NaN or infinity; wanted finite numbers only.")
    if low is not None and result.size and result.min() < low:
        raise ValueError(f"{name} goes down to {result.min():g}; wanted {low:g} or more.")
    if high is not None and result.size and result.max() > high:
        raise ValueError(f"{name} goes up to {result.max():g}; wanted {high:g} or less.")
    return result if dtype is None else _converted(result, name, np.dtype(dtype))


def number(value, name, *, low=None, high=None, integer=False):
    """Check one number and return it as ``int`` or ``float``.

    Parameters
    ----------
    value : number
    name : str
        What the message calls the argument.
    low, high : float, optional
        Smallest and largest value allowed.
    integer : bool
        Whether only whole numbers are allowed.

    Returns
    -------
    int or float

    Raises
    ------
    TypeError
        If the value is not a number, or not a whole one where that is wanted.
    ValueError
        If it is NaN or out of range.
    """
    wanted = "a whole number" if integer else "a number"
    kind = numbers.Integral if integer else numbers.Real
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}); wanted {wanted}.")
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        limits = {(True, True): f"from {low} to {high}", (True, False): f"of at least {low}"}
        limit = limits.get((low is not None, high is not None), f"of at most {high}")
        raise ValueError(f"{name} is {value!r}; wanted {wanted} {limit}.")
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value!r}; wanted a finite number.")
    return int(value) if integer else float(value)


def choice(value, name, options):
    """Check that a value is one of the options, and name the near ones where it is not.

    Parameters
    ----------
    value : str
    name : str
        What the message calls the argument.
    options : iterable of str

    Returns
    -------
    str
        The value.

    Raises
    ------
    ValueError
        If the value is not among the options.
    """
    options = list(options)
    if value in options:
        return value
    texts = {str(option).lower(): str(option) for option in options}
    wish = str(value).lower()
    near = [text for text in texts if len(wish) > 2 and text.startswith(wish)]
    near = list(dict.fromkeys(near + difflib.get_close_matches(wish, texts, n=3)))[:3]
    hint = f"there are {', '.join(texts.values())}."
    if near:
        hint = f"did you mean {' or '.join(texts[text] for text in near)}?"
    raise ValueError(f"{name} {value!r} is not known; {hint}")


def path(value, name="path"):
    """Check the name of a file.

    Parameters
    ----------
    value : path_like
    name : str
        What the message calls it.

    Returns
    -------
    Path

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} is {type(value).__name__}; wanted the name of a file.")
    return Path(value)


def boxes(value, name="boxes"):
    """Check boxes and return them as ``(N, 4)`` ``float64``.

    Parameters
    ----------
    value : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels; an empty list is no box.
    name : str
        What the message calls the argument.

    Returns
    -------
    (N, 4) float64 ndarray

    Raises
    ------
    TypeError
        If the value is not numeric.
    ValueError
        If the last axis is not 4, or a coordinate is not finite.
    """
    corners = _numeric(value, name)
    if corners.size == 0:
        return np.zeros((0, 4))
    return array(corners, name, shape=(None, 4), dtype=np.float64)


def _numeric(value, name):
    """The value as a numeric array, or a TypeError that says what came."""
    try:
        result = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{name} has rows of different lengths; wanted an array.") from None
    if result.dtype.kind not in "biuf":
        raise TypeError(f"{name} is of type {type(value).__name__}; wanted an array of numbers.")
    return result


def _converted(values, name, dtype):
    """The values as another type; a fraction is never cut off in silence."""
    if dtype.kind in "iu" and values.size:
        limits = np.iinfo(dtype)
        # As Python's numbers, which compare exactly: 2**63 - 1 as a float is 2**63.
        inside = limits.min <= values.min().item() and values.max().item() <= limits.max
        if not inside or (values != np.round(values)).any():
            came = f"{values.min():g} to {values.max():g}"
            raise ValueError(f"{name} holds {came} as {values.dtype}; wanted {dtype} numbers.")
    return values.astype(dtype, copy=False)


def _fits(shape, wanted):
    """Whether a shape equals the wanted one where that is not None."""
    return len(shape) == len(wanted) and all(
        w in (None, n) for n, w in zip(shape, wanted, strict=True)
    )
