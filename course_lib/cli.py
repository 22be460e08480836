"""The command ``course``."""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from course_lib.staff import commands

app = typer.Typer(
    help="A computer-vision course in notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
JUNIT = "build/validate/junit.xml"
SHOWN = ("numpy", "opencv-python-headless", "scikit-image", "scikit-learn", "keras", "tensorflow")
CONVERTED = dict.fromkeys(("mnist", "cifar10"), "datasets")
CONVERTED |= dict.fromkeys(("vgg16", "mobilenet_v2"), "models")
WIDTH = 80  # of a terminal, in characters
DEVICES = Path("/dev")
GPU_FILES = ("nvidia*", "kfd", "dxg")  # NVIDIA, AMD, and either of them under WSL
GPU_PLUGINS = ("tensorflow-metal", "jax-metal", "tensorflow-directml-plugin")


@app.command()
def lab(
    notebook: Annotated[str, typer.Argument(help="Which to open, such as 01_2.")] = "01_1",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
):
    """Open JupyterLab on a notebook."""
    book = _find([notebook])[0]
    # Not the file's path: then only a browser that Jupyter opens itself would show the notebook,
    # and the addresses that it prints, for a container or another machine, would not.
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={book.parent}"]
    command.append(f"--LabApp.default_url=/lab/tree/{quote(book.name)}")
    command += [] if browser else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in a container; Jupyter asks for this
        command.append("--allow-root")
    raise typer.Exit(subprocess.call(command))


@app.command()
def run(
    notebooks: Annotated[
        list[str] | None, typer.Argument(help="Such as 01_1; all if none.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that a cell may take.")] = None,
    in_place: Annotated[bool, typer.Option(help="Also write the outputs back.")] = False,
):
    """Run notebooks without a browser; the copies and HTML pages go under build/notebooks."""
    from course_lib import runner

    for book in _find(notebooks or []):
        if in_place:  # the values that stored outputs are made with
            os.environ.setdefault("COURSE_WEIGHTS", "package")
        try:
            page = runner.run(book, timeout=timeout, in_place=in_place)
        except runner.RunError as error:
            _stop(str(error))
        typer.echo(f"{book.name} ran to its end: {page}")


@app.command()
def validate(
    notebooks: Annotated[
        list[str] | None, typer.Argument(help="Such as 01_1; all if none.")
    ] = None,
    update: Annotated[bool, typer.Option(help="Write new outputs into the notebooks.")] = False,
    gpu: Annotated[bool, typer.Option(help="What a GPU speeds up, compared by ranges.")] = False,
    budget: Annotated[float, typer.Option(help="Multiplies the limits of time and memory.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Notebooks at a time.")] = 2,
):
    """Run notebooks and compare what they show with what they stored."""
    import pytest

    books = [str(book) for book in _find(notebooks or [], pytest.ExitCode.USAGE_ERROR)]
    if not books:
        _stop("There is no notebook in notebooks/.", pytest.ExitCode.NO_TESTS_COLLECTED)
    arguments = ["-p", "course_lib.staff.validate", "--course", "-q", *books]
    arguments += [f"--course-budget={budget}", f"--junitxml={JUNIT}"]
    arguments += ["--course-update"] * update + ["--course-gpu"] * gpu
    if min(workers, len(books)) > 1:
        arguments += ["-n", str(min(workers, len(books))), "--dist", "loadscope"]
    status = pytest.main(arguments)
    nothing = gpu and status == pytest.ExitCode.NO_TESTS_COLLECTED
    raise typer.Exit(0 if nothing else int(status))


@app.command()
def fetch(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Asset ids or part numbers; all that a part needs if none."),
    ] = None,
):
    """Download what the notebooks need into the cache, once, and verify it."""
    from course_lib import catalog
    from course_lib import fetch as fetching

    assets = _assets(what or [])
    if not assets:
        return
    missing = _missing(assets)
    total = catalog.download_size(missing)
    count = f"{len(assets)} asset{'s' * (len(assets) > 1)}"
    typer.echo(f"{count}, {len(missing)} to download ({_megabytes(total)}).")
    faults = []
    for number, asset in enumerate(missing, start=1):
        typer.echo(f"[{number}/{len(missing)}] {asset.id} ({_megabytes(asset.size)})")
        try:
            fetching.fetch(asset.id)
        except OSError as error:
            faults.append(asset.id)
            typer.secho(str(error), fg="red", err=True)
    if faults:
        rest = " The others are there." if len(faults) < len(assets) else ""
        _stop(f"Not downloaded: {', '.join(faults)}.{rest}")
    for asset in assets:
        _convert(asset.id, fetching.cache_folder() / "converted")
    typer.echo(f"All there, in {fetching.cache_folder()}.")


def _convert(name, folder):
    """Do now what the first use would do, which may find a cache that it may not write to."""
    if name not in CONVERTED or list(folder.glob(f"{name}[._]*")):
        return
    import course_lib

    typer.echo(f"Converting {name}, once.")
    try:
        if CONVERTED[name] == "models":
            course_lib.models.load(name)
        else:
            getattr(course_lib.datasets, name)()
    except (OSError, ValueError) as error:  # a full disk, or a file that holds something else
        _stop(str(error))


