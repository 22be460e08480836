"""Find and open a photo file, or say in one sentence what is there instead."""

import contextlib
import difflib
import io
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
MOST_PIXELS = 178_956_970  # Pillow refuses to open more than twice its MAX_IMAGE_PIXELS


class ImageError(ValueError):
    """A photo cannot be read or written; the message says which one and what to do."""


class ImageNotFoundError(ImageError, FileNotFoundError):
    """There is no file of this name; the message says which names are near."""


@contextlib.contextmanager
def opened(source):
    """The source as a binary file, and what messages call it."""
    if isinstance(source, (str, os.PathLike)):
        path = _locate(source)
        try:
            file = open(path, "rb")
        except PermissionError:
            raise ImageError(
                f"'{path}' may not be read by you; change its permissions, or copy it elsewhere."
            ) from None
        with file:
            yield file, f"'{path}'"
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source), "the photo"
    elif hasattr(source, "read"):
        yield io.BytesIO(_content(source)), f"'{getattr(source, 'name', 'the open file')}'"
    else:
        raise TypeError(
            f"source is of type {type(source).__name__}; wanted a path, the bytes of a file, "
            "or an open file."
        )


def _content(file):
    """All bytes of an open file, from its start where it can go back there."""
    if hasattr(file, "seekable") and file.seekable():
        file.seek(0)
    content = file.read()
    if isinstance(content, str):
        raise ImageError("the photo was opened as text; open it with open(path, 'rb').")
    return content


def _locate(source):
    """The path of a file that is there, or an error that says what is there instead."""
    text = os.fspath(source)
    if text.lower().startswith(("http://", "https://")):
        raise ImageError(f"'{text}' is a web address; save the picture and read the saved file.")
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            raise ImageError(f"'{path}' is a folder; name one of its files{_pictures_in(path)}.")
        if path.is_file():
            return path
        same = [p for p in path.parent.iterdir() if _folded(p.name) == _folded(path.name)]
    except (OSError, RuntimeError):
        same = []
    if same:
        return same[0]
    raise ImageNotFoundError(_missing(path))


def _folded(name):
    """A name in one Unicode form: macOS stores が as two characters, Windows as one."""
    return unicodedata.normalize("NFC", name)


def _pictures_in(folder):
    """A few of the folder's pictures, to choose from."""
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)[:3]
    return f", such as {', '.join(map(repr, names))}" if names else ""


def _missing(path):
    """The sentence for a file that is not there."""
    if not path.parent.is_dir():
        return f"'{path}' is not there: there is no folder '{path.parent}'."
    names = {p.name.lower(): p.name for p in path.parent.iterdir()}
    near = difflib.get_close_matches(path.name.lower(), names, n=3)
    hint = (
        f"did you mean {' or '.join(repr(names[n]) for n in near)}?"
        if near
        else (f"look into the folder '{path.parent.resolve()}'.")
    )
    return f"'{path}' is not there; {hint}"


def identify(file, name):
    """The picture, opened but not decoded, or an error that says what the file is instead."""
    head = file.read(512)
    file.seek(0)
    if not head:
        raise ImageError(f"{name} is empty (0 bytes); copy or download it again.")
    Image.init()  # registers all formats, HEIF as well where pillow-heif is in use
    try:
        return Image.open(file, formats=[f for f in FORMATS if f in Image.OPEN])
    except Image.DecompressionBombError:
        raise ImageError(
            f"{name} says that it holds more than {MOST_PIXELS / 1e6:.0f} million pixels, too many "
            "for memory; save it smaller with the program that made it."
        ) from None
    except Exception:  # decoders raise anything on damaged files, struct.error and IndexError too
        raise ImageError(f"{name} {_diagnosis(head)}") from None


def _diagnosis(head):
    """What a file that is no readable picture is, from its first bytes, and the remedy."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        return "is a HEIC photo, which the course does not read; export it as JPEG."
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "is a web page, not a picture; open it in a browser and save the picture itself."
    if start.startswith(b"%pdf") or b"<svg" in start:
        return "is a document, not a photo; export it as PNG."
    if any(head.startswith(magic) for magic in MAGIC) or head[4:8] == b"ftyp":
        return "is damaged, or a film; copy or download it again, or export a picture as JPEG."
    if _is_text(head):
        return "holds text, not a picture; check that it is the file you meant."
    return "is not a picture in a format that the course reads; export it as JPEG or PNG."


def _is_text(head):
    """Whether the bytes read as text (the last character may be cut)."""
    try:
        text = head[:-4].decode() if len(head) == 512 else head.decode()
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text)
