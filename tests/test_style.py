"""style: terms by hand and in NumPy, gradients, both ways down, and what is kept when it ends."""

import functools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import compute

# Runs in a process of its own per backend, since Keras keeps the first one it was imported with.
SCRIPT = """
import json, sys, tempfile, pathlib
import numpy as np
from course_lib import compute, images
import keras
from keras import layers as L
from course_lib.networks import probes
from course_lib.translation import style

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
report = {"backend": compute.backend()}


def conv(channels, name):  # smooth, so that finite differences hold
    return L.Conv2D(channels, 3, padding="same", activation="softplus", name=name)


def network():
    return keras.Sequential([keras.Input((None, None, 3)), conv(4, "one"), conv(5, "two"),
                             L.MaxPooling2D(2, name="pool"), conv(6, "three")])


model = network()
photo, art = rng.random((14, 12, 3)).astype("f"), rng.random((17, 19, 3)).astype("f")
options = {"content_layer": "three", "style_layers": ("one", "two"), "smooth": 0.3}


def goal(**other):
    return style.Goal(model, photo, art, **(options | other))


# --- terms: against plain NumPy on the features that probes record ---

def gram(features):
    rows = features.reshape(-1, features.shape[-1]).astype("d")
    return rows.T @ rows / len(rows)


one = goal(weight=4.0, content=0.5, style_layers={"one": 3, "two": 1})
picture = rng.random((1, 14, 12, 3)).astype("f")
values, total, slope = one(picture)
seen = {name: probes.activations(style.averaging(model), ["one", "two", "three"], p)
        for name, p in [("x", picture), ("photo", photo[None]), ("art", art[None])]}
wanted = {"content": ((seen["x"]["three"] - seen["photo"]["three"]) ** 2).sum()
          / (seen["photo"]["three"] ** 2).sum()}
for layer in ("one", "two"):
    g, a = gram(seen["x"][layer]), gram(seen["art"][layer])
    wanted[layer] = ((g - a) ** 2).sum() / (a ** 2).sum()


def rough(p):
    return (np.diff(p, axis=0) ** 2).mean() + (np.diff(p, axis=1) ** 2).mean()


wanted["smoothness"] = rough(picture[0]) / rough(photo)
report["terms"] = [[float(values[n]), float(wanted[n])] for n in one.names]
report["names"] = list(one.names)
report["total"] = [total, float(0.5 * wanted["content"] + 3 * wanted["one"] + wanted["two"]
                                + 0.3 * wanted["smoothness"])]

# --- the gradient: against differences along random directions ---

pairs = []
for _ in range(5):
    way = rng.standard_normal(picture.shape).astype("f")
    reach = 3e-3 / np.abs(way).max()
    ahead, behind = one(picture + reach * way)[1], one(picture - reach * way)[1]
    pairs.append([float((slope * way).sum()), (ahead - behind) / (2 * reach)])
report["slopes"] = pairs

# --- averages instead of maxima, with the same layers ---

mean = style.averaging(model)
plain = keras.Sequential([keras.Input((None, None, 3)), *model.layers[:2], L.AveragePooling2D(2),
                          model.layers[3]])
report["averaging"] = float(np.abs(np.asarray(mean(picture)) - np.asarray(plain(picture))).max())
report["maxima"] = float(np.abs(np.asarray(mean(picture)) - np.asarray(model(picture))).max())
report["shares"] = mean.get_layer("one") is model.get_layer("one")
by_maxima = goal(pooling="max")(picture)[0]["content"]
wish = probes.activations(model, "three", np.concatenate([picture, photo[None]]))
report["pooling"] = [by_maxima, float(((wish[0] - wish[1]) ** 2).sum() / (wish[1] ** 2).sum())]

# --- walking ---

both = goal(weight=3.0)
for method, rate in (("lbfgs", 0.02), ("adam", 0.02)):
    run = style.transfer(both, 60, method=method, rate=rate, keep=(0, 20))
    part = style.transfer(both, 25, method=method, rate=rate, keep=(0, 20))
    folder = pathlib.Path(tempfile.mkdtemp())
    part.save(folder / "run.npz")
    went_on = style.transfer(both, 35, resume=style.load(folder / "run.npz"))
    report[method] = {
        "total": run.total.tolist(), "steps": run.steps, "resumed": went_on.steps,
        "same": float(np.abs(run.picture - went_on.picture).max()),
        "totals": float(np.abs(run.total - went_on.total).max()),
        "untouched": part.steps, "kept": sorted(went_on.kept),
        "start": float(np.abs(run.kept[0] - photo).max()),
        "range": [float(run.picture.min()), float(run.picture.max())],
        "last": float(abs(both(run.picture[None])[1] - run.total[-1])),
        "shape": list(run.picture.shape), "style": [float(run.style[0]), float(run.style[-1])],
    }

noise = [style.transfer(both, 0, start="noise", rng=np.random.default_rng(n)).picture
         for n in (1, 1, 2)]
report["noise"] = [bool((noise[0] == noise[1]).all()), bool((noise[0] == noise[2]).all())]
alone = style.transfer(goal(weight=0, smooth=0), 40, start="noise")
report["content only"] = [list(alone.terms), float(alone.total[0]), float(alone.total[-1])]
report["done at once"] = style.transfer(goal(weight=0, smooth=0), 9).stopped

# --- what is kept when it ends early ---

def cut_at(step, error):
    def watch(run):
        if run.steps == step:
            raise error
    return watch


for method in ("lbfgs", "adam"):
    run = style.transfer(both, 30, method=method, on_step=cut_at(4, KeyboardInterrupt()))
    more = style.transfer(both, 6, resume=run)
    report[f"interrupted {method}"] = [run.steps, run.stopped, more.steps, more.stopped,
                                       bool(more.total[-1] < run.total[-1])]


class Early(style.Goal):  # the first call compiles, which is when a student loses patience
    calls = 0

    def __call__(self, picture):
        self.calls += 1
        if self.calls == 1:
            raise KeyboardInterrupt
        return super().__call__(picture)


hasty = Early(model, photo, art, **options)
before = style.transfer(hasty, 5)
report["before the first step"] = [before.steps, before.stopped, before.total.tolist(),
                                   before.style.tolist(),
                                   style.transfer(hasty, 3, resume=before).steps]
exact = style.transfer(both, 10, method="adam")
report["adam goes on"] = float(np.abs(exact.picture - more.picture).max())


class Breaking(style.Goal):
    calls = 0

    def __call__(self, picture):
        values, total, slope = super().__call__(picture)
        self.calls += 1
        return values, total if self.calls < 6 else float("nan"), slope


for method in ("lbfgs", "adam"):
    broken = Breaking(model, photo, art, **options)
    run = style.transfer(broken, 30, method=method)
    report[f"nan {method}"] = [run.steps, run.stopped, bool(np.isfinite(run.picture).all()),
                               len(run.total)]

# --- pictures of any kind ---

grey, clear = rng.random((20, 21)).astype("f"), rng.random((20, 21, 4)).astype("f")
file = images.write(folder / "style.png", art)
on_white = clear[..., :3] * clear[..., 3:] + 1 - clear[..., 3:]
report["kinds"] = [
    float(np.abs(style.Goal(model, grey, art, **options).photo[0] - grey[..., None]).max()),
    float(np.abs(style.prepare(clear)[0] - on_white).max()),
    float(np.abs(style.prepare(file)[0] - art).max()),
    float(np.abs(style.prepare(file.read_bytes())[0] - art).max()),
    list(style.prepare(rng.random((40, 80, 3)), size=20).shape),
]

# --- wrong input ---

wrong, big = {}, rng.random((14, 12, 3)).astype("f")
run = style.transfer(both, 1)
(folder / "bad.npz").write_bytes(b"nothing")
calls = {
    "same": lambda: style.Goal(model, photo, photo, **options),
    "small": lambda: style.Goal(network_of_pools(), photo, art, **deep),
    "small style": lambda: style.Goal(network_of_pools(), np.ones((64, 64, 3)) / 2, art, **deep),
    "layer": lambda: goal(content_layer="thre"),
    "style layer": lambda: goal(style_layers=("one", "tow")),
    "negative": lambda: goal(weight=-1.0),
    "negative part": lambda: goal(style_layers={"one": -2.0}),
    "all zero": lambda: goal(content=0, weight=0),
    "no parts": lambda: goal(style_layers={"one": 0}),
    "pooling": lambda: goal(pooling="mean"),
    "bytes": lambda: style.Goal(model, np.zeros((20, 20, 3), "uint8"), art, **options),
    "nan": lambda: style.Goal(model, photo, art * np.nan, **options),
    "goal": lambda: style.transfer(model, 3),
    "method": lambda: style.transfer(both, 3, method="sgd"),
    "start": lambda: style.transfer(both, 3, start="nose"),
    "start size": lambda: style.transfer(both, 3, start=art),
    "steps": lambda: style.transfer(both, -3),
    "rate": lambda: style.transfer(both, 3, method="adam", rate=0),
    "other terms": lambda: style.transfer(goal(smooth=0), 3, resume=run),
    "other size": lambda: style.transfer(style.Goal(model, art, photo, **options), 3, resume=run),
    "resume": lambda: style.transfer(both, 3, resume=photo),
    "callback": lambda: style.transfer(both, 3, on_step=3),
    "layers": lambda: goal(style_layers=None),
    "no file": lambda: style.load(folder / "none.npz"),
    "bad file": lambda: style.load(folder / "bad.npz"),
}
deep = {"content_layer": "end", "style_layers": ("end",)}


def network_of_pools():
    x = keras.Input((None, None, 3))
    y = L.MaxPooling2D(4)(L.MaxPooling2D(8)(conv(2, "begin")(x)))
    return keras.Model(x, L.Activation("relu", name="end")(y))


for name, call in calls.items():
    try:
        call()
        wrong[name] = "nothing"
    except Exception as error:
        wrong[name] = f"{type(error).__name__}: {error}"
report["wrong"] = wrong
print("REPORT" + json.dumps(report, default=float))
"""


