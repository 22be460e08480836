import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.staff.grading import judge, records


def patient(**how):
    """Settings for a machine that does other things too."""
    return settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], **how)


RIGHT = ("nothing", "")


def judged(want, value, **bounds):
    return judge.judge(records.Call("t", "f", (), want, **bounds), value)


def cause(want, value, **bounds):
    return judged(want, value, **bounds)[0]


ROW = np.array([1.0, 2.0, 3.0])
GRID = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("want", "value"),
    [
        (ROW, [1, 2, 3]),
        (ROW, (1.0, 2, 3)),
        (ROW, ROW.astype(np.float32)),
        (ROW, ROW.astype(int)),
        (GRID, GRID.tolist()),
        (GRID, [GRID[0], GRID[1].tolist()]),
        (3.5, np.float64(3.5)),
        (3.5, np.array(3.5)),
        (3, 3.0),
        (3, np.uint8(3)),
        (3.0, 3),
        (np.array([0, 1]), np.array([False, True])),
        (np.array([False, True]), np.array([0, 1])),
        (True, 1),
        (np.array([1, 2]), np.array([1.0, 2.0])),
        (np.array([], int), []),
        (np.array([], int), np.array([])),
        (2**63, np.uint64(2**63)),
        (np.array([1 + 2j]), [1 + 2j]),
        (np.array([1 + 0j]), [1.0]),
        ("cat", "cat"),
        (None, None),
        ((1, ROW), [1, ROW]),
        ((1.0, 2.0), np.array([1.0, 2.0])),
        ([ROW, GRID], [ROW.tolist(), GRID]),
        ({"a": ROW, 1: "x"}, {1: "x", "a": [1, 2, 3]}),
        (np.array([np.nan, np.inf, 1]), [math.nan, math.inf, 1]),
    ],
    ids=str,
)
def test_an_honest_right_answer_is_right(want, value):
    assert judged(want, value) == RIGHT


@pytest.mark.parametrize(
    ("want", "value", "expected"),
    [
        (ROW, None, "wrong type"),
        (ROW, "1 2 3", "wrong type"),
        (ROW, {"a": 1}, "wrong type"),
        (ROW, judge.Refused("Always"), "wrong type"),
        (ROW, [[1], [2, 3]], "wrong type"),
        (ROW, [1, 2, "3"], "wrong type"),
        (ROW, [1, 2, judge.Refused("x")], "wrong type"),
        (ROW, ROW + 0j, "wrong type"),
        ("cat", 3, "wrong type"),
        (None, 0, "wrong type"),
        (1.0, "1.0", "wrong type"),
        ((1, 2), 1, "wrong type"),
        ((1, 2), "ab", "wrong type"),
        ((1, 2), np.array(1.0), "wrong type"),
        ({"a": 1}, [1], "wrong type"),
        ((ROW, GRID), (ROW, None), "wrong type"),
        (1.0, [1.0], "wrong shape"),
        (ROW, ROW[:, None], "wrong shape"),
        (ROW, ROW[:2], "wrong shape"),
        (ROW, 1.0, "wrong shape"),
        (ROW, np.zeros((0, 3)), "wrong shape"),
        ((1, 2), (1, 2, 3), "wrong shape"),
        ({"a": 1}, {"a": 1, "b": 2}, "wrong shape"),
        ({"a": 1}, {"b": 1}, "wrong shape"),
        (ROW, [1, 2, math.nan], "not finite"),
        (ROW, [1, 2, math.inf], "not finite"),
        (1.0, math.nan, "not finite"),
        (1, math.nan, "not finite"),
        (math.inf, -math.inf, "not finite"),
        (np.array([np.nan, 1]), [1, math.nan], "not finite"),
        (np.array([np.nan, 1]), [1, 1], "wrong value"),
        (math.inf, 1e308, "wrong value"),
        (ROW, [1, 2, 4], "wrong value"),
        (3, 3.5, "wrong value"),
        (True, False, "wrong value"),
        (np.array([False, True]), [0, 2], "wrong value"),
        ("cat", "Cat", "wrong value"),
        (10_000_000, 10_000_001, "wrong value"),
        (10_000_000, 10_000_001.0, "wrong value"),
        (10_000_000, np.float32(10_000_016), "wrong value"),
        (np.array([math.inf, 1.0]), np.array([math.inf, 2.0], np.float32), "wrong value"),
        (2**62, 2**62 + 1, "wrong value"),
        (np.array([2**63], np.uint64), np.array([-(2**63)]), "wrong value"),
        ((1, ROW), (1, ROW + 1), "wrong value"),
        ({"a": ROW}, {"a": ROW + 1}, "wrong value"),
    ],
    ids=str,
)
def test_a_wrong_answer_has_its_cause(want, value, expected):
    came, message = judged(want, value)
    assert came == expected and came in records.CAUSES and message.endswith((".", "?"))


