"""A pytest plugin that validates notebooks: nbval's files and cells, with eyes and a memory.

``course validate`` calls it; by hand: ``pytest -p course_lib.staff.validate --course notebooks``.
``--course-rules=plain`` switches every rule off and leaves nbval's own verdicts.
"""

import os
import time
from pathlib import Path
from queue import Empty

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from course_lib import runner
from course_lib.staff import answers, outputs, report, rules, watch

MINUTES_PER_LESSON_MINUTE = 1 / 20  # a lesson of 60 minutes is 3 minutes of a machine's work
MARGIN = 2.0  # for machines slower than the one that stored the outputs
MEMORY = 6e9
GRACE = 10  # seconds for reading what a cell wrote until its time was over
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")


def pytest_addoption(parser):
    """Declare the options of the plugin."""
    group = parser.getgroup("course", "validation of the course's notebooks")
    group.addoption("--course", action="store_true", help="Validate notebooks by our rules.")
    choices = ("strict", "plain")
    group.addoption("--course-rules", choices=choices, default="strict", help="plain: nbval's own.")
    group.addoption("--course-update", action="store_true", help="Write new outputs back.")
    group.addoption("--course-gpu", action="store_true", help="Ranges only, where a GPU is faster.")
    group.addoption("--course-budget", type=float, default=1.0, help="Multiplies every limit.")
    group.addoption("--course-build", default="build/validate", help="Where reports go.")


def pytest_configure(config):
    """Share the cores among the workers, choose the weights, and register the report."""
    if not config.getoption("course"):
        return
    # Already where the workers are started: they take the environment over.
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0))
    workers = workers or config.getoption("numprocesses", default=None) or 1
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for library in THREADS:
        suffix = "_THREADS" if library.startswith("TF") else "_NUM_THREADS"
        os.environ.setdefault(library + suffix, threads)
    os.environ.setdefault("COURSE_WEIGHTS", "package")  # which the stored outputs were made with
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(report.Report(config), "course-report")


def pytest_collect_file(file_path, parent):
    """Collect notebooks as ours."""
    if parent.config.getoption("course") and file_path.suffix == ".ipynb":
        return CourseFile.from_parent(parent, path=file_path)
    return None


class CourseFile(IPyNbFile):
    """A notebook: its rules, its cells in one kernel, and the answers to its exercises."""

    def collect(self):
        """Yield an item for the notebook as stored, one per code cell, one per answer."""
        self.strict = self.config.getoption("course_rules") == "strict"
        cells = list(super().collect())
        gpu = self.nb.metadata.get("course", {}).get("gpu")
        if self.config.getoption("course_gpu") and gpu != "faster":
            return
        if self.strict:
            yield RulesItem.from_parent(self, name="as stored")
        own = {"cell": None, "cell_num": None, "options": None}
        for item in cells:
            yield CourseCell.from_parent(self, name=item.name, **{k: getattr(item, k) for k in own})
        if self.strict and not self.config.getoption("course_gpu"):
            for answer in answers.read(self.path):
                yield AnswerItem.from_parent(self, name=answer.heading, answer=answer)

    def setup(self):
        """Start the kernel that all cells share."""
        course = self.nb.metadata.get("course", {})
        factor = self.config.getoption("course_budget") * MARGIN if self.strict else float("inf")
        self.seconds = 60 * course.get("minutes", 60) * MINUTES_PER_LESSON_MINUTE * factor
        memory = course.get("memory", MEMORY) * factor / MARGIN
        self.copy = nbformat.from_dict(self.nb)
        self.stopped, self.broken, self.spent, self.ran = "", False, 0.0, 0
        self.cell = self.display = None
        name = self.nb.metadata.get("kernelspec", {}).get("name", "python3")
        wait = self.config.option.nbval_kernel_startup_timeout
        self.kernel = watch.WatchedKernel(name, str(self.path.parent), wait, memory)
        self.setup_sanitize_files()

    def get_kernel_message(self, timeout=None, stream="iopub"):
        """Return the next message that nbval should see."""
        while True:
            message = super().get_kernel_message(timeout, stream)
            if not self.strict or message["parent_header"].get("msg_id") != self.kernel.message_id:
                return message
            if self.display is None or self.display.outputs is not self.cell.test_outputs:
                self.display = watch.Display(self.cell.test_outputs)
            if not self.display.see(message):
                return message

    def teardown(self):
        """Stop the kernel, keep the executed copy, and write the notebook where asked to."""
        gone = self.strict and self.kernel is not None and not self.stopped and self._is_gone()
        super().teardown()
        if not self.strict:
            return
        self.broken |= gone
        found = self._write()
        if gone:
            raise watch.KernelFault("the kernel died after the last cell")
        if found:
            raise AssertionError("\n  ".join([f"{self.path.name} was not written:", *found]))

    def _is_gone(self):
        """Whether the kernel died unnoticed: one that is about to answers no more."""
        try:
            self.kernel.run("", timeout=10)
        except (watch.KernelFault, Empty):
            return True
        return False

    def _write(self):
        """Keep the executed copy; write the notebook itself where an update may, or say why not."""
        runner.clean(self.copy)
        place = Path(self.config.getoption("course_build")) / self.path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(self.copy, place)
        whole = self.ran == sum(cell.cell_type == "code" for cell in self.nb.cells)
        if self.config.getoption("course_update") and whole and not (self.broken or self.stopped):
            runner.clean(self.nb)
            found = rules.faults(self.nb) + answers.faults(self.path, self.nb)
            if found:
                return found
            nbformat.write(self.nb, self.path)
        return []


