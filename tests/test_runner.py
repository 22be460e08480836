"""`course run`: tiny notebooks run to their end, or stop with one sentence and leave no trace."""

import json
import sys
import time
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import runner

PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
WHOLE = [
    "import time, warnings",
    "print('one', flush=True)\ntime.sleep(0.3)\nprint('two', object())\nwarnings.warn('old')",
    "from pathlib import Path\nPath('here.txt').write_text('x')\n"
    "import course_lib\nprint(course_lib.__file__, Path.home() / 'a')",
    "from course_lib import plot\nfigure = plot.plt.figure(figsize=(1, 1))\n"
    "plot.show(figure, alt='A <blank> square & \"more\".')",
    "from course_lib import widgets\nfor _ in widgets.progress('ab', 'Two rounds'): pass",
    "def play(n):\n    print(n)\nwidgets.play(play, n=(1, 9))",
    "def stub():\n    raise NotImplementedError('Exercise 1: fill this')\nstub()",
    "'after'",
]


def write(path, *sources, kernel=PYTHON, **metadata):
    """A notebook of code cells after one of text, with outputs that a run has to replace."""
    cells = [new_markdown_cell("# Title")]
    cells += [new_code_cell(text, outputs=[stale()], execution_count=9) for text in sources]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, **metadata})
    nbformat.write(notebook, path)
    return path


def stale():
    return new_output("stream", name="stdout", text="stale")