@app.command()
def check():
    """Show versions, device and assets on one screen, and what to do next."""
    from course_lib import catalog
    from course_lib import fetch as fetching

    assets = [asset for asset in catalog.assets() if asset.parts]
    extras = [asset for asset in catalog.assets() if not asset.parts]
    missing = _missing(assets)
    todo = f", {_megabytes(catalog.download_size(missing))} to download" if missing else ""
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    _entry("Python", f"{system}, {_cores()} cores")
    _entry("Packages", ", ".join(f"{name} {_version(name)}" for name in SHOWN))
    _entry("Device", _device())
    _entry("Cache", str(fetching.cache_folder()))
    _entry("Assets", f"{len(assets) - len(missing)} of {len(assets)} here{todo}")
    typer.echo(f"          {'':18}{'size':>8}  parts    what")
    for asset in assets:
        here = asset not in missing
        mark = typer.style("here   ", fg="green") if here else typer.style("missing", fg="yellow")
        typer.echo(f"  {mark} {_row(asset)}")
    absent = _missing(extras)
    for asset in extras:
        typer.echo(f"  {'extra  ' if asset in absent else 'here   '} {_row(asset)}")
    typer.echo(textwrap.fill(_next_step(missing), WIDTH))


def _missing(assets):
    """Those that are not in the cache."""
    from course_lib import fetch

    try:
        return [asset for asset in assets if fetch.cached(asset.id) is None]
    except ValueError as error:  # COURSE_WEIGHTS says something that is not known
        _stop(str(error))


def _entry(name, text):
    """Print what something is, its further lines beneath the first."""
    lines = textwrap.wrap(text, WIDTH - 9, break_long_words=False, break_on_hyphens=False)
    typer.echo(f"{name:9}" + "\n         ".join(lines))


def _row(asset):
    """An asset in the 70 characters that its mark leaves of a line."""
    parts = ",".join(map(str, asset.parts)) or "-"
    start = f"{asset.id:18}{_megabytes(asset.size):>8}  {parts:9}"
    return start + textwrap.shorten(asset.title, 70 - len(start), placeholder=" …")


def _cores():
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _device():
    """What Keras computes on; a backend, which takes seconds, is asked only where it may differ."""
    from course_lib import compute

    try:
        backend = compute.backend()
        if not _gpu_in_sight():
            return f"cpu, Keras on {backend}"
        device = compute.device()
    except ValueError as error:
        _stop(str(error))
    unused = "; there is a GPU, but Keras does not use it" if device == "cpu" else ""
    return f"{device}, Keras on {backend}{unused}"


def _gpu_in_sight():
    """Whether this machine may have a GPU that a backend can use."""
    files = any(list(DEVICES.glob(pattern)) for pattern in GPU_FILES)
    return files or any(_version(plugin) != "MISSING" for plugin in GPU_PLUGINS)


def _next_step(missing):
    """What to do next, in a sentence."""
    first = [asset.id for asset in missing if 1 in asset.parts]
    if first:
        lacks = ", ".join(first)
        return f"Next: `course fetch 1` gets what part 1 lacks ({lacks}); then `course lab`."
    if missing:
        ready = min(part for asset in missing for part in asset.parts) - 1
        return f"Next: `course lab`. Parts 1 to {ready} are ready; `course fetch` gets the rest."
    return "Next: `course lab`. Everything is here, and the course runs offline."


def _find(names, status=1):
    """The notebooks, or a sentence; also from a folder inside the checkout."""
    from course_lib import runner

    # Paths that are meant from here have to survive the change of folder.
    names = [str(Path(n).resolve()) if Path(n).is_file() else n for n in names]
    folders = (Path.cwd(), *Path.cwd().parents)
    home = next((folder for folder in folders if (folder / runner.NOTEBOOKS).is_dir()), None)
    if home is not None:
        os.chdir(home)
    elif not names or not all(Path(name).is_file() for name in names):
        message = "There is no folder notebooks/ here; change to the folder of the course first."
        _stop(message, status)
    try:
        return runner.find(names)
    except FileNotFoundError as error:
        _stop(str(error), status)


def _assets(wishes):
    """The catalog's entries of some ids or parts, each once."""
    from course_lib import catalog

    chosen = {} if wishes else {asset.id: asset for asset in catalog.assets() if asset.parts}
    for wish in wishes:
        if notebook := re.match(r"(\d+)_\d", wish):
            part = int(notebook[1])
            _stop(f"{wish} is a notebook; `course fetch {part}` gets what part {part} needs.")
        try:
            part = wish.isdecimal()
            found = catalog.assets(part=int(wish)) if part else [catalog.asset(wish)]
        except ValueError as error:
            _stop(str(error))
        if not found:
            typer.echo(f"Part {wish} needs no download.")
        chosen |= {asset.id: asset for asset in found}
    return list(chosen.values())


def _version(package):
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "MISSING"


def _megabytes(size):
    """A number of bytes as megabytes."""
    return f"{size / 1e6:.1f} MB"


def _stop(message, status=1):
    """Print a sentence in red and leave with a status."""
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(int(status))


for command in commands.ALL:
    app.command()(command)

if __name__ == "__main__":
    app()
