"""A student's notebook without anything that a page would execute, and with verdicts written in."""

import base64
import binascii
import json

from course_lib.staff.grading import kept

METADATA = ("nbgrader", "editable", "deletable")
KINDS = ("code", "markdown", "raw")
# Characters that are read as Markdown, of a cell and of a notebook. A page of 50,000 brackets
# takes its reader's machine 17 seconds, and one of ten times as many a hundred times as long.
LONG, ALL = 10_000, 100_000


class NotebookFault(ValueError):
    """The cells are not a notebook's."""


def bare(notebook, released, room):
    """A copy of a notebook: sources, ids and pasted pictures, but no outputs.

    Parameters
    ----------
    notebook : dict
        nbformat's JSON, from a student, with locked cells restored.
    released : dict
        What the student was given; its metadata stay, since a student's may hold widgets.
    room : kept.Room
        For the pictures that are pasted into text cells.

    Returns
    -------
    dict
        Encodable as UTF-8.

    Raises
    ------
    NotebookFault
        If a cell has no type, or no text.

    Notes
    -----
    Raw cells, which nbconvert puts into a page as they are, become indented text, and so does
    Markdown that is too long.
    """
    try:
        words = kept.Room(ALL)
        cells = [_cell(cell, room, words) for cell in notebook["cells"]]
        return _encodable({**released, "cells": cells})
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise NotebookFault(f"the notebook's cells are broken ({type(error).__name__})") from None


def _cell(cell, room, words):
    """One cell, of which only known things are kept."""
    kind, source = cell["cell_type"], cell["source"]
    source = source if isinstance(source, str) else "".join(source)
    if kind not in KINDS:
        raise ValueError
    found = {"cell_type": kind, "source": kept.text(source), "metadata": {}}
    if "id" in cell:
        found["id"] = cell["id"]
    for key in METADATA:
        if key in cell.get("metadata", {}):
            found["metadata"][key] = cell["metadata"][key]
    if kind == "code":
        found |= {"outputs": [], "execution_count": None}
    elif kind == "raw" or not _short(found["source"], words):
        found["cell_type"] = "markdown"
        found["source"] = "".join(f"    {line}\n" for line in found["source"].splitlines())
    elif cell.get("attachments"):
        found["attachments"] = dict(_attachments(cell["attachments"], room))
    return found


def _short(source, words):
    """Whether a text may be read as Markdown; takes it from the room for such."""
    short = len(source) <= min(LONG, words.left)
    words.left -= len(source) if short else 0
    return short


def _attachments(given, room):
    """Pictures that were pasted into a text cell."""
    for name, data in given.items():
        for kind, clean in (("image/png", kept.png), ("image/jpeg", _jpeg)):
            picture = clean(data.get(kind)) if isinstance(data, dict) else None
            if picture and len(picture) <= room.left:
                room.left -= len(picture)
                yield kept.text(name, 200), {kind: picture}
                break


def _jpeg(value):
    """A JPEG in base64, or None."""
    try:
        data = base64.b64decode("".join(value.split())) if type(value) is str else b""
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(data).decode("ascii") if data[:3] == b"\xff\xd8\xff" else None


def _encodable(notebook):
    """A copy without halves of characters, which JSON can hold and files cannot."""
    text = json.dumps(notebook, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def write(cells, verdicts, tasks):
    """Put each verdict under its cell, where a student looks for it.

    Parameters
    ----------
    cells : list of dict
        Of a notebook; changed in place.
    verdicts : sequence of records.Verdict
    tasks : sequence of records.Task
        In the same order.
    """
    said = {task.cell: _line(task, verdict) for task, verdict in zip(tasks, verdicts, strict=True)}
    for cell in cells:
        key = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if key in said and cell["cell_type"] == "code":
            output = {"output_type": "stream", "name": "stdout", "text": said[key]}
            cell["outputs"].append(output)


def _line(task, verdict):
    """A verdict in a sentence or two."""
    if verdict.cause == "by hand":
        return f"{task.title}: a person gives up to {task.points:g} points.\n"
    line = f"{task.title}: {verdict.points:g} of {verdict.most:g} points. {verdict.message}"
    return line.rstrip() + "\n"
