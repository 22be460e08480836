"""Photos as students have them: every kind of file is read right, or refused in one sentence."""

import io
import os
import re
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_cases import (
    BROKEN,
    COLOUR,
    DULL,
    GREY16,
    LOSSY,
    READABLE,
    SCENE,
    chunk,
    declared,
    deep_rows,
    faded,
    inks_profile,
    opencv_png,
    picture,
    png,
    saved,
    swapped_profile,
    with_alpha,
)
from PIL import Image, ImageCms, features
from skimage import data

from course_lib import checks, images


@pytest.mark.parametrize("name", READABLE)
def test_reads(name, tmp_path):
    content, expected, tolerance = READABLE[name]
    path = tmp_path / "photo.jpg"  # a wrong suffix does not matter
    path.write_bytes(content)
    found = images.read(path)
    assert found.dtype == np.float32 and found.flags["C_CONTIGUOUS"]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance + 1e-6
    checks.image(found)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_reads_avif():
    found = images.read(saved(picture(), "AVIF", quality=100, subsampling="4:4:4"))
    assert np.abs(found - COLOUR).max() < 0.1


# What EXIF 2.32, tag 0x0112, says: which side of the scene the first stored row shows, and which
# side the first stored column.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}
OPPOSITE = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
STORED = {  # the upright scene, as a camera held in that way stores it
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 3),
}


def tagged(array, kind, orientation):
    """A file whose EXIF holds an orientation."""
    image = Image.fromarray(np.ascontiguousarray(array))
    exif = image.getexif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    return saved(image, kind, exif=exif, **options.get(kind, {}))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_a_photo_upright(orientation, kind):
    found = images.read(tagged(STORED[orientation](SCENE), kind, orientation))
    assert found.shape == COLOUR.shape and found.flags["C_CONTIGUOUS"]
    assert np.abs(found - COLOUR).max() <= (LOSSY if kind == "JPEG" else 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_means_what_exif_says(orientation):
    row, column = SIDES[orientation]
    found = images.read(tagged(SCENE, "PNG", orientation))

    def corner(*sides):
        return found[-1 if "bottom" in sides else 0, -1 if "right" in sides else 0]

    np.testing.assert_array_equal(corner(row, column), COLOUR[0, 0])
    np.testing.assert_array_equal(corner(row, OPPOSITE[column]), COLOUR[0, -1])
    np.testing.assert_array_equal(corner(OPPOSITE[row], column), COLOUR[-1, 0])


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_is_upright(orientation):
    np.testing.assert_array_equal(images.read(tagged(SCENE, "PNG", orientation)), COLOUR)


def test_broken_exif_does_not_cost_the_photo():
    for body in (b"nonsense", b"MM\0*\xff\xff\xff\xff", b""):
        content = saved(picture(), "PNG", exif=b"Exif\0\0" + body)
        np.testing.assert_array_equal(images.read(content), COLOUR)


def test_warnings_of_the_decoder_stay_inside(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)  # warns from here to its double
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Image.DecompressionBombWarning):
            Image.open(io.BytesIO(READABLE["png"][0]))
        np.testing.assert_array_equal(images.read(READABLE["png"][0]), COLOUR)


# ---------------------------------------------------------------- where a photo comes from


@pytest.mark.parametrize(
    "name",
    [
        "my photo.png",
        "写真 集合.png",
        "ÄÖ é.PNG",
        "a'b.png",
        "100%.png",
        "no_suffix",
        "#1;$(x).png",
    ],
)
def test_any_file_name(name, tmp_path):
    folder = tmp_path / "授業 1"
    folder.mkdir()
    (folder / name).write_bytes(saved(picture(), "PNG"))
    np.testing.assert_array_equal(images.read(folder / name), COLOUR)
    np.testing.assert_array_equal(images.read(str(folder / name)), COLOUR)


