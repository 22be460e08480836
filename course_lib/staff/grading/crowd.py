"""``course grade``: a class's submissions, many at a time, and nothing lost on the way."""

import re
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from course_lib.staff.grading import book as books
from course_lib.staff.grading import place, records, store

_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^/\s]+:\d+")  # what Dask connects to


@dataclass
class Tally:
    """What came of a run: students by what happened to them."""

    graded: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    faults: dict = field(default_factory=dict)  # student -> why nothing could be graded
    look: dict = field(default_factory=dict)  # student -> why a person should look
    tables: list = field(default_factory=list)  # paths
    pages: int = 0
    seconds: float = 0.0


def command(name, submissions, *, workers, scheduler, db, folder, mapping, seed, again, unsafe):
    """Grade a class: ``course grade NAME SUBMISSIONS``.

    Parameters
    ----------
    name : str
        Of the assignment.
    submissions : path
        A folder, a notebook or a zip.
    workers : int
        Submissions at a time; 0: one per core.
    scheduler : str
        Address of a Dask scheduler; empty: workers of this machine.
    db : str
        The gradebook's address; empty: the class's own.
    folder : path
        Of the class.
    mapping : path or None
        CSV ``file,student[,name]``.
    seed : int or None
        For the inputs of the hidden checks, in the place of the class's own.
    again : bool
        Also what is graded already.
    unsafe : bool
        Without a sandbox.

    Raises
    ------
    ValueError, OSError
        With a sentence for the instructor.
    SystemExit
        130, after Ctrl-C.
    """
    from course_lib.staff import release
    from course_lib.staff.grading import closing

    if workers < 0 or not Path(submissions).exists():
        fault = f"no submissions at {submissions}" if workers >= 0 else f"{workers} workers"
        raise ValueError(f"There are {fault}; see course grade --help.")
    if scheduler and not _ADDRESS.fullmatch(scheduler):
        raise ValueError(f"{scheduler!r} is no address of a scheduler; write tcp://host:8786.")
    released = release.released(name)
    folder = place.open_class(folder)
    try:
        with place.alone(folder):
            assignment = _assignment(folder, name, seed)
            with books.open_book(folder, db) as book:
                books.define(book, assignment)
                taken = intake(folder, name, submissions, released, mapping)
                how = {"again": again, "unsafe": unsafe, "scheduler": scheduler}
                tally = run(folder, book, assignment, taken, workers=workers, **how)
                print(closing.summary(folder, assignment, tally, book))
    except KeyboardInterrupt:
        print(
            "\nStopped. What was graded is kept; the same command goes on from here.",
            file=sys.stderr,
        )
        raise SystemExit(130) from None


def _assignment(folder, name, seed):
    """The plan of an assignment, with the inputs that this class gets."""
    from course_lib.staff.grading import plan

    return plan.read(name, place.seed(folder, name, seed))


def intake(folder, name, submissions, released, mapping=None):
    """Write every submission of a hand-in into the class's folder.

    Returns
    -------
    list of str
        The students, each once.

    Raises
    ------
    ValueError
        If there is none.
    """
    from course_lib.staff import intake as reading

    students = {}
    for submission in reading.submissions(Path(submissions), released, mapping, name):
        store.keep(folder, name, submission)
        students[submission.student] = None
    if not students:
        raise ValueError(f"There is no hand-in in {submissions}.")
    return list(students)


