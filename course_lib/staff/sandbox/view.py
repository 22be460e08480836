"""What is seen inside the walls: the system, Python, the library, and a handful of variables."""

import os
import sys
import sysconfig
from pathlib import Path

import course_lib
from course_lib.staff.sandbox import inside

LIBRARY = Path(course_lib.__file__).resolve().parent
ROOT = LIBRARY.parent
# What Python, fontconfig and OpenSSL read there; no users, no hosts, no settings of the machine.
ETC = """
    alternatives fonts ld.so.cache ld.so.conf ld.so.conf.d localtime mime.types pki/tls/certs
    ssl/certs ssl/openssl.cnf timezone
""".split()
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SHM = 16_000_000


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
        # Memory of a figure is used again for the next one, rather than asked for page by page.
        "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
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
    folders = sorted(f for f in folders if Path(f).is_dir() and not in_usr(f))
    for folder in folders:
        if Path(folder) in (Path("/"), Path.home(), ROOT):
            raise OSError(
                f"Python lies in {folder}, and with it students' code would see everything there; "
                "use a virtual environment."
            )
    return tuple(folders)


def _packages():
    """Return folders of packages outside the interpreter's own, such as those of ``--user``."""
    named = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    own = (sys.prefix, sys.base_prefix)
    return [path for path in named if os.path.isdir(path) and not path.startswith(own)]


def in_usr(path):
    """Say whether a path lies in the system's own folder."""
    return Path("/usr") in (Path(path), *Path(path).parents)