def texts(cell):
    """What a cell says, as plain text."""
    found = [o.get("text") or o.get("data", {}).get("text/plain") for o in cell.outputs]
    return "".join(text for text in found if text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One notebook with everything, run in place twice; kernels are slow to start."""
    folder = tmp_path_factory.mktemp("run")
    course = {"part": 1, "minutes": 60}
    sources = ["x = 1", *WHOLE]
    book = write(folder / "01_1_all.ipynb", *sources, course=course, widgets={"state": {}})
    notebook = nbformat.read(book, 4)
    notebook.cells[8].metadata = {"tags": ["raises-exception"], "collapsed": False}
    nbformat.write(notebook, book)
    page = runner.run(book, in_place=True, build=folder / "build", quiet=True)
    first = book.read_bytes()
    runner.run(book, in_place=True, build=folder / "build", quiet=True)
    return book, page, first


def test_run_writes_copy_page_and_the_notebook_itself(ran):
    book, page, _ = ran
    assert page == book.parent / "build" / "01_1_all.html"
    assert page.with_suffix(".ipynb").read_bytes() == book.read_bytes()
    assert (book.parent / "here.txt").exists(), "it runs in its own folder"
    cells = nbformat.read(book, 4).cells
    assert [cell.execution_count for cell in cells[1:]] == list(range(1, len(cells)))
    assert texts(cells[-1]) == "'after'" and "stale" not in book.read_text()


def test_second_run_writes_the_same_bytes(ran):
    book, _, first = ran
    assert book.read_bytes() == first


def test_expected_exception_is_kept_and_the_run_goes_on(ran):
    cell = nbformat.read(ran[0], 4).cells[8]
    assert cell.outputs[0].ename == "NotImplementedError"
    assert cell.metadata == {"tags": ["raises-exception"]}


def test_page_shows_the_figure_with_its_alt_text(ran):
    html = ran[1].read_text(encoding="utf-8")
    (image,) = BeautifulSoup(html, "html.parser").find_all("img")
    assert image["src"].startswith("data:image/png;base64,")
    assert image["alt"] == 'A <blank> square & "more".'
    assert "<title>01_1_all</title>" in html


def test_nothing_of_this_machine_or_run_is_kept(ran):
    notebook = nbformat.read(ran[0], 4)
    assert set(notebook.metadata) == {"course", "kernelspec", "language_info"}
    assert notebook.metadata.course == {"part": 1, "minutes": 60}
    assert notebook.metadata.language_info == {"name": "python"}
    stream, warning = notebook.cells[3].outputs
    assert stream.text == "one\ntwo <object object at 0x...>\n"
    assert warning.text.startswith("this cell:4: UserWarning: old")
    assert texts(notebook.cells[4]).split() == ["./course_lib/__init__.py", "~/a"]
    assert not any("execution" in cell.metadata for cell in notebook.cells)


def test_widgets_leave_one_sentence_each(ran):
    cells = nbformat.read(ran[0], 4).cells
    outputs = [output.data for cell in cells[6:8] for output in cell.outputs]
    assert outputs == [
        {"text/plain": "Two rounds"},
        {"text/plain": "Run this cell to play with: n."},
    ]


def test_clean_takes_paths_out_of_tracebacks_but_keeps_a_lone_view():
    package = runner.__file__.replace("runner.py", "plot.py")
    error = new_output("error", ename="E", evalue=f"in {package}", traceback=[f"{package}:3"])
    view = new_output("display_data", data={runner._VIEW: {"model_id": "1"}})
    cell = new_code_cell(
        "", outputs=[error, view], metadata={"execution": {}, "tags": ["exercise"]}
    )
    notebook = new_notebook(cells=[cell])
    runner.clean(notebook)
    assert error.evalue == "in ./course_lib/plot.py"
    assert error.traceback == ["./course_lib/plot.py:3"]
    assert set(view.data) == {runner._VIEW} and cell.metadata == {"tags": ["exercise"]}


def fails(book, **kwargs):
    """The sentence a failing run ends with, and how long that took."""
    before, start = book.read_bytes(), time.monotonic()
    build = book.parent / "build"
    with pytest.raises(runner.RunError) as caught:
        runner.run(book, in_place=True, build=build, quiet=True, **kwargs)
    assert book.read_bytes() == before, "a failed run leaves the notebook alone"
    assert [path.name for path in book.parent.iterdir() if path != build] == [book.name]
    return str(caught.value), time.monotonic() - start


def test_first_error_is_named_and_later_cells_do_not_run(tmp_path):
    sources = ["x = 1", "# Divide.\nprint('hello')\nx / 0", "print('never')"]
    said, _ = fails(write(tmp_path / "bad one.ipynb", *sources))
    assert said == "bad one.ipynb, cell 3 (Divide.): ZeroDivisionError: division by zero"
    copy = nbformat.read(tmp_path / "build" / "bad one.ipynb", 4)
    assert texts(copy.cells[2]) == "hello\n" and copy.cells[2].outputs[-1].ename
    assert not copy.cells[3].outputs and copy.cells[3].execution_count is None
    assert "ZeroDivisionError" in (tmp_path / "build" / "bad one.html").read_text()


def test_kernel_that_dies_is_noticed_within_seconds(tmp_path):
    said, seconds = fails(write(tmp_path / "a.ipynb", "import os", "os._exit(1)", "1"))
    assert said == "a.ipynb, cell 3 (os._exit(1)): the kernel died, out of memory perhaps."
    assert seconds < 100  # on a very busy machine; 2 on a quiet one


def test_cell_that_takes_too_long_is_stopped(tmp_path, capfd):
    book = write(tmp_path / "a.ipynb", "import time", "time.sleep(90)")
    said, seconds = fails(book, timeout=4.5)
    assert said == "a.ipynb, cell 3 (time.sleep(90)): took longer than 5 seconds."
    assert seconds < 60
    assert capfd.readouterr() == ("", ""), "the kernel's own complaints stay out of the terminal"


def test_notebook_that_cannot_start_says_why(tmp_path):
    other = {"name": "conda-x", "display_name": "X", "language": "python"}
    said, _ = fails(write(tmp_path / "a.ipynb", "1", kernel=other))
    assert said.startswith("a.ipynb asks for the kernel conda-x, which is not here; open it")
    (tmp_path / "a.ipynb").write_text("<html>")
    with pytest.raises(runner.RunError, match="a.ipynb is not a notebook that can be read"):
        runner.run(tmp_path / "a.ipynb", build=tmp_path)
    with pytest.raises(FileNotFoundError, match="No notebook at"):
        runner.run(tmp_path / "b.ipynb", build=tmp_path)


def test_find_takes_beginnings_paths_and_parts(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("02_1_b", "01_2_a", "01_1_a", "draft"):
        (folder / f"{name}.ipynb").touch()
    monkeypatch.chdir(tmp_path)

    def names(*wishes):
        return [path.stem for path in runner.find(wishes)]

    assert names() == ["01_1_a", "01_2_a", "02_1_b"]
    assert names("02", "01") == ["02_1_b", "01_1_a", "01_2_a"]
    assert names("notebooks/01_2_a.ipynb", "01_2", "01_2_a.ipynb") == ["01_2_a"]
    assert names("notebooks/draft.ipynb") == ["draft"]
    for unknown in ("03", "elsewhere/01_1_a.ipynb", "draft", ""):
        with pytest.raises(FileNotFoundError, match=r"there are: 01_1, 01_2, 02_1\.$"):
            names(unknown)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' kernels know ports only")
def test_a_kernel_takes_no_port_that_another_program_may_take(tmp_path):
    asks = "from ipykernel.connect import get_connection_info\nprint(get_connection_info())"
    book = write(tmp_path / "a.ipynb", asks)
    runner.run(book, in_place=True, build=tmp_path / "build", quiet=True)
    place = json.loads(texts(nbformat.read(book, 4).cells[1]))
    assert place["transport"] == "ipc" and not Path(place["ip"]).parent.exists()


def test_page_needs_no_network():
    """Formulas are drawn by the browser itself, and nothing is loaded from elsewhere."""
    from nbformat.v4 import new_markdown_cell, new_notebook

    from course_lib.page import page_html

    text = "The sum $S_{y}$ is\n\n$$\\frac{a}{b}$$\n\nand costs 5 dollars."
    page = page_html(new_notebook(cells=[new_markdown_cell(text)]), "title")
    assert page.count("<math") == 2 and "<mfrac>" in page and "<msub>" in page
    assert "<title>title</title>" in page
    assert "<script" not in page and 'rel="stylesheet" href' not in page
