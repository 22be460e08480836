"""The gradebook, in SQLite and in a real PostgreSQL: marks that survive, whole or not at all."""

import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import grading_class as small
import postgres
import pytest
from nbgrader import api
from nbgrader.api import MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import text
from traitlets.config.loader import PyFileConfigLoader

from course_lib.staff.grading import book as books
from course_lib.staff.grading import clean, place, records, store

linux = pytest.mark.skipif(sys.platform != "linux", reason="starts PostgreSQL as Debian lays it")


@pytest.fixture(scope="module")
def server():
    with postgres.running() as create:
        yield create


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=linux)])
def address(request):
    """The gradebook's address; empty for SQLite."""
    if request.param == "sqlite":
        return ""
    create = request.getfixturevalue("server")
    return create(f"b{abs(hash(request.node.name))}")


@pytest.fixture
def folder(tmp_path):
    return place.open_class(tmp_path / "class")


@pytest.fixture
def book(folder, address):
    with books.open_book(folder, address) as opened:
        books.define(opened, small.assignment())
        yield opened


def record(book, student, first="fine", assignment=None, **how):
    one = small.submission(student, first, platform="Participant 7")
    assignment = assignment or small.assignment()
    books.record(book, assignment, one, small.grade(one, assignment, None, None), **how)


def row(book, student):
    return {row["student"]: row for row in books.marks(book, small.NAME)}[student]


