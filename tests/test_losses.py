"""losses: values by hand, Keras as the oracle of loss and gradient, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute
from course_lib.networks import losses, neurons

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def keras():
    compute.backend()
    import keras

    return keras


def slopes(loss, values):
    """Finite differences of a loss by each number of its first argument."""
    result = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        step = np.zeros_like(values)
        step[index] = 1e-6
        result[index] = (loss(values + step)[0] - loss(values - step)[0]) / 2e-6
    return result


# By hand


def test_binary_cross_entropy_by_hand():
    loss, gradient = losses.binary_cross_entropy([np.log(3), -np.log(3)], [1, 1])  # p = 3/4, 1/4
    assert loss == pytest.approx((np.log(4 / 3) + np.log(4)) / 2)
    assert gradient == pytest.approx([(0.75 - 1) / 2, (0.25 - 1) / 2])


def test_categorical_cross_entropy_by_hand():
    logits = [[0, np.log(3)], [np.log(7), 0]]  # p = 1/4, 3/4 and 7/8, 1/8
    loss, gradient = losses.categorical_cross_entropy(logits, [0, 0])
    assert loss == pytest.approx((np.log(4) + np.log(8 / 7)) / 2)
    assert gradient == pytest.approx(np.array([[-0.375, 0.375], [-0.0625, 0.0625]]))


def test_mean_squared_error_by_hand():
    loss, gradient = losses.mean_squared_error([[1, 2], [3, 4]], [[1, 0], [0, 4]])
    assert loss == pytest.approx((4 + 9) / 4)
    assert gradient.tolist() == [[0, 1], [1.5, 0]]


def test_one_hot_by_hand():
    rows = losses.one_hot([2, 0], 3)
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]] and rows.dtype == np.float64
    assert losses.one_hot(np.zeros(0, int), 3).shape == (0, 3)


def test_types_and_shapes():
    for shape in [(4,), (4, 1), (2, 3)]:
        for function in (losses.binary_cross_entropy, losses.mean_squared_error):
            loss, gradient = function(np.ones(shape, np.float32), np.ones(shape, int))
            assert type(loss) is float and gradient.shape == shape
    loss, gradient = losses.categorical_cross_entropy(np.ones((4, 3)), [0, 1, 2, 0])
    assert type(loss) is float and gradient.shape == (4, 3) and gradient.dtype == np.float64


# Safety


def test_logits_of_any_size_have_an_exact_loss():
    with np.errstate(all="raise", under="ignore"):
        assert losses.binary_cross_entropy([1e4], [0])[0] == 1e4
        assert losses.binary_cross_entropy([50.0], [1])[0] == pytest.approx(np.exp(-50))
        assert losses.categorical_cross_entropy([[1e4, 0, 0]], [1])[0] == 1e4
        loss, gradient = losses.categorical_cross_entropy([[1e4, 0]], [0])
    assert loss == 0 and not gradient.any()


# Oracles


@few
@given(seed=seeds, shape=st.sampled_from([(1,), (7,), (5, 1), (3, 4)]), scale=st.floats(0.1, 30))
def test_binary_cross_entropy_is_keras(keras, seed, shape, scale):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, shape).astype("float32")
    targets = rng.integers(0, 2, shape).astype("float32")
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)
    _same(theirs, losses.binary_cross_entropy, logits, targets)


@few
@given(seed=seeds, samples=st.integers(1, 6), classes=st.integers(2, 6), scale=st.floats(0.1, 30))
def test_categorical_cross_entropy_is_keras(keras, seed, samples, classes, scale):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, (samples, classes)).astype("float32")
    labels = rng.integers(0, classes, samples)
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    _same(sparse, losses.categorical_cross_entropy, logits, labels)
    soft = rng.dirichlet(np.ones(classes), samples).astype("float32")
    full = keras.losses.CategoricalCrossentropy(from_logits=True)
    _same(full, losses.categorical_cross_entropy, logits, soft)


@few
@given(seed=seeds, shape=st.sampled_from([(1, 1), (7, 1), (3, 4)]))
def test_mean_squared_error_is_keras(keras, seed, shape):
    rng = np.random.default_rng(seed)
    outputs, targets = rng.normal(size=(2, *shape)).astype("float32")
    _same(keras.losses.MeanSquaredError(), losses.mean_squared_error, outputs, targets)


def _same(theirs, ours, values, targets):
    """Our loss and gradient against Keras' loss and its gradient by the backend."""
    want, (slope,) = compute.gradients(lambda a: theirs(targets, a), [values])
    loss, gradient = ours(values, targets)
    assert loss == pytest.approx(want, rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-6)


@few
@given(seed=seeds, classes=st.integers(1, 9), samples=st.integers(0, 9))
def test_one_hot_is_keras_and_labels_are_one_hot(keras, seed, classes, samples):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    rows = losses.one_hot(labels, classes)
    np.testing.assert_array_equal(rows, keras.utils.to_categorical(labels, classes))
    if samples:
        logits = rng.normal(size=rows.shape)
        by_number = losses.categorical_cross_entropy(logits, labels)
        by_row = losses.categorical_cross_entropy(logits, rows)
        assert by_number[0] == by_row[0]
        np.testing.assert_array_equal(by_number[1], by_row[1])


