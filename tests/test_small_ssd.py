"""small_ssd: matching, targets, mining and loss equal plain loops; it learns on both backends."""

import functools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute
from course_lib.detection import scenes, small_ssd

DEFAULTS = small_ssd.default_boxes()
# Coordinates on a quarter grid: overlaps are often equal, so that ties are tried as well.
places = st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 24)] * 2).map(
    lambda b: [b[0] / 4, b[1] / 4, (b[0] + b[2]) / 4, (b[1] + b[3]) / 4]
)


# --- loops: one box at a time, nothing shared with the library ---


def overlap_by_loop(a, b):
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = width * height
    total = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (total - shared)


def match_by_loop(truth, defaults, overlap):
    chosen = [-1] * len(defaults)
    for d, default in enumerate(defaults):
        best = overlap
        for m, box in enumerate(truth):
            here = overlap_by_loop(box, default)
            if here > best or (here == best and chosen[d] < 0):
                chosen[d], best = m, here
    pairs = [(-overlap_by_loop(box, default), m, d)
             for m, box in enumerate(truth) for d, default in enumerate(defaults)]  # fmt: skip
    done, taken = set(), set()
    for _, m, d in sorted(pairs):
        if m not in done and d not in taken:
            chosen[d] = m
            done.add(m)
            taken.add(d)
    return chosen


def offsets_by_loop(box, default):
    wide, high = default[2] - default[0], default[3] - default[1]
    return [
        ((box[0] + box[2]) / 2 - (default[0] + default[2]) / 2) / wide / 0.1,
        ((box[1] + box[3]) / 2 - (default[1] + default[3]) / 2) / high / 0.1,
        math.log((box[2] - box[0]) / wide) / 0.2,
        math.log((box[3] - box[1]) / high) / 0.2,
    ]


def loss_by_loop(wanted, answers):
    """The loss of one scene, (classes, places)."""
    positive, negative, place, count = 0.0, [], 0.0, 0
    for row, answer in zip(wanted, answers, strict=True):
        logits, label = answer[:-4], int(row[0])
        entropy = math.log(sum(math.exp(value) for value in logits)) - logits[label]
        if label == 0:
            negative.append(entropy)
            continue
        count += 1
        positive += entropy
        for have, want in zip(answer[-4:], row[1:], strict=True):
            far = abs(have - want)
            place += far**2 / 2 if far < 1 else far - 0.5
    hardest = sorted(negative, reverse=True)[: 3 * count]
    return (positive + sum(hardest)) / max(count, 1), place / max(count, 1)


# --- default boxes ---


def test_default_boxes_by_hand():
    assert DEFAULTS.shape == (4 * (12 * 12 + 6 * 6 + 3 * 3), 4)
    np.testing.assert_allclose(DEFAULTS[0], [4 - 10, 4 - 10, 4 + 10, 4 + 10])  # 1st cell, 1st shape
    np.testing.assert_allclose(DEFAULTS[4 * 12], [4 - 10, 12 - 10, 4 + 10, 12 + 10])  # 2nd row
    larger = math.sqrt(20 * 34) / 2
    np.testing.assert_allclose(DEFAULTS[5], [12 - larger, 4 - larger, 12 + larger, 4 + larger])
    size = DEFAULTS[:, 2:] - DEFAULTS[:, :2]
    np.testing.assert_allclose(size[-2], [52 * math.sqrt(2), 52 / math.sqrt(2)])  # wide
    np.testing.assert_allclose(size[-1], size[-2][::-1])  # tall
    np.testing.assert_allclose(DEFAULTS[-1].reshape(2, 2).mean(axis=0), [80, 80])


# --- matching and targets ---


def test_match_by_hand():
    defaults = [[0, 0, 10, 10], [0, 0, 10, 8], [5, 0, 15, 10], [40, 40, 50, 50], [80, 80, 90, 90]]
    truth = [[0, 0, 10, 10], [44, 44, 50, 50]]
    # 1: overlaps 0.8; 2: 1/3; 3: overlaps the second by 0.36 only, but it is its best; 4: nothing
    assert small_ssd.match(truth, defaults).tolist() == [0, 0, -1, 1, -1]
    assert small_ssd.match(truth, defaults, overlap=0.3).tolist() == [0, 0, 0, 1, -1]
    assert small_ssd.match([], defaults).tolist() == [-1] * 5


def test_two_on_one_default_share_their_best():
    defaults = [[0, 0, 10, 10], [100, 0, 110, 10]]
    truth = [[0, 0, 10, 8], [0, 0, 10, 9]]  # the second is nearer; the first gets what is left
    assert small_ssd.match(truth, defaults).tolist() == [1, 0]


