"""Validation against nbval: the same verdicts with our rules off, and what only our rules see."""

import base64
import contextlib
import io
import os
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from unittest import mock

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from course_lib import cli
from course_lib.staff import validate, watch

SAMPLES = Path(__file__).parent / "nbval_samples"
COURSE = {"part": 9, "minutes": 60, "needs": [], "gpu": "none"}
OURS = ("-p", "course_lib.staff.validate", "--course")


# --- notebooks ---


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def show(mime, data):
    """Source and stored output of a cell that shows one thing."""
    source = f"display({{{mime!r}: {data!r}}}, raw=True)"
    return source, new_output("display_data", data={mime: data})


def cell(source, *outputs, count=1, tags=(), **course):
    metadata = {"tags": list(tags)} | ({"course": course} if course else {})
    return new_code_cell(
        source, outputs=list(outputs), execution_count=count, metadata=metadata, id=f"c{count}"
    )


def book(*cells, course=COURSE):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel} | ({"course": course} if course else {})
    return new_notebook(cells=list(cells), metadata=metadata)


def drawn(colour="blue", shift=0, smooth=1, kind="PNG"):
    size = (200 * smooth, 120 * smooth)
    image = Image.new("RGB", size, "white")
    y = 60 * smooth + shift
    points = [(20 * smooth, y - 30 * smooth), (90 * smooth, y + 25 * smooth), (180 * smooth, y)]
    ImageDraw.Draw(image).line(points, fill=colour, width=3 * smooth)
    return png(image.resize((200, 120), Image.Resampling.LANCZOS), kind)


