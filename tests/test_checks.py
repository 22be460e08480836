"""Argument checks: what passes comes back typed, what does not is named with what was wanted."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import checks


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)])
def test_image_comes_back_as_float32_and_keeps_its_values(shape):
    picture = np.linspace(0, 1, np.prod(shape)).reshape(shape)
    result = checks.image(picture)
    assert result.dtype == np.float32 and result.shape == shape
    np.testing.assert_allclose(result, picture, atol=1e-7)
    assert checks.image(picture.tolist()).shape == shape


def test_image_that_fits_already_is_not_copied():
    picture = np.zeros((2, 2), np.float32)
    assert checks.image(picture) is picture


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (np.zeros((2, 2), np.uint8), ValueError, "bytes images.from_bytes [0, 1]"),
        (np.full((2, 2), 1.01), ValueError, "1.01 [0, 1]"),
        (np.full((2, 2), -0.01), ValueError, "-0.01 [0, 1]"),
        (np.array([[0, np.nan]]), ValueError, "nan [0, 1]"),
        (np.array([[0, np.inf]]), ValueError, "inf [0, 1]"),
        (np.zeros((2, 2, 4)), ValueError, "(2, 2, 4) (H, W, 3)"),
        (np.zeros((0, 2)), ValueError, "(0, 2) (H, W)"),
        (np.zeros(5), ValueError, "(5,) (H, W)"),
        ([[0, 1], [0]], ValueError, "different lengths"),
        ("photo.jpg", TypeError, "str numbers"),
        (None, TypeError, "NoneType numbers"),
        (np.zeros((2, 2), complex), TypeError, "ndarray numbers"),
    ],
)
def test_image_says_what_came_and_what_was_wanted(value, error, words):
    with pytest.raises(error) as caught:
        checks.image(value, "scene")
    assert str(caught.value).startswith("scene ")
    assert all(word in str(caught.value) for word in words.split()), caught.value


@pytest.mark.parametrize(("channels", "refused"), [((1,), (2, 2, 3)), ((3,), (2, 2))])
def test_image_refuses_the_other_kind_of_picture(channels, refused):
    checks.image(np.zeros((2, 2, 3)[: 2 + (channels == (3,))]), channels=channels)
    with pytest.raises(ValueError, match=r"^image has shape .*; wanted a picture \(H, W"):
        checks.image(np.zeros(refused), channels=channels)


@pytest.mark.parametrize(
    ("value", "limits", "words"),
    [
        (np.zeros((2, 3)), {"shape": (None, 4)}, "(2, 3) (any, 4)"),
        (np.zeros((2, 3)), {"shape": (2,)}, "(2, 3) (2)"),
        (np.zeros((2, 3)), {"ndim": 1}, "2 (2, 3) 1"),
        ([1.0, np.nan], {}, "NaN finite"),
        ([1.0, -np.inf], {}, "infinity finite"),
        ([1, -2], {"low": -1}, "-2 -1 more"),
        ([1, 2], {"high": 1.5}, "2 1.5 less"),
        ([0.5, 1], {"dtype": int}, "0.5 int64"),
        ([0, 256], {"dtype": np.uint8}, "256 uint8"),
        ([-1, 0], {"dtype": np.uint8}, "-1 uint8"),
        ([2.0**63], {"dtype": np.int64}, "e+18 int64"),  # as float no larger than int64's limit
        (np.float32([2.0**63]), {"dtype": np.int64}, "e+18 float32 int64"),
    ],
)
def test_array_says_what_came_and_what_was_wanted(value, limits, words):
    with pytest.raises(ValueError) as caught:
        checks.array(value, "weights", **limits)
    assert str(caught.value).startswith("weights ")
    assert all(word in str(caught.value) for word in words.split()), caught.value


def test_array_takes_its_limits_as_allowed():
    result = checks.array([[0, 1]], "w", shape=(None, 2), ndim=2, low=0, high=1, dtype=np.float32)
    assert result.dtype == np.float32 and result.tolist() == [[0, 1]]
    assert checks.array([0.0, 255.0], "w", dtype=np.uint8).tolist() == [0, 255]
    assert np.isnan(checks.array([np.nan], "w", finite=False)).all()
    assert checks.array([], "w", low=0, high=1, dtype=int).size == 0


@pytest.mark.parametrize(
    ("value", "limits", "error", "wanted"),
    [
        (True, {}, TypeError, "wanted a number."),
        (np.True_, {"integer": True}, TypeError, "wanted a whole number."),
        ("3", {}, TypeError, "wanted a number."),
        (2.0, {"integer": True}, TypeError, "wanted a whole number."),
        (np.array([3]), {}, TypeError, "wanted a number."),
        (0, {"low": 1}, ValueError, "wanted a number of at least 1."),
        (3, {"high": 2}, ValueError, "wanted a number of at most 2."),
        (
            3,
            {"low": 0, "high": 2, "integer": True},
            ValueError,
            "wanted a whole number from 0 to 2.",
        ),
        (float("nan"), {"low": 0}, ValueError, "wanted a number of at least 0."),
        (float("nan"), {}, ValueError, "wanted a finite number."),
        (float("inf"), {"low": 0}, ValueError, "wanted a finite number."),
    ],
)
def test_number_says_what_came_and_what_was_wanted(value, limits, error, wanted):
    with pytest.raises(error) as caught:
        checks.number(value, "radius", **limits)
    assert str(caught.value).startswith(f"radius is {value!r}")
    assert str(caught.value).endswith(wanted)


def test_number_takes_its_limits_and_numpy_numbers():
    assert checks.number(1, "n", low=1, high=1) == 1.0
    whole = checks.number(np.int16(7), "n", integer=True)
    assert whole == 7 and type(whole) is int
    assert type(checks.number(np.float32(0.5), "n")) is float


def test_choice_names_the_near_options_or_all():
    options = ["cbcl_faces", "orl_faces", "hed"]
    assert checks.choice("hed", "asset", options) == "hed"
    with pytest.raises(ValueError, match=r"^asset 'cbcl_face' is not .* mean cbcl_faces or orl_f"):
        checks.choice("cbcl_face", "asset", options)
    with pytest.raises(ValueError, match=r"did you mean hed\?$"):
        checks.choice("HED", "asset", iter(options))
    with pytest.raises(ValueError, match=r"did you mean cbcl_faces\?$"):
        checks.choice("cbcl", "asset", options)
    with pytest.raises(ValueError, match=r"there are cbcl_faces, orl_faces, hed\.$"):
        checks.choice("zebra", "asset", options)


@given(st.lists(st.tuples(*[st.integers(-999, 999)] * 4), max_size=5))
def test_boxes_come_back_as_rows_of_four_float64(rows):
    result = checks.boxes(rows)
    assert result.dtype == np.float64 and result.shape == (len(rows), 4)
    assert result.tolist() == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ([1, 2, 3, 4], ValueError),
        ([[1, 2, 3]], ValueError),
        ([[1, 2, 3, np.nan]], ValueError),
        ([[1, 2, 3, 4], [1, 2]], ValueError),
        ("none", TypeError),
        (None, TypeError),
    ],
)
def test_boxes_refuses_everything_else_by_name(value, error):
    with pytest.raises(error, match=r"^truth (has|holds|is) .*; wanted"):
        checks.boxes(value, "truth")


def test_array_turns_small_floats_into_whole_numbers_without_a_warning(recwarn):
    assert checks.array(np.array([1, 2], np.float16), "w", dtype=np.int64).tolist() == [1, 2]
    # What an earlier test left open may be collected meanwhile, and warn of that.
    assert not [each for each in recwarn if each.category is not ResourceWarning]


def test_path():
    assert checks.path("a/b.npz") == checks.path(Path("a/b.npz")) == Path("a", "b.npz")
    with pytest.raises(TypeError, match="place is int; wanted the name of a file"):
        checks.path(3, "place")
