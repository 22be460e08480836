"""dcgan: the networks, the game and the codes; Keras as oracle, TensorFlow and JAX alike."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.generation import dcgan
from course_lib.generation.dcgan import codes, drawing, transposed

# --- what needs no network ---


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 9))
def test_an_arc_keeps_the_length_and_turns_evenly(seed, size):
    start, end = np.random.default_rng(seed).normal(size=(2, size + 1))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    way = codes.interpolate(start, end, np.linspace(0, 1, 6))
    np.testing.assert_allclose(way[[0, -1]], [start, end], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(start))
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])


def test_ways_by_hand():
    half = codes.interpolate([2, 0], [0, 2], [0.5])
    np.testing.assert_allclose(half, [[2**0.5, 2**0.5]])
    np.testing.assert_allclose(
        codes.interpolate([2, 0], [0, 2], [0.5], method="straight"), [[1, 1]]
    )
    np.testing.assert_allclose(codes.interpolate([1, 0], [-1, 0], [0.25]), [[0.5, 0]])


def test_a_sheet_of_four_has_its_corners():
    corners = np.random.default_rng(0).normal(size=(4, 8))
    sheet = codes.sheet_of_four(corners, 3, 5).reshape(3, 5, 8)
    np.testing.assert_allclose([sheet[y, x] for y in (0, -1) for x in (0, -1)], corners, atol=1e-9)
    middle = codes.interpolate(corners[0], corners[2], [0.5])
    np.testing.assert_allclose(sheet[1, 0], middle[0])


@pytest.mark.parametrize(
    "args, message",
    [
        (([1, 2], [1, 2, 3], [0]), "end"),
        (([1, 2], [1, np.nan], [0]), "end"),
        (([1, 2], [2, 1], [1.5]), "shares"),
        (([0, 0], [2, 1], [0.5]), "has no direction; go straight"),
    ],
)
def test_bad_ways(args, message):
    with pytest.raises(ValueError, match=message):
        codes.interpolate(*args)


def test_bad_sheets_and_methods():
    with pytest.raises(ValueError, match="method"):
        codes.interpolate([1], [2], [0], method="sphera")
    with pytest.raises(ValueError, match="wanted four codes"):
        codes.sheet_of_four(np.ones((3, 2)), 2, 2)


def test_a_transposed_convolution_by_hand():
    """Two values, a kernel of three ones, stride 2: the stamps meet in the middle."""
    values, kernel = np.array([[[1.0], [10]]]), np.ones((1, 3, 1, 1))
    out = transposed.transpose_convolve(values, kernel)
    assert out[0, :, 0].tolist() == [1, 1, 11, 10] and out.shape == (2, 4, 1)


def test_bad_stamps():
    with pytest.raises(ValueError, match="kernel"):
        transposed.transpose_convolve(np.ones((2, 2, 3)), np.ones((4, 4, 1, 2)))
    with pytest.raises(ValueError, match="is empty"):
        transposed.transpose_convolve(np.ones((0, 2, 3)), np.ones((4, 4, 1, 3)))


def test_sheets():
    pictures = np.arange(3)[:, None, None] * np.ones((3, 2, 2)) / 2
    out = drawing.sheet(pictures, 2, gap=1, ground=0.25)
    expected = [[0, 0, 0.25, 0.5, 0.5]] * 2 + [[0.25] * 5] + [[1, 1, 0.25, 0.25, 0.25]] * 2
    assert out.tolist() == expected
    with pytest.raises(ValueError, match="wanted"):
        drawing.sheet(pictures[0], 2)
    with pytest.raises(ValueError, match="gap is -1"):
        drawing.sheet(pictures, 2, gap=-1)
    with pytest.raises(TypeError, match="pictures is of type str"):
        drawing.sheet("x", 2)


@pytest.mark.parametrize("rows, labels", [([], []), ([[1, 2], [1]], ["a", "b"]), ([[1]], [])])
def test_bad_rows(rows, labels):
    pictures = [np.zeros((len(row), 2, 2)) for row in rows]
    with pytest.raises(ValueError, match="rows are none, of different lengths, or not as many"):
        drawing.show_rows(None, pictures, labels)


def test_a_tinted_sheet_keeps_its_paper_white():
    pictures = np.zeros((6, 2, 2))
    pictures[:, 0, 0] = 1
    out = drawing.tint(pictures, 2, 3)
    assert out.shape == (6, 2, 2, 3) and (out[:, 1, 1] == 1).all()
    assert len({tuple(colour) for colour in out[:, 0, 0]}) == 5  # by row + column, scaled
    with pytest.raises(ValueError, match=r"wanted \(4, any, any\)"):
        drawing.tint(pictures, 2, 2)


# --- Keras, on both backends ---

# One process per backend, for importing one costs seconds.
SCRIPT = """
import json, pathlib, sys
import numpy as np
from course_lib import compute, models
import keras
from course_lib.generation import dcgan, loop
from course_lib.generation.dcgan import codes, transposed

