"""Suppression of overlapping boxes against OpenCV's, and on what no one should hand in."""

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.detection import boxes

SOFT = {
    "gaussian": cv2.dnn.SOFT_NMSMETHOD_SOFTNMS_GAUSSIAN,
    "linear": cv2.dnn.SOFT_NMSMETHOD_SOFTNMS_LINEAR,
}


def random_boxes(rng, count, *, whole=False):
    """Boxes (count, 4) and scores (count,) that float32 holds exactly; whole: with many ties."""
    low = rng.uniform(0, 100, (count, 2))
    corners = np.hstack([low, low + rng.uniform(1, 60, (count, 2))])
    scores = rng.random(count).astype(np.float32)
    return (
        (corners.round() + [0, 0, 1, 1], (scores * 8).round() / 8) if whole else (corners, scores)
    )


def opencv_nms(corners, scores, overlap, threshold=0.0, top=0):
    rects = boxes.to_size(corners).tolist()
    kept = cv2.dnn.NMSBoxes(rects, scores.tolist(), threshold, overlap, top_k=top)
    return np.array(kept, np.int64).ravel()


def test_nms_by_hand():
    # The second shares 8x10 of 12x10 with the first (IoU 2/3), the third touches nothing.
    corners = [[2, 0, 12, 10], [0, 0, 10, 10], [20, 0, 30, 10]]
    assert boxes.nms(corners, [0.6, 0.9, 0.7]).tolist() == [1, 2]
    assert boxes.nms(corners, [0.6, 0.9, 0.7], overlap=2 / 3).tolist() == [1, 2, 0]
    assert boxes.nms(corners, [0.6, 0.9, 0.7], threshold=0.7).tolist() == [1]
    assert boxes.nms(corners, [0.6, 0.9, 0.7], top=1).tolist() == [1]


def test_nms_of_a_chain_frees_what_a_dropped_box_covers():
    # The middle one falls to the first and can no longer drop the third.
    chain = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]
    assert boxes.nms(chain, [0.9, 0.8, 0.7], overlap=0.3).tolist() == [0, 2]


@pytest.mark.parametrize("whole", [False, True], ids=["floats", "ties"])
def test_nms_is_opencvs(whole):
    rng = np.random.default_rng(whole)
    for _ in range(300):
        corners, scores = random_boxes(rng, rng.integers(1, 60), whole=whole)
        overlap, threshold = float(rng.choice([0.25, 0.5, 0.75])), float(rng.choice([0, 0.25]))
        top = int(rng.integers(0, 40))  # 0: all
        expected = opencv_nms(corners, scores, overlap, threshold, top)
        found = boxes.nms(corners, scores, overlap=overlap, threshold=threshold, top=top or None)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("whole", [False, True], ids=["floats", "ties"])
def test_nms_is_opencvs_on_more_boxes_than_a_block(whole):
    corners, scores = random_boxes(np.random.default_rng(2), 2000, whole=whole)
    scores = scores / 2 + 0.5  # all above 0
    found = boxes.nms(corners, scores, overlap=0.5)
    assert 192 < len(found) < 2000
    np.testing.assert_array_equal(found, opencv_nms(corners, scores, 0.5))


def test_nms_by_class_is_opencvs_class_by_class():
    rng = np.random.default_rng(3)
    corners, scores = random_boxes(rng, 300)
    names = np.array(["cat", "cup", "car"])[rng.integers(0, 3, 300)]
    found = boxes.nms(corners, scores, labels=names.tolist(), top=50)
    for name in set(names):
        own = np.flatnonzero(names == name)
        expected = own[opencv_nms(corners[own], scores[own], 0.5, top=50)]
        np.testing.assert_array_equal(found[names[found] == name], expected)
    assert (np.diff(scores[found]) <= 0).all()


def test_nms_takes_little_memory():
    corners, scores = random_boxes(np.random.default_rng(4), 10_000)
    corners *= [10, 10, 10, 10]
    tracemalloc.start()
    boxes.nms(corners, scores, overlap=0.7)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # bytes; a full matrix alone has 800e6


def test_an_empty_box_overlaps_nothing():
    corners = [[5, 5, 5, 5], [5, 5, 5, 5], [0, 0, 10, 10]]
    assert boxes.nms(corners, [0.5, 0.6, 0.7], overlap=0).tolist() == [2, 1, 0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_kept_boxes_overlap_little_and_dropped_ones_a_better_one_much(seed, count, overlap):
    corners, scores = random_boxes(np.random.default_rng(seed), count, whole=True)
    kept = boxes.nms(corners, scores, overlap=overlap, threshold=0)
    among = boxes.iou(corners[kept], corners[kept])
    assert (among[~np.eye(len(kept), dtype=bool)] <= overlap).all()
    for i in set(np.flatnonzero(scores > 0)) - set(kept):
        better = kept[scores[kept] >= scores[i]]
        assert (boxes.iou(corners[[i]], corners[better]) > overlap).any()
    np.testing.assert_array_equal(
        boxes.nms(corners[kept], scores[kept], overlap=overlap), np.arange(len(kept))
    )


def test_soft_nms_by_hand():
    corners = [[0, 0, 10, 10], [2, 0, 12, 10], [20, 0, 30, 10]]  # IoU of the first two: 2/3
    indices, scores = boxes.soft_nms(corners, [0.9, 0.6, 0.5], method="linear")
    assert indices.tolist() == [0, 2, 1]
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.6 / 3])
    indices, scores = boxes.soft_nms(corners, [0.9, 0.6, 0.5], sigma=0.5)
    np.testing.assert_allclose(scores, [0.9, 0.5, 0.6 * np.exp(-(4 / 9) / 0.5)])


