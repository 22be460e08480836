"""Pictures in memory: bytes, BGR, sizes, colour spaces, and writing them to files."""

import io
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from skimage import color, data, transform

from course_lib import images

BYTES = hnp.arrays(
    np.uint8,
    st.one_of(
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)),
    ),
)
COLOUR_BYTES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))
FUNCTIONS = {  # each with the channels that it takes
    "to_bytes": (1, 3),
    "to_bgr": (1, 3),
    "to_grey": (1, 3),
    "to_rgb": (1, 3),
    "to_hsv": (3,),
    "from_hsv": (3,),
    "to_lab": (3,),
}


@pytest.fixture(scope="module")
def photo():
    """A real colour photo, (128, 192, 3) bytes."""
    return data.coffee()[100:228, 100:292].copy()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# ---------------------------------------------------------------- bytes and BGR


def test_to_bytes_rounds_instead_of_cutting():
    values = np.array([[0, 0.0019, 0.002, 0.5, 0.9979, 0.9981, 1]])
    np.testing.assert_array_equal(images.to_bytes(values), [[0, 0, 1, 128, 254, 255, 255]])


@settings(deadline=None)
@given(BYTES)
def test_bytes_round_trip(array):
    picture = images.from_bytes(array)
    assert picture.dtype == np.float32 and picture.shape == array.shape
    result = images.to_bytes(picture)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, array)


@settings(deadline=None)
@given(hnp.arrays(np.uint16, (3, 4)))
def test_sixteen_bits_become_zero_to_one(array):
    np.testing.assert_allclose(images.from_bytes(array), array / 65535, atol=1e-7)


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_])
def test_from_bytes_takes_only_bytes(kind):
    with pytest.raises(TypeError, match="wanted bytes"):
        images.from_bytes(np.zeros((2, 2), kind))


def test_to_bgr_puts_blue_first():
    red_to_green = np.array([[[1, 0, 0], [0, 1, 0]]])
    np.testing.assert_array_equal(images.to_bgr(red_to_green), [[[0, 0, 255], [0, 255, 0]]])


def test_bgr_is_what_opencv_takes(photo, tmp_path):
    bgr = images.to_bgr(images.from_bytes(photo))
    np.testing.assert_array_equal(bgr, cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
    assert bgr.flags["C_CONTIGUOUS"]
    content = cv2.imencode(".png", bgr)[1].tobytes()
    np.testing.assert_array_equal(images.read(content), images.from_bytes(photo))
    loaded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(images.from_bgr(loaded), images.from_bytes(photo))


def test_grey_to_bgr_has_three_channels_and_grey_from_bgr_one():
    grey = np.array([[0, 51, 255]], np.uint8)
    bgr = images.to_bgr(images.from_bytes(grey))
    np.testing.assert_array_equal(bgr, np.stack([grey] * 3, axis=-1))
    np.testing.assert_array_equal(images.from_bgr(grey), images.from_bytes(grey))


@settings(deadline=None)
@given(COLOUR_BYTES)
def test_bgr_round_trip(array):
    np.testing.assert_array_equal(images.to_bgr(images.from_bgr(array)), array)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_pictures_are_refused(name):
    function, channels = getattr(images, name), FUNCTIONS[name]
    shape = (4, 5, 3)
    bad = [
        np.zeros((4, 5, 4)),
        np.zeros((2, 4, 5, 3)),
        np.zeros((0, 5, 3)),
        np.full(shape, 1.1),
        np.full(shape, -0.1),
        np.full(shape, np.nan),
        np.zeros(shape, np.uint8),
    ] + ([] if 1 in channels else [np.zeros((4, 5))])
    for array in bad:
        with pytest.raises(ValueError, match="wanted"):
            function(array)
    for thing in ("photo.jpg", None):
        with pytest.raises(TypeError, match="wanted an array"):
            function(thing)


@pytest.mark.parametrize("name", [*FUNCTIONS, "fit", "resize"])
def test_the_input_stays_as_it_is(name, rng):
    extra = {"fit": (100,), "resize": (6, 8)}.get(name, ())
    for shape in [(6, 8, 3)] + [(6, 8)] * (1 in FUNCTIONS.get(name, (1,))):
        picture = rng.random(shape).astype(np.float32)
        before = picture.copy()
        result = getattr(images, name)(picture, *extra)
        result[...] = 0
        np.testing.assert_array_equal(picture, before)


# ---------------------------------------------------------------- grey, HSV, Lab


def test_grey_by_hand():
    picture = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]])
    np.testing.assert_allclose(images.to_grey(picture), [[0.299, 0.587, 0.114, 1]], atol=1e-6)


