"""The training loop of two players: short, watched, stopped by hand, saved and resumed.

Shared by ``09_1_adversarial_game`` and ``09_2_dcgan``.
"""

import contextlib
import json
import math
import os
import zipfile
from dataclasses import asdict, dataclass, field

import numpy as np

from course_lib import checks, widgets

# What NumPy, zipfile, json and Record raise where a file is not what `save` wrote.
_UNREADABLE = OSError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError


@dataclass
class Record:
    """What a training left behind.

    Attributes
    ----------
    steps : int
        How many were made, over all runs of the loop.
    curves : dict of str to list of float
        Each loss, one value per step.
    stopped : str
        Why the last run ended before its time; empty where it did not.
    """

    steps: int = 0
    curves: dict = field(default_factory=dict)
    stopped: str = ""


class Diverged(ValueError):
    """A loss is no longer a number. ``record`` holds what was recorded until then."""

    def __init__(self, message, record):
        super().__init__(message)
        self.record = record


def train(step, steps, *, record=None, variables=(), watch=None, every=100, label="training"):
    """Make steps; show how far they are, and end in good order where someone interrupts them.

    Parameters
    ----------
    step : callable
        Takes the number of the step, from 0, makes it, and returns its losses: a dict of numbers.
    steps : int
        How many to make now.
    record : Record, optional
        Of the steps made before, to go on with: it grows in place.
    variables : sequence of keras.Variable
        What the steps change; kept every `every` steps, and put back where a loss diverges.
    watch : callable, optional
        Called with the record every `every` steps and after the last, such as to draw a figure.
    every : int
    label : str
        For the progress bar.

    Returns
    -------
    Record
        After Kernel > Interrupt its ``stopped`` says at which step; what was learned is kept.

    Raises
    ------
    TypeError, ValueError
        If a number does not fit, or something else is not what it should be.
    Diverged
        If a loss is not finite: `variables` are as they last were when every loss was.
    """
    steps = checks.number(steps, "steps", low=0, integer=True)
    every = checks.number(every, "every", low=1, integer=True)
    record = Record() if record is None else _record(record)
    for function, name in ((step, "step"), (print if watch is None else watch, "watch")):
        if not callable(function):
            raise TypeError(f"{name} is {type(function).__name__}; wanted a function.")
    record.stopped, last = "", record.steps + steps
    good, variables = None, list(variables)
    try:
        for n in widgets.progress(range(record.steps, last), label):
            if good is None or n % every == 0:
                new = n, [_copy(variable) for variable in variables]
            losses = _finite(step(n), n, record, variables, good or new)
            good = new  # not before: a step's losses are those of what the last one made
            _note(record, losses)
            if watch is not None and (record.steps % every == 0 or record.steps == last):
                watch(record)
    except KeyboardInterrupt:
        record.stopped = f"Stopped by hand after step {record.steps:,} of {last:,}"
        print(f"{record.stopped}. What was learned is kept; train again to go on from there.")
    return record


def _finite(losses, n, record, variables, good):
    """The losses as floats; where one is none, put back what was good, and say so."""
    if not isinstance(losses, dict) or not losses:
        raise TypeError(f"step returned {type(losses).__name__}; wanted a dict of losses.")
    losses = {
        name: float(checks.array(x, name, shape=(), finite=False)) for name, x in losses.items()
    }
    bad = [name for name, value in losses.items() if not math.isfinite(value)]
    if not bad:
        return losses
    for variable, value in zip(variables, good[1], strict=True):
        variable.assign(value)
    record.stopped = f"Stopped at step {n:,}: the {bad[0]} loss is {losses[bad[0]]}"
    back = f" The variables are those from before step {good[0]:,}." if variables else ""
    if variables:  # the record says what the variables know
        forget = n - good[0]
        record.steps = good[0]
        for values in record.curves.values():
            del values[len(values) - forget :]
    advice = "Lower the learning rate, to a third at first; look for NaN in the data"
    raise Diverged(f"{record.stopped}. {advice}.{back}", record)