def run(
    folder,
    book,
    assignment,
    students,
    *,
    again=False,
    unsafe=False,
    workers=0,
    scheduler="",
    limits=None,
    grade=None,
):
    """Grade students whose submissions lie in the class's folder.

    Each result is stored the moment it arrives; what has a result of equal digest is skipped.
    Tables and feedback are those of the whole class.

    Parameters
    ----------
    folder : Path
        Of the class.
    book : nbgrader.api.Gradebook
        In which the assignment is defined.
    assignment : records.Assignment
    students : sequence of str
    again, unsafe, workers, scheduler
        As of `command`.
    limits : records.Limits, optional
    grade : callable, optional
        In the place of `session.grade`; the workers must be able to import it.

    Returns
    -------
    Tally
    """
    from course_lib.staff.grading import closing, pool, worker

    limits = limits or records.Limits()
    tally, began = Tally(), time.monotonic()
    todo = _todo(folder, assignment, students, limits, again, tally)

    def load(student):
        return assignment.digest, store.submitted(folder, assignment.name, student)

    with ExitStack() as stack:
        client = None
        if todo:
            working = _working(assignment, limits, unsafe, workers, scheduler, grade)
            client = stack.enter_context(working)
            step = stack.enter_context(_progress(len(todo), assignment.name))
            for student, outcome in pool.each(client, worker.grade, list(todo), load):
                _keep(folder, book, assignment, student, outcome, todo[student], tally)
                step()
        tally.tables, tally.pages = closing.finish(folder, book, assignment, client, workers)
    tally.seconds = time.monotonic() - began
    return tally


def _todo(folder, assignment, students, limits, again, tally):
    """Student -> digest, of those that have no result of that digest yet."""
    from course_lib.staff.grading import session

    todo = {}
    for student in students:
        submission = store.submitted(folder, assignment.name, student)
        digest = session.digest(submission, assignment, limits)
        if submission.fault:
            tally.faults[student] = submission.fault
        if again or store.last(folder, assignment.name, student)["digest"] != digest:
            todo[student] = digest
        else:
            tally.skipped.append(student)
    return todo


@contextmanager
def _working(assignment, limits, unsafe, workers, scheduler, grade):
    """Workers that hold the assignment."""
    from course_lib.staff import sandbox
    from course_lib.staff.grading import pool, worker

    wall = None if scheduler or grade else sandbox.choose(unsafe=unsafe)
    order = worker.Order(assignment, limits, wall, unsafe, grade)
    opened = pool.there(scheduler) if scheduler else pool.here(workers)
    with opened as client, pool.holding(client, order, ask=bool(scheduler)):
        yield client


def _keep(folder, book, assignment, student, outcome, digest, tally):
    """Store what came of one submission: the files, the gradebook, and last its result."""
    from course_lib.staff.grading import clean, worker

    name = assignment.name
    submission = store.submitted(folder, name, student)
    result = outcome
    if isinstance(outcome, Exception) or not _whole(outcome, assignment, student):
        result = worker.lost(assignment, submission, f"{worker.LOOK} ({_said(outcome)})")
    lost = [note for note in result.notes if note.startswith(worker.LOOK)]
    if lost:
        tally.look[student] = lost[0]
    notes = tuple(dict.fromkeys((*submission.notes, *result.notes)))
    result = replace(result, digest="" if lost else digest, notes=notes)
    work = store.last(folder, name, student)["work"]
    store.keep_pictures(folder, name, result)
    store.keep_autograded(folder, name, student, clean.autograded(assignment, result))
    changed = work not in ("", store.work(submission))
    books.record(book, assignment, submission, result, changed=changed)
    store.keep_result(folder, name, submission, result)
    tally.graded.append(student)


def _whole(result, assignment, student):
    """Whether a result says what it should: one verdict per task, with points that exist."""
    tasks = [(task.cell, task.points) for task in assignment.tasks]
    return (
        isinstance(result, records.Result)
        and result.student == student
        and [(verdict.task, verdict.most) for verdict in result.verdicts] == tasks
        and all(0 <= verdict.points <= verdict.most for verdict in result.verdicts)
    )


def _said(outcome):
    """Why a result is none, in a few words."""
    if not isinstance(outcome, Exception):
        return "its result was not whole"
    if type(outcome).__name__ == "KilledWorker":
        return "it ended the worker twice"
    return f"{type(outcome).__name__}: {' '.join(str(outcome).split())[:200]}"


@contextmanager
def _progress(total, name):
    """A function to call after each one: a bar in a terminal, a line now and then elsewhere."""
    from tqdm import tqdm

    if sys.stderr.isatty():
        with tqdm(total=total, desc=name, unit="", dynamic_ncols=True) as bar:
            yield bar.update
        return
    done, shown = 0, time.monotonic()

    def step():
        nonlocal done, shown
        done += 1
        if done == total or time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{name}: {done} of {total}", file=sys.stderr, flush=True)

    yield step
