"""The rubric that a person marks by: checked once, then the page and the import may trust it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One level of a criterion: how many points, and what earns them."""

    points: float
    text: str


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric."""

    name: str
    points: float
    levels: tuple


@dataclass(frozen=True)
class Rubric:
    """What a person gives points for, the cell that they count for, and its text at release."""

    cell: str
    criteria: tuple
    stub: str = ""

    @property
    def most(self):
        """The points of all criteria."""
        return sum(criterion.points for criterion in self.criteria)


def read(notebook, name):
    """Return the rubric of a released notebook.

    Parameters
    ----------
    notebook : dict
        The released notebook's JSON.
    name : str
        Of the assignment, for messages.

    Returns
    -------
    Rubric

    Raises
    ------
    ValueError
        If there is no rubric, it is not well formed, or it does not add up to the points of the
        cell that a person marks.
    """
    course = notebook.get("metadata", {}).get("course", {}).get("assignment", {})
    lines = course.get("rubric") or ()
    if not lines:
        raise ValueError(f"{name} has no rubric, so there is nothing to click in a gallery.")
    if "drawing" not in course.get("pictures", {}):
        raise ValueError(
            f"{name} keeps no drawing, so there is nothing to show in a gallery. Mark its open "
            "task with Formgrader in JupyterLab, started in the folder of the class."
        )
    try:
        criteria = tuple(_criterion(line) for line in lines)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The rubric of {name} is not well formed: {error}.") from error
    if len({criterion.name for criterion in criteria}) < len(criteria):
        raise ValueError(f"The rubric of {name} has two criteria of the same name.")
    return _with_cell(criteria, notebook, name)


def _criterion(line):
    """Check one criterion."""
    levels = tuple(Level(_number(one["points"]), str(one["text"])) for one in line["levels"])
    points = [level.points for level in levels]
    most = _number(line["points"])
    if len(set(points)) < len(points) or not points or max(points) != most or min(points) < 0:
        raise ValueError(f"the levels of {line['name']!r} do not lead from 0 to {most} points")
    return Criterion(str(line["name"]), most, levels)


def _number(value):
    """A number of points."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number of points")
    return value


def _with_cell(criteria, notebook, name):
    """Find the cell that a person marks."""
    most = sum(criterion.points for criterion in criteria)
    by_hand = [
        (data, "".join(cell["source"]))
        for cell in notebook["cells"]
        if (data := cell.get("metadata", {}).get("nbgrader", {})).get("grade")
        and (data.get("solution") or cell["cell_type"] != "code")  # nbgrader's rule
    ]
    fitting = [(data["grade_id"], text) for data, text in by_hand if data.get("points") == most]
    if len(fitting) != 1:
        listed = ", ".join(f"{c['grade_id']} ({c.get('points')})" for c, _ in by_hand) or "none"
        raise ValueError(
            f"The rubric of {name} gives {most:g} points; exactly one cell that a person marks "
            f"should give as many. There are: {listed}."
        )
    cell, stub = fitting[0]
    return Rubric(cell, criteria, stub)
