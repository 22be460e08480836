"""Grading one submission, in a kernel on this machine: what students do, and what comes of it.

That the sandbox holds is tested with the sandbox; here it is the grader that must hold.
"""

import copy
import io
import json

import local_kernel
import nbformat
import numpy as np
import pytest
import tiny_assignment
from PIL import Image

from course_lib.staff import sandbox
from course_lib.staff.grading import channel, plan, records, session

PICTURES = {"drawing": ["drawing.png", 60, 80], "photo": ["$imgfile", 60, 80]}
DOUBLE = "def double(x):\n    return 2 * x"
PAIR = "def pair(x, name):\n    return min(x), name"
LIMITS = records.Limits(seconds=900, cell_seconds=120, call_seconds=120, output=200_000)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    tiny_assignment.write(root)
    return plan.read("tiny", 3, root)


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    tiny_assignment.write(root, pictures=PICTURES)
    return plan.read("tiny", 3, root)


@pytest.fixture
def starts(monkeypatch):
    """Replace the sandbox by a plain kernel; a list that grows with each start."""
    begun = []

    def kernel(*args):
        begun.append(args)
        return local_kernel.kernel(*args)

    monkeypatch.setattr(sandbox, "kernel", kernel)
    return begun


@pytest.fixture
def hurry(monkeypatch):
    """Return a function: code that holds one of these words gets 3 seconds, all other its own."""
    execute = channel.Channel.execute

    def sparing(*words):
        def hasty(self, code, seconds, take, **how):
            short = any(word in code for word in words)
            return execute(self, code, 3 if short else seconds, take, **how)

        monkeypatch.setattr(channel.Channel, "execute", hasty)

    return sparing


def notebook(assignment, double=DOUBLE, pair=PAIR, extra=()):
    """The released notebook with answers, and with cells of the student's own after the first."""
    made = copy.deepcopy(assignment.notebook)
    for cell in made["cells"]:
        key = cell["metadata"]["nbgrader"]["grade_id"]
        cell["source"] = {"double": double, "pair": pair}.get(key, cell["source"])
    made["cells"][2:2] = [
        json.loads(json.dumps(nbformat.v4.new_code_cell(text, id=f"own-{number}")))
        for number, text in enumerate(extra)
    ]
    return made


def graded(assignment, limits=LIMITS, files=None, **answers):
    given = records.Submission("s1", notebook(assignment, **answers), files or {}, ("Mended.",))
    result = session.grade(given, assignment, limits, None)
    assert [verdict.task for verdict in result.verdicts] == [t.cell for t in assignment.tasks]
    assert all(verdict.cause in records.CAUSES for verdict in result.verdicts)
    nbformat.validate(nbformat.from_dict(result.notebook))
    json.dumps(result.notebook, ensure_ascii=False).encode()
    return result


def causes(result):
    return [verdict.cause for verdict in result.verdicts]


def outputs(result, key):
    """The outputs of one cell, by its id."""
    (cell,) = (cell for cell in result.notebook["cells"] if cell.get("id") == key)
    return cell["outputs"]


def test_a_right_submission_gets_all_points(tiny, starts):
    own = ["print('hello'); 6 * 7", "%matplotlib inline\n!echo not seen > file"]
    result = graded(tiny, extra=own)
    assert causes(result) == ["nothing", "nothing", "by hand"] and len(starts) == 1
    assert [(v.points, v.most) for v in result.verdicts] == [(3, 3), (2, 2), (0, 2)]
    assert result.notes == ("Mended.",) and result.student == "s1" and result.seconds > 0
    said, value = outputs(result, "own-0")
    assert said["text"] == "hello\n" and value["data"] == {"text/plain": "42"}
    assert value["execution_count"] == 2
    (verdict,) = outputs(result, "pair-check")
    assert verdict["text"] == "Task 2: least: 2 of 2 points.\n"


def test_wrong_answers_lose_their_own_task_and_are_told_where_to_look(tiny, starts):
    result = graded(tiny, double="def double(x):\n    x[0] *= 2; return x")
    assert causes(result) == ["wrong value", "nothing", "by hand"]
    assert [verdict.points for verdict in result.verdicts] == [0, 2, 0]
    message = "double, check 1 of 5: the values differ at 3 of 4 places. Look at: the factor."
    assert result.verdicts[0].message == message
    assert outputs(result, "double-check")[-1]["text"] == (
        f"Task 1: twice: 0 of 3 points. {message}\n"
    )


