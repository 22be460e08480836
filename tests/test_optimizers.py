"""optimizers: each equals Keras' step for step, on both backends; by hand; refused input."""

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
from course_lib.networks import optimizers

FIVE = (
    optimizers.SGD,
    optimizers.Momentum,
    optimizers.AdaGrad,
    optimizers.RMSprop,
    optimizers.Adam,
)

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json
import numpy as np
from course_lib import compute
import keras
from hypothesis import given, settings
from hypothesis import strategies as st
from course_lib.networks import optimizers

theirs = {"SGD": keras.optimizers.SGD, "AdaGrad": keras.optimizers.Adagrad,
          "Momentum": lambda momentum=0.9, **rest: keras.optimizers.SGD(momentum=momentum, **rest),
          "RMSprop": keras.optimizers.RMSprop, "Adam": keras.optimizers.Adam}
worst, runs = {}, {}


def compare(name, dtype, seed, scale, steps=100, **settings):
    "The largest difference after any of the steps."
    rng = np.random.default_rng(seed)
    keras.config.set_floatx(dtype)
    ours = [rng.normal(size=shape).astype(dtype) for shape in ((2, 3), ())]
    variables = [keras.Variable(p.copy(), dtype=dtype) for p in ours]
    mine, other, far = getattr(optimizers, name)(**settings), theirs[name](**settings), 0.0
    for _ in range(steps):
        gradients = [scale * rng.normal(size=p.shape).astype(dtype) for p in ours]
        mine.step(ours, gradients)
        other.apply([keras.ops.convert_to_tensor(g, dtype) for g in gradients], variables)
        pairs = [(p, keras.ops.convert_to_numpy(v)) for p, v in zip(ours, variables)]
        far = max([far] + [float(np.abs(p - v).max()) for p, v in pairs])
    return far


def note(key, far):
    worst[key] = max(worst.get(key, 0.0), far)
    runs[key] = runs.get(key, 0) + 1


# Numbers that float32 can hold: Keras on TensorFlow rounds its settings to it, even for float64.
rates, share = st.floats(2**-13, 1.0, width=32), st.floats(0.0, 1 - 2**-10, width=32)
tiny, start = st.floats(2**-30, 2**-10, width=32), st.floats(0.0, 1.0, width=32)
extra = {"SGD": {}, "Momentum": {"momentum": share},
         "AdaGrad": {"initial_accumulator_value": start, "epsilon": tiny},
         "RMSprop": {"rho": share, "epsilon": tiny},
         "Adam": {"beta_1": share, "beta_2": share, "epsilon": tiny}}
for name in theirs:
    note(name + " float32", compare(name, "float32", 0, 1.0))  # all defaults

    @settings(max_examples=5, deadline=None, derandomize=True, database=None)
    @given(st.integers(0, 999), rates, st.sampled_from([1e-3, 1.0, 10.0]),
           st.fixed_dictionaries(extra[name]))
    def examples(seed, rate, scale, more):
        note(name, compare(name, "float64", seed, scale, learning_rate=rate, **more))

    examples()
print(json.dumps({"backend": compute.backend(), "worst": worst, "runs": runs}))
"""


@functools.cache
def _report(backend):
    env = os.environ | {"KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", compute.BACKENDS)
@pytest.mark.parametrize("kind", FIVE)
def test_equals_keras_step_for_step(backend, kind):
    """Within 1e-6 over 100 steps: defaults in float32, any settings in float64."""
    report = _report(backend)
    name = kind.__name__
    assert report["backend"] == backend
    assert report["runs"][name] >= 5
    assert report["worst"][f"{name} float32"] < 1e-6
    assert report["worst"][name] < 1e-6


def test_defaults_are_those_of_keras():
    """As Keras 3 documents them; Momentum is Keras' SGD with a momentum of 0.9."""
    sgd, momentum, adagrad, rmsprop, adam = (kind() for kind in FIVE)
    assert sgd.learning_rate == momentum.learning_rate == 0.01
    assert momentum.momentum == 0.9
    assert (adagrad.learning_rate, adagrad.initial_accumulator_value) == (0.001, 0.1)
    assert (rmsprop.learning_rate, rmsprop.rho) == (0.001, 0.9)
    assert (adam.learning_rate, adam.beta_1, adam.beta_2) == (0.001, 0.9, 0.999)
    assert adagrad.epsilon == rmsprop.epsilon == adam.epsilon == 1e-7


def walk(optimizer, gradients):
    """Where one number goes from 0."""
    place, trail = np.zeros(1), []
    for gradient in gradients:
        optimizer.step([place], [np.array([gradient])])
        trail.append(place[0])
    return trail


def test_by_hand():
    """Two steps of each, worked out on paper."""
    assert walk(optimizers.SGD(0.5), [2, 4]) == [-1, -3]
    # velocity: -1, then 0.5 * -1 - 0.5 * 4 = -2.5
    assert walk(optimizers.Momentum(0.5, momentum=0.5), [2, 4]) == [-1, -3.5]
    # sums of squares: 9, then 25; steps 3/3 and 4/5
    adagrad = optimizers.AdaGrad(1, initial_accumulator_value=0, epsilon=1e-15)
    assert walk(adagrad, [3, 4]) == pytest.approx([-1, -1.8])
    # averages of squares: 8, then 4 + 1 = 5; steps 4/sqrt(8) and sqrt(2)/sqrt(5)
    rmsprop = optimizers.RMSprop(1, rho=0.5, epsilon=1e-15)
    trail = [-(2**0.5), -(2**0.5) - (2 / 5) ** 0.5]
    assert walk(rmsprop, [4, 2**0.5]) == pytest.approx(trail)
    # Adam's first step is the rate, whatever the gradient; the second follows from the averages
    # m = (0.5 * 1 + 1 * 3) / 1.5 and v = (0.5 * 1 + 1 * 9) / 1.5 of the gradients 1 and 3
    adam = optimizers.Adam(1, beta_1=0.5, beta_2=0.5, epsilon=1e-15)
    step = (3.5 / 1.5) / (9.5 / 1.5) ** 0.5
    assert walk(adam, [1, 3]) == pytest.approx([-1, -1 - step])


