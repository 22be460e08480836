"""Counting, confusion, mistakes, moved pictures and photos of 03_2, against Keras and others."""

import json
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn import metrics

from course_lib import compute, datasets, images
from course_lib.networks import losses, training
from course_lib.networks.training import augmentations, drawing, photo

few = settings(max_examples=15, deadline=None)
# Counts and moves against Keras, in one child process per backend: importing costs seconds.
SCRIPT = """
import json
import numpy as np
from course_lib import compute
from course_lib.networks import recipes, training
from course_lib.networks.training import augmentations
compute.seed_all(0)
import keras
layers = keras.layers
plain = keras.Sequential([
    keras.Input((12, 10, 3)),
    layers.Conv2D(4, (3, 5), strides=2, use_bias=False), layers.BatchNormalization(scale=False),
    layers.Conv2D(6, 1, groups=2), layers.Flatten(),
    layers.Dense(7), layers.Dense(3, use_bias=False),
])
frozen = keras.Sequential([keras.Input((5,)), layers.Dense(2, trainable=False)])
report = []
for model in (plain, recipes.cifar_network(), frozen):
    counts = training.count_parameters(model)
    learned = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    each = [c.parameters == layer.count_params() for c, layer in zip(counts, model.layers)]
    formulas = [eval(c.formula.replace("·", "*") or "0") == c.parameters for c in counts]
    report.append([sum(c.parameters for c in counts), model.count_params(),
                   sum(c.learned for c in counts), learned, all(each) and all(formulas)])
unknown = keras.Sequential([keras.Input((4, 4, 1)), layers.DepthwiseConv2D(2)])
try:
    training.count_parameters(unknown)
    said = ""
except ValueError as error:
    said = str(error)
pictures = np.random.default_rng(0).random((2, 9, 9, 3)).astype("float32")
a, z, middle = np.deg2rad(20), 1.2, 4
m = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) / z  # of x and y
offset = middle - m @ np.array([middle + 1, middle - 2])
row = np.concatenate([m[0], offset[:1], m[1], offset[1:], [0, 0]]).astype("float32")
theirs = keras.ops.image.affine_transform(pictures, np.stack([row, row]), fill_mode="constant")
ours = augmentations.move(pictures, angle=20, zoom=z, shift=(-2, 1))
inner = np.abs(keras.ops.convert_to_numpy(theirs) - ours)[:, 3:-3, 3:-3]
mirror = keras.ops.convert_to_numpy(keras.ops.flip(pictures, axis=2))
flipped = np.abs(mirror - augmentations.move(pictures, flip=True))
print(json.dumps({"report": report, "said": said, "moved": float(inner.max()),
                  "flipped": float(flipped.max())}))
"""


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_counts_and_moves_are_those_of_keras(backend):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout.splitlines()[-1])
    for ours, theirs, learned, their_learned, each in came["report"]:
        assert ours == theirs and learned == their_learned and each
    assert came["report"][1][0] == 613_354 and came["report"][2][2] == 0
    assert "DepthwiseConv2D" in came["said"]
    assert came["moved"] < 1e-5 and came["flipped"] < 1e-7


def test_a_model_must_be_built():
    with pytest.raises(ValueError, match="not built"):
        training.count_parameters(object())


# --- confusion, surprise, mistakes ---


def test_confusion_by_hand():
    matrix = training.confusion_matrix([0, 0, 1, 2], [0, 2, 1, 1], 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 0]]


@few
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_confusion_is_that_of_scikit_learn(pairs):
    labels, answers = np.array(pairs).T
    theirs = metrics.confusion_matrix(labels, answers, labels=range(5))
    assert np.array_equal(training.confusion_matrix(labels, answers, 5), theirs)


@few
@given(st.integers(1, 30), st.integers(2, 6), st.integers(0, 99))
def test_mean_surprise_is_the_loss(count, classes, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 20, (count, classes))
    labels = rng.integers(0, classes, count)
    found = training.surprise(logits, labels)
    assert found.shape == (count,) and (found >= 0).all()
    assert found.mean() == pytest.approx(losses.categorical_cross_entropy(logits, labels)[0])


def test_surprise_by_hand_and_without_overflow():
    found = training.surprise([[0.0, 0.0], [1000.0, 0.0], [1000.0, 0.0]], [0, 0, 1])
    np.testing.assert_allclose(found, [np.log(2), 0, 1000])


def test_worst_mistakes_come_first_and_right_answers_never():
    logits = np.array([[3.0, 0], [9, 0], [0, 1], [5, 0], [0.1, 0]])
    labels = [1, 0, 0, 1, 0]
    assert training.worst_mistakes(logits, labels).tolist() == [3, 0, 2]
    assert training.worst_mistakes(logits, labels, 1).tolist() == [3]
    assert len(training.worst_mistakes(logits, [0, 0, 1, 0, 0])) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: training.confusion_matrix([0, 3], [0, 1], 3), "labels"),
        (lambda: training.confusion_matrix([0, 1], [0, -1], 3), "answers"),
        (lambda: training.confusion_matrix([0, 1], [0], 3), "answers"),
        (lambda: training.confusion_matrix([0.5], [0], 3), "whole"),
        (lambda: training.surprise([[0, np.nan]], [0]), "logits"),
        (lambda: training.surprise([[0, 1.0]], [2]), "labels"),
        (lambda: training.worst_mistakes([[0, 1.0]], [0], 0), "count"),
    ],
)
def test_bad_answers_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- moved and recoloured pictures ---

