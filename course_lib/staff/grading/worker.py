"""What a Dask worker does for `course grade`: one submission at a time, each in a sandbox."""

import hashlib
import os
import signal
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from distributed import WorkerPlugin

import course_lib
from course_lib.staff.grading.records import Assignment, Limits, Result, Verdict

_HELD = {}  # digest -> Order, in this process
_ONE = threading.Lock()  # a remote worker may have several threads
LOOK = "The grader itself failed on this one: a person should look at it."


@dataclass(frozen=True)
class Order:
    """What a worker needs besides the submissions; it travels once.

    Parameters
    ----------
    assignment : records.Assignment
    limits : records.Limits
    wall : sandbox.Wall or None
        None: each worker chooses its own.
    unsafe : bool
        Whether it may choose none.
    grade : callable, optional
        In the place of `session.grade`.
    """

    assignment: Assignment
    limits: Limits
    wall: object = None
    unsafe: bool = False
    grade: object = None

    @property
    def patience(self):
        """Seconds after which a worker that has not come to an end is given up."""
        return 2 * self.limits.seconds + 120


class Holding(WorkerPlugin):
    """Gives every worker the order, also one that comes later or is started again."""

    def __init__(self, order):
        self.order = order
        self.name = f"course-grade-{order.assignment.digest}"

    def setup(self, worker):
        """Keep the order."""
        _HELD[self.order.assignment.digest] = self.order

    def teardown(self, worker):
        """Let it go."""
        _HELD.pop(self.order.assignment.digest, None)


def dask_setup(worker):
    """Do not hear a Ctrl-C meant for who started us; Dask calls this in workers of this machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@cache
def fingerprint():
    """Return the version of the library, with a digest of its files."""
    root = Path(course_lib.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        whole.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return f"{course_lib.__version__} ({whole.hexdigest()[:12]})"


def fault(expected, unsafe, digest=""):
    """Return why this worker cannot grade, in one sentence; empty where it can.

    Parameters
    ----------
    expected : str
        The `fingerprint` of who asks.
    unsafe : bool or None
        Whether it may do without a sandbox; None: it needs none, in tests.
    digest : str
        Of the assignment that it should hold by now.
    """
    from course_lib.staff import sandbox

    if fingerprint() != expected:
        return f"it has course_lib {fingerprint()}, and here it is {expected}; install the same."
    if digest and digest not in _HELD:
        return f"it did not take the assignment {digest[:12]}."
    try:
        if unsafe is not None:
            sandbox.choose(unsafe=unsafe)
    except OSError as error:
        return str(error)
    return ""


def grade(digest, submission):
    """Grade one submission; what a student does to it never raises.

    Parameters
    ----------
    digest : str
        Of the assignment, whose order this worker holds.
    submission : records.Submission

    Returns
    -------
    records.Result

    Raises
    ------
    LookupError
        If the worker does not hold that assignment.
    OSError
        If it has no sandbox.
    """
    order = _HELD.get(digest)
    if order is None:
        raise LookupError(f"The worker does not hold the assignment {digest[:12]}.")
    with _ONE:
        wall = None if order.grade else _wall(order)
        watch = threading.Timer(order.patience, os._exit, (3,))
        watch.daemon = True
        watch.start()
        try:
            return _grade(order, submission, wall)
        finally:
            watch.cancel()


def _wall(order):
    """The sandbox of this worker."""
    from course_lib.staff import sandbox

    return order.wall if order.wall is not None else sandbox.choose(unsafe=order.unsafe)


def _grade(order, submission, wall):
    """One result; our own mistakes are a verdict too, and no reason to stop the class."""
    from course_lib.staff.sandbox import NoSandbox

    try:
        if order.grade is not None:
            return order.grade(submission, order.assignment, order.limits, wall)
        from course_lib.staff.grading import session

        return session.grade(submission, order.assignment, order.limits, wall)
    except NoSandbox:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        return lost(order.assignment, submission, f"{LOOK} ({type(error).__name__}: {said})")


def lost(assignment, submission, note):
    """Return the result of a submission that the grader could not finish: no points yet.

    Its digest stays empty, so that the next run tries it again.
    """
    verdicts = tuple(
        Verdict(task.cell, 0.0, task.points, "by hand", "A person marks this.")
        if task.by_hand
        else Verdict(task.cell, 0.0, task.points, "died", "Not graded yet.")
        for task in assignment.tasks
    )
    notebook = submission.notebook or assignment.notebook
    return Result(submission.student, verdicts, notebook, (note,))
