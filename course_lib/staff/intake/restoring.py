"""A student's notebook rebuilt from the release, so that only answers and own cells are theirs."""

from bisect import bisect_left
from copy import deepcopy
from dataclasses import replace

from course_lib.staff.grading.records import Submission
from course_lib.staff.intake.collecting import collect
from course_lib.staff.intake.handin import Unreadable, few, said
from course_lib.staff.intake.matching import match, names
from course_lib.staff.intake.reading import Cell, load, trimmed

_HOW = {"id": "id", "text": "text", "name": "function", "place": "place"}


def submissions(path, released, mapping=None, expected=""):
    """Yield every student's submission, with the release's locked cells restored.

    Parameters
    ----------
    path, mapping : path
        As of ``collect``.
    released : dict
        The released notebook, as nbformat's JSON.
    expected : str
        The assignment's name.

    Yields
    ------
    records.Submission
        In the order of the students' ids; one hand-in is held at a time.
    """

    def fit(raw):
        return _fit(load(raw)[0], cells_of(released))

    for handin in collect(path, mapping, expected, fit):
        try:
            yield restore(handin, released)
        except Exception as error:  # one broken hand-in never stops the others
            fault = f"The notebook cannot be read ({type(error).__name__})."
            yield _submission(handin, None, (), fault)


def cells_of(released):
    """Return the cells of a released notebook as plain ones.

    Parameters
    ----------
    released : dict
        nbformat's JSON.

    Returns
    -------
    list of Cell
        A cell without an id gets one that depends on its position.
    """
    cells = []
    for number, cell in enumerate(released["cells"]):
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        marks = cell.get("metadata", {}).get("nbgrader", {})
        name = cell.get("id") or f"released-{number}"
        cells.append(Cell(cell["cell_type"], source, name, marks, cell.get("attachments", {})))
    return cells


def _fit(cells, release):
    """How many answers a notebook holds, and how many of the release's cells."""
    found = match(cells, release)
    done = [r for r, i in found.where.items() if _answered(cells[i], release[r])]
    return len(done), len(found.where)


def _answered(cell, stub):
    return stub.solution and bool(trimmed(cell.source)) and not cell.same_text(stub)


