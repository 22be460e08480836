"""The gallery without a browser: codes, pictures, the page's source, and marks that come back."""

import dataclasses
import json
import re
import shutil

import gallery_class
import numpy as np
import pytest
from gallery_class import CELL, NAME, STUDENTS
from PIL import Image

from course_lib.staff import sources
from course_lib.staff.gallery import blind, entries, marks, page, rubric
from course_lib.staff.grading import book, store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small class, made once: a new gradebook takes seconds."""
    return gallery_class.make(tmp_path_factory.mktemp("made") / "class")


@pytest.fixture
def group(made, tmp_path, monkeypatch):
    """The folder of a small class whose assignment is released."""
    monkeypatch.setattr(sources, "released", lambda name, root=None: gallery_class.notebook())
    return shutil.copytree(made, tmp_path / "class")


def written(folder, **options):
    return page.write(NAME, folder=folder, **options).read_text(encoding="utf-8")


def codes(folder):
    """Student -> code."""
    return {who: code for code, who in blind.load(folder, NAME).codes.items()}


def stamp(folder, student):
    path = folder / "pictures" / NAME / student / "drawing.png"
    return blind.load(folder, NAME).stamp(path if path.exists() else None)


def best(**changes):
    """A mark with all points."""
    points = {line["name"]: line["points"] for line in gallery_class.RUBRIC} | changes
    return {name: value for name, value in points.items() if value is not None}


def saved(folder, given, **changes):
    """A file as the page saves it: student -> (points, comment)."""
    code = codes(folder)
    plain = {
        code[who]: {"points": points, "comment": words, "drawing": stamp(folder, who)}
        for who, (points, words) in given.items()
    }
    data = {"format": 1, "assignment": NAME, "class": blind.load(folder, NAME).digest}
    path = folder / "marks.json"
    path.write_text(json.dumps(data | {"marks": plain} | changes))
    return path


def taken(folder):
    """Student -> (points, comment) in the gradebook."""
    with book.open_book(folder) as opened:
        lines = book.marks(opened, NAME)
    return {
        line["student"]: (line["points"][CELL], line["comments"].get(CELL, ""))
        for line in lines
        if line["by_hand"][CELL]
    }


# --- codes ---


def test_codes_stay_when_students_join_and_differ_between_classes():
    first = blind.extend(None, ["a", "b", "c"])
    later = blind.extend(first, ["c", "d", "a", "b", "e"])
    assert first.codes.items() <= later.codes.items()
    assert sorted(later.codes.values()) == list("abcde")
    assert later.seed == first.seed and later.digest == first.digest
    other = blind.extend(None, ["a", "b", "c"])
    assert other.digest != first.digest and other.codes != first.codes


def test_order_follows_from_the_seed_and_not_from_the_ids():
    students = [f"s{number:04}" for number in range(300)]
    key = blind.extend(blind.Key("0" * 32, {}), students)
    assert key == blind.extend(blind.Key("0" * 32, {}), reversed(students))
    assert len(key.codes) == 300 and all(re.fullmatch(r"\d{3}", code) for code in key.codes)
    place = [students.index(key.codes[code]) for code in sorted(key.codes)]
    assert abs(np.corrcoef(place, range(300))[0, 1]) < 0.2
    assert len(blind.extend(key, [f"t{number}" for number in range(1000)]).codes) == 1300


def test_a_broken_key_is_not_replaced_by_another(group):
    page.write(NAME, folder=group)
    blind.path(group, NAME).write_text('{"codes": [')
    with pytest.raises(ValueError, match="Bring it back from a copy"):
        page.write(NAME, folder=group)


# --- pictures ---


def test_a_copied_picture_holds_nothing_but_its_pixels(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x013B] = "Akiko Tanaka"  # the tag of the artist
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif, pnginfo=None)
    assert b"Tanaka" in (tmp_path / "a.png").read_bytes()
    assert entries.copy_picture(tmp_path / "a.png", tmp_path / "b.png") == (60, 40)
    copy = Image.open(tmp_path / "b.png")
    np.testing.assert_array_equal(np.asarray(copy), pixels)
    assert not copy.getexif() and not copy.info
    assert entries.copy_picture(tmp_path / "a.png", tmp_path / "c.jpg") == (60, 40)
    assert b"Tanaka" not in (tmp_path / "c.jpg").read_bytes()


def test_pictures_that_are_none_are_left_out(tmp_path):
    (tmp_path / "a.png").write_bytes(b"<script>")
    assert entries.copy_picture(tmp_path / "a.png", tmp_path / "b.png") is None
    assert not (tmp_path / "b.png").exists()


def test_a_large_picture_is_made_smaller(tmp_path):
    Image.new("L", (4000, 2000), 255).save(tmp_path / "a.png")
    assert entries.copy_picture(tmp_path / "a.png", tmp_path / "b.png") == (1600, 800)


# --- the page ---


def test_a_blind_page_tells_no_student(group):
    text = written(group)
    for who, name in STUDENTS.items():
        assert who not in text and name not in text
        assert not any(word in text for word in re.findall(r"[A-Z]\w{4,}", name))
    assert "ipynb" not in text  # notes may name a file
    shared = [path.name for path in (group / "gallery" / NAME).rglob("*")]
    assert not [name for name in shared if any(who in name for who in STUDENTS)]
    assert NAME + "_key.json" not in shared and "pictures" in shared
    assert set(blind.load(group, NAME).codes.values()) == set(STUDENTS)


def test_a_page_with_names_escapes_them(group):
    text = written(group, names=True)
    assert "s1001 Akiko Tanaka" in text and "Zoë O&#x27;Neil" in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text and "<img src=x" not in text
    assert text.count("</script>") == 2 and "&lt;b&gt;x&lt;/b&gt;.ipynb" in text


def test_words_are_shown_without_the_own_name(group):
    blind_page, code = written(group), codes(group)
    shown = {part[11:14]: part for part in blind_page.split("<article ")[1:]}
    assert "By &lt;i&gt;…&lt;/i&gt;, … and Bo." in shown[code["s1001"]]
    assert "By &lt;i&gt;AKIKO&lt;/i&gt;, … and Bo." in shown[code["s1003"]]
    assert written(group, names=True).count("By &lt;i&gt;AKIKO&lt;/i&gt;, s1003 and Bo.") == 5
    path = group / "autograded/s1001" / NAME / f"{NAME}.ipynb"
    for text in ("[", '{"cells": [{"metadata": 1}]}', json.dumps(gallery_class.answered(""))):
        path.write_text(text)
        assert written(group).count('class="words"') == 4


def test_a_page_asks_no_other_place_for_anything(group):
    text = written(group)
    assert "default-src 'none'" in text and "unsafe" not in text and "://" not in text
    assert set(re.findall(r'src="([^"]+)"', text)) == {
        f"pictures/{path.name}" for path in (group / "gallery" / NAME / "pictures").iterdir()
    }


def test_a_page_is_the_same_when_written_again(group):
    assert written(group) == written(group)


def test_a_student_without_drawing_has_the_reason_in_its_place(group):
    text = written(group)
    parts = [part.partition("</article>")[0] for part in text.split("<article ")[1:]]
    parts = {part[11:14]: part for part in parts}
    code = codes(group)
    assert "The notebook ran, but left no drawing that can be shown." in parts[code["s1004"]]
    assert "There was no notebook that can be read." in parts[code["s1005"]]
    assert "data-waits" in parts[code["s1004"]] and "data-waits" not in parts[code["s1005"]]
    assert "reason" not in parts[code["s1001"]] and parts[code["s1001"]].count("<img") == 2


def test_a_broken_file_is_a_reason_too(group):
    (group / "pictures" / NAME / "s1001/drawing.png").write_bytes(b"no picture")
    assert "The drawing&#x27;s file cannot be read." in written(group)


def test_what_is_missing_is_said(group, tmp_path):
    with pytest.raises(OSError, match="is no class"):
        page.write(NAME, folder=tmp_path / "nowhere")
    shutil.rmtree(group / "results")
    with pytest.raises(ValueError, match="Nothing of sketch is graded"):
        page.write(NAME, folder=group)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rubric": ()}, "has no rubric"),
        ({"pictures": ()}, "keeps no drawing"),
        ({"rubric": gallery_class.RUBRIC[:2]}, "gives 10 points"),
        ({"rubric": gallery_class.RUBRIC * 2}, "two criteria of the same name"),
        ({"rubric": ({"name": "x", "points": 20, "levels": ()},)}, "not well formed"),
        ({"rubric": ({"name": "x", "points": 20},)}, "not well formed"),
        ({"rubric": ({"name": "x", "points": True, "levels": ()},)}, "no number of points"),
    ],
)
def test_a_rubric_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        rubric.read(gallery_class.notebook(**change), NAME)


# --- marks ---


def test_marks_reach_the_gradebook(group):
    page.write(NAME, folder=group)
    given = {
        "s1001": (best(), "A joy to look at."),
        "s1002": (best(Likeness=3, Care=0), ""),
        "s1003": (best(Lines=None), "not done yet"),
    }
    text = marks.command(NAME, saved(group, given), folder=group)
    found = taken(group)
    assert {who: points for who, (points, _) in found.items()} == {"s1001": 20, "s1002": 13}
    assert found["s1001"][1].splitlines() == [
        "- Lines, 6 of 6: whole, and of even strength",
        "- Noise & <dust>, 4 of 4: clean paper",
        "- Likeness, 6 of 6: a stranger would find the photo among others",
        "- Care, 4 of 4: each choice fits the photo",
        "",
        "A joy to look at.",
    ]
    code = codes(group)
    still = ", ".join(sorted([code["s1003"], code["s1004"]]))
    assert text.splitlines()[0] == f"Took the marks of 2 drawings; 2 open: {still}."


def test_the_same_import_twice_changes_nothing(group):
    page.write(NAME, folder=group)
    path = saved(group, {"s1001": (best(), "Good.")})
    said = marks.command(NAME, path, folder=group)
    with book.open_book(group) as opened:
        before = book.marks(opened, NAME)
    assert marks.command(NAME, path, folder=group) == said
    with book.open_book(group) as opened:
        assert book.marks(opened, NAME) == before


def test_a_mark_of_a_drawing_that_changed_is_not_taken(group):
    page.write(NAME, folder=group)
    path = saved(group, {"s1001": (best(), ""), "s1002": (best(), "")})
    gallery_class.keep(group, gallery_class.result("s1001", 77))
    text = marks.command(NAME, path, folder=group)
    assert set(taken(group)) == {"s1002"}
    assert f"Drawn anew since they were marked, so not taken: {codes(group)['s1001']}." in text


HALF = json.dumps({"format": 1, "assignment": NAME})[:-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no file of marks"),
        ("{", "is no file of marks"),
        ("[" * 100_000, "is no file of marks"),
        ("\x00\xff", "is no file of marks"),
        ('{"format": NaN}', "NaN is no number"),
        ("[]", "of this version"),
        ('{"format": 2}', "of this version"),
        ('{"format": 1, "assignment": "boxes"}', "holds marks of 'boxes'"),
        (HALF + "}", "of another class"),
        (HALF + ', "class": "0123456789abcdef", "marks": {}}', "of another class"),
    ],
)
def test_a_file_that_holds_no_marks_is_refused(group, text, message):
    page.write(NAME, folder=group)
    path = group / "marks.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=message):
        marks.command(NAME, path, folder=group)
    with pytest.raises(FileNotFoundError):
        marks.command(NAME, group / "none.json", folder=group)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (best(Lines=5), "'Lines' cannot give 5 points, only 0, 2, 4, 6"),
        (best(Lines=-2), "cannot give -2"),
        (best(Lines=float("nan")), "NaN is no number"),
        (best(Lines=1e400), "Infinity is no number"),
        (best(Lines=True), "True for 'Lines' is no number"),
        (best(Lines="6"), "is no number"),
        (best(Lines=[6]), "is no number"),
        (best(Beauty=6), "'Beauty' is not in the rubric"),
        (None, "is broken"),
        ([6, 4, 6, 4], "is broken"),
    ],
)
def test_a_mark_that_the_page_cannot_give_is_refused_with_all_others(group, points, message):
    page.write(NAME, folder=group)
    path = saved(group, {"s1001": (best(), "fine"), "s1002": (points, "")})
    with pytest.raises(ValueError, match=re.escape(message)):
        marks.command(NAME, path, folder=group)
    assert taken(group) == {}


@pytest.mark.parametrize("code", ["", "000x", "../x", "s1001"])
def test_a_code_of_nobody_is_refused_with_all_others(group, code):
    page.write(NAME, folder=group)
    path = saved(group, {"s1001": (best(), "")})
    data = json.loads(path.read_text())
    data["marks"][code] = {"points": best(), "comment": "", "drawing": ""}
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match="There is no drawing"):
        marks.command(NAME, path, folder=group)
    assert taken(group) == {}


def test_marks_of_another_class_are_refused(group, tmp_path):
    page.write(NAME, folder=group)
    other = shutil.copytree(group, tmp_path / "other")
    blind.path(other, NAME).unlink()
    page.write(NAME, folder=other)
    with pytest.raises(ValueError, match="another class"):
        marks.command(NAME, saved(other, {"s1001": (best(), "")}), folder=group)
    with pytest.raises(ValueError, match="broken, or too long"):
        marks.command(NAME, saved(group, {"s1001": (best(), "x" * 6000)}), folder=group)
    assert taken(group) == {}


def test_marks_need_a_page_first(group):
    with pytest.raises(ValueError, match="course gallery sketch"):
        marks.command(NAME, group / "marks.json", folder=group)


def test_the_command_says_what_to_do_next(group, capsys):
    page.command(NAME, folder=group)
    told = capsys.readouterr().out
    assert "--import sketch_marks.json" in told and "sketch_key.json" in told
    page.command(NAME, folder=group, marks=saved(group, {"s1001": (best(), "")}))
    assert "Took the marks of 1 drawing; 3 open" in capsys.readouterr().out


def test_records_fit(group):
    """What the gallery reads is what grading writes."""
    found = store.results(group, NAME)
    assert {field.name for field in dataclasses.fields(found["s1001"])} >= {"pictures", "notes"}
    assert found["s1001"].pictures["drawing"].is_file()
