"""Backpropagation by hand: against numbers on paper, finite differences, and Keras' gradients."""

import functools
import json
import os
import subprocess
import sys
import time

import matplotlib
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from course_lib import compute
from course_lib.networks import backpropagation, losses, optimizers
from course_lib.networks.backpropagation import (
    checking,
    drawing,
    figures,
    graphs,
    initialisation,
    photo,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=5)
ACTIVATIONS = st.sampled_from(sorted(backpropagation.ACTIVATIONS))

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json
import numpy as np
from course_lib import compute
import keras
from hypothesis import given, settings, strategies as st
from course_lib.networks import backpropagation, losses, optimizers

def sparse(logits, labels):
    return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, True))
def binary(logits, targets):
    return keras.ops.mean(keras.losses.binary_crossentropy(targets, logits, True))
def squares(outputs, targets):
    return keras.ops.mean((outputs - targets) ** 2)
PAIRS = {"categorical": (losses.categorical_cross_entropy, sparse),
         "binary": (losses.binary_cross_entropy, binary),
         "squares": (losses.mean_squared_error, squares)}
worst = {"loss": 0.0, "parameters": 0.0, "inputs": 0.0, "cases": 0}

def keras_forward(inputs, parameters, activation):
    here = inputs
    for k in range(0, len(parameters), 2):
        here = here @ parameters[k] + parameters[k + 1]
        if k < len(parameters) - 2:
            here = getattr(keras.ops, activation)(here) if activation != "linear" else here
    return here

def apart(ours, theirs):
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))

# Few different shapes: JAX compiles every operation anew for each.
@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(st.lists(st.sampled_from([1, 4]), min_size=2, max_size=4), st.sampled_from([1, 5]),
       st.sampled_from(sorted(backpropagation.ACTIVATIONS)), st.sampled_from(sorted(PAIRS)),
       st.integers(0, 2**32 - 1))
def compare(sizes, count, activation, kind, seed):
    rng = np.random.default_rng(seed)
    network = backpropagation.DenseNetwork(sizes, activation=activation, rng=rng)
    for parameter in network.parameters[1::2]:
        parameter += rng.normal(size=parameter.shape)
    x = rng.normal(size=(count, sizes[0]))
    targets = {"categorical": rng.integers(0, sizes[-1], count),
               "binary": rng.integers(0, 2, (count, sizes[-1])).astype(float),
               "squares": rng.normal(size=(count, sizes[-1]))}[kind]
    ours, theirs = PAIRS[kind]
    outputs = network.forward(x)
    loss, by_logits = ours(outputs[-1], targets)
    gradients, by_inputs = network.backward(outputs, by_logits)
    constant = targets if kind == "categorical" else targets.astype("float32")
    value, grads = compute.gradients(
        lambda inputs, *parameters: theirs(keras_forward(inputs, parameters, activation), constant),
        [x, *network.parameters])
    worst["loss"] = max(worst["loss"], abs(loss - value) / max(1, abs(loss)))
    worst["inputs"] = max(worst["inputs"], apart(by_inputs, grads[0]))
    for a, b in zip(gradients, grads[1:], strict=True):
        assert a.shape == b.shape
        worst["parameters"] = max(worst["parameters"], apart(a, b))
    worst["cases"] += 1

compare()

# The same network in Keras, trained on the same mini-batches.
rng = np.random.default_rng(0)
x, y = rng.normal(size=(60, 5)), rng.integers(0, 3, 60)
ours = backpropagation.DenseNetwork((5, 8, 3), rng=rng)
model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
model.set_weights(ours.parameters)
model.compile(keras.optimizers.SGD(0.2), keras.losses.SparseCategoricalCrossentropy(True))
theirs, order = [], np.random.default_rng(7)
for _ in range(5):
    for chosen in backpropagation.batches(60, 16, order):
        model.reset_metrics()
        theirs.append(float(model.train_on_batch(x[chosen].astype("float32"), y[chosen])))
history = backpropagation.train(ours, x, y, optimizers.SGD(0.2), epochs=5, batch=16,
                                rng=np.random.default_rng(7))
large = (400, 300)
spread = {name: float(np.std(keras.ops.convert_to_numpy(kind(seed=0)(large))))
          for name, kind in (("glorot", keras.initializers.GlorotNormal),
                             ("he", keras.initializers.HeNormal))}
