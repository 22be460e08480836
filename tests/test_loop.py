"""loop: interrupted, saved, resumed, diverged; a resumed training equals an uninterrupted one."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib.generation import loop


class Variable:
    """What the loop needs of a keras.Variable."""

    def __init__(self, value, path="variable"):
        self.value, self.path = np.array(value, float), path

    @property
    def shape(self):
        return self.value.shape

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype)

    def assign(self, value):
        self.value = np.array(value)


def counting(variable):
    """A step that adds one to a variable; its loss is the number of the step."""

    def step(n):
        variable.assign(variable.value + 1)
        return {"loss": n}

    return step


def test_every_step_is_made_and_recorded():
    variable, seen = Variable(0), []
    record = loop.train(counting(variable), 7, every=3, watch=lambda r: seen.append(r.steps))
    assert (record.steps, record.stopped, variable.value) == (7, "", 7)
    assert record.curves == {"loss": [0, 1, 2, 3, 4, 5, 6]} and seen == [3, 6, 7]
    assert loop.train(counting(variable), 2, record=record) is record
    assert record.steps == 9 and record.curves["loss"][-1] == 8


def test_no_steps():
    assert loop.train(counting(Variable(0)), 0) == loop.Record()


def test_an_interrupt_keeps_what_was_learned(capsys):
    variable = Variable(0)
    count = counting(variable)

    def step(n):
        if n == 4 and not record.stopped:
            raise KeyboardInterrupt
        return count(n)

    record = loop.Record()
    assert loop.train(step, 10, record=record) is record
    assert record.steps == variable.value == 4
    assert record.stopped == "Stopped by hand after step 4 of 10"
    assert "What was learned is kept" in capsys.readouterr().out
    loop.train(count, 6, record=record)
    assert (record.steps, record.stopped) == (10, "")
    assert record.curves["loss"] == list(range(10))


def test_an_interrupt_in_the_figure_keeps_the_step():
    def watch(record):
        raise KeyboardInterrupt

    record = loop.train(counting(Variable(0)), 10, every=5, watch=watch)
    assert record.steps == len(record.curves["loss"]) == 5


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_stops_and_puts_back_what_was_good(value):
    variable = Variable([0.0])
    count = counting(variable)

    def step(n):
        losses = count(n)
        return {"one": 0.5, "other": value} if n == 7 else {"one": losses["loss"], "other": 1}

    with pytest.raises(loop.Diverged, match="step 7: the other loss is .* Lower the learn") as info:
        loop.train(step, 20, variables=[variable], every=5)
    record = info.value.record
    assert "from before step 5" in str(info.value)
    assert variable.value.tolist() == [5] and record.steps == 5
    assert record.curves == {"one": [0, 1, 2, 3, 4], "other": [1] * 5}
    loop.train(count, 1, record=record, variables=[variable])
    assert record.steps == 6


@pytest.mark.parametrize("every, back", [(1, 4), (5, 0), (100, 0)])
def test_what_made_the_loss_no_number_is_not_what_is_put_back(every, back):
    """A step's loss is of the variables before it, which the step before may have spoilt."""
    variable = Variable(0.0)

    def step(n):
        loss = float(variable.value)
        variable.assign(np.nan if n == 4 else n + 1)
        return {"loss": loss}

    with pytest.raises(loop.Diverged, match=f"step 5: .* before step {back}") as info:
        loop.train(step, 20, variables=[variable], every=every)
    assert variable.value == back == info.value.record.steps
    assert info.value.record.curves == {"loss": list(range(back))}


def test_divergence_without_variables_keeps_the_record():
    with pytest.raises(loop.Diverged) as info:
        loop.train(lambda n: {"loss": np.nan if n == 3 else 1}, 5)
    assert info.value.record.steps == 3 and isinstance(info.value, ValueError)


# --- files ---


