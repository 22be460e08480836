"""Find and open a photo file, or say in one sentence what is there instead."""

import codecs
import contextlib
import difflib
import io
import math
import os
import unicodedata
from pathlib import Path

from PIL import Image

# Pillow knows more, but some run other programs (EPS) and none is a photo.
FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff"}
SUFFIXES |= {".webp"}
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"P5", b"P6")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
RAW = "is a camera's raw photo, which the course does not read; export it as JPEG."
MOST_PIXELS = 178_956_970  # Pillow refuses to open more than twice its MAX_IMAGE_PIXELS


class ImageError(ValueError):
    """A photo cannot be read or written; the message says which one and what to do."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is no file of this name; the message says which names are near."""


@contextlib.contextmanager
def opened(source):
    """The source as a binary file, and what messages call it."""
    if isinstance(source, (str, os.PathLike)):
        path = _located(os.fspath(source))
        with _open(path) as file:
            yield file, f"'{path}'"
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source), "the photo"
    elif hasattr(source, "read"):
        name = getattr(source, "name", None)
        yield io.BytesIO(_content(source)), f"'{name}'" if name else "the photo"
    else:
        raise TypeError(
            f"source is of type {type(source).__name__}; wanted a path, the bytes of a file, "
            "or an open file."
        )


def _open(path):
    """The file, open for reading."""
    try:
        return open(path, "rb")
    except PermissionError:
        raise ImageError(
            f"'{path}' may not be read by you; ask its owner for permission or for a copy."
        ) from None
    except OSError as error:
        raise ImageError(
            f"'{path}' cannot be opened ({error.strerror}); copy it to another folder."
        ) from None


def _content(file):
    """All bytes of an open file, from its start where it can go back there."""
    if hasattr(file, "seekable") and file.seekable():
        file.seek(0)
    content = file.read()
    if isinstance(content, str):
        raise ImageError("the photo was opened as text; open it with open(path, 'rb').")
    return content


def _located(text):
    """The path of a file that is there, or an error that says what is there instead."""
    if text.lower().startswith(("http://", "https://")):
        raise ImageError(f"'{text}' is a web address; download the picture and read the file.")
    if text.startswith('"') and text.endswith('"'):  # as Windows copies a path
        text = text.strip('"')
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            raise ImageError(f"'{path}' is a folder; name a picture in it{_pictures_in(path)}.")
        if path.is_file():
            return path
        names = [p.name for p in path.parent.iterdir() if p.is_file()]
    except ImageError:
        raise
    except (OSError, RuntimeError, ValueError):  # no folder, no permission, no such user's home
        raise ImageNotFoundError(
            f"'{text}' is not there: its folder does not exist or is closed to you; check the path."
        ) from None
    same = [n for n in names if _composed(n) == _composed(path.name)]
    if same:
        return path.with_name(same[0])
    raise ImageNotFoundError(f"'{path}' is not there; {_near(path, names)}")


def _composed(name):
    """A name in one Unicode form: from a Mac, some characters come as two."""
    return unicodedata.normalize("NFC", name)


def _pictures_in(folder):
    """A few of the folder's pictures, to choose from."""
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)[:3]
    return f", such as {', '.join(map(repr, names))}" if names else ""


def _near(path, names):
    """A hint at the names in the folder that are like the one asked for."""
    folded = {n.lower(): n for n in names}
    near = difflib.get_close_matches(path.name.lower(), folded, n=3)
    if not near:
        return f"look for its name in the folder '{path.parent.resolve()}'."
    return f"did you mean {' or '.join(repr(folded[n]) for n in near)}?"


def identify(file, name):
    """The picture, opened but not decoded, or an error that says what the file is instead."""
    head = file.read(512)
    file.seek(0)
    if not head:
        raise ImageError(f"{name} is empty (0 bytes); copy or download it again.")
    Image.init()  # registers all formats, HEIF as well where pillow-heif is in use
    try:
        picture = Image.open(file, formats=[f for f in FORMATS if f in Image.OPEN])
        if math.prod(picture.size) <= MOST_PIXELS:
            return picture
    except Image.DecompressionBombError:
        pass
    except Exception:  # decoders raise anything on damaged files, struct.error and IndexError too
        raise ImageError(f"{name} {_diagnosis(head)}") from None
    raise ImageError(
        f"{name} says that it holds more than {MOST_PIXELS / 1e6:.0f} million pixels, too many for "
        "memory; save it smaller with the program that made it."
    )


def _diagnosis(head):
    """What a file that is no readable picture is, from its first bytes, and the remedy."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand in HEIF_BRANDS:
        return "is a HEIC photo, which the course does not read; export it as JPEG."
    if brand == b"crx ":
        return RAW
    if brand not in (b"", b"avif", b"avis") or head[8:12] == b"AVI ":
        return "is a film, not a photo; save a picture of it as JPEG."
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "is a web page, not a picture; open it in a browser and save the picture itself."
    if start.startswith(b"%pdf") or b"<svg" in start:
        return "is a document or drawing, not a photo; export it as PNG."
    if brand or head.startswith(MAGIC):
        return "is damaged, or of a rare kind; copy it again, or export it as JPEG or PNG."
    if _is_text(head):
        return "holds text, not a picture; check that it is the file you meant."
    return "is not a picture in a format that the course reads; export it as JPEG or PNG."


def _is_text(head):
    """Whether the bytes read as text."""
    decoder = codecs.getincrementaldecoder("utf-8")()  # leaves out a last character that is cut
    try:
        return all(c.isprintable() or c.isspace() for c in decoder.decode(head))
    except UnicodeDecodeError:
        return False
