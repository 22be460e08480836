"""The walls themselves: which there are on this machine, and their command lines as data."""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import course_lib
from course_lib.staff.sandbox import calls, inside

LIBRARY = Path(course_lib.__file__).resolve().parent
ROOT = LIBRARY.parent
# What Python, fontconfig and OpenSSL read there; no users, no hosts, no settings of the machine.
ETC = """
    alternatives fonts ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types pki/tls/certs
    ssl/certs ssl/openssl.cnf timezone
""".split()
SHM = 16_000_000
_INSIDE = ("-m", "course_lib.staff.sandbox.inside")


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
    if only not in (None, *_TRIALS):
        raise ValueError(f"only is {only!r}; wanted one of {', '.join(_TRIALS)}.")
    reasons = []
    for name in [only] if only else _TRIALS:
        try:
            return _trial(name)
        except OSError as error:
            reasons.append(f"{name}: {error}")
    if unsafe:
        return _open()
    raise NoSandbox(
        "No sandbox for students' code works here, so none of it was run; install bubblewrap "
        f"(Debian, Ubuntu: apt install bubblewrap libseccomp2). {' '.join(reasons)}"
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


_TRIALS = ("bubblewrap", "podman", "docker")


# --- what is inside ---


def environment(home=inside.HOME):
    """Return all variables that a student's kernel sees."""
    fixed = {
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "TMPDIR": f"{home}/tmp",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_RUNTIME_DIR": f"{home}/tmp",
        "MPLCONFIGDIR": f"{home}/.config/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *_packages()]),
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "MALLOC_ARENA_MAX": "2",  # else each thread reserves 128 MB of address space
    }
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
    fixed |= {f"{name}_NUM_THREADS": "1" for name in threads}
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        fixed["LD_LIBRARY_PATH"] = sysconfig.get_config_var("LIBDIR") or ""
    return fixed


def seen():
    """Return the folders of this machine that are seen inside, read-only: path -> itself.

    The course's own folder is hidden where one of them holds it: nothing of it is seen but the
    library, and the interpreter where it lies there.
    """
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    folders.add(str(Path(sys.executable).resolve().parent.parent))
    folders |= {os.path.realpath(folder) for folder in folders} | set(_packages())
    folders = sorted(f for f in folders if Path(f).is_dir() and not _in_usr(f))
    for folder in folders:
        if Path(folder) in (Path("/"), Path.home(), ROOT):
            raise NoSandbox(
                f"Python lies in {folder}, and with it students' code would see everything there; "
                "use a virtual environment."
            )
    return tuple(folders)


def _packages():
    """Return folders of packages outside the interpreter's own, such as those of ``--user``."""
    named = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    own = (sys.prefix, sys.base_prefix)
    return [path for path in named if os.path.isdir(path) and not path.startswith(own)]


def _in_usr(path):
    return Path("/usr") in (Path(path), *Path(path).parents)


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
    make = {"bubblewrap": _bubblewrap, "podman": _podman, "docker": _docker}[wall.name]
    limits = {"memory": memory, "disk": disk, "processes": processes}
    return [*make(wall.program, Path(folder), limits, name), sys.executable, *_INSIDE]


def bubblewrap(program, given, disk, *sockets):
    """Return bwrap's command up to what it runs.

    Parameters
    ----------
    program : str
    given : path
        A folder, seen as ``/given``.
    disk : int
        Size of the working folder in bytes.
    *sockets : str
        How ``/sockets`` is mounted.
    """
    command = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    command += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    command += ["--clearenv"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    command += [*_system(), *_library()]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "1777", "--size", str(SHM), "--tmpfs", "/dev/shm"]
    command += ["--perms", "0700", "--size", str(disk), "--tmpfs", inside.HOME]
    command += ["--dir", f"{inside.HOME}/tmp", "--symlink", f"{inside.HOME}/tmp", "/tmp"]
    command += [*sockets, "--ro-bind", str(given), inside.GIVEN, "--remount-ro", "/"]
    return [*command, "--chdir", inside.HOME, "--"]


def _bubblewrap(program, folder, limits, name):
    sockets = ("--bind", str(folder / "sockets"), inside.SOCKETS)
    return bubblewrap(program, folder / "given", limits["disk"], *sockets)


def _system():
    yield from ("--ro-bind", "/usr", "/usr")
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for name in ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _library():
    """Mount the interpreter and the course's library, and hide the course's folder."""
    around = [folder for folder in seen() if Path(folder) in ROOT.parents]
    for folder in around:
        yield from ("--ro-bind", folder, folder)
    if _hidden() and (around or _in_usr(ROOT)):
        yield from ("--tmpfs", str(ROOT))
    for folder in seen():
        if folder not in around:
            yield from ("--ro-bind", folder, folder)
    yield from ("--ro-bind", str(LIBRARY), str(LIBRARY))


def _hidden():
    """Say whether the library stands in the course's folder, rather than in site-packages."""
    return (ROOT / "pyproject.toml").exists()


# --- containers ---


def _container(folder, limits, name):
    """Yield the options that podman and docker share."""
    yield from ("run", "--rm", "--interactive", "--network", "none", "--read-only")
    if name:
        yield from ("--name", name)
    yield from ("--cap-drop", "all", "--security-opt", "no-new-privileges")
    yield from ("--pids-limit", str(limits["processes"]), "--memory", str(limits["memory"]))
    yield from ("--memory-swap", str(limits["memory"]), "--hostname", "sandbox", "--init=false")
    yield from ("--workdir", inside.HOME, "--shm-size", str(SHM), "--log-driver", "none")
    for path in (*_real_system(), *seen(), str(LIBRARY)):
        yield from ("--mount", f"type=bind,source={path},target={path},readonly")
    yield from ("--mount", f"type=bind,source={folder / 'given'},target={inside.GIVEN},readonly")
    yield from ("--mount", f"type=bind,source={folder / 'sockets'},target={inside.SOCKETS}")
    for path in (inside.HOME, "/tmp"):
        yield from ("--tmpfs", f"{path}:rw,mode=1777,size={limits['disk']}")
    for variable, value in environment().items():
        yield from ("--env", f"{variable}={value}")


def _real_system():
    """Yield the system's folders, through links: a container's root is an empty folder."""
    for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.isdir(path):
            yield path
    for name in ETC:
        if os.path.exists(f"/etc/{name}"):
            yield f"/etc/{name}"


def _podman(program, folder, limits, name):
    return [program, *_container(folder, limits, name), "--rootfs", str(folder / "root")]


def _docker(program, folder, limits, name):
    user = ("--user", f"{os.getuid()}:{os.getgid()}")
    return [program, *_container(folder, limits, name), *user, "course-empty"]
