"""Heatmaps, affinity fields, peaks, line integrals, matching, crowds and scores."""

import itertools

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib.colors import to_rgb
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from course_lib import plot
from course_lib.pose import fields
from course_lib.pose.fields import crowds, drawing, figures, scoring
from course_lib.pose.parts import LIMBS, People

GRAPH = {"limbs": [(0, 1)]}


def person(*joints):
    """One person of a few joints (x, y), all found."""
    return np.array([[(x, y, 1) for x, y in joints]], dtype=float)


# Targets


def test_a_hill_by_hand():
    maps = fields.heatmaps(person((2, 1), (0, 0)), 3, 5, sigma=2.0)
    assert maps.shape == (3, 5, 2) and maps.dtype == np.float32
    assert maps[1, 2, 0] == 1 and maps[0, 0, 1] == 1
    np.testing.assert_allclose(maps[1, 4, 0], np.exp(-4 / 8), rtol=1e-6)
    np.testing.assert_allclose(maps[2, 1, 0], np.exp(-2 / 8), rtol=1e-6)


def test_where_hills_meet_the_higher_counts_and_the_background_is_the_rest():
    two = np.concatenate([person((1, 1)), person((4, 1))])
    maps = fields.heatmaps(two, 3, 6, background=True)
    alone = [fields.heatmaps(p[None], 3, 6) for p in two]
    np.testing.assert_array_equal(maps[..., :1], np.maximum(*alone))
    np.testing.assert_allclose(maps[..., 1], 1 - maps[..., 0], atol=1e-7)


def test_a_limb_by_hand():
    field = fields.affinity(person((1, 1), (4, 1)), 4, 7, radius=1, **GRAPH)[:, :, 0]
    expected = np.zeros((4, 7))
    expected[:3, 1:5] = 1  # a pixel above and below
    expected[1, [0, 5]] = 1  # the round ends
    np.testing.assert_array_equal(field[..., 0], expected)
    assert not field[..., 1].any()


def test_limbs_that_cross_are_averaged():
    cross = np.concatenate([person((0, 2), (4, 2)), person((2, 0), (2, 4))])
    field = fields.affinity(cross, 5, 5, radius=0.5, **GRAPH)[:, :, 0]
    assert field[2, 2].tolist() == [0.5, 0.5]
    assert field[2, 0].tolist() == [1, 0] and field[0, 2].tolist() == [0, 1]


def test_what_was_not_found_leaves_no_trace():
    people = person((1, 1), (4, 1))
    people[0, 1, 2] = 0
    assert not fields.affinity(people, 4, 7, **GRAPH).any()
    assert not fields.heatmaps(people, 4, 7)[..., 1].any()
    assert fields.heatmaps([], 4, 7).shape == (4, 7, 18)
    assert not fields.affinity([], 4, 7).any()


def test_a_limb_without_length_points_nowhere():
    assert not fields.affinity(person((1, 1), (1, 1)), 3, 3, **GRAPH).any()


def test_joints_outside_the_map_and_maps_of_one_pixel():
    people = person((-20, -20), (40, 0.2))
    field = fields.affinity(people, 1, 1, radius=50, **GRAPH)
    assert field.shape == (1, 1, 1, 2) and np.linalg.norm(field) == pytest.approx(1)
    assert fields.heatmaps(people, 1, 1).max() < 1e-6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 6))
