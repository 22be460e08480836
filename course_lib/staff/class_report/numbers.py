"""How a class did, in numbers: pure data, which the terminal and the page show."""

import re
from collections import Counter
from dataclasses import dataclass

from course_lib.staff.grading.records import CAUSES

FINE = ("nothing", "by hand")  # causes that are no failure
TOP = 5  # slowest, and most memory
MOST_NOTES = 12


@dataclass(frozen=True)
class TaskLine:
    """How a class did on one task.

    Parameters
    ----------
    cell, title : str
    most : float
        Points.
    by_hand : bool
    mean : float or None
        Mean share of its points, 0 to 1, over the students whose points are known; None while
        more than half wait for a person.
    open : int
        Students whose points wait for a person.
    causes : dict of str to int
        Cause -> submissions that lost points by it; none of what is fine.
    """

    cell: str
    title: str
    most: float
    by_hand: bool
    mean: float | None
    open: int
    causes: dict


@dataclass(frozen=True)
class Summary:
    """How a class did.

    Parameters
    ----------
    name, title : str
    totals : dict of str to float
        Student -> points so far.
    waiting : frozenset of str
        Students of whom some points wait for a person.
    most : float
        Points of the assignment.
    open : float
        The most that can be added to those that wait.
    tasks : tuple of TaskLine
        In the notebook's order.
    notes : tuple of (str, int)
        What grading noted, without names and numbers, and of how many submissions.
    slowest : tuple of (str, float)
        Students and seconds.
    largest : tuple of (str, int)
        Students and bytes of memory.
    """

    name: str
    title: str
    totals: dict
    waiting: frozenset
    most: float
    open: float
    tasks: tuple
    notes: tuple
    slowest: tuple
    largest: tuple

    @property
    def hardest(self):
        """The tasks by mean share of points, lowest first; those that are wholly open last."""
        return sorted(self.tasks, key=lambda task: (task.mean is None, task.mean or 0.0))

    @property
    def causes(self):
        """The causes that occur, in the order of `records.CAUSES`."""
        seen = {cause for task in self.tasks for cause in task.causes}
        return [cause for cause in CAUSES if cause in seen]


def summarise(name, title, tasks, results, rows):
    """Sum up a class.

    Parameters
    ----------
    name, title : str
        Of the assignment.
    tasks : sequence of records.Task
    results : dict of str to records.Result
        As of `store.results`.
    rows : list of dict
        As of `book.marks`.

    Returns
    -------
    Summary
    """
    rows = [row for row in rows if row["student"] in results]
    lines = tuple(_task(task, label, results, rows) for task, label in _labels(tasks))
    waits = {row["student"] for row in rows if row["waiting"]}
    by_seconds = sorted(results.values(), key=lambda one: (-one.seconds, one.student))
    by_memory = sorted(results.values(), key=lambda one: (-one.memory, one.student))
    notes = Counter(note for one in results.values() for note in {*map(plain, one.notes)})
    return Summary(
        name,
        title,
        {row["student"]: row["total"] for row in rows},
        frozenset(waits),
        float(sum(task.points for task in tasks)),
        float(sum(task.most for task in lines if task.open)),
        lines,
        tuple(sorted(notes.items(), key=lambda pair: (-pair[1], pair[0]))),
        tuple((one.student, one.seconds) for one in by_seconds[:TOP]),
        tuple((one.student, one.memory) for one in by_memory[:TOP]),
    )


def plain(note):
    """Return a note without quoted names and numbers, so that equal mishaps are counted together.

    Parameters
    ----------
    note : str

    Returns
    -------
    str
        At most 100 letters.
    """
    text = re.sub(r"(?<!\w)(['\"`])[^'\"`]*\1(?!\w)", "'…'", " ".join(note.split()))
    text = "".join(letter for letter in text if letter.isprintable())
    text = re.sub(r"[“‘][^”’]*[”’]", "'…'", text)
    text = re.sub(r"\d+(?:\.\d+)?", "N", text)
    return text if len(text) <= 100 else text[:99] + "…"


def _labels(tasks):
    """Tasks with their titles; where two cells have the same, with the cell's id."""
    count = Counter(task.title for task in tasks)
    for task in tasks:
        title = f"{task.title} [{task.cell}]" if count[task.title] > 1 else task.title
        yield task, title


def _task(task, label, results, rows):
    """How the class did on one task."""
    points = [row["points"].get(task.cell) for row in rows]
    known = [value for value in points if value is not None]
    still = sum(task.cell in row["waiting"] for row in rows)
    told = known and task.points and 2 * still <= len(rows)
    mean = sum(known) / len(known) / task.points if told else None
    verdicts = (one for result in results.values() for one in result.verdicts)
    causes = Counter(
        one.cause for one in verdicts if one.task == task.cell and one.cause not in FINE
    )
    return TaskLine(task.cell, label, task.points, task.by_hand, mean, still, dict(causes))
