"""Starts one kernel behind its wall, watches over it, ends it, and says what became of it.

A keeper is a fork of the trusted process (`course_lib.staff.sandbox.warm`). It ends with its
kernel, when its grader closes the channel, and when either process dies.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time

from course_lib.staff.sandbox import places

START = 150  # seconds until a kernel must be ready, on a very busy machine
TICK = 0.05
ENTRIES = 64  # most files in the folder of the sockets


def keep(channel):
    """Run one kernel, told over a channel what; then end this process.

    Parameters
    ----------
    channel : socket
        The first line that comes is the request, as JSON: ``way`` (``fork`` or ``spawn``),
        ``command``, ``settings`` of `inside.run`, ``seconds``, and what the way needs besides.
        A line ``interrupt`` interrupts, end of file ends the kernel. What goes back, one line of
        JSON each: ``{"ready": ..., "seen": pid, "root": path}``, or ``{"error": sentence}``, and
        at the end ``{"end": {...}}``.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # dies with the trusted process
        os.setsid()
    lines = channel.makefile("r")
    request = json.loads(lines.readline())
    machine = os.open("/proc" if os.path.isdir("/proc") else "/", os.O_RDONLY)
    try:
        place = places.MAKE[request["way"]](request)
        report = _watch(place, channel, request, machine)
    except (OSError, ValueError, RuntimeError) as error:
        report = {"error": f"{error}"}
    try:
        channel.sendall(json.dumps(report).encode() + b"\n")
    except OSError:
        pass  # the grader has gone


def _watch(place, channel, request, machine):
    """Look after a kernel until it ends; return what is to be reported."""
    poll = select.poll()
    handle = os.pidfd_open(place.child) if hasattr(os, "pidfd_open") else None
    for each in (channel.fileno(), place.ready, handle):
        if each is not None:
            poll.register(each, select.POLLIN)
    state = {"why": "", "peak": 0, "cpu": 0.0, "error": "", "up": False}
    until = time.monotonic() + START
    while True:
        events = dict(poll.poll(TICK * 1000))
        status, used = place.poll()
        if status is not None:
            break
        if place.ready in events:
            poll.unregister(place.ready)
            _greet(place, channel, state)
            until = time.monotonic() + request["seconds"]
        state["why"] = _over(place, request, machine, state, until)
        gone = channel.fileno() in events and not _obey(channel, place)
        if gone or state["why"] or state["error"]:
            status, used = place.end()
            break
    place.end()
    if not state["up"]:
        return {"error": state["error"] or place.excuse() or "the kernel ended while it started."}
    return {"end": _told(status, used, state)}


def _greet(place, channel, state):
    """Tell the grader that the kernel is there, or note why it is not."""
    said = os.read(place.ready, 4096).decode(errors="replace")
    if said != "ready":
        state["error"] = said
        if not said:
            place.end()
        return
    place.look()
    state["up"] = True
    message = {"ready": True, "seen": place.seen, "root": place.root}
    channel.sendall(json.dumps(message).encode() + b"\n")


def _obey(channel, place):
    """Do what the grader asks; return False if it has left."""
    try:
        said = channel.recv(64)
    except OSError:
        return False
    if b"i" in said and place.seen:
        try:
            os.kill(place.seen, signal.SIGINT)
        except OSError:
            pass
    return bool(said)


def _over(place, request, machine, state, until):
    """Return which limit a kernel is over, that nothing inside keeps: "", or a cause."""
    if time.monotonic() > until:
        return "time"
    if place.seen:
        threads, peak, cpu = _used(place.seen, machine)
        state["peak"], state["cpu"] = max(state["peak"], peak), max(state["cpu"], cpu)
        if threads > request["settings"]["limits"]["processes"]:
            return "died"
    if place.folder and not fits(place.folder, ENTRIES, request["settings"]["limits"]["disk"]):
        return "output"
    return ""


def _used(pid, machine):
    """Return the threads of a process, the most bytes it held, and its processor time."""
    try:
        with open(os.open(f"{pid}/status", os.O_RDONLY, dir_fd=machine)) as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        with open(os.open(f"{pid}/stat", os.O_RDONLY, dir_fd=machine)) as file:
            ticks = file.read().rpartition(")")[2].split()[11:13]  # user's and system's
        peak = int(fields.get("VmHWM", "0 kB").split()[0]) * 1024
        return int(fields["Threads"]), peak, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    except (OSError, KeyError, ValueError):
        return 0, 0, 0.0


def fits(folder, entries, size):
    """Say whether a folder, all below it counted, holds at most so many entries and bytes.

    Looks at no more than `entries` of them, and follows no link.
    """
    stack = [folder]
    while stack:
        try:
            with os.scandir(stack.pop()) as found:
                for entry in found:
                    entries -= 1
                    about = entry.stat(follow_symlinks=False)
                    size -= about.st_blocks * 512
                    if entries < 0 or size < 0:
                        return False
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
        except OSError:
            continue  # gone, or closed to us: the student's kernel did that, and it still counts
    return True


def _told(status, used, state):
    code = os.waitstatus_to_exitcode(status)
    number = -code if code < 0 else code - 128 if code > 128 else 0
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "why": state["why"],
        "signal": number,
        "cpu": max(state["cpu"], used.ru_utime + used.ru_stime),
        "peak": max(state["peak"], used.ru_maxrss * unit),
    }
