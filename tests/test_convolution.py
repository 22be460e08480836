"""Convolution by hand: by-hand values, SciPy, OpenCV, and Keras' layers on both backends."""

import functools
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from course_lib import compute
from course_lib.networks import convolution
from course_lib.networks.convolution import windows

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

worst = []


def compare(seed, picture, kernel, depth, padding, stride, dilation):
    assume(padding == "same" or all(dilation * (k - 1) < n for k, n in zip(kernel, picture)))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, *picture, depth[0])).astype("float32")
    layer = keras.layers.Conv2D(depth[1], kernel, strides=stride, padding=padding,
                                dilation_rate=dilation)
    layer.build(x.shape)
    weights = [rng.normal(size=w.shape).astype("float32") for w in layer.weights]
    layer.set_weights(weights)
    ours = convolution.conv2d(x, *weights, padding=padding, stride=stride, dilation=dilation)
    theirs = to_numpy(layer(x))
    assert ours.shape == theirs.shape and ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    worst.append(float(np.abs(ours - theirs).max()))


pairs = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))
for padding in ("valid", "same"):
    for stride, dilation in ((1, 1), (2, 1), (3, 1), (1, 2)):
        @settings(max_examples=5, deadline=None, database=None)
        @given(st.integers(0, 2**31), pairs(5, 12), pairs(1, 4), pairs(1, 4))
        def equals_keras(seed, picture, kernel, depth):
            compare(seed, picture, kernel, depth, padding, stride, dilation)

        equals_keras()
