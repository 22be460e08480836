"""Integral images and Haar features against hand counts, OpenCV and scikit-image."""

import os
import subprocess
import sys

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.feature import haar_like_feature, haar_like_feature_coord
from skimage.transform import integral_image as skimage_integral

from course_lib.classic import haar
from course_lib.classic.haar import drawing, figures

SKIMAGE_TYPES = dict(
    zip(
        haar.PROTOTYPES,
        ("type-2-x", "type-2-y", "type-3-x", "type-3-y", "type-4"),
        strict=True,
    )
)
COUNTS_24 = {  # on paper: 144 = 23 + 21 + ... + 1, 92 = 22 + 19 + ... + 1, 300 = 24 + 23 + ... + 1
    "two_across": 144 * 300,
    "two_down": 300 * 144,
    "three_across": 92 * 300,
    "three_down": 300 * 92,
    "four": 144 * 144,
}


def pictures(low=-100, high=100, max_side=9):
    sides = arrays.array_shapes(min_dims=2, max_dims=2, max_side=max_side)
    return arrays.arrays(np.int64, sides, elements=st.integers(low, high))


def naive_response(window, row):
    """The response of one feature by adding pixels one at a time, sign by sign."""
    kind, x, y, w, h = (int(v) for v in row)
    across, down = haar.CELLS[haar.PROTOTYPES[kind]]
    total = 0.0
    for j in range(h):
        for i in range(w):
            light = (i // (w // across) + j // (h // down)) % 2 == 1
            total += int(window[y + j, x + i]) * (1 if light else -1)
    return total


# --- the integral image ---------------------------------------------------------------------------


def test_integral_of_a_picture_added_by_hand():
    expected = [[0, 0, 0], [0, 1, 3], [0, 4, 10]]
    np.testing.assert_array_equal(haar.integral_image([[1, 2], [3, 4]]), expected)


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (37, 53)])
def test_integral_equals_opencv_and_scikit_image(shape, rng):
    picture = rng.integers(0, 256, shape, dtype=np.uint8)
    ours = haar.integral_image(picture)
    assert ours.shape == (shape[0] + 1, shape[1] + 1)
    assert ours.dtype == np.float64
    np.testing.assert_array_equal(ours, cv2.integral(picture))
    np.testing.assert_array_equal(ours[1:, 1:], skimage_integral(picture))


def test_integral_of_a_stack_is_the_stack_of_integrals(rng):
    stack = rng.random((5, 6, 7))
    expected = [haar.integral_image(picture) for picture in stack]
    np.testing.assert_array_equal(haar.integral_image(stack), expected)


@given(pictures(), st.data())
def test_four_look_ups_equal_the_sum_of_the_pixels(picture, data):
    height, width = picture.shape
    x0, x1 = sorted(data.draw(st.tuples(*[st.integers(0, width)] * 2)))
    y0, y1 = sorted(data.draw(st.tuples(*[st.integers(0, height)] * 2)))
    got = haar.rectangle_sum(haar.integral_image(picture), x0, y0, x1 - x0, y1 - y0)
    assert got == picture[y0:y1, x0:x1].sum()


def test_rectangle_sum_takes_many_rectangles_and_many_pictures():
    stack = haar.integral_image(np.arange(32).reshape(2, 4, 4))
    got = haar.rectangle_sum(stack, x=np.array([0, 1, 2]), y=1, width=2, height=np.array([2, 1, 0]))
    np.testing.assert_array_equal(got, [[4 + 5 + 8 + 9, 5 + 6, 0], [20 + 21 + 24 + 25, 21 + 22, 0]])


# --- which features there are ---------------------------------------------------------------------


def test_a_24_by_24_window_holds_162336_features():
    table = haar.feature_table(24, 24)
    assert table.shape == (162_336, 5)
    assert table.dtype == np.int16
    counts = np.bincount(table[:, 0])
    assert dict(zip(haar.PROTOTYPES, counts.tolist(), strict=True)) == COUNTS_24
    assert len(np.unique(table, axis=0)) == len(table)


def test_the_two_rectangle_types_in_25_by_25_are_101400():
    assert len(haar.feature_table(25, 25, ["two_across", "two_down"])) == 101_400


def test_the_features_of_a_tiny_window_by_hand():
    table = haar.feature_table(height=1, width=3)
    expected = [[0, 0, 0, 2, 1], [0, 1, 0, 2, 1], [2, 0, 0, 3, 1]]
    np.testing.assert_array_equal(table, expected)
    assert haar.feature_table(1, 1).shape == (0, 5)


