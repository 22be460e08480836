"""frozen: cutting, freezing and training tiny models, on both backends."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import compute
from course_lib.transfer import frozen

compute.backend()

# The same training in a process of its own, since Keras keeps the backend it was imported with.
SCRIPT = """
import json
import numpy as np
from course_lib import compute
import keras
from course_lib.transfer import cam, frozen, heads

L = keras.layers
compute.seed_all(0)
model = keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(4, 3, name="one"),
                          L.BatchNormalization(name="norm"), L.ReLU(name="relu"),
                          L.Conv2D(6, 3, name="two")])
values = np.random.default_rng(1)
model.set_weights([values.normal(size=v.shape) ** 2 for v in model.get_weights()])
base, top = frozen.split(model, "relu")
pictures = values.random((12, 8, 8, 3)).astype("float32")
labels = np.arange(12) % 3
maps = frozen.stored_answers(base, pictures, batch=4)
features = heads.pool(frozen.infer(top, maps))
head = heads.fit(features, labels, 3, steps=20, centre=True)
classifier = heads.with_head(top, 3, head=head)
frozen.thaw(classifier, "two")
learner = frozen.Learner(classifier, rate=0.01, batch=4)
runs = []
for _ in range(2):
    learner.restart()
    runs.append(learner.train(maps, labels, steps=8, rng=np.random.default_rng(2)).tolist())
whole = heads.with_head(model, 3, head=head)
frozen.thaw(whole, "one", statistics=True)
before = np.array(whole.get_layer("norm").moving_mean)
other = frozen.Learner(whole, rate=0.0, batch=4)
other.train(pictures, labels, steps=3, rng=np.random.default_rng(2))
after = np.array(whole.get_layer("norm").moving_mean)
found, logits = cam.of_model(whole, pictures)
print(json.dumps({"backend": compute.backend(), "runs": runs,
    "moved": float(np.abs(after - before).max()),
    "logits": float(np.abs(logits - frozen.infer(whole, pictures)).max()),
    "cam": found.mean((0, 1, 2)).tolist()}))
