"""probes: tiny models with known answers, on both backends."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import compute
from course_lib.networks import probes

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json
import logging
import numpy as np
from course_lib import compute
import keras
from keras import layers as L
from course_lib.networks import probes
from course_lib.networks.probes.graph import graph

rng = np.random.default_rng(0)
report = {"backend": compute.backend(), "heard": []}
ear = logging.Handler()
ear.emit = lambda record: report["heard"].append(record.getMessage())
logging.getLogger("tensorflow").addHandler(ear)


def conv(filters, size, **rest):
    return L.Conv2D(filters, size, kernel_initializer="ones", **rest)


def sequence(*layers, size=(23, 26)):
    return keras.Sequential([keras.Input((*size, 1)), *layers])


def branches():
    x = keras.Input((20, 21, 1))
    one = conv(2, 5, padding="same", strides=2)(x)
    two = L.Activation("relu")(conv(2, 1, strides=2)(x))
    both = L.Add(name="sum")([one, two])
    wide = L.Concatenate(name="wide")([both, conv(1, 3, padding="same")(both) * 2.0])
    return keras.Model(x, L.Dense(3, kernel_initializer="ones", name="mixed")(wide))


def nested():
    inner = sequence(conv(2, 3, name="first"), L.AveragePooling2D(2, name="pool"), size=(18, 18))
    x = keras.Input((20, 20, 1))
    middle = inner(conv(1, 3, name="first", padding="valid")(x))
    return keras.Model(x, conv(1, 2, name="last")(L.Rescaling(2.0)(middle)))


# --- receptive fields: the gradient of one position is not 0 exactly inside of the box ---

cases = {
    "same": (sequence(conv(2, 3, padding="same"), conv(2, 5, padding="same", name="x")), "x"),
    "strides": (sequence(conv(2, (3, 4), strides=(2, 3)), conv(2, 3, name="x")), "x"),
    "same_stride": (sequence(conv(2, 3, strides=2, padding="same"),
                             conv(1, 4, strides=2, padding="same", name="x")), "x"),
    "dilation": (sequence(conv(1, 3, dilation_rate=(2, 3), padding="same"),
                          L.AveragePooling2D(2, name="x")), "x"),
    "padded": (sequence(L.ZeroPadding2D(((0, 1), (2, 3))), conv(1, 3, strides=2), L.ReLU(),
                        L.DepthwiseConv2D(3, depthwise_initializer="ones", name="x")), "x"),
    "pools": (sequence(conv(1, 3, padding="same"), L.AveragePooling2D(2),
                       L.BatchNormalization(), L.AveragePooling2D(3, 1, "same", name="x")), "x"),
    "sum": (branches(), "sum"), "wide": (branches(), "wide"), "mixed": (branches(), "mixed"),
    "nested": (nested(), "pool"), "last": (nested(), "last"),
}
fields = {}
for name, (model, layer) in cases.items():
    layer = next(n for n in probes.layer_names(model) if n.endswith(layer))
    height, width = model.input_shape[1:3]
    field = probes.receptive_field(model, layer)
    picture = np.full((1, height, width, 1), 0.5, "float32")
    map_height, map_width = probes.activations(model, layer, picture).shape[1:3]
    for row, column in [(0, 0), (map_height // 2, map_width // 2), (map_height - 1, map_width - 1)]:
        part = graph(model)
        def value(x):
            return keras.ops.sum(part.run(x, part.named(layer).outputs)[0][:, row, column])
        slope = compute.gradients(value, [picture])[1][0][0, :, :, 0]
        ys, xs = np.nonzero(slope)
        fields[f"{name} {row} {column}"] = {
            "seen": [int(n) for n in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)],
            "box": np.clip(field.box(row, column), 0, [width, height] * 2).tolist()}
report["fields"] = fields
head = sequence(conv(2, 3), L.GlobalAveragePooling2D(), L.Dense(2, name="head"))
report["whole"] = str(probes.receptive_field(head, "head").size)

# --- activations, against Keras' own way ---

model = keras.Sequential([keras.Input((None, None, 3)), L.Conv2D(4, 3, activation="relu", name="a"),
                          L.MaxPooling2D(2, name="b"), L.BatchNormalization(name="c"),
                          L.Dropout(0.5, name="d")])
pictures = rng.random((5, 12, 10, 3)).astype("float32")
theirs = keras.Model(model.inputs, [model.get_layer(n).output for n in "bda"])(pictures)
ours = probes.activations(model, ["b", "d", "a"], pictures, batch_size=2)
report["activations"] = [
    float(np.abs(ours[n] - keras.ops.convert_to_numpy(t)).max()) for n, t in zip("bda", theirs)]
report["order"] = list(ours)
report["one"] = probes.activations(model, "a", list(pictures)).shape
outer = keras.Sequential([keras.Input((12, 10, 3)), model, L.Flatten(), L.Dense(2, name="head")])
report["nested_names"] = probes.layer_names(outer)
bare = probes.activations(outer, ["c", "head"], pictures)
report["nested"] = [
    float(np.abs(bare["c"] - keras.ops.convert_to_numpy(model(pictures))).max()),
    float(np.abs(bare["head"] - keras.ops.convert_to_numpy(outer(pictures))).max())]
whole = probes.activations(outer, model.name, pictures)
report["nested"].append(float(np.abs(whole - bare["c"]).max()))
calls = []
class Count(L.Layer):
    def call(self, x):
        calls.append(self.name)
        return x + 0.0
counted = keras.Sequential([keras.Input((4, 4, 1)), Count(name="one"), Count(name="two"),
                            Count(name="three")])
probes.layer_names(counted); calls.clear()
probes.activations(counted, ["one", "two"], np.zeros((1, 4, 4, 1)))
report["calls"] = sorted(set(calls))
twice = keras.Sequential([keras.Input((4, 4, 1)), L.Rescaling(2.0, name="double")])
before = probes.layer_names(twice)
twice.add(L.Rescaling(3.0, name="triple"))
report["added"] = [before, probes.layer_names(twice)]

# --- maximize ---

weights = rng.normal(size=(48, 1)).astype("float32")
linear = keras.Sequential([keras.Input((4, 4, 3)), L.Flatten(),
                           L.Dense(1, use_bias=False, name="y")])
linear.set_weights([weights])
plain = {"jitter": 0, "blur": 0, "natural": 0, "leak": 0}
best = probes.maximize(probes.channel(0), linear, "y", steps=400, rate=0.05, **plain)
report["linear"] = [best[0].ravel().tolist(), weights.ravel().tolist()]
grey = np.full((1, 4, 4, 3), 0.5, "float32")
step = probes.maximize(probes.channel(0), linear, "y", start=grey, steps=1, rate=0.01, **plain)
report["step"] = (step - grey).ravel().tolist()
line = np.zeros((3, 3, 1, 2), "float32")
line[1, :, 0, 0] = line[:, 1, 0, 1] = 1
line -= line.mean((0, 1), keepdims=True)
lines = keras.Sequential([keras.Input((None, None, 1)),
                          L.Conv2D(2, 3, activation="relu", name="line")])
lines.set_weights([line, np.zeros(2)])
scores = []
make = lambda: probes.maximize(probes.channel([0, 1]), lines, "line", size=(24, 20), count=2,
                               jitter=2, rng=np.random.default_rng(1),
                               on_step=lambda n, s: scores.append([n, *s.tolist()]))
one, two = make(), make()
report["repeat"] = bool((one == two).all())
report["shape"], report["range"] = one.shape, [float(one.min()), float(one.max())]
report["scores"] = scores[:60]
rough = lambda p, axis: float(np.abs(np.diff(p, axis=axis)).mean())
report["stripes"] = [[rough(p, 0), rough(p, 1)] for p in one[..., 0]]
middle = probes.maximize(probes.unit(0), lines, "line", size=9, octaves=1, steps=30, **plain)
report["middle"] = middle[0, 3:6, 3:6, 0].tolist()
off = np.zeros((1, 8, 8, 1), "float32")
off[0, 3:6, 3:6, 0] = 0.5 - line[..., 0, 0] / 2  # its ReLU is off everywhere in the middle
report["off"] = [float(probes.maximize(probes.unit(0, 3, 3), lines, "line", start=off, steps=25,
                                       jitter=0, blur=0, natural=0, leak=leak)[0, 4, 3, 0])
                 for leak in (0.01,)]
lines.set_weights([line[..., ::-1], np.zeros(2)])
turned = make()
report["turned"] = [[rough(p, 0), rough(p, 1)] for p in turned[..., 0]]

# --- occlusion ---

look = np.zeros((7, 8, 1), "float32"); look[3, 5] = 1
one_pixel = keras.Sequential([keras.Input((7, 8, 1)), L.Flatten(), L.Dense(1, name="y")])
one_pixel.set_weights([look.reshape(-1, 1), np.zeros(1)])
photo = rng.random((7, 8, 1)).astype("float32"); photo[3, 5] = 1.0
report["occlusion"] = probes.occlusion(probes.channel(0), one_pixel, "y", photo, size=3, stride=1,
                                       fill=0.25, batch_size=4).tolist()
report["large_stride"] = probes.occlusion(probes.channel(0), one_pixel, "y", photo, size=3,
                                          stride=3).shape

# --- errors ---

class Hidden(keras.Model):
    def call(self, x):
        return x
two_in = keras.Model([a := keras.Input((4, 4, 1)), b := keras.Input((4, 4, 1))], L.Add()([a, b]))
up = sequence(L.UpSampling2D(2, name="up"))
valid = keras.Sequential([keras.Input((None, None, 3)), L.Conv2D(2, 5, name="large"),
                          L.MaxPooling2D(3, name="pool")])
mean = probes.channel(0)
one_size = sequence(L.Conv2D(1, 3), L.GlobalAveragePooling2D(name="flat"))
paint = lambda rng: probes.maximize(mean, valid, "pool", size=8, octaves=3, steps=3, rng=rng)
report["few_octaves"] = paint(1).shape
report["seed"] = float(np.abs(paint(1) - paint(np.random.default_rng(1))).max())
features = keras.Sequential([keras.Input((3,)), L.Dense(2, name="d")])
report["features"] = probes.activations(features, "d", np.ones((5, 3))).shape
wrong = {
    "unknown": lambda: probes.activations(outer, "heat", pictures),
    "none": lambda: probes.activations(model, [], pictures),
    "small": lambda: probes.activations(valid, "pool", np.zeros((1, 9, 6, 3))),
    "small_field": lambda: probes.receptive_field(valid, "pool", size=(4, 4)),
    "small_paint": lambda: probes.maximize(mean, valid, "pool", size=6, octaves=3),
    "nan": lambda: probes.activations(model, "a", pictures * np.nan),
    "one": lambda: probes.activations(model, "a", pictures[0]),
    "sizes": lambda: probes.activations(model, "a", [pictures[0], pictures[1, 1:]]),
    "channels": lambda: probes.activations(model, "a", pictures[..., :1]),
    "empty": lambda: probes.activations(model, "a", pictures[:0]),
    "hidden": lambda: probes.activations(Hidden(), "a", pictures),
    "not_built": lambda: probes.layer_names(keras.Sequential([L.Dense(2)])),
    "two_inputs": lambda: probes.layer_names(two_in),
    "no_model": lambda: probes.layer_names(L.Dense(2)),
    "name_of_model": lambda: probes.activations("vgg16", "a", pictures),
    "up": lambda: probes.receptive_field(up, "up"),
    "channel": lambda: probes.maximize(probes.channel(9), lines, "line"),
    "numbers": lambda: probes.maximize(probes.channel([0, 1]), lines, "line", count=3),
    "rate": lambda: probes.maximize(mean, lines, "line", rate=-1),
    "steps": lambda: probes.maximize(mean, lines, "line", steps=0),
    "score_nan": lambda: probes.maximize(lambda y: keras.ops.sum(y) * np.nan, lines, "line"),
    "start": lambda: probes.maximize(mean, lines, "line", start=np.full((1, 8, 8, 1), 2.0)),
    "row": lambda: probes.maximize(probes.unit(0, 99, 0), lines, "line", size=9, octaves=1),
    "no_maps": lambda: probes.maximize(probes.unit(0), one_size, "flat", count=2),
    "constant": lambda: probes.maximize(lambda y: 1.0, lines, "line"),
    "size": lambda: probes.maximize(mean, lines, "line", size=(9, 9, 9)),
    "square": lambda: probes.occlusion(mean, one_pixel, "y", photo, size=9),
    "stride": lambda: probes.occlusion(mean, one_pixel, "y", photo, size=3, stride=4),
    "score": lambda: probes.occlusion(keras.ops.mean, one_pixel, "y", photo, size=3, stride=1),
    "photo": lambda: probes.occlusion(mean, one_pixel, "y", photo * np.nan, size=3, stride=1),
    "photos": lambda: probes.occlusion(mean, one_pixel, "y", photo[None], size=3, stride=1),
    "fill": lambda: probes.occlusion(mean, one_pixel, "y", photo, size=3, stride=1, fill=(0, 1)),
    "no_score": lambda: probes.occlusion("y", one_pixel, "y", photo, size=3, stride=1),
    "no_paint": lambda: probes.maximize(0, lines, "line"),
    "number": lambda: probes.activations(model, 3, pictures),
    "list": lambda: probes.receptive_field(valid, ["pool"]),
    "one_side": lambda: probes.receptive_field(valid, "pool", size=(64,)),
    "no_pictures": lambda: probes.occlusion(mean, features, "d", np.ones(3), size=1, stride=1),
}
report["wrong"] = {}
for name, call in wrong.items():
    try:
        call()
        report["wrong"][name] = "nothing"
    except (TypeError, ValueError) as error:
        report["wrong"][name] = f"{type(error).__name__}: {error}"
print(json.dumps(report))
"""