@given(st.integers(1, 14), st.integers(1, 14), st.integers(1, 4))
def test_every_feature_lies_inside_the_window(height, width, step):
    kind, x, y, w, h = haar.feature_table(height, width, step=step).T.astype(int)
    across, down = np.array(list(haar.CELLS.values()))[kind].T
    assert np.all((x >= 0) & (y >= 0) & (x + w <= width) & (y + h <= height))
    assert np.all((w % across == 0) & (h % down == 0) & (w > 0) & (h > 0))
    assert np.all((x % step == 0) & (y % step == 0))


def test_a_step_keeps_some_of_all_features():
    every = {tuple(row) for row in haar.feature_table(9, 8)}
    some = {tuple(row) for row in haar.feature_table(9, 8, step=2)}
    assert some < every


# --- responses ------------------------------------------------------------------------------------


def scikit_image_features(window, name):
    """Rows x, y, width, height and the responses, as scikit-image orders them."""
    height, width = window.shape
    kind = SKIMAGE_TYPES[name]
    coordinates, _ = haar_like_feature_coord(width, height, kind)
    values = haar_like_feature(skimage_integral(window), 0, 0, width, height, kind)
    rows = []
    for parts in coordinates:
        corners = np.array([corner for part in parts for corner in part])  # row, column; inclusive
        (y0, x0), (y1, x1) = corners.min(axis=0), corners.max(axis=0) + 1
        rows.append((x0, y0, x1 - x0, y1 - y0))
    return np.array(rows), values


