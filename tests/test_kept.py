"""What is kept of a student's outputs and cells: `kept` and `bare`."""

import base64
import io
import json
import time

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from course_lib.staff.grading import bare, kept, records


def picture(width=3, height=2, form="PNG"):
    """A picture's file in base64."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, format=form)
    return base64.b64encode(buffer.getvalue()).decode()


def outputs(*messages, room=100_000):
    """What is kept of messages, each a pair of type and content."""
    taken = kept.Outputs(kept.Room(room))
    for kind, content in messages:
        taken.take(kind, content)
    made = taken.done()
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(one) for one in made])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    json.dumps(made, ensure_ascii=False).encode()
    return made


def stream(text, name="stdout"):
    return "stream", {"name": name, "text": text}


def shown(kind="display_data", metadata=None, key=None, **data):
    content = {"data": {name.replace("_", "/", 1): value for name, value in data.items()}}
    content["metadata"] = metadata or {}
    return kind, {**content, "transient": {"display_id": key} if key else {}}


def texts(made):
    return [one.get("text") or one.get("data", {}).get("text/plain") for one in made]


def test_streams_are_joined_until_something_else_comes():
    made = outputs(
        stream("a"), stream("b"), stream("c", "stderr"), stream("d"), shown(text_plain="e")
    )
    assert texts(made) == ["ab", "c", "d", "e"]
    assert [one.get("name") for one in made] == ["stdout", "stderr", "stdout", None]


def test_only_text_and_png_reach_a_reader():
    code = {"text_html": "<script>x</script>", "application_javascript": "x", "text_markdown": "x"}
    (one,) = outputs(shown(text_plain="plain", image_png=picture(), text_latex="x", **code))
    assert set(one["data"]) == {"text/plain", "image/png"}
    assert outputs(shown(**code)) == []
    assert outputs(shown(**{"image_svg+xml": "<svg onload='x'/>"})) == []
    assert outputs(("comm_open", {"data": {}}), ("shell", {}), ("stream", {})) == []


def test_a_picture_keeps_its_alt_text_and_nothing_else_of_its_metadata():
    metadata = {"image/png": {"alt": 'two "boxes" <b>', "width": '1" onload="x'}, "other": 1}
    (one,) = outputs(shown(image_png=picture(), metadata=metadata))
    assert one["metadata"] == {"image/png": {"alt": "two  boxes   b "}}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "####",
        "é",
        None,
        5,
        ["a"],
        picture(form="JPEG"),
        base64.b64encode(b"<svg/>" * 20).decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
        base64.b64encode(kept.PNG + b"\0\0\0\rIHDR" + b"\0\0\xff\xff" * 2 + bytes(20)).decode(),
        base64.b64encode(kept.PNG + b"\0\0\0\rIHDR" + bytes(30)).decode(),
    ],
)
def test_what_is_no_png_or_too_large_to_show_is_dropped(value):
    (one,) = outputs(shown(image_png=value, text_plain="figure"))
    assert one["data"] == {"text/plain": "figure"}


def test_a_png_that_is_broken_into_lines_is_one():
    whole = picture()
    assert kept.png("\n".join([whole[:40], whole[40:], ""])) == whole


def test_clear_output_clears_now_or_with_the_next_output():
    assert texts(outputs(stream("a"), ("clear_output", {"wait": False}))) == []
    assert texts(outputs(stream("a"), ("clear_output", {"wait": True}))) == ["a"]
    again = outputs(stream("a"), ("clear_output", {"wait": True}), stream("b"), stream("c"))
    assert texts(again) == ["bc"]


def test_clearing_gives_room_back():
    messages = [stream("x" * 500), ("clear_output", {"wait": True})] * 50
    assert texts(outputs(*messages, stream("end"), room=1000)) == ["end"]


def test_a_display_may_be_updated():
    made = outputs(
        shown(text_plain="0 %", key="bar"),
        stream("a"),
        shown("update_display_data", text_plain="50 %", key="bar"),
        shown("update_display_data", text_plain="no one", key="other"),
    )
    assert texts(made) == ["50 %", "a"] and made[0]["output_type"] == "display_data"


def test_too_much_is_cut_with_a_note_and_small_things_before_it_stay():
    made = outputs(stream("a"), shown(text_plain="x" * 5000), stream("b"), room=1000)
    assert texts(made)[0] == "a" and "cut here" in texts(made)[1] and len(made) == 2


def test_a_message_that_was_not_looked_at_is_noted():
    made = outputs(stream("a"), ("too large", {}))
    assert texts(made)[0] == "a" and "cut here" in texts(made)[1]


def test_room_is_shared_by_all_cells():
    room = kept.Room(1000)
    first, second = kept.Outputs(room), kept.Outputs(room)
    first.take(*stream("x" * 500))
    second.take(*stream("y" * 500))
    assert texts(first.done()) == ["x" * 500]
    assert len(second.done()) == 1 and "cut here" in texts(second.done())[0]


def test_a_cell_that_prints_without_end_leaves_room_for_figures_below_it():
    room = kept.Room(4_000_000)
    for _ in range(2):
        loud = kept.Outputs(room)
        for _ in range(1000):
            loud.take(*stream("x" * 10_000))
        assert "cut here" in texts(loud.done())[-1]
    figure = kept.Outputs(room)
    figure.take(*stream("y" * 150_000))
    assert texts(figure.done()) == ["y" * 150_000]


def test_a_progress_bar_is_its_last_state():
    assert texts(outputs(stream("10%\r20%\r30%\n"), stream("done\r\nend"))) == ["30%\ndone\nend"]


def test_an_error_keeps_its_colours_and_no_other_escape():
    lines = ["\x1b[31mValueError\x1b[0m: no", "\x1b]8;;http://a\x07link\x1b[2Jx\x00", 5, None]
    (one,) = outputs(("error", {"ename": "ValueError", "evalue": "no", "traceback": lines}))
    assert one["traceback"][0] == lines[0]
    assert one["traceback"][1:] == ["]8;;http://alinkx"]
    (odd,) = outputs(("error", {"ename": 5, "evalue": None, "traceback": "x"}))
    assert odd == {"output_type": "error", "ename": "", "evalue": "", "traceback": [""]}


def test_a_traceback_is_shortened():
    (one,) = outputs(
        ("error", {"ename": "E", "evalue": "x" * 10_000, "traceback": ["y" * 100] * 1000})
    )
    assert len("\n".join(one["traceback"])) <= kept.TRACEBACK and len(one["evalue"]) == 2000


@pytest.mark.parametrize("name", ["stream", "execute_result", "error"])
def test_colours_are_few_enough_for_a_page(name):
    """A page takes minutes for a million of them, which take 4 MB."""
    colours = "\x1b[m" * 1000
    content = {"text": colours, "data": {"text/plain": colours}, "traceback": [colours]}
    made = outputs(*[(name, content)] * 1000, room=4_000_000)
    assert 50_000 < json.dumps(made).count("[m") < 80_000


def test_half_a_character_can_be_stored():
    assert texts(outputs(stream("a\ud800b\x00c"))) == ["a?bc"]


@pytest.mark.parametrize("text", ["x" * 4_000_000, "\r" * 4_000_000, "\x1b[" * 2_000_000])
def test_long_lines_take_no_more_than_their_time(text):
    began = time.process_time()
    outputs(stream(text), room=10**8)
    assert time.process_time() - began < 60  # a pattern that tries again at each place takes days


junk = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(picture()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "metadata", "transient", "display_id", "wait", "alt"])
            | st.sampled_from(["text/plain", "image/png", "name", "text", "traceback", "ename"]),
            inner,
        )
    ),
)
kinds = st.sampled_from(
    ["stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"]
)


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(st.lists(st.tuples(kinds, junk.filter(lambda one: isinstance(one, dict))), max_size=5))
def test_whatever_comes_can_be_stored(messages):
    outputs(*messages, room=2000)


# --- cells ---

RELEASED = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"course": {}}, "cells": []}


def bared(*cells, **more):
    return bare.bare({**RELEASED, **more, "cells": list(cells)}, RELEASED, kept.Room(10_000))


def cell(kind="code", source="x", **more):
    return {"cell_type": kind, "source": source, "metadata": {}, "id": "a", **more}


def test_a_cell_keeps_its_source_and_loses_its_outputs():
    (one,) = bared(cell(source=["a\n", "b"], outputs=[{"x": 1}], execution_count=7))["cells"]
    assert one["source"] == "a\nb" and one["outputs"] == [] and one["execution_count"] is None


def test_metadata_of_others_than_nbgrader_are_dropped():
    metadata = {"nbgrader": {"grade_id": "a"}, "tags": ["remove_cell"], "alt": "x"}
    made = bared(cell() | {"metadata": metadata}, metadata={"widgets": {"state": {}}})
    assert made["cells"][0]["metadata"] == {"nbgrader": {"grade_id": "a"}}
    assert made["metadata"] == {"course": {}}


def test_a_raw_cell_becomes_text_that_no_page_executes():
    (one,) = bared(cell("raw", "<script>\nx</script>"))["cells"]
    assert one["cell_type"] == "markdown" and one["source"] == "    <script>\n    x</script>\n"


def test_long_text_is_shown_and_not_read_as_markdown():
    short, long = "a" * 9_000 + "\n[b](c)", "[x](" * 50_000
    made = bared(cell("markdown", f"# a\n\n{long}"), *[cell("markdown", short)] * 20)["cells"]
    assert made[0]["source"] == f"    # a\n    \n    {long}\n"
    assert [one["source"] for one in made[1:12]] == [short] * 11
    assert made[12]["source"].endswith("\n    [b](c)\n") and len(made) == 21


def test_pasted_pictures_stay_where_they_are_pictures():
    given = {
        "a.png": {"image/png": picture()},
        "b.jpg": {"image/jpeg": picture(form="JPEG")},
        "c": {"image/svg+xml": "PHN2Zy8+", "image/png": "PHN2Zy8+"},
        "d": "x",
        "e": {'image/png"><script>': picture()},
        "f.png": {"image/png": base64.b64encode(kept.PNG + bytes(20_000)).decode()},
    }
    (one,) = bared(cell("markdown", attachments=given))["cells"]
    assert set(one["attachments"]) == {"a.png", "b.jpg"}


@pytest.mark.parametrize(
    "notebook",
    [
        {},
        {"cells": None},
        {"cells": [5]},
        {"cells": [{}]},
        {"cells": [cell("script")]},
        {"cells": [cell(source=5)]},
        {"cells": [cell(source=[5])]},
        {"cells": [cell() | {"metadata": None}]},
        {"cells": [cell("markdown", attachments=[1])]},
    ],
    ids=str,
)
def test_what_is_no_notebook_is_a_fault(notebook):
    with pytest.raises(bare.NotebookFault):
        bare.bare(notebook, RELEASED, kept.Room(100))


def test_a_notebook_with_half_a_character_can_be_stored():
    made = bared(cell(source="a\udfff") | {"metadata": {"nbgrader": {"grade_id": "\udfff"}}})
    json.dumps(made, ensure_ascii=False).encode()


def test_verdicts_stand_under_their_cells():
    tasks = (
        records.Task("a", "Task 1: twice", 3.0),
        records.Task("b", "Task 2: why", 2.0, True),
    )
    verdicts = (
        records.Verdict("a", 0.0, 3.0, "wrong value", "Too few."),
        records.Verdict("b", 0.0, 2.0, "by hand", "x"),
    )
    cells = [
        {"cell_type": "code", "outputs": [], "metadata": {"nbgrader": {"grade_id": key}}}
        for key in "abc"
    ]
    bare.write(cells, verdicts, tasks)
    assert texts(cells[0]["outputs"]) == ["Task 1: twice: 0 of 3 points. Too few.\n"]
    assert texts(cells[1]["outputs"]) == ["Task 2: why: a person gives up to 2 points.\n"]
    assert cells[2]["outputs"] == []
