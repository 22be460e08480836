"""The dataclass of what was found."""

import numpy as np
import pytest

from course_lib.detection import Detections

THREE = Detections([[0, 0, 1, 1]] * 3, [0.9, 0.5, 0.3], ["cat", "dog", "cat"], [17, 18, 17])


def test_what_it_holds():
    assert len(THREE) == 3 and THREE.labels == ("cat", "dog", "cat")
    assert THREE.boxes.dtype == THREE.scores.dtype == np.float64
    assert Detections([], [], ()).classes.shape == (0,)
    assert Detections([[0, 0, 1, 1]], [1], ["x"]).classes.tolist() == [-1]


def test_only():
    assert THREE.only("cat").scores.tolist() == [0.9, 0.3]
    assert THREE.only(["dog", "fish"]).classes.tolist() == [18]
    assert THREE.only(threshold=0.5).labels == ("cat", "dog")
    assert THREE.only("cat", threshold=0.5).scores.tolist() == [0.9]
    assert len(THREE.only([])) == 0 and len(THREE.only()) == 3


@pytest.mark.parametrize(
    "fields, message",
    [
        (([[0, 0, 1, 1]], [0.5, 0.5], ["a"]), "wanted as many of each"),
        (([[0, 0, 1, 1]], [0.5], []), "wanted as many of each"),
        (([[0, 0, 1, 1]], [1.5], ["a"]), "scores goes up to 1.5"),
        (([[0, 0, 1, np.nan]], [0.5], ["a"]), "boxes holds NaN"),
    ],
)
def test_what_it_refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        Detections(*fields)
