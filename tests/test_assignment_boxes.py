"""The assignment boxes: its hidden checks tell right answers from typically wrong ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.staff import practice, release, trial, variants
from course_lib.staff.grading import plan

NAME = "boxes"
ANSWERS = [
    pytest.param(answer, id=f"{answer.cell}, {answer.label[:40]}")
    for answers in variants.read(NAME).values()
    for answer in answers
    if answer.source.startswith("def ")
]
SEEDS = (0, 20_261_120)


@pytest.fixture(scope="module")
def trials():
    return [trial.Trial(plan.read(NAME, seed)) for seed in SEEDS]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_loses_points_of_its_own_task_if_it_is_wrong(trials, answer):
    for one in trials:
        own = one.together(answer.cell)
        by_hand = {task.cell for task in one.assignment.tasks if task.by_hand}
        lost = one.lost({answer.cell: answer.source})
        assert set(lost) <= own
        if own - by_hand:
            assert bool(lost) != answer.is_right, lost


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_check_that_students_see_hints_at_what_is_wrong(trials, answer):
    refused = trials[0].refused({answer.cell: answer.source})
    own = trials[0].together(answer.cell)
    assert set(refused) <= own
    if answer.cell != "failure":
        assert bool(refused) != answer.is_right
    assert all("Look at: " in message for message in refused.values())


def test_there_are_typical_answers_to_every_task():
    for cell, answers in variants.read(NAME).items():
        if cell != "failure-text":
            assert sum(not answer.is_right for answer in answers) >= 3, cell
            assert len({answer.source for answer in answers}) == len(answers)


FORMS = [
    ("nms", "nms", "list({})"),
    ("nms", "nms", "[int(i) for i in {}]"),
    ("nms", "nms", "tuple({}.tolist())"),
    ("match", "match", "{}.tolist()"),
    ("match", "match", "{}.astype(float)"),
    ("match", "match", "{}.astype(np.uint8)"),
    ("iou", "iou", "{}.astype(np.float32)"),
    ("iou", "iou", "np.asfortranarray({})"),
    ("ap", "average_precision", "np.float32({})"),
    ("ap", "average_precision", "np.array({})"),
]


@pytest.mark.parametrize(("cell", "function", "form"), FORMS)
def test_every_honest_form_of_a_right_answer_passes(trials, cell, function, form):
    right = variants.read(NAME)[cell][0].source.replace(f"def {function}(", "def own(")
    source = f"{right}\n\ndef {function}(*args):\n    return {form.format('own(*args)')}"
    assert trials[0].lost({cell: source}) == {}


SHORTCUTS = {
    "iou": ["np.zeros((len(a[0]), len(a[1])))", "np.ones((len(a[0]), len(a[1])))", "0.5"],
    "nms": ["[0, 2]", "np.argsort(-a[1], kind='stable')", "[]", "range(len(a[1]))"],
    "match": ["[False, True, True]", "np.ones(len(a[1]), bool)", "np.zeros(len(a[1]), bool)"],
    "ap": ["5 / 6", "0.0", "1.0", "a[1].mean() if len(a[1]) else 0", "a[1].sum() / a[2]"],
}


@pytest.mark.parametrize("cell", SHORTCUTS)
def test_no_shortcut_gets_a_point(trials, cell):
    function = "average_precision" if cell == "ap" else cell
    for value in SHORTCUTS[cell]:
        for one in trials:
            lost = one.lost({cell: f"def {function}(*a):\n    return {value}"})
            assert set(lost) == one.together(cell), value


def test_an_answer_that_defines_nothing_is_missing(trials):
    lost = trials[0].lost({"nms": "nothing = None"})
    assert {cell: cause for cell, (cause, _) in lost.items()} == {
        "nms-greedy": "missing",
        "nms-ties": "missing",
    }


def test_equal_to_everything_is_nothing(trials):
    source = (
        "class Same(float):\n    def __eq__(self, other):\n        return True\n\n"
        "def average_precision(*a):\n    return Same(0.5)"
    )
    assert set(trials[0].lost({"ap": source})) == {"ap-sorted", "ap-any"}


def test_tasks_and_points():
    tasks = plan.read(NAME, 0).tasks
    assert sum(task.points for task in tasks) == 20
    assert [task.points for task in tasks if task.by_hand] == [4]
    titles = list(dict.fromkeys(task.title for task in tasks))
    assert [title.split(":")[0] for title in titles] == [f"Task {n}" for n in range(1, 6)]


def test_the_written_rubric_is_the_one_in_the_metadata():
    notebook = release.released(NAME)
    text = "\n".join(cell["source"] for cell in notebook["cells"])
    rubric = notebook["metadata"]["course"]["assignment"]["rubric"]
    for row in rubric:
        cells = [row["name"].join(("**", "**")), *(level["text"] for level in row["levels"])]
        assert "| " + " | ".join(cells) + " |" in text
    assert [row["points"] for row in rubric] == [2, 2]
    assert [level["points"] for row in rubric for level in row["levels"]] == [2, 1, 0] * 2


def test_size_as_a_student_sees_it():
    cells = release.released(NAME)["cells"]
    assert 20 <= len(cells) <= 40
    for cell in cells:
        if cell["cell_type"] == "code":
            assert len(cell["source"].splitlines()) <= 25, cell["id"]
            assert max(map(len, cell["source"].splitlines())) <= 110, cell["id"]


# --- as an instructor runs it ---


def test_the_source_runs_and_passes_its_own_hidden_checks(tmp_path):
    import local_kernel
    import nbformat

    notebook = nbformat.read(release.ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    local_kernel.execute(notebook, tmp_path)
    figures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(figures) == 5
    assert all(figure["metadata"]["image/png"]["alt"] for figure in figures)


def nbgrader(*args, cwd):
    """Run plain nbgrader in a folder; it finds alembic beside Python only on the PATH."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    command = [sys.executable, "-m", "nbgrader", *args]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stderr[-3000:]


