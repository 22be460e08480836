"""Archives and pickles read as data: nothing in them runs, and nothing leaves the given folder."""

import gzip
import pickle
import shutil
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

MOST_ENTRIES = 20_000
MOST_BYTES = 1_000_000_000
MOST_RATIO = 50  # unpacked bytes for each packed one; the course's own archives stay below 8
FREE_BYTES = 32_000_000  # small archives may unpack to this much whatever their ratio
# What the readers of the standard library raise on broken or crafted files; RuntimeError stands for
# an encrypted entry.
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


# What unpickling raises on damaged files, besides its own errors; SyntaxError is of NumPy's types.
DAMAGED = (
    TypeError,
    ValueError,
    LookupError,
    MemoryError,
    OverflowError,
    RecursionError,
    SyntaxError,
)


class ArchiveError(ValueError):
    """An archive or a pickle that is broken, or holds what this course does not read."""


@dataclass(frozen=True)
class Limits:
    """The most that an archive may hold; a bomb claims or delivers more."""

    entries: int = MOST_ENTRIES
    bytes: int = MOST_BYTES
    ratio: float = MOST_RATIO
    free: int = FREE_BYTES

    def total(self, packed):
        """The most bytes that an archive of ``packed`` bytes may unpack to."""
        return min(self.bytes, max(self.free, int(self.ratio * packed)))


def unpack(path, format, place, *, limits=None):
    """Copy the wanted files out of a zip or a gzipped tar archive.

    Parameters
    ----------
    path : Path
    format : str
        ``"zip"`` or ``"tar.gz"``.
    place : callable
        Takes the path of an entry inside the archive and returns the list of files (`Path`) to
        write it to; an empty list leaves it out. Names inside the archive never become paths.
    limits : Limits, optional

    Raises
    ------
    ArchiveError
        If the archive is broken; holds an absolute path, a path with ``..``, a link or a device;
        names a wanted file twice; or unpacks to more than the limits allow.
    OSError
        If a file cannot be written, as on a full disk.
    """
    most = (limits or Limits()).total(path.stat().st_size)
    entries = _zip_entries if format == "zip" else _tar_entries
    most_entries, seen = (limits or Limits()).entries, set()
    try:
        for name, is_folder, open_entry in entries(path, _Budget(most)):
            _check_name(name)
            if name in seen or len(seen) == most_entries:
                raise ArchiveError(f"it names {name!r} twice, or has over {most_entries} entries")
            seen.add(name)
            targets = [] if is_folder else place(name)
            if targets:
                with open_entry() as stream:
                    _copy(stream, targets)
    except ArchiveError:
        raise
    except BROKEN as problem:
        raise ArchiveError(f"it is broken or of a kind not read here ({problem})") from problem


