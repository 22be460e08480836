"""Locked cells are the release's, answers are the student's, and the notes say what was mended."""

import copy
import json
import random
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_class import ANSWERS, answered, cell, find, marks, raw, released, stub

from course_lib.staff import intake

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = sorted((ROOT / "assignments").glob("*/*.ipynb"))


def restored(notebook, release=None):
    """The submission of a notebook, checked for what always holds."""
    release = release or released()
    data = notebook if isinstance(notebook, bytes) else raw(notebook)
    found = intake.restore(intake.HandIn("alice", data, {"a.jpg": b"1"}, ("before",)), release)
    assert found.fault == "" and found.files == {"a.jpg": b"1"} and found.notes[0] == "before"
    check(found.notebook, release)
    return found


def held(notebook):
    """The cells that nbgrader holds."""
    return [made for made in notebook["cells"] if made["metadata"].get("nbgrader")]


def check(notebook, release):
    """Valid, without outputs, locked cells the release's, in order, each held cell once."""
    nbformat.validate(nbformat.from_dict(notebook), relax_add_props=False)
    ids = [made["id"] for made in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert not any(made.get("outputs") for made in notebook["cells"])
    ours, theirs = held(notebook), held(release)
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine["metadata"] == wanted["metadata"]
        assert (mine["id"], mine["cell_type"]) == (wanted["id"], wanted["cell_type"])
        if not wanted["metadata"]["nbgrader"]["solution"]:
            assert mine["source"] == "".join(wanted["source"])
    assert notebook["metadata"] == release["metadata"]


def sources(found):
    return [made["source"] for made in found.notebook["cells"]]


def source(found, name):
    return find(found.notebook, name)["source"]


def assert_answered(found, **others):
    for name, wanted in (ANSWERS | others).items():
        assert source(found, name) == wanted


def without(notebook, *gone):
    notebook["cells"] = [made for made in notebook["cells"] if made["id"] not in gone]
    return notebook


def place(notebook, name):
    return [made["id"] for made in notebook["cells"]].index(name)


def test_an_honest_notebook_is_as_it_was():
    notebook = answered()
    find(notebook, "iou")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "10/10"}
    ]
    found = restored(notebook)
    assert found.notes == ("before",)
    assert (
        sources(found)
        == sources(restored(answered()))
        == [m["source"] for m in answered()["cells"]]
    )


def test_edited():
    notebook = answered()
    find(notebook, "iou-easy")["source"] = "pass"
    found = restored(notebook)
    assert_answered(found)
    assert found.notes[1:] == ("Cell iou-easy is locked and was edited; it is as released.",)


def test_edited_blanks_and_windows_line_ends_are_no_edit():
    notebook = answered(iou="def iou(x):\r\n    return x + 1")
    find(notebook, "iou-easy")["source"] += "  \r\n"
    assert restored(notebook).notes == ("before",)
    assert_answered(restored(notebook))


def test_deleted():
    found = restored(without(answered(), "iou-easy", "nms", "last"))
    assert_answered(found, nms=stub("nms"))
    assert found.notes[1:] == (
        "Cell iou-easy was deleted; it is back as released.",
        "Cell nms, for an answer, was deleted; it is back, empty.",
        "Cell last was deleted; it is back as released.",
    )


def test_what_nobody_holds_may_be_edited_and_deleted():
    assert all("imgfile" not in text for text in sources(restored(without(answered(), "free"))))
    notebook = answered(free='imgfile = "me.jpg"')
    assert 'imgfile = "me.jpg"' in sources(restored(notebook))
    assert restored(notebook).notes == ("before",)


def test_moved():
    notebook = answered()
    cells = notebook["cells"]
    cells.insert(0, cells.pop(place(notebook, "nms-easy")))
    found = restored(notebook)
    assert_answered(found)
    assert found.notes[1:] == ("Cell nms-easy was moved; it is back in its place.",)


def test_own_cells_stay_beside_their_neighbours_when_another_cell_moves():
    notebook = answered()
    cells = notebook["cells"]
    cells.insert(place(notebook, "nms"), cell("code", "mine", "helper = 3"))
    cells.insert(0, cells.pop(place(notebook, "nms-easy")))
    found = restored(notebook).notebook
    assert place(found, "mine") == place(found, "nms") - 1
    assert find(found, "mine")["metadata"] == {}


