"""A small released assignment, hand-ins of it, and archives, for the tests of intake."""

import copy
import io
import json
import tarfile
import zipfile


def marks(name, **flags):
    """nbgrader's metadata of a cell."""
    base = {"grade": False, "solution": False, "locked": False, "task": False, "points": None}
    return {"nbgrader": {"grade_id": name, "schema_version": 3, **base, **flags}}


def cell(kind, name, source, metadata=None):
    """A cell as nbformat's JSON."""
    made = {"cell_type": kind, "id": name, "metadata": metadata or {}, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def released():
    """Two tasks of functions, one open task, one cell that nobody holds."""
    cells = [
        cell("markdown", "intro", "# Assignment: boxes", marks("intro", locked=True)),
        cell("code", "setup", "import numpy as np", marks("setup", locked=True)),
        cell("code", "free", 'imgfile = "photo.jpg"'),
        cell("code", "iou", stub("iou"), marks("iou", solution=True)),
        cell("code", "iou-easy", "assert iou(1) == 2", marks("iou-easy", **graded(2))),
        cell("markdown", "nms-task", "## Task 2", marks("nms-task", locked=True)),
        cell("code", "nms", stub("nms"), marks("nms", solution=True)),
        cell("code", "nms-easy", "assert nms(1) == 2", marks("nms-easy", **graded(3))),
        cell("markdown", "why", "*Your answer*", marks("why", solution=True, grade=True, points=4)),
        cell("markdown", "last", "## Before you hand in", marks("last", locked=True)),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def graded(points):
    return {"grade": True, "locked": True, "points": points}


def stub(name):
    return f'def {name}(x):\n    raise NotImplementedError("{name}")'


ANSWERS = {
    "iou": "def iou(x):\n    return x + 1",
    "nms": "def nms(x):\n    return 2 * x",
    "why": "Because boxes touch.",
}


def answered(**others):
    """The notebook of a student who did everything."""
    notebook = released()
    for made in notebook["cells"]:
        made["source"] = (ANSWERS | others).get(made["id"], made["source"])
    return notebook


def find(notebook, name):
    """The cell of an id."""
    return next(made for made in notebook["cells"] if made["id"] == name)


def raw(notebook):
    """A notebook's bytes."""
    return json.dumps(copy.deepcopy(notebook)).encode()


GOOD = raw(answered())


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """A zip of name (or ZipInfo) -> bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred(files, mode="w:gz"):
    """A tar of name (or TarInfo) -> bytes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in files.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def written(path, data):
    """Write bytes, with the folders above; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
