"""The recipe of the CIFAR-10 network: its build, the moves of pictures, training, checkpoint."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib import compute, datasets, fetch
from course_lib.networks import recipes

CARD = Path(__file__).parent.parent / "data" / "models" / "cifar10_cnn.weights.md"
# A task that a tiny network learns in seconds: which half of the picture is bright.
SCRIPT = """
import json
import numpy as np
from course_lib import compute
from course_lib.networks import recipes
rng = compute.seed_all(0)
labels = rng.integers(0, 2, 256)
pictures = rng.random((256, 32, 32, 3)).astype("float32") * 0.2
pictures[labels == 1, :16] += 0.7
pictures[labels == 0, 16:] += 0.7
model = recipes.cifar_network(width=8, classes=2)
seen = []
history = recipes.train(model, pictures, labels, epochs=8, rng=rng, batch=16, rate=0.02,
                        watch=lambda epoch, record: seen.append([epoch, record["loss"]]))
right = float((np.asarray(model.predict(pictures, verbose=0)).argmax(1) == labels).mean())
print(json.dumps({"right": right, "history": history, "seen": seen}))
"""


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_training_learns_on_both_backends(backend):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": backend},
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["right"] > 0.95
    assert report["history"]["loss"][-1] < report["history"]["loss"][0]
    assert report["seen"] == [[n, loss] for n, loss in enumerate(report["history"]["loss"])]


def test_network_has_the_parameters_of_its_formula():
    model = recipes.cifar_network()
    kernels = [(3, 32), (32, 64), (64, 64), (64, 64), (64, 128), (128, 128), (128, 128), (128, 128)]
    weights = sum(9 * a * b for a, b in kernels) + sum(4 * b for _, b in kernels)
    assert model.count_params() == weights + 128 * 10 + 10 < 1_000_000
    assert model.output_shape == (None, 10)


def test_pictures_are_normalised_inside():
    model = recipes.cifar_network()
    values = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
    wanted = (values - recipes.MEAN) / recipes.DEVIATION
    np.testing.assert_allclose(model.get_layer("normalise")(values), wanted, atol=1e-4)


def test_flip_and_shift_moves_whole_pictures():
    rng = np.random.default_rng(0)
    pictures = np.arange(200 * 6 * 6 * 2, dtype=np.float32).reshape(200, 6, 6, 2)
    still = recipes.flip_and_shift(pictures, rng, pixels=0)
    kept = [np.array_equal(a, b) for a, b in zip(still, pictures, strict=True)]
    turned = [np.array_equal(a[:, ::-1], b) for a, b in zip(still, pictures, strict=True)]
    assert all(np.logical_xor(kept, turned)) and 70 < sum(turned) < 130
    moved = recipes.flip_and_shift(pictures, rng, pixels=2)
    assert moved.shape == pictures.shape and moved.dtype == pictures.dtype
    for before, after in zip(pictures, moved, strict=True):
        padded = np.pad(before, ((2, 2), (2, 2), (0, 0)), mode="reflect")
        places = [
            np.array_equal(view, after)
            for source in (padded, padded[:, ::-1])
            for i in range(5)
            for j in range(5)
            for view in [source[i : i + 6, j : j + 6]]
        ]
        assert any(places)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: recipes.flip_and_shift(np.zeros((4, 4, 3)), None), "pictures"),
        (lambda: recipes.flip_and_shift(np.zeros((1, 4, 4, 3)), None, pixels=4), "pixels"),
        (lambda: recipes.cifar_network(width=0), "width"),
        (lambda: recipes.cifar_network(classes=1), "classes"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_labels_out_of_range_are_named():
    model = recipes.cifar_network(width=1, classes=3)
    pictures = np.zeros((2, 32, 32, 3))
    with pytest.raises(ValueError, match="labels"):
        recipes.train(model, pictures, [0, 3], epochs=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": [0, 0.5]}, "labels holds 0 to 0.5"),
        ({"pictures": np.full((2, 32, 32, 3), 255, np.uint8)}, "pictures goes up to 255"),
        ({"pictures": np.zeros((0, 32, 32, 3)), "labels": []}, "wanted at least one picture"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"rate": -0.1}, "rate is -0.1"),
    ],
)
def test_training_on_nonsense_is_refused_before_it_begins(change, words):
    good = {"pictures": np.zeros((2, 32, 32, 3)), "labels": [0, 1], "epochs": 1}
    model = recipes.cifar_network(width=1, classes=3)
    with pytest.raises(ValueError, match=words):
        recipes.train(model, rng=np.random.default_rng(0), **good | change)


def test_checkpoint_reaches_what_its_card_says():
    if fetch.cached("cifar10") is None:
        pytest.skip("needs the asset cifar10: course fetch cifar10")
    pictures, labels = (part[:2000] for part in datasets.cifar10()[1])
    stated = float(re.search(r"test accuracy (0\.\d+)", CARD.read_text(encoding="utf-8"))[1])
    assert stated >= 0.85
    model = recipes.load_checkpoint()
    found = np.mean(model.predict(pictures, batch_size=200, verbose=0).argmax(1) == labels)
    assert found == pytest.approx(stated, abs=0.02)  # three standard deviations of 2,000 answers


def test_missing_checkpoint_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "CHECKPOINT", tmp_path / "none.weights.h5")
    with pytest.raises(FileNotFoundError, match="clone"):
        recipes.load_checkpoint()


def test_damaged_checkpoint_is_named(monkeypatch, tmp_path):
    cut = tmp_path / recipes.CHECKPOINT.name
    cut.write_bytes(recipes.CHECKPOINT.read_bytes()[:100_000])
    monkeypatch.setattr(recipes, "CHECKPOINT", cut)
    with pytest.raises(ValueError, match="is damaged or .*: git checkout"):
        recipes.load_checkpoint()
