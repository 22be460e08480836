"""Training a cascade: windows, mining, stages, and the checkpoint that comes with the course."""

import hashlib
import re
from pathlib import Path

import cv2
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import datasets, images
from course_lib.classic import cascade, haar
from course_lib.classic.cascade import checkpoint, face_windows, mining, scan, scoring, training
from course_lib.detection import boxes

MODELS = Path(__file__).parents[1] / "data" / "models"


@pytest.fixture(scope="module")
def lfw():
    """Faces to learn from, faces to set thresholds on, and other windows, as bytes."""
    windows, labels = datasets.lfw()
    windows = face_windows.to_window_bytes(windows)
    faces, others = windows[labels == 1], windows[labels == 0]
    return faces[:70], faces[70:], others


@pytest.fixture(scope="module")
def trained(lfw):
    return _train(lfw)


def _train(lfw, **changes):
    settings = {"stages": 4, "features": 500, "negatives": 200, "stumps": 20, "hit_rate": 0.95}
    photos = mining.photos_without_faces(["brick", "coffee"])
    rng = np.random.default_rng(0)
    return training.train_cascade(*lfw, photos, rng=rng, **settings | changes)


def _everything(model):
    """All numbers of a cascade."""
    trees = [(t.thresholds, t.leaves) for s in model.stages for t in s.trees]
    return model.rectangles.tolist(), [s.threshold for s in model.stages], trees


def test_windows_become_bytes():
    assert face_windows.to_window_bytes([[[0, 0.5, 1]]]).tolist() == [[[0, 128, 255]]]
    kept = np.full((1, 2, 2), 7, np.uint8)
    assert face_windows.to_window_bytes(kept) is kept


@pytest.mark.parametrize("bad", [np.zeros((4, 4)), np.full((1, 4, 4), 2.0)])
def test_windows_outside_of_the_rules_are_refused(bad):
    with pytest.raises(ValueError, match="faces"):
        face_windows.to_window_bytes(bad, "faces")


def test_equal_contrast_by_hand():
    window = np.array([[9, 9, 9, 9], [9, 0, 2, 9], [9, 2, 0, 9], [9, 9, 9, 9]])
    # Without its border: four pixels of mean 1 and standard deviation 1.
    assert face_windows.equal_contrast(window[None])[0].tolist() == (window / 4).tolist()
    assert not face_windows.equal_contrast(np.full((1, 4, 4), 5)).any()


def test_blocks_by_hand():
    parts = face_windows.split_in_blocks(8, block=2, parts=3)
    assert parts.tolist() == [0, 0, 1, 1, 2, 2, 0, 0]


def test_jitter_of_nothing_is_a_mirror_at_most(lfw):
    still = {"degrees": 0, "shift": 0, "zoom": (1, 1)}
    copies = face_windows.jitter(lfw[0], np.random.default_rng(1), **still)
    same = (copies == lfw[0]).all(axis=(1, 2))
    mirrored = (copies == lfw[0][:, :, ::-1]).all(axis=(1, 2))
    assert (same | mirrored).all() and same.any() and mirrored.any()


def test_jitter_moves_and_repeats(lfw):
    copies = [face_windows.jitter(lfw[0], np.random.default_rng(2)) for _ in range(2)]
    assert copies[0].shape == lfw[0].shape and copies[0].dtype == np.uint8
    assert (copies[0] == copies[1]).all()
    assert (copies[0] != lfw[0]).any(axis=(1, 2)).all()


def test_eight_views_of_a_photo_before_the_next_round():
    photo = np.float32([[0, 0.25], [0.5, 0.75]]).repeat(8, 0).repeat(8, 1)
    seen = set()
    views = mining.views([photo], np.random.default_rng(0))
    for _, view in zip(range(8), views, strict=False):
        seen.add(tuple(np.rint(4 * images.resize(view, height=2, width=2)).ravel()))
    assert len(seen) == 8


def test_held_out_photos_are_not_trained_on():
    assert not set(mining.TRAINING_PHOTOS) & set(mining.HELD_OUT_PHOTOS)
    assert not {"astronaut", "camera", "coins"} & set(mining.TRAINING_PHOTOS)
    for photo in mining.photos_without_faces(["coffee", "page"]):
        assert photo.ndim == 2 and max(photo.shape) <= mining.LONGEST