def test_fields_are_no_longer_than_one(seed, count):
    people = fields.crowd(count, rng=seed, apart=0)
    field = fields.affinity(people, 46, 82)
    assert np.linalg.norm(field, axis=-1).max(initial=0) <= 1 + 1e-6
    maps = fields.heatmaps(people, 46, 82)
    assert maps.min() >= 0 and maps.max() <= 1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_mirrored_maps_are_the_maps_of_mirrored_people(seed):
    people = fields.crowd(3, rng=seed)
    mirrored = people.mirrored(82)
    maps, field = fields.heatmaps(people, 46, 82, background=True), fields.affinity(people, 46, 82)
    maps, field = fields.mirror(maps, field)
    np.testing.assert_allclose(maps, fields.heatmaps(mirrored, 46, 82, background=True), atol=1e-5)
    # A pixel on the very edge of a limb may fall on either side by rounding.
    differ = np.abs(field - fields.affinity(mirrored, 46, 82)).max(axis=(2, 3)) > 1e-5
    assert differ.sum() <= 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fields.heatmaps(np.zeros((2, 3)), 4, 4), r"people has shape \(2, 3\)"),
        (lambda: fields.heatmaps(person((np.nan, 0)), 4, 4), "people holds NaN"),
        (lambda: fields.heatmaps(person((0, 0)), 0, 4), "height is 0"),
        (lambda: fields.heatmaps(person((0, 0)), 4, 4, sigma=0), "sigma is 0"),
        (lambda: fields.affinity(person((0, 0)), 4, 4, limbs=[(0, 1)]), r"limbs holds \(0, 1\)"),
        (lambda: fields.affinity(person((0, 0)), 4, 4, radius=-1), "radius is -1"),
        (lambda: fields.mirror(np.zeros((4, 4, 18)), np.zeros((4, 4, 38))), "fields has shape"),
        (lambda: fields.mirror(np.zeros((4, 4, 17)), np.zeros((4, 4, 19, 2))), "maps has shape"),
        (lambda: fields.mirror(np.zeros((4, 4, 18)), np.zeros((4, 5, 19, 2))), "fields has shape"),
        (lambda: fields.heatmaps(person((1e300, 0)), 4, 4), "people goes up to 1e"),
        (lambda: fields.heatmaps(person((0, 0)), 10**5, 10**5), "maps are too large"),
        (lambda: fields.affinity(person((0, 0)), 4, 4, radius=1e300), "radius is 1e"),
        *(
            (lambda limbs=limbs: fields.affinity(person((0, 0), (1, 1)), 4, 4, limbs=limbs), text)
            for limbs, text in (
                (None, "limbs is None; wanted a tuple"),
                ((0, 1), r"limbs is \(0, 1\); wanted a tuple"),
                ("ab", r"limbs holds \('a',\)"),
                (((0, 1.5),), r"limbs holds \(0, 1.5\)"),
                (((0, None),), r"limbs holds \(0, None\)"),
                (((0, 1, 1),), r"limbs holds \(0, 1, 1\)"),
            )
        ),
    ],
)
def test_bad_targets(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Peaks

maps_of_noise = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    elements=st.floats(0, 1),
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(maps_of_noise, st.integers(1, 3))
def test_peaks_are_those_of_a_maximum_filter(maps, radius):
    highest = ndimage.maximum_filter(maps, (2 * radius + 1, 2 * radius + 1, 1), mode="nearest")
    expected = np.argwhere((maps == highest) & (maps >= 0.3))  # rows: y, x, k
    found = fields.peaks(maps, threshold=0.3, radius=radius, refine="none")
    ours = [(y, x, k) for k, tops in enumerate(found) for x, y, _ in tops]
    assert sorted(map(tuple, expected)) == sorted(ours)
    for k, tops in enumerate(found):
        assert all(maps[int(y), int(x), k] == score for x, y, score in tops)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 19), st.floats(0, 14), st.floats(0.6, 3))
def test_a_hill_is_found_where_it_was_put_even_at_the_border(x, y, sigma):
    (tops,) = fields.peaks(fields.heatmaps(person((x, y)), 15, 20, sigma=sigma), threshold=0.2)
    assert len(tops) == 1
    np.testing.assert_allclose(tops[0, :2], [x, y], atol=2e-4)


def test_refinement_by_hand():
    assert fields.vertex([0], [4], [2], "parabola")[0] == pytest.approx(1 / 6)
    ratio = fields.vertex([1], [np.e**2], [np.e], "gaussian")[0]
    assert ratio == pytest.approx(1 / 6)  # logarithms 0, 2, 1: the same parabola
    assert fields.vertex([1], [1], [1], "parabola")[0] == 0
    assert fields.vertex([0], [1], [1], "parabola")[0] == 0.5


