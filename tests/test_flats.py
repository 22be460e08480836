"""Morphology, colour flats and composition against OpenCV, scikit-image and scikit-learn."""

import cv2
import numpy as np
import pytest
import skimage.measure
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import data

from course_lib import images
from course_lib.classic.lineart import flats, morphology

masks = arrays.arrays(bool, st.tuples(st.integers(1, 15), st.integers(1, 15)))
RED, BLUE = [0.8, 0.1, 0.1], [0.1, 0.2, 0.7]


@pytest.fixture(scope="module")
def photo():
    return images.from_bytes(data.coffee()[::5, ::5])


@pytest.fixture
def two_colours():
    picture = np.zeros((20, 30, 3), np.float32)
    picture[:, :15], picture[:, 15:] = RED, BLUE
    return picture


def test_dilate_and_erode_by_hand():
    dot = np.zeros((3, 4), bool)
    dot[1, 1] = True
    cross = [[0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 0, 0]]
    assert morphology.dilate(dot, 1).astype(int).tolist() == cross
    assert morphology.erode(np.array(cross, bool), 1).tolist() == dot.tolist()


@given(masks, st.sampled_from([0, 1, 1.5, 2, 3.2]))
def test_dilate_and_erode_equal_opencv(mask, radius):
    kernel, bytes_ = morphology.disc(radius).astype(np.uint8), mask.astype(np.uint8)
    assert np.array_equal(morphology.dilate(mask, radius), cv2.dilate(bytes_, kernel) > 0)
    assert np.array_equal(morphology.erode(mask, radius), cv2.erode(bytes_, kernel) > 0)


@given(masks)
def test_opening_never_grows_and_closing_never_shrinks(mask):
    padded = np.pad(mask, 2)
    opened = morphology.dilate(morphology.erode(padded, 1), 1)
    closed = morphology.erode(morphology.dilate(padded, 1), 1)
    assert (opened <= padded).all() and (closed >= padded).all()


def test_remove_specks_by_hand():
    drawing = np.ones((4, 6))
    drawing[0, 0] = 0  # one pixel
    drawing[2, 2:5] = [0.8, 0, 0.8]  # three, grey rims included
    cleaned = morphology.remove_specks(drawing, 2)
    assert cleaned[0, 0] == 1
    np.testing.assert_allclose(cleaned[2], drawing[2])


@given(masks, st.integers(0, 12))
def test_remove_specks_equals_scikit_image(ink, area):
    labels = skimage.measure.label(ink, connectivity=2)
    sizes = np.bincount(labels.ravel())
    oracle = ink & (sizes[labels] >= area)
    assert np.array_equal(morphology.remove_specks(1.0 - ink, area) < 0.5, oracle)


def test_thicken_is_dilation_of_the_ink():
    ink = np.random.default_rng(0).random((30, 20)) < 0.05
    assert np.array_equal(morphology.thicken(1.0 - ink, 2) == 0, morphology.dilate(ink, 2))


def test_palette_finds_the_two_colours_of_a_picture(two_colours):
    colours = flats.palette(two_colours, 2)
    assert colours.shape == (2, 3)
    found = images.from_lab(colours[None])[0]
    np.testing.assert_allclose(found, [BLUE, RED], atol=0.01)  # from dark to light


def test_palette_is_repeatable_and_sorted(photo):
    first, again = flats.palette(photo, 6, seed=1), flats.palette(photo, 6, seed=1)
    assert np.array_equal(first, again)
    assert (np.diff(first[:, 0]) >= 0).all()


def test_nearest_colour_equals_scikit_learn(photo):
    colours = flats.palette(photo, 5)
    weight = [0.4, 1, 1]
    pixels = images.to_lab(photo).reshape(-1, 3) * weight
    oracle = sklearn.metrics.pairwise_distances_argmin(pixels, colours * weight)
    assert (flats.nearest_colour(photo, colours).ravel() == oracle).mean() > 0.999


def test_colour_flats_of_two_flat_colours_are_the_picture(two_colours):
    painted = flats.colour_flats(two_colours, 2, smooth=0.5, vivid=1)
    assert painted.shape == two_colours.shape and painted.dtype == np.float32
    np.testing.assert_allclose(painted[:, :12], two_colours[:, :12], atol=0.01)
    np.testing.assert_allclose(painted[:, 18:], two_colours[:, 18:], atol=0.01)


def test_colour_flats_swallow_a_speck(two_colours):
    two_colours[10, 5] = BLUE
    painted = flats.colour_flats(two_colours, 2, smooth=2, vivid=1)
    np.testing.assert_allclose(painted[10, 5], RED, atol=0.02)


def test_vivid_zero_is_grey(photo):
    painted = flats.colour_flats(photo, 4, vivid=0)
    assert np.ptp(painted, axis=-1).max() < 0.01


def test_compose_by_hand():
    colour = np.full((1, 3, 3), 0.8)
    mixed = flats.compose([[1.0, 0.5, 0.0]], colour, ink=(0.2, 0, 0))
    np.testing.assert_allclose(mixed, [[[0.8] * 3, [0.5, 0.4, 0.4], [0.2, 0, 0]]], atol=1e-6)


def test_comic_has_dark_lines_on_an_edge_and_flat_colour_elsewhere(two_colours):
    picture = images.resize(two_colours, height=100)
    drawn = flats.comic(picture, colours=2, vivid=1)
    assert drawn.shape == picture.shape
    assert drawn[50, 70:80].sum(axis=-1).min() < 0.3 < drawn[50, 20].sum()
    assert np.ptp(drawn[20:80, 10:50], axis=(0, 1)).max() < 0.01


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda p: flats.palette(p[..., 0]), "RGB"),
        (lambda p: flats.palette(p[:1, :3], 4), "3 pixels"),
        (lambda p: flats.palette(p, 0), "colours"),
        (lambda p: flats.nearest_colour(p, np.zeros((3, 2))), "colours"),
        (lambda p: flats.colour_flats(p, smooth=0), "sigma"),
        (lambda p: flats.colour_flats(p, vivid=-1), "vivid"),
        (lambda p: flats.compose(p[..., 0], p[1:]), "colour"),
        (lambda p: flats.compose(p[..., 0], p, ink=(1, 2, 3)), "ink"),
        (lambda p: flats.comic(p[..., 0]), "RGB"),
        (lambda p: morphology.dilate(p), "mask"),
        (lambda p: morphology.dilate(p[..., 0] > 0.5, -1), "radius"),
        (lambda p: morphology.remove_specks(p, 3), "grey"),
        (lambda p: morphology.thicken(p[..., 0] + 1, 3), "0, 1"),
    ],
)
def test_errors_name_the_argument(photo, call, says):
    with pytest.raises(ValueError, match=says):
        call(photo)
