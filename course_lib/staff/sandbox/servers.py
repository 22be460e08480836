"""The grader's end of the line to the trusted process that kernels are started by."""

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import threading

from course_lib.staff.sandbox import view


class Server:
    """The trusted process, and the line to it.

    Parameters
    ----------
    warm : bool
        Whether it imports first what students' notebooks use.
    """

    def __init__(self, warm):
        ours, theirs = socket.socketpair()
        handle, program = _copy(sys.executable) if warm else (None, sys.executable)
        argv = [sys.executable, "-m", "course_lib.staff.sandbox.warm", str(theirs.fileno())]
        passed = [theirs.fileno(), *([handle] if handle is not None else [])]
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self.process = subprocess.Popen(
            argv, executable=program, env=view.environment(), pass_fds=passed, cwd="/",
            start_new_session=True, **quiet,
        )  # fmt: skip
        theirs.close()
        if handle is not None:
            os.close(handle)
        self.link = ours
        told = {"warm": warm, "parent": os.getpid(), "fonts": _fonts()}
        ours.sendall(json.dumps(told).encode() + b"\n")
        answer = ours.makefile().readline()
        if not answer or warm and not json.loads(answer)["alone"]:
            self.close()
            raise OSError("The process that kernels are forked from did not start.")

    def open(self):
        """Return a socket to a new keeper."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.link, [b"x"], [theirs.fileno()])
        return ours

    def close(self):
        """End it, and with it all its kernels."""
        self.link.close()
        self.process.kill()
        self.process.wait()


def _copy(path):
    """Return a handle of an unlinked copy of a program, and the name to run it by.

    A fork's /proc/self/exe leads past all mounts to the file that it runs. Let that be one that
    nobody else has, lest its mode be changed.
    """
    handle = os.memfd_create("python")
    with open(handle, "wb", closefd=False) as copy, open(path, "rb") as program:
        shutil.copyfileobj(program, copy)
    return handle, f"/proc/self/fd/{handle}"


def _fonts():
    """Return the variables that say where matplotlib keeps its list of fonts."""
    names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")
    return {name: os.environ[name] for name in names if name in os.environ}


_servers, _lock = {}, threading.Lock()


def server(warm):
    """Return this process's own trusted process, started if there is none yet or it has died."""
    with _lock:
        key = (os.getpid(), warm)  # one that a fork of this process inherited is its parent's
        old = _servers.get(key)
        if old is None or old.process.poll() is not None:
            if old is not None:
                old.close()
            _servers[key] = Server(warm)
        return _servers[key]


@atexit.register
def close():
    """End this process's trusted processes; they come again when they are needed."""
    with _lock:
        for key in [key for key in _servers if key[0] == os.getpid()]:
            _servers.pop(key).close()


def channel(warm):
    """Return a channel to a new keeper; of a new trusted process, where the old one died."""
    try:
        return server(warm).open()
    except OSError:
        return server(warm).open()
