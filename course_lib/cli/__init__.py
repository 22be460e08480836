"""The command ``course``."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from course_lib.cli.status import check, megabytes, missing, stop
from course_lib.staff import commands

app = typer.Typer(
    help="A computer-vision course in notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
JUNIT = "build/validate/junit.xml"
CONVERTED = dict.fromkeys(("mnist", "cifar10"), "datasets")
CONVERTED |= dict.fromkeys(("vgg16", "mobilenet_v2"), "models")


@app.command()
def lab(
    notebook: Annotated[
        str, typer.Argument(help="Such as 01_2, or boxes, an assignment.")
    ] = "01_1",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
):
    """Open JupyterLab on a notebook or an assignment."""
    work = Path("assignments", notebook, f"{notebook}.ipynb")
    given = Path(notebook).is_file()  # meant from here, before the folder changes
    book = work if not given and _go_home() and work.is_file() else _find([notebook])[0]
    # Not the file's path: then only a browser that Jupyter opens itself would show the notebook,
    # and the addresses that it prints, for a container or another machine, would not.
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={book.parent}"]
    command.append(f"--LabApp.default_url=/lab/tree/{quote(book.name)}")
    command += [] if browser else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in a container; Jupyter asks for this
        command.append("--allow-root")
    # Students see no menu for graders, and wait no two seconds for it.
    plain = str(Path(__file__).parent.parent / "jupyter")
    known = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = os.pathsep.join([plain, known] if known else [plain])
    raise typer.Exit(subprocess.call(command, env=os.environ | {"JUPYTER_CONFIG_PATH": paths}))


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
            stop(str(error))
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
        stop("There is no notebook in notebooks/.", pytest.ExitCode.NO_TESTS_COLLECTED)
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
    absent = missing(assets)
    total = catalog.download_size(absent)
    count = f"{len(assets)} asset{'s' * (len(assets) > 1)}"
    typer.echo(f"{count}, {len(absent)} to download ({megabytes(total)}).")
    faults = []
    for number, asset in enumerate(absent, start=1):
        typer.echo(f"[{number}/{len(absent)}] {asset.id} ({megabytes(asset.size)})")
        try:
            fetching.fetch(asset.id)
        except OSError as error:
            faults.append(asset.id)
            typer.secho(str(error), fg="red", err=True)
    if faults:
        rest = " The others are there." if len(faults) < len(assets) else ""
        stop(f"Not downloaded: {', '.join(faults)}.{rest}")
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
        stop(str(error))


def _go_home():
    """Change to the course's folder, from any folder inside it; say whether there is one."""
    from course_lib import runner

    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / runner.NOTEBOOKS).is_dir():
            os.chdir(folder)
            return True
    return False


def _find(names, status=1):
    """The notebooks, or a sentence; also from a folder inside the checkout."""
    from course_lib import runner

    # Paths that are meant from here have to survive the change of folder.
    names = [str(Path(n).resolve()) if Path(n).is_file() else n for n in names]
    if not _go_home() and (not names or not all(map(os.path.isfile, names))):
        message = "There is no folder notebooks/ here; change to the folder of the course first."
        stop(message, status)
    try:
        return runner.find(names)
    except FileNotFoundError as error:
        stop(str(error), status)


def _assets(wishes):
    """The catalog's entries of some ids or parts, each once."""
    from course_lib import catalog

    chosen = {} if wishes else {asset.id: asset for asset in catalog.assets() if asset.parts}
    for wish in wishes:
        if notebook := re.match(r"(\d+)_\d", wish):
            part = int(notebook[1])
            stop(f"{wish} is a notebook; `course fetch {part}` gets what part {part} needs.")
        try:
            part = wish.isdecimal()
            found = catalog.assets(part=int(wish)) if part else [catalog.asset(wish)]
        except ValueError as error:
            stop(str(error))
        if not found:
            typer.echo(f"Part {wish} needs no download.")
        chosen |= {asset.id: asset for asset in found}
    return list(chosen.values())


for command in (check, *commands.ALL):
    app.command()(command)

if __name__ == "__main__":
    app()
