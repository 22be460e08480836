"""MoveNet Lightning: one person's 17 parts straight from a small square, without fields.

Compared with OpenPose in ``06_2_openpose``. Source: Google's model card "MoveNet.SinglePose"
(2021); a network in TensorFlow Lite's format.
"""

from functools import lru_cache

import numpy as np

from course_lib import checks, compute, fetch, images
from course_lib.pose.parts import People

SIDE = 192  # the network's input is a square of so many pixels
NAMES = (  # COCO's order; no neck
    *("nose", "left eye", "right eye", "left ear", "right ear"),
    *("left shoulder", "right shoulder", "left elbow", "right elbow", "left wrist", "right wrist"),
    *("left hip", "right hip", "left knee", "right knee", "left ankle", "right ankle"),
)
LIMBS = (
    *((0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),
    *((5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16)),
)


def detect(image, *, threshold=0.3, minimum_parts=4):
    """Find one person in a picture.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) array_like
        Values in [0, 1].
    threshold : float
        Parts of a lower score count as not found. The network always names 17 places, even in an
        empty room.
    minimum_parts : int
        With fewer parts found there is nobody.

    Returns
    -------
    People
        One person or none, 17 parts of `NAMES`, in the picture's pixels.

    Raises
    ------
    ValueError
        If the picture is none, or a parameter is out of range.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.
    ImportError
        If TensorFlow is not installed.
    """
    threshold = checks.number(threshold, "threshold", low=0, high=1)
    minimum_parts = checks.number(minimum_parts, "minimum_parts", low=1, integer=True)
    picture = images.to_rgb(checks.image(image))
    canvas, width, height, left, top = _square(picture)
    y, x, score = _network()(images.to_bytes(canvas)[None])[0][0, 0].astype(float).T  # (17,) each
    points = np.stack([x * SIDE - left - 0.5, y * SIDE - top - 0.5, score], axis=1)
    points[score < threshold] = 0
    if (points[:, 2] > 0).sum() < minimum_parts:
        points = np.zeros((0, len(NAMES), 3))
    people = People(points.reshape(-1, len(NAMES), 3), names=NAMES, limbs=LIMBS)
    return people.scaled(picture.shape[1] / width, picture.shape[0] / height)


@lru_cache(maxsize=1)
def _network():
    """The network of the course, loaded once."""
    return compute.tflite(fetch.fetch("movenet"))


def _square(picture):
    """The picture in the middle of a black square, its size in there, and its left and top."""
    longest = max(picture.shape[:2])
    height, width = (max(1, round(n * SIDE / longest)) for n in picture.shape[:2])
    method = "area" if longest > SIDE else "cubic"
    left, top = (SIDE - width) // 2, (SIDE - height) // 2
    canvas = np.zeros((SIDE, SIDE, 3), np.float32)
    canvas[top : top + height, left : left + width] = images.resize(
        picture, height, width, method=method
    )
    return canvas, width, height, left, top
