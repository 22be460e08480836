"""complexity: counts by hand, Keras and XLA as oracles, receptive fields, clear errors."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute  # noqa: F401  before keras, which it keeps quiet
from course_lib.networks import builders, probes
from course_lib.networks.builders import complexity

# XLA's own count of the operations of a few layers without bias or padding, on JAX.
SCRIPT = """
import json
from course_lib import compute
import jax, keras, numpy as np
from course_lib.networks.builders import complexity

layers = keras.layers
kinds = {
    "convolution": layers.Conv2D(6, 3, use_bias=False),
    "strided": layers.Conv2D(5, (3, 2), strides=2, use_bias=False),
    "groups": layers.Conv2D(6, 3, groups=2, use_bias=False),
    "depthwise": layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
    "separable": layers.SeparableConv2D(7, 3, use_bias=False),
    "dense at each pixel": layers.Dense(7, use_bias=False),
    "dense": None,
}
found = {}
for name, layer in kinds.items():
    pictures = keras.Input((9, 8, 4))
    if layer is None:
        outputs = layers.Dense(7, use_bias=False)(layers.Flatten()(pictures))
    else:
        outputs = layer(pictures)
    model = keras.Model(pictures, outputs)
    def call(x):
        return model.stateless_call(model.trainable_variables, model.non_trainable_variables, x)[0]
    done = jax.jit(call).lower(np.ones((1, 9, 8, 4), "float32")).compile().cost_analysis()
    done = done[0] if isinstance(done, list) else done
    ours = sum(row.multiply_adds for row in complexity.table(model))
    found[name] = [ours, done["flops"]]