def test_the_end_of_a_function_has_a_cause(tiny, starts):
    """Several kernels' worth of ends in one notebook's two tasks each."""
    stub = graded(tiny, double="def double(x):\n    raise NotImplementedError", pair="pair = 3")
    assert causes(stub)[:2] == ["not begun", "missing"]
    odd = graded(
        tiny,
        double="class Always:\n    __eq__ = lambda *a: True\ndef double(x):\n    return Always()",
        pair="def pair(x, name):\n    raise SystemExit('no\\ud800' + 'x' * 1000)",
    )
    assert causes(odd)[:2] == ["wrong type", "error"]
    assert "returned Always; wanted an array of numbers of shape (4,)" in odd.verdicts[0].message
    assert "stopped with SystemExit: no?xxx" in odd.verdicts[1].message
    assert len(odd.verdicts[1].message) < 600
    large = graded(
        tiny,
        double="def double(x):\n    return np.zeros(10**6)",
        pair="def pair(x, name):\n    raise MemoryError",
    )
    assert causes(large)[:2] == ["output", "memory"]


def test_names_that_a_notebook_takes_do_no_harm(tiny, starts):
    taken = "list = dict = str = len = exec = globals = print = json = plain = None"
    result = graded(tiny, pair=f"{PAIR}\n{taken}")
    assert causes(result) == ["nothing", "nothing", "by hand"]


def test_an_error_in_a_cell_goes_on_with_the_next(tiny, starts):
    result = graded(tiny, extra=["1 / 0", "input('?')", "def broken(:", "%%nothing\nx"])
    assert causes(result)[:2] == ["nothing", "nothing"]
    names = [outputs(result, f"own-{number}")[-1].get("ename") for number in range(3)]
    assert names == ["ZeroDivisionError", "StdinNotImplementedError", "SyntaxError"]