folder, out = pathlib.Path(sys.argv[1]), {"backend": compute.backend()}
compute.seed_all(0)
rng = np.random.default_rng(0)

out["transposed"] = []
for height, width, tall, wide, stride, f, c in [
    (4, 4, 4, 4, 2, 3, 2), (3, 5, 3, 3, 2, 1, 4), (2, 3, 5, 4, 3, 2, 2), (3, 3, 2, 2, 3, 2, 1),
    (4, 2, 1, 3, 1, 2, 3), (2, 2, 5, 5, 1, 1, 1),
]:
    values, kernel = rng.normal(size=(height, width, c)), rng.normal(size=(tall, wide, f, c))
    layer = keras.layers.Conv2DTranspose(f, (tall, wide), strides=stride, padding="same",
                                         use_bias=False)
    layer.build((None, height, width, c))
    layer.set_weights([kernel])
    theirs = np.asarray(layer(values[None].astype("float32")))[0]
    ours = transposed.transpose_convolve(values, kernel, stride=stride)
    out["transposed"].append([ours.shape == theirs.shape, float(np.abs(ours - theirs).max())])

pictures = rng.random((50, 28, 28)).astype("float32")
def game(**more):
    keras.utils.set_random_seed(1)
    return dcgan.Dcgan(code_size=5, width=2, **more)
def weights(gan):
    return [np.asarray(v, float).ravel().tolist() for v in gan.variables if "seed" not in v.path]

straight, draws = game(), np.random.default_rng(3)
before = weights(straight)
record = loop.train(dcgan.stepper(straight, pictures, draws, batch=6, average_every=2), 5)
first, draws = game(), np.random.default_rng(3)
half = loop.train(dcgan.stepper(first, pictures, draws, batch=6, average_every=2), 3)
loop.save(folder / "gan.npz", half, first.variables, rng=draws)
second, draws = game(rate=2e-4), np.random.default_rng(9)
loop.train(dcgan.stepper(second, pictures, draws, batch=6), 2)
half = loop.resume(folder / "gan.npz", second.variables, rng=draws)
loop.train(dcgan.stepper(second, pictures, draws, batch=6, average_every=2), 2, record=half)
out["curves"] = [record.curves, half.curves]
out["weights"] = [weights(straight), weights(second)]
out["moved"] = [a != b for a, b in zip(before, out["weights"][0])]

# One step by Keras' own means, operation by operation.
by_hand, ours = game(compiled=False), game()
real, (z, more) = pictures[:6, ..., None], rng.normal(size=(2, 6, 5)).astype("float32")
losses = ours.step(real, z, more)
cross = keras.losses.BinaryCrossentropy(from_logits=True)
G, D = by_hand.generator, by_hand.discriminator
ones = np.ones((6, 1), "float32")
def first_loss():
    said = D(real, training=True), D(G(z, training=True), training=True)
    return cross(0.9 * ones, said[0]) + cross(0 * ones, said[1])
state = [*G.variables, *D.non_trainable_variables]
value, grads = compute.gradients(first_loss, D.trainable_variables, state=state)
adam = keras.optimizers.Adam(2e-4, beta_1=0.5)
adam.apply([keras.ops.convert_to_tensor(g) for g in grads], D.trainable_variables)
state = [*D.variables, *G.non_trainable_variables]
other, grads = compute.gradients(
    lambda: cross(ones, D(G(more, training=True), training=True)), G.trainable_variables,
    state=state)
adam = keras.optimizers.Adam(2e-4, beta_1=0.5)
adam.apply([keras.ops.convert_to_tensor(g) for g in grads], G.trainable_variables)
out["by_hand"] = [[value, other], [losses["discriminator"], losses["generator"]]]
out["far"] = [float(max(np.abs(np.asarray(a) - np.asarray(b)).max()
                        for a, b in zip(m.variables, n.variables)))
              for m, n in [(G, ours.generator), (D, ours.discriminator)]]

loose = game(compiled=False)
out["loose"] = loose.step(real, z, more)

