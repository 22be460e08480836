"""Where a class's gradebook is, and how to open it."""

from course_lib.staff.grading import place


def open_book(folder, db=""):
    """Open the gradebook of a class, and make it where there is none yet.

    Parameters
    ----------
    folder : path
        Of the class.
    db : str
        SQLAlchemy's URL, such as ``postgresql://user@host/name``; by default the one that was named
        when the class was last graded, or else ``gradebook.db`` in the folder. A password is not
        kept: libpq finds it in ``~/.pgpass``.

    Returns
    -------
    nbgrader.api.Gradebook
        A context manager that closes it.

    Raises
    ------
    ValueError
        If `db` is no URL.
    OSError
        If the database does not answer.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SQLAlchemyError

    folder = place.find_class(folder)
    url = _url(folder, db)
    try:
        _begin(url)
        book = Gradebook(url.render_as_string(hide_password=False))
    except (SQLAlchemyError, ImportError) as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise OSError(f"The gradebook {url.render_as_string()} cannot be opened: {said}") from None
    _remember(folder, url, db)
    return book


def _url(folder, db):
    """The gradebook's address, with the driver that the course installs."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    db = db or place.about(folder)["db"]
    if not db:
        return make_url(f"sqlite:///{folder / 'gradebook.db'}")
    try:
        url = make_url(db)
    except ArgumentError:
        raise ValueError(
            f"{db!r} is no address of a gradebook; write postgresql://user@host/name."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def _begin(url):
    """Make the tables of a new gradebook, and note in it which version of them these are.

    nbgrader asks a program of its own for that number, which takes seconds to start.
    """
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                Base.metadata.create_all(connection)
                MigrationContext.configure(connection).stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    finally:
        engine.dispose()


def _remember(folder, url, db):
    """Keep where the gradebook is, without its password, for the next command and formgrader."""
    plain = url.set(password=None).render_as_string()
    said = place.about(folder)
    if db and said["db"] != plain:
        place.write_about(folder, said | {"db": plain})
    place.write_config(folder, plain)