def png(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def svg(x):
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="60">'
    return f'{head}<rect x="{x}" y="10" width="40" height="40" fill="teal"/></svg>'


TQDM = "import sys\nfor n in range(0, 101, 50):\n    print(f'\\r{n} %', end='')\nprint()"
SVG = "image/svg+xml"
VIEW = "application/vnd.jupyter.widget-view+json"


def error(name, text):
    return new_output("error", ename=name, evalue=text, traceback=[])


def pictured(stored, new, mime="image/png"):
    """A cell that stored one picture and shows another."""
    return show(mime, new)[0], new_output("display_data", data={mime: stored})


def shows(mime, stored, new):
    """A cell that stored one text and shows another."""
    return pictured(stored, new, mime)


BLANK = png(Image.new("RGB", (200, 120), "white"))
VIEWS = [{VIEW: {"model_id": n}, "text/plain": "a slider"} for n in "12"]
LONG = "\n".join(f"line {n}" for n in range(20000)) + "\n"
CLEAR = "from IPython.display import clear_output\nprint('a')\nclear_output()\nprint('b')"
UPDATE = "h = display('before', display_id=True)\nh.update('after')"
PLAY = "import types\nwidgets = types.SimpleNamespace(play=lambda f, **k: None)\n"
PLAY += "def draw(size=1):\n    pass\nwidgets.play(draw, size=(1, 3))"
DIVIDE = ("1 / 0", error("ZeroDivisionError", "division by zero"))
HOME = "/" + "home/ann/x"
STUBBED = ("exercise", "raises-exception")
STUB = cell(
    "def f(x):\n    raise NotImplementedError('Exercise 1')\nf(1)",
    error("NotImplementedError", "Exercise 1"),
    count=102,
    tags=STUBBED,
)
BOTH = "display({'text/plain': 'a figure'}, raw=True)\nprint('a')"
CLEARED = "from IPython.display import clear_output\n{}\nclear_output()"
PACKAGE = "from course_lib import checks\nchecks.choice('a', 'name', ['b'])"
REFUSED = error("ValueError", "name 'a' is not known; there are b.")


def framed(picture):
    """A piece of HTML around a picture."""
    return f'<p><img src="data:image/png;base64,{picture}"></p>'


def encoded(drawing):
    """A piece of HTML that names a drawing as an address."""
    data = base64.b64encode(drawing.encode()).decode()
    return f'<p style="background: url(data:image/svg+xml;base64,{data})">a</p>'


PAIR = {"image/png": drawn(), "image/jpeg": drawn(kind="JPEG")}
SORTED = dict(sorted(PAIR.items()))
CAPTURED = "import ipywidgets\no = ipywidgets.Output()\nwith o:\n    print('inside')\nprint('seen')"


# A trap in one cell: the cell's source and stored outputs, its metadata, what nbval says, what we
# say, and words of our message.
CELLS = {
    "outputs missing": (("print('a')",), {}, "failed", "failed", "0 stored, 1 now"),
    "outputs gone": (("x = 1", stream("a\n")), {}, "failed", "failed", "1 stored, 0 now"),
    "wrong picture": (pictured(drawn(), drawn(shift=30)), {}, "passed", "failed", "similarity"),
    "blue became red": (pictured(drawn(), drawn("red")), {}, "passed", "failed", "another colour"),
    "anti-aliasing": (pictured(drawn(), drawn(smooth=4)), {}, "passed", "passed", ""),
    "blank picture": (pictured(BLANK, BLANK), {}, "passed", "failed", "blank"),
    "svg jitter": (pictured(svg(10), svg(10.01), SVG), {}, "failed", "passed", ""),
    "svg moved": (pictured(svg(10), svg(45), SVG), {}, "failed", "failed", "colour"),
    "fourth digit": (
        ("print('loss 0.6934')", stream("loss 0.6931\n")), {}, "failed", "passed", ""),
    "wrong number": (
        ("print('loss 0.79')", stream("loss 0.69\n")), {}, "failed", "failed", "stored 0.69"),
    "in range": (
        ("print(0.95)", stream("0.9\n")), {"range": [0.8, 1]}, "failed", "passed", ""),
    "out of range": (
        ("print(0.5)", stream("0.5\n")), {"range": [0.8, 1]}, "passed", "failed", "outside"),
    "html table": (shows("text/html", "<b>1.000</b>", "<b>1.001</b>"), {}, "failed", "passed", ""),
    "address": (
        ("print('<object at', hex(2**46) + '>')", stream("<object at 0x7f0011223344>\n")), {},
        "failed", "passed", ""),
    "clear_output": ((CLEAR, stream("b\n")), {}, "failed", "passed", ""),
    "update_display_data": (
        (UPDATE, new_output("display_data", data={"text/plain": "'after'"})), {},
        "failed", "passed", ""),
    "widget": (
        (f"display({VIEWS[0]!r}, raw=True)", new_output("display_data", data=VIEWS[1])), {},
        "passed", "passed", ""),
    "long output": (
        ("for n in range(20000): print('line', n)", stream(LONG)), {}, "passed", "passed", ""),
    "carriage returns": ((TQDM, stream("\r0 %\r50 %\r100 %\n")), {}, "passed", "passed", ""),
    "stderr": (
        ("import sys\nprint('w', file=sys.stderr)", stream("w\n", "stderr")), {},
        "passed", "failed", "unexpected on stderr"),
    "error": (DIVIDE, {}, "failed", "failed", "ZeroDivisionError"),
    "error expected": (DIVIDE, {"tags": ["raises-exception"]}, "passed", "passed", ""),
    "absolute path": (
        (f"print({HOME!r})", stream(HOME + "\n")), {}, "passed", "failed", "one machine"),
    "ignored output": (
        ("print(2)", stream("1\n")), {"tags": ["nbval-ignore-output"]}, "passed", "passed", ""),
    "ignored output gone": (
        ("x = 1", stream("1\n")), {"tags": ["nbval-ignore-output"]},
        "passed", "failed", "1 stored, 0 now"),
    "another order": (
        (BOTH, stream("a\n"), new_output("display_data", data={"text/plain": "a figure"})), {},
        "passed", "failed", "the order was stdout, text/plain, now text/plain, stdout"),
    "picture cleared": (
        (CLEARED.format(pictured(drawn(), drawn())[0]), pictured(drawn(), drawn())[1]), {},
        "passed", "failed", "picture: 1 stored, 0 now"),
    "picture of another kind": (
        (show("image/jpeg", drawn(kind="JPEG"))[0], show("image/png", drawn())[1]), {},
        "passed", "failed", "stored as image/png, now image/jpeg"),
    "picture within HTML": (
        shows("text/html", framed(drawn()), framed(drawn(shift=30))), {},
        "failed", "failed", "similarity"),
    "HTML anti-aliased": (
        shows("text/html", framed(drawn()), framed(drawn(smooth=4))), {}, "failed", "passed", ""),
    "two kinds of a picture": (  # a file sorts them
        (f"display({PAIR!r}, raw=True)", new_output("display_data", data=SORTED)), {},
        "passed", "passed", ""),
    "SVG within HTML": (
        shows("text/html", encoded(svg(10)), encoded(svg(45))), {}, "failed", "failed", "colour"),
    "widget of outputs": ((CAPTURED, stream("seen\n")), {}, "failed", "passed", ""),
    "error in a widget": ((CAPTURED + "\nwith o:\n    1 / 0", stream("seen\n")), {},
        "failed", "failed", "ZeroDivisionError"),
    "random ids": (
        shows("text/html", '<b id="T_0a1b2">1</b>', '<b id="T_9f8e7">1</b>'), {},
        "failed", "passed", ""),
    "widget gone": (
        ("x = 1", new_output("display_data", data={VIEW: {"model_id": "1"}})), {},
        "passed", "failed", "widget: 1 stored, 0 now"),
    "another error": (
        ("int('a')", DIVIDE[1]), {"tags": ["raises-exception", "nbval-ignore-output"]},
        "passed", "failed", "'ZeroDivisionError', now 'ValueError'"),
    "another message": (
        (DIVIDE[0], error("ZeroDivisionError", "float division by zero")),
        {"tags": ["raises-exception"]}, "failed", "failed", "stored 'float', now 'division'"),
    "expected error gone": (
        ("x = 1", DIVIDE[1]), {"tags": ["raises-exception"]},
        "failed", "failed", "error: 1 stored, 0 now"),
    "answered stub": (
        ("def f(x):\n    return x\ny = f(1)",), {"tags": STUBBED},
        "passed", "failed", "NotImplementedError and nothing else; it raised []"),
    "stub of another error": (
        DIVIDE, {"tags": STUBBED}, "passed", "failed", "it raised ['ZeroDivisionError']"),
    "empty stderr": (
        ("import sys\n_ = sys.stderr.write('\\r')", stream("\r", "stderr")), {},
        "passed", "failed", "unexpected on stderr: ''"),
    "skipped": (("1 / 0",), {"tags": ["nbval-skip"]}, "skipped", "failed", "ZeroDivisionError"),
    "path in a traceback": (
        (PACKAGE, REFUSED), {"tags": ["raises-exception"]}, "passed", "passed", ""),
    "home": (
        ("from pathlib import Path\nprint(Path.home() / 'x')", stream("~/x\n")), {},
        "failed", "passed", ""),
}  # fmt: skip

# Traps of a notebook as it is stored, each a cell of one: nbval says nothing; what we say.
STORED = {
    "unrun": (cell("1 + 1", count=None), "was never run"),
    "sliders": (cell(PLAY, count=101), "draw is never called without its sliders"),
    "disorder": (cell("x = 1", count=1), "was run out of order: [1] comes after"),
    "unanswered": (STUB, "exercise 1: 0 right, 0 wrong answers"),
    "unchecked": (STUB, "1 exercises have 0 self-checks"),
    "vague": (cell("x = 1", count=103, range=[0, 1]), "sets a range, but stores no number"),
    "bare": (cell("x = 1", count=104), "no entry `course`"),
}


# --- running them ---


def run(folder, *arguments, plugins=()):
    """Run pytest there; return its exit status, verdicts by item, seconds by item, and text."""
    wishes = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-q", "-rs", "--color=no"]
    wishes += ["--junitxml=junit.xml", *arguments, "."]
    text = io.StringIO()
    with contextlib.chdir(folder), mock.patch.dict(os.environ):
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = pytest.main(
                wishes, plugins
            )  # in this process: another would import for seconds
    verdicts, seconds = {}, {}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):
        bad = {child.tag for child in case} & {"failure", "error", "skipped"}
        key = case.get("classname").removesuffix(".ipynb").split(".")[-1], case.get("name")
        verdicts[key] = "skipped" if "skipped" in bad else "failed" if bad else "passed"
        seconds[key] = float(case.get("time"))
    return status, verdicts, seconds, text.getvalue()


