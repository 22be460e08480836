"""Crowds of stick figures that touch and cross, drawn from a seed: every joint is known exactly.

Taught in ``06_1_heatmaps_and_affinity_fields``.
"""

import numpy as np

from course_lib import checks
from course_lib.pose.parts import FAR, LIMBS, NAMES, People

ATTEMPTS, ROUNDS = 4000, 5  # bodies tried for a crowd, and crowds begun anew when they did not fit
# Cosines between limbs that lie along each other: less than about 45 degrees apart, or, the other
# way round, 53 degrees, since opposite arrows cancel.
ALONG, AGAINST = 0.7, -0.6
# Nor may most of a limb lie so near to others of its kind that it shares its pixels with them.
REACH, COVERED = 1.5, 0.7
EDGE = 0.5  # joints keep so far from the edge that their hill's top has neighbours on both sides

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
        of the same kind that lie along each other; and no limb is covered by its kind for most of
        its length: where one hides the other, the field no longer says which ends belong
        together. All others may touch and cross, see `crossings`. 0 allows everything.
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
    count = checks.number(count, "count", low=0, high=1000, integer=True)
    height = checks.number(height, "height", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    apart = checks.number(apart, "apart", low=0)
    low, high = checks.array(sizes, "sizes", shape=(2,), low=1e-3, high=FAR, dtype=np.float64)
    if low > high:
        raise ValueError(f"sizes is {sizes}; wanted the smallest and then the largest.")
    rng = _generator(rng)
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


def covered(bodies, reach=REACH):
    """How much of each limb lies on limbs of the same kind of other people.

    Parameters
    ----------
    bodies : (P, 18, 2) ndarray
    reach : float
        Limbs nearer than so many pixels share their pixels.

    Returns
    -------
    (P, 19) float64 ndarray
        A share of the limb's length, in [0, 1].
    """
    a, b = np.transpose(LIMBS)
    start, along = bodies[:, a], bodies[:, b] - bodies[:, a]  # (P, L, 2)
    points = start[:, :, None] + along[:, :, None] * np.linspace(0, 1, 13)[:, None]
    away = points[:, None] - start[:, :, None]  # (P, other P, L, 13, 2)
    line = along[:, :, None]
    share = (away * line).sum(axis=-1) / np.maximum((line**2).sum(axis=-1), 1e-12)
    gap = np.linalg.norm(away - np.clip(share, 0, 1)[..., None] * line, axis=-1)
    gap[np.diag_indices(len(bodies))] = np.inf  # nobody hides behind themselves
    return (gap.min(axis=1, initial=np.inf) < reach).mean(axis=2)


def crossings(people):
    """Which limbs of different people cross.

    Parameters
    ----------
    people : People
        Of all 18 parts; limbs that miss an end cross nothing.

    Returns
    -------
    (P, P, 19, 19) bool ndarray
        Whether limb ``l`` of person ``p`` crosses limb ``m`` of person ``q`` at ``[p, q, l, m]``.

    Raises
    ------
    TypeError
        If they are no `People`, or of other parts.
    """
    if not isinstance(people, People) or people.names != NAMES:
        raise TypeError(f"people is of type {type(people).__name__}; wanted People of 18 parts.")
    a, b = np.transpose(LIMBS)
    points, found = people.keypoints[..., :2], people.found
    start, end = points[:, a], points[:, b]  # (P, L, 2)
    one, two = start[:, None, :, None], end[:, None, :, None]
    three, four = start[None, :, None], end[None, :, None]
    apart = _side(one, two, three) * _side(one, two, four) < 0
    cross = apart & (_side(three, four, one) * _side(three, four, two) < 0)
    there = found[:, a] & found[:, b]
    cross &= there[:, None, :, None] & there[None, :, None]
    cross[np.diag_indices(len(people))] = False
    return cross


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
        body = figure(rng) * rng.uniform(low, high)  # (18, 2)
        room = corner - np.ptp(body, axis=0)
        if (room < 0).any():
            continue
        body = body - body.min(axis=0) + rng.uniform(0, room)
        if apart == 0 or _room(placed, body, corner, apart):
            placed = np.concatenate([placed, body[None]])
    return placed


def _room(placed, body, corner, apart):
    """Whether a body keeps apart from the edge and from those who are there already."""
    inside = (body >= EDGE).all() and (body <= corner - EDGE).all()
    if not inside or (np.linalg.norm(placed - body, axis=2) < apart).any():
        return False
    if lie_along(placed, body, apart):
        return False
    return covered(np.concatenate([placed, body[None]])).max() <= COVERED


def _generator(rng):
    """NumPy's generator from a seed or a generator, or a TypeError."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and rng >= 0:
        return np.random.default_rng(int(rng))
    raise TypeError(f"rng is {rng!r}; wanted a seed of 0 or more, or a NumPy generator.")


def _side(start, end, point):
    """On which side of the lines from start to end the points lie: below 0, 0, or above."""
    ahead, away = end - start, point - start
    return ahead[..., 0] * away[..., 1] - ahead[..., 1] * away[..., 0]


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