@functools.cache
def _report(backend):
    env = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=compute.BACKENDS)
def report(request):
    found = _report(request.param)
    assert found["backend"] == request.param
    return found


def test_receptive_field_is_where_the_gradient_is_not_zero(report):
    assert len(report["fields"]) == 33
    for name, found in report["fields"].items():
        assert found["box"] == found["seen"], name
    assert report["whole"] == "(inf, inf)"


def test_activations_equal_a_model_with_several_outputs(report):
    assert max(report["activations"]) < 1e-5
    assert report["order"] == ["b", "d", "a"]
    assert report["one"] == [5, 10, 8, 4]


def test_activations_reach_into_nested_models(report):
    assert report["nested_names"][0].endswith("/a") and report["nested_names"][-1] == "head"
    assert max(report["nested"]) < 1e-5


def test_activations_compute_no_more_than_is_asked_and_see_added_layers(report):
    assert report["calls"] == ["one", "two"]
    assert report["added"] == [["double"], ["double", "triple"]]


def test_maximize_knows_the_best_picture_of_a_linear_score(report):
    picture, weights = map(np.array, report["linear"])
    clear = np.abs(weights) > 0.05  # a smaller weight needs more steps to get to the end
    np.testing.assert_array_equal(picture[clear], (weights > 0)[clear])
    step = np.array(report["step"])
    np.testing.assert_allclose(step, 0.01 * weights / np.sqrt((weights**2).mean()), atol=1e-6)


