"""Average precision against pycocotools, literal readings of what VOC published, scikit-learn."""

import contextlib
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import average_precision_score, precision_recall_curve

from course_lib.detection import boxes, metrics
from course_lib.detection.metrics import drawing

# ---- Random cases


def random_case(rng, pictures=4, classes=200, crowds=0.2):
    """Found and true boxes of many small classes: ties, crowds, classes without either."""
    found, truth = [], []
    for _ in range(pictures):
        n, m = rng.poisson(3 * classes), rng.poisson(2 * classes)
        true, true_labels = whole_boxes(rng, m), rng.integers(0, classes, m)
        aside = rng.random(m) < crowds
        near = true[rng.integers(0, m, n)] if m else whole_boxes(rng, n)
        wild = rng.random(n) < 0.3
        near = np.where(wild[:, None], whole_boxes(rng, n), near + rng.integers(-2, 3, (n, 4)))
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        labels = rng.integers(0, classes, n)
        if m:  # most on a true box of their own class, so that the copies fight for it
            owner = rng.integers(0, m, n)
            near = np.where(wild[:, None], near, true[owner] + rng.integers(0, 3, (n, 4)))
            labels = np.where(wild, labels, true_labels[owner])
            near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        scores = np.round(rng.random(n) * 8) / 8  # few values: many ties
        found.append(metrics.Found(near, scores, labels))
        truth.append(metrics.Truth(true, true_labels, aside))
    return found, truth


def whole_boxes(rng, count):
    low = rng.integers(0, 20, (count, 2))
    return np.hstack([low, low + rng.integers(1, 20, (count, 2))]).astype(float)


def coco_table(found, truth, classes, *, most=100):
    """Average precision (classes, 10) and its mean, as pycocotools has them; NaN for -1."""
    true, results = [], []
    for i, (f, t) in enumerate(zip(found, truth, strict=True)):
        for box, label, crowd in zip(boxes.to_size(t.boxes), t.labels, t.aside, strict=True):
            true.append(
                {
                    "id": len(true) + 1,
                    "image_id": i,
                    "category_id": int(label),
                    "bbox": box.tolist(),
                    "area": float(box[2] * box[3]),
                    "iscrowd": int(crowd),
                }
            )
        for box, label, score in zip(boxes.to_size(f.boxes), f.labels, f.scores, strict=True):
            row = {"image_id": i, "category_id": int(label), "bbox": box.tolist()}
            results.append(row | {"score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i} for i in range(len(found))],
            "categories": [{"id": int(c), "name": str(c)} for c in classes],
            "annotations": true,
        }
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(results), "bbox")
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.params.maxDets = [most]
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][..., 0, 0]  # (10, 101, classes)
    known = precision[precision > -1]
    table = np.where(precision[0, 0] > -1, precision.mean(axis=1), np.nan).T
    return table, known.mean() if known.size else np.nan


@pytest.mark.parametrize("seed", range(8))
def test_coco_is_pycocotools_in_thousands_of_classes(seed):
    # Classes do not touch each other: 8 x 300 cases of their own, in 4 pictures each.
    found, truth = random_case(np.random.default_rng(seed), classes=300)
    ours = metrics.evaluate(found, truth, classes=range(300))
    table, mean = coco_table(found, truth, range(300))
    np.testing.assert_allclose(ours.table, table, atol=1e-12)
    assert ours.mean == pytest.approx(mean, abs=1e-12)
    assert 0.05 < mean < 0.95 and len(np.unique(table)) > 500  # the cases say something


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 4), st.integers(1, 6))
def test_coco_is_pycocotools_on_small_sets(seed, pictures, classes, most):
    found, truth = random_case(np.random.default_rng(seed), pictures, classes, crowds=0.4)
    if not sum(len(f.boxes) for f in found):
        return  # pycocotools cannot read an empty list
    ours = metrics.evaluate(found, truth, classes=range(classes), most=most)
    table, mean = coco_table(found, truth, range(classes), most=most)
    np.testing.assert_allclose(ours.table, table, atol=1e-12)
    np.testing.assert_allclose(ours.mean, mean, atol=1e-12)


