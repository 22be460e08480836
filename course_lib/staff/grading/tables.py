"""Marks as tables: one for people, one that Moodle takes."""

import csv
import io
from datetime import UTC, datetime

from course_lib.staff.grading import store

# What a spreadsheet takes for a formula; one in Japanese takes the wide signs for it, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Moodle's grading worksheet finds its columns by these names, in English; it wants the first, the
# grade and the last (mod/assign/feedback/offline/importgradeslib.php).
_MOODLE = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Feedback comments",
    "Last modified (grade)",
)


def write(folder, assignment, results, rows, now=None):
    """Write ``NAME.csv`` and, where students have Moodle's numbers, ``NAME_moodle.csv``.

    Parameters
    ----------
    folder : Path
        Of the class.
    assignment : records.Assignment
    results : dict of str -> records.Result
        As of `store.results`.
    rows : list of dict
        As of `book.marks`.
    now : datetime, optional
        When the marks were given, for Moodle.

    Returns
    -------
    list of Path
        UTF-8; numbers have a point, and an empty one waits for a person.
    """
    notes = {
        student: _nothing_came(result) or " ".join(result.notes)
        for student, result in results.items()
    }
    cells = [task.cell for task in assignment.tasks]
    table = [["student", "name", *cells, "total", "most", "notes"]]
    for row in rows:
        points = [_number(row["points"].get(cell)) for cell in cells]
        sums = [_number(row["total"]), _number(row["most"])]
        note = notes.get(row["student"], "")
        table.append([_text(row["student"]), _text(row["name"]), *points, *sums, _text(note)])
    # Excel takes a file without this mark for one of its own old encodings.
    paths = [_write(folder / f"{assignment.name}.csv", table, mark="\ufeff")]
    known = [row for row in rows if row["platform"]]
    moodle = folder / f"{assignment.name}_moodle.csv"
    if known:
        table = [_MOODLE, *(_moodle(assignment, row, results, now) for row in known)]
        paths.append(_write(moodle, table))
    else:
        moodle.unlink(missing_ok=True)
    return paths


def _moodle(assignment, row, results, now):
    """One line of Moodle's worksheet."""
    number = row["platform"].removeprefix("Participant").strip()
    when = (now or datetime.now(UTC)).strftime("%d %B %Y %H:%M:%S UTC")
    return [
        _text(f"Participant {number}"),
        _text(row["name"]),
        _text(row["student"] if "@" in row["student"] else ""),
        "" if row["waiting"] else _number(row["total"]),
        _number(row["most"]),
        _text(_comments(assignment, row, results.get(row["student"]))),
        when,
    ]


def _nothing_came(result):
    """Why there is no notebook; empty where there is one."""
    missing = [verdict for verdict in result.verdicts if verdict.cause == "no notebook"]
    return missing[0].message if missing and len(missing) == len(result.verdicts) else ""


def _comments(assignment, row, result):
    """What Moodle shows beside the grade: one line per task that has something to say."""
    if result and (said := _nothing_came(result)):
        return said
    verdicts = {verdict.task: verdict for verdict in result.verdicts} if result else {}
    lines = []
    for task in assignment.tasks:
        verdict = verdicts.get(task.cell)
        said = row["comments"].get(task.cell, "")
        told = row["by_hand"].get(task.cell) or not verdict
        if not told and verdict.cause not in ("nothing", "by hand"):
            said = f"{verdict.cause}. {verdict.message} {said}"
        if said.strip():
            points = _number(row["points"].get(task.cell)) or "-"
            lines.append(f"{task.title} ({points}/{_number(task.points)}): {said.strip()}")
    return " | ".join(lines)


def _number(value):
    """A number with a point, and no more digits than it has."""
    return "" if value is None else f"{value:.10g}"


def _text(value):
    """A text on one line, which no spreadsheet takes for a formula."""
    line = " ".join(str(value).split())
    return f"'{line}" if line.startswith(_FORMULA) else line


def _write(path, table, mark=""):
    """Write a table as CSV, after a mark of its encoding."""
    text = io.StringIO()
    csv.writer(text).writerows(table)
    store.write(path, mark + text.getvalue())
    return path
