"""The command line of bubblewrap, as data."""

import os
from pathlib import Path

from course_lib.staff.sandbox import inside, view


def command(program, given, disk, *sockets):
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
    parts = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    parts += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    parts += ["--clearenv"]
    for name, value in view.environment().items():
        parts += ["--setenv", name, value]
    parts += [*_system(), *_library()]
    parts += ["--proc", "/proc", *_settings(), "--dev", "/dev", "--remount-ro", "/dev"]
    parts += ["--perms", "1777", "--size", str(view.SHM), "--tmpfs", "/dev/shm"]
    parts += ["--perms", "0700", "--size", str(disk), "--tmpfs", inside.HOME]
    parts += ["--dir", f"{inside.HOME}/tmp"]
    if not any(Path("/tmp") in Path(path).parents for path in (*view.seen(), view.LIBRARY)):
        parts += ["--symlink", f"{inside.HOME}/tmp", "/tmp"]  # else it is there, read-only
    parts += [*sockets, "--ro-bind", str(given), inside.GIVEN, "--remount-ro", "/"]
    return [*parts, "--chdir", inside.HOME, "--"]


def cold(program, folder, limits, name):
    """Return the command for sockets in a folder of this machine; see `walls.build`."""
    sockets = ("--bind", str(folder / "sockets"), inside.SOCKETS)
    return command(program, folder / "given", limits["disk"], *sockets)


def _system():
    yield from ("--ro-bind", "/usr", "/usr")
    for path in view.SYSTEM:
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for name in view.ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _settings():
    """Make read-only what in /proc is the machine's.

    Where root grades, the student's number is root's, to whom Linux lets write such files without
    asking for any right; bwrap itself leaves /proc/sys as it is.
    """
    for entry in sorted(os.scandir("/proc"), key=lambda entry: entry.name):
        if entry.name.isdigit() or entry.is_symlink():
            continue
        if entry.is_dir() or entry.stat().st_mode & 0o222:
            yield from ("--ro-bind", entry.path, entry.path)


def _library():
    """Mount the interpreter and the course's library, and hide the course's folder."""
    around = [folder for folder in view.seen() if Path(folder) in view.ROOT.parents]
    for folder in around:
        yield from ("--ro-bind", folder, folder)
    if _hidden() and (around or view.in_usr(view.ROOT)):
        yield from ("--tmpfs", str(view.ROOT))
    for folder in view.seen():
        if folder not in around:
            yield from ("--ro-bind", folder, folder)
    yield from ("--ro-bind", str(view.LIBRARY), str(view.LIBRARY))


def _hidden():
    """Say whether the library stands in the course's folder, rather than in site-packages."""
    return (view.ROOT / "pyproject.toml").exists()