def test_an_own_cell_behind_a_moved_one_stays_with_those_that_did_not_move():
    notebook = answered()
    cells = notebook["cells"]
    moved = cells.pop(place(notebook, "nms-easy"))
    at = place(notebook, "iou-easy")
    cells[at:at] = [moved, cell("code", "mine", "helper = 3")]
    found = restored(notebook).notebook
    assert place(found, "iou") + 1 == place(found, "mine") == place(found, "iou-easy") - 1


@pytest.mark.parametrize("stub_first", [True, False])
def test_doubled_answers_the_last_that_was_filled_in_counts(stub_first):
    notebook = answered()
    twin = copy.deepcopy(find(notebook, "iou")) | {"id": "twin", "source": stub("iou")}
    notebook["cells"].insert(place(notebook, "iou") + (0 if stub_first else 1), twin)
    found = restored(notebook)
    assert_answered(found)
    assert stub("iou") not in sources(found)
    want = "Cell iou was there 2 times; the last one with an answer counts."
    assert found.notes[1:] == (want,)


def test_of_two_answers_the_last_counts_and_the_other_stays_as_a_plain_cell():
    notebook = answered()
    twin = copy.deepcopy(find(notebook, "iou")) | {"id": "twin", "source": "def iou(x): return 7"}
    notebook["cells"].insert(place(notebook, "iou") + 1, twin)
    found = restored(notebook)
    assert source(found, "iou") == "def iou(x): return 7"
    before = place(found.notebook, "iou") - 1
    assert sources(found)[before] == ANSWERS["iou"]


def test_an_answer_split_in_two_loses_nothing():
    notebook = answered()
    upper = copy.deepcopy(find(notebook, "iou")) | {"id": "upper", "source": "import math"}
    notebook["cells"].insert(place(notebook, "iou"), upper)
    found = restored(notebook)
    assert_answered(found)
    assert sources(found)[place(found.notebook, "iou") - 1] == "import math"


def test_doubled_locked_cells():
    notebook = answered()
    same, other = (copy.deepcopy(find(notebook, "iou-easy")) for _ in range(2))
    other["source"] = "print(iou(5))"
    notebook["cells"][3:3] = [other, same]
    found = restored(notebook)
    assert found.notes[1:] == (
        "Cell iou-easy was there 3 times; one is kept.",
        "Several cells had the same id; the student's own got new ones.",
    )
    assert sources(found).count("assert iou(1) == 2") == 1 and "print(iou(5))" in sources(found)


def test_retyped():
    notebook = answered()
    for name in ("iou", "iou-easy"):
        made = find(notebook, name)
        made["cell_type"] = "markdown"
        del made["outputs"], made["execution_count"]
    find(notebook, "why")["cell_type"] = "code"
    found = restored(notebook)
    assert_answered(found)
    assert found.notes[1:] == (
        "Cell iou was turned from code into markdown; it is code.",
        "Cell iou-easy was turned from code into markdown; it is code.",
        "Cell why was turned from markdown into code; it is markdown.",
    )


@pytest.mark.parametrize(
    "change", [{"points": 100}, {"locked": False}, {"grade": False}, {"solution": True}]
)
def test_changed_marks(change):
    notebook = answered()
    find(notebook, "iou-easy")["metadata"]["nbgrader"].update(change)
    found = restored(notebook)
    assert_answered(found)
    want = "Cell iou-easy had other points or locks than released; they are as released."
    assert found.notes[1:] == (want,)


def test_one_cell_lost_its_marks_or_changed_its_name():
    notebook = answered()
    find(notebook, "iou")["metadata"] = {}
    find(notebook, "nms")["metadata"]["nbgrader"]["grade_id"] = "bonus"
    found = restored(notebook)
    assert_answered(found)
    assert found.notes[1:] == (
        "Cell iou had lost nbgrader's marks; it was found by its id.",
        "Cell nms had lost nbgrader's marks; it was found by its id.",
    )


def stripped(notebook, ids=True):
    for number, made in enumerate(notebook["cells"]):
        made["metadata"] = {}
        if ids:
            made["id"] = f"new-{number}"
    return notebook


def test_all_marks_lost():
    found = restored(stripped(answered(), ids=False))
    assert_answered(found)
    want = "The notebook had lost nbgrader's marks; its cells were found by their id."
    assert found.notes[1:] == (want,)


def test_all_marks_and_ids_lost():
    notebook = answered()
    notebook["cells"].insert(4, cell("code", "own", "x = iou(3)"))
    found = restored(stripped(notebook))
    assert_answered(found)
    want = "their function, place, text."
    assert len(found.notes) == 2 and found.notes[1].endswith(want)
    assert sources(found) == [made["source"] for made in notebook["cells"]]


