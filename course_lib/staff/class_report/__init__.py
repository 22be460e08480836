"""How a class did: marks, hardest tasks, causes of failure, similar submissions.

`numbers` sums up, `fingerprints` and `likeness` compare, `code` finds what is the student's own;
`terminal`, `figures` and `page` show it.
"""

import json
from pathlib import Path


def command(name, *, folder, db=""):
    """Print the report of a class, and write its page: ``course report NAME``.

    Parameters
    ----------
    name : str
        The assignment.
    folder : Path
        The class; the page is ``report/NAME/index.html`` in it.
    db : str
        The gradebook; by default the class's own.

    Raises
    ------
    ValueError, OSError
        If there is no such assignment or class, or nothing of it is graded.
    """
    from course_lib.staff import sources
    from course_lib.staff.class_report import likeness, page, terminal

    released = sources.released(name)
    summary, students = _summary(name, released, Path(folder), db)
    codes = _codes(Path(folder), name, students, released)
    prints, known = fingerprint(codes, released, sources.ROOT / "notebooks")
    comparison = likeness.compare(prints, known)
    remarks = library(codes, released)

    def shared(first, second):
        return prints[first] & prints[second] - known - comparison.common

    target = Path(folder) / "report" / name
    path = page.write(target, summary, comparison, codes, shared, remarks)
    print(terminal.text(summary, comparison, remarks, path))


def _summary(name, released, folder, db):
    """The numbers of a class, and its students."""
    from course_lib.staff.class_report import numbers
    from course_lib.staff.grading import book, plan, store

    tasks = tuple(plan.tasks_of(name, released["cells"]))
    results = store.results(folder, name)
    if not results:
        raise ValueError(f"Nothing of {name} is graded in {folder}: course grade {name} FOLDER")
    with book.open_book(folder, db) as opened:
        rows = book.marks(opened, name)
    course = released["metadata"].get("course", {}).get("assignment", {})
    title = str(course.get("title") or name)
    return numbers.summarise(name, title, tasks, results, rows), list(results)


def _codes(folder, name, students, released):
    """Student -> cells of the student's own."""
    from course_lib.staff.class_report import code

    codes = {}
    for student in students:
        path = folder / "submitted" / student / name / f"{name}.ipynb"
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            notebook = None
        codes[student] = code.own_cells(notebook, released)
    return codes


def fingerprint(codes, released, notebooks):
    """Return the fingerprints of each student, and those of what everyone was given.

    Parameters
    ----------
    codes : dict of str to tuple of code.Cell
    released : dict
        The released notebook's JSON.
    notebooks : Path
        The folder of the course's notebooks.

    Returns
    -------
    prints : dict of str to set of int
    known : set of int
    """
    from course_lib.staff.class_report import code, fingerprints

    given = code.code_of(released)
    for path in sorted(notebooks.glob("*.ipynb")):
        given += code.code_of(json.loads(path.read_text(encoding="utf-8")))
    prints = {who: fingerprints.of_cells(one.source for one in own) for who, own in codes.items()}
    return prints, fingerprints.all_grams(given)


def library(codes, released):
    """Return who takes what from the course's library for an answer, or in cells that were added.

    Tasks that a person marks may use it.

    Parameters
    ----------
    codes : dict of str to tuple of code.Cell
    released : dict

    Returns
    -------
    dict of str to dict
        Dotted name -> student -> cells.
    """
    from course_lib.staff.class_report import code

    found, asked = {}, code.answers(released)
    for who, cells in codes.items():
        own = [cell for cell in cells if cell.name in asked or cell.name.startswith(code.ADDED)]
        for name, where in code.library_names(own, released).items():
            found.setdefault(name, {})[who] = where
    return dict(sorted(found.items()))
