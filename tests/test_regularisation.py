"""Weight decay, early stopping, dropout, batch normalisation: by hand = Keras, both backends."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute
from course_lib.networks import optimizers, regularisation
from course_lib.networks.regularisation import layers

# Inputs come from the seed alone, so that this process and the child see the same ones.
SCRIPT = """
import json, sys
import numpy as np
from course_lib import compute
import keras
from keras import ops
to_numpy = ops.convert_to_numpy

def cases(count):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        rows, columns = rng.integers(2, 20), rng.integers(1, 9)
        values = rng.normal(rng.normal(), rng.uniform(0.1, 5), (rows, columns)).astype("float32")
        yield values, rng.normal(size=(2, columns)).astype("float32"), rng

result = []
for values, (gamma, beta), rng in cases(int(sys.argv[1])):
    layer = keras.layers.BatchNormalization(momentum=0.9)
    layer.build(values.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    training = to_numpy(layer(values, training=True))
    weights = rng.normal(size=values.shape).astype("float32")
    def score(x, g, b):
        mean, variance = ops.mean(x, axis=0), ops.var(x, axis=0)
        out = g * (x - mean) / ops.sqrt(variance + 1e-3) + b
        return ops.sum(out * weights)
    _, grads = compute.gradients(score, [values, gamma, beta])
    l2, (by_l2,) = compute.gradients(keras.regularizers.L2(0.15), [values])
    result.append({"training": training.tolist(), "inference": to_numpy(layer(values)).tolist(),
        "mean": to_numpy(layer.moving_mean).tolist(),
        "variance": to_numpy(layer.moving_variance).tolist(),
        "grads": [g.tolist() for g in grads], "l2": l2, "by_l2": by_l2.tolist()})
kept = to_numpy(keras.layers.Dropout(0.3, seed=0)(np.ones((2000, 100), "float32"), training=True))
print(json.dumps({"cases": result, "kept": [float((kept > 0).mean()), float(kept.max())]}))
"""
CASES = 12


@functools.cache
def keras_report(backend):
    env = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT, str(CASES)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def inputs(seed):
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(2, 20), rng.integers(1, 9)
    values = rng.normal(rng.normal(), rng.uniform(0.1, 5), (rows, columns)).astype("float32")
    gamma, beta = rng.normal(size=(2, columns)).astype("float32")
    return values, gamma, beta, rng.normal(size=values.shape).astype("float32")


@pytest.mark.parametrize("backend", compute.BACKENDS)
@pytest.mark.parametrize("seed", range(CASES))
def test_batch_normalisation_is_keras(backend, seed):
    wanted = keras_report(backend)["cases"][seed]
    values, gamma, beta, weights = inputs(seed)
    layer = layers.BatchNorm(values.shape[1], momentum=0.9)
    layer.parameters = [gamma, beta]
    np.testing.assert_allclose(layer.forward(values, True), wanted["training"], atol=2e-4)
    np.testing.assert_allclose(layer.mean, wanted["mean"], atol=1e-5)
    np.testing.assert_allclose(layer.variance, wanted["variance"], rtol=1e-4)
    np.testing.assert_allclose(layer.forward(values, False), wanted["inference"], atol=2e-4)
    _, cache, _, _ = regularisation.batch_norm(values, gamma, beta)
    for ours, theirs in zip(
        regularisation.batch_norm_backward(weights, cache), wanted["grads"], strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("backend", compute.BACKENDS)
@pytest.mark.parametrize("seed", range(CASES))
def test_weight_penalty_is_keras_l2_of_half_the_strength(backend, seed):
    wanted = keras_report(backend)["cases"][seed]
    penalty, (gradient,) = regularisation.weight_penalty([inputs(seed)[0]], 0.3)
    assert penalty == pytest.approx(wanted["l2"], rel=1e-5)
    np.testing.assert_allclose(gradient, wanted["by_l2"], rtol=1e-5)


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_dropout_is_keras_in_distribution(backend):
    dropped, mask = regularisation.dropout(np.ones((2000, 100)), 0.3, np.random.default_rng(0))
    share, worth = keras_report(backend)["kept"]
    # 200,000 draws: five standard deviations are 0.005.
    assert (dropped > 0).mean() == pytest.approx(0.7, abs=0.005)
    assert share == pytest.approx(0.7, abs=0.005)
    assert dropped.max() == pytest.approx(worth, rel=1e-6) == pytest.approx(1 / 0.7, rel=1e-6)
    np.testing.assert_array_equal(dropped, mask)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.95))
@settings(max_examples=40, deadline=None)
def test_dropout_keeps_or_drops_whole_values(seed, rate):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(7, 5))
    dropped, mask = regularisation.dropout(values, rate, rng)
    assert dropped.shape == values.shape
    assert set(np.unique(mask)) <= {0.0, 1 / (1 - rate)}
    np.testing.assert_allclose(dropped, values * mask)


@given(
    st.lists(st.integers(0, 40).map(lambda n: n / 8), min_size=1, max_size=30), st.integers(1, 8)
)
@settings(max_examples=60, deadline=None)
def test_early_stop_is_keras_callback(losses, patience):
    import keras

    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience)
    stop.set_model(keras.Sequential())
    stop.model.stop_training = False
    stop.on_train_begin()
    for epoch, loss in enumerate(losses):  # noqa: B007  the last one run is what is compared
        stop.on_epoch_end(epoch, {"val_loss": loss})
        if stop.model.stop_training:
            break
    assert regularisation.early_stop(losses, patience) == (stop.best_epoch, epoch)


def test_early_stop_by_hand():
    assert regularisation.early_stop([0.9, 0.6, 0.7, 0.5, 0.6, 0.8, 0.4], 2) == (3, 5)
    assert regularisation.early_stop([0.9, 0.6, 0.7, 0.5, 0.6, 0.8, 0.4], 3) == (6, 6)
    assert regularisation.early_stop([1.0, 1.0, 1.0], 1) == (0, 1)  # equal is not lower


def test_batch_norm_by_hand():
    out, _, mean, variance = regularisation.batch_norm([[1], [3]], [2], [5], epsilon=1e-12)
    np.testing.assert_allclose(out, [[3], [7]], rtol=1e-6)
    assert (mean, variance) == (2, 1)
    one, *_ = regularisation.batch_norm([[7.0, -2.0]], [1, 1], [4, 5])
    np.testing.assert_allclose(one, [[4, 5]])  # a batch of one: beta, whatever came in


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_stack_gradients_equal_finite_differences(seed):
    """Through dense layers, batch normalisation and weight decay at once, in float64."""
    from course_lib.networks import losses

    rng = np.random.default_rng(seed)
    stack = layers.dense_stack((4, 5, 3), rng, normalise=True)
    x, y = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)

    def loss():
        value, gradient = losses.categorical_cross_entropy(stack.forward(x, training=True), y)
        decayed = [p for layer in stack.layers for p in layer.parameters if p.ndim == 2]
        return value + regularisation.weight_penalty(decayed, 0.1)[0], gradient

    stack.backward(loss()[1])
    for values, gradient in zip(stack.parameters(), stack.gradients(0.1), strict=True):
        place = tuple(rng.integers(0, values.shape))
        before, step = values[place], 1e-6
        values[place] = before + step
        high = loss()[0]
        values[place] = before - step
        low = loss()[0]
        values[place] = before
        assert gradient[place] == pytest.approx((high - low) / (2 * step), rel=1e-3, abs=1e-6)


def test_dropout_gradient_goes_through_the_mask():
    layer = layers.Dropout(0.5, np.random.default_rng(0))
    out = layer.forward(np.ones((3, 4)), training=True)
    np.testing.assert_array_equal(layer.backward(np.ones((3, 4))), out)
    assert (layer.forward(np.ones((3, 4)), training=False) == 1).all()


def test_training_learns_and_repeats():
    def run():
        rng = np.random.default_rng(3)
        x = rng.normal(size=(120, 2))
        y = (x[:, 0] * x[:, 1] > 0).astype(int)
        stack = layers.dense_stack((2, 16, 2), rng)
        return layers.train(
            stack,
            optimizers.Adam(0.02),
            (x[:80], y[:80]),
            epochs=60,
            rng=rng,
            held_out=(x[80:], y[80:]),
        )

    first, second = run(), run()
    assert first["accuracy"][-1] > 0.95 and first["held_out_accuracy"][-1] > 0.8
    for name in first:
        assert first[name].shape == (60,)
        np.testing.assert_array_equal(first[name], second[name])


def train_two(**settings):
    """Train two classes on nine samples; return which of them each step was fed."""
    rng, samples = np.random.default_rng(0), (np.eye(9), np.arange(9) % 2)
    stack, fed = layers.dense_stack((9, 4, 2), rng, rate=0.5, normalise=True), []
    real = stack.forward

    def spy(values, *, training=False):
        if training:
            fed.append(values.argmax(axis=1).tolist())
        return real(values, training=training)

    stack.forward = spy
    settings = {"epochs": 3, "rng": rng, "held_out": samples, "batch": 4} | settings
    layers.train(stack, optimizers.SGD(0.1), samples, **settings)
    return fed


def test_every_epoch_sees_every_sample_once_in_another_order():
    fed = train_two()
    assert [len(batch) for batch in fed] == 3 * [4, 4, 1]
    epochs = [sum(fed[n : n + 3], []) for n in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(9)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] and epochs[0] != list(range(9))


def test_curves_are_of_the_samples_that_they_name():
    """The same features with the other labels: what is right of the one is wrong of the other."""
    rng, labels = np.random.default_rng(0), np.arange(9) % 2
    stack = layers.dense_stack((9, 2), rng)
    samples, others = (np.eye(9), labels), (np.eye(9), 1 - labels)
    settings = {"epochs": 3, "rng": rng, "held_out": others}
    history = layers.train(stack, optimizers.SGD(0.5), samples, **settings)
    np.testing.assert_allclose(history["accuracy"], 1 - history["held_out_accuracy"])


def test_a_stack_is_built_in_the_order_of_the_paper():
    """Batch normalisation before the ReLU, dropout after it, neither after the last layer."""
    stack = layers.dense_stack((400, 300, 2), np.random.default_rng(0), rate=0.25, normalise=True)
    names = [type(layer).__name__ for layer in stack.layers]
    assert names == ["Dense", "BatchNorm", "ReLU", "Dropout", "Dense"]
    assert stack.layers[3].rate == 0.25
    assert stack.layers[0].weights.std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    plain = layers.dense_stack((4, 3, 2), np.random.default_rng(0))
    assert [type(layer).__name__ for layer in plain.layers] == ["Dense", "ReLU", "Dense"]


def test_moving_averages_by_hand():
    """A tenth of the way from mean 0 and variance 1 to the batch's 4 and 9, then again."""
    layer = layers.BatchNorm(1)
    layer.forward(np.array([[1.0], [7.0]]), training=True)
    assert (layer.mean, layer.variance) == (pytest.approx(0.4), pytest.approx(1.8))
    layer.forward(np.array([[1.0], [7.0]]), training=True)
    assert (layer.mean, layer.variance) == (pytest.approx(0.76), pytest.approx(2.52))
    expected = (10 - 0.76) / (2.52 + 1e-3) ** 0.5
    assert layer.forward(np.array([[10.0]]), training=False) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda r: r.dropout([1, 2], 1.0, None), "rate is 1.0"),
        (lambda r: r.dropout([1, 2], -0.1, None), "rate"),
        (lambda r: r.dropout([np.nan], 0.1, None), "values"),
        (lambda r: r.early_stop([], 3), "losses is empty"),
        (lambda r: r.early_stop([1, np.nan], 3), "losses"),
        (lambda r: r.early_stop([1, 2], 0), "patience"),
        (lambda r: r.batch_norm(np.ones(3), [1], [1]), "values"),
        (lambda r: r.batch_norm(np.ones((2, 3)), [1], [1, 1, 1]), "gamma"),
        (lambda r: r.batch_norm(np.ones((0, 3)), [1] * 3, [1] * 3), "no sample"),
        (lambda r: r.batch_norm(np.ones((2, 1)), [1], [1], epsilon=0), "epsilon"),
        (lambda r: r.batch_norm([[np.inf]], [1], [1]), "values"),
        (lambda r: r.batch_norm_inference([[1.0]], [1], [1], [0], [-1]), "variance"),
        (lambda r: r.weight_penalty([[1.0]], -1), "strength"),
        (lambda r: r.weight_penalty([[np.nan]], 1), "weights"),
        (
            lambda r: r.batch_norm_backward([[1.0]], r.batch_norm([[1], [2]], [1], [1])[1]),
            "gradient",
        ),
        (lambda r: layers.dense_stack((3, 0, 2), np.random.default_rng(0)), "outputs"),
        (lambda r: layers.dense_stack((3,), np.random.default_rng(0)), "sizes is"),
        (lambda r: layers.dense_stack((3, 2), np.random.default_rng(0), rate=1), "rate is 1"),
        (lambda r: layers.dense_stack((3, 2), np.random.default_rng(0)).forward([[1.0]]), "values"),
        (lambda r: train_two(batch=-1), "batch is -1"),
        (lambda r: train_two(decay=-0.1), "decay is -0.1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(regularisation)


def test_whole_numbers_and_bytes_do_not_wrap_round():
    """1 - 2 is 255 in bytes, and 200 squared 64."""
    penalty, (gradient,) = regularisation.weight_penalty([np.array([200, 3], np.uint8)], 1)
    assert penalty == (200**2 + 3**2) / 2
    assert gradient.tolist() == [200, 3]
    row = np.array([[1, 2]], np.uint8)
    ones, mean = np.ones(2, np.uint8), np.array([2, 4], np.uint8)
    out = regularisation.batch_norm_inference(row, ones, 0 * ones, mean, ones, epsilon=1e-12)
    assert out == pytest.approx(np.array([[-1.0, -2.0]]))
