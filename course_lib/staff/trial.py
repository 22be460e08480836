"""What answers would get, without a sandbox: for an author's own answers, never for a student's."""

import contextlib
import io
import tempfile

from course_lib.staff import sources
from course_lib.staff.grading import judge, plain
from course_lib.staff.variants import MARKED


class Trial:
    """An assignment's source, run once, whose answers can be exchanged.

    Parameters
    ----------
    assignment : records.Assignment
        From ``plan.read``.
    root : Path
        The folder of the course.

    Notes
    -----
    Code runs in this process. Every solution cell runs again for each trial, so that an answer
    which calls another task's function, or is called by a locked cell's, meets the exchanged one.
    """

    def __init__(self, assignment, root=sources.ROOT):
        self.assignment = assignment
        self._cells = sources.source(assignment.name, root)["cells"]
        code = [cell["source"] for cell in self._cells if cell["cell_type"] == "code"]
        ungraded = [text for text in code if "### BEGIN HIDDEN TESTS" not in text]
        self._space = _run(ungraded, {"__name__": "__main__", "display": print})

    def lost(self, answers=None):
        """Which graded cells would give no points.

        Parameters
        ----------
        answers : dict, optional
            Id of a solution cell -> source that takes its place.

        Returns
        -------
        dict
            Id of each grade cell that fails -> cause and message of its first call that fails.
        """
        space, failed = self._answered(answers), {}
        for call in self.assignment.calls:
            if call.task not in failed:
                cause, message = _judged(call, space)
                if cause != "nothing":
                    failed[call.task] = cause, message
        return failed

    def refused(self, answers=None):
        """Which graded cells' self-checks, the part that students see, say that something is wrong.

        Parameters
        ----------
        answers : dict, optional
            See `lost`.

        Returns
        -------
        dict
            Id of each grade cell whose visible part raises -> its message.
        """
        space, said = self._answered(answers), {}
        for cell in self.assignment.notebook["cells"]:
            data = cell["metadata"].get("nbgrader", {})
            if data.get("grade") and cell["cell_type"] == "code" and not data.get("solution"):
                try:
                    _run([cell["source"]], space)
                except Exception as error:
                    said[data["grade_id"]] = str(error)
        return said

    def _answered(self, answers):
        """The namespace after all solution cells, some of them exchanged."""
        parts = []
        for cell in self._cells:
            data = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == "code" and data.get("solution"):
                text = (answers or {}).get(data["grade_id"], cell["source"])
                parts.append(MARKED.sub("", text))
        for call in self.assignment.calls:
            self._space.pop(call.function, None)  # an answer may not define it
        return _run(parts, self._space)

    def together(self, cell):
        """The graded cells under the same heading as a cell.

        Parameters
        ----------
        cell : str
            An id, of a solution cell for example.

        Returns
        -------
        set of str
        """
        groups = [[]]
        for one in self._cells:
            if one["cell_type"] == "markdown" and one["source"].lstrip().startswith("#"):
                groups.append([])
            groups[-1].append(one["metadata"].get("nbgrader", {}))
        own = next(group for group in groups if cell in [data.get("grade_id") for data in group])
        return {data["grade_id"] for data in own if data.get("grade")}


def _run(parts, space):
    """Run texts one after the other in a namespace, quietly, in a folder of their own."""
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    quiet = io.StringIO()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with contextlib.chdir(folder), contextlib.redirect_stdout(quiet):
            for text in parts:
                exec(compile(text, "<answer>", "exec"), space)
    plt.close("all")
    return space


def _judged(call, space):
    """Cause and message of one call."""
    args, _ = plain.load(plain.dump((call.args, None)))
    if call.function not in space:
        return "missing", f"there is no function {call.function}."
    try:
        value = space[call.function](*args)
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    try:
        value = plain.load(plain.dump(value))
    except plain.PlainError as error:
        value = judge.Refused(error.name)
    return judge.judge(call, value)
