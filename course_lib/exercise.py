"""Self-checks for students: what was expected, what came, what to look at.

A check calls the student's function on small inputs. It says of which type, shape or size the
result should be and where it differs first, but never prints the expected values.
"""

from dataclasses import dataclass, field

import numpy as np


class NotYet(ValueError):
    """The answer does not pass its check yet; the message says what to look at."""


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

    Notes
    -----
    A function that raises ``NotImplementedError`` counts as not begun: that is printed, not raised.
    """
    name = name or getattr(function, "__name__", "?")
    for number, one in enumerate(cases, start=1):
        label = f"Exercise {name}, check {number} of {len(cases)}"
        try:
            came = function(*_copies(one.args), **one.kwargs)
        except NotImplementedError:
            print(f"Exercise {name} is still open.")
            return
        except Exception as error:
            said = f"stopped with {type(error).__name__}: {error}"
            raise NotYet(f"{label}: your function {said} Look at: {one.hint}") from error
        fault = _fault(came, one.expected, one.atol)
        if fault:
            given = ", ".join(_brief(a) for a in (*one.args, *one.kwargs.values()))
            raise NotYet(f"{label}: for {given}, {fault} Look at: {one.hint}")
    print(f"Exercise {name}: all {len(cases)} checks pass.")


def _fault(came, expected, atol):
    """What is wrong with a result, in a sentence; empty when nothing is."""
    if came is None:
        return "your function returned nothing: does it end with return?"
    if isinstance(expected, str):
        wrong = not isinstance(came, str) or came != expected
        return (
            f"your function returned {_brief(came)}, which is not the right text." if wrong else ""
        )
    try:
        result = np.asarray(came, dtype=float)
    except (TypeError, ValueError):
        return f"your function returned {_brief(came)}; numbers were expected."
    wanted = np.asarray(expected, dtype=float)
    if result.shape != wanted.shape:
        return f"the shape should be {wanted.shape}; yours is {result.shape}."
    if not np.isfinite(result).all():
        return "your result holds NaN or infinity."
    close = np.isclose(result, wanted, rtol=1e-6, atol=atol)
    if close.all():
        return ""
    if not wanted.shape:
        size = "small" if result < wanted else "large"
        return f"your function returned {result:g}, which is too {size}."
    first = tuple(int(i) for i in np.argwhere(~close)[0])
    off = f"{(~close).sum()} of {close.size} values differ, first at index {list(first)}"
    return f"{off}, where yours is {result[first]:g}."


def _copies(args):
    """The arguments, with arrays copied so that a function that writes into them spoils no case."""
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def _brief(value):
    """A value in a few words."""
    if isinstance(value, np.ndarray) and value.size > 9:
        return f"an array of shape {value.shape}"
    text = str(value.tolist()) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
