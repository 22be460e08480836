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
import shutil
import tempfile
from dataclasses import asdict, fields
from pathlib import Path

from course_lib.staff.grading.place import find_class, open_class, safe, write
from course_lib.staff.grading.records import Result, Submission, Verdict

__all__ = ["find_class", "open_class", "safe", "write"]
__all__ += ["keep", "keep_autograded", "keep_pictures", "keep_result"]
__all__ += ["last", "results", "submitted", "work"]

_OUTSIDE = ("notebook", "pictures")  # of a Result: files of their own


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


def last(folder, name, student):
    """Return of a student's last result ``digest`` and ``work``, empty where there is none."""
    path = folder / "results" / safe(name, "assignment") / f"{safe(student)}.json"
    if not path.is_file():
        return {"digest": "", "work": ""}
    return json.loads(path.read_text(encoding="utf-8"))


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
