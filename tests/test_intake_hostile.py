"""Hand-ins that attack: each is a fault or a note of its own, and never anyone else's trouble."""

import io
import json
import os
import random
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_class import GOOD, answered, find, raw, released, tarred, written, zipped

from course_lib.staff import intake
from course_lib.staff.intake import handin as bounds
from course_lib.staff.intake import packed

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc or makes pipes")
MB = 1_000_000


def beside(tmp_path, data, name="mallory.zip"):
    """What became of a file, between two honest neighbours who must not suffer."""
    folder = tmp_path / "class"
    written(folder / "alice.ipynb", GOOD)
    written(folder / name, data)
    written(folder / "zoe.ipynb", GOOD)
    found = {s.student: s for s in intake.submissions(folder, released(), None, "boxes")}
    for honest in ("alice", "zoe"):
        assert not found[honest].fault and not found[honest].notes
        assert find(found[honest].notebook, "iou")["source"] == "def iou(x):\n    return x + 1"
    assert len(found) == 3
    return found["mallory"]


def said(submission):
    return " ".join([submission.fault, *submission.notes])


def entry(name, kind):
    """A zip's entry of a kind, such as a link."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


# --- paths, links and things that are no files ---


@pytest.mark.parametrize(
    "name",
    ["../boxes.ipynb", "../../../etc/boxes.ipynb", "/etc/boxes.ipynb", "a/../../boxes.ipynb"]
    + ["C:\\boxes.ipynb", "C:/boxes.ipynb", "..\\..\\boxes.ipynb", "\\\\host\\share\\boxes.ipynb"]
    + ["d/" * 40 + "boxes.ipynb"],
)
def test_paths_that_climb_out(tmp_path, name):
    for data in (zipped({name: GOOD}), tarred({name: GOOD})):
        kind = "mallory.zip" if data[:2] == b"PK" else "mallory.tgz"
        found = beside(tmp_path, data, kind)
        assert found.notebook is None and "leads out of the archive" in said(found)
        (tmp_path / "class" / kind).unlink()
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["alice.ipynb", "class", "zoe.ipynb"]


def test_a_climbing_path_in_the_archive_of_the_class(tmp_path):
    data = zipped({"alice/boxes.ipynb": GOOD, "../../bob/boxes.ipynb": GOOD, "/x.ipynb": GOOD})
    path = written(tmp_path / "c.zip", data)
    found = {h.student: h for h in intake.collect(path, expected="boxes")}
    assert not found["alice"].fault and found["bob"].fault and found["x"].fault


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip(tmp_path, kind):
    data = zipped({entry("boxes.ipynb", kind): b"/etc/passwd", entry("p.jpg", kind): b"/etc/hosts"})
    found = beside(tmp_path, data)
    assert found.notebook is None and not found.files
    assert ("link" if kind == stat.S_IFLNK else "no plain file") in said(found)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
)
def test_links_and_devices_in_a_tar(tmp_path, kind):
    info = tarfile.TarInfo("boxes.ipynb")
    info.type, info.linkname = kind, "/etc/passwd"
    found = beside(tmp_path, tarred({info: b""}), "mallory.tar.gz")
    assert found.notebook is None
    assert ("link" if info.issym() or info.islnk() else "no plain file") in said(found)


@LINUX
def test_links_pipes_and_sockets_in_a_folder(tmp_path):
    secret = written(tmp_path / "secret.ipynb", GOOD)
    folder = tmp_path / "class"
    written(folder / "alice" / "boxes.ipynb", GOOD)
    (folder / "bob").mkdir()
    (folder / "bob" / "boxes.ipynb").symlink_to(secret)
    (folder / "bob" / "around").symlink_to(folder)
    (folder / "bob" / "gone.jpg").symlink_to(tmp_path / "not there")
    (folder / "carol").symlink_to(folder / "alice")
    (folder / "dave").mkdir()
    os.mkfifo(folder / "dave" / "boxes.ipynb")
    os.mkfifo(folder / "erin.ipynb")
    written(folder / "frank" / "boxes.ipynb", GOOD)
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(folder / "frank", os.O_RDONLY)  # a socket's path is bounded
        unix.bind(f"/proc/self/fd/{here}/talk")
        os.close(here)
    found = {h.student: h for h in intake.collect(folder, expected="boxes")}
    assert list(found) == ["alice", "bob", "carol", "dave", "erin", "frank"]
    assert [name for name, h in found.items() if not h.fault] == ["alice", "frank"]
    assert sum("link, which is never followed" in note for note in found["bob"].notes) == 3
    assert found["frank"].notes == ("“talk” is no plain file.",) and found["frank"].files == {}


@LINUX
def test_a_file_that_is_exchanged_for_a_pipe_or_a_link_after_it_was_listed(tmp_path):
    folder = tmp_path / "class"
    for name in ("alice", "bob", "carol"):
        written(folder / name / "boxes.ipynb", GOOD)
    hand_ins = intake.collect(folder, expected="boxes")
    assert next(hand_ins).notebook == GOOD
    (folder / "bob" / "boxes.ipynb").unlink()
    os.mkfifo(folder / "bob" / "boxes.ipynb")
    (folder / "carol" / "boxes.ipynb").unlink()
    (folder / "carol" / "boxes.ipynb").symlink_to(folder / "alice" / "boxes.ipynb")
    assert "no plain file" in next(hand_ins).fault and "cannot be read" in next(hand_ins).fault


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(tmp_path):
    folder = tmp_path / "class"
    written(folder / "alice" / "boxes.ipynb", GOOD)
    written(folder / "bob" / "boxes.ipynb", GOOD).chmod(0)
    (folder / "carol").mkdir(mode=0)
    found = {h.student: h for h in intake.collect(folder, expected="boxes")}
    assert [bool(h.fault) for h in found.values()] == [False, True, True]


def test_names_of_files_that_are_paths(tmp_path):
    names = ["nul\x01.jpg", "a:b.jpg", "x" * 250 + ".jpg", 'q".jpg', "con.jpg", "FINE.jpg", "a. "]
    names = ["fine.jpg", *names]
    found = beside(tmp_path, zipped({"boxes.ipynb": GOOD} | dict.fromkeys(names, b"p")))
    assert list(found.files) == ["FINE.jpg"] and "left out" in said(found)


# --- archives that are broken or closed ---


def patched(data, at, value, local=None):
    """A zip with two bytes of every central (and local) header replaced."""
    data = bytearray(data)
    for signature, place in ((b"PK\x01\x02", at), (b"PK\x03\x04", local)):
        start = data.find(signature)
        while place is not None and start >= 0:
            data[start + place : start + place + len(value)] = value
            start = data.find(signature, start + 1)
    return bytes(data)


def test_an_encrypted_zip(tmp_path):
    data = patched(zipped({"boxes.ipynb": GOOD}), 8, b"\x01\x00", 6)
    assert "is encrypted; ask for it without a password" in beside(tmp_path, data).fault


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_unpacks_without_bound(tmp_path, method):
    found = beside(tmp_path, zipped({"boxes.ipynb": GOOD}, method))
    assert "ask for an ordinary zip" in found.fault


@pytest.mark.parametrize("kind", ["mallory.zip", "mallory.tar", "mallory.tar.gz", "mallory.tgz"])
@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04" + b"\0" * 50, b"\x1f\x8b\x08", b"x" * 600]
)
def test_what_is_no_archive(tmp_path, kind, data):
    assert "no notebook" in beside(tmp_path, data, kind).fault


def test_truncated_archives(tmp_path):
    whole = {"mallory.zip": zipped({"boxes.ipynb": GOOD, "p.jpg": os.urandom(5000)})}
    whole["mallory.tgz"] = tarred({"boxes.ipynb": GOOD, "p.jpg": os.urandom(5000)})
    for name, data in whole.items():
        for share in (0.1, 0.5, 0.9, 0.99):
            found = beside(tmp_path, data[: int(len(data) * share)], name)
            assert found.fault or found.notes
        (tmp_path / "class" / name).unlink()


def test_a_tar_of_endless_long_names(tmp_path):
    info = tarfile.TarInfo("x")
    info.type = tarfile.GNUTYPE_LONGNAME
    found = beside(tmp_path, info.tobuf(tarfile.GNU_FORMAT) * 5000, "mallory.tar")
    assert "broken" in found.fault or "no notebook" in found.fault


SEED = zipped({"boxes.ipynb": GOOD, "p.jpg": b"p" * 300, "in.zip": zipped({"x.ipynb": GOOD})})
TAR = tarred({"boxes.ipynb": GOOD, "p.jpg": b"p" * 300}, "w")


def mutated(data, seed):
    rng = random.Random(seed)
    data = bytearray(data)
    for _ in range(rng.choice([1, 2, 5, 40])):
        at = rng.choice([rng.randrange(len(data)), len(data) - 1 - rng.randrange(200)])
        deed = rng.randrange(4)
        if deed == 0:
            data[at] = rng.randrange(256)
        elif deed == 1:
            data[at : at + 4] = rng.choice([b"\xff" * 4, b"\0" * 4, b"PK\x01\x02"])
        elif deed == 2:
            data[at : at + rng.randrange(60)] = b""
        else:
            data[at:at] = data[at : at + rng.randrange(60)]
        if len(data) < 210:
            break
    return bytes(data)


@given(st.integers(0, 2**40))
@settings(max_examples=500, deadline=None)
def test_mutated_archives_become_faults(seed):
    data, name = (SEED, "mallory.zip") if seed % 3 else (TAR, "mallory.tar")
    group = {"alice.ipynb": GOOD, name: mutated(data, seed)}
    found = {h.student: h for h in _collected(zipped(group))}
    assert list(found) == ["alice", "mallory"] and found["alice"].notebook == GOOD
    assert isinstance(intake.restore(found["mallory"], released()).fault, str)


@given(st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_a_mutated_archive_of_the_class_is_read_or_refused_in_a_sentence(seed):
    data = zipped({f"s{n}/boxes.ipynb": GOOD for n in range(4)} | {"s5.zip": SEED})
    try:
        for hand_in in _collected(mutated(data, seed)):
            intake.restore(hand_in, released())
    except ValueError as error:
        assert str(error).endswith(".")


def _collected(data):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        yield from intake.collect(written(Path(folder) / "c.zip", data), expected="boxes")


# --- archives that explode; memory and writes are watched in a process of its own ---

WATCHED = """
import json, os, sys, time
from pathlib import Path
from course_lib.staff import intake