@settings(max_examples=80, deadline=None)
@given(st.lists(places, max_size=5), st.lists(places, min_size=5, max_size=12),
       st.sampled_from([0.25, 0.5, 0.7]))  # fmt: skip
def test_match_is_the_loop(truth, defaults, overlap):
    found = small_ssd.match(truth, defaults, overlap=overlap)
    assert found.tolist() == match_by_loop(truth, defaults, overlap)
    assert set(range(len(truth))) <= set(found.tolist()), "every true box has a default box"


def test_targets_of_scenes_are_the_loop(asset):
    asset("twemoji"), asset("corke")
    for n in range(2):
        scene = scenes.make(n)
        wanted = small_ssd.targets(scene.boxes, scene.labels, DEFAULTS)
        chosen = match_by_loop(scene.boxes, DEFAULTS, 0.5)
        assert wanted.shape == (756, 5) and wanted.dtype == np.float32
        for row, m, default in zip(wanted, chosen, DEFAULTS, strict=True):
            if m < 0:
                assert not row.any()
                continue
            assert row[0] == scene.labels[m] + 1
            np.testing.assert_allclose(row[1:], offsets_by_loop(scene.boxes[m], default), atol=1e-4)


def test_targets_are_read_back(asset):
    """Perfect answers give the true boxes, whatever else the network says."""
    asset("twemoji"), asset("corke")
    for n in range(20):
        scene = scenes.make((1, n), objects=(1, 4), hidden=0.1)
        wanted = small_ssd.targets(scene.boxes, scene.labels, DEFAULTS)
        answers = np.concatenate([20 * np.eye(9)[wanted[:, 0].astype(int)], wanted[:, 1:]], axis=1)
        (found,) = small_ssd.read(answers[None], overlap=0.6)
        order = np.lexsort((*scene.boxes.T, scene.labels))
        again = np.lexsort((*found.boxes.round(2).T, found.classes))
        np.testing.assert_allclose(found.boxes[again], scene.boxes[order], atol=1e-3)
        assert found.classes[again].tolist() == scene.labels[order].tolist()


# --- the loss ---


def random_case(seed, matched, boxes=40, classes=3, count=2):
    rng = np.random.default_rng(seed)
    wanted = np.zeros((count, boxes, 5), np.float32)
    for one in wanted:
        rows = rng.permutation(boxes)[:matched]
        one[rows, 0] = rng.integers(1, classes + 1, matched)
        one[rows, 1:] = rng.normal(0, 2, (matched, 4))
    return wanted, rng.normal(0, 2, (count, boxes, 1 + classes + 4)).astype(np.float32)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0, 1, 7, 14]))
def test_loss_is_the_loop(seed, matched):
    wanted, answers = random_case(seed, matched)
    found = np.stack([np.asarray(part) for part in small_ssd.parts(wanted, answers)], axis=1)
    loops = [loss_by_loop(*pair) for pair in zip(wanted, answers.astype(float), strict=True)]
    np.testing.assert_allclose(found, loops, rtol=1e-4, atol=1e-5)
    total = np.asarray(small_ssd.loss(wanted, answers))
    np.testing.assert_allclose(total, np.sum(loops, axis=1), rtol=1e-4, atol=1e-5)


def test_mining_takes_the_hardest_background():
    entropy = np.array([[5, 1, 4, 3, 2]], np.float32)
    matched = np.array([[1, 0, 0, 0, 0]], np.float32)
    taken = np.asarray(small_ssd.mine(entropy, matched, np.array([[2.0]], np.float32)))
    assert taken.tolist() == [[0, 0, 1, 1, 0]]
    taken = np.asarray(small_ssd.mine(entropy, matched, np.array([[9.0]], np.float32)))
    assert taken.tolist() == [[0, 1, 1, 1, 1]], "a matched box is never chosen"


def test_nothing_to_find_costs_nothing():
    wanted, answers = random_case(0, 0)
    assert np.asarray(small_ssd.loss(wanted, answers)).tolist() == [0, 0]


# --- the grid ---


def test_grid_by_hand():
    truth = [[0, 0, 24, 48], [10, 20, 14, 28], [90, 90, 96, 96]]
    grid, lost = small_ssd.grid_targets(truth, [1, 0, 2], cells=4, size=96, classes=3)
    assert grid.shape == (4, 4, 8) and lost == [1], "both centres are (12, 24): the first keeps it"
    np.testing.assert_allclose(grid[1, 0], [1, 0.5, 0, 0.5, math.sqrt(0.5), 0, 1, 0])
    np.testing.assert_allclose(grid[3, 3], [1, 0.875, 0.875, 0.25, 0.25, 0, 0, 1])
    assert np.count_nonzero(grid[..., 0]) == 2 and not grid[0].any()


