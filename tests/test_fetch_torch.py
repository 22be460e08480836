"""Old PyTorch files: read as data, and refused where they are anything else."""

import collections
import io
import pickle
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.fetch import torch_file
from course_lib.fetch.archives import ArchiveError

KINDS = {"f4": "Float", "f8": "Double", "f2": "Half", "i8": "Long", "i4": "Int", "u1": "Byte"}


@pytest.fixture(scope="module", autouse=True)
def torch():
    """As much of PyTorch as its pickles name."""
    module, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in KINDS.values():
        kind = type(f"{name}Storage", (), {"__module__": "torch"})
        setattr(module, kind.__name__, kind)

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", module)
        patch.setitem(sys.modules, "torch._utils", utils)
        yield


class Storage:
    def __init__(self, key, numbers):
        self.key, self.numbers = key, numbers


class Tensor:
    def __init__(self, storage, shape, offset=0, stride=None):
        steps = np.cumprod([1, *shape[:0:-1]])[::-1] if shape else ()
        self.facts = storage, offset, tuple(shape), tuple(map(int, stride or steps))

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (*self.facts, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        if not isinstance(thing, Storage):
            return None
        kind = getattr(sys.modules["torch"], KINDS[thing.numbers.dtype.str[1:]] + "Storage")
        return ("storage", kind, thing.key, "cpu", len(thing.numbers), None)


def torch_bytes(table, storages, *, magic=torch_file.MAGIC, version=1001, end="little"):
    """A file as ``torch.save`` wrote it until 2020."""
    out = io.BytesIO()
    for value in (magic, version, {"protocol_version": 1001, "little_endian": end == "little"}):
        pickle.dump(value, out, protocol=2)
    Pickler(out, protocol=2).dump(table)
    pickle.dump([storage.key for storage in storages], out, protocol=2)
    for storage in storages:
        out.write(len(storage.numbers).to_bytes(8, "little") + storage.numbers.tobytes())
    return out.getvalue()


def one_tensor(array):
    storage = Storage("k", array.ravel())
    table = collections.OrderedDict(weight=Tensor(storage, array.shape))
    table._metadata = {"version": 1}  # PyTorch notes something beside its tables
    return table, [storage]


def read(tmp_path, content):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    return torch_file.read_torch(path)


dtypes = st.sampled_from([f"<{code}" if code != "u1" else code for code in KINDS])


@settings(max_examples=40, deadline=None)
@given(
    array=dtypes.flatmap(lambda t: arrays.arrays(t, arrays.array_shapes(min_dims=0, max_side=4)))
)
def test_any_array_comes_back(array, tmp_path_factory):
    table = read(tmp_path_factory.mktemp("torch"), torch_bytes(*one_tensor(array)))
    assert list(table) == ["weight"] and table["weight"].dtype == array.dtype
    np.testing.assert_array_equal(table["weight"], array)
    assert table["weight"].flags.writeable


def test_tensors_may_share_a_storage(tmp_path):
    numbers = np.arange(12, dtype="<f4")
    storage = Storage("k", numbers)
    table = {"a": Tensor(storage, (2, 3)), "b": Tensor(storage, (6,), offset=6)}
    wide = Storage("w", np.zeros(0, "<i8"))
    table["c"] = Tensor(wide, (0, 3))
    ordered = collections.OrderedDict(table)
    came = read(tmp_path, torch_bytes(ordered, [wide, storage]))
    np.testing.assert_array_equal(came["a"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(came["b"], [6, 7, 8, 9, 10, 11])
    assert came["c"].shape == (0, 3)


STORAGE = Storage("k", np.arange(6, dtype="<f4"))


@pytest.mark.parametrize(
    "tensor, why",
    [
        (Tensor(STORAGE, (7,)), "leaves its storage"),
        (Tensor(STORAGE, (3,), offset=4), "leaves its storage"),
        (Tensor(STORAGE, (1,), offset=-1), "leaves its storage"),
        (Tensor(STORAGE, (3, 2), stride=(1, 3)), "not stored in order"),
        (Tensor(STORAGE, (4,), stride=(0,)), "not stored in order"),
        (Tensor(np.float32(1), (1,)), "asks for numpy"),
        (Tensor(None, (1,)), "without a storage"),
        (3, "something else than a table of tensors"),
    ],
)
def test_a_tensor_that_lies_is_refused(tensor, why, tmp_path):
    with pytest.raises(ArchiveError, match=f"x.pth is refused: .*{why}"):
        read(tmp_path, torch_bytes(collections.OrderedDict(t=tensor), [STORAGE]))


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("where", ["magic", "version", "table", "keys"])
def test_foreign_classes_are_refused_and_do_not_run(where, tmp_path):
    evil, (table, storages) = Evil(tmp_path / "ran"), one_tensor(np.zeros(2, "<f4"))
    if where == "table":
        content = torch_bytes(collections.OrderedDict(t=evil), storages)
    elif where == "keys":
        content = torch_bytes(table, [Storage(evil, storages[0].numbers)])
    else:
        content = torch_bytes(table, storages, **{where: evil})
    with pytest.raises(ArchiveError, match=r"x.pth is refused: it asks for _?io.open"):
        read(tmp_path, content)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("change", [{"magic": 1}, {"version": 1002}, {"end": "big"}])
def test_other_formats_are_refused(change, tmp_path):
    with pytest.raises(ArchiveError, match="it is not PyTorch's old format"):
        read(tmp_path, torch_bytes(*one_tensor(np.zeros(2, "<f4")), **change))


def test_every_cut_is_noticed(tmp_path):
    content = torch_bytes(*one_tensor(np.arange(5, dtype="<f4")))
    for length in range(0, len(content), 7):
        with pytest.raises(ArchiveError, match="x.pth"):
            read(tmp_path, content[:length])


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=60), at=st.integers(0, 300))
def test_noise_is_refused_or_read_but_never_a_surprise(noise, at, tmp_path_factory):
    content = torch_bytes(*one_tensor(np.arange(5, dtype="<f4")))
    broken = content[:at] + noise + content[at + len(noise) :]
    try:
        read(tmp_path_factory.mktemp("noise"), broken)
    except ArchiveError as problem:
        assert "\n" not in str(problem)


def test_the_published_file(asset):
    table = torch_file.read_torch(asset("mobilenet_v2"))
    weights = {name: array for name, array in table.items() if "tracked" not in name}
    assert table["features.0.0.weight"].shape == (32, 3, 3, 3)
    assert table["classifier.1.weight"].shape == (1000, 1280)
    moving = sum(array.size for name, array in weights.items() if "running" in name)
    # The paper's 3.4 million; torchvision's page says 3,504,872 learned values.
    assert sum(array.size for array in weights.values()) - moving == 3_504_872
    assert all(np.isfinite(array).all() for array in weights.values())