class CourseItem(pytest.Item):
    """An item of a notebook that is no cell."""

    def __init__(self, name, parent, answer=None):
        super().__init__(name, parent)
        self.answer = answer

    def repr_failure(self, excinfo):
        """Show the faults, without a traceback through pytest."""
        return f"{self.path.name}, {self.name}: {excinfo.value}"

    def reportinfo(self):
        """Name the item in pytest's output."""
        return self.path, 0, f"{self.path.name}::{self.name}"


class RulesItem(CourseItem):
    """The notebook as it is stored."""

    def runtest(self):
        """Fail with everything that is wrong before a cell runs."""
        if self.config.getoption("course_update"):
            return
        found = rules.faults(self.parent.nb) + answers.faults(self.path, self.parent.nb)
        if found:
            raise AssertionError("\n  ".join(["", *found]))


class AnswerItem(CourseItem):
    """An answer, right or typically wrong, in the place of an exercise's stub."""

    def runtest(self):
        """Run the answer and its self-check in the notebook's kernel."""
        if self.parent.stopped:
            pytest.skip(f"not run: {self.parent.stopped}")
        try:
            fault = answers.fault(self.answer, self.parent.nb, self.parent.kernel)
        except watch.KernelFault as death:
            self.parent.stopped = f"{death} in {self.name}"
            raise
        if fault:
            self.parent.broken = True
            raise AssertionError(fault)


