"""compute.train_step: Keras' own training as oracle, on both backends."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json
import signal
import numpy as np
from course_lib import compute
import keras
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

rng = np.random.default_rng(0)
x = rng.normal(size=(16, 4)).astype("float32")
y = rng.integers(0, 3, 16)
values = None

def network():
    global values
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, use_bias=False),
                              keras.layers.BatchNormalization(), keras.layers.ReLU(),
                              keras.layers.Dense(3)])
    if values is None:
        values = model.get_weights()
    model.set_weights(values)
    return model

def flat(model):
    return [float(value) for array in model.get_weights() for value in np.ravel(array)]

cross = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
by_keras = network()
by_keras.compile(keras.optimizers.Adam(0.01), cross)
keras_losses = [float(by_keras.train_on_batch(x, y)) for _ in range(5)]
out = {"backend": compute.backend(), "keras": flat(by_keras), "keras_losses": keras_losses}
for name, compiled in [("compiled", True), ("plain", False)]:
    model = network()
    step = compute.train_step(lambda a, b: cross(b, model(a, training=True)),
                              model.trainable_variables, keras.optimizers.Adam(0.01),
                              state=model.variables, compiled=compiled)
    out[name + "_losses"] = [step(x, y) for _ in range(5)]
    out[name] = flat(model)

# Two networks in one loss: the one played against is read as it is now, and stays.
mine, other = keras.Variable(3.0), keras.Variable(2.0)
play = compute.train_step(lambda: mine * other, [mine], keras.optimizers.SGD(1.0), state=[other])
out["play"] = [play(), play()]
other.assign(10.0)
out["play"].append(play())
out["mine"], out["other"] = float(mine.numpy()), float(other.numpy())

terms = compute.train_step(lambda a: ops.stack([mine * a[0], 2 * mine * a[1]]), [mine],
                           keras.optimizers.SGD(1.0))
mine.assign(1.0)
out["terms"] = terms(np.array([1.0, 2.0])).tolist()  # d/dm (m + 4 m) = 5
out["after_terms"] = float(mine.numpy())

drop = keras.layers.Dropout(0.5, seed=1)
mine.assign(1.0)
noise = compute.train_step(lambda a: ops.sum(drop(a, training=True)) + 0 * mine, [mine],
                           keras.optimizers.SGD(1.0), state=drop.variables)
out["noise"] = [noise(np.ones((1, 64))) for _ in range(3)]
unused = compute.train_step(lambda: other * 1, [mine], keras.optimizers.SGD(1.0), state=[other])
unused()
out["unused"] = float(mine.numpy())
mine.assign(1.0)

def pressed(a):
    signal.raise_signal(signal.SIGINT)  # ■ while it compiles
    return mine * a

try:
    compute.train_step(pressed, [mine], keras.optimizers.SGD(1.0))(2.0)
    out["pressed"] = "nothing"
except KeyboardInterrupt:
    out["pressed"] = float(mine.numpy())
wrong = {}
cases = {"array": [np.ones(2)], "empty": []}
for name, variables in cases.items():
    try:
        compute.train_step(lambda: 0.0, variables, keras.optimizers.SGD())
    except (TypeError, ValueError) as error:
        wrong[name] = f"{type(error).__name__}: {error}"
try:
    forgotten = compute.train_step(lambda: mine * other, [mine], keras.optimizers.SGD())
    forgotten()
    wrong["forgotten"] = "nothing"
except ValueError as error:
    wrong["forgotten"] = str(error)
print(json.dumps({**out, "wrong": wrong}))
"""


@functools.cache
def _report(name):
    environment = {**os.environ, "KERAS_BACKEND": name, "TF_NUM_INTRAOP_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(params=["tensorflow", "jax"])
def report(request):
    return _report(request.param)


@pytest.mark.parametrize("kind", ["compiled", "plain"])
def test_steps_equal_those_of_keras(report, kind):
    np.testing.assert_allclose(report[kind + "_losses"], report["keras_losses"], rtol=1e-4)
    np.testing.assert_allclose(report[kind], report["keras"], rtol=1e-3, atol=1e-5)
    assert report["keras_losses"][-1] < report["keras_losses"][0]


def test_moving_averages_move(report):
    averages = np.array(report["compiled"])[4 * 6 + 12 : 4 * 6 + 18]  # after gamma and beta
    assert np.abs(averages).max() > 0


def test_the_other_network_is_read_at_each_step_and_stays(report):
    assert report["play"] == [6, 2, -10]  # 3*2; (3-2)*2; (1-2)*10
    assert (report["mine"], report["other"]) == (-11, 10)


def test_terms_come_back_one_by_one_and_their_sum_counts(report):
    assert report["terms"] == [1, 4]
    assert report["after_terms"] == -4


def test_dropout_draws_a_new_mask_every_step(report):
    assert len(set(report["noise"])) > 1


def test_what_the_loss_does_not_use_stays(report):
    assert report["unused"] == 1


def test_an_interrupt_waits_for_the_whole_step(report):
    assert report["pressed"] == 1 - 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("array", "TypeError: variables holds a ndarray"),
        ("empty", "ValueError: variables is empty"),
    ],
)
def test_refuses_what_cannot_be_learned(report, name, words):
    assert report["wrong"][name].startswith(words)


def test_jax_names_a_forgotten_variable():
    assert "add it to state" in _report("jax")["wrong"]["forgotten"]
    assert _report("tensorflow")["wrong"]["forgotten"] == "nothing"  # it reads the variable itself
