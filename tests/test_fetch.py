"""Downloads from a server that fails in every way we could think of, on 127.0.0.1 only."""

import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import fetch_server
import numpy as np
import pytest

from course_lib import catalog, fetch
from course_lib.fetch import sources

BODY = np.random.default_rng(0).bytes(300_000)


def served(server, name="thing", files=None, path=None):
    """An asset whose zip archive the server has."""
    files = files or {"weights.bin": BODY}
    body = fetch_server.zip_bytes({f"in/{file}": content for file, content in files.items()})
    url = server.add(path or f"/{name}.zip", body)
    source = catalog.Source(fetch_server.archive(body, f"{name}.zip", url=url), "in")
    return fetch_server.asset(name, files, source)


def leftovers(cache):
    """Everything in the cache but its locks, which are empty files that stay."""
    if not cache.exists():
        return []
    paths = (path.relative_to(cache).as_posix() for path in cache.rglob("*"))
    return sorted(path for path in paths if not path.startswith(".locks"))


def assert_one_sentence(message, name="thing"):
    assert "\n" not in message and len(message) < 500
    assert message.endswith(f"run: course fetch {name}")
    assert not re.search(r"\. [A-Z]", message.partition(". When the network is there")[0])


FAULTS = {
    "truncated": "broke off after",
    "truncated_unannounced": "bytes instead of",
    "stalling": "sent nothing for 0.5 s",
    "reset": "broke off after",
    "reset_at_once": "cannot be reached",
    "not_found": "answered 404 (Not Found)",
    "broken": "answered 500 (Internal Server Error)",
    "web_page": "sent a web page instead of the file",
    "wrong_bytes": "sent other bytes than the ones this course knows",
    "endless": "sent more than the",
    "unreadable": "broke off, or sent what cannot be read",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_download_says_why_leaves_nothing_and_recovers(
    fault, server, cache, offer, monkeypatch
):
    # Short where it is waited for; long elsewhere, for a busy machine.
    monkeypatch.setattr(sources, "TIMEOUT", 0.5 if fault == "stalling" else 20)
    offer(served(server))
    server.faults = [getattr(fetch_server, fault)]
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("thing")
    assert FAULTS[fault] in str(caught.value)
    assert_one_sentence(str(caught.value))
    assert leftovers(cache) == []
    assert fetch.cached("thing") is None
    path = fetch.fetch("thing")  # the server has recovered
    assert path.read_bytes() == BODY
    assert leftovers(cache) == ["thing", "thing/weights.bin"]


def test_a_server_that_is_not_there(server, cache, offer):
    asset = served(server)
    offer(asset)
    server.shutdown()
    server.server_close()
    with pytest.raises(fetch.FetchError, match="127.0.0.1:.* cannot be reached"):
        fetch.fetch("thing")
    assert leftovers(cache) == []


def test_what_is_cached_is_not_asked_for_again(server, cache, offer):
    offer(served(server))
    assert fetch.fetch("thing") == fetch.fetch("thing") == fetch.cached("thing")
    assert fetch.cached("thing") == cache / "thing" / "weights.bin"
    assert len(server.hits) == 1


@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_a_file_damaged_since_is_fetched_again(damage, server, cache, offer):
    offer(served(server, files={"a.bin": BODY, "b.bin": b"b"}))
    folder = fetch.fetch("thing")
    assert folder.is_dir()
    (folder / "a.bin").write_bytes(b"short") if damage == "cut" else (folder / "a.bin").unlink()
    assert fetch.cached("thing") is None
    assert (fetch.fetch("thing") / "a.bin").read_bytes() == BODY
    assert leftovers(cache) == ["thing", "thing/a.bin", "thing/b.bin"]


def test_the_next_source_is_tried_in_order(server, cache, offer):
    first, second = served(server, path="/first.zip"), served(server, path="/second.zip")
    both = fetch_server.asset("thing", {"weights.bin": BODY}, *first.sources, *second.sources)
    offer(both)
    server.faults = [fetch_server.not_found]
    assert fetch.fetch("thing").read_bytes() == BODY
    assert [path for path, _ in server.hits] == ["/first.zip", "/second.zip"]


def test_the_final_message_says_what_each_source_said(server, cache, offer):
    first, second = served(server, path="/first.zip"), served(server, path="/second.zip")
    offer(fetch_server.asset("thing", {"weights.bin": BODY}, *first.sources, *second.sources))
    server.faults = [fetch_server.not_found, fetch_server.broken]
    with pytest.raises(fetch.FetchError, match="404.*; .*500") as caught:
        fetch.fetch("thing")
    assert_one_sentence(str(caught.value))
    assert "a thing for tests" in str(caught.value)


def test_an_archive_with_another_member_than_known_is_refused(server, cache, offer):
    asset = served(server)
    offer(fetch_server.asset("thing", {"weights.bin": BODY[::-1]}, *asset.sources))
    with pytest.raises(fetch.FetchError, match="files of thing in it are not the known ones"):
        fetch.fetch("thing")
    assert leftovers(cache) == []


def test_a_bare_file_needs_no_archive(server, cache, offer):
    url = server.add("/weights.bin", BODY)
    source = catalog.Source(fetch_server.archive(BODY, "weights.bin", url=url))
    offer(fetch_server.asset("thing", {"weights.bin": BODY}, source))
    assert fetch.fetch("thing").read_bytes() == BODY


@pytest.mark.parametrize("pack", [fetch_server.zip_bytes, fetch_server.tar_bytes])
def test_a_folder_of_files_and_its_siblings_come_from_one_download(pack, server, cache, offer):
    files = {f"top/faces/{kind}/{i}.pgm": b"%d" % i for kind in ("a", "b") for i in range(9)}
    body = pack(files | {"top/faces/readme": b"no", "top/weights/w.bin": BODY})
    suffix = "zip" if pack is fetch_server.zip_bytes else "tar.gz"
    archive = fetch_server.archive(body, f"x.{suffix}", url=server.add(f"/x.{suffix}", body))
    lines = [f"{fetch_server.digest(files[f])}  {f[len('top/faces/') :]}\n" for f in sorted(files)]
    tree = catalog.Tree(18, 18, fetch_server.digest("".join(lines).encode()))
    faces = catalog.Source(archive, "top/faces", keep=("*.pgm",))
    weights = catalog.Source(archive, "top/weights")
    offer(
        fetch_server.asset("faces", {}, faces, tree=tree),
        fetch_server.asset("weights", {"w.bin": BODY}, weights),
    )
    folder = fetch.fetch("faces")
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*")) == [
        name[len("top/faces/") :] for name in sorted(files)
    ]
    assert fetch.fetch("weights").read_bytes() == BODY
    assert len(server.hits) == 1
    (folder / "a" / "3.pgm").unlink()
    assert fetch.cached("faces") is None


