"""A real PostgreSQL for a test: started in a folder of its own, on a socket, without a network."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs():
    """The folder of initdb and pg_ctl, or skip."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    pytest.skip("needs PostgreSQL: apt install postgresql")


def servant():
    """A user that is not root, as whom PostgreSQL agrees to run; None where we are none."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


@contextmanager
def running():
    """Yield a function: name of a new database -> its plain address."""
    place, user = programs(), servant()
    # Not pytest's folder, which another user may not enter, and short enough for a socket.
    with tempfile.TemporaryDirectory(prefix="pg") as top:
        top = Path(top)
        if user:
            os.chown(top, user.pw_uid, user.pw_gid)
        owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()} if user else {}

        def call(*command):
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=top, timeout=300, **owner
            )
            assert done.returncode == 0, done.stdout + done.stderr

        call(place / "initdb", "-D", top / "data", "-U", "teacher", "-A", "trust", "--no-sync")
        options = f"-k {top} -c listen_addresses='' -c fsync=off"
        start = ("-w", "-t", "240", "-l", top / "log", "-o", options, "start")
        call(place / "pg_ctl", "-D", top / "data", *start)
        try:

            def create(name):
                call(place / "createdb", "-h", top, "-U", "teacher", name)
                return f"postgresql://teacher@/{name}?host={top}"

            yield create
        finally:
            call(place / "pg_ctl", "-D", top / "data", "-m", "immediate", "-w", "stop")
