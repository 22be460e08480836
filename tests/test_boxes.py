"""Overlap and matching of boxes against pixels counted one by one, and SciPy's assignment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from course_lib.detection import boxes

BOXES = st.lists(
    st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(0, 8)] * 2).map(
        lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=6,
)


def test_iou_by_hand():
    # 4x4 and 4x4, shifted by 2 and 2: 2x2 shared of 16 + 16 - 4.
    found = boxes.iou([[0, 0, 4, 4], [10, 10, 11, 11]], [[2, 2, 6, 6], [0, 0, 4, 2], [4, 0, 8, 4]])
    np.testing.assert_allclose(found, [[4 / 28, 8 / 16, 0], [0, 0, 0]])


def test_iou_of_an_empty_box_is_zero():
    empty = [[3, 3, 3, 9], [5, 5, 2, 2]]  # no width; corners in the wrong order
    np.testing.assert_array_equal(boxes.iou(empty, [*empty, [0, 0, 9, 9]]), np.zeros((2, 3)))


def test_iou_shapes():
    assert boxes.iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert boxes.iou(np.ones((3, 4)), []).shape == (3, 0)


@given(BOXES, BOXES)
def test_iou_is_a_count_of_pixels(first, second):
    def pixels(box):
        mask = np.zeros((24, 24), bool)
        mask[box[1] : box[3], box[0] : box[2]] = True
        return mask

    found = boxes.iou(first, second)
    for i, a in enumerate(map(pixels, first)):
        for j, b in enumerate(map(pixels, second)):
            expected = (a & b).sum() / max((a | b).sum(), 1)
            assert found[i, j] == pytest.approx(expected)


@given(BOXES, BOXES, st.floats(0.1, 50), st.floats(-100, 100))
def test_iou_does_not_care_for_order_scale_and_place(first, second, scale, shift):
    found = boxes.iou(first, second)
    np.testing.assert_allclose(found.T, boxes.iou(second, first))
    moved = [np.array(b, float).reshape(-1, 4) * scale + shift for b in (first, second)]
    np.testing.assert_allclose(found, boxes.iou(*moved), atol=1e-6)


def test_match_by_hand():
    truth = [[0, 0, 10, 10], [100, 0, 110, 10]]
    found = [[0, 0, 10, 8], [0, 0, 10, 10], [50, 50, 60, 60]]
    # Two of the found lie on the first face: the better one gets it, the other is a false alarm.
    np.testing.assert_array_equal(boxes.match(found, truth, overlap=0.5), [[1, 0]])
    np.testing.assert_array_equal(boxes.match(found[:1], truth, overlap=0.8), [[0, 0]])
    assert boxes.match(found[:1], truth, overlap=0.81).shape == (0, 2)


def test_match_of_nothing():
    assert boxes.match([], [[0, 0, 1, 1]]).shape == (0, 2)
    assert boxes.match([[0, 0, 1, 1]], []).shape == (0, 2)


@given(BOXES, BOXES, st.sampled_from([0.1, 0.4, 0.9]))
def test_match_pairs_one_to_one_and_half_the_best_at_least(found, truth, overlap):
    pairs = boxes.match(found, truth, overlap=overlap)
    allowed = boxes.iou(found, truth) >= overlap
    assert all(allowed[i, j] for i, j in pairs)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
    most = allowed[linear_sum_assignment(allowed, maximize=True)].sum()
    assert most / 2 <= len(pairs) <= most


@pytest.mark.parametrize("overlap", [0, -0.5, 1.1, float("nan")])
def test_match_wants_an_overlap_above_zero(overlap):
    with pytest.raises(ValueError, match="overlap"):
        boxes.match([[0, 0, 1, 1]], [[0, 0, 1, 1]], overlap=overlap)


@pytest.mark.parametrize("bad", [[[0, 0, 1]], [[0, 0, 1, np.inf]]])
def test_boxes_that_are_none(bad):
    with pytest.raises(ValueError, match="boxes_b"):
        boxes.iou([[0, 0, 1, 1]], bad)
    with pytest.raises(ValueError, match="boxes_a"):
        boxes.iou(bad, [[0, 0, 1, 1]])


def test_coordinates_whose_area_would_overflow():
    for call in (boxes.to_centre, boxes.to_size, boxes.to_corners, boxes.valid):
        with pytest.raises(ValueError, match=r"boxes goes up to 1e\+200; wanted 1e\+100 or less"):
            call([[0, 0, 1e200, 1e200]])
    with pytest.raises(ValueError, match=r"boxes_b goes down to -1e\+200"):
        boxes.iou([[0, 0, 1, 1]], [[-1e200, 0, 1, 1]])
    wide = [[0, 0, 1e100, 1e100], [0, 0, 1e100, 5e99]]
    np.testing.assert_allclose(boxes.iou(wide, wide), [[1, 0.5], [0.5, 1]])


def test_match_names_the_argument():
    with pytest.raises(ValueError, match="truth holds NaN"):
        boxes.match([[0, 0, 1, 1]], [[0, 0, 1, np.nan]])
    with pytest.raises(ValueError, match="from 1e-09 to 1"):
        boxes.match([[0, 0, 1, 1]], [[0, 0, 1, 1]], overlap=0)


# ---- Forms


def test_forms_by_hand():
    corners = [[10, 20, 30, 60]]
    np.testing.assert_array_equal(boxes.to_centre(corners), [[20, 40, 20, 40]])
    np.testing.assert_array_equal(boxes.to_size(corners), [[10, 20, 20, 40]])
    np.testing.assert_array_equal(boxes.to_corners([[20, 40, 20, 40]]), corners)
    np.testing.assert_array_equal(boxes.to_corners([[10, 20, 20, 40]], form="size"), corners)


@given(BOXES)
def test_forms_go_there_and_back(corners):
    for form, there in (("centre", boxes.to_centre), ("size", boxes.to_size)):
        back = boxes.to_corners(there(corners), form=form)
        np.testing.assert_array_equal(back, np.reshape(corners, (-1, 4)))


def test_clip_by_hand():
    reaching = [[-5, 2, 5, 99], [1, 1, 2, 2], [30, 30, 40, 40]]
    expected = [[0, 2, 5, 10], [1, 1, 2, 2], [20, 10, 20, 10]]  # the last lies outside: empty
    np.testing.assert_array_equal(boxes.clip(reaching, 10, 20), expected)
    assert boxes.clip([], 10, 20).shape == (0, 4)


@given(BOXES, BOXES)
def test_clip_of_boxes_inside_changes_nothing(first, second):
    np.testing.assert_array_equal(boxes.clip(first, 24, 24), np.reshape(first, (-1, 4)))
    cut = boxes.clip(second, 7, 9)
    assert (cut <= [9, 7, 9, 7]).all() and (cut >= 0).all()


@pytest.mark.parametrize("there", [boxes.to_centre, boxes.to_size, boxes.valid])
def test_forms_refuse_turned_boxes(there):
    with pytest.raises(ValueError, match=r"boxes\[1\] is .* wanted x0 <= x1 and y0 <= y1"):
        there([[0, 0, 1, 1], [0, 5, 1, 4]])
    with pytest.raises(ValueError, match="NaN"):
        there([[0, 0, 1, np.nan]])


def test_forms_refuse_negative_sizes_and_unknown_forms():
    with pytest.raises(ValueError, match="width and height"):
        boxes.to_corners([[0, 0, -1, 1]])
    with pytest.raises(ValueError, match="did you mean centre"):
        boxes.to_corners([[0, 0, 1, 1]], form="center")
    with pytest.raises(ValueError, match="height"):
        boxes.clip([[0, 0, 1, 1]], 0, 5)
