"""MoveNet's real network: 17 parts of one person, in the picture's pixels."""

import cv2
import numpy as np
import pytest

from course_lib import compute, datasets, images
from course_lib.pose import movenet

EYE_TO_EYE = 43  # px in the astronaut's photo


@pytest.fixture
def graph(asset):
    """The network's file, or a skip that says how to get it."""
    pytest.importorskip("tensorflow")
    return asset("movenet")


@pytest.fixture
def astronaut():
    return datasets.photo("astronaut")


def test_names_and_limbs_fit():
    assert len(movenet.NAMES) == len(set(movenet.NAMES)) == 17
    for a, b in movenet.LIMBS:
        sides = {movenet.NAMES[k].split()[0] for k in (a, b)}
        across = {movenet.NAMES[a].split()[-1], movenet.NAMES[b].split()[-1]}
        assert sides != {"left", "right"} or across in ({"shoulder"}, {"hip"})


def test_parts_are_in_the_order_of_coco():
    parts = ["eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
    assert movenet.NAMES[0] == "nose"
    assert movenet.NAMES[1::2] == tuple(f"left {part}" for part in parts)
    assert movenet.NAMES[2::2] == tuple(f"right {part}" for part in parts)


def test_the_network_itself_says_the_same(graph, astronaut):
    """Of a square picture, shrunk by OpenCV: colours, resizing and places."""
    square = cv2.resize(astronaut, (192, 192), interpolation=cv2.INTER_AREA)
    y, x, score = compute.tflite(graph)(images.to_bytes(square)[None])[0][0, 0].T
    expected = np.stack([x * 512 - 0.5, y * 512 - 0.5, score], axis=1)
    found = movenet.detect(astronaut, threshold=0)
    assert np.allclose(found.keypoints[0], expected, atol=1e-3)


def test_astronaut(graph, astronaut):
    people = movenet.detect(astronaut)
    assert people.keypoints.shape == (1, 17, 3)
    nose, right, left = (people.part(name)[0] for name in ("nose", "right eye", "left eye"))
    assert np.hypot(*(nose[:2] - [221, 125])) < 12  # read off the photo
    assert right[0] < nose[0] < left[0]  # she looks at us: her right is on our left
    assert people.names == movenet.NAMES


def test_mirror_exchanges_left_and_right(graph, astronaut):
    people = movenet.detect(astronaut)
    mirrored = movenet.detect(np.ascontiguousarray(astronaut[:, ::-1])).mirrored(512)
    for name in ("nose", "right eye", "left eye", "right ear", "left ear"):
        away = np.hypot(*(people.part(name) - mirrored.part(name))[0, :2])
        assert away < EYE_TO_EYE / 2


@pytest.mark.parametrize(("top", "left"), [(3, 29), (0, 61), (37, 0)])
def test_places_are_in_the_pixels_of_any_picture(graph, astronaut, top, left):
    cut = movenet.detect(astronaut[top:, left:]).part("nose")[0, :2]
    assert np.hypot(*(cut - [221 - left, 125 - top])) < 14


@pytest.mark.parametrize("shape", [(400, 800), (800, 400)])
def test_the_picture_keeps_its_shape(graph, astronaut, shape):
    """In the middle of a wide or high grey picture the nose is where it was put."""
    picture = np.full((*shape, 3), 0.5, np.float32)
    top, left = ((side - 400) // 2 for side in shape)
    picture[top : top + 400, left : left + 400] = images.resize(astronaut, 400, 400)
    nose = movenet.detect(picture, threshold=0.1).part("nose")[0, :2]
    assert np.hypot(*(nose - [221 * 400 / 512 + left, 125 * 400 / 512 + top])) < 15


def test_grey_picture(graph, astronaut):
    assert len(movenet.detect(images.to_grey(astronaut))) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (2, 900), (10_000, 3)])
def test_tiny_and_long_pictures_hold_nobody(graph, shape):
    people = movenet.detect(np.full(shape, 0.5, np.float32))
    assert people.keypoints.shape == (0, 17, 3)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "brick", "coins"])
def test_nobody(graph, name):
    assert len(movenet.detect(datasets.photo(name))) == 0


def test_threshold(graph, astronaut):
    every, some = (movenet.detect(astronaut, threshold=t).found.sum() for t in (0.0, 0.4))
    assert every == 17 > some
    assert len(movenet.detect(astronaut, threshold=1.0)) == 0


def test_minimum_parts(graph, astronaut):
    parts = int(movenet.detect(astronaut).found.sum())
    assert 4 < parts < 17
    assert len(movenet.detect(astronaut, minimum_parts=parts)) == 1
    assert len(movenet.detect(astronaut, minimum_parts=parts + 1)) == 0


def test_errors_are_a_sentence(graph, astronaut):
    with pytest.raises(ValueError, match="threshold is 2"):
        movenet.detect(astronaut, threshold=2)
    with pytest.raises(ValueError, match="minimum_parts is 0"):
        movenet.detect(astronaut, minimum_parts=0)
    with pytest.raises(ValueError, match="wanted a picture"):
        movenet.detect(np.zeros((4, 4, 4)))
    with pytest.raises(ValueError, match="values from nan to nan"):
        movenet.detect(np.full((9, 9), np.nan))
    with pytest.raises(TypeError, match="image is of type str"):
        movenet.detect("photo.jpg")


def test_truncated_file(graph, tmp_path):
    path = tmp_path / "movenet.tflite"
    path.write_bytes(graph.read_bytes()[:1_000_000])
    with pytest.raises(ValueError, match="not a whole TensorFlow Lite network"):
        compute.tflite(path)