def write(folder, books):
    folder.mkdir(exist_ok=True)
    for name, notebook in books.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def trapped(tmp_path_factory):
    """Verdicts on all traps: of nbval, of our plugin with its rules off, and of our rules."""
    folder = tmp_path_factory.mktemp("traps")
    cells = enumerate(CELLS.values(), start=1)
    made = [cell(*c, count=n, **_course(m), tags=m.get("tags", ())) for n, (c, m, *_) in cells]
    stored = list({id(one): one for one, _ in STORED.values()}.values())
    write(folder, {"cells": book(*made), "stored": book(*stored, course=None), "empty": book()})
    return {
        "nbval": run(folder, "--nbval"),
        "plain": run(folder, *OURS, "--course-rules=plain"),
        "ours": run(folder, *OURS),
    }


def _course(metadata):
    return {name: value for name, value in metadata.items() if name != "tags"}


@pytest.mark.parametrize("name", CELLS)
def test_trap_in_a_cell(trapped, name):
    *_, nbval, ours, words = CELLS[name]
    key = "cells", f"Cell {list(CELLS).index(name)}"
    assert trapped["nbval"][1][key] == nbval
    assert trapped["ours"][1][key] == ours
    assert words in trapped["ours"][3]


@pytest.mark.parametrize("name", STORED)
def test_trap_of_a_stored_notebook(trapped, name):
    theirs = {verdict for (book, _), verdict in trapped["nbval"][1].items() if book == "stored"}
    assert theirs == {"passed"}
    assert trapped["ours"][1]["stored", "as stored"] == "failed"
    assert STORED[name][1] in trapped["ours"][3]


