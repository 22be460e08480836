"""Cells to a student's kernel and messages back, within bounds of time, size and number.

nbclient runs notebooks well, but trusts the kernel: it keeps every output, waits for a message that
a kernel may never send, and parses whatever comes. Here each message is measured before it is
parsed, and a kernel that neither answers nor can be interrupted is given up.
"""

import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from course_lib.staff.grading import inside, kept

BEAT = 0.1  # seconds between looks whether the kernel lives, while it is silent
GRACE = 5.0  # seconds to answer after an interrupt
LAST = 10.0  # seconds that the last output may come after the reply; ZeroMQ may have dropped it
MESSAGES = 20_000  # for one cell
FLOOD = 8  # times what is kept: a cell that sends more is stopped
FRAME = 100  # bytes that a part of a message takes beside its own
GROWTH = 700_000_000  # bytes that ours may grow by; ZeroMQ counts no parts of an endless message
ENDED = {
    "time": "took too long and was stopped",
    "memory": "needed more memory than there is",
    "output": "returned or printed more than is kept",
    "died": "ended the kernel",
}
HOW = ("value", "refused", "not begun", "missing", "error", *ENDED)


class Channel:
    """The messages of one kernel.

    Parameters
    ----------
    kernel : object
        As of `sandbox.kernel`.
    most : int
        Bytes that are kept of outputs.
    """

    def __init__(self, kernel, most):
        import zmq

        self.kernel, self.most = kernel, most
        self.held, self.looked = _held(), 0.0
        self.lost = ""  # why there is no answer any more; one of records.CAUSES
        self.sockets = {
            kernel.client.shell_channel.socket: "shell",
            kernel.client.iopub_channel.socket: "iopub",
        }
        self.poller = zmq.Poller()
        for socket in self.sockets:
            self.poller.register(socket, zmq.POLLIN)

    def execute(self, code, seconds, take, *, silent=False, most=0):
        """Run code in the kernel until it answers, dies, takes too long or says too much.

        Parameters
        ----------
        code : str
        seconds : float
            Then it is interrupted, and given up if that does not help.
        take : callable
            Called with type and content of each message that belongs to this code, and with
            ``"too large"`` for each that was not looked at.
        silent : bool
            Whether the code counts as no cell of the notebook.
        most : int
            Bytes of an answer, where they may be more than of outputs. A message of more than
            twice as many is not looked at.

        Returns
        -------
        str
            Empty where it ended by itself (an exception of the student's included), otherwise one
            of `records.CAUSES`. Where `lost` is set as well, the kernel is of no use any more.
        """
        if self.lost:
            return self.lost
        key = self.kernel.client.execute(
            code, silent=silent, store_history=not silent, allow_stdin=False, stop_on_error=False
        )
        wait = _Wait(key, time.monotonic() + seconds, max(most, self.most))
        while not wait.over:
            quiet = not self._receive(wait, take)
            if quiet and not self.kernel.alive():
                while self._receive(wait, take, beat=0):
                    pass
                self.lost = self.kernel.fate() or "died"
                return self.lost
            self._bound(wait)
            if self.lost:
                return self.lost
        return wait.cause

    def ask(self, do, items, most, seconds):
        """Have functions called or pictures read in the kernel, see `inside.request`.

        Parameters
        ----------
        do : {"calls", "pictures"}
        items : list of tuple
        most : int
            Characters of all results together.
        seconds : float

        Returns
        -------
        list of (str, str)
            How each went, and a text: of a value, or about what went wrong. The first that is no
            value may be the last.
        """
        nonce, came = secrets.token_hex(16), []  # no other message is the answer

        def take(kind, content):
            data = content.get("data") if kind == "display_data" else None
            if type(data) is dict and inside.MIME in data and not came:
                came.extend(_results(data[inside.MIME], nonce, len(items)))

        code = inside.request(do, items, most, nonce)
        cause = self.execute(code, seconds, take, silent=True, most=most)
        whole = len(came) == len(items) or (came and came[-1][0] != "value")
        return came if whole else [*came, (cause or "died", "")]

    def _bound(self, wait):
        """Interrupt what takes too long or says too much; give up what does not mind."""
        if self._swollen():
            self.lost = "output"
            return
        flood = wait.bytes > FLOOD * wait.most or wait.count > MESSAGES
        if not (flood or time.monotonic() > wait.end):
            return
        if not wait.cause:
            wait.cause = "output" if flood else "time"
            wait.end, wait.bytes, wait.count = time.monotonic() + GRACE, 0, 0
            self.kernel.interrupt()
        else:
            self.lost = wait.cause

    def _swollen(self):
        """Whether this process holds much more than before, looked at now and then."""
        if time.monotonic() < self.looked + BEAT:
            return False
        self.looked = time.monotonic()
        return _held() > self.held + GROWTH

    def _receive(self, wait, take, beat=BEAT):
        """Take the messages that are there, at most one a socket; whether there was any."""
        import zmq

        ready = self.poller.poll(1000 * min(beat, max(0.0, wait.end - time.monotonic())))
        for socket, _ in ready:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                continue
            size = sum(map(len, frames)) + FRAME * len(frames)
            wait.bytes, wait.count = wait.bytes + size, wait.count + 1
            if size > 2 * wait.most + 100_000:
                take("too large", {})
                continue
            message = self._parsed(frames)
            if message and message[0] == wait.key:
                self._note(self.sockets[socket], *message[1:], wait, take)
        return bool(ready)

    def _parsed(self, frames):
        """Parent's id, type and content of a message; None where it is not one."""
        session = self.kernel.client.session
        try:
            _, frames = session.feed_identities(frames, copy=True)
            message = session.deserialize(frames, content=True, copy=True)
            kind, parent = message["header"]["msg_type"], message["parent_header"].get("msg_id")
            content = message["content"]
        except Exception:  # whatever a hostile process can put into a message
            return None
        return (parent, kind, content) if type(kind) is str and type(content) is dict else None

    def _note(self, where, kind, content, wait, take):
        """One message of this code's: an answer, the last output, or an output."""
        if where == "shell":
            if kind == "execute_reply" and not wait.replied:
                wait.replied = True
                wait.last = time.monotonic() + LAST
        elif kind == "status":
            wait.idle = wait.idle or content.get("execution_state") == "idle"
        else:
            wait.last = time.monotonic() + LAST
            take(kind, content)


class _Wait:
    """How far the answer to one request is."""

    def __init__(self, key, end, most):
        self.key, self.end, self.most, self.cause = key, end, most, ""
        self.replied = self.idle = False
        self.last = 0.0
        self.bytes = self.count = 0

    @property
    def over(self):
        return self.replied and (self.idle or time.monotonic() > self.last)


def _held():
    """Bytes of memory that this process holds; 0 where that cannot be told."""
    with suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _results(text, nonce, most):
    """Pairs of texts from a message of `inside`, which may hold anything."""
    try:
        came, pairs = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return []
    if came != nonce or type(pairs) is not list:
        return []
    found = []
    for pair in pairs[:most]:
        if type(pair) is not list or len(pair) != 2 or any(type(part) is not str for part in pair):
            return found
        how, said = pair
        said = said if how == "value" else kept.text(said, 400).translate(kept.TURNS)
        found.append((how if how in HOW else "error", said))
    return found
