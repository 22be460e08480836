"""The class report: numbers by hand, the terminal, the page and its figures."""

import re
import shutil

import numpy as np
import pytest
import report_class
from PIL import Image
from report_class import disguised, notebook

from course_lib.staff import class_report, sources
from course_lib.staff.class_report import figures, likeness, numbers, terminal
from course_lib.staff.grading import book, store
from course_lib.staff.grading.records import Assignment, Result, Submission, Task, Verdict

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NAME = "sums"
TASKS = (
    Task("add", "Task 1: add", 4),
    Task("add-more", "Task 1: add", 2),
    Task("divide", "Task 2: divide", 4),
    Task("words", "Task 3: say why", 10, True),
)
NASTY = "<script>alert(1)</script>"


def result(student, points, causes, seconds=1.0, memory=10**8, notes=()):
    """A result with these points and causes, task by task."""
    rows = zip(TASKS, points, causes, strict=True)
    verdicts = tuple(Verdict(task.cell, value, task.points, cause) for task, value, cause in rows)
    return Result(student, verdicts, {}, notes, {}, seconds, memory, f"digest {student}")


def row(student, *points):
    """A line of the gradebook; None waits for a person."""
    cells = [task.cell for task in TASKS]
    waiting = tuple(cell for cell, value in zip(cells, points, strict=True) if value is None)
    return {
        "student": student,
        "points": dict(zip(cells, points, strict=True)),
        "waiting": waiting,
        "total": float(sum(value or 0 for value in points)),
        "most": 20.0,
    }


RESULTS = {
    "a": result("a", (4, 2, 4, 0), ("nothing", "nothing", "nothing", "by hand"), 5.0),
    "b": result(
        "b",
        (4, 0, 0, 0),
        ("nothing", "wrong value", "error", "by hand"),
        9.0,
        3 * 10**8,
        ("The locked cell “iou-2” was edited; it was restored.", "Late by 3 hours."),
    ),
    "c": result(
        "c",
        (0, 0, 0, 0),
        ("not begun", "not begun", "error", "by hand"),
        2.0,
        notes=("The locked cell 'nms' was edited; it was restored.",),
    ),
}
ROWS = [row("a", 4, 2, 4, 9), row("b", 4, 0, 0, None), row("c", 0, 0, 0, None)]


@pytest.fixture
def summary():
    return numbers.summarise(NAME, "Sums", TASKS, RESULTS, ROWS)


NOBODY = likeness.compare({})


# --- numbers ---


def test_numbers_by_hand(summary):
    assert summary.totals == {"a": 19.0, "b": 4.0, "c": 0.0}
    assert summary.waiting == {"b", "c"} and summary.most == 20 and summary.open == 10
    assert [task.mean for task in summary.tasks] == [8 / 12, 2 / 6, 4 / 12, None]
    assert [task.open for task in summary.tasks] == [0, 0, 0, 2]
    assert [task.cell for task in summary.hardest] == ["add-more", "divide", "add", "words"]
    assert summary.tasks[0].causes == {"not begun": 1}
    assert summary.tasks[1].causes == {"wrong value": 1, "not begun": 1}
    assert summary.tasks[2].causes == {"error": 2} and summary.tasks[3].causes == {}
    assert summary.causes == ["wrong value", "error", "not begun"]
    assert summary.slowest == (("b", 9.0), ("a", 5.0), ("c", 2.0))
    assert summary.largest == (("b", 3 * 10**8), ("a", 10**8), ("c", 10**8))


def test_two_cells_of_one_task_can_be_told_apart(summary):
    titles = [task.title for task in summary.tasks]
    assert titles[:3] == ["Task 1: add [add]", "Task 1: add [add-more]", "Task 2: divide"]


def test_equal_mishaps_are_counted_together(summary):
    assert summary.notes == (
        ("The locked cell '…' was edited; it was restored.", 2),
        ("Late by N hours.", 1),
    )


