"""A made-up class, for rehearsals, tests and benchmarks: ``python -m course_lib.staff.practice``.

Each student is better or worse, each task harder or easier; an answer is right, typically wrong
or untouched accordingly. Right ones come from the source of the assignment, wrong ones (and more
right ones) from ``solutions/NAME/wrong.py``.
"""

import copy
import json
import re
import sys
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from course_lib.staff import sources, variants

GIVEN = (
    "Aiko", "Björn", "Chiara", "Dmytro", "Émile", "Fatima", "Grażyna", "Hiroshi", "İpek", "José",
    "Kwame", "Lý", "Małgorzata", "Ngozi", "Øystein", "Priya", "Quentin", "Rūta", "Siobhán", "Tamás",
    "愛子", "健太", "さくら", "Ольга", "Ελένη", "小龙", "지우", "Uri", "Víctor", "Zoë",
)  # fmt: skip
FAMILY = (
    "Almeida", "Brânză", "Çelik", "Dvořák", "Eriksson", "Fernández", "García", "Håkansson", "Ito",
    "Jóhannsdóttir", "Kovács", "Łukasik", "Müller", "Nguyễn", "O'Brien", "Pham", "Quispe",
    "Rodríguez", "Šimek", "Tanaka", "Ünal", "van den Berg", "Wójcik", "Yılmaz", "Zając", "田中",
    "佐藤", "Петрова", "王", "김",
)  # fmt: skip
MISHAPS = ("edited", "deleted", "duplicated", "renamed", "missing", "copied")
PHOTOS = ("astronaut", "camera", "chelsea", "china", "coffee", "flower", "rocket", "coins")
MOODLE = "{name}_{platform}_assignsubmission_file_"


@dataclass(frozen=True)
class Student:
    """One member of the class, and what is handed in.

    Parameters
    ----------
    student : str
        An id, such as ``s0007``.
    name : str
        Made up; two may have the same.
    platform : str
        A number as Moodle gives to a submission; no two have the same.
    notebook : dict or None
        nbformat's JSON; None where the notebook was forgotten.
    answers : dict
        Id of each solution cell -> ``"right"``, ``"untouched"``, or what is wrong with the answer.
    file : str
        The name under which the notebook is handed in.
    files : dict
        Plain file name -> bytes; what lies beside the notebook.
    mishap : str
        One of `MISHAPS`; empty for most.
    """

    student: str
    name: str
    platform: str
    notebook: dict | None
    answers: dict
    file: str
    files: dict = field(default_factory=dict)
    mishap: str = ""


def students(name, count, seed, root=sources.ROOT, *, mishaps=False):
    """Make up a class.

    Parameters
    ----------
    name : str
        The assignment.
    count : int
        How many students, at least 1.
    seed : int
        The same seed gives the same class; a larger class begins with the students of a smaller
        one.
    root : Path
        The folder of the course.
    mishaps : bool
        Whether some spoil locked cells, rename or forget the notebook, or copy from another.

    Returns
    -------
    list of Student

    Raises
    ------
    FileNotFoundError
        If there is no such assignment, or it was not released.
    ValueError
        If `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}; wanted at least 1 student.")
    answers, paper = variants.read(name, root), sources.released(name, root)
    made = []
    for number in range(1, count + 1):
        rng = np.random.default_rng([seed, number])
        made.append(_student(name, number, paper, answers, rng))
        if mishaps and rng.random() < 0.3:
            made[-1] = _spoiled(made, rng)
    return made


def make(name, count, seed, root=sources.ROOT, *, mishaps=False):
    """Make up a class, and take the notebooks only.

    Parameters
    ----------
    name, count, seed, root, mishaps
        See `students`.

    Returns
    -------
    dict
        Student's id -> notebook, nbformat's JSON; those who forgot it are left out.
    """
    made = students(name, count, seed, root, mishaps=mishaps)
    return {one.student: one.notebook for one in made if one.notebook}


def write(name, count, path, seed=0, root=sources.ROOT, *, mishaps=False):
    """Write a made-up class's submissions.

    Parameters
    ----------
    name, count, seed, root, mishaps
        See `students`.
    path : Path
        With the ending ``.zip``: an archive as Moodle gives it, one folder for each student.
        Otherwise a folder in nbgrader's layout, ``STUDENT/NAME/NAME.ipynb``.

    Returns
    -------
    list of Student
        What was written.
    """
    made, path = students(name, count, seed, root, mishaps=mishaps), Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for one in made:
                folder = MOODLE.format(name=one.name, platform=one.platform)
                for file, data in _handed_in(one):
                    entry = zipfile.ZipInfo(f"{folder}/{file}", (2026, 1, 1, 12, 0, 0))
                    archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return made
    for one in made:
        folder = path / one.student / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in _handed_in(one):
            (folder / file).write_bytes(data)
    return made


def photo(name, height=360):
    """A photograph as a student might hand it in, from those that scikit-image brings.

    Parameters
    ----------
    name : str
        One of ``datasets.photo_names()``, such as ``"chelsea"``.
    height : int
        In pixels.

    Returns
    -------
    bytes
        A JPEG file.
    """
    import cv2

    from course_lib import datasets, images

    picture = datasets.photo(name)
    width = round(picture.shape[1] * height / picture.shape[0])
    picture = np.atleast_3d(images.resize(picture, height, width))
    picture = (picture.clip(0, 1) * 255).round().astype(np.uint8)[:, :, ::-1]
    return cv2.imencode(".jpg", np.ascontiguousarray(picture))[1].tobytes()


# --- one student ---


def _student(name, number, paper, answers, rng):
    """A student of the class, without a mishap."""
    notebook, chosen = copy.deepcopy(paper), {}
    ability, eager = rng.normal(1.0, 1.3), rng.random()
    places = [cell for cell in notebook["cells"] if _data(cell).get("solution")]
    for cell, hard in zip(places, np.linspace(-0.6, 1.0, len(places)), strict=True):
        key = _data(cell)["grade_id"]
        right = rng.random() < 1 / (1 + np.exp(hard - ability))
        choice = _choice(answers[key], right, eager, rng)
        chosen[key] = choice.label if choice else "untouched"
        if choice:
            cell["source"] = variants.in_own_words(choice.source, rng)
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    made = Student(
        student=f"s{number:04}",
        name=f"{given} {family}",
        platform=str(100_000 + 7 * number),
        notebook=notebook,
        answers=chosen,
        file=f"{name}.ipynb",
    )
    return _with_photo(made, rng)


def _choice(answers, right, eager, rng):
    """One of a cell's answers, right or wrong; None where it stays untouched."""
    if not right and rng.random() > 0.4 + 0.6 * eager:
        return None
    able = [answer for answer in answers if answer.is_right == right]
    if not able:  # nothing typical is known: what is wrong with it is that it is not there
        return None
    return able[rng.integers(len(able))]


