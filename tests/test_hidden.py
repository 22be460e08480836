import subprocess
import sys

import numpy as np
import pytest

from course_lib.staff import hidden


@pytest.fixture
def main(monkeypatch):
    """Return a function that defines a name in `__main__`, as a notebook's cell does."""

    def define(name, value):
        monkeypatch.setattr(sys.modules["__main__"], name, value, raising=False)

    return define


def test_a_right_function_passes_and_gets_copies(main):
    x = np.arange(3.0)

    def spoil(y):
        y += 1
        return y

    main("spoil", spoil)
    hidden.check("spoil", x, want=x + 1)
    hidden.check("spoil", x, want=np.arange(3.0) + 1)
    assert x.tolist() == [0, 1, 2]


def test_a_wrong_function_is_told_where_to_look(main):
    main("double", lambda x: x)
    with pytest.raises(hidden.Wrong) as caught:
        hidden.check("double", np.array([1.5, 0]), want=np.array([3.0, 0]), hint="the factor")
    assert str(caught.value) == ("double: the values differ at 1 of 2 places. Look at: the factor")
    assert isinstance(caught.value, AssertionError)  # what nbgrader counts as wrong


@pytest.mark.parametrize(
    "value", [None, object(), {1, 2}, np.array([None])], ids=lambda value: type(value).__name__
)
def test_what_is_not_plain_is_wrong(main, value):
    main("odd", lambda: value)
    with pytest.raises(hidden.Wrong, match="odd: your function returned"):
        hidden.check("odd", want=1)


def test_an_object_that_equals_everything_is_wrong(main):
    class Always(float):
        def __eq__(self, other):
            return True

    main("sly", lambda: Always(3))
    with pytest.raises(hidden.Wrong, match="returned Always; wanted a number"):
        hidden.check("sly", want=2.0)


def test_a_missing_function_is_wrong_and_a_stub_says_so(main):
    with pytest.raises(hidden.Wrong, match="no function absent"):
        hidden.check("absent", want=1)

    def stub():
        raise NotImplementedError("your answer goes here")

    main("stub", stub)
    with pytest.raises(NotImplementedError):
        hidden.check("stub", want=1)


def test_recording_notes_the_call_as_it_was_and_makes_none(main):
    main("double", lambda x: pytest.fail("it was called"))
    x = np.zeros(2)
    with hidden.recording(5) as record:
        record.task = "double-check"
        hidden.check("double", x, want=x, rtol=0.1, atol=0.2, hint="look")
        x += 9
    (call,) = record.calls
    assert (call.task, call.function, call.rtol, call.atol, call.hint) == (
        "double-check",
        "double",
        0.1,
        0.2,
        "look",
    )
    assert call.args[0].tolist() == [0, 0] and call.want.tolist() == [0, 0]


def test_recording_ends(main):
    with hidden.recording(5):
        pass
    main("one", lambda: 2)
    with pytest.raises(hidden.Wrong):
        hidden.check("one", want=1)


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "says"),
    [
        ((len, 1), {"want": 1}, TypeError, "by its name"),
        (("a b", 1), {"want": 1}, TypeError, "by its name"),
        (("f", object()), {"want": 1}, TypeError, "f: an argument or want"),
        (("f", 1), {"want": {1, 2}}, TypeError, "f: an argument or want"),
        (("f", 1), {"want": 1, "atol": -1}, ValueError, "rtol and atol"),
        (("f", 1), {"want": 1, "rtol": float("nan")}, ValueError, "rtol and atol"),
    ],
)
def test_a_check_that_is_written_wrongly_says_so(args, kwargs, error, says):
    with hidden.recording(1), pytest.raises(error, match=says):
        hidden.check(*args, **kwargs)


def draw(name):
    return hidden.generator(name).integers(0, 2**62, 4).tolist()


def test_inputs_come_from_the_class_and_the_cell():
    with hidden.recording(5):
        first = draw("a")
        assert draw("a") == first and draw("b") != first
    with hidden.recording(6):
        assert draw("a") != first
    with hidden.recording(5):
        assert draw("a") == first


def test_inputs_are_new_each_time_in_a_kernel(monkeypatch):
    monkeypatch.delenv("COURSE_SEED", raising=False)
    assert draw("a") != draw("a")


def test_the_environment_may_seed_a_kernel(monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "5")
    first = draw("a")
    assert draw("a") == first
    with hidden.recording(5):
        assert draw("a") == first
    monkeypatch.setenv("COURSE_SEED", "-1")
    with pytest.raises(ValueError, match="COURSE_SEED is '-1'"):
        draw("a")


def test_inputs_are_the_same_in_another_process():
    code = (
        "from course_lib.staff import hidden\nwith hidden.recording(7):\n"
        " print(hidden.generator('iou').integers(0, 100, 4).tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with hidden.recording(7):
        assert done.stdout.strip() == str(hidden.generator("iou").integers(0, 100, 4).tolist())
