"""A made-up assignment of three tasks: two that are checked, one that a person marks."""

import copy

import nbformat

from course_lib.staff import release

RUBRIC = [{"name": "thought", "points": 2, "levels": [{"points": 2, "text": "there"}]}]
INTRO = "# Tiny\n\nTwo functions and a thought."
SETUP = "import numpy as np\n\nimgfile = 'photo.png'"
DOUBLE = '''def double(x):
    """Twice x, an (N,) array."""
    ### BEGIN SOLUTION
    return 2 * np.asarray(x)
    ### END SOLUTION'''
DOUBLE_CHECK = """assert np.shape(double(np.zeros(3))) == (3,)
### BEGIN HIDDEN TESTS
from course_lib.staff.hidden import check, generator

rng = generator("double")
for _ in range(5):
    x = rng.normal(size=4)
    check("double", x, want=x + x, hint="the factor")
### END HIDDEN TESTS"""
PAIR = '''def pair(x, name):
    """Least value of x and the name."""
    ### BEGIN SOLUTION
    return min(x), name
    ### END SOLUTION'''
PAIR_CHECK = """### BEGIN HIDDEN TESTS
from course_lib.staff.hidden import check, generator

rng = generator("pair")
for name in "ab":
    x = rng.integers(0, 9, 6).tolist()
    check("pair", x, name, want=(sorted(x)[0], name), hint="the least")
### END HIDDEN TESTS"""


def cell(text, key, **how):
    """One cell with nbgrader's metadata."""
    kind = how.pop("kind", "code")
    data = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
    data |= {"grade_id": key, "cell_type": kind, **how}
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return new(text, id=key, metadata={"nbgrader": data})


def cells():
    """The source's cells."""
    answer = {"solution": True, "locked": False}
    return [
        cell(INTRO, "intro", kind="markdown"),
        cell(SETUP, "setup"),
        cell("## Task 1: twice (3 points)", "double-task", kind="markdown"),
        cell(DOUBLE, "double", **answer),
        cell(DOUBLE_CHECK, "double-check", grade=True, points=3),
        cell("## Task 2: least (2 points)", "pair-task", kind="markdown"),
        cell(PAIR, "pair", **answer),
        cell(PAIR_CHECK, "pair-check", grade=True, points=2),
        cell("## Task 3: a thought (2 points)", "thought-task", kind="markdown"),
        cell("Deep.", "thought", kind="markdown", grade=True, points=2, **answer),
    ]


def write(root, *, pictures=None, change=None, released=True):
    """Write source and release of the assignment `tiny`.

    Parameters
    ----------
    root : Path
        A folder that is a course's.
    pictures : dict, optional
    change : callable, optional
        Called with the source's notebook, to change it after it was released.
    released : bool
        Whether it is released.
    """
    course = {"title": "Tiny", "minutes": 5, "pictures": pictures or {}, "rubric": RUBRIC}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"course": {"assignment": course}, "kernelspec": kernel}
    notebook = nbformat.v4.new_notebook(cells=cells(), metadata=metadata)
    path = root / "solutions" / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    if released:
        release.release("tiny", root)
    if change:
        notebook = copy.deepcopy(notebook)
        change(notebook)
        nbformat.write(notebook, path)
