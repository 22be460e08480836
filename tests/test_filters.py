"""Filters by hand against OpenCV and SciPy."""

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.classic.lineart import filters

SQUARE = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=np.float32)
pictures = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(0, 1, width=32),
)


@pytest.fixture
def photo():
    return np.random.default_rng(3).random((40, 31, 3), dtype=np.float32)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (1, 9, 3)])
@pytest.mark.parametrize(
    "blur",
    [
        lambda p: filters.box_blur(p, 3),
        lambda p: filters.gaussian_blur(p, 1.5),
        lambda p: filters.median_blur(p, 3),
        lambda p: filters.bilateral_blur(p, 2, 0.1),
        lambda p: filters.correlate(p, np.ones((3, 5))),
    ],
)
def test_shape_and_type_are_kept(blur, shape):
    result = blur(np.full(shape, 0.25, np.float32))
    assert result.shape == shape and result.dtype == np.float32


def test_correlate_by_hand_does_not_flip_the_kernel():
    kernel = np.zeros((3, 3))
    kernel[1, 2] = 1  # the right neighbour
    row = np.array([[1, 2, 3]])
    assert filters.correlate(row, kernel).tolist() == [[2, 3, 3]]


def test_box_blur_by_hand():
    assert filters.box_blur(SQUARE, 3)[0, 0] == pytest.approx(1 / 9)
    assert filters.box_blur(SQUARE, 3)[1, 1] == pytest.approx(4 / 9)


def test_median_by_hand_removes_a_speck_and_keeps_an_edge():
    speck = np.zeros((5, 5))
    speck[2, 2] = 1
    assert not filters.median_blur(speck, 3).any()
    edge = np.tile([0.0, 0, 1, 1], (4, 1))
    assert np.array_equal(filters.median_blur(edge, 3), edge)


def test_bilateral_keeps_a_step_that_a_gaussian_would_blur():
    step = np.tile(np.repeat([0.0, 1.0], 8), (16, 1))
    assert np.abs(filters.bilateral_blur(step, 3, 0.05) - step).max() < 1e-3
    assert np.abs(filters.gaussian_blur(step, 3) - step).max() > 0.3


@pytest.mark.parametrize("size", [1, 3, 7])
def test_box_blur_equals_opencv(photo, size):
    oracle = cv2.blur(photo, (size, size), borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(filters.box_blur(photo, size), oracle, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.3, 1, 2.7, 9])
def test_gaussian_blur_equals_opencv_and_scipy(photo, sigma):
    ours = filters.gaussian_blur(photo, sigma)
    length = len(filters.gaussian_kernel(sigma))
    opencv = cv2.GaussianBlur(photo, (length, length), sigma, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(ours, opencv, atol=2e-6)
    radius = length // 2
    scipy_s = scipy.ndimage.gaussian_filter(
        photo, (sigma, sigma, 0), mode="nearest", radius=(radius, radius, 0)
    )
    np.testing.assert_allclose(ours, scipy_s, atol=2e-6)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_median_blur_equals_opencv(photo, size):
    assert np.array_equal(filters.median_blur(photo, size), cv2.medianBlur(photo, size))


def test_correlate_equals_opencv(photo):
    kernel = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    oracle = cv2.filter2D(photo, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(filters.correlate(photo, kernel), oracle, atol=1e-5)


def test_bilateral_equals_its_definition():
    grey = np.random.default_rng(1).random((12, 10), dtype=np.float32)
    reach, space, colour = 3, 2.0, 0.2  # OpenCV takes a disc of 1.5 sigma
    padded = np.pad(grey, reach, mode="edge")
    expected = np.zeros_like(grey)
    for y, x in np.ndindex(grey.shape):
        down, right = np.indices((7, 7)) - reach
        window = padded[y : y + 7, x : x + 7]
        far = down**2 + right**2
        weight = np.exp(-far / (2 * space**2) - (window - grey[y, x]) ** 2 / (2 * colour**2))
        weight[far > reach**2] = 0
        expected[y, x] = (weight * window).sum() / weight.sum()
    np.testing.assert_allclose(filters.bilateral_blur(grey, space, colour), expected, atol=1e-4)


@given(pictures)
def test_blurs_stay_between_the_darkest_and_the_brightest(picture):
    for blurred in (filters.box_blur(picture, 3), filters.gaussian_blur(picture, 1)):
        assert blurred.min() >= picture.min() - 1e-5 and blurred.max() <= picture.max() + 1e-5


@given(st.floats(0.05, 20))
def test_gaussian_weights_sum_to_one_and_are_symmetric(sigma):
    weights = filters.gaussian_kernel(sigma)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights, weights[::-1])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: filters.box_blur(SQUARE, 4), ValueError, "odd number, such as 5"),
        (lambda: filters.median_blur(SQUARE, 2), ValueError, "odd"),
        (lambda: filters.box_blur(SQUARE, 3.0), TypeError, "whole number"),
        (lambda: filters.gaussian_blur(SQUARE, 0), ValueError, "sigma"),
        (lambda: filters.correlate(SQUARE, np.ones((2, 2))), ValueError, "middle"),
        (lambda: filters.correlate(np.zeros(3), np.ones((3, 3))), ValueError, "values"),
        (lambda: filters.correlate([[np.nan]], np.ones((3, 3))), ValueError, "NaN"),
        (lambda: filters.bilateral_blur(SQUARE, 2, 0), ValueError, "sigma_colour"),
        (lambda: filters.median_blur(SQUARE * 255, 3), ValueError, "[0, 1]"),
    ],
)
def test_errors_say_what_was_wanted(call, error, says):
    with pytest.raises(error) as caught:
        call()
    assert says in str(caught.value)