# ---- PASCAL VOC, read line by line from VOCevaldet.m, VOCap.m and (2007) the eleven points


def voc_by_the_letter(found, truth, label, method):
    """Average precision of one class; continuous coordinates, so without the program's + 1."""
    detections = []
    for i, f in enumerate(found):
        for box, score, name in zip(f.boxes, f.scores, f.labels, strict=True):
            if name == label:
                detections.append((score, i, box))
    detections.sort(key=lambda detection: -detection[0])  # stable, as MATLAB's sort
    true = [
        [[box, hard, False] for box, name, hard in zip(*t, strict=True) if name == label]
        for t in ((t.boxes, t.labels, t.aside) for t in truth)
    ]
    positives = sum(not hard for picture in true for _, hard, _ in picture)
    tp, fp, points = 0, 0, []
    for _, i, box in detections:
        most, owner = -np.inf, None
        for entry in true[i]:
            other = entry[0]
            wide = min(box[2], other[2]) - max(box[0], other[0])
            high = min(box[3], other[3]) - max(box[1], other[1])
            if wide > 0 and high > 0:
                area = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
                overlap = wide * high / (sum(area) - wide * high)
                if overlap > most:
                    most, owner = overlap, entry
        if most < 0.5:
            fp += 1
        elif not owner[1]:
            if owner[2]:
                fp += 1
            else:
                tp, owner[2] = tp + 1, True
        points.append((tp / positives, tp / (tp + fp) if tp + fp else 0.0))
    if method == "voc11":
        tops = [max([p for r, p in points if r >= k / 10], default=0) for k in range(11)]
        return sum(tops) / 11
    recall, precision = [0, *(r for r, _ in points), 1], [0, *(p for _, p in points), 0]
    for k in range(len(precision) - 2, -1, -1):
        precision[k] = max(precision[k], precision[k + 1])
    steps = [k for k in range(1, len(recall)) if recall[k] != recall[k - 1]]
    return sum((recall[k] - recall[k - 1]) * precision[k] for k in steps)


@pytest.mark.parametrize("method", ["voc11", "all"])
def test_voc_is_what_was_published(method):
    for seed in range(4):
        found, truth = random_case(np.random.default_rng(seed), classes=60)
        ours = metrics.evaluate(found, truth, protocol="voc", method=method, classes=range(60))
        for c in range(60):
            if ours.truths[c]:
                expected = voc_by_the_letter(found, truth, c, method)
                assert ours.table[c, 0] == pytest.approx(expected, abs=1e-12)
            else:
                assert np.isnan(ours.table[c, 0])
    assert ours.overlaps.tolist() == [0.5]


# ---- Precision, recall and the area under their curve


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_precision_and_recall_are_scikit_learns(seed, count):
    rng = np.random.default_rng(seed)
    right, scores = rng.random(count) < 0.5, rng.permutation(count) / count
    if not right.any():
        return
    precision, recall = metrics.precision_recall(scores, right, right.sum())
    theirs = precision_recall_curve(right, scores)
    np.testing.assert_allclose(precision[::-1], theirs[0][:-1])
    np.testing.assert_allclose(recall[::-1], theirs[1][:-1])
    # Without the envelope the area is scikit-learn's; with it, it can only grow.
    area = (precision * np.diff(recall, prepend=0)).sum()
    expected = average_precision_score(right, scores)
    assert area == pytest.approx(expected)
    assert metrics.average_precision(precision, recall, method="all") >= area - 1e-12


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.integers(0, 5))
def test_without_a_rise_the_area_is_scikit_learns(groups, wrong):
    # Every right one stands before every wrong one: precision never rises, no envelope needed.
    right = np.array([True] * len(groups) + [False] * wrong)
    scores = np.linspace(1, 0, len(right))
    points = metrics.precision_recall(scores, right, right.sum())
    found = metrics.average_precision(*points, method="all")
    assert found == pytest.approx(average_precision_score(right, scores))