def test_grey_is_opencvs(photo):
    found = images.to_grey(images.from_bytes(photo))
    assert found.shape == photo.shape[:2] and found.dtype == np.float32
    opencv = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    assert np.abs(found - opencv / 255).max() <= 0.5 / 255 + 1e-4  # theirs is rounded


@settings(deadline=None)
@given(hnp.arrays(np.float32, (3, 4, 3), elements=st.floats(0, 1, width=32)))
def test_grey_stays_between_the_channels(picture):
    grey = images.to_grey(picture)
    assert (grey >= picture.min(axis=-1) - 1e-6).all() and (grey <= 1).all()
    np.testing.assert_array_equal(images.to_grey(grey), grey)
    np.testing.assert_allclose(images.to_grey(images.to_rgb(grey)), grey, atol=1e-6)


def test_hsv_is_scikit_images(photo):
    picture = images.from_bytes(photo)
    found = images.to_hsv(picture)
    assert found.shape == photo.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, color.rgb2hsv(picture), atol=1e-4)
    np.testing.assert_allclose(images.from_hsv(found), picture, atol=1e-5)


def test_hsv_by_hand():
    picture = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5], [0.5, 0.25, 0.25]]])
    expected = [[[0, 1, 1], [1 / 3, 1, 1], [2 / 3, 1, 1], [0, 0, 0.5], [0, 0.5, 0.5]]]
    np.testing.assert_allclose(images.to_hsv(picture), expected, atol=1e-5)


@settings(deadline=None)
@given(COLOUR_BYTES)
def test_colour_spaces_round_trip(array):
    picture = images.from_bytes(array)
    np.testing.assert_allclose(images.from_hsv(images.to_hsv(picture)), picture, atol=1e-4)
    np.testing.assert_allclose(images.from_lab(images.to_lab(picture)), picture, atol=1e-4)


