"""The hidden checks of an assignment: written once, run in a kernel or recorded for the grader.

In a kernel, JupyterLab's or a plain ``nbgrader autograde``'s, `check` calls the student's function
and raises. Under `recording`, in the grader's own process, it calls nothing: it notes the call, to
be made in a sandbox and judged outside.
"""

import contextlib
import contextvars
import hashlib
import math
import os
import sys

import numpy as np

from course_lib.staff.grading import judge, plain, records

_RECORD = contextvars.ContextVar("record", default=None)


class Wrong(AssertionError):
    """A hidden check does not hold; the message says what to look at."""


class Record:
    """What `check` notes: for which grade cell, and the calls so far."""

    def __init__(self, seed):
        self.seed, self.task, self.calls = seed, "", []


@contextlib.contextmanager
def recording(seed):
    """Note the calls of `check` instead of making them, and draw their inputs from a seed.

    Parameters
    ----------
    seed : int
        The class's own.

    Yields
    ------
    Record
        Set its `task` to a grade cell's id before that cell runs; `calls` grows.
    """
    record = Record(seed)
    token = _RECORD.set(record)
    try:
        yield record
    finally:
        _RECORD.reset(token)


def generator(name):
    """Random numbers for the inputs of one grade cell's checks.

    Parameters
    ----------
    name : str
        The cell's own, so that one cell's inputs do not depend on another's.

    Returns
    -------
    numpy.random.Generator
        From the class's seed while a grader records; otherwise from the environment's
        ``COURSE_SEED`` where that is set, and new each time where it is not.

    Raises
    ------
    ValueError
        If ``COURSE_SEED`` is no whole number from 0.
    """
    record = _RECORD.get()
    seed = record.seed if record else os.environ.get("COURSE_SEED", "")
    if seed == "":
        return np.random.default_rng()
    if not str(seed).isdecimal():
        raise ValueError(f"COURSE_SEED is {seed!r}; wanted a whole number from 0.")
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([int(seed), *np.frombuffer(digest, "<u4").tolist()])


def check(function, *args, want, rtol=1e-6, atol=1e-8, hint=""):
    """Check one call of a student's function.

    Parameters
    ----------
    function : str
        Its name in the notebook.
    *args
        Plain values, see `plain.dump`; the function gets copies.
    want : object
        What it should return: a plain value, from a trusted oracle.
    rtol, atol : float
        As of ``numpy.allclose``; see `judge.judge`.
    hint : str
        What to look at when the result is another.

    Raises
    ------
    Wrong
        In a kernel, if the result is another, or there is no such function.
    TypeError
        If `function` is no name, or an argument or `want` is not plain.
    ValueError
        If a tolerance is negative or not finite.
    """
    record = _RECORD.get()
    if not (isinstance(function, str) and function.isidentifier()):
        raise TypeError("function is given by its name, such as check('iou', ...).")
    if not all(math.isfinite(bound) and bound >= 0 for bound in (rtol, atol)):
        raise ValueError(f"{function}: rtol and atol are finite numbers from 0.")
    try:
        args, want = plain.load(plain.dump((args, want)))  # a copy, as of now
    except plain.PlainError as error:
        raise TypeError(f"{function}: an argument or want is wrong: {error}") from None
    task = record.task if record else ""
    call = records.Call(task, function, args, want, float(rtol), float(atol), str(hint))
    if record:
        record.calls.append(call)
    else:
        _make(call)


def _make(call):
    """Call the student's function here, and raise where its result is not right."""
    function = getattr(sys.modules["__main__"], call.function, None)
    if not callable(function):
        raise Wrong(f"There is no function {call.function}.")
    args, _ = plain.load(plain.dump((call.args, None)))
    came = function(*args)
    try:
        value = plain.load(plain.dump(came))
    except plain.PlainError as error:
        value = judge.Refused(error.name)
    cause, message = judge.judge(call, value)
    if cause != "nothing":
        hint = f" Look at: {call.hint}" if call.hint else ""
        raise Wrong(f"{call.function}: {message}{hint}")