def test_average_precision_by_hand():
    # Right, wrong, right of 4 objects: precision 1, 1/2, 2/3 at recall 1/4, 1/4, 1/2.
    precision, recall = metrics.precision_recall([0.9, 0.8, 0.7], [1, 0, 1], 4)
    np.testing.assert_allclose(precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(recall, [1 / 4, 1 / 4, 1 / 2])
    np.testing.assert_allclose(metrics.envelope(precision), [1, 2 / 3, 2 / 3])
    for method, expected in {
        "all": 1 / 4 * 1 + 1 / 4 * 2 / 3,
        "voc11": (3 * 1 + 3 * 2 / 3) / 11,  # recalls 0, .1, .2, then .3, .4, .5
        "coco101": (26 * 1 + 25 * 2 / 3) / 101,  # 0 to .25, then .26 to .5
    }.items():
        assert metrics.average_precision(precision, recall, method=method) == pytest.approx(
            expected
        )


def test_average_precision_of_nothing_is_zero():
    for method in ("voc11", "all", "coco101"):
        assert metrics.average_precision([], [], method=method) == 0


# ---- Judging


TRUE = [[0, 0, 10, 10], [4, 0, 14, 10]]  # IoU 6 / 14


def test_second_detection_of_a_box_is_wrong():
    verdicts, owners = metrics.judge([[0, 0, 10, 9], [0, 0, 10, 10]], [0.6, 0.9], TRUE[:1])
    assert verdicts.tolist() == [0, 1] and owners.tolist() == [-1, 0]


def test_coco_moves_on_to_a_free_box_and_voc_does_not():
    found = [[0, 0, 10, 10], [1, 0, 11, 10]]  # the second: IoU 9/11 and 7/13
    assert metrics.judge(found, [0.9, 0.8], TRUE)[0].tolist() == [1, 1]
    verdicts, owners = metrics.judge(found, [0.9, 0.8], TRUE, protocol="voc")
    assert verdicts.tolist() == [1, 0] and owners.tolist() == [0, 0]


def test_an_overlap_of_one_forgives_a_rounding():
    # pycocotools asks for 1 - 1e-10 where 1 is asked for.
    for width, expected in ((10 * (1 + 1e-12), 1), (10 * (1 + 1e-8), 0)):
        assert metrics.judge([[0, 0, 10, width]], [1], TRUE[:1], overlap=1)[0].tolist() == [
            expected
        ]


def test_a_crowd_holds_many_and_they_are_set_aside():
    crowd = [[0, 0, 100, 100]]
    inside = [[0, 0, 10, 10], [50, 50, 60, 60], [95, 0, 106, 10]]  # the last: 5 of 11 inside
    verdicts, owners = metrics.judge(inside, [0.9, 0.8, 0.7], crowd, aside=[True])
    assert verdicts.tolist() == [-1, -1, 0] and owners.tolist() == [0, 0, -1]
    verdicts, _ = metrics.judge(inside, [0.9, 0.8, 0.7], crowd, aside=[True], protocol="voc")
    assert verdicts.tolist() == [0, 0, 0]  # VOC measures the usual overlap


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["coco", "voc"]))
def test_judging_does_not_care_for_the_order_of_the_detections(seed, protocol):
    rng = np.random.default_rng(seed)
    truth, found = whole_boxes(rng, 5), whole_boxes(rng, 12)
    scores, order = rng.permutation(12) / 12, rng.permutation(12)
    options = {"overlap": 0.3, "aside": rng.random(5) < 0.3, "protocol": protocol}
    first = metrics.judge(found, scores, truth, **options)
    second = metrics.judge(found[order], scores[order], truth, **options)
    np.testing.assert_array_equal(np.array(first)[:, order], second)


# ---- What evaluate gives, and what it refuses


def one(box=(0, 0, 10, 10), score=0.9, label="cat"):
    return metrics.Found([box], [score], [label])


