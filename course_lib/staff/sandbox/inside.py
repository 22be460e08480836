"""What runs inside the walls before any of a student's code does; it needs no trust afterwards."""

import base64
import ctypes
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

GIVEN, SOCKETS, HOME = "/given", "/sockets", "/sandbox"
PORTS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
_SET_DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _CAP_AMBIENT, _SECCOMP = 4, 24, 38, 47, 22


class _Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("lines", ctypes.c_char_p)]


def run(settings, ready):
    """Shut every door behind this process, then be a Jupyter kernel until it ends.

    Parameters
    ----------
    settings : dict
        ``key`` signs messages; ``limits`` as `course_lib.staff.grading.records.Limits`;
        ``calls`` is the filter of system calls, base64, empty for none; ``environment``;
        ``given``, ``sockets`` and ``home`` are folders.
    ready : int
        A pipe, closed when the kernel's sockets are there; one sentence comes first if they
        cannot be.
    """
    try:
        _furnish(settings)
        if settings["walled"]:
            _drop()
        limit(settings["limits"])
        _filter(base64.b64decode(settings["calls"]))
        app = application(settings)
        _forgive(app.shell)
    except BaseException as error:
        os.write(ready, f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(1)
    os.write(ready, b"ready")
    os.close(ready)
    app.start()
    os._exit(0)


def _furnish(settings):
    """Lay the given files into the working folder, and forget the environment."""
    os.environ.clear()
    os.environ.update(settings["environment"])
    home = Path(settings["home"])
    for folder in (home / "work", home / "tmp", home / ".config" / "matplotlib"):
        folder.mkdir(parents=True, exist_ok=True)
    for source, folder in (("files", "work"), ("fonts", ".config/matplotlib")):
        for path in sorted(Path(settings["given"], source).glob("*")):
            shutil.copyfile(path, home / folder / path.name)
    os.chdir(home / "work")
    tempfile.tempdir = None  # the warm process has looked for one before
    sys.argv = ["kernel"]
    random.seed(0)  # the same in every kernel, so that a mark does not hang on luck
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _drop():
    """Give up all capabilities, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(64):
        libc.prctl(_CAPBSET_DROP, number, 0, 0, 0)
    libc.prctl(_CAP_AMBIENT, 4, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "Cannot drop capabilities")
    libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)  # else it cannot read /proc/self
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go, not the grader
    except OSError:
        pass


def limit(limits, *, but=()):
    """Bound what this process may use, and what it becomes.

    Parameters
    ----------
    limits : dict
        As `course_lib.staff.grading.records.Limits`.
    but : sequence of str
        Resources to leave as they are.
    """
    import resource

    wanted = {
        # 1 rather than 0: Linux hands even empty core dumps to a handler outside, but not this.
        "CORE": (1, 1),
        "AS": (limits["memory"],) * 2,
        "CPU": (limits["cpu_seconds"], limits["cpu_seconds"] + 2),
        "FSIZE": (limits["disk"],) * 2,
        "NOFILE": (512, 512),
        "NPROC": (limits["processes"],) * 2,
        "MEMLOCK": (0, 0),
        "MSGQUEUE": (0, 0),
    }
    for name, pair in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None and name not in but:
            most = resource.getrlimit(kind)[1]
            if most != resource.RLIM_INFINITY:
                pair = tuple(min(value, most) for value in pair)
            resource.setrlimit(kind, pair)


def _filter(program):
    if not program:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    lines = _Program(len(program) // 8, program)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_SECCOMP, 2, ctypes.byref(lines), 0, 0):
        raise OSError(ctypes.get_errno(), "Cannot filter system calls")


def leave_out():
    """Do without the debugger, which takes half of the time that a kernel needs to start."""
    sys.modules.setdefault("debugpy", None)


def application(settings):
    """Start an IPython kernel.

    Parameters
    ----------
    settings : dict
        ``home``, ``sockets`` and ``key`` of those of `run`.

    Returns
    -------
    ipykernel.kernelapp.IPKernelApp
        Its sockets are bound; it answers nothing before its `start`.
    """
    leave_out()
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    home = settings["home"]
    file = Path(home, "tmp", "kernel.json")
    ports = {f"{name}_port": port for name, port in PORTS.items()}
    connection = {"transport": "ipc", "ip": f"{settings['sockets']}/k", "key": settings["key"]}
    connection |= {"signature_scheme": "hmac-sha256"}
    file.write_text(json.dumps(connection | ports))
    config = Config()
    config.HistoryManager.enabled = False
    config.IPKernelApp.connection_file = str(file)
    config.IPKernelApp.capture_fd_output = False
    config.InteractiveShellApp.exec_PYTHONSTARTUP = False
    config.Application.log_level = 50
    app = IPKernelApp.instance(config=config)
    app.initialize([])
    if "matplotlib_inline.backend_inline" in sys.modules:
        # It was imported when there was no shell yet to send pictures.
        sys.modules["matplotlib_inline.backend_inline"]._enable_matplotlib_integration()
    return app


def _forgive(shell):
    """Let `!pip install` and `exit()` do nothing, lest they take an answer with them.

    Elsewhere the first raises no error; the second would end the kernel, some cells later.
    """
    from IPython.utils.text import SList

    def nothing(command="exit", *args, **kwargs):
        print(f"[not done where your notebook is graded: {command}]", file=sys.stderr)
        shell.user_ns["_exit_code"] = 1
        return SList()

    def silent(command, *args, **kwargs):
        nothing(command)  # as what `!` returns would be shown

    shell.system, shell.getoutput, shell.ask_exit = silent, nothing, nothing


def main():
    """Start cold: settings come as one line of JSON, and the pipe `ready` is standard output."""
    settings = json.loads(sys.stdin.readline())
    ready = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import numpy  # noqa: F401  (so that it is seeded)

    run(settings, ready)


if __name__ == "__main__":
    main()
