"""`detect`: pictures in, boxes with names out."""

import os
from collections.abc import Iterable

import numpy as np

from course_lib import checks
from course_lib.detection import boxes
from course_lib.detection.detections import Detections

from . import labels, networks, selection

OVERLAP = 0.6


def detect(
    pictures,
    network="ssd_mobilenet_v3",
    *,
    threshold=0.5,
    overlap=OVERLAP,
    classes=None,
    side=None,
    by_hand=True,
):
    """Find people, animals and things of everyday life in a picture, or in several.

    Parameters
    ----------
    pictures : (H, W, 3) or (H, W) array_like, a list of such, or a `video.Video`
        RGB or grey in [0, 1], of any size.
    network : str
        ``"ssd_mobilenet_v3"``, or ``"ssd_mobilenet_v2"``.
    threshold : float
        In [0, 1]; scores *above* it are kept.
    overlap : float
        In [0, 1]; of two boxes of one class that overlap by more, the worse is dropped.
    classes : str or iterable of str, optional
        Names among the 80 of COCO (`labels.TRAINED`); all by default.
    side : int, optional
        Of the square that each picture is stretched to for the network, 257 to 2048 px; by default
        320 (v3) or 300 (v2). More costs time and finds smaller things.
    by_hand : bool
        Whether boxes are made from the raw outputs by the functions that ``05_2`` teaches;
        otherwise by OpenCV's layer, whose `overlap` is fixed.

    Returns
    -------
    Detections, or list of Detections
        One per picture or frame, boxes in its own pixels and cut off at its borders; at most 100.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If a picture is none, a name is not known (near ones are named), or a number is out of
        range. All is checked before the first picture goes in (frames of a video, as they come).
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.

    Notes
    -----
    A picture much wider than high is squeezed, and what is in it as well: cut it into squares.
    Taught in ``05_2_mobilenet_ssd``. Source: Liu et al., ECCV 2016, arXiv:1512.02325; Howard et
    al., ICCV 2019, arXiv:1905.02244 (v3); Sandler et al., CVPR 2018, arXiv:1801.04381 (v2).
    """
    several, checked = _checked(pictures)
    least = checks.number(threshold, "threshold", low=0, high=1)
    most = checks.number(overlap, "overlap", low=0, high=1)
    if not by_hand and most != OVERLAP:
        raise ValueError(f"overlap is {most}; OpenCV's own layer has {OVERLAP}: use by_hand=True.")
    numbers = None if classes is None else labels.numbers(classes)
    net = networks.load(network, side)
    find = _by_hand if by_hand else _by_opencv
    found = [_named(picture, *find(net, picture, least, most, numbers)) for picture in checked]
    return found if several else found[0]


def _checked(pictures):
    """Whether these are several, and each of them checked: a list at once, frames as they come."""
    if isinstance(pictures, (str, os.PathLike)):
        how = "images.read(path) for a picture, ssd.video.Video(path) for a video"
        raise TypeError(f"pictures is the path '{pictures}'; read it first: {how}.")
    frames = isinstance(pictures, Iterable) and not hasattr(pictures, "__array__")
    if not frames and getattr(pictures, "ndim", 0) != 4:
        return False, [checks.image(pictures, "picture")]
    checked = (checks.image(picture, f"picture {i}") for i, picture in enumerate(pictures))
    at_once = isinstance(pictures, (list, tuple)) or not frames
    return True, list(checked) if at_once else checked


def _by_hand(net, picture, threshold, overlap, numbers):
    """Boxes as shares of the picture, scores and class numbers, from the raw outputs."""
    raw = net.raw(picture)
    settings = {"threshold": threshold, "overlap": overlap, "classes": numbers}
    return selection.select(raw.logits, raw.offsets, raw.defaults, **settings)


def _by_opencv(net, picture, threshold, _overlap, numbers):
    """The same from OpenCV's layer."""
    found, scores, classes = net.output(picture)
    kept = scores > threshold
    if numbers is not None:
        kept &= np.isin(classes, numbers)
    return found[kept], scores[kept], classes[kept]


def _named(picture, found, scores, classes):
    """Shares of the picture's sides as pixels inside it, and numbers as names."""
    height, width = picture.shape[:2]
    found = boxes.clip(found * np.array([width, height, width, height]), height, width)
    names = tuple(labels.NAMES[number] for number in classes)
    return Detections(found, scores, names, classes)
