"""A class that does not mean well: each of the folder hostile/ as a submission of `boxes`."""

import copy
import io
import json
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent / "hostile"
FUNCTIONS = ("iou", "nms", "match", "ap")  # the cells; the last one is called average_precision
HONEST = ("anna", "zoe")
HEAVY = {"two_hundred_megabytes_of_outputs"}


def attacks():
    """Every attack: name -> what it does, in a sentence."""
    code = {path.stem: told(path) for path in sorted(FOLDER.glob("*.py"))}
    return code | {make.__name__: make.__doc__ for make in MADE}


def told(path):
    """The first line of a file's docstring."""
    return path.read_text(encoding="utf-8").split('"""')[1].splitlines()[0]


def write(folder, released, right, places):
    """Write the class: a folder per student, named after what the student tries.

    Parameters
    ----------
    folder : Path
    released : dict
        The released notebook.
    right : dict
        Id of a solution cell -> an answer that is right.
    places : dict
        What an attack may know: ``CANARY``, ``CLASS``, ``CHECKOUT`` (folders) and ``PORT``.
    """
    for student in HONEST:
        put(folder, student, answered(released, right))
    for path in sorted(FOLDER.glob("*.py")):
        put(folder, path.stem, attacking(released, path.read_text(encoding="utf-8"), places))
    for make in MADE:
        make(folder / make.__name__, copy.deepcopy(released))


def put(folder, student, notebook):
    """Write a notebook into a student's folder."""
    (folder / student).mkdir(parents=True)
    (folder / student / "boxes.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def answered(released, answers):
    """The notebook with some cells' sources in the place of its own."""
    notebook = copy.deepcopy(released)
    for cell in notebook["cells"]:
        cell["source"] = answers.get(name_of(cell), cell["source"])
    return notebook


def attacking(released, code, places):
    """The notebook in which every function is the attack's."""
    known = "".join(
        f"{name} = {str(value)!r}\n" for name, value in places.items() if name != "PORT"
    )
    code = f"{known}PORT = {places['PORT']}\n{code}"
    names = dict(zip(FUNCTIONS, (*FUNCTIONS[:3], "average_precision"), strict=True))
    sources = {
        cell: f'if not globals().get("KEEP"):\n    {name} = attack' for cell, name in names.items()
    }
    # What is called first has to be there before an attack that never comes to an end.
    sources["iou"] = f"{code}\n\n{sources['iou']}"
    return answered(released, sources)


def name_of(cell):
    """A cell's nbgrader id; empty where it has none."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


# --- what is no code ---


def deletes_its_checks(folder, notebook):
    """Deletes every cell that gives points, and says that it has them."""
    notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"]["nbgrader"]["grade"]]
    notebook["metadata"]["points"] = 20
    put(folder.parent, folder.name, notebook)


def asks_for_more_points(folder, notebook):
    """Makes every cell worth 1000 points, unlocked, and easy to pass."""
    for cell in notebook["cells"]:
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "solution": True}
            cell["source"] = "1000"
    put(folder.parent, folder.name, notebook)


def forges_its_outputs(folder, notebook):
    """Hands in outputs that say that all checks passed, with a mark in each."""
    shown = {"output_type": "execute_result", "execution_count": 1, "metadata": {}}
    shown["data"] = {"text/plain": "2.0"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [shown], 1
            cell["metadata"]["nbgrader"] |= {"checksum": "0" * 32}
    put(folder.parent, folder.name, notebook)


def uses_one_id_twice(folder, notebook):
    """Adds copies of the cells that give points, under the same ids, with nothing to check."""
    graded = [c for c in notebook["cells"] if c["metadata"]["nbgrader"]["grade"]]
    notebook["cells"] += [copy.deepcopy(cell) | {"source": "2.0"} for cell in graded]
    put(folder.parent, folder.name, notebook)


def has_a_path_in_its_name(folder, notebook):
    """Names itself and its files after places that are not its own."""
    notebook["metadata"] |= {"name": "../../../solutions/boxes", "path": "/etc/passwd"}
    archive(folder, {"..\\..\\boxes.ipynb": notebook, "C:\\boxes.ipynb": notebook})


def climbs_out_of_its_zip(folder, notebook):
    """Hands in a zip whose entries lie above it."""
    archive(folder, {f"{'../' * up}was_here/boxes.ipynb": notebook for up in range(1, 9)})


def explodes(folder, notebook):
    """Hands in a zip of 10 MB that holds 10 GB."""
    folder.mkdir(parents=True)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("boxes.ipynb", "w", force_zip64=True) as entry:
            for _ in range(1000):
                entry.write(bytes(1_000_000))
    with zipfile.ZipFile(folder / "boxes.zip", "w") as packed:
        for number in range(10):
            packed.writestr(f"{number}.zip", inner.getvalue())


def is_a_link(folder, notebook):
    """Hands in links: to a file of the machine, and to the folder of another student."""
    folder.mkdir(parents=True)
    (folder / "boxes.ipynb").symlink_to(folder.parent / HONEST[0] / "boxes.ipynb")
    (folder / "photo.jpg").symlink_to("/etc/passwd")
    (folder / "more").symlink_to(folder.parent, target_is_directory=True)


def is_broken(folder, notebook):
    """Hands in half a notebook."""
    folder.mkdir(parents=True)
    (folder / "boxes.ipynb").write_text(json.dumps(notebook)[:5000], encoding="utf-8")


def nests_too_deep(folder, notebook):
    """Hands in a list in a list in a list, a hundred thousand times."""
    folder.mkdir(parents=True)
    (folder / "boxes.ipynb").write_text('{"cells": ' + "[" * 100_000, encoding="utf-8")


def two_hundred_megabytes_of_outputs(folder, notebook):
    """Hands in 200 MB of outputs."""
    shown = {"output_type": "stream", "name": "stdout", "text": "x" * 200_000_000}
    notebook["cells"][2] |= {"outputs": [shown]}
    put(folder.parent, folder.name, notebook)


def runs_in_the_readers_browser(folder, notebook):
    """Hides scripts in its text and outputs, for whoever reads the feedback."""
    script = "<script>fetch('http://127.0.0.1')</script><img src=x onerror=alert(1)>"
    for number in range(3):
        place = f"[a](javascript:alert({number})) {script} <iframe src='file:///etc/passwd'>"
        notebook["cells"].append(
            {"cell_type": "markdown", "id": f"own-{number}", "metadata": {}, "source": place}
        )
    show = f"from IPython.display import HTML, Javascript, display\ndisplay(HTML({script!r}))"
    show += "\ndisplay(Javascript('alert(2)'))"
    own = {"cell_type": "code", "id": "own-code", "metadata": {}, "source": show}
    notebook["cells"].append(own | {"outputs": [], "execution_count": None})
    put(folder.parent, folder.name, notebook)


def archive(folder, entries):
    """Write a zip of notebooks into a student's folder."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "boxes.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, notebook in entries.items():
            packed.writestr(name, json.dumps(notebook))


MADE = (
    deletes_its_checks,
    asks_for_more_points,
    forges_its_outputs,
    uses_one_id_twice,
    has_a_path_in_its_name,
    climbs_out_of_its_zip,
    explodes,
    is_a_link,
    is_broken,
    nests_too_deep,
    two_hundred_megabytes_of_outputs,
    runs_in_the_readers_browser,
)