def test_stages_passed_as_the_detector_counts(trained, lfw):
    model, _ = trained
    for window in np.concatenate([lfw[0][:10], lfw[2][:30], np.zeros((1, 25, 25), np.uint8)]):
        depth = scan.depth_maps(images.from_bytes(window), model)[0][1][0, 0]
        depth = 0 if depth == scan.FLAT else depth
        assert mining.stages_passed(window[None], model)[0] == depth


def test_stages_passed_knows_only_stumps():
    trees = cascade.opencv_cascade("haarcascade_frontalface_alt2")
    with pytest.raises(ValueError, match="stumps"):
        mining.stages_passed(np.zeros((1, 20, 20), np.uint8), trees)
    with pytest.raises(ValueError, match="windows"):
        mining.stages_passed(np.zeros((1, 19, 19), np.uint8), trees)


def test_mined_windows_fool_the_cascade(trained):
    model, _ = trained
    photos = mining.photos_without_faces(["coffee"])
    mined = [mining.mine(photos, model, 40, np.random.default_rng(3)) for _ in range(2)]
    windows = mined[0].windows
    assert windows.shape == (40, 25, 25) and windows.dtype == np.uint8
    assert (mining.stages_passed(windows, model) == len(model.stages)).all()
    assert 40 <= mined[0].passed < mined[0].looked
    assert (windows == mined[1].windows).all()


def test_mining_ends_without_photos_and_refuses_colour(trained):
    model, rng = trained[0], np.random.default_rng(0)
    assert mining.mine([], model, 10, rng).looked == 0
    assert mining.mine([np.zeros((30, 30))], model, 10, rng, most_windows=50).windows.size == 0
    with pytest.raises(ValueError, match="photos"):
        mining.mine([np.zeros((30, 30, 3))], model, 10, rng)


def test_every_stage_keeps_its_promise(trained, lfw):
    model, records = trained
    passed = mining.stages_passed(lfw[1], model)
    for number, record in enumerate(records, start=1):
        assert record.hit_rate == (passed >= number).mean()
        assert record.stumps == len(model.stages[number - 1].trees) <= 20
    # 30 validation faces, of which each stage may lose one: int(0.05 * 30).
    assert (np.bincount(passed, minlength=5)[:4] <= 1).all()
    rates = [record.passed / max(record.looked, 1) for record in records[1:]]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.1


def test_false_alarms_of_a_stage_counted_again(lfw):
    table = haar.feature_table(25, 25, step=3)
    others = lfw[2][~mining.is_flat(lfw[2])]
    assert 50 < len(others) < 100
    stage = training.train_stage(*lfw[:2], others, table, 0.95, false_alarms=0.2, stumps=30)
    model = training.assemble([stage], (25, 25))
    assert stage.false_alarms == mining.stages_passed(others, model).mean() <= 0.2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_hit_rate_holds_even_on_noise(seed, hit_rate):
    noise = np.random.default_rng(seed).integers(0, 256, (3, 20, 8, 8), dtype=np.uint8)
    table = haar.feature_table(8, 8, step=2)
    stage = training.train_stage(*noise, table, hit_rate, false_alarms=0.1, stumps=5)
    model = training.assemble([stage], (8, 8))
    assert mining.stages_passed(noise[1], model).mean() >= hit_rate


def test_same_cascade_for_any_number_of_threads(trained, lfw):
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        again, records = _train(lfw)
    finally:
        numba.set_num_threads(threads)
    assert _everything(again) == _everything(trained[0])
    assert records == trained[1]


def test_training_ends_at_its_goal(lfw):
    model, records = _train(lfw, goal=0.5)
    assert len(model.stages) == len(records) < 4


def test_without_photos_training_ends_when_nothing_is_left_to_learn_from(lfw):
    rng = np.random.default_rng(0)
    model, records = training.train_cascade(*lfw, rng=rng, stages=9, features=300)
    assert len(records) < 9
    assert (mining.stages_passed(lfw[2], model) == len(model.stages)).sum() < 20


def test_progress_goes_through_the_stages(lfw):
    seen = []

    def watch(steps):
        for step in steps:
            seen.append(step)
            yield step

    _train(lfw, stages=2, progress=watch)
    assert seen == [0, 1]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"hit_rate": 1.5}, "hit_rate"),
        ({"false_alarms": -0.1}, "false_alarms"),
        ({"stages": 0}, "stages"),
        ({"negatives": 3}, "negatives"),
    ],
)
def test_settings_that_make_no_sense_are_refused(lfw, change, word):
    with pytest.raises(ValueError, match=word):
        _train(lfw, **change)