def test_bad_curves():
    with pytest.raises(TypeError, match="values is of type"):
        fields.vertex("a", "b", "c")
    with pytest.raises(ValueError, match="rows of different lengths"):
        fields.vertex([1, 2], [1], [1])
    with pytest.raises(ValueError, match="refine 'cubic'"):
        fields.vertex([1], [2], [1], "cubic")
    with pytest.raises(ValueError, match="maps has 2 axes"):
        fields.local_maxima(np.zeros((3, 3)))


def test_a_plateau_is_one_peak_and_a_flat_map_none_below_the_threshold():
    maps = np.zeros((5, 6, 1))
    maps[2, 2:4] = 0.5
    (tops,) = fields.peaks(maps, threshold=0.1)
    np.testing.assert_allclose(tops, [[2.5, 2, 0.5]])
    assert len(fields.peaks(np.zeros((5, 6, 2)))[1]) == 0


def test_a_map_of_one_pixel():
    (tops,) = fields.peaks(np.full((1, 1, 1), 0.7))
    assert tops.tolist() == [[0, 0, 0.7]]
    assert [t.shape for t in fields.peaks(np.zeros((1, 1, 18)))] == [(0, 3)] * 18


@pytest.mark.parametrize(
    ("maps", "options", "message"),
    [
        (np.full((3, 3, 1), np.nan), {}, "heatmaps holds NaN"),
        (np.zeros((3, 3)), {}, "heatmaps has 2 axes"),
        (np.zeros((0, 3, 1)), {}, "heatmaps is empty"),
        (np.zeros((3, 3, 1)), {"threshold": 0}, "threshold is 0"),
        (np.zeros((3, 3, 1)), {"threshold": np.nan}, "threshold is nan"),
        (np.zeros((3, 3, 1)), {"radius": 0}, "radius is 0"),
        (np.zeros((3, 3, 1)), {"radius": 2000}, "radius is 2000"),
        (np.full((3, 3, 1), 1e308), {}, "heatmaps goes up to 1e"),
        (np.zeros((3, 3, 1)), {"refine": "gauss"}, "did you mean gaussian"),
    ],
)
def test_bad_maps(maps, options, message):
    with pytest.raises(ValueError, match=message):
        fields.peaks(maps, **options)


# Line integrals


def plain_integral(field, start, end, samples):
    """One line integral in a plain loop."""
    start, end = np.array(start[:2]), np.array(end[:2])
    length = np.linalg.norm(end - start)
    if length == 0:
        return 0.0
    total = 0.0
    for t in np.linspace(0, 1, samples):
        x, y = np.rint(start + t * (end - start)).astype(int)
        x, y = min(max(x, 0), field.shape[1] - 1), min(max(y, 0), field.shape[0] - 1)
        total += field[y, x] @ (end - start) / length
    return total / samples


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 4), st.integers(0, 4), st.integers(2, 12))
def test_line_integrals_are_those_of_a_plain_loop(seed, n, m, samples):
    rng = np.random.default_rng(seed)
    field = rng.normal(size=(7, 9, 2))
    starts, ends = rng.uniform(-1, 9, (n, 2)), rng.uniform(-1, 9, (m, 3))
    found = fields.line_integrals(field, starts, ends, samples=samples)
    assert found.shape == (n, m)
    for i, j in itertools.product(range(n), range(m)):
        assert found[i, j] == pytest.approx(plain_integral(field, starts[i], ends[j], samples))


