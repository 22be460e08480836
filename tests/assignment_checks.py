"""What is asked of every assignment that is marked by calls; its own tests ask the rest."""

import contextlib
import io

import local_kernel
import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest

from course_lib import exercise
from course_lib.staff import release, sources, trial, variants
from course_lib.staff.grading import plan

SEEDS = (0, 20_261_120)
PART = "(part)"  # in an answer's name: it loses only the second check of its task


def answers(name):
    """The answers in functions, right and wrong, as parameters of a test."""
    found = [answer for each in variants.read(name).values() for answer in each]
    called = [answer for answer in found if answer.source.startswith("def ")]
    return [pytest.param(a, id=f"{a.cell}, {a.label[:40]}") for a in called]


def trials(name):
    """The assignment with two draws of inputs, ready to try answers."""
    return [trial.Trial(plan.read(name, seed)) for seed in SEEDS]


def assert_loses_its_own(one, answer):
    """A wrong answer loses its task's points, or part of them; a right one loses none."""
    own = [task.cell for task in one.assignment.tasks if not task.by_hand]
    own = [cell for cell in own if cell in one.together(answer.cell)]
    lost = set(one.lost({answer.cell: answer.source}))
    if answer.is_right or not own:
        assert lost == set()
    elif PART in answer.label:
        assert lost == set(own[1:])
    else:
        assert lost == set(own)


def ran(name):
    """The names of the source after its cells that are not graded ran, as for a right answer."""
    matplotlib.use("Agg")
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in sources.source(name)["cells"]:
            data = cell["metadata"]["nbgrader"]
            if cell["cell_type"] == "code" and not data["grade"]:
                exec(compile(cell["source"], data["grade_id"], "exec"), space)
    plt.close("all")
    return space


def assert_told(one, space, answer):
    """What a student sees at once refuses a wrong answer, no right one, and only what is lost."""
    kept, told = dict(space), set()
    exec(answer.source, space)
    for cell in one.assignment.notebook["cells"]:
        key = cell["metadata"]["nbgrader"]["grade_id"]
        if key in one.together(answer.cell) and cell["cell_type"] == "code":
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell["source"], key, "exec"), space)
            except exercise.NotYet:
                told.add(key)
    space.clear()
    space.update(kept)
    lost = set(one.lost({answer.cell: answer.source}))
    assert told <= lost
    assert bool(told) == bool(lost)


def assert_in_order(name, tasks):
    """Points, titles, typical answers, and the rubric as students read it."""
    assignment = plan.read(name, 0)
    assert sum(task.points for task in assignment.tasks) == 20
    assert [task.points for task in assignment.tasks if task.by_hand] == [4]
    titles = list(dict.fromkeys(task.title for task in assignment.tasks))
    assert [title.split(":")[0] for title in titles] == [f"Task {n + 1}" for n in range(tasks)]
    checked = [found for found in variants.read(name).values() if len(found) > 2]
    assert len(checked) == tasks - 1
    for found in checked:
        assert sum(not answer.is_right for answer in found) >= 3
        assert len({answer.source for answer in found}) == len(found)
    text = "\n".join(cell["source"] for cell in assignment.notebook["cells"])
    for row in assignment.rubric:
        words = [row["name"], str(row["points"]), *(level["text"] for level in row["levels"])]
        assert f"| {' | '.join(words)} |\n" in text + "\n"
        assert [level["points"] for level in row["levels"]] == [2, 1, 0]


def assert_fits_the_page(name):
    """Few cells, short ones, and nothing that tells a solution."""
    cells = release.released(name)["cells"]
    assert 20 <= len(cells) <= 40
    for cell in cells:
        if cell["cell_type"] == "code":
            assert len(cell["source"].splitlines()) <= 25, cell["id"]
            assert max(map(len, cell["source"].splitlines())) <= 110, cell["id"]


def execute(part, name, folder, *, absent=()):
    """Run ``solutions`` or ``assignments`` of a name; its notebook, and what it printed.

    `absent` are packages that it must not have imported in the end.
    """
    path = release.ROOT / part / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    question = f"import sys\n[name for name in {tuple(absent)} if name in sys.modules]"
    notebook.cells.append(nbformat.v4.new_code_cell(question))
    local_kernel.execute(notebook, folder)
    (last,) = notebook.cells[-1].outputs
    assert last["data"]["text/plain"] == "[]"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert all(figure["metadata"]["image/png"]["alt"] for figure in figures)
    return len(figures), "".join(output.get("text", "") for output in outputs)
