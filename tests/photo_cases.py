"""The table of photo files that the tests read: built here, because real ones cannot be shipped."""

import io
import struct
import zlib

import cv2
import numpy as np
import tifffile
from PIL import Image

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
COLOUR, DULL = (a.astype(np.float32) / 255 for a in (SCENE, GREY))
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
    "part of a web page": (b"<head><title>Sign in</title>", ["web page", "browser"]),
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