LETTER = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0]], float)  # an r, say


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ({}, [[1, 1, 0], [1, 0, 0], [1, 0, 0]]),
        ({"flip": True}, [[0, 1, 1], [0, 0, 1], [0, 0, 1]]),
        ({"angle": 90}, [[0, 0, 0], [1, 0, 0], [1, 1, 1]]),
        ({"angle": 180}, [[0, 0, 1], [0, 0, 1], [0, 1, 1]]),
        ({"shift": (1, 0)}, [[0, 0, 0], [1, 1, 0], [1, 0, 0]]),
        ({"shift": (0, 1), "fill": "edge"}, [[1, 1, 1], [1, 1, 0], [1, 1, 0]]),
        ({"shift": (0, 2), "fill": "mirror"}, [[0, 1, 1], [0, 0, 1], [0, 0, 1]]),
        ({"flip": True, "angle": 90}, [[1, 1, 1], [1, 0, 0], [0, 0, 0]]),
        ({"shift": (0, -0.5)}, [[1, 0.5, 0], [0.5, 0, 0], [0.5, 0, 0]]),
    ],
)
def test_moves_by_hand(setting, wanted):
    np.testing.assert_allclose(augmentations.move(LETTER[None], **setting)[0], wanted, atol=1e-6)


@few
@given(
    st.floats(-180, 180), st.floats(0.4, 2.5), st.floats(-9, 9), st.floats(-9, 9),
    st.sampled_from([("zero", "grid-constant"), ("edge", "nearest"), ("mirror", "mirror")]),
)  # fmt: skip
def test_moves_are_those_of_scipy(angle, zoom, down, right, fill):
    picture = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    a, middle = np.deg2rad(angle), np.array([3, 4])
    matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) / zoom
    offset = middle - matrix @ (middle + [down, right])
    theirs = ndimage.affine_transform(picture, matrix, offset=offset, order=1, mode=fill[1])
    setting = {"angle": angle, "zoom": zoom, "shift": (down, right), "fill": fill[0]}
    ours = augmentations.move(picture[None], **setting)
    np.testing.assert_allclose(ours[0], theirs, atol=1e-4)


def test_each_picture_has_its_own_move():
    pictures = np.random.default_rng(0).random((3, 8, 8, 3))
    angle, zoom, flip = [10, 20, 30], [1, 1.5, 0.7], [True, False, True]
    shift = [[0, 1], [2, 3], [-1, 0]]
    together = augmentations.move(pictures, angle=angle, zoom=zoom, shift=shift, flip=flip)
    for n in range(3):
        setting = {"angle": angle[n], "zoom": zoom[n], "shift": shift[n], "flip": flip[n]}
        alone = augmentations.move(pictures[n : n + 1], **setting)
        np.testing.assert_allclose(together[n], alone[0], atol=1e-6)


@few
@given(st.integers(0, 1000))
def test_random_moves_stay_within_their_limits(seed):
    ramp = np.tile(np.arange(40.0), (20, 40, 1)) / 100  # the value says the column
    rng = np.random.default_rng(seed)
    moved = augmentations.random_moves(ramp, rng, shift=3, fill="edge")
    distance = (ramp - moved)[:, 20, 20] * 100
    assert np.abs(distance).max() <= 3 + 1e-4 and distance.std() > 0.5
    same = augmentations.random_moves(ramp, np.random.default_rng(seed), shift=3, fill="edge")
    assert np.array_equal(moved, same)
    slopes = np.diff(augmentations.random_moves(ramp, rng, zoom=0.25), axis=2)[:, 20, 20] * 100
    assert (slopes > 0.79).all() and (slopes < 1.26).all()
    sides = np.diff(augmentations.random_moves(ramp, rng, flip=True), axis=2)[:, 20, 20] * 100
    np.testing.assert_allclose(np.abs(sides), 1, atol=1e-3)


def test_half_are_mirrored_and_all_turned():
    pictures = np.broadcast_to(LETTER, (400, 3, 3))
    flipped = augmentations.random_moves(pictures, np.random.default_rng(0), flip=True)
    assert 150 < sum(np.allclose(p, LETTER[:, ::-1]) for p in flipped) < 250
    turned = augmentations.random_moves(pictures, np.random.default_rng(0), angle=15)
    assert not any(np.allclose(p, LETTER) for p in turned)


