"""Boxes: their forms, how much two overlap, which belong together, and which of many to keep.

Taught in ``05_1_boxes``. A box is ``x0, y0, x1, y1`` in pixels, y down, with continuous
coordinates: its width is ``x1 - x0``.
"""

from course_lib.detection.boxes.forms import clip, to_centre, to_corners, to_size, valid
from course_lib.detection.boxes.overlap import iou, match
from course_lib.detection.boxes.suppression import nms, soft_nms, valid_labels, valid_scores

__all__ = [
    "clip",
    "iou",
    "match",
    "nms",
    "soft_nms",
    "to_centre",
    "to_corners",
    "to_size",
    "valid",
    "valid_labels",
    "valid_scores",
]
