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
        (([[0, 0, 1, 1]], [-0.1], ["a"]), "scores goes down to -0.1"),
        (([[0, 0, 1, 1]], [[0.5]], ["a"]), "scores has 2 axes"),
        (([[0, 0, 1, np.nan]], [0.5], ["a"]), "boxes holds NaN"),
        (([[5, 0, 1, 1]], [0.5], ["a"]), r"boxes\[0\] is .* wanted x0 <= x1"),
        (([[0, 0, 1, 1]], [0.5], ["a"], [1.5]), "classes holds 1.5"),
    ],
)
def test_what_it_refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        Detections(*fields)


@pytest.mark.parametrize("labels", ["cat", 5, None, [17]])
def test_labels_are_a_list_of_texts(labels):
    with pytest.raises(TypeError, match=r"^labels(\[0\])? is .*; wanted a (list of names|text)"):
        Detections([[0, 0, 1, 1]] * 3, [0.5] * 3, labels)
    if labels not in ("cat", None):  # one name, or all
        with pytest.raises(TypeError, match=r"^labels"):
            THREE.only(labels)


def test_only_refuses_a_threshold_out_of_range():
    with pytest.raises(ValueError, match="threshold is 2"):
        THREE.only(threshold=2)
