"""Folders and archives as lists of entries; nothing is written and no link is followed."""

import gzip
import io
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.staff.intake.handin import CLASS, ENTRIES, Unreadable, said

_CHUNK = 1_000_000
_DIRECTORY = 4_000_000  # bytes of a zip's table of contents: 20,000 names of 150 bytes
_FOLDERS = 12  # deep
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2}")
ARCHIVE_NAMES = re.compile(r"\.(zip|tar|tar\.gz|tgz)$", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One file or folder of a folder or an archive.

    Parameters
    ----------
    parts : tuple of str
        Its path, without anything that climbs; only ever a label.
    size : int
        Bytes, as the archive says; it may lie.
    read : callable
        ``read(most)`` returns the bytes, and raises Unreadable where there are more than `most`.
    folder : bool
    refused : str
        Why it is not read; empty where it may be.
    """

    parts: tuple
    size: int = 0
    read: Callable | None = None
    folder: bool = False
    refused: str = ""

    @property
    def name(self):
        """The last part of its path."""
        return self.parts[-1]

    def under(self, parts):
        """Return the same entry inside another folder."""
        return replace(self, parts=(*parts, *self.parts))

    def without(self, count):
        """Return the same entry without its first parts."""
        return replace(self, parts=self.parts[count:])


def is_archive(name):
    """Whether a file of this name is opened as an archive."""
    return bool(ARCHIVE_NAMES.search(name))


def entries_of(file, name, most=CLASS):
    """Return the entries of a zip or tar, sorted by path.

    Parameters
    ----------
    file : seekable binary file
        It must stay open for as long as entries are read.
    name : str
        What to call it in an error.
    most : int
        Bytes that a ``.tar.gz`` may unpack to; it is held in memory.

    Raises
    ------
    Unreadable
        If it is broken, holds too many entries, or entries that overlap.
    """
    magic = file.read(4)
    file.seek(0)
    try:
        if magic[:2] == b"PK":
            found = _zip_entries(file)
        else:
            found = _tar_entries(_gunzip(file, most) if magic[:2] == b"\x1f\x8b" else file)
    except Unreadable as error:
        raise Unreadable(f"{said(name)} {error}") from None
    except Exception as error:  # broken archives raise a dozen kinds, RecursionError among them
        raise Unreadable(
            f"{said(name)} is broken or no archive, so it cannot be opened."
        ) from error
    return sorted(found, key=lambda entry: entry.parts)


def folder_entries(root):
    """Return the entries below a folder, sorted by path; links, pipes and devices are refused."""
    found, waiting = [], [(Path(root), ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            with os.scandir(folder) as items:
                for item in items:
                    found.append(_found(item, parts))
                    if found[-1].folder and not found[-1].refused:
                        waiting.append((Path(item.path), (*parts, item.name)))
                    if len(found) > 10 * ENTRIES:
                        raise Unreadable(f"{said(root)} holds more than {10 * ENTRIES} files.")
        except OSError as error:
            if not parts:
                raise
            refused = f"cannot be read ({error.strerror})"
            found.append(Entry((*parts, parts[-1]), refused=refused))
    return sorted(found, key=lambda entry: entry.parts)


def file_entry(path, parts):
    """Return the entry of a plain file on the disk."""
    path = Path(path)
    return Entry(parts, path.stat().st_size, lambda most: _read_file(path, most))


def _found(item, parts):
    parts = (*parts, _printable(item.name))
    if item.is_symlink():
        return Entry(parts, refused="is a link, which is never followed")
    if item.is_dir(follow_symlinks=False):
        deep = "lies too many folders deep" if len(parts) > _FOLDERS else ""
        return Entry(parts, folder=True, refused=deep)
    if not item.is_file(follow_symlinks=False):
        return Entry(parts, refused="is no plain file")
    return file_entry(item.path, parts)


def _printable(name):
    """A file's name without lone surrogates, which stand for bytes that are no UTF-8."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _read_file(path, most):
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            # It may have been exchanged for a pipe since it was listed.
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable(f"{said(path.name)} is no plain file.")
            return _bounded(file, most, path.name)
    except OSError as error:
        raise Unreadable(f"{said(path.name)} cannot be read ({error.strerror}).") from None


def _bounded(file, most, name):
    """Read all of a file, counting what really comes."""
    data = io.BytesIO()
    while piece := file.read(min(_CHUNK, most + 1 - data.tell())):
        data.write(piece)
        if data.tell() > most:
            raise Unreadable(f"{said(name)} is larger than {most // 1_000_000} MB.")
    return data.getvalue()


class _Cautious:
    """A file that refuses a single large read: a zip's table of contents is read in one."""

    def __init__(self, file):
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._read = file.read

    def read(self, count=-1):
        if count > _DIRECTORY:
            raise Unreadable("has a table of contents that is far too long.")
        return self._read(_DIRECTORY if count < 0 else count)


def _zip_entries(file):
    archive = zipfile.ZipFile(_Cautious(file))
    infos = archive.infolist()
    if len(infos) > ENTRIES:
        raise Unreadable(f"holds more than {ENTRIES} entries.")
    if _overlap(infos):
        raise Unreadable("has entries that overlap, as in a zip bomb; it is not unpacked.")
    return [entry for info in infos if (entry := _zip_entry(archive, info)).parts]


def _overlap(infos):
    """Whether two entries share bytes (Fifield, A better zip bomb, WOOT 2019)."""
    infos = sorted(infos, key=lambda info: info.header_offset)
    ends = (info.header_offset + 30 + info.compress_size for info in infos)
    return any(end > after.header_offset for end, after in zip(ends, infos[1:], strict=False))


def _zip_entry(archive, info):
    parts, climbs = _split(_zip_name(info))
    kind = stat.S_IFMT(info.external_attr >> 16)
    refused = ""
    if climbs:
        refused = "has a path that leads out of the archive"
    elif kind == stat.S_IFLNK:
        refused = "is a link, which is never followed"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        refused = "is no plain file"
    elif info.flag_bits & 0x1:
        refused = "is encrypted; ask for it without a password"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refused = "is packed by a method that is not read here; ask for an ordinary zip"
    folder = info.is_dir() or _zip_name(info).endswith("\\")
    return Entry(parts, info.file_size, lambda most: _unzip(archive, info, most), folder, refused)


def _zip_name(info):
    """The name of an entry; without the UTF-8 flag it may be UTF-8 (macOS), cp932 or cp437."""
    if info.flag_bits & 0x800:
        return _printable(info.filename)
    raw = info.orig_filename.split("\0")[0].encode("cp437")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # Two Japanese characters in a row: a single one may be an umlaut and the letter after it.
    text = raw.decode("cp932", "replace")
    return text if "\ufffd" not in text and _JAPANESE.search(text) else info.filename


def _split(name):
    """The parts of an archive's path, and whether it climbs out."""
    bits = [bit for bit in name.replace("\\", "/").split("/") if bit not in ("", ".")]
    drive = bool(bits) and re.match(r"[A-Za-z]:", bits[0]) is not None
    climbs = name[:1] in ("/", "\\") or ".." in bits or drive or len(bits) > _FOLDERS
    return tuple(bit for bit in bits if bit != "..")[-_FOLDERS:], climbs


def _unzip(archive, info, most):
    name = _split(_zip_name(info))[0][-1]
    try:
        with archive.open(info) as file:
            return _bounded(file, most, name)
    except Unreadable:
        raise
    except Exception as error:  # bad checksums, broken streams, lies about sizes
        raise Unreadable(f"{said(name)} is broken inside its zip.") from error


def _gunzip(file, most):
    with gzip.GzipFile(fileobj=file) as unpacked:
        try:
            return io.BytesIO(_bounded(unpacked, most, "it"))
        except Unreadable:
            raise Unreadable(f"unpacks to more than {most // 1_000_000} MB.") from None
        except (EOFError, OSError, zlib.error):
            raise Unreadable("is cut off or broken, so it cannot be opened.") from None


def _tar_entries(file):
    archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - entries read from it later
    found = []
    for member in archive:
        parts, climbs = _split(_printable(member.name))
        refused = ""
        if climbs:
            refused = "has a path that leads out of the archive"
        elif not (member.isreg() or member.isdir()):
            link = member.issym() or member.islnk()
            refused = "is a link, which is never followed" if link else "is no plain file"
        if parts:
            found.append(_tar_entry(archive, member, parts, refused))
        if len(found) > ENTRIES:
            raise Unreadable(f"holds more than {ENTRIES} entries.")
    return found


def _tar_entry(archive, member, parts, refused):
    def read(most):
        try:
            with archive.extractfile(member) as file:
                return _bounded(file, most, parts[-1])
        except Unreadable:
            raise
        except Exception as error:  # a tar that ends too early, above all
            raise Unreadable(f"{said(parts[-1])} is broken inside its archive.") from error

    return Entry(parts, member.size, read, member.isdir(), refused)
