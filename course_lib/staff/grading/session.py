"""One submission: its notebook runs in a sandbox, its functions are called, a result comes back.

What comes out of the student's process is outputs and return values, and both are looked at as
data. The process may answer what it likes, or not at all: it gets points for right values only,
and those it was never told. Functions are judged as they are when the whole notebook has run.
"""

import hashlib
import json
import time
from dataclasses import asdict

import numpy as np

from course_lib.staff import sandbox
from course_lib.staff.grading import bare, judge, kept, plain
from course_lib.staff.grading.channel import ENDED, Channel
from course_lib.staff.grading.records import Result, Verdict

VERSION = 1  # of what this module does; a change grades everybody again
KILLERS = 3  # cells that may end their kernel before the rest is given up


def digest(submission, assignment, limits):
    """A name for all that a result depends on.

    Parameters
    ----------
    submission : records.Submission
    assignment : records.Assignment
    limits : records.Limits

    Returns
    -------
    str
        Equal on every machine for equal submissions; with it, no second run is needed.
    """
    files = {name: hashlib.sha256(data).hexdigest() for name, data in submission.files.items()}
    of = [submission.student, submission.notebook, files, submission.notes, submission.fault]
    text = json.dumps([VERSION, of, assignment.digest, asdict(limits)], sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def grade(submission, assignment, limits, wall):
    """Run a submission in a sandbox and judge it.

    Parameters
    ----------
    submission : records.Submission
        With locked cells restored.
    assignment : records.Assignment
    limits : records.Limits
    wall : sandbox.Wall
        See `sandbox.choose`.

    Returns
    -------
    records.Result
        Always, whatever the student did.

    Raises
    ------
    OSError
        If this machine gave no sandbox.

    Notes
    -----
    A cell that ends the kernel is left out of the next run, and so is a task that does, so that
    one of them does not take the others' points. A task's calls stop at the first one that fails.
    """
    began = time.monotonic()
    run = _Run(submission, assignment, limits, began + limits.seconds)
    if run.fault:
        run.refuse()
    else:
        run.all(wall)
    verdicts = tuple(run.verdicts[task.cell] for task in assignment.tasks)
    bare.write(run.notebook["cells"], verdicts, assignment.tasks)
    return Result(
        submission.student,
        verdicts,
        run.notebook,
        tuple(dict.fromkeys([*submission.notes, *run.notes])),
        run.pictures,
        time.monotonic() - began,
        run.peak,
        digest(submission, assignment, limits),
    )


class _Run:
    """The state of one submission's grading."""

    def __init__(self, submission, assignment, limits, end):
        self.files, self.assignment, self.limits = submission.files, assignment, limits
        self.end, self.fault, self.room = end, submission.fault, kept.Room(limits.output)
        self.notebook = self._copied(submission.notebook, assignment.notebook)
        self.cells = self.notebook["cells"]
        self.notes, self.pictures, self.verdicts, self.peak = [], {}, {}, 0
        self.done, self.killers, self.looked = set(), {}, not assignment.pictures
        self.waiting = []
        for task in assignment.tasks:
            own = [call for call in assignment.calls if call.task == task.cell]
            if task.by_hand:
                self._say(task, "by hand", "A person marks this.")
            elif own:
                self.waiting.append((task, own))
            else:
                raise ValueError(f"{task.title} has no calls to judge it by.")

    def _copied(self, given, released):
        """What is run and handed back: the student's notebook, or the released one."""
        try:
            if given is not None and not self.fault:
                return bare.bare(given, released, self.room)
        except bare.NotebookFault as error:
            self.fault = str(error)
        self.fault = self.fault or "there is no notebook that can be read"
        return bare.bare(released, released, kept.Room(self.limits.output))

    def _say(self, task, cause, message, points=0.0):
        self.verdicts[task.cell] = Verdict(task.cell, points, task.points, cause, message)

    def refuse(self):
        """Nothing can be graded."""
        why = f"{self.fault[:1].upper()}{self.fault[1:].rstrip('.')}."
        for task in self.assignment.tasks:
            self._say(task, "no notebook", why)

    def all(self, wall):
        """Run the notebook and judge, in as many kernels as that takes."""
        first = True
        while first or self.waiting or not self.looked:
            first = False
            if len(self.killers) > KILLERS or self._left() <= 0:
                break
            with sandbox.kernel(wall, self.files, self.limits) as kernel:
                channel = Channel(kernel, self.limits.output)
                self._run(channel)
                if not channel.lost:
                    self._look(channel)
                while self.waiting and not channel.lost and self._left() > 0:
                    self._judge(channel, *self.waiting.pop(0))
            self.peak = max(self.peak, kernel.peak)  # known when it has ended
        self._give_up()

    def _left(self, most=float("inf")):
        """Seconds that something may take."""
        return min(most, self.end - time.monotonic())

    def _call_time(self):
        """Seconds that the calls of a task may take."""
        return max(0.0, self._left(self.limits.call_seconds))

    def _give_up(self):
        """Say why nothing more was judged."""
        late = self._left() <= 0
        if late and self.waiting:
            self.notes.append(f"The whole took longer than {self.limits.seconds:g} s.")
        for task, _ in self.waiting:
            cause = "time" if late else next(reversed(self.killers.values()), "died")
            why = "The notebook took too long" if late else "Cells of the notebook end its kernel"
            self._say(task, cause, f"{why}, so that this could not be checked.")

    # --- the notebook's own cells ---

    def _run(self, channel):
        """Run every code cell but those that ended an earlier kernel."""
        count = 0
        for number, cell in enumerate(self.cells):
            if cell["cell_type"] != "code" or not cell["source"].strip() or number in self.killers:
                continue
            seconds, count = self._left(self.limits.cell_seconds), count + 1
            if seconds <= 0:
                return
            outputs = kept.Outputs(self.room if number not in self.done else kept.Room(0))
            cause = channel.execute(cell["source"], seconds, outputs.take)
            if number not in self.done:
                self._finish(cell, count, outputs, cause, number)
            if channel.lost:
                self.killers[number] = channel.lost
                return

    def _finish(self, cell, count, outputs, cause, number):
        """Store what a cell left behind."""
        self.done.add(number)
        cell["outputs"], cell["execution_count"] = outputs.done(), count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
        if outputs.cut:
            self.notes.append(f"Outputs were cut at {self.limits.output / 1e6:g} MB.")
        if cause:
            self.notes.append(f"Cell {number + 1} {ENDED.get(cause, 'was stopped')}.")

    # --- pictures ---

    def _look(self, channel):
        """Take the pictures for the gallery out of the sandbox, once."""
        if self.looked:
            return
        self.looked = True
        wanted = self.assignment.pictures
        most = sum(height * width * 3 for _, height, width in wanted.values()) * 3 // 2 + 10_000
        found = channel.ask("pictures", list(wanted.values()), most, self._call_time())
        for number, (name, (_, height, width)) in enumerate(wanted.items()):
            how, text = found[number] if number < len(found) else ("error", "no picture came")
            array = _array(text, most) if how == "value" else None
            if array is not None and _is_picture(array, height, width):
                self.pictures[name] = array
            else:
                why = "it is no picture" if how == "value" else text or "it could not be read"
                self.notes.append(f"The picture {name} is missing: {why.rstrip('.')}.")

    # --- the hidden checks ---

    def _judge(self, channel, task, calls):
        """Call a task's functions and judge what they return: all right, or no points."""
        items = [(call.function, call.args) for call in calls]
        found = channel.ask("calls", items, self.limits.output, self._call_time())
        for number, (call, result) in enumerate(zip(calls, found, strict=False), start=1):
            cause, message = self._one(call, *result)
            if cause != "nothing":
                hint = f" Look at: {call.hint}" if call.hint else ""
                hint += "." if hint and hint[-1] not in ".?!" else ""
                where = f"{call.function}, check {number} of {len(calls)}"
                self._say(task, cause, f"{where}: {message}{hint}")
                return
        if len(found) == len(calls):
            self._say(task, "nothing", "", task.points)

    def _one(self, call, how, text):
        """Cause and message of one call."""
        if how == "value":
            try:
                return judge.judge(call, plain.load(text, self.limits.output))
            except plain.PlainError as error:
                return judge.judge(call, judge.Refused(error.name))
        if how == "refused":
            return judge.judge(call, judge.Refused(text))
        if how == "not begun":
            return how, "it raises NotImplementedError, or calls something that does."
        if how == "missing":
            return how, f"there is no function {call.function} after the notebook has run."
        if how == "error":
            return how, f"your function stopped with {text.rstrip('.')}."
        return how, f"it {ENDED[how]}."


# --- pictures, as data ---


def _array(text, most):
    """The array in a message, or None."""
    try:
        value = plain.load(text, most)
    except plain.PlainError:
        return None
    return value if isinstance(value, np.ndarray) else None


def _is_picture(array, height, width):
    """Whether an array is bytes of a picture that is not too large."""
    shape = array.shape
    right = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    small = right and 0 < shape[0] <= height and 0 < shape[1] <= width
    return small and array.dtype == np.uint8
