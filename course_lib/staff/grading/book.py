"""The gradebook of a class: nbgrader's own, through its API, in SQLite or PostgreSQL."""

import json
import math
from contextlib import contextmanager

from course_lib.staff.grading.opening import open_book

__all__ = ["define", "mark", "marks", "open_book", "record"]


@contextmanager
def _at_once(book):
    """Make what nbgrader's API commits step by step one transaction: all of it, or nothing."""
    book.db.remove()
    with book.engine.begin() as connection:
        book.db(bind=connection, expire_on_commit=False)
        try:
            yield
            book.db.flush()
        finally:
            book.db.remove()


def define(book, assignment):
    """Put an assignment's cells into the gradebook, or bring them up to date.

    Points and cells may change from one release to the next; marks that a person gave stay.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    assignment : records.Assignment

    Raises
    ------
    ValueError
        If a cell is gone for which a person has given marks.
    """
    name = assignment.name
    cells = _cells(book, assignment)
    with _at_once(book):
        book.update_or_create_assignment(name)
        kernel = json.dumps(assignment.notebook["metadata"].get("kernelspec", {}))
        notebook = book.update_or_create_notebook(name, name, kernelspec=kernel)
        _drop_cells(book, notebook, cells)
        for kind, new in cells.items():
            for cell, said in new.items():
                getattr(book, f"update_or_create_{kind}_cell")(cell, name, name, **said)
        book.db.expire_all()
        _fill(book, notebook)


def _cells(book, assignment):
    """The cells of a notebook as nbgrader would save them: kind -> id -> columns."""
    import nbformat
    from nbgrader.preprocessors import SaveCells

    saver = SaveCells()
    saver.gradebook = book
    saver.notebook_id = saver.assignment_id = assignment.name
    kinds = ("grade", "solution", "task", "source")
    for kind in kinds:
        setattr(saver, f"new_{kind}_cells", {})
    notebook = nbformat.from_dict(assignment.notebook)
    for number, cell in enumerate(notebook.cells):
        saver.preprocess_cell(cell, {}, number)
    return {kind: getattr(saver, f"new_{kind}_cells") for kind in kinds}


def _drop_cells(book, notebook, cells):
    """Delete what the release no longer has, with its automatic marks."""
    for kind, new in cells.items():
        for cell in [old for old in getattr(notebook, f"{kind}_cells") if old.name not in new]:
            grades = list(getattr(cell, "grades", None) or ())
            given = sum(grade.manual_score is not None for grade in grades)
            if given:
                raise ValueError(
                    f"{given} students have marks by hand for the cell {cell.name!r}, which the "
                    f"release no longer has; give that cell its id back."
                )
            for row in (*grades, *(getattr(cell, "comments", None) or ()), cell):
                book.db.delete(row)
    book.db.flush()
    book.db.expire_all()


def _fill(book, notebook):
    """Give every submission that is there a row for every cell."""
    from nbgrader.api import Comment, Grade

    graded = [*notebook.grade_cells, *notebook.task_cells]
    commented = [*notebook.solution_cells, *notebook.task_cells]
    for submission in notebook.submissions:
        for kind, rows, cells in (
            (Grade, submission.grades, graded),
            (Comment, submission.comments, commented),
        ):
            there = {row.cell_id for row in rows}
            book.db.add_all(
                kind(cell_id=cell.id, notebook=submission) for cell in cells if cell.id not in there
            )


