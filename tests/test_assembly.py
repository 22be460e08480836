"""People from maps and fields: exact on drawn crowds, and never left for right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.pose import assembly, fields
from course_lib.pose.parts import People

SIZE = (46, 82)


def drawn(people, **options):
    """Exact maps and fields of people."""
    return fields.heatmaps(people, *SIZE, **options), fields.affinity(people, *SIZE)


def upright(*places, height=30):
    """People who stand with their necks at the places."""
    body = np.column_stack([fields.standing(height), np.ones(18)])
    return People([body + [*place, 0] for place in places])


@pytest.mark.parametrize("seed", range(60))
def test_every_person_of_a_crowd_is_recovered_exactly(seed):
    people = fields.crowd(seed % 20 + 1, rng=seed)
    found = assembly.assemble(*drawn(people, background=True))
    assert len(found) == len(people)
    assert fields.recovered(found, people, tolerance=0.01).all()
    assert found.scores.min() > 0.7 and (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize(
    ("seed", "count"),
    # Where limbs hid each other, or a joint on the map's edge was pulled by its neighbour
    [(2219, 20), (100726, 20), (100112, 11), (100493, 18), (100792, 20)],
)
def test_crowds_that_were_once_too_hard(seed, count):
    people = fields.crowd(count, rng=seed)
    found = assembly.assemble(*drawn(people))
    assert len(found) == count and fields.recovered(found, people, tolerance=0.01).all()


def test_the_crowds_recovered_here_do_cross():
    alike = 0
    for seed in [s for s in range(60) if s % 20 > 13]:  # 15 to 20 people each
        people = fields.crowd(seed % 20 + 1, rng=seed)
        cross = fields.crossings(people)
        assert cross.any(axis=(1, 2, 3)).mean() > 0.8  # most people cross somebody
        alike += np.einsum("pqll->", cross.astype(int))
    assert alike > 0  # and limbs of one kind do


def test_two_who_hold_hands_and_two_who_cross_their_arms():
    holding = upright((24, 12), (40, 12)).keypoints.copy()
    holding[0, 7, :2] = holding[1, 4, :2] = 32, 20  # a left wrist on a right one: two kinds
    crossed = upright((24, 12), (44, 12)).keypoints.copy()
    crossed[1, :, 0] = 88 - crossed[1, :, 0]  # the other's back: left forearms meet
    crossed[0, [6, 7], :2] = (30, 14), (38, 20)
    crossed[1, [6, 7], :2] = (30, 22), (36, 13)
    for points in (holding, crossed):
        people = People(points)
        assert fields.recovered(assembly.assemble(*drawn(people)), people, tolerance=0.01).all()
    assert fields.crossings(People(crossed))[0, 1, 5, 5]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(1000, 100_000), st.integers(1, 6))
def test_left_and_right_follow_the_picture(seed, count):
    people = fields.crowd(count, rng=seed)
    maps, field = drawn(people)
    mirrored = assembly.assemble(*fields.mirror(maps, field))
    assert fields.recovered(mirrored, people.mirrored(SIZE[1]), tolerance=0.01).all()
    assert fields.recovered(mirrored.mirrored(SIZE[1]), people, tolerance=0.01).all()
    # The picture mirrored, but the names left as they were: nobody is right.
    wrong = assembly.assemble(maps[:, ::-1], field[:, ::-1] * [-1, 1])
    assert not fields.recovered(wrong, people.mirrored(SIZE[1])).any()


def test_the_right_hand_of_somebody_who_faces_us_is_on_the_left():
    found = assembly.assemble(*drawn(upright((40, 12))))
    assert found.part("right wrist")[0, 0] < 40 < found.part("left wrist")[0, 0]


def test_nobody():
    for maps, field in (
        drawn(People([])),
        (np.zeros((1, 1, 18)), np.zeros((1, 1, 19, 2))),
        (np.ones((1, 1, 19)), np.ones((1, 1, 19, 2))),
    ):
        found = assembly.assemble(maps, field)
        assert len(found) == 0 and found.keypoints.shape == (0, 18, 3)


def test_hidden_parts_are_marked_and_fragments_dropped():
    people = upright((20, 12), (60, 12))
    points = people.keypoints.copy()
    points[0, 4] = 0  # a wrist
    points[1, 3:] = 0  # all but nose, neck, shoulder
    found = assembly.assemble(*drawn(People(points)))
    assert len(found) == 1 and found.found.sum() == 17
    assert found.part("right wrist").tolist() == [[0, 0, 0]]
    more = assembly.assemble(*drawn(People(points)), minimum_parts=3)
    assert sorted(more.found.sum(axis=1)) == [3, 17]


def test_a_missing_neck_leaves_a_head_that_the_shoulders_hold():
    points = upright((40, 12)).keypoints.copy()
    points[0, 1] = 0
    found = assembly.assemble(*drawn(People(points)), minimum_parts=1, minimum_score=0)
    # Head and arms hang together through the ears; each leg is a fragment of three parts.
    assert found.found.sum(axis=1).tolist().count(3) == 2
    assert found.found.sum(axis=1).max() == 11


def test_a_limb_that_would_give_a_second_nose_is_left_out():
    peaks = [np.array([[0, part, 0.8], [9, part, 0.8]]) for part in range(3)]
    limbs = ((0, 1), (1, 2), (0, 2))
    found = [  # start, end, score; the last limb is wrong: it joins the first to the second
        np.array([[0, 0, 0.9], [1, 1, 0.9]]),
        np.array([[0, 0, 0.9], [1, 1, 0.5]]),
        np.array([[0, 1, 0.7]]),
    ]
    points, scores = assembly.join(peaks, found, 3, limbs)
    assert points[..., 0].tolist() == [[0, 0, 0], [9, 9, 9]]
    np.testing.assert_allclose(scores, [(3 * 0.8 + 1.8) / 5, (3 * 0.8 + 1.4) / 5])
    nothing = assembly.join(peaks, [np.zeros((0, 3))] * 3, 3, limbs)
    assert nothing[0].shape == (0, 3, 3) and nothing[1].shape == (0,)


def test_duplicates_are_dropped():
    one = np.column_stack([fields.standing(30) + [40, 12], np.ones(18)])
    near, far = one + [1, 0, 0], one + [5, 0, 0]
    points = np.stack([one, near, far])
    kept = assembly.distinct(points, np.array([0.5, 0.9, 0.4]), 1.5)
    assert kept.tolist() == [1, 2]
    assert len(assembly.distinct(points, np.array([0.5, 0.9, 0.4]), 0.5)) == 3
    assert len(assembly.distinct(np.zeros((0, 18, 3)), np.zeros(0), 1.5)) == 0


def test_scores_and_their_minimum():
    maps, field = drawn(upright((40, 12)))
    found = assembly.assemble(maps * 0.5, field)
    tops = np.array([t[0, 2] for t in fields.peaks(maps * 0.5)])
    limbs = 19  # all integrals are 1
    assert found.scores[0] == pytest.approx((tops.sum() + limbs) / (18 + limbs), abs=1e-6)
    assert len(assembly.assemble(maps * 0.5, field, minimum_score=0.9)) == 0
    assert len(assembly.assemble(maps * 0.05, field)) == 0
    assert len(assembly.assemble(maps, field * 0.5, minimum_limb=0.6)) == 0
    assert len(assembly.assemble(maps, field * 0.5, support=0.6)) == 0


def test_a_limb_that_is_too_long_loses_score():
    maps, field = drawn(upright((40, 12)))
    limbs = {"minimum_limb": 0.5, "minimum_parts": 1}
    assert assembly.assemble(maps, field, **limbs).found.sum() == 18
    arm = np.hypot(0.09, 0.14) * 30  # pixels: the shortest limb below the head
    short = assembly.assemble(maps, field, longest=0.45 * arm / SIZE[0], **limbs)
    assert not short.found[:, [4, 7, 9, 10, 12, 13]].any() and short.found.any()


def test_smoothing_removes_noise():
    people = upright((20, 12), (55, 12))
    maps, field = drawn(people)
    noisy = maps + np.random.default_rng(0).normal(0, 0.15, maps.shape)
    rough, smooth = (assembly.assemble(noisy, field, smooth=s) for s in (0, 1))
    assert fields.pck(smooth, people, 0.05) > fields.pck(rough, people, 0.05)


@pytest.mark.parametrize("method", ["greedy", "optimal"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_noise_never_breaks_the_rules(method, seed):
    rng = np.random.default_rng(seed)
    maps, field = rng.uniform(0, 1, (12, 15, 18)), rng.normal(0, 1, (12, 15, 19, 2))
    found = assembly.assemble(maps, field, matching=method, minimum_parts=2, minimum_score=0)
    assert np.isfinite(found.keypoints).all() and (found.found.sum(axis=1) >= 2).all()
    for k, tops in enumerate(fields.peaks(maps)):
        used = found.keypoints[found.found[:, k], k]
        assert len(np.unique(used, axis=0)) == len(used)  # no peak belongs to two people
        assert {tuple(p) for p in used} <= {tuple(p) for p in tops}


@pytest.mark.parametrize(
    ("maps", "field", "options", "message"),
    [
        (np.zeros((4, 5, 17)), np.zeros((4, 5, 19, 2)), {}, r"heatmaps has shape \(4, 5, 17\)"),
        (np.zeros((4, 5, 18)), np.zeros((4, 6, 19, 2)), {}, r"affinity has shape \(4, 6, 19, 2\)"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 38)), {}, "affinity has shape"),
        (np.full((4, 5, 18), np.nan), np.zeros((4, 5, 19, 2)), {}, "heatmaps holds NaN"),
        (np.zeros((4, 5, 18)), np.full((4, 5, 19, 2), np.nan), {}, "affinity holds NaN"),
        (np.zeros((0, 5, 18)), np.zeros((0, 5, 19, 2)), {}, "empty"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"threshold": -1}, "threshold is -1"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"minimum_parts": 0}, "minimum_parts is 0"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"minimum_support": 2}, "minimum_support"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"matching": "best"}, "matching 'best'"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"smooth": -1}, "smooth is -1"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"smooth": 1e9}, "smooth is 1000000000"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"names": None}, "names is None"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"limbs": "abc"}, "limbs holds"),
        (np.zeros((4, 5, 18)), np.zeros((4, 5, 19, 2)), {"minimum_limb": np.nan}, "minimum_limb"),
    ],
)
def test_bad_input(maps, field, options, message):
    with pytest.raises(ValueError, match=message):
        assembly.assemble(maps, field, **options)


def test_other_skeletons():
    people = np.array([[[3, 3, 1], [9, 3, 1.0]], [[3, 9, 1], [9, 9, 1.0]]])
    graph = {"names": ("hand", "foot"), "limbs": ((0, 1),)}
    maps = fields.heatmaps(people, 12, 14)
    field = fields.affinity(people, 12, 14, limbs=graph["limbs"])
    found = assembly.assemble(maps, field, minimum_parts=2, longest=2, **graph)
    assert found.names == ("hand", "foot") and fields.recovered(found, people).all()