def test_only_text_and_png_are_kept_and_not_too_much(tiny, starts):
    own = [
        "from IPython.display import HTML, SVG, Javascript, display\nimport os\n"
        "display(HTML('<script>x</script>'), Javascript('x'), SVG('<svg></svg>'))",
        "from IPython.display import publish_display_data\n"
        "publish_display_data({'text/html': '<b>', 'image/svg+xml': '<svg/>'})",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        "for _ in range(100):\n    print('x' * 10_000)",
    ]
    result = graded(tiny, extra=own)
    kinds = {
        kind
        for cell in result.notebook["cells"]
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert kinds == {"text/plain", "image/png"}
    assert "<script>" not in json.dumps([c.get("outputs") for c in result.notebook["cells"]])
    assert "cut here" in outputs(result, "own-3")[-1]["text"]
    assert len(json.dumps(result.notebook)) < 2 * LIMITS.output
    assert "Outputs were cut at 0.2 MB." in result.notes
    assert causes(result)[:2] == ["nothing", "nothing"]  # nothing is lost by it


def test_a_cell_that_never_stops_printing_is_stopped(tiny, starts):
    result = graded(tiny, extra=["while True:\n    print('x' * 10_000)"])
    assert causes(result)[:2] == ["nothing", "nothing"]
    assert any("Cell 3 returned or printed more" in note for note in result.notes)


def test_a_cell_that_never_stops_saying_little_is_stopped(tiny, starts, monkeypatch):
    monkeypatch.setattr(channel, "MESSAGES", 50)
    result = graded(tiny, extra=["for n in range(10**9):\n    display(n)"])
    assert causes(result)[:2] == ["nothing", "nothing"]
    assert any("Cell 3 returned or printed more" in note for note in result.notes)


def test_a_cell_that_ends_the_kernel_is_left_out(tiny, starts):
    own = ["print('first')", "import os\nos._exit(1)", "print('third')"]
    result = graded(tiny, extra=own)
    assert causes(result)[:2] == ["nothing", "nothing"] and len(starts) == 2
    assert outputs(result, "own-0")[0]["text"] == "first\n"
    assert outputs(result, "own-2")[0]["text"] == "third\n"
    assert "Cell 4 ended the kernel." in result.notes


def test_a_notebook_that_keeps_ending_its_kernel_is_given_up(tiny, starts):
    result = graded(tiny, extra=["import os\nos._exit(1)"] * 6)
    assert causes(result) == ["died", "died", "by hand"]
    assert len(starts) == session.KILLERS + 1
    assert "end its kernel" in result.verdicts[0].message


def test_a_task_that_ends_the_kernel_takes_no_other_task_along(tiny, starts):
    double = (
        "import os\ncount = [0]\ndef double(x):\n    count[0] += 1\n"
        "    return 2 * x if count[0] < 3 else os._exit(1)"
    )
    result = graded(tiny, double=double)
    assert causes(result) == ["died", "nothing", "by hand"] and len(starts) == 2
    assert result.verdicts[0].message.startswith("double, check 1 of 5: it ended the kernel.")


def test_what_takes_too_long_is_interrupted(tiny, starts, hurry, monkeypatch):
    monkeypatch.setattr(channel, "GRACE", 120.0)  # to answer, on a machine that is busy
    hurry("while 1", '"pair"')
    loop = "def pair(x, name):\n    while True: pass"
    result = graded(tiny, pair=loop, extra=["while 1: pass"])
    assert causes(result) == ["nothing", "time", "by hand"] and len(starts) == 1
    assert "Cell 3 took too long and was stopped." in result.notes
    assert outputs(result, "own-0")[-1]["ename"] == "KeyboardInterrupt"
    assert "pair, check 1 of 2: it took too long" in result.verdicts[1].message


def test_what_cannot_be_interrupted_is_given_up(tiny, starts, hurry, monkeypatch):
    monkeypatch.setattr(channel, "GRACE", 1.0)
    hurry('"double"')
    deaf = (
        "import signal\ndef double(x):\n    signal.signal(2, signal.SIG_IGN)\n    while x[0]: pass"
    )
    result = graded(tiny, double=f"{deaf}\n    return x")  # the self-check gives zeros
    assert causes(result) == ["time", "nothing", "by hand"] and len(starts) == 2


def test_the_whole_has_an_end_too(tiny, starts):
    result = graded(tiny, records.Limits(seconds=0))
    assert causes(result) == ["time", "time", "by hand"] and starts == []
    assert "The whole took longer than 0 s." in result.notes


FORGED = """
import json
from IPython import get_ipython
shell = get_ipython()
publish = shell.display_pub.publish
def forge(nonce, pairs):
    publish({"application/x-course-results": json.dumps([nonce, pairs])})
"""


@pytest.mark.parametrize(
    "double",
    [
        # results with a guessed nonce, before and while the functions are called
        "def double(x):\n    forge('0' * 32, [['value', '[1, []]']] * 5); return x",
        # results with the real nonce, but who knows the values?
        "import sys\ndef double(x):\n    frame = sys._getframe()\n"
        "    while 'nonce' not in frame.f_locals: frame = frame.f_back\n"
        "    forge(frame.f_locals['nonce'], [['value', '[true, []]']] * 5); return x",
        "import sys\ndef double(x):\n    frame = sys._getframe()\n"
        "    while 'nonce' not in frame.f_locals: frame = frame.f_back\n"
        "    forge(frame.f_locals['nonce'], [['value', 'no value']] * 5); return x",
        "import sys\ndef double(x):\n    frame = sys._getframe()\n"
        "    while 'nonce' not in frame.f_locals: frame = frame.f_back\n"
        "    forge(frame.f_locals['nonce'], [['nothing', '']] * 5); return x",
        "import sys\ndef double(x):\n    frame = sys._getframe()\n"
        "    while 'nonce' not in frame.f_locals: frame = frame.f_back\n"
        "    forge(frame.f_locals['nonce'], []); import os; os._exit(0)",
        # a broken way out
        "shell.display_pub.publish = lambda *args, **kwargs: None\ndouble = np.copy",
        "shell.display_pub.publish = lambda *a, **k: publish({'application/x-course-results': 5})\n"
        "double = np.copy",
        # objects and replaced functions that would make any comparison true
        "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\ndouble = np.copy",
        "class Sly(np.ndarray):\n    __eq__ = lambda *a: True\n    __sub__ = lambda *a: 0\n"
        "def double(x):\n    return np.zeros(4).view(Sly)",
    ],
)
def test_a_forged_answer_gains_nothing(tiny, starts, double):
    result = graded(tiny, double=double, extra=[FORGED])
    assert result.verdicts[0].points == 0 and causes(result)[0] not in ("nothing", "by hand")
    assert len(result.verdicts) == 3


def test_an_error_s_text_does_not_turn_the_sentence_around_it():
    said = json.dumps(["n", [["error", "\u202eX\u2066: \x00\x1b[2Jde"]]])
    assert channel._results(said, "n", 1) == [("error", "X: de")]


def test_what_a_function_displays_is_not_its_result(tiny, starts):
    double = "def double(x):\n    forge('0' * 32, [['error', 'x']]); print('x'); return 2 * x"
    assert causes(graded(tiny, double=double, extra=[FORGED]))[0] == "nothing"


def test_messages_that_are_no_messages_are_dropped(tiny, starts):
    own = [
        "from IPython import get_ipython\nkernel = get_ipython().kernel\n"
        "parent = kernel.get_parent()\nsocket = kernel.iopub_socket\n"
        "send = kernel.session.send\n"
        "send(socket, 'stream', {'name': ['x'], 'text': {}}, parent=parent)\n"
        "send(socket, 'display_data', {'data': [], 'metadata': 5}, parent=parent)\n"
        "send(socket, 'error', {'traceback': {'a': 1}}, parent=parent)\n"
        "send(socket, 'clear_output', {}, parent=parent)\n"
        "send(socket, 'odd' * 1000, {'a': 1}, parent=parent)\n"
        "socket.send_multipart([b'x', b'<IDS|MSG>', b'', b'[' * 9999, b'1', b'{', b'{'])\n"
        "socket.send_multipart([b''] * 20)\n"
        "other = {'header': {'msg_id': 'of another cell'}}\n"
        "send(socket, 'stream', {'name': 'stdout', 'text': 'of another'}, parent=other)\n"
        "send(socket, 'status', {'execution_state': 'idle'}, parent=parent)\n"
        "print('still here')",
    ]
    result = graded(tiny, extra=own)
    assert causes(result)[:2] == ["nothing", "nothing"]
    assert "of another" not in json.dumps(outputs(result, "own-0"))


def png(height, width):
    buffer = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def test_pictures_come_small_and_upright(painted, starts):
    sideways = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.fromarray(np.full((40, 20, 3), 90, np.uint8)).save(sideways, format="JPEG", exif=exif)
    own = ["imgfile = 'turned.jpg'"]
    files = {"drawing.png": png(600, 400), "turned.jpg": sideways.getvalue()}
    result = graded(painted, files=files, extra=own)
    assert {name: array.shape for name, array in result.pictures.items()} == {
        "drawing": (60, 40, 3),
        "photo": (20, 40, 3),
    }
    assert (
        result.pictures["drawing"].dtype == np.uint8 and (result.pictures["drawing"] == 200).all()
    )
    assert causes(result)[:2] == ["nothing", "nothing"]


def test_a_missing_or_broken_picture_is_a_note(painted, starts):
    result = graded(painted, files={"drawing.png": b"<svg/>"}, extra=["imgfile = 5"])
    assert result.pictures == {} and causes(result)[:2] == ["nothing", "nothing"]
    assert any(
        note.startswith("The picture drawing is missing: ImageError") for note in result.notes
    )
    assert not any(note.endswith("..") for note in result.notes)
    assert "The picture photo is missing: there is no file's name in the variable imgfile." in (
        result.notes
    )


@pytest.mark.parametrize(
    "submission",
    [
        records.Submission("s1", None, fault="the file is no notebook."),
        records.Submission("s1", None),
        records.Submission("s1", {"cells": [{"cell_type": "code"}]}),
        records.Submission("s1", {"cells": 7}),
    ],
    ids=["fault", "nothing", "a cell without text", "no cells"],
)
def test_what_is_no_notebook_has_verdicts_all_the_same(tiny, starts, submission):
    result = session.grade(submission, tiny, LIMITS, None)
    assert causes(result) == ["no notebook"] * 3 and starts == []
    assert {verdict.points for verdict in result.verdicts} == {0}
    nbformat.validate(nbformat.from_dict(result.notebook))


def test_a_machine_without_a_sandbox_is_no_student_s_fault(tiny, monkeypatch):
    def kernel(*args):
        raise OSError("There is no bubblewrap.")

    monkeypatch.setattr(sandbox, "kernel", kernel)
    with pytest.raises(OSError, match="no bubblewrap"):
        graded(tiny)


def test_a_task_without_calls_is_refused_before_it_gives_points(tiny, starts):
    import dataclasses

    empty = dataclasses.replace(tiny, calls=tiny.calls[:5])
    with pytest.raises(ValueError, match="Task 2: least has no calls"):
        graded(empty)


def test_a_digest_says_what_a_result_depends_on(tiny, painted):
    base = records.Submission("s1", notebook(tiny), {"a.png": b"1"})
    first = session.digest(base, tiny, LIMITS)
    assert session.digest(copy.deepcopy(base), tiny, LIMITS) == first
    others = [
        (records.Submission("s2", base.notebook, base.files), tiny, LIMITS),
        (records.Submission("s1", notebook(tiny, pair="x"), base.files), tiny, LIMITS),
        (records.Submission("s1", base.notebook, {"a.png": b"2"}), tiny, LIMITS),
        (records.Submission("s1", base.notebook, base.files, ("x",)), tiny, LIMITS),
        (records.Submission("s1", None, base.files, fault="x"), tiny, LIMITS),
        (base, painted, LIMITS),
        (base, tiny, records.Limits()),
    ]
    assert len({first, *(session.digest(*other) for other in others)}) == 8
