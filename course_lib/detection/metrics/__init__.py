"""How good a detector is: right and wrong boxes, precision, recall, average precision.

Taught in ``05_1_boxes``.
"""

from course_lib.detection.metrics.evaluation import Evaluation, Found, Truth, evaluate
from course_lib.detection.metrics.judging import judge
from course_lib.detection.metrics.precision import (
    average_precision,
    envelope,
    precision_recall,
)

__all__ = [
    "Evaluation",
    "Found",
    "Truth",
    "average_precision",
    "envelope",
    "evaluate",
    "judge",
    "precision_recall",
]