@functools.cache
def _report(backend):
    quiet = {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=os.environ | quiet
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("REPORT")[1])


@pytest.fixture(params=compute.BACKENDS)
def report(request):
    found = _report(request.param)
    assert found["backend"] == request.param
    return found


def test_terms_equal_numpy(report):
    assert report["names"] == ["content", "one", "two", "smoothness"]
    for ours, wanted in [*report["terms"], report["total"]]:
        assert ours == pytest.approx(wanted, rel=2e-4)


def test_gradient_equals_differences(report):
    ours, differences = np.array(report["slopes"]).T
    np.testing.assert_allclose(ours, differences, rtol=0.02, atol=0.01 * np.abs(ours).max())


def test_averaging_shares_layers_and_replaces_maxima(report):
    assert report["averaging"] < 1e-6 and report["maxima"] > 1e-4 and report["shares"]
    ours, wanted = report["pooling"]
    assert ours == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_walking_leads_down(report, method):
    found = report[method]
    total = found["total"]
    assert found["steps"] == 60 and len(total) == 61
    assert total[-1] < 0.1 * total[0] and found["style"][1] < 0.8 * found["style"][0]
    if method == "lbfgs":  # no step leads up, but for the spring, which is not in the sum
        assert (np.diff(total) <= 1e-4).all()
    assert 0 <= found["range"][0] and found["range"][1] <= 1 and found["shape"] == [14, 12, 3]
    assert found["last"] < 1e-5 and found["start"] == 0 and found["kept"] == [0, 20]


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_resumed_run_equals_one_that_was_never_stopped(report, method):
    found = report[method]
    assert found["resumed"] == 60 and found["untouched"] == 25
    assert found["same"] == 0 and found["totals"] == 0


