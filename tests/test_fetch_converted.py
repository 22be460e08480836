"""Assets in two forms, what is converted once, damage in the cache, and absent networks."""

import dataclasses
import queue
import socket
import threading
import time

import fetch_server
import pytest

from course_lib import catalog, fetch
from course_lib.fetch import archives, sources
from course_lib.fetch.converted import DAMAGED, converted

WORDS = b"many words"


def two_forms(server, **options):
    """An asset whose package holds ``a.txt`` and whose official form is ``b.txt``."""
    official = fetch_server.bare(server, "thing.official", "b.txt", WORDS.upper(), **options)
    return fetch_server.packed(server, "thing", {"a.txt": WORDS}, official)


def paths(server):
    return [path for path, _ in server.hits]


def test_the_official_form_comes_first(server, cache, offer):
    offer(two_forms(server))
    assert fetch.cached("thing") is None
    path = fetch.fetch("thing")
    assert path == cache / "thing.official" / "b.txt" and path.read_bytes() == WORDS.upper()
    assert fetch.fetch("thing") == fetch.cached("thing") == fetch.cached("thing", form="official")
    assert fetch.cached("thing", form="package") is None
    assert paths(server) == ["/b.txt"]


def test_the_package_is_next_and_then_enough(server, cache, offer):
    offer(two_forms(server))
    server.faults = [fetch_server.not_found]
    path = fetch.fetch("thing")
    assert path == cache / "thing" / "a.txt" and path.read_bytes() == WORDS
    assert fetch.fetch("thing") == fetch.cached("thing") == path
    assert paths(server) == ["/b.txt", "/thing.tar.gz"]


def test_a_form_may_be_asked_for(server, cache, offer):
    offer(two_forms(server))
    assert fetch.fetch("thing", form="package").name == "a.txt"
    assert fetch.fetch("thing", form="official").name == "b.txt"
    assert fetch.cached("thing").name == "b.txt"
    with pytest.raises(ValueError, match="form 'pack' is not known; did you mean package"):
        fetch.fetch("thing", form="pack")


def test_both_forms_failing_is_one_sentence(server, cache, offer):
    offer(two_forms(server))
    server.faults = [fetch_server.not_found, fetch_server.broken]
    with pytest.raises(fetch.FetchError, match="404.*; .*500.*run: course fetch thing$"):
        fetch.fetch("thing")
    server.faults = [fetch_server.not_found]
    with pytest.raises(fetch.FetchError, match="404[^;]*run: course fetch thing$"):
        fetch.fetch("thing", form="official")


@pytest.mark.parametrize("differs", [True, False])
def test_course_weights_chooses_only_between_different_numbers(
    differs, server, cache, offer, monkeypatch
):
    offer(two_forms(server, differs=differs))
    monkeypatch.setenv("COURSE_WEIGHTS", "package")
    assert fetch.told_form("thing") == ("package" if differs else None)
    assert fetch.fetch("thing").name == ("a.txt" if differs else "b.txt")
    assert fetch.fetch("thing", form="official").name == "b.txt"
    monkeypatch.setenv("COURSE_WEIGHTS", "pakage")
    if differs:
        with pytest.raises(ValueError, match="COURSE_WEIGHTS 'pakage' .* did you mean package"):
            fetch.cached("thing")
    else:
        assert fetch.cached("thing") is not None
    monkeypatch.setenv("COURSE_WEIGHTS", "")
    assert fetch.told_form("thing") is None


def test_an_md5_will_do_where_nothing_better_is_known(server, cache, offer):
    import hashlib

    asset = fetch_server.bare(server, "thing", "b.txt", WORDS)
    row = {"sha256": "", "md5": hashlib.md5(WORDS).hexdigest()}

    def with_row(row):
        archive = dataclasses.replace(asset.sources[0].archive, **row)
        files = {"b.txt": catalog.File(len(WORDS), **row)}
        return dataclasses.replace(asset, sources=(catalog.Source(archive),), files=files)

    for wrong in (row | {"md5": "0" * 32}, row | {"md5": ""}):
        offer(with_row(wrong))
        with pytest.raises(fetch.FetchError, match="MD5 differs"):
            fetch.fetch("thing")
    offer(with_row(row))
    assert fetch.fetch("thing").read_bytes() == WORDS


def test_verifying_finds_what_was_changed_in_the_cache(server, cache, offer):
    offer(fetch_server.bare(server, "thing", "b.txt", WORDS))
    path = fetch.fetch("thing")
    path.write_bytes(WORDS[::-1])
    assert fetch.fetch("thing") == path  # the size is right, so nobody looks
    assert path.read_bytes() == WORDS[::-1]
    assert fetch.fetch("thing", verify=True) == path
    assert path.read_bytes() == WORDS and len(server.hits) == 2
    assert fetch.fetch("thing", verify=True) == path and len(server.hits) == 2


