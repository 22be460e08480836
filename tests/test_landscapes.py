"""landscapes: slopes against finite differences; walks against closed forms; what is drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad, minimize

from course_lib.networks import optimizers
from course_lib.networks.optimizers import drawing, landscapes

ALL = (landscapes.ravine, landscapes.saddle, landscapes.plateau, landscapes.many_minima)
places = st.tuples(st.floats(-5, 5), st.floats(-5, 5))


@pytest.mark.parametrize("make", ALL)
@settings(max_examples=30, deadline=None)
@given(place=places)
def test_gradient_is_the_slope_of_the_height(make, place):
    """Against SciPy's finite differences."""
    scene = make()
    assert check_grad(scene.height, scene.gradient, np.array(place)) < 1e-4


@pytest.mark.parametrize("make", ALL)
def test_minima_are_the_deepest_places(make):
    scene = make()
    for place in scene.minima:
        found = minimize(scene.height, np.array(place) + 0.05, jac=scene.gradient)
        np.testing.assert_allclose(found.x, place, atol=1e-3)
        np.testing.assert_allclose(scene.gradient(place), 0, atol=1e-12)
    x0, x1, y0, y1 = scene.limits
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 200), np.linspace(y0, y1, 200)), axis=-1)
    assert scene.height(grid).min() >= scene.height(scene.minima[0]) - 1e-9


@pytest.mark.parametrize("make", ALL)
def test_shapes(make):
    scene = make()
    for shape in ((2,), (3, 2), (4, 3, 2)):
        assert scene.height(np.ones(shape)).shape == shape[:-1]
        assert scene.gradient(np.ones(shape)).shape == shape
    x0, x1, y0, y1 = scene.limits
    assert x0 < scene.start[0] < x1
    assert y0 < scene.start[1] < y1


def test_by_hand():
    assert landscapes.ravine(10).height([2, 1]) == pytest.approx(0.05 * (4 + 10))
    assert landscapes.saddle().height([0, 0]) == 0
    assert landscapes.saddle().height([0, 1]) == pytest.approx(-0.125)
    assert landscapes.plateau().height([1, 1]) == pytest.approx(1 - np.exp(-1))
    assert landscapes.many_minima().height([np.pi, 0]) == pytest.approx(0.1 * np.pi**2)


@settings(max_examples=30, deadline=None)
@given(place=places, rate=st.floats(0.01, 0.49))
def test_plain_descent_in_a_ravine_has_a_closed_form(place, rate):
    """Each step multiplies a coordinate by 1 - rate * curvature; the curvatures are 0.1 and 4."""
    scene = landscapes.ravine()
    trail = landscapes.walk(scene.gradient, optimizers.SGD(rate), place, 30)
    factors = 1 - rate * np.array([0.1, 4.0])
    expected = np.array(place) * factors ** np.arange(31)[:, None]
    np.testing.assert_allclose(trail, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("rate", "arrives"), [(0.49, True), (0.51, False)])
def test_the_limit_is_two_over_the_curvature(rate, arrives):
    trail = landscapes.walk(landscapes.ravine().gradient, optimizers.SGD(rate), (0, 1), 200)
    assert (abs(trail[-1, 1]) < 1) == arrives


def test_stops_when_it_has_run_away():
    trail = landscapes.walk(landscapes.ravine().gradient, optimizers.SGD(5.0), (1, 1), 100)
    assert len(trail) < 10
    assert np.abs(trail[-1]).max() > landscapes.FAR
    assert np.abs(trail[-2]).max() <= landscapes.FAR


@pytest.mark.parametrize("kind", ["SGD", "Momentum", "AdaGrad", "RMSprop", "Adam"])
def test_many_walkers_do_not_feel_each_other(kind):
    scene = landscapes.many_minima()
    starts = np.array([[[-4.0, 3.0], [1.0, 2.0]]])
    make = getattr(optimizers, kind)
    together = landscapes.walk(scene.gradient, make(0.1), starts, 20)
    assert together.shape == (21, 1, 2, 2)
    for k in range(2):
        alone = landscapes.walk(scene.gradient, make(0.1), starts[0, k], 20)
        np.testing.assert_allclose(together[:, 0, k], alone, rtol=1e-12)


def test_refuses_in_a_sentence():
    scene = landscapes.saddle()
    with pytest.raises(ValueError, match=r"places has shape \(3,\); wanted \(\.\.\., 2\)"):
        scene.height([1, 2, 3])
    with pytest.raises(ValueError, match="places holds NaN"):
        scene.gradient([np.nan, 0])
    with pytest.raises(ValueError, match="steps is 0"):
        landscapes.walk(scene.gradient, optimizers.SGD(), (1, 1), 0)
    with pytest.raises(ValueError, match="steepness"):
        landscapes.ravine(0.5)
    used = optimizers.Adam()
    landscapes.walk(scene.gradient, used, (1, 1), 3)
    with pytest.raises(ValueError, match="has taken 3 steps; wanted a new one"):
        landscapes.walk(scene.gradient, used, (1, 1), 3)


def test_drawings_show_what_they_are_given():
    scene = landscapes.saddle()
    fig, axes = plt.subplots(1, 5)
    trail = landscapes.walk(scene.gradient, optimizers.SGD(0.5), scene.start, 10)
    drawing.show_trails(drawing.show_landscape(axes[0], scene), {"SGD": trail})
    labelled = axes[0].get_legend_handles_labels()
    assert labelled[1] == ["SGD"]
    np.testing.assert_array_equal(labelled[0][0].get_xydata(), trail)
    drawing.show_loss(axes[1], {"Adam": np.arange(5), "other": ([1, 2], [3, 4])})
    assert axes[1].lines[0].get_color() == drawing.STYLES["Adam"][0]
    drawing.show_steps(axes[2], np.square, np.array([1.0, -0.5, 9.0]), limits=(-2, 2))
    np.testing.assert_array_equal(axes[2].lines[1].get_xdata(), [1, -0.5])  # 9 is outside
    drawing.show_slope(axes[3], np.linspace(-1, 1, 5), np.linspace(-1, 1, 5))
    assert axes[3].texts[0].get_position() == (0, 0)
    starts = np.stack(np.meshgrid([-1.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1)
    drawing.show_ends(axes[4], scene, starts, starts)
    np.testing.assert_allclose(axes[4].collections[0].get_array(), scene.height(starts))
    with pytest.raises(ValueError, match="ends has shape"):
        drawing.show_ends(axes[4], scene, starts, starts[:1])
    plt.close(fig)


def test_surface_is_drawn_with_its_start():
    fig, ax = plt.subplots(subplot_kw={"projection": "3d"})
    drawing.show_surface(ax, landscapes.plateau())
    assert len(ax.collections) == 1
    x, y, _ = ax.lines[0].get_data_3d()
    assert (x[0], y[0]) == landscapes.plateau().start
    plt.close(fig)


def test_refuses_a_walk_of_nobody():
    with pytest.raises(ValueError, match="wanted at least one place"):
        landscapes.walk(landscapes.saddle().gradient, optimizers.SGD(), np.zeros((0, 2)), 3)
