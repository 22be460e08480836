"""Whether a result is right: type, shape and finiteness first, then value.

Kind to honest answers: a list does for an array, a whole number for an integer whatever its type,
0 and 1 for False and True, a Python number for an array of no dimension, and ``float32`` gets the
tolerance that its few digits need. A value is looked at as plain data only (see `plain`), so that
no object of the student's has a say in being compared. Messages name what was wanted of type and
shape, and never a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RIGHT = ("nothing", "")
FORMS = {"b": "True or False", "i": "whole numbers", "u": "whole numbers"}
SINGLE = 1e-5  # relative tolerance of float32, which has 7 digits and loses some on the way


@dataclass(frozen=True)
class Refused:
    """In the place of a result that is not plain: what it was, in a few words."""

    name: str


def judge(call, value):
    """Judge what a student's function returned.

    Parameters
    ----------
    call : records.Call
        Its `want`, `rtol` and `atol` are looked at.
    value : object
        As `plain.load` gives it, or `Refused`.

    Returns
    -------
    cause : str
        One of `records.CAUSES`; ``"nothing"`` where the result is right.
    message : str
        A sentence for the student without the hint; empty where the result is right.

    Notes
    -----
    A number is right within ``atol + rtol * |want|``, as of ``numpy.allclose``. Where integers are
    wanted `rtol` does not count, since a sum of ten million would otherwise be right with 10 too
    many; `atol` does. NaN and infinity are right only where they are wanted.
    """
    return _judged(call.want, value, call.rtol, call.atol)


def _judged(want, value, rtol, atol):
    """Cause and message, by what is wanted."""
    if isinstance(value, Refused):
        return "wrong type", f"your function returned {value.name}; wanted {_form(want)}."
    if value is None and want is not None:
        return "wrong type", "your function returned nothing: does it end with return?"
    if want is None or isinstance(want, str):
        return _exact(want, value)
    if isinstance(want, Mapping):
        return _mapping(want, value, rtol, atol)
    if isinstance(want, tuple) or (isinstance(want, list) and _numbers(want) is None):
        return _sequence(want, value, rtol, atol)
    return _array(_numbers(want), value, rtol, atol)


def _exact(want, value):
    """None and text are equal or not."""
    if type(value) is not type(want):
        return _other_type(want, value)
    return RIGHT if value == want else ("wrong value", "your function returned another text.")


def _mapping(want, value, rtol, atol):
    """A dict: the same keys, and each value right."""
    if not isinstance(value, Mapping):
        return _other_type(want, value)
    if set(value) != set(want):
        keys = ", ".join(map(repr, want))
        return "wrong shape", f"the keys of the dict should be {keys}."
    for key, item in want.items():
        cause, message = _judged(item, value[key], rtol, atol)
        if cause != "nothing":
            return cause, f"under the key {key!r}: {message}"
    return RIGHT


def _sequence(want, value, rtol, atol):
    """A tuple or list of things of their own kind: as many, and each right."""
    rows = isinstance(value, np.ndarray) and value.ndim > 0
    if not rows and not (isinstance(value, Sequence) and not isinstance(value, str)):
        return _other_type(want, value)
    if len(value) != len(want):
        return "wrong shape", f"wanted {len(want)} values; yours are {len(value)}."
    for number, (item, came) in enumerate(zip(want, value, strict=True), start=1):
        cause, message = _judged(item, came, rtol, atol)
        if cause != "nothing":
            return cause, f"value {number} of {len(want)}: {message}"
    return RIGHT


def _array(want, value, rtol, atol):
    """Numbers, one or many: shape, kind, finiteness, value."""
    came = _numbers(value)
    if came is None or (came.dtype.kind == "c" and want.dtype.kind != "c"):
        return _other_type(want, value)
    if came.shape != want.shape:
        return "wrong shape", f"the shape should be {want.shape}; yours is {came.shape}."
    if want.dtype.kind not in "fc" and came.dtype.kind == "f":
        rtol = 1e-12  # whole numbers that went through a division, say
    finite = (
        np.isfinite(came) | (np.isnan(want) & np.isnan(came)) | (np.isinf(want) & (came == want))
    )
    if not finite.all():
        return "not finite", f"your result holds NaN or infinity{_places(finite)}."
    close = _close(want, came, rtol, atol)
    if close.all():
        return RIGHT
    if not want.shape:
        return "wrong value", "your function returned another value."
    return "wrong value", f"the values differ{_places(close)}."


def _close(want, came, rtol, atol):
    """Where two arrays agree."""
    if want.dtype.kind not in "fc" and came.dtype.kind not in "fc":
        rtol = 0
        if atol < 1:  # exact, beyond what float64 tells apart too
            return want == came
    if came.dtype == np.float32 and want.dtype.kind in "fc":
        largest = np.abs(want[np.isfinite(want)]).max(initial=0)
        rtol, atol = max(rtol, SINGLE), max(atol, SINGLE / 10 * largest)
    with np.errstate(all="ignore"):
        return np.isclose(_wide(came), _wide(want), rtol=rtol, atol=atol, equal_nan=True)


def _wide(array):
    """The array in double precision."""
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _numbers(value):
    """A value as an array of numbers or booleans, or None where it is none."""
    if not _numeric(value):
        return None
    if type(value) is int and not -(2**63) <= value < 2**64:
        value = float(value)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError, RecursionError):  # rows of different lengths
        return None
    return array if array.dtype.kind in "biufc" else None


def _numeric(value):
    """Whether there is nothing but numbers in a value.

    NumPy makes all texts of a list as long as its longest: some megabytes would become terabytes.
    """
    if isinstance(value, (list, tuple)):
        return all(map(_numeric, value))
    return isinstance(value, (bool, int, float, complex, np.ndarray, np.generic))


def _places(good):
    """Where something is amiss, as far as a student may know."""
    return f" at {(~good).sum()} of {good.size} places" if good.shape else ""


def _other_type(want, value):
    return "wrong type", f"your function returned {_form(value)}; wanted {_form(want)}."


def _form(value):
    """What kind of thing a value is, without saying which."""
    if value is None or isinstance(value, (str, Mapping)):
        return "nothing" if value is None else "text" if isinstance(value, str) else "a dict"
    array = _numbers(value)
    if isinstance(value, tuple) or array is None:
        kind = "tuple" if isinstance(value, tuple) else "list"
        return f"a {kind} of {len(value)}"
    kind = "complex numbers" if array.dtype.kind == "c" else FORMS.get(array.dtype.kind, "numbers")
    if array.shape:
        return f"an array of {kind} of shape {array.shape}"
    return kind if array.dtype.kind == "b" else f"a {kind.removesuffix('s')}"
