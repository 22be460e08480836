"""Load a data set or a photo by name.

The photographs and the LFW subset are inside scikit-image's and scikit-learn's wheels and need no
download; the others come through `fetch` at their first use.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np

from course_lib import checks, fetch, images

from .labelled import CIFAR10_NAMES, FASHION_NAMES, cifar10, fashion_mnist, mnist

__all__ = [
    "CIFAR10_NAMES",
    "FASHION_NAMES",
    "AnnotatedPhoto",
    "cbcl",
    "cifar10",
    "fashion_mnist",
    "group_photos",
    "lfw",
    "mnist",
    "orl",
    "photo",
    "photo_names",
]

SKIMAGE = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "chelsea": "chelsea.png",
    "clock": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "ihc": "ihc.png",
    "moon": "moon.png",
    "motorcycle_left": "motorcycle_left.png",
    "motorcycle_right": "motorcycle_right.png",
    "page": "page.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "text": "text.png",
}
SKLEARN = {"china": "china.jpg", "flower": "flower.jpg"}


@dataclass(frozen=True)
class AnnotatedPhoto:
    """A photograph with its annotated faces.

    Attributes
    ----------
    name : str
        Of the file, without its suffix.
    image : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    boxes : (n, 4) float64 ndarray
        One face each, corners ``x0, y0, x1, y1`` in pixels.
    landmarks : (n, 68, 2) float64 ndarray
        Points ``x, y`` in pixels, in dlib's order: 0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes,
        48-67 mouth. dlib's model placed them, not a person.
    """

    name: str
    image: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray


def photo_names():
    """Name the photographs that `photo` knows.

    Returns
    -------
    list of str
    """
    return sorted(SKIMAGE | SKLEARN)


def photo(name):
    """Load a photograph that came with the packages of the course; nothing is downloaded.

    Parameters
    ----------
    name : str
        One of `photo_names`, such as ``"astronaut"``.

    Returns
    -------
    (H, W, 3) or (H, W) float32 ndarray
        RGB in [0, 1], or grey.

    Raises
    ------
    ValueError
        If there is no such photo; near ones are named.

    Notes
    -----
    Colour profiles are applied, as `images.read` does; ``skimage.data.rocket`` leaves its one out.
    Source: ``skimage.data`` and ``sklearn.datasets``, which name each picture's author and licence.
    """
    checks.choice(name, "photo", photo_names())
    if name in SKIMAGE:
        file = resources.files("skimage") / "data" / SKIMAGE[name]
    else:
        file = resources.files("sklearn") / "datasets" / "images" / SKLEARN[name]
    with resources.as_file(file) as path:
        return images.read(path)


def lfw():
    """Load 200 small windows of photographs, half of them faces; nothing is downloaded.

    Returns
    -------
    windows : (200, 25, 25) float32 ndarray
        Grey in [0, 1].
    labels : (200,) int64 ndarray
        1 face, 0 not; the faces come first.

    Notes
    -----
    Source: Labeled Faces in the Wild (Huang et al., 2007), the subset in ``skimage.data``.
    Used in ``01_1_haar_features`` and ``01_2_adaboost``.
    """
    with resources.as_file(resources.files("skimage") / "data" / "lfw_subset.npy") as path:
        windows = np.load(path, allow_pickle=False).astype(np.float32)
    return windows, np.repeat([1, 0], 100)


def cbcl():
    """Load the CBCL windows: 2,429 faces and 4,548 cut-outs without one.

    Returns
    -------
    windows : (6977, 19, 19) float32 ndarray
        Grey in [0, 1].
    labels : (6977,) int64 ndarray
        1 face, 0 not; the faces come first.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: CBCL Face Database 1, MIT Center for Biological and Computational Learning. For
    research; do not publish pictures of it. Used in ``01_3_face_detector``.
    """
    folder = fetch.fetch("cbcl_faces")
    faces = _pgm_folder(folder / "face")
    others = _pgm_folder(folder / "non-face")
    labels = np.repeat([1, 0], [len(faces), len(others)])
    return np.concatenate([faces, others]), labels


def orl():
    """Load the ORL faces: 40 people, ten pictures each.

    Returns
    -------
    pictures : (400, 112, 92) float32 ndarray
        Grey in [0, 1].
    people : (400,) int64 ndarray
        0 to 39, in order.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: Samaria and Harter, 1994; AT&T Laboratories Cambridge.
    """
    folder = fetch.fetch("orl_faces")
    pictures = [_pgm_folder(folder / f"s{person}") for person in range(1, 41)]
    return np.concatenate(pictures), np.repeat(np.arange(40), 10)


def group_photos():
    """Load the nine annotated group photos, 43 faces in all.

    Returns
    -------
    list of AnnotatedPhoto
        In the order of their names.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: dlib's example faces (King, JMLR 2009), photos of PASCAL VOC 2011: use them, do not
    redistribute them. dlib writes left, top, width, height; here the right and lower edges are
    left + width and top + height. Used in ``01_3_face_detector``.
    """
    folder = fetch.fetch("group_photos")
    photos = [
        _annotated(folder, entry)
        for file in sorted(folder.glob("*_with_face_landmarks.xml"))
        for entry in ElementTree.parse(file).iterfind("images/image")
    ]
    return sorted(photos, key=lambda photo: photo.name)


def _annotated(folder, entry):
    boxes, landmarks = [], []
    for box in entry.iterfind("box"):
        x, y, width, height = (float(box.get(k)) for k in ("left", "top", "width", "height"))
        boxes.append((x, y, x + width, y + height))
        points = sorted(box.iterfind("part"), key=lambda part: int(part.get("name")))
        landmarks.append([(float(part.get("x")), float(part.get("y"))) for part in points])
    path = folder / entry.get("file")
    return AnnotatedPhoto(path.stem, images.read(path), np.array(boxes), np.array(landmarks))


def _pgm_folder(folder):
    """All PGM files of a folder, of one size, as ``(N, H, W)`` in [0, 1]."""
    files = sorted(folder.glob("*.pgm"))
    # OpenCV takes 23 microseconds for each of 7,000 files, Pillow 78; decoding from memory also
    # works where OpenCV cannot open a path, as with Japanese letters on Windows.
    contents = [np.frombuffer(file.read_bytes(), np.uint8) for file in files]
    pictures = np.stack([cv2.imdecode(c, cv2.IMREAD_GRAYSCALE) for c in contents])
    return pictures.astype(np.float32) / 255