def test_what_is_saved_is_read(tmp_path):
    record = loop.Record(3, {"a": [1.0, 2.0, 3.5]}, "Stopped by hand after step 3 of 9")
    rng = np.random.default_rng(5)
    rng.random(3)
    path = loop.save(tmp_path / "訓練 1.npz", record, [Variable([1, 2]), Variable(3)], rng=rng)
    assert [p.name for p in tmp_path.iterdir()] == ["訓練 1.npz"]
    new, other = [Variable([0, 0]), Variable(0)], np.random.default_rng(0)
    assert loop.resume(path, new, rng=other) == record
    assert [v.value.tolist() for v in new] == [[1, 2], 3]
    assert other.random() == rng.random()


@pytest.fixture
def saved(tmp_path):
    return loop.save(tmp_path / "a.npz", loop.Record(), [Variable([1, 2]), Variable(3)])


@pytest.mark.parametrize(
    "shapes, message",
    [
        ([(2,)], "holds 2 variables, these networks have 1"),
        ([(2,), (1,)], r"another architecture: its variable 1 has shape \(\), here v1 has \(1,\)"),
        ([(3,), ()], r"another architecture: its variable 0 has shape \(2,\), here v0 has \(3,\)"),
    ],
)
def test_another_architecture_is_refused_and_nothing_changed(saved, shapes, message):
    variables = [Variable(np.full(shape, 7), f"v{n}") for n, shape in enumerate(shapes)]
    with pytest.raises(ValueError, match=message):
        loop.resume(saved, variables)
    assert all((v.value == 7).all() for v in variables)


@pytest.mark.parametrize("content", [b"", b"<html>", "half", "other"])
def test_a_damaged_file_is_refused(saved, content):
    if content == "half":
        content = saved.read_bytes()[:200]
    if content == "other":
        np.savez(saved, a=np.zeros(3))
    else:
        saved.write_bytes(content)
    with pytest.raises(ValueError, match="a.npz is damaged, or no training"):
        loop.resume(saved, [Variable([1, 2]), Variable(3)])


@pytest.mark.parametrize("about", ["[1]", "7", '{"rng": null, "more": 1}', '{"steps": 3}', "{"])
def test_another_programs_file_is_refused(tmp_path, about):
    np.savez(tmp_path / "a.npz", about=np.array(about))
    with pytest.raises(ValueError, match="a.npz is damaged, or no training"):
        loop.resume(tmp_path / "a.npz", [])


def test_what_is_kept_does_not_change_with_the_variable():
    """A variable may hand out a view of its numbers: the loop puts back what they were."""

    class View(Variable):
        def __array__(self, dtype=None, copy=None):
            return self.value

    variable = View([0.0])

    def step(n):
        variable.value += 1
        return {"loss": np.nan if n == 2 else 0}

    with pytest.raises(loop.Diverged):
        loop.train(step, 3, variables=[variable])
    assert variable.value.tolist() == [0]


@pytest.mark.parametrize("rng", ["x", 3, np.random.Generator(np.random.MT19937(0))])
def test_generators_that_cannot_be_kept(tmp_path, rng):
    with pytest.raises(TypeError, match="wanted a generator from np.random.default_rng"):
        loop.save(tmp_path / "a.npz", loop.Record(), [], rng=rng)
    path = loop.save(tmp_path / "a.npz", loop.Record(), [], rng=np.random.default_rng(0))
    variable = Variable(7)
    with pytest.raises(TypeError, match="wanted a generator from np.random.default_rng"):
        loop.resume(path, [], rng=rng)
    assert variable.value == 7


@pytest.mark.parametrize("value", [None, 3, "x", []])
def test_what_is_no_function_record_or_loss(value):
    def good(n):
        return {"loss": 1}

    kind = type(value).__name__
    with pytest.raises(TypeError, match=f"step is {kind}; wanted a function"):
        loop.train(value, 1)
    with pytest.raises(TypeError, match=f"step returned {kind}; wanted a dict of losses"):
        loop.train(lambda n: value, 1)
    if value is not None:
        with pytest.raises(TypeError, match=f"watch is {kind}; wanted a function"):
            loop.train(good, 1, watch=value)
        with pytest.raises(TypeError, match=f"record is {kind}; wanted what `train` returned"):
            loop.train(good, 1, record=value)
    with pytest.raises((TypeError, ValueError), match="loss (is of type|has shape)"):
        loop.train(lambda n: {"loss": [1, 2] if value == 3 else value}, 1)


