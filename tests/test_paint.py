"""paint: style pictures, the same for a seed, at every size, and made of what they should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import images
from course_lib.translation import paint
from course_lib.translation.paint import canvas
from course_lib.translation.paint.canvas import colour, ramp, smooth_noise
from course_lib.translation.paint.hatching import SUN_NUMBER, _layers, _Scene
from course_lib.translation.paint.mosaic import GROUT, _cells, _direction
from course_lib.translation.paint.strokes import _field
from course_lib.translation.paint.waves import _nearest_wave

NAMES = list(paint.PAINTERS)


def painted(name, height=64, width=64, seed=0):
    return paint.PAINTERS[name](height, width, np.random.default_rng(seed))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(16, 16), (40, 97), (70, 33)])
def test_pictures_have_the_size_asked_for(name, size):
    picture = painted(name, *size)
    assert picture.shape == (*size, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1 and np.isfinite(picture).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_a_picture(name):
    one = painted(name)
    np.testing.assert_array_equal(one, painted(name))
    assert np.abs(one - painted(name, seed=1)).mean() > 0.03


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_draws_one_picture_at_every_size(name):
    small, large = painted(name, 72, 72), images.resize(painted(name, 144, 144), 72, 72)
    likeness = np.corrcoef(small.ravel(), large.ravel())[0, 1]
    assert likeness > 0.9
    other = np.corrcoef(small.ravel(), painted(name, 72, 72, seed=1).ravel())[0, 1]
    assert other < likeness - 0.05


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_rich_in_colour_and_detail(name):
    picture = painted(name, 128, 128)
    hue, saturation, _ = np.moveaxis(images.to_hsv(picture), -1, 0)
    strong = saturation > 0.3
    hues = np.histogram(hue[strong] / hue.max(), 12, (0, 1))[0] / strong.sum()
    assert (hues > 0.02).sum() >= 3
    grey = images.to_grey(picture)
    assert np.abs(np.diff(grey, axis=1)).mean() > 0.03  # a smooth picture has under 0.01
    assert grey.std() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_wrong_sizes_are_named(name):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="height is 8; wanted a whole number from 16 to 2048"):
        paint.PAINTERS[name](8, 64, rng)
    with pytest.raises(TypeError, match=r"width is 64.5"):
        paint.PAINTERS[name](64, 64.5, rng)
    with pytest.raises(TypeError, match=r"rng is a int; wanted a generator"):
        paint.PAINTERS[name](64, 64, 0)


def test_colours_and_ramps_by_hand():
    np.testing.assert_allclose(colour("#FF8000"), [1, 128 / 255, 0], rtol=1e-6)
    mixed = ramp(("#000000", "#FF0000", "#FFFF00"), np.array([-1, 0, 0.25, 0.75, 1, 2]))
    wanted = [[0, 0, 0], [0, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 0], [1, 1, 0]]
    np.testing.assert_allclose(mixed, wanted, atol=1e-6)


def test_noise_is_smooth_and_repeats():
    noise = smooth_noise(np.random.default_rng(0), (8, 4))
    x, y = np.random.default_rng(1).uniform(0, 5, (2, 500))
    values = noise(x, y)
    period = canvas.LATTICE / 8, canvas.LATTICE / 4
    np.testing.assert_allclose(values, noise(x + period[0], y + period[1]), atol=1e-4)
    assert np.abs(values - noise(x + 1e-4, y)).max() < 0.01 and values.std() > 0.3


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 6), st.floats(0, 6))
def test_the_nearest_row_lies_on_top(x, y):
    rows = range(-4, 16)  # rows every half radius, every other one moved by a radius
    hits = [
        (row, column)
        for row in rows
        for column in range(-3, 6)
        if np.hypot(x - (row % 2) - 2 * column, y - row / 2) < 1 - 1e-6
    ]
    row, column, distance = _nearest_wave(np.array([[x]]), np.array([[y]]))
    top = max(row for row, _ in hits)
    assert row[0, 0] >= top and distance[0, 0] <= 1
    if row[0, 0] == top and hits.count(max(hits)) == 1:
        away = np.hypot(x - (top % 2) - 2 * column[0, 0], y - top / 2)
        assert distance[0, 0] == pytest.approx(away, abs=1e-5)


def test_stones_against_a_loop():
    rng = np.random.default_rng(0)
    stones, rosette = rng.uniform(0, 1, (40, 2)), (0.5, 0.5, 0.2)
    x, y = rng.uniform(0.2, 0.8, (2, 5, 7))
    stone, first, second = _cells(x, y, stones, rosette)
    turns = _direction(*stones.T, rosette)
    agree = 0
    for place in np.ndindex(x.shape):
        distances = []
        for (x0, y0), turn in zip(stones, turns, strict=True):
            back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            distances.append(np.abs(back @ (x[place] - x0, y[place] - y0)).max())
        agree += stone[place] == np.argmin(distances)
        assert first[place] <= second[place]
        assert first[place] == pytest.approx(distances[stone[place]], abs=1e-9)
    assert agree >= 0.9 * x.size  # six plain neighbours nearly always hold the nearest square


def test_strokes_whirl_around_a_light_in_its_sense():
    still = [lambda x, y: np.zeros_like(x)] * 3
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for sense in (1, -1):
        light = np.array([[0.5, 0.4, 0.2, sense]])
        x, y = 0.5 + 0.12 * np.cos(angle), 0.4 + 0.12 * np.sin(angle)
        u, v = _field(x, y, light, still)
        np.testing.assert_allclose(np.hypot(u, v), 1, atol=1e-4)
        around = sense * (v * np.cos(angle) - u * np.sin(angle))
        assert around.min() > 0.9  # along the circle, not to or from its middle


def test_stones_are_parted_by_grout():
    picture = painted("mosaic", 256, 256)
    dark = np.abs(picture - colour(GROUT)).max(axis=-1) < 0.06
    assert 0.04 < dark.mean() < 0.4


def test_darker_hills_get_thicker_lines_of_every_direction():
    rng = np.random.default_rng(0)
    scene, (x, y) = _Scene(rng, 64, 64), canvas.coordinates(64, 64)
    what, below, light = scene.look(x, y)
    hill = (what > 0) & (what < SUN_NUMBER)
    middle = np.median(light[hill])
    sets = list(_layers(scene, what, below, 1 - light, x, y))
    assert len(sets) == 3
    for _, thickness in sets:
        dark, bright = thickness[hill & (light < middle)], thickness[hill & (light > middle)]
        assert dark.mean() > bright.mean() + 0.05