made = dcgan.sample(straight.generator, rng.normal(size=(7, 5)), batch=3)
out["made"] = [made.shape, str(made.dtype), float(made.min()), float(made.max())]
out["none"] = dcgan.sample(straight.generator, np.zeros((0, 5))).shape
out["directions"] = codes.directions(straight.generator, 3).tolist()
kernel = np.asarray(straight.generator.get_layer("unfold").kernel, float)
out["svd"] = np.abs(np.linalg.svd(kernel.T)[2][:3]).tolist()
seen = dcgan.look(dcgan.classifier(), pictures, batch=20)
out["seen"] = [seen[0].shape, str(seen[0].dtype), seen[1].shape, int(seen[1].max())]

straight.generator.save_weights(folder / "g.weights.h5")
same = dcgan.generator(code_size=5, width=2)
models.load_weights(same, folder / "g.weights.h5")
out["loaded"] = bool(np.array_equal(same.get_weights()[0], straight.generator.get_weights()[0]))
(folder / "half.weights.h5").write_bytes((folder / "g.weights.h5").read_bytes()[:3000])
faults, wide = {}, dcgan.generator(code_size=6, width=2)
kept = [w.copy() for w in wide.get_weights()]
def fail(name, function, *args, **more):
    try:
        function(*args, **more)
        faults[name] = "nothing"
    except (TypeError, ValueError, FileNotFoundError) as error:
        faults[name] = f"{type(error).__name__}: {error}"
fail("architecture", models.load_weights, wide, folder / "g.weights.h5")
fail("player", models.load_weights, dcgan.discriminator(width=2), folder / "g.weights.h5")
fail("half", models.load_weights, wide, folder / "half.weights.h5")
fail("missing", models.load_weights, wide, folder / "no.weights.h5")
out["kept"] = all(np.array_equal(a, b) for a, b in zip(kept, wide.get_weights()))
fail("resume", loop.resume, folder / "gan.npz", dcgan.Dcgan(code_size=6, width=2).variables)
fail("code size", dcgan.sample, wide, np.zeros((2, 5)))
fail("codes", dcgan.sample, wide, np.full((2, 6), np.nan))
fail("shape", dcgan.stepper, straight, np.zeros((9, 32, 32)), rng)
fail("bytes", dcgan.stepper, straight, np.full((9, 28, 28), 255), rng)
fail("step shape", straight.step, real, z[:, :4], more)
fail("look", dcgan.look, dcgan.classifier(), np.zeros((28, 28)))
fail("width", dcgan.generator, width=0)
fail("none", dcgan.stepper, straight, pictures[:0], rng)
fail("average", dcgan.stepper, straight, pictures, rng, average_every=0)
fail("rng", dcgan.stepper, straight, pictures, 3)
fail("ragged", dcgan.stepper, straight, [[1, 2], [1]], rng)
fail("path", models.load_weights, wide, None)
fail("no generator", dcgan.sample, dcgan.classifier(), np.zeros((2, 5)))
fail("no model", codes.directions, None, 1)
fail("no classifier", dcgan.look, wide, pictures)
fail("batch", dcgan.look, dcgan.classifier(), pictures, batch=0)
fail("sample batch", dcgan.sample, wide, np.zeros((2, 6)), batch=0)
fail("train none", dcgan.train_classifier, dcgan.classifier(), pictures[:0], [], epochs=1)
fail("train batch", dcgan.train_classifier, dcgan.classifier(), pictures, np.zeros(50, int),
     epochs=1, batch=0)
