"""What is there: versions, the device, the downloads; and the words that every command shares."""

import importlib.metadata
import os
import platform
import textwrap
from pathlib import Path

import typer

SHOWN = ("numpy", "opencv-python-headless", "scikit-image", "scikit-learn", "keras", "tensorflow")
WIDTH = 80  # of a terminal, in characters
DEVICES = Path("/dev")
GPU_FILES = ("nvidia*", "kfd", "dxg")  # NVIDIA, AMD, and either of them under WSL
GPU_PLUGINS = ("tensorflow-metal", "jax-metal", "tensorflow-directml-plugin")


def check():
    """Show versions, device and assets on one screen, and what to do next."""
    from course_lib import catalog
    from course_lib import fetch as fetching

    assets = [asset for asset in catalog.assets() if asset.parts]
    extras = [asset for asset in catalog.assets() if not asset.parts]
    absent = missing(assets)
    todo = f", {megabytes(catalog.download_size(absent))} to download" if absent else ""
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    _entry("Python", f"{system}, {_cores()} cores")
    _entry("Packages", ", ".join(f"{name} {_version(name)}" for name in SHOWN))
    _entry("Device", _device())
    _entry("Cache", str(fetching.cache_folder()))
    _entry("Assets", f"{len(assets) - len(absent)} of {len(assets)} here{todo}")
    typer.echo(f"          {'':18}{'size':>8}  parts    what")
    for asset in assets:
        here = asset not in absent
        mark = typer.style("here   ", fg="green") if here else typer.style("missing", fg="yellow")
        typer.echo(f"  {mark} {_row(asset)}")
    further = missing(extras)
    for asset in extras:
        typer.echo(f"  {'extra  ' if asset in further else 'here   '} {_row(asset)}")
    typer.echo(textwrap.fill(_next_step(absent), WIDTH))


def _entry(name, text):
    """Print what something is, its further lines beneath the first."""
    lines = textwrap.wrap(text, WIDTH - 9, break_long_words=False, break_on_hyphens=False)
    typer.echo(f"{name:9}" + "\n         ".join(lines))


def _row(asset):
    """An asset in the 70 characters that its mark leaves of a line."""
    parts = ",".join(map(str, asset.parts)) or "-"
    start = f"{asset.id:18}{megabytes(asset.size):>8}  {parts:9}"
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
        stop(str(error))
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


def _version(package):
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "MISSING"


def missing(assets):
    """Those that are not in the cache."""
    from course_lib import fetch

    try:
        return [asset for asset in assets if fetch.cached(asset.id) is None]
    except ValueError as error:  # COURSE_WEIGHTS says something that is not known
        stop(str(error))


def megabytes(size):
    """A number of bytes as megabytes."""
    return f"{size / 1e6:.1f} MB"


def stop(message, status=1):
    """Print a sentence in red and leave with a status."""
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(int(status))
