"""Keypoints as peaks of heatmaps, limbs as affinity fields: drawn, found and matched.

Taught in ``06_1_heatmaps_and_affinity_fields``. Source: Cao et al., CVPR 2017, arXiv 1611.08050.

`targets` draws maps and fields from people, `hills` finds peaks, `candidates` scores and matches
limbs, `crowds` makes people up, `scoring` counts what was found.
"""

from course_lib.pose.fields.candidates import line_integrals, line_samples, match
from course_lib.pose.fields.crowds import crossings, crowd, standing
from course_lib.pose.fields.hills import local_maxima, peaks, vertex
from course_lib.pose.fields.scoring import pck, recovered
from course_lib.pose.fields.targets import affinity, heatmaps, mirror

__all__ = [
    "affinity",
    "crossings",
    "crowd",
    "heatmaps",
    "line_integrals",
    "line_samples",
    "local_maxima",
    "match",
    "mirror",
    "pck",
    "peaks",
    "recovered",
    "standing",
    "vertex",
]