def test_evaluation_by_hand():
    # Two cats, one found and one false alarm above it; a dog that no one found; no cow at all.
    found = [one(), one(score=0.95, box=(50, 50, 60, 60))]
    truth = [
        metrics.Truth([[0, 0, 10, 10], [30, 0, 40, 10]], ["cat", "dog"]),
        metrics.Truth([[20, 20, 30, 30]], ("cat",)),
    ]
    ours = metrics.evaluate(found, truth, classes=("cat", "cow", "dog"), overlaps=0.5, method="all")
    np.testing.assert_allclose(ours.table, [[1 / 2 * 1 / 2], [np.nan], [0]])
    assert ours.mean == pytest.approx(1 / 8) and ours.truths.tolist() == [2, 0, 1]
    assert ours.by_class["cat"] == pytest.approx(1 / 4)
    np.testing.assert_allclose(ours.curves["cat"], [[0, 1 / 2], [0, 1 / 2]])
    assert set(ours.curves) == {"cat", "dog"}


def test_evaluation_of_nothing():
    nothing = metrics.Found([], [], [])
    assert np.isnan(metrics.evaluate([], []).mean)
    assert np.isnan(metrics.evaluate([one()], [metrics.Truth([], [])]).mean)
    assert metrics.evaluate([nothing], [metrics.Truth([[0, 0, 1, 1]], ["cat"])]).mean == 0


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([one(), one()], "found has 2 pictures, truth 1"),
        ([one(score=1.5)], r"found\[0\].scores\[0\] is 1.5"),
        ([one(box=(5, 0, 1, 1))], r"found\[0\].boxes\[0\] is .*wanted x0 <= x1"),
        ([one(box=(np.nan, 0, 1, 1))], r"found\[0\].boxes holds NaN"),
        ([one(label="cats")], "label 'cats' is not known; did you mean cat"),
        (
            [metrics.Found([[0, 0, 1, 1]], [1], [])],
            r"found\[0\].labels has 0 entries; wanted one for each of 1 boxes",
        ),
    ],
)
def test_evaluate_refuses(found, words):
    truth = [metrics.Truth([[0, 0, 10, 10]], ["cat"])]
    with pytest.raises(ValueError, match=words):
        metrics.evaluate(found, truth, classes=["cat", "dog"])


def test_evaluate_says_what_a_picture_lacks():
    with pytest.raises(TypeError, match=r"found\[0\] is a list without boxes; wanted boxes, sc"):
        metrics.evaluate([[[0, 0, 1, 1]]], [metrics.Truth([], [])])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "found is of type NoneType; wanted a list with an entry for each picture"),
        (one(), "found is of type Found; wanted a list"),
        ([metrics.Found([[0, 0, 1, 1]], [1], None)], r"found\[0\].labels is None; wanted a list"),
        ([metrics.Found([[0, 0, 1, 1]], [1], "a")], r"found\[0\].labels is 'a'"),
        ([metrics.Found([[0, 0, 1, 1]], [1], [["cat"]])], r"labels\[0\] is \['cat'\] \(list\)"),
        ([metrics.Found([[0, 0, 1, 1]], "hi", ["cat"])], r"found\[0\].scores is of type str"),
    ],
)
def test_evaluate_refuses_other_types(found, words):
    with pytest.raises(TypeError, match=words):
        metrics.evaluate(found, [metrics.Truth([[0, 0, 10, 10]], ["cat"])])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"most": 0}, "most is 0; wanted a whole number of at least 1"),  # not the default
        ({"method": ""}, "method '' is not known"),
        ({"overlaps": []}, r"overlaps has shape \(0,\); wanted one number or a list"),
        ({"overlaps": [[0.5], [0.5, 0.6]]}, "overlaps has rows of different lengths"),
        ({"classes": ["cat", "cat"]}, "classes holds 'cat' twice"),
        ({"classes": []}, "classes is empty"),
    ],
)
def test_evaluate_refuses_settings(wrong, words):
    truth = [metrics.Truth([[0, 0, 10, 10]], ["cat"])]
    with pytest.raises(ValueError, match=words):
        metrics.evaluate([one()], truth, **wrong)
    with pytest.raises(TypeError, match="classes is 'cat'; wanted a list"):
        metrics.evaluate([one()], truth, classes="cat")


