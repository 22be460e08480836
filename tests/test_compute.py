"""compute: the same gradients on both backends, by hand and by an oracle."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import compute

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json, sys
import numpy as np
from course_lib import compute
import keras
from keras.ops import convert_to_numpy as to_numpy

rng = np.random.default_rng(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh"),
                          keras.layers.BatchNormalization(), keras.layers.Dense(1)])
model.set_weights([rng.normal(size=w.shape) if "variance" not in v.path else np.ones(w.shape)
                   for v, w in zip(model.weights, model.get_weights())])
x = rng.normal(size=(16, 4)).astype("float32")
y = rng.normal(size=(16, 1)).astype("float32")
before = [to_numpy(v) for v in model.trainable_variables]
loss, grads = compute.gradients(lambda: keras.ops.mean((model(x, training=True) - y) ** 2), model)
kept = all(np.array_equal(a, to_numpy(v)) for a, v in zip(before, model.trainable_variables))
score, by_input = compute.gradients(lambda a: keras.ops.sum(model(a, training=False)), [x])
square, slope = compute.gradients(lambda a, b: keras.ops.sum(a**3) + 0 * b,
                                  [np.array([1., 2.]), 1.])
part, by_part = compute.gradients(lambda: keras.ops.sum(model.layers[-1].kernel ** 2),
                                  [model.layers[-1].kernel, model.layers[0].kernel])
try:
    compute.gradients(lambda a: a * 2, [np.ones(3)]); refused = "nothing"
except ValueError as error:
    refused = str(error)
kernel, wrong = model.layers[0].kernel, {}
frozen = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
frozen.trainable = False
cases = {"array": np.ones(3), "number": 1.0, "variable": kernel, "nothing": None, "empty": [],
         "both": [kernel, np.ones(3)], "twice": [kernel, kernel], "text": ["a"], "frozen": frozen,
         "unbuilt": keras.Sequential([keras.layers.Dense(1)])}
for name, wrt in cases.items():
    try:
        compute.gradients(lambda *arrays: keras.ops.sum(kernel), wrt)
    except (TypeError, ValueError) as error:
        wrong[name] = f"{type(error).__name__}: {error}"
regular = keras.layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l1")
regular.build((None, 4))
regular.kernel.assign(np.linspace(-1, 1, 8).reshape(4, 2))
penalty, by_penalty = compute.gradients(lambda: keras.ops.sum(regular(x)) + sum(regular.losses),
                                        regular.trainable_variables, state=regular.variables)
from_generator = compute.gradients(keras.ops.sum, (np.ones(3) for _ in range(1)))[0]
dropout = keras.layers.Dropout(0.5, seed=1)
masks = [compute.gradients(lambda a: keras.ops.sum(dropout(a, training=True)), [np.ones((1, 64))],
                           state=dropout.variables)[1][0].tolist() for _ in range(2)]
cubes = compute.compiled_gradients(
    lambda a, b: keras.ops.sum(a**3, axis=-1) + 0 * keras.ops.sum(b))
rows, by_rows = cubes([[1., 2.], [3., 4.]], np.ones(2))
longer = cubes(np.ones((1, 5)), np.ones(2))[0].tolist()
factor = keras.Variable(2.0)
times = compute.compiled_gradients(lambda a: keras.ops.sum(a) * factor, state=[factor])
products = [times(np.ones(3))[1][0].tolist()]
factor.assign(5.0)
products.append(times(np.ones(3))[1][0].tolist())
drop, norm = keras.layers.Dropout(0.5, seed=1), keras.layers.BatchNormalization()
norm.build((None, 2))
both = compute.compiled_gradients(
    lambda a: keras.ops.sum(drop(a, training=True)) + keras.ops.sum(norm(a, training=True)),
    state=[*drop.variables, *norm.variables])
ramp = np.arange(128.0).reshape(64, 2)
noise = [both(ramp)[1][0].tolist() for _ in range(2)]
moved = to_numpy(norm.moving_mean).tolist()
print(json.dumps({
    "rows": rows.tolist(), "by_rows": [g.tolist() for g in by_rows], "longer": longer,
    "products": products, "noise": noise, "moved": moved,
    "backend": compute.backend(), "loss": loss, "grads": [g.tolist() for g in grads], "kept": kept,
    "moving": [to_numpy(v).tolist() for v in model.non_trainable_variables],
    "score": score, "by_input": by_input[0].tolist(), "square": square,
    "slope": [np.asarray(g).tolist() for g in slope],
    "kernel": to_numpy(model.layers[-1].kernel).tolist(),
    "by_part": [g.tolist() for g in by_part], "refused": refused,
    "wrong": wrong, "from_generator": from_generator,
    "penalty": penalty, "by_penalty": [g.tolist() for g in by_penalty],
    "masks": masks, "x": x.tolist(), "weights": [to_numpy(v).tolist() for v in model.weights]}))
"""


