import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import tiny_assignment

from course_lib.staff.grading import plain, plan

ROOT = Path(__file__).parent.parent


def changed(tmp_path, change):
    """Read the tiny assignment after a change of its source."""
    tiny_assignment.write(tmp_path, change=change)
    return plan.read("tiny", 1, tmp_path)


def put(index, old, new):
    """A change: other text in one cell."""

    def change(notebook):
        cell = notebook.cells[index]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    tiny_assignment.write(root, pictures={"photo": ["$imgfile", 60, 80]})
    return root


def test_tasks_calls_and_rubric_are_read(tiny):
    made = plan.read("tiny", 3, tiny)
    assert [(t.cell, t.title, t.points, t.by_hand) for t in made.tasks] == [
        ("double-check", "Task 1: twice", 3.0, False),
        ("pair-check", "Task 2: least", 2.0, False),
        ("thought", "Task 3: a thought", 2.0, True),
    ]
    assert [call.function for call in made.calls] == ["double"] * 5 + ["pair"] * 2
    assert {call.task for call in made.calls} == {"double-check", "pair-check"}
    for call in made.calls[:5]:
        np.testing.assert_array_equal(call.want, 2 * call.args[0])
    assert made.calls[-1].want[1] == "b" and made.calls[0].hint == "the factor"
    assert made.pictures == {"photo": ("$imgfile", 60, 80)}
    assert made.rubric[0]["name"] == "thought" and made.name == "tiny" and made.seed == 3


def test_it_holds_no_solution_and_no_hidden_test(tiny):
    made = plan.read("tiny", 3, tiny)
    text = json.dumps([made.notebook, made.rubric, list(made.pictures)])
    assert "NotImplementedError" in text
    assert "2 * np.asarray" not in text and "rng" not in text and "HIDDEN" not in text


def test_the_seed_draws_the_inputs(tiny):
    one, again, other = (plan.read("tiny", seed, tiny) for seed in (3, 3, 4))
    assert plain.dump(one.calls[0].args) == plain.dump(again.calls[0].args)
    assert plain.dump(one.calls[0].args) != plain.dump(other.calls[0].args)
    assert one.digest == again.digest != other.digest


def test_the_digest_is_the_same_in_another_process(tiny):
    code = (
        "import sys; from pathlib import Path; from course_lib.staff.grading import plan\n"
        "print(plan.read('tiny', 3, Path(sys.argv[1])).digest)"
    )
    env = {**os.environ, "PYTHONHASHSEED": "77"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny)],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=ROOT,
    )
    assert done.stdout.strip() == plan.read("tiny", 3, tiny).digest


@pytest.mark.parametrize(
    "change",
    [
        put(4, "the factor", "the double"),
        put(4, "size=4", "size=5"),
        put(7, '"ab"', '"abc"'),
        lambda notebook: notebook.metadata.course.assignment.rubric[0].update(name="other"),
        lambda notebook: notebook.metadata.course.assignment.update(
            pictures={"drawing": ["a.png", 5, 5]}
        ),
    ],
    ids=["hint", "inputs", "calls", "rubric", "pictures"],
)
def test_a_change_of_the_source_changes_the_digest(tmp_path, tiny, change):
    before = plan.read("tiny", 1, tiny)
    same = dataclasses.replace(before, pictures={}, digest="")
    tiny_assignment.write(tmp_path / "as it was")
    unchanged = plan.read("tiny", 1, tmp_path / "as it was").digest
    assert changed(tmp_path / "changed", change).digest not in (unchanged, before.digest)
    assert same.tasks == before.tasks


def test_nothing_is_left_behind(tiny, capsys):
    import matplotlib.pyplot as plt

    folder, figures = os.getcwd(), plt.get_fignums()
    plan.read("tiny", 3, tiny)
    assert os.getcwd() == folder and plt.get_fignums() == figures
    assert capsys.readouterr() == ("", "") and matplotlib.get_backend().lower() == "agg"


def test_cells_print_and_draw_unseen_beside_the_released_files(tmp_path, capsys):
    def change(notebook):
        notebook.cells[1].source += (
            "\nimport matplotlib.pyplot as plt\nfrom IPython.display import display\n"
            "print(open('given.txt').read()); plt.plot([1, 2]); plt.show(); display('x')\n"
            "open('written.txt', 'w').close()"
        )

    tiny_assignment.write(tmp_path, change=change)
    folder = tmp_path / "assignments" / "tiny"
    (folder / "given.txt").write_text("given")
    plan.read("tiny", 1, tmp_path)
    assert capsys.readouterr() == ("", "")
    assert sorted(path.name for path in folder.iterdir()) == ["given.txt", "tiny.ipynb"]


def drop(index, key):
    """A change: one entry less in a cell's nbgrader metadata."""
    return lambda notebook: notebook.cells[index].metadata.nbgrader.pop(key)


def meta(index, **entries):
    """A change: other entries in a cell's nbgrader metadata."""
    return lambda notebook: notebook.cells[index].metadata.nbgrader.update(entries)


def pictures(value):
    return lambda notebook: notebook.metadata.course.assignment.update(pictures={"a": value})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put(4, 'check("double"', '(lambda *a, **k: 0)("double"'), "double-check.* never call"),
        (put(7, "### BEGIN HIDDEN", "### HIDDEN"), "do not come in pairs"),
        (drop(7, "points"), "points"),
        (meta(7, points="2"), "points"),
        (meta(7, points=-2), "points"),
        (meta(7, grade_id="double-check"), "double-check.* there twice"),
        (put(4, "x, want", "object(), want"), "cell 5 .* TypeError: double: an argument or want"),
        (put(4, '"double", x', '"triple", x'), "check 1 of 5 .*: triple is no function"),
        (put(4, "x + x", "x + x + 1"), "double of the source is refused: the values differ"),
        (put(4, "x + x", "1 / 0"), "cell 5 of the source stops with ZeroDivisionError"),
        (put(3, "2 *", "None @"), "cell 5 of the source stops with ValueError: matmul"),
        (put(3, "2 *", "2 * * *"), "cell 4 of the source stops with SyntaxError"),
        (put(2, "## Task 1", "Task 1"), "last heading"),
        (put(1, "import numpy as np", "from course_lib.staff.hidden import check\n"
             "import numpy as np\ncheck('len', [], want=0)"), "cell 2 calls check, but gives"),
        (put(4, "size=4", "size=2_000_000"), "arguments of 'double-check'|an argument or want"),
        (pictures(["a/b.png", 5, 5]), "picture 'a'"),
        (pictures(["../b.png", 5, 5]), "picture 'a'"),
        (pictures(["b.png", 0, 5]), "picture 'a'"),
        (pictures("b.png"), "picture 'a'"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_right_says_what_to_mend(tmp_path, change, says):
    with pytest.raises(plan.PlanFault, match=says) as caught:
        changed(tmp_path, change)
    assert str(caught.value).startswith("tiny: ")


def test_a_release_of_another_source_is_refused(tmp_path):
    with pytest.raises(plan.PlanFault, match="course release"):
        changed(tmp_path, meta(7, grade_id="least-check"))


def test_an_assignment_that_is_not_there_or_not_released(tmp_path):
    tiny_assignment.write(tmp_path, released=False)
    with pytest.raises(FileNotFoundError, match="the assignments are: tiny"):
        plan.read("large", 1, tmp_path)
    with pytest.raises(FileNotFoundError, match="course release tiny"):
        plan.read("tiny", 1, tmp_path)
