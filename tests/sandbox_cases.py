"""What the sandbox's tests share: kernels, and running a cell in one."""

import queue
import re
import sys
import time

import pytest

from course_lib.staff import sandbox
from course_lib.staff.sandbox import calls

LONG = 300  # seconds after which a test gives up on a very busy machine


def wall(way):
    """Return bubblewrap's wall, warm or cold, or skip."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the sandbox is for Linux")
    try:
        found = sandbox.choose(only="bubblewrap")
    except sandbox.NoSandbox as error:
        pytest.skip(f"{error}")
    return sandbox.Wall(found.name, found.program, warm=way == "warm")


def run(kernel, code, seconds=LONG, then=None):
    """Run a cell and return its text, streams and errors' names; stop when the kernel ends.

    `then` is called when the cell has printed something, so that it surely runs.
    """
    asked = kernel.client.execute(code)
    said, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            message = kernel.client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            if kernel.alive():
                continue
            return "".join(said)
        if message["parent_header"].get("msg_id") != asked:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            said.append(content["text"])
            if then is not None:
                then = then()
        elif message["msg_type"] == "error":
            said.append(f"{content['ename']}: {content['evalue']}\n")
        elif message["msg_type"] == "display_data":
            said.append(" ".join(content["data"]) + f" {content['metadata']}\n")
        elif content.get("execution_state") == "idle":
            return "".join(said)
    raise AssertionError(f"the cell did not end; so far: {''.join(said)[-500:]}")


def attempt(kernel, code):
    """Run code that the wall should refuse; return the name of the error, or ``done``."""
    lines = code.replace("\n", "\n    ")
    cell = f"try:\n    {lines}\nexcept BaseException as e:\n    print('error', type(e).__name__)\n"
    return run(kernel, cell + "else:\n    print('done')")


def ended(kernel):
    """Wait until a kernel has ended, and return its fate."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        if fate := kernel.fate():
            return fate
        time.sleep(0.05)
    raise AssertionError("the kernel did not end")


def number(name):
    """Return a system call's number on this machine."""
    seccomp = calls.library()
    return seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)


def numbers(text):
    """Return the whole numbers in a text."""
    return [int(each) for each in re.findall(r"\d+", text)]