@pytest.mark.parametrize("kind", FIVE)
def test_changes_in_place_and_keeps_shape_and_type(kind):
    first, second = np.ones((2, 3), np.float32), np.ones((), np.float64)
    parameters = [first, second]
    gradients = [np.ones((2, 3)), np.ones(())]
    optimizer = kind()
    optimizer.step(parameters, gradients)
    assert parameters[0] is first
    assert first.dtype == np.float32
    assert (first < 1).all()
    assert second < 1
    assert (gradients[0] == 1).all()
    assert optimizer.iterations == 1


@pytest.mark.parametrize("kind", FIVE)
def test_gradients_may_be_the_parameters_themselves(kind):
    """On f = x y the gradient by x is y, and by y it is x."""
    x, y = np.array([1.0]), np.array([-2.0])
    kind(0.1).step([x, y], [y, x])
    a, b = np.array([1.0]), np.array([-2.0])
    kind(0.1).step([a, b], [b.copy(), a.copy()])
    assert (x, y) == (a, b)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_adaptive_ones_do_not_feel_the_scale_of_the_loss(one, other):
    """A loss in other units: the same path, but for epsilon."""
    gradients = np.random.default_rng(0).normal(size=20)
    for kind in (optimizers.RMSprop, optimizers.Adam):
        trails = [walk(kind(0.1, epsilon=1e-30), scale * gradients) for scale in (one, other)]
        np.testing.assert_allclose(*trails, rtol=1e-6, atol=1e-9)


def test_no_momentum_is_plain_descent():
    gradients = np.random.default_rng(0).normal(size=20)
    plain = walk(optimizers.SGD(0.1), gradients)
    assert walk(optimizers.Momentum(0.1, momentum=0), gradients) == plain


@pytest.mark.parametrize(
    ("parameters", "gradients", "error", "words"),
    [
        (np.ones(3), [np.ones(3)], TypeError, "parameters is of type ndarray; wanted a list"),
        ([np.ones(3)], np.ones(3), TypeError, "gradients is of type ndarray"),
        ([np.ones(3)], [], ValueError, "1 parameters and 0 gradients"),
        ([[1.0, 2.0]], [np.ones(2)], TypeError, r"parameters\[0\] is list"),
        ([np.ones(3, int)], [np.ones(3)], TypeError, r"parameters\[0\] is int64"),
        ([np.ones(3)], [np.ones((3, 1))], ValueError, r"gradients\[0\] has shape \(3, 1\)"),
        ([np.ones(3)], [["a"] * 3], TypeError, r"gradients\[0\] is of type list"),
        ([np.ones(1)], [[np.nan]], ValueError, "NaN or infinity; the loss may have blown up"),
    ],
)
@pytest.mark.parametrize("kind", FIVE)
def test_refuses_in_a_sentence(kind, parameters, gradients, error, words):
    with pytest.raises(error, match=words):
        kind().step(parameters, gradients)


def test_refusal_changes_nothing():
    good, bad = np.ones(2), np.ones(2)
    optimizer = optimizers.Adam()
    with pytest.raises(ValueError, match=r"gradients\[1\]"):
        optimizer.step([good, bad], [np.ones(2), np.array([1, np.inf])])
    assert (good == 1).all()
    assert optimizer.iterations == 0


def test_refuses_another_network():
    optimizer = optimizers.SGD()
    optimizer.step([np.ones(3)], [np.ones(3)])
    with pytest.raises(ValueError, match="use a new optimizer for each network"):
        optimizer.step([np.ones(2)], [np.ones(2)])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: optimizers.SGD(-0.1), ValueError, "learning_rate"),
        (lambda: optimizers.SGD("fast"), TypeError, "learning_rate"),
        (lambda: optimizers.Momentum(momentum=1.1), ValueError, "momentum"),
        (lambda: optimizers.AdaGrad(initial_accumulator_value=-1), ValueError, "initial"),
        (lambda: optimizers.AdaGrad(epsilon=0), ValueError, "epsilon is 0"),
        (lambda: optimizers.RMSprop(rho=1), ValueError, "rho is 1.0; wanted .* below 1"),
        (lambda: optimizers.Adam(beta_1=float("nan")), ValueError, "beta_1"),
        (lambda: optimizers.Adam(beta_2=1.0), ValueError, "beta_2"),
        (lambda: optimizers.Optimizer(0.1), TypeError, "abstract"),
    ],
)
def test_refuses_settings(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("kind", FIVE)
def test_refuses_what_cannot_be_changed_before_anything_is(kind):
    """As arrays are that come from JAX."""
    good, fixed = np.ones(2), np.ones(2)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match=r"parameters\[1\] is read-only"):
        kind().step([good, fixed], [np.ones(2), np.ones(2)])
    assert (good == 1).all()


def test_refuses_a_gradient_too_large_for_its_parameter():
    place = np.ones(2, np.float32)
    with pytest.raises(ValueError, match=r"gradients\[0\] holds NaN or infinity"):
        optimizers.SGD().step([place], [np.array([1e200, 0])])
    assert (place == 1).all()
