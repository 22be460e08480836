"""10_2's library: AdaIN by its definition and by Keras, and the published networks for real."""

import json
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute, datasets, images
from course_lib.translation import fast_style, paint
from course_lib.translation.fast_style import drawing


def loop_adain(content, style, epsilon):
    """The definition, channel by channel and pixel by pixel."""
    out = np.zeros(content.shape)
    for c in range(content.shape[-1]):
        pixels = [float(value) for value in content[..., c].ravel()]
        others = [float(value) for value in style[..., c].ravel()]
        mean, other = sum(pixels) / len(pixels), sum(others) / len(others)
        variance = sum((value - mean) ** 2 for value in pixels) / len(pixels)
        wanted = sum((value - other) ** 2 for value in others) / len(others)
        for place in np.ndindex(content.shape[:2]):
            normal = (content[place][c] - mean) / (variance + epsilon) ** 0.5
            out[place][c] = normal * wanted**0.5 + other
    return out


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(*[st.integers(1, 6)] * 5),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-5, 0.1]),
)
def test_adain_equals_the_definition(sizes, seed, epsilon):
    height, width, rows, columns, channels = sizes
    rng = np.random.default_rng(seed)
    content = rng.normal(3, 5, (height, width, channels))
    style = rng.normal(-1, 2, (rows, columns, channels))
    ours = fast_style.adain(content, style, epsilon=epsilon)
    np.testing.assert_allclose(ours, loop_adain(content, style, epsilon), atol=1e-9)


def test_adain_by_hand():
    content = np.array([[[0.0], [2.0]]])  # mean 1, deviation 1
    style = np.array([[[10.0]], [[16.0]]])  # mean 13, deviation 3
    ours = fast_style.adain(content, style, epsilon=1e-12)
    np.testing.assert_allclose(ours, [[[10], [16]]], rtol=1e-9)


def test_adain_takes_the_statistics_and_keeps_a_batch_apart():
    rng = np.random.default_rng(0)
    content, style = rng.normal(size=(2, 8, 9, 4)), rng.normal(5, 3, (2, 5, 5, 4))
    ours = fast_style.adain(content, style, epsilon=1e-12)
    np.testing.assert_allclose(ours.mean(axis=(1, 2)), style.mean(axis=(1, 2)))
    np.testing.assert_allclose(ours.std(axis=(1, 2)), style.std(axis=(1, 2)))
    np.testing.assert_array_equal(ours[1], fast_style.adain(content[1], style[1], epsilon=1e-12))


def test_an_even_channel_becomes_the_style_s_mean():
    ours = fast_style.adain(np.full((3, 3, 1), 0.7), np.array([[[1.0], [3.0]]]))
    np.testing.assert_allclose(ours, np.full((3, 3, 1), 2.0), rtol=1e-6)