def test_lab_of_known_colours():
    picture = np.array([[[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]])
    # Lindbloom's calculator, sRGB and D65.
    expected = [[[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]]
    np.testing.assert_allclose(images.to_lab(picture), expected, atol=0.02)


def test_lab_is_opencvs(photo):
    picture = images.from_bytes(photo)
    found = images.to_lab(picture)
    assert found.shape == photo.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, cv2.cvtColor(picture, cv2.COLOR_RGB2LAB), atol=1)


def test_from_lab_cuts_colours_that_no_screen_shows():
    result = images.from_lab([[[50, 200, -200], [150, 0, 0]]])
    assert result.min() >= 0 and result.max() <= 1
    with pytest.raises(ValueError, match="lab has shape"):
        images.from_lab(np.zeros((4, 4)))


# ---------------------------------------------------------------- sizes


def test_area_averages_by_hand():
    picture = np.array([[0, 1, 0.5, 0.5], [1, 0, 0.5, 0.1]])
    np.testing.assert_allclose(images.resize(picture, height=1), [[0.5, 0.4]], atol=1e-6)


def test_area_is_scikit_images_local_mean(photo):
    picture = images.from_bytes(photo)
    found = images.resize(picture, height=32, width=24)  # 4 down, 8 across
    expected = transform.downscale_local_mean(picture, (4, 8, 1))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("method", ["area", "linear", "cubic", "nearest"])
@pytest.mark.parametrize("size", [(50, 31), (300, 400), (128, 192), (1, 1)])
def test_resize_is_opencvs(photo, method, size):
    picture = images.from_bytes(photo)
    codes = {"area": 3, "linear": 1, "cubic": 2, "nearest": 6}  # cv2's numbers
    found = images.resize(picture, *size, method=method)
    assert found.shape == (*size, 3) and found.dtype == np.float32
    expected = cv2.resize(picture, size[::-1], interpolation=codes[method]).clip(0, 1)
    np.testing.assert_array_equal(found, expected)


def test_nearest_doubles_pixels():
    found = images.resize([[0.0, 1.0]], height=2, width=4, method="nearest")
    np.testing.assert_array_equal(found, [[0, 0, 1, 1], [0, 0, 1, 1]])


def test_cubic_stays_in_range():
    edge = np.repeat([[0.0, 1.0]], 8, axis=1).repeat(16, axis=0)
    found = images.resize(edge, 64, 64, method="cubic")
    assert found.min() == 0 and found.max() == 1


def test_one_side_keeps_the_shape(photo):
    picture = images.from_bytes(photo)  # (128, 192, 3)
    assert images.resize(picture, height=64).shape == (64, 96, 3)
    assert images.resize(picture, width=64).shape == (43, 64, 3)
    assert images.resize(np.zeros((1, 1000)), width=10).shape == (1, 10)


@settings(deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.just(0)),
    st.integers(1, 25),
)
def test_fit_keeps_the_longest_side_within(picture, longest):
    result = images.fit(picture, longest)
    assert max(result.shape) == min(longest, max(picture.shape))
    assert min(result.shape) >= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "a height, a width"),
        ({"height": 0}, "height"),
        ({"width": -1}, "width"),
        ({"height": 10**12}, "height"),
        ({"height": 10**5, "width": 10**5}, "memory"),
        ({"height": 5, "method": "cubik"}, "did you mean cubic"),
    ],
)
def test_sizes_that_cannot_be(arguments, words):
    with pytest.raises(ValueError, match=words):
        images.resize(np.zeros((4, 4)), **arguments)


@pytest.mark.parametrize("size", [2.5, "10", True, (3, 4)])
def test_sizes_are_whole_numbers(size):
    for call in (images.fit, images.resize):
        with pytest.raises(TypeError, match="wanted a whole number"):
            call(np.zeros((4, 4)), size)


# ---------------------------------------------------------------- writing