def test_noise_is_seeded_and_content_alone_brings_the_photo_nearer(report):
    assert report["noise"] == [True, False]
    names, first, last = report["content only"]
    assert names == ["content"] and last < 0.3 * first
    assert report["done at once"].startswith("stopped after step 0: no direction")


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_an_interrupt_keeps_what_was_computed(report, method):
    steps, said, after, later, lower = report[f"interrupted {method}"]
    assert steps == 4 and said == "interrupted after step 4; resume=run goes on from there."
    assert after == 10 and later == "" and lower


def test_an_interrupt_before_the_first_step_can_be_resumed(report):
    steps, said, total, terms, after = report["before the first step"]
    assert steps == 0 and said.startswith("interrupted after step 0; resume=run")
    assert total == [] and terms == [] and after == 3


def test_adam_goes_on_exactly_after_an_interrupt(report):
    assert report["adam goes on"] == 0


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_loss_that_is_no_number_ends_the_run(report, method):
    steps, said, finite, logged = report[f"nan {method}"]
    assert 1 <= steps <= 5 and finite and logged == steps + 1
    remedy = {"adam": "lower rate, which is 0.02", "lbfgs": "lower the weights"}[method]
    assert said.startswith(f"stopped after step {steps}: the loss is nan; {remedy}")


