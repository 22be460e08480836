"""A run towards a goal: start, walk, keep what was computed whatever happens, save, go on."""

import json
import os
import zipfile
from dataclasses import dataclass, field

import numpy as np

from course_lib import checks
from course_lib.translation.style import search
from course_lib.translation.style.goal import Goal, prepare

METHODS = ("lbfgs", "adam")
STARTS = ("photo", "noise")
# What NumPy, zipfile, json and Run raise where a file is not what `Run.save` wrote.
_UNREADABLE = OSError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError


@dataclass
class Run:
    """What a run has computed so far.

    Attributes
    ----------
    picture : (H, W, 3) float32 ndarray
        RGB in [0, 1], after the last step.
    terms : dict of str to list of float
        Each term without its weight, at the start and after every step.
    weights : dict of str to float
    method : str
        ``lbfgs`` or ``adam``.
    rate : float
        Of Adam.
    kept : dict of int to (H, W, 3) ndarray
        Pictures after some steps.
    stopped : str
        Why it ended before its time; empty where it did not.
    moments : list of ndarray
        What Adam remembers.
    """

    picture: np.ndarray
    weights: dict
    method: str = "lbfgs"
    rate: float = 0.02
    terms: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)
    stopped: str = ""
    moments: list = field(default_factory=list, repr=False)

    @property
    def steps(self):
        """How many steps were taken."""
        return max(len(values) for values in self.terms.values()) - 1 if self.terms else 0

    @property
    def total(self):
        """The sum of weight times term, at the start and after every step: (steps + 1,)."""
        return sum(w * np.array(self.terms.get(name, [])) for name, w in self.weights.items())

    @property
    def style(self):
        """The mean of the style layers' terms, as they are weighted: (steps + 1,)."""
        layers = {n: w for n, w in self.weights.items() if n not in ("content", "smoothness")}
        whole = sum(layers.values())
        values = sum(w * np.array(self.terms.get(name, [])) for name, w in layers.items())
        return np.asarray(values / (whole or 1))

    def save(self, path):
        """Write all of it into a ``.npz``, for `load`; it gets its name when it is whole."""
        path = checks.path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder '{path.parent}'; make it first.")
        names = ("weights", "method", "rate", "terms", "stopped")
        about = json.dumps({name: getattr(self, name) for name in names})
        kept = {f"kept_{step}": picture for step, picture in self.kept.items()}
        moments = {f"moment_{n}": value for n, value in enumerate(self.moments)}
        new = path.with_name(f".new-{path.name}")
        try:
            with open(new, "wb") as file:
                np.savez(file, about=about, picture=self.picture, **kept, **moments)
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)


def load(path):
    """Read a run that `Run.save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Run

    Raises
    ------
    TypeError
        If the path is not one.
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, or not a saved run.
    """
    path = checks.path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            about, arrays = json.loads(str(file["about"])), dict(file)
        kept = {int(name[5:]): value for name, value in arrays.items() if name.startswith("kept_")}
        moments = [arrays[name] for name in ("moment_0", "moment_1") if name in arrays]
        return Run(arrays["picture"], kept=kept, moments=moments, **about)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no run in '{path}'; save one first.") from None
    except _UNREADABLE:
        raise ValueError(f"'{path}' is damaged, or not a run that was saved here.") from None


