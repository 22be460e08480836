"""What our rules cost over plain nbval, and whether a seeded training passes every time.

Run: python benchmarks/validation.py [--runs 3] [--notebooks 01_1 01_2]
     python benchmarks/validation.py --flicker 50
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parent.parent
OURS = ("-p", "course_lib.staff.validate", "--course", "--course-build")
TARGET = 1.10
# A training like those of the later parts: seeded, on Keras, with a text, numbers and a figure.
CELLS = (
    """
    from course_lib import compute, plot  # first: it silences TensorFlow's start

    import keras
    import matplotlib.pyplot as plt
    from sklearn.datasets import load_digits

    compute.seed_all(0)
    pictures, labels = load_digits(return_X_y=True)
    pictures = pictures.reshape(-1, 8, 8, 1) / 16
    """,
    """
    layers = keras.layers
    stack = [layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(10)]
    model = keras.Sequential([layers.Input((8, 8, 1)), *stack])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    history = model.fit(pictures[:1400], labels[:1400], epochs=8, verbose=0).history
    """,
    """
    for epoch, value in enumerate(history["loss"], start=1):
        print(f"epoch {epoch}: loss {value:.4f}")
    tested = model.evaluate(pictures[1400:], labels[1400:], verbose=0)
    print(f"loss {tested[0]:.4f}, accuracy {tested[1]:.4f} on new digits")
    """,
    """
    fig, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    plot.show_curves({"loss": history["loss"]}, ax=ax, x_label="epoch", y_label="loss")
    plot.show(fig, alt="The loss falls.")
    """,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="of each, in turn")
    parser.add_argument("--notebooks", nargs="*", default=["01_1", "01_2", "01_3", "01_4"])
    parser.add_argument("--flicker", type=int, help="validate one seeded training this often")
    options = parser.parse_args()
    os.chdir(ROOT)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if options.flicker:
        flicker(options.flicker)
    else:
        overhead(options.runs, options.notebooks)


# --- what the rules cost ---


def overhead(runs, wanted):
    """Print wall times of nbval and of ours on the same notebooks, in turn."""
    books = [str(b) for b in sorted(Path("notebooks").glob("*.ipynb")) if b.name[:4] in wanted]
    with tempfile.TemporaryDirectory() as folder:
        ways = {"nbval": ("--nbval",), "ours": (*OURS, folder)}
        taken = {name: [] for name in ways}
        _seconds(["--nbval", *books])  # fills the caches of the disk and of numba
        for name, way in [*ways.items()] * runs:
            taken[name].append(_seconds([*way, *books]))
    median = {name: statistics.median(times) for name, times in taken.items()}
    ratio = median["ours"] / median["nbval"]
    print(f"{', '.join(Path(book).stem for book in books)}\n")
    print(f"| whole run | median of {runs} | fastest | slowest |\n|---|---|---|---|")
    for name, times in taken.items():
        print(f"| {name} | {median[name]:.1f} s | {min(times):.1f} s | {max(times):.1f} s |")
    print(f"\nours / nbval: {ratio:.2f}, wanted at most {TARGET:.2f}")


def _seconds(arguments):
    """Wall time of a whole pytest run, whatever its verdict."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - start


# --- flicker ---


def flicker(times):
    """Print how many of some validations of one training failed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stored = _trained(folder / "training.ipynb")
        for number in range(times):
            nbformat.write(stored, folder / f"training_{number:02}.ipynb")
        (folder / "training.ipynb").unlink()
        print(_text(stored))
        # Two at a time, each on fewer threads than the run that stored the outputs.
        spread = ["-n", "2", "--dist", "loadscope", f"--junitxml={folder / 'junit.xml'}"]
        seconds = _seconds([*OURS, str(folder / "build"), *spread, str(folder)])
        cases = list(ET.parse(folder / "junit.xml").iter("testcase"))
        bad = [case for case in cases if {"failure", "error"} & {mark.tag for mark in case}]
    failed = {case.get("classname") for case in bad}
    print(f"{times} validations in {seconds:.0f} s: {len(failed)} failed, wanted 0")
    for case in bad:
        print(case.get("classname"), case.get("name"), case[-1].get("message"))


def _trained(path):
    """A notebook with its outputs, from a fresh kernel."""
    from course_lib import runner

    sources = ["\n".join(line[4:] for line in c.strip("\n").splitlines()).strip() for c in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    course = {"part": 9, "minutes": 60, "needs": [], "gpu": "none"}
    metadata = {"kernelspec": kernel, "course": course}
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    runner.run(path, in_place=True, build=path.parent / "copy", quiet=True)
    (path.parent / "copy" / path.name).unlink()
    return nbformat.read(path, as_version=4)


def _text(notebook):
    """What the notebook printed."""
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return "".join(output.get("text", "") for output in outputs)


if __name__ == "__main__":
    main()
