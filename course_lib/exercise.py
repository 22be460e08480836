"""Self-checks for students: what was expected, what came, what to look at.

A check calls the student's function on small inputs. It says of which type, shape or size the
result should be and where it differs first, but never prints the expected values.
"""

import copy
from dataclasses import dataclass, field

import numpy as np


class NotYet(ValueError):
    """The answer does not pass its check yet; the message says what to look at."""

    def _render_traceback_(self):
        """What a notebook shows: the sentence, without the inside of this module."""
        return [f"\x1b[31mNot yet.\x1b[0m {self}"]


@dataclass(frozen=True)
class Case:
    """One call of the student's function, what it should return, and a hint."""

    args: tuple
    expected: object
    hint: str
    atol: float = 1e-6
    kwargs: dict = field(default_factory=dict)


def case(*args, expected, hint, atol=1e-6, **kwargs):
    """Describe one call of the student's function.

    Parameters
    ----------
    *args, **kwargs
        Passed to the function.
    expected : number, str, bool or array_like
        What it should return.
    hint : str
        What to look at when it does not.
    atol : float
        Largest difference allowed per number.

    Returns
    -------
    Case
    """
    return Case(args, expected, hint, atol, kwargs)


def check(function, cases, *, name=None):
    """Call a student's function on every case and say how it went.

    Parameters
    ----------
    function : callable
    cases : sequence of Case
    name : str, optional
        The exercise; the function's name by default.

    Raises
    ------
    NotYet
        At the first case that fails: which input, what differs, and the hint.
    ValueError
        If there is no case.

    Notes
    -----
    A function that raises ``NotImplementedError`` counts as not begun: that is printed, not raised.
    """
    cases = list(cases)
    if not cases:
        raise ValueError("cases is empty; wanted at least one exercise.case.")
    name = name or getattr(function, "__name__", "?")
    for number, one in enumerate(cases, start=1):
        label = f"Exercise {name}, check {number} of {len(cases)}: for {_given(one)},"
        kwargs = {name: _copied(value) for name, value in one.kwargs.items()}
        try:
            came = function(*map(_copied, one.args), **kwargs)
        except NotImplementedError:
            print(f"Exercise {name} is still open.")
            return
        except Exception as error:
            said = f"{type(error).__name__}: {str(error).rstrip('.')}"
            raise NotYet(
                f"{label} your function stopped with {said}. Look at: {one.hint}"
            ) from error
        fault = _fault(came, one.expected, one.atol)
        if fault:
            raise NotYet(f"{label} {fault} Look at: {one.hint}")
    print(f"Exercise {name}: all {len(cases)} checks pass.")


def _fault(came, expected, atol):
    """What is wrong with a result, in a sentence; empty when nothing is."""
    if came is None:
        return "your function returned nothing: does it end with return?"
    if isinstance(expected, str):
        right = isinstance(came, str) and str.__eq__(expected, came) is True
        return (
            "" if right else f"your function returned {_brief(came)}; that is not the right text."
        )
    result = _numbers(came)
    if result is None:
        return f"your function returned {_brief(came)}; numbers were expected."
    wanted = np.asarray(expected, dtype=float)
    if result.shape != wanted.shape:
        return f"the shape should be {wanted.shape}; yours is {result.shape}."
    if not np.isfinite(result[np.isfinite(wanted)]).all():
        return "your result holds NaN or infinity."
    close = np.isclose(result, wanted, rtol=1e-6, atol=atol, equal_nan=True)
    return "" if close.all() else _difference(result, wanted, close)


def _numbers(came):
    """A result as an array of float, or None where it is not made of real numbers."""
    try:
        result = np.asarray(came)
    except (TypeError, ValueError):  # rows of different lengths
        return None
    return result.astype(float) if result.dtype.kind in "biuf" else None


def _difference(result, wanted, close):
    """Where a result is wrong, without saying what is right."""
    if not wanted.shape:
        size = "small" if result < wanted else "large"
        return f"your function returned {result:.9g}, which is too {size}."
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    off = f"{(~close).sum()} of {close.size} values differ, first at index {list(first)}"
    return f"{off}, where yours is {result[first]:.9g}."


def _copied(value):
    """The value, copied where a function could write into it and so spoil its case."""
    changeable = (np.ndarray, list, dict, set, np.random.Generator)
    return copy.deepcopy(value) if isinstance(value, changeable) else value


def _given(one):
    """The arguments of a case as the student would write them, shortened."""
    named = [f"{name}={_brief(value)}" for name, value in one.kwargs.items()]
    return ", ".join([_brief(value) for value in one.args] + named) or "no arguments"


def _brief(value):
    """A value in a few words."""
    if isinstance(value, np.ndarray) and value.size > 9:
        return f"an array of shape {value.shape}"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    text = str(value.tolist()) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
