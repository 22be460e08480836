"""SSD-MobileNet: ours by hand against OpenCV's own answer, `detect`, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import datasets, detection, fetch, images
from course_lib.detection import boxes, ssd
from course_lib.detection.ssd import labels, networks, selection, separable

NAMES = ["ssd_mobilenet_v3", "ssd_mobilenet_v2"]
LEAST = {"ssd_mobilenet_v3": 1e-8, "ssd_mobilenet_v2": 0.01}  # thresholds inside the graphs


@pytest.fixture(params=NAMES)
def name(request, asset):
    asset(request.param)
    return request.param


def every_photo():
    """Name -> picture: of the packages, and of the data sets that are in the cache."""
    photos = {name: datasets.photo(name) for name in datasets.photo_names()}
    if fetch.cached("group_photos") is not None:
        photos |= {photo.name: photo.image for photo in datasets.group_photos()}
    if fetch.cached("corke") is not None:
        photos |= {path.stem: images.read(path) for path in fetch.cached("corke").glob("*.jpg")}
    return photos


# --- by hand = OpenCV ---


def test_every_box_is_opencvs(name):
    net = ssd.load(name)
    for title, photo in every_photo().items():
        theirs = net.output(photo)
        raw = net.raw(photo)
        ours = ssd.select(raw.logits, raw.offsets, raw.defaults, threshold=LEAST[name])
        assert ours[2].tolist() == theirs[2].tolist(), title
        np.testing.assert_allclose(ours[1], theirs[1], atol=1e-3, err_msg=title)
        pixels = np.tile(photo.shape[1::-1], 2)
        np.testing.assert_allclose(ours[0] * pixels, theirs[0] * pixels, atol=1, err_msg=title)


@pytest.mark.parametrize("side", [None, 257, 333, 512])
def test_default_boxes_are_those_of_the_graph(name, side):
    net = ssd.load(name, side)
    np.testing.assert_allclose(net.priors(), net.defaults, atol=1e-6)


def test_either_way_detect_says_the_same(name):
    photo = datasets.photo("coffee")
    for wish in ({}, {"classes": ["cup", "spoon"], "threshold": 0.1}):
        ours, theirs = (detection.detect(photo, name, **wish, by_hand=b) for b in (True, False))
        assert ours.labels == theirs.labels and len(ours) > 0
        np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=0.01)
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)


def test_one_graph_per_size_gives_the_same_again(name):
    photo = datasets.photo("chelsea")
    first = detection.detect(photo, name, threshold=0.1)
    detection.detect(photo, name, side=512)
    again = detection.detect(photo, name, threshold=0.1)
    assert first.boxes.tolist() == again.boxes.tolist()


def test_maps_have_the_sizes_of_the_defaults(name):
    maps = ssd.load(name).maps(datasets.photo("chelsea"))
    side = networks.SETTINGS[name].side
    assert [m.shape[1:] for m in maps] == [(n, n) for n in ssd.map_sizes(side)]


# --- what was seen when the sources were checked ---


@pytest.mark.parametrize(
    "network, photo, label, score",
    [
        ("ssd_mobilenet_v3", "chelsea", "cat", 0.72),
        ("ssd_mobilenet_v2", "chelsea", "cat", 0.91),
        ("ssd_mobilenet_v3", "coffee", "cup", 0.82),
        ("ssd_mobilenet_v2", "coffee", "cup", 0.95),
        ("ssd_mobilenet_v2", "astronaut", "person", 0.81),
    ],
)
def test_the_best_is_what_is_in_the_photo(asset, network, photo, label, score):
    asset(network)
    found = detection.detect(datasets.photo(photo), network)
    assert found.labels[0] == label and found.scores[0] == pytest.approx(score, abs=0.01)


def test_boxes_are_in_the_pixels_of_the_picture(name):
    photo = datasets.photo("coffee")
    cup = [[170, 10, 412, 300]]  # read off the photo, left, top, right and bottom of cup and saucer
    found = detection.detect(photo, name, classes="cup")
    assert boxes.iou(found.boxes[:1], cup)[0, 0] > 0.6
    twice = detection.detect(images.resize(photo, 800, 1200, method="cubic").clip(0, 1), name)
    assert boxes.iou(twice.only("cup").boxes[:1] / 2, found.boxes[:1])[0, 0] > 0.9


# --- detect ---


def test_one_list_and_batch(name):
    cat, cup = datasets.photo("chelsea"), datasets.photo("coffee")
    alone = [detection.detect(picture, name) for picture in (cat, cup)]
    for together in (detection.detect([cat, cup], name), detection.detect((cat, cup), name)):
        assert [d.boxes.tolist() for d in together] == [d.boxes.tolist() for d in alone]
    assert [len(d) for d in detection.detect(np.stack([cat, cat]), name)] == [len(alone[0])] * 2
    assert detection.detect([], name) == []
    assert isinstance(alone[0], detection.Detections)


def test_no_detection(name):
    found = detection.detect(np.zeros((50, 80, 3)), name, threshold=0.9)
    assert len(found) == 0 and found.boxes.shape == (0, 4) and found.labels == ()


def test_a_class_that_is_not_there(name):
    found = detection.detect(datasets.photo("coffee"), name, classes="zebra")
    assert len(found) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (3, 200, 3), (300, 10_000, 3)])
def test_odd_pictures(name, shape):
    noise = np.random.default_rng(0).uniform(size=shape)
    found = detection.detect(noise, name, threshold=0.02)
    assert (found.boxes >= 0).all()
    assert (found.boxes <= np.tile(shape[1::-1], 2)).all()


def test_bad_arguments(asset):
    asset("ssd_mobilenet_v3")
    cat = datasets.photo("chelsea")
    for arguments, wish, message in [
        ((cat,), {"classes": ["person", "cta"]}, "'cta' is not known; did you mean cat"),
        ((cat, "ssd_mobilnet_v3"), {}, "did you mean ssd_mobilenet_v3"),
        ((cat,), {"threshold": 1.1}, "threshold is 1.1"),
        ((cat,), {"overlap": -1}, "overlap is -1"),
        ((cat,), {"overlap": 0.5, "by_hand": False}, "OpenCV's own layer has 0.6"),
        ((cat,), {"side": 256}, "side is 256; wanted a whole number from 257 to 2048"),
        (([cat, cat[..., 0, 0]],), {}, "picture 1 has shape"),
        ((cat * 255,), {}, "picture has values from"),
        ((np.full((4, 4), np.nan),), {}, "picture has values from nan"),
    ]:
        with pytest.raises(ValueError, match=message):
            detection.detect(*arguments, **wish)
    with pytest.raises(TypeError, match="picture is of type NoneType"):
        detection.detect(None)
    with pytest.raises(TypeError, match=r"the path 'cat.png'; read it first: images.read\(path\)"):
        detection.detect(Path("cat.png"))
    with pytest.raises(ValueError, match=r"network \['ssd'\] is not known"):
        detection.detect(cat, ["ssd"])
    with pytest.raises(TypeError, match=r"side is \[320\]"):
        detection.detect(cat, side=[320])
    with pytest.raises(ValueError, match="picture has shape .* wanted a picture"):
        detection.detect(np.zeros((9, 9, 4)))


def test_detect_comes_late_and_alone():
    script = (
        "import sys, course_lib; from course_lib import detection; before = 'cv2' in sys.modules;"
        "detection.detect; print(before, sorted({'tensorflow', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False []", done.stderr


# --- files ---


@pytest.mark.parametrize("length", [0, 1, 1000, 5_000_000])
@pytest.mark.parametrize("which", ["frozen_inference_graph.pb", "text.pbtxt"])
def test_a_file_that_is_cut_off(asset, tmp_path, which, length):
    folder = asset("ssd_mobilenet_v3")
    contents = {"text.pbtxt": next(folder.glob("*.pbtxt")).read_bytes()}
    contents["frozen_inference_graph.pb"] = (folder / "frozen_inference_graph.pb").read_bytes()
    contents[which] = contents[which][: min(length, len(contents[which]) - 1000)]
    for file, content in contents.items():
        (tmp_path / file).write_bytes(content)
    graph, text = tmp_path / "frozen_inference_graph.pb", tmp_path / "text.pbtxt"
    with pytest.raises(ssd.GraphError, match=r"fetch it again\.$"):
        ssd.Network(graph, text, networks.SETTINGS["ssd_mobilenet_v3"])


def test_files_that_are_missing_or_of_two_networks(asset, tmp_path):
    v2, v3 = asset("ssd_mobilenet_v2"), asset("ssd_mobilenet_v3")
    setting = networks.SETTINGS["ssd_mobilenet_v3"]
    with pytest.raises(ssd.GraphError, match="cannot be read"):
        ssd.Network(tmp_path / "no.pb", tmp_path / "no.pbtxt", setting)
    with pytest.raises(ssd.GraphError, match="of two networks"):
        graph = v3 / "frozen_inference_graph.pb"
        ssd.Network(graph, next(v2.glob("*.pbtxt")), setting)


# --- selection, without a network ---


def raw(scores, count=3):
    """Logits (len(scores), count) with these scores in class 1, and boxes far apart."""
    logits = np.full((len(scores), count), -20.0)
    logits[:, 1] = np.log(scores) - np.log1p(-np.asarray(scores))
    defaults = np.arange(len(scores))[:, None] * 2.0 + [0, 0, 1, 1]
    return logits, np.zeros((len(scores), 4)), defaults


def test_select_by_hand():
    logits, offsets, defaults = raw([0.6, 0.9, 0.2])
    offsets[0] = [10, 0, 0, 0]  # one width to the right
    found, scores, numbers = selection.select(logits, offsets, defaults)
    assert found == pytest.approx(np.array([[2, 2, 3, 3], [1, 0, 2, 1]]))
    assert scores == pytest.approx([0.9, 0.6]) and numbers.tolist() == [1, 1]


def test_classes_do_not_suppress_each_other():
    logits, offsets, defaults = raw([0.9, 0.8])
    defaults[1] = defaults[0]
    assert len(selection.select(logits, offsets, defaults)[0]) == 1
    logits[1] = logits[1, [0, 2, 1]]  # the second is of class 2 now
    assert selection.select(logits, offsets, defaults)[2].tolist() == [1, 2]
    assert selection.select(logits, offsets, defaults, classes=[2])[2].tolist() == [2]


def test_the_background_is_no_thing():
    logits, offsets, defaults = raw([0.9])
    logits[:, 0] = 30
    assert selection.select(logits, offsets, defaults)[2].tolist() == [1]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), low=st.floats(0.01, 0.5), more=st.floats(0, 0.4))
def test_a_higher_threshold_only_shortens_the_list(seed, low, more):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 0.5, (80, 2))
    defaults = np.hstack([corner, corner + rng.uniform(0.1, 0.5, (80, 2))])
    outputs = rng.normal(-1, 1.5, (80, 4)), rng.normal(0, 1, (80, 4)), defaults
    long, short = (selection.select(*outputs, threshold=t) for t in (low, low + more))
    kept = long[1] > low + more
    for a, b in zip(long, short, strict=True):
        np.testing.assert_array_equal(a[kept], b)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6), count=st.integers(0, 250), limit=st.sampled_from([0, 0.3, 0.6, 1])
)
def test_suppression_by_pairs_is_that_of_05_1(seed, count, limit):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 6, (count, 2))
    found = np.hstack([corner, corner + rng.integers(0, 6, (count, 2))]).astype(float)
    scores, numbers = rng.integers(1, 20, count) / 20, rng.integers(1, 4, count)  # many ties
    wish = {"overlap": limit, "labels": numbers, "top": selection.CANDIDATES}
    ours = selection._suppress(found, scores, numbers, limit)
    assert ours.tolist() == boxes.nms(found, scores, **wish).tolist()


def test_a_hundred_of_each_class_take_part_and_a_hundred_are_kept():
    logits, offsets, defaults = raw(np.linspace(0.9, 0.5, 150))
    defaults[:] = np.arange(150)[:, None] // 3 * 2 + [0, 0, 1, 1]  # three on each place
    kept = selection.select(logits, offsets, defaults, threshold=0.1)
    assert len(kept[0]) == 34  # of the first 100, every third
    outputs = raw(np.linspace(0.9, 0.5, 150), 4)
    outputs[0][::2, 2] = outputs[0][::2, 1]
    outputs[0][::2, 1] = -20  # two classes of 75, nothing overlaps
    assert len(selection.select(*outputs, threshold=0.1)[0]) == 100


def test_what_is_weaker_is_looked_at_where_the_strongest_lie_on_each_other():
    count = 12  # classes, each with 50 boxes on one place and a weak one beside
    logits, offsets, defaults = raw(np.full(51, 0.9), count + 1)
    defaults[:50] = defaults[0]
    logits[:, 1:] = np.linspace(2, 1, 51)[:, None]
    logits[50, 1:] = -1
    found = selection.select(logits, offsets, defaults, threshold=0.1)
    assert len(found[0]) == 2 * count and found[2].tolist() == [*range(1, count + 1)] * 2


def test_boxes_that_overlap_by_the_limit_are_both_kept():
    logits, offsets, defaults = raw([0.9, 0.8])
    defaults[:] = [[0, 0, 4, 1], [0, 0, 2, 1]]  # a half, exactly
    for limit, count in ((0.5, 2), (0.499, 1)):
        assert len(selection.select(logits, offsets, defaults, overlap=limit)[0]) == count


def test_extreme_thresholds():
    outputs = raw([0.6, 0.9, 0.2])
    assert len(selection.select(*outputs, threshold=1)[0]) == 0
    assert len(selection.select(*outputs, threshold=0, classes=[1])[0]) == 3
    assert selection.select(np.zeros((0, 3)), [], [])[0].shape == (0, 4)


def test_select_refuses():
    logits, offsets, defaults = raw([0.6, 0.9])
    for arguments, wish, message in [
        ((logits[:1], offsets, defaults), {}, "have 1, 2 and 2 rows"),
        ((logits, offsets, defaults), {"classes": [3]}, "classes goes up to 3"),
        ((logits, offsets, defaults), {"classes": [0]}, "classes goes down to 0"),
        ((logits * np.nan, offsets, defaults), {}, "logits holds NaN"),
        ((logits[0], offsets, defaults), {}, "logits has 1 axes"),
        ((logits, offsets, defaults), {"overlap": 2}, "overlap is 2"),
        ((logits, offsets + 1e9, defaults), {}, "offsets has numbers in row 0"),
        ((logits, offsets, defaults[:, [2, 1, 0, 3]]), {}, "defaults has an empty box"),
    ]:
        with pytest.raises(ValueError, match=message):
            selection.select(*arguments, **wish)


@pytest.mark.parametrize("classes", ["cat", 1])
def test_classes_of_select_are_a_list_of_numbers(classes):
    with pytest.raises(TypeError, match="wanted a list of whole numbers"):
        selection.select(*raw([0.6]), classes=classes)


def test_sigmoid():
    assert selection.sigmoid([0, np.log(3), -np.log(3)]) == pytest.approx([0.5, 0.75, 0.25])
    assert selection.sigmoid([-1e4, 1e4]).tolist() == [0, 1]


def test_no_trained_name_is_unused_in_practice(name):
    """The ten numbers that nothing taught score next to nothing on photographs."""
    for title in ("coffee", "chelsea", "astronaut"):
        scores = selection.sigmoid(ssd.load(name).raw(datasets.photo(title)).logits)
        assert scores[:, list(labels.UNUSED)].max() < 0.12, title


# --- the separable convolution ---


def test_separable_convolution_by_hand():
    picture = np.array([[[[1, 10], [2, 20]], [[3, 30], [4, 40]]]], float)  # (1, 2, 2, 2)
    depth = np.ones((2, 2, 2)) * [1, 0.1]  # sums: 10 and 0.1 * 100
    found = separable.separable_conv2d(picture, depth, [[1, 2], [3, 4]], padding="valid")
    assert found.tolist() == [[[[40, 60]]]]


def test_separable_convolution_is_keras_and_costs_its_parameters():
    from course_lib import compute

    compute.backend()
    import keras

    rng = np.random.default_rng(1)
    for kernel, inputs, outputs, stride in ((3, 5, 7, 1), (3, 4, 2, 2), (5, 2, 3, 1)):
        pictures = rng.normal(size=(2, 9, 8, inputs)).astype(np.float32)
        layer = keras.layers.SeparableConv2D(
            outputs, kernel, strides=stride, padding="same", use_bias=False
        )
        theirs = np.asarray(layer(pictures))
        depth, mix = (np.asarray(w) for w in layer.get_weights())
        ours = separable.separable_conv2d(pictures, depth[..., 0], mix[0, 0], stride=stride)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
        cost = separable.separable_cost(kernel, inputs, outputs, 72)
        assert cost.parameters == layer.count_params() and cost.multiply_adds == cost[0] * 72
        full = keras.layers.Conv2D(outputs, kernel, use_bias=False)
        full.build(pictures.shape)
        cost = separable.standard_cost(kernel, inputs, outputs, 72)
        assert cost.parameters == full.count_params() and cost.multiply_adds == cost[0] * 72


def test_separable_refuses():
    with pytest.raises(ValueError, match="depth has shape"):
        separable.separable_conv2d(np.ones((1, 4, 4, 2)), np.ones((3, 3, 3)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="mix has shape"):
        separable.separable_conv2d(np.ones((1, 4, 4, 2)), np.ones((3, 3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="wanted at least one channel"):
        separable.separable_conv2d(np.ones((1, 4, 4, 0)), np.ones((3, 3, 0)), np.ones((0, 2)))
    with pytest.raises(ValueError, match="positions is 0"):
        separable.separable_cost(3, 2, 2, 0)
