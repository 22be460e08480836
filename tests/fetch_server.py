"""A web server on this machine that behaves as badly as it is told, and archives to serve."""

import contextlib
import dataclasses
import hashlib
import io
import socket
import struct
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from course_lib import catalog


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        with server.guard:
            server.hits.append((self.path, dict(self.headers)))
            behave = server.faults.pop(0) if server.faults else good
        body, kind = server.pages.get(self.path, (None, ""))
        if body is None:
            self.send_error(404)
        else:
            with contextlib.suppress(ConnectionError):
                behave(self, body, kind)

    def start(self, length, kind="application/octet-stream", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind or "application/octet-stream")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args):
        pass


def good(handler, body, kind):
    handler.start(len(body), kind)
    handler.wfile.write(body)


def slow(handler, body, kind):
    time.sleep(0.5)
    good(handler, body, kind)


def truncated(handler, body, kind):
    handler.start(len(body))
    handler.wfile.write(body[: len(body) // 2])


def truncated_unannounced(handler, body, kind):
    handler.start(None)
    handler.wfile.write(body[: len(body) // 2])


def stalling(handler, body, kind):
    truncated(handler, body, kind)
    handler.wfile.flush()
    handler.server.released.wait(20)


def reset(handler, body, kind):
    truncated(handler, body, kind)
    handler.wfile.flush()
    linger = struct.pack("ii", 1, 0)  # close with a reset instead of a goodbye
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def reset_at_once(handler, body, kind):
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def not_found(handler, body, kind):
    handler.send_error(404)


def broken(handler, body, kind):
    handler.send_error(500)


def web_page(handler, body, kind):
    good(handler, b"\n<!DOCTYPE html><html>Please log in to the campus network</html>", "text/html")


def wrong_bytes(handler, body, kind):
    good(handler, bytes(len(body)), kind)


def endless(handler, body, kind):
    handler.start(None)
    for _ in range(50):
        handler.wfile.write(body)


def unreadable(handler, body, kind):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"neither a length nor a chunk")


class Server(ThreadingHTTPServer):
    """Serves `pages`; the next requests meet the `faults`, in order, the later ones none."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.faults, self.hits = {}, [], []
        self.guard, self.released = threading.Lock(), threading.Event()
        self.address = f"http://127.0.0.1:{self.server_port}"

    def add(self, path, body, kind=""):
        self.pages[path] = (body, kind)
        return self.address + path

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what these tests are about


@contextlib.contextmanager
def running():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def zip_bytes(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tar_bytes(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def digest(content):
    return hashlib.sha256(content).hexdigest()


def archive(body, file, **options):
    options = {"kind": "url", "name": file.split(".")[0], "sha256": digest(body), **options}
    return catalog.Archive(size=len(body), file=file, **options)


def asset(name, files, *sources, tree=None, official=None):
    """An asset whose named files hold these bytes."""
    table = {file: catalog.File(len(body), digest(body)) for file, body in files.items()}
    return catalog.Asset(
        id=name,
        title="a thing for tests",
        parts=(1,),
        licence="none",
        licence_source="this test",
        format="bytes",
        sources=sources,
        files={} if tree else table,
        tree=tree,
        official=official,
    )


def bare(server, name, file, body, **options):
    """An asset that is one file, which the server has as it is."""
    source = catalog.Source(archive(body, file, url=server.add(f"/{file}", body)))
    return dataclasses.replace(asset(name, {file: body}, source), **options)


def packed(server, name, files, official=None):
    """An asset of some files in a tar archive, which the server has."""
    body = tar_bytes({f"in/{file}": content for file, content in files.items()})
    url = server.add(f"/{name}.tar.gz", body)
    source = catalog.Source(archive(body, f"{name}.tar.gz", url=url), "in")
    return asset(name, files, source, official=official)