@pytest.mark.parametrize("method", SOFT)
def test_soft_nms_is_opencvs(method):
    rng = np.random.default_rng(5)
    for _ in range(200):
        corners, scores = random_boxes(rng, rng.integers(1, 40))
        corners = corners.round() + [0, 0, 1, 1]
        rects = boxes.to_size(corners).astype(int).tolist()
        expected, kept = cv2.dnn.softNMSBoxes(
            rects, scores.tolist(), 0.05, 0.3, 0, 0.5, method=SOFT[method]
        )
        options = {"overlap": 0.3, "sigma": 0.5, "threshold": 0.05, "method": method}
        indices, found = boxes.soft_nms(corners, scores, **options)
        np.testing.assert_array_equal(indices, np.array(kept).ravel())
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_of_no_boxes_none_are_kept():
    assert boxes.nms([], []).shape == (0,)
    assert boxes.nms([], [], labels=[]).shape == (0,)
    assert boxes.nms([[0, 0, 1, 1]], [0.0]).shape == (0,)  # not above the threshold 0
    indices, scores = boxes.soft_nms([], [])
    assert indices.shape == scores.shape == (0,)


@pytest.mark.parametrize("suppress", [boxes.nms, boxes.soft_nms])
@pytest.mark.parametrize(
    ("corners", "scores", "words"),
    [
        (
            [[0, 0, 1, 1], [5, 0, 2, 1]],
            [1, 1],
            r"boxes\[1\] is \[5.0, 0.0, 2.0, 1.0\]; wanted x0 <",
        ),
        ([[0, 3, 1, 1]], [1], r"y0 <= y1"),
        ([[0, np.nan, 1, 1]], [1], "NaN"),
        ([[0, 0, 1, 1]], [1.2], r"scores\[0\] is 1.2; wanted scores in \[0, 1\]"),
        ([[0, 0, 1, 1]], [-0.1], "scores"),
        ([[0, 0, 1, 1]], [np.nan], r"scores\[0\] is nan"),
        ([[0, 0, 1, 1]], [1, 1], "one for each of 1 boxes"),
        ([[0, 0, 1]], [1], "boxes has shape"),
    ],
)
def test_bad_boxes_and_scores(suppress, corners, scores, words):
    with pytest.raises(ValueError, match=words):
        suppress(corners, scores)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (5, "labels is 5; wanted a list of labels"),
        ("ab", "labels is 'ab'; wanted a list"),
        ({"a", "b"}, "wanted a list of labels"),
        ([["a"], ["b"]], r"labels\[0\] is \['a'\] \(list\); wanted a whole number or a text"),
        (["a", None], r"labels\[1\] is None \(NoneType\)"),
        (np.array([1.0, np.nan]), r"labels\[0\] is 1.0 \(float\)"),
    ],
)
def test_bad_labels(labels, words):
    with pytest.raises(TypeError, match=words):
        boxes.nms([[0, 0, 1, 1]] * 2, [0.5, 0.4], labels=labels)


def test_labels_of_any_sequence_and_of_two_kinds():
    corners, scores = [[0, 0, 1, 1]] * 3, [0.5, 0.4, 0.3]
    for same, other in ((1, "1"), (np.int64(1), 2), (True, 0), (np.str_("a"), "b")):
        labels = [same, other, same]
        assert boxes.nms(corners, scores, labels=labels).tolist() == [0, 1]
        assert boxes.nms(corners, scores, labels=iter(labels)).tolist() == [0, 1]


@pytest.mark.parametrize("suppress", [boxes.nms, boxes.soft_nms])
def test_what_is_no_box_and_no_score(suppress):
    for corners, scores, words in (
        ("boxes", [1], "boxes is of type str; wanted an array of numbers"),
        (None, [1], "boxes is of type NoneType"),
        ([[0, 0, 1, 1]], ["high"], "scores is of type list"),
    ):
        with pytest.raises(TypeError, match=words):
            suppress(corners, scores)
    with pytest.raises(ValueError, match="boxes goes up to 1e"):
        suppress([[0, 0, 1e200, 1e200]] * 2, [0.5, 0.4])
    with pytest.raises(ValueError, match=r"boxes has shape \(4,\); wanted \(any, 4\)"):
        suppress([0, 0, 1, 1], [0.5])


def test_bad_parameters():
    one = [[0, 0, 1, 1]], [0.5]
    for wrong in ({"overlap": 1.1}, {"threshold": -1}, {"top": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            boxes.nms(*one, **wrong)
    with pytest.raises(ValueError, match="labels has 2 entries"):
        boxes.nms(*one, labels=["a", "b"])
    for wrong in ({"sigma": 0}, {"method": "gausian"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            boxes.soft_nms(*one, **wrong)


def test_a_score_of_one_and_a_rounding_passes():
    assert boxes.nms([[0, 0, 1, 1]], [np.float32(1.0000001)]).tolist() == [0]