def test_all_marks_lost_and_nothing_done():
    found = restored(stripped(released()))
    assert sources(found) == [made["source"] for made in released()["cells"]]
    assert len(found.notes) == 2


def test_a_deleted_answer_that_was_written_anew():
    notebook = without(answered(), "iou")
    notebook["cells"].append(cell("code", "late", "import math\n" + ANSWERS["iou"]))
    found = restored(notebook)
    assert_answered(found, iou="import math\n" + ANSWERS["iou"])
    assert "found by its function" in found.notes[1]


def test_a_deleted_answer_inside_another_is_not_undone_by_the_stub():
    notebook = without(answered(iou=ANSWERS["iou"] + "\n\n" + ANSWERS["nms"]), "nms")
    found = restored(notebook)
    assert source(found, "nms") == "# nms is defined in another cell."
    assert found.notes[1:] == ("Cell nms was deleted; nms is taken from another cell.",)


def test_a_deleted_answer_inside_a_locked_cell_is_lost_and_said():
    notebook = without(answered(), "nms")
    find(notebook, "nms-easy")["source"] = ANSWERS["nms"]
    found = restored(notebook)
    assert source(found, "nms") == stub("nms") and len(found.notes) == 3


def test_forged_marks():
    notebook = answered()
    forged = cell("code", "f", "assert True", marks("bonus", grade=True, locked=True, points=99))
    notebook["cells"].append(forged)
    found = restored(notebook)
    assert found.notebook["cells"][-1]["metadata"] == {}
    assert found.notes[1:] == (
        "A cell of the student's own carried nbgrader's marks (“bonus”); now it is plain.",
    )


def test_a_later_cell_that_defines_the_function_again_stays():
    notebook = answered()
    notebook["cells"].append(cell("code", "again", "def iou(x):\n    return 3"))
    found = restored(notebook)
    assert found.notebook["cells"][-1]["source"] == "def iou(x):\n    return 3"
    assert_answered(found)


def test_double_and_odd_ids():
    notebook = answered()
    for name in ("iou", "iou", "a b/../c", 7, None, "x" * 80):
        notebook["cells"].append(cell("code", name, "1"))
    found = restored(notebook)
    assert sources(found).count("1") == 6
    assert "Several cells had the same id" in found.notes[-1]


def test_pictures_pasted_into_an_answer():
    notebook = answered(why="![x](attachment:x.png)")
    good = {"image/png": "aGVsbG8="}
    find(notebook, "why")["attachments"] = {
        "x.png": good,
        "y.svg": {"image/svg+xml": "<script>"},
        "z.png": {"image/png": "<script>"},
        "w": 7,
    }
    assert find(restored(notebook).notebook, "why")["attachments"] == {"x.png": good}


def test_another_notebook():
    notebook = {"cells": [cell("code", "a", "1 + 1")], "metadata": {}, "nbformat": 4}
    found = restored(notebook | {"nbformat_minor": 5})
    assert found.notes[1] == "It holds no cell of this assignment; is it another notebook?"
    assert source(found, "iou") == stub("iou")


