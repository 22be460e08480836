"""The answers to a notebook's exercises, right and typically wrong, against its self-checks."""

import re
from dataclasses import dataclass
from pathlib import Path

from course_lib.staff import rules

FOLDER = Path("solutions/exercises")
WRONG = 3


@dataclass(frozen=True)
class Answer:
    """One cell of a file of answers."""

    heading: str
    source: str

    @property
    def number(self):
        """Which exercise it answers, from 1."""
        return int(re.match(r"exercise-(\d+)", self.heading)[1])

    @property
    def is_wrong(self):
        """Whether the self-check must refuse it."""
        return " wrong:" in self.heading


def read(path):
    """Read the answers that belong to a notebook.

    Parameters
    ----------
    path : Path
        Of the notebook, in a folder beside ``solutions``.

    Returns
    -------
    list of Answer
        Empty where there is no file.
    """
    file = path.parent.parent / FOLDER / f"{path.stem}.py"
    if not file.is_file():
        return []
    cells = re.split(r"^# %% ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Answer(*cell.split("\n", 1)) for cell in cells if re.match(r"exercise-\d+", cell)]


def faults(path, notebook):
    """Find exercises without check, without answer, or without three typical wrong answers.

    Parameters
    ----------
    path : Path
    notebook : nbformat.NotebookNode

    Returns
    -------
    list of str
        One sentence each.
    """
    stubs = len(_stubs(notebook))
    found, given = [], read(path)
    if len(_checks(notebook)) != stubs:
        found.append(f"{stubs} exercises have {len(_checks(notebook))} self-checks")
    for number in range(1, stubs + 1):
        own = [answer for answer in given if answer.number == number]
        right = sum(not answer.is_wrong for answer in own)
        if right != 1 or len(own) - right < WRONG:
            wanted = f"wanted 1 and at least {WRONG}"
            found.append(
                f"exercise {number}: {right} right, {len(own) - right} wrong answers; {wanted}"
            )
    return found


def fault(answer, notebook, kernel):
    """Put an answer in its stub's place, run the self-check, and judge what it says.

    Parameters
    ----------
    answer : Answer
    notebook : nbformat.NotebookNode
    kernel : watch.WatchedKernel
        That ran the notebook.

    Returns
    -------
    str
        What is wrong; empty where nothing is.
    """
    checks = _checks(notebook)
    if answer.number > min(len(checks), len(_stubs(notebook))):
        return f"there is no exercise {answer.number}"
    # The stub first, so that an answer that defines nothing is not taken for the one before it.
    kernel.run(_stubs(notebook)[answer.number - 1].source)
    _, error = kernel.run(answer.source)
    if error and not answer.is_wrong:
        return f"the answer itself raised {error}"
    printed, error = kernel.run(checks[answer.number - 1].source)
    if not answer.is_wrong:
        passed = "checks pass" in printed and not error
        return "" if passed else f"the self-check refused the answer: {error or printed}"
    hinted = error.startswith("NotYet") and re.search("Look at: .{10}", error)
    return "" if hinted else f"the self-check gave no hint: {error or printed or 'nothing'}"


def _stubs(notebook):
    """The cells that an answer replaces, in order."""
    return [cell for cell in notebook.cells if rules.is_exercise(cell)]


def _checks(notebook):
    """The cells that check the exercises, in order."""
    return [c for c in notebook.cells if "exercise-check" in c.metadata.get("tags", [])]
