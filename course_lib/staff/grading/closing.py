"""The end of `course grade`: tables, pages for the students, and what to do next."""

from course_lib.staff.grading import book as books
from course_lib.staff.grading import feedback, store, tables


def finish(folder, book, assignment, client=None, workers=0):
    """Write the tables of marks, and the feedback of whom something changed.

    Parameters
    ----------
    folder : Path
        Of the class.
    book : nbgrader.api.Gradebook
    assignment : records.Assignment
    client : distributed.Client, optional
        Whose workers make the pages.
    workers : int
        Processes to start where there is no client and there are many pages.

    Returns
    -------
    tables : list of Path
    pages : int
        How many are new.
    """
    results, rows = store.results(folder, assignment.name), books.marks(book, assignment.name)
    paths = tables.write(folder, assignment, results, rows)
    return paths, feedback.write_all(folder, assignment, results, rows, client, workers)


def summary(folder, assignment, tally, book):
    """Return what a run came to, a few lines for the instructor.

    Parameters
    ----------
    folder : Path
    assignment : records.Assignment
    tally : crowd.Tally
    book : nbgrader.api.Gradebook

    Returns
    -------
    str
        Students go by their ids.
    """
    name, rows = assignment.name, books.marks(book, assignment.name)
    graded, skipped = len(tally.graded), len(tally.skipped)
    lines = [f"{name}: {graded} graded in {tally.seconds:.0f} s, {skipped} skipped as before."]
    lines += [f"  nothing to grade from {who}: {why}" for who, why in sorted(tally.faults.items())]
    lines += [f"  look at {who}: {why}" for who, why in sorted(tally.look.items())]
    waiting = sum(bool(row["waiting"]) for row in rows)
    if rows:
        mean = sum(row["total"] for row in rows) / len(rows)
        many = "waits" if waiting == 1 else "wait"
        far = f" so far; {waiting} {many} for marks by hand" if waiting else ""
        lines.append(f"Mean {mean:.1f} of {rows[0]['most']:g} points{far}.")
    lines.append(f"Marks: {', '.join(map(str, tally.tables))}")
    lines.append(f"Feedback: {folder / 'feedback'} ({tally.pages} new pages)")
    return "\n".join(lines + _next(folder, assignment, waiting))


def _next(folder, assignment, waiting):
    """What to do now."""
    if not waiting:
        return ["Next: give out the feedback, and upload the table."]
    page = [f"  course gallery {assignment.name} --class {folder}", "or"] * bool(
        assignment.pictures
    )
    return [
        "Next: mark by hand with",
        *page,
        f"  Formgrader in JupyterLab, started in {folder};",
        "then the same `course grade` again, which renews table and feedback.",
    ]
