"""How detectors are scored and compared: by hand, on few boxes."""

import numpy as np
import pytest

from course_lib import datasets
from course_lib.classic import cascade
from course_lib.classic.cascade import scan, scoring

SQUARE, NEAR, FAR = [0, 0, 20, 20], [0, 1, 20, 21], [50, 50, 70, 70]


def test_agreement_by_hand():
    counts, furthest = scoring.agreement([[SQUARE, FAR], []], [[NEAR], [FAR]])
    assert counts.tolist() == [2, 2, 1]
    assert furthest == 1


def test_agreement_without_boxes():
    none = np.zeros((0, 4))
    counts, furthest = scoring.agreement([none], [none])
    assert counts.tolist() == [0, 0, 0] and furthest == 0


def test_agreement_wants_the_same_photos():
    with pytest.raises(ValueError, match="1 photos and theirs for 2"):
        scoring.agreement([[SQUARE]], [[SQUARE], [FAR]])


def test_attention_is_highest_in_the_middle_of_a_hit():
    picture = datasets.photo("astronaut")[20:260, 100:340]
    model = cascade.opencv_cascade("haarcascade_frontalface_default")
    reached = scan.attention(picture, model, spot=1)
    assert reached.shape == picture.shape[:2]
    assert reached.max() == len(model.stages)
    hits = scan.raw_hits(picture, model)
    middles = (hits[:, :2] + hits[:, 2:]) / 2
    passed = np.argwhere(reached == len(model.stages))[:, ::-1]  # x, y
    distances = np.linalg.norm(passed[:, None] - middles, axis=2)
    assert distances.min(axis=1).max() <= 2 and distances.min(axis=0).max() <= 2


def test_sweep_counts_what_detect_finds():
    picture = datasets.photo("astronaut")[20:260, 100:340]
    model = cascade.opencv_cascade("haarcascade_frontalface_default")
    truth = [scan.detect(picture, model)]
    table = scoring.sweep([picture], truth, model, (1.1, 1.3), (1, 3))
    assert table.shape == (2, 2, 2)
    for row, factor in enumerate((1.1, 1.3)):
        for column, least in enumerate((1, 3)):
            found = [scan.detect(picture, model, scale_factor=factor, min_neighbors=least)]
            assert tuple(table[row, column]) == scoring.count(found, truth)
    assert table[0, 1].tolist() == [1, 0]