def scores(cwd):
    """Student -> grade cell -> automatic points, from the gradebook."""
    import sqlite3
    from contextlib import closing

    query = """
        select student.id, base_cell.name, grade.auto_score from grade
        join base_cell on grade.cell_id = base_cell.id
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id
        where grade.auto_score is not null"""
    found = {}
    with closing(sqlite3.connect(cwd / "gradebook.db")) as book:
        for student, cell, points in book.execute(query):
            found.setdefault(student, {})[cell] = points
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_plain_nbgrader_gives_the_same_marks(tmp_path, trials):
    (tmp_path / "source" / NAME).mkdir(parents=True)
    source = release.ROOT / "solutions" / NAME / f"{NAME}.ipynb"
    (tmp_path / "source" / NAME / source.name).write_bytes(source.read_bytes())
    made = practice.write(NAME, 20, tmp_path / "class", seed=2)
    best = max(made, key=lambda one: list(one.answers.values()).count("right"))
    some_untouched = [one for one in made if "untouched" in one.answers.values()]
    mixed = max(some_untouched, key=lambda one: len(set(one.answers.values())))
    assert set(best.answers.values()) == {"right"}
    assert {"right", "untouched"} < set(mixed.answers.values())
    (tmp_path / "submitted").mkdir()
    for one in (best, mixed):
        (tmp_path / "class" / one.student).rename(tmp_path / "submitted" / one.student)
    nbgrader("generate_assignment", NAME, cwd=tmp_path)
    nbgrader("autograde", NAME, cwd=tmp_path)
    found = scores(tmp_path)
    for one in (best, mixed):
        parts = {c["id"]: c["source"] for c in one.notebook["cells"] if c["id"] in one.answers}
        parts = {cell: text for cell, text in parts.items() if cell != "failure-text"}
        lost = trials[0].lost(parts)
        automatic = [task for task in trials[0].assignment.tasks if not task.by_hand]
        wanted = {task.cell: 0 if task.cell in lost else task.points for task in automatic}
        assert {cell: found[one.student][cell] for cell in wanted} == wanted
    assert sum(found[best.student][task.cell] for task in automatic) == 16
