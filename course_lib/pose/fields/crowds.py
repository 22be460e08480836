"""Crowds of stick figures that touch and cross, drawn from a seed: every joint is known exactly.

Taught in ``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np

from course_lib import checks
from course_lib.pose.parts import LIMBS, People

ATTEMPTS, ROUNDS = 4000, 5  # bodies tried for a crowd, and crowds begun anew when they did not fit
# Cosines between limbs that lie along each other: less than about 45 degrees apart, or, the other
# way round, 53 degrees, since opposite arrows cancel.
ALONG, AGAINST = 0.7, -0.6

# Lengths as shares of the body's height, and the range of each angle in degrees: 0 is straight
# down, positive turns away from the body. A chain's angle is added to that of the limb before it.
ARM = ((0.17, (5, 140)), (0.15, (-60, 70)))
LEG = ((0.25, (-12, 45)), (0.24, (-35, 12)))
HEAD = (0, 14, 15, 16, 17)  # nose, eyes, ears
FACE = ((0, -0.10), (-0.03, -0.13), (0.03, -0.13), (-0.06, -0.11), (0.06, -0.11))
SHOULDERS, HIPS, TRUNK = 0.11, 0.07, 0.30


def crowd(count, height=46, width=82, *, rng, apart=3.0, sizes=(14, 36)):
    """Stick figures at random places, in random poses, seen from the front or from behind.

    Parameters
    ----------
    count : int
        Number of people, 0 or more.
    height, width : int
        Size of the map, which holds all joints.
    rng : numpy Generator or int
        Where chance comes from, or its seed.
    apart : float
        Joints of the same kind are at least this far from each other, in pixels, and so are limbs
        of the same kind that lie along each other: where one covers the other, no field can say
        which ends belong together. All others may touch and cross. 0 allows everything.
    sizes : (float, float)
        Smallest and largest height of a standing body in pixels.

    Returns
    -------
    People
        In the map's pixels; all scores are 1.

    Raises
    ------
    ValueError
        If a number is out of range, or the map has no room for so many people.
    """
    count = checks.number(count, "count", low=0, integer=True)
    height = checks.number(height, "height", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    apart = checks.number(apart, "apart", low=0)
    low, high = (checks.number(size, "sizes", low=1e-3) for size in sizes)
    rng = np.random.default_rng(rng)
    for _ in range(ROUNDS):
        placed = _placed(count, np.array([width - 1, height - 1]), apart, (low, high), rng)
        if len(placed) in (0, count):  # all of them; or not one, who never will
            break
    if len(placed) < count:
        wanted = "fewer or smaller people, a larger map, or a smaller `apart`"
        raise ValueError(f"only {len(placed)} of {count} people found room; wanted {wanted}.")
    return People(np.concatenate([placed, np.ones((count, 18, 1))], axis=2))


def figure(rng):
    """One body of height 1 around its neck, in a random pose.

    Parameters
    ----------
    rng : numpy Generator

    Returns
    -------
    (18, 2) float64 ndarray
        x and y of the parts, y down.
    """
    lean = np.radians(rng.uniform(-20, 20))
    body = np.zeros((18, 2))
    body[list(HEAD)] = _turned(np.array(FACE), rng.uniform(-0.3, 0.3))
    for side, arm, leg in ((-1, (2, 3, 4), (8, 9, 10)), (1, (5, 6, 7), (11, 12, 13))):
        body[list(arm)] = _chain((side * SHOULDERS, 0), ARM, side, rng)
        body[list(leg)] = _chain((side * HIPS, TRUNK), LEG, side, rng)
    facing = rng.choice([-1, 1])  # from behind, the right arm is on the right of the picture
    return _turned(body, lean) * [facing, 1]


def lie_along(placed, body, apart):
    """Whether a limb of a body lies along one of the same kind, or along it the other way round.

    Parameters
    ----------
    placed : (P, 18, 2) ndarray
        The people who are there already.
    body : (18, 2) ndarray
    apart : float
        Limbs further from each other, in pixels, are no matter.

    Returns
    -------
    bool
    """
    a, b = np.transpose(LIMBS)
    steps = np.linspace(0, 1, 7)[:, None]
    theirs, mine = placed[:, b] - placed[:, a], body[b] - body[a]  # (P, L, 2), (L, 2)
    cosine = (theirs * mine).sum(axis=2)
    cosine /= np.linalg.norm(theirs, axis=2) * np.linalg.norm(mine, axis=1)
    their_points = placed[:, a, None] + theirs[:, :, None] * steps  # (P, L, 7, 2)
    my_points = body[a, None] + mine[:, None] * steps  # (L, 7, 2)
    gap = np.linalg.norm(their_points[:, :, :, None] - my_points[:, None], axis=-1)
    alike = (cosine > ALONG) | (cosine < AGAINST)
    return bool((alike & (gap.min(axis=(2, 3)) < apart)).any())


def standing(height=1.0):
    """One body that stands upright with its arms out: no chance in it, for examples by hand.

    Parameters
    ----------
    height : float
        Of the body in pixels.

    Returns
    -------
    (18, 2) float64 ndarray
        x and y of the parts around the neck, y down.
    """
    body = np.array(
        [
            *((0, -0.10), (0, 0), (-0.11, 0), (-0.20, 0.14), (-0.26, 0.28)),
            *((0.11, 0), (0.20, 0.14), (0.26, 0.28), (-0.07, 0.30), (-0.10, 0.54), (-0.12, 0.78)),
            *((0.07, 0.30), (0.10, 0.54), (0.12, 0.78)),
            *((-0.03, -0.13), (0.03, -0.13), (-0.06, -0.11), (0.06, -0.11)),
        ]
    )
    return body * checks.number(height, "height", low=0)


def _placed(count, corner, apart, sizes, rng):
    """Bodies one after the other where there is room, (P, 18, 2); P below count if it ran out."""
    low, high = sizes
    placed = np.zeros((0, 18, 2))
    for _ in range(ATTEMPTS):
        if len(placed) == count:
            break
        body = figure(rng) * rng.uniform(low, max(low, high))  # (18, 2)
        room = corner - np.ptp(body, axis=0)
        if (room < 0).any():
            continue
        body = body - body.min(axis=0) + rng.uniform(0, room)
        free = (np.linalg.norm(placed - body, axis=2) >= apart).all()
        if free and not (apart > 0 and lie_along(placed, body, apart)):
            placed = np.concatenate([placed, body[None]])
    return placed


def _chain(start, limbs, side, rng):
    """A joint and those that hang from it, (1 + limbs, 2)."""
    joints, angle = [np.array(start)], 0.0
    for length, (low, high) in limbs:
        angle += np.radians(rng.uniform(low, high))
        joints.append(joints[-1] + length * np.array([side * np.sin(angle), np.cos(angle)]))
    return joints


def _turned(points, angle):
    """Points turned around the neck by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])