out["seen none"] = [part.shape for part in dcgan.look(dcgan.classifier(), pictures[:0])]
wild = game(rate=1e-3)
wild.generator.get_layer("ink").kernel.assign(np.full((3, 3, 2, 1), np.nan))
fail("nan", loop.train, dcgan.stepper(wild, pictures, rng, batch=6), 3)
out["faults"] = faults
print(json.dumps(out))
"""


@functools.cache
def child(backend, folder):
    env = {**os.environ, "KERAS_BACKEND": backend}
    args = [sys.executable, "-c", SCRIPT, folder]
    run = subprocess.run(args, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def came(request, tmp_path_factory):
    pytest.importorskip(request.param)
    came = child(request.param, str(tmp_path_factory.mktemp(request.param)))
    assert came["backend"] == request.param
    return came


def test_by_hand_is_what_keras_computes(came):
    for same_shape, far in came["transposed"]:
        assert same_shape and far < 1e-5


def test_resumed_equals_uninterrupted(came):
    straight, resumed = came["curves"]
    assert straight == resumed and len(straight["generator"]) == 5
    assert came["weights"][0] == came["weights"][1]
    # All but Adam's rates move: weights, moving averages, momenta, the average.
    assert sum(came["moved"]) >= len(came["moved"]) - 2


def test_a_step_is_what_keras_losses_and_gradients_make(came):
    by_hand, ours = came["by_hand"]
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)
    np.testing.assert_allclose(list(came["loose"].values()), by_hand, rtol=1e-5)
    assert max(came["far"]) < 1e-5


def test_samples(came):
    shape, dtype, low, high = came["made"]
    assert shape == [7, 28, 28] and dtype == "float32" and 0 <= low < high <= 1
    assert came["none"] == [0, 28, 28]
    features, kind, labels, top = came["seen"]
    assert came["seen none"] == [[0, 64], [0]]
    assert features == [50, 64] and kind == "float64" and labels == [50] and top < 10


def test_directions_are_singular_vectors(came):
    directions = np.array(came["directions"])
    np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(np.abs(directions), came["svd"], atol=1e-5)
    assert all(d[np.abs(d).argmax()] > 0 for d in directions)


@pytest.mark.parametrize(
    "name, message",
    [
        ("architecture", "ValueError: g.weights.h5 does not fit this generator: .* architecture"),
        ("player", "ValueError: g.weights.h5 does not fit this discriminator"),
        ("half", "ValueError: half.weights.h5 does not fit this generator: it is damaged"),
        ("missing", "FileNotFoundError: There is no no.weights.h5"),
        ("resume", "ValueError: gan.npz is of another architecture: its variable 0 has shape"),
        ("code size", r"ValueError: codes has shape \(2, 5\); this generator takes \(N, 6\)"),
        ("codes", "ValueError: codes"),
        ("shape", "ValueError: pictures"),
        ("bytes", "ValueError: pictures"),
        ("step shape", "ValueError: codes"),
        ("look", "ValueError: pictures"),
        ("width", "ValueError: width"),
        ("none", "ValueError: pictures is empty; wanted some to learn from"),
        ("average", "ValueError: average_every is 0"),
        ("rng", "TypeError: rng is 3; wanted a generator"),
        ("ragged", "ValueError: pictures has rows of different lengths"),
        ("path", "TypeError: path is NoneType; wanted the name of a file"),
        ("no generator", "TypeError: model is classifier; wanted a generator"),
        ("no model", "TypeError: model is NoneType; wanted a generator"),
        ("no classifier", "TypeError: model is generator; wanted a classifier"),
        ("batch", "ValueError: batch is 0"),
        ("sample batch", "ValueError: batch is 0"),
        ("train none", "ValueError: pictures is empty"),
        ("train batch", "ValueError: batch is 0"),
        ("nan", "Diverged: Stopped at step 0: the discriminator loss is nan"),
    ],
)
def test_bad_input(came, name, message):
    import re

    assert re.match(message, came["faults"][name]), came["faults"][name]
    assert came["loaded"] and came["kept"]


# --- what is stored ---


def test_the_stored_checkpoints():
    """Small enough for the repository, and of the bytes that their cards state."""
    import hashlib

    from course_lib.generation.dcgan.classifier import CHECKPOINT as CLASSIFIER
    from course_lib.generation.dcgan.networks import CHECKPOINT as GENERATOR

    for path in (GENERATOR, CLASSIFIER):
        content = path.read_bytes()
        assert len(content) < 10e6
        card = path.with_suffix(".md").read_text("utf-8")
        assert hashlib.sha256(content).hexdigest() in card
        assert f"{len(content):,} bytes" in card
    assert dcgan.CODE_SIZE == 64


def test_the_scores_that_the_cards_state(asset):
    """Real pictures are nearer to real ones than generated ones, which know all ten kinds."""
    import pathlib
    import re

    asset("fashion_mnist")
    models = pathlib.Path(__file__).parents[1] / "data" / "models"
    printed = {}
    for name in ("dcgan_fashion", "fashion_classifier"):
        args = [sys.executable, str(models / f"{name}.py"), "--score"]
        run = subprocess.run(args, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2000:]
        printed[name] = run.stdout
    distances = re.findall(r"distance ([\d.]+)", printed["dcgan_fashion"])
    real, generated = map(float, distances)
    assert real < generated < 6
    kinds = json.loads(re.search(r"1,000: (\[.*\])", printed["dcgan_fashion"])[1])
    assert len(kinds) == 10 and min(kinds) > 50
    assert float(re.search(r"accuracy ([\d.]+)", printed["fashion_classifier"])[1]) > 0.92
