"""Marks that a person gave on the page: checked as a whole, then taken into the gradebook."""

import json
import math
from pathlib import Path

from course_lib.staff.gallery import blind, entries

FORMAT = 1
LARGEST = 20_000_000  # bytes; the marks of 300 students take 100 kB
LONGEST = 5_000  # characters of a comment


def command(name, path, *, folder, db=""):
    """Take a file of marks into the gradebook, all of it or nothing.

    Parameters
    ----------
    name : str
        The assignment.
    path : Path
        What the page saved.
    folder : Path
        The class.
    db : str
        The gradebook; by default the class's own.

    Returns
    -------
    str
        What was taken and what is open, in sentences.

    Raises
    ------
    ValueError, OSError
        If the file is broken, of another class or assignment, or holds a mark that the page
        cannot give; then nothing is written.
    """
    from course_lib.staff.grading import book

    key = blind.load(folder, name)
    if key is None:
        raise ValueError(f"{folder} has no page of {name} yet: course gallery {name}")
    given = parse(Path(path), name, key)
    rubric, everyone = entries.read(name, folder, db)
    _check(given, rubric, key, everyone)
    whole, outdated = {}, []
    for code, one in given.items():
        if one["drawing"] != key.stamp(everyone[key.codes[code]].drawing):
            outdated.append(code)
        elif len(one["points"]) == len(rubric.criteria):
            whole[code] = one
    with book.open_book(folder, db) as opened:
        _check_book(whole, rubric, key, book.marks(opened, name))
        for code, one in whole.items():
            points = sum(one["points"].values())
            told = comment(rubric, one)
            book.mark(opened, name, key.codes[code], rubric.cell, points, told)
        waiting = {line["student"] for line in book.marks(opened, name) if _waits(line, rubric)}
    still = [code for code, who in key.codes.items() if who in waiting]
    return _told(name, whole, outdated, still)


def parse(path, name, key):
    """Read a file of marks.

    Parameters
    ----------
    path : Path
    name : str
        The assignment that it should be of.
    key : blind.Key
        Of the class that it should be of.

    Returns
    -------
    dict
        Code -> ``{"points": {criterion: number}, "comment": str, "drawing": str}``.

    Raises
    ------
    ValueError
        With one sentence about what is wrong.
    OSError
        If there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} is too large for a file of marks.")
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no file of marks: {error}.") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"{path} is no file of marks of this version of the course.")
    if data.get("assignment") != name:
        raise ValueError(f"{path} holds marks of {data.get('assignment')!r}, not of {name!r}.")
    if data.get("class") != key.digest:
        raise ValueError(f"{path} holds marks of another class.")
    marks = data.get("marks")
    if not isinstance(marks, dict):
        raise ValueError(f"{path} holds no marks.")
    return {code: _one(code, mark) for code, mark in marks.items()}


def comment(rubric, mark):
    """Return what a student reads, as Markdown: criteria with their levels, then words."""
    lines = []
    for criterion in rubric.criteria:
        points = mark["points"][criterion.name]
        text = next(level.text for level in criterion.levels if level.points == points)
        lines.append(f"- {criterion.name}, {points:g} of {criterion.points:g}: {text}")
    return "\n".join([*lines, "", mark["comment"].strip()]).strip()


def _refuse(word):
    """JSON's reader takes NaN and Infinity; a mark is neither."""
    raise ValueError(f"{word} is no number of points")


def _one(code, mark):
    """Check the form of one drawing's mark."""
    points = mark.get("points") if isinstance(mark, dict) else None
    if not isinstance(points, dict):
        raise ValueError(f"The mark of drawing {code} is broken.")
    for criterion, number in points.items():
        real = isinstance(number, int | float) and not isinstance(number, bool)
        if not real or not math.isfinite(number):
            raise ValueError(f"Drawing {code}: {number!r} for {criterion!r} is no number.")
    words, drawing = mark.get("comment", ""), mark.get("drawing", "")
    if not isinstance(words, str) or len(words) > LONGEST or not isinstance(drawing, str):
        raise ValueError(f"The comment on drawing {code} is broken, or too long.")
    return {"points": points, "comment": words, "drawing": drawing}


def _check(given, rubric, key, everyone):
    """Refuse what is not of this class or not of this rubric."""
    levels = {line.name: {level.points for level in line.levels} for line in rubric.criteria}
    for code, one in given.items():
        if key.codes.get(code) not in everyone:
            raise ValueError(f"There is no drawing {code!r} in this class; nothing was written.")
        for criterion, number in one["points"].items():
            if criterion not in levels:
                raise ValueError(f"Drawing {code}: {criterion!r} is not in the rubric.")
            if number not in levels[criterion]:
                listed = ", ".join(f"{value:g}" for value in sorted(levels[criterion]))
                raise ValueError(
                    f"Drawing {code}: {criterion!r} cannot give {number:g} points, only {listed}."
                )


def _check_book(whole, rubric, key, lines):
    """Refuse what the gradebook has no place for, before anything is written."""
    there = {line["student"] for line in lines if rubric.cell in line["points"]}
    for code in whole:
        if key.codes[code] not in there:
            raise ValueError(
                f"The gradebook has no cell {rubric.cell} for drawing {code}; nothing was written. "
                "Grade the class again: course grade"
            )


def _waits(line, rubric):
    """Whether a student's mark for the drawing is still open."""
    return rubric.cell in line["waiting"]


def _told(name, whole, outdated, still):
    """Say what was taken and what is open."""
    text = f"Took the marks of {_count(whole)}; {len(still)} open"
    text += f": {_some(still)}." if still else "."
    text += f"\nThe same `course grade {name}` as before now renews tables and feedback."
    if outdated:
        text += f"\nDrawn anew since they were marked, so not taken: {_some(sorted(outdated))}."
    return text


def _count(codes):
    """A number of drawings, in words."""
    return "1 drawing" if len(codes) == 1 else f"{len(codes)} drawings"


def _some(codes, most=12):
    """The first of a list of codes."""
    return ", ".join(codes[:most]) + (" ..." if len(codes) > most else "")
