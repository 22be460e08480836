"""Run notebooks from a fresh kernel without a browser, and write the copy and its HTML page."""

import math
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbclient
import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm
from traitlets.config import Config

NOTEBOOKS = Path("notebooks")
BUILD = Path("build/notebooks")
_VIEW = "application/vnd.jupyter.widget-view+json"


class RunError(RuntimeError):
    """A notebook did not run to its end; the message names notebook, cell and fault."""


def find(names, folder=NOTEBOOKS):
    """Find notebooks by the beginning of their name, or by path.

    Parameters
    ----------
    names : sequence of str
        Such as ``01_1``, ``01`` or ``notebooks/01_1_haar_features.ipynb``; all where it is empty.
    folder : path
        Where the course's notebooks are.

    Returns
    -------
    list of Path
        In the course's order, each once.

    Raises
    ------
    FileNotFoundError
        If a name fits no notebook.
    """
    every = sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))
    found = [] if names else every
    for name in names:
        path = Path(name)
        fits = [path] if path.suffix == ".ipynb" and path.is_file() else []
        if path.parent.name in ("", Path(folder).name) and path.stem:
            fits = fits or [book for book in every if book.name.startswith(path.stem)]
        if not fits:
            there = ", ".join(book.stem[:4] for book in every) or "none"
            raise FileNotFoundError(f"No notebook {name}; in {folder}/ there are: {there}.")
        found += fits
    return list({path.resolve(): path for path in found}.values())


def run(path, *, timeout=None, in_place=False, build=BUILD, quiet=False):
    """Execute a notebook, with a progress bar over its code cells.

    Parameters
    ----------
    path : path
        The notebook. It runs in its own folder, as in JupyterLab.
    timeout : float, optional
        Seconds that one cell may take, rounded up; at least 1.
    in_place : bool
        Whether the outputs are also written into the notebook itself.
    build : path
        Where the executed copy and its HTML page go.
    quiet : bool
        Whether there is no progress bar.

    Returns
    -------
    Path
        The HTML page, with the executed copy beside it.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    RunError
        At the first cell that fails, except where its tag ``raises-exception`` expects that; the
        copy holds what was executed until then. A failed run never changes the notebook itself.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No notebook at {path}.")
    timeout = None if timeout is None else max(1, math.ceil(timeout))
    notebook = _read(path)
    try:
        _execute(notebook, path, timeout, quiet)
    finally:
        clean(notebook)
        page = _write(notebook, Path(build) / path.name)
    if in_place:  # by a rename, so that a full disk never leaves half a notebook
        whole = path.with_name(f".{path.name}.part")
        nbformat.write(notebook, whole)
        os.replace(whole, path)
    return page


@contextmanager
def sockets():
    """Choose where a kernel on this machine is talked to, so that two never meet.

    Jupyter looks for free ports of the network and lets go of them, and the kernel takes them a
    second later; a kernel that another program forestalls in between ends at its start.

    Yields
    ------
    dict
        Settings of a `jupyter_client.KernelManager`: sockets in a folder of their own, which goes
        in the end. Empty on Windows, whose kernels know ports only.
    """
    if sys.platform == "win32":
        yield {}
        return
    folder = tempfile.mkdtemp(prefix="course-")
    try:
        yield {"transport": "ipc", "ip": f"{folder}/k"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clean(notebook):
    """Take out what differs from run to run or belongs to one machine, in place.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Loses execution times, kernel versions, this machine's paths, memory addresses, and widget
        views, whose kernel is gone; the sentence that every widget leaves stays.
    """
    for key in set(notebook.metadata) - {"course", "kernelspec", "language_info"}:
        del notebook.metadata[key]
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"course", "tags", "slideshow"}:
            del cell.metadata[key]
        for output in cell.get("outputs", []):
            _clean_output(output)


def _clean_output(output):
    """Take widget views, paths and addresses out of one output."""
    data = output.get("data", {})
    if len(data) > 1:
        data.pop(_VIEW, None)
    for place, keys in ((output, ("text", "evalue")), (data, ("text/plain", "text/html"))):
        for key in set(keys) & set(place):
            place[key] = _anonymous(place[key])
    if "traceback" in output:
        output["traceback"] = [_anonymous(line) for line in output["traceback"]]


def _anonymous(text):
    """The text without what is different on another machine or in another run."""
    text = re.sub(r"\S*[/\\]ipykernel_\d+[/\\]\d+\.py", "this cell", text)
    text = re.sub(r"\bat 0x[0-9a-fA-F]+", "at 0x...", text)
    places = {Path(__file__).parents[1]: ".", Path(sys.prefix): ".venv", Path.home(): "~"}
    for folder, short in places.items():
        if len(folder.parts) > 1:  # not the root of the disk
            text = re.sub(re.escape(str(folder)) + r"(?=[/\\])", short, text)
    return text


def _read(path):
    """The notebook without its old outputs, so that a run that stops shows nothing stale."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        raise RunError(f"{path.name} is not a notebook that can be read.") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