def test_a_notebook_without_code(trapped):
    assert "empty" not in {book for book, _ in trapped["nbval"][1]}
    assert trapped["ours"][1]["empty", "as stored"] == "failed"
    assert "there is no code in it" in trapped["ours"][3]


def test_plain_rules_give_nbvals_verdicts_on_the_traps(trapped):
    assert trapped["plain"][1] == trapped["nbval"][1]


class Killer:
    """A plugin that ends the kernel after the first cell of some notebooks."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item):
        if item.path.stem in ("left", "last") and item.name == "Cell 0":
            process = item.parent.kernel.km.provisioner.process
            process.kill()
            process.wait()


def test_death_is_reported_at_once_with_its_cell(tmp_path):
    later = [cell("x = 1", count=2), cell("x = 2", count=3)]
    # Not at once: on a busy machine the kernel's threads for messages would not have had a turn.
    dies = "import os, time\nprint(1, flush=True)\ntime.sleep(1)\nos._exit(1)"
    deadly = book(cell(dies), *later)
    left, last = book(cell("x = 0"), *later), book(cell("x = 0"))
    write(tmp_path, {"death": deadly, "left": left, "last": last})
    status, verdicts, seconds, text = run(tmp_path, *OURS, plugins=[Killer()])
    assert status == 1
    # Without a look at the kernel it would be the whole time of a lesson; some goes to its start.
    assert verdicts["death", "Cell 0"] == "failed" and seconds["death", "Cell 0"] < 100
    assert verdicts["death", "Cell 1"] == verdicts["death", "Cell 2"] == "skipped"
    assert "not run: the kernel died in cell 0" in text
    assert verdicts["left", "Cell 1"] == "failed" and verdicts["left", "Cell 2"] == "skipped"
    assert "not run: the kernel died before cell 1" in text
    assert verdicts["last", "Cell 0"] == "failed"
    assert "the kernel died after the last cell" in text
    write(tmp_path / "theirs", {"death": deadly})
    _, theirs, waited, _ = run(tmp_path / "theirs", "--nbval", "--nbval-cell-timeout=2")
    assert theirs["death", "Cell 0"] == "failed" and waited["death", "Cell 0"] > 2


def test_plain_rules_give_nbvals_verdicts_on_its_own_samples(tmp_path, monkeypatch):
    # One sample prints a random number of lines, unseeded; every kernel draws the same here.
    startup = tmp_path / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "seed.py").write_text("import numpy\nnumpy.random.seed(0)\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    theirs, ours = of_the_samples(tmp_path / "first")
    assert len(theirs) > 40 and {"passed", "failed"} <= set(theirs.values())
    assert set(ours) == set(theirs)
    differ = {cell for cell in theirs if ours[cell] != theirs[cell]}
    if differ:  # one sample prints on two streams at once, and the kernel promises no order
        theirs, ours = of_the_samples(tmp_path / "second")
    assert {cell for cell in differ if ours[cell] != theirs[cell]} == set()


def of_the_samples(folder):
    """The verdicts of nbval and of our plain rules on nbval's samples."""
    spread = ("-n", "2", "--dist", "loadscope")
    for name in ("theirs", "ours"):  # a folder each, since a sample writes a file
        shutil.copytree(SAMPLES, folder / name)
    _, theirs, _, _ = run(folder / "theirs", "--nbval", *spread)
    _, ours, _, _ = run(folder / "ours", *OURS, "--course-rules=plain", *spread)
    return theirs, ours


