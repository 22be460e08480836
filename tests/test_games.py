"""games: by hand, against SciPy and Keras on both backends; modes, interrupts, bad input."""

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
from scipy.spatial.distance import jensenshannon
from scipy.special import expit
from scipy.stats import multivariate_normal

from course_lib import compute  # before keras
from course_lib.generation import games, loop

QUICK = settings(max_examples=30, deadline=None, derandomize=True, database=None)
LOGITS = st.lists(st.floats(-500, 500), min_size=1, max_size=12).map(np.array)
SHARES = st.lists(st.integers(0, 9), min_size=2, max_size=8).filter(any)

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json, sys, tempfile
import numpy as np
from course_lib import compute
import keras
from course_lib.generation import games, loop

out = {"backend": compute.backend()}
rng = np.random.default_rng(0)
real, fake = rng.normal(0, 9, 50), rng.normal(0, 9, 50)
entropy = keras.losses.BinaryCrossentropy(from_logits=True)
theirs = [float(entropy(np.ones(50), real) + entropy(np.zeros(50), fake)),
          float(entropy(np.ones(50), fake)), -float(entropy(np.zeros(50), fake))]
ours = [games.discriminator_loss(real, fake), games.generator_loss(fake)[0],
        games.generator_loss(fake, "saturating")[0]]
out["losses"] = float(np.abs(np.subtract(ours, theirs)).max())

# A game's own losses are those by hand, and its first step pulls as the gradient by hand says.
out["game"] = {}
for loss in games.LOSSES:
    game = games.Game(games.ring(), loss=loss, batch=16, moves=1, seed=3, noise=0.5, quiet=10)
    draws = np.random.default_rng(4)
    real, codes = game.data.sample(16, draws), game.codes(16, draws)
    blur = draws.normal(size=(2, 16, 2)).astype("float32")
    first, second = (game.judge(game.samples(codes) + each) for each in blur)
    by_hand = (games.discriminator_loss(game.judge(real), first),
               games.generator_loss(second, loss)[0])
    second = game._moves[1](codes, blur[1])
    game_2 = games.Game(games.ring(), loss=loss, batch=16, moves=1, seed=3)
    first = game_2._moves[0](real, codes, blur[0])
    out["game"][loss] = float(np.abs(np.subtract(by_hand, (first, second))).max())

# It learns one cloud on a line.
line = games.Game(games.line(2.0), code_size=1, width=16, rates=(3e-3, 3e-3), moves=1, seed=1)
start = float(line.samples(line.codes(500)).mean())
line.train(300)
out["line"] = [start, float(line.samples(line.codes(500)).mean())]

# Interrupted in a step: what was learned stays; saved, it goes on as if it had never stopped.
def make(seed=7):
    return games.Game(games.ring(), batch=8, width=8, noise=1.0, quiet=30, seed=seed)

whole = make()
whole.train(20)
part, step = make(), games.Game.step
def interrupted(self, n):
    if n == 12:
        raise KeyboardInterrupt
    return step(self, n)
games.Game.step = interrupted
part.train(20)
games.Game.step = step
out["stopped"] = [part.record.steps, part.record.stopped]
path = tempfile.mkdtemp() + "/game.npz"
part.save(path)
other = make(seed=99)
other.resume(path)
other.train(8)
out["resumed"] = [other.record.steps, other.record.curves == whole.record.curves,
                  max(float(np.abs(np.array(a) - np.array(b)).max())
                      for a, b in zip(other.variables, whole.variables))]
before = [np.array(v) for v in other.variables]
other.optimizers[1].learning_rate = 1e30
try:
    other.train(50, every=1)
    out["diverged"] = "not at all"
except loop.Diverged as error:
    out["diverged"] = str(error)
    out["kept"] = [error.record.steps, bool(all(np.isfinite(np.array(v)).all()
                                                for v in other.generator.variables))]