@pytest.fixture(scope="module", params=compute.BACKENDS)
def report(request):
    return _report(request.param)


@functools.cache
def _report(backend):
    env = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the backend wrote to stderr"
    return json.loads(done.stdout.splitlines()[-1])


def test_gradients_by_hand(report):
    assert report["square"] == 9  # 1 + 8
    np.testing.assert_allclose(report["slope"][0], [3, 12], rtol=1e-6)  # 3 a^2
    assert report["slope"][1] == 0
    np.testing.assert_allclose(report["by_part"][0], 2 * np.array(report["kernel"]), rtol=1e-6)
    assert not np.any(report["by_part"][1])  # what the function does not use has gradient 0


def test_gradients_equal_numpy_finite_differences(report):
    def loss(weights):
        kernel, bias, gamma, beta, _mean, _variance, out, last = weights
        rng = np.random.default_rng(0)
        for shape in [(4, 5), (5,), (5,), (5,), (5,), (5, 1), (1,)]:
            rng.normal(size=shape)
        x, y = rng.normal(size=(16, 4)), rng.normal(size=(16, 1))
        hidden = np.tanh(x @ kernel + bias)
        normal = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-3)
        return np.mean(((normal * gamma + beta) @ out + last - y) ** 2)

    names = ["kernel", "bias", "gamma", "beta", "mean", "variance", "out", "last"]
    weights = [np.array(w) for w in report["weights"]]
    assert report["loss"] == pytest.approx(loss(weights), rel=1e-4)
    for grad, name in zip(
        report["grads"], ["kernel", "bias", "gamma", "beta", "out", "last"], strict=True
    ):
        place = names.index(name)
        for index in list(np.ndindex(weights[place].shape))[:4]:
            ends = []
            for step in (-1e-5, 1e-5):
                moved = [w.copy() for w in weights]
                moved[place][index] += step
                ends.append(loss(moved))
            slope = (ends[1] - ends[0]) / 2e-5
            assert np.array(grad)[index] == pytest.approx(slope, abs=2e-4), (name, index)


def test_state_moves_once_and_weights_stay(report):
    assert report["kept"]
    moving_mean, moving_variance = report["moving"][:2]
    weights = [np.array(w) for w in report["weights"]]
    hidden = np.tanh(np.array(report["x"]) @ weights[0] + weights[1])
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=s) for s in [(4, 5), (5,), (5,), (5,), (5,)]]
    np.testing.assert_allclose(moving_mean, 0.99 * starts[4] + 0.01 * hidden.mean(0), atol=1e-5)
    np.testing.assert_allclose(moving_variance, 0.99 + 0.01 * hidden.var(0), atol=1e-5)


def test_dropout_draws_a_new_mask_every_call(report):
    first, second = map(np.array, report["masks"])
    assert set(np.unique(first)) == {0, 2}
    assert (first != second).any()