# --- limits ---


def test_time_and_memory_are_limited(tmp_path):
    slow = book(cell("x = 1"), cell("import time\ntime.sleep(60)", count=2, seconds=0.5))
    grows = "x = []\nwhile True:\n    x.append(b'x' * 10**7)\n    print(len(x))"
    peaks = "x = b'x' * 7 * 10**8\ndel x"  # faster than the look that is taken twice a second
    little = COURSE | {"memory": 5e8}
    books = {"slow": slow, "grows": book(cell(grows), course=little)}
    write(tmp_path, books | {"peaks": book(cell(peaks), course=little)})
    status, verdicts, seconds, text = run(tmp_path, *OURS)
    assert status == 1
    failed = {"slow": "Cell 1", "grows": "Cell 0", "peaks": "Cell 0"}
    assert {verdicts[item] for item in failed.items()} == {"failed"}
    assert seconds["slow", "Cell 1"] < 50 and "Timeout of 1 seconds" in text
    assert len(re.findall(r": the kernel took [\d.]+ GB of memory, more than 0.5 GB", text)) == 2


def test_minutes_limit_the_notebook_and_budget_stretches_it(tmp_path):
    naps = [cell("import time\ntime.sleep(0.2)", count=n) for n in range(1, 21)]
    # A fifth of a minute of a lesson is 1.2 seconds, margin included.
    write(tmp_path, {"sleepy": book(*naps, course=COURSE | {"minutes": 0.2})})
    status, _, _, text = run(tmp_path, *OURS)
    # On a busy machine a cell may take more than the second that even the last one has.
    assert status == 1 and re.search("seconds are over|Timeout of", text)
    assert "not run: time was over in cell" in text
    assert run(tmp_path, *OURS, "--course-budget=200")[0] == 0


