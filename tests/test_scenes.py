"""scenes: the same seed gives the same scene, and boxes and masks are exact to the pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import fetch
from course_lib.detection import scenes
from course_lib.detection.scenes import backgrounds, glyphs


@pytest.fixture
def photos(asset):
    """The two assets that scenes are made of."""
    return asset("twemoji"), asset("corke")


def square(side, colour=(255, 0, 0), opacity=255):
    """An emoji that is a plain square."""
    return glyphs.shrink(np.full((side, side, 4), (*colour, opacity), np.uint8))


def box_by_loop(mask):
    """The corners around the true pixels, one pixel after the other."""
    x0, y0, x1, y1 = np.inf, np.inf, 0, 0
    for y, row in enumerate(mask):
        for x, inside in enumerate(row):
            if inside:
                x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x + 1), max(y1, y + 1)
    return [x0, y0, x1, y1]


# --- made scenes ---


def test_shapes_and_ranges(photos):
    scene = scenes.make(0, size=80)
    n = len(scene.boxes)
    assert scene.picture.shape == (80, 80, 3) and scene.picture.dtype == np.float32
    assert scene.masks.shape == (n, 80, 80) and scene.masks.dtype == bool
    assert scene.labels.shape == scene.shown.shape == (n,) and len(scene.names) == n
    assert 0 <= scene.picture.min() and scene.picture.max() <= 1


def test_the_seed_decides(photos):
    first, again, other = scenes.make((3, 4)), scenes.make((3, 4)), scenes.make((3, 5))
    for part in ("picture", "boxes", "labels", "masks", "shown"):
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
    assert not np.array_equal(first.picture, other.picture)
    pictures, made = scenes.batch(3, 3)
    assert pictures.shape == (3, 96, 96, 3)
    np.testing.assert_array_equal(scenes.make((3, 2)).picture, pictures[2])
    np.testing.assert_array_equal(scenes.batch(5, 3)[0][:3], pictures)  # more scenes, same first
    np.testing.assert_array_equal(made[1].picture, pictures[1])


@pytest.mark.parametrize("split", scenes.SPLITS)
def test_boxes_are_tight_around_visible_pixels(photos, split):
    for n in range(40):
        scene = scenes.make((9, n), split=split, objects=(2, 6))
        assert [box_by_loop(mask) for mask in scene.masks] == scene.boxes.tolist()
        assert scene.masks.sum(axis=0).max(initial=0) <= 1, "a pixel shows one object"
        assert (scene.shown >= 0.6).all() and (scene.shown <= 1).all()


def test_settings_hold(photos):
    for n in range(30):
        scene = scenes.make(n, classes=("cat", "ball"), objects=(1, 2), sides=(20, 24), turn=0)
        assert set(scene.names) <= {"cat", "ball"} and 1 <= len(scene.names) <= 2
        assert (scene.boxes[:, 2:] - scene.boxes[:, :2]).max() <= 26
    assert len(scenes.make(0, objects=(0, 0)).boxes) == 0
    assert scenes.make(0, objects=(0, 0)).boxes.shape == (0, 4)


def test_no_light_leaves_the_background_as_it_is(photos):
    bare = scenes.make(5, objects=(0, 0), light=0).picture
    laid = scenes.make(5, objects=(1, 1), light=0, sides=(20, 20))
    grown = np.zeros((96, 96), bool)
    x0, y0, x1, y1 = laid.boxes[0].astype(int)
    grown[max(y0 - 2, 0) : y1 + 2, max(x0 - 2, 0) : x1 + 2] = True
    np.testing.assert_array_equal(bare[~grown], laid.picture[~grown])
    assert not np.array_equal(bare, laid.picture)


def test_light_is_a_slope_with_a_colour(photos):
    """Divided by the unlit picture, the light is one plane times one colour."""
    bare = scenes.make(5, objects=(0, 0), light=0).picture.astype(float)
    lit = scenes.make(5, objects=(0, 0), light=0.5).picture
    safe = ((bare > 0.2) & (lit < 0.99)).all(axis=2)
    factors = (lit / np.maximum(bare, 0.01))[safe]
    colour = factors / factors[:, :1]
    np.testing.assert_allclose(colour, np.broadcast_to(colour[0], colour.shape), rtol=1e-4)
    rows, columns = np.nonzero(safe)
    ground = np.column_stack([np.ones(len(rows)), rows, columns])
    plane, *_ = np.linalg.lstsq(ground, factors[:, 0], rcond=None)
    np.testing.assert_allclose(ground @ plane, factors[:, 0], rtol=1e-4)
    assert np.hypot(*plane[1:]) * 96 > 0.02, "brighter on one side"


def test_all_classes_occur(photos):
    names = {name for n in range(60) for name in scenes.make(n).names}
    assert names == set(scenes.NAMES)


# --- by hand ---


def test_an_opaque_square_lands_on_its_pixels():
    white = np.ones((32, 40, 3), np.float32)
    layer = (square(10), np.ones(3), [((15, 12), 10, 0)])
    picture, masks, shown, kept = scenes.compose(white, [layer])
    wanted = np.zeros((32, 40), bool)
    wanted[7:17, 10:20] = True
    np.testing.assert_array_equal(masks[0], wanted)
    np.testing.assert_allclose(picture[wanted], np.broadcast_to([1, 0, 0], (100, 3)), atol=1e-6)
    np.testing.assert_array_equal(picture[~wanted], 1)
    assert scenes.tight_box(masks[0]).tolist() == [10, 7, 20, 17]
    assert shown.tolist() == [1] and kept.tolist() == [0]


def test_what_lies_on_top_takes_pixels():
    white = np.ones((32, 40, 3), np.float32)
    below = (square(10), np.ones(3), [((15, 15), 10, 0)])
    above = (square(10, (0, 0, 255)), np.ones(3), [((19, 15), 10, 0)])
    _, masks, shown, _ = scenes.compose(white, [below, above], hidden=0.6)
    assert shown.tolist() == [0.4, 1]
    assert scenes.tight_box(masks[0]).tolist() == [10, 10, 14, 20]
    _, masks, shown, kept = scenes.compose(white, [below, above], hidden=0.5)
    assert kept.tolist() == [0] and shown.tolist() == [1], "no room for the second"


def test_places_are_tried_in_order():
    white = np.ones((32, 40, 3), np.float32)
    places = [((0, 0), 10, 0), ((20, 20), 10, 0), ((25, 20), 10, 0)]  # the first: 3/4 outside
    _, masks, _, _ = scenes.compose(white, [(square(10), np.ones(3), places)], hidden=0.5)
    assert scenes.tight_box(masks[0]).tolist() == [15, 15, 25, 25]


def test_half_transparent_is_mixed():
    white = np.ones((32, 32, 3), np.float32)
    layer = (square(8, (0, 255, 0), 102), np.array([1, 0.5, 1]), [((16, 16), 8, 0)])
    picture, masks, _, _ = scenes.compose(white, [layer])
    assert len(masks) == 0, "opacity 0.4 is under one half: nothing counts as visible"
    layer = (square(8, (0, 255, 0), 204), np.array([1, 0.5, 1]), [((16, 16), 8, 0)])
    picture, masks, _, _ = scenes.compose(white, [layer])
    np.testing.assert_allclose(picture[16, 16], [0.2, 0.2 + 0.8 * 0.5, 0.2], atol=1e-6)


def test_bright_looks_stay_under_the_opacity():
    white = np.ones((32, 32, 3), np.float32)
    layer = (square(8, (200, 100, 0), 204), np.full(3, 1.5), [((16, 16), 8, 0)])
    picture, *_ = scenes.compose(white, [layer])
    wanted = [0.2 + 0.8, 0.2 + 0.8 * 1.5 * 100 / 255, 0.2]  # red would be 1.14
    np.testing.assert_allclose(picture[16, 16], wanted, atol=1e-6)


@pytest.mark.parametrize(("side", "used"), [(8, 10), (10, 10), (15, 20), (40, 40), (60, 40)])
def test_the_smallest_stored_size_that_suffices_is_laid(side, used):
    levels = tuple(np.full((n, n, 4), n / 40, np.float32) for n in (40, 20, 10))
    patch, _ = scenes.lay(levels, (50, 50), side, 0)
    assert patch.max() == np.float32(used / 40)


def test_turned_by_90_degrees_clockwise():
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:4] = 255  # the upper half
    patch, (left, top) = scenes.lay(glyphs.shrink(rgba), (20, 20), 8, 90)
    rows, columns = np.nonzero(patch[..., 3] > 0.5)
    corners = (columns.min() + left, rows.min() + top, columns.max() + left, rows.max() + top)
    assert corners == (20, 16, 23, 23), "up has become right"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 31), st.integers(0, 31), st.integers(1, 9), st.integers(1, 9))
def test_tight_box_of_a_rectangle(x, y, width, height):
    mask = np.zeros((40, 40), bool)
    mask[y : y + height, x : x + width] = True
    assert scenes.tight_box(mask).tolist() == [x, y, x + width, y + height]


@settings(max_examples=30, deadline=None)
@given(st.floats(12, 40), st.floats(-180, 180), st.floats(20, 60), st.floats(20, 60))
def test_a_disc_has_its_area_and_place_at_every_size_and_angle(side, angle, x, y):
    middle = np.arange(72) + 0.5 - 36
    disc = np.zeros((72, 72, 4), np.uint8)
    disc[np.hypot(middle, middle[:, None]) < 30] = 255
    patch, (left, top) = scenes.lay(glyphs.shrink(disc), (x, y), side, angle)
    opacity = patch[..., 3].astype(float)
    area = np.pi * (30 * side / 72) ** 2
    assert abs(opacity.sum() - area) < 0.06 * area + 3
    rows, columns = np.mgrid[: len(opacity), : opacity.shape[1]] + 0.5
    centre = [(opacity * axis).sum() / opacity.sum() for axis in (columns + left, rows + top)]
    np.testing.assert_allclose(centre, [x, y], atol=0.15)


# --- photographs ---


def test_held_out_photographs_are_others():
    names = {split: {*backgrounds.CORKE[split], *backgrounds.PACKAGED[split]}
             for split in scenes.SPLITS}  # fmt: skip
    assert not names["learning"] & names["held out"]
    assert "chelsea" not in names["learning"] | names["held out"]


def test_photographs_are_small_bytes(photos):
    for split in scenes.SPLITS:
        for photo in backgrounds.photographs(split):
            assert photo.dtype == np.uint8 and photo.shape[2] == 3
            assert min(photo.shape[:2]) == backgrounds.SHORT
            assert not photo.flags.writeable


def test_every_listed_photograph_exists(photos):
    folder = fetch.fetch("corke")
    assert all((folder / name).is_file() for split in scenes.SPLITS
               for name in backgrounds.CORKE[split])  # fmt: skip


def test_half_of_the_crops_are_mirrored():
    photo = (
        np.zeros((60, 60, 3), np.uint8) + np.arange(60, dtype=np.uint8)[:, None]
    )  # brighter right
    rng = np.random.default_rng(0)
    crops = [backgrounds.crop(photo, 32, rng) for _ in range(200)]
    mirrored = sum(one[0, 0, 0] > one[0, -1, 0] for one in crops)
    assert 70 < mirrored < 130


# --- errors ---


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"classes": ("cats",)}, "cat"),
        ({"classes": ()}, "one or more of cat"),
        ({"classes": "cat"}, "one or more of cat"),
        ({"split": "held-out"}, "held out"),
        ({"size": 16}, "size is 16"),
        ({"objects": (3, 2)}, r"objects\[1\]"),
        ({"sides": (20, 200)}, r"sides\[1\]"),
        ({"sides": (2, 20)}, r"sides\[0\]"),
        ({"light": np.nan}, "light"),
        ({"light": 1.5}, "light"),
        ({"turn": -3}, "turn"),
        ({"hidden": 1}, "hidden"),
        ({"size": 10**7}, "size is 10000000"),
        ({"split": [1]}, "held out"),
        ({"classes": None}, "one or more of cat"),
        ({"classes": 3}, "one or more of cat"),
        ({"objects": (10**12, 10**12)}, r"objects\[0\]"),
    ],
)
def test_bad_settings(photos, given, text):
    with pytest.raises(ValueError, match=text):
        scenes.make(0, **given)


def test_classes_may_be_a_generator(photos):
    names = scenes.make(0, classes=(name for name in ("cat",)), objects=(2, 2)).names
    assert names == ("cat", "cat")


@pytest.mark.parametrize("seed", [None, "a", 1.5, np.nan, ["a"]])
def test_bad_seed(seed):
    with pytest.raises((TypeError, ValueError), match="seed is .*wanted a whole number"):
        scenes.make(seed)
    with pytest.raises((TypeError, ValueError), match="seed is .*wanted a whole number"):
        scenes.batch(2, seed)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"centre": (np.nan, 9)}, "centre holds NaN"),
        ({"centre": (1, 2, 3)}, "centre has shape"),
        ({"centre": (1e300, 9)}, "centre goes up to"),
        ({"side": 0}, "side is 0"),
        ({"side": "a"}, "side is 'a'"),
        ({"side": 1e5}, "side is 100000"),
        ({"angle": np.inf}, "angle is inf"),
        ({"levels": None}, "levels is None; wanted what glyph"),
        ({"levels": ()}, "levels is"),
    ],
)
def test_bad_places(change, text):
    settings = {"levels": square(8), "centre": (9, 9), "side": 8, "angle": 0} | change
    with pytest.raises((TypeError, ValueError), match=text):
        scenes.lay(**settings)
    levels, *place = settings.values()
    with pytest.raises((TypeError, ValueError), match=text):
        scenes.compose(np.ones((32, 32, 3), np.float32), [(levels, np.ones(3), [place])])


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        (None, "layers holds no triples"),
        ([3], "layers holds no triples"),
        ([(square(8), [1, 1], [((9, 9), 8, 0)])], "look has shape"),
        ([(square(8), [np.nan, 1, 1], [((9, 9), 8, 0)])], "look holds NaN"),
    ],
)
def test_bad_layers(layers, text):
    with pytest.raises((TypeError, ValueError), match=text):
        scenes.compose(np.ones((32, 32, 3), np.float32), layers)


def test_other_errors():
    with pytest.raises(TypeError, match="count"):
        scenes.batch(2.5, 0)
    with pytest.raises(ValueError, match="count"):
        scenes.batch(0, 0)
    with pytest.raises(ValueError, match="no true pixel"):
        scenes.tight_box(np.zeros((4, 4), bool))
    with pytest.raises(ValueError, match="wanted a square picture"):
        scenes.shrink(np.zeros((4, 5, 4), np.uint8))
    with pytest.raises(ValueError, match="apple"):
        scenes.glyph("aple")
    with pytest.raises(ValueError, match="apple"):
        scenes.glyph(["apple"])
    with pytest.raises(ValueError, match="background"):
        scenes.compose(np.zeros((4, 4)), [])
    with pytest.raises(ValueError, match="seed"):
        scenes.make(-1)