def test_maximize_paints_each_picture_for_its_own_channel(report):
    assert report["shape"] == [2, 24, 20, 1] and report["repeat"]
    assert report["range"][0] >= 0 and report["range"][1] <= 1
    (down, across), (down_2, across_2) = report["stripes"]
    assert down > 2 * across and across_2 > 2 * down_2  # lines across, lines down
    numbers, first, second = zip(*report["scores"], strict=True)
    assert numbers == tuple(range(60))
    assert first[-1] > 3 * first[0] and second[-1] > 3 * second[0]
    (down, across), (down_2, across_2) = report["turned"]  # new weights are seen
    assert across > 2 * down and down_2 > 2 * across_2


def test_maximize_of_one_position_paints_its_kernel(report):
    middle = np.array(report["middle"])
    np.testing.assert_array_equal(middle > 0.9, [[False] * 3, [True] * 3, [False] * 3])
    assert middle[[0, 2]].max() < 0.1


def test_maximize_passes_over_octaves_that_are_too_small(report):
    assert report["few_octaves"] == [1, 8, 8, 3]
    assert report["seed"] < 1e-3


def test_maximize_in_many_sizes_lets_nothing_be_warned_of(report):
    assert not [text for text in report["heard"] if "retracing" in text]


def test_maximize_gets_away_from_a_relu_that_is_off(report):
    assert report["off"][0] > 0.6


