"""Hand-ins in the shapes that platforms and students give them; hostile ones: the next file."""

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_class import GOOD, answered, find, raw, released, tarred, written, zipped

from course_lib.staff import intake
from course_lib.staff.intake.people import read_people, safe_id


def taken(path, mapping=None, expected="boxes"):
    """Student -> hand-in, and that the order is that of the ids."""
    found = list(intake.collect(path, mapping, expected))
    ids = [handin.student for handin in found]
    assert len({name.casefold() for name in ids}) == len(ids)
    assert ids == sorted(ids, key=lambda name: (name.casefold(), name))
    return {handin.student: handin for handin in found}


def both(tmp_path, files, name="class"):
    """The same files as a folder and as a zip."""
    for inside, data in files.items():
        written(tmp_path / name / inside, data)
    yield tmp_path / name
    yield written(tmp_path / "zips" / f"{name}.zip", zipped(files))


def test_one_notebook(tmp_path):
    found = taken(written(tmp_path / "alice.ipynb", GOOD))
    assert found["alice"].notebook == GOOD and not found["alice"].fault


@pytest.mark.parametrize(
    "shape",
    [
        "{}.ipynb",
        "{}/boxes.ipynb",
        "{}/anything at all.IPYNB",
        "{}/boxes/boxes.ipynb",
        "submitted/{}/boxes/boxes.ipynb",
        "class/{}.ipynb",
        "class/submitted/{}/boxes/boxes.ipynb",
        "boxes/{}/boxes.ipynb",
        "weeks/week 3/{}/boxes.ipynb",
    ],
)
def test_folders_of_students(tmp_path, shape):
    files = {shape.format(name): GOOD for name in ("alice", "bob", "carol")}
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["alice", "bob", "carol"]
        assert all(handin.notebook == GOOD and not handin.notes for handin in found.values())


@pytest.mark.parametrize("shape", ["alice/boxes/boxes.ipynb", "submitted/alice/boxes/boxes.ipynb"])
def test_a_class_of_one(tmp_path, shape):
    for path in both(tmp_path, {shape: GOOD}):
        assert list(taken(path)) == ["alice"]


def test_a_student_of_her_own(tmp_path):
    for path in both(tmp_path, {"boxes.ipynb": GOOD, "photo.jpg": b"p"}, "alice"):
        found = taken(path)
        assert list(found) == ["alice"] and found["alice"].files == {"photo.jpg": b"p"}


def test_the_other_folders_of_nbgrader_are_left_alone(tmp_path):
    files = {"submitted/alice/boxes/boxes.ipynb": GOOD, "autograded/bob/boxes/boxes.ipynb": GOOD}
    files |= {"gradebook.db": b"db", "submitted/alice/line_art/line_art.ipynb": b"{}"}
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["alice"] and found["alice"].notebook == GOOD


def test_moodle_in_folders(tmp_path):
    files = {
        "Aiko Yamada_1234567_assignsubmission_file_/boxes.ipynb": GOOD,
        "Aiko Yamada_1234567_assignsubmission_file_/me and cat.jpg": b"jpg",
        "Aiko Yamada_1234567_assignsubmission_onlinetext_/onlinetext.html": b"<p>hi",
        "山田 太郎_1234568_assignsubmission_file_/boxes (1).ipynb": GOOD,
        "Only Text_1234569_assignsubmission_onlinetext_/onlinetext.html": b"<p>hi",
    }
    for path in both(tmp_path, files, "Course-boxes-99"):
        found = taken(path)
        assert list(found) == ["Aiko_Yamada", "Only_Text", "山田_太郎"]
        aiko = found["Aiko_Yamada"]
        assert (aiko.name, aiko.platform) == ("Aiko Yamada", "1234567")
        assert aiko.files == {"me and cat.jpg": b"jpg"} and "left aside" in aiko.notes[0]
        assert "no notebook" in found["Only_Text"].fault