def test_a_task_that_nobody_has_marked_is_open():
    rows = [row("a", 4, 2, 4, None)]
    found = numbers.summarise(NAME, "Sums", TASKS, {"a": RESULTS["a"]}, rows)
    assert found.tasks[3].mean is None and found.hardest[-1].cell == "words"
    assert "  Task 3: say why                                 open" in terminal.text(
        found, NOBODY, {}, "page"
    )


def test_a_task_that_some_wait_for_has_a_mean_and_says_so():
    rows = [row("a", 4, 2, 4, 9), row("b", 4, 0, 0, 6), row("c", 0, 0, 0, None)]
    found = numbers.summarise(NAME, "Sums", TASKS, RESULTS, rows)
    assert found.tasks[3].mean == 15 / 20 and found.tasks[3].open == 1
    text = terminal.text(found, NOBODY, {}, "page")
    assert re.search(r"Task 3: say why +75% █+ 1 open$", text, re.MULTILINE)


def test_a_histogram_by_hand():
    found = terminal.histogram([0, 1.9, 2, 10, 9.99], 10, 5)
    assert found == [(0, 2, 2), (2, 4, 1), (4, 6, 0), (6, 8, 0), (8, 10, 2)]
    thirds = terminal.histogram([1 / 3, 2 / 3, 1], 1, 3)
    assert [count for _, _, count in thirds] == [0, 1, 2]


# --- the terminal ---


def test_the_terminal_says_it_in_80_columns(summary):
    text = terminal.text(summary, NOBODY, {"course_lib.detection.boxes.iou": {"a": ("iou",)}}, "p")
    assert max(map(len, text.splitlines()[:-1])) <= 80
    assert "Sums: 3 submissions\nMean 7.7, median 4.0, of 20 points\n" in text
    assert "So far: 2 wait for a person, who can add up to 10 points each" in text
    assert re.search(r"Task 1: add \[add-more\] +33% █", text)
    assert re.search(r"^ +not +wrong\n +error +begun +value$", text, re.MULTILINE)
    assert re.search(r"^  add-more +1 +1$", text, re.MULTILINE)
    assert "   2 The locked cell '…' was edited; it was restored." in text
    assert "Slowest: b 9.0 s, a 5.0 s, c 2.0 s" in text and "b 300 MB" in text
    assert "course_lib.detection.boxes.iou: a (iou)" in text and "for a person to judge" in text


def test_hostile_words_do_not_reach_the_terminal(summary):
    bad = result("a", (0, 0, 0, 0), ("error",) * 4, notes=("\x1b[2J\x07 it was\nrestored",))
    found = numbers.summarise(NAME, "Sums", TASKS, {"a": bad}, ROWS[:1])
    assert "\x1b" not in terminal.text(found, NOBODY, {}, "page")


# --- figures ---


def test_figures_show_what_they_say(summary):
    figure, alt = figures.totals(summary)
    heights = np.sum([bar.get_height() for bar in figure.axes[0].patches])
    assert heights == 3 and "Histogram of points: 1 from 0 to 4, 1 from 4 to 8" in alt
    assert "2 wait" in figure.axes[0].get_title()
    figure, alt = figures.tasks(summary)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [2 / 6, 4 / 12, 8 / 12, 0]
    assert "Task 2: divide 33%" in alt
    figure, alt = figures.causes(summary)
    assert sum(bar.get_width() for bar in figure.axes[0].patches) == 5
    assert "Task 2: divide: 2 error" in alt


def test_figures_of_a_class_without_failures():
    fine = {"a": result("a", (4, 2, 4, 10), ("nothing",) * 4)}
    found = numbers.summarise(NAME, "Sums", TASKS, fine, [row("a", 4, 2, 4, 10)])
    assert "There are none" in figures.causes(found)[1]
    assert "wait" not in figures.totals(found)[0].axes[0].get_title()


# --- the whole ---


