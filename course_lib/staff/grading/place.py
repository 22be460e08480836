"""The folder of a class itself: made, found, kept to one run at a time, and written to safely."""

import json
import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unicodedata import category

_MARK = "class.json"
_CONFIG = '''"""For `nbgrader formgrader` in this folder, where a person marks by hand."""

c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {url!r}
# Formgrader's button for grading would run students' code outside the sandbox, so it finds nothing
# to run. `course grade` is the way to grade.
c.CourseDirectory.submitted_directory = "graded_by_course_grade_only"
# Formgrader lists the assignments that have a folder here.
c.CourseDirectory.source_directory = "results"
# A student's text may hold HTML that would run on the instructor's own Jupyter server, and code
# that takes hours to be shown in colours.
c.HTMLExporter.filters = {{
    "markdown2html": "course_lib.staff.grading.clean.markdown2html",
    "highlight_code": "course_lib.staff.grading.clean.highlight_code",
}}
'''


def open_class(folder):
    """Return the folder of a class, made where it is not there yet.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OSError
        If it is a file, or holds something else than a class.
    """
    folder = Path(folder).expanduser().absolute()
    odd = next((part for part in (folder, *folder.parents) if part.exists()), folder)
    if not odd.is_dir():
        raise NotADirectoryError(f"{odd} is a file; name a folder for the class with --class.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # marks are for nobody else's eyes
    if not (folder / _MARK).exists():
        if any(path.name[0] != "." for path in folder.iterdir()):
            raise FileExistsError(
                f"{folder} holds something else than a class; name a new folder with --class."
            )
        write(folder / ".gitignore", "# Marks and names stay here.\n*\n")
        write_about(folder, {"format": 1, "db": "", "seeds": {}})
    return folder


def find_class(folder):
    """Return the folder of a class that is there already.

    Raises
    ------
    FileNotFoundError
        If nothing was graded in it.
    """
    folder = Path(folder).expanduser().absolute()
    if not (folder / _MARK).is_file():
        raise FileNotFoundError(f"{folder} is no class; `course grade` makes one.")
    return folder


@contextmanager
def alone(folder):
    """Keep every other `course grade` out of a class's folder while this one writes.

    Raises
    ------
    OSError
        If another one is at work there.
    """
    import filelock

    lock = filelock.FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise BlockingIOError(
            f"Another `course grade` is at work in {folder}; wait for its end."
        ) from None
    with lock:
        yield


def about(folder):
    """Return what a class's folder says of itself, a dict with ``format, db, seeds``.

    Raises
    ------
    ValueError
        If its file is broken.
    """
    path = folder / _MARK
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(said["seeds"], dict) and isinstance(said["db"], str):
            return said
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(
        f"{path} is broken, and with it the class's own inputs are lost: bring it back from a copy."
    )


def write_about(folder, said):
    """Write what a class's folder says of itself."""
    write(folder / _MARK, json.dumps(said, indent=1) + "\n", private=True)


def seed(folder, name, wanted=None):
    """Return the seed of an assignment's hidden checks, drawn once for a class.

    Parameters
    ----------
    folder : Path
        From `open_class`.
    name : str
    wanted : int, optional
        Taken in its place, from now on.

    Raises
    ------
    ValueError
        If `wanted` is below 0.
    """
    if wanted is not None and wanted < 0:
        raise ValueError(f"The seed is {wanted}; wanted a whole number from 0.")
    said = about(folder)
    if wanted is not None or name not in said["seeds"]:
        said["seeds"][name] = secrets.randbits(31) if wanted is None else int(wanted)
        write_about(folder, said)
    return said["seeds"][name]


def write_config(folder, url):
    """Write the settings that `nbgrader formgrader` reads, unless a person has changed them."""
    path = folder / "nbgrader_config.py"
    text = _CONFIG.format(root=str(folder), url=url)
    if not path.exists() or path.read_text(encoding="utf-8").startswith(_CONFIG[:40]):
        write(path, text, private=True)


def safe(name, what="student"):
    """Return a name that may be a folder's.

    Raises
    ------
    ValueError
        If it could lead elsewhere.
    """
    letters = name if isinstance(name, str) else ""
    plain = all(letter in "._-@" or category(letter)[0] in "LMN" for letter in letters)
    if not letters or not letters[0].isalnum() or not plain or ".." in name or len(name) > 128:
        raise ValueError(f"{name!r} cannot be the id of a {what}: letters, digits and ._-@ only.")
    return name


def write(path, content, *, private=False):
    """Write a text or bytes so that the name never stands for half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o600 if private else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
