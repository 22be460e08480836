"""Decode a photo: any file that students have in, one RGB array out.

Notebooks call `read` as ``images.read``. Pillow decodes, because OpenCV cannot open paths with
Japanese characters on Windows.
"""

import io
import math
import warnings

import cv2
import numpy as np
from PIL import Image, ImageCms

from course_lib import checks

from .files import RAW, ImageError, identify, opened

SUBFILE, BITS_PER_SAMPLE, COMPRESSION, ORIENTATION, PLANAR = 254, 258, 259, 274, 284  # TIFF tags
TURNS = {  # stored array -> upright array, by the value of that tag
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


def read(source, *, max_pixels=25_000_000, shrink=False):
    """Read a photo, upright, in colour or grey as it was stored.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A path (``~`` is the home folder), the content of a file such as an upload, or an open file.
    max_pixels : int
        The most pixels, width times height, that the result may have.
    shrink : bool
        Whether the sides of a larger photo are halved until it fits, with a printed sentence that
        says so. Without it a larger photo is an error that says how large it is.

    Returns
    -------
    (H, W, 3) or (H, W) float32 ndarray
        RGB in [0, 1], or grey.

    Raises
    ------
    ImageError
        If the file is no picture, is damaged, empty or too large, or may not be read.
    FileNotFoundError
        If there is no such file (the error is an `ImageError` as well).

    Notes
    -----
    EXIF rotation is applied. Transparent pixels are laid on white. CMYK becomes RGB. Colours with
    a profile of their own (a phone's Display P3, Adobe RGB, print) are converted to sRGB. Of an
    animation, or of a file with many pages, the first is read. Grey of 16 bits keeps them; Pillow
    cuts colours to 8 bits.
    """
    max_pixels = checks.number(max_pixels, "max_pixels", low=1, integer=True)
    with opened(source) as (file, name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about metadata: no student can act on them
        picture = identify(file, name)
        size = picture.size
        halvings = _halvings(size, name, max_pixels, shrink)
        array = _decoded(picture, name, halvings)
    if halvings:
        print(
            f"{name} has {size[0]} x {size[1]} pixels; its sides were divided by {2**halvings}, "
            f"to {array.shape[1]} x {array.shape[0]}."
        )
    return array


def _halvings(size, name, max_pixels, shrink):
    """How often the sides must be halved, or the offer to do so."""
    halvings = 0
    while math.prod(_divided(size, 2**halvings)) > max_pixels:
        halvings += 1
    if halvings and not shrink:
        width, height = _divided(size, 2**halvings)
        raise ImageError(
            f"{name} has {size[0]} x {size[1]} pixels, {math.prod(size) / 1e6:.3g} million, and "
            f"{max_pixels / 1e6:.3g} million are allowed; images.read(..., shrink=True) makes it "
            f"{width} x {height}."
        )
    return halvings


def _divided(size, divisor):
    """Width and height of a picture whose sides are divided, as Pillow and libjpeg round."""
    return tuple(math.ceil(side / divisor) for side in size)


def _decoded(picture, name, halvings):
    """The pixels, upright, or an error that names the file."""
    small = _divided(picture.size, 2**halvings)
    try:
        _refuse_misread(picture, name)
        loaded = _loaded(picture, 2**halvings)
        turn = TURNS.get(_orientation(loaded), TURNS[1])  # after loading, which turns a TIFF
        array = _levels(loaded, name)
        if array.shape[:2] != small[::-1]:  # 16 bits, which Pillow cannot average
            array = cv2.resize(array, small, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(turn(array))
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; read it with shrink=True.") from None
    except Exception:  # decoders raise anything on damaged files, struct.error and IndexError too
        raise ImageError(f"{name} is damaged or cut off; copy or download it again.") from None


def _refuse_misread(picture, name):
    """An error for the kinds of TIFF that Pillow 13 opens, but as something else."""
    tags = getattr(picture, "tag_v2", {})
    if tags.get(SUBFILE, 0) & 1:  # a raw photo starts with its small preview
        raise ImageError(f"{name} {RAW}")
    planes = tags.get(PLANAR) == 2 and tags.get(COMPRESSION) == 1
    if planes and max(tags.get(BITS_PER_SAMPLE, (1,))) > 8:  # taken for planes of 8 bits
        raise ImageError(f"{name} is a TIFF of 16-bit colour planes; save it as PNG.")


def _loaded(picture, divisor):
    """The decoded picture; where it has 8 bits, with its sides divided and in little memory."""
    longest = math.ceil(max(picture.size) / divisor)
    if divisor > 1:  # a JPEG can decode at 1/2, 1/4 or 1/8 at once: at least at the size asked for
        picture.draft(None, tuple(max(1, side // divisor) for side in picture.size))
    picture.load()
    factor = round(max(picture.size) / longest)
    if factor <= 1 or picture.mode.startswith(("I", "F")):
        return picture
    reduced = _reducible(picture).reduce(factor)
    picture.close()  # gives its pixels back before they are needed as float
    return reduced


def _reducible(picture):
    """The picture in a mode whose values can be averaged."""
    grey = picture.mode in ("1", "L", "LA")
    if picture.mode in ("LA", "RGBA"):
        return picture
    if picture.has_transparency_data:
        return picture.convert("LA" if grey else "RGBA")
    return picture.convert("L" if grey else "RGB") if picture.mode in ("1", "P") else picture


def _orientation(picture):
    """The EXIF orientation, 1 to 8; 1 (upright) where there is none or it cannot be read."""
    try:
        return picture.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged metadata must not cost the photo
        return 1


def _levels(picture, name):
    """RGB or grey in [0, 1] from a decoded picture of any mode."""
    mode = picture.mode
    if mode.startswith("I;16") or (mode == "I" and picture.format == "PPM"):
        return _deep_grey(picture)
    if mode in ("I", "F"):
        array = np.asarray(picture, np.float32)
        if 0 <= array.min() and array.max() <= 1:
            return array
        raise ImageError(
            f"{name} holds numbers from {array.min():g} to {array.max():g} and does not say which "
            "is white; save it as PNG."
        )
    array = np.asarray(_on_white(_in_srgb(picture)))
    return np.divide(array, 255, dtype=np.float32)


def _deep_grey(picture):
    """Grey in [0, 1] from 16 bits; the transparent value, if there is one, becomes white."""
    array = np.asarray(picture)
    grey = np.divide(array, 65535, dtype=np.float32)
    key = picture.info.get("transparency")
    if isinstance(key, int):
        grey[array == key] = 1
    return grey


def _on_white(picture):
    """Grey or RGB of 8 bits, transparent pixels laid on white."""
    base = "L" if picture.mode in ("1", "L", "LA", "La") else "RGB"
    if not picture.has_transparency_data:
        return picture.convert(base)
    layer = picture.convert("LA" if base == "L" else "RGBA")
    paper = Image.new(base, picture.size, "white")
    paper.paste(layer.convert(base), mask=layer.getchannel("A"))
    return paper


def _foreign_profile(picture):
    """The colour profile inside the file, None where there is none, it is broken, or sRGB."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        known = "srgb" in ImageCms.getProfileDescription(profile).lower()
    except (KeyError, OSError, TypeError, ImageCms.PyCMSError):
        return None
    return None if known else profile


def _in_srgb(picture):
    """The picture with its colours as sRGB, where its profile tells how."""
    if picture.mode in ("P", "PA") and picture.info.get("icc_profile"):
        picture = picture.convert("RGBA")
    profile = _foreign_profile(picture) if picture.mode in ("RGB", "RGBA", "CMYK") else None
    if profile is None:
        return picture
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        screen = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, profile, screen, outputMode=target)
    except ImageCms.PyCMSError:  # a profile that does not fit its picture is as good as none
        return picture