def released():
    """The released notebook's JSON."""
    stub = "def add(a, b):\n    raise NotImplementedError('your answer goes here')"
    made = notebook([stub])
    made["metadata"] = {"course": {"assignment": {"title": "Sums & <b>more</b>"}}}
    for task in TASKS:
        said = {"grade_id": task.cell, "points": task.points, "grade": True, "locked": True}
        said |= {"solution": task.by_hand, "schema_version": 3, "task": False}
        title = {"cell_type": "markdown", "source": f"## {task.title}", "metadata": {}, "id": "t"}
        cell = {"cell_type": "code", "source": f"# {task.cell}", "metadata": {"nbgrader": said}}
        made["cells"] += [title, cell | {"id": task.cell}]
    return made


def handed_in(codes):
    """A notebook with a student's answers in it."""
    made = released()
    made["cells"] = notebook(codes)["cells"] + made["cells"][1:]
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class of six, made once: a new gradebook takes seconds."""
    return make(tmp_path_factory.mktemp("made") / "class")


@pytest.fixture
def group(made, tmp_path, monkeypatch):
    """The folder of the class, whose assignment is released."""
    monkeypatch.setattr(sources, "released", lambda name, root=None: released())
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    return shutil.copytree(made, tmp_path / "class")


def make(folder):
    """Two handed in the same, one something hostile, one nothing."""
    codes = {f"s{number}": report_class.answers(number) for number in range(4)}
    codes["s1"] = [disguised(source) for source in codes["s3"]]
    codes["s0"][0] += f"\n# {NASTY}\nfrom course_lib.detection.boxes import iou as {'x' * 300}"
    codes["s3"][0] += f"\ntext = '{NASTY}'"
    codes["s4"] = [NASTY, "(" * 200_000, "x = '" + "y" * 1_000_000, "\x00\ud800"]
    folder = store.open_class(folder)
    assignment = Assignment(NAME, released(), TASKS, (), {}, (), 1, "d" * 64)
    with book.open_book(folder) as opened:
        book.define(opened, assignment)
        for number, student in enumerate([*codes, "s5"]):
            given = handed_in(codes[student]) if student in codes else None
            fault = "" if given else "There is no notebook."
            submission = Submission(student, given, fault=fault, name=NASTY)
            causes = ("nothing", "error", "wrong value", "by hand")
            one = result(student, (4, 0, number % 4, 0), causes, notes=(NASTY,))
            book.record(opened, assignment, submission, one)
            if given and "\ud800" in codes[student][-1]:
                given["cells"][3]["source"] = "\x00"  # no file of ours holds half a character
            store.keep(folder, NAME, submission)
            store.keep_result(folder, NAME, submission, one)
    return folder


def test_a_report_of_a_class(group, capsys):
    class_report.command(NAME, folder=group)
    told = capsys.readouterr().out
    assert "6 submissions" in told and "s1 and s3" in told
    assert "course_lib.detection.boxes.iou: s0" in told
    page = group / "report" / NAME / "index.html"
    assert str(page) in told
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>more" not in text and "default-src 'none'" in text and "://" not in text
    assert text.count("<details>") == 1 and "s1 and s3: " in text
    assert text.count("<mark>") > 10 and len(text) < 200_000
    assert re.findall(r'<img src="(\w+)\.png" alt="([^"]{30})', text)
    for name in ("totals", "tasks", "causes"):
        image = Image.open(page.parent / f"{name}.png")
        assert image.width > 600 and len(np.unique(np.asarray(image))) > 2
    assert not re.search("plagiari|cheat|guilt", text + told, re.IGNORECASE)


def test_a_report_is_the_same_when_written_again(group, capsys):
    class_report.command(NAME, folder=group)
    files = sorted((group / "report" / NAME).iterdir())
    before, told = [file.read_bytes() for file in files], capsys.readouterr().out
    class_report.command(NAME, folder=group)
    assert [file.read_bytes() for file in files] == before
    assert capsys.readouterr().out == told


def test_what_is_missing_is_said(group, tmp_path):
    with pytest.raises(OSError, match="is no class"):
        class_report.command(NAME, folder=tmp_path / "nowhere")
    for path in (group / "results" / NAME).iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="Nothing of sums is graded"):
        class_report.command(NAME, folder=group)
