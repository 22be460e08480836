"""The detector against OpenCV's, box for box, and against windows worked out by hand."""

import functools

import cv2
import numba
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import images
from course_lib.classic import cascade, haar
from course_lib.classic.cascade import kernels as scan_kernels
from course_lib.classic.cascade import pyramid, scan
from course_lib.detection import boxes

FACE = "haarcascade_frontalface_default"
PHOTOS = ("astronaut", "camera", "chelsea", "coffee", "coins", "rocket")
# Stumps; trees of two questions; tilted stumps; tilted trees; the older format.
KINDS = (
    FACE,
    "haarcascade_eye",
    "haarcascade_frontalface_alt2",
    "haarcascade_fullbody",
    "haarcascade_eye_tree_eyeglasses",
    "haarcascade_license_plate_rus_16stages",
)


@functools.cache
def photo(name):
    return images.from_bytes(getattr(skimage.data, name)())


@functools.cache
def theirs(name):
    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}{name}.xml")


def opencv_boxes(image, detector, factor=1.1, neighbors=3, smallest=(0, 0), largest=(0, 0)):
    picture = images.to_bytes(image) if image.ndim == 2 else images.to_bgr(image)
    found = detector.detectMultiScale(picture, factor, neighbors, minSize=smallest, maxSize=largest)
    found = np.array(found, float).reshape(-1, 4)
    return np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])


def assert_same_boxes(ours, expected):
    """The same boxes; OpenCV's threads finish in any order."""
    assert sorted(map(tuple, ours)) == sorted(map(tuple, expected))


@pytest.fixture(scope="module")
def eager(tmp_path_factory):
    """A detector that hits often, the same for both: two stages of the eye's."""
    head = cascade.opencv_cascade("haarcascade_eye").head(2)
    path = cascade.write_cascade(tmp_path_factory.mktemp("cascade") / "eager.xml", head)
    return head, cv2.CascadeClassifier(str(path))


@pytest.mark.parametrize("name", KINDS)
def test_the_boxes_are_opencvs(name):
    found = 0
    for image in map(photo, PHOTOS):
        for neighbors in (0, 3):
            expected = opencv_boxes(image, theirs(name), 1.2, neighbors)
            own = cascade.opencv_cascade(name)
            ours = scan.detect(image, own, scale_factor=1.2, min_neighbors=neighbors)
            assert_same_boxes(ours, expected)
            found += len(expected)
    assert found > 0 or "plate" in name


@pytest.mark.parametrize("factor", [1.05, 1.1, 1.3, 2.0])
def test_every_scale_factor(factor):
    ours = scan.raw_hits(photo("astronaut"), cascade.opencv_cascade(FACE), scale_factor=factor)
    expected = opencv_boxes(photo("astronaut"), theirs(FACE), factor, 0)
    assert_same_boxes(ours, expected)
    assert len(expected) > 0


@pytest.mark.parametrize(
    "smallest, largest",
    [((60, 60), (0, 0)), ((0, 0), (90, 90)), ((80, 60), (120, 110)), ((97, 97), (97, 97))],
)
def test_limits_of_size(smallest, largest):
    expected = opencv_boxes(photo("astronaut"), theirs(FACE), 1.1, 0, smallest, largest)
    ours = scan.raw_hits(
        photo("astronaut"),
        cascade.opencv_cascade(FACE),
        min_size=smallest if any(smallest) else None,
        max_size=largest if any(largest) else None,
    )
    assert_same_boxes(ours, expected)


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(20, 150), st.integers(20, 150)),
    corner=st.tuples(st.integers(0, 360), st.integers(0, 360)),
    factor=st.sampled_from([1.07, 1.25, 1.6]),
)
def test_pictures_of_any_size(eager, size, corner, factor):
    (height, width), (y, x) = size, corner
    image = photo("astronaut")[y : y + height, x : x + width]
    ours = scan.detect(image, eager[0], scale_factor=factor, min_neighbors=0)
    assert_same_boxes(ours, opencv_boxes(image, eager[1], factor, 0))


def test_noise_of_full_contrast(eager):
    image = np.random.default_rng(3).integers(0, 2, (97, 131)).astype(np.float32)
    ours = scan.detect(image, eager[0], min_neighbors=0)
    assert len(ours) > 0
    assert_same_boxes(ours, opencv_boxes(image, eager[1], 1.1, 0))


def test_stage_counts_are_the_hits_of_shorter_cascades(tmp_path):
    whole, image = cascade.opencv_cascade(FACE), photo("astronaut")
    counts = scan.stage_counts(image, whole, scale_factor=1.3)
    assert counts.shape == (26,)
    assert np.all(np.diff(counts) <= 0) and counts[0] > 1000 * counts[-1]
    for stages in (1, 2, 5, 12, 25):
        path = cascade.write_cascade(tmp_path / f"{stages}.xml", whole.head(stages))
        detector = cv2.CascadeClassifier(str(path))
        assert counts[stages] == len(opencv_boxes(image, detector, 1.3, 0))


def dark_above_light(threshold=-0.3):
    """One stage, one stump: dark upper half of a 6x6 window, light lower half."""
    rectangles = [[[0, 0, 6, 6], [0, 3, 6, 3], [0, 0, 0, 0]]]
    stages = [cascade.Stage(0.5, (cascade.stump(0, threshold, 0, 1),))]
    return cascade.Cascade((6, 6), stages, rectangles, [[-1, 2, 0]], [False])