def test_moodle_flat(tmp_path):
    files = {
        "Aiko Yamada_1234567_assignsubmission_file_boxes.ipynb": GOOD,
        "Aiko Yamada_1234567_assignsubmission_file_photo_1.jpg": b"jpg",
        "Anna-Lena O'Hara_7_assignsubmission_file_my_boxes.ipynb": GOOD,
    }
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["Aiko_Yamada", "Anna-Lena_O_Hara"]
        assert found["Aiko_Yamada"].files == {"photo_1.jpg": b"jpg"}


def test_moodle_blind(tmp_path):
    files = {f"Participant_{n}_assignsubmission_file_/b.ipynb": GOOD for n in (12, 34)}
    for path in both(tmp_path, files):
        assert list(taken(path)) == ["Participant_12", "Participant_34"]


WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade\r\n"
    'Participant 1234567,Aiko Yamada,aiko@u.example,"Submitted for grading",\r\n'
    "Participant 1234568,Aiko Yamada,aiko2@u.example,Submitted for grading,\r\n"
    "Participant 1234569,Bo Sun,bo@u.example,No submission,\r\n"
)


def test_moodles_worksheet_gives_addresses_and_the_absent(tmp_path):
    sheet = written(tmp_path / "Grades.csv", b"\xef\xbb\xbf" + WORKSHEET.encode())
    files = {f"Aiko Yamada_{n}_assignsubmission_file_/b.ipynb": GOOD for n in (1234567, 1234568)}
    for path in both(tmp_path, files):
        found = taken(path, sheet)
        assert list(found) == ["aiko2@u.example", "aiko@u.example", "bo@u.example"]
        assert found["aiko@u.example"].platform == "1234567"
        absent = found["bo@u.example"]
        assert (absent.name, absent.platform) == ("Bo Sun", "1234569")
        assert absent.fault == "Nothing was handed in." and not absent.notes


def test_a_worksheet_in_japanese_with_id_numbers(tmp_path):
    text = "ID;氏名;IDナンバー;メールアドレス\n参加者 11;山田 太郎;b-21;t@u.example\n"
    for coding in ("utf-8", "utf-8-sig", "utf-16", "cp932"):
        sheet = written(tmp_path / "sheet.csv", text.encode(coding))
        people = read_people(sheet).everyone
        assert [(p.student, p.name, p.platform) for p in people] == [("b-21", "山田 太郎", "11")]


def test_same_names_are_kept_apart(tmp_path):
    files = {f"Jo Li_{n}_assignsubmission_file_/b.ipynb": GOOD for n in (11, 12)}
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["Jo_Li-11", "Jo_Li-12"]
        assert all("2 hand-ins would be called" in h.notes[0] for h in found.values())


def test_ids_that_differ_in_case_or_composition_only(tmp_path):
    names = ["Alice", "alice", unicodedata.normalize("NFD", "Jürgen"), "Jürgen", "alice-1"]
    path = written(tmp_path / "c.zip", zipped({f"{n}/boxes.ipynb": GOOD for n in names}))
    assert len(taken(path)) == 5