def test_windows_of_two_sizes_are_refused(lfw):
    with pytest.raises(ValueError, match="non_faces"):
        _train((lfw[0], lfw[1], lfw[2][:, :20]))


def test_opencv_runs_what_we_trained(trained, tmp_path):
    path = cascade.write_cascade(tmp_path / "ours.xml", trained[0])
    theirs = cv2.CascadeClassifier(str(path))
    grey = images.to_bytes(mining.photos_without_faces(["coffee"])[0])
    found = theirs.detectMultiScale(grey, 1.2, 0)
    settings = {"scale_factor": 1.2, "min_neighbors": 0}
    ours = scan.detect(images.from_bytes(grey), trained[0], **settings)
    sides = np.hstack([ours[:, :2], ours[:, 2:] - ours[:, :2]])
    assert len(found) > 100
    assert sorted(map(tuple, sides.astype(int).tolist())) == sorted(map(tuple, found.tolist()))


def test_sequence_of_stumps_limits_stage_by_stage(lfw):
    model, _ = _train(lfw, stages=3, stumps=(1, 2), false_alarms=0)
    assert [len(stage.trees) for stage in model.stages] == [1, 2, 2]


def test_frame_of_a_jittered_window():
    window = np.zeros((1, 6, 8), np.uint8)
    window[0, 2:4, 3:5] = [[10, 20], [30, 40]]
    still = {"degrees": 0, "shift": 0, "zoom": (1, 1)}
    rng = np.random.default_rng(1)
    copy = face_windows.jitter(window, rng, frame=(3, 2, 5, 4), side=2, **still)[0]
    assert copy.tolist() in ([[10, 20], [30, 40]], [[20, 10], [40, 30]])


def test_boxes_grow_around_their_centre():
    assert scoring.grow([[10, 20, 30, 40]], 1.5).tolist() == [[5, 15, 35, 45]]
    assert scoring.grow(np.zeros((0, 4))).shape == (0, 4)
    with pytest.raises(ValueError, match="factor"):
        scoring.grow([[0, 0, 1, 1]], 0)


def test_hits_and_false_alarms_by_hand():
    truth = [[[0, 0, 10, 10]], [[0, 0, 10, 10], [50, 50, 60, 60]]]
    found = [[[0, 0, 10, 10], [0, 0, 10, 9]], [[51, 50, 61, 60]]]
    assert scoring.count(found, truth) == (2, 1)
    with pytest.raises(ValueError, match="photos"):
        scoring.count(found, truth[:1])


def test_our_cascades_go_by_name(monkeypatch, tmp_path):
    assert checkpoint.path("face_cascade") == MODELS / "face_cascade.xml"
    with pytest.raises(ValueError, match="face_cascade"):
        checkpoint.load("face_cascades")
    monkeypatch.setattr(checkpoint, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="clone"):
        checkpoint.path()


@pytest.fixture(scope="module")
def ours():
    return checkpoint.load()


def test_checkpoint_is_the_one_of_its_card():
    digest = hashlib.sha256((MODELS / "face_cascade.xml").read_bytes()).hexdigest()
    assert digest in (MODELS / "face_cascade.md").read_text()


def test_checkpoint_finds_the_astronaut_as_opencv_does(ours):
    image = datasets.photo("astronaut")
    found = scan.detect(image, ours, min_neighbors=3)
    theirs = cv2.CascadeClassifier(str(MODELS / "face_cascade.xml"))
    rows = theirs.detectMultiScale(images.to_bytes(images.to_grey(image)), 1.1, 3)
    rows = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:]])
    assert len(found) == len(rows) == len(boxes.match(found, rows, overlap=0.9))
    face = [[176, 70, 268, 176]]  # drawn by hand: brows to chin, ear to ear
    assert len(boxes.match(scoring.grow(found), face, overlap=0.5)) == 1


def test_checkpoint_scores_what_its_card_says(ours, asset):
    asset("group_photos")
    card = (MODELS / "face_cascade.md").read_text()
    said = re.search(r"finds (\d+) of 43 with (\d+) false alarms", card)
    hits = alarms = 0
    for photo in datasets.group_photos():
        found = scoring.grow(scan.detect(photo.image, ours, min_neighbors=3))
        pairs = boxes.match(found, photo.boxes, overlap=0.4)
        hits, alarms = hits + len(pairs), alarms + len(found) - len(pairs)
    assert (hits, alarms) == tuple(int(number) for number in said.groups())