print(json.dumps(out))
"""


@functools.cache
def report(backend):
    env = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


both = pytest.mark.parametrize("backend", compute.BACKENDS)


@both
def test_losses_are_those_of_keras(backend):
    assert report(backend)["backend"] == backend
    assert report(backend)["losses"] < 1e-5


@both
@pytest.mark.parametrize("loss", games.LOSSES)
def test_a_game_trains_on_the_losses_by_hand(backend, loss):
    assert report(backend)["game"][loss] < 1e-4


@both
def test_a_generator_learns_one_cloud(backend):
    start, end = report(backend)["line"]
    assert abs(start) < 1 and 1.2 < end < 2.8


@both
def test_an_interrupt_keeps_what_was_learned_and_a_saved_game_goes_on(backend):
    steps, stopped = report(backend)["stopped"]
    assert steps == 12 and "step 12" in stopped
    steps, same_curves, difference = report(backend)["resumed"]
    assert steps == 20 and same_curves and difference == 0


@both
def test_a_loss_that_is_no_number_stops_the_game_and_says_what_to_lower(backend):
    text = report(backend)["diverged"]
    assert "step 2" in text and "Lower the learning rate" in text
    assert report(backend)["kept"][1]


def test_optimal_discriminator_by_hand():
    best = games.optimal_discriminator([3, 1, 0, 0], [1, 1, 2, 0])
    assert best.tolist() == [0.75, 0.5, 0, 0.5]


@QUICK
@given(SHARES, st.integers(0, 999))
def test_no_discriminator_beats_the_optimal_one(data, seed):
    rng = np.random.default_rng(seed)
    data, model = np.array(data) / sum(data), rng.dirichlet(np.ones(len(data)))
    best = games.game_value(games.optimal_discriminator(data, model), data, model)
    assert best >= games.game_value(rng.uniform(size=len(data)), data, model) - 1e-12
    assert best == pytest.approx(2 * games.js_divergence(data, model) - math.log(4))
    assert games.js_divergence(data, model) == pytest.approx(jensenshannon(data, model) ** 2)


def test_values_at_the_ends():
    half, left, right = [0.5, 0.5], [1, 0], [0, 1]
    assert games.game_value(half, half, half) == pytest.approx(-math.log(4))
    assert games.js_divergence(half, half) == 0
    assert games.js_divergence(left, right) == pytest.approx(math.log(2))
    assert games.game_value(left, left, right) == 0
    assert games.js_divergence([1, 5e-324], [1, 0]) == 0  # half of the smallest number is 0
    assert games.game_value(right, left, right) == -math.inf  # sure and wrong


def test_losses_by_hand():
    assert games.discriminator_loss([0], [0, 0]) == pytest.approx(math.log(4))
    assert games.generator_loss([0.0])[0] == pytest.approx(math.log(2))
    assert games.generator_loss([0.0], "saturating")[0] == pytest.approx(-math.log(2))
    weak = games.generator_loss([-20.0], "saturating")[1][0]
    assert -1e-8 < weak < 0 and games.generator_loss([-20.0])[1][0] == pytest.approx(-1, abs=1e-8)


@QUICK
@given(LOGITS)
def test_gradients_are_those_of_the_losses(logits):
    saturating = games.generator_loss(logits, "saturating")[1] * logits.size
    plain = games.generator_loss(logits)[1] * logits.size
    np.testing.assert_allclose(saturating, -expit(logits), atol=1e-12)
    np.testing.assert_allclose(plain, saturating * 0 - expit(-logits), atol=1e-12)
    for loss in games.LOSSES:
        value = [games.generator_loss(np.clip(logits, -30, 30) + e, loss)[0] for e in (-1e-4, 1e-4)]
        slope = games.generator_loss(np.clip(logits, -30, 30), loss)[1].sum()
        assert np.diff(value)[0] / 2e-4 == pytest.approx(slope, abs=1e-6)


def test_a_ring_by_hand_and_its_density_by_scipy():
    ring = games.ring(4, radius=2.0, width=0.5)
    np.testing.assert_allclose(ring.centres, [[2, 0], [0, 2], [-2, 0], [0, -2]], atol=1e-12)
    places = np.random.default_rng(0).normal(size=(20, 2))
    theirs = [multivariate_normal(c, 0.25 * np.eye(2)).pdf(places) for c in ring.centres]
    np.testing.assert_allclose(ring.density(places), np.mean(theirs, axis=0))
    samples = ring.sample(20_000, np.random.default_rng(1))
    assert samples.dtype == np.float32 and samples.shape == (20_000, 2)
    assert games.modes_found(samples, ring).counts / 20_000 == pytest.approx(0.25, abs=0.02)
    assert games.modes_found(samples, ring).good == pytest.approx(1 - math.exp(-4.5), abs=0.005)


@QUICK
@given(st.lists(st.integers(0, 40), min_size=2, max_size=9).filter(any), st.integers(0, 30))
def test_modes_are_counted(counts, stray):
    ring = games.ring(len(counts), radius=10.0, width=0.1)
    samples = np.concatenate([np.repeat(ring.centres, counts, axis=0), np.zeros((stray, 2))])
    modes = games.modes_found(samples, ring)
    total = len(samples)
    assert modes.counts.tolist() == counts
    assert modes.found == sum(n > 0 and n >= 0.01 * total for n in counts)
    assert modes.good == pytest.approx((total - stray) / total)
    shuffled = np.random.default_rng(0).permutation(samples)
    assert games.modes_found(shuffled, ring).found == modes.found


def test_a_sample_belongs_to_its_nearest_mode_only_and_only_if_it_is_near():
    pair = games.line(0.0, 1.0, width=0.5)
    modes = games.modes_found([[0.4], [0.6], [2.4], [2.6]], pair)
    assert modes.counts.tolist() == [1, 2] and modes.good == 0.75 and modes.found == 2
    assert games.modes_found([[0.4], [0.6], [2.4]], pair, least=0.5).found == 1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: games.generator_loss([0.0], "saturated"), "did you mean saturating"),
        (lambda: games.generator_loss([]), "at least one logit"),
        (lambda: games.discriminator_loss([math.nan], [0.0]), "real holds NaN"),
        (lambda: games.optimal_discriminator([1, 2], [1]), "model has shape"),
        (lambda: games.optimal_discriminator([-1], [1]), "data goes down to -1"),
        (lambda: games.js_divergence([1, 1], [0.5, 0.5]), "data sums to 2"),
        (lambda: games.game_value([2, 0], [1, 0], [0, 1]), "discriminator goes up to 2"),
        (lambda: games.Mixture([[0, math.nan]], 1.0), "centres holds NaN"),
        (lambda: games.Mixture([[0, 0]], 0), "width is 0"),
        (lambda: games.ring(0), "modes is 0"),
        (lambda: games.Points(np.zeros((0, 3))), "at least one point"),
        (lambda: games.modes_found([[1, 2, 3]], games.ring()), "samples has shape"),
        (lambda: games.Game(games.ring(), loss="hinge"), "loss 'hinge' is not known"),
        (lambda: games.Game(games.ring(), noise=-1), "noise is -1"),
        (lambda: games.Game(games.ring(), batch=0), "batch is 0"),
        (lambda: small().samples([[1, 2, 3]]), "codes has shape"),
        (lambda: small().judge([1, 2]), "points has shape"),
        (lambda: small().train(-1), "steps is -1"),
        (lambda: small().resume("no_such.npz"), "no_such.npz"),
        (lambda: games.Points(np.zeros((4, 4, 3))), r"wanted \(N, D\), a row for each"),
        (lambda: games.ring().density([1, 2]), r"wanted \(N, 2\), a row for each"),
        (lambda: games.ring().sample(-1, np.random.default_rng(0)), "count is -1"),
        (lambda: small().codes(-1), "count is -1"),
        (lambda: small().step(-1), "n is -1"),
        (lambda: games.Game(games.ring(), rates=(1e-3,)), "wanted two"),
        (lambda: games.Game(games.ring(), rates=1e-3), "wanted two"),
        (lambda: games.Game(games.ring(), rates=(1e-3, math.nan)), "rates is nan"),
    ],
)
def test_bad_input_is_named(call, text):
    with pytest.raises((ValueError, FileNotFoundError), match=text):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: games.Game(np.zeros((9, 2))), "data is of type ndarray; wanted games.Mixture"),
        (lambda: games.Game(None), "data is of type NoneType"),
        (lambda: games.line("a"), "a centre is 'a'"),
        (lambda: games.line([1, 2]), "a centre is"),
        (lambda: games.ring("8"), "modes is '8'"),
        (lambda: games.ring().sample(3, 0), r"rng is of type int; wanted a generator: np\.random"),
        (lambda: games.Points([[1, 2]]).sample("a", np.random.default_rng(0)), "count is 'a'"),
        (lambda: games.modes_found([[1, 2]], games.Points([[1, 2]])), "mixture is of type Points"),
        (lambda: small().codes(2, 0), "rng is of type int"),
        (lambda: small().step("a"), "n is 'a'"),
        (lambda: small().samples(None), "codes is of type NoneType"),
        (lambda: small().train(1, watch=3), "watch is 3; wanted a function"),
        (lambda: games.js_divergence("ab", [1]), "data is of type str"),
    ],
)
def test_things_of_the_wrong_type_are_named(call, text):
    with pytest.raises(TypeError, match=text):
        call()


@functools.cache
def small():
    return games.Game(games.ring(), width=4, batch=4)


def test_a_file_of_other_players_is_refused(tmp_path):
    path = small().save(tmp_path / "game.npz")
    with pytest.raises(ValueError, match="another architecture"):
        games.Game(games.ring(), width=5, batch=4).resume(path)


def test_the_first_weights_are_a_seed_s():
    first, again, other = (games.Game(games.ring(), width=4, seed=s) for s in (1, 1, 2))
    places = np.ones((3, 2))
    assert np.array_equal(first.judge(places), again.judge(places))
    assert not np.array_equal(first.judge(places), other.judge(places))
    assert loop.Record() == first.record


def test_a_step_blurs_all_that_the_discriminator_sees_less_and_less():
    dot = games.Points([[0.0, 0.0]])
    game = games.Game(dot, noise=2.0, quiet=100, moves=3, batch=4000, width=4)
    seen = []
    game._moves = [
        lambda real, codes, blur: seen.append(("D", real, blur)) or 1.0,
        lambda codes, blur: seen.append(("G", blur)) or 2.0,
    ]
    for step, width in ((0, 2.0), (50, 1.0), (100, 0.0), (200, 0.0)):
        assert game.step(step) == {"discriminator": 1.0, "generator": 2.0}
        assert [player for player, *_ in seen] == ["D", "D", "D", "G"]
        arrays = [array for _, *shown in seen for array in shown]
        assert [array.std() for array in arrays] == pytest.approx([width] * 7, rel=0.05)
        assert len({array.tobytes() for array in arrays}) == (7 if width else 1)
        seen.clear()


def test_every_point_is_drawn_as_often_and_first_weights_fill_the_limit_of_glorot():
    drawn = games.Points([[0.0], [1.0], [2.0]]).sample(9000, np.random.default_rng(0))
    assert np.unique(drawn, return_counts=True)[1] / 9000 == pytest.approx(1 / 3, abs=0.02)
    kernel = games.Game(games.ring()).generator.layers[1].kernel.numpy()
    assert 0.99 * math.sqrt(6 / 128) < np.abs(kernel).max() <= math.sqrt(6 / 128)