def _copy(variable):
    """A variable's numbers, which later steps leave alone."""
    # A Keras variable takes no order to copy (NumPy 2 warns of it), so look first, then copy.
    return np.array(np.asarray(variable))


def _note(record, losses):
    for name, value in losses.items():
        record.curves.setdefault(name, []).append(value)
    record.steps += 1


def save(path, record, variables, *, rng=None):
    """Write a training to a file, so that `resume` can go on as if it had never stopped.

    Parameters
    ----------
    path : path_like
        Ends in ``.npz``.
    record : Record
    variables : sequence of keras.Variable
        All that the steps change: of the models, the optimisers, the seeds.
    rng : numpy.random.Generator, optional
        That the steps draw from.

    Returns
    -------
    Path
        Complete or not there at all: it gets its name when it is whole.

    Raises
    ------
    TypeError
        If the path is not one, the record no `Record`, or `rng` not of ``default_rng``.
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If the name does not end in ``.npz``.
    """
    path = checks.path(path)
    if path.suffix != ".npz":
        raise ValueError(f"path is {path.name}; wanted a name that ends in .npz.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent.name}; make it first.")
    arrays = {f"variable_{n}": _copy(variable) for n, variable in enumerate(variables)}
    state = None if rng is None else _generator(rng).bit_generator.state
    about = {**asdict(_record(record)), "rng": state}
    new = path.with_name(f".new-{path.name}")
    with contextlib.ExitStack() as stack:
        stack.callback(new.unlink, missing_ok=True)
        np.savez(new, about=np.array(json.dumps(about)), **arrays)
        os.replace(new, path)
    return path


def resume(path, variables, *, rng=None):
    """Read what `save` wrote into variables of the same shapes, and a generator.

    Parameters
    ----------
    path : path_like
    variables : sequence of keras.Variable
        As for `save`, in the same order; nothing is changed unless all fit.
    rng : numpy.random.Generator, optional
        Goes on where the saved one stood.

    Returns
    -------
    Record

    Raises
    ------
    TypeError
        If the path is not one, or `rng` not of ``default_rng``.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, no training, or one of another architecture.
    """
    path, variables = checks.path(path), list(variables)
    if not path.exists():
        raise FileNotFoundError(f"There is no {path.name}; save a training first.")
    record, state, arrays = _read(path)
    _compare(path.name, arrays, variables)
    if rng is not None and state is not None:
        _generator(rng).bit_generator.state = state
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return record


def _record(record):
    if not isinstance(record, Record):
        raise TypeError(f"record is {type(record).__name__}; wanted what `train` returned.")
    return record


def _generator(rng):
    """A generator whose state is a few whole numbers, as `json` writes them."""
    if not isinstance(rng, np.random.Generator) or "PCG64" not in str(rng):
        raise TypeError(f"rng is {rng}; wanted a generator from np.random.default_rng.")
    return rng


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            arrays = [file[f"variable_{n}"] for n in range(len(file.files) - 1)]
            state = about.pop("rng")
            return Record(**about), state, arrays
    except _UNREADABLE as error:
        raise ValueError(f"{path.name} is damaged, or no training that `save` wrote.") from error


def _compare(name, arrays, variables):
    """Refuse arrays of other shapes, as of a network with other layers or another code size."""
    if len(arrays) != len(variables):
        text = f"{name} holds {len(arrays)} variables, these networks have {len(variables)}"
        raise ValueError(f"{text}; build them as they were when it was saved.")
    for n, (array, variable) in enumerate(zip(arrays, variables, strict=True)):
        if array.shape != tuple(variable.shape):
            text = f"{name} is of another architecture: its variable {n} has shape {array.shape}"
            path = getattr(variable, "path", "")
            raise ValueError(f"{text}, here {path} has {tuple(variable.shape)}.")
