"""From the source of an assignment to the notebook that students get, through nbgrader.

The source is ``solutions/NAME/NAME.ipynb``, the result ``assignments/NAME/NAME.ipynb``: solutions
replaced by stubs, hidden tests and outputs taken out, checksums put in. Equal sources give equal
bytes.
"""

import json
import logging
import os
import re
import tempfile
from collections import Counter
from itertools import groupby
from pathlib import Path

from course_lib.staff.sources import (
    RELEASED,
    ROOT,
    SOURCES,
    SourceFault,
    names,
    place,
    read,
    released,
    source,
)

__all__ = ["ROOT", "SourceFault", "command", "faults", "names", "release", "released", "source"]

STUB = 'raise NotImplementedError("your answer goes here")'
TEXT_STUB = "*Your answer goes here.*"
MARKS = ("SOLUTION", "HIDDEN TESTS")
SECRET = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "course_lib.staff", "BEGIN MARK SCHEME")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
TASK = re.compile(r"^Task \d+\b.*\b(\d+) points?\b")
KEPT = ("nbgrader", "tags", "editable", "deletable")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def release(name, root=ROOT):
    """Make the students' notebook of an assignment from its source.

    Parameters
    ----------
    name : str
    root : Path
        The folder of the course, with ``solutions`` and ``assignments`` in it.

    Returns
    -------
    Path
        Of the notebook; it appears whole or not at all.

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    SourceFault
        If the source would give points away, tell a solution or confuse the gradebook.
    """
    notebook = source(name, root)
    for fault in faults(notebook):
        raise SourceFault(f"{SOURCES}/{name}/{name}.ipynb: {fault}.")
    made = _clean(_generate(name, notebook))
    for cell in made["cells"]:
        for word in SECRET:
            if word in json.dumps([cell["source"], cell["metadata"]]):
                raise SourceFault(f"{_called(cell)} of the release still holds {word!r}.")
    path = place(root, RELEASED, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    partial.write_text(text, encoding="utf-8", newline="\n")
    os.replace(partial, path)
    return path


def command(name, root=ROOT):
    """Release an assignment and say so: ``course release NAME``.

    Parameters
    ----------
    name : str
    root : Path

    Raises
    ------
    FileNotFoundError, SourceFault
        See `release`.
    """
    path = release(name, root)
    cells = [_data(cell) for cell in released(name, root)["cells"]]
    points = sum(data["points"] for data in cells if data.get("grade"))
    count = sum(bool(data.get("grade")) for data in cells)
    print(f"Wrote {path.relative_to(root)}: {points:g} points in {count} graded cells.")


# --- what is checked ---


def faults(notebook):
    """Find what must not be released.

    Parameters
    ----------
    notebook : dict
        The source, nbformat's JSON.

    Yields
    ------
    str
        What is wrong, without a full stop.
    """
    cells = notebook["cells"]
    ids = Counter(_data(cell).get("grade_id") for cell in cells if _data(cell))
    yield from (f"the grade_id {key!r} is there {n} times" for key, n in ids.items() if n > 1)
    places = Counter(cell.get("id") for cell in cells)
    yield from (f"{n} cells have the id {key!r}" for key, n in places.items() if n > 1 or not key)
    for cell in cells:
        yield from _cell_faults(cell)
    unpaid = [cell for cell in cells if _data(cell).get("grade") and not _paid(cell)]
    yield from (f"{_called(cell)} has no number of points" for cell in unpaid)
    if unpaid:  # no sums to compare then
        return
    yield from _heading_faults(cells)
    rubric = notebook["metadata"].get("course", {}).get("assignment", {}).get("rubric", [])
    by_hand = [_data(cell).get("points", 0) for cell in cells if _by_hand(cell)]
    total = sum(row["points"] for row in rubric)
    if total != sum(by_hand):
        yield f"the rubric has {total:g} points, the cells marked by hand {sum(by_hand):g}"


def _paid(cell):
    """Whether a cell says in a number what it gives."""
    return type(_data(cell).get("points")) in (int, float)


def _cell_faults(cell):
    """What is wrong with one cell."""
    data, called = _data(cell), _called(cell)
    if data and not data.get("grade_id"):
        yield f"{called} has nbgrader's metadata without a grade_id"
    yield from (f"{called}: {words}" for words in map(_unbalanced(cell["source"]), MARKS) if words)
    solution, hidden = (f"### BEGIN {mark}" in cell["source"] for mark in MARKS)
    if solution and not data.get("solution"):
        yield f"{called} holds a solution but is no solution cell"
    if hidden and not (data.get("grade") and not data.get("solution")):
        yield f"{called} holds hidden tests but is no grade cell"
    if data.get("solution") and cell["cell_type"] == "code" and not solution:
        yield f"{called} is a solution cell without ### BEGIN SOLUTION, so that no stub remains"
    if data.get("grade") and not _by_hand(cell) and not hidden:
        yield f"{called} gives points without a hidden test"


def _unbalanced(text):
    """A function that says how a mark's BEGIN and END fail to alternate in a text."""

    def fault(mark):
        found = re.findall(rf"^[ \t]*### (BEGIN|END) {mark}[ \t]*$", text, re.MULTILINE)
        named = len(re.findall(rf"(?:BEGIN|END) {mark}", text))
        pairs = ["BEGIN", "END"] * (len(found) // 2)
        if found == pairs and named == len(found):
            return ""
        return f"### BEGIN {mark} and ### END {mark} do not come in pairs, on lines of their own"

    return fault


def _heading_faults(cells):
    """Grade cells whose last heading is no task, or tells another number of points."""
    place, graded = -1, []
    headings = []
    for cell in cells:
        if cell["cell_type"] == "markdown" and HEADING.search(cell["source"]):
            headings.append(HEADING.findall(cell["source"])[-1])
            place += 1
        if _data(cell).get("grade"):
            graded.append((place, cell))
    for place, group in groupby(graded, key=lambda pair: pair[0]):
        own = [cell for _, cell in group]
        told = TASK.search(headings[place]) if place >= 0 else None
        points = sum(_data(cell)["points"] for cell in own)
        if not told:
            yield (
                f"{_called(own[0])} gives points, but the last heading before it is not of the "
                "form '## Task 1: a title (3 points)'"
            )
        elif int(told[1]) != points:
            yield f"the heading {headings[place]!r} says {told[1]}, its cells give {points:g}"


def _data(cell):
    return cell["metadata"].get("nbgrader", {})


def _by_hand(cell):
    """Whether a person marks the cell: nbgrader's rule."""
    data = _data(cell)
    return bool(data.get("grade") and (data.get("solution") or cell["cell_type"] != "code"))


def _called(cell):
    return f"cell {_data(cell).get('grade_id') or cell.get('id')!r}"


# --- what nbgrader does, and what is left to tidy ---


def _generate(name, notebook):
    """Let nbgrader make the release in a folder of its own; returns nbformat's JSON."""
    from nbgrader.converters.base import NbGraderException

    log, said = logging.getLogger(f"{__name__}.quiet"), []
    log.propagate = False
    log.handlers = [logging.Handler()]
    log.handlers[0].emit = lambda record: said.append(record.getMessage())
    log.setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        given, made = (Path(folder, part, name, f"{name}.ipynb") for part in ("given", "made"))
        given.parent.mkdir(parents=True)
        given.write_text(json.dumps(notebook), encoding="utf-8")
        try:
            _converter(folder, name, log).start()
        except NbGraderException as error:
            raise SourceFault(f"nbgrader refused {name}: {_reason(said, error)}") from None
        return read(made)


def _reason(said, error):
    """Of all that nbgrader logged, the line that says why it stopped."""
    around = ("Traceback", "There was an error processing", "Please see")
    told = [text.splitlines()[0] for text in said if text and not text.startswith(around)]
    ends = [text.strip().splitlines()[-1] for text in said if text.startswith("Traceback")]
    return [*told, *ends, str(error)][0]


def _converter(folder, name, log):
    """nbgrader's converter, with its files in the folder."""
    from nbgrader import preprocessors as steps
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.source_directory = "given"
    config.CourseDirectory.release_directory = "made"
    config.CourseDirectory.assignment_id = name
    config.GenerateAssignment.no_database = True
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    # No header, no tests made by executing the source, and the gradebook is filled by grading.
    unwanted = (steps.IncludeHeaderFooter, steps.InstantiateTests, steps.SaveCells)
    kept = [step for step in GenerateAssignment.preprocessors.default() if step not in unwanted]
    config.GenerateAssignment.preprocessors = kept
    course = CourseDirectory(config=config, log=log)
    return GenerateAssignment(coursedir=course, config=config, log=log)


def _clean(notebook):
    """Only what a student's notebook needs, in one order, with checksums of what stays."""
    import nbformat
    from nbgrader.utils import compute_checksum

    for cell in notebook["cells"]:
        cell["metadata"] = {key: cell["metadata"][key] for key in KEPT if key in cell["metadata"]}
        cell["source"] = cell["source"].rstrip()
        if "checksum" in _data(cell):
            _data(cell)["checksum"] = compute_checksum(nbformat.from_dict(cell))
        cell["source"] = cell["source"].splitlines(keepends=True)
    course = notebook["metadata"].get("course", {})
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": course}
    return {**notebook, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
