"""Which backend Keras computes with."""

import os
import sys

from course_lib import checks

BACKENDS = ("tensorflow", "jax")


def backend():
    """Return the name of Keras' backend, without importing it.

    Returns
    -------
    str
        ``tensorflow`` or ``jax``.

    Raises
    ------
    ValueError
        If ``KERAS_BACKEND`` names another one.
    """
    if "keras" in sys.modules:
        return checks.choice(sys.modules["keras"].config.backend(), "KERAS_BACKEND", BACKENDS)
    return checks.choice(os.environ["KERAS_BACKEND"], "KERAS_BACKEND", BACKENDS)