def test_canvas(tmp_path):
    files = {
        "yamadaaiko_LATE_12345_678901_boxes.ipynb": GOOD,
        "yamadaaiko_LATE_12345_678902_cat.jpg": b"jpg",
        "o'haraanna_12346_678903_boxes-1.ipynb": GOOD,
    }
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["o_haraanna", "yamadaaiko"]
        assert found["yamadaaiko"].files == {"cat.jpg": b"jpg"}
    mapping = b"file,student\nyamadaaiko_LATE_12345_678901_boxes.ipynb,s9\n"
    for path in both(tmp_path, files):
        found = taken(path, written(tmp_path / "map.csv", mapping))
        assert list(found) == ["o_haraanna", "s9"]
        assert found["s9"].files == {"cat.jpg": b"jpg"} and found["s9"].platform == "12345"
    mixed = files | {"someone.ipynb": GOOD}
    for path in both(tmp_path, mixed, "mixed"):
        assert "yamadaaiko_LATE_12345_678901_boxes" in taken(path)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_mapping(tmp_path, coding, mark):
    lines = ["file,student,name", "x1.ipynb,s01,青木", "deep/x2.ipynb,s02,", "x3,s03,", "no,s04,"]
    text = "\r\n".join(lines).replace(",", mark)
    mapping = written(tmp_path / "map.csv", text.encode(coding))
    files = {"x1.ipynb": GOOD, "deep/x2.ipynb": GOOD, "x3.ipynb": GOOD, "x5.ipynb": GOOD}
    for path in both(tmp_path, files):
        found = taken(path, mapping)
        assert list(found) == ["s01", "s02", "s03", "s04", "x5"]
        assert found["s01"].name == "青木" and found["s04"].fault == "Nothing was handed in."
        assert "not on the list" in found["x5"].notes[0]


def test_a_mapping_that_is_none(tmp_path):
    for text in ("", "a,b\n1,2\n", "file,name\nx,y\n"):
        mapping = written(tmp_path / "map.csv", text.encode())
        with pytest.raises(ValueError, match="file,student"):
            taken(written(tmp_path / "a.ipynb", GOOD), mapping)


def test_a_mapping_that_is_not_there(tmp_path):
    for place in (tmp_path / "map.csv", tmp_path):
        with pytest.raises(FileNotFoundError, match="There is no list of students at "):
            taken(written(tmp_path / "a.ipynb", GOOD), place)


def test_two_listed_students_with_the_same_safe_id(tmp_path):
    mapping = written(tmp_path / "map.csv", b"file,student\na.ipynb,x/1\nb.ipynb,x:1\n")
    for path in both(tmp_path, {"a.ipynb": GOOD, "b.ipynb": GOOD}):
        assert list(taken(path, mapping)) == ["x_1-1", "x_1-2"]


def test_a_file_that_a_mapping_gives_to_two_is_nobodys(tmp_path):
    mapping = written(tmp_path / "map.csv", b"file,student\na.ipynb,s1\na.ipynb,s2\n")
    found = taken(written(tmp_path / "a.ipynb", GOOD), mapping)
    assert list(found) == ["a", "s1", "s2"] and "not on the list" in found["a"].notes[0]


def test_the_folder_of_the_assignment_comes_before_another(tmp_path):
    files = {"a/line_art/boxes (9).ipynb": GOOD + b" ", "a/boxes/boxes.ipynb": GOOD}
    for path in both(tmp_path, files | {"b/boxes/boxes.ipynb": GOOD}):
        assert taken(path)["a"].notebook == GOOD


def test_archives_of_students_in_the_archive_of_the_class(tmp_path):
    alice = zipped({"task/boxes.ipynb": GOOD, "task/cat.jpg": b"c", "__MACOSX/task/._x.ipynb": b""})
    files = {"alice.zip": alice, "bob/hand-in.tar.gz": tarred({"boxes.ipynb": GOOD})}
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["alice", "bob"]
        assert found["alice"].files == {"cat.jpg": b"c"} and found["bob"].notebook == GOOD
    inside = zipped({"all.zip": zipped(files)})
    assert list(taken(written(tmp_path / "outer.zip", inside))) == ["alice", "bob"]
    assert list(taken(written(tmp_path / "c.tgz", tarred(files)))) == ["alice", "bob"]
    assert list(taken(written(tmp_path / "c.tar", tarred(files, "w")))) == ["alice", "bob"]