def test_one_window_by_hand():
    image = np.zeros((6, 6), np.float32)
    image[3:] = 200 / 255
    # Light minus dark is 18 * 200. Inside, 8 of 16 pixels are 200: std 100, so area * std is 1600.
    value = 18 * 200 / 1600
    for threshold, passes in [(value - 1e-3, 1), (value + 1e-3, 0)]:
        [(level, depths)] = scan.depth_maps(image, dark_above_light(threshold))
        assert (level.scale, level.step, depths.tolist()) == (1, 2, [[passes]])
    np.testing.assert_array_equal(scan.raw_hits(image, dark_above_light()), [[0, 0, 6, 6]])
    assert scan.raw_hits(1 - image, dark_above_light(value - 1e-3)).shape == (0, 4)
    np.testing.assert_array_equal(scan.stage_counts(image, dark_above_light()), [1, 1])


def test_flat_windows_and_right_neighbours_are_left_out():
    image = np.tile(np.float32([0.8] * 3 + [0.2] * 3 + [0.5] * 8), (6, 1))  # columns only
    [(_, depths)] = [m for m in scan.depth_maps(image, dark_above_light(1)) if m[0].scale == 1]
    # They start at 0, 2, 4, 6, 8. The first sees .8 and .2, the one at 4 .2 and .5, the last .5.
    assert depths.tolist() == [[0, scan.SKIPPED, 0, scan.SKIPPED, scan.FLAT]]


def test_our_own_features_run_in_opencv(tmp_path):
    table = haar.feature_table(24, 24, step=6)
    rectangles, weights = haar.feature_rectangles(table, balanced=True)
    rng = np.random.default_rng(5)
    stages = [
        cascade.Stage(0.0, [cascade.stump(f, rng.normal(0, 0.1), 1, -1) for f in numbers])
        for numbers in rng.permutation(len(table))[:30].reshape(3, 10)
    ]
    own = cascade.Cascade((24, 24), stages, rectangles, weights, np.zeros(len(table), bool))
    path = cascade.write_cascade(tmp_path / "own.xml", own)
    for name in PHOTOS[:3]:
        ours = scan.detect(photo(name), own, min_neighbors=0)
        assert len(ours) > 0
        detector = cv2.CascadeClassifier(str(path))
        assert_same_boxes(ours, opencv_boxes(photo(name), detector, 1.1, 0))


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (30, 31)])
def test_the_integral_images_are_opencvs(shape):
    grey = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    planes = np.full((3, shape[0] + 3, shape[1] + 2), 7, np.int32)
    scan_kernels.integrate(grey, planes)
    expected = cv2.integral3(grey, sdepth=cv2.CV_32S, sqdepth=cv2.CV_32S)
    for plane, wanted in zip(planes, expected, strict=True):
        np.testing.assert_array_equal(plane[: shape[0] + 1, : shape[1] + 1], wanted)


def test_levels_by_hand():
    first, second, third = pyramid.levels(100, 60, (24, 24), 1.5)
    assert (first.scale, first.width, first.height) == (1, 100, 60)
    # 100 / 1.5 = 66.7, 60 / 1.5 = 40: at every second pixel of 44 and 17 places.
    assert (second.width, second.height, second.columns, second.rows) == (67, 40, 22, 9)
    assert (third.scale, third.step, third.width, third.height) == (2.25, 1, 44, 27)
    assert pyramid.levels(23, 60, (24, 24), 1.5) == []


def test_the_number_of_threads_changes_nothing():
    results = []
    for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        results.append(scan.raw_hits(photo("astronaut"), cascade.opencv_cascade(FACE)))
        numba.set_num_threads(before)
    np.testing.assert_array_equal(*results)


def test_grey_and_colour_are_the_same_picture():
    grey = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)
    own = cascade.opencv_cascade(FACE)
    np.testing.assert_array_equal(
        scan.detect(images.from_bytes(grey), own), scan.detect(photo("astronaut"), own)
    )


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"scale_factor": 1}, ValueError, "scale_factor is 1;"),
        ({"scale_factor": 0.5}, ValueError, "scale_factor is 0.5"),
        ({"min_neighbors": -1}, ValueError, "min_neighbors is -1"),
        ({"min_neighbors": 2.5}, TypeError, "whole number"),
        ({"min_size": 0}, ValueError, "min_size is 0"),
        ({"max_size": (3, 4, 5)}, ValueError, "width and height"),
    ],
)
def test_settings_that_cannot_be(settings, error, message):
    with pytest.raises(error, match=message):
        scan.detect(photo("astronaut"), cascade.opencv_cascade(FACE), **settings)


@pytest.mark.parametrize(
    "image, message",
    [
        (np.zeros((23, 40)), "image is 40 x 23 pixels and the window .* 24 x 24; enlarge"),
        (np.zeros((40, 40, 4)), "wanted a picture"),
        (np.zeros((40, 40), np.uint8), "holds bytes"),
        (np.full((40, 40), np.nan), "image has values"),
    ],
)
def test_pictures_that_are_none(image, message):
    with pytest.raises(ValueError, match=message):
        scan.detect(image, cascade.opencv_cascade(FACE))


@pytest.mark.parametrize("neighbors, hits, false", [(1, 42, 24), (3, 40, 5), (5, 38, 2)])
def test_faces_on_the_group_photos(asset, neighbors, hits, false):
    """As OpenCV's detector was seen to score on the 43 faces, and so does it here and now."""
    from course_lib import datasets

    asset("group_photos")
    paired = found = faces = 0
    for group in datasets.group_photos():
        ours = scan.detect(group.image, cascade.opencv_cascade(FACE), min_neighbors=neighbors)
        assert_same_boxes(ours, opencv_boxes(group.image, theirs(FACE), 1.1, neighbors))
        paired += len(boxes.match(ours, group.boxes, overlap=0.4))
        found += len(ours)
        faces += len(group.boxes)
    assert (paired, found - paired, faces) == (hits, false, 43)