print(json.dumps({
    "backend": compute.backend(), "worst": worst, "ours": history["step loss"].tolist(),
    "theirs": theirs, "spread": spread,
    "weights": max(apart(a, b) for a, b in zip(ours.parameters, model.get_weights()))}))
"""


@functools.cache
def run(backend):
    env = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=compute.BACKENDS)
def report(request):
    return run(request.param)


def random_network(sizes, activation, rng):
    network = backpropagation.DenseNetwork(sizes, activation=activation, rng=rng)
    for bias in network.parameters[1::2]:
        bias += rng.normal(size=bias.shape)
    return network


def by_hand_network():
    """3 -> ReLU(0.5 * 3 + 1) = 2.5 -> 2 * 2.5 - 4 = 1."""
    network = backpropagation.DenseNetwork((1, 1, 1), rng=np.random.default_rng(0))
    for parameter, value in zip(network.parameters, (0.5, 1.0, 2.0, -4.0), strict=True):
        parameter[...] = value
    return network


# --- by hand ---


def test_a_chain_on_paper():
    network = by_hand_network()
    outputs = network.forward([[3.0]])
    assert [float(out[0, 0]) for out in outputs] == [3, 2.5, 1]
    value, by_logits = losses.mean_squared_error(outputs[-1], [[0.5]])  # 0.25, slope 2 * 0.5
    assert value == 0.25 and by_logits == 1
    gradients, by_inputs = network.backward(outputs, by_logits)
    assert [float(g.ravel()[0]) for g in gradients] == [6, 2, 2.5, 1]  # 2 * 3, 2, h, 1
    assert by_inputs == 1  # 2 * 0.5


def test_a_relu_that_is_off_stops_the_gradient():
    network = by_hand_network()
    gradients, by_inputs = network.backward(network.forward([[-3.0]]), [[1.0]])
    assert [float(g.ravel()[0]) for g in gradients] == [0, 0, 0, 1]
    assert by_inputs == 0


def test_one_step_of_training_on_paper():
    network = by_hand_network()
    history = backpropagation.train(
        network, [[3.0]], [[0.5]], optimizers.SGD(0.1), epochs=1, batch=1,
        loss=losses.mean_squared_error, rng=np.random.default_rng(0),
    )  # fmt: skip
    moved = [float(p.ravel()[0]) for p in network.parameters]
    np.testing.assert_allclose(moved, [0.5 - 0.6, 1 - 0.2, 2 - 0.25, -4 - 0.1], atol=1e-12)
    assert history["step loss"] == [0.25] and history["loss"][0] == 0.25
    # 3 * -0.1 + 0.8 = 0.5; 1.75 * 0.5 - 4.1 = -3.225; (-3.225 - 0.5)^2
    assert history["loss"][1] == pytest.approx(3.725**2)
    assert "accuracy" not in history


# --- against finite differences ---


@settings(max_examples=40, deadline=None)
@given(SIZES, st.integers(1, 6), ACTIVATIONS, st.integers(0, 2**32 - 1))
def test_gradients_equal_finite_differences(sizes, count, activation, seed):
    rng = np.random.default_rng(seed)
    network = random_network(sizes, activation, rng)
    x, labels = rng.normal(size=(count, sizes[0])), rng.integers(0, sizes[-1], count)
    outputs = network.forward(x)
    if activation == "relu":  # a step across the kink has no slope to compare with
        parameters = network.parameters
        for k, (weights, bias) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
            assume(np.abs(outputs[k] @ weights + bias).min() > 1e-3)
    _, by_logits = losses.categorical_cross_entropy(outputs[-1], labels)
    gradients, by_inputs = network.backward(outputs, by_logits)

    def loss():
        return losses.categorical_cross_entropy(network.forward(x)[-1], labels)[0]

    wanted = checking.finite_differences(loss, [*network.parameters, x])
    assert checking.largest_difference([*gradients, by_inputs], wanted) < 1e-7


def test_finite_differences_of_a_cubic_and_their_error():
    x = np.array([[1.0, 2.0], [-1.0, 0.0]])
    (slopes,) = checking.finite_differences(lambda: (x**3).sum(), [x], step=0.1)
    np.testing.assert_allclose(slopes, 3 * x**2 + 0.01)  # ((x+s)^3 - (x-s)^3) / 2s = 3x^2 + s^2
    np.testing.assert_array_equal(x, [[1, 2], [-1, 0]])


def test_finite_differences_put_entries_back_after_an_error():
    x = np.ones(3)
    with pytest.raises(ZeroDivisionError):
        checking.finite_differences(lambda: 1 / 0, [x])
    assert (x == 1).all()


# --- against Keras, both backends ---


def test_gradients_equal_those_of_keras(report):
    assert report["worst"]["cases"] >= 20
    assert report["worst"]["loss"] < 1e-5
    assert report["worst"]["parameters"] < 1e-4
    assert report["worst"]["inputs"] < 1e-4


def test_training_equals_keras_step_for_step(report):
    assert len(report["ours"]) == 20  # five epochs of four mini-batches
    np.testing.assert_allclose(report["ours"], report["theirs"], atol=1e-5)
    assert report["weights"] < 1e-5
    assert report["ours"][0] - report["ours"][-1] > 0.1


def test_initialisers_spread_as_keras_do(report):
    rng = np.random.default_rng(0)
    for name, wanted in report["spread"].items():
        ours = initialisation.weights(400, 300, name, rng)
        assert ours.std() == pytest.approx(wanted, rel=0.01)


# --- initialisation ---


@pytest.mark.parametrize(
    ("name", "deviation"), [("small", 0.01), ("large", 1), ("glorot", 0.05), ("he", 0.0625**0.5)]
)
def test_deviation_of_each_initialiser(name, deviation):
    shape = {"glorot": (300, 500), "he": (32, 4000)}.get(name, (300, 500))
    drawn = initialisation.weights(*shape, name, np.random.default_rng(0))
    assert drawn.shape == shape
    assert drawn.std() == pytest.approx(deviation, rel=0.01)
    assert abs(drawn.mean()) < 0.02 * deviation


def test_he_keeps_the_signal_of_relu_layers_alive():
    rng = np.random.default_rng(0)
    network = backpropagation.DenseNetwork((200,) * 11, rng=rng)
    hidden = network.forward(rng.normal(size=(50, 200)))[9]
    assert 0.3 < (hidden**2).mean() < 3  # the mean square stays near that of the inputs, 1


def test_dead_units_are_zero_for_every_sample():
    hidden = [[0, 0, 1], [0, 2, 0]]
    assert initialisation.dead_units(hidden).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="hidden goes down to -1"):
        initialisation.dead_units([[-1.0, 0]])


# --- training ---


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 1000))
def test_batches_hold_every_sample_once(count, size, seed):
    parts = list(backpropagation.batches(count, size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert all(len(part) == size for part in parts[:-1]) and 0 < len(parts[-1]) <= size


def test_history_has_a_value_per_step_and_per_epoch():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(10, 3)), rng.integers(0, 2, 10)
    network = backpropagation.DenseNetwork((3, 4, 2), rng=rng)
    history = backpropagation.train(
        network, x, labels, optimizers.Adam(), epochs=3, batch=4, rng=rng, validation=(x, labels)
    )
    assert {name: len(values) for name, values in history.items()} == {
        "step loss": 9, "loss": 4, "accuracy": 4, "validation loss": 4, "validation accuracy": 4,
    }  # fmt: skip
    np.testing.assert_array_equal(history["loss"], history["validation loss"])
    assert history["accuracy"][-1] == (network.predict(x) == labels).mean()


def test_the_same_seed_gives_the_same_training():
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(3)
        x, labels = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)
        network = backpropagation.DenseNetwork((3, 4, 2), rng=rng)
        backpropagation.train(network, x, labels, optimizers.SGD(0.1), epochs=2, rng=rng)
        runs.append(network.parameters)
    assert checking.largest_difference(*runs) == 0


@functools.cache
def trained_on_digits():
    digits = load_digits()
    inputs, labels = digits.data / 16, digits.target
    rng = np.random.default_rng(0)
    order = rng.permutation(len(inputs))
    inputs, labels = inputs[order], labels[order]
    network = backpropagation.DenseNetwork((64, 32, 10), rng=rng)
    start = time.process_time()  # the processor's, so that a busy machine does not count
    backpropagation.train(
        network, inputs[500:], labels[500:], optimizers.SGD(0.3), epochs=40, rng=rng
    )
    return network, inputs[:500], labels[:500], time.process_time() - start


def test_digits_are_read_in_time():
    network, inputs, labels, seconds = trained_on_digits()
    assert (network.predict(inputs) == labels).mean() >= 0.95
    assert seconds < 20


# --- photos ---


def test_every_stroke_counts_however_bold():
    """A bar of a third of the picture is ink, not paper."""
    picture = np.full((300, 300), 0.9)
    picture[50:250, 100:200] = 0.2
    digit = photo.to_digit(picture)
    assert (digit[:, 2:6] == 1).all() and (digit[:, [0, 1, 6, 7]] == 0).all()


def page(picture, *, side=240, shade=0.5):
    """A digit as a photo: dark ink on paper that is darker at one side."""
    ink = np.kron(picture > 0.5, np.ones((side // 8, side // 8)))
    ink = np.pad(ink, side // 3)
    light = np.linspace(1, shade, ink.shape[1])[None]
    return np.repeat((light * (0.95 - 0.75 * ink))[..., None], 3, axis=2)


def test_a_photo_becomes_the_pixels_that_it_was_drawn_from():
    picture = load_digits().images[0] / 16  # a zero, as high as the grid
    digit = photo.to_digit(page(picture))
    assert digit.shape == (8, 8) and digit.dtype == np.float32
    np.testing.assert_allclose(digit, picture > 0.5, atol=0.35)
    assert np.abs(digit - (picture > 0.5)).mean() < 0.08


def test_shadow_and_size_change_little():
    picture = load_digits().images[3] / 16
    plain = photo.to_digit(page(picture, shade=1))
    assert np.abs(photo.to_digit(page(picture, shade=0.3)) - plain).max() < 0.1
    assert np.abs(photo.to_digit(page(picture, side=480)) - plain).mean() < 0.05
    assert np.abs(photo.to_digit(page(picture)[..., 0]) - plain).max() < 0.1  # grey


def test_specks_are_left_out():
    picture = page(load_digits().images[0] / 16)
    plain = photo.to_digit(picture)
    picture[5:8, 5:8] = 0.1
    np.testing.assert_array_equal(photo.to_digit(picture), plain)


def test_the_network_reads_photos():
    network, inputs, labels, _ = trained_on_digits()
    digits = [photo.to_digit(photo.on_paper(picture.reshape(8, 8))) for picture in inputs[:100]]
    right = network.predict(np.reshape(digits, (100, 64))) == labels[:100]
    assert right.mean() > 0.85


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_an_empty_page_is_refused(value):
    with pytest.raises(ValueError, match="photo holds no ink"):
        photo.to_digit(np.full((80, 60, 3), value))


# --- errors ---


def network(scale=1):
    made = backpropagation.DenseNetwork((3, 4, 2), rng=np.random.default_rng(0))
    for parameter in made.parameters:
        parameter *= scale
    return made


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: backpropagation.DenseNetwork((3,), rng=0), "sizes is"),
        (lambda: backpropagation.DenseNetwork((3, 0), rng=0), "sizes is 0"),
        (lambda: backpropagation.DenseNetwork((3, 2), activation="rely", rng=0), "mean relu"),
        (lambda: backpropagation.DenseNetwork((3, 2), initialiser="hee", rng=0), "mean he"),
        (lambda: network().forward(np.ones((5, 2))), r"inputs has shape \(5, 2\)"),
        (lambda: network().forward([[1, 2, np.nan]]), "inputs holds NaN"),
        (lambda: network(1e200).forward(np.ones((9, 3))), "lower the learning rate"),
        (lambda: network().backward([np.ones((1, 3))], [[1, 2]]), "outputs has 1 items"),
        (
            lambda: network().backward([np.ones((1, n)) for n in (3, 9, 2)], np.ones((1, 2))),
            r"outputs has widths \(3, 9, 2\)",
        ),
        (
            lambda: network().backward(network().forward(np.ones((2, 3))), np.ones((3, 2))),
            r"by_logits has shape \(3, 2\)",
        ),
        (lambda: list(backpropagation.batches(5, 0, np.random.default_rng(0))), "size is 0"),
        (lambda: train(np.ones((4, 3)), [0, 1]), "4 samples and targets 2"),
        (lambda: train(np.ones((2, 3)), [0, 2]), "labels"),
        (lambda: train(np.zeros((0, 3)), []), "0 samples"),
        (lambda: checking.finite_differences(lambda: 0, [np.ones(1)], step=0), "step is 0"),
        (lambda: checking.largest_difference([np.ones(2)], [np.ones(3)]), "the shapes are"),
        (lambda: photo.to_digit(np.ones(5)), "photo has shape"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def train(inputs, labels):
    rng = np.random.default_rng(0)
    return backpropagation.train(network(), inputs, labels, optimizers.SGD(), epochs=1, rng=rng)


def test_whole_numbers_cannot_be_moved_by_a_small_step():
    with pytest.raises(TypeError, match="wanted arrays of float"):
        checking.finite_differences(lambda: 0, [np.arange(3)])


def test_a_rate_that_is_far_too_high_says_so():
    rng = np.random.default_rng(0)
    x = 100 * rng.normal(size=(30, 3))
    call = functools.partial(
        backpropagation.train, network(), x, x[:, :2], optimizers.SGD(10.0), epochs=50, rng=rng
    )
    with pytest.raises(ValueError, match="learning.rate"):
        call(loss=losses.mean_squared_error)


# --- drawing ---


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_a_graph_shows_every_value_and_gradient(ax):
    names = [name for _, _, name in graphs.CHAIN_EDGES]
    values = dict(zip(names, range(100, 100 + len(names)), strict=True))
    graphs.show_chain(ax, values, {name: -value for name, value in values.items()})
    texts = {text.get_text().split(" = ")[-1] for text in ax.texts}
    assert {str(v) for v in values.values()} | {f"−{v}" for v in values.values()} <= texts
    names = {name: 0 for _, _, name in graphs.FORK_EDGES}
    assert graphs.show_fork(ax, names, {}) is ax
    assert graphs.name_colours(ax, (0, 1)) is ax


def test_weights_stand_in_their_places(ax):
    weights = np.arange(24.0).reshape(4, 6) - 12
    sheet = drawing.show_weights(ax, weights, (2, 2), columns=3).get_array()
    assert sheet.shape == (5, 8)  # two rows and three columns of 2x2, a pixel between
    np.testing.assert_array_equal(sheet[3:, 6:], weights[:, 5].reshape(2, 2))
    assert np.ma.getmaskarray(np.ma.masked_invalid(sheet))[2].all()


def test_drawings_take_axes(ax):
    assert drawing.show_numbers(ax, np.eye(3)) is ax
    assert drawing.show_batches(ax, np.zeros((5, 2, 2)), [0, 1, 4, 3, 2], 2, y_label="e") is ax
    assert drawing.show_push(ax, np.array([0.2, 0.8]), np.array([0.2, -0.2]), 1) is ax
    layers = [np.zeros(5), np.ones(5)]
    assert drawing.show_signals(ax, layers, np.linspace(-1, 1, 5), texts=["a", "b"]) is ax
    history = {"loss": [2, 1], "validation loss": [3, 2]}
    names = [text.get_text() for text in drawing.show_curves_of(ax, history).get_legend().texts]
    assert {"training", "validation"} <= set(names)


def test_figures_show_what_they_are_given():
    history = {"loss": np.array([2, 1.0]), "validation loss": np.array([3, 2.0])}
    history |= {"accuracy": np.array([0.5, 1]), "validation accuracy": np.array([0.5, 0.9])}
    before, after = network().parameters, network(2).parameters
    made = {
        "steps": figures.show_step_sizes(np.array([1, 0.1]), np.array([0.1, 0.01])),
        "training": figures.show_training(np.ones(4), 5, history, 20),
        "learned": figures.show_learned(before, after, (1, 3), units=2),
        "studies": figures.show_studies({"a": history, "b": history}),
        "reading": figures.show_reading(np.ones((9, 9)), np.eye(8), np.eye(10)[7]),
        "dead": figures.show_dead({"rate": (np.array([0, 0.5]), np.array([1, 2.0]))}),
        "tanh": figures.show_tanh_layers({"x": [np.zeros(3)], "y": [np.ones(3)]}),
        "relu": figures.show_relu_layers({"x": [np.full(3, 1e-9)], "y": [np.full(3, 250.0)]}),
        "deep": figures.show_deep({"x": [1, 2], "y": [2, 3]}, {"x": np.ones(3)}),
    }
    texts = {name: [t.get_text() for t in fig.findobj(plt.Text)] for name, fig in made.items()}
    assert "The network reads 7" in texts["reading"]
    assert "$10^{−9}$" in texts["relu"] and "250" in texts["relu"]
    assert sum(text.startswith("for ") for text in texts["learned"]) == 2
    star = made["studies"].axes[0].lines[-1]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (1, 2)
    np.testing.assert_allclose(made["dead"].axes[0].lines[0].get_ydata(), [0, 50])  # percent
    plt.close("all")
