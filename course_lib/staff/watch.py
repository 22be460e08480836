"""A kernel that is watched while it works: its death, its memory, and what it displays.

Built on nbval's kernel, which would wait out the whole timeout for a kernel that is gone.
"""

import contextlib
import os
import time
from pathlib import Path
from queue import Empty

import psutil
from jupyter_client.manager import KernelManager
from nbval.kernel import NbvalKernelspecManager, RunningKernel

from course_lib import runner

POLL = 0.5
MOST_TEXT = (
    5_000_000  # characters kept of what a cell prints; an endless loop would fill the memory
)


class KernelFault(RuntimeError):
    """The kernel is gone or took too much memory; what is left of the notebook cannot run.

    Its attribute `where` says whether that was in the code that was sent last, or earlier.
    """

    where = "in"


class WatchedKernel(RunningKernel):
    """A kernel whose messages are awaited in short steps, with a look at its process in between.

    Parameters
    ----------
    kernel_name, cwd, startup_timeout
        As of nbval's ``RunningKernel``.
    memory : float
        Most bytes that the kernel and its children may hold.
    """

    def __init__(self, kernel_name, cwd=None, startup_timeout=60, memory=float("inf")):
        self.memory, self.peak, self.message_id = memory, 0, None
        self.deadline, self.own = float("inf"), psutil.Process().memory_info().rss
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(runner.sockets())
            self._start(kernel_name, cwd, startup_timeout, place)
            self.sockets = stack.pop_all()  # closed with the kernel
        self._ensure_iopub_up()

    def _start(self, kernel_name, cwd, startup_timeout, place):
        """Do what nbval's ``start_new_kernel`` does, which knows ports of the network only."""
        specs = NbvalKernelspecManager()
        self.km = KernelManager(kernel_name=kernel_name, kernel_spec_manager=specs, **place)
        with open(os.devnull, "w") as nothing:
            self.km.start_kernel(stderr=nothing, cwd=cwd)
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self.kc.wait_for_ready(timeout=startup_timeout)
        except RuntimeError:
            super().stop()
            raise

    def stop(self):
        """Stop the kernel, and leave nothing of it behind."""
        super().stop()
        self.sockets.close()

    def get_message(self, stream, timeout=None):
        """Return the next message of a channel.

        Raises
        ------
        queue.Empty
            If none comes in time, or if `deadline` is over, however many are still to come.
        KernelFault
            If none can come any more.
        """
        end = None if timeout is None else time.monotonic() + timeout
        if time.monotonic() > self.deadline:
            raise Empty
        while True:
            left = POLL if end is None else end - time.monotonic()
            try:
                return super().get_message(stream, timeout=max(0, min(POLL, left)))
            except Empty:
                self._look()
                if end is not None and time.monotonic() >= end:
                    raise

    def execute_cell_input(self, cell_input, allow_stdin=None):
        """Send code to the kernel; return the id that its messages will carry."""
        self.message_id = super().execute_cell_input(cell_input, allow_stdin)
        return self.message_id

    def run(self, source, timeout=60):
        """Run code to its end.

        Parameters
        ----------
        source : str
        timeout : float
            Seconds.

        Returns
        -------
        printed : str
            What it wrote to stdout.
        error : str
            Name and message of what it raised; empty if nothing.

        Raises
        ------
        KernelFault
            If it cannot be stopped when its time is over.
        """
        self.deadline = time.monotonic() + timeout + 10
        name = self.execute_cell_input(source, allow_stdin=False)
        try:
            self.await_reply(name, timeout=timeout)
        except Empty:
            self.interrupt()
            try:
                self.await_idle(name, timeout=10)
            except Empty:
                self.stop()
                raise KernelFault("the kernel heeded no interrupt") from None
            return "", f"TimeoutError: it took longer than {timeout:g} seconds"
        printed, error = "", ""
        while True:
            message = self.get_message("iopub", timeout=10)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != name:
                continue
            if kind == "stream" and content["name"] == "stdout":
                printed += content["text"]
            elif kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
            elif kind == "status" and content["execution_state"] == "idle":
                return printed, error

    def measure(self):
        """Return the bytes that the kernel and its children hold now; 0 if it is gone."""
        try:
            process = psutil.Process(self.km.provisioner.pid)
            family = [process, *process.children(recursive=True)]
            held = sum(one.memory_info().rss for one in family)
        except (psutil.Error, AttributeError):
            return 0
        self.peak = max(self.peak, held)
        return held

    def settle(self):
        """Look at the most that the kernel's own process ever held, also between two looks.

        Raises
        ------
        KernelFault
            If that was more than it may hold.
        """
        try:
            status = Path(f"/proc/{self.km.provisioner.pid}/status").read_text()
            most = 1024 * int(status.partition("VmHWM:")[2].split()[0])
        except (OSError, AttributeError, IndexError):  # gone, or another system than Linux
            most = self.measure()
        self.peak = max(self.peak, most)
        self._limit(most)

    def _look(self):
        """Raise where waiting is of no use."""
        if not self.is_alive():
            fault = KernelFault("the kernel died")
            fault.where = "in" if self._began() else "in, or just before,"
            raise fault
        waiting = psutil.Process().memory_info().rss - self.own  # output that nobody read yet
        self._limit(self.measure() + max(0, waiting))

    def _limit(self, held):
        """Stop a kernel that holds too much."""
        if held > self.memory:
            self.stop()
            limit = f"{self.memory / 1e9:.1f} GB"
            raise KernelFault(f"the kernel took {held / 1e9:.1f} GB of memory, more than {limit}")

    def _began(self):
        """Whether a dead kernel left a sign that it began with the code that was sent last.

        One that died in the code's first moment leaves none, since its thread for messages had no
        turn yet.
        """
        while True:
            try:
                message = super().get_message("iopub", timeout=1)
            except Empty:
                return False
            if message["parent_header"].get("msg_id") == self.message_id:
                return True


