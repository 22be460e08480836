"""Where a kernel is started: forked into namespaces of bubblewrap, or as a command of its own."""

import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import time

from course_lib.staff.sandbox import inside

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "cgroup")
_GET_USERNS = 0xB701
_REMOUNT, _NOSUID, _NODEV = 32, 2, 4
_INODES = 10_000
START = 120  # seconds for the wall, which is there in milliseconds


class Fork:
    """A kernel forked from this process into the namespaces that a bwrap has made.

    bwrap runs `cat` as the first process in there, which may do next to nothing and dies with
    its input; its namespaces die with it.
    """

    folder = None

    def __init__(self, request):
        self.wall, pid = _anchor(request)
        self.root = f"/proc/{pid}/root"
        self.anchor = os.pidfd_open(pid)
        self.done = None
        enter(pid, request["settings"]["limits"]["disk"])
        self.ready, writer = os.pipe()
        self.child = self.seen = os.fork()
        if not self.child:
            _kernel(request["settings"], writer)
        os.close(writer)

    def look(self):
        """Nothing to look for: the kernel is a child of this process."""

    def poll(self):
        """Return the wait status and the usage of the kernel, or None twice while it runs."""
        if self.done is None:
            pid, status, used = os.wait4(self.child, os.WNOHANG)
            self.done = (status, used) if pid else None
        return self.done or (None, None)

    def end(self):
        """Kill all that is inside, wait until it is gone, and return what `poll` does."""
        self.wall.kill()
        self.wall.wait()
        _kill(self.child)
        # The first process in there goes only when all others have been waited for.
        while self.poll()[0] is None:
            time.sleep(0.002)
        select.select([self.anchor], [], [], START)
        return self.done

    def excuse(self):
        """Return what the wall wrote when it failed."""
        return ""


def _kernel(settings, writer):
    """Be the kernel: hold nothing open of what this process held."""
    os.setsid()
    if writer != 3:
        os.dup2(writer, 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    inside.run(settings, 3)


def _anchor(request):
    """Start bwrap and return it with the process id of what it holds."""
    reader, writer = os.pipe()
    rules = _rules(request)
    program, *rest = request["command"]
    extra = ["--as-pid-1", "--info-fd", str(writer), "--seccomp", str(rules)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    wall = subprocess.Popen(
        [program, *extra, *rest, "cat"],
        pass_fds=(writer, rules),
        preexec_fn=_pinch,
        env={"PATH": "/usr/bin:/bin"},
        **pipes,
    )
    os.close(writer)
    os.close(rules)
    with open(reader) as file:
        told = file.read()
    wall.stdin.write(b"x")
    wall.stdin.flush()
    # What cat gives back says that all mounts are in place.
    if not select.select([wall.stdout], [], [], START)[0] or not os.read(wall.stdout.fileno(), 1):
        wall.kill()
        raise OSError(f"bubblewrap: {wall.stderr.read().decode(errors='replace').strip()}")
    return wall, json.loads(told)["child-pid"]


def _rules(request):
    """Return a file with the filter of system calls, for bwrap."""
    rules = os.memfd_create("rules")
    os.write(rules, bytes.fromhex(request["rules"]))
    os.lseek(rules, 0, os.SEEK_SET)
    return rules


def _pinch():
    """Limit what bwrap and its cat may use, should a student's code take them over."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def enter(pid, disk):
    """Join the namespaces of a process, with all rights in them and none outside.

    The tmpfs mounts there get a limit on the number of files, which bwrap cannot set.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def join(handle):
        if libc.setns(handle, 0):
            raise OSError(ctypes.get_errno(), "Cannot enter a namespace")

    handles = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in NAMESPACES}
    user = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    owner = fcntl.ioctl(handles["mnt"], _GET_USERNS)
    join(owner)
    for handle in handles.values():
        join(handle)
    for path, size in ((inside.HOME, disk), (inside.SOCKETS, 1 << 20)):
        options = f"size={size},nr_inodes={_INODES if path == inside.HOME else 64}"
        flags = _REMOUNT | _NOSUID | _NODEV
        if libc.mount(b"tmpfs", path.encode(), b"tmpfs", flags, options.encode()):
            raise OSError(ctypes.get_errno(), f"Cannot limit {path}")
    if os.fstat(user).st_ino != os.fstat(owner).st_ino:
        join(user)
    for handle in (*handles.values(), user, owner):
        os.close(handle)
    os.chdir("/")


class Spawn:
    """A kernel that a command starts: bwrap, a container, or Python itself where there is no wall.

    It talks through sockets in a folder of this machine, which is watched therefore.
    """

    def __init__(self, request):
        self.request = request
        self.root, self.folder = "", request["folder"]
        self.process = _spawned(request)
        self.process.stdin.write(json.dumps(request["settings"]).encode() + b"\n")
        self.process.stdin.close()
        self.ready = self.process.stdout.fileno()
        self.child, self.seen, self.done = self.process.pid, 0, None

    def look(self):
        """Find the kernel below its wall, if it is a process of this machine that we may see."""
        if self.request["kill"]:
            return  # a container's
        pid = self.child
        while True:
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as file:
                    children = file.read().split()
            except OSError:
                break
            if not children:
                break
            pid = int(children[0])
        self.seen = pid

    poll = Fork.poll

    def end(self):
        """Kill all that is inside, wait until it is gone, and return what `poll` does."""
        if self.request["kill"]:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(self.request["kill"], env=self.request["environment"], **quiet)
        if self.done is None:
            _kill(self.child)
        if self.seen and self.seen != self.child:
            _gone(self.seen)
        while self.poll()[0] is None:
            time.sleep(0.002)
        return self.done

    def excuse(self):
        """Return what the wall wrote when it failed."""
        return self.process.stderr.read().decode(errors="replace").strip()[-500:]


def _spawned(request):
    """Start the command, and bound bwrap's own first process inside as its kernel will be."""
    how = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    program, *rest = request["command"]
    if request["rules"]:
        rules = _rules(request)
        rest = ["--seccomp", str(rules), *rest]
        how["pass_fds"] = (rules,)
        limits = request["settings"]["limits"]
        # Of processes, a user has some outside, which older Linux counts too.
        how["preexec_fn"] = lambda: inside.limit(limits, but=("NPROC",))
    return subprocess.Popen(
        [program, *rest], env=request["environment"], start_new_session=True, **how
    )


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _gone(pid):
    """Wait until a process that is dying has died."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    select.select([handle], [], [], START)
    os.close(handle)


MAKE = {"fork": Fork, "spawn": Spawn}
