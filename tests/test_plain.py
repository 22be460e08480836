import base64
import json
import math
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.staff.grading import plain


def patient(**how):
    """Settings for a machine that does other things too."""
    return settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], **how)


KINDS = ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats() | st.complex_numbers() | st.booleans()
made = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(np.dtype(kind), arrays.array_shapes(min_dims=0, min_side=0))
)
scalars = made.filter(lambda array: array.size).map(lambda array: array.ravel()[0])
leaves = st.none() | numbers | st.text() | made | scalars
keys = st.text() | st.integers(-(2**63), 2**64 - 1)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    """Whether two plain values are the same in every type and bit that counts."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (np.ndarray, np.generic)):
        equal = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        return a.dtype == b.dtype and a.shape == b.shape and equal
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    return a == b


@patient(max_examples=300)
@given(values)
def test_a_value_comes_back_as_it_was(value):
    text = plain.dump(value)
    assert text.isascii() and "\n" not in text
    assert same(plain.load(text), value)


@patient()
@given(made)
def test_an_array_survives_any_layout(array):
    for one in (array.T, array[..., ::-1] if array.ndim else array, np.asfortranarray(array)):
        assert same(plain.load(plain.dump(one)), np.ascontiguousarray(one).reshape(one.shape))


def test_big_endian_and_long_double_become_ordinary():
    assert plain.load(plain.dump(np.arange(3, dtype=">i4"))).tolist() == [0, 1, 2]
    assert plain.load(plain.dump(np.longdouble([0.5]))).dtype == np.float64


def test_nan_and_infinity_come_back():
    came = plain.load(plain.dump([math.nan, math.inf, -math.inf, np.array([np.nan, 1])]))
    assert math.isnan(came[0]) and came[1:3] == [math.inf, -math.inf] and np.isnan(came[3][0])


def test_equal_arrays_are_sent_once_and_come_apart():
    array = np.arange(1000)
    text = plain.dump([array, array.copy(), (array,)])
    assert len(text) < 1.2 * len(plain.dump(array))
    came = plain.load(text)
    came[0][0] = 7  # what a student's function does to one is not seen by another
    assert came[1][0] == 0 and came[2][0][0] == 0


class Sly(list):
    def __eq__(self, other):
        return True


class Liar(np.ndarray):
    pass


class Endless(list):
    def __iter__(self):
        while True:
            yield 1


Pair = namedtuple("Pair", "a b")


class Nameless(type):
    @property
    def __name__(cls):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (Sly([1]), [1]),
        (range(3), [0, 1, 2]),
        (Pair(1, 2.5), (1, 2.5)),
        (OrderedDict(a=1), {"a": 1}),
        (np.arange(3).view(Liar), np.arange(3)),
        (np.matrix([[1, 2]]), np.array([[1, 2]])),
        (np.ma.array([1.5, 2]), np.array([1.5, 2])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_kind_of_list_or_array_is_what_it_holds(value, held):
    assert same(plain.load(plain.dump(value)), held)


loop = []
loop.append(loop)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.array([None]), "an array of object_"),
        (np.array(["a"]), "an array of str_"),
        (np.zeros(2, [("a", int)]), "an array of void"),
        (np.datetime64("2026-11-20"), "an array of datetime64"),
        (Sly([Sly([len])]), "builtin_function_or_method"),
        ({(1, 2): 3}, "a dict with a key of type tuple"),
        ({True: 3}, "a dict with a key of type bool"),
        (2**65, "an integer of more than 64 bits"),
        ({1, 2}, "set"),
        ((n for n in "ab"), "generator"),
        (len, "builtin_function_or_method"),
        (loop, f"a value nested more than {plain.DEEPEST} deep"),
        ([0] * (plain.ITEMS + 1), plain.TOO_MUCH),
        (Endless(), plain.TOO_MUCH),
        (np.zeros(plain.MOST + 1, np.uint8), plain.TOO_MUCH),
        ("a" * (plain.MOST + 1), plain.TOO_MUCH),
    ],
)
def test_anything_else_is_refused_by_name(value, name):
    with pytest.raises(plain.PlainError) as caught:
        plain.dump([value])
    assert caught.value.name == name


def test_a_type_without_a_name_is_refused_too():  # by whatever error, in its own process
    with pytest.raises((plain.PlainError, RuntimeError)):
        plain.dump(Nameless("X", (), {})())


def test_a_limit_holds_for_all_parts_together():
    part = np.zeros(60, np.uint8)
    assert len(plain.load(plain.dump([part], 100), 100)) == 1
    with pytest.raises(plain.PlainError):
        plain.dump([part, part], 100)
    with pytest.raises(plain.PlainError):  # the second one refers to the bytes of the first
        plain.load(plain.dump([part, part]), 100)


BYTES = base64.b64encode(bytes(8)).decode()
HOSTILE = [
    ["a", "<f8", [10**12], 0],
    ["a", "<f8", [10**30, 0], 0],
    ["a", "<f8", [2**39, 2**39, 0], 1],
    ["a", "<f8", [-1], 0],
    ["a", "<f8", [2], 0],
    ["a", "<f8", [True], 0],
    ["a", "<f8", [1.0], 0],
    ["a", "<f8", "1", 0],
    ["a", "<f8", [1] * 40, 0],
    ["a", "<f8", [1], 2],
    ["a", "<f8", [1], -1],
    ["a", "<f8", [1], -2],
    ["a", "<f8", [1], True],
    ["a", "|O", [1], 0],
    ["a", "|V8", [1], 0],
    ["a", "<i4,<i4", [1], 0],
    ["a", "<U2", [1], 0],
    ["a", "<M8[s]", [1], 0],
    ["a", ["f", "i"], [1], 0],
    ["a", "<f8", [1]],
    ["a", "<f8", [1], 0, 0],
    ["c", 1, [2]],
    ["c", "1+"],
    ["d", "a"],
    ["d", "a", 1, "a", 2],
    ["d", 1.5, 2],
    ["d", ["l"], 2],
    ["x"],
    [],
    [["l"]],
    {},
    {"a": 1},
    2**65,
]


@pytest.mark.parametrize("tree", HOSTILE, ids=str)
def test_a_lying_message_is_refused_at_no_cost(tree):
    text = json.dumps([tree, [BYTES, ""]])
    tracemalloc.start()
    try:
        with pytest.raises(plain.PlainError):
            plain.load(text)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "null",
        "[1]",
        "[1, 2]",
        "[1, {}]",
        "[1, [], 3]",
        '["a", [1]',
        "[" * 100_000,
        "[" + "9" * 10_000 + ", []]",
        '[["l", ' * 5000 + "]" * 10_000,
        '[["a", "|u1", [3], 0], ["####"]]',
        '[["a", "|u1", [3], 0], ["AAA\\u00e9"]]',
        '[["a", "|u1", [3], 0], [5]]',
        b"[1, []]",
        None,
    ],
    ids=lambda text: repr(text)[:20],
)
def test_a_broken_message_is_refused(text):
    with pytest.raises(plain.PlainError):
        plain.load(text)


def test_a_message_that_is_too_long_is_not_even_parsed():
    with pytest.raises(plain.PlainError, match="wrong type or size"):
        plain.load("[" * 10_000, 1000)


def test_a_byte_that_is_no_boolean_becomes_one():
    text = json.dumps([["a", "|b1", [2], 0], [base64.b64encode(b"\x02\x00").decode()]])
    assert plain.load(text).view(np.uint8).tolist() == [1, 0]


words = st.sampled_from(["a", "s", "c", "l", "t", "d", "<f8", "|b1", "<i4", "|O", BYTES, "="])
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=20,
)


@patient(max_examples=600)
@given(junk, st.lists(junk | words, max_size=3))
def test_no_tree_makes_another_error(tree, blobs):
    try:
        value = plain.load(json.dumps([tree, blobs]))
    except plain.PlainError:
        return
    assert same(plain.load(plain.dump(value)), value)


@patient(max_examples=300)
@given(values, st.data())
def test_no_damage_to_a_message_makes_another_error(value, data):
    text = plain.dump(value)
    place = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 5))
    text = text[:place] + data.draw(st.text(max_size=5)) + text[place + cut :]
    try:
        plain.load(text)
    except plain.PlainError:
        pass