@pytest.fixture(scope="module")
def version():
    """The number of nbgrader's tables, as the program that it starts for it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        return api.get_alembic_version()


def test_a_new_book_has_nbgraders_version_and_starts_no_program(
    folder, address, version, monkeypatch
):
    monkeypatch.setattr(api, "get_alembic_version", lambda: pytest.fail("it starts alembic"))
    for _ in range(2):
        with books.open_book(folder, address) as book:
            found = book.db.execute(text("SELECT version_num FROM alembic_version"))
            assert found.scalars().all() == [version]


def test_marks_of_a_class(book):
    for student, first in (("s2", "half"), ("s1", "fine")):
        record(book, student, first)
    first, second = books.marks(book, small.NAME)
    assert first == {
        "student": "s1",
        "name": "Name of s1",
        "platform": "Participant 7",
        "points": {"add-one": 2.0, "add-two": 3.0, "open": None},
        "by_hand": {"add-one": False, "add-two": False, "open": False},
        "comments": {},
        "waiting": ("open",),
        "total": 5.0,
        "most": 10.0,
    }
    assert second["points"] == {"add-one": 2.0, "add-two": 0.0, "open": None}
    assert books.marks(book, "other") == []


def test_marks_by_hand_win_and_stay(book):
    record(book, "s1", "half")
    books.mark(book, small.NAME, "s1", "open", 4, "Good reasons.")
    books.mark(book, small.NAME, "s1", "add-two", 1.5)
    for _ in range(2):
        found = row(book, "s1")
        assert found["points"] == {"add-one": 2.0, "add-two": 1.5, "open": 4.0}
        assert (found["total"], found["waiting"]) == (7.5, ())
        assert found["by_hand"] == {"add-one": False, "add-two": True, "open": True}
        assert found["comments"] == {"open": "Good reasons."}
        record(book, "s1", "fine")  # graded again
    books.mark(book, small.NAME, "s1", "open", 5)  # without a comment: the old one stays
    assert row(book, "s1")["comments"] == {"open": "Good reasons."}


def test_new_work_makes_marks_by_hand_wait_for_another_look(book):
    record(book, "s1")
    books.mark(book, small.NAME, "s1", "open", 4)
    record(book, "s1", "half", changed=True)
    found = row(book, "s1")
    assert found["points"]["open"] == 4.0 and found["waiting"] == ("open",)
    books.mark(book, small.NAME, "s1", "open", 3)
    assert row(book, "s1")["waiting"] == ()


def test_nothing_handed_in_waits_for_nobody(book):
    nothing = records.Submission("s1", None, fault="There is no notebook.")
    books.record(book, small.assignment(), nothing, small.grade(nothing, small.assignment(), 0, 0))
    found = row(book, "s1")
    assert (found["total"], found["waiting"], found["points"]["open"]) == (0.0, (), 0.0)


@pytest.mark.parametrize("points", [-1, 5.5, float("nan"), float("inf")])
def test_points_that_do_not_exist_are_refused(book, points):
    record(book, "s1")
    with pytest.raises(ValueError, match="give 0 to 5"):
        books.mark(book, small.NAME, "s1", "open", points)
    assert row(book, "s1")["points"]["open"] is None


def test_marks_for_nobody_are_refused(book):
    record(book, "s1")
    for student, cell in (("s2", "open"), ("s1", "none")):
        with pytest.raises(MissingEntry):
            books.mark(book, small.NAME, student, cell, 1)


def changed(**points):
    """The assignment with other cells: title -> points."""
    tasks = tuple(
        records.Task(cell, cell, float(value), cell == "open") for cell, value in points.items()
    )
    return small.assignment("e" * 64, tasks)


def test_a_later_release_keeps_marks_by_hand(book):
    record(book, "s1")
    books.mark(book, small.NAME, "s1", "open", 4, "Good.")
    later = changed(**{"add-one": 4, "add-three": 1, "open": 5})
    books.define(book, later)
    found = row(book, "s1")
    assert found["points"] == {"add-one": 2.0, "add-three": None, "open": 4.0}
    assert (found["most"], found["comments"]) == (10.0, {"open": "Good."})
    one = small.submission("s1")
    verdicts = [records.Verdict(t.cell, t.points, t.points) for t in later.tasks[:2]]
    verdicts.append(records.Verdict("open", 0, 5, "by hand"))
    books.record(book, later, one, records.Result("s1", tuple(verdicts), one.notebook))
    assert row(book, "s1")["points"] == {"add-one": 4.0, "add-three": 1.0, "open": 4.0}


def test_a_cell_with_marks_by_hand_may_not_go(book):
    record(book, "s1")
    books.mark(book, small.NAME, "s1", "open", 4)
    before = row(book, "s1")
    with pytest.raises(ValueError, match="1 students have marks by hand for the cell 'open'"):
        books.define(book, changed(**{"add-one": 2, "add-three": 1}))
    assert row(book, "s1") == before  # all of a release, or nothing
    record(book, "s2")


def test_a_record_is_whole_or_not_there(book):
    one = small.submission("s9")
    wrong = replace(
        small.grade(one, None, None, None), verdicts=(records.Verdict("no such cell", 1, 1),)
    )
    with pytest.raises(KeyError):
        books.record(book, small.assignment(), one, wrong)
    assert books.marks(book, small.NAME) == []
    record(book, "s9")


def test_the_next_command_finds_the_same_gradebook(folder, book, address):
    record(book, "s1")
    with books.open_book(folder) as again:
        assert row(again, "s1")["total"] == 5.0
    assert place.about(folder)["db"].startswith("postgresql+psycopg://") == bool(address)


@linux
def test_a_password_is_not_kept(folder, server):
    address = server("secret").replace("teacher@", "teacher:hush@")
    with books.open_book(folder, address):
        pass
    with books.open_book(folder):
        pass
    for path in folder.rglob("*"):
        assert not path.is_file() or b"hush" not in path.read_bytes(), path


@pytest.mark.parametrize("address", ["gradebook", "postgresql://"], indirect=False)
def test_an_address_that_is_none_is_said(folder, address):
    expected = ValueError if address == "gradebook" else OSError
    with pytest.raises(expected, match="gradebook"):
        books.open_book(folder, address)


def test_a_server_that_does_not_answer_is_said(folder, tmp_path):
    with pytest.raises(OSError, match="cannot be opened"):
        books.open_book(folder, f"postgresql://me:hush@/x?host={tmp_path}")
    with pytest.raises(OSError) as caught:
        books.open_book(folder, f"postgresql://me:hush@/x?host={tmp_path}")
    assert "hush" not in str(caught.value)


def test_formgrader_sees_the_class(folder, tmp_path):
    """nbgrader's own interface, with the settings in the class's folder."""
    with books.open_book(folder) as book:
        books.define(book, small.assignment())
        record(book, "s1", "half")
    one = small.submission("s1")
    made = clean.autograded(small.assignment(), small.grade(one, small.assignment(), None, None))
    store.keep(folder, small.NAME, one)
    store.keep_autograded(folder, small.NAME, "s1", made)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    grader = NbGraderAPI(CourseDirectory(config=config))
    (found,) = grader.get_submissions(small.NAME)
    assert (found["student"], found["score"], found["max_score"]) == ("s1", 2.0, 10.0)
    assert found["autograded"] and found["needs_manual_grade"]
    (notebook,) = grader.get_notebook_submissions(small.NAME, small.NAME)
    assert notebook["failed_tests"] and notebook["max_written_score"] == 5.0
    path = folder / f"autograded/s1/{small.NAME}/{small.NAME}.ipynb"
    before = path.read_bytes()
    assert not grader.autograde(small.NAME, "s1")["success"]  # its button runs no student's code
    assert path.read_bytes() == before


def test_sqlite_is_a_file_of_the_class(folder):
    with books.open_book(folder) as book:
        books.define(book, small.assignment())
        record(book, "s1")
    with sqlite3.connect(folder / "gradebook.db") as file:
        assert file.execute("select count(*) from grade").fetchone() == (3,)