def test_occlusion_of_a_model_that_looks_at_one_pixel(report):
    found = np.array(report["occlusion"])
    y, x = np.mgrid[:7, :8]
    squares = np.minimum.reduce([y + 1, 7 - y, np.full_like(y, 3)])
    squares = squares * np.minimum.reduce([x + 1, 8 - x, np.full_like(x, 3)])
    # squares of side 3 that cover both this pixel and (3, 5), counted by their corners
    both = np.zeros((7, 8))
    for top in range(5):
        for left in range(6):
            if top <= 3 < top + 3 and left <= 5 < left + 3:
                both[top : top + 3, left : left + 3] += 1
    np.testing.assert_allclose(found, 0.75 * both / squares, atol=1e-6)
    assert found[3, 5] == pytest.approx(0.75, abs=1e-6)
    assert report["large_stride"] == [7, 8]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown", "ValueError: layer 'heat' is not known; did you mean head"),
        ("none", "ValueError: layers is empty"),
        ("small", "ValueError: a picture of 9 x 6 px is too small for pool; wanted at least 7 x 7"),
        ("small_field", "ValueError: a picture of 4 x 4 px is too small for pool"),
        ("small_paint", "ValueError: a picture of 6 x 6 px is too small for pool"),
        ("nan", "ValueError: images holds NaN"),
        ("one", "ValueError: images is one picture (12, 10, 3); wanted a batch"),
        ("sizes", "ValueError: images differ in shape"),
        ("channels", "ValueError: images has shape (5, 12, 10, 1); wanted (any, any, any, 3)"),
        ("empty", "ValueError: images is empty"),
        ("hidden", "TypeError: model is a Hidden that hides its layers"),
        ("not_built", "ValueError: model 'sequential"),
        ("two_inputs", "ValueError: model 'functional"),
        ("no_model", "TypeError: model is a Dense"),
        ("name_of_model", "TypeError: model is a str; wanted a Keras model"),
        ("up", "ValueError: on the way stands layer 'up', a UpSampling2D"),
        ("channel", "ValueError: channel goes up to 9; wanted 1 or less"),
        ("numbers", "ValueError: channel has 2 numbers for 3 pictures"),
        ("rate", "ValueError: rate is -1; wanted a number of at least 0"),
        ("steps", "ValueError: steps is 0"),
        ("score_nan", "ValueError: the score is nan at step 0"),
        ("start", "ValueError: start goes up to 2; wanted 1 or less"),
        ("row", "ValueError: row is 99; wanted a whole number from 0 to 6"),
        ("no_maps", "ValueError: the layer has no maps"),
        ("constant", "TypeError: score returned 1.0; wanted scores computed with Keras"),
        ("size", "ValueError: size has shape (3,); wanted"),
        ("square", "ValueError: size is 9; wanted a whole number from 1 to 7"),
        ("stride", "ValueError: stride is 4; wanted a whole number from 1 to 3"),
        ("score", "ValueError: what score returned has shape (); wanted (1)"),
        ("photo", "ValueError: image holds NaN"),
        ("photos", "ValueError: image has shape (1, 7, 8, 1); wanted (7, 8, 1)"),
        ("fill", "ValueError: fill has shape (2,); wanted (1)"),
        ("no_score", "TypeError: score is a str; wanted a function"),
        ("no_paint", "TypeError: score is a int; wanted a function"),
        ("number", "TypeError: layers is a int; wanted the name of a layer, or several"),
        ("list", "ValueError: layer ['pool'] is not known"),
        ("one_side", "ValueError: size is (64,); wanted a whole number or two"),
        ("no_pictures", "ValueError: the model takes (None, 3); wanted pictures"),
    ],
)
def test_wrong_input_is_named(report, name, words):
    assert report["wrong"][name].startswith(words)


