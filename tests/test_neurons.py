"""neurons: shapes, errors, values by hand, Keras and SciPy as oracles."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import compute
from course_lib.networks import neurons

ACTIVATIONS = [neurons.sigmoid, neurons.tanh, neurons.relu]
few = settings(max_examples=25, deadline=None)


def matrices(largest=50.0):
    shapes = arrays.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6)
    return arrays.arrays(np.float64, shapes, elements=st.floats(-largest, largest))


@pytest.fixture(scope="module")
def keras():
    compute.backend()
    import keras

    return keras


# Shapes


@pytest.mark.parametrize("function", [*ACTIVATIONS, neurons.softmax, neurons.log_softmax])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 4)])
def test_shape_and_type_are_kept(function, shape):
    z = np.zeros(shape, np.float32)
    result = function(z)
    assert result.shape == shape and result.dtype == np.float64
    assert not z.any()


@pytest.mark.parametrize("function", ACTIVATIONS)
def test_one_number_and_none_are_welcome(function):
    assert function(0).shape == ()
    assert function(np.zeros((0, 3))).shape == (0, 3)


def test_dense_maps_inputs_to_outputs():
    assert neurons.dense(np.ones((5, 3)), np.ones((3, 2)), np.ones(2)).shape == (5, 2)
    assert neurons.dense(np.ones((0, 3)), np.ones((3, 2)), np.ones(2)).shape == (0, 2)


# By hand


def test_activations_by_hand():
    assert neurons.sigmoid([0, np.log(3), -np.log(3)]) == pytest.approx([0.5, 0.75, 0.25])
    assert neurons.tanh([0, np.log(3) / 2]) == pytest.approx([0, 0.5])
    assert neurons.relu([-2, 0, 3]).tolist() == [0, 0, 3]


def test_softmax_of_one_two_three():
    assert neurons.softmax([1, 2, 3]).round(2).tolist() == [0.09, 0.24, 0.67]
    assert neurons.softmax([[0, np.log(3)]]) == pytest.approx(np.array([[0.25, 0.75]]))


def test_softmax_along_another_axis():
    z = np.array([[0, np.log(3)], [np.log(3), 0]])
    assert neurons.softmax(z[:1].T, axis=0) == pytest.approx(np.array([[0.25], [0.75]]))
    assert neurons.softmax(z, axis=0).sum(axis=0) == pytest.approx([1, 1])


def test_dense_by_hand():
    sums = neurons.dense([[1, 2], [0, 1]], [[1, 0, 2], [3, 1, -1]], [0, 10, 0.5])
    assert sums.tolist() == [[7, 12, 0.5], [3, 11, -0.5]]


# Safety


@pytest.mark.parametrize("largest", [1e3, 1e300, np.finfo(float).max])
def test_nothing_overflows(largest):
    with np.errstate(all="raise", under="ignore"):
        assert neurons.sigmoid([largest, -largest]).tolist() == [1, 0]
        assert neurons.tanh([largest, -largest]).tolist() == [1, -1]
    with np.errstate(all="raise", under="ignore", over="ignore"):  # -max - max is -inf: e^-inf = 0
        assert neurons.softmax([largest, -largest, 0]).tolist() == [1, 0, 0]
        assert neurons.softmax([-largest, -largest]).tolist() == [0.5, 0.5]


def test_sigmoid_keeps_the_digits_of_small_probabilities():
    z = np.array([-30, -100, -700.0])
    np.testing.assert_allclose(neurons.sigmoid(z), np.exp(z), rtol=1e-12)


# Oracles


@few
@given(z=matrices())
def test_activations_are_scipys(z):
    np.testing.assert_allclose(neurons.sigmoid(z), scipy.special.expit(z), rtol=1e-13)
    np.testing.assert_allclose(neurons.softmax(z), scipy.special.softmax(z, axis=-1), rtol=1e-12)
    want = scipy.special.log_softmax(z, axis=0)
    np.testing.assert_allclose(neurons.log_softmax(z, axis=0), want, atol=1e-12)


@few
@given(z=matrices())
def test_activations_are_keras(keras, z):
    for name in ("sigmoid", "tanh", "relu", "softmax", "log_softmax"):
        theirs = keras.ops.convert_to_numpy(getattr(keras.activations, name)(z.astype("float32")))
        np.testing.assert_allclose(getattr(neurons, name)(z), theirs, rtol=1e-4, atol=1e-5)


@few
@given(seed=st.integers(0, 1000), sizes=st.tuples(*[st.integers(1, 7)] * 3))
def test_dense_is_keras_layer(keras, seed, sizes):
    samples, ins, outs = sizes
    rng = np.random.default_rng(seed)
    inputs, weights = rng.normal(size=(samples, ins)), rng.normal(size=(ins, outs))
    bias = rng.normal(size=outs)
    layer = keras.layers.Dense(outs)
    layer.build((None, ins))
    layer.set_weights([weights, bias])
    theirs = keras.ops.convert_to_numpy(layer(inputs.astype("float32")))
    np.testing.assert_allclose(neurons.dense(inputs, weights, bias), theirs, atol=1e-5)


# Invariants


@few
@given(z=matrices(), shift=st.floats(-1e6, 1e6))
def test_softmax_sums_to_one_and_knows_only_differences(z, shift):
    p = neurons.softmax(z)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(neurons.softmax(z + shift), p, atol=1e-8)


@few
@given(z=matrices())
def test_sigmoid_is_a_softmax_of_two_and_mirrors(z):
    two = neurons.softmax(np.stack([z, np.zeros_like(z)]), axis=0)[0]
    np.testing.assert_allclose(neurons.sigmoid(z), two, rtol=1e-12)
    np.testing.assert_allclose(neurons.sigmoid(z) + neurons.sigmoid(-z), 1, rtol=1e-12)
    np.testing.assert_allclose(neurons.tanh(z), 2 * neurons.sigmoid(2 * z) - 1, atol=1e-14)


# Errors


@pytest.mark.parametrize("function", [*ACTIVATIONS, neurons.softmax, neurons.log_softmax])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_only_finite_numbers(function, bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        function([0.0, bad])
    with pytest.raises(TypeError, match="numbers"):
        function(["a"])


@pytest.mark.parametrize(("shape", "axis"), [((2, 3), 2), ((2, 3), -3), ((2, 0), -1), ((), -1)])
def test_softmax_needs_classes(shape, axis):
    with pytest.raises(ValueError, match=r"logits has shape .* axis"):
        neurons.softmax(np.zeros(shape), axis=axis)


@pytest.mark.parametrize(
    ("inputs", "weights", "bias", "message"),
    [
        (np.ones(3), np.ones((3, 2)), np.ones(2), "inputs has 1 axes"),
        (np.ones((4, 3)), np.ones((2, 3)), np.ones(3), r"weights has shape \(2, 3\); .*\(3, any\)"),
        (np.ones((4, 3)), np.ones((3, 2)), np.ones(3), r"bias has shape \(3,\); wanted \(2\)"),
        (np.ones((4, 3)), np.ones((3, 2)), np.ones((1, 2)), "bias has shape"),
        (np.full((4, 3), np.nan), np.ones((3, 2)), np.ones(2), "inputs holds NaN"),
    ],
)
def test_dense_names_the_argument_that_does_not_fit(inputs, weights, bias, message):
    with pytest.raises(ValueError, match=message):
        neurons.dense(inputs, weights, bias)


@pytest.mark.parametrize("axis", [None, 1.0, True, (0, 1)])
def test_softmax_refuses_an_axis_that_is_no_whole_number(axis):
    with pytest.raises(TypeError, match="axis is .*wanted a whole number"):
        neurons.softmax(np.zeros((2, 3)), axis)