"""


@pytest.fixture(scope="module")
def reports():
    """What the script says on both backends."""
    found = []
    for name in ("tensorflow", "jax"):
        env = os.environ | {"KERAS_BACKEND": name}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def test_both_backends_train_alike_and_restart_exactly(reports):
    one, two = reports
    assert (one["backend"], two["backend"]) == ("tensorflow", "jax")
    for report in reports:
        assert report["runs"][0] == pytest.approx(report["runs"][1], rel=1e-5)
        assert report["runs"][0][-1] != report["runs"][0][0]
        assert report["moved"] > 1e-3  # statistics run along at rate 0
        assert report["logits"] < 1e-4
    assert one["runs"][0] == pytest.approx(two["runs"][0], rel=1e-3)
    assert one["cam"] == pytest.approx(two["cam"], rel=1e-3)


def branched():
    """A shortcut around a convolution and batch normalisation, then a nested model."""
    import keras

    layers = keras.layers
    x = keras.Input((6, 6, 3))
    one = layers.Conv2D(4, 1, name="one")(x)
    two = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 1, name="two")(one))
    both = layers.Add(name="both")([one, two])
    inner = keras.Sequential(
        [keras.Input((6, 6, 4)), layers.BatchNormalization(), layers.Conv2D(2, 1)], name="inner"
    )
    return keras.Model(x, inner(both))


@pytest.mark.parametrize("layer", ["one", "both"])
def test_the_parts_together_are_the_whole(layer):
    model = branched()
    base, top = frozen.split(model, layer)
    pictures = np.random.default_rng(0).random((2, 6, 6, 3)).astype("float32")
    whole = frozen.infer(model, pictures)
    np.testing.assert_allclose(frozen.infer(top, frozen.infer(base, pictures)), whole, atol=1e-6)
    assert base.output_shape == top.input_shape == (None, 6, 6, 4)


def test_a_cut_that_cannot_be_is_refused():
    model = branched()
    with pytest.raises(ValueError, match="shortcut leads around layer 'two'"):
        frozen.split(model, "two")
    with pytest.raises(ValueError, match="did you mean both"):
        frozen.split(model, "bot")
    with pytest.raises(ValueError, match="is the last one"):
        frozen.split(model, "inner")
    with pytest.raises(ValueError, match="is the input"):
        frozen.split(model, model.layers[0].name)
    with pytest.raises(TypeError, match="wanted a built Sequential"):
        frozen.split("mobilenet", "one")


def test_thaw_counts_what_can_be_learned():
    model = branched()
    assert frozen.thaw(model) == 0
    assert frozen.thaw(model, "inner") == 4 * 2 + 2
    assert frozen.thaw(model, "inner", statistics=True) == 4 * 2 + 2 + 2 * 4
    assert frozen.thaw(model, "two") == (4 * 4 + 4) + (4 * 2 + 2)
    model.trainable = False
    assert frozen.thaw(model, "two") == 30  # a frozen model does not stay frozen
    with pytest.raises(ValueError, match="layer 'tow'"):
        frozen.thaw(model, "tow")


def test_stored_answers_are_those_of_the_network_in_half_precision():
    base, _ = frozen.split(branched(), "both")
    pictures = np.random.default_rng(0).random((5, 3, 3, 3)).astype("float32")
    stored = frozen.stored_answers(base, pictures, side=6, batch=2)
    assert stored.shape == (5, 6, 6, 4) and stored.dtype == np.float16
    np.testing.assert_allclose(
        stored, frozen.infer(base, frozen.enlarge(pictures, 6)), rtol=1e-3, atol=1e-3
    )
    with pytest.raises(ValueError, match="empty"):
        frozen.stored_answers(base, pictures[:0])
    with pytest.raises(ValueError, match="pictures has"):
        frozen.stored_answers(base, pictures[0])
    with pytest.raises(ValueError, match="beyond 65504"):
        frozen.stored_answers(base, np.full((1, 6, 6, 3), 1e7))


def test_enlarging_keeps_a_grey_picture_and_the_range():
    grey = np.full((2, 4, 4, 3), 0.25)
    np.testing.assert_allclose(frozen.enlarge(grey, 9), 0.25, atol=1e-6)
    noisy = np.random.default_rng(0).integers(0, 2, (1, 4, 4, 3)).astype("float32")
    big = frozen.enlarge(noisy, 16)
    assert big.shape == (1, 16, 16, 3) and big.min() >= 0 and big.max() <= 1
    with pytest.raises(ValueError, match="side is 0"):
        frozen.enlarge(grey, 0)
    with pytest.raises(ValueError, match="pictures has shape"):
        frozen.enlarge(grey[..., 0], 9)


def learner(**options):
    """A learner of two classes of numbers."""
    import keras

    dense = keras.layers.Dense(2, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((2,)), dense])
    return frozen.Learner(model, **{"rate": 0.5, "batch": 4} | options)


def test_a_learner_learns_forgets_and_counts():
    inputs, labels = np.eye(2)[[0, 1] * 5], np.array([0, 1] * 5)
    one, seen = learner(), []
    losses = one.train(
        inputs,
        labels,
        steps=20,
        rng=np.random.default_rng(0),
        watch=lambda step, loss: seen.append(step),
    )
    assert losses.shape == (20,) and losses[0] == pytest.approx(np.log(2)) and losses[-1] < 0.3
    assert seen == list(range(1, 21)) and one.accuracy(inputs, labels, batch=3) == 1.0
    one.restart()
    assert not np.any(one.model.get_weights()[0])
    again = one.train(inputs, labels, steps=20, rng=np.random.default_rng(0))
    np.testing.assert_allclose(again, losses, rtol=1e-5)


def test_each_picture_comes_once_before_any_comes_again():
    batches = learner()._batches(6, 3, np.random.default_rng(0)).ravel()
    assert sorted(batches[:6]) == sorted(batches[6:12]) == list(range(6))


def test_the_first_step_is_that_of_plain_descent_at_the_full_rate():
    one = learner(batch=2)
    one.train(np.eye(2), [0, 1], steps=1, rng=np.random.default_rng(0))
    np.testing.assert_allclose(one.model.get_weights()[0], [[0.125, -0.125], [-0.125, 0.125]])


def test_bad_training_is_refused():
    one, rng = learner(), np.random.default_rng(0)
    with pytest.raises(ValueError, match="goes up to 2"):
        one.train(np.eye(2), [0, 2], steps=1, rng=rng)
    with pytest.raises(ValueError, match="labels has shape"):
        one.train(np.eye(2), [0], steps=1, rng=rng)
    with pytest.raises(ValueError, match="empty"):
        one.train(np.zeros((0, 2)), [], steps=1, rng=rng)
    with pytest.raises(ValueError, match="steps is 0"):
        one.train(np.eye(2), [0, 1], steps=0, rng=rng)
    with pytest.raises(ValueError, match="rate is -1"):
        learner(rate=-1)
    one.model.trainable = False
    with pytest.raises(ValueError, match="is frozen; thaw"):
        frozen.Learner(one.model, rate=1)


def test_what_does_not_fit_the_network_is_refused():
    import keras

    layers = keras.layers
    base = keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=r"pictures has shape \(2, 6, 6, 4\); wanted"):
        frozen.stored_answers(base, np.zeros((2, 6, 6, 4)))
    with pytest.raises(ValueError, match=r"pictures has shape \(2, 4, 6, 3\); wanted"):
        frozen.stored_answers(base, np.zeros((2, 4, 6, 3)))
    with pytest.raises(ValueError, match="pictures holds bytes"):
        frozen.stored_answers(base, np.zeros((2, 6, 6, 3), np.uint8))
    with pytest.raises(TypeError, match="model is a str"):
        frozen.stored_answers("base", np.zeros((2, 6, 6, 3)))
    with pytest.raises(ValueError, match="inputs holds NaN"):
        frozen.infer(base, np.full((1, 6, 6, 3), np.nan))
    one, rng = learner(), np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"inputs has shape \(4, 3\); wanted"):
        one.train(np.eye(3)[:2], [0, 1], steps=1, rng=rng)
    with pytest.raises(ValueError, match="inputs holds NaN"):
        one.train(np.full((2, 2), np.nan), [0, 1], steps=1, rng=rng)
    with pytest.raises(ValueError, match=r"labels has shape \(1,\); wanted \(2\)"):
        one.accuracy(np.eye(2), [0])
    with pytest.raises(ValueError, match="inputs is empty"):
        one.accuracy(np.zeros((0, 2)), [])
    with pytest.raises(TypeError, match="model is a str"):
        frozen.Learner("model", rate=1)
