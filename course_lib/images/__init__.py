"""Pictures: read, write, resize, colour spaces.

Everywhere in the course a picture is RGB ``float32`` in [0, 1], ``(H, W, 3)``, or ``(H, W)`` when
grey. OpenCV wants bytes and orders colours blue, green, red: `to_bgr` and `from_bgr` are the only
place where the two orders meet. Taught in ``01_1_haar_features``.
"""

import contextlib
import math
import os
import secrets
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from course_lib import checks

from .colours import from_hsv, from_lab, to_grey, to_hsv, to_lab, to_rgb
from .files import MOST_PIXELS, ImageError
from .reading import read

__all__ = [
    "ImageError",
    "fit",
    "from_bgr",
    "from_bytes",
    "from_hsv",
    "from_lab",
    "mosaic",
    "read",
    "resize",
    "to_bgr",
    "to_bytes",
    "to_grey",
    "to_hsv",
    "to_lab",
    "to_rgb",
    "write",
]

METHODS = {
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "nearest": cv2.INTER_NEAREST_EXACT,
}
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
LONGEST = {"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383}  # sides that the formats can hold

ACROSS = 3  # squares of a mosaic in a face's side; known faces are recognised from about 7 on


def write(path, image, *, quality=95):
    """Write a picture as PNG, JPEG or WebP; the file name's suffix decides.

    The file gets its name only when it is complete, so a crash leaves no half picture; an existing
    file is replaced, and missing folders are made.

    Parameters
    ----------
    path : str or Path
        Ends in ``.png``, ``.jpg``, ``.jpeg`` or ``.webp``; ``~`` is the home folder.
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1]; rounded to bytes, see `to_bytes`.
    quality : int
        Of a JPEG, 1 to 100. PNG and WebP are written without loss.

    Returns
    -------
    Path
        Where the picture is.

    Raises
    ------
    ImageError
        If the suffix is another one, the format cannot hold so many pixels a side, or the file
        cannot be written there.
    ValueError
        If the picture has another shape, or values outside [0, 1].
    """
    path = Path(path).expanduser()
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ImageError(f"'{path}' ends in {path.suffix!r}; wanted .png, .jpg or .webp.")
    quality = checks.number(quality, "quality", low=1, high=100, integer=True)
    picture = Image.fromarray(to_bytes(image))
    if max(picture.size) > LONGEST[kind]:
        raise ImageError(f"'{path}' can have {LONGEST[kind]} pixels a side; write a .png.")
    options = {"JPEG": {"quality": quality, "subsampling": 0}, "WEBP": {"lossless": True}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _complete_or_nothing(path) as file:
            picture.save(file, format=kind, **options.get(kind, {}))
    except OSError as error:
        reason = error.strerror or "the encoder failed"
        raise ImageError(f"'{path}' could not be written ({reason}); try another folder.") from None
    return path


def to_bytes(image):
    """A picture as bytes: 0 to 255, rounded to the nearest.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].

    Returns
    -------
    uint8 ndarray of the same shape

    Raises
    ------
    ValueError
        If the shape is not a picture's, or a value leaves [0, 1].

    Notes
    -----
    ``(255 * x).astype(np.uint8)`` cuts instead of rounding: it makes every picture darker, by half
    a step on average.
    """
    steps = checks.image(image) * np.float32(255)
    return np.rint(steps, out=steps).astype(np.uint8)


def from_bytes(array):
    """Bytes as a picture: 0 to 255 becomes 0 to 1.

    Parameters
    ----------
    array : (H, W) or (H, W, 3) array_like of uint8 or uint16
        Colours in the order red, green, blue; see `from_bgr` for OpenCV's order. The largest
        number of the type (255 or 65,535) is white.

    Returns
    -------
    float32 ndarray of the same shape
        Values in [0, 1].

    Raises
    ------
    TypeError
        If the type is neither ``uint8`` nor ``uint16``.
    ValueError
        If the shape is not a picture's.
    """
    array = np.asarray(array)
    if array.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"array is {array.dtype}; wanted bytes, that is uint8 (or uint16).")
    white = np.iinfo(array.dtype).max
    return checks.image(np.divide(array, white, dtype=np.float32), "array")


def to_bgr(image):
    """A picture as OpenCV wants it: bytes, in the order blue, green, red.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1]; grey gets three equal channels.

    Returns
    -------
    (H, W, 3) uint8 ndarray
    """
    return np.ascontiguousarray(to_bytes(to_rgb(image))[..., ::-1])


def from_bgr(array):
    """A picture from OpenCV, bytes in the order blue, green, red, as the course wants it.

    Parameters
    ----------
    array : (H, W) or (H, W, 3) uint8 ndarray

    Returns
    -------
    (H, W) or (H, W, 3) float32 ndarray
        RGB, values in [0, 1].
    """
    picture = from_bytes(array)
    return picture if picture.ndim == 2 else np.ascontiguousarray(picture[..., ::-1])


def resize(image, height=None, width=None, *, method="area"):
    """A picture at another size.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].
    height, width : int, optional
        New size in pixels; where one is missing the picture keeps its shape.
    method : {"area", "linear", "cubic", "nearest"}
        ``"area"`` averages what falls into a new pixel: the right one for making smaller. The
        others look at 2, 4 or 1 pixels per axis, however much smaller the picture becomes.

    Returns
    -------
    (height, width) or (height, width, 3) float32 ndarray
        Values in [0, 1]: what ``"cubic"`` throws beyond is cut.

    Raises
    ------
    ValueError
        If neither height nor width is given, or the new size is below 1 or beyond memory.

    Notes
    -----
    OpenCV's ``resize``, which takes the width first; ``"nearest"`` is its exact one.
    """
    picture = checks.image(image)
    checks.choice(method, "method", METHODS)
    height, width = _new_size(picture.shape[:2], height, width)
    result = cv2.resize(picture, (width, height), interpolation=METHODS[method])
    return np.clip(result, 0, 1)


def fit(image, longest):
    """A picture made smaller until its longest side fits; a picture that fits stays as it is.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].
    longest : int
        Largest width or height in pixels.

    Returns
    -------
    float32 ndarray
        Values in [0, 1].
    """
    picture = checks.image(image)
    longest = checks.number(longest, "longest", low=1, integer=True)
    height, width = picture.shape[:2]
    if max(height, width) <= longest:
        return picture.copy()
    return resize(picture, height=longest) if height >= width else resize(picture, width=longest)


def mosaic(image, faces=(), *, blocks=24):
    """A picture as coarse squares, in which nobody can be recognised.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].
    faces : (F, 4) array_like
        Boxes in pixels. The squares become so large that no face is more than 3 of them wide or
        high: close portraits need a coarser mosaic than groups.
    blocks : int
        Squares along the longer side, at most.

    Returns
    -------
    float32 ndarray
        Of the same shape.

    Raises
    ------
    ValueError
        If the picture is none, a box is not finite, or `blocks` is below 1.
    """
    image, faces = checks.image(image), checks.boxes(faces, "faces")
    blocks = checks.number(blocks, "blocks", low=1, integer=True)
    height, width = image.shape[:2]
    largest = max([1.0, *(faces[:, 2:] - faces[:, :2]).ravel()])
    blocks = max(1, min(blocks, int(ACROSS * max(height, width) / largest)))
    small = fit(image, blocks)
    return resize(small, height, width, method="nearest")


def _new_size(shape, height, width):
    """Both sides as whole numbers, the missing one from the picture's shape."""
    if height is None and width is None:
        raise ValueError("resize needs a height, a width, or both, in pixels.")
    if height is not None:
        height = checks.number(height, "height", low=1, high=MOST_PIXELS, integer=True)
    if width is not None:
        width = checks.number(width, "width", low=1, high=MOST_PIXELS, integer=True)
    height = height or max(1, round(shape[0] * width / shape[1]))
    width = width or max(1, round(shape[1] * height / shape[0]))
    if math.prod((height, width)) > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels are more than memory holds; choose less.")
    return height, width


@contextlib.contextmanager
def _complete_or_nothing(path):
    """A file to write to that gets its name at the end, or vanishes on an error."""
    partial = path.with_name(f".{secrets.token_hex(4)}{path.suffix}")
    try:
        with open(partial, "xb") as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
