"""What a class's folder holds for the gallery: a drawing of each student, or why there is none."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib.staff import sources
from course_lib.staff.gallery import rubric as rubrics
from course_lib.staff.grading import store

# Fixed sentences: what a student or a file wrote could tell who it was.
_REASONS = {
    "no notebook": "There was no notebook that can be read.",
    "time": "The notebook took more time than it may, and left no drawing.",
    "memory": "The notebook took more memory than it may, and left no drawing.",
    "died": "The notebook's kernel died, and left no drawing.",
    "output": "The notebook wrote more than it may, and left no drawing.",
    "not begun": "The open task was not begun.",
    "error": "The notebook stopped at an error before it had saved a drawing.",
}
_NO_DRAWING = "The notebook ran, but left no drawing that can be shown."
MOST_WORDS = 1200  # letters that are shown
BROKEN = "The drawing's file cannot be read."


@dataclass(frozen=True)
class Entry:
    """What there is to see of one student.

    Parameters
    ----------
    student, name : str
    drawing, photo : Path or None
    reason : str
        Why there is no drawing; empty where there is one.
    words : str
        What the student wrote about the drawing.
    notes : tuple of str
        What grading noted; it may tell who the student is.
    waits : bool
        Whether a person should mark it.
    """

    student: str
    name: str = ""
    drawing: Path | None = None
    photo: Path | None = None
    reason: str = ""
    words: str = ""
    notes: tuple = ()
    waits: bool = True


def read(name, folder, db=""):
    """Return the rubric of an assignment, and the entries of a class by student.

    Raises
    ------
    ValueError, OSError
        If there is no such assignment or class, or nothing of it is graded.
    """
    from course_lib.staff.grading import book

    rubric = rubrics.read(sources.released(name), name)
    results = store.results(folder, name)
    if not results:
        raise ValueError(f"Nothing of {name} is graded in {folder}: course grade {name} FOLDER")
    with book.open_book(folder, db) as opened:
        called = {line["student"]: line["name"] for line in book.marks(opened, name)}
    return rubric, collect(results, called, rubric.cell, rubric.stub)


def collect(results, names, cell, stub=""):
    """Return the entries of a class, by student.

    Parameters
    ----------
    results : dict
        Student -> `records.Result`, whose pictures are paths.
    names : dict
        Student -> name.
    cell : str
        The nbgrader id of the cell that a person marks.
    stub : str
        What stands in that cell before a student writes.

    Returns
    -------
    dict of str to Entry
    """
    return {who: _entry(result, names.get(who, ""), cell, stub) for who, result in results.items()}


def _entry(result, name, cell, stub):
    """One student's entry."""
    words = _words(result.notebook, cell)
    cause = next((one.cause for one in result.verdicts if one.task == cell), "by hand")
    drawing, photo = (_existing(result.pictures.get(which)) for which in ("drawing", "photo"))
    causes = [cause, *(one.cause for one in result.verdicts)]
    why = next((_REASONS[one] for one in causes if one in _REASONS), _NO_DRAWING)
    return Entry(
        result.student,
        name,
        drawing,
        photo,
        reason="" if drawing else why,
        words="" if words == stub.strip() else words,
        notes=tuple(result.notes),
        waits=drawing is not None or cause == "by hand",
    )


def _words(path, cell):
    """The text of the cell that a person marks."""
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        found = [
            one for one in cells if one["metadata"].get("nbgrader", {}).get("grade_id") == cell
        ]
        return "".join(found[0]["source"]).strip()[:MOST_WORDS] if found else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # a drawing can be judged without


def without_names(entry, students):
    """Return what a student wrote, without the own name and without anybody's id."""
    known = [*students, *re.findall(r"\w{2,}", entry.name)]
    pattern = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "…", entry.words, flags=re.IGNORECASE)


def _existing(path):
    """A picture's path, if there is such a file."""
    return Path(path) if path is not None and Path(path).is_file() else None


def copy_picture(source, target, longest=1600):
    """Write a picture anew from its pixels alone, so that nothing else travels with it.

    Parameters
    ----------
    source, target : Path
        The target's suffix, ``.png`` or ``.jpg``, says how.
    longest : int
        Pixels of the longer side, at most.

    Returns
    -------
    (int, int) or None
        Width and height; None if the source is no picture that can be read.
    """
    try:
        with Image.open(source) as image:
            pixels = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    clean = Image.fromarray(pixels)
    clean.thumbnail((longest, longest))
    options = {"compress_level": 4} if target.suffix == ".png" else {"quality": 90}
    clean.save(target, **options)
    return clean.size
