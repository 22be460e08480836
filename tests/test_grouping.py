"""The grouping of hits against hand-made groups and cv2.groupRectangles."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.classic.cascade import grouping

FACE = [10, 20, 50, 60]


def corners(rectangles):
    """x, y, width, height -> x0, y0, x1, y1."""
    rectangles = np.array(rectangles, float).reshape(-1, 4)
    return np.hstack([rectangles[:, :2], rectangles[:, :2] + rectangles[:, 2:]])


def test_three_hits_become_their_mean():
    hits = [FACE, [12, 22, 52, 62], [11, 24, 51, 64]]
    boxes, counts = grouping.group_boxes(hits, 2)
    np.testing.assert_array_equal(boxes, [[11, 22, 51, 62]])
    np.testing.assert_array_equal(counts, [3])


def test_a_group_needs_more_hits_than_neighbours():
    boxes, counts = grouping.group_boxes([FACE] * 3, 3)
    assert boxes.shape == (0, 4) and counts.shape == (0,)
    assert grouping.group_boxes([FACE] * 4, 3)[1].tolist() == [4]


def test_likeness_passes_from_hit_to_hit():
    # Of 40 pixels and eps 0.2, sides may differ by 8: neighbours do by 6, the ends by 12.
    chain = [np.add(FACE, shift) for shift in (0, 6, 12)]
    assert grouping.group_boxes(chain, 1)[1].tolist() == [3]
    assert grouping.group_boxes([chain[0], chain[2]], 1)[1].tolist() == []


def test_a_small_group_inside_a_busier_one_goes():
    large, small = [[0, 0, 100, 100]] * 6, [[30, 30, 60, 60]] * 4
    assert grouping.group_boxes(small + large, 3)[0].tolist() == [[0, 0, 100, 100]]
    assert len(grouping.group_boxes(small + large[:4], 3)[0]) == 2  # not busier, both stay


def test_none_in_none_out():
    boxes, counts = grouping.group_boxes([], 3)
    assert boxes.shape == (0, 4) and counts.shape == (0,)


def test_no_neighbours_wanted_returns_the_hits():
    hits = [[30, 30, 60, 60], FACE, FACE]
    boxes, counts = grouping.group_boxes(hits, 0)
    np.testing.assert_array_equal(boxes, hits)
    np.testing.assert_array_equal(counts, [1, 1, 1])


@st.composite
def crowds(draw):
    """Rectangles x, y, width, height around a few places, so that some of them group."""
    side = st.integers(0, 60)
    places = draw(
        st.lists(st.tuples(side, side, st.integers(1, 60), st.integers(1, 60)), max_size=4)
    )
    jitter = st.tuples(*[st.integers(-4, 4)] * 4)
    picked = st.tuples(st.sampled_from(places), jitter) if places else st.nothing()
    drawn = draw(st.lists(picked, max_size=30)) if places else []
    return [
        [max(1 if i > 1 else -9, a + b) for i, (a, b) in enumerate(zip(p, j, strict=True))]
        for p, j in drawn
    ]


@settings(deadline=None, max_examples=300)
@given(crowds(), st.integers(0, 4), st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]))
def test_it_is_cv2_group_rectangles(rectangles, neighbors, eps):
    theirs, their_counts = cv2.groupRectangles(rectangles, neighbors, eps)
    boxes, counts = grouping.group_boxes(corners(rectangles), neighbors, eps)
    np.testing.assert_array_equal(boxes, corners(theirs))
    np.testing.assert_array_equal(counts, np.array(their_counts, int).reshape(-1))


@pytest.mark.parametrize(
    "boxes, neighbors, eps, message",
    [
        ([[1, 2, 3]], 1, 0.2, "boxes has shape"),
        ([[0, 0, 1, np.nan]], 1, 0.2, "boxes holds NaN"),
        ([FACE], -1, 0.2, "min_neighbors is -1"),
        ([FACE], 1, -0.1, "eps is -0.1"),
    ],
)
def test_errors(boxes, neighbors, eps, message):
    with pytest.raises(ValueError, match=message):
        grouping.group_boxes(boxes, neighbors, eps)


def test_half_a_neighbour():
    with pytest.raises(TypeError, match="whole number"):
        grouping.group_boxes([FACE], 1.5)
