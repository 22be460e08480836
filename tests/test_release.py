"""From the source of an assignment to the students' notebook: the same bytes, nothing told."""

import copy
import json
import re
import shutil

import local_kernel
import nbformat
import pytest
from nbgrader import utils
from nbgrader.preprocessors import CheckCellMetadata
from nbgrader.validator import Validator

from course_lib.staff import release, sources

NAMES = release.names()


def notebook_of(*cells, rubric=()):
    """A source from (kind, id, text[, points]): md, code, solution, grade or answer."""
    made = []
    for kind, key, text, *points in cells:
        data = {
            "grade": kind in ("grade", "answer"),
            "grade_id": key,
            "locked": kind != "solution",
            "schema_version": 3,
            "solution": kind in ("solution", "answer"),
            "task": False,
            "cell_type": "markdown" if kind in ("md", "answer") else "code",
        }
        if points:
            data["points"] = points[0]
        code = {} if data["cell_type"] == "markdown" else {"outputs": [], "execution_count": 3}
        cell = {"cell_type": data["cell_type"], "id": key, "source": text}
        made.append({**cell, "metadata": {"nbgrader": data}, **code})
    course = {"course": {"assignment": {"title": "Sums", "rubric": list(rubric)}}}
    return {"cells": made, "metadata": course, "nbformat": 4, "nbformat_minor": 5}


def sums(**changes):
    """The smallest whole assignment, with some cells exchanged, or left out with None."""
    cells = {
        "task": ("md", "task", "## Task 1: a sum (3 points)"),
        "add": (
            "solution",
            "add",
            "def add(a, b):\n    ### BEGIN SOLUTION\n    both = a + b\n    return both\n"
            "    ### END SOLUTION",
        ),
        "check": (
            "grade",
            "check",
            "print(1)\n### BEGIN HIDDEN TESTS\nassert add(1, 2) == 3\n### END HIDDEN TESTS",
            3,
        ),
        "why": ("md", "why", "## Task 2: why (1 point)"),
        "text": ("answer", "text", "Because.", 1),
    }
    rubric = changes.pop("rubric", [{"name": "Text", "points": 1}])
    kept = [cell for cell in {**cells, **changes}.values() if cell]
    return notebook_of(*kept, rubric=rubric)


@pytest.fixture
def course(tmp_path):
    """A function that puts a source into a course's folder of its own, and returns the folder."""

    def lay(notebook, name="sums"):
        path = tmp_path / "solutions" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return tmp_path

    return lay


# --- a small one ---


def test_stubs_take_the_place_of_solutions(course):
    root = course(sums())
    path = release.release("sums", root)
    assert path == root / "assignments" / "sums" / "sums.ipynb"
    cells = {cell["id"]: cell for cell in release.released("sums", root)["cells"]}
    assert cells["add"]["source"] == f"def add(a, b):\n    {release.STUB}"
    assert cells["check"]["source"] == "print(1)"
    assert cells["text"]["source"] == release.TEXT_STUB
    assert cells["check"]["metadata"]["editable"] is False
    assert "editable" not in cells["add"]["metadata"]
    assert cells["add"]["execution_count"] is None


def test_equal_sources_give_equal_bytes(course):
    root = course(sums())
    first = release.release("sums", root).read_bytes()
    assert release.release("sums", root).read_bytes() == first