def record(book, assignment, submission, result, *, changed=False):
    """Put what came of a submission into the gradebook, in one transaction.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
        In which `define` has put the assignment.
    assignment : records.Assignment
    submission : records.Submission
    result : records.Result
    changed : bool
        Whether the student handed in other work than what a person may have marked: marks by hand
        stay then too, but wait for another look.
    """
    name = assignment.name
    with _at_once(book):
        said = {"last_name": submission.name} if submission.name else {}
        if submission.platform:
            said["lms_user_id"] = submission.platform
        book.update_or_create_student(submission.student, **said)
        with book.db.no_autoflush:  # nbgrader builds the rows before it adds them
            book.update_or_create_submission(name, submission.student)
        notebook = book.find_submission_notebook(name, name, submission.student)
        grades = {grade.cell.name: grade for grade in notebook.grades}
        for verdict in result.verdicts:
            grade = grades[verdict.task]
            waits = verdict.cause == "by hand"
            grade.auto_score = None if waits else float(verdict.points)
            marked = grade.manual_score is not None
            grade.needs_manual_grade = (waits and not marked) or (marked and changed)


def mark(book, name, student, cell, points, comment=""):
    """Give a person's mark; it wins over an automatic one, and stays when graded again.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    name : str
        Of the assignment.
    student : str
    cell : str
        The nbgrader id of a task's cell.
    points : float
        From 0 to the cell's points.
    comment : str
        For the student; an empty one leaves what is there.

    Raises
    ------
    ValueError
        If there is no such submission or cell, or the points do not fit.
    """
    with _at_once(book):
        grade = book.find_grade(cell, name, name, student)
        points = float(points)
        if not math.isfinite(points) or not 0 <= points <= grade.max_score:
            raise ValueError(
                f"{points:g} points for {cell} of {student}: give 0 to {grade.max_score:g}."
            )
        grade.manual_score = points
        grade.needs_manual_grade = False
        if comment:
            book.find_comment(cell, name, name, student).manual_comment = comment


def marks(book, name):
    """Return every student's marks, those by hand included.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    name : str
        Of the assignment.

    Returns
    -------
    list of dict
        One per student, in the order of their ids: ``student``, ``name``, ``platform`` (str),
        ``points`` (cell -> float, or None while it waits for a person), ``by_hand`` (cell -> bool,
        whether a person gave them), ``comments`` (cell -> str, where there is one), ``waiting``
        (cells that a person should look at), ``total`` (float, what is known so far) and ``most``.
    """
    from nbgrader.api import Assignment, Student, SubmittedAssignment

    book.db.expire_all()
    rows = (
        book.db.query(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(Student, Student.id == SubmittedAssignment.student_id)
        .filter(Assignment.name == name)
        .order_by(Student.id)
    )
    grades, comments = _grades(book, name), _comments(book, name)
    return [_row(row.student, grades.get(row.student_id, ()), comments) for row in rows]


def _grades(book, name):
    """Student -> list of (cell, automatic, by hand, waits, most), by one query."""
    from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook

    query = (
        book.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade, Grade.max_score)
        .select_from(Grade)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == name)
    )
    found = {}
    for student, cell, grade, most in query:
        row = (cell, grade.auto_score, grade.manual_score, grade.needs_manual_grade, most)
        found.setdefault(student, []).append(row)
    return found


def _comments(book, name):
    """(Student, cell) -> comment, by one query."""
    from nbgrader.api import Assignment, BaseCell, Comment, SubmittedAssignment, SubmittedNotebook

    query = (
        book.db.query(SubmittedAssignment.student_id, BaseCell.name, Comment.comment)
        .select_from(Comment)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == name)
    )
    return {(student, cell): text for student, cell, text in query if text}


def _row(student, grades, comments):
    """One student's marks as plain data."""
    points = {
        cell: automatic if by_hand is None else by_hand
        for cell, automatic, by_hand, _, _ in sorted(grades, key=lambda row: row[0])
    }
    return {
        "student": student.id,
        "name": student.last_name or "",
        "platform": student.lms_user_id or "",
        "points": points,
        "by_hand": {row[0]: row[2] is not None for row in grades},
        "comments": {
            row[0]: text for row in grades if (text := comments.get((student.id, row[0])))
        },
        "waiting": tuple(sorted(row[0] for row in grades if row[3])),
        "total": float(sum(value for value in points.values() if value is not None)),
        "most": float(sum(row[4] for row in grades)),
    }
