"""OpenPose's real network: its channels and peaks, people in picture pixels, left and right."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import datasets, images
from course_lib.pose import assembly, fields, openpose
from course_lib.pose.openpose import drawing, network, scoring
from course_lib.pose.parts import LIMBS, NAMES, People


@pytest.fixture
def graph(asset):
    """The graph file, or a skip that says how to get it."""
    return asset("openpose")


@pytest.fixture
def astronaut():
    return datasets.photo("astronaut")


@pytest.fixture
def group(asset):
    asset("group_photos")
    return {photo.name: photo for photo in datasets.group_photos()}["2008_004176"]


# What comes out of the network


def test_every_channel_has_a_name():
    names = openpose.channel_names()
    assert len(names) == len(set(names)) == 57
    assert names[:19] == (*NAMES, "background")
    assert names[19:21] == ("neck to right hip, x", "neck to right hip, y")
    assert names[19 + 28 : 19 + 30] == ("neck to nose, x", "neck to nose, y")


@pytest.mark.parametrize(
    ("part", "top"),  # published for this photo with its colours as red, green, blue
    [("nose", 0.75), ("neck", 0.48), ("right eye", 0.82), ("left eye", 0.82)]
    + [("right ear", 0.7), ("left ear", 0.7)],
)
def test_the_published_peaks(graph, astronaut, part, top):
    other_order = np.ascontiguousarray(astronaut[..., ::-1])
    heatmap = openpose.maps(other_order).heatmaps[..., NAMES.index(part)]
    assert heatmap.max() == pytest.approx(top, abs=0.05)


def test_shapes_of_maps(graph, astronaut):
    maps = openpose.maps(astronaut[:300], height=96)  # 512 x 300: the width is nearest to 164
    assert maps.heatmaps.shape == (12, 20, 18)
    assert maps.fields.shape == (12, 20, 19, 2)
    assert maps.background.shape == (12, 20)
    assert maps.scale == (512 / 20, 300 / 12)
    assert openpose.channels(astronaut[:300], height=96).shape == (12, 20, 57)


@pytest.mark.parametrize(("side", "method"), [(512, cv2.INTER_AREA), (100, cv2.INTER_CUBIC)])
def test_the_input_is_resized_without_jags(graph, astronaut, side, method):
    """Reading only every fifth pixel, say, would find the person just as well, but less surely."""
    picture = images.resize(astronaut, side, side)
    by_hand = np.clip(cv2.resize(picture, (184, 184), interpolation=method), 0, 1)
    expected = openpose.channels(by_hand, height=184)
    assert np.abs(openpose.channels(picture, height=184) - expected).max() < 1e-4


def test_maps_are_the_channels_in_the_order_of_the_names(graph, astronaut):
    raw, names = openpose.channels(astronaut, height=128), openpose.channel_names()
    maps = openpose.maps(astronaut, height=128)
    for number, (a, b) in enumerate(LIMBS):
        for axis in (0, 1):
            channel = names.index(f"{NAMES[a]} to {NAMES[b]}, {'xy'[axis]}")
            assert np.array_equal(maps.fields[..., number, axis], raw[..., channel])
    assert np.array_equal(maps.background, raw[..., names.index("background")])


@pytest.mark.parametrize("size", [(8, 8), (8, 64), (64, 8)])
def test_maps_one_pixel_wide_or_high_are_not_foreign_memory(graph, astronaut, size):
    narrow, more = images.resize(astronaut, *size), [(0, 64 - side) for side in size]
    net = network._published()
    wider = network._forward(net, np.pad(narrow, [*more, (0, 0)], mode="edge"))
    assert np.abs(wider).max() < 3
    rows, columns = (side // 8 for side in size)
    assert np.array_equal(network._forward(net, narrow), wider[:rows, :columns])


def test_background_is_what_no_part_is(graph, astronaut):
    maps = openpose.maps(astronaut)
    assert np.abs(1 - maps.heatmaps.max(axis=2) - maps.background).mean() < 0.02


def test_each_field_joins_the_parts_of_its_name(graph, group):
    """Where a limb is surest, no other limb's field may speak louder: channels are not mixed up."""
    maps = openpose.maps(group.image)
    tops = fields.peaks(maps.heatmaps, threshold=0.15)
    for number, (a, b) in enumerate(LIMBS):
        own = fields.line_integrals(maps.fields[:, :, number], tops[a], tops[b])
        i, j = np.unravel_index(own.argmax(), own.shape)
        ends = tops[a][[i]], tops[b][[j]]
        every = [fields.line_integrals(maps.fields[:, :, n], *ends)[0, 0] for n in range(19)]
        assert np.argmax(every) == number
        assert every[number] > 0.6


