"""Pictures from noise: a DCGAN for Fashion-MNIST or MNIST, its training, codes, and a classifier.

`networks` builds the generator and the discriminator, `game` trains them, `codes` moves between
codes, `classifier` gives the features that ``generation.measures`` compares; `drawing` draws.
Taught in ``09_2_dcgan``.
"""

from .classifier import classifier, load_classifier, look, train_classifier
from .game import Dcgan, stepper
from .networks import (
    CODE_SIZE,
    check_pictures,
    discriminator,
    generator,
    load_generator,
    sample,
)

__all__ = [
    "CODE_SIZE",
    "Dcgan",
    "check_pictures",
    "classifier",
    "discriminator",
    "generator",
    "load_classifier",
    "load_generator",
    "look",
    "sample",
    "stepper",
    "train_classifier",
]