def test_empty_notebook():
    found = restored({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert len(held(found.notebook)) == 9


def test_a_fault_stays_one():
    found = intake.restore(intake.HandIn("a", None, {}, ("n",), "why", "A", "7"), released())
    assert (found.notebook, found.fault, found.notes, found.name) == (None, "why", ("n",), "A")


def test_an_older_release_without_ids():
    release = released()
    for made in release["cells"]:
        del made["id"]
    release["nbformat_minor"] = 4
    notebook = copy.deepcopy(release)
    notebook["cells"][3]["source"] = ANSWERS["iou"]
    found = intake.restore(intake.HandIn("a", raw(notebook)), release)
    nbformat.validate(nbformat.from_dict(found.notebook))
    assert ANSWERS["iou"] in sources(found) and found.notes == ()


# --- whatever a student does ---


def vandalise(notebook, seed):
    """Do up to twelve random things to a notebook's cells."""
    rng = random.Random(seed)
    cells = notebook["cells"]
    for _ in range(rng.randrange(13)):
        if cells:
            rng.choice(DEEDS)(cells, rng, rng.randrange(len(cells)))
    return notebook


def swap_marks(cells, rng, i):
    j = rng.randrange(len(cells))
    one, other = cells[i].get("metadata"), cells[j].get("metadata")
    cells[i]["metadata"], cells[j]["metadata"] = other, one


def own_cell(cells, rng, i):
    text = rng.choice(["x = 1", stub("iou"), ANSWERS["nms"], "", "assert iou(1) == 2"])
    name = rng.choice(["iou", "own-0", "mine", ""])
    kind = rng.choice(["code", "markdown", "raw"])
    cells.insert(i, cell(kind, name, text, rng.choice([{}, marks("iou"), marks("x", grade=True)])))


DEEDS = (
    lambda cells, rng, i: cells.pop(i),
    lambda cells, rng, i: cells.insert(rng.randrange(len(cells)), cells.pop(i)),
    lambda cells, rng, i: cells.insert(rng.randrange(len(cells)), copy.deepcopy(cells[i])),
    lambda cells, rng, i: cells[i].update(source=rng.choice(["", "pass", ANSWERS["iou"], "é\n"])),
    lambda cells, rng, i: cells[i].update(cell_type=rng.choice(["code", "markdown", "raw"])),
    lambda cells, rng, i: cells[i].update(metadata=rng.choice([{}, marks("nms"), marks("y")])),
    lambda cells, rng, i: cells[i].update(id=rng.choice(["iou", "new", "!", ""])),
    lambda cells, rng, i: rng.shuffle(cells),
    swap_marks,
    own_cell,
    own_cell,
)


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=600, deadline=None)
def test_whatever_was_done_locked_cells_are_the_releases(seed, lost):
    notebook = answered()
    if lost:
        stripped(notebook, ids=seed % 2 == 0)
    done = vandalise(notebook, seed)
    kept = {made["source"] for made in done["cells"]}
    found = restored(done)
    allowed = kept | {made["source"] for made in released()["cells"]}
    assert all(text in allowed or "is defined in another cell" in text for text in sources(found))
    # Once mended, there is nothing left to mend.
    again = restored(found.notebook)
    assert again.notebook["cells"] == found.notebook["cells"]


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_answers_survive_whatever_is_done_to_other_cells(seed):
    """Moving, doubling, deleting and editing locked and own cells costs no answer."""
    rng = random.Random(seed)
    notebook = answered()
    cells = notebook["cells"]
    for _ in range(rng.randrange(8)):
        i = rng.randrange(len(cells))
        deed = rng.randrange(4)
        if deed == 0:
            cells.insert(rng.randrange(len(cells)), cells.pop(i))
        elif deed == 1:
            cells.insert(rng.randrange(len(cells)), copy.deepcopy(cells[i]))
        elif cells[i]["id"] not in ANSWERS:
            cells[i]["source"] = "edited"
            if deed == 3:
                cells.pop(i)
    assert_answered(restored(notebook))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
odd_cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | json_values,
        "source": st.text() | st.lists(st.text()) | json_values,
        "input": json_values,
        "id": st.sampled_from(["iou", "x"]) | json_values,
        "metadata": json_values
        | st.fixed_dictionaries({"nbgrader": json_values})
        | st.builds(marks, st.sampled_from(["iou", "nms-easy", "?"]) | json_values),
        "attachments": json_values,
        "outputs": json_values,
        "level": json_values,
    },
)


@given(
    st.lists(odd_cells | json_values, max_size=6), st.booleans(), st.sampled_from([3, 4, None, "x"])
)
@settings(max_examples=400, deadline=None)
def test_cells_of_any_kind(cells, old, version):
    notebook = {"nbformat": version, "cells": cells, "metadata": {"path": "../../x"}}
    if old:
        notebook["worksheets"] = [{"cells": notebook.pop("cells")}, 7]
    restored(json.dumps(notebook).encode("utf-8", "surrogatepass"))


# --- the real ones ---


@pytest.mark.parametrize("path", ASSIGNMENTS, ids=lambda path: path.stem)
def test_real_assignments(path):
    release = json.loads(path.read_text(encoding="utf-8"))
    found = intake.restore(intake.HandIn("a", path.read_bytes()), release)
    check(found.notebook, release)
    assert found.notes == ()
    bare = stripped(copy.deepcopy(release))
    for made in bare["cells"]:
        made["source"] = "".join(made["source"])
        if made["cell_type"] == "code":
            made["source"] = made["source"].replace("raise NotImplementedError", "return 1 #")
    again = intake.restore(intake.HandIn("a", raw(bare)), release)
    check(again.notebook, release)
    assert len(again.notes) == 1, again.notes
    wanted = [made["source"] for made in bare["cells"]]
    assert sources(again) == wanted
    for seed in range(20):
        check(
            intake.restore(
                intake.HandIn("a", raw(vandalise(copy.deepcopy(release), seed))), release
            ).notebook,
            release,
        )
