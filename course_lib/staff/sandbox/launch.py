"""The grader's side: starts kernels through the trusted process, and hears what becomes of them."""

import contextlib
import dataclasses
import json
import os
import secrets
import select
import shutil
import socket
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path

from course_lib.staff.sandbox import bubblewrap, calls, inside, servers, view, walls

START = 180  # seconds until a kernel must be ready, on a very busy machine
UNKNOWN = {"why": "", "signal": 9, "cpu": 0, "peak": 0}  # the keeper itself was killed


class Process:
    """One kernel's process, seen from outside.

    Parameters
    ----------
    wall : Wall
    files : dict
        Plain name -> bytes.
    limits : course_lib.staff.grading.records.Limits

    Attributes
    ----------
    connection : dict
        As in Jupyter's connection files.
    """

    def __init__(self, wall, files, limits):
        self.folder = Path(tempfile.mkdtemp(prefix="course-"))
        self.key = secrets.token_hex(16)
        self.end, self.seen, self._rest = None, 0, b""
        self.channel = None
        try:
            _lay(self.folder, files, wall)
            self._start(wall, limits)
        except BaseException:
            self.close()
            raise
        ip = f"{self._sockets}/k"
        ports = {f"{name}_port": port for name, port in inside.PORTS.items()}
        self.connection = {"transport": "ipc", "ip": ip, "key": self.key.encode(), **ports}
        self.connection["signature_scheme"] = "hmac-sha256"

    def _start(self, wall, limits):
        request = _request(wall, self.folder, self.key, limits)
        self.channel = servers.channel(wall.warm)
        self.channel.sendall(json.dumps(request).encode() + b"\n")
        said = self._hear(START)
        if "ready" not in (said or {}):
            reason = (said or {}).get("error", "nothing came of it in time")
            raise OSError(f"The kernel did not start in its sandbox: {reason}")
        self.seen = said["seen"]
        root = said["root"]
        self._sockets = f"{root}{inside.SOCKETS}" if root else str(self.folder / "sockets")

    def _hear(self, seconds):
        """Return the next message of the keeper; None if it is gone or says nothing."""
        until = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if not _readable(self.channel, until - time.monotonic()):
                return None
            data = self.channel.recv(1 << 16)
            if not data:
                return None
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def poll(self):
        """Return what the keeper said of the end, or None while the kernel lives."""
        if self.end is None and self.channel is not None:
            with contextlib.suppress(OSError):
                said = self._hear(0)
                if said is None and not _open_still(self.channel):
                    said = {}
                if said is not None:
                    self.end = said.get("end", UNKNOWN)
        return self.end

    def wait(self, seconds):
        """Wait for the keeper to say something, but no longer than some seconds."""
        if self.end is None and not self._rest:
            _readable(self.channel, seconds)

    def interrupt(self):
        """Send SIGINT; return False where only the kernel itself can do that."""
        if not self.seen:
            return False
        with contextlib.suppress(OSError, AttributeError):
            self.channel.sendall(b"i")
        return True

    def close(self):
        """End the kernel and all that is inside; return when nothing remains."""
        if self.channel is not None:
            with contextlib.suppress(OSError):
                self.channel.shutdown(socket.SHUT_WR)
            if self.end is None:
                said = self._hear(60) or {}
                self.end = said.get("end", UNKNOWN)
            with contextlib.suppress(OSError):  # end of file: the keeper has gone too
                while self._hear(60) is not None:
                    pass
            self.channel.close()
            self.channel = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _readable(channel, seconds):
    """Wait until there is something to read; return False if there is not in time."""
    poll = select.poll()  # select knows no file above the 1024th
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(max(0, seconds) * 1000))


def _open_still(channel):
    """Say whether a socket with nothing to read is open at the other end."""
    try:
        return bool(channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _lay(folder, files, wall):
    """Write the given files, and where a kernel starts cold, matplotlib's list of fonts."""
    for name in ("given/files", "given/fonts", "sockets", "root"):
        (folder / name).mkdir(parents=True)
    for name, data in files.items():
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"The file name {name!r} is none; wanted a plain one.")
        (folder / "given" / "files" / name).write_bytes(data)
    if not wall.warm:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        fonts = Path(os.environ.get("MPLCONFIGDIR") or Path(cache, "matplotlib"))
        with contextlib.suppress(OSError):  # matplotlib then looks for fonts itself
            for path in fonts.glob("font*"):
                shutil.copyfile(path, folder / "given" / "fonts" / path.name)


def _request(wall, folder, key, limits):
    """Return what a keeper is told, see `keeper.keep`."""
    settings = {
        "key": key,
        "limits": dataclasses.asdict(limits),
        "environment": view.environment(),
        "walled": wall.name != "none",
        "calls": "" if wall.name == "none" else b64encode(calls.program()).decode(),
        "given": inside.GIVEN,
        "sockets": inside.SOCKETS,
        "home": inside.HOME,
    }
    request = {"settings": settings, "seconds": limits.seconds}
    if wall.warm:
        sockets = ("--perms", "0700", "--size", str(1 << 20), "--tmpfs", inside.SOCKETS)
        command = bubblewrap.command(wall.program, folder / "given", limits.disk, *sockets)
        rules = calls.program(threads=False, programs=True).hex()
        return request | {"way": "fork", "command": command, "rules": rules}
    return request | {"way": "spawn"} | _spawned(wall, folder, limits, settings)


def _spawned(wall, folder, limits, settings):
    """Return what is told besides of a kernel that starts cold."""
    here = dict(os.environ)
    more = {"folder": str(folder / "sockets"), "environment": here, "kill": [], "rules": ""}
    if wall.name == "none":
        settings |= {"given": f"{folder}/given", "sockets": f"{folder}/sockets"}
        settings |= {"home": f"{folder}/home", "environment": view.environment(f"{folder}/home")}
        command = [sys.executable, "-m", "course_lib.staff.sandbox.inside"]
        return more | {"command": command, "environment": settings["environment"]}
    name = f"course-{secrets.token_hex(8)}"
    size = {"memory": limits.memory, "disk": limits.disk, "processes": limits.processes}
    command = walls.build(wall, folder, name=name, **size)
    if wall.name == "bubblewrap":
        rules = calls.program(programs=True).hex()
        return more | {"command": command, "environment": view.environment(), "rules": rules}
    return more | {"command": command, "kill": [wall.program, "rm", "--force", name]}


_refused = set()  # walls whose namespaces this machine does not let us enter


def begin(wall, files, limits):
    """Start a kernel: forked from a warm process if that works here, and cold otherwise.

    Parameters
    ----------
    wall : Wall
    files : dict
        Plain name -> bytes.
    limits : course_lib.staff.grading.records.Limits

    Returns
    -------
    Process

    Raises
    ------
    OSError
        If it starts neither way.
    """
    cold = dataclasses.replace(wall, warm=False)
    if not wall.warm or wall.program in _refused:
        return Process(cold, files, limits)
    for _ in range(2):  # the trusted process may have died since it was last looked at
        try:
            return Process(wall, files, limits)
        except OSError as error:
            first = error
    try:
        process = Process(cold, files, limits)
    except OSError:
        raise first from None
    _refused.add(wall.program)
    return process