def test_zip_names_of_every_system(tmp_path):
    names = {"山田": "cp932", "Jörg": "cp437", "Müller": "cp437", "佐藤": "utf-8"}
    coded = [name.encode(coding) for name, coding in names.items()]
    stand_ins = [bytes([65 + n]) * len(name) for n, name in enumerate(coded)]
    data = zipped({f"{name.decode()}/b.ipynb": GOOD for name in stand_ins})
    for stand_in, name in zip(stand_ins, coded, strict=True):
        data = data.replace(stand_in + b"/b", name + b"/b")
    assert list(taken(written(tmp_path / "c.zip", data))) == sorted(names, key=str.casefold)


def test_backslashes_are_folders(tmp_path):
    data = zipped({"alice\\boxes.ipynb": GOOD, "bob\\boxes.ipynb": GOOD})
    assert list(taken(written(tmp_path / "c.zip", data))) == ["alice", "bob"]


def test_what_systems_leave_is_no_hand_in(tmp_path):
    files = {
        "alice/boxes.ipynb": GOOD,
        "alice/.ipynb_checkpoints/boxes-checkpoint.ipynb": b"{}",
        "alice/boxes-checkpoint.ipynb": b"{}",
        "alice/.DS_Store": b"",
        "bob/boxes.ipynb.txt": GOOD,
        "bob/Thumbs.db": b"",
        "__MACOSX/alice/._boxes.ipynb": b"",
        ".git/config": b"",
        "marks.xlsx": b"",
    }
    for path in both(tmp_path, files):
        found = taken(path)
        assert list(found) == ["alice", "bob"]
        assert not any(h.notes or h.files or h.fault for h in found.values())


def test_a_student_without_a_notebook_is_not_lost(tmp_path):
    files = {"alice/boxes.ipynb": GOOD, "bob/boxes.pdf": b"%PDF", "carol/b.rar": b"Rar!"}
    for path in both(tmp_path, files):
        found = taken(path)
        assert "only “boxes.pdf”" in found["bob"].fault and "zip instead" in found["carol"].fault
    (tmp_path / "class" / "dora").mkdir()
    assert "no notebook" in taken(tmp_path / "class")["dora"].fault


