"""The parts of a body, the limbs that join them, and people made of both.

The order is that of the 18-part COCO model of OpenPose (Cao et al., CVPR 2017, arXiv 1611.08050;
TPAMI 2021, doi 10.1109/TPAMI.2019.2929257). *Left* and *right* are the person's own: the right hand
of somebody who looks at you is on the left of the picture. COCO marks no neck; it is the middle
between the shoulders. Taught in ``06_1_heatmaps_and_affinity_fields``.

Keypoints are ``(x, y, score)``: x to the right and y down; whole numbers are the centres of pixels;
a score of 0 means that the part was not found (its x and y are then 0).
"""

from dataclasses import dataclass, field

import numpy as np

from course_lib import checks

NAMES = (
    "nose",
    "neck",
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
)

# From which part to which; the last two close a ring: they help when a neck or a nose is hidden.
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7)),  # shoulders and arms
    *((1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13)),  # legs
    *((1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),  # head
    *((2, 16), (5, 17)),  # shoulder to ear
)

# Which of the network's 38 field channels hold x and y of each limb.
FIELD_CHANNELS = (
    *((12, 13), (20, 21), (14, 15), (16, 17), (22, 23), (24, 25)),
    *((0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)),
    *((28, 29), (30, 31), (34, 35), (32, 33), (36, 37)),
    *((18, 19), (26, 27)),
)

# Part k of a mirrored picture is part FLIP[k] of the person; limb l is limb LIMB_FLIP[l].
FLIP = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)
LIMB_FLIP = (1, 0, 4, 5, 2, 3, 9, 10, 11, 6, 7, 8, 12, 15, 16, 13, 14, 18, 17)

FAR = 1e6  # pixels: no joint is further away


@dataclass(frozen=True, eq=False)
class People:
    """People in a picture or in a map: their keypoints and how sure they are.

    Parameters
    ----------
    keypoints : (P, K, 3) array_like
        ``x, y, score`` in pixels, finite; score 0: not found.
    scores : (P,) array_like, optional
        One per person; the mean score of the found parts if left out.
    names : tuple of str
        The K parts.
    limbs : tuple of (int, int)
        Which parts are joined.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is not finite or beyond all pictures, a score is negative,
        or a limb joins parts that there are not.
    """

    keypoints: np.ndarray
    scores: np.ndarray = None
    names: tuple = field(default=NAMES, repr=False)
    limbs: tuple = field(default=LIMBS, repr=False)

    def __post_init__(self):
        names = checked_names(self.names)
        points = checks.array(self.keypoints, "keypoints", dtype=np.float64, low=-FAR, high=FAR)
        points = points.reshape(0, len(names), 3) if points.size == 0 else points
        points = checks.array(points, "keypoints", shape=(None, len(names), 3))
        checks.array(points[..., 2], "keypoints' scores", low=0)
        scores = _mean_scores(points) if self.scores is None else self.scores
        scores = checks.array(scores, "scores", shape=(len(points),), dtype=np.float64)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "limbs", checked_limbs(self.limbs, len(names)))
        object.__setattr__(self, "keypoints", points)
        object.__setattr__(self, "scores", scores)

    def __len__(self):
        return len(self.keypoints)

    @property
    def found(self):
        """Which parts were found, (P, K) bool."""
        return self.keypoints[..., 2] > 0

    @property
    def right(self):
        """Indices of the parts on the person's right side."""
        return tuple(k for k, name in enumerate(self.names) if name.startswith("right"))

    def part(self, name):
        """One part of every person by its name, (P, 3); a ValueError lists near names."""
        return self.keypoints[:, self.names.index(checks.choice(name, "part", self.names))]

    def scaled(self, x, y=None):
        """The people in a picture that is `x` times as wide and `y` times as high.

        Pixels' centres are whole numbers, so the first pixel's centre 0 goes to ``(x - 1) / 2``.
        """
        x = checks.number(x, "x", low=1e-9)
        scale = np.array([x, x if y is None else checks.number(y, "y", low=1e-9)])
        moved = self.keypoints.copy()
        moved[..., :2] = (moved[..., :2] + 0.5) * scale - 0.5
        return self._with(np.where(self.found[..., None], moved, 0))

    def mirrored(self, width):
        """The people in the mirrored picture of the same `width`: right becomes left."""
        width = checks.number(width, "width", low=1, integer=True)
        moved = self.keypoints * [-1, 1, 1] + [width - 1, 0, 0]
        return self._with(np.where(self.found[..., None], moved, 0)[:, list(self._flip())])

    def _flip(self):
        """For each part the index of its namesake on the other side."""
        other = {"left": "right", "right": "left"}
        names = [" ".join(other.get(word, word) for word in name.split()) for name in self.names]
        return tuple(self.names.index(checks.choice(name, "part", self.names)) for name in names)

    def _with(self, keypoints):
        return People(keypoints, self.scores, self.names, self.limbs)


def checked_names(names):
    """The parts' names as a tuple of different strings, or a ValueError."""
    listed = names if isinstance(names, (tuple, list)) else ()
    if not listed or not all(isinstance(n, str) for n in listed) or len(set(listed)) < len(listed):
        raise ValueError(f"names is {names!r}; wanted a tuple of different strings, one per part.")
    return tuple(listed)


def checked_limbs(limbs, count):
    """The limbs as tuples of two different parts below `count`, or a ValueError."""
    wanted = f"two different parts from 0 to {count - 1}"
    try:
        limbs = tuple(tuple(limb) for limb in limbs)
    except TypeError:
        raise ValueError(f"limbs is {limbs!r}; wanted a tuple of limbs, each {wanted}.") from None
    for limb in limbs:
        whole = all(isinstance(k, (int, np.integer)) and 0 <= k < count for k in limb)
        if len(limb) != 2 or not whole or limb[0] == limb[1]:
            raise ValueError(f"limbs holds {limb}; wanted {wanted}.")
    return tuple(tuple(int(k) for k in limb) for limb in limbs)


def _mean_scores(points):
    """Mean score of each person's found parts, (P,); 0 where none was found."""
    scores = points[..., 2]
    return scores.sum(axis=1) / np.maximum((scores > 0).sum(axis=1), 1)
