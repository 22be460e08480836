"""Do found noses lie in annotated faces? The measure of ``06_2_openpose``."""

from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.pose.parts import People


@dataclass(frozen=True, eq=False)
class FaceScore:
    """Which faces were found, and which noses are false.

    Attributes
    ----------
    hit : (F,) bool ndarray
        Whether a nose lies in the face's box.
    false : (N,) bool ndarray
        Whether a nose lies in no face's box, or in one that a better nose has already.
    """

    hit: np.ndarray
    false: np.ndarray

    def __add__(self, other):
        if not isinstance(other, FaceScore):
            return NotImplemented
        return FaceScore(np.append(self.hit, other.hit), np.append(self.false, other.false))

    @property
    def recall(self):
        """Share of the faces that hold a nose; NaN where there are no faces."""
        return float(self.hit.mean()) if self.hit.size else float("nan")

    @property
    def precision(self):
        """Share of the noses that are not false; NaN where there are none."""
        return float(1 - self.false.mean()) if self.false.size else float("nan")


NOTHING = FaceScore(np.zeros(0, bool), np.zeros(0, bool))


def noses(people):
    """The noses that were found, (N, 3), one person at a time in order.

    Parameters
    ----------
    people : People

    Returns
    -------
    (N, 3) float64 ndarray
        ``x, y, score`` in pixels.

    Raises
    ------
    TypeError
        If these are no people.
    """
    points = checked(people).part("nose")
    return points[points[:, 2] > 0]


def checked(people):
    """The people, or a TypeError that says what came instead."""
    if not isinstance(people, People):
        raise TypeError(
            f"people is of type {type(people).__name__}; wanted People, as detect gives them."
        )
    return people


def score_faces(points, boxes):
    """Give every annotated face at most one nose.

    Parameters
    ----------
    points : (N, 3) array_like
        Noses ``x, y, score`` in pixels.
    boxes : (F, 4) array_like
        Faces ``x0, y0, x1, y1`` in pixels.

    Returns
    -------
    FaceScore

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite, or a box has x1 < x0 or y1 < y0.

    Notes
    -----
    The best nose chooses first; where boxes overlap it takes the free one whose centre is nearest.
    """
    boxes = checks.boxes(boxes)
    turned = (boxes[:, :2] > boxes[:, 2:]).any(axis=1)
    if turned.any():
        row = int(turned.argmax())
        raise ValueError(f"boxes[{row}] is {boxes[row].tolist()}; wanted x0 <= x1 and y0 <= y1.")
    points = checks.array(points, "points", dtype=np.float64)
    points = points.reshape(0, 3) if points.size == 0 else points
    points = checks.array(points, "points", shape=(None, 3))
    x, y = points[:, :1] + 0.5, points[:, 1:2] + 0.5  # boxes count pixels' edges, points centres
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = np.hypot(x - centres[:, 0], y - centres[:, 1])  # (N, F)
    hit, false = np.zeros(len(boxes), bool), np.ones(len(points), bool)
    for nose in np.argsort(-points[:, 2], kind="stable"):
        free = np.flatnonzero(inside[nose] & ~hit)
        if free.size:
            hit[free[away[nose, free].argmin()]] = True
            false[nose] = False
    return FaceScore(hit, false)