def test_a_changed_tree_is_refused(server, cache, offer):
    body = fetch_server.zip_bytes({"f/a": b"1"})
    archive = fetch_server.archive(body, "x.zip", url=server.add("/x.zip", body))
    tree = catalog.Tree(1, 1, fetch_server.digest(b"another"))
    offer(fetch_server.asset("thing", {}, catalog.Source(archive, "f"), tree=tree))
    with pytest.raises(fetch.FetchError, match="not the known ones"):
        fetch.fetch("thing")
    assert leftovers(cache) == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this system")
def test_the_tree_hash_is_what_the_shell_prints(tmp_path):
    for name in ("b.txt", "a/z", "a.txt", "B", "a-b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    line = "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    printed = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert fetch.tree_sha256(tmp_path) == printed.stdout.split()[0]


def test_unknown_ids_name_near_ones():
    for function in (fetch.fetch, fetch.cached):
        with pytest.raises(ValueError, match="cbcl_faces"):
            function("cbcl_face")


CHILD = """
import pathlib, pickle, sys
from course_lib import catalog, fetch
from course_lib.fetch import sources
sources.TIMEOUT = 300  # the server waits for the other processes, on a busy machine
asset = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
catalog.load = lambda: {asset.id: asset}
pathlib.Path(sys.argv[2]).touch()
fetch.fetch(asset.id)
"""


def start_processes(asset, folder, count):
    """Processes that fetch the asset; each makes a file ``ready...`` just before it does."""
    listed = folder / "asset.pickle"
    listed.write_bytes(pickle.dumps(asset))
    command = [sys.executable, "-c", CHILD, str(listed)]
    return [subprocess.Popen([*command, str(folder / f"ready{i}")]) for i in range(count)]


def test_eight_processes_share_one_download(server, cache, offer, tmp_path):
    def when_all_wait(handler, body, kind):
        while len(list(tmp_path.glob("ready*"))) < 8:
            time.sleep(0.01)
        fetch_server.slow(handler, body, kind)

    asset = served(server)
    offer(asset)
    server.faults = [when_all_wait]
    jobs = start_processes(asset, tmp_path, 8)
    assert [job.wait(300) for job in jobs] == [0] * 8
    assert len(server.hits) == 1
    assert fetch.cached("thing").read_bytes() == BODY
    assert leftovers(cache) == ["thing", "thing/weights.bin"]


def test_a_killed_process_is_cleaned_up_after(server, cache, offer, tmp_path):
    asset = served(server)
    offer(asset)
    server.faults = [fetch_server.stalling]
    (job,) = start_processes(asset, tmp_path, 1)
    while not server.hits:  # it has its file open by then
        assert job.poll() is None
        time.sleep(0.02)
    job.kill()
    job.wait(60)
    assert leftovers(cache) != []
    assert fetch.fetch("thing").read_bytes() == BODY
    assert leftovers(cache) == ["thing", "thing/weights.bin"]


def test_an_interrupt_leaves_nothing(server, cache, offer):
    offer(served(server))

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch("thing", progress=stop)
    assert leftovers(cache) == []


@pytest.fixture
def small_disk(cache):
    """A file system of its own as the cache; a function changes its options."""
    cache.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(cache)]
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        pytest.skip("needs Linux' tmpfs; the simulated case stands in for it")
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"may not mount a small disk here: {ran.stderr.strip()}")

    def remount(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(cache)], check=True)

    yield remount
    subprocess.run(["umount", "--lazy", str(cache)], check=True)