def test_a_cell_that_heeds_no_interrupt_and_never_falls_silent_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(validate, "GRACE", 1)
    talks = "import time\nwhile True:\n    try:\n        while True:\n"
    talks += "            print('x')\n            time.sleep(0.05)\n"
    talks += "    except KeyboardInterrupt:\n        pass"
    write(tmp_path, {"talks": book(cell(talks, seconds=0.5), cell("x = 1", count=2))})
    status, verdicts, seconds, text = run(tmp_path, *OURS)
    assert status == 1 and seconds["talks", "Cell 0"] < 100
    assert "Timeout of 1 seconds" in text and verdicts["talks", "Cell 1"] == "skipped"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' kernels know ports only")
def test_a_kernel_takes_no_port_that_another_program_may_take():
    kernel = watch.WatchedKernel("python3")
    folder = Path(kernel.km.ip).parent
    try:
        assert kernel.km.transport == "ipc" and len(list(folder.iterdir())) == 5
    finally:
        kernel.stop()
    assert not folder.exists()


def test_output_that_waits_counts_as_memory(monkeypatch):
    kernel = object.__new__(watch.WatchedKernel)
    kernel.memory, kernel.own, stopped = 1e6, -2e6, []
    monkeypatch.setattr(watch.WatchedKernel, "is_alive", lambda _: True)
    monkeypatch.setattr(watch.WatchedKernel, "measure", lambda _: 0)
    monkeypatch.setattr(watch.WatchedKernel, "stop", lambda _: stopped.append(True))
    with pytest.raises(watch.KernelFault, match="more than 0.0 GB"):
        kernel._look()
    assert stopped


# --- exercises ---

RIGHT = "def double(x):\n    return 2 * x\n"


@pytest.fixture
def lesson(tmp_path):
    """A notebook with one exercise, and a way to write its answers."""
    tagged = cell(
        "def double(x):\n    raise NotImplementedError('Exercise 1')\ndouble(3)",
        error("NotImplementedError", "Exercise 1"),
        count=2,
        tags=["exercise", "raises-exception"],
    )
    source = (
        "exercise.check(double, [exercise.case(3, expected=6, hint='Twice the number.')], name='1')"
    )
    check = cell(source, stream("Exercise 1 is still open.\n"), count=3, tags=["exercise-check"])
    setup = cell("from course_lib import exercise")
    write(tmp_path / "notebooks", {"09_1_twice": book(setup, tagged, check)})
    (tmp_path / "solutions/exercises").mkdir(parents=True)

    def answers(right, *wrong, update=False):
        cells = [f"# %% exercise-1\n{right}"]
        cells += [f"# %% exercise-1 wrong: {n}\n{source}" for n, source in enumerate(wrong)]
        (tmp_path / "solutions/exercises/09_1_twice.py").write_text("\n".join(cells))
        return run(tmp_path / "notebooks", *OURS, *["--course-update"] * update)

    return answers


WRONG = [f"def double(x):\n    return {body}\n" for body in ("x", "x * x", "None")]


def test_right_and_wrong_answers(lesson):
    status, verdicts, _, text = lesson(RIGHT, *WRONG)
    assert status == 0, text
    assert sum("exercise-1" in name for _, name in verdicts) == 4


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (("def double(x):\n    return x\n", *WRONG), "refused the answer"),
        ((RIGHT, *WRONG[:2], RIGHT), "gave no hint"),
        ((RIGHT, *WRONG[:2]), "1 right, 2 wrong"),
        ((RIGHT, *WRONG[:2], "def double(x:\n"), "gave no hint: Exercise 1 is still open"),
    ],
    ids=["wrong solution", "wrong answer passes", "too few", "answer that defines nothing"],
)
def test_answers_that_fail(lesson, answers, words):
    status, _, _, text = lesson(*answers)
    assert status == 1 and words in text


