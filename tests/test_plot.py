"""Figures: what is drawn where, that nothing is computed, and that no figure goes without words."""

import base64
import io

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from course_lib import plot


@pytest.fixture(autouse=True)
def _no_figure_stays():
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((6, 8, 3))


def pixels(figure):
    """The figure as RGB bytes."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def bare_axes(height, width, dots=20):
    """Axes that fill a figure: every pixel of a picture is `dots` by `dots` dots."""
    figure = plt.figure(figsize=(width / 10, height / 10), dpi=10 * dots)
    return figure.add_axes((0, 0, 1, 1))


def test_every_function_returns_axes_and_leaves_its_input(picture):
    grey, people = picture[..., 0], np.array([[[1, 1, 0.9], [5, 3, 0.8], [np.nan, 2, 1]]])
    boxes, wave = np.array([[1.0, 1, 4, 5]]), np.arange(5.0)
    inputs = (picture, grey, people, boxes, wave)
    before = [value.copy() for value in inputs]
    drawn = [
        *plot.show_images([picture, grey], ["a", "b"]),
        plot.show_boxes(picture, boxes, labels=["face"], title="t"),
        plot.show_skeletons(picture, people, [(0, 1), (1, 2)], names=["A"], title="t"),
        plot.show_heatmap(grey, image=picture, label="score"),
        plot.show_heatmap(grey, centre=0.5),
        plot.show_curves({"a": wave, "b": (wave, wave**2)}, x_label="x", y_label="y"),
    ]
    assert all(isinstance(ax, Axes) for ax in drawn)
    for now, then in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_pictures_fill_a_grid_without_ticks():
    pictures = [np.full((4, 4), 0.5)] * 3
    axes = plot.show_images(pictures, ["a", "b", "c"], columns=2)
    assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
    assert [ax.get_subplotspec().rowspan.start for ax in axes] == [0, 0, 1]
    assert all(len(ax.get_xticks()) == len(ax.get_yticks()) == 0 for ax in axes)
    spare = axes[0].figure.axes[3]
    assert not spare.axison and not spare.images


def test_grey_is_drawn_from_vmin_to_vmax():
    ax = bare_axes(1, 3)
    plot.show_images([np.array([[0, 0.5, 1]])], axes=[ax])
    assert [tuple(pixels(ax.figure)[10, x]) for x in (10, 30, 50)] == [
        (0,) * 3,
        (128,) * 3,
        (255,) * 3,
    ]


@pytest.mark.parametrize(
    ("images", "kwargs", "message"),
    [
        ([], {}, "images is empty"),
        (np.zeros((5, 5)), {}, r"images is one picture \(5, 5\); wanted a list"),
        (np.zeros((30, 40, 3)), {}, r"images is one picture \(30, 40, 3\); wanted a list"),
        ([np.zeros((5, 5)), np.zeros(5)], {}, r"images\[1\] has shape \(5,\)"),
        ([np.zeros((5, 5, 2))], {}, r"images\[0\] has shape \(5, 5, 2\)"),
        ([np.zeros((5, 5))], {"titles": ["a", "b"]}, "1 pictures and titles 2"),
    ],
)
def test_show_images_names_what_does_not_fit(images, kwargs, message):
    with pytest.raises(ValueError, match=message):
        plot.show_images(images, **kwargs)
    assert not plt.get_fignums()


def test_show_images_needs_axes_for_every_picture():
    with pytest.raises(ValueError, match="axes has 1 Axes for 2 pictures"):
        plot.show_images([np.zeros((5, 5))] * 2, axes=[bare_axes(5, 5)])


def test_stack_of_small_kernels_is_many_pictures():
    assert len(plot.show_images(np.zeros((2, 3, 3)))) == 2


def test_box_frames_exactly_its_pixels():
    # Continuous corners: the box (2, 1, 5, 3) holds columns 2, 3, 4 and rows 1 and 2.
    picture = np.zeros((6, 8, 3), np.float32)
    picture[1:3, 2:5] = 1
    ax = bare_axes(6, 8)
    plot.show_boxes(picture, [[2, 1, 5, 3]], colour=(1, 0, 0), ax=ax)
    seen = pixels(ax.figure).astype(int)
    red = (seen[..., 0] > 200) & (seen[..., 1] < 50)
    rows, columns = np.nonzero(red)
    # 20 dots per pixel; the red line is 2 points of 200/72 dots, so about 3 to each side.
    edges = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
    np.testing.assert_allclose(edges, [37, 103, 17, 63], atol=2)
    assert (seen[26:54, 46:94] == 255).all(), "the inside of the frame shows the white pixels"
    outside = seen.copy()
    outside[10:70, 30:110] = 0
    assert not outside.any(), "no white pixel outside of the frame"


def test_boxes_carry_labels_and_style():
    ax = plot.show_boxes(None, [[0, 0, 2, 2], [1, 1, 3, 3]], labels=["one", ""], style="--")
    assert [text.get_text() for text in ax.texts] == ["one"]
    assert {patch.get_linestyle() for patch in ax.patches} == {"--"}
    assert not ax.images
    assert not plot.show_boxes(np.zeros((3, 3)), []).patches


@pytest.mark.parametrize(
    ("boxes", "labels", "message"),
    [
        ([[0, 0, 2]], None, "boxes has shape"),
        ([[0, 0, 2, 2]], ["a", "b"], "labels has 2 texts for 1"),
    ],
)
def test_show_boxes_names_what_does_not_fit(boxes, labels, message):
    with pytest.raises(ValueError, match=message):
        plot.show_boxes(np.zeros((5, 5)), boxes, labels=labels)


def test_skeleton_draws_only_limbs_whose_joints_are_seen():
    people = [[[1, 1, 0.9], [4, 1, 0.5], [4, 4, 0.4], [np.nan, np.nan, 0.9]]]
    ax = plot.show_skeletons(np.zeros((6, 6)), people, [(0, 1), (1, 2), (0, 3)], threshold=0.5)
    limbs = {tuple(map(tuple, line.get_xydata())) for line in ax.lines}
    assert limbs == {((1.0, 1.0), (4.0, 1.0))}
    assert ax.collections[0].get_offsets().tolist() == [[1, 1], [4, 1]]
    assert not plot.show_skeletons(np.zeros((6, 6)), [], [(0, 1)]).lines
    with pytest.raises(ValueError, match="people has rows of different lengths"):
        plot.show_skeletons(np.zeros((6, 6)), [[[1, 1, 1]], [[1, 1]]], [])
    with pytest.raises(ValueError, match=r"people has shape \(2, 3\)"):
        plot.show_skeletons(np.zeros((6, 6)), np.zeros((2, 3)), [])


def test_skeleton_leaves_out_what_was_not_found():
    people = [[[1, 1, 0.9], [4, 1, 0.5], [4, 4, 0.4], [0, 0, 0]]]
    ax = plot.show_skeletons(np.zeros((6, 6)), people, [(0, 1), (1, 2), (0, 3)])
    assert len(ax.lines) == 2 * 2  # a light rim and the limb
    assert ax.collections[0].get_offsets().tolist() == [[1, 1], [4, 1], [4, 4]]


def test_heatmap_lies_on_the_whole_picture_and_names_its_values():
    ax = plot.show_heatmap(np.zeros((3, 4)), image=np.zeros((30, 40)), label="score", title="t")
    photo, heat = ax.images
    assert heat.get_extent() == photo.get_extent()
    assert ax.figure.axes[1].get_ylabel() == "score" and ax.get_title() == "t"
    with pytest.raises(ValueError, match="values has 3 axes"):
        plot.show_heatmap(np.zeros((3, 4, 3)))


def test_heatmap_centre_is_white():
    heat = plot.show_heatmap(np.array([[-1.0, 2.0, 5.0]]), centre=2).images[0]
    assert heat.get_clim() == (-1, 5)
    np.testing.assert_allclose(heat.to_rgba([2.0])[0, :3], 1, atol=0.05)
    assert plot.show_heatmap(np.full((2, 2), 3.0), centre=3).images[0].get_clim() == (2, 4)


def test_curves_differ_without_colour():
    curves = {name: np.arange(30.0) for name in "abcdefg"}
    ax = plot.show_curves(curves, x_label="rounds", y_label="error (%)")
    looks = {(line.get_linestyle(), line.get_marker()) for line in ax.lines}
    assert len(looks) == len({line.get_color() for line in ax.lines}) == 7
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rounds", "error (%)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list("abcdefg")
    single = plot.show_curves({"a": ([1, 2], [3, 4])}, x_label="x", y_label="y")
    assert single.get_legend() is None
    assert single.lines[0].get_xydata().tolist() == [[1, 3], [2, 4]]


@pytest.fixture
def displayed(monkeypatch):
    """What `plot.show` hands to the notebook."""
    calls = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, **kwargs: calls.append((data, kwargs))
    )
    return calls


def test_show_gives_png_and_alt_text_and_closes_the_figure(displayed):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, 1])
    plot.show(figure, alt="A line that rises.")
    data, kwargs = displayed[0]
    assert data["text/plain"] == kwargs["metadata"]["image/png"]["alt"] == "A line that rises."
    assert kwargs["raw"] and set(data) == {"image/png", "text/plain"}
    png = data["image/png"]
    png = base64.b64decode(png) if isinstance(png, str) else png
    assert Image.open(io.BytesIO(png)).size == (200, 100)
    assert not plt.get_fignums()


@pytest.mark.parametrize("alt", ["", "  \n", None])
def test_show_refuses_to_go_without_alt_text(displayed, alt):
    with pytest.raises(ValueError, match="alt is empty"):
        plot.show(plt.figure(), alt=alt)
    assert not displayed


def test_palette_is_that_of_okabe_and_ito():
    # Okabe and Ito (2008), figure 16, as RGB from 0 to 255.
    wanted = {
        "BLACK": (0, 0, 0), "ORANGE": (230, 159, 0), "SKY": (86, 180, 233), "GREEN": (0, 158, 115),
        "YELLOW": (240, 228, 66), "BLUE": (0, 114, 178), "VERMILLION": (213, 94, 0),
        "PURPLE": (204, 121, 167),
    }  # fmt: skip
    for name, rgb in wanted.items():
        colour = matplotlib.colors.to_rgb(getattr(plot, name))
        np.testing.assert_allclose(np.multiply(colour, 255), rgb, atol=0.01)