print(json.dumps({"backend": compute.backend(), "worst": max(worst), "compared": len(worst)}))
"""

SIZES = st.tuples(st.integers(6, 14), st.integers(6, 14))
KERNELS = st.tuples(st.integers(1, 5), st.integers(1, 5))
SEEDS = st.integers(0, 2**31)


def random_pair(seed, picture, kernel):
    rng = np.random.default_rng(seed)
    return rng.normal(size=picture), rng.normal(size=kernel)


@functools.cache
def keras_report(backend):
    env = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


# --- by hand ---


@pytest.mark.parametrize("function", [convolution.correlate2d, convolution.correlate2d_loop])
def test_a_sum_by_hand(function):
    picture = np.array([[1, 2, 0], [0, 1, 3], [4, 0, 1]])
    kernel = np.array([[1, 0], [0, -1]])
    np.testing.assert_array_equal(function(picture, kernel), [[0, -1], [0, 0]])
    # padded: 0 - 1, 0 - 2 ... along the border, and the corners' own zeros
    padded = [[-1, -2, 0, 0], [0, 0, -1, 0], [-4, 0, 0, 3], [0, 4, 0, 1]]
    np.testing.assert_array_equal(function(picture, kernel, padding=1), padded)
    np.testing.assert_array_equal(
        function(picture, kernel, padding=1, stride=2), [[-1, 0], [-4, 0]]
    )
    np.testing.assert_array_equal(function(picture, kernel, dilation=2), [[0]])


def test_the_kernel_is_not_turned_around():
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    kernel = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(convolution.correlate2d(dot, kernel), kernel[::-1, ::-1])


def test_channels_are_summed_and_the_bias_is_added():
    pictures = np.zeros((2, 3, 4, 2))
    pictures[..., 0], pictures[..., 1] = 1, 10
    kernels = np.zeros((1, 1, 2, 3))
    kernels[0, 0] = [[1, 0, 2], [0, 1, 3]]
    result = convolution.conv2d(pictures, kernels, [0, 5, -1])
    assert result.shape == (2, 3, 4, 3)
    np.testing.assert_array_equal(result[0, 0, 0], [1, 15, 31])


@pytest.mark.parametrize(
    ("size", "kernel", "settings", "stops"),
    [
        (4, 3, {}, 2),
        (4, 3, {"padding": "same"}, 4),
        (5, 3, {"padding": "same", "stride": 2}, 3),
        (7, 3, {"stride": 2}, 3),
        (8, 3, {"stride": 2}, 3),  # the last column of pixels is never seen
        (9, 3, {"dilation": 2}, 5),
        (227, 11, {"stride": 4}, 55),  # AlexNet's first layer
        (224, 7, {"stride": 2, "padding": 3}, 112),  # ResNet's
    ],
)
def test_output_size_by_hand(size, kernel, settings, stops):
    assert convolution.output_size(size, kernel, **settings) == stops


def test_an_odd_margin_comes_after_the_picture():
    assert windows.margins(4, 2, padding="same") == (0, 1)
    assert windows.margins(5, 4, padding="same") == (1, 2)


def test_receptive_fields_by_hand():
    sizes, steps = convolution.receptive_fields([(3, 1), (3, 1), (2, 2), (3, 1), (3, 1, 2)])
    np.testing.assert_array_equal(sizes, [3, 5, 6, 10, 18])
    np.testing.assert_array_equal(steps, [1, 1, 2, 2, 2])


def test_receptive_field_of_vgg16():
    block = [(3, 1), (3, 1), (2, 2)]
    layers = 2 * block + 3 * [(3, 1), *block]
    sizes, steps = convolution.receptive_fields(layers)
    assert (sizes[-1], steps[-1]) == (212, 32)  # Araujo et al. 2019


# --- invariants ---


@settings(max_examples=40, deadline=None)
@given(
    SEEDS,
    SIZES,
    KERNELS,
    st.sampled_from(["valid", "same", 0, 1, 2]),
    st.sampled_from([1, 2, (1, 3)]),
    st.sampled_from([1, 2, (2, 1)]),
)
def test_loop_and_matrix_product_agree(seed, size, shape, padding, stride, dilation):
    picture, kernel = random_pair(seed, size, shape)
    settings = {"padding": padding, "stride": stride, "dilation": dilation}
    both = zip(size, shape, np.broadcast_to(dilation, 2), strict=True)
    margin = padding if isinstance(padding, int) else 0
    if padding != "same" and any(d * (k - 1) + 1 > n + 2 * margin for n, k, d in both):
        with pytest.raises(ValueError, match="kernel reaches"):
            convolution.correlate2d(picture, kernel, **settings)
        return
    loop = convolution.correlate2d_loop(picture, kernel, **settings)
    fast = convolution.correlate2d(picture, kernel, **settings)
    assert fast.shape == loop.shape
    np.testing.assert_allclose(fast, loop, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SIZES, st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
def test_stride_leaves_out_and_size_is_as_said(seed, size, kernel, stride, dilation):
    picture, weights = random_pair(seed, size, (kernel, kernel))
    if dilation * (kernel - 1) + 1 > min(size):
        return
    every = convolution.correlate2d(picture, weights, dilation=dilation)
    some = convolution.correlate2d(picture, weights, dilation=dilation, stride=stride)
    np.testing.assert_allclose(some, every[::stride, ::stride], atol=1e-12)
    said = [convolution.output_size(n, kernel, stride=stride, dilation=dilation) for n in size]
    assert some.shape == tuple(said)


def test_blocks_of_rows_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    pictures, kernels = rng.normal(size=(3, 17, 13, 3)), rng.normal(size=(3, 3, 3, 4))
    whole = convolution.conv2d(pictures, kernels)
    window_row = 11 * 27  # numbers in one row of stops
    for block in (1, 4 * window_row, 15 * window_row, 31 * window_row):  # rows, one, two pictures
        monkeypatch.setattr(convolution, "BLOCK", block)
        np.testing.assert_allclose(convolution.conv2d(pictures, kernels), whole, atol=1e-12)


def test_a_change_outside_the_receptive_field_is_not_seen():
    """Two layers of 3x3 with a pooling between: 8 pixels, and no more, change an output."""
    rng = np.random.default_rng(0)
    kernels = np.abs(rng.normal(size=(2, 3, 3, 1, 1)))

    def network(picture):
        hidden = convolution.conv2d(picture, kernels[0])
        return convolution.conv2d(convolution.average_pool(hidden), kernels[1])

    picture = np.zeros((1, 24, 24, 1))
    before = network(picture)[0, 2, 2, 0]
    seen = np.zeros((24, 24), bool)
    for y, x in np.ndindex(seen.shape):
        poked = picture.copy()
        poked[0, y, x, 0] = 1
        seen[y, x] = network(poked)[0, 2, 2, 0] != before
    sizes, steps = convolution.receptive_fields([(3, 1), (2, 2), (3, 1)])
    assert seen.any(axis=0).sum() == seen.any(axis=1).sum() == sizes[-1] == 8
    assert np.flatnonzero(seen.any(axis=0))[0] == 2 * steps[-1]


# --- trusted libraries ---


@settings(max_examples=40, deadline=None)
@given(SEEDS, SIZES, KERNELS)
def test_equals_scipy(seed, size, shape):
    picture, kernel = random_pair(seed, size, shape)
    ours = convolution.correlate2d(picture, kernel)
    np.testing.assert_allclose(ours, signal.correlate2d(picture, kernel, "valid"), atol=1e-12)
    turned = signal.convolve2d(picture, kernel[::-1, ::-1], "valid")
    np.testing.assert_allclose(ours, turned, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SIZES, st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5]))
def test_equals_opencv(seed, size, rows, columns):
    picture, kernel = random_pair(seed, size, (rows, columns))
    theirs = cv2.filter2D(picture, cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT)
    ours = convolution.correlate2d(picture, kernel, padding="same")
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("backend", compute.BACKENDS)
def test_equals_keras(backend):
    report = keras_report(backend)
    assert report["backend"] == backend
    assert report["worst"] < 1e-4
    assert report["compared"] >= 8 * 5


def test_types_are_kept():
    picture, kernel = np.ones((4, 4), np.float32), np.ones((2, 2), np.float32)
    assert convolution.correlate2d(picture, kernel).dtype == np.float32
    assert convolution.correlate2d(picture.astype(int), kernel).dtype == np.float64
    bias = np.ones(1)
    batch, kernels = picture[None, :, :, None], kernel[:, :, None, None]
    assert convolution.conv2d(batch, kernels, bias).dtype == np.float32


# --- errors ---

PICTURE, KERNEL = np.ones((4, 4)), np.ones((3, 3))


@pytest.mark.parametrize("function", [convolution.correlate2d, convolution.correlate2d_loop])
@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((np.ones((4, 4, 3)), KERNEL), {}, r"picture has 3 axes \(4, 4, 3\)"),
        ((PICTURE, np.ones(3)), {}, "kernel has 1 axes"),
        ((np.full((4, 4), np.nan), KERNEL), {}, "picture holds NaN"),
        ((PICTURE, np.full((3, 3), np.inf)), {}, "kernel holds NaN or infinity"),
        ((PICTURE, np.ones((5, 5))), {}, "reaches over 5 pixels and the picture has 4"),
        ((PICTURE, KERNEL), {"dilation": 2}, "reaches over 5 pixels"),
        ((PICTURE, np.ones((0, 3))), {}, r"kernel has shape \(0, 3\)"),
        ((PICTURE, KERNEL), {"padding": "sane"}, "did you mean same"),
        ((PICTURE, KERNEL), {"padding": -1}, "padding is -1"),
        ((PICTURE, KERNEL), {"stride": 0}, "stride is 0"),
        ((PICTURE, KERNEL), {"stride": (1, 2, 3)}, r"wanted a whole number or two"),
        ((PICTURE, KERNEL), {"dilation": 0}, "dilation is 0"),
    ],
)
def test_refuses_one_picture(function, arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments, **settings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((8, 8, 3)), np.ones((3, 3, 3, 2))), "pictures has 3 axes"),
        ((np.ones((1, 8, 8, 3)), np.ones((3, 3, 3))), "kernels has 3 axes"),
        ((np.ones((1, 8, 8, 3)), np.ones((3, 3, 2, 5))), "3 channels and kernels 2"),
        ((np.ones((1, 8, 8, 3)), np.ones((3, 3, 3, 5)), np.ones(4)), r"bias has shape \(4,\)"),
        ((np.ones((1, 2, 8, 3)), np.ones((3, 3, 3, 5))), "reaches over 3 pixels"),
        ((np.ones((0, 8, 8, 3)), np.ones((3, 3, 3, 5))), "at least one number"),
    ],
)
def test_refuses_batches(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolution.conv2d(*arguments)


def test_refuses_other_types():
    with pytest.raises(TypeError, match="padding is 1.5"):
        convolution.correlate2d(PICTURE, KERNEL, padding=1.5)
    with pytest.raises(TypeError, match="stride is 1.5"):
        convolution.correlate2d(PICTURE, KERNEL, stride=1.5)
    with pytest.raises(TypeError, match="picture is of type"):
        convolution.correlate2d("picture", KERNEL)


@pytest.mark.parametrize(
    ("layers", "message"),
    [([], "layers is empty"), ([3], r"layers\[0\] is 3"), ([(3, 1), (0, 1)], r"layers\[1\] is 0")],
)
def test_refuses_stacks(layers, message):
    with pytest.raises(ValueError, match=message):
        convolution.receptive_fields(layers)


# --- the kernel editor of the lesson ---


def test_editor_gives_what_is_typed():
    from course_lib import widgets
    from course_lib.networks.convolution import editor

    seen = []
    chooser = editor.KernelEditor({"nothing": np.eye(3), "blur": np.full((3, 3), 1 / 9)})
    widgets.play(lambda kernel: seen.append(kernel), kernel=chooser)
    chooser.names.value = "blur"
    chooser.boxes[5].value = 2.5
    assert len(seen) == 3, "a change of kernel is one change, not nine"
    np.testing.assert_array_equal(seen[0], np.eye(3))
    assert seen[-1][1][2] == 2.5 and seen[-1][0][0] == 1 / 9


@pytest.mark.parametrize("kernels", [{}, {"a": np.ones((3, 2))}, {"a": np.eye(3), "b": np.eye(5)}])
def test_editor_refuses(kernels):
    from course_lib.networks.convolution import editor

    with pytest.raises(ValueError, match="kernels is empty|has shape"):
        editor.KernelEditor(kernels)
