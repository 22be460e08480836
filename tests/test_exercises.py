"""The exercises inside the notebooks: right answers pass, typical wrong ones get a hint.

The cells of an exercise use the set-up cell and nothing else of their notebook, so they run here
without a kernel.
"""

import re
from pathlib import Path

import matplotlib
import nbformat
import pytest

from course_lib import exercise

ROOT = Path(__file__).parent.parent


def answers(path):
    """Heading and source of every cell of a file of answers."""
    cells = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [tuple(cell.split("\n", 1)) for cell in cells if cell.startswith("exercise-")]


def cases():
    for path in sorted((ROOT / "solutions/exercises").glob("*.py")):
        for heading, source in answers(path):
            yield pytest.param(path.stem, heading, source, id=f"{path.stem[:4]} {heading}")


def run(stem, number, source):
    """Run set-up, an answer and its self-check; return the names they made."""
    matplotlib.use("agg")
    cells = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells
    code = [c for c in cells if c.cell_type == "code"]
    checks = [c for c in code if "exercise-check" in c.metadata.get("tags", [])]
    names = {}
    exec(code[0].source, names)
    exec(source, names)
    exec(checks[number - 1].source, names)


@pytest.mark.parametrize(("stem", "heading", "source"), cases())
def test_answer(stem, heading, source, capsys):
    number = int(re.match(r"exercise-(\d+)", heading)[1])
    if "wrong" not in heading:
        run(stem, number, source)
        assert "checks pass" in capsys.readouterr().out
        return
    with pytest.raises(exercise.NotYet, match="Look at: .{10}"):
        run(stem, number, source)