def transfer(
    goal,
    steps=40,
    *,
    start="photo",
    method="lbfgs",
    rate=0.02,
    keep=(),
    rng=None,
    resume=None,
    on_step=None,
):
    """Change a picture step by step towards a goal.

    Parameters
    ----------
    goal : Goal
    steps : int
        How many more steps.
    start : {"photo", "noise"} or picture
        Where to begin; a picture has the photo's size.
    method : {"lbfgs", "adam"}
    rate : float
        How far a step of Adam moves a pixel, about.
    keep : sequence of int
        After which steps to keep a copy of the picture; 0 is the start.
    rng : numpy.random.Generator or int, optional
        Draws the noise; seeded with 0 if left out.
    resume : Run, optional
        Go on from there: `start`, `method` and `rate` are then its own.
    on_step : callable, optional
        Called with the run after each step, and at the start.

    Returns
    -------
    Run
        Also after an interrupt (Kernel > Interrupt) or where the loss became NaN: with all that was
        computed before, and a sentence in ``stopped``, which is printed too.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the run to go on with belongs to another goal.

    Notes
    -----
    L-BFGS begins a new round every 25 steps and forgets the curvature, so that a run that is
    resumed there equals one that was never stopped; Adam's does after any step.
    """
    if not isinstance(goal, Goal):
        raise TypeError(f"goal is a {type(goal).__name__}; wanted a style.Goal.")
    steps = checks.number(steps, "steps", low=0, integer=True)
    if on_step is not None and not callable(on_step):
        raise TypeError(f"on_step is a {type(on_step).__name__}; wanted a function of the run.")
    run = _resumed(goal, resume) if resume is not None else _begun(goal, start, method, rate, rng)
    keep = {checks.number(step, "keep", low=0, integer=True) for step in np.atleast_1d(keep)}

    def watch(picture, values):
        run.picture = picture[0]
        for name, value in values.items():
            run.terms.setdefault(name, []).append(value)
        if run.steps in keep:
            run.kept[run.steps] = run.picture.copy()
        if on_step is not None:
            on_step(run)

    try:
        _walk(goal, run, steps, watch)
    except KeyboardInterrupt:
        run.stopped = f"interrupted after step {run.steps}; resume=run goes on from there."
    except search.Lost as problem:
        run.stopped = f"stopped after step {run.steps}: {problem}; {_remedy(run)}"
    if run.stopped:
        print(run.stopped)
    return run


def _walk(goal, run, steps, watch):
    """Take the steps of a run that has begun, or of one that has not."""
    picture = run.picture[np.newaxis]
    if not run.terms:
        watch(picture, search.evaluate(goal, picture)[0])
    if run.method == "adam":
        settings = {"rate": run.rate, "moments": run.moments}
        search.adam(goal, picture, steps, run.steps, watch, **settings)
    elif not search.lbfgs(goal, picture, steps, run.steps, watch):
        run.stopped = f"stopped after step {run.steps}: no direction leads down any more."


def _remedy(run):
    """What to do about a loss that is no number."""
    if run.method == "adam":
        return f"lower rate, which is {run.rate:g}, or the weights."
    return f"lower the weights, of which the largest is {max(run.weights.values()):g}."


def _begun(goal, start, method, rate, rng):
    """A run before its first step."""
    checks.choice(method, "method", METHODS)
    rate = checks.number(rate, "rate", low=1e-6)
    if isinstance(start, str):
        checks.choice(start, "start", STARTS)
        rng = np.random.default_rng(0 if rng is None else rng)
        noise = start == "noise"
        picture = rng.random(goal.photo.shape, np.float32)[0] if noise else goal.photo[0].copy()
    else:
        picture = prepare(start, "start")[0]
        _check_same_size(picture, goal, "start")
    moments = [np.zeros(goal.photo.shape) for _ in range(2)] if method == "adam" else []
    return Run(picture.copy(), dict(goal.weights), method, rate, moments=moments)


def _resumed(goal, run):
    """A copy of a run, to go on with."""
    if not isinstance(run, Run):
        raise TypeError(f"resume is a {type(run).__name__}; wanted the Run of a transfer.")
    if run.terms and list(run.terms) != list(goal.names):  # none after an interrupt at the start
        wanted, came = ", ".join(goal.names), ", ".join(run.terms)
        raise ValueError(f"resume has the terms {came}; this goal has {wanted}.")
    _check_same_size(run.picture, goal, "resume")
    terms = {name: list(values) for name, values in run.terms.items()}
    moments = [value.copy() for value in run.moments]
    own = {"method": run.method, "rate": run.rate, "kept": dict(run.kept)}
    return Run(run.picture.copy(), dict(goal.weights), terms=terms, moments=moments, **own)


def _check_same_size(picture, goal, name):
    height, width = goal.photo.shape[1:3]
    if picture.shape[:2] != (height, width):
        came = f"{picture.shape[0]} x {picture.shape[1]}"
        raise ValueError(f"{name} is {came} px; wanted the photo's {height} x {width}.")
