"""probes.drawing: where each channel stands, and what is drawn."""

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.networks.probes import drawing


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_mosaic_puts_channels_in_rows():
    maps = np.zeros((2, 3, 4))
    maps[0, 1, 2], maps[1, 1, 2], maps[:, :, 3] = 8, 2, 5
    canvas = drawing.mosaic(maps, 3)
    assert canvas.shape == (5, 11)  # two rows of 2 and a gap; three columns of 3 and two gaps
    np.testing.assert_allclose(canvas[:2, 8:], [[0, 1, 0], [0, 0.5, 0]])  # square roots
    assert (canvas[2] == 1).all() and (canvas[:, 3] == 1).all()
    assert (canvas[3:, :3] == 1).all() and (canvas[3:, 4:] == 1).all()
    by_all = drawing.mosaic(maps, 3, each=False)
    np.testing.assert_allclose(by_all[3:, :3], np.sqrt(5 / 8))


def test_filters_are_grey_where_they_are_0(ax):
    kernels = np.zeros((3, 3, 3, 2))
    kernels[1, 1, 0, 1] = -4
    drawing.show_filters(ax, kernels, 2, title="two")
    canvas = np.asarray(ax.images[0].get_array())
    assert canvas.shape == (3, 7, 3)
    np.testing.assert_allclose(canvas[1, 5], [0, 0.5, 0.5])
    np.testing.assert_allclose(canvas[0, 4], 0.5)
    assert ax.get_title() == "two"


def test_window_is_cut_at_the_border(ax):
    drawing.show_window(ax, np.zeros((10, 20, 3)), [-5, 2, 8, 30])
    frame = ax.patches[0]
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (-0.5, 1.5, 8, 8)


def test_beside_draws_a_row_per_channel():
    patch = np.zeros((4, 4, 3))
    rows = [("a", np.ones((8, 8, 3)), [patch] * 3), ("b", np.ones((8, 8, 3)), [patch])]
    figure = drawing.show_beside(rows, painted_title="left", patches_title="right")
    drawn = [len(ax.images) for ax in figure.axes]
    assert drawn == [1, 0, 1, 1, 1, 1, 0, 1, 0, 0]
    plt.close(figure)


def test_maps_and_separation(ax):
    assert drawing.show_maps(ax, np.ones((2, 2, 4)), 2, title="maps") is ax
    assert ax.images[0].get_array().shape == (5, 5)
    ax.clear()
    drawing.show_separation(ax, ["one", "two"], [[0.5, 0.7], [0.9, 0.7]], 0.5)
    line = ax.lines[0]
    np.testing.assert_allclose(line.get_ydata(), [0.6, 0.8])
    assert [text.get_text() for text in ax.texts] == ["60%", "80%", "by chance"]
