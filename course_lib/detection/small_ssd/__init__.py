"""A small single-shot detector of our own: under 300,000 parameters, trained on `scenes`.

`network` builds it, `targets` says what it shall answer and how wrong it is, `training` trains it,
`answers` reads it, `grid` shows YOLO's targets for comparison, `drawing` draws.
Taught in ``05_3_train_a_detector``.
"""

from course_lib.detection.small_ssd.answers import evaluate, predict, read
from course_lib.detection.small_ssd.grid import grid_targets
from course_lib.detection.small_ssd.network import (
    CELLS,
    CHECKPOINT,
    SHAPES,
    build,
    default_boxes,
    load_checkpoint,
)
from course_lib.detection.small_ssd.targets import (
    NEGATIVES,
    OVERLAP,
    loss,
    match,
    mine,
    parts,
    targets,
)
from course_lib.detection.small_ssd.training import examples, stepper, train

__all__ = [
    "CELLS",
    "CHECKPOINT",
    "NEGATIVES",
    "OVERLAP",
    "SHAPES",
    "build",
    "default_boxes",
    "evaluate",
    "examples",
    "grid_targets",
    "load_checkpoint",
    "loss",
    "match",
    "mine",
    "parts",
    "predict",
    "read",
    "stepper",
    "targets",
    "train",
]