def _with_photo(one, rng):
    """The student with an own photo, where the assignment asks for one in ``imgfile``."""
    pattern = re.compile(r"^imgfile\s*=.*$", re.MULTILINE)
    for cell in one.notebook["cells"]:
        if cell["cell_type"] == "code" and pattern.search(cell["source"]):
            picture = PHOTOS[rng.integers(len(PHOTOS))]
            line = f'imgfile = "my_{picture}.jpg"'
            cell["source"] = pattern.sub(line, cell["source"], count=1)
            return replace(one, files={f"my_{picture}.jpg": photo(picture)})
    return one


def _data(cell):
    return cell["metadata"].get("nbgrader", {})


# --- mishaps ---


def _spoiled(made, rng):
    """The last of the students, to whom something happened."""
    one, name = made[-1], Path(made[-1].file).stem
    cells, mishap = one.notebook["cells"], MISHAPS[rng.integers(len(MISHAPS))]
    locked = [i for i, cell in enumerate(cells) if _data(cell).get("grade")]
    place = locked[rng.integers(len(locked))]
    if mishap == "edited":
        cells[place]["source"] = "# This check is wrong, I took it out."
    elif mishap == "deleted":
        del cells[place]
    elif mishap == "duplicated":
        cells.insert(place, copy.deepcopy(cells[place]))
    elif mishap == "renamed":
        names = (f"{name} (1).ipynb", "Untitled.ipynb", f"{name}_{one.name.split()[-1]}.ipynb")
        return replace(one, file=names[rng.integers(len(names))], mishap=mishap)
    elif mishap == "missing":
        return replace(one, notebook=None, files={"sorry.txt": b"See you."}, mishap=mishap)
    elif mishap == "copied":
        return _copied(one, [other for other in made[:-1] if not other.mishap], rng)
    return replace(one, mishap=mishap)


def _copied(one, others, rng):
    """The student with another's answers, in which only names were changed."""
    if not others:
        return one
    model = others[rng.integers(len(others))]
    notebook = copy.deepcopy(model.notebook)
    for cell in notebook["cells"]:
        if _data(cell).get("solution") and cell["cell_type"] == "code":
            cell["source"] = variants.renamed(cell["source"], rng)
    return replace(
        one, notebook=notebook, answers=model.answers, files=model.files, mishap="copied"
    )


def _handed_in(one):
    """File names and bytes of what a student hands in."""
    if one.notebook:
        yield one.file, json.dumps(one.notebook, indent=1).encode()
    yield from one.files.items()


if __name__ == "__main__":
    if len(sys.argv) != 4 or not sys.argv[2].isdecimal():
        sys.exit("Usage: python -m course_lib.staff.practice boxes 12 class.zip")
    try:
        print(len(write(sys.argv[1], int(sys.argv[2]), sys.argv[3], mishaps=True)), "made up.")
    except (OSError, ValueError) as error:
        sys.exit(str(error))