def test_pictures_of_any_kind(report):
    *distances, shape = report["kinds"]
    assert max(distances[:2]) < 1e-6 and max(distances[2:]) < 0.003  # a file holds bytes
    assert shape == [1, 10, 20, 3]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("same", "ValueError: photo and style are the same picture"),
        ("small", "ValueError: a picture of 14 x 12 px is too small for end; wanted at least 32"),
        ("small style", "ValueError: a picture of 17 x 19 px is too small for end"),
        ("layer", "ValueError: layer 'thre' is not known; did you mean three"),
        ("style layer", "ValueError: layer 'tow' is not known; did you mean two"),
        ("negative", "ValueError: weight is -1.0; wanted a number of at least 0"),
        ("negative part", "ValueError: one is -2.0; wanted a number of at least 0"),
        ("all zero", "ValueError: content and weight are both 0"),
        ("no parts", "ValueError: style_layers has no layer above 0"),
        ("pooling", "ValueError: pooling 'mean' is not known"),
        ("bytes", "ValueError: photo holds bytes (0 to 255); wanted values in [0, 1]"),
        ("nan", "ValueError: style has values from nan"),
        ("goal", "TypeError: goal is a Sequential; wanted a style.Goal"),
        ("method", "ValueError: method 'sgd' is not known; there are lbfgs, adam"),
        ("start", "ValueError: start 'nose' is not known; did you mean noise"),
        ("start size", "ValueError: start is 17 x 19 px; wanted the photo's 14 x 12"),
        ("steps", "ValueError: steps is -3; wanted a whole number of at least 0"),
        ("rate", "ValueError: rate is 0; wanted"),
        ("other terms", "ValueError: resume has the terms content, one, two, smoothness"),
        ("other size", "ValueError: resume is 14 x 12 px; wanted the photo's 17 x 19"),
        ("resume", "TypeError: resume is a ndarray; wanted the Run"),
        ("callback", "TypeError: on_step is a int; wanted a function of the run"),
        ("layers", "TypeError: style_layers is a NoneType; wanted names of layers"),
        ("no file", "FileNotFoundError: there is no run in"),
        ("bad file", "ValueError: "),
    ],
)
def test_wrong_input_is_named(report, name, words):
    assert report["wrong"][name].startswith(words)


def test_backends_agree():
    one, two = map(_report, compute.BACKENDS)
    for key in ("terms", "slopes"):
        np.testing.assert_allclose(np.shape(one[key]), np.shape(two[key]))
    for method in ("lbfgs", "adam"):
        assert one[method]["total"][-1] < 0.5 and two[method]["total"][-1] < 0.5


# --- Gram matrices: known answers ---


def gram(features):
    from course_lib.translation import style

    return np.asarray(style.gram(features))


def test_gram_by_hand():
    features = np.array([[[[1, 0], [2, 1]], [[0, 3], [1, 0]]]], np.float32)  # (1, 2, 2, 2)
    np.testing.assert_allclose(gram(features), [[6 / 4, 2 / 4], [2 / 4, 10 / 4]])


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(0, 99))
def test_gram_equals_a_loop_and_is_blind_to_places(height, width, channels, seed):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((1, height, width, channels)).astype(np.float32)
    loop = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            loop[i, j] = np.mean(features[0, :, :, i].astype(np.float64) * features[0, :, :, j])
    found = gram(features)
    np.testing.assert_allclose(found, loop, atol=1e-5)
    np.testing.assert_allclose(found, found.T)
    assert np.linalg.eigvalsh(found.astype(np.float64)).min() > -1e-5
    shifted = np.roll(features, rng.integers(0, 5, 2), axis=(1, 2))
    np.testing.assert_allclose(gram(shifted), found, atol=1e-5)
    places = rng.permutation(height * width)
    mixed = features.reshape(1, height * width, 1, channels)[:, places]
    np.testing.assert_allclose(gram(mixed), found, atol=1e-5)


