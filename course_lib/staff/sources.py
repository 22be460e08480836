"""Where assignments lie: their sources, and the notebooks that students get."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES, RELEASED = "solutions", "assignments"


class SourceFault(ValueError):
    """The source of an assignment cannot be released; the message says what to mend."""


def names(root=ROOT):
    """The assignments that there are.

    Parameters
    ----------
    root : Path
        The folder of the course.

    Returns
    -------
    list of str
        Sorted.
    """
    found = Path(root, SOURCES).glob("*/*.ipynb")
    return sorted(path.stem for path in found if path.stem == path.parent.name)


def source(name, root=ROOT):
    """Read the source of an assignment.

    Parameters
    ----------
    name : str
    root : Path

    Returns
    -------
    dict
        nbformat's JSON, version 4; texts are one string each.

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    SourceFault
        If it is not a notebook.
    """
    known = names(root)
    if name not in known:
        raise _unknown(name, known)
    return read(place(root, SOURCES, name))


def _unknown(name, known):
    """The error for an assignment that is none."""
    there = ", ".join(known) or "none"
    return FileNotFoundError(
        f"There is no {SOURCES}/{name}/{name}.ipynb; the assignments are: {there}."
    )


def released(name, root=ROOT):
    """Read the notebook that students get.

    Parameters
    ----------
    name : str
    root : Path

    Returns
    -------
    dict
        nbformat's JSON, version 4; texts are one string each.

    Raises
    ------
    FileNotFoundError
        If it was not released yet, or if there is no such assignment.
    """
    path, known = place(root, RELEASED, name), names(root)
    if not path.is_file():
        if known and name not in known:
            raise _unknown(name, known)
        raise FileNotFoundError(
            f"There is no {RELEASED}/{name}/{name}.ipynb yet: course release {name} makes it."
        )
    return read(path)


def place(root, part, name):
    """The path of an assignment's notebook in one of the two folders."""
    return Path(root, part, name, f"{name}.ipynb")


def read(path):
    """Read a notebook.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        nbformat's JSON, version 4; texts are one string each.

    Raises
    ------
    SourceFault
        If it is none.
    """
    checking = nbformat()
    try:
        notebook = checking.v4.to_notebook(json.loads(path.read_text(encoding="utf-8")))
        # Not nbformat.read: it would give cells of the same id new ones, others every time.
        fault = next(checking.validator.iter_validate(notebook, version=4), None)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise SourceFault(f"{path.name} is no notebook: {error}.") from None
    if fault:
        raise SourceFault(f"{path.name} is no notebook: {fault.message[:200]}.")
    return json.loads(json.dumps(notebook))


def nbformat():
    """Import nbformat without a grammar of web addresses, a second's work for what it never asks.

    Returns
    -------
    module
    """
    sys.modules.setdefault("rfc3987_syntax", None)
    import nbformat

    return nbformat