# --- network and answers ---


@functools.cache
def model():
    compute.seed_all(0)
    return small_ssd.build(width=4)


def test_network_is_small_and_answers_per_default_box():
    compute.backend()
    full = small_ssd.build()
    assert full.count_params() < 1_000_000
    assert full.output_shape == (None, len(DEFAULTS), 1 + len(scenes.NAMES) + 4)


def test_answers_lie_in_the_order_of_the_default_boxes():
    """A bright spot changes the answers of the default boxes around it most."""
    black = np.zeros((1, 96, 96, 3), np.float32)
    spot = black.copy()
    spot[0, 72:80, 16:24] = 1
    change = np.abs(model().predict(spot, verbose=0) - model().predict(black, verbose=0))
    fine = change[0, : 4 * 144].sum(axis=1)
    x, y = DEFAULTS[fine.argmax()].reshape(2, 2).mean(axis=0)
    assert abs(x - 20) <= 16 and abs(y - 76) <= 16


def test_read_by_hand():
    answers = np.zeros((1, 756, 13))
    answers[..., 0] = 20
    answers[0, [8, 9, 700]] = 0
    answers[0, 8, 3] = answers[0, 700, 3] = 30  # a car; another far away
    answers[0, 9, 3] = 25  # nearly the same place as 8
    (found,) = small_ssd.read(answers, overlap=0.3)
    assert found.labels == ("car", "car") and found.classes.tolist() == [2, 2]
    np.testing.assert_allclose(found.boxes, DEFAULTS[[8, 700]].clip(0, 96))
    np.testing.assert_allclose(found.scores, 1, atol=1e-6)
    assert len(small_ssd.read(answers, threshold=1)[0]) == 0


class Fixed:
    """A network that has seen a car at the ninth default box, whatever it is shown."""

    def predict(self, pictures, batch_size, verbose):
        self.seen = pictures
        answers = np.zeros((len(pictures), 756, 13))
        answers[..., 0] = 20
        answers[:, 300, 3] = 30
        return answers


def test_predict_speaks_in_the_pictures_pixels():
    square = np.random.default_rng(0).random((96, 96, 3)).astype(np.float32)
    larger = np.repeat(np.repeat(square, 2, 0), 3, 1)  # 192 high, 288 wide
    small, large = small_ssd.predict(fixed := Fixed(), [square, larger])
    np.testing.assert_allclose(fixed.seen[0], fixed.seen[1], atol=1e-5)
    assert small.labels == large.labels == ("car",)
    np.testing.assert_allclose(small.boxes, DEFAULTS[[300]])
    np.testing.assert_allclose(large.boxes, DEFAULTS[[300]] * [3, 2, 3, 2])
    (alone,) = small_ssd.predict(Fixed(), square)
    np.testing.assert_array_equal(alone.boxes, small.boxes)
    assert small_ssd.predict(Fixed(), []) == []


def test_checkpoint_finds_objects_in_held_out_scenes(asset):
    asset("twemoji"), asset("corke")
    if not small_ssd.CHECKPOINT.exists():
        pytest.skip("needs data/models/small_ssd.weights.h5")
    made = scenes.batch(60, 12345, split="held out")[1]
    result = small_ssd.evaluate(small_ssd.load_checkpoint(), made)
    assert result.classes == scenes.NAMES and result.mean > 0.85
    assert small_ssd.CHECKPOINT.stat().st_size < 5_000_000


# --- training, on both backends ---

SCRIPT = """
import json, sys
import numpy as np
from course_lib import compute
import keras
from course_lib.detection import small_ssd
from course_lib.detection.small_ssd import training

DEFAULTS = small_ssd.default_boxes()
def shapes(count, seed, **settings):
    # squares of one colour per class on grey: no asset is needed
    rng, pictures, wanted = np.random.default_rng(seed), [], []
    for _ in range(count):
        picture = np.full((96, 96, 3), 0.5, np.float32)
        x, y, side = rng.integers(8, 52), rng.integers(8, 52), rng.integers(20, 36)
        label = rng.integers(3)
        picture[y:y + side, x:x + side] = np.eye(3)[label]
        pictures.append(picture)
        wanted.append(small_ssd.targets([[x, y, x + side, y + side]], [label], DEFAULTS))
    return np.stack(pictures), np.stack(wanted)

training.examples = shapes
compute.seed_all(0)
model = small_ssd.build(width=8)
seen = []
losses = small_ssd.train(model, steps=30, seed=1, batch=8, rate=2e-2, watch=seen.append, every=12)
fixed = np.linspace(-1, 1, 2 * 756 * 13, dtype="float32").reshape(2, 756, 13)[:, ::-1] ** 3 * 4
parts = [np.asarray(part).tolist() for part in small_ssd.parts(shapes(2, 3)[1], fixed)]
print(json.dumps({"losses": losses.tolist(), "seen": seen, "parts": parts}))
"""