def test_a_model_may_take_features_instead_of_pictures(report):
    assert report["features"] == [5, 2]


def test_backends_agree():
    one, two = map(_report, compute.BACKENDS)
    np.testing.assert_allclose(one["scores"][:10], two["scores"][:10], rtol=1e-3)  # later they part
    assert one["fields"] == two["fields"] and one["wrong"].keys() == two["wrong"].keys()


# --- patches: plain arrays ---


def test_strongest_takes_each_group_once():
    maps = np.zeros((4, 3, 2, 2), np.float32)
    maps[0, 1, 1, 1], maps[1, 2, 0, 1], maps[2, 0, 0, 1], maps[3, 0, 1, 0] = 5, 9, 7, 100
    peaks = probes.strongest(maps, 1, 3)
    assert peaks == [(1, 2, 0, 9.0), (2, 0, 0, 7.0), (0, 1, 1, 5.0)]
    grouped = probes.strongest(maps, 1, 9, groups=["a", "b", "b", "a"])
    assert [peak.picture for peak in grouped] == [1, 0]


def test_strongest_refuses():
    with pytest.raises(ValueError, match="channel is 2; wanted a whole number from 0 to 1"):
        probes.strongest(np.zeros((1, 2, 2, 2)), 2, 1)
    with pytest.raises(ValueError, match=r"maps has shape \(1, 0, 2, 2\)"):
        probes.strongest(np.zeros((1, 0, 2, 2)), 0, 1)
    with pytest.raises(TypeError, match=r"count is 1.5"):
        probes.strongest(np.zeros((1, 2, 2, 2)), 0, 1.5)
    with pytest.raises(ValueError, match="groups has 1 entries for 2 pictures"):
        probes.strongest(np.zeros((2, 2, 2, 1)), 0, 1, groups=["a"])


def test_cut_fills_what_lies_outside():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4) / 12
    np.testing.assert_array_equal(probes.cut(picture, (1, 0, 3, 2)), picture[:2, 1:3])
    patch = probes.cut(picture, (-1, 2, 2, 5))
    np.testing.assert_array_equal(patch[0], [0.5, *picture[2, :2]])
    assert (patch[1:] == 0.5).all()
    assert (probes.cut(picture, (9, 9, 11, 12)) == 0.5).all()
    colour = probes.cut(np.zeros((3, 4, 3)), (3, 2, 6, 5), fill=1)
    assert colour.shape == (3, 3, 3) and (colour[0, 0] == 0).all() and (colour[1:] == 1).all()
    for box in [(2, 0, 2, 3), (0, 0, np.inf, 3)]:
        with pytest.raises(ValueError, match="box"):
            probes.cut(picture, box)
    with pytest.raises(ValueError, match=r"image has shape \(4,\)"):
        probes.cut(picture[0], (0, 0, 1, 1))