class CourseCell(IPyNbCell):
    """A code cell, run by nbval and judged by our rules."""

    def runtest(self):
        """Run the cell within what is left of the notebook's time."""
        book = self.parent
        if not book.strict:
            super().runtest()
            return
        if book.stopped:
            pytest.skip(f"not run: {book.stopped}")
        book.cell, self.changes, self.pictures = self, [], []
        self.config.option.nbval_cell_timeout = self._limit()
        # Kinds of output even with the tag nbval-ignore-output; and no cell is left out.
        self.options.update(check=True, skip=False)
        if self.config.getoption("course_update") and self.cell.execution_count is None:
            self.cell.execution_count = 0  # nbval compares no cell that never ran
        began = time.monotonic()
        book.kernel.deadline = began + self.config.option.nbval_cell_timeout + GRACE
        try:
            self._may_start()
            super().runtest()
            book.kernel.settle()
        except watch.KernelFault as fault:
            book.stopped = f"{fault} {fault.where} cell {self.cell_num}"
            raise
        except NbCellError:
            book.broken = True
            if book.timed_out:
                book.stopped = f"time was over in cell {self.cell_num}"
            raise
        finally:
            self._keep(time.monotonic() - began)

    def _may_start(self):
        """Raise where the cell before took the last of the time, or the kernel with it."""
        book = self.parent
        if not book.kernel.is_alive():
            fault = watch.KernelFault("the kernel died")
            fault.where = "before"
            raise fault
        if book.spent > book.seconds:
            book.timed_out = True
            self.raise_cell_error(f"the notebook's {book.seconds:g} seconds are over")

    def _limit(self):
        """Seconds that the cell may take: its own limit, or what is left of the notebook's."""
        book, own = self.parent, self.cell.metadata.get("course", {}).get("seconds")
        left = max(1.0, book.seconds - book.spent)
        return min(left, own * MARGIN * self.config.getoption("course_budget")) if own else left

    def _keep(self, seconds):
        """Note the cell's time and outputs, for the report, the copy and an update."""
        book = self.parent
        book.spent, book.ran = book.spent + seconds, book.ran + 1
        new = [nbformat.from_dict(dict(output)) for output in self.test_outputs or []]
        for output in new:
            if output.output_type == "execute_result":
                output.execution_count = book.ran
        code = [cell for cell in book.copy.cells if cell.cell_type == "code"]
        code[self.cell_num].update(outputs=new, execution_count=book.ran)
        if self.config.getoption("course_update"):
            self.cell.execution_count = book.ran if self.cell.source.strip() else None
            if self.changes:
                self.cell.outputs = nbformat.from_dict(new)
            for output in self.cell.outputs:
                if "execution_count" in output:
                    output.execution_count = self.cell.execution_count
        noted = {"cell": self.cell_num, "seconds": seconds, "memory": book.kernel.peak}
        noted |= {"changes": self.changes, "pictures": self.pictures, "source": self.cell.source}
        self.user_properties.append(("course", noted))

    def _save(self, number, pictures):
        """Write stored, new and difference beside each other; return where."""
        folder = Path(self.config.getoption("course_build")) / self.path.stem
        path = folder / f"cell-{self.cell_num}-{number}.png"
        outputs.side_by_side(path, pictures)
        self.pictures.append(str(path))
        return path

    def setup(self):
        """Watch what the cell displays; nbval would expect every cell after a timeout to fail."""
        if not self.parent.strict:
            super().setup()

    def compare_outputs(self, test, ref, skip_compare=None):
        """Say whether the outputs agree; what differs goes where nbval reads it."""
        book = self.parent
        if not book.strict:
            return super().compare_outputs(test, ref, skip_compare)
        gpu = self.config.getoption("course_gpu")
        shown = nbformat.NotebookNode(metadata={}, outputs=test)  # the list itself, no copy
        runner.clean(nbformat.NotebookNode(metadata={}, cells=[shown]))
        self.changes = outputs.compare(self.cell, ref, test, only_ranges=gpu, save=self._save)
        wrong = self.changes
        if self.config.getoption("course_update"):  # what is wrong whatever was stored
            wrong = outputs.compare(self.cell, test, test, only_ranges=gpu)
        self.comparison_traceback = ["  " + fault for fault in wrong]
        return not wrong

    def repr_failure(self, excinfo):
        """Show what differs, or the cell's error, with the cell's first lines."""
        error, book = excinfo.value, self.parent
        if not book.strict or not isinstance(error, (NbCellError, watch.KernelFault)):
            return super().repr_failure(excinfo)
        head = "\n".join("    " + line[:96] for line in self.cell.source.splitlines()[:4])
        text = getattr(error, "inner_traceback", "") or ""
        return f"{self.path.name}, Cell {self.cell_num}: {error}\n{head}\n{text}"