class Display:
    """What a cell shows, as messages clear or update it; nbval only collects."""

    def __init__(self, outputs):
        self.outputs = outputs
        self.places, self.waiting, self.captors = {}, False, set()
        self.printed = 0

    def see(self, message):
        """Let a message act on the outputs before nbval appends its own part.

        Parameters
        ----------
        message : dict
            From the channel iopub, of this cell.

        Returns
        -------
        bool
            Whether the message is dealt with, so that nbval must not see it.
        """
        kind, content = message["msg_type"], message["content"]
        if self._is_captured(kind, content):
            return True
        if kind == "clear_output":
            self.waiting = bool(content.get("wait"))
            if not self.waiting:
                self._clear()
            return True
        if kind == "update_display_data":
            place = self.places.get(content.get("transient", {}).get("display_id"))
            if place is not None:
                self.outputs[place].update(data=content["data"], metadata=content["metadata"])
            return True
        self.printed += len(content["text"]) if kind == "stream" else 0
        if kind == "stream" and self.printed > MOST_TEXT:
            return True
        if kind in ("display_data", "execute_result", "stream", "error"):
            if self.waiting:
                self._clear()
            name = content.get("transient", {}).get("display_id")
            if name is not None:
                self.places[name] = len(self.outputs)
        return False

    def _is_captured(self, kind, content):
        """Whether a widget for outputs shows this in its own place; faults are never hidden."""
        state = content.get("data", {}).get("state", {}) if kind == "comm_msg" else {}
        if "msg_id" in state:
            change = self.captors.add if state["msg_id"] else self.captors.discard
            change(content["comm_id"])
        plain = kind in ("clear_output", "display_data", "execute_result")
        plain = plain or (kind == "stream" and content["name"] == "stdout")
        return plain and bool(self.captors)

    def _clear(self):
        self.outputs.clear()
        self.places, self.waiting = {}, False
