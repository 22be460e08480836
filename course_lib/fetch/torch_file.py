"""Read a PyTorch file of the old format as data; PyTorch is not needed and nothing in it runs.

Such a file is a row of pickles (a magic number, a version, facts about the machine, the table of
tensors, the keys of the storages) and then the numbers of each storage. A tensor in the table says
only which storage it uses, from where, and in what shape.
"""

import pickle
from dataclasses import dataclass

import numpy as np

from .archives import DAMAGED, ArchiveError, _Reader

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
TYPES = {"Float": "<f4", "Double": "<f8", "Half": "<f2", "Long": "<i8", "Int": "<i4", "Byte": "u1"}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """Stands in for the tensor that PyTorch would rebuild."""

    storage: _Storage
    offset: int
    shape: tuple
    stride: tuple

    def numbers(self, storages):
        """Its array; ArchiveError where it leaves its storage or is not in order."""
        count = int(np.prod(self.shape, dtype=np.int64))
        flat = storages[self.storage.key]
        steps = tuple(int(np.prod(self.shape[i + 1 :])) for i in range(len(self.shape)))
        if not 0 <= self.offset <= self.offset + count <= len(flat):
            raise ArchiveError("a tensor leaves its storage")
        if any(n > 1 and a != b for n, a, b in zip(self.shape, self.stride, steps, strict=True)):
            raise ArchiveError("a tensor is not stored in order")
        return flat[self.offset : self.offset + count].reshape(self.shape).copy()


class _Table(dict):
    """Stands in for OrderedDict; what PyTorch notes beside it becomes an idle attribute."""


def _rebuild(storage, offset, shape, stride, *_):
    if not isinstance(storage, _Storage):
        raise ArchiveError("it holds a tensor without a storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


KNOWN = {
    ("collections", "OrderedDict"): _Table,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    **{("torch", f"{name}Storage"): code for name, code in TYPES.items()},
}


class _TorchReader(_Reader):
    def persistent_load(self, pid):
        kind, dtype, key, _, count, view = pid
        if kind != "storage" or dtype not in TYPES.values() or view is not None:
            raise ArchiveError("it refers to data outside itself")
        return _Storage(str(key), dtype, int(count))


def read_torch(path):
    """Read the table of tensors in an old PyTorch file, and refuse every other class.

    Parameters
    ----------
    path : Path
        Such as ``mobilenet_v2-b0353104.pth``.

    Returns
    -------
    dict of str to ndarray
        In the order of the file; a convolution's kernel is ``(out, in, height, width)``.

    Raises
    ------
    ArchiveError
        If the file asks for anything else, is broken, or is of another format.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except ArchiveError as problem:
        raise ArchiveError(f"{path.name} is refused: {problem}") from None
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError, *DAMAGED) as problem:
        raise ArchiveError(f"{path.name} is not an old PyTorch file ({problem})") from problem


def _read(file):
    magic, version, machine = (_Reader(file, {}).load() for _ in range(3))
    if magic != MAGIC or version != VERSION or machine["little_endian"] is not True:
        raise ArchiveError("it is not PyTorch's old format, little end first")
    table = _TorchReader(file, KNOWN).load()
    if not isinstance(table, _Table) or not all(isinstance(t, _Tensor) for t in table.values()):
        raise ArchiveError("it holds something else than a table of tensors")
    kinds = {tensor.storage.key: tensor.storage for tensor in table.values()}
    keys = _Reader(file, {}).load()
    storages = {key: _numbers(file, kinds[key]) for key in keys}
    return {name: tensor.numbers(storages) for name, tensor in table.items()}


def _numbers(file, storage):
    """The numbers of a storage: how many, then themselves."""
    count = int.from_bytes(file.read(8), "little")
    if count != storage.count:
        raise ArchiveError(f"a storage has {count} numbers instead of {storage.count}")
    size = count * np.dtype(storage.dtype).itemsize
    raw = file.read(size)
    if len(raw) != size:
        raise ArchiveError("it ends too early")
    return np.frombuffer(raw, storage.dtype)
