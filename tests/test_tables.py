"""Tables of marks: what a spreadsheet and Moodle read in them."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import grading_class as small
import pytest

from course_lib.staff.grading import place, tables

NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return place.open_class(tmp_path / "class")


def row(student="s1", **said):
    points = {"add-one": 2.0, "add-two": 0.0, "open": 3.5}
    made = {"student": student, "name": "愛子, A.", "platform": "Participant 12", "points": points}
    made |= {"by_hand": {"open": True}, "comments": {"open": "Good;\nbut short."}, "waiting": ()}
    return made | {"total": 5.5, "most": 10.0} | said


def result(student="s1", **said):
    made = small.grade(small.submission(student, "half"), small.assignment(), None, None)
    return replace(made, **said)


def written(folder, rows, results):
    paths = tables.write(folder, small.assignment(), results, rows, NOW)
    return [
        list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))) for path in paths
    ]


def test_one_column_per_task(folder):
    table, _ = written(folder, [row()], {"s1": result(notes=("Cell a was mended.",))})
    assert table == [
        ["student", "name", "add-one", "add-two", "open", "total", "most", "notes"],
        ["s1", "愛子, A.", "2", "0", "3.5", "5.5", "10", "Cell a was mended."],
    ]


def test_what_waits_is_empty(folder):
    points = {"add-one": 2.0, "add-two": 0.1 + 0.2, "open": None}
    waits = row(points=points, waiting=("open",), total=2.3)
    table, moodle = written(folder, [waits], {"s1": result()})
    assert table[1][2:6] == ["2", "0.3", "", "2.3"]
    assert moodle[1][3:5] == ["", "10"]  # no grade in Moodle before it is whole


def test_moodle_finds_its_columns(folder):
    """By these English names, and all three of them: importgradeslib.php, `init`."""
    _, (head, line) = written(folder, [row("a@uni.jp")], {"a@uni.jp": result("a@uni.jp")})
    moodle = dict(zip(head, line, strict=True))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(head)
    assert moodle["Identifier"] == "Participant 12"
    assert moodle["Full name"] == "愛子, A."
    assert moodle["Email address"] == "a@uni.jp"
    assert (moodle["Grade"], moodle["Maximum Grade"]) == ("5.5", "10")
    assert moodle["Last modified (grade)"] == "20 November 2026 16:30:00 UTC"
    assert moodle["Feedback comments"] == (
        "Task 2: add two (0/3): wrong value. Look at two. | "
        "Task 3: say why (3.5/5): Good; but short."
    )


def test_what_no_platform_knows_is_not_moodle_s(folder):
    assert len(written(folder, [row(platform="")], {"s1": result()})) == 1
    assert not (folder / f"{small.NAME}_moodle.csv").exists()


def test_nothing_handed_in_is_said_once(folder):
    nothing = small.records.Submission("s1", None, fault="There is no notebook.")
    found = small.grade(nothing, small.assignment(), None, None)
    table, moodle = written(folder, [row(comments={}, by_hand={})], {"s1": found})
    assert table[1][-1] == moodle[1][5] == "There is no notebook."


@pytest.mark.parametrize(
    "evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("x","y")']
)
def test_no_cell_is_a_formula(folder, evil):
    given = row(name=evil, comments={"open": evil})
    both = written(folder, [given], {"s1": result(notes=(evil,))})
    for table in both:
        for line in table:
            assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]
    assert both[0][1][1] == "'" + evil.strip()