@functools.cache
def report(backend):
    """What the script says; a backend other than this process' needs one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_it_learns_coloured_squares(backend):
    losses = np.array(report(backend)["losses"])
    assert losses.shape == (30, 2) and np.isfinite(losses).all()
    assert losses[-5:].mean(axis=0)[0] < 0.5 * losses[:3].mean(axis=0)[0]
    assert losses[-5:].mean(axis=0)[1] < 0.75 * losses[:3].mean(axis=0)[1]
    assert report(backend)["seen"] == [12, 24, 30]


def test_backends_measure_the_same_loss():
    one, other = (report(backend)["parts"] for backend in compute.BACKENDS)
    np.testing.assert_allclose(one, other, rtol=1e-4)


# --- errors ---


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: small_ssd.match([[0, 0, 0, 5]], DEFAULTS), "empty box"),
        (lambda: small_ssd.match([[5, 0, 0, 5]], DEFAULTS), "empty box"),
        (lambda: small_ssd.match([[0, 0, np.nan, 5]], DEFAULTS), "truth"),
        (lambda: small_ssd.match([[0, 0, 4, 5]] * 2, DEFAULTS[:1]), "at most 1"),
        (lambda: small_ssd.match([[0, 0, 4, 5]], DEFAULTS, overlap=0), "overlap"),
        (lambda: small_ssd.targets([[0, 0, 4, 5]], [1, 2], DEFAULTS), "labels has shape"),
        (lambda: small_ssd.targets([[0, 0, 4, 5]], [-1], DEFAULTS), "labels goes down to -1"),
        (lambda: small_ssd.grid_targets([[0, 0, 4, 5]], [8]), "labels goes up to 8"),
        (lambda: small_ssd.grid_targets([[90, 0, 104, 5]], [1]), "centre outside"),
        (lambda: small_ssd.read(np.zeros((1, 700, 13))), "answers has shape"),
        (lambda: small_ssd.read(np.full((1, 756, 13), np.nan)), "answers holds NaN"),
        (lambda: small_ssd.read(np.zeros((1, 756, 13)), threshold=2), "threshold is 2"),
        (lambda: small_ssd.predict(model(), [np.zeros((9, 9))]), r"pictures\[0\] has shape"),
        (lambda: small_ssd.predict(model(), np.full((9, 9, 3), 255.0)), "255"),
        (lambda: small_ssd.build(width=0), "width is 0"),
        (lambda: small_ssd.build(classes=0), "classes is 0"),
        (lambda: small_ssd.stepper(model(), 0), "steps is 0"),
        (lambda: small_ssd.train(model(), steps=1, seed=0, every=0), "every is 0"),
    ],
)
def test_bad_input(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"pictures": None}, "pictures is None; wanted a picture"),
        ({"pictures": 3}, "pictures is 3"),
        ({"pictures": "a.png"}, "pictures is 'a.png'"),
        ({"model": None}, "model is None; wanted a network"),
        ({"batch": "a"}, "batch is 'a'"),
    ],
)
def test_predict_refuses_what_it_cannot_use(change, text):
    given = {"model": Fixed(), "pictures": np.zeros((9, 9, 3), np.float32)} | change
    with pytest.raises(TypeError, match=text):
        small_ssd.predict(**given)


def test_missing_checkpoint(monkeypatch, tmp_path):
    monkeypatch.setattr("course_lib.detection.small_ssd.network.CHECKPOINT", tmp_path / "none.h5")
    with pytest.raises(FileNotFoundError, match="from a clone"):
        small_ssd.load_checkpoint()


def test_damaged_checkpoint(monkeypatch, tmp_path):
    cut = tmp_path / "cut.weights.h5"
    cut.write_bytes(small_ssd.network.CHECKPOINT.read_bytes()[:50_000])
    monkeypatch.setattr("course_lib.detection.small_ssd.network.CHECKPOINT", cut)
    with pytest.raises(ValueError, match="cut.weights.h5 does not fit this .* is damaged"):
        small_ssd.load_checkpoint()