def test_enlarged_maps_keep_their_places(graph, astronaut):
    maps = openpose.maps(astronaut)
    larger = maps.enlarged(4)
    assert larger.heatmaps.shape == (184, 184, 18)
    assert larger.fields.shape == (184, 184, 19, 2)
    assert maps.enlarged(1) is maps
    coarse, fine = openpose.merge(maps), openpose.merge(maps, enlarge=4)
    both = coarse.found[0] & fine.found[0]
    away = np.linalg.norm(coarse.keypoints[0, both, :2] - fine.keypoints[0, both, :2], axis=1)
    assert both.sum() >= 8
    assert np.median(away) < 1  # picture pixels; a map pixel is 11
    assert away.max() < 8


# People


def test_astronaut_is_one_person(graph, astronaut):
    people = openpose.detect(astronaut)
    assert len(people) == 1
    nose, right, left = (people.part(name)[0] for name in ("nose", "right eye", "left eye"))
    assert np.hypot(*(nose[:2] - [221, 125])) < 12  # read off the photo
    assert right[0] < nose[0] < left[0]  # she looks at us: her right is on our left


@pytest.mark.parametrize("height", [184, 368])
def test_mirror_exchanges_left_and_right(graph, astronaut, height):
    people = openpose.detect(astronaut, height=height)
    mirrored = openpose.detect(astronaut[:, ::-1], height=height).mirrored(512)
    for part in ("nose", "right eye", "left eye", "right ear", "left ear"):
        here, there = people.part(part)[0], mirrored.part(part)[0]
        assert min(here[2], there[2]) > 0.5
        assert np.hypot(*(here - there)[:2]) < 15  # the eyes are 43 px apart: a swap would be more
    right, left = (people.part(f"{side} shoulder")[0] for side in ("right", "left"))
    assert right[0] < left[0]


def test_mirror_turns_the_fields(graph, astronaut):
    maps, other = openpose.maps(astronaut), openpose.maps(astronaut[:, ::-1])
    heatmaps, affinity = fields.mirror(other.heatmaps, other.fields)
    strong = np.abs(maps.fields) > 0.5
    assert strong.sum() > 50
    assert (np.sign(affinity)[strong] == np.sign(maps.fields)[strong]).mean() > 0.95
    assert np.abs(heatmaps - maps.heatmaps).mean() < 0.01


def test_the_network_wants_blue_first(graph, group):
    """`detect` takes RGB as everything does; with red and blue exchanged more is missed."""
    right, wrong = (
        openpose.detect(np.ascontiguousarray(picture), height=184)
        for picture in (group.image, group.image[..., ::-1])
    )
    assert right.found.sum() > wrong.found.sum()
    assert right.scores.mean() > wrong.scores.mean()


def test_sides_do_not_depend_on_the_order_of_colours(graph, astronaut):
    for picture in (astronaut, np.ascontiguousarray(astronaut[..., ::-1])):
        people = openpose.detect(picture)
        assert people.part("right ear")[0, 0] < people.part("left ear")[0, 0]


@pytest.mark.parametrize("size", [(509, 483), (501, 512), (512, 487)])
def test_people_are_in_the_pixels_of_any_picture(graph, astronaut, size):
    whole, cut = openpose.detect(astronaut), openpose.detect(astronaut[: size[0], -size[1] :])
    expected = whole.part("nose")[0, :2] - [512 - size[1], 0]
    assert np.hypot(*(cut.part("nose")[0, :2] - expected)) < 6


def test_grey_picture(graph, astronaut):
    people = openpose.detect(images.to_grey(astronaut))
    assert len(people) == 1
    assert people.part("nose")[0, 2] > 0.5


def test_two_people(graph, astronaut):
    two = np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)
    people = openpose.detect(two, height=248)
    assert sorted(people.part("nose")[:, 0] // 512) == [0, 1]


def test_panorama(graph, astronaut):
    wide = np.full((512, 10_000, 3), 0.5, np.float32)
    wide[:, 9_000:9_512] = astronaut
    people = openpose.detect(wide, height=184)
    assert len(people) == 1
    assert people.part("nose")[0, 0] == pytest.approx(9_221, abs=25)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "motorcycle_left", "brick"])