writes = []
def audit(event, args):
    if event == "open":
        flags = args[2] or 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or set(args[1] or "") & set("wax+"):
            writes.append(str(args[0]))
    if event in ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.truncate"):
        writes.append(event)
sys.addaudithook(audit)

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024

begin = peak()
released = json.loads(Path(sys.argv[1]).read_text())
found = {}
for s in intake.submissions(sys.argv[2], released, None, "boxes"):
    size = sum(map(len, s.files.values()))
    found[s.student] = [s.fault, list(s.notes), s.notebook is not None, size]
    del s
print(json.dumps({"found": found, "writes": writes, "bytes": peak() - begin}))
"""


def watched(tmp_path, path):
    """Collect in a child: what was found, what was written, and bytes of memory at most."""
    release = written(tmp_path / "released.json", json.dumps(released()).encode())
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, str(release), str(path)],
        capture_output=True,
        text=True,
        timeout=1200,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["writes"] == []
    return found["found"], found["bytes"]


def zeros(name, size, byte=b"\0"):
    """A zip with one file of many equal bytes; small in itself."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w") as inside:
            for _ in range(size // MB):
                inside.write(byte * MB)
    return file.getvalue()


def class_of(tmp_path, hostile):
    files = {"alice/boxes.ipynb": GOOD} | hostile
    return written(tmp_path / "class.zip", zipped(files, zipfile.ZIP_STORED))


def overlapping(count):
    """A zip whose table of contents names the same bytes many times (Fifield 2019)."""
    data = zeros("000000.jpg", 20 * MB)
    end = data.rfind(b"PK\x05\x06")
    size, start = struct.unpack("<LL", data[end + 12 : end + 20])
    record = data[start : start + size]
    table = b"".join(record.replace(b"000000", b"%06d" % n) for n in range(count))
    numbers = struct.pack("<HHLL", count, count, len(table), start)
    return data[:start] + table + data[end : end + 8] + numbers + b"\0\0"


def test_what_is_read_in_vain_costs_as_much_as_what_is_kept():
    def endless(most):
        raise intake.Unreadable("more")

    budget = bounds.Budget(100)
    with pytest.raises(intake.Unreadable, match="more"):
        budget.read(packed.Entry(("a",), 1, endless), 60)
    assert budget.left == 40
    assert budget.read(packed.Entry(("b",), 3, lambda most: b"123"), 60) == b"123"
    assert budget.left == 37
    with pytest.raises(intake.Unreadable, match="unpacks to too much"):
        budget.read(packed.Entry(("c",), 38, endless), 60)
    with pytest.raises(intake.Unreadable, match="larger than"):
        budget.read(packed.Entry(("c",), 61, endless), 60)


@LINUX
def test_bombs(tmp_path):
    deep = zipped({"boxes.ipynb": GOOD})
    for _ in range(6):
        deep = zipped({"in.zip": deep})
    big = zeros("boxes.ipynb", 300 * MB)
    lies = patched(big, 24, struct.pack("<L", 1000), 22)
    hostile = {
        "big/big.zip": big,
        "deep/deep.zip": deep,
        "gz/gz.tar.gz": gzip_of_zeros(300 * MB),
        "lies/lies.zip": lies,
        "liesmore/lies.zip": patched(deep, 24, b"\xfe\xff\xff\xff", 22),
        "many/many.zip": zipped({f"{n}.txt": b"" for n in range(bounds.ENTRIES + 1)}),
        "names/names.zip": zipped({f"{n:0200d}.ipynb": b"" for n in range(19_000)}),
        "overlap/overlap.zip": overlapping(5000),
        "photos/photos.zip": photos(40, 20 * MB),
        "zips/zips.zip": zipped({f"{n}.zip": many_entries() for n in range(40)}),
    }
    found, most = watched(tmp_path, class_of(tmp_path, hostile))
    assert found.pop("alice") == ["", [], True, 0]
    assert list(found) == [name.split("/")[0] for name in hostile]
    assert "clear its outputs" in found["big"][0]
    assert "too many others" in found["deep"][0]
    assert "unpacks to more than" in found["gz"][0]
    assert found["lies"][0] and found["liesmore"][0]
    assert "more than 20000 entries" in found["many"][0]
    assert "table of contents" in found["names"][0]
    assert "overlap" in found["overlap"][0]
    assert found["photos"][0] == "" and found["photos"][3] <= bounds.FILES
    assert "too many files" in " ".join(found["zips"][1])
    print(f"bombs: at most {most / MB:.0f} MB")
    assert most < 500 * MB


def gzip_of_zeros(size):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        info = tarfile.TarInfo("boxes.ipynb")
        info.size = size
        archive.addfile(info, Zeros(size))
    return file.getvalue()


class Zeros(io.RawIOBase):
    def __init__(self, left):
        self.left = left

    def read(self, count=-1):
        count = min(count, self.left)
        self.left -= count
        return bytes(count)


def photos(count, size):
    """A notebook and many photos of one size: more than is taken along."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("boxes.ipynb", GOOD)
        data = bytes(size)
        for n in range(count):
            archive.writestr(f"{n}.jpg", data)
    return file.getvalue()


def many_entries(cache=[]):  # noqa: B006 - built once
    if not cache:
        cache.append(zipped({f"{n}.ipynb": b"{}" for n in range(2000)}))
    return cache[0]


@LINUX
def test_a_class_is_not_held_in_memory(tmp_path):
    """150 students with 3 MB each: 450 MB, of which one hand-in is held at a time."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(150):
            archive.writestr(f"s{n:03d}/boxes.ipynb", GOOD)
            archive.writestr(f"s{n:03d}/photo.jpg", bytes(3 * MB))
    found, most = watched(tmp_path, path)
    path.unlink()
    print(f"a class of 450 MB: at most {most / MB:.0f} MB")
    assert len(found) == 150 and all(size == 3 * MB for *_, size in found.values())
    assert most < 100 * MB


# --- notebooks ---


def outputs_of(size):
    """A good notebook with an output of many bytes."""
    notebook = answered()
    big = {"output_type": "stream", "name": "stdout", "text": "@"}
    find(notebook, "iou")["outputs"] = [big]
    before, after = raw(notebook).split(b"@")
    return before + b"A" * size + after


@LINUX
def test_outputs_of_200_mb(tmp_path):
    hostile = {"large/boxes.ipynb": outputs_of(200 * MB), "less/boxes.ipynb": outputs_of(55 * MB)}
    path = written(tmp_path / "c.zip", zipped({"alice/boxes.ipynb": GOOD} | hostile))
    found, most = watched(tmp_path, path)
    assert found["large"][0].startswith("The notebook “boxes.ipynb” is larger than 64 MB: clear")
    print(f"outputs of 55 MB: at most {most / MB:.0f} MB")
    assert found["less"] == ["", [], True, 0] and most < 500 * MB


@LINUX
@pytest.mark.parametrize("piece", [b"[", b"[],", b"{},", b'{"a":', b"0,", b'"x",', b"1e9,"])
def test_json_that_takes_memory(tmp_path, piece):
    text = b'{"cells": [' + piece * (60 * MB // len(piece)) + b"0]}"
    path = written(tmp_path / "c.zip", zipped({"a/boxes.ipynb": text, "b/boxes.ipynb": GOOD}))
    found, most = watched(tmp_path, path)
    print(f"{piece}: at most {most / MB:.0f} MB")
    assert "holds too much: clear its outputs" in found["a"][0]
    assert not found["b"][0] and most < 500 * MB


@LINUX
@pytest.mark.parametrize("piece", ['{"a":0},', '{"k%07d":0},'])
def test_json_that_takes_as_much_memory_as_it_may(tmp_path, piece):
    pieces = "".join(piece % n if "%" in piece else piece for n in range(490_000))
    rest = ",".join(f'"k{n:07d}":0' for n in range(1_500_000))
    text = f'{{"cells": [], "a": [{pieces}0], "b": {{{rest}}}}}'
    found, most = watched(tmp_path, written(tmp_path / "a.ipynb", text.encode()))
    print(f"{piece}: at most {most / MB:.0f} MB")
    assert not found["a"][0] and most < 900 * MB
