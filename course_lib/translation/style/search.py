"""Two ways down: SciPy's L-BFGS, which learns the curvature from its steps, and Adam.

Both call `watch(picture, values)` after every step, and raise `Lost` where the loss is no number.
"""

import numpy as np
from scipy import optimize

ROUND = 25  # steps; L-BFGS forgets the curvature after each round, so that a saved run can go on
CURVATURE = 12  # steps that it remembers
STRIDE = 0.05  # how far its first step moves a pixel, as root mean square
SPRING = 100.0  # how hard pixels are pulled back into [0, 1], beside the weights
SPOTTED = (0.9, 0.999, 1e-8)  # Adam: what the two means keep, and a number against division by 0


class Lost(ArithmeticError):
    """The loss or its gradient became NaN or infinite."""


def evaluate(goal, picture):
    """Terms, total and gradient of a picture, or Lost."""
    values, total, slope = goal(picture)
    if not (np.isfinite(total) and np.isfinite(slope).all()):
        raise Lost(f"the loss is {total:g}")
    return values, total, slope


def lbfgs(goal, picture, steps, done, watch):
    """Walk by L-BFGS, with a spring that pulls pixels back which leave [0, 1].

    Parameters
    ----------
    goal : Goal
    picture : (1, H, W, 3) float32 ndarray
    steps : int
    done : int
        Steps taken before, which say when the next round begins.
    watch : callable
        Sees pictures cut to [0, 1].

    Returns
    -------
    bool
        Whether it walked all steps; False where no direction led down any more.

    Notes
    -----
    Bounds, which SciPy offers too, end every step where the first pixel meets one: far too early
    for pictures that start in noise or hold white.
    """
    x, end = picture, done + steps
    while done < end:
        count = min(ROUND - done % ROUND, end - done)
        x, taken = _round(goal, x, count, watch)
        if not taken:
            return False
        done += taken
    return True


def _round(goal, picture, steps, watch):
    """One call of SciPy; the picture after it, and how many steps it took."""
    shape, last = picture.shape, {}
    unit = STRIDE * np.sqrt(picture.size)  # the first step has length 1, in these units
    spring = SPRING * sum(goal.weights.values()) / picture.size

    def function(x):
        x = (x * unit).reshape(shape).astype(np.float32)
        values, total, slope = evaluate(goal, x)
        outside = (x - np.clip(x, 0, 1)).astype(np.float64)
        last.update(values=values, x=x)
        total, slope = total + spring * (outside**2).sum(), slope + 2 * spring * outside
        return total, slope.ravel() * unit

    def step(intermediate_result):
        x = (intermediate_result.x * unit).reshape(shape).astype(np.float32)
        if not np.array_equal(x, last["x"]):  # the line search tried one more
            function(intermediate_result.x)
        watch(np.clip(x, 0, 1), last["values"])

    start = picture.ravel().astype(np.float64) / unit
    options = {"maxiter": steps, "maxcor": CURVATURE, "ftol": 0, "gtol": 0, "maxfun": 20 * steps}
    settings = {"jac": True, "method": "L-BFGS-B", "callback": step, "options": options}
    found = optimize.minimize(function, start, **settings)
    # Cut, as it is saved: a run that is resumed here must find the same.
    return np.clip((found.x * unit).reshape(shape).astype(np.float32), 0, 1), found.nit


def adam(goal, picture, steps, done, watch, *, rate, moments):
    """Walk by Adam (Kingma and Ba, arXiv:1412.6980); pixels that leave [0, 1] are set back.

    Parameters
    ----------
    goal : Goal
    picture : (1, H, W, 3) float32 ndarray
    steps : int
    done : int
        Steps taken before.
    watch : callable
    rate : float
        How far a step moves a pixel, about.
    moments : list of two (1, H, W, 3) float64 ndarray
        Running means of the gradient and of its square; changed in place.

    Returns
    -------
    bool
        True.
    """
    first, second, tiny = SPOTTED
    _, _, slope = evaluate(goal, picture)
    for step in range(done + 1, done + steps + 1):
        mean = first * moments[0] + (1 - first) * slope
        square = second * moments[1] + (1 - second) * slope**2
        size = np.sqrt(square / (1 - second**step)) + tiny
        picture = picture - rate * mean / (1 - first**step) / size
        picture = np.clip(picture, 0, 1).astype(np.float32)
        values, _, slope = evaluate(goal, picture)
        moments[0][:], moments[1][:] = mean, square  # not before: an interrupt finds both as old
        watch(picture, values)
    return True