def test_refuses_a_vector(report):
    assert "wanted one number" in report["refused"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("array", "TypeError: wrt is one ndarray; wanted a model or a list"),
        ("number", "TypeError: wrt is one float"),
        ("variable", "TypeError: wrt is one "),  # JAX would go through one without end
        ("nothing", "TypeError: wrt is one NoneType"),
        ("both", "TypeError: wrt holds variables and arrays"),
        ("twice", "ValueError: wrt holds a variable twice"),
        ("text", "TypeError: wrt[0] is of type str"),
        ("empty", "ValueError: wrt is empty"),
        ("frozen", "ValueError: wrt is empty; wanted variables, arrays, or a model that is built"),
        ("unbuilt", "ValueError: wrt is empty"),
    ],
)
def test_refuses_what_it_cannot_differentiate_by(report, name, words):
    assert report["wrong"][name].startswith(words)


def test_takes_arrays_from_a_generator(report):
    assert report["from_generator"] == 3


def test_penalties_of_layers_count(report):
    """Of weights and of activities (which Keras divides by the batch size of 16)."""
    x, kernel = np.array(report["x"]), np.linspace(-1, 1, 8).reshape(4, 2)
    out = x @ kernel
    loss = out.sum() + 0.01 * (kernel**2).sum() + 0.01 * np.abs(out).sum() / 16
    assert report["penalty"] == pytest.approx(loss, rel=1e-4)
    slope = x.T @ (1 + 0.01 / 16 * np.sign(out)) + 0.02 * kernel
    np.testing.assert_allclose(report["by_penalty"][0], slope, rtol=1e-4)


def test_compiled_gradients_by_hand(report):
    assert report["rows"] == [9, 91]
    np.testing.assert_allclose(report["by_rows"][0], [[3, 12], [27, 48]], rtol=1e-6)
    assert report["by_rows"][1] == [0, 0]
    assert report["longer"] == [5]  # another shape


def test_compiled_gradients_read_and_move_variables_in_each_call(report):
    assert report["products"] == [[2, 2, 2], [5, 5, 5]]
    assert (np.round(report["noise"][0]) != np.round(report["noise"][1])).any()
    mean = np.array([63.0, 64.0])
    np.testing.assert_allclose(report["moved"], 0.01 * mean + 0.99 * 0.01 * mean, rtol=1e-4)


def test_backends_agree():
    one, two = _report("tensorflow"), _report("jax")
    assert (one["backend"], two["backend"]) == ("tensorflow", "jax")
    for name in ("loss", "score", "by_input", "moving"):
        for a, b in zip(np.atleast_1d(one[name]), np.atleast_1d(two[name]), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)
    for a, b in zip(one["grads"], two["grads"], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)


def test_unknown_backend_is_named(monkeypatch):
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "tensorflo")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(ValueError, match="KERAS_BACKEND 'tensorflo'.*tensorflow"):
        compute.backend()


def test_without_tensorflow_the_backend_is_jax():
    """As on a Python that is too new for TensorFlow."""
    script = """
import importlib.util as util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "tensorflow" else find(name, *rest)
from course_lib import compute
print(compute.backend())
"""
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == "jax"


def test_seed_all_repeats_every_generator():
    import random

    def draw():
        rng = compute.seed_all(7)
        return random.random(), np.random.rand(), rng.random()  # noqa: NPY002  seeded on purpose

    assert draw() == draw()
    assert compute.seed_all(8).random() != compute.seed_all(7).random()


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_seed_is_checked(seed, error):
    with pytest.raises(error, match="seed"):
        compute.seed_all(seed)


@pytest.mark.parametrize(("found", "chosen"), [("gpu", 100), ("cpu", 3)])
def test_budget_follows_the_device(monkeypatch, found, chosen):
    monkeypatch.setattr(compute, "device", lambda: found)
    assert compute.budget(cpu=3, gpu=100) == chosen