class _Watch:
    """The progress bar over the code cells, and which cell runs."""

    def __init__(self, notebook, name, quiet):
        code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
        form = "{desc} |{bar:15}| {n_fmt}/{total_fmt} {elapsed}{postfix}"
        look = {"bar_format": form, "dynamic_ncols": True, "disable": quiet}
        self.bar, self.index = tqdm(total=len(code), desc=name, **look), 0

    def begin(self, cell, cell_index):
        self.index = cell_index
        self.bar.set_postfix_str(_first_line(cell.source))

    def end(self, cell, cell_index, execute_reply):
        expected = "raises-exception" in cell.metadata.get("tags", [])
        self.bar.update(expected or execute_reply["content"]["status"] == "ok")


def _execute(notebook, path, timeout, quiet):
    """Run every cell of a notebook, or say which one stopped it."""
    watch = _Watch(notebook, path.stem, quiet)
    with sockets() as place:
        _execute_at(place, notebook, path, timeout, watch)


def _execute_at(place, notebook, path, timeout, watch):
    """`_execute` with a kernel's `sockets`."""
    client = nbclient.NotebookClient(
        notebook,
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # as one text, however the prints were timed
        extra_arguments=["--log-level=CRITICAL"],  # what matters comes as an error of a cell
        on_cell_start=watch.begin,
        on_cell_executed=watch.end,
        config=Config(KernelManager=place),
    )
    try:
        client.execute()
        watch.bar.set_postfix_str("done")
    except CellExecutionError as error:
        raise RunError(_where(path, notebook, watch.index) + _message(error)) from None
    except CellTimeoutError:
        where = _where(path, notebook, watch.index)
        raise RunError(f"{where}took longer than {timeout} seconds.") from None
    except DeadKernelError:
        where = _where(path, notebook, watch.index)
        raise RunError(f"{where}the kernel died, out of memory perhaps.") from None
    except NoSuchKernel as error:
        raise RunError(
            f"{path.name} asks for the kernel {error.name}, which is not here; open it in "
            "JupyterLab and choose Python 3."
        ) from None
    finally:
        watch.bar.close()


def _where(path, notebook, index):
    """Notebook, number of the cell as a reader counts, and how the cell begins."""
    return f"{path.name}, cell {index + 1} ({_first_line(notebook.cells[index].source)}): "


def _first_line(source):
    """The first line of a cell that says something, shortened."""
    lines = [line.strip("# ").strip() for line in source.splitlines() if line.strip("# ").strip()]
    line = lines[0] if lines else "empty"
    return line if len(line) <= 40 else line[:39] + "…"


def _message(error):
    """The error's name and first line, without colour codes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue).strip().split("\n")[0]
    text = re.sub(r"\(\d+\.py, line", "(line", text)  # the name that Jupyter gives a cell
    return f"{error.ename}: {text}" if text else error.ename


def _write(notebook, copy):
    """The executed copy and its HTML page."""
    # Here, since nbconvert takes half a second, and validation needs no page.
    from course_lib.page import page_html

    copy.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, copy)
    page = copy.with_suffix(".html")
    page.write_text(page_html(notebook, copy.stem), encoding="utf-8")
    return page
