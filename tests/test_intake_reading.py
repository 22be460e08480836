"""A notebook's bytes: every format that is meant well, and broken ones in a sentence."""

import json

import nbformat
import pytest
from intake_class import ANSWERS, GOOD, answered, cell, find, raw, released

from course_lib.staff import intake
from course_lib.staff.intake.reading import Unreadable, load


def restored(data):
    return intake.restore(intake.HandIn("alice", data), released())


@pytest.mark.parametrize(
    ("coding", "note"),
    [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 1), ("utf-16-le", 1), ("utf-32", 1), ("cp932", 1)],
)
def test_encodings(coding, note):
    notebook = answered(why="箱が重なるから。")
    data = json.dumps(notebook, ensure_ascii=False).encode(coding)
    found = restored(data)
    assert find(found.notebook, "why")["source"] == "箱が重なるから。"
    assert len(found.notes) == note


def test_windows_line_ends():
    text = json.dumps(answered(why="a\r\nb"), indent=1).replace("\n", "\r\n")
    assert find(restored(text.encode()).notebook, "why")["source"] == "a\nb"


def test_bytes_that_are_no_text():
    data = GOOD.replace(b"Because", b"B\xff\xfe\x80cause")
    found = restored(data)
    assert found.notebook and "not saved as UTF-8" in found.notes[0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "file is empty"),
        (b" \r\n", "file is empty"),
        (b"\0" * 4000, "file is empty"),
        (b"{", "JSON is broken at line 1"),
        (b'{"cells": [}', "JSON is broken"),
        (b"<html>", "JSON is broken"),
        (b"%PDF-1.4", "JSON is broken"),
        (b"PK\x03\x04\xff", "JSON is broken"),
        (b"[]", "JSON is no object"),
        (b"7", "JSON is no object"),
        (b"NaN", "JSON is no object"),
        (b'"x"', "JSON is no object"),
        (b"{}", "has no cells"),
        (b'{"cells": 7}', "has no cells"),
        (b'{"cells": {"a": 1}}', "has no cells"),
        (b"[" * 100_000 + b"]" * 100_000, "nested far too deep"),
        (b'{"cells":' + b'{"a":' * 100_000 + b"0" + b"}" * 100_001, "nested far too deep"),
        (GOOD + GOOD, "JSON is broken"),
        (json.dumps({"cells": [cell("code", "x", "")] * 2001}).encode(), "more than 2000 cells"),
        (raw(answered(iou="x" * 6_000_000)), "more than 5 MB of text"),
    ],
)
def test_what_is_no_notebook(data, says):
    found = restored(data)
    assert found.notebook is None and says in found.fault and found.fault.endswith(".")


def test_numbers_that_are_none():
    notebook = answered()
    find(notebook, "iou")["metadata"]["nbgrader"]["points"] = "@"
    text = json.dumps(notebook)
    for number in ("NaN", "-Infinity", "1" * 50_000, "-" + "9" * 5000, "1e999"):
        found = restored(text.replace('"@"', number).encode())
        assert not found.fault and find(found.notebook, "iou")["source"] == ANSWERS["iou"]
        assert nbformat.validate(nbformat.from_dict(found.notebook)) is None


def test_of_a_double_key_the_last_counts_as_in_jupyter():
    data = b'{"cells": [], ' + GOOD[1:]
    assert find(restored(data).notebook, "iou")["source"] == ANSWERS["iou"]


def test_sources_and_cells_that_are_none():
    notebook = answered()
    find(notebook, "iou")["source"] = 7
    find(notebook, "nms")["source"] = ["def nms(x):\n", 7]
    find(notebook, "why")["source"] = {"a": "b"}
    notebook["cells"] += [None, 7, "x", [], {}, {"cell_type": ["code"]}, {"cell_type": "other"}]
    found = restored(raw(notebook))
    assert [find(found.notebook, name)["source"] for name in ANSWERS] == ["", "", ""]
    assert sum("is no text" in note for note in found.notes) == 3
    assert sum("is no cell of a notebook" in note for note in found.notes) == 7


def test_lone_surrogates():
    found = restored(raw(answered(why="a\ud800b \ud83d\ude00")))
    assert find(found.notebook, "why")["source"] == "a�b 😀"
    json.dumps(found.notebook, ensure_ascii=False).encode("utf-8")


def test_a_path_in_the_metadata_goes_nowhere():
    notebook = answered()
    notebook["metadata"] = {"path": "../../gradebook.db", "kernelspec": {"name": "../../bin/sh"}}
    assert restored(raw(notebook)).notebook["metadata"] == released()["metadata"]


def old(version):
    """The same notebook in an older format, written by nbformat itself."""
    return nbformat.writes(nbformat.from_dict(answered()), version=version).encode()


@pytest.mark.filterwarnings("ignore")
def test_nbformat_3():
    data = old(3)
    found = restored(data)
    assert json.loads(data)["nbformat"] == 3
    for name, wanted in ANSWERS.items():
        assert find(found.notebook, name)["source"] == wanted
    assert "nbformat 3" in found.notes[0]


@pytest.mark.filterwarnings("ignore")
def test_upgrading_agrees_with_nbformat():
    cells, _ = load(old(3))
    theirs = nbformat.reads(old(3).decode(), as_version=4)["cells"]
    assert [(c.kind, c.source) for c in cells] == [(c["cell_type"], c["source"]) for c in theirs]


def test_headings_of_nbformat_3():
    sheet = {"cells": [{"cell_type": "heading", "level": 2, "source": ["Task"]}, {"a": 1}, 7]}
    cells, notes = load(json.dumps({"worksheets": [sheet, None]}).encode())
    assert [(c.kind, c.source) for c in cells] == [("markdown", "## Task"), ("markdown", "")]
    assert len(notes) == 2


def test_bound_of_a_notebook():
    with pytest.raises(Unreadable, match="clear its outputs"):
        load(b" " * 64_000_001)


def test_notes_are_few():
    notebook = answered()
    notebook["cells"] += [7] * 500
    found = restored(raw(notebook))
    assert len(found.notes) == 41 and "more notes" in found.notes[-1]
