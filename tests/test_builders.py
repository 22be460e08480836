"""builders: published counts, Keras' own networks as oracles, both backends, clear errors."""

import functools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.networks import builders
from course_lib.networks.builders import branches, complexity

# Small networks with weights from a seed: the same numbers on both backends?
SCRIPT = """
import numpy as np
from course_lib.networks import builders

def outputs():
    import keras
    rng = np.random.default_rng(0)
    pictures = keras.Input((6, 6, 3))
    models = {
        "alexnet": builders.alexnet(size=67, classes=3),
        "inception": keras.Model(pictures, builders.inception(pictures, (1, 2, 3, 4, 5, 6), "m")),
        "resnet": builders.cifar_resnet(8, width=4, size=9),
        "plain": builders.cifar_resnet(8, shortcuts=False, normalise=False, width=4, size=9),
    }
    found = {}
    for name, model in models.items():
        for variable in model.variables:
            low = 0.5 if "variance" in variable.path else 0
            scale = np.sqrt(2 / max(1, np.prod(variable.shape[:-1])))
            values = rng.random(variable.shape, dtype=np.float32)
            variable.assign(low + scale * values - scale / 2 * (low == 0))
        batch = rng.random((2, *model.input_shape[1:]), dtype=np.float32)
        found[name] = np.asarray(model.predict(batch, verbose=0)).ravel().tolist()
    return found
"""


@functools.cache
def jax_outputs():
    env = os.environ | {"KERAS_BACKEND": "jax"}
    script = SCRIPT + "\nimport json; print(json.dumps(outputs()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=env, timeout=1200
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the backend wrote to stderr"
    return json.loads(done.stdout.splitlines()[-1])


def trained(model):
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def test_backends_agree():
    space = {}
    exec(SCRIPT, space)
    here, there = space["outputs"](), jax_outputs()
    assert set(here) == set(there) and len(here) == 4
    for name, values in here.items():
        np.testing.assert_allclose(values, there[name], rtol=2e-4, atol=1e-5, err_msg=name)
        assert np.ptp(values) > 1e-4, f"{name} answers the same everywhere"


# --- published numbers of parameters ---


@pytest.mark.parametrize(
    ("name", "depth", "count"),
    [
        ("alexnet", None, 60_965_224),  # Caffe's reference model; "60 million" in the paper
        ("googlenet", None, 6_998_552),  # Caffe's reference model
        ("vgg", 16, 138_357_544),  # Keras' documentation; "138 million" in the paper
        ("resnet", 50, 25_636_712),  # Keras' documentation
    ],
)
def test_published_counts(name, depth, count):
    build = getattr(builders, name)
    model = build() if depth is None else build(depth)
    assert model.count_params() == count
    assert model.output_shape == (None, 1000)
    assert model.input_shape[1:] == ((227, 227, 3) if name == "alexnet" else (224, 224, 3))


@pytest.mark.parametrize(("depth", "million"), [(11, 133), (13, 133), (16, 138), (19, 144)])
def test_vgg_counts_of_the_paper(depth, million):
    """Table 2, from the convolutions alone: the dense layers are 123,642,856 in all of them."""
    small = builders.vgg(depth, size=32, classes=10)
    base = sum(layer.count_params() for layer in small.layers if "conv" in layer.name)
    assert round((base + 123_642_856) / 1e6) == million


@pytest.mark.parametrize(
    ("depth", "count"),
    [
        (18, 11_689_512),  # torchvision's, which have no bias in convolutions, as in the paper
        (34, 21_797_672),
        (50, 25_557_032),
        (101, 44_549_160),
        (152, 60_192_808),
    ],
)
def test_resnet_counts_without_bias(depth, count):
    assert trained(builders.resnet(depth, size=32, bias=False)) == count


@pytest.mark.parametrize(
    ("depth", "million"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)]
)
def test_small_resnet_counts_of_the_paper(depth, million):
    """Table 6 of He et al.; 110 layers are 1.73 million."""
    model = builders.cifar_resnet(depth)
    assert trained(model) / 1e6 == pytest.approx(million, abs=0.005 if depth < 100 else 0.05)
    assert max(row.depth for row in complexity.table(model)) == depth