def test_nobody(graph, name):
    people = openpose.detect(datasets.photo(name))
    assert people.keypoints.shape == (0, 18, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (3, 2), (200, 1)])
def test_tiny_pictures_hold_nobody(graph, shape):
    assert len(openpose.detect(np.full(shape, 0.5, np.float32))) == 0


def test_threshold_decides_how_many_parts(graph, group):
    found = [openpose.detect(group.image, threshold=t).found.sum() for t in (0.05, 0.15, 0.4)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[2]


def test_every_rule_reaches_the_assembly(graph, group):
    rules = {"threshold": 0.2, "matching": "optimal", "minimum_parts": 17, "minimum_score": 0.65}
    maps = openpose.maps(group.image, height=184)
    larger = maps.enlarged(2)
    expected = assembly.assemble(larger.heatmaps, larger.fields, **rules).scaled(*larger.scale)
    for people in (
        openpose.merge(maps, enlarge=2, **rules),
        openpose.detect(group.image, height=184, enlarge=2, **rules),
    ):
        assert np.array_equal(people.keypoints, expected.keypoints)
    assert len(expected) >= 1
    for name, loose in {"threshold": 0.05, "minimum_parts": 1, "minimum_score": 0}.items():
        more = openpose.merge(maps, enlarge=2, **(rules | {name: loose}))
        assert more.found.sum() > expected.found.sum()


# Bad input


@pytest.mark.parametrize(
    ("picture", "wrong", "words"),
    [
        ((8, 8), {"height": 370}, "multiple of 8, such as 368"),
        ((8, 8), {"height": 4}, "at least 8"),
        ((8, 8), {"enlarge": 9}, "enlarge is 9"),
        ((8, 8), {"threshold": -1.0}, "threshold"),
        ((8, 8), {"matching": "best"}, "matching|method"),
        ((10, 10_000), {}, "choose height=56 or less"),
        ((1, 100_000), {}, "cut it"),
        ((0, 5), {}, "wanted a picture"),
    ],
)
def test_errors_are_a_sentence(graph, picture, wrong, words):
    with pytest.raises(ValueError, match=words):
        openpose.detect(np.zeros(picture, np.float32), **wrong)


def test_nan_is_refused(graph):
    with pytest.raises(ValueError, match="nan"):
        openpose.detect(np.full((9, 9), np.nan))


@pytest.mark.parametrize("found", [None, "maps", np.zeros((46, 46, 18))])
def test_only_maps_are_merged(found):
    with pytest.raises(TypeError, match="wanted Maps, as openpose.maps gives them"):
        openpose.merge(found)


@pytest.mark.parametrize("path", [None, 5, b"graph.pb"])
def test_a_path_is_wanted(path):
    with pytest.raises(TypeError, match="wanted a file's path"):
        openpose.load(path)


@pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
def test_truncated_graph(graph, tmp_path, keep):
    content = graph.read_bytes()
    path = tmp_path / "網.pb"
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="truncated or no OpenPose graph.*course fetch openpose"):
        openpose.load(path)


def test_other_files_are_no_graph(tmp_path):
    page = tmp_path / "page.pb"
    page.write_bytes(b"<html>proxy</html>" * 50)
    with pytest.raises(ValueError, match="truncated or no OpenPose graph"):
        openpose.load(page)
    with pytest.raises(FileNotFoundError, match="is no file"):
        openpose.load(tmp_path / "missing.pb")


# Scoring


def test_scoring_by_hand():
    boxes = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]
    points = [[5, 5, 0.4], [6, 6, 0.9], [25, 5, 0.5], [35, 5, 0.8]]
    score = scoring.score_faces(points, boxes)
    assert score.hit.tolist() == [True, True, False]
    assert score.false.tolist() == [True, False, False, True]  # the first shares the second's face
    assert (score.recall, score.precision) == (2 / 3, 0.5)


def test_overlapping_faces_get_a_nose_each():
    boxes = [[0, 0, 10, 10], [6, 0, 16, 10]]
    score = scoring.score_faces([[7, 5, 0.9], [8, 5, 0.3]], boxes)
    assert score.hit.all()
    assert not score.false.any()


