"""Decode a photo: any file that students have in, one RGB array out.

Pillow decodes, because OpenCV cannot open paths with Japanese characters on Windows; OpenCV decodes
16-bit colour, which Pillow cuts to 8 bits.
"""

import io
import math
import warnings

import cv2
import numpy as np
from PIL import Image, ImageCms

from .photo_files import ImageError, identify, opened

ORIENTATION = 0x0112  # the number of the EXIF tag
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
        Width times height that is read as it is.
    shrink : bool
        Whether a larger photo is read smaller, its sides halved until it fits, and a sentence
        printed that says so. Without it, the error says how large the photo is.

    Returns
    -------
    (H, W, 3) or (H, W) float32 ndarray
        RGB in [0, 1], or grey.

    Raises
    ------
    ImageError
        If the file is no picture, is damaged, empty, too large, or must not be read.
    FileNotFoundError
        If there is no such file (it is an `ImageError` as well).

    Notes
    -----
    EXIF rotation is applied. Transparent pixels are laid on white. CMYK becomes RGB. Embedded
    colour profiles (Display P3 of phones, Adobe RGB, CMYK) are converted to sRGB. Of an animation
    or a file with many pages, the first is read. 16 bits per value are kept.
    """
    with opened(source) as (file, name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about metadata: no student can act on them
        picture = identify(file, name)
        halvings = _halvings(picture.size, name, max_pixels, shrink)
        array = _decode(picture, file, name, halvings)
    if halvings:
        print(f"{name} was shrunk to {array.shape[1]} x {array.shape[0]} pixels.")
    return array


def _halvings(size, name, max_pixels, shrink):
    """How often the sides must be halved, or the offer to do so."""
    pixels = math.prod(size)
    if pixels <= max_pixels:
        return 0
    if not shrink:
        raise ImageError(
            f"{name} has {size[0]} x {size[1]} = {pixels / 1e6:.1f} million pixels, more than "
            f"{max_pixels / 1e6:g} million; read it smaller with images.read(..., shrink=True)."
        )
    return math.ceil(math.log2(pixels / max_pixels) / 2)


def _decode(picture, file, name, halvings):
    """The pixels, upright, or an error that names the file."""
    try:
        deep = not halvings and _deep_colour(picture)
        turn = _orientation(picture)
        picture = _loaded(picture, halvings)
        if deep:
            array = _sixteen_bits(file)
        else:
            array = _levels(picture, name)
        array = TURNS.get(turn, TURNS[1])(array)
    except ImageError:
        raise
    except MemoryError:
        raise ImageError(f"{name} does not fit into memory; read it with shrink=True.") from None
    except Exception:  # as above: decoders raise anything
        raise ImageError(f"{name} is damaged or cut off; copy or download it again.") from None
    return np.ascontiguousarray(array)


def _orientation(picture):
    """The EXIF orientation, 1 to 8; 1 (upright) where there is none or it cannot be read."""
    try:
        return picture.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged metadata must not cost the photo
        return 1


def _loaded(picture, halvings):
    """The decoded picture, its sides halved so often and in little memory."""
    width, height = picture.size
    if halvings:  # a JPEG can decode at 1/2, 1/4 or 1/8 at once
        picture.draft(None, (max(1, width >> halvings), max(1, height >> halvings)))
    picture.load()
    left = 2**halvings // max(1, round(max(width, height) / max(picture.size)))
    if left <= 1:
        return picture
    if picture.mode in ("1", "P", "PA") or "transparency" in picture.info:
        picture = picture.convert("L" if picture.mode == "1" else "RGBA")
    if picture.mode.startswith(("I", "F")):
        small = (math.ceil(picture.width / left), math.ceil(picture.height / left))
        return Image.fromarray(cv2.resize(np.asarray(picture), small, interpolation=cv2.INTER_AREA))
    reduced = picture.reduce(left)
    reduced.info = picture.info
    return reduced


def _deep_colour(picture):
    """Whether these are colours of 16 bits without a profile to convert from."""
    stored = str(picture.tile[0].args) if picture.tile else ""
    deep = ";16" in stored and picture.mode in ("RGB", "RGBA")
    return deep and _foreign_profile(picture) is None


def _sixteen_bits(file):
    """RGB in [0, 1] from a PNG or TIFF with 16 bits per value."""
    file.seek(0)
    data = np.frombuffer(file.read(), np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_UNCHANGED).astype(np.float32) / 65535
    colour, alpha = bgr[..., 2::-1], bgr[..., 3:]
    return colour * alpha + (1 - alpha) if alpha.size else colour


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
    return array.astype(np.float32) / np.float32(255)


def _deep_grey(picture):
    """Grey in [0, 1] from 16 bits; the transparent value, if there is one, becomes white."""
    array = np.asarray(picture)
    grey = array.astype(np.float32) / np.float32(65535)
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
