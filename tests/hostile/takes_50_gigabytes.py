"""Takes 50 GB of memory and writes into every page of it."""

import numpy as np


def attack(*args, **kwargs):
    return np.ones(50 * 2**30, np.uint8)


attack()