def restore(handin, released):
    """Rebuild a student's notebook from the released one.

    Parameters
    ----------
    handin : HandIn
    released : dict
        The released notebook, as nbformat's JSON.

    Returns
    -------
    records.Submission
        Its notebook is valid nbformat 4.5 with unique ids and no outputs; sources are strings.
        Locked cells are the release's, in its order, each once. Every cell for an answer is there
        once, with the student's source. The student's other cells stay behind the unmoved cell of
        the release that they stood behind, as plain cells. Each mended cell has a note.

    Notes
    -----
    Cells of the release that nbgrader does not hold are the student's to edit or delete. Where a
    cell for an answer is gone and another cell defines what it should, it is left empty, so that
    the stub does not undo the answer.
    """
    if handin.fault or handin.notebook is None:
        return _submission(handin, None, (), handin.fault or "There is no notebook.")
    try:
        cells, odd = load(handin.notebook)
    except Unreadable as error:
        return _submission(handin, None, (), str(error))
    release = cells_of(released)
    found = match(cells, release)
    notes = [*odd, *_notes(cells, release, found)]
    notebook = {
        "cells": _unique(_assembled(cells, release, found), released, notes),
        "metadata": deepcopy(released.get("metadata", {})),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return _submission(handin, notebook, notes, "")


def _submission(handin, notebook, notes, fault):
    return Submission(
        handin.student,
        notebook,
        {} if notebook is None else dict(handin.files),
        few((*handin.notes, *notes)),
        fault,
        handin.name,
        handin.platform,
    )


def _assembled(cells, release, found):
    """The release's managed cells in order, each followed by the student's own behind it."""
    place = {i: r for r, i in found.where.items()}
    unmoved = _in_order([place.get(i) for i in range(len(cells))])
    behind, last = {}, -1
    for i, cell in enumerate(cells):
        if i in place:
            last = place[i] if place[i] in unmoved else last
        elif i not in found.copies or not _same_as_released(cell, release[found.copies[i]]):
            behind.setdefault(last, []).append(replace(cell, marks={}))
    result = behind.get(-1, [])
    for r, cell in enumerate(release):
        if cell.managed:
            result = [*result, _answer(r, cells, release, found) if cell.solution else cell]
            result += behind.get(r, [])
    return result


def _same_as_released(cell, released):
    """Whether a copy says nothing of its own; a stub that came last would undo the answer."""
    return cell.same_text(released) or not trimmed(cell.source)


def _in_order(places):
    """The largest set of cells whose order is the release's: the others were moved."""
    ends, tails, previous = [], [], {}
    for place in places:
        if place is None:
            continue
        at = bisect_left(ends, place)
        previous[place] = tails[at - 1] if at else None
        ends[at : at + 1], tails[at : at + 1] = [place], [place]
    kept, place = set(), tails[-1] if tails else None
    while place is not None:
        kept.add(place)
        place = previous[place]
    return kept


def _answer(r, cells, release, found):
    """A cell for an answer: the release's, with the student's source and pictures."""
    stub = release[r]
    if r in found.where:
        own = cells[found.where[r]]
        pictures = own.attachments if stub.kind == "markdown" else {}
        return replace(stub, source=own.source, attachments=pictures)
    elsewhere = _elsewhere(stub, cells, release, found)
    return replace(stub, source=f"# {elsewhere} is defined in another cell.") if elsewhere else stub


def _elsewhere(stub, cells, release, found):
    """The function that a deleted answer should define, where another cell does."""
    if stub.kind != "code":
        return ""
    locked = {i for r, i in found.where.items() if not release[r].solution}
    kept = [cell for i, cell in enumerate(cells) if i not in locked and cell.kind == "code"]
    defined = {name for cell in kept for name in names(cell.source)}
    return next((name for name in names(stub.source) if name in defined), "")


def _unique(cells, released, notes):
    """Cells as nbformat's JSON, with ids of which no two are the same."""
    meta = {}
    for number, cell in enumerate(released["cells"]):
        if cell.get("metadata", {}).get("nbgrader"):
            meta[cell.get("id") or f"released-{number}"] = cell["metadata"]
    taken, result, doubled = set(meta), [], False
    for cell in cells:
        name, own = cell.id, not cell.marks
        if own and (not name or name in taken):
            doubled |= bool(name)
            name = next(n for n in (f"own-{k}" for k in range(10_000)) if n not in taken)
        taken.add(name)
        result.append(_json(cell, name, {} if own else deepcopy(meta[name])))
    if doubled:
        notes.append("Several cells had the same id; the student's own got new ones.")
    return result


def _json(cell, name, metadata):
    body = {"cell_type": cell.kind, "id": name, "metadata": metadata, "source": cell.source}
    if cell.kind == "code":
        body |= {"execution_count": None, "outputs": []}
    elif cell.attachments:
        body["attachments"] = deepcopy(cell.attachments)
    return body


def _notes(cells, release, found):
    """One sentence for each cell that was mended."""
    place = {i: r for r, i in found.where.items()}
    unmoved = _in_order([place.get(i) for i in range(len(cells))])
    managed = [r for r, cell in enumerate(release) if cell.managed]
    if not found.where:
        yield "It holds no cell of this assignment; is it another notebook?"
        return
    lost = not any(how == "mark" for how in found.by.values())
    if lost:
        ways = ", ".join(sorted({_HOW[how] for how in found.by.values()}))
        yield f"The notebook had lost nbgrader's marks; its cells were found by their {ways}."
    for r in managed:
        title = f"Cell {release[r].grade_id}"
        if r not in found.where:
            name = _elsewhere(release[r], cells, release, found)
            yield _deleted(title, release[r], name)
            continue
        yield from _changes(title, cells[found.where[r]], release[r], "" if lost else found.by[r])
        if r not in unmoved:
            yield f"{title} was moved; it is back in its place."
    yield from _copies(cells, release, found)


def _deleted(title, cell, name):
    if not cell.solution:
        return f"{title} was deleted; it is back as released."
    if name:
        return f"{title} was deleted; {name} is taken from another cell."
    return f"{title}, for an answer, was deleted; it is back, empty."


def _changes(title, cell, released, how):
    if how in _HOW:
        yield f"{title} had lost nbgrader's marks; it was found by its {_HOW[how]}."
    elif how and not cell.same_marks(released):
        yield f"{title} had other points or locks than released; they are as released."
    if cell.kind != released.kind:
        yield f"{title} was turned from {released.kind} into {cell.kind}; it is {released.kind}."
    if not released.solution and not cell.same_text(released):
        yield f"{title} is locked and was edited; it is as released."


def _copies(cells, release, found):
    counts = {}
    for r in found.copies.values():
        counts[r] = counts.get(r, 1) + 1
    for r, count in counts.items():
        which = "the last one with an answer counts" if release[r].solution else "one is kept"
        yield f"Cell {release[r].grade_id} was there {count} times; {which}."
    known = {cell.grade_id for cell in release}
    used = found.used
    for i, cell in enumerate(cells):
        if cell.managed and i not in used:
            name = f" ({said(cell.grade_id)})" if cell.grade_id not in known else ""
            yield f"A cell of the student's own carried nbgrader's marks{name}; now it is plain."