def test_terms_by_hand():
    from course_lib.translation import style

    error = style.relative_error(np.array([3.0, 4.0]), np.array([0.0, 5.0]))
    assert float(error) == pytest.approx(0.4)
    ramp = np.zeros((1, 2, 3, 1), np.float32)
    ramp[0, :, :, 0] = [[0, 1, 2], [0, 1, 2]]  # one step across everywhere, none down
    assert float(style.variation(ramp)) == 1
    assert float(style.variation(np.ones((1, 4, 4, 3), np.float32))) == 0
    features = np.ones((1, 2, 2, 2), np.float32)
    assert float(style.content_term(features, 2 * features)) == pytest.approx(0.25)
    assert float(style.style_term(features, 2 * gram(features))) == pytest.approx(0.25)


# --- a run's sums, and its figures ---


def made_up_run():
    from course_lib.translation import style

    terms = {
        "content": [0.0, 0.5],
        "block1": [1.0, 0.4],
        "block2": [2.0, 0.2],
        "smoothness": [1, 3],
    }
    weights = {"content": 2.0, "block1": 3.0, "block2": 1.0, "smoothness": 0.5}
    picture = np.full((4, 5, 3), 0.5, np.float32)
    return style.Run(picture, weights, terms=terms, kept={0: picture, 1: picture})


def test_sums_of_a_run_by_hand():
    run = made_up_run()
    assert run.steps == 1
    np.testing.assert_allclose(run.total, [5.5, 3.9])
    np.testing.assert_allclose(run.style, [1.25, 0.35])


def test_a_run_is_saved_whole_or_not_at_all(tmp_path, monkeypatch):
    from course_lib.translation import style

    path, run = tmp_path / "run.npz", made_up_run()
    run.save(path)
    before = path.read_bytes()

    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError, match="make it first"):
        run.save(tmp_path / "none" / "run.npz")
    for call in (run.save, style.load):
        with pytest.raises(TypeError, match="path is NoneType"):
            call(None)


@pytest.mark.parametrize("kind", ["cut", "flipped", "other names", "a list", "array"])
def test_a_file_that_is_no_run_is_refused(tmp_path, kind):
    from course_lib.translation import style

    path = tmp_path / "run.npz"
    made_up_run().save(path)
    content = path.read_bytes()
    if kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "flipped":
        middle = content.index(b"picture.npy") + 200
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    elif kind == "array":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    else:
        about = {"other names": '{"steps": 3}', "a list": "[1]"}[kind]
        np.savez(path, about=np.array(about), picture=np.zeros((3, 3, 3)))
    with pytest.raises(ValueError, match="is damaged, or not a run"):
        style.load(path)


def test_figures_show_what_a_run_holds():
    import matplotlib.pyplot as plt

    from course_lib.translation.style import drawing

    run, (_, axes) = made_up_run(), plt.subplots(1, 5)
    lines = {line.get_label(): line for line in drawing.show_terms(axes[0], run).lines}
    assert set(lines) == {"style, mean of its layers", "content", "smoothness"}
    assert np.isnan(lines["content"].get_ydata()[0])  # 0 is not drawn on a logarithmic axis
    assert len(drawing.show_layers(axes[1], run).lines) == 2
    totals = drawing.show_totals(axes[2], {"one": run, "two": run})
    assert len(totals.lines) == 2 and totals.yaxis.get_minor_formatter()(4) == "4"
    drawing.show_gram(axes[3], np.eye(3))
    texts = drawing.show_distances(axes[4], np.eye(2), [("a", "b")] * 2).texts
    assert [text.get_text() for text in texts] == ["1.00", "0.00", "0.00", "1.00"]
    table = np.array([[0.0, 1.3], [3.4, 15.0]])  # white only where the field is dark
    texts = drawing.show_distances(axes[4], table, [("a", "b")] * 2).texts[-4:]
    assert "".join(text.get_color() for text in texts) == "kkkw"
    assert len(drawing.show_steps(run).axes) == 2
    gallery = drawing.show_gallery([run.picture] * 3, [run.picture] * 3, list("abc"))
    assert sum(len(ax.child_axes) for ax in gallery.axes) == 3
    plt.close("all")