SCRIPT = """
import json
import numpy as np
from course_lib import compute
import keras
from course_lib.translation import fast_style

rng = np.random.default_rng(1)
content = rng.normal(size=(1, 7, 6, 5)).astype("float32")
style = rng.normal(2, 3, (1, 4, 4, 5)).astype("float32")
norm = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)  # one group per channel
norm.build(content.shape)
norm.gamma.assign(style.std(axis=(0, 1, 2)))
norm.beta.assign(style.mean(axis=(0, 1, 2)))
theirs = keras.ops.convert_to_numpy(norm(content))
print(json.dumps(float(np.abs(theirs - fast_style.adain(content, style)).max())))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_adain_equals_keras_instance_normalisation(backend):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) < 1e-5


@pytest.mark.parametrize(
    ("content", "style", "words"),
    [
        (np.ones((4, 4)), np.ones((4, 4, 1)), "content has the shape"),
        (np.ones((4, 4, 2)), np.ones((4, 4, 3)), "content has 2 channels, style 3"),
        (np.full((4, 4, 2), np.nan), np.ones((4, 4, 2)), "content"),
        (np.ones((4, 4, 2)), np.ones((0, 4, 2)), "style has the shape"),
        (np.ones((2, 4, 4, 1)), np.ones((3, 4, 4, 1)), r"batch of \(2,\), style of \(3,\)"),
        (np.full((4, 4, 2), 1e200), np.ones((4, 4, 2)), "content goes up to"),
        (np.ones((4, 4, 2)), np.full((4, 4, 2), -1e200), "style goes down to"),
    ],
)
def test_adain_refuses(content, style, words):
    with pytest.raises(ValueError, match=words):
        fast_style.adain(content, style)


def test_adain_refuses_a_zero_epsilon():
    with pytest.raises(ValueError, match="epsilon"):
        fast_style.adain(np.ones((2, 2, 1)), np.ones((2, 2, 1)), epsilon=0)


def test_mix_is_the_weighted_mean():
    codes = np.stack([np.zeros(100), np.full(100, 4.0)])
    np.testing.assert_allclose(fast_style.mix(codes, [3, 1]), np.ones(100))
    np.testing.assert_allclose(fast_style.mix(codes, [0, 2]), codes[1])


@pytest.mark.parametrize("size", [1e308, 1e-320])
def test_weights_may_be_huge_or_tiny(size):
    codes = np.stack([np.zeros(100), np.full(100, 4.0)])
    np.testing.assert_allclose(fast_style.mix(codes, [size, size]), np.full(100, 2.0), rtol=1e-3)


def test_one_style_serves_a_batch():
    rng = np.random.default_rng(0)
    content, style = rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(6, 4, 3))
    ours = fast_style.adain(content, style)
    np.testing.assert_array_equal(ours[1], fast_style.adain(content[1], style))


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2], [1, np.nan], [1], [1, 2, 3]])
def test_weights_are_checked(weights):
    with pytest.raises(ValueError, match="weights"):
        fast_style.mix(np.ones((2, 100)), weights)


def test_codes_are_checked():
    with pytest.raises(ValueError, match="codes"):
        fast_style.mix(np.ones((2, 99)), [1, 1])
    with pytest.raises(ValueError, match="codes holds no code"):
        fast_style.mix(np.ones((0, 100)), [])
    with pytest.raises(ValueError, match="codes goes up to"):
        fast_style.mix(np.full((1, 100), 1e300), [1])
    with pytest.raises(ValueError, match="code goes down to"):
        fast_style.with_code(np.zeros((32, 32)), np.full(100, -1e300))
    with pytest.raises(ValueError, match="code"):
        fast_style.with_code(np.zeros((32, 32)), np.ones(99))
    with pytest.raises(ValueError, match="code"):
        fast_style.with_code(np.zeros((32, 32)), np.full(100, np.nan))


BAD = {
    "RGBA": np.zeros((32, 32, 4)),
    "too small": np.zeros((15, 300, 3)),
    "bytes": np.full((32, 32, 3), 200.0),
    "nan": np.full((32, 32), np.nan),
    "a row": np.zeros(32),
}


@pytest.mark.parametrize("picture", BAD.values(), ids=BAD)
def test_pictures_are_checked(picture):
    good = np.zeros((32, 32, 3))
    for call in (
        lambda: fast_style.stylise(picture, good),
        lambda: fast_style.stylise(good, picture),
        lambda: fast_style.stylise_many(picture, np.ones(26)),
    ):
        with pytest.raises((TypeError, ValueError), match="content|style"):
            call()


@pytest.mark.parametrize("strength", [-0.1, 1.1, np.nan])
def test_strength_is_checked(strength):
    with pytest.raises(ValueError, match="strength"):
        fast_style.stylise(np.zeros((32, 32, 3)), np.zeros((32, 32, 3)), strength=strength)


@pytest.fixture
def arbitrary(asset):
    return asset("arbitrary_style")


@pytest.fixture
def many(asset):
    return asset("multistyle26")


@pytest.fixture(scope="module")
def cat():
    return images.fit(datasets.photo("chelsea"), 200)


@pytest.fixture(scope="module")
def styles():
    return [paint.waves(200, 200, np.random.default_rng(n)) for n in (0, 1)] + [
        paint.strokes(200, 200, np.random.default_rng(n)) for n in (0, 1)
    ]


def test_codes_of_one_hand_are_near(arbitrary, styles):
    codes = [fast_style.style_code(style) for style in styles]
    assert codes[0].shape == (100,)
    same = np.linalg.norm(codes[0] - codes[1]), np.linalg.norm(codes[2] - codes[3])
    other = [np.linalg.norm(codes[a] - codes[b]) for a in (0, 1) for b in (2, 3)]
    assert max(same) < min(other)


def test_the_middle_square_of_a_style_is_read(arbitrary, styles):
    """A wide style and its middle square have one code; its left square has another."""
    wide = np.concatenate([styles[0][:, :100], styles[2][:, :200], styles[0][:, :150]], axis=1)
    code = fast_style.style_code(wide)
    np.testing.assert_array_equal(code, fast_style.style_code(wide[:, 125:325]))
    assert np.linalg.norm(code - fast_style.style_code(wide[:, :200])) > 1


@pytest.mark.parametrize("size", [(16, 16), (133, 200), (385, 257), (40, 900)])
def test_any_size_comes_back(arbitrary, many, cat, styles, size):
    photo = images.resize(cat, *size)
    for painted in (
        fast_style.stylise(photo, styles[0]),
        fast_style.stylise_many(photo, np.eye(26)[19]),
    ):
        assert painted.shape == (*size, 3)
        assert painted.dtype == np.float32
        assert 0 <= painted.min() < painted.max() <= 1


def test_the_style_s_colours_arrive(arbitrary, cat, styles):
    """Blue strokes and a brown cat: the cat turns blue, on average."""
    blueness = cat[..., 2].mean() - cat[..., 0].mean()
    painted = fast_style.stylise(cat, styles[2])
    assert blueness < 0 < painted[..., 2].mean() - painted[..., 0].mean()


def test_the_photo_stays_where_it_is(arbitrary, cat, styles):
    """A mirrored photo gives about the mirrored picture: arrangement comes from the photo."""
    painted = fast_style.stylise(cat, styles[2])
    mirrored = fast_style.stylise(cat[:, ::-1], styles[2])[:, ::-1]
    turned = painted[::-1, ::-1]
    assert np.abs(painted - mirrored).mean() < 0.5 * np.abs(painted - turned).mean()


def test_strength_goes_from_the_photo_to_the_style(arbitrary, cat, styles):
    away = [
        np.abs(fast_style.stylise(cat, styles[2], strength=strength) - cat).mean()
        for strength in (0, 0.3, 0.6, 1)
    ]
    assert all(low < high for low, high in zip(away, away[1:], strict=False))


def test_strength_one_is_the_style_s_code(arbitrary, cat, styles):
    np.testing.assert_array_equal(
        fast_style.stylise(cat, styles[0]),
        fast_style.with_code(cat, fast_style.style_code(styles[0])),
    )


def test_a_style_equal_to_the_content_changes_little(arbitrary, cat, styles):
    own = np.abs(fast_style.stylise(cat, cat) - cat).mean()
    assert own < 0.5 * np.abs(fast_style.stylise(cat, styles[2]) - cat).mean()


def test_grey_pictures_are_taken(arbitrary, many, cat, styles):
    grey = images.to_grey(cat)
    np.testing.assert_array_equal(
        fast_style.stylise(grey, images.to_grey(styles[0])),
        fast_style.stylise(images.to_rgb(grey), images.to_rgb(images.to_grey(styles[0]))),
    )
    assert fast_style.stylise_many(grey, np.ones(26)).shape == (*grey.shape, 3)


def test_26_styles_are_26_and_only_ratios_count(many, cat):
    small = images.fit(cat, 64)
    painted = [fast_style.stylise_many(small, row) for row in np.eye(26)]
    gaps = [np.abs(painted[a] - painted[b]).mean() for a in range(26) for b in range(a + 1, 26)]
    assert min(gaps) > 0.01
    np.testing.assert_allclose(fast_style.stylise_many(small, 3 * np.eye(26)[5]), painted[5])


def test_a_photo_that_is_not_square_is_mirrored(arbitrary, cat, styles):
    """Half of a picture that is its own mirror image is painted as that half of the whole."""
    half, code = images.resize(cat, 192, 384), fast_style.style_code(styles[2])
    whole = fast_style.with_code(np.concatenate([half, half[::-1]]), code)
    np.testing.assert_allclose(fast_style.with_code(half, code), whole[:192], atol=1e-4)


def test_a_photo_of_the_network_s_size_is_painted_as_it_is(arbitrary, cat, styles):
    photo, code = images.resize(cat, 384, 384), fast_style.style_code(styles[2])
    network = compute.onnx(arbitrary / "arbitrary_transform.onnx")
    (theirs,) = network(photo[np.newaxis], code.reshape(1, 1, 1, 100))
    np.testing.assert_allclose(fast_style.with_code(photo, code), theirs[0].clip(0, 1), atol=1e-5)


def test_rows_to_a_multiple_of_four_are_mirrored(many, cat):
    photo, weights = images.resize(cat, 61, 40), np.eye(26)[19]
    whole = fast_style.stylise_many(np.concatenate([photo, photo[:-4:-1]]), weights)
    np.testing.assert_allclose(fast_style.stylise_many(photo, weights), whole[:61], atol=1e-4)


def test_a_photo_over_1280_pixels_is_shrunk(many, cat):
    photo, weights = images.resize(cat, 32, 1600), np.eye(26)[19]
    small = fast_style.stylise_many(images.fit(photo, 1280), weights)
    painted = fast_style.stylise_many(photo, weights)
    np.testing.assert_allclose(painted, images.resize(small, 32, 1600), atol=1e-4)


def test_a_panorama_is_shrunk_and_comes_back(arbitrary, many):
    photo = np.tile(np.linspace(0, 1, 10_000, dtype=np.float32), (16, 1))
    assert fast_style.stylise_many(photo, np.eye(26)[0]).shape == (16, 10_000, 3)
    assert fast_style.stylise(photo, photo).shape == (16, 10_000, 3)


def test_a_wall_has_white_gaps_between_its_tiles():
    tiles = np.arange(6).reshape(2, 3, 1, 1, 1) * np.ones((2, 3, 4, 5, 3)) / 10
    whole = drawing.wall(tiles, gap=2)
    assert whole.shape == (2 * 4 + 2, 3 * 5 + 2 * 2, 3)
    for row in range(2):
        for column in range(3):
            tile = whole[6 * row : 6 * row + 4, 7 * column : 7 * column + 5]
            np.testing.assert_allclose(tile, (3 * row + column) / 10)
    assert (whole[4:6] == 1).all()
    assert (whole[:, 5:7] == 1).all()


@pytest.mark.parametrize(
    "pictures",
    [
        [[np.ones((2, 2, 3)), np.ones((2, 3, 3))]],
        [[np.ones((2, 2, 3))], [np.ones((2, 2, 3))] * 2],
        [],
    ],
)
def test_a_wall_wants_equal_tiles(pictures):
    with pytest.raises(ValueError, match="pictures differ"):
        drawing.wall(pictures)


@pytest.mark.parametrize(
    "pictures", [None, 5, [np.float32(1)], [[None]], [["a"]], [[np.ones((3, 3))]]]
)
def test_a_wall_wants_pictures(pictures):
    with pytest.raises((TypeError, ValueError), match="^pictures "):
        drawing.wall(pictures)


@pytest.mark.parametrize("gap", [-1, 1.5, None, "4"])
def test_a_wall_wants_a_whole_gap(gap):
    with pytest.raises((TypeError, ValueError), match="^gap is"):
        drawing.wall([[np.ones((2, 2, 3))]], gap=gap)


def test_drawings_name_what_does_not_fit():
    fig, ax = plt.subplots()
    for call, words in (
        (lambda: drawing.show_channels(ax, None, np.ones((2, 2, 3))), "content is"),
        (lambda: drawing.show_channels(ax, np.ones((2, 2, 3)), np.ones((2, 2))), "style has"),
        (lambda: drawing.show_statistics(ax, [1], [1, 2], [1, 2], "mean"), "before has"),
        (lambda: drawing.show_statistics(ax, [1, 2], [1], [1, 2], "mean"), "after has"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            call()
    plt.close(fig)


def test_drawings_put_things_where_they_say():
    fig, (design, channels, dots) = plt.subplots(1, 3)
    rng = np.random.default_rng(0)
    picture = rng.random((8, 8, 3))
    drawing.show_design(design, picture, picture, np.arange(100.0), picture)
    assert len(design.child_axes) == 4
    np.testing.assert_array_equal(
        design.child_axes[1].images[0].get_array(), np.arange(100).reshape(10, 10)
    )
    drawing.show_channels(channels, picture, picture / 2)
    means = sorted(line.get_xdata()[0] for line in channels.lines if line.get_marker() == "o")
    both = np.concatenate([picture.mean(axis=(0, 1)), picture.mean(axis=(0, 1)) / 2])
    np.testing.assert_allclose(means, sorted(both))
    bars = [np.ptp(bar.lines[2][0].get_segments()[0][:, 0]) / 2 for bar in channels.containers]
    spread = np.concatenate([picture.std(axis=(0, 1)), picture.std(axis=(0, 1)) / 2])
    np.testing.assert_allclose(sorted(bars), sorted(spread))
    drawing.show_statistics(dots, [1, 2], [3, 4], [5, 6], "mean")
    np.testing.assert_array_equal(dots.lines[1].get_xydata(), [[5, 1], [6, 2]])
    np.testing.assert_array_equal(dots.lines[2].get_xydata(), [[5, 3], [6, 4]])
    plt.close(fig)