@few
@given(seed=seeds)
def test_gradients_are_finite_differences(seed):
    rng = np.random.default_rng(seed)
    values, targets = rng.normal(size=(3, 4)), rng.random((3, 4))
    soft = rng.dirichlet(np.ones(4), 3)
    for function, wanted in [
        (losses.binary_cross_entropy, targets),
        (losses.mean_squared_error, targets),
        (losses.categorical_cross_entropy, soft),
    ]:
        want = slopes(lambda v, f=function, t=wanted: f(v, t), values)
        np.testing.assert_allclose(function(values, wanted)[1], want, atol=1e-8)


# Invariants


@few
@given(seed=seeds)
def test_two_classes_are_a_yes_or_no(seed):
    rng = np.random.default_rng(seed)
    z, labels = rng.normal(0, 5, 8), rng.integers(0, 2, 8)
    binary = losses.binary_cross_entropy(z, labels)
    categorical = losses.categorical_cross_entropy(np.stack([0 * z, z], axis=1), labels)
    assert binary[0] == pytest.approx(categorical[0])
    np.testing.assert_allclose(binary[1], categorical[1][:, 1], atol=1e-15)


def test_the_right_probabilities_are_the_best_answer():
    share = np.array([[0.2, 0.5, 0.3]])
    at_best, gradient = losses.categorical_cross_entropy(np.log(share), share)
    assert np.abs(gradient).max() < 1e-15
    assert at_best == pytest.approx(-(share * np.log(share)).sum())
    assert np.abs(losses.binary_cross_entropy([np.log(3)], [0.75])[1]) < 1e-15
    assert neurons.softmax(np.log(share)) == pytest.approx(share)


# Errors

TWO = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "labels goes up to 3; wanted 2"),
        ([-1, 0], "labels goes down to -1"),
        ([0.5, 1], "labels holds 0.5 to 1"),
        ([0, 1, 2], r"labels has shape \(3,\); wanted \(2\)"),
        ([[1, 0], [0, 1]], r"labels has shape \(2, 2\); wanted \(2, 3\)"),
        ([[1, 0, 0], [1, 1, 0]], "sums go from 1 to 2; wanted 1"),
        ([[1, 0, 0], [2, -1, 0]], "labels goes down to -1"),
        ([np.nan, 0], "labels holds NaN"),
        (1, r"labels has shape \(\)"),
    ],
)
def test_labels_that_are_no_classes(labels, message):
    with pytest.raises(ValueError, match=message):
        losses.categorical_cross_entropy(TWO, labels)


@pytest.mark.parametrize("function", [losses.binary_cross_entropy, losses.mean_squared_error])
def test_shapes_that_numpy_would_silently_stretch(function):
    with pytest.raises(ValueError, match=r"targets has shape \(4, 1\); wanted \(4\)"):
        function(np.zeros(4), np.zeros((4, 1)))
    with pytest.raises(ValueError, match="at least one"):
        function([], [])
    with pytest.raises(ValueError, match="NaN"):
        function([np.nan], [1])
    with pytest.raises(ValueError, match="NaN"):
        function([0], [np.nan])


def test_other_refusals():
    with pytest.raises(ValueError, match="targets goes up to 2; wanted 1"):
        losses.binary_cross_entropy([0.0], [2])
    with pytest.raises(ValueError, match="at least one"):
        losses.categorical_cross_entropy(np.zeros((0, 3)), np.zeros(0, int))
    with pytest.raises(ValueError, match="logits has 1 axes"):
        losses.categorical_cross_entropy([1, 2, 3], [0])
    with pytest.raises(ValueError, match="logits holds NaN"):
        losses.categorical_cross_entropy([[0, np.nan]], [0])
    with pytest.raises(ValueError, match="labels goes up to 3"):
        losses.one_hot([0, 3], 3)
    with pytest.raises(ValueError, match="classes is 0"):
        losses.one_hot([0], 0)
    with pytest.raises(TypeError, match="classes is 2.5"):
        losses.one_hot([0], 2.5)
    with pytest.raises(ValueError, match="labels has 2 axes"):
        losses.one_hot([[0]], 1)


def test_keras_takes_minus_one_for_the_last_class(keras):
    """Why `one_hot` is worth its check, as its notes say."""
    assert keras.utils.to_categorical([-1], 3).tolist() == [[0, 0, 1]]


def test_cross_entropy_of_the_largest_and_smallest_numbers_is_a_number(recwarn):
    """Their difference is beyond all floats; 0 times it would be NaN."""
    largest = np.finfo(np.float64).max
    loss, gradient = losses.categorical_cross_entropy([[largest, -largest, 0.0]], [0])
    assert loss == 0
    assert (gradient == 0).all()
    assert losses.categorical_cross_entropy([[largest, -largest]], [1])[0] == largest
    # What an earlier test left open may be collected meanwhile, and warn of that.
    assert not [each for each in recwarn if each.category is not ResourceWarning]
