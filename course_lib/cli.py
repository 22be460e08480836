"""The command ``course``."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="A computer-vision course in notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
SHOWN = ("numpy", "opencv-python-headless", "scikit-image", "scikit-learn", "keras", "tensorflow")


@app.command()
def lab(
    notebook: Annotated[str, typer.Argument(help="Which to open, such as 01_2.")] = "01_1",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
):
    """Open JupyterLab on a notebook."""
    book = _find([notebook])[0]
    command = [sys.executable, "-m", "jupyter", "lab", str(book)]
    raise typer.Exit(subprocess.call(command + ([] if browser else ["--no-browser"])))


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
        try:
            page = runner.run(book, timeout=timeout, in_place=in_place)
        except runner.RunError as error:
            _stop(str(error))
        typer.echo(f"{book.name} ran to its end: {page}")


@app.command()
def fetch(
    what: Annotated[
        list[str] | None, typer.Argument(help="Asset ids or part numbers; everything if none.")
    ] = None,
):
    """Download what the notebooks need into the cache, once, and verify it."""
    from course_lib import fetch as fetching

    assets = _assets(what or [])
    missing = [asset for asset in assets if fetching.cached(asset.id) is None]
    total = sum(asset.size for asset in missing)
    typer.echo(f"{len(assets)} assets, {len(missing)} to download ({_megabytes(total)}).")
    faults = []
    for number, asset in enumerate(missing, start=1):
        typer.echo(f"[{number}/{len(missing)}] {asset.id} ({_megabytes(asset.size)})")
        try:
            fetching.fetch(asset.id)
        except OSError as error:
            faults.append(asset.id)
            typer.secho(str(error), fg="red", err=True)
    if faults:
        _stop(f"Not downloaded: {', '.join(faults)}. The others are there.")
    typer.echo(f"All there, in {fetching.cache_folder()}.")


@app.command()
def check():
    """Show versions, device and assets on one screen, and what to do next."""
    from course_lib import catalog, compute
    from course_lib import fetch as fetching

    versions = "  ".join(f"{name} {_version(name)}" for name in SHOWN)
    typer.echo(f"Python   {platform.python_version()} on {platform.system()} {platform.machine()}")
    typer.echo(f"Packages {versions}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    typer.echo(f"Device   {compute.device()}, {cores} cores, Keras on {compute.backend()}")
    typer.echo(f"Cache    {fetching.cache_folder()}")
    assets = catalog.assets()
    missing = [asset for asset in assets if fetching.cached(asset.id) is None]
    for asset in assets:
        here = asset not in missing
        mark = typer.style("here   ", fg="green") if here else typer.style("missing", fg="yellow")
        parts = ",".join(map(str, asset.parts))
        typer.echo(
            f"  {mark} {asset.id:18} {_megabytes(asset.size):>9}  part {parts:6} {asset.title[:44]}"
        )
    typer.echo(_next_step(missing))


def _next_step(missing):
    """What to do next, in a sentence."""
    first = [asset.id for asset in missing if 1 in asset.parts]
    if first:
        lacks = ", ".join(first)
        return f"Next: `course fetch 1` gets what part 1 lacks ({lacks}); then `course lab`."
    if missing:
        return "Next: `course lab`. Part 1 is ready; `course fetch` gets the rest."
    return "Next: `course lab`. Everything is here, and the course runs offline."


def _find(names):
    """The notebooks, or a sentence; also from a folder inside the checkout."""
    from course_lib import runner

    home = next(
        (p for p in (Path.cwd(), *Path.cwd().parents) if (p / runner.NOTEBOOKS).is_dir()), None
    )
    if home is None:
        _stop("There is no folder notebooks/ here; change to the folder of the course first.")
    os.chdir(home)
    try:
        return runner.find(names)
    except FileNotFoundError as error:
        _stop(str(error))


def _assets(wishes):
    """The catalog's entries of some ids or parts, each once."""
    from course_lib import catalog

    chosen = {} if wishes else {asset.id: asset for asset in catalog.assets()}
    for wish in wishes:
        try:
            found = catalog.assets(part=int(wish)) if wish.isdigit() else [catalog.asset(wish)]
        except ValueError as error:
            _stop(str(error))
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


def _stop(message):
    """Print a sentence in red and leave with status 1."""
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
