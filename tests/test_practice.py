"""The made-up class: the same for the same seed, and what its answers say of themselves is true."""

import ast
import io
import json
import subprocess
import sys
import zipfile

import nbformat
import numpy as np
import pytest

from course_lib import images
from course_lib.staff import intake, practice, release, trial, variants
from course_lib.staff.grading import plan

NAMES = release.names()


def notebooks(made):
    return [one.notebook for one in made]


# --- the class ---


def test_the_same_seed_gives_the_same_class():
    first, second = (practice.students("boxes", 12, 5, mishaps=True) for _ in range(2))
    assert first == second
    other = practice.students("boxes", 12, 6, mishaps=True)
    assert notebooks(first) != notebooks(other)


def test_a_larger_class_begins_with_the_smaller_one():
    small, large = (practice.students("boxes", count, 1, mishaps=True) for count in (5, 20))
    assert large[:5] == small


def test_names_are_of_many_scripts_and_numbers_are_of_one():
    made = practice.students("boxes", 60, 0)
    names = "".join(one.name for one in made)
    assert not names.isascii()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in names)
    for key in ("student", "platform"):
        assert len({getattr(one, key) for one in made}) == 60
    assert all(one.student.isascii() and one.student.isalnum() for one in made)


def test_marks_of_an_honest_class_are_spread():
    made = practice.students("boxes", 200, 0)
    cells = ("iou", "nms", "match", "ap")
    rights = [sum(one.answers[cell] == "right" for cell in cells) for one in made]
    assert set(rights) == {0, 1, 2, 3, 4}
    assert 2 < np.mean(rights) < 3.6
    assert all(one.mishap == "" and one.notebook and one.file == "boxes.ipynb" for one in made)
    chosen = {label for one in made for label in one.answers.values()}
    known = {a.label for answers in variants.read("boxes").values() for a in answers}
    assert chosen == known | {"untouched"}


@pytest.mark.parametrize("name", NAMES)
def test_every_assignment_can_be_rehearsed(name):
    paper = release.released(name)
    locked = {
        cell["id"]: cell
        for cell in paper["cells"]
        if cell["metadata"].get("nbgrader", {}).get("locked")
    }
    made = practice.students(name, 15, 3)
    for one in made:
        nbformat.validate(nbformat.from_dict(one.notebook))
        cells = {cell["id"]: cell for cell in one.notebook["cells"]}
        assert {key: cells[key] for key in locked} == locked
        for key, label in one.answers.items():
            if cells[key]["cell_type"] == "code":
                ast.parse(cells[key]["source"])
            assert ("NotImplementedError" in cells[key]["source"]) == (
                label == "untouched" and cells[key]["cell_type"] == "code"
            )
    assert {label == "right" for one in made for label in one.answers.values()} == {True, False}


def test_a_photo_of_ones_own_lies_beside_the_notebook(tmp_path):
    for name in NAMES:
        paper = json.dumps(release.released(name))
        for one in practice.students(name, 3, 0):
            assert bool(one.files) == ('"imgfile = ' in paper)
            for file, data in one.files.items():
                assert f'imgfile = "{file}"' in "\n".join(
                    c["source"] for c in one.notebook["cells"]
                )
                (tmp_path / file).write_bytes(data)
                assert images.read(tmp_path / file).shape[2] == 3
    with pytest.raises(ValueError, match="photo"):
        practice.photo("nobody")


def test_a_count_of_none():
    with pytest.raises(ValueError, match="count is 0"):
        practice.students("boxes", 0, 0)
    with pytest.raises(FileNotFoundError, match="the assignments are"):
        practice.students("spheres", 1, 0)


# --- what may go wrong ---


@pytest.fixture(scope="module")
def spoiled():
    """Mishap -> a student to whom it happened, the same student without it, and the class."""
    found = {}
    for seed in range(8):
        class_, honest = (practice.students("boxes", 40, seed, mishaps=on) for on in (True, False))
        for one, other in zip(class_, honest, strict=True):
            found.setdefault(one.mishap, (one, other, class_))
    return found


def ids(notebook):
    return [cell["id"] for cell in notebook["cells"]]


def test_every_mishap_happens_to_somebody(spoiled):
    assert set(spoiled) == {"", *practice.MISHAPS}


def test_locked_cells_are_edited_deleted_and_duplicated(spoiled):
    one, other, _ = spoiled["edited"]
    differing = [
        b["metadata"]["nbgrader"]["grade"]
        for a, b in zip(one.notebook["cells"], other.notebook["cells"], strict=True)
        if a != b
    ]
    assert differing == [True]
    one, other, _ = spoiled["deleted"]
    assert len(set(ids(other.notebook)) - set(ids(one.notebook))) == 1
    one, other, _ = spoiled["duplicated"]
    assert len(ids(one.notebook)) == len(ids(other.notebook)) + 1
    assert set(ids(one.notebook)) == set(ids(other.notebook))