def test_outputs_and_odd_metadata_stay_behind(course):
    source = sums()
    source["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "secret"}]
    source["cells"][1]["metadata"] |= {"collapsed": True, "tags": ["mine"]}
    source["metadata"]["widgets"] = {"secret": 1}
    text = release.release("sums", course(source)).read_text(encoding="utf-8")
    assert "secret" not in text and "collapsed" not in text and "mine" in text


def test_checksums_are_of_what_is_left(course):
    blank = "print(1)\n\n### BEGIN HIDDEN TESTS\nassert add\n### END HIDDEN TESTS\n"
    root = course(sums(check=("grade", "check", blank, 3)))
    notebook = nbformat.read(release.release("sums", root), as_version=4)
    assert notebook.cells[2].source == "print(1)"
    for cell in notebook.cells:
        data = cell.metadata.nbgrader
        if "checksum" in data:
            assert data.checksum == utils.compute_checksum(cell)
    assert "checksum" in notebook.cells[2].metadata.nbgrader


def test_it_is_quiet_and_leaves_nothing_behind(course, capfd, monkeypatch, tmp_path):
    root = course(sums())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (root / "solutions" / "sums" / "wrong.py").write_text("# %% add wrong: all of it\n")
    release.release("sums", root)
    assert capfd.readouterr() == ("", "")
    assert list((tmp_path / "here").iterdir()) == []
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert {name.replace("\\", "/") for name in files} == {
        "solutions/sums/sums.ipynb",
        "solutions/sums/wrong.py",
        "assignments/sums/sums.ipynb",
    }


# --- what it refuses ---

HIDDEN = "### BEGIN HIDDEN TESTS\nassert 1\n### END HIDDEN TESTS"
OPEN = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b"
REFUSED = {
    "the same grade_id twice": (
        sums(again=("md", "task", "More.")),
        "the grade_id 'task' is there 2 times",
    ),
    "a solution without an end": (sums(add=("solution", "add", OPEN)), "'add': ### BEGIN SOLUTION"),
    "an end without a beginning": (
        sums(check=("grade", "check", HIDDEN + "\n### END HIDDEN TESTS", 3)),
        "'check': ### BEGIN HIDDEN TESTS",
    ),
    "a mark that is not on a line of its own": (
        sums(add=("solution", "add", "x = 1  ### BEGIN SOLUTION\n### END SOLUTION")),
        "on lines of their own",
    ),
    "a mark of two signs": (
        sums(check=("grade", "check", HIDDEN.replace("###", "##"), 3)),
        "on lines of their own",
    ),
    "a solution cell without a stub": (
        sums(add=("solution", "add", "def add(a, b):\n    return a + b")),
        "so that no stub remains",
    ),
    "a solution where none may be": (
        sums(more=("code", "more", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION")),
        "'more' holds a solution but is no solution cell",
    ),
    "hidden tests where none may be": (
        sums(more=("code", "more", HIDDEN)),
        "'more' holds hidden tests but is no grade cell",
    ),
    "points for nothing": (
        sums(check=("grade", "check", "print(1)", 3)),
        "'check' gives points without a hidden test",
    ),
    "points that are no number": (
        sums(check=("grade", "check", HIDDEN, "3")),
        "'check' has no number of points",
    ),
    "no heading": (sums(task=None), "'check' gives points, but the last heading"),
    "a heading that is no task": (
        sums(task=("md", "task", "## A sum (3 points)")),
        "'check' gives points, but the last heading",
    ),
    "other points in the heading": (
        sums(task=("md", "task", "## Task 1: a sum (4 points)")),
        "says 4, its cells give 3",
    ),
    "a rubric of other points": (
        sums(rubric=[{"name": "Text", "points": 2}]),
        "the rubric has 2 points, the cells marked by hand 1",
    ),
    "the grader's own modules in what students see": (
        sums(more=("code", "more", "from course_lib.staff import release")),
        "'more' of the release still holds 'course_lib.staff'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_with_a_sentence(course, case):
    notebook, words = REFUSED[case]
    root = course(notebook)
    with pytest.raises(release.SourceFault, match=re.escape(words)) as caught:
        release.release("sums", root)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert not (root / "assignments").exists()


def test_a_refusal_keeps_the_release_that_is_there(course):
    root = course(sums())
    before = release.release("sums", root).read_bytes()
    course(sums(task=None))
    with pytest.raises(release.SourceFault):
        release.release("sums", root)
    folder = root / "assignments" / "sums"
    assert [path.read_bytes() for path in folder.iterdir()] == [before]


def test_what_only_nbgrader_knows_is_told(course):
    notebook = sums()
    del notebook["cells"][1]["metadata"]["nbgrader"]["locked"]
    with pytest.raises(
        release.SourceFault, match="nbgrader refused sums: .*metadata may be corrupted"
    ):
        release.release("sums", course(notebook))


def test_two_cells_of_one_id(course):
    notebook = sums()
    notebook["cells"][1]["id"] = notebook["cells"][2]["id"]
    with pytest.raises(release.SourceFault, match="2 cells have the id 'check'"):
        release.release("sums", course(notebook))


def test_no_such_assignment_and_no_release_yet(course):
    root = course(sums())
    with pytest.raises(FileNotFoundError, match="the assignments are: sums"):
        release.release("products", root)
    with pytest.raises(FileNotFoundError, match="course release sums makes it"):
        release.released("sums", root)
    with pytest.raises(FileNotFoundError, match="the assignments are: sums"):
        release.released("products", root)
    (root / "solutions" / "sums" / "sums.ipynb").write_text("{")
    with pytest.raises(release.SourceFault, match="is no notebook"):
        release.source("sums", root)


def test_the_command_says_what_it_wrote(course, capsys):
    release.command("sums", course(sums()))
    assert "4 points in 2 graded cells" in capsys.readouterr().out


# --- the course's own ---


def test_there_are_assignments():
    assert "boxes" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_released_notebook_is_that_of_the_source(name, tmp_path):
    source = sources.place(release.ROOT, "solutions", name)
    target = sources.place(tmp_path, "solutions", name)
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    made = release.release(name, tmp_path).read_bytes()
    there = sources.place(release.ROOT, "assignments", name).read_bytes()
    assert made == there.replace(b"\r\n", b"\n"), f"course release {name} was forgotten"


def secrets(notebook):
    """Lines of solutions and hidden tests that stand nowhere else in the source."""
    inside, outside, where = set(), set(), False
    for cell in notebook["cells"]:
        data = cell["metadata"].get("nbgrader", {})
        whole = data.get("solution") and cell["cell_type"] == "markdown"
        for line in cell["source"].splitlines():
            where = where or "### BEGIN" in line
            (inside if where or whole else outside).add(line.strip())
            where = where and "### END" not in line
    return {line for line in inside - outside if len(line) > 8}


@pytest.mark.parametrize("name", NAMES)
def test_no_released_notebook_tells_a_secret(name):
    hidden = secrets(release.source(name))
    assert len(hidden) > 20
    text = "\n".join(cell["source"] for cell in release.released(name)["cells"])
    assert hidden & {line.strip() for line in text.splitlines()} == set()
    for word in release.SECRET:
        assert word not in text


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_accepts_the_released_notebook(name):
    path = sources.place(release.ROOT, "assignments", name)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    CheckCellMetadata().preprocess(copy.deepcopy(notebook), {})
    validator = Validator()
    assert validator._get_changed_cells(notebook) == []
    assert validator._get_type_changed_cells(notebook) == []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # some code is there to play with
            assert utils.is_solution(cell) or utils.is_locked(cell), cell.id


@pytest.mark.parametrize("name", NAMES)
def test_a_released_notebook_runs_and_says_what_is_open(name, tmp_path):
    path = sources.place(release.ROOT, "assignments", name)
    notebook = nbformat.read(path, as_version=4)
    local_kernel.execute(notebook, tmp_path, allow_errors=True)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if utils.is_solution(cell):
            assert {error.ename for error in errors} <= {"NotImplementedError"}, cell.id
        else:
            assert errors == [], cell.id
        if utils.is_grade(cell) and not utils.is_solution(cell):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert "still open" in printed, cell.id
