"""Thresholds, differences of Gaussians, XDoG and pencil against scikit-image and OpenCV."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
import skimage.filters
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import data

from course_lib import images
from course_lib.classic import lineart
from course_lib.classic.lineart import drawing, filters, pencil

units = st.floats(0, 1, width=32)
greys = arrays.arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=units)


@pytest.fixture(scope="module")
def grey():
    return images.from_bytes(data.camera()[::4, ::4])


@pytest.mark.parametrize("shape", [(9, 7), (1, 1), (1, 12)])
@pytest.mark.parametrize(
    "draw",
    [
        lineart.adaptive_threshold,
        lineart.xdog,
        lambda g: lineart.xdog(g, flow=2),
        lineart.ink_lines,
        pencil.pencil_sketch,
    ],
)
def test_drawings_have_the_shape_of_the_photo_and_lie_between_ink_and_paper(draw, shape):
    drawing = draw(np.random.default_rng(0).random(shape, dtype=np.float32))
    assert drawing.shape == shape and drawing.dtype == np.float32
    assert drawing.min() >= 0 and drawing.max() <= 1


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_wall_has_no_lines(value):
    wall = np.full((20, 20), value)
    assert (lineart.adaptive_threshold(wall) == 1).all()
    assert (lineart.ink_lines(wall) == 1).all()
    np.testing.assert_allclose(pencil.pencil_sketch(wall, shade=0), 1, atol=1e-5)


def test_adaptive_threshold_by_hand():
    grey = np.array([[0.5, 0.5, 0.5], [0.5, 0.1, 0.5], [0.5, 0.5, 0.5]])
    drawing = lineart.adaptive_threshold(grey, size=3, offset=0.1)
    assert drawing.tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]


@pytest.mark.parametrize(("size", "offset"), [(3, 0.0), (15, 0.03), (31, -0.02)])
def test_adaptive_threshold_equals_scikit_image(grey, size, offset):
    mean = skimage.filters.threshold_local(
        grey.astype(float), size, "mean", offset=offset, mode="nearest"
    )
    sure = np.abs(grey - mean) > 1e-5  # float32 against float64 where both are equal
    ours = lineart.adaptive_threshold(grey, size, offset)
    assert sure.mean() > 0.95
    assert np.array_equal(ours[sure], (grey > mean)[sure])


def test_adaptive_threshold_equals_opencv_but_for_its_rounding(grey):
    oracle = cv2.adaptiveThreshold(
        images.to_bytes(grey), 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 15, 8
    )
    ours = lineart.adaptive_threshold(grey, 15, 8 / 255)
    margin = grey - filters.box_blur(grey, 15) + 8 / 255
    sure = np.abs(margin) > 1.01 / 255
    assert sure.mean() > 0.9
    assert np.array_equal(ours[sure], oracle[sure])


def test_difference_of_gaussians_equals_scikit_image(grey):
    ours = lineart.difference_of_gaussians(grey, 1.5)  # 4 x 1.5 and 4 x 2.4 round as SciPy's do
    oracle = skimage.filters.difference_of_gaussians(grey, 1.5, 2.4, mode="nearest")
    np.testing.assert_allclose(ours, oracle, atol=1e-6)


def test_soft_threshold_by_hand():
    drawing = lineart.soft_threshold([[0.7, 0.5, 0.4]], epsilon=0.5, phi=10)
    np.testing.assert_allclose(drawing, [[1, 1, 1 + np.tanh(-1)]], atol=1e-6)


def test_xdog_equals_its_formula_with_opencv_blurs(grey):
    narrow, wide = (
        cv2.GaussianBlur(grey, (n, n), s, borderType=cv2.BORDER_REPLICATE)
        for s, n in ((2.0, 17), (3.2, 27))
    )
    sharp = 16 * narrow - 15 * wide
    oracle = np.where(sharp >= 0.6, 1, 1 + np.tanh(8 * (sharp - 0.6)))
    ours = lineart.xdog(grey, sigma=2.0, p=15, epsilon=0.6, phi=8)
    np.testing.assert_allclose(ours, oracle, atol=1e-3)
    assert 0.05 < ours.mean() < 0.95


def test_xdog_without_lines_is_a_threshold_of_the_blurred_photo(grey):
    blurred = filters.gaussian_blur(grey, 1.4)
    drawing = lineart.xdog(grey, p=0, epsilon=0.5, phi=1e6)
    assert np.array_equal(drawing > 0.5, blurred >= 0.5)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 120])
def test_line_direction_follows_a_stripe(angle):
    y, x = np.indices((41, 41)) - 20
    turn = np.deg2rad(angle)
    stripes = 0.5 + 0.5 * np.cos((x * np.sin(turn) - y * np.cos(turn)) / 2)
    across, down = lineart.line_direction(stripes, 3)[20, 20]
    assert abs(across * np.cos(turn) + down * np.sin(turn)) > 0.999


def test_smooth_along_keeps_stripes_and_smooths_noise_on_them():
    rng = np.random.default_rng(0)
    stripes = np.tile(np.arange(32) % 8 < 4, (32, 1)).astype(np.float32)
    upright = np.zeros((32, 32, 2))
    upright[..., 1] = 1
    np.testing.assert_allclose(lineart.smooth_along(stripes, upright, 3), stripes, atol=1e-6)
    noise = rng.normal(size=(32, 32)).astype(np.float32)
    assert lineart.smooth_along(noise, upright, 3).std() < 0.5 * noise.std()


def test_smooth_along_a_straight_line_equals_a_blur_of_its_column():
    column = np.random.default_rng(1).random((40, 1), dtype=np.float32)
    upright = np.tile([0.0, -1.0], (40, 1, 1))
    weights = np.exp(-(np.arange(-6, 7) ** 2) / (2 * 3.0**2))[:, None]
    oracle = filters.correlate(column, weights / weights.sum())
    np.testing.assert_allclose(lineart.smooth_along(column, upright, 3), oracle, atol=1e-5)


def test_dodge_and_burn_by_hand():
    dodged = pencil.dodge([[0.25, 0.25, 0.9, 0.5, 0.0]], [[0.0, 0.5, 0.5, 1.0, 1.0]])
    np.testing.assert_allclose(dodged, [[0.25, 0.5, 1, 1, 0]])
    burnt = pencil.burn([[0.75, 0.25, 1.0]], [[0.5, 0.5, 1.0]])
    np.testing.assert_allclose(burnt, [[0.25, 0, 1]])


def test_dodge_equals_opencv_divide(grey):
    mask = np.clip(1 - filters.gaussian_blur(grey, 5), 0, 0.9)
    oracle = np.minimum(cv2.divide(grey, 1 - mask), 1)
    np.testing.assert_allclose(pencil.dodge(grey, mask), oracle, atol=1e-6)


@given(greys)
def test_dodging_never_darkens_and_burning_never_brightens(picture):
    mask = 1 - picture[::-1]
    assert (pencil.dodge(picture, mask) >= picture - 1e-6).all()
    assert (pencil.burn(picture, mask) <= picture + 1e-6).all()


def test_hatching_is_repeatable_and_runs_along_the_rising_diagonal():
    strokes = pencil.hatching((64, 64), seed=5)
    assert np.array_equal(strokes, pencil.hatching((64, 64), seed=5))
    assert not np.array_equal(strokes, pencil.hatching((64, 64), seed=6))
    along = np.abs(strokes[:-1, 1:] - strokes[1:, :-1]).mean()
    across = np.abs(strokes[:-1, :-1] - strokes[1:, 1:]).mean()
    assert along < 0.5 * across
    assert strokes.mean() == pytest.approx(1, abs=0.02) and strokes.min() >= 0


def test_more_shade_is_darker(grey):
    light, dark = (pencil.pencil_sketch(grey, shade=s) for s in (0.1, 0.6))
    assert (dark <= light).all() and dark.mean() < light.mean() - 0.05


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: lineart.xdog(np.zeros((4, 4, 3))), "values|grey"),
        (lambda g: lineart.xdog(g, sigma=0), "sigma"),
        (lambda g: lineart.xdog(g, p=-1), "p is -1"),
        (lambda g: lineart.xdog(g, phi=0), "phi"),
        (lambda g: lineart.xdog(g, k=1), "k is 1"),
        (lambda g: lineart.adaptive_threshold(g, size=4), "odd"),
        (lambda g: lineart.adaptive_threshold(g * 255), "0, 1"),
        (lambda g: lineart.ink_lines(g, threshold=-1), "threshold"),
        (lambda g: lineart.smooth_along(g, g, 2), "direction"),
        (lambda g: pencil.dodge(g, g[1:]), "mask"),
        (lambda g: pencil.pencil_sketch(g, shade=2), "shade"),
        (lambda g: pencil.pencil_sketch(g, strokes=g[1:]), "strokes"),
        (lambda g: pencil.hatching((4, 4), length=4), "odd"),
    ],
)
def test_errors_name_the_argument(grey, call, says):
    with pytest.raises(ValueError, match=says):
        call(grey)


# --- drawing --------------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """The figures and alt texts that were shown."""
    kept = []
    monkeypatch.setattr(drawing.plot, "show", lambda figure, alt: kept.append((figure, alt)))
    return kept


def test_a_row_holds_each_picture_beneath_its_name(shown, grey):
    drawing.show_row({"one": grey, "two": 1 - grey}, "Two pictures.", vmin=-1)
    (figure, alt), (left, right) = shown[0], shown[0][0].axes
    assert alt == "Two pictures." and [left.get_title(), right.get_title()] == ["one", "two"]
    assert np.array_equal(right.images[0].get_array(), 1 - grey)
    assert left.images[0].get_clim() == (-1, 1)
    assert figure.get_figwidth() == pytest.approx(5.4)


def test_boxes_are_drawn_on_the_first_picture_only(shown, grey):
    drawing.show_row({"a": grey, "b": grey}, "Two.", boxes={"lawn": (1, 2, 5, 8)})
    left, right = shown[0][0].axes
    assert [text.get_text() for text in left.texts] == ["lawn"]
    assert left.patches[0].get_width() == 4 and not right.patches


def test_play_starts_at_the_defaults(monkeypatch):
    def recipe(photo="cat", sigma=1.5, p=20, **pen):
        pass

    panels = []
    monkeypatch.setattr(drawing.widgets, "play", lambda function, **panel: panels.append(panel))
    limits = {"sigma": (0.5, 4.0, 0.1), "p": (0, 80), "flow": (0.0, 9.0)}
    drawing.play(recipe, {"flow": 4.0}, photo=["dog", "cat"], **limits)
    starts = {name: control.value for name, control in panels[0].items()}
    assert starts == {"photo": "cat", "sigma": 1.5, "p": 20, "flow": 4.0}
    sigma = panels[0]["sigma"]
    assert (sigma.min, sigma.max, sigma.step) == (0.5, 4, 0.1)
    with pytest.raises(ValueError, match="flow has no default"):
        drawing.play(recipe, flow=(0.0, 9.0))


def test_steps_draw_the_last_picture_large(shown, grey):
    drawing.show_steps({"a": grey, "b": grey, "c": grey}, "Three steps.")
    figure = shown[0][0]
    figure.canvas.draw()
    widths = {ax.get_title(): ax.get_window_extent().width for ax in figure.axes}
    assert widths["c"] > 1.8 * max(widths["a"], widths["b"])


def test_a_correlation_is_drawn_as_its_numbers():
    picture, kernel = np.zeros((4, 4)), np.full((3, 3), 1 / 3)
    figure = drawing.show_correlation(picture, kernel, picture + 2, ["a", "b", "c"])
    words = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    assert words == [["0"] * 16, ["0.33"] * 9, ["2"] * 16]
    plt.close(figure)


def test_close_up_starts_in_the_upper_middle():
    picture = np.arange(200).reshape(10, 20)
    assert np.array_equal(drawing.close_up(picture, 3), picture[1:4, 6:9])
    assert drawing.close_up(picture, 50).shape == (9, 14)
    assert drawing.close_up(np.zeros((10, 10, 3)), 2).shape == (2, 2, 3)


def test_sure_edges_are_blue_even_where_they_are_perhaps_edges():
    painted = drawing.colour_edges([[True, False, False]], [[True, True, False]])
    red, _, blue = np.moveaxis(painted, -1, 0)
    assert (blue[0, 0] > red[0, 0]) and (red[0, 1] > blue[0, 1]) and (painted[0, 2] == 1).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda g: drawing.show_row({}, "Nothing."), "pictures is empty"),
        (lambda g: drawing.show_steps({"a": g}, "One."), "pictures has 1"),
        (lambda g: drawing.close_up(g, 0), "side is 0"),
        (lambda g: drawing.colour_edges(g > 0, g[1:] > 0), "weak"),
    ],
)
def test_drawing_errors_name_the_argument(grey, call, says):
    with pytest.raises(ValueError, match=says):
        call(grey)