def test_colours_by_hand_and_as_the_definition_says():
    pictures = np.random.default_rng(0).random((2, 4, 5, 3)).astype(np.float32)
    assert np.allclose(augmentations.recolour(pictures), pictures, atol=1e-6)
    grey = augmentations.recolour(pictures, saturation=0)
    wanted = np.stack([images.to_grey(p) for p in pictures])
    np.testing.assert_allclose(grey, np.repeat(wanted[..., None], 3, axis=-1), atol=2e-3)
    flat = augmentations.recolour(pictures, contrast=0)
    np.testing.assert_allclose(flat[0], pictures[0].mean(), atol=0.05)
    light = augmentations.recolour(pictures, brightness=0.25)
    np.testing.assert_allclose(light, np.minimum(pictures + 0.25, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: augmentations.move(p[0]), "pictures"),
        (lambda p: augmentations.move(p, zoom=0), "zoom"),
        (lambda p: augmentations.move(p, angle=[1, 2, 3]), "angle"),
        (lambda p: augmentations.move(p, shift=3), "shift"),
        (lambda p: augmentations.move(p, fill="reflect"), "fill"),
        (lambda p: augmentations.move(p * np.nan), "pictures"),
        (lambda p: augmentations.random_moves(p, np.random.default_rng(0), shift=-1), "shift"),
        (lambda p: augmentations.recolour(p), "pictures"),
        (lambda p: augmentations.recolour(np.zeros((1, 2, 2, 3)), contrast=-1), "contrast"),
    ],
)
def test_bad_moves_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.zeros((2, 4, 4)))


# --- photos ---


def test_thumbnail_is_the_middle():
    wide = np.zeros((64, 128, 3), np.float32)
    wide[:, 32:96] = 1
    assert photo.to_thumbnail(wide).shape == (32, 32, 3)
    assert np.allclose(photo.to_thumbnail(wide), 1)
    grey = photo.to_thumbnail(np.full((50, 40), 0.25))
    np.testing.assert_allclose(grey, 0.25, atol=1e-6)


@pytest.mark.parametrize(("top", "left"), [(20, 20), (150, 30), (60, 200)])
def test_digit_is_found_and_centred_wherever_it_stands(top, left):
    page = np.full((300, 320), 0.9) * np.linspace(1, 0.5, 320)  # uneven light
    page[top : top + 120, left : left + 60] *= 0.3
    digit = photo.to_digit(page)
    assert digit.shape == (28, 28) and digit.min() >= 0 and digit.max() <= 1
    rows, columns = np.nonzero(digit > 0.5)
    assert rows.max() - rows.min() + 1 == 20 and 9 <= columns.max() - columns.min() + 1 <= 11
    assert abs(rows.mean() - 14) <= 0.5 and abs(columns.mean() - 14) <= 0.5


def test_digit_has_the_place_of_mnist(asset):
    asset("mnist")
    digits = datasets.mnist()[1][0][:200]
    mass = digits.sum(axis=(1, 2))
    theirs = [(digits.sum(axis=2 - k) * np.arange(28)).sum(axis=1) / mass for k in (0, 1)]
    for digit, row, column in zip(digits[:20], *theirs, strict=False):
        page = 1 - images.resize(digit, 168, 168, method="linear")
        ours = photo.to_digit(np.pad(page, 60, constant_values=1.0))
        place = np.array(ndimage.center_of_mass(ours))
        assert np.abs(place - [row, column]).max() < 1


def test_an_empty_page_is_named():
    with pytest.raises(ValueError, match="no ink"):
        photo.to_digit(np.ones((50, 50)))


# --- drawing ---


def test_drawings_show_what_they_are_given():
    counts = [
        training.Count("a", "Conv2D", (2, 2, 1), "(1·1·1 + 1)·1", 2, 2, 4),
        training.Count("pool", "MaxPooling2D", (1, 1, 1), "", 0, 0, 0),
        training.Count("out", "Dense", (3,), "(1 + 1)·3", 6, 6, 3),
    ]
    _, axes = plt.subplots(1, 2)
    drawing.show_costs(axes, counts)
    assert [t.get_text() for t in axes[0].texts] == ["2", "6"]
    ax = drawing.show_confusion(axes[0], [[5, 1], [0, 7]], ["cat", "dog"])
    assert {"5", "1", "7"} <= {t.get_text() for t in ax.texts}
    chances = np.array([[0.9, 0.1], [0.2, 0.8]])
    drawing.show_judged(axes, np.zeros((2, 4, 4)), chances, [0, 0], ["cat", "dog"])
    assert axes[0].get_title() == "✓ cat 90%" and axes[1].get_title() == "dog 80%"
    assert axes[0].get_xlabel() != axes[1].get_xlabel() == "is: cat (20%)"
    _, axes = plt.subplots(1, 2)
    drawing.show_probabilities(axes[0], chances[0], ["cat", "dog"], label=0)
    drawing.show_scores(axes[1], {"a": [0.5, 0.7], "b": [0.4]}, y_label="right", reference="a")
    assert [t.get_text() for t in axes[1].texts] == ["60.0%", "40.0%"]
    plt.close("all")