def test_type_and_shape_come_before_value():
    assert cause(ROW, np.full((3, 1), np.nan)) == "wrong shape"
    assert cause(ROW, [math.nan, 5, 5]) == "not finite"


def test_what_is_wanted_is_told_of_shape_and_kind_only():
    want = np.array([[81.25, 17.5]])
    for value in (None, "x", [1, 2], [[1, 2]], [[math.nan, 2]], 3, judge.Refused("Odd")):
        message = judged(want, value)[1]
        assert "81" not in message and "17" not in message
    assert judged(want, [1, 2])[1] == "the shape should be (1, 2); yours is (2,)."
    assert judged(want, [[81.25, 2]])[1] == "the values differ at 1 of 2 places."
    assert judged(want, judge.Refused("Odd"))[1] == (
        "your function returned Odd; wanted an array of numbers of shape (1, 2)."
    )


def test_a_long_text_among_many_costs_no_memory():
    """As an array, each of the texts would be as long as the longest: 8 TB, and 20 GB."""
    for count in (1_000_000, 2_500):
        texts = ["x" * 2_000_000, *[""] * count]
        for value in (texts, tuple(texts), [[1.0], texts], [texts, [ROW]]):
            for want in (ROW, 1.0, GRID):
                assert judged(want, value)[0] in ("wrong type", "wrong shape")


def test_a_tolerance_is_that_of_allclose():
    assert cause(100.0, 101.0, rtol=0.01, atol=0) == "nothing"
    assert cause(100.0, 101.1, rtol=0.01, atol=0) == "wrong value"
    assert cause(1.0, 1.9, rtol=0.6, atol=0) == "wrong value"  # a share of what is wanted
    assert cause(0.0, 1e-3, atol=1e-3) == "nothing"
    assert cause(10_000_000, 10_000_002, atol=1) == "wrong value"
    assert cause(10, 11, atol=1) == "nothing"  # pixels, say, that may be rounded either way


def test_single_precision_gets_the_tolerance_that_its_digits_need():
    want = np.array([1000.0, 1e-3])
    rough = want + [4e-3, 0]
    assert cause(want, rough.astype(np.float32)) == "nothing"
    assert cause(want, rough) == "wrong value"
    assert cause(want, (want + [0.1, 0]).astype(np.float32)) == "wrong value"
    small = np.array([1e-9, 2e-9])
    assert cause(small, np.zeros(2, np.float32), atol=0) == "wrong value"


finite = st.floats(-1e6, 1e6)
shapes = arrays.array_shapes(min_dims=1, max_dims=3, max_side=4)


@patient()
@given(arrays.arrays(np.float64, shapes, elements=finite), st.data())
def test_itself_is_right_and_one_other_value_is_not(want, data):
    assert judged(want, want.copy()) == RIGHT
    assert judged(want, want.tolist()) == RIGHT
    place = data.draw(st.integers(0, want.size - 1))
    off = want.copy()
    off.flat[place] += data.draw(st.sampled_from([-1, 1])) * (1e-3 + 1e-3 * abs(off.flat[place]))
    assert judged(want, off) == (
        "wrong value",
        f"the values differ at 1 of {want.size} places.",
    )
    off.flat[place] = np.nan
    assert cause(want, off) == "not finite"


@patient()
@given(
    arrays.arrays(np.float64, shapes, elements=finite),
    arrays.arrays(np.float64, shapes, elements=finite),
    st.floats(0, 0.1),
    st.floats(0, 1),
)
def test_doubles_are_judged_as_allclose_does(want, value, rtol, atol):
    expected = value.shape == want.shape and np.allclose(value, want, rtol=rtol, atol=atol)
    assert (cause(want, value, rtol=rtol, atol=atol) == "nothing") == expected


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=3)
    | st.builds(judge.Refused, st.text(max_size=3))
    | arrays.arrays(st.sampled_from([np.dtype(k) for k in "?bBqQfdD"]), shapes),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@patient(max_examples=500)
@given(anything.filter(lambda want: "Refused" not in repr(want)), anything)
def test_any_result_gets_a_cause_and_a_sentence(want, value):
    came, message = judged(want, value)
    assert came in ("nothing", "wrong type", "wrong shape", "not finite", "wrong value")
    assert bool(message) == (came != "nothing")
