"""What a grader needs to know of an assignment, taken from its source: tasks, calls, rubric.

The source is the instructor's own and trusted: its cells run here, outside of any sandbox, and the
hidden checks in them are noted instead of made. Calls are made of plain data, and go to the
workers; the solution does not.
"""

import contextlib
import hashlib
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from course_lib.staff import hidden, release, sources
from course_lib.staff.grading import inside, judge, plain, records

POINTS = re.compile(r"\s*\(\d+(\.\d+)? points?\)$")
PLAIN_NAME = re.compile(r"\$?\w[\w .-]*")


class PlanFault(ValueError):
    """The source of an assignment cannot be graded by; the message says what to mend."""


def read(name, seed, root=None):
    """Read an assignment from its source, and draw the inputs of its hidden checks.

    Parameters
    ----------
    name : str
        Of ``solutions/NAME/NAME.ipynb``.
    seed : int
        The class's own, from 0: the same seed gives the same inputs.
    root : Path, optional
        The folder of the course; this one by default.

    Returns
    -------
    records.Assignment

    Raises
    ------
    FileNotFoundError
        If there is no such assignment, or it was not released.
    PlanFault
        If a cell of the source stops, if its own functions do not pass its hidden checks, or if
        points, ids or headings are not in order. All are for the assignment's author to mend.

    Notes
    -----
    The cells run in this process, with another working folder for as long as they do: a copy of
    what lies beside the released notebook. Call it from one thread at a time.
    """
    root = Path(root) if root else sources.ROOT
    notebook, released = sources.source(name, root), sources.released(name, root)
    tasks = tuple(tasks_of(name, notebook["cells"]))
    for fault in release.faults(notebook):
        raise PlanFault(f"{name}: {fault}.")
    _same_cells(name, tasks, released)
    with hidden.recording(seed) as record, _surroundings(sources.place(root, "assignments", name)):
        _run(name, notebook["cells"], record)
    count = Counter(call.task for call in record.calls)
    for task in tasks:
        if not task.by_hand and not count[task.cell]:
            raise PlanFault(f"{name}: the hidden tests of cell {task.cell!r} never call check.")
        _small(name, task, record.calls)
    course = notebook["metadata"].get("course", {}).get("assignment", {})
    pictures, rubric = _pictures(name, course), tuple(course.get("rubric", ()))
    parts = (name, released, tasks, tuple(record.calls), pictures, rubric, seed)
    return records.Assignment(*parts, digest=_digest(*parts))


# --- tasks ---


def tasks_of(name, cells):
    """Find the cells that give points, in a source or in a released notebook.

    Parameters
    ----------
    name : str
        Of the assignment, for messages.
    cells : list of dict
        nbformat's JSON.

    Yields
    ------
    records.Task
        Its title is the last heading before the cell.

    Raises
    ------
    PlanFault
        If ids, points or headings are not in order.
    """
    title, seen = "", set()
    for cell in cells:
        if cell["cell_type"] == "markdown":
            found = release.HEADING.findall(cell["source"])
            title = POINTS.sub("", found[-1]) if found else title
        data = _data(cell)
        if not data.get("grade") and not data.get("task"):
            continue
        key, points = data.get("grade_id"), data.get("points")
        if not key or key in seen:
            raise PlanFault(f"{name}: the grade_id {key!r} is missing or there twice.")
        if type(points) not in (int, float) or not 0 <= points < 1e6:
            raise PlanFault(f"{name}: cell {key!r} has no points in its metadata.")
        if not title:
            raise PlanFault(f"{name}: no heading stands before cell {key!r}.")
        seen.add(key)
        yield records.Task(key, title, float(points), _by_hand(cell))


def _by_hand(cell):
    """Whether a person marks the cell: nbgrader's rule."""
    data = _data(cell)
    return bool(data.get("task") or data.get("solution") or cell["cell_type"] != "code")


def _data(cell):
    return cell["metadata"].get("nbgrader", {})


def _same_cells(name, tasks, released):
    """Whether the released notebook is of this source, as far as marks depend on it."""
    there = {_data(cell).get("grade_id") for cell in released["cells"]}
    missing = [task.cell for task in tasks if task.cell not in there]
    if missing or "BEGIN HIDDEN TESTS" in json.dumps(released):
        raise PlanFault(f"{name}: the released notebook is not of this source: course release it.")


def _small(name, task, calls):
    """Whether all arguments of a task fit into the one message that takes them."""
    try:
        plain.dump([call.args for call in calls if call.task == task.cell], inside.ARGUMENTS)
    except plain.PlainError as error:
        raise PlanFault(f"{name}: the arguments of {task.cell!r}: {error}") from None


def _pictures(name, course):
    """Which of a student's files are kept, each with the largest height and width."""
    pictures = {}
    for key, entry in course.get("pictures", {}).items():
        file, *size = entry if isinstance(entry, list) and len(entry) == 3 else ("", 0, 0)
        if not PLAIN_NAME.fullmatch(str(file)) or not all(type(n) is int and n > 0 for n in size):
            raise PlanFault(
                f'{name}: the picture {key!r} is {entry!r}; wanted ["file.png", height, width].'
            )
        pictures[key] = (file, *size)
    return pictures


# --- running the source ---


@contextlib.contextmanager
def _surroundings(notebook):
    """A folder to work in, no windows, and nothing displayed."""
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    before = set(plt.get_fignums())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for path in notebook.parent.iterdir():
            if path.is_file() and path.suffix != ".ipynb":
                shutil.copy(path, folder)
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            with contextlib.redirect_stderr(io.StringIO()):
                yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


def _run(name, cells, record):
    """Run the code cells in one namespace; after each, try its checks on the source's functions."""
    space = {"__name__": "__main__", "display": lambda *args, **kwargs: None}
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "code":
            continue
        record.task, done = _data(cell).get("grade_id", ""), len(record.calls)
        try:
            exec(compile(cell["source"], f"{name}.ipynb, cell {number}", "exec"), space)
        except Exception as error:
            where = f"{name}: cell {number} of the source stops with {type(error).__name__}"
            raise PlanFault(f"{where}: {error}") from error
        new = record.calls[done:]
        if new and not _data(cell).get("grade"):
            raise PlanFault(f"{name}: cell {number} calls check, but gives no points.")
        for place, call in enumerate(new, start=1):
            _solved(name, call, f"check {place} of {len(new)}", space)


def _solved(name, call, where, space):
    """Whether the source's own function passes a check: the check would be wrong otherwise."""
    where = f"{name}: {where} in {call.task!r}: {call.function}"
    if not callable(space.get(call.function)):
        raise PlanFault(f"{where} is no function of the source.")
    args, _ = plain.load(plain.dump((call.args, None)))
    try:
        value = plain.load(plain.dump(space[call.function](*args)))
    except plain.PlainError as error:
        value = judge.Refused(error.name)
    except Exception as error:
        raise PlanFault(f"{where} of the source stops with {error!r}.") from error
    cause, message = judge.judge(call, value)
    if cause != "nothing":
        raise PlanFault(f"{where} of the source is refused: {message}")


# --- the digest ---


def _digest(name, released, tasks, calls, pictures, rubric, seed):
    """A name for all of it, the same on every machine."""
    text = json.dumps(
        [name, released, [asdict(task) for task in tasks], pictures, rubric, seed],
        sort_keys=True,
    )
    digest = hashlib.sha256(text.encode("ascii"))
    for call in calls:
        head = [call.task, call.function, call.rtol, call.atol, call.hint]
        body = plain.dump((call.args, call.want))
        digest.update(json.dumps([head, body]).encode("ascii"))
    return digest.hexdigest()