@pytest.mark.parametrize(
    ("module", "kilo", "million_products"),
    [  # table 1 of the paper
        ("3a", 159, 128), ("3b", 380, 304), ("4a", 364, 73), ("4b", 437, 88), ("4c", 463, 100),
        ("4d", 580, 119), ("4e", 840, 170), ("5a", 1072, 54), ("5b", 1388, 71),
    ],
)  # fmt: skip
def test_googlenet_modules_of_the_paper(module, kilo, million_products):
    rows = [row for row in googlenet_rows() if row.name.startswith(f"{module}_")]
    weights = sum(row.parameters - row.shape[-1] for row in rows if row.kind == "Conv2D")
    assert weights / 1024 == pytest.approx(kilo, rel=0.08)  # K is 1,024; its 4c and 5a are off
    products = sum(row.multiply_adds for row in rows)
    own = 0.06 if module == "5a" else 0.009  # the paper's products follow from its channels
    assert products / 1e6 == pytest.approx(million_products, rel=own)


@functools.cache
def googlenet_rows():
    return complexity.table(builders.googlenet())


def test_googlenet_shapes():
    shapes = {row.name: row.shape for row in googlenet_rows()}
    assert shapes["pool2"] == (28, 28, 192) and shapes["pool3"] == (14, 14, 480)
    assert shapes["pool4"] == (7, 7, 832) and shapes["average"] == (1024,)


def test_alexnet_layers_by_hand():
    rows = {row.name: row for row in complexity.table(builders.alexnet())}
    counts = [34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000]
    names = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "predictions"]
    assert [rows[name].parameters for name in names] == counts
    sides = [rows[name].shape for name in ("conv1", "pool1", "conv3", "pool5")]
    assert sides == [(55, 55, 96), (27, 27, 96), (13, 13, 384), (6, 6, 256)]


# --- Keras' own networks ---


def counts(model):
    named = [layer for layer in model.layers if layer.count_params()]
    return [(layer.name, type(layer).__name__, layer.count_params()) for layer in named]


def test_vgg16_equals_keras_layer_by_layer_in_full():
    import keras

    theirs = counts(keras.applications.VGG16(weights=None))  # 550 MB, one after the other
    assert counts(builders.vgg(16)) == theirs


@pytest.mark.parametrize("depth", [16, 19])
def test_vgg_equals_keras(depth):
    import keras

    theirs = getattr(keras.applications, f"VGG{depth}")(
        weights=None, input_shape=(40, 40, 3), classes=7
    )
    ours = builders.vgg(depth, size=40, classes=7)
    assert counts(ours) == counts(theirs)
    assert_same_answers(ours, theirs)


@pytest.mark.parametrize("depth", [50, 101])
def test_resnet_equals_keras(depth):
    import keras

    theirs = getattr(keras.applications, f"ResNet{depth}")(
        weights=None, input_shape=(45, 45, 3), classes=7
    )
    ours = builders.resnet(depth, size=45, classes=7)
    named = {layer.name: layer.count_params() for layer in theirs.layers if layer.count_params()}
    mine = {layer.name: layer.count_params() for layer in ours.layers if layer.count_params()}
    assert mine == named
    if depth == 50:
        assert_same_answers(ours, theirs)


def assert_same_answers(ours, theirs):
    """With Keras' weights, moved away from where initialisation leaves them."""
    rng = np.random.default_rng(0)
    for variable in theirs.variables:
        if len(variable.shape) == 1:  # biases, scales and moving averages
            value = np.asarray(variable.value)
            variable.assign(value + rng.uniform(0, 0.1, variable.shape))
    for layer in theirs.layers:
        if layer.weights:
            ours.get_layer(layer.name).set_weights(layer.get_weights())
    pictures = rng.random((2, *ours.input_shape[1:])).astype("float32")
    got = np.asarray(ours(pictures, training=False))
    np.testing.assert_allclose(got, np.asarray(theirs(pictures, training=False)), atol=1e-6)
    assert got.shape == (2, 7) and np.ptp(got) > 1e-3
    np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-5)


