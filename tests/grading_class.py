"""A small class, and a fake of the sandboxed session for tests of what is around it.

A submission says in its first cell what shall become of it: ``fine``, ``half``, ``raise``,
``kill``, ``kill once FLAG`` (a path) or ``slow SECONDS``.
"""

import base64
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from course_lib.staff.grading import crowd, records, store

NAME = "tiny"
TASKS = (
    records.Task("add-one", "Task 1: add one", 2.0),
    records.Task("add-two", "Task 2: add two", 3.0),
    records.Task("open", "Task 3: say why", 5.0, by_hand=True),
)
DOT = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
        "gg=="
    )
).decode()


def cell(kind, name, source, *, grade=False, solution=False, points=0):
    """One cell with nbgrader's metadata."""
    said = {"grade": grade, "grade_id": name, "locked": not solution, "solution": solution}
    said |= {"points": points, "schema_version": 3, "task": False, "cell_type": kind}
    made = {"cell_type": kind, "id": name, "metadata": {"nbgrader": said}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def notebook(first="fine", tasks=TASKS):
    """The notebook of the assignment, with a word in its first solution."""
    cells = [cell("markdown", "intro", "# Tiny\n\nWith $\\frac{a}{b}$ and <b>bold</b>.")]
    for task in tasks:
        if task.by_hand:
            mine = cell("markdown", task.cell, "because", grade=True, solution=True, points=5)
            cells.append(mine)
            continue
        cells.append(cell("code", f"{task.cell}-answer", f"# {first}", solution=True))
        cells.append(cell("code", task.cell, "check()", grade=True, points=task.points))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def assignment(digest="d" * 64, tasks=TASKS, name=NAME):
    """The assignment; its calls are not needed here."""
    return records.Assignment(name, notebook(tasks=tasks), tasks, (), {}, (), 1, digest)


def submission(student, first="fine", **said):
    """A hand-in."""
    said = {
        "name": f"Name of {student}",
        "platform": f"Participant {int.from_bytes(student.encode())}",
    } | said
    return records.Submission(student, notebook(first), **said)


def words(one):
    """What a submission's first solution says shall become of it."""
    return one.notebook["cells"][1]["source"].removeprefix("# ").split()


def grade(one, assignment, limits, wall):
    """Stand in for `session.grade`; it runs in a worker."""
    if one.fault:
        verdicts = [records.Verdict(t.cell, 0, t.points, "no notebook", one.fault) for t in TASKS]
        return records.Result(one.student, tuple(verdicts), assignment.notebook, one.notes)
    word, *rest = words(one)
    if word == "raise":
        raise RuntimeError("the session has a fault")
    if word == "kill" and not (rest and Path(rest[1]).exists()):
        if rest:
            Path(rest[1]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "slow":
        time.sleep(float(rest[0]))
    second = 0.0 if word == "half" else 3.0
    verdicts = (
        records.Verdict("add-one", 2.0, 2.0),
        records.Verdict(
            "add-two", second, 3.0, *(("wrong value", "Look at two.") if not second else ())
        ),
        records.Verdict("open", 0.0, 5.0, "by hand", "A person marks this."),
    )
    made = one.notebook | {"cells": [dict(cell) for cell in one.notebook["cells"]]}
    pictures = {"drawing": np.full((4, 6, 3), 200, np.uint8)}
    return records.Result(one.student, verdicts, made, (), pictures, 0.1, 1000)


def keep(folder, submissions):
    """Write submissions into a class; the students' ids."""
    for one in submissions:
        store.keep(folder, NAME, one)
    return [one.student for one in submissions]


def main(folder, count, seconds):
    """Run `course grade` with this fake, for a test that interrupts it."""
    from course_lib.staff import release

    ids = [f"s{number:02}" for number in range(int(count))]

    def intake(folder, *args):
        return keep(folder, [submission(student, f"slow {seconds}") for student in ids])

    run = crowd.run
    crowd.run = lambda *args, **how: run(*args, **how, grade=grade)
    crowd.intake, crowd._assignment = intake, lambda *args: assignment()
    release.released = lambda name: notebook()
    how = {"workers": 2, "scheduler": "", "db": "", "folder": folder, "mapping": None}
    crowd.command(NAME, Path(folder).parent, **how, seed=None, again=False, unsafe=False)


if __name__ == "__main__":
    import grading_class  # so that workers find the functions under this name

    grading_class.main(*sys.argv[1:])
