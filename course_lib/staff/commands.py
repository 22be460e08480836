"""The commands of ``course`` for instructors; each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="The assignment, such as boxes.")]
Class = Annotated[Path, typer.Option("--class", help="The folder of the class.")]
Database = Annotated[str, typer.Option("--db", help="Gradebook; by default the class's own file.")]
CLASS = Path("class")


def release(name: Name):
    """Make the students' notebook of an assignment from its source."""
    from course_lib.staff import release as releasing

    _tell(releasing.command, name)


def grade(
    name: Name,
    submissions: Annotated[Path, typer.Argument(help="A folder, notebook or zip.")],
    workers: Annotated[int, typer.Option(help="Submissions at a time; 0: one per core.")] = 0,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler.")] = "",
    db: Database = "",
    folder: Class = CLASS,
    mapping: Annotated[Path | None, typer.Option(help="CSV: file,student[,name].")] = None,
    seed: Annotated[int | None, typer.Option(help="For the hidden checks' inputs.")] = None,
    again: Annotated[bool, typer.Option(help="Also what is graded already.")] = False,
    unsafe: Annotated[bool, typer.Option(help="Without a sandbox. Never for real.")] = False,
):
    """Grade what students handed in, each in a sandbox."""
    from course_lib.staff.grading import crowd

    _tell(
        crowd.command,
        name,
        submissions,
        workers=workers,
        scheduler=scheduler,
        db=db,
        folder=folder,
        mapping=mapping,
        seed=seed,
        again=again,
        unsafe=unsafe,
    )


def gallery(
    name: Name,
    folder: Class = CLASS,
    db: Database = "",
    names: Annotated[bool, typer.Option(help="Show who drew what.")] = False,
    marks: Annotated[Path | None, typer.Option("--import", help="Marks from the page.")] = None,
):
    """Write the page of a class's drawings, or take the marks given on it into the gradebook."""
    from course_lib.staff.gallery import page

    _tell(page.command, name, folder=folder, db=db, names=names, marks=marks)


def report(name: Name, folder: Class = CLASS, db: Database = ""):
    """Show how a class did: marks, hardest tasks, causes of failure, similar submissions."""
    from course_lib.staff import class_report

    _tell(class_report.command, name, folder=folder, db=db)


def _tell(command, *args, **kwargs):
    """Run a command; what its user can mend is a sentence, not a traceback."""
    try:
        command(*args, **kwargs)
    except (ValueError, OSError, ImportError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None


ALL = (release, grade, gallery, report)
