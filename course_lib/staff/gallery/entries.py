"""What a class's folder holds for the gallery: a drawing of each student, or why there is none."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

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
_NO_DRAWING = "The notebook ran, but saved no drawing."
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
    notes: tuple = ()
    waits: bool = True


def collect(results, names, cell):
    """Return the entries of a class, by student.

    Parameters
    ----------
    results : dict
        Student -> `records.Result`, whose pictures are paths.
    names : dict
        Student -> name.
    cell : str
        The nbgrader id of the cell that a person marks.

    Returns
    -------
    dict of str to Entry
    """
    return {who: _entry(result, names.get(who, ""), cell) for who, result in results.items()}


def _entry(result, name, cell):
    """One student's entry."""
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
        notes=tuple(result.notes),
        waits=drawing is not None or cause == "by hand",
    )


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