print(json.dumps(found))
"""


@functools.cache
def operations():
    env = os.environ | {"KERAS_BACKEND": "jax"}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=1200)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the backend wrote to stderr"
    return json.loads(done.stdout.splitlines()[-1])


NAMES = ["convolution", "strided", "groups", "depthwise", "separable"]


@pytest.mark.parametrize("name", [*NAMES, "dense at each pixel", "dense"])
def test_multiply_adds_equal_xla(name):
    ours, operations_of_xla = operations()[name]
    assert 2 * ours == pytest.approx(operations_of_xla, rel=1e-6)  # a product and a sum are two


def test_convolution_by_hand():
    assert complexity.convolution_parameters(3, 1, 2) == 20  # 2 windows of 9, 2 biases
    assert complexity.convolution_parameters(3, 1, 2, bias=False) == 18
    assert complexity.convolution_parameters(5, 96, 256, groups=2) == 307_456  # AlexNet's second
    assert complexity.convolution_multiply_adds(3, 1, 2, 16) == 288
    assert complexity.convolution_multiply_adds(3, 8, 8, 1, groups=8) == 72


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_convolution_parameters_equal_keras(kernel, groups, inputs, outputs, bias):
    import keras

    layer = keras.layers.Conv2D(groups * outputs, kernel, groups=groups, use_bias=bias)
    layer.build((None, 9, 9, groups * inputs))
    counts = {"groups": groups, "bias": bias}
    ours = complexity.convolution_parameters(kernel, groups * inputs, groups * outputs, **counts)
    assert ours == layer.count_params()


@settings(max_examples=8, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(8, 13)
)
def test_stack_equals_the_built_network(depth, width, kernel, stride, size):
    import keras

    layers = [keras.Input((size, size, 2))]
    for number in range(depth):
        strides = stride if number % 2 else 1
        layers.append(keras.layers.Conv2D(width, kernel, strides=strides, padding="same"))
    model = keras.Sequential(layers)
    ours = complexity.stack(depth, width, kernel, size=size, channels=2, stride=stride)
    theirs = complexity.summarise(model)
    assert ours.parameters == theirs.parameters == model.count_params()
    for name in ("depth", "multiply_adds", "field"):
        assert getattr(ours, name) == getattr(theirs, name), name


def test_table_by_hand():
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="normal"),
            layers.ReLU(),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(),
            layers.Dense(5, name="dense"),
        ]
    )
    rows = [
        ("conv", "Conv2D", (6, 6, 4), 1, 112, 6 * 6 * 9 * 3 * 4),
        ("normal", "BatchNormalization", (6, 6, 4), 1, 16, 0),
        ("pool", "MaxPooling2D", (3, 3, 4), 1, 0, 0),
        ("dense", "Dense", (5,), 2, 185, 180),
    ]
    found = complexity.table(model)
    assert [tuple(vars(row).values()) for row in found] == rows
    summary = complexity.summarise(model)
    assert (summary.depth, summary.parameters, summary.field) == (2, 313, 4)
    assert summary.rows == found


@pytest.mark.parametrize(
    ("build", "depth", "billions", "field"),
    [  # multiply-adds of the papers; fields of Araujo et al., Distill 2019; GoogLeNet's by hand:
        # 27 before module 3a, then 5x5 windows: 2 with steps of 8, 5 of 16, 2 of 32, pools between
        (builders.alexnet, 8, 0.72, 195),
        (builders.googlenet, 22, 1.58, 27 + 2 * 32 + 16 + 5 * 64 + 32 + 2 * 128),
        (functools.partial(builders.resnet, 18), 18, 1.8, None),
        (functools.partial(builders.resnet, 34), 34, 3.6, None),
        (functools.partial(builders.resnet, 50), 50, 3.8, 483),
        (functools.partial(builders.resnet, 101), 101, 7.6, 1027),
        (functools.partial(builders.resnet, 152), 152, 11.3, 1507),
    ],
)
def test_published_costs(build, depth, billions, field):
    model = build()
    found = complexity.summarise(model)
    assert found.depth == depth
    assert found.parameters == model.count_params()
    assert found.multiply_adds / 1e9 == pytest.approx(billions, rel=0.03)
    assert field in (None, found.field)


def test_vgg16_sees_212_pixels():
    model = builders.vgg(16, size=32, classes=2)
    assert complexity.summarise(model).field == 212
    assert probes.receptive_field(model, "block5_conv3").size == (196, 196)
    rows = {row.name: row for row in complexity.table(model)}
    products = sum(row.multiply_adds for row in rows.values() if "conv" in row.name)
    assert products * 49 == 15_346_630_656  # at 224 px: 49 times the positions


def test_a_layer_that_is_used_twice_counts_once():
    import keras

    pictures = keras.Input((6, 6, 2))
    shared = keras.layers.Conv2D(2, 3, padding="same")
    outputs = keras.layers.MaxPooling2D(1)(shared(shared(pictures)))
    model = keras.Model(pictures, outputs)
    found = complexity.summarise(model)
    assert (found.parameters, found.depth, found.field) == (38, 2, 5)
    assert found.multiply_adds == 2 * 36 * 9 * 4


def test_pictures_of_any_size():
    import keras

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 3)])
    assert complexity.summarise(model, size=10).multiply_adds == 64 * 27
    with pytest.raises(ValueError, match="pictures of any size; tell one, such as size=224"):
        complexity.table(model)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: complexity.convolution_parameters(0, 1, 1), ValueError, "kernel is 0"),
        (lambda: complexity.convolution_parameters(3, 1.5, 1), TypeError, "inputs is 1.5"),
        (
            lambda: complexity.convolution_parameters(3, 3, 4, groups=2),
            ValueError,
            "3 and 4 channels do not split into 2 groups",
        ),
        (lambda: complexity.convolution_multiply_adds(3, 1, 1, 0), ValueError, "positions is 0"),
        (lambda: complexity.stack(0, 1, 3, size=9), ValueError, "depth is 0"),
        (lambda: complexity.stack(1, 1, 3, size=9, stride=0), ValueError, "stride is 0"),
        (lambda: complexity.stack(1, 0, 3, size=9), ValueError, "outputs is 0"),
        (lambda: complexity.table("vgg16"), TypeError, "model is a str; wanted a Keras model"),
        (lambda: complexity.table(other("transposed")), ValueError, "'up' is a Conv2DTranspose"),
        (lambda: complexity.table(other("sound")), ValueError, "wanted pictures"),
        (lambda: complexity.table(other("fixed"), size=9), ValueError, "takes pictures of .8, 8"),
        (lambda: complexity.summarise(other("flat")), ValueError, "no layer that returns maps"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def other(name):
    """A model that cannot be counted."""
    import keras

    layers = keras.layers
    shape = (8, 2) if name == "sound" else (8, 8, 1)
    last = {
        "transposed": layers.Conv2DTranspose(1, 3, name="up"),
        "sound": layers.Conv1D(1, 3),
        "fixed": layers.Conv2D(1, 3),
        "flat": layers.Flatten(),
    }
    model = keras.Sequential([keras.Input(shape), last[name]])
    assert np.prod(model.output_shape[1:]) > 0
    return model


def test_a_picture_too_small_for_the_network_is_named():
    import keras

    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 5)])
    with pytest.raises(ValueError, match="4 x 4 px is too small for .*; wanted at least 5 x 5"):
        complexity.table(model, size=4)
    assert complexity.table(model, size=5)[0].multiply_adds == 25