# --- what a block does, by hand ---


@settings(max_examples=6, deadline=None)
@given(st.sampled_from([8, 14]), st.integers(1, 6), st.booleans())
def test_shortcuts_have_no_parameters(depth, width, normalise):
    both = [
        builders.cifar_resnet(depth, shortcuts=one, normalise=normalise, width=width, size=8)
        for one in (True, False)
    ]
    assert trained(both[0]) == trained(both[1])


@pytest.mark.parametrize("shortcuts", [True, False])
def test_where_convolutions_are_zero_only_a_shortcut_lets_the_picture_through(shortcuts):
    model = builders.cifar_resnet(
        14, shortcuts=shortcuts, normalise=False, width=2, size=8, channels=2, classes=8
    )
    for layer in model.layers:
        if "conv" in layer.name and layer.name != "layer1_conv":
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    kernel = np.zeros((3, 3, 2, 2), "float32")
    kernel[1, 1] = np.eye(2)  # the first convolution copies
    model.get_layer("layer1_conv").kernel.assign(kernel)
    model.get_layer("logits").kernel.assign(np.eye(8))
    picture = np.random.default_rng(0).random((1, 8, 8, 2)).astype("float32")
    logits = np.asarray(model(picture))[0]
    mean = picture[0, ::4, ::4].mean(axis=(0, 1)) if shortcuts else [0, 0]
    np.testing.assert_allclose(logits, [*mean, *[0] * 6], atol=1e-6)


def test_inception_joins_its_branches_in_order():
    import keras

    pictures = keras.Input((6, 6, 2))
    joined = builders.inception(pictures, (1, 2, 3, 4, 5, 6), "m")
    model = keras.Model(pictures, joined)
    assert model.output_shape == (None, 6, 6, 1 + 3 + 5 + 6)
    for number, name in enumerate(("m_1x1", "m_3x3", "m_5x5", "m_after_pool"), start=1):
        layer = model.get_layer(name)
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        layer.bias.assign(np.full(layer.bias.shape, number))
    values = np.asarray(model(np.zeros((1, 6, 6, 2), "float32")))[0, 2, 3]
    assert values.tolist() == [1] + [2] * 3 + [3] * 5 + [4] * 6
    assert list(branches.MODULES) == ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"]


# --- errors ---


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: builders.vgg(15), ValueError, "depth is 15; there are 11, 13, 16, 19"),
        (lambda: builders.resnet(51), ValueError, "depth is 51; there are 18, 34, 50, 101, 152"),
        (lambda: builders.vgg(16.0), TypeError, "depth is 16.0 .float.; wanted a whole number"),
        (lambda: builders.vgg(size=31), ValueError, "size is 31; wanted a whole number of at"),
        (lambda: builders.resnet(size=8), ValueError, "size is 8"),
        (lambda: builders.googlenet(size=31), ValueError, "size is 31"),
        (lambda: builders.alexnet(size=66), ValueError, "size is 66"),
        (lambda: builders.alexnet(classes=1), ValueError, "classes is 1"),
        (lambda: builders.cifar_resnet(19), ValueError, "depth is 19; wanted 6n . 2"),
        (lambda: builders.cifar_resnet(2), ValueError, "depth is 2"),
        (lambda: builders.cifar_resnet(width=0), ValueError, "width is 0"),
        (lambda: builders.cifar_resnet(size=3), ValueError, "size is 3"),
        (lambda: builders.cifar_resnet(channels="3"), TypeError, "channels is '3'"),
        (lambda: builders.inception(None, (1, 2), "m"), ValueError, "channels has 2 numbers"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_smallest_sizes_that_are_allowed_work():
    for build, size in (("alexnet", 67), ("vgg", 32), ("googlenet", 32), ("resnet", 32)):
        model = getattr(builders, build)(size=size, classes=2)
        assert model.output_shape == (None, 2)
    assert builders.cifar_resnet(8, size=4).output_shape == (None, 10)
