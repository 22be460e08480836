"""heads: softmax regression by hand equals Keras' Dense, step for step."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute
from course_lib.transfer import heads


def keras_steps(features, labels, classes, *, rate, steps, decay):
    """Weights and bias of Keras' Dense after some steps of SGD on the whole set, from zeros."""
    compute.backend()
    import keras

    dense = keras.layers.Dense(
        classes, kernel_initializer="zeros", kernel_regularizer=keras.regularizers.L2(decay / 2)
    )
    model = keras.Sequential([keras.Input(features.shape[1:]), dense])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss)
    for _ in range(steps):
        model.train_on_batch(features, labels)
    return dense.get_weights()


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    steps=st.integers(1, 4),
    rate=st.floats(0.01, 1),
    decay=st.sampled_from([0, 0.1]),
)
def test_every_step_equals_keras_dense_with_sgd(seed, steps, rate, decay):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(7, 5)).astype("float32")
    labels = rng.integers(0, 3, 7)
    ours = heads.fit(features, labels, 3, rate=rate, steps=steps, decay=decay)
    weights, bias = keras_steps(features, labels, 3, rate=rate, steps=steps, decay=decay)
    np.testing.assert_allclose(ours.weights, weights, atol=2e-6)
    np.testing.assert_allclose(ours.bias, bias, atol=2e-6)
    assert ours.losses.shape == (steps,)


def test_the_first_step_by_hand():
    # two samples, logits 0, so both shares are 1/2 and the errors are -1/2 and 1/2 of a half
    head = heads.fit([[2.0], [0.0]], [0, 1], 2, rate=1, steps=1)
    np.testing.assert_allclose(head.weights, [[0.5, -0.5]])
    np.testing.assert_allclose(head.bias, [0, 0], atol=1e-15)
    assert head.losses[0] == pytest.approx(np.log(2))
    assert head.predict([[3.0], [-3.0]]).tolist() == [0, 1]
    assert head.accuracy([[3.0], [-3.0]], [0, 0]) == 0.5


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6), shift=st.floats(-50, 50), size=st.sampled_from([0.01, 1.0, 100.0])
)
def test_centring_makes_the_answers_independent_of_shift_and_size(seed, shift, size):
    rng = np.random.default_rng(seed)
    features, labels = rng.normal(size=(9, 4)), rng.integers(0, 3, 9)
    plain = heads.fit(features, labels, 3, steps=5, centre=True)
    moved = heads.fit(size * features + shift, labels, 3, steps=5, centre=True)
    logits = moved.logits(size * features + shift)
    np.testing.assert_allclose(logits, plain.logits(features), atol=1e-6)


def test_equal_features_do_not_divide_by_zero():
    head = heads.fit(np.ones((3, 2)), [0, 0, 1], 2, steps=300, centre=True)
    shares = np.exp(head.logits(np.ones((1, 2))))[0]
    np.testing.assert_allclose(shares / shares.sum(), [2 / 3, 1 / 3], atol=1e-3)


def test_pool_is_the_mean_over_positions():
    maps = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float16")
    pooled = heads.pool(maps)
    assert pooled.shape == (2, 5) and pooled.dtype == np.float32
    np.testing.assert_allclose(pooled[1, 2], maps[1, :, :, 2].astype(float).mean(), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 3]}, "goes up to 3"),
        ({"labels": [0, -1]}, "goes down to -1"),
        ({"labels": [0, 0.5]}, "labels holds"),
        ({"labels": [0]}, "labels has shape"),
        ({"features": [[1.0], [np.nan]]}, "NaN"),
        ({"features": [1.0, 2.0]}, "1 axes"),
        ({"features": np.zeros((0, 2)), "labels": []}, "at least one sample"),
        ({"classes": 1}, "classes is 1"),
        ({"rate": 0}, "rate is 0"),
        ({"steps": 0}, "steps is 0"),
        ({"decay": -1}, "decay is -1"),
        ({"rate": 1e300, "decay": 1.0, "steps": 9}, "too large"),
    ],
)
def test_bad_input_is_refused(change, message):
    call = {"features": [[1.0], [2.0]], "labels": [0, 1], "classes": 2} | change
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        heads.fit(**call)


def test_a_model_with_our_head_gives_our_logits():
    compute.backend()
    import keras

    body = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Conv2D(4, 3)])
    pictures = np.random.default_rng(0).random((3, 6, 6, 3)).astype("float32")
    maps = keras.ops.convert_to_numpy(body(pictures))
    head = heads.fit(heads.pool(maps), [0, 1, 1], 2, steps=9)
    model = heads.with_head(body, 2, head=head)
    answers = keras.ops.convert_to_numpy(model(pictures))
    np.testing.assert_allclose(answers, head.logits(heads.pool(maps)), atol=1e-5)
    with pytest.raises(ValueError, match="wanted \\(4, 3\\)"):
        heads.with_head(body, 3, head=head)
    with pytest.raises(TypeError, match="model is a NoneType"):
        heads.with_head(None, 3)
    with pytest.raises(ValueError, match="wanted maps"):
        heads.with_head(model, 2)


def test_nothing_to_average_and_a_rate_beyond_all_bounds_are_named():
    with pytest.raises(ValueError, match="maps is empty"):
        heads.pool(np.zeros((2, 0, 0, 3)))
    features, labels = np.eye(3), np.arange(3)
    with pytest.raises(ValueError, match="features is empty"):
        heads.fit(features, labels, 3, steps=1).accuracy(np.zeros((0, 3)), [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r"rate 1e\+300 is too large"):
            heads.fit(1e6 * features, labels, 3, rate=1e300)
