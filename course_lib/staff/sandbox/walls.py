"""The walls: which there are on this machine."""

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from course_lib.staff.sandbox import bubblewrap, calls, containers

_INSIDE = ("-m", "course_lib.staff.sandbox.inside")


_MAKE = {"bubblewrap": bubblewrap.cold, "podman": containers.podman, "docker": containers.docker}


class NoSandbox(OSError):
    """There is nothing here to put around a student's code; the message says what to install."""


@dataclass(frozen=True)
class Wall:
    """What stands around a student's kernel; plain data.

    Parameters
    ----------
    name : str
        ``bubblewrap``, ``podman``, ``docker``, or ``none``.
    program : str
        The program's path.
    warm : bool
        Whether kernels are forked from a process that has imported everything already.
    """

    name: str
    program: str = ""
    warm: bool = False


def choose(*, unsafe=False, only=None):
    """Find the wall to use on this machine, by trying.

    Parameters
    ----------
    unsafe : bool
        Whether to go on without one where there is none.
    only : str, optional
        Take this one or none: ``bubblewrap``, ``podman``, ``docker`` or, if `unsafe`, ``none``.

    Returns
    -------
    Wall

    Raises
    ------
    NoSandbox
        If there is none.
    """
    if only == "none" and unsafe:
        return _open()
    if only not in (None, *_MAKE):
        raise ValueError(f"only is {only!r}; wanted one of {', '.join(_MAKE)}.")
    reasons = []
    for name in [only] if only else _MAKE:
        try:
            return _trial(name)
        except OSError as error:
            reasons.append(f"{name}: {error}")
    if unsafe:
        return _open()
    raise NoSandbox(
        "No sandbox for students' code works here, so none of it was run; install bubblewrap "
        f"(Debian, Ubuntu: apt install bubblewrap libseccomp2). {' '.join(reasons)} Docker also "
        "wants an empty image: tar -c -T /dev/null | docker import - course-empty"
    )


def _open():
    if os.name != "posix":
        raise NoSandbox("Grading runs on Linux and macOS; on Windows, use WSL.")
    return Wall("none")


@functools.cache
def _trial(name):
    """Return the wall of a name, if it can hold a process that does nothing."""
    if not sys.platform.startswith("linux"):
        raise NoSandbox("it is for Linux.")
    program = shutil.which({"bubblewrap": "bwrap"}.get(name, name))
    if program is None:
        raise NoSandbox("it is not installed.")
    calls.program()
    wall = Wall(name, program, warm=name == "bubblewrap")
    _try(wall)
    return wall


def _try(wall):
    import tempfile

    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        for each in ("given", "sockets", "root"):
            Path(folder, each).mkdir()
        command = build(wall, folder, memory=1 << 31, disk=1 << 20, processes=8, name="")
        command = command[: command.index(sys.executable)] + [sys.executable, "-I", "-c", ""]
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
        )
    if done.returncode:
        raise NoSandbox(f"it fails here ({' '.join(done.stderr.split())[-300:]}).")


def build(wall, folder, *, memory, disk, processes, name):
    """Return the command that runs `course_lib.staff.sandbox.inside` behind a wall.

    Parameters
    ----------
    wall : Wall
    folder : path
        Holds ``given``, ``sockets`` and ``root``, an empty folder.
    memory, disk, processes : int
        As of the limits.
    name : str
        Of the container; empty for any.

    Returns
    -------
    list of str
    """
    make = _MAKE[wall.name]
    limits = {"memory": memory, "disk": disk, "processes": processes}
    return [*make(wall.program, Path(folder), limits, name), sys.executable, *_INSIDE]
