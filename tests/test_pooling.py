"""Pooling by hand: the lesson's example, scikit-image, and Keras' layers on both backends."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import block_reduce

from course_lib import compute
from course_lib.networks import convolution

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
# An example that differs stops the process, and hypothesis prints it.
SCRIPT = """
import json
import numpy as np
from hypothesis import assume, given, settings, strategies as st
from course_lib import compute
from course_lib.networks import convolution
import keras
from keras.ops import convert_to_numpy as to_numpy

seen = {"same": 0, "overlap": 0, "gaps": 0}


@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(
    seed=st.integers(0, 2**31), picture=st.tuples(st.integers(4, 11), st.integers(4, 11)),
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=st.sampled_from([None, 1, 2, 3]),
    padding=st.sampled_from(["valid", "same"]),
)
def equals_keras(seed, picture, size, stride, padding):
    x = np.random.default_rng(seed).normal(size=(2, *picture, 3)).astype("float32")
    for ours, theirs in ((convolution.max_pool, keras.layers.MaxPooling2D),
                         (convolution.average_pool, keras.layers.AveragePooling2D)):
        mine = ours(x, size, stride=stride, padding=padding)
        other = to_numpy(theirs(size, strides=stride, padding=padding)(x))
        assert mine.shape == other.shape and mine.dtype == np.float32
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)
    seen["same"] += padding == "same"
    seen["overlap"] += stride is not None and stride < max(size)
    seen["gaps"] += stride is not None and stride > min(size)


equals_keras()
print(json.dumps({"backend": compute.backend(), "seen": seen}))
"""

EXAMPLE = np.array([[1, 0, 3, 1], [2, 4, 1, 2], [1, 0, 2, 3], [4, 6, 6, 8]])


@functools.cache
def keras_report(backend):
    env = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_example_of_the_lesson():
    np.testing.assert_array_equal(convolution.max_pool(EXAMPLE), [[4, 3], [6, 8]])
    np.testing.assert_array_equal(convolution.average_pool(EXAMPLE), [[1.75, 1.75], [2.75, 4.75]])


def test_overlapping_windows_by_hand():
    largest = [[4, 4, 3], [4, 4, 3], [6, 6, 8]]
    np.testing.assert_array_equal(convolution.max_pool(EXAMPLE, 2, stride=1), largest)
    np.testing.assert_array_equal(convolution.max_pool(EXAMPLE, 3, stride=1), [[4, 4], [6, 8]])


def test_margins_are_neither_largest_nor_counted():
    below = np.full((3, 3), -2.0)
    assert convolution.max_pool(below, 2, padding="same").tolist() == [[-2, -2], [-2, -2]]
    assert convolution.average_pool(below, 2, padding="same").tolist() == [[-2, -2], [-2, -2]]
    assert convolution.average_pool(below, 3, padding=1).tolist() == [[-2]]


def test_channels_and_pictures_are_pooled_alone():
    batch = np.stack([EXAMPLE, -EXAMPLE], axis=-1)[None] * np.array([1, 2]).reshape(2, 1, 1, 1)
    pooled = convolution.max_pool(batch)
    assert pooled.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(pooled[1, :, :, 0], [[8, 6], [12, 16]])
    np.testing.assert_array_equal(pooled[1, :, :, 1], [[0, -2], [0, -4]])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_equals_scikit_image(seed, size, rows, columns):
    picture = np.random.default_rng(seed).normal(size=(size * rows, size * columns))
    blocks = (size, size)
    np.testing.assert_array_equal(
        convolution.max_pool(picture, size), block_reduce(picture, blocks, np.max)
    )
    np.testing.assert_allclose(
        convolution.average_pool(picture, size), block_reduce(picture, blocks, np.mean), atol=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(1, 3))
def test_mean_is_a_convolution_and_never_above_the_largest(seed, size, stride):
    picture = np.random.default_rng(seed).normal(size=(9, 11))
    mean = convolution.average_pool(picture, size, stride=stride)
    kernel = np.full(size, 1 / np.prod(size))
    same = convolution.correlate2d(picture, kernel, stride=stride)
    np.testing.assert_allclose(mean, same, atol=1e-12)
    assert (mean <= convolution.max_pool(picture, size, stride=stride) + 1e-12).all()


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_equals_keras(backend):
    report = keras_report(backend)
    assert report["backend"] == backend
    assert min(report["seen"].values()) >= 3, "hypothesis tried too little of some setting"


@pytest.mark.parametrize("function", [convolution.max_pool, convolution.average_pool])
@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((np.ones(4),), {}, r"pictures has shape \(4,\); wanted \(H, W\) or \(N, H, W, C\)"),
        ((np.ones((4, 4, 3)),), {}, r"pictures has shape \(4, 4, 3\)"),
        ((np.ones((0, 4)),), {}, r"pictures has shape \(0, 4\)"),
        ((np.full((4, 4), np.nan),), {}, "pictures holds NaN"),
        ((EXAMPLE, 5), {}, "reaches over 5 pixels and the picture has 4"),
        ((EXAMPLE, 0), {}, "size is 0"),
        ((EXAMPLE, 2), {"stride": 0}, "stride is 0"),
        ((EXAMPLE, 2), {"padding": 2}, "padding is 2; wanted less than the window"),
        ((EXAMPLE, 2), {"padding": "full"}, "padding 'full' is not known"),
    ],
)
def test_refuses(function, arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments, **settings)


@pytest.mark.parametrize("function", [convolution.max_pool, convolution.average_pool])
def test_refuses_other_types(function):
    with pytest.raises(TypeError, match="size is 2.5"):
        function(EXAMPLE, 2.5)
    with pytest.raises(TypeError, match="pictures is of type"):
        function("picture")