@pytest.mark.parametrize("name", haar.PROTOTYPES)
@pytest.mark.parametrize("side", [9, 12])
def test_features_and_responses_equal_scikit_image(name, side, rng):
    window = rng.random((side, side))
    table = haar.feature_table(side, side, [name])
    rows, expected = scikit_image_features(window, name)
    theirs, ours = np.lexsort(rows.T), np.lexsort(table[:, 1:].T)
    np.testing.assert_array_equal(table[ours, 1:], rows[theirs])
    got = haar.responses(window[None], table)[0]
    np.testing.assert_allclose(got[ours], expected[theirs], atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(arrays.arrays(np.int8, (2, 6, 7)))
def test_responses_equal_pixel_by_pixel_sums(windows):
    table = haar.feature_table(6, 7)
    expected = [[naive_response(window, row) for row in table] for window in windows]
    np.testing.assert_array_equal(haar.responses(windows, table), expected)


def test_responses_by_hand():
    window = np.array([[[1, 2, 3], [4, 5, 6]]])
    table = [[0, 0, 0, 2, 2], [1, 0, 0, 3, 2], [2, 0, 0, 3, 1], [4, 1, 0, 2, 2]]
    expected = [(2 + 5) - (1 + 4), (4 + 5 + 6) - (1 + 2 + 3), 2 - 1 - 3, (3 + 5) - (2 + 6)]
    got = haar.responses(window, table)
    np.testing.assert_array_equal(got, [expected])
    assert got.dtype == np.float32
    balanced = haar.responses(window, table, balanced=True)
    np.testing.assert_array_equal(balanced[0, 2], 2 * 2 - 1 - 3)
    np.testing.assert_array_equal(balanced[0, [0, 1, 3]], got[0, [0, 1, 3]])


def test_each_feature_of_the_responses_is_contiguous(rng):
    got = haar.responses(rng.random((3, 5, 5)), haar.feature_table(5, 5))
    assert got.flags.f_contiguous and got.shape[0] == 3
    assert haar.responses(np.zeros((0, 5, 5)), haar.feature_table(5, 5)).shape[0] == 0


def test_balanced_features_ignore_a_constant(rng):
    windows, table = rng.random((2, 8, 8)), haar.feature_table(8, 8)
    got = haar.responses(windows + 5, table, balanced=True)
    np.testing.assert_allclose(got, haar.responses(windows, table, balanced=True), atol=1e-4)


def test_rectangles_and_weights_say_the_same_as_the_responses(rng):
    window, table = rng.random((7, 8)), haar.feature_table(7, 8)
    rectangles, weights = haar.feature_rectangles(table)
    assert rectangles.dtype == np.int16 and weights.dtype == np.float32
    x, y, w, h = rectangles.astype(int).transpose(2, 0, 1)
    sums = haar.rectangle_sum(haar.integral_image(window), x, y, w, h)
    np.testing.assert_allclose(
        (weights * sums).sum(axis=1), haar.responses(window[None], table)[0], atol=1e-5
    )
    assert np.all(rectangles[weights == 0] == 0)


def test_one_thread_gives_the_same_numbers(tmp_path, rng):
    windows = rng.random((3, 8, 8))
    np.save(tmp_path / "windows.npy", windows)
    code = (
        "import sys, numpy as np; from course_lib.classic import haar; folder = sys.argv[1];"
        "got = haar.responses(np.load(folder + '/windows.npy'), haar.feature_table(8, 8));"
        "np.save(folder + '/got.npy', got)"
    )
    environment = os.environ | {"NUMBA_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=True)
    here = haar.responses(windows, haar.feature_table(8, 8))
    np.testing.assert_array_equal(np.load(tmp_path / "got.npy"), here)


# --- variance normalisation -----------------------------------------------------------------------


def test_normalise_by_hand():
    got = haar.normalise([[1.0, 3.0], [1.0, 3.0]])
    np.testing.assert_allclose(got, [[-1, 1], [-1, 1]])


def test_a_flat_window_becomes_zeros():
    stack = np.stack([np.full((4, 4), 0.3), np.arange(16.0).reshape(4, 4)])
    got = haar.normalise(stack)
    np.testing.assert_array_equal(got[0], 0)
    np.testing.assert_allclose([got[1].mean(), got[1].std()], [0, 1], atol=1e-12)


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_normalising_undoes_gain_and_offset(gain, offset):
    window = np.random.default_rng(0).random((6, 6))
    np.testing.assert_allclose(
        haar.normalise(gain * window + offset), haar.normalise(window), atol=1e-9
    )


# --- errors: one sentence, before numba sees the data ---------------------------------------------

TABLE = haar.feature_table(4, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: haar.integral_image(np.zeros((4, 4, 2, 3))), "image must have shape"),
        (lambda: haar.integral_image(np.zeros((0, 4))), "image must have shape"),
        (lambda: haar.integral_image([[np.nan]]), "image holds NaN"),
        (lambda: haar.normalise(np.zeros(4)), "windows must have shape"),
        (lambda: haar.rectangle_sum(np.zeros((5, 5)), 0, 0, 5, 1), "picture of 4 x 4"),
        (lambda: haar.rectangle_sum(np.zeros((5, 5)), -1, 0, 1, 1), "inside the picture"),
        (lambda: haar.rectangle_sum(np.zeros((5, 5)), 0, 0.5, 1, 1), "y must be a whole number"),
        (lambda: haar.feature_table(24, 24, ["two_acros"]), "two_across"),
        (lambda: haar.feature_table(0, 24), "height is 0"),
        (lambda: haar.feature_table(24, 24, step=0), "step is 0"),
        (lambda: haar.responses(np.zeros((4, 4)), TABLE), "windows has 2 axes"),
        (lambda: haar.responses(np.zeros((1, 3, 4)), TABLE), "outside windows of 4 x 3"),
        (lambda: haar.responses(np.full((1, 4, 4), np.inf), TABLE), "windows holds NaN"),
        (lambda: haar.responses(np.zeros((1, 4, 4)), TABLE[:, :4]), r"shape \(N, 5\)"),
        (lambda: haar.responses(np.zeros((1, 4, 4)), [[5, 0, 0, 2, 1]]), "first column"),
        (lambda: haar.responses(np.zeros((1, 4, 4)), [[0, 0, 0, 3, 1]]), "divide into cells"),
        (lambda: haar.responses(np.zeros((1, 4, 4)), [[0, -1, 0, 2, 1]]), "starts outside"),
        (lambda: haar.responses(np.zeros((1, 4, 4)), [[0, 0.5, 0, 2, 1]]), "table must be a whole"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_text_is_not_a_picture():
    with pytest.raises(TypeError, match="image"):
        haar.integral_image("face.jpg")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- drawing --------------------------------------------------------------------------------------


def test_the_drawn_cells_are_the_counted_ones(rng):
    window = rng.random((6, 7))
    table = haar.feature_table(6, 7)
    integral = haar.integral_image(window)
    expected = haar.responses(window[None], table)[0]
    for row, response in zip(table[::7], expected[::7], strict=True):
        sums = [sign * haar.rectangle_sum(integral, *cell) for *cell, sign in drawing.cells(row)]
        assert sum(sums) == pytest.approx(response, abs=1e-5)


def test_show_feature_draws_a_sign_into_every_cell():
    ax = drawing.show_feature([4, 0, 0, 6, 6], image=np.zeros((6, 6)), title="four")
    assert [text.get_text() for text in ax.texts] == ["−", "+", "+", "−"]
    assert ax.get_title() == "four"
    plt.close(ax.figure)


def test_tiny_cells_get_no_sign():
    ax = drawing.show_feature([0, 0, 0, 2, 1])
    assert len(ax.texts) == 0 and len(ax.patches) == 4
    plt.close(ax.figure)


def test_show_features_gives_each_its_axes():
    table = haar.feature_table(6, 6)[::80]
    titles = [str(n) for n in range(len(table))]
    figure = drawing.show_features(table, titles, image=np.zeros((6, 6)), columns=3)
    drawn = [ax.get_title() for ax in figure.axes if ax.images]
    assert drawn == titles and len(figure.axes) % 3 == 0
    plt.close(figure)


def test_show_numbers_writes_every_number_and_colours_the_rectangle():
    ax = plt.subplots()[1]
    drawing.show_numbers([[1, 2], [3, 4]], ax=ax, rectangle=(1, 0, 1, 2), title="t")
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "4"]
    assert ax.patches[0].get_bbox().bounds == (0.5, -0.5, 1, 2)
    plt.close(ax.figure)


def test_show_histogram_counts_faces_and_others():
    ax = plt.subplots()[1]
    responses, is_face = np.array([0.0, 1, 2, 3]), np.array([False, False, True, False])
    drawing.show_histogram(responses, is_face, ax=ax, line=-1.5, label="threshold")
    counts = [sum(bar.get_height() for bar in bars) for bars in ax.containers]
    assert counts == [1, 3]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "threshold: −1.5" in labels
    plt.close(ax.figure)


def test_show_tables_colours_one_rectangle_in_each():
    tables, places = [np.eye(2, dtype=int), np.zeros((3, 3), int)], [(0, 0, 1, 1), (1, 0, 2, 3)]
    colours = (drawing.LIGHT, drawing.DARK)
    figure = drawing.show_tables(tables, places, ["a", "b"], colours=colours, indices=True)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert [ax.patches[0].get_width() for ax in figure.axes] == [1, 2]
    assert figure.axes[0].patches[0].get_facecolor() != figure.axes[1].patches[0].get_facecolor()
    assert list(figure.axes[1].get_yticks()) == [0, 1, 2]
    plt.close(figure)


def test_show_search_leaves_out_what_is_nan():
    heat = np.full((30, 40), np.nan)
    heat[12, 20] = 3.0
    names = {"here": (20, 12)}
    figure = figures.show_search((1, 4, 7, 16, 6), np.eye(25), np.zeros((30, 40)), heat, names)
    drawn = figure.axes[2].images[-1].get_array()
    assert drawn.count() == 1 and drawn[12, 20] == 3
    assert [text.get_text() for text in figure.axes[2].texts] == ["here"]
    plt.close(figure)


def test_show_prices_writes_the_additions_themselves():
    sides = np.array([2, 4])
    figure = figures.show_prices(sides, {"slow": sides**2 - 1, "fast": np.array([3, 3])})
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["3", "15"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [3, 3])
    plt.close(figure)


def test_show_threshold_and_trial_mark_their_value():
    responses, is_face = np.array([0.0, 1, 2, 3]), np.array([False, False, True, False])
    figure = figures.show_threshold(responses, is_face, 1.5, {"a": ([0, 1], [0, 1])})
    assert figure.axes[0].lines[0].get_xdata()[0] == 1.5
    np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), [0, 1])
    trial = figures.show_trial((1, 0, 0, 6, 6), np.eye(6), "face 2", 2.0, responses, is_face)
    assert trial.axes[0].get_title() == "face 2: response +2.0"
    assert trial.axes[1].lines[0].get_xdata()[0] == 2
    plt.close("all")


def test_show_lamps_and_failures_draw_what_they_are_given():
    figure = figures.show_lamps({"raw": ([100, 50], [96, 80]), "normalised": ([100, 50], [95, 95])})
    assert figure.axes[0].xaxis_inverted()
    angles, tilted = np.arange(0, 31, 10), np.array([5.0, 3, 1, 0])
    boxes = [(0, 0, 5, 5), (2, 2, 7, 7)]
    failures = figures.show_failures(np.zeros((9, 9)), boxes, angles, tilted, 2.0)
    assert [text.get_text() for text in failures.axes[0].texts] == ["strongest", "her face"]
    np.testing.assert_array_equal(failures.axes[1].lines[1].get_ydata(), tilted)
    plt.close("all")
