"""The folder of a class: what is refused, what is kept, and that nothing is ever half there."""

import os
from dataclasses import replace

import grading_class as small
import numpy as np
import pytest
from PIL import Image

from course_lib.staff.grading import place, records, store


@pytest.fixture
def folder(tmp_path):
    return place.open_class(tmp_path / "class")


def result(student="s1"):
    return small.grade(small.submission(student, "half"), small.assignment(), None, None)


def test_a_class_is_made_once_and_found_again(tmp_path):
    folder = place.open_class(tmp_path / "deep/class")
    seed = place.seed(folder, "boxes")
    assert place.open_class(folder) == folder == place.find_class(folder)
    assert place.seed(folder, "boxes") == seed  # drawn once
    assert place.seed(folder, "boxes", 7) == place.seed(folder, "boxes") == 7
    with pytest.raises(ValueError, match="The seed is -3; wanted a whole number from 0"):
        place.seed(folder, "boxes", -3)
    assert place.seed(folder, "boxes") == 7  # and not kept
    assert "*" in (folder / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"seeds": [], "db": ""}'])
def test_a_class_that_is_broken_is_said(tmp_path, text):
    folder = place.open_class(tmp_path / "class")
    (folder / "class.json").write_text(text)
    with pytest.raises(ValueError, match=r"class\.json is broken.*from a copy"):
        place.seed(folder, "boxes")


def test_seeds_differ_between_classes_and_assignments(tmp_path):
    classes = [place.open_class(tmp_path / name) for name in "ab"]
    seeds = {place.seed(folder, name) for folder in classes for name in ("boxes", "line_art")}
    assert len(seeds) == 4


def test_what_is_no_class_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.tex").write_text("x")
    for name in ("file", "file/class"):
        with pytest.raises(OSError, match="is a file; name a folder"):
            place.open_class(tmp_path / name)
    with pytest.raises(OSError, match="something else than a class"):
        place.open_class(tmp_path / "full")
    with pytest.raises(FileNotFoundError, match="course grade"):
        place.find_class(tmp_path / "none")
    assert os.listdir(tmp_path / "full") == ["thesis.tex"]


def test_two_runs_do_not_meet(folder):
    with place.alone(folder):
        with pytest.raises(OSError, match="Another `course grade`"):
            with place.alone(folder):
                pass
    with place.alone(folder):
        pass


@pytest.mark.parametrize(
    "student", ["", ".", "..", "../up", "a/b", "a\\b", ".hidden", "a..b", "-rf", "a\0", "a b", None]
)
def test_ids_that_lead_elsewhere_are_refused(folder, student):
    with pytest.raises(ValueError, match="cannot be the id"):
        store.keep(folder, small.NAME, replace(small.submission("x"), student=student))
    with pytest.raises(ValueError, match="cannot be the id"):
        store.keep_result(
            folder, small.NAME, small.submission("x"), replace(result(), student=student)
        )
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "class.json"]


@pytest.mark.parametrize("student", ["s1", "a.b-c_d@uni.jp", "Ольга_Ünal", "愛子"])
def test_ids_of_any_script_are_kept(folder, student):
    store.keep(folder, small.NAME, small.submission(student))
    assert store.submitted(folder, small.NAME, student).student == student


def test_a_submission_comes_back_as_it_was(folder):
    given = small.submission(
        "s1", notes=("One.",), files={"photo.jpg": b"\xff\xd8", "a b.txt": b""}
    )
    store.keep(folder, small.NAME, given)
    assert store.submitted(folder, small.NAME, "s1") == given
    broken = records.Submission("s1", None, {"tiny.ipynb": b"{"}, (), "It is broken.")
    store.keep(folder, small.NAME, broken)
    assert store.submitted(folder, small.NAME, "s1") == broken
    here = folder / "submitted/s1" / small.NAME
    assert sorted(path.name for path in here.iterdir()) == [".submission.json", "tiny.ipynb"]


def test_files_with_odd_names_stay_out(folder):
    names = ("../up.txt", "/abs", "a\\b", ".bashrc", "x" * 300, "a\nb", "")
    store.keep(folder, small.NAME, small.submission("s1", files=dict.fromkeys(names, b"x")))
    assert store.submitted(folder, small.NAME, "s1").files == {}
    every = {path.name for path in folder.rglob("*")}
    assert every == {".gitignore", "class.json", "submitted", "s1", small.NAME} | {
        "tiny.ipynb",
        ".submission.json",
    }


def test_halves_of_characters_are_kept(folder):
    store.keep(folder, small.NAME, small.submission("s1", "\ud800"))
    assert "\ud800" in store.submitted(folder, small.NAME, "s1").notebook["cells"][1]["source"]


def test_a_result_comes_back_with_paths(folder):
    made, given = replace(result(), digest="abc", notes=("Mended.",)), small.submission("s1")
    store.keep_pictures(folder, small.NAME, made)
    store.keep_autograded(folder, small.NAME, "s1", made.notebook)
    assert store.results(folder, small.NAME) == {}  # the result itself comes last
    store.keep_result(folder, small.NAME, given, made)
    found = store.results(folder, small.NAME)["s1"]
    assert found == replace(made, pictures=found.pictures, notebook=found.notebook)
    assert found.notebook.is_file()
    picture = np.asarray(Image.open(found.pictures["drawing"]))
    assert np.array_equal(picture, made.pictures["drawing"])
    assert store.last(folder, small.NAME, "s1")["digest"] == "abc"
    assert store.last(folder, small.NAME, "s2")["digest"] == ""


def test_old_pictures_go(folder):
    store.keep_pictures(folder, small.NAME, result())
    store.keep_pictures(folder, small.NAME, replace(result(), pictures={}))
    assert not list((folder / "pictures").rglob("*.png"))


def test_work_is_the_student_s_own():
    one = small.submission("s1")
    assert store.work(one) == store.work(replace(one, notes=("Seen.",), name="Other"))
    assert store.work(one) != store.work(small.submission("s1", "half"))
    assert store.work(one) != store.work(replace(one, files={"a": b"1"}))


def test_a_write_that_fails_leaves_what_was_there(folder, monkeypatch):
    path = folder / "a.txt"
    place.write(path, "before")
    monkeypatch.setattr(os, "replace", lambda *args: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        place.write(path, "after")
    assert path.read_text() == "before"
    assert [p.name for p in folder.iterdir() if p.name.startswith(".new")] == []