def test_names(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no b.npz; save a training first"):
        loop.resume(tmp_path / "b.npz", [])
    with pytest.raises(ValueError, match="wanted a name that ends in .npz"):
        loop.save(tmp_path / "b.h5", loop.Record(), [])
    with pytest.raises(FileNotFoundError, match="There is no folder monday; make it first"):
        loop.save(tmp_path / "monday" / "b.npz", loop.Record(), [])
    for path in (None, 3):
        with pytest.raises(TypeError, match="wanted the name of a file"):
            loop.save(path, loop.Record(), [])
        with pytest.raises(TypeError, match="wanted the name of a file"):
            loop.resume(path, [])
    with pytest.raises(TypeError, match="record is NoneType; wanted what `train` returned"):
        loop.save(tmp_path / "b.npz", None, [])


@pytest.mark.parametrize("steps, every", [(-1, 1), (1.5, 1), (3, 0)])
def test_bad_numbers(steps, every):
    with pytest.raises((TypeError, ValueError), match="steps|every"):
        loop.train(counting(Variable(0)), steps, every=every)


# --- a real training on both backends ---

# Batch normalisation and dropout have a state of their own, and Adam has its momenta.
SCRIPT = """
import json, sys, warnings
import numpy as np
from course_lib import compute
import keras
warnings.filterwarnings("error", message="__array__ implementation")  # NumPy 2 and a copy
from course_lib.generation import loop

class Game:
    def __init__(self):
        keras.utils.set_random_seed(1)
        self.rng = np.random.default_rng(2)
        self.model = keras.Sequential([
            keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(1)])
        self.optimizer = keras.optimizers.Adam(0.01)
        self.move = compute.train_step(
            lambda x: keras.ops.mean((self.model(x, training=True) - 1) ** 2),
            self.model.trainable_variables, self.optimizer, state=self.model.variables)
        self.variables = [*self.model.variables, *self.optimizer.variables]

    def step(self, n):
        if n == self.stop:
            self.stop = None
            raise KeyboardInterrupt
        return {"loss": self.move(self.rng.normal(size=(8, 3)))}

    stop = None

    def weights(self):
        return [np.asarray(v).ravel().tolist() for v in self.model.variables]

straight = Game()
record = loop.train(straight.step, 12)
broken = Game()
broken.stop = 5
half = loop.train(broken.step, 12, variables=broken.variables)
path = loop.save(sys.argv[1], half, broken.variables, rng=broken.rng)
fresh = Game()
fresh.rng = np.random.default_rng(99)
for variable in fresh.variables:
    variable.assign(np.zeros(variable.shape))
resumed = loop.resume(path, fresh.variables, rng=fresh.rng)
loop.train(fresh.step, 7, record=resumed)
print(json.dumps({
    "backend": compute.backend(), "stopped": half.stopped, "half": half.steps,
    "losses": [record.curves["loss"], resumed.curves["loss"]],
    "weights": [straight.weights(), fresh.weights()],
}))
"""


@functools.cache
def child(backend, path):
    env = {**os.environ, "KERAS_BACKEND": backend}
    args = [sys.executable, "-c", SCRIPT, path]
    run = subprocess.run(args, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_resumed_equals_uninterrupted(backend, tmp_path):
    pytest.importorskip(backend)
    came = child(backend, str(tmp_path / "saved.npz"))
    assert came["backend"] == backend and came["half"] == 5
    assert came["stopped"] == "Stopped by hand after step 5 of 12"
    straight, resumed = came["losses"]
    assert len(straight) == 12 and resumed == straight
    assert came["weights"][0] == came["weights"][1]