def test_a_nose_in_two_faces_belongs_to_the_nearer():
    boxes = [[0, 0, 10, 10], [6, 0, 16, 10]]
    assert scoring.score_faces([[7, 5, 0.9]], boxes).hit.tolist() == [True, False]
    assert scoring.score_faces([[8, 5, 0.9]], boxes).hit.tolist() == [False, True]


def test_a_pixel_covers_half_a_unit_on_either_side():
    assert scoring.score_faces([[9.4, 5, 1]], [[0, 0, 10, 10]]).hit.all()
    assert not scoring.score_faces([[9.6, 5, 1]], [[0, 0, 10, 10]]).hit.any()


def test_nothing_has_no_share():
    assert np.isnan(scoring.NOTHING.recall)
    assert np.isnan(scoring.NOTHING.precision)
    one = scoring.score_faces([], [[0, 0, 1, 1]]) + scoring.score_faces([[5, 5, 1]], [])
    assert (one.hit.tolist(), one.false.tolist()) == ([False], [True])


def test_only_found_noses_count():
    keypoints = np.zeros((2, 18, 3))
    keypoints[1, 0] = 3, 4, 0.5
    assert scoring.noses(People(keypoints)).tolist() == [[3, 4, 0.5]]


def test_scoring_refuses_nonsense():
    with pytest.raises(ValueError, match="points"):
        scoring.score_faces([[1, 2]], [[0, 0, 1, 1]])
    with pytest.raises(ValueError, match="boxes"):
        scoring.score_faces([[1, 2, 1]], [[0, 0, np.nan, 1]])
    with pytest.raises(ValueError, match=r"boxes\[1\] is .*wanted x0 <= x1"):
        scoring.score_faces([[1, 2, 1]], [[0, 0, 1, 1], [5, 5, 1, 9]])
    with pytest.raises(TypeError, match="unsupported operand"):
        scoring.NOTHING + 1


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 12), st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_every_hit_has_one_nose(noses, faces, seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 40, (faces, 2))
    boxes = np.hstack([corner, corner + rng.uniform(0, 20, (faces, 2))])
    points = np.hstack([rng.uniform(0, 50, (noses, 2)), rng.uniform(0, 1, (noses, 1))])
    score = scoring.score_faces(points, boxes)
    assert score.hit.sum() == (~score.false).sum()
    shuffled = rng.permutation(noses)
    again = scoring.score_faces(points[shuffled], boxes)
    assert np.array_equal(again.false, score.false[shuffled])


def test_annotated_faces_hold_noses(graph, asset):
    """The 43 faces of the group photos; SOURCES' peaks hit all of them, with 2 elsewhere."""
    asset("group_photos")
    total = scoring.NOTHING
    for photo in datasets.group_photos():
        people = openpose.detect(photo.image)
        total = total + scoring.score_faces(scoring.noses(people), photo.boxes)
    assert total.hit.size == 43
    assert total.hit.sum() >= 42
    assert total.false.sum() <= 2


# Drawing


def test_sides():
    sides = [drawing.side(*pair) for pair in (("right eye",), ("nose", "left eye"), ("nose",))]
    assert sides == ["right", "left", "middle"]
    assert drawing.side("left hip", "right hip") == "middle"


def test_sides_differ_without_colour():
    looks = [look[1:3] for look in drawing.SIDES.values()]
    assert len({dash for dash, _ in looks}) == len({marker for _, marker in looks}) == 3


def test_skeleton_has_a_letter_per_side():
    keypoints = np.zeros((1, 18, 3))
    keypoints[0, :8] = np.column_stack([np.arange(8) * 5, np.arange(8) * 4, np.ones(8)])
    _, ax = plt.subplots()
    drawing.show_skeletons(np.zeros((40, 40)), People(keypoints), ax=ax, numbers=True)
    assert sorted(text.get_text() for text in ax.texts) == ["1", "L", "R"]
    assert len(ax.lines) == 2 * 7  # the limbs among the first eight parts, each with a rim
    places = {text.get_text(): text.get_position() for text in ax.texts}
    assert places["R"] == (20, 16)  # at the right wrist, the lowest of that side
    assert places["L"] == (35, 28)
    plt.close()