def test_notebooks_are_renamed_and_forgotten(spoiled):
    one, other, _ = spoiled["renamed"]
    assert one.file != "boxes.ipynb" and one.notebook == other.notebook
    one, _, _ = spoiled["missing"]
    assert one.notebook is None and list(one.files) == ["sorry.txt"]


def test_only_notebooks_that_were_handed_in_are_made():
    made = practice.students("boxes", 40, 0, mishaps=True)
    there = {one.student: one.notebook for one in made if one.mishap != "missing"}
    assert len(there) < 40
    assert practice.make("boxes", 40, 0, mishaps=True) == there


def test_a_copy_has_the_answers_of_another_under_other_names(spoiled):
    one, _, class_ = spoiled["copied"]
    models = [
        other
        for other in class_
        if other.student != one.student and other.notebook and shape(other) == shape(one)
    ]
    assert models and all(other.notebook != one.notebook for other in models)
    assert one.answers in [other.answers for other in models]


def shape(one):
    """The trees of a student's answers without names."""
    trees = []
    for cell in one.notebook["cells"]:
        if cell["id"] in one.answers and cell["cell_type"] == "code":
            nodes = ast.walk(ast.parse(cell["source"]))
            trees.append([type(node).__name__ for node in nodes])
    return trees


# --- what is written ---


def test_an_archive_as_moodle_gives_it(tmp_path):
    made = practice.write("boxes", 15, tmp_path / "class.zip", 3, mishaps=True)
    practice.write("boxes", 15, tmp_path / "again.zip", 3, mishaps=True)
    assert (tmp_path / "class.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "class.zip") as archive:
        names = archive.namelist()
        folders = dict.fromkeys(name.split("/")[0] for name in names)
        assert list(folders) == [f"{s.name}_{s.platform}_assignsubmission_file_" for s in made]
    found = list(intake.collect(tmp_path / "class.zip", expected="boxes"))
    assert {one.platform: one.name for one in found} == {one.platform: one.name for one in made}
    missing = {one.platform for one in made if one.mishap == "missing"}
    assert {one.platform for one in found if one.fault} == missing


def test_a_folder_as_nbgrader_has_it(tmp_path):
    made = practice.write("boxes", 4, tmp_path / "submitted", 0)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.ipynb"))
    assert [file.as_posix() for file in files] == [
        f"submitted/s{number:04}/boxes/boxes.ipynb" for number in range(1, 5)
    ]
    assert nbformat.read(tmp_path / files[0], as_version=4) == made[0].notebook


def test_the_command(tmp_path):
    command = [sys.executable, "-m", "course_lib.staff.practice"]
    done = subprocess.run(
        [*command, "boxes", "3", "class.zip"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "3 made up.\n", done.stderr
    assert zipfile.is_zipfile(tmp_path / "class.zip")
    done = subprocess.run([*command, "boxes"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("Usage:")


# --- answers, and other hands ---


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_another_hand_writes_code_that_does_the_same():
    one = trial.Trial(plan.read("boxes", 4))
    rng = np.random.default_rng(0)
    changed = 0
    for cell, answers in variants.read("boxes").items():
        for answer in answers if cell in ("iou", "nms", "match", "ap") else ():
            other = variants.renamed(answer.source, rng)
            changed += other != answer.source
            before, after = (one.lost({cell: text}) for text in (answer.source, other))
            assert list(before) == list(after), other
    assert changed > 20


def test_arguments_and_other_peoples_names_stay():
    source = (
        "def f(a, *, step=1):\n    total = 0\n    for i in range(a):\n        total += step * i\n"
        "    return sorted([total], key=lambda k: k)[0]\nconstant = 3"
    )
    other = variants.renamed(source, np.random.default_rng(1))
    spaces = [{}, {}]
    for text, space in zip((source, other), spaces, strict=True):
        exec(text, space)
    assert "total" not in other and "constant = 3" in other
    assert spaces[0]["f"](5, step=2) == spaces[1]["f"](5, step=2) == 20


def test_text_and_what_is_no_code_stay_readable():
    rng = np.random.default_rng(0)
    text = "One thing. Two things. Three things. Four things."
    assert variants.renamed(text, rng) == text
    assert all(text.startswith(variants.in_own_words(text, rng)) for _ in range(9))
    assert {variants.in_own_words(text, rng) for _ in range(40)} > {text}


def test_answers_that_belong_nowhere(tmp_path):
    for name in ("solutions", "assignments"):
        folder = tmp_path / name / "boxes"
        folder.mkdir(parents=True)
        original = release.ROOT / name / "boxes" / "boxes.ipynb"
        (folder / "boxes.ipynb").write_bytes(original.read_bytes())
    assert all(answers for answers in variants.read("boxes", tmp_path).values())
    wrong = tmp_path / "solutions" / "boxes" / "wrong.py"
    for heading in ("gradient wrong: it is not there", "iou left: neither", "iou"):
        wrong.write_text(f"# %% {heading}\nx = 1\n")
        with pytest.raises(ValueError, match="names no solution cell"):
            variants.read("boxes", tmp_path)


def test_a_photo_is_a_jpeg():
    data = practice.photo("coins", 100)
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG" and picture.height == 100