def _zip_entries(path, budget):
    """Name, folder or not, and opener of every entry; refuses by declared size before reading."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        budget.spend(sum(entry.file_size for entry in entries))
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ArchiveError(f"{entry.filename!r} in it is a link or a device")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ArchiveError(f"{entry.filename!r} in it is packed in an unusual way")
            # zipfile itself stops at the declared size, so what is delivered cannot be more.
            yield entry.filename, entry.is_dir(), lambda entry=entry: archive.open(entry)


def _tar_entries(path, budget):
    """The same for a tar archive, read once from front to back while its bytes are counted."""
    with gzip.open(path) as packed:
        counted = _Counted(packed, budget)
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            for entry in archive:
                if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
                    raise ArchiveError(f"{entry.name!r} in it is a link or a device")
                yield entry.name, entry.isdir(), lambda entry=entry: archive.extractfile(entry)
        while counted.read(1 << 16):
            pass  # gzip's own check sum comes at the very end


class _Budget:
    """Bytes that may still be unpacked."""

    def __init__(self, most):
        self.most = self.left = most

    def spend(self, count):
        self.left -= count
        if self.left < 0:
            raise ArchiveError(f"it unpacks to more than {self.most} bytes")


class _Counted:
    """A readable stream that takes what it reads from a budget."""

    def __init__(self, stream, budget):
        self.stream, self.budget = stream, budget

    def read(self, count):
        chunk = self.stream.read(count)
        self.budget.spend(len(chunk))
        return chunk


def _check_name(name):
    parts = PurePosixPath(name).parts
    bad = not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name
    if bad or ":" in parts[0]:
        raise ArchiveError(f"{name!r} in it is not a plain relative path")


def _copy(stream, targets):
    first, *others = targets
    first.parent.mkdir(parents=True, exist_ok=True)
    with first.open("xb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(first, other)


def read_pickle(path, allowed=None, *, encoding="ASCII"):
    """Read a pickle of NumPy arrays in dicts, lists and tuples; refuse every other class.

    Parameters
    ----------
    path : Path
    allowed : dict, optional
        ``(module, name)`` -> what stands in for it. Without it: what NumPy arrays need, as
        stand-ins of our own, so that not even NumPy's code runs on what the file says.
    encoding : str
        ``"bytes"`` for a file that Python 2 wrote; its texts, such as keys, come as bytes.

    Returns
    -------
    object
        Arrays are fresh and own their memory.

    Raises
    ------
    ArchiveError
        If the pickle asks for anything else, or is broken. Nothing of it has run.
    """
    table = ARRAYS if allowed is None else allowed
    try:
        with path.open("rb") as file:
            return _plain(_Reader(file, table, encoding).load(), {})
    except ArchiveError as problem:
        raise ArchiveError(f"{path.name} is refused: {problem}") from None
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError) as problem:
        raise ArchiveError(f"{path.name} is not a readable pickle ({problem})") from problem
    except DAMAGED as problem:
        raise ArchiveError(f"{path.name} is not a readable pickle ({problem})") from problem


class _Reader(pickle.Unpickler):
    def __init__(self, file, allowed, encoding="ASCII"):
        super().__init__(file, encoding=encoding)
        self.allowed = allowed

    def find_class(self, module, name):
        try:
            return self.allowed[module, name]
        except KeyError:
            raise ArchiveError(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid):
        raise ArchiveError("it refers to data outside itself")


class _Dtype:
    """Stands in for ``numpy.dtype``: numbers and booleans only."""

    def __init__(self, code, align=False, copy=True):
        self.value = np.dtype(_text(code))
        if self.value.kind not in "biufc":
            raise ArchiveError(f"it holds an array of type {code!r}")

    def __setstate__(self, state):
        self.value = self.value.newbyteorder(_text(state[1]))


def _text(value):
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


class _Array:
    """Stands in for the array that NumPy would rebuild; `value` is set from the raw bytes."""

    value = None

    def __init__(self, kind, shape, code):
        """NumPy passes its class, an empty shape and a code; the state brings the real ones."""

    def __setstate__(self, state):
        _, shape, dtype, is_fortran, raw = state
        flat = np.frombuffer(raw, dtype.value)
        native = dtype.value.newbyteorder("=")
        self.value = flat.reshape(shape, order="F" if is_fortran else "C").astype(native)


class _ArrayOfBuffer:
    """Stands in for NumPy's ``_frombuffer``, with which protocol 5 writes arrays."""

    def __new__(cls, raw, dtype, shape, order):
        array = _Array(None, None, None)
        array.__setstate__((1, shape, dtype, order == "F", raw))
        return array


class _Bytes:
    """Stands in for ``_codecs.encode``, with which protocol 2 writes bytes as text."""

    def __new__(cls, text, encoding):
        return text.encode("latin1")


ARRAYS = {
    ("_codecs", "encode"): _Bytes,
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.numeric", "_frombuffer"): _ArrayOfBuffer,
    ("numpy._core.numeric", "_frombuffer"): _ArrayOfBuffer,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
}


def _plain(value, done):
    """Replace the stand-ins by their arrays, each container once however often it is shared."""
    if isinstance(value, _Array):
        return value.value
    if id(value) in done:
        return done[id(value)][1]
    if isinstance(value, dict):
        result = {key: _plain(item, done) for key, item in value.items()}
    elif isinstance(value, (list, tuple)):
        result = type(value)(_plain(item, done) for item in value)
    else:
        return value
    done[id(value)] = (value, result)  # keeping `value` alive keeps its id from being reused
    return result
