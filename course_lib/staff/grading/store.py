"""The folder of a class: what was handed in, what came of it, and for whom.

Everything of a submission is written below this folder, by the main process alone. A file appears
under its name only when it is whole. The result of a submission is written last: where it is there,
the rest is there too, so an interrupted run goes on where it stopped.

====================================  =========================================================
``class.json``                        format, the gradebook's address, seeds of hidden checks
``gradebook.db``                      unless the gradebook is elsewhere
``submitted/STUDENT/NAME/``           as handed in, locked cells restored
``autograded/STUDENT/NAME/``          as executed in the sandbox
``results/NAME/STUDENT.json``         verdicts, notes, digest
``pictures/NAME/STUDENT/``            what the gallery shows
``feedback/STUDENT/NAME/NAME.html``   what the student gets
``NAME.csv``, ``NAME_moodle.csv``     marks
====================================  =========================================================
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from course_lib.staff.grading.records import Result, Submission, Verdict

_MARK = "class.json"
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,126}[A-Za-z0-9_@-]|[A-Za-z0-9_]")
_OUTSIDE = ("notebook", "pictures")  # of a Result: files of their own
_CONFIG = '''"""For `nbgrader formgrader` in this folder, where a person marks by hand."""

c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {url!r}
# Formgrader's button for grading would run students' code outside the sandbox, so it finds nothing
# to run. `course grade` is the way to grade.
c.CourseDirectory.submitted_directory = "graded_by_course_grade_only"
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
    folder.mkdir(parents=True, exist_ok=True)
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
    """Return what a class's folder says of itself, a dict with ``format, db, seeds``."""
    return json.loads((folder / _MARK).read_text(encoding="utf-8"))


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
    """
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
    if not isinstance(name, str) or not _SAFE.fullmatch(name) or ".." in name:
        raise ValueError(f"{name!r} cannot be the id of a {what}: letters, digits and ._-@ only.")
    return name


def keep(folder, name, submission):
    """Write what a student handed in, in the place of what was there.

    Parameters
    ----------
    folder : Path
    name : str
        Of the assignment.
    submission : records.Submission

    Raises
    ------
    ValueError
        If the student's id is no safe name of a folder.
    """
    here = folder / "submitted" / safe(submission.student) / safe(name, "assignment")
    here.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=here.parent))
    try:
        for file, content in submission.files.items():
            if _plain(file):
                (new / file).write_bytes(content)
        if submission.notebook is not None:
            (new / f"{name}.ipynb").write_text(_json(submission.notebook), encoding="utf-8")
        said = {key: getattr(submission, key) for key in ("notes", "fault", "name", "platform")}
        said["files"] = [file for file in submission.files if _plain(file)]
        said["notebook"] = submission.notebook is not None
        (new / ".submission.json").write_text(_json(said), encoding="utf-8")
        _swap(new, here)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def submitted(folder, name, student):
    """Return what a student handed in, as `keep` wrote it.

    Returns
    -------
    records.Submission
    """
    here = folder / "submitted" / safe(student) / safe(name, "assignment")
    said = json.loads((here / ".submission.json").read_text(encoding="utf-8"))
    files = {file: (here / file).read_bytes() for file in said.pop("files")}
    path = here / f"{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8")) if said.pop("notebook") else None
    said["notes"] = tuple(said["notes"])
    return Submission(student=student, notebook=notebook, files=files, **said)


def digest(submission, assignment, limits):
    """Return what a result depends on, in 64 letters; equal digests need no second run."""
    whole = hashlib.sha256()
    for part in (assignment.digest, _json(asdict(limits)), _json(submission.notebook)):
        whole.update(hashlib.sha256(part.encode()).digest())
    for file in sorted(submission.files):
        whole.update(hashlib.sha256(file.encode()).digest())
        whole.update(hashlib.sha256(submission.files[file]).digest())
    return hashlib.sha256(whole.digest() + submission.fault.encode()).hexdigest()


def work(submission):
    """Return what identifies a student's work itself, whatever grades it."""
    whole = hashlib.sha256(_json(submission.notebook).encode())
    for file in sorted(submission.files):
        whole.update(file.encode() + hashlib.sha256(submission.files[file]).digest())
    return whole.hexdigest()


def keep_result(folder, name, submission, result):
    """Write what came of a submission; `autograded` must be written before."""
    said = {f.name: getattr(result, f.name) for f in fields(Result) if f.name not in _OUTSIDE}
    said["verdicts"] = [asdict(verdict) for verdict in result.verdicts]
    said["work"] = work(submission)
    path = folder / "results" / safe(name, "assignment") / f"{safe(result.student)}.json"
    write(path, _json(said) + "\n")


def last_digest(folder, name, student):
    """Return the digests of a student's last result and of its work, empty where there is none."""
    path = folder / "results" / safe(name, "assignment") / f"{safe(student)}.json"
    if not path.is_file():
        return "", ""
    said = json.loads(path.read_text(encoding="utf-8"))
    return said["digest"], said["work"]


def keep_pictures(folder, name, result):
    """Write a result's pictures as PNG, in the place of what was there."""
    from PIL import Image

    here = folder / "pictures" / safe(name, "assignment") / safe(result.student)
    shutil.rmtree(here, ignore_errors=True)
    for picture, values in result.pictures.items():
        here.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(here / f"{safe(picture, 'picture')}.png")


def keep_autograded(folder, name, student, notebook):
    """Write a notebook as executed, for formgrader and the feedback."""
    here = folder / "autograded" / safe(student) / safe(name, "assignment")
    write(here / f"{name}.ipynb", _json(notebook) + "\n")


def results(folder, name):
    """Return what came of every submission.

    Parameters
    ----------
    folder : path
        Of the class.
    name : str
        Of the assignment.

    Returns
    -------
    dict of str -> records.Result
        By student, in the order of their ids; `pictures` are paths of PNG files, and `notebook` is
        the path of the executed one, instead of their contents.
    """
    folder = find_class(folder)
    found = {}
    for path in sorted((folder / "results" / safe(name, "assignment")).glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        del said["work"]
        student = said["student"]
        said["verdicts"] = tuple(Verdict(**verdict) for verdict in said["verdicts"])
        said["notes"] = tuple(said["notes"])
        pictures = sorted((folder / "pictures" / name / student).glob("*.png"))
        said["pictures"] = {picture.stem: picture for picture in pictures}
        said["notebook"] = folder / "autograded" / student / name / f"{name}.ipynb"
        found[student] = Result(**said)
    return found


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


def _swap(new, here):
    """Put one folder in the place of another."""
    old = Path(tempfile.mkdtemp(prefix=".old-", dir=here.parent))
    if here.exists():
        os.replace(here, old / "was")
    os.replace(new, here)
    os.chmod(here, 0o755)
    shutil.rmtree(old)


def _plain(file):
    """Whether a file of a submission may keep its name beside the notebook."""
    there = set(file) & set('/\\:*?"<>|') or any(ord(letter) < 32 for letter in file)
    return bool(file) and not there and not file.startswith(".") and len(file.encode()) <= 200


def _json(value):
    """A value as JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
