"""Two ways down: SciPy's L-BFGS, which learns the curvature from its steps, and Adam.

Both call `watch(picture, values)` after every step, and raise `Lost` where the loss is no number.
"""

import numpy as np
from scipy import optimize

ROUND = 25  # steps; L-BFGS forgets the curvature after each round, so that a saved run can go on
CURVATURE = 12  # steps that it remembers
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
    """Walk by L-BFGS-B, whose bounds keep every pixel in [0, 1].

    Parameters
    ----------
    goal : Goal
    picture : (1, H, W, 3) float32 ndarray
    steps : int
    done : int
        Steps taken before, which say when the next round begins.
    watch : callable

    Returns
    -------
    bool
        Whether it walked all steps; False where no direction led down any more.
    """
    shape, last = picture.shape, {}

    def function(x):
        values, total, slope = evaluate(goal, x.reshape(shape).astype(np.float32))
        last.update(values=values, x=x.copy())
        return total, slope.ravel().astype(np.float64)

    def step(intermediate_result):
        x = intermediate_result.x
        if not np.array_equal(x, last["x"]):  # the line search tried one more
            function(x)
        watch(x.reshape(shape).astype(np.float32), last["values"])

    x, end = picture.ravel().astype(np.float64), done + steps
    bounds = optimize.Bounds(np.zeros_like(x), np.ones_like(x))
    while done < end:
        count = min(ROUND - done % ROUND, end - done)
        options = {
            "maxiter": count,
            "maxcor": CURVATURE,
            "ftol": 0,
            "gtol": 0,
            "maxfun": 20 * count,
        }
        found = optimize.minimize(
            function, x, jac=True, method="L-BFGS-B", bounds=bounds, callback=step, options=options
        )
        x, done = found.x, done + found.nit
        if found.nit < count:
            return False
    return True


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