@pytest.mark.parametrize("picture", [None, "photo.jpg", np.zeros(5), np.zeros((4, 4, 4))])
def test_drawing_refuses_what_is_no_picture(picture):
    nobody = People(np.zeros((0, 18, 3)))
    _, ax = plt.subplots()
    with pytest.raises((TypeError, ValueError), match="^image "):
        drawing.show_skeletons(picture, nobody, ax=ax)
    plt.close()


@pytest.mark.parametrize("people", [None, "people", np.zeros((1, 18, 3)), []])
def test_drawing_and_scoring_refuse_what_is_no_people(people):
    _, ax = plt.subplots()
    with pytest.raises(TypeError, match="wanted People, as detect gives them"):
        drawing.show_skeletons(np.zeros((9, 9)), people, ax=ax)
    with pytest.raises(TypeError, match="wanted People, as detect gives them"):
        scoring.noses(people)
    plt.close()


def test_arrows_stand_and_point_where_the_field_does():
    field = np.zeros((3, 5, 2))
    field[2, 1] = 0.6, -0.8
    field[0, 4] = 0.1, 0.1  # too short
    _, ax = plt.subplots()
    drawing.show_arrows(np.zeros((60, 50)), field, ax=ax)
    (arrows,) = ax.collections
    assert arrows.get_offsets().tolist() == [[14.5, 49.5]]  # the middle of 10 x 20 pixels
    assert (arrows.U.tolist(), arrows.V.tolist()) == ([0.6], [-0.8])
    plt.close()


def test_people_without_parts_are_drawn_as_nothing():
    _, ax = plt.subplots()
    drawing.show_skeletons(np.zeros((9, 9)), People(np.zeros((2, 18, 3))), ax=ax, numbers=True)
    drawing.show_arrows(np.zeros((9, 9)), np.zeros((3, 3, 2)), ax=ax)
    assert not ax.texts
    assert not ax.lines
    plt.close()


def test_a_missing_part_takes_its_limbs_along():
    keypoints = np.zeros((1, 18, 3))
    keypoints[0, [1, 2, 4]] = [[1, 1, 1], [5, 1, 1], [7, 7, 1]]  # no elbow between them
    _, ax = plt.subplots()
    drawing.show_skeletons(np.zeros((9, 9)), People(keypoints), ax=ax)
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 5]] * 2
    assert ax.lines[1].get_color() == drawing.SIDES["right"][0]
    plt.close()


def test_verdict_marks_missed_faces_and_false_noses():
    keypoints = np.zeros((2, 18, 3))
    keypoints[:, 0] = [[3, 3, 0.9], [8, 8, 0.5]]
    people, boxes = People(keypoints), [[0, 0, 5, 5], [0, 6, 3, 9]]
    score = scoring.score_faces(scoring.noses(people), boxes)
    _, ax = plt.subplots()
    drawing.show_verdict(np.zeros((9, 9)), people, boxes, score, ax=ax)
    assert [box.get_linestyle() for box in ax.patches[::2]] == ["-", "--"]  # each with a rim
    assert ax.collections[-1].get_offsets().tolist() == [[8, 8]]
    with pytest.raises(ValueError, match="score is of 2 faces and 2 noses; here are 1 and 2"):
        drawing.show_verdict(np.zeros((9, 9)), people, boxes[:1], score, ax=ax)
    plt.close()


@pytest.mark.parametrize(
    ("draw", "wrong"),
    [
        (drawing.show_heatmaps, (None, np.zeros((5, 5)), np.zeros((5, 5, 4)), np.zeros((0, 5, 3)))),
        (drawing.show_fields, (None, np.zeros((5, 5, 3)), np.zeros((5, 5, 2, 2)))),
    ],
)
def test_maps_and_titles_must_fit(draw, wrong):
    for values in wrong:
        with pytest.raises((TypeError, ValueError), match="maps|fields"):
            draw(values, ["a", "b", "c"])
    with pytest.raises(ValueError, match="wanted at least one pixel"):
        draw(np.zeros((5, 5, 0, 2)[: 3 + (draw is drawing.show_fields)]), [])


def test_input_is_never_beyond_memory():
    for shape in ((10, 10_000), (3, 4_000), (700, 100_000)):
        with pytest.raises(ValueError, match="choose height=(\\d+)") as caught:
            network._input_size(shape, 4_000)
        most = int(str(caught.value).split("height=")[1].split()[0])
        height, width = network._input_size(shape, most)
        assert height * width <= network.MOST_PIXELS