def test_home_folder_and_relative_paths(tmp_path, monkeypatch):
    (tmp_path / "photo.png").write_bytes(saved(picture(), "PNG"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for path in ("~/photo.png", Path("~/photo.png"), "photo.png", "./photo.png"):
        np.testing.assert_array_equal(images.read(path), COLOUR)


def test_a_path_in_quotes_as_windows_copies_it(tmp_path):
    (tmp_path / "photo.png").write_bytes(saved(picture(), "PNG"))
    np.testing.assert_array_equal(images.read(f'"{tmp_path / "photo.png"}"'), COLOUR)


def test_a_name_composed_as_macs_do(tmp_path):
    name = "ガガ.png"
    (tmp_path / unicodedata.normalize("NFD", name)).write_bytes(saved(picture(), "PNG"))
    np.testing.assert_array_equal(
        images.read(tmp_path / unicodedata.normalize("NFC", name)), COLOUR
    )


def test_uploads_and_open_files(tmp_path):
    content = saved(picture(), "PNG")
    (tmp_path / "photo.png").write_bytes(content)
    used = io.BytesIO(content)
    used.read()  # at its end, as after a first look
    for source in (content, bytearray(content), memoryview(content), io.BytesIO(content), used):
        np.testing.assert_array_equal(images.read(source), COLOUR)
    with open(tmp_path / "photo.png", "rb") as file:
        np.testing.assert_array_equal(images.read(file), COLOUR)


@pytest.mark.parametrize("source", [None, 3, SCENE, ["photo.png"]])
def test_other_sources_are_type_errors(source):
    with pytest.raises(TypeError, match="wanted a path, the bytes of a file, or an open file"):
        images.read(source)


def test_a_file_opened_as_text(tmp_path):
    (tmp_path / "photo.png").write_text("hello")
    with open(tmp_path / "photo.png") as file, pytest.raises(images.ImageError, match="'rb'"):
        images.read(file)
    with pytest.raises(images.ImageError, match="opened as text"):
        images.read(io.StringIO("hello"))


# ---------------------------------------------------------------- colour profiles


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_colours_of_another_screen_become_srgb(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    found = images.read(saved(picture(), kind, icc_profile=swapped_profile(), **options))
    assert np.abs(found - COLOUR[..., [1, 0, 2]]).max() < 0.06  # 2.2 is not quite sRGB's curve


def test_transparency_survives_a_profile():
    content = saved(picture(with_alpha(SCENE, 51)), "PNG", icc_profile=swapped_profile())
    assert np.abs(images.read(content) - faded(COLOUR[..., [1, 0, 2]], 0.2)).max() < 0.02


def test_inks_become_what_their_profile_says():
    inks = with_alpha(255 - SCENE, 127)
    found = images.read(
        saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95, icc_profile=inks_profile())
    )
    np.testing.assert_allclose(found, 119 / 255, atol=0.02)  # L* 50 in sRGB


@pytest.mark.parametrize("broken", [b"nonsense", inks_profile(), swapped_profile()[:200]])
def test_a_profile_that_does_not_fit_is_ignored(broken):
    np.testing.assert_array_equal(images.read(saved(picture(), "PNG", icc_profile=broken)), COLOUR)


def test_an_srgb_profile_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(images.read(saved(picture(), "PNG", icc_profile=srgb)), COLOUR)


# ---------------------------------------------------------------- what cannot be read

JARGON = re.compile(r"PIL|Pillow|cv2|OpenCV|Traceback|Errno|0x|<_io|NoneType|object at", re.I)


def assert_one_sentence(error, name, words):
    """The sentence names the file and the remedy, and nothing from inside a decoder is in sight."""
    sentence = str(error)
    assert name in sentence
    for word in words:
        assert word in sentence, sentence
    assert (
        sentence.endswith((".", "?"))
        and "\n" not in sentence
        and not re.search(r"\. [A-Z]", sentence)
    )
    assert not JARGON.search(sentence.replace(name, "")), sentence
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("name", BROKEN)
def test_refuses_in_one_sentence(name, tmp_path, capfd):
    content, words = BROKEN[name]
    path = tmp_path / "写真 1.jpg"
    path.write_bytes(content)
    with pytest.raises(images.ImageError) as caught:
        images.read(path)
    assert_one_sentence(caught.value, str(path), words)
    with pytest.raises(images.ImageError, match="^the photo "):
        images.read(content)
    assert capfd.readouterr() == ("", "")  # the decoders in C keep quiet, too


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_never_half_a_photo(kind, part):
    photo = Image.fromarray(data.astronaut()[:200, :200])
    content = saved(photo, "JPEG" if kind == "progressive" else kind, progressive=kind[0] == "p")
    half = content[: int(len(content) * part)]
    for options in ({}, {"max_pixels": 20_000, "shrink": True}):
        with pytest.raises(images.ImageError) as caught:
            images.read(half, **options)
        assert_one_sentence(caught.value, "the photo", ["damaged", "again"])


def test_missing_file_suggests_near_names(tmp_path):
    for name in ("family.jpg", "familiar.png", "dog.jpg"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(FileNotFoundError) as caught:
        images.read(tmp_path / "Famly.JPG")
    assert_one_sentence(caught.value, "Famly.JPG", ["not there", "did you mean 'family.jpg'"])
    assert isinstance(caught.value, images.ImageError)
    with pytest.raises(FileNotFoundError) as caught:
        images.read(tmp_path / "xyz")
    assert_one_sentence(caught.value, "xyz", ["not there", "look", str(tmp_path)])


@pytest.mark.parametrize("path", ["no/such/folder/a.jpg", "~nobody_of_this_name/a.jpg", "a\0b/c"])
def test_missing_folder(path):
    with pytest.raises(FileNotFoundError) as caught:
        images.read(path)
    assert_one_sentence(caught.value, path, ["not there", "check the path"])


def test_a_folder_names_its_pictures(tmp_path):
    with pytest.raises(images.ImageError) as caught:
        images.read(tmp_path)
    assert_one_sentence(caught.value, str(tmp_path), ["is a folder", "name a picture"])
    (tmp_path / "b.JPG").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    with pytest.raises(images.ImageError, match="such as 'b.JPG'"):
        images.read(tmp_path)


def test_a_web_address():
    with pytest.raises(images.ImageError, match="is a web address; download"):
        images.read("https://example.org/cat.jpg")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_no_permission(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(saved(picture(), "PNG"))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(images.ImageError) as caught:
        images.read(path)
    assert_one_sentence(caught.value, str(path), ["may not be read", "permission"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), ["may not be read", "permission", "copy"]),
        (OSError(5, "Input/output error"), ["cannot be opened (Input/output error)", "copy"]),
    ],
)
def test_a_file_that_does_not_open(tmp_path, monkeypatch, error, words):
    (tmp_path / "photo.png").write_bytes(saved(picture(), "PNG"))

    def refuse(*_):
        raise error

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(images.ImageError) as caught:
        images.read(tmp_path / "photo.png")
    monkeypatch.undo()
    assert_one_sentence(caught.value, "photo.png", words)


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_links_and_pipes(tmp_path):
    (tmp_path / "photo.png").write_bytes(saved(picture(), "PNG"))
    (tmp_path / "link").symlink_to("photo.png")
    np.testing.assert_array_equal(images.read(tmp_path / "link"), COLOUR)
    (tmp_path / "dangling").symlink_to("gone.png")
    os.mkfifo(tmp_path / "pipe")
    for name in ("dangling", "pipe"):  # opening a pipe would wait for ever
        with pytest.raises(FileNotFoundError, match="not there"):
            images.read(tmp_path / name)


# ---------------------------------------------------------------- large photos


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "grey", "palette", "16 bits", "RGBA", "1 bit", "LA"]
)
def test_shrinks_when_asked(kind, tmp_path, capsys):
    wide = SCENE.repeat(4, axis=0).repeat(4, axis=1)  # (64, 96, 3), blocks of 32 pixels
    content, small = {
        "grey": lambda: (saved(picture(wide[..., 1]), "PNG"), DULL),
        "palette": lambda: (saved(picture(wide).quantize(8), "PNG"), COLOUR),
        "16 bits": lambda: (opencv_png(wide[..., 1].astype(np.uint16) * 257), DULL),
        "RGBA": lambda: (saved(picture(with_alpha(wide, 51)), "PNG"), faded(COLOUR, 0.2)),
        "LA": lambda: (saved(picture(with_alpha(wide[..., 1], 51)), "PNG"), faded(DULL, 0.2)),
        "1 bit": lambda: (saved(picture(wide[..., 0] > 0), "PNG"), COLOUR[..., 0]),
    }.get(kind, lambda: (saved(picture(wide), kind, quality=95), COLOUR))()
    path = tmp_path / "big.jpg"
    path.write_bytes(content)
    found = images.read(path, max_pixels=500, shrink=True)
    assert found.shape == small.shape
    middle = np.s_[4::8, 4::8]  # a lossy format blurs across the borders
    assert np.abs(found[middle] - small[middle]).max() <= (
        0.03 if kind in ("JPEG", "WEBP") else 0.005
    )
    said = capsys.readouterr().out
    assert said == f"'{path}' has 96 x 64 pixels; its sides were divided by 4, to 24 x 16.\n"


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    halvings=st.integers(1, 5),
    kind=st.sampled_from(["JPEG", "PNG"]),
)
def test_shrinks_to_the_size_it_says(width, height, halvings, kind):
    small = (-(-height // 2**halvings), -(-width // 2**halvings))  # rounded up
    content = saved(Image.new("L", (width, height), 255), kind)
    found = images.read(content, max_pixels=small[0] * small[1], shrink=True)
    assert found.size <= small[0] * small[1]
    if found.size == small[0] * small[1]:
        assert found.shape == small
    assert found.min() == 1


def test_shrink_leaves_a_small_photo_alone(capsys):
    np.testing.assert_array_equal(images.read(READABLE["png"][0], shrink=True), COLOUR)
    assert capsys.readouterr().out == ""


def test_the_offer_is_exact():
    content = saved(Image.new("L", (301, 99)), "PNG")
    with pytest.raises(images.ImageError, match=r"shrink=True\) makes it 151 x 50\.$"):
        images.read(content, max_pixels=10_000)
    assert images.read(content, max_pixels=10_000, shrink=True).shape == (50, 151)
    assert images.read(content, max_pixels=301 * 99).shape == (99, 301)


@pytest.mark.parametrize("orientation", [5, 6])
def test_shrinks_and_turns(orientation, capsys):
    wide = SCENE.repeat(4, axis=0).repeat(4, axis=1)
    content = tagged(STORED[orientation](wide), "JPEG", orientation)
    found = images.read(content, max_pixels=500, shrink=True)
    assert np.abs(found[4::8, 4::8] - COLOUR[4::8, 4::8]).max() < LOSSY


def test_a_jpeg_decodes_small_at_once(monkeypatch):
    def reduce(*_):
        raise AssertionError("decoded at full size first")

    monkeypatch.setattr(Image.Image, "reduce", reduce)
    content = saved(Image.new("L", (301, 199), 255), "JPEG")
    assert images.read(content, max_pixels=1000, shrink=True).shape == (25, 38)


@pytest.mark.parametrize("name", ["png 16 bits grey", "pgm 16 bits", "tiff 16 bits grey"])
def test_shrinks_sixteen_bits(name):
    found = images.read(READABLE[name][0], max_pixels=100, shrink=True)
    expected = (GREY16 / 65535).reshape(8, 2, 12, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_shrinks_and_turns_sixteen_bits():
    stored = np.rot90(GREY16, 1)  # orientation 6
    body = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    content = png(16, 24, 16, 0, deep_rows(stored), chunk(b"eXIf", body))
    np.testing.assert_allclose(images.read(content), GREY16 / 65535, atol=1e-6)
    found = images.read(content, max_pixels=100, shrink=True)
    expected = (GREY16 / 65535).reshape(8, 2, 12, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_refuses_planes_when_shrinking():
    with pytest.raises(images.ImageError, match="16-bit"):
        images.read(BROKEN["16-bit planes"][0], max_pixels=100, shrink=True)


@pytest.mark.parametrize("limit", [None, 2 * 10**8])
def test_a_bomb_is_caught_whatever_others_told_pillow(limit, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(images.ImageError, match="179 million"):
        images.read(declared(20_000, 10_000), max_pixels=10**9, shrink=True)


@pytest.mark.parametrize("max_pixels", [0, -1, 2.5, "many"])
def test_max_pixels_is_checked(max_pixels):
    with pytest.raises((TypeError, ValueError), match="max_pixels"):
        images.read(READABLE["png"][0], max_pixels=max_pixels)


MEMORY = """
import re, sys
from course_lib import images
path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
try:
    assert images.read(path, shrink=True).shape[:2] == (height, width)
except images.ImageError as error:
    assert width == 0, error
# Not resource.getrusage: its maximum starts at that of the process which started this one.
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells memory there")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "bomb"])
def test_fifty_megapixels_in_600_megabytes(kind, tmp_path):
    path, size = tmp_path / "big.jpg", (4096, 3072)
    if kind == "bomb":
        path.write_bytes(declared(60_000, 60_000))
        size = (0, 0)
    else:
        options = {"compress_level": 1} if kind == "PNG" else {}
        Image.new("RGB", (8192, 6144), "teal").save(path, kind, **options)
    command = [sys.executable, "-c", MEMORY, str(path), *map(str, size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < {"JPEG": 350, "PNG": 600, "bomb": 150}[kind]


# ---------------------------------------------------------------- any damage at all

SMALL = [READABLE[name][0] for name in READABLE]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_damage_gives_a_picture_or_one_sentence(content, changes, kept):
    damaged = bytearray(content)
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    try:
        found = images.read(bytes(damaged[: 1 + int(kept * len(damaged))]), max_pixels=100_000)
    except images.ImageError as error:
        assert_one_sentence(error, "the photo", [])
    else:
        checks.image(found)
