"""Sobel, Laplacian and every stage of Canny against OpenCV."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from skimage import data

from course_lib import images
from course_lib.classic.lineart import edges

STEP = np.tile([0.0, 0, 1, 1], (4, 1)).astype(np.float32)
levels = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
    elements=st.sampled_from([0, 1, 2, 60, 61, 120, 255]),  # few values: many ties
)


def opencv(grey, low, high, norm):
    return cv2.Canny(grey, low, high, L2gradient=norm == "L2") > 0


def test_sobel_by_hand_on_a_step():
    gx, gy = edges.sobel(STEP)
    assert gx.tolist() == [[0, 4, 4, 0]] * 4
    assert not gy.any()


def test_laplacian_by_hand_changes_sign_at_the_step():
    assert edges.laplacian(STEP).tolist() == [[0, 1, -1, 0]] * 4


def test_gradient_length_by_hand():
    assert edges.gradient_length([[3.0]], [[-4.0]], "L1") == 7
    assert edges.gradient_length([[3.0]], [[-4.0]], "L2") == 5


def test_thin_keeps_one_pixel_of_a_two_pixel_ridge():
    gx, gy = edges.sobel(STEP)
    ridge = edges.thin(gx, gy, edges.gradient_length(gx, gy))
    assert ridge.tolist() == [[False, True, False, False]] * 4


@pytest.mark.parametrize(("gx", "gy", "kept"), [(1, 1, False), (1, -1, True)])
def test_thin_looks_along_the_right_diagonal(gx, gy, kept):
    length = np.diag([3.0, 2, 3])  # higher neighbours up-left and down-right only
    whole = np.ones((3, 3))
    assert edges.thin(gx * whole, gy * whole, length)[1, 1] == kept


def test_hysteresis_by_hand_follows_weak_pixels_diagonally_but_over_no_gap():
    weak = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 1]], dtype=bool)
    strong = np.zeros_like(weak)
    strong[0, 0] = True
    assert edges.hysteresis(strong, weak).astype(int).tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]


def test_hysteresis_equals_connected_components():
    length = ndimage.gaussian_filter(np.random.default_rng(2).random((60, 50)), 1.5)
    low, high = np.quantile(length, [0.6, 0.9])
    labels, _ = ndimage.label(length > low, np.ones((3, 3)))
    oracle = np.isin(labels, np.unique(labels[length > high]))
    ours = edges.hysteresis(length > high, length > low)
    assert np.array_equal(ours, oracle)
    assert 0 < ours.sum() < (length > low).sum()


@pytest.mark.parametrize("shape", [(30, 20), (1, 5), (5, 1), (1, 1)])
def test_derivatives_equal_opencv(shape):
    grey = np.random.default_rng(4).random(shape, dtype=np.float32)
    border = {"borderType": cv2.BORDER_REPLICATE}
    gx, gy = edges.sobel(grey)
    np.testing.assert_allclose(gx, cv2.Sobel(grey, cv2.CV_32F, 1, 0, **border), atol=1e-5)
    np.testing.assert_allclose(gy, cv2.Sobel(grey, cv2.CV_32F, 0, 1, **border), atol=1e-5)
    oracle = cv2.Laplacian(grey, cv2.CV_32F, ksize=1, **border)
    np.testing.assert_allclose(edges.laplacian(grey), oracle, atol=1e-5)


@pytest.mark.parametrize("norm", ["L1", "L2"])
@pytest.mark.parametrize("thresholds", [(100, 200), (20.5, 33.3), (0, 0), (150, 150)])
@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "camera"])
def test_canny_gives_the_same_pixels_as_opencv_on_photos(name, thresholds, norm):
    grey = images.to_bytes(images.to_grey(images.from_bytes(getattr(data, name)())))
    ours = edges.canny(images.from_bytes(grey), *thresholds, norm)
    assert ours.shape == grey.shape and ours.dtype == bool
    assert 0 < ours.sum() < ours.size
    assert np.array_equal(ours, opencv(grey, *thresholds, norm))


@given(levels, st.floats(0, 700), st.floats(0, 700), st.sampled_from(["L1", "L2"]))
def test_canny_gives_the_same_pixels_as_opencv_on_random_pictures(grey, a, b, norm):
    low, high = sorted((a, b))
    ours = edges.canny(images.from_bytes(grey), low, high, norm)
    assert np.array_equal(ours, opencv(grey, low, high, norm))


@given(levels)
def test_lower_thresholds_never_lose_an_edge(grey):
    picture = images.from_bytes(grey)
    many, few = edges.canny(picture, 20, 60), edges.canny(picture, 40, 120)
    assert (many | ~few).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: edges.canny(np.zeros((4, 4, 3)), 1, 2), "grey"),
        (lambda: edges.canny(STEP, 200, 100), "high"),
        (lambda: edges.canny(STEP, -1, 100), "low"),
        (lambda: edges.canny(STEP, 1, 2, "L3"), "norm"),
        (lambda: edges.sobel(np.zeros((4, 4, 3))), "values"),
        (lambda: edges.thin(STEP, STEP[1:], STEP), "gy"),
        (lambda: edges.hysteresis(STEP > 0, STEP[1:] > 0), "weak"),
    ],
)
def test_errors_name_the_argument(call, says):
    with pytest.raises(ValueError, match=says):
        call()
