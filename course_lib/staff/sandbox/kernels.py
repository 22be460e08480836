"""A Jupyter kernel behind a wall, with its client."""

import contextlib
import queue
import signal
import time
from pathlib import Path

from course_lib.staff.grading import records
from course_lib.staff.sandbox import launch

MESSAGE = 8_000_000  # bytes of the longest part of a message that is taken
WAITING = (
    64  # messages that wait for the grader at most; later ones wait in the kernel, or are lost
)


class Kernel:
    """A student's kernel, seen from outside.

    Attributes
    ----------
    client : jupyter_client.BlockingKernelClient
        Connected and ready.
    peak : int
        Most bytes that the kernel held; known when it has ended.
    """

    def __init__(self, process, limits):
        self._process, self._limits = process, limits
        self._oom = _killed_for_memory()
        self._context, self.client, self._monitors = None, None, []
        self._cut = False
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self):
        import zmq
        from jupyter_client import BlockingKernelClient

        self._context = zmq.Context()
        self._context.setsockopt(zmq.MAXMSGSIZE, MESSAGE)
        self._context.setsockopt(zmq.RCVHWM, WAITING)
        self._context.setsockopt(zmq.LINGER, 0)
        # Once is enough: what stands at the path later on is the student's.
        self._context.setsockopt(zmq.RECONNECT_IVL, -1)
        client = self.client = BlockingKernelClient(context=self._context)
        client.load_connection_info(self._process.connection)
        client.start_channels(hb=False)
        for channel in (client.iopub_channel, client.shell_channel):
            monitor = channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            self._monitors.append((channel.socket, monitor))
        self._wait(launch.START)

    def _wait(self, seconds):
        """Wait until an answer comes over both channels."""
        client, until = self.client, time.monotonic() + seconds
        while time.monotonic() < until:
            asked = client.kernel_info()
            with contextlib.suppress(queue.Empty):
                while client.get_shell_msg(timeout=10)["parent_header"].get("msg_id") != asked:
                    pass
                while not _idle(client.get_iopub_msg(timeout=0.5), asked):
                    pass
                return
            if self._process.poll() is not None:
                break
        raise OSError("The kernel started in its sandbox, but does not answer.")

    def interrupt(self):
        """Interrupt what runs, as the stop button does."""
        if not self._process.interrupt():
            message = self.client.session.msg("interrupt_request", {})
            self.client.control_channel.send(message)

    def alive(self):
        """Say whether the kernel's process runs and can be talked to."""
        return not self.fate()

    def fate(self):
        """Return why the kernel has ended: one of `records.CAUSES`, and "" while it lives."""
        end = self._process.poll()
        if end is not None:
            return _cause(end, self._limits, _killed_for_memory() > self._oom)
        return "output" if self._disconnected() else ""

    def _disconnected(self):
        """Say whether a channel was closed: a message came that is longer than `MESSAGE`."""
        for _, monitor in self._monitors:
            while not self._cut and monitor.poll(0):
                monitor.recv_multipart()
                # A kernel that ends closes its channels first: give its keeper time to say so.
                self._process.wait(1)
                self._cut = self._process.poll() is None
        return self._cut

    @property
    def peak(self):
        """Most bytes that the kernel held; 0 until it has ended."""
        return (self._process.poll() or {}).get("peak", 0)

    def close(self):
        """End the kernel, and leave nothing behind."""
        if self.client is not None:
            for socket, monitor in self._monitors:
                socket.disable_monitor()
                monitor.close(0)
            self.client.stop_channels()
        if self._context is not None:
            self._context.destroy(linger=0)
        self._process.close()


def _idle(message, asked):
    status = message["content"].get("execution_state")
    return status == "idle" and message["parent_header"].get("msg_id") == asked


def _killed_for_memory():
    """Return how many processes Linux has killed so far because memory was short."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _cause(end, limits, short):
    """Return one of `records.CAUSES` for what the keeper said of the end."""
    number = end["signal"]
    if end["why"]:
        return end["why"]
    if number == signal.SIGXCPU or end["cpu"] >= limits.cpu_seconds:
        return "time"
    if number == signal.SIGXFSZ:
        return "output"
    crashed = number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL)
    if number == signal.SIGKILL and short or crashed and end["peak"] > limits.memory * 0.7:
        return "memory"
    return "died"


@contextlib.contextmanager
def kernel(wall, files=None, limits=None):
    """Run a Jupyter kernel behind a wall.

    Parameters
    ----------
    wall : Wall
        See `choose`.
    files : dict, optional
        Plain name -> bytes, laid into the kernel's private working folder.
    limits : course_lib.staff.grading.records.Limits, optional

    Yields
    ------
    Kernel

    Raises
    ------
    OSError
        If it does not start.
    ValueError
        If a name in `files` is a path.
    """
    limits = limits or records.Limits()
    running = Kernel(launch.begin(wall, files or {}, limits), limits)
    try:
        yield running
    finally:
        running.close()