def test_a_network_that_swallows_everything_costs_seconds(server, cache, offer, monkeypatch):
    offer(two_forms(server))
    begun, over = queue.SimpleQueue(), threading.Event()
    real = socket.create_connection

    def swallow(address, *args, **kwargs):
        if threading.current_thread() is threading.main_thread():
            return real(address, *args, **kwargs)
        begun.put(address)
        over.wait(300)
        raise TimeoutError

    monkeypatch.setattr(sources, "CONNECT", 0.3)
    monkeypatch.setattr(socket, "create_connection", swallow)
    start = time.perf_counter()
    with pytest.raises(fetch.FetchError, match=r"127.0.0.1:\d+: cannot be reached"):
        fetch.fetch("thing", form="official")
    assert time.perf_counter() - start < 100  # it was not waited for
    over.set()
    assert begun.get() == ("127.0.0.1", server.server_port) and server.hits == []


def test_a_proxy_is_left_to_answer_for_itself(monkeypatch):
    def connect(*args):
        raise AssertionError("tried to connect past the proxy")

    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setattr(socket, "create_connection", connect)
    sources._reach("https://weights.example/x.h5")


# --- converted ---


class Converter:
    """Writes the asset's bytes twice and counts how often."""

    def __init__(self):
        self.made = 0

    def make(self, source, new):
        self.made += 1
        new.write_bytes(2 * source.read_bytes())

    def read(self, path):
        content = path.read_bytes()
        if content != 2 * WORDS:
            raise ValueError("not whole")
        return content

    def __call__(self):
        return converted("thing", "thing.bin", self.make, self.read)


@pytest.fixture
def convert(server, cache, offer):
    offer(fetch_server.packed(server, "thing", {"a.txt": WORDS}))
    return Converter()


def test_it_is_converted_once(convert, cache, server):
    assert convert() == convert() == 2 * WORDS
    assert convert.made == 1 and len(server.hits) == 1
    assert [p.name for p in (cache / "converted").iterdir()] == ["thing.bin"]


def test_what_is_converted_needs_no_source(convert, cache, server):
    convert()
    (cache / "thing" / "a.txt").unlink()
    server.faults = [fetch_server.not_found]
    assert convert() == 2 * WORDS and len(server.hits) == 1


@pytest.mark.parametrize("damage", [b"", WORDS, 2 * WORDS[::-1]])
def test_damage_is_converted_again(damage, convert, cache, server):
    convert()
    (cache / "converted" / "thing.bin").write_bytes(damage)
    assert convert() == 2 * WORDS
    assert convert.made == 2 and len(server.hits) == 1


def test_hdf5_with_a_changed_list_of_names_is_damaged(tmp_path):
    """HDF5's library says so by a RuntimeError."""
    import h5py

    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = range(9)
    path.write_bytes(path.read_bytes().replace(b"TREE", b"tree"))
    with pytest.raises(DAMAGED), h5py.File(path, "r") as file:
        assert "layers/dense" in file


def test_a_changed_source_is_fetched_anew_before_it_is_converted(convert, cache, server):
    fetch.fetch("thing").write_bytes(WORDS[::-1])
    assert convert() == 2 * WORDS
    assert len(server.hits) == 2


def test_a_converter_that_fails_leaves_nothing(convert, cache):
    def make(source, new):
        new.write_bytes(b"half")
        raise archives.ArchiveError("not what it should be")

    with pytest.raises(archives.ArchiveError):
        converted("thing", "thing.bin", make, convert.read)
    assert list((cache / "converted").iterdir()) == []
    assert convert() == 2 * WORDS


def test_a_disk_that_is_full_is_one_sentence(convert, cache):
    def make(source, new):
        raise OSError(28, "No space left on device")

    with pytest.raises(
        fetch.FetchError, match="disk is full; set COURSE_DATA .* course fetch thing"
    ):
        converted("thing", "thing.bin", make, convert.read)
    assert convert() == 2 * WORDS


def test_threads_convert_once(convert):
    threads = [threading.Thread(target=convert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert convert.made == 1


@pytest.mark.parametrize("name", ["mnist", "cifar10", "vgg16", "mobilenet_v2"])
def test_what_fetch_looks_for_is_what_loading_writes(name, asset):
    """`course fetch` converts what has no file of this name yet."""
    from course_lib import cli

    asset(name)
    folder = fetch.cache_folder() / "converted"
    cli._convert(name, folder)
    assert list(folder.glob(f"{name}[._]*"))