def test_update_writes_nothing_while_an_answer_fails(lesson, tmp_path):
    path = tmp_path / "notebooks/09_1_twice.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].metadata["noise"] = 1
    nbformat.write(notebook, path)
    before = path.read_text()
    assert lesson(WRONG[0], *WRONG, update=True)[0] == 1 and path.read_text() == before
    assert lesson(RIGHT, *WRONG, update=True)[0] == 0 and path.read_text() != before


# --- update, GPU, reports ---


def test_update_writes_what_changed_and_nothing_else(tmp_path):
    source, _ = show("text/plain", "b")
    cells = (cell("print(0.5)", stream("0.5001\n")), cell("print('new')", stream("old\n"), count=7))
    noisy = book(*cells, cell(source, count=None))
    noisy.metadata["widgets"] = {"state": {}}
    noisy.cells[0].metadata["execution"] = {"iopub.execute_input": "2026-01-01"}
    path = write(tmp_path, {"a": noisy}) / "a.ipynb"
    ids = [c.id for c in noisy.cells]
    status, _, _, text = run(tmp_path, *OURS, "--course-update")
    assert status == 0 and "stored 'old', now 'new'" in text
    now = nbformat.read(path, as_version=4)
    assert [c.id for c in now.cells] == ids
    assert [c.execution_count for c in now.cells] == [1, 2, 3]
    assert now.cells[0].outputs[0].text == "0.5001\n"  # within tolerance: left as it was
    assert now.cells[1].outputs[0].text == "new\n"
    assert "widgets" not in now.metadata and "execution" not in now.cells[0].metadata
    text = path.read_text()
    assert run(tmp_path, *OURS, "--course-update")[0] == 0
    assert path.read_text() == text
    assert run(tmp_path, *OURS)[0] == 0


# What is wrong whatever was stored: a cell, and words of what is said.
LASTING = {
    "stderr": (cell("import sys\nprint('w', file=sys.stderr)"), "unexpected on stderr"),
    "path": (cell(f"print({HOME!r})"), "one machine"),
    "blank": (cell(show("image/png", BLANK)[0]), "blank"),
    "range": (cell("print(0.5)", stream("0.9\n"), range=[0.8, 1]), "outside the range"),
    "no number": (cell("print('a')", range=[0, 1]), "stores no number"),
    "stub": (cell("x = 1", tags=STUBBED), "NotImplementedError and nothing else"),
    "unchecked": (STUB, "1 exercises have 0 self-checks"),
    "sliders": (cell(PLAY), "never called without its sliders"),
}


def test_update_writes_nothing_that_would_fail(tmp_path):
    books = {name: book(one) for name, (one, _) in LASTING.items()}
    write(tmp_path, books | {"bare": book(cell("print(2)", stream("1\n")), course=None)})
    before = {path: path.read_text() for path in tmp_path.glob("*.ipynb")}
    status, _, _, text = run(tmp_path, *OURS, "--course-update")
    assert status == 1 and "bare.ipynb was not written" in text and "no entry `course`" in text
    for _, words in LASTING.values():
        assert words in text
    assert {path: path.read_text() for path in before} == before


def test_update_counts_results_as_their_cells(tmp_path):
    result = new_output("execute_result", data={"text/plain": "2"}, execution_count=9)
    path = write(tmp_path, {"a": book(cell("1 + 1", result, count=9))}) / "a.ipynb"
    assert run(tmp_path, *OURS, "--course-update")[0] == 0
    now = nbformat.read(path, as_version=4).cells[0]
    assert now.execution_count == now.outputs[0].execution_count == 1


