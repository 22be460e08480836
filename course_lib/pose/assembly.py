"""From maps and fields to people: peaks, limbs between them, and limbs joined into bodies.

Source: Cao et al., CVPR 2017, arXiv 1611.08050, section 2.4. Taught in
``06_1_heatmaps_and_affinity_fields``; ``06_2_openpose`` runs it on a real network.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib import checks
from course_lib.pose import fields, parts
from course_lib.pose.fields.candidates import METHODS
from course_lib.pose.parts import People, checked_limbs, checked_names

TREE = 17  # the limbs after these close rings: they join people, but never overrule the others
SAME = 0.5  # a body is a duplicate when this share of its parts lies on those of a better one


def assemble(
    heatmaps,
    affinity,
    *,
    smooth=0.0,
    threshold=0.1,
    radius=1,
    refine="gaussian",
    samples=10,
    support=0.05,
    minimum_support=0.8,
    minimum_limb=0.0,
    longest=0.5,
    matching="optimal",
    minimum_parts=4,
    minimum_score=0.2,
    duplicate=1.5,
    names=parts.NAMES,
    limbs=parts.LIMBS,
):
    """Find the people in heatmaps and affinity fields.

    Parameters
    ----------
    heatmaps : (H, W, K) or (H, W, K + 1) array_like
        A map per part; a last map of the background is left aside.
    affinity : (H, W, L, 2) array_like
        A field per limb, x and y.
    smooth : float
        Width in pixels of the Gaussian that smooths the heatmaps first; 0: none. It removes false
        peaks of noisy maps, and lowers true ones.
    threshold, radius, refine
        Of the peaks, see `fields.peaks`.
    samples : int
        Points at which the field is read along a candidate limb.
    support, minimum_support : float
        At this share of the samples at least, the field must be above `support`.
    minimum_limb : float
        Mean of the field along a limb, less the fine for its length, that a limb must exceed.
    longest : float
        Limbs longer than this share of the map's height lose score, as in the authors' code.
    matching : {"greedy", "optimal"}
        See `fields.match`; the paper is greedy.
    minimum_parts : int
        People with fewer parts are dropped as fragments.
    minimum_score : float
        People with a lower score are dropped.
    duplicate : float
        So is the worse of two people when half of its parts lie within so many pixels of the same
        parts of the better one.
    names, limbs
        Of the parts; the limbs from the 18th on only close rings.

    Returns
    -------
    People
        In the map's pixels, best first. A person's score is the mean over found parts and limbs.

    Raises
    ------
    ValueError
        If maps and fields do not fit together, are not finite, or a parameter is out of range.

    Notes
    -----
    Departs from the paper: limbs of all kinds are joined from the best to the worst, and a limb
    that would give a body a second nose is left out.
    """
    names = checked_names(names)
    maps, affinity = _checked(heatmaps, affinity, len(names), limbs)
    minimum_parts = checks.number(minimum_parts, "minimum_parts", low=1, integer=True)
    minimum_score = checks.number(minimum_score, "minimum_score", low=0)
    smooth = checks.number(smooth, "smooth", low=0, high=100)
    minimum_limb = checks.number(minimum_limb, "minimum_limb")
    duplicate = checks.number(duplicate, "duplicate", low=0)
    maps = gaussian_filter(maps, (smooth, smooth, 0)) if smooth else maps
    tops = fields.peaks(maps, threshold=threshold, radius=radius, refine=refine)
    rules = {"samples": samples, "support": support, "minimum_support": minimum_support}
    rules |= {"minimum": minimum_limb, "longest": longest, "matching": matching}
    found = connect(tops, affinity, limbs=limbs, **rules)
    points, scores = join(tops, found, len(names), limbs)
    enough = ((points[..., 2] > 0).sum(axis=1) >= minimum_parts) & (scores >= minimum_score)
    points, scores = points[enough], scores[enough]
    kept = distinct(points, scores, duplicate)
    return People(points[kept], scores[kept], names, limbs)


def connect(
    peaks, affinity, *, samples, support, minimum_support, minimum, longest, matching, limbs
):
    """Limbs between peaks, kind by kind.

    Parameters
    ----------
    peaks : list of (N, 3) ndarray
        For each part, as from `fields.peaks`.
    affinity : (H, W, L, 2) ndarray

    Returns
    -------
    list of (Q, 3) float64 ndarray
        For each kind of limb: index of the start and of the end among its part's peaks, score.
    """
    checks.number(minimum_support, "minimum_support", low=0, high=1)
    longest = checks.number(longest, "longest", low=1e-6) * affinity.shape[0]
    support = checks.number(support, "support")
    checks.choice(matching, "matching", METHODS)
    found = []
    for number, (a, b) in enumerate(limbs):
        starts, ends = peaks[a], peaks[b]
        along = fields.line_samples(affinity[:, :, number], starts, ends, samples=samples)
        length = np.linalg.norm(ends[None, :, :2] - starts[:, None, :2], axis=2)
        fine = np.minimum(longest / np.maximum(length, 1e-9) - 1, 0)  # 0 for short limbs
        scores = along.mean(axis=2) + fine
        scores[(along > support).mean(axis=2) < minimum_support] = -np.inf
        pairs = fields.match(scores, method=matching, minimum=minimum)
        found.append(np.column_stack([pairs, scores[pairs[:, 0], pairs[:, 1]]]))
    return found


def join(peaks, found, count, limbs):
    """Bodies from limbs: the best limb first, and never a second part of the same kind.

    Parameters
    ----------
    peaks : list of (N, 3) ndarray
        For each part, as from `fields.peaks`.
    found : list of (Q, 3) ndarray
        For each kind of limb, as from `connect`.
    count : int
        Number of parts.

    Returns
    -------
    keypoints : (P, count, 3) float64 ndarray
    scores : (P,) float64 ndarray
        Mean over the parts and limbs of each body. A peak without a limb is no body.
    """
    bodies = Bodies()
    kinds = np.repeat(np.arange(len(found)), [len(f) for f in found])
    rows = np.concatenate([*found, np.zeros((0, 3))])
    order = np.lexsort((-rows[:, 2], kinds >= TREE))
    for kind, (start, end, score) in zip(kinds[order], rows[order], strict=True):
        a, b = limbs[kind]
        bodies.add((a, int(start)), (b, int(end)), score)
    points, scores = [], []
    for body, limb_scores in bodies:
        points.append(np.zeros((count, 3)))
        for part, index in body.items():
            points[-1][part] = peaks[part][index]
        scores.append(np.mean([*points[-1][list(body), 2], *limb_scores]))
    return np.reshape(points, (-1, count, 3)), np.array(scores, dtype=np.float64)


class Bodies:
    """Peaks that were joined so far; each body is a dict from the part to the peak's index.

    Going through the bodies gives each that has a limb, with the list of its limbs' scores.
    """

    def __init__(self):
        self.owner = {}  # (part, peak) -> body
        self.limb_scores = {}  # id of body -> scores of its limbs

    def __iter__(self):
        bodies = {id(body): body for body in self.owner.values()}
        return ((b, self.limb_scores[key]) for key, b in bodies.items() if self.limb_scores[key])

    def add(self, start, end, score):
        """Join the bodies of two peaks ``(part, index)`` by a limb, unless they share a part."""
        one, two = self._body(start), self._body(end)
        if one is not two:
            if one.keys() & two.keys():
                return  # it would give a body a second nose
            one.update(two)
            self.limb_scores[id(one)] += self.limb_scores.pop(id(two))
            self.owner.update(dict.fromkeys(two.items(), one))
        self.limb_scores[id(one)].append(score)

    def _body(self, peak):
        if peak not in self.owner:
            self.owner[peak] = body = dict([peak])
            self.limb_scores[id(body)] = []
        return self.owner[peak]


def distinct(points, scores, near):
    """Indices of the people, best first, that are no duplicate of a better one.

    Parameters
    ----------
    points : (P, K, 3) ndarray
    scores : (P,) ndarray
    near : float
        Parts within so many pixels of their namesake lie on it.

    Returns
    -------
    (Q,) int64 ndarray
    """
    order = np.argsort(-scores, kind="stable")
    seen = points[..., 2] > 0
    kept = []
    for person in order:
        gap = np.linalg.norm(points[kept, :, :2] - points[person, :, :2], axis=2)  # (kept, K)
        on = ((gap <= near) & seen[kept] & seen[person]).sum(axis=1)
        if not (on >= SAME * seen[person].sum()).any():
            kept.append(person)
    return np.array(kept, dtype=np.int64)


def _checked(heatmaps, affinity, count, limbs):
    """Maps (H, W, K) and fields (H, W, L, 2) of one size, or a ValueError."""
    limbs = checked_limbs(limbs, count)
    maps = checks.array(heatmaps, "heatmaps", ndim=3)
    if maps.shape[2] not in (count, count + 1):
        wanted = f"(H, W, {count}), or {count + 1} with the background"
        raise ValueError(f"heatmaps has shape {maps.shape}; wanted {wanted}.")
    shape = (*maps.shape[:2], len(limbs), 2)
    return maps[:, :, :count], checks.array(affinity, "affinity", shape=shape)
