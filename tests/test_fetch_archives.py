"""Archives and pickles made to do harm: nothing leaves the folder, nothing runs."""

import gzip
import io
import os
import pickle
import stat
import struct
import tarfile
import zipfile

import fetch_server
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import catalog, fetch
from course_lib.fetch import archives


def unpack(tmp_path, body, format, **limits):
    """Unpack all of an archive into a folder, and say what is in it then."""
    inside, packed = tmp_path / "outer" / "inside", tmp_path / "packed"
    inside.mkdir(parents=True)
    packed.write_bytes(body)
    limits = archives.Limits(**limits) if limits else None
    try:
        archives.unpack(packed, format, lambda name: [inside / name], limits=limits)
    finally:
        # Only the archive, and whatever came to be in the folder, never beside it.
        assert {p.name for p in tmp_path.iterdir()} == {"outer", "packed"}
        assert [p.name for p in inside.parent.iterdir()] == ["inside"]
    return {p.relative_to(inside).as_posix(): p.read_bytes() for p in inside.rglob("*.*")}


def make_zip(*entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def make_tar(*entries):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content, options in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for key, value in options.items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


FINE = {"a.txt": b"one", "folder/b.txt": b"two" * 1000}


@pytest.mark.parametrize(
    "format, pack", [("zip", fetch_server.zip_bytes), ("tar.gz", fetch_server.tar_bytes)]
)
def test_a_plain_archive_comes_out_as_it_went_in(format, pack, tmp_path):
    assert unpack(tmp_path, pack(FINE), format) == FINE


BAD_NAMES = ["/evil.txt", "../evil.txt", "a/../../evil.txt", "C:evil.txt", "a\\..\\evil.txt"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("format", ["zip", "tar.gz"])
def test_names_that_lead_elsewhere(name, format, tmp_path):
    body = make_zip((name, b"x", 0)) if format == "zip" else make_tar((name, b"x", {}))
    with pytest.raises(archives.ArchiveError, match="not a plain relative path"):
        unpack(tmp_path, body, format)


TAR_KINDS = {
    "symbolic link": {"type": tarfile.SYMTYPE, "linkname": "/etc"},
    "hard link": {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
    "fifo": {"type": tarfile.FIFOTYPE},
    "device": {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
    "sparse file": {"type": tarfile.GNUTYPE_SPARSE},
}


@pytest.mark.parametrize("kind", TAR_KINDS)
def test_a_tar_with_something_else_than_files(kind, tmp_path):
    body = make_tar(("door", b"", TAR_KINDS[kind]), ("door/evil.txt", b"x", {}))
    with pytest.raises(archives.ArchiveError, match=r"link or a device|broken"):
        unpack(tmp_path, body, "tar.gz")


def test_a_zip_with_a_link(tmp_path):
    body = make_zip(("door", b"/etc", stat.S_IFLNK | 0o777), ("door/evil.txt", b"x", 0))
    with pytest.raises(archives.ArchiveError, match="link or a device"):
        unpack(tmp_path, body, "zip")


@pytest.mark.parametrize("format", ["zip", "tar.gz"])
def test_a_bomb(format, tmp_path):
    zeros = bytes(2_000_000)  # packs to about 2,000 bytes
    body = make_zip(("z.bin", zeros, 0)) if format == "zip" else make_tar(("z.bin", zeros, {}))
    assert len(body) < 5_000
    with pytest.raises(archives.ArchiveError, match="unpacks to more than"):
        unpack(tmp_path, body, format, free=1_000_000)


def test_the_default_limits_stop_a_bomb_of_a_gigabyte(tmp_path):
    packed = tmp_path / "packed"
    with gzip.open(packed, "wb", compresslevel=1) as file:
        header = tarfile.TarInfo("z.bin")
        header.size = 1 << 30
        file.write(header.tobuf())
        for _ in range(48):
            file.write(bytes(1 << 20))  # the rest would follow; it is not waited for
    with pytest.raises(archives.ArchiveError, match="more than 32000000 bytes"):
        archives.unpack(packed, "tar.gz", lambda name: [tmp_path / name])


def test_a_zip_that_lies_about_a_size(tmp_path):
    body = bytearray(make_zip(("z.bin", bytes(2_000_000), 0)))
    place = body.rindex(b"PK\x01\x02")  # the central directory; the size unpacked is at 24
    body[place + 24 : place + 28] = struct.pack("<I", 10)
    with pytest.raises(archives.ArchiveError, match="broken"):
        unpack(tmp_path, bytes(body), "zip", free=1_000_000)
    left = [p.stat().st_size for p in (tmp_path / "outer" / "inside").iterdir()]
    assert all(size <= 10 for size in left)


def test_too_many_entries(tmp_path):
    body = make_zip(*((f"{i}.txt", b"", 0) for i in range(11)))
    with pytest.raises(archives.ArchiveError, match="over 10 entries"):
        unpack(tmp_path, body, "zip", entries=10)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("format", ["zip", "tar.gz"])
def test_a_name_twice(format, tmp_path):
    entries = ("a.txt", b"good"), ("a.txt", b"evil")
    body = (
        make_zip(*((*entry, 0) for entry in entries))
        if format == "zip"
        else make_tar(*((*entry, {}) for entry in entries))
    )
    with pytest.raises(archives.ArchiveError, match="twice"):
        unpack(tmp_path, body, format)


@pytest.mark.parametrize("format", ["zip", "tar.gz"])
@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text"])
def test_a_broken_archive(format, damage, tmp_path):
    noise = {"n.bin": np.random.default_rng(0).bytes(50_000)}
    whole = (fetch_server.zip_bytes if format == "zip" else fetch_server.tar_bytes)(noise)
    flipped = bytearray(whole)
    flipped[20_000:20_100] = bytes(100)
    body = {"empty": b"", "cut": whole[:30_000], "flipped": bytes(flipped), "text": b"hello" * 99}
    with pytest.raises(archives.ArchiveError, match="broken"):
        unpack(tmp_path, body[damage], format)


def test_an_evil_archive_in_the_catalogue_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    body = make_tar(("in/w.bin", b"fine", {}), ("../../evil.txt", b"x", {}))
    with fetch_server.running() as server:
        url = server.add("/x.tar.gz", body)
        source = catalog.Source(fetch_server.archive(body, "x.tar.gz", url=url), "in")
        thing = fetch_server.asset("thing", {"w.bin": b"fine"}, source)
        monkeypatch.setattr(catalog, "load", lambda: {"thing": thing})
        monkeypatch.setenv("COURSE_DATA", str(tmp_path / "deep" / "cache"))
        with pytest.raises(fetch.FetchError, match="not a plain relative path"):
            fetch.fetch("thing")
    left = {p.name for p in tmp_path.rglob("*")}
    assert left - {"x.lock"} == {"deep", "cache", ".locks"}


class Evil:
    """Asks an unpickler to run something."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("function", [os.system, eval, exec, open, getattr, np.load, np.zeros])
def test_a_pickle_that_calls_a_function(function, protocol, tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "evil.ckpt"
    command = f"touch {mark}" if function is os.system else f"open({str(mark)!r}, 'w')"
    path.write_bytes(pickle.dumps({"weights": Evil(function, command)}, protocol))
    with pytest.raises(archives.ArchiveError, match="is refused: it asks for"):
        archives.read_pickle(path)
    assert not mark.exists()


class Pointer(pickle.Pickler):
    def persistent_id(self, value):
        return "elsewhere" if value == "far" else None


def test_pickles_that_are_odd_in_other_ways(tmp_path):
    path = tmp_path / "odd.ckpt"
    far = io.BytesIO()
    Pointer(far).dump(["far"])
    endless = []
    endless.append(endless)
    dotted = b"\x80\x04\x8c\x05numpy\x8c\x0cdtype.__new__\x93."
    objects = pickle.dumps(np.array([{}, None]))
    cut = pickle.dumps(np.arange(100))[:-60]
    huge = b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f"  # bytes, more of them than there can be
    odd_type = b"cnumpy\ndtype\n(S'(,)f4'\ntR."
    pickles = far.getvalue(), pickle.dumps(endless), dotted, objects, cut, huge, odd_type
    for content in (*pickles, b"", b"\x80\x04"):
        path.write_bytes(content)
        with pytest.raises(archives.ArchiveError, match=r"odd\.ckpt"):
            archives.read_pickle(path)


def test_an_array_that_claims_a_terabyte(tmp_path):
    body = pickle.dumps(np.zeros(3, np.uint8), protocol=2)
    path = tmp_path / "huge.ckpt"
    claim = body.replace(b"K\x03\x85", b"\x8a\x06\x00\x00\x00\x00\x00\x01\x85")
    assert claim != body
    path.write_bytes(claim)
    with pytest.raises(archives.ArchiveError, match="not a readable pickle"):
        archives.read_pickle(path)


KINDS = st.sampled_from(["<f4", ">f4", "<f8", "<i8", ">i2", "|u1", "|b1", "<c8"])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(2, pickle.HIGHEST_PROTOCOL), st.booleans())
def test_arrays_come_out_as_pickle_itself_reads_them(tmp_path_factory, data, protocol, fortran):
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=4))
    value = data.draw(arrays.arrays(np.dtype(data.draw(KINDS)), shape))
    value = np.asfortranarray(value) if fortran else value
    path = tmp_path_factory.mktemp("pickles") / "w.ckpt"
    path.write_bytes(pickle.dumps({"conv": [value, (value, "name", 3)]}, protocol))
    found = archives.read_pickle(path)["conv"]
    np.testing.assert_array_equal(found[0], value)
    assert found[0].shape == value.shape and found[0].dtype == value.dtype.newbyteorder("=")
    assert found[1][1:] == ("name", 3) and found[1][0] is found[0]
    assert found[0].flags.writeable


def test_an_allow_list_of_ones_own(tmp_path):
    path = tmp_path / "w.ckpt"
    path.write_bytes(pickle.dumps(complex(1, 2)))
    with pytest.raises(archives.ArchiveError, match="asks for builtins.complex"):
        archives.read_pickle(path)
    assert archives.read_pickle(path, {("builtins", "complex"): complex}) == 1 + 2j


def test_the_vgg16_weights_are_what_their_card_says(asset):
    weights = archives.read_pickle(asset("vgg16"))["VGG16_0"]
    assert list(weights) == [f"Conv_{i}" for i in range(13)]
    assert weights["Conv_0"]["kernel"].shape == (3, 3, 3, 64)
    sizes = [value.size for layer in weights.values() for value in layer.values()]
    assert sum(sizes) == 14_714_688  # Simonyan and Zisserman's convolutions
