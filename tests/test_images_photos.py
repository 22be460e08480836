"""Photos as students have them: every kind of file is read right, or refused in one sentence."""

import io
import os
import re
import struct
import subprocess
import sys
import unicodedata
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, features

from course_lib import checks, images

# Six flat blocks of 8x8 pixels, all different: JPEG keeps them, and no flip or turn maps them
# onto each other.
BLOCKS = np.array(
    [
        [[255, 0, 0], [0, 255, 0], [0, 0, 255]],
        [[255, 255, 255], [0, 0, 0], [255, 128, 0]],
    ],
    np.uint8,
)
SCENE = BLOCKS.repeat(8, axis=0).repeat(8, axis=1)  # (16, 24, 3)
GREY = SCENE[..., 1]  # (16, 24): 0, 128 and 255
OTHER = np.roll(SCENE, 8, axis=1)  # a second frame
COLOUR, DULL, OTHER_COLOUR = (a.astype(np.float32) / 255 for a in (SCENE, GREY, OTHER))
LOSSY = 4 / 255


def picture(array=SCENE, mode=None):
    image = Image.fromarray(array)
    return image if mode is None else image.convert(mode)


def saved(image, kind, **options):
    """The bytes of a file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_alpha(array, alpha):
    """An array with a constant alpha channel."""
    colour = array if array.ndim == 3 else array[..., None]
    return np.concatenate([colour, np.full((*array.shape[:2], 1), alpha, array.dtype)], axis=-1)


def faded(array, alpha):
    """What a half-transparent picture looks like on white paper."""
    return array * alpha + (1 - alpha)


def opencv_png(array):
    """A PNG with 16 bits, which Pillow cannot write in colour; the array is RGB(A) or grey."""
    swapped = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: array.shape[-1]]]
    return cv2.imencode(".png", swapped)[1].tobytes()


def chunk(name, body):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, bits, colour, rows, *before):
    """A PNG built by hand, for what no library writes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + data + chunk(b"IEND", b"")


def deep_rows(array):
    """The rows of a 16-bit PNG: a filter byte 0 and the big-endian values."""
    return b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)