def test_right_and_aside_are_yes_or_no():
    for value in (0.5, -1):
        words = f"holds {value:g}; wanted True and False"
        with pytest.raises(ValueError, match="right " + words):
            metrics.precision_recall([0.9], [value], 1)
        with pytest.raises(ValueError, match="aside " + words):
            metrics.judge([], [], TRUE, aside=[True, value])
    with pytest.raises(ValueError, match="2 are right, but truths is 1"):
        metrics.precision_recall([0.9, 0.8], [True, True], 1)


def test_envelope_refuses():
    for wrong in (0.5, [[1, 0.5]], [np.nan]):
        with pytest.raises(ValueError, match="precision"):
            metrics.envelope(wrong)
    with pytest.raises(TypeError, match="precision is of type str"):
        metrics.envelope("high")


def test_drawings_refuse_what_does_not_belong_together():
    ax = plt.figure().subplots()
    with pytest.raises(ValueError, match=r"verdicts has shape \(1,\)"):
        drawing.show_verdicts(np.zeros((9, 9)), TRUE, [1], [0], TRUE, ax=ax)
    with pytest.raises(ValueError, match="owners goes up to 2"):
        drawing.show_verdicts(np.zeros((9, 9)), TRUE, [1, 1], [0, 2], TRUE, ax=ax)
    with pytest.raises(ValueError, match="b has shape"):
        drawing.show_pair(TRUE[0], TRUE, ax=ax)
    plt.close("all")


def test_bad_parameters():
    nothing = [metrics.Found([], [], [])], [metrics.Truth([], [])]
    for wrong in ({"protocol": "cocoo"}, {"method": "voc12"}, {"overlaps": 0}, {"most": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            metrics.evaluate(*nothing, **wrong)
    with pytest.raises(ValueError, match="overlap"):
        metrics.judge([], [], [], overlap=0)
    with pytest.raises(ValueError, match="aside"):
        metrics.judge([], [], [[0, 0, 1, 1]], aside=[True, False])
    with pytest.raises(ValueError, match="recall falls"):
        metrics.average_precision([1, 1], [0.5, 0.4])
    with pytest.raises(ValueError, match="truths"):
        metrics.precision_recall([0.5, 0.4], [1, 1], 1)
    with pytest.raises(ValueError, match="scores"):
        metrics.precision_recall([0.5, 1.4], [1, 1], 2)


# ---- Drawing


def test_drawings_show_what_was_judged():
    fig, axes = plt.subplots(1, 4)
    verdicts, owners = metrics.judge([*TRUE[:1], [50, 50, 60, 60]], [0.9, 0.8], TRUE)
    found = [*TRUE[:1], [50, 50, 60, 60]]
    drawing.show_verdicts(np.zeros((99, 99)), found, verdicts, owners, TRUE, ax=axes[0])
    assert axes[0].get_title().startswith("1 right (blue), 1 wrong (dashed), 1 missed")
    points = metrics.precision_recall([0.9, 0.8, 0.7], [1, 0, 1], 4)
    drawing.show_precision_recall(*points, ax=axes[1], method="voc11")
    heights = axes[1].lines[-1].get_ydata()
    assert heights.mean() == pytest.approx(metrics.average_precision(*points, method="voc11"))
    truth = [metrics.Truth([[0, 0, 10, 10]], ["cat"])]
    result = metrics.evaluate([one()], truth, classes=["cat", "dog"])
    drawing.show_by_class(result, ax=axes[2])
    assert [bar.get_height() for bar in axes[2].patches] == pytest.approx([1, 0])
    drawing.show_many(np.zeros((9, 9)), TRUE, ax=axes[3])
    assert len(axes[3].collections[0].get_segments()) == 2
    plt.close(fig)