def expect_no_write(cache, words):
    with pytest.raises(fetch.FetchError, match=words) as caught:
        fetch.fetch("thing")
    assert "set COURSE_DATA" in str(caught.value) and str(cache) in str(caught.value)
    assert_one_sentence(str(caught.value))
    assert leftovers(cache) == []


@pytest.mark.parametrize("content", [BODY, bytes(400_000)], ids=["download", "unpacking"])
def test_a_full_disk(content, small_disk, server, cache, offer):
    # Random bytes fill the disk as they come; zeros pack to nothing and fill it when unpacked.
    offer(served(server, files={"weights.bin": content}))
    expect_no_write(cache, "the disk is full")
    small_disk("size=4m")
    assert fetch.fetch("thing").read_bytes() == content


def test_a_full_disk_simulated(server, cache, offer, monkeypatch):
    def write(self, chunk):
        raise OSError(errno.ENOSPC, "No space left on device")

    offer(served(server))
    with monkeypatch.context() as patch:
        patch.setattr(sources._Sink, "write", write)
        expect_no_write(cache, "the disk is full")
    assert fetch.fetch("thing").read_bytes() == BODY


def test_a_read_only_cache(small_disk, server, cache, offer):
    offer(served(server))
    small_disk("ro,size=4m")
    expect_no_write(cache, "cannot be written")
    assert server.hits == []
    small_disk("rw")
    fetch.fetch("thing")
    small_disk("ro")
    assert fetch.fetch("thing").read_bytes() == BODY  # what is there needs no writing


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_read_only_folder(server, cache, offer):
    offer(served(server))
    cache.mkdir()
    cache.chmod(0o555)
    expect_no_write(cache, "cannot be written")


def test_a_cache_that_is_a_file(server, cache, offer):
    offer(served(server))
    cache.write_text("not a folder")
    with pytest.raises(fetch.FetchError, match="set COURSE_DATA"):
        fetch.fetch("thing")


def test_a_disk_without_locks(server, cache, offer, monkeypatch):
    import filelock

    def acquire(self, *args, **kwargs):
        raise NotImplementedError("no flock here")

    offer(served(server))
    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with pytest.raises(fetch.FetchError, match="knows no locks"):
        fetch.fetch("thing")


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", "~/somewhere")
    assert fetch.cache_folder() == Path("~/somewhere").expanduser()
    monkeypatch.delenv("COURSE_DATA")
    assert fetch.cache_folder().name == "course"


def test_threads_share_one_download(server, cache, offer):
    offer(served(server))
    server.faults = [fetch_server.slow]
    threads = [threading.Thread(target=fetch.fetch, args=("thing",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.hits) == 1 and fetch.cached("thing").read_bytes() == BODY