def tiff(array, **options):
    """The bytes of a TIFF that tifffile writes."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def two_frames(kind, **options):
    return saved(picture(), kind, save_all=True, append_images=[picture(OTHER)], **options)


def see_through_gif():
    """An animated GIF whose black is transparent."""
    frames = [picture(a).quantize(8) for a in (SCENE, OTHER)]
    black = frames[0].getpixel((12, 12))
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], transparency=black)


def see_through_palette():
    """A palette PNG whose black is half transparent: one alpha value per palette entry."""
    image = picture().quantize(8)
    alphas = bytearray(b"\xff" * 8)
    alphas[image.getpixel((12, 12))] = 128
    return saved(image, "PNG", transparency=bytes(alphas))


def black_becomes(value):
    """The scene with another colour where it was black."""
    expected = COLOUR.copy()
    expected[8:, 8:16] = value
    return expected


def print_jpeg(marker=True):
    """A CMYK JPEG: the inks are stored inverted, as Adobe's programs do.

    Their marker may be lost; browsers take the inks for inverted even then, and so does Pillow.
    """
    inks = with_alpha(255 - SCENE, 0)  # cyan, magenta, yellow, no black
    data = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    return data if marker else data[:at] + data[at + 16 :]


GREY16 = (np.arange(16 * 24).reshape(16, 24) * 170).astype(np.uint16)  # 0 to 65,110
COLOUR16 = np.stack([GREY16, GREY16[::-1], 65535 - GREY16], axis=-1)
LINES = np.eye(16, 24, dtype=bool)

READABLE = {  # name: (bytes, what read must return, largest difference)
    "png": (saved(picture(), "PNG"), COLOUR, 0),
    "png grey": (saved(picture(GREY), "PNG"), DULL, 0),
    "png rgba": (saved(picture(with_alpha(SCENE, 51)), "PNG"), faded(COLOUR, 0.2), 1 / 255),
    "png fully transparent": (saved(picture(with_alpha(SCENE, 0)), "PNG"), COLOUR * 0 + 1, 0),
    "png grey with alpha": (saved(picture(with_alpha(GREY, 51)), "PNG"), faded(DULL, 0.2), 1 / 255),
    "png grey, black is transparent": (
        saved(picture(GREY), "PNG", transparency=0),
        np.where(DULL == 0, 1, DULL),
        0,
    ),
    "png colour, black is transparent": (
        saved(picture(), "PNG", transparency=(0, 0, 0)),
        black_becomes(1),
        0,
    ),
    "png palette": (saved(picture().quantize(8), "PNG"), COLOUR, 0),
    "png palette with transparency": (see_through_palette(), black_becomes(127 / 255), 1 / 255),
    "png 1 bit": (saved(picture(LINES), "PNG"), LINES.astype(np.float32), 0),
    "png 16 bits grey": (opencv_png(GREY16), GREY16 / 65535, 1e-6),
    "png 16 bits grey, one value transparent": (
        png(24, 16, 16, 0, deep_rows(GREY16), chunk(b"tRNS", struct.pack(">H", 170))),
        np.where(GREY16 == 170, 1, GREY16 / 65535),
        1e-6,
    ),
    "png 16 bits colour": (opencv_png(COLOUR16), COLOUR16 / 65535, 1 / 255),
    "png 16 bits rgba": (
        opencv_png(with_alpha(COLOUR16, 13107)),
        faded(COLOUR16 / 65535, 0.2),
        1 / 255,
    ),
    "png 16 bits grey with alpha, comes as colour": (
        png(24, 16, 16, 4, deep_rows(with_alpha(GREY16, 13107))),
        faded(GREY16 / 65535, 0.2)[..., None].repeat(3, axis=-1),
        1 / 255,
    ),
    "png animated": (two_frames("PNG"), COLOUR, 0),
    "jpeg": (saved(picture(), "JPEG", quality=95, subsampling=0), COLOUR, LOSSY),
    "jpeg progressive": (
        saved(picture(), "JPEG", quality=95, subsampling=0, progressive=True),
        COLOUR,
        LOSSY,
    ),
    "jpeg grey": (saved(picture(GREY), "JPEG", quality=95), DULL, LOSSY),
    "jpeg cmyk": (print_jpeg(), COLOUR, LOSSY),
    "jpeg cmyk without a marker": (print_jpeg(marker=False), COLOUR, LOSSY),
    "mpo of a phone": (two_frames("MPO", quality=95, subsampling=0), COLOUR, LOSSY),
    "gif animated": (two_frames("GIF"), COLOUR, 0),
    "gif animated with transparency": (see_through_gif(), black_becomes(1), 0),
    "webp": (saved(picture(), "WEBP", lossless=True), COLOUR, 0),
    "webp rgba": (
        saved(picture(with_alpha(SCENE, 51)), "WEBP", lossless=True),
        faded(COLOUR, 0.2),
        1 / 255,
    ),
    "webp animated": (two_frames("WEBP", lossless=True), COLOUR, 0),
    "tiff": (saved(picture(), "TIFF"), COLOUR, 0),
    "tiff lzw": (saved(picture(), "TIFF", compression="tiff_lzw"), COLOUR, 0),
    "tiff two pages": (two_frames("TIFF"), COLOUR, 0),
    "tiff cmyk": (saved(Image.fromarray(with_alpha(255 - SCENE, 0), "CMYK"), "TIFF"), COLOUR, 0),
    "tiff 16 bits grey": (tiff(GREY16), GREY16 / 65535, 1e-6),
    "tiff 16 bits grey, big-endian": (tiff(GREY16, byteorder=">"), GREY16 / 65535, 1e-6),
    "tiff 16 bits colour": (tiff(COLOUR16, photometric="rgb"), COLOUR16 / 65535, 1 / 255),
    "tiff 16 bits colour, deflated": (
        tiff(COLOUR16, photometric="rgb", compression="zlib"),
        COLOUR16 / 65535,
        1 / 255,
    ),
    "tiff decimals": (tiff(DULL), DULL, 0),
    "bmp": (saved(picture(), "BMP"), COLOUR, 0),
    "ppm": (saved(picture(), "PPM"), COLOUR, 0),
    "pgm 16 bits": (
        b"P5 24 16 65535\n" + GREY16.astype(">u2").tobytes(),
        GREY16 / 65535,
        1e-6,
    ),
    "jpeg 2000": (saved(picture(), "JPEG2000"), COLOUR, 0),
}


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
    assert found.shape == COLOUR.shape
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
    content = saved(picture(), "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    np.testing.assert_array_equal(images.read(content), COLOUR)


def test_warnings_of_the_decoder_stay_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images.read(see_through_palette())


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


def profile(space, tags):
    """An ICC profile (version 2) from its tags."""
    body, table, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    white = struct.pack(">iii", 63190, 65536, 54061)  # D50, in 1/65536
    header = struct.pack(
        ">I4sI4s4s4s", at + len(body), b"lcms", 0x02400000, b"prtr", space, b"Lab "
    )
    if space == b"RGB ":
        header = header.replace(b"prtr", b"mntr").replace(b"Lab ", b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + white + b"\0" * 48
    return header + struct.pack(">I", len(tags)) + table + body


def described(text):
    data = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + b"\0" * 78


def swapped_profile():
    """A profile of a screen whose red is sRGB's green and whose green is sRGB's red."""

    def colour(*xyz):
        return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in xyz))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    return profile(
        b"RGB ",
        {
            b"desc": described("swapped"),
            b"wtpt": colour(0.9642, 1, 0.8249),
            b"rXYZ": colour(0.3851, 0.7169, 0.0971),
            b"gXYZ": colour(0.4361, 0.2225, 0.0139),
            b"bXYZ": colour(0.1431, 0.0606, 0.7141),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        },
    )


def inks_profile():
    """A print profile in which only black ink shows: L* falls evenly from 100 to 0."""
    lut = struct.pack(">4sIBBBB", b"mft1", 0, 4, 3, 2, 0)
    lut += struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut += bytes(range(256)) * 4 + bytes([255, 128, 128, 0, 128, 128]) * 8 + bytes(range(256)) * 3
    return profile(b"CMYK", {b"desc": described("inks"), b"A2B0": lut})


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

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100


def declared(width, height):
    """A PNG of a few bytes that says it is huge."""
    return png(width, height, 8, 2, b"\0" * 1000)


def gif_declared(width, height):
    content = bytearray(saved(picture(), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def cut(name, part=0.5):
    content = READABLE[name][0]
    return content[: int(len(content) * part)]


BROKEN = {  # name: (bytes, what the sentence must say)
    "empty": (b"", ["empty", "again"]),
    "web page": (b"\n<!DOCTYPE html><html><body>404</body></html>", ["web page", "browser"]),
    "text": (b"dear diary", ["text", "check"]),
    "japanese text": ("写真はまだありません。".encode() * 40, ["text", "check"]),
    "git lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", ["text"]),
    "pdf": (b"%PDF-1.7\n\xe2\xe3", ["document", "export"]),
    "svg": (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", ["drawing", "PNG"]),
    "heic": (HEIC, ["HEIC", "export it as JPEG"]),
    "film mp4": (b"\0\0\0\x18ftypisom" + b"\0" * 50, ["film", "JPEG"]),
    "film avi": (b"RIFF\0\0\0\0AVI LIST" + b"\0" * 50, ["film", "JPEG"]),
    "raw photo, cr3": (b"\0\0\0\x18ftypcrx " + b"\0" * 50, ["raw photo", "JPEG"]),
    "raw photo, dng": (tiff(SCENE, subfiletype=1), ["raw photo", "JPEG"]),
    "zip": (b"PK\x03\x04" + bytes(range(256)), ["not a picture", "export"]),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", ["text"]),
    "zeros": (b"\0" * 1000, ["not a picture", "export"]),
    "jpeg cut": (cut("jpeg"), ["damaged", "again"]),
    "jpeg cut in its header": (cut("jpeg", 0.1), ["damaged", "again"]),
    "mpo cut": (cut("mpo of a phone", 0.3), ["damaged", "again"]),
    "png cut": (cut("png"), ["damaged", "again"]),
    "png 16 bits cut": (cut("png 16 bits colour"), ["damaged", "again"]),
    "gif cut": (cut("gif animated", 0.05), ["damaged", "again"]),
    "webp cut": (cut("webp"), ["damaged", "again"]),
    "tiff cut": (cut("tiff"), ["damaged", "again"]),
    "bmp cut": (cut("bmp"), ["damaged", "again"]),
    "ppm cut": (cut("ppm"), ["damaged", "again"]),
    "png signature only": (b"\x89PNG\r\n\x1a\n", ["damaged", "again"]),
    "bomb png": (declared(2**31 - 1, 2**31 - 1), ["million pixels", "smaller"]),
    "bomb png of 3.6 gigapixels": (declared(60_000, 60_000), ["million pixels", "smaller"]),
    "bomb gif": (gif_declared(65_535, 65_535), ["million pixels", "smaller"]),
    "bomb in a text chunk": (
        png(1, 1, 8, 2, b"\0\0\0\0", chunk(b"zTXt", b"a\0\0" + zlib.compress(b" " * 2**27))),
        ["damaged", "again"],
    ),
    "too large": (declared(10_000, 5_000), ["10000 x 5000", "50 million", "25 million", "shrink"]),
    "numbers without a white": (tiff(GREY16.astype(np.int32)), ["white", "PNG"]),
    "not a number": (tiff(np.full((4, 4), np.nan, np.float32)), ["white", "PNG"]),
    "16-bit planes": (
        tiff(np.moveaxis(COLOUR16, -1, 0).copy(), photometric="rgb", planarconfig="separate"),
        ["16-bit", "PNG"],
    ),
}
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
import resource, sys
from course_lib import images
path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
try:
    assert images.read(path, shrink=True).shape[:2] == (height, width)
except images.ImageError as error:
    assert width == 0, error
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in kilobytes; on macOS in bytes
print(most // (2**20 if sys.platform == "darwin" else 2**10))
"""


@pytest.mark.skipif(os.name == "nt", reason="measures memory with resource")
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
    assert int(done.stdout.split()[-1]) < 600


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