def test_integrals_by_hand():
    field = fields.affinity(person((1, 2), (7, 2)), 5, 9, **GRAPH)[:, :, 0]
    there = fields.line_integrals(field, [(1, 2)], [(7, 2), (1, 2)])
    np.testing.assert_allclose(there, [[1, 0]])  # along the limb; no line at all
    np.testing.assert_allclose(fields.line_integrals(field, [(7, 2)], [(1, 2)]), -1)
    upright = fields.line_integrals(field, [(4, 0)], [(4, 4)])
    np.testing.assert_allclose(upright, 0, atol=1e-12)
    half = np.zeros((1, 11, 2))
    half[0, :5, 0] = 1
    assert fields.line_integrals(half, [(0, 0)], [(9, 0)], samples=10)[0, 0] == 0.5


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.zeros((3, 3)), [(0, 0)], [(1, 1)]), {}, r"field has shape \(3, 3\)"),
        ((np.full((3, 3, 2), np.inf), [(0, 0)], [(1, 1)]), {}, "field holds NaN or infinity"),
        ((np.zeros((3, 3, 2)), [(0, np.nan)], [(1, 1)]), {}, "starts holds NaN"),
        ((np.zeros((3, 3, 2)), [(0, 0)], [1, 1]), {}, r"ends has shape \(2,\)"),
        ((np.zeros((3, 3, 2)), [(0, 0)], [(1, 1)]), {"samples": 1}, "samples is 1"),
        ((np.zeros((0, 3, 2)), [(0, 0)], [(1, 1)]), {}, "field is empty"),
        ((np.zeros((3, 3, 2)), [(0, 0)], [(1, 1)]), {"samples": 10**12}, "samples is 1000000"),
    ],
)
def test_bad_lines(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        fields.line_integrals(*arguments, **options)


# Matching

tables = arrays.arrays(
    np.float64, st.tuples(st.integers(0, 6), st.integers(0, 6)), elements=st.floats(-1, 1)
)


@settings(max_examples=80, deadline=None)
@given(tables)
def test_the_optimal_matching_is_scipys_and_never_below_the_greedy_one(table):
    gains = np.maximum(table, 0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    totals = {}
    for method in ("greedy", "optimal"):
        pairs = fields.match(table, method=method)
        assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
        scores = table[pairs[:, 0], pairs[:, 1]]
        assert (scores > 0).all() and (np.diff(scores) <= 0).all()
        totals[method] = scores.sum()
    assert totals["optimal"] == pytest.approx(gains[rows, columns].sum())
    assert totals["greedy"] <= totals["optimal"] + 1e-9
    assert totals["greedy"] >= totals["optimal"] / 2 - 1e-9  # the known bound


def test_where_greedy_and_optimal_differ():
    table = [[0.9, 0.8], [0.8, 0.1]]
    assert fields.match(table).tolist() == [[0, 0], [1, 1]]  # 0.9 + 0.1
    assert fields.match(table, method="optimal").tolist() == [[0, 1], [1, 0]]  # 0.8 + 0.8
    assert fields.match(table, minimum=0.2).tolist() == [[0, 0]]
    assert fields.match([[-np.inf, 0.3]], method="optimal").tolist() == [[0, 1]]


@pytest.mark.parametrize("method", ["greedy", "optimal"])
def test_nothing_to_match(method):
    for shape in ((0, 0), (0, 3), (2, 0)):
        assert fields.match(np.zeros(shape), method=method).shape == (0, 2)
    with pytest.raises(ValueError, match="scores holds NaN"):
        fields.match([[np.nan]], method=method)
    with pytest.raises(ValueError, match="scores has 1 axes"):
        fields.match([0.5], method=method)
    with pytest.raises(ValueError, match="did you mean"):
        fields.match([[0.5]], method=method[:-1])


# Crowds and scores


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(0, 20))
def test_crowds_keep_their_promise(seed, count):
    people = fields.crowd(count, rng=seed)
    again = fields.crowd(count, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(people.keypoints, again.keypoints)
    joints = people.keypoints[..., :2]
    assert len(people) == count and people.found.all()
    assert (joints >= 0.5).all() and (joints <= [80.5, 44.5]).all()
    assert crowds.covered(joints).max(initial=0) <= crowds.COVERED
    for one, two in itertools.combinations(joints, 2):
        assert np.linalg.norm(one - two, axis=1).min() >= 3


def test_the_neck_is_between_the_shoulders_and_limbs_keep_their_length():
    rng = np.random.default_rng(1)
    body = crowds.figure(rng)
    np.testing.assert_allclose(body[1], (body[2] + body[5]) / 2, atol=1e-12)
    assert np.linalg.norm(body[3] - body[2]) == pytest.approx(crowds.ARM[0][0])
    assert np.linalg.norm(body[10] - body[9]) == pytest.approx(crowds.LEG[1][0])
    assert fields.standing(20).shape == (18, 2)


def test_crossings_by_hand():
    bodies = fields.standing(30) + np.array([[20, 5], [28, 5], [60, 5]])[:, None]
    people = People(np.dstack([bodies, np.ones((3, 18))]))
    cross = fields.crossings(people)
    assert cross.shape == (3, 3, 19, 19)
    np.testing.assert_array_equal(cross, cross.transpose(1, 0, 3, 2))
    left_arm, right_arm = LIMBS.index((5, 6)), LIMBS.index((2, 3))
    assert cross[0, 1, left_arm, right_arm] and not cross[0, 1, right_arm, left_arm]
    assert not cross[[0, 1, 2], [0, 1, 2]].any() and not cross[2].any()
    points = people.keypoints.copy()
    points[0, 6] = 0  # no elbow, no upper arm
    points[0, 5, :2], points[1, 4, :2] = (40, 40), (0, 30)  # a line to the corner would cross
    cross = fields.crossings(People(points))
    assert not cross[0, 1, left_arm].any() and not cross[1, 0, :, left_arm].any()
    assert fields.crossings(People([])).shape == (0, 0, 19, 19)
    with pytest.raises(TypeError, match="wanted People of 18 parts"):
        fields.crossings(points)


def test_how_much_of_a_limb_is_covered_by_hand():
    one, two = np.zeros((2, 18, 2)) + [[[0, 0]], [[50, 50]]]
    one[3], one[4] = (10, 10), (22, 10)  # a forearm of 12 pixels: 13 points, one a pixel
    two[3], two[4] = (16, 4), (16, 16)  # crosses it at right angles
    forearm = LIMBS.index((3, 4))
    shares = crowds.covered(np.stack([one, two]), reach=1.5)
    np.testing.assert_allclose(shares[:, forearm], 3 / 13)
    assert crowds.covered(one[None]).max() == 0  # nobody covers themselves
    shares = crowds.covered(np.stack([one, two, two + [3, 0]]), reach=1.5)
    np.testing.assert_allclose(shares[0, forearm], 6 / 13)  # two people together


def test_crowds_touch_and_cross():
    pairs, alike, touch = 0, 0, 0
    for seed in range(20):
        people = fields.crowd(seed % 19 + 2, rng=seed)
        cross = fields.crossings(people)
        pairs += cross.any(axis=(2, 3)).sum() // 2
        alike += np.einsum("pqll->", cross.astype(int)) // 2  # two left forearms, say
        joints = people.keypoints[..., :2]
        gap = np.linalg.norm(joints[:, None, :, None] - joints[None, :, None], axis=-1)
        near = (gap < 1).any(axis=(2, 3))
        touch += np.triu(near, 1).sum()
    assert pairs > 10 * 20 and alike >= 3 and touch > 3 * 20


@pytest.mark.parametrize(
    ("count", "options", "message"),
    [
        (-1, {}, "count is -1"),
        (3, {"height": 5, "width": 5}, "only 0 of 3 people found room"),
        (1, {"apart": -1}, "apart is -1"),
        (1, {"sizes": (0, 3)}, "sizes goes down to 0"),
        (1, {"sizes": 5}, r"sizes has shape \(\)"),
        (1, {"sizes": (36, 14)}, "the smallest and then the largest"),
        (10**6, {}, "count is 1000000"),
    ],
)
def test_bad_crowds(count, options, message):
    with pytest.raises(ValueError, match=message):
        fields.crowd(count, rng=0, **options)


@pytest.mark.parametrize("rng", ["x", None, -1, 1.5])
def test_bad_seeds(rng):
    with pytest.raises(TypeError, match="wanted a seed of 0 or more"):
        fields.crowd(1, rng=rng)


def test_pck_by_hand():
    truth = person((0, 0), (10, 0), (0, 5), (4, 4))  # size 10
    found = person((0, 1), (10, 2.5), (50, 5), (4, 4))
    np.testing.assert_allclose(fields.pck(found, truth, [0, 0.1, 0.25, 9]), [0.25, 0.5, 0.75, 1])
    assert fields.pck([], truth) == 0
    truth[0, 2, 2] = 0  # a joint that is not there does not count
    assert fields.pck(found, truth, 0.25) == 1


def test_joints_of_another_person_are_not_correct():
    truth = np.concatenate([person((0, 0), (0, 10)), person((30, 0), (30, 10))])
    swapped = truth.copy()
    swapped[:, 1] = truth[::-1, 1]
    assert fields.pck(truth[::-1], truth) == 1
    assert fields.pck(swapped, truth) == 0.5
    assert fields.recovered(truth[::-1], truth).all()
    assert not fields.recovered(swapped, truth).any()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_pck_grows_with_alpha(seed):
    rng = np.random.default_rng(seed)
    truth = np.dstack([rng.uniform(0, 20, (3, 5, 2)), np.ones((3, 5))])
    found = truth[: rng.integers(0, 4)] + rng.normal(0, 1, (1, 5, 3)) * [1, 1, 0]
    shares = [fields.pck(found, truth, alpha) for alpha in (0, 0.05, 0.2, 1, 100)]
    assert shares[-1] == pytest.approx(len(found) / 3) and 0 <= shares[0]
    assert np.all(np.diff(fields.pck(truth, truth, [0, 0.1])) == 0)


def test_bad_scores():
    with pytest.raises(ValueError, match="truth holds no joint"):
        fields.pck([], [])
    with pytest.raises(ValueError, match="found has 2 parts and truth 3"):
        fields.pck(person((0, 0), (1, 1)), person((0, 0), (1, 1), (2, 2)))
    with pytest.raises(ValueError, match="found has 2 parts and truth 3"):
        fields.recovered(person((0, 0), (1, 1)), person((0, 0), (1, 1), (2, 2)))
    with pytest.raises(ValueError, match="found goes up to 1e"):
        fields.pck(person((1e300, 0)), person((0, 0)))
    assert fields.pck(person((0, 0)), person((0, 0)), []).shape == (0,)
    with pytest.raises(ValueError, match="alpha goes down to -1"):
        fields.pck([], person((0, 0)), -1)
    assert fields.recovered([], []).shape == (0,)
    assert scoring.distances(np.zeros((0, 18, 3)), np.zeros((2, 18, 3))).shape == (0, 2, 18)


# Figures


def test_hue_is_direction_and_white_is_nothing():
    field = np.zeros((1, 5, 2, 2))
    field[0, 0, 0], field[0, 1, 1], field[0, 2, 0], field[0, 3, 1] = (
        (1, 0),
        (0, 1),
        (-1, 0),
        (0, -1),
    )
    colours = drawing.direction_colours(field)
    names = [plot.ORANGE, plot.GREEN, plot.BLUE, plot.PURPLE, "white"]  # right, down, left, up
    np.testing.assert_allclose(colours[0], [to_rgb(name) for name in names], atol=1e-6)
    faint = drawing.direction_colours(0.5 * field)
    np.testing.assert_allclose(faint, (1 + colours) / 2)


def test_figures_draw_what_they_are_given():
    people = fields.crowd(2, rng=0)
    maps, field = fields.heatmaps(people, 46, 82), fields.affinity(people, 46, 82)
    ax = figures.show_chain(people, maps, field, people).axes[3]
    assert len(ax.lines) == 2 * 17 * 2 and "2 people" in ax.get_title()
    nobody = figures.show_found(maps, fields.crowd(0, rng=0), "none")
    assert not nobody.axes[1].lines
    figures.show_photo(np.ones((46, 82, 3)), maps, field, people)
    figures.show_lost(people, field[:, :, 0], people)
    assert len(figures.show_maps(people, maps, [0, 4]).axes) == 2
    plt.close("all")