def test_workers_share_the_cores(tmp_path, monkeypatch):
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)
    share = max(1, os.cpu_count() // 2)
    source = "import os\nprint(os.environ['OMP_NUM_THREADS'], os.environ['TF_NUM_INTRAOP_THREADS'])"
    shown = cell(source, stream(f"{share} {share}\n"))
    write(tmp_path, {"a": book(shown), "b": book(cell("x = 1"))})
    status, _, _, text = run(tmp_path, *OURS, "-n", "2", "--dist", "loadscope")
    assert status == 0, text


def test_update_leaves_a_notebook_that_fails(tmp_path):
    path = write(tmp_path, {"a": book(cell("print(2)", stream("1\n")), cell("1 / 0", count=2))})
    before = (path / "a.ipynb").read_text()
    assert run(tmp_path, *OURS, "--course-update")[0] == 1
    assert (path / "a.ipynb").read_text() == before


def test_gpu_compares_ranges_of_the_notebooks_it_speeds_up(tmp_path):
    faster = COURSE | {"gpu": "faster"}
    cells = (
        cell("print('here', 7.0)", stream("there 1.0\n")),
        cell("print(0.95)", stream("0.9\n"), count=2, range=[0.8, 1]),
    )
    write(tmp_path, {"trains": book(*cells, course=faster), "reads": book(cell("1 / 0"))})
    status, verdicts, _, text = run(tmp_path, *OURS, "--course-gpu")
    assert status == 0, text
    assert {name for name, _ in verdicts} == {"trains"}
    cells[1].source = "print(0.7)"
    write(tmp_path, {"trains": book(*cells, course=faster)})
    assert run(tmp_path, *OURS, "--course-gpu")[0] == 1


def test_reports(tmp_path):
    write(
        tmp_path, {"bad": book(cell(*pictured(drawn(), drawn("red")))), "good": book(cell("x = 1"))}
    )
    status, _, _, text = run(tmp_path, *OURS, "-n", "2", "--dist", "loadscope")
    assert status == 1 and "slowest cells" in text and re.search(r"bad +[\d.]+ s +\d+ %", text)
    build = tmp_path / "build/validate"
    page = (build / "report.html").read_text()
    assert "1 failed" in page and 'src="bad/cell-0-1.png"' in page and "another colour" in page
    assert 'alt="Of bad, Cell 0: the stored picture' in page and ">total<" in page
    with Image.open(build / "bad/cell-0-1.png") as image:
        assert image.size == (3 * 212, 120)
        stored, new = np.asarray(image)[:, :200], np.asarray(image)[:, 212:412]
    assert (stored != new).any() and stored[..., 2].max() == 255
    copy = nbformat.read(build / "bad.ipynb", as_version=4)
    assert copy.cells[0].outputs[0].data["image/png"].strip() == drawn("red")


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    write(tmp_path / "notebooks", {})
    empty = CliRunner().invoke(cli.app, ["validate"])
    assert empty.exit_code == pytest.ExitCode.NO_TESTS_COLLECTED and "no notebook" in empty.output
    write(tmp_path / "notebooks", {"09_1_a": book(cell("print(1)", stream("1\n")))})
    done = CliRunner().invoke(cli.app, ["validate"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "build/validate/junit.xml").is_file()
    gpu = CliRunner().invoke(cli.app, ["validate", "--gpu"])
    assert gpu.exit_code == 0 and "No notebook was validated" in gpu.output
    unknown = CliRunner().invoke(cli.app, ["validate", "zz"])
    assert unknown.exit_code == pytest.ExitCode.USAGE_ERROR


def test_an_endless_print_does_not_fill_the_memory():
    """Seen to keep a validation busy for minutes; what goes beyond the limit is not kept."""
    display = watch.Display([])
    block = "x" * (watch.MOST_TEXT // 2)
    message = {"msg_type": "stream", "content": {"name": "stdout", "text": block}}
    assert [display.see(message) for _ in range(4)] == [False, False, True, True]
    error = {"msg_type": "error", "content": {"ename": "E", "evalue": "", "traceback": []}}
    assert display.see(error) is False
