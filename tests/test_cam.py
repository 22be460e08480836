"""cam: known answers on tiny models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute
from course_lib.transfer import cam

compute.backend()


def tiny(*, bias=True, activation=None, between=None):
    """A convolution that copies channel 0 and doubles channel 1, pooled, with a head."""
    import keras

    layers = keras.layers
    copy = layers.Conv2D(2, 1, use_bias=False, name="copy")
    stack = [keras.Input((None, None, 2)), copy, layers.GlobalAveragePooling2D(name="gap")]
    stack += [] if between is None else [between]
    head = layers.Dense(3, use_bias=bias, activation=activation, name="head")
    model = keras.Sequential([*stack, head])
    copy.set_weights([np.array([[[[1.0, 0], [0, 2]]]])])
    values = [np.array([[1.0, 0, -1], [0, 3, 1]])]
    head.set_weights(values + ([np.array([0.5, 0, -4])] if bias else []))
    return model


def test_a_tiny_model_with_a_known_answer():
    picture = np.zeros((1, 2, 3, 2), "float32")
    picture[0, 0, 1, 0], picture[0, 1, 2, 1] = 6, 1  # channel 0 in one place, channel 1 in another
    maps, logits = cam.of_model(tiny(), picture)
    assert maps.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(maps[0, :, :, 0], [[0, 6, 0], [0, 0, 0]])
    np.testing.assert_allclose(maps[0, :, :, 1], [[0, 0, 0], [0, 0, 6]])
    np.testing.assert_allclose(maps[0, :, :, 2], [[0, -6, 0], [0, 0, 2]])
    np.testing.assert_allclose(logits, [[1.5, 1, -4 - 4 / 6]])
    assert cam.peak(maps[0, :, :, 1]) == (0.75, pytest.approx(5 / 6))


@pytest.mark.parametrize("bias", [True, False])
def test_the_mean_of_the_map_is_the_logit_of_keras(bias):
    import keras

    pictures = np.random.default_rng(0).random((3, 5, 4, 2)).astype("float32")
    model = tiny(bias=bias)
    _, logits = cam.of_model(model, pictures)
    np.testing.assert_allclose(logits, keras.ops.convert_to_numpy(model(pictures)), atol=1e-5)


def test_logits_are_those_before_a_softmax():
    import keras

    pictures = np.random.default_rng(0).random((2, 5, 4, 2)).astype("float32")
    _, logits = cam.of_model(tiny(activation="softmax"), pictures, "head")
    plain = keras.ops.convert_to_numpy(tiny()(pictures))
    np.testing.assert_allclose(logits, plain, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 3), k=st.integers(1, 4))
def test_weighing_and_averaging_may_change_places(seed, n, k):
    rng = np.random.default_rng(seed)
    maps, weights = rng.normal(size=(n, 3, 5, 6)), rng.normal(size=(6, k))
    found = cam.class_activation(maps, weights)
    assert found.shape == (n, 3, 5, k)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), maps.mean(axis=(1, 2)) @ weights)
    np.testing.assert_allclose(cam.class_activation(maps[0], weights[:, 0]), found[0, :, :, 0])


def test_bad_input_is_refused():
    import keras

    with pytest.raises(ValueError, match="3 channels, weights 2"):
        cam.class_activation(np.zeros((2, 2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="wanted \\(N, h, w, C\\)"):
        cam.class_activation(np.zeros((2, 3)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="NaN"):
        cam.class_activation(np.full((2, 2, 3), np.nan), np.zeros(3))
    picture = np.zeros((1, 4, 4, 2))
    with pytest.raises(ValueError, match="did you mean head"):
        cam.of_model(tiny(), picture, "hea")
    with pytest.raises(ValueError, match="copy' is a Conv2D"):
        cam.of_model(tiny(), picture, "copy")
    with pytest.raises(ValueError, match="stands ReLU; wanted GlobalAveragePooling2D"):
        cam.of_model(tiny(between=keras.layers.ReLU()), picture)
    with pytest.raises(ValueError, match="no dense layer"):
        cam.of_model(keras.Sequential([keras.Input((4, 4, 2)), keras.layers.ReLU()]), picture)
    with pytest.raises(ValueError, match="the input"):
        cam.of_model(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), picture)
    pooled = [keras.Input((4, 4, 2)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    with pytest.raises(ValueError, match="pools the pictures themselves"):
        cam.of_model(keras.Sequential(pooled), picture)
    with pytest.raises(ValueError, match="at least one cell"):
        cam.peak(np.zeros((0, 3)))


def test_a_collage_goes_row_by_row():
    pictures = np.arange(4)[:, None, None, None] * np.ones((4, 2, 3, 1))
    whole = cam.collage(pictures, 2)
    assert whole.shape == (4, 6, 1)
    assert whole[[0, 0, 3, 3], [0, 5, 0, 5], 0].tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="4 pictures do not fill rows of 3"):
        cam.collage(pictures, 3)