def test_of_several_notebooks_the_one_that_fits(tmp_path):
    other = raw({"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    files = {"alice/boxes (2).ipynb": other, "alice/final.ipynb": GOOD, "alice/boxes.ipynb": b"no"}
    for path in both(tmp_path, files):
        found = taken(path)["alice"]
        assert found.notebook == GOOD
        assert found.notes == ("There were 3 notebooks; “final.ipynb” counts.",)


def test_of_equal_notebooks_the_newest_name(tmp_path):
    files = {
        f"a/boxes{mark}.ipynb": GOOD + b" " * n for n, mark in enumerate(["", " (2)", " (10)"])
    }
    for path in both(tmp_path, files):
        assert taken(path)["a"].notebook == GOOD + b"  "


def test_an_untouched_notebook_does_not_win(tmp_path):
    files = {"a/boxes.ipynb": raw(released()), "a/my own.ipynb": raw(answered(why="*Your answer*"))}
    for path in both(tmp_path, files):
        (found,) = intake.submissions(path, released(), expected="boxes")
        assert find(found.notebook, "iou")["source"] == find(answered(), "iou")["source"]


def test_files_come_by_plain_name(tmp_path):
    files = {"a/w/boxes.ipynb": GOOD, "a/w/x.jpg": b"near", "a/x.jpg": b"far", "a/d/写真.png": b"p"}
    for path in both(tmp_path, files | {"b/boxes.ipynb": GOOD}):
        found = taken(path)["a"]
        assert found.files == {"x.jpg": b"near", "写真.png": b"p"}
        assert "left out" in found.notes[0]


def test_a_whole_copy_of_the_course(tmp_path):
    files = {"course/assignments/boxes/boxes.ipynb": GOOD, "course/plot.py": b"1"}
    files |= {f"course/notebooks/{n}.ipynb": b"{}" for n in range(30)}
    files |= {"course/assignments/boxes/mine.py": b"2", "course/cat.jpg": b"3"}
    for path in both(tmp_path, {"a.zip": zipped(files), "b.zip": zipped(files)}):
        found = taken(path)["a"]
        assert found.notebook == GOOD and found.files == {"mine.py": b"2", "cat.jpg": b"3"}


@pytest.mark.parametrize("shape", ["{}_boxes", "{} - Boxes", "boxes-{}"])
def test_flat_names_that_hold_the_title(tmp_path, shape):
    files = {shape.format(name) + ".ipynb": GOOD for name in ("anna", "b20231234")}
    for path in both(tmp_path, files):
        assert list(taken(path)) == ["anna", "b20231234"]


def test_downloads_that_hold_the_title_only(tmp_path):
    files = {f"boxes{mark}.ipynb": GOOD for mark in ("", " (1)", " (2)")}
    for path in both(tmp_path, files):
        assert list(taken(path)) == ["boxes", "boxes_1", "boxes_2"]


@pytest.mark.parametrize("mark", ["", "mapped"])
def test_one_archive_of_one_student(tmp_path, mark):
    name = "Aiko Yamada_1234567_assignsubmission_file_work.zip"
    sheet = written(tmp_path / "map.csv", WORKSHEET.encode()) if mark else None
    for path in both(tmp_path, {name: zipped({"w/boxes.ipynb": GOOD})}):
        found = {s: h for s, h in taken(path, sheet).items() if not h.fault}
        assert list(found) == ["aiko@u.example" if mark else "Aiko_Yamada"]
        assert [h.platform for h in found.values()] == ["1234567"]
    for path in both(tmp_path, {"bob.zip": zipped({"boxes.ipynb": GOOD})}, "other"):
        assert list(taken(path)) == ["bob"]


def test_loose_photos_of_a_flat_folder(tmp_path):
    files = {"ann.ipynb": GOOD, "anna.ipynb": GOOD, "anna.jpg": b"2", "ann-cat.jpg": b"1", "z": b""}
    for path in both(tmp_path, files):
        found = taken(path)
        assert found["ann"].files == {"ann-cat.jpg": b"1"}
        assert found["anna"].files == {"anna.jpg": b"2"}


def test_submissions_are_lazy_and_whole(tmp_path):
    files = {f"s{n:03d}/boxes.ipynb": GOOD for n in range(30)} | {"s007/boxes.ipynb": b"{"}
    found = intake.submissions(
        written(tmp_path / "c.zip", zipped(files)), released(), None, "boxes"
    )
    first = next(found)
    assert first.student == "s000" and not first.fault
    rest = list(found)
    assert len(rest) == 29 and [s.student for s in rest if s.fault] == ["s007"]


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        taken(tmp_path / "none.zip")
    for path in (tmp_path, written(tmp_path / "empty.zip", zipped({}))):
        if path.is_dir():
            with pytest.raises(ValueError, match="no hand-in"):
                taken(path)
    with pytest.raises(ValueError, match="broken or no archive"):
        taken(written(tmp_path / "x.pdf", b"%PDF"))


def test_intake_is_quick_to_import():
    heavy = ("nbformat", "numpy", "nbgrader")
    script = f"import sys, course_lib.staff.intake; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_ids_are_safe(text):
    found = safe_id(text)
    assert 1 <= len(found) <= 64 and len(found.encode()) <= 255
    assert all(c.isalnum() or c in "._-@" or unicodedata.category(c)[0] in "MN" for c in found)
    assert found[0] not in "._-@" and found[-1] not in "._- "
    assert found == safe_id(found)
    assert not Path(found).is_absolute() and Path(found).name == found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("-rf", "rf"),
        ("CON", "student_CON"),
        ("nul.txt", "student_nul.txt"),
        ("", "student"),
        ("a@b.example", "a@b.example"),
        ("C:\\x", "C_x"),
        ("が", "が"),
    ],
)
def test_ids(text, wanted):
    assert safe_id(unicodedata.normalize("NFD", text)) == wanted