@settings(max_examples=30, deadline=None)
@given(array=BYTES, suffix=st.sampled_from([".png", ".webp", ".PNG"]))
def test_writes_without_loss(array, suffix, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / f"picture{suffix}"
    found = images.read(images.write(path, images.from_bytes(array)))
    if array.ndim == 2 and suffix == ".webp":  # WebP knows no grey
        array = np.stack([array] * 3, axis=-1)
    np.testing.assert_array_equal(found, images.from_bytes(array))


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG"])
def test_writes_jpeg(suffix, photo, tmp_path):
    picture = images.from_bytes(photo)
    best = images.write(tmp_path / f"best{suffix}", picture, quality=100)
    small = images.write(tmp_path / f"small{suffix}", picture, quality=10)
    assert np.abs(images.read(best) - picture).mean() < 1 / 255
    assert small.stat().st_size < best.stat().st_size / 5
    assert Image.open(best).format == "JPEG"


def test_write_makes_folders_and_replaces(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for value in (0, 1):
        path = images.write("~/結果 1/2/a b.png", np.full((2, 3), value))
    assert path == tmp_path / "結果 1" / "2" / "a b.png"
    np.testing.assert_array_equal(images.read(path), np.ones((2, 3)))
    assert [p.name for p in path.parent.iterdir()] == ["a b.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_written_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "other").touch()
    path = images.write(tmp_path / "a.png", np.zeros((2, 2)))
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("name", ["a", "a.gif", "a.tiff", "a.png.txt", ".png"])
def test_write_refuses_other_formats(name, tmp_path):
    with pytest.raises(images.ImageError, match=r"wanted \.png, \.jpg or \.webp\.$"):
        images.write(tmp_path / name, np.zeros((2, 2)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "picture", [np.full((2, 2), 2.0), np.zeros((2, 2, 4)), np.zeros((2, 2), np.uint8), "a.png"]
)
def test_write_refuses_what_is_no_picture(picture, tmp_path):
    with pytest.raises((ValueError, TypeError), match="image"):
        images.write(tmp_path / "new" / "a.png", picture)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("quality", [0, 101, 9.5])
def test_write_checks_the_quality(quality, tmp_path):
    with pytest.raises((ValueError, TypeError), match="quality"):
        images.write(tmp_path / "a.jpg", np.zeros((2, 2)), quality=quality)


def test_write_where_nothing_can_be(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "file" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(images.ImageError) as caught:
            images.write(path, np.zeros((2, 2)))
        assert str(path) in str(caught.value) and "could not be written" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.png"]


def test_a_picture_too_wide_for_its_format(tmp_path):
    for name in ("a.webp", "a.jpg"):
        with pytest.raises(images.ImageError, match=r"pixels a side; write a \.png"):
            images.write(tmp_path / name, np.zeros((1, 70_000)))
    assert images.write(tmp_path / "a.png", np.zeros((1, 70_000)))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_crash_leaves_the_old_picture(error, tmp_path, monkeypatch):
    path = images.write(tmp_path / "a.png", np.ones((2, 2)))

    def crash(self, file, **_):
        file.write(b"half")
        raise error

    monkeypatch.setattr(Image.Image, "save", crash)
    with pytest.raises((images.ImageError, KeyboardInterrupt)) as caught:
        images.write(path, np.zeros((2, 2)))
    assert "No space left" in str(caught.value) or caught.type is KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [path]
    np.testing.assert_array_equal(images.read(path), np.ones((2, 2)))


def test_written_bytes_are_the_same_every_time(photo, tmp_path):
    picture = images.from_bytes(photo)
    for suffix in (".png", ".jpg", ".webp"):
        paths = [images.write(tmp_path / f"{i}{suffix}", picture) for i in range(2)]
        assert paths[0].read_bytes() == paths[1].read_bytes()


# ---------------------------------------------------------------- the module


def test_everything_public_has_a_docstring():
    for name in images.__all__:
        assert getattr(images, name).__doc__


def test_importing_loads_neither_matplotlib_nor_scikit_image():
    code = "import sys; from course_lib import images; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "PIL.Image" in loaded
    assert not loaded & {"matplotlib", "skimage", "tensorflow", "keras", "scipy"}


def test_reads_what_it_writes_from_memory(photo, tmp_path):
    path = images.write(tmp_path / "a.png", images.from_bytes(photo))
    upload = io.BytesIO(path.read_bytes())
    np.testing.assert_array_equal(images.read(upload), images.from_bytes(photo))


def test_mosaic_keeps_shape_and_hides():
    rng = np.random.default_rng(0)
    picture = rng.random((50, 70, 3)).astype(np.float32)
    coarse = images.mosaic(picture, blocks=7)
    assert coarse.shape == picture.shape
    assert len(np.unique(coarse.reshape(-1, 3), axis=0)) <= 7 * 5


def test_a_mosaic_is_coarser_where_faces_are_large():
    """No face is more than three squares wide: from about seven on, known faces are recognised."""
    across = np.tile(np.linspace(0, 1, 480, dtype=np.float32), (300, 1))  # every column differs
    for face in (12, 40, 110, 300, 900):
        coarse = images.mosaic(across, [[5, 5, 9, 9], [100, 50, 100 + face / 2, 50 + face]])
        edges = np.flatnonzero(np.diff(coarse[0]))
        square = np.diff(edges).min() if len(edges) > 1 else 480
        assert face / square <= 3.2  # squares are whole pixels
        assert square >= 480 // 24
    assert np.ptp(coarse) == 0
    assert np.ptp(images.mosaic(across)) > 0.9


@pytest.mark.parametrize("picture", [None, "photo.jpg", np.zeros(5), np.zeros((4, 4, 4))])
def test_a_mosaic_wants_a_picture(picture):
    with pytest.raises((TypeError, ValueError), match="^image "):
        images.mosaic(picture)


def test_a_mosaic_wants_a_square_at_least():
    with pytest.raises(ValueError, match="blocks is 0"):
        images.mosaic(np.zeros((9, 9)), blocks=0)
