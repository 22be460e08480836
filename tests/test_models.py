"""The published networks: shape, errors, and their values by another way through Keras."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_lib import datasets, fetch, images, models


@pytest.fixture(scope="module")
def hed():
    if fetch.cached("hed") is None:
        pytest.skip("needs the asset hed: course fetch hed")
    return models.load("hed")


@pytest.mark.parametrize("shape", [(64, 48, 3), (33, 51), (1, 1, 3), (17, 200, 3)])
def test_hed_gives_a_probability_for_each_pixel(shape, hed):
    edges = hed(np.random.default_rng(0).random(shape, np.float32))
    assert edges.shape == shape[:2] and edges.dtype == np.float32
    assert 0 <= edges.min() <= edges.max() <= 1


def test_hed_shrinks_what_is_too_large(hed, monkeypatch):
    monkeypatch.setattr(hed, "LONGEST", 64, raising=False)
    picture = datasets.photo("coffee")
    edges = hed(picture)
    assert edges.shape == picture.shape[:2]
    small = hed(images.fit(picture, 64))
    enlarged = images.resize(small, *picture.shape[:2], method="linear")
    np.testing.assert_allclose(edges, enlarged, atol=1e-6)


def test_hed_refuses_what_is_no_picture(hed):
    for value in (np.zeros((4, 4, 4)), np.full((4, 4, 3), 255.0), "astronaut"):
        with pytest.raises((ValueError, TypeError), match="image"):
            hed(value)


def test_load_gives_the_same_object(hed):
    assert models.load("hed") is hed


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match="network 'hod' is not known; did you mean hed"):
        models.load("hod")


def test_without_weights_and_network_there_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(FileNotFoundError, match=r"run: course fetch hed$"):
        models._hed.__wrapped__()


@pytest.fixture(scope="module")
def picture():
    return images.resize(datasets.photo("astronaut")[:300, 130:330], 90, 60)


def reference(path, picture):
    """HED through Keras' own VGG16 as its authors fed it: blue, green, red, minus the means."""
    import h5py
    import keras

    base = keras.applications.VGG16(weights=None, include_top=False)
    logits = []
    with h5py.File(path, "r") as file:
        for block, count in enumerate((2, 2, 3, 3, 3), start=1):
            for number in range(count):
                place = f"block{block}/layers/conv2d" + (f"_{number}" if number else "")
                values = [file[f"{place}/vars/{i}"][()] for i in (0, 1)]
                base.get_layer(f"block{block}_conv{number + 1}").set_weights(values)
        taps = [
            base.get_layer(f"block{b}_conv{n}").output
            for b, n in zip(range(1, 6), (2, 2, 3, 3, 3), strict=True)
        ]
        inputs = images.to_bgr(picture).astype(np.float32) - (104.00699, 116.66877, 122.67892)
        for block, features in enumerate(keras.Model(base.input, taps)(inputs[None]), start=1):
            kernel, bias = (file[f"dsn{block}/vars/{i}"][()] for i in (0, 1))
            side = keras.ops.convert_to_numpy(features)[0] @ kernel[0, 0] + bias
            logits.append(half_pixel_bilinear(side[..., 0], picture.shape[:2]))
        kernel, bias = (file[f"fuse/vars/{i}"][()] for i in (0, 1))
    return 1 / (1 + np.exp(-(np.stack(logits, -1) @ kernel.reshape(5) + bias)))


def half_pixel_bilinear(values, size):
    import cv2

    return cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR)


def test_hed_agrees_with_keras_own_vgg16(hed, picture):
    picture = images.from_bytes(images.to_bytes(picture))
    # 96 x 64 halves evenly four times, so Keras' VGG16, which drops odd rows, sees the same maps.
    picture = np.pad(picture, ((0, 6), (0, 4), (0, 0)))
    wanted = reference(fetch.cached("hed"), picture)
    np.testing.assert_allclose(hed(picture), wanted, atol=1e-4)
    assert wanted.max() > 0.5  # there is something to agree on


def test_hed_finds_the_outline_of_a_disc(hed):
    y, x = np.mgrid[:128, :128] - 63.5
    radius = np.hypot(x, y)
    scene = np.where(radius[..., None] < 40, (0.9, 0.4, 0.2), (0.1, 0.2, 0.4)).astype(np.float32)
    edges = hed(scene)
    assert edges[np.abs(radius - 40) < 1].mean() > 0.7
    assert edges[(radius < 25) | ((radius > 55) & (radius < 60))].mean() < 0.1


CHILD = """
import json, sys
import numpy as np
from course_lib import compute, models
picture = np.load(sys.argv[1])
edges = models.load("hed")(picture)
np.save(sys.argv[2], edges)
print(json.dumps(compute.backend()))
"""


def test_hed_is_the_same_on_the_other_backend(hed, picture, tmp_path):
    from course_lib import compute

    other = "jax" if compute.backend() == "tensorflow" else "tensorflow"
    pytest.importorskip(other)
    np.save(tmp_path / "in.npy", picture)
    command = [sys.executable, "-c", CHILD, str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    ran = subprocess.run(
        command, env={**os.environ, "KERAS_BACKEND": other}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == other
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), hed(picture), atol=1e-4)
