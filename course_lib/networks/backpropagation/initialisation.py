"""Where the weights of a dense layer begin, and what that does to the signal on its way.

Sources: Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015, arXiv:1502.01852. Taught in
``02_3_backpropagation``.
"""

import numpy as np

from course_lib import checks

# The standard deviation of a weight, by the units before and after it.
INITIALISERS = {
    "small": lambda fan_in, fan_out: 0.01,
    "large": lambda fan_in, fan_out: 1.0,
    "glorot": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
    "he": lambda fan_in, fan_out: np.sqrt(2 / fan_in),
}


def weights(fan_in, fan_out, initialiser, rng):
    """Draw the weights of one dense layer.

    Parameters
    ----------
    fan_in, fan_out : int
        Units before and after the layer.
    initialiser : str
        ``small``: standard deviation 0.01; ``large``: 1; ``glorot``: sqrt(2 / (in + out));
        ``he``: sqrt(2 / in).
    rng : numpy.random.Generator

    Returns
    -------
    (fan_in, fan_out) float64 ndarray
        Normally distributed around 0.

    Raises
    ------
    ValueError
        If the name is not known.

    Notes
    -----
    Glorot and Bengio draw from a uniform distribution of the same variance.
    """
    deviation = INITIALISERS[checks.choice(initialiser, "initialiser", INITIALISERS)]
    return deviation(fan_in, fan_out) * rng.standard_normal((fan_in, fan_out))


def dead_units(hidden):
    """Tell which ReLU units are zero for every sample: no gradient ever reaches their weights.

    Parameters
    ----------
    hidden : (N, units) array_like
        Outputs of a ReLU layer, 0 or more.

    Returns
    -------
    (units,) bool ndarray

    Raises
    ------
    ValueError
        If a value is negative, so not from a ReLU.

    Notes
    -----
    Source: Lu et al., 2020, arXiv:1903.06733.
    """
    hidden = checks.array(hidden, "hidden", ndim=2, low=0)
    return (hidden == 0).all(axis=0)
