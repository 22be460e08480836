"""The map of the course in README.md, generated from the notebooks' metadata.

``python -m course_lib.staff.course_map`` writes it between its two marks.
"""

import re
from pathlib import Path

import nbformat

from course_lib import catalog

BEGIN, END = "<!-- map: generated -->", "<!-- end of map -->"


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


def write(readme, notebooks):
    """Put the map into a page, between its two marks.

    Parameters
    ----------
    readme : Path
    notebooks : sequence of Path

    Raises
    ------
    ValueError
        If the page lacks one of the marks.
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{readme} lacks the marks {BEGIN} and {END}; put them back.")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page = f"{before}{BEGIN}\n{table(notebooks)}\n{END}{after}"
    readme.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write(Path("README.md"), sorted(Path("notebooks").glob("*.ipynb")))
