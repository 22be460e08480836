"""How the small SSD is trained on scenes that are made as they are needed, and never twice."""

import numpy as np

from course_lib import checks, compute
from course_lib.detection import scenes
from course_lib.detection.small_ssd.network import default_boxes
from course_lib.detection.small_ssd.targets import parts, targets


def examples(count, seed, **settings):
    """Make scenes and what the network shall answer to them.

    Parameters
    ----------
    count : int
    seed : int or sequence of int
    **settings
        As for `scenes.make`.

    Returns
    -------
    pictures : (count, 96, 96, 3) float32 ndarray
    wanted : (count, 756, 5) float32 ndarray
        As `targets`.
    """
    defaults = default_boxes()
    pictures, made = scenes.batch(count, seed, **settings)
    return pictures, np.stack([targets(one.boxes, one.labels, defaults) for one in made])


def train(model, *, steps, seed, batch=32, rate=2e-3, watch=None, every=100):
    """Train with AdamW at a rate that rises for a tenth of the steps and then falls to 0.

    Parameters
    ----------
    model : keras.Model
        From `build`; trained in place.
    steps, batch : int
    seed : int
        Of the scenes: step ``n`` learns from ``examples(batch, (seed, n))``.
    rate : float
        The highest learning rate.
    watch : callable, optional
        Called after every `every` steps and the last with the number of steps done.
    every : int

    Returns
    -------
    (steps, 2) float64 ndarray
        The two parts of the loss before every step, means over the batch: classes and places.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Notes
    -----
    Sources: Loshchilov and Hutter, arXiv:1711.05101 (AdamW), arXiv:1608.03983 (cosine).
    """
    steps = checks.number(steps, "steps", low=1, integer=True)
    every = checks.number(every, "every", low=1, integer=True)
    step = stepper(model, steps, rate=rate)
    losses = np.zeros((steps, 2))
    for n in range(steps):
        losses[n] = step(*examples(batch, (seed, n)))
        if watch is not None and ((n + 1) % every == 0 or n + 1 == steps):
            watch(n + 1)
    return losses


def stepper(model, steps, *, rate=2e-3):
    """Compile one step of `train`, for a loop of your own.

    Parameters
    ----------
    model : keras.Model
        From `build`.
    steps : int
        How many there will be, for the rate that rises and falls.
    rate : float
        The highest learning rate.

    Returns
    -------
    callable
        Takes pictures and targets as `examples` makes them, changes the model, and returns the
        two parts of the loss (2,) from before: classes and places.
    """
    from keras import ops, optimizers

    steps = checks.number(steps, "steps", low=1, integer=True)
    rate = checks.number(rate, "rate", low=0)
    rise = max(1, steps // 10)
    plan = optimizers.schedules.CosineDecay(0.0, max(1, steps - rise), 0.0, "rate", rate, rise)

    def measure(pictures, wanted):
        terms = parts(wanted, model(pictures, training=True))
        return ops.stack([ops.mean(term) for term in terms])

    optimizer = optimizers.AdamW(plan, weight_decay=1e-3)
    variables = model.trainable_variables
    return compute.train_step(measure, variables, optimizer, state=model.variables)
