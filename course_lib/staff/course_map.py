"""The tables of notebooks and assignments in README.md, generated from their metadata.

``python -m course_lib.staff.course_map`` writes them between their marks.
"""

import re
from pathlib import Path

import nbformat

from course_lib import catalog

MAP = "<!-- map: generated -->", "<!-- end of map -->"
WORK = "<!-- assignments: generated -->", "<!-- end of assignments -->"


def table(notebooks):
    """Return the map as a Markdown table.

    Parameters
    ----------
    notebooks : sequence of Path
        In the course's order.

    Returns
    -------
    str
        One row per notebook: its title, what it promises, minutes and downloads.

    Raises
    ------
    KeyError
        If a notebook's metadata lacks its ``course`` entry.
    """
    rows = ["| | notebook | what it shows | minutes | downloads |", "|---|---|---|---|---|"]
    for path in notebooks:
        book = nbformat.read(path, as_version=4)
        course = book.metadata["course"]
        title, promise = _head(book.cells[0].source)
        sizes = [f"{name} ({catalog.asset(name).size / 1e6:.0f} MB)" for name in course["needs"]]
        link = f"[{title}](notebooks/{path.name})"
        downloads = ", ".join(sizes) or "none"
        rows.append(f"| {path.stem[:4]} | {link} | {promise} | {course['minutes']} | {downloads} |")
    return "\n".join(rows)


def _head(source):
    """Title without its number, and the sentence below it, of a notebook's first cell."""
    title, promise = source.split("\n\n")[:2]
    title = re.sub(r"^# *[\d_.]+ *", "", title)
    return title, " ".join(promise.replace("**", "").split())


def assignments(released):
    """Return the assignments as a Markdown table.

    Parameters
    ----------
    released : sequence of Path
        The students' notebooks.

    Returns
    -------
    str
        One row per assignment: the notebooks that it builds on, points, of these by hand, minutes.
    """
    rows = ["| assignment | builds on | points | of these by hand | minutes |"]
    rows.append("|---|---|---|---|---|")
    for path in released:
        book = nbformat.read(path, as_version=4)
        about = book.metadata["course"]["assignment"]
        before = ", ".join(dict.fromkeys(re.findall(r"\d\d_\d", book.cells[0].source)))
        points = sum(cell.metadata.nbgrader.get("points", 0) for cell in graded(book))
        by_hand = sum(level["points"] for level in about["rubric"])
        link = f"[{about['title']}](assignments/{path.stem}/{path.name})"
        rows.append(f"| {link} | {before} | {points:g} | {by_hand:g} | {about['minutes']} |")
    return "\n".join(rows)


def graded(book):
    """The cells of a notebook that give points."""
    return [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def write(readme, tables):
    """Put tables into a page, each between its two marks.

    Parameters
    ----------
    readme : Path
    tables : dict
        The two marks -> the table.

    Raises
    ------
    ValueError
        If the page lacks one of the marks.
    """
    page = readme.read_text(encoding="utf-8")
    for (begin, end), new in tables.items():
        if begin not in page or end not in page:
            raise ValueError(f"{readme} lacks the marks {begin} and {end}; put them back.")
        before, after = page.split(begin)[0], page.split(end)[1]
        page = f"{before}{begin}\n{new}\n{end}{after}"
    readme.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    lessons, work = (
        sorted(Path("notebooks").glob("*.ipynb")),
        sorted(Path("assignments").glob("*/*")),
    )
    write(Path("README.md"), {MAP: table(lessons), WORK: assignments(work)})
