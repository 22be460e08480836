"""What a stored notebook must be, rule by rule, and the answers to its exercises; no kernels."""

import getpass

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.staff import answers, rules

COURSE = {"part": 1, "minutes": 60, "needs": [], "gpu": "none"}
HOME = "/" + "home/ann"


def cell(source="x = 1", *outputs, count=1, tags=(), **course):
    metadata = {"tags": list(tags)} | ({"course": course} if course else {})
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def book(*cells, course=COURSE):
    return new_notebook(cells=list(cells), metadata={"course": course} if course else {})


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(mime, data):
    return new_output("display_data", data={mime: data})


def raised(name="ValueError", traceback=()):
    return new_output("error", ename=name, evalue="no", traceback=list(traceback))


PLAY = "def draw(size):\n    pass\nwidgets.play(draw, size=(1, 3))"

# A rule: a notebook that keeps it, one that breaks it, and words of what is said then.
RULES = {
    "course entry": (book(cell()), book(cell(), course=None), "no entry `course`"),
    "all its keys": (
        book(cell()),
        book(cell(), course={"part": 1, "needs": []}),
        "lacks gpu, minutes",
    ),
    "a range for the GPU": (
        book(cell("f()", printed("0.9\n"), range=[0, 1]), course=COURSE | {"gpu": "faster"}),
        book(cell("f()", printed("0.9\n")), course=COURSE | {"gpu": "faster"}),
        "no cell sets a range",
    ),
    "code": (book(cell()), book(new_markdown_cell("x = 1")), "no code"),
    "code that is not empty": (
        book(cell(), cell(" \n", count=None)),
        book(cell(" \n", count=None)),
        "no code",
    ),
    "was run": (book(cell()), book(cell(count=None)), "cell 1 was never run"),
    "in order": (
        book(cell(count=2), cell(count=3)),
        book(cell(count=3), cell(count=3)),
        "cell 2 was run out of order: [3] comes after [3]",
    ),
    "errors are expected": (
        book(cell("f()", raised(), tags=["raises-exception"])),
        book(cell("f()", raised())),
        "is an error, ValueError, that no tag expects",
    ),
    "stderr": (
        book(cell("f()", printed("Warning: old\n", "stderr"), stderr=True)),
        book(cell("f()", printed("Warning: old\n", "stderr"))),
        "stderr holds 'Warning: old'",
    ),
    "stderr without a word": (
        book(cell("f()", printed("\r\n"))),
        book(cell("f()", printed("\r\n", "stderr"))),
        "stderr holds ''",
    ),
    "a path": (
        book(cell("f()", printed("saved notebooks/a.png and ~/b.png\n"))),
        book(cell("f()", printed(f"saved {HOME}/a.png\n"))),
        f"of one machine: {HOME}/a.png",
    ),
    "a path as an address": (
        book(cell("f()", shown("text/html", f"<a href='https://a.org{HOME}'>a</a>"))),
        book(cell("f()", shown("text/html", f"<a href='file://{HOME}/a'>a</a>"))),
        "of one machine",
    ),
    "a path in a traceback": (
        book(cell("f()", raised(traceback=["File course_lib/a.py"]), tags=["raises-exception"])),
        book(cell("f()", raised(traceback=[f"File {HOME}/a.py"]), tags=["raises-exception"])),
        "of one machine",
    ),
    "a path in an SVG": (
        book(cell("f()", shown("image/png", f"{HOME}/is/base64/here"))),
        book(cell("f()", shown("image/svg+xml", f'<image href="{HOME}/a.png"/>'))),
        "of one machine",
    ),
    "a path elsewhere": (
        book(cell("f()", printed("see train/data/a.png"))),
        book(cell("f()", printed("saved " + "/" + "data/ann/a.png"))),
        "of one machine",
    ),
    "a path on another disk": (
        book(cell("f()", printed("A: b\\c"))),
        book(cell("f()", printed("D:" + r"\photos\a.png"))),
        "of one machine",
    ),
    "a path of Windows": (
        book(cell("f()", printed("C: is a drive"))),
        book(cell("f()", printed("C:" + r"\Users\ann\a.png"))),
        "of one machine",
    ),
    "sliders": (
        book(cell(PLAY + "\ndraw(2)")),
        book(cell(PLAY)),
        "cell 1: draw is never called without its sliders",
    ),
    "sliders, imported": (
        book(cell("media.play(draw)")),
        book(cell("play(draw)")),
        "draw is never called",
    ),
    "a range": (
        book(cell("f()", printed("accuracy 0.9\n"), range=[0, 1])),
        book(cell("f()", printed("accuracy high\n"), range=[0, 1])),
        "sets a range, but stores no number",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    good, bad, words = RULES[name]
    assert rules.faults(good) == []
    found = rules.faults(bad)
    assert len(found) == 1 and words in found[0]


def test_magics_are_no_fault():
    assert rules.faults(book(cell("%matplotlib inline\nwidgets.play(draw)"))) == []


@pytest.mark.parametrize(
    ("user", "text", "named"),
    [
        ("marianne", "written by marianne today", True),
        ("marianne", "mariannes", False),  # only as a word
        ("root", "the square root of 2", False),
        ("student", "a student of art", False),
        ("ann", "ann is too short to tell", False),
    ],
)
def test_user_name(monkeypatch, user, text, named):
    monkeypatch.setattr(getpass, "getuser", lambda: user)
    assert rules.machine_marks(text) == [user] * named


def test_a_user_without_a_name(monkeypatch):
    def nobody():
        raise OSError("no username set in the environment")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert rules.machine_marks("nobody") == []


@pytest.mark.parametrize(
    ("text", "last"),
    [("a\nb\n", "b"), ("a\n \r\n", "a"), ("\r", ""), ("", ""), ("x" * 100, "x" * 80)],
)
def test_last_line(text, last):
    assert rules.last_line(text) == last


# --- answers ---

RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = [f"def double(x):\n    return {body}\n" for body in ("x", "x * x", "None")]


class Kernel:
    """Runs code as a notebook's kernel would."""

    def __init__(self):
        self.names, self.printed = {"print": self.print}, ""

    def print(self, text):
        self.printed += text + "\n"

    def run(self, source):
        self.printed = ""
        try:
            exec(source, self.names)
        except Exception as error:
            return self.printed, f"{type(error).__name__}: {error}"
        return self.printed, ""


CHECK = """
class NotYet(ValueError):
    pass
try:
    found = double(3)
except NotImplementedError:
    print("Exercise 1 is still open.")
else:
    if found != 6:
        raise NotYet(f"found {found}. Look at: twice the number.")
    print("Exercise 1: all 1 checks pass.")
"""
STUB = "def double(x):\n    raise NotImplementedError('Exercise 1')\ndouble(3)"


@pytest.fixture
def lesson(tmp_path):
    """A notebook with one exercise, its path, and a way to write its answers."""
    notebook = book(cell(STUB, tags=["exercise"]), cell(CHECK, tags=["exercise-check"]))
    path = tmp_path / "notebooks/09_1_twice.ipynb"
    file = tmp_path / "solutions/exercises/09_1_twice.py"
    file.parent.mkdir(parents=True)

    def write(right, *wrong):
        cells = [f"# %% exercise-1\n{right}"]
        cells += [f"# %% exercise-1 wrong: {n}\n{source}" for n, source in enumerate(wrong)]
        file.write_text("# %% [markdown]\n# Answers\n" + "\n".join(cells))
        return path, notebook

    return write


def test_answers_are_read_in_order(lesson):
    path, _ = lesson(RIGHT, *WRONG)
    found = answers.read(path)
    assert [a.number for a in found] == [1, 1, 1, 1]
    assert [a.is_wrong for a in found] == [False, True, True, True]
    assert found[0].source.strip() == RIGHT.strip()


def test_no_file_no_answers(tmp_path):
    assert answers.read(tmp_path / "notebooks/09_9_none.ipynb") == []


def test_exercises_need_a_check_and_answers(lesson):
    path, notebook = lesson(RIGHT, *WRONG)
    assert answers.faults(path, notebook) == []
    assert "1 right, 2 wrong" in answers.faults(*lesson(RIGHT, *WRONG[:2]))[0]
    unchecked = nbformat.from_dict(notebook)
    unchecked.cells.pop()
    lesson(RIGHT, *WRONG)
    assert answers.faults(path, unchecked) == ["1 exercises have 0 self-checks"]


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (RIGHT, ""),
        (WRONG[0], "refused the answer: NotYet: found 3"),
        ("def double(x:", "the answer itself raised SyntaxError"),
        (STUB.replace("double(3)", ""), "refused the answer: Exercise 1 is still open"),
    ],
)
def test_the_right_answer(lesson, right, words):
    path, notebook = lesson(right)
    fault = answers.fault(answers.read(path)[0], notebook, Kernel())
    assert words in fault and bool(words) == bool(fault)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (WRONG[0], ""),
        (RIGHT, "gave no hint: Exercise 1: all 1 checks pass"),
        ("def double(x):\n    return y\n", "gave no hint: NameError"),
        ("def double(x:", "gave no hint: Exercise 1 is still open"),  # not the answer before
    ],
)
def test_a_wrong_answer(lesson, wrong, words):
    path, notebook = lesson(RIGHT, WRONG[1], wrong)
    kernel = Kernel()
    for answer in answers.read(path):
        fault = answers.fault(answer, notebook, kernel)
    assert words in fault and bool(words) == bool(fault)


def test_an_answer_to_no_exercise():
    answer = answers.Answer("exercise-2", RIGHT)
    assert answers.fault(answer, book(cell()), Kernel()) == "there is no exercise 2"
