"""Hard negatives: windows of photos without faces that a cascade takes for faces.

Taught in ``01_3_face_detector``. Source: Sung and Poggio, PAMI 1998, doi 10.1109/34.655648; Viola
and Jones, IJCV 2004, doi 10.1023/B:VISI.0000013087.49260.fb.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks, datasets, images
from course_lib.classic import haar
from course_lib.classic.cascade import pyramid, scan
from course_lib.classic.cascade.face_windows import equal_contrast
from course_lib.classic.cascade.kernels import FLAT_STD

# Photos of scikit-image and scikit-learn without a face. Not among them: astronaut and camera show
# people, and the Roman coins carry heads.
TRAINING_PHOTOS = (
    "brick",
    "cell",
    "chelsea",
    "clock",
    "flower",
    "grass",
    "gravel",
    "hubble",
    "ihc",
    "moon",
    "motorcycle_left",
    "motorcycle_right",
    "page",
    "retina",
    "text",
)
HELD_OUT_PHOTOS = ("china", "coffee", "rocket")
LONGEST = 700  # Pixels; windows of larger photos would be smooth.
SCALE_FACTOR = 1.25
ZOOM = (0.75, 1.0)


@dataclass(frozen=True)
class Mined:
    """What a search for false alarms brought.

    Attributes
    ----------
    windows : (N, H, W) uint8 ndarray
    passed, looked : int
        Windows that passed the cascade, of windows that it looked at.
    """

    windows: np.ndarray
    passed: int
    looked: int


def photos_without_faces(names=TRAINING_PHOTOS):
    """Load photos that show no face, grey and at most 700 pixels long.

    Parameters
    ----------
    names : sequence of str
        For `datasets.photo`.

    Returns
    -------
    list of (H, W) float32 ndarray
        Values in [0, 1].
    """
    return [images.to_grey(images.fit(datasets.photo(name), LONGEST)) for name in names]


def views(photos, rng):
    """Every photo in its eight orientations and in sizes drawn at random, again and again.

    Parameters
    ----------
    photos : sequence of (H, W) array
        Values in [0, 1].
    rng : numpy.random.Generator

    Yields
    ------
    (h, w) float32 ndarray
        Every round of eight times the photos has another order and other sizes.
    """
    while len(photos):
        for number in rng.permutation(8 * len(photos)):
            photo, turn = photos[number // 8], number % 8
            turned = np.rot90(photo, turn % 4)
            turned = np.ascontiguousarray(turned[:, ::-1] if turn >= 4 else turned)
            height = round(turned.shape[0] * rng.uniform(*ZOOM))
            yield images.resize(turned, height=max(height, 1))


def mine(photos, cascade, count, rng, *, most_windows=40_000_000):
    """Collect windows of photos without faces that pass a cascade.

    Parameters
    ----------
    photos : sequence of (H, W) array
        Grey, values in [0, 1], without a face.
    cascade : Cascade
    count : int
        How many windows are wanted.
    rng : numpy.random.Generator
    most_windows : int
        The search ends when the cascade has looked at so many.

    Returns
    -------
    Mined
        With `count` windows or fewer. A view of a photo gives a limited share of them, so that one
        bad spot does not fill the collection.

    Raises
    ------
    ValueError
        If a photo is not grey in [0, 1].
    """
    photos = [checks.image(p, "photos", channels=(1,)) for p in photos]
    count = checks.number(count, "count", low=0, integer=True)
    share = max(20, 3 * count // max(len(photos), 1))
    found, passed, looked, have = [], 0, 0, 0
    for view in views(photos, rng):
        windows, tried = _false_alarms(view, cascade)
        passed, looked = passed + len(windows), looked + tried
        chosen = rng.permutation(len(windows))[:share]
        found.append(windows[np.sort(chosen)])
        have += len(chosen)
        if have >= 1.5 * count or looked >= most_windows:
            break
    width, height = cascade.window
    found = np.concatenate([np.zeros((0, height, width), np.uint8), *found])
    return Mined(found[np.sort(rng.permutation(len(found))[:count])], passed, looked)


def _false_alarms(view, cascade):
    """Windows (n, h, w) uint8 of one view that pass, and how many were looked at."""
    width, height = cascade.window
    if view.shape[0] < height or view.shape[1] < width:
        return np.zeros((0, height, width), np.uint8), 0
    grey = images.to_bytes(view)
    found, looked = [], 0
    for level, depths in scan.depth_maps(view, cascade, scale_factor=SCALE_FACTOR):
        rows, columns = np.nonzero(depths == len(cascade.stages))
        tiles = np.lib.stride_tricks.sliding_window_view(
            pyramid.shrink(grey, level), (height, width)
        )
        found.append(tiles[rows * level.step, columns * level.step])
        looked += int(np.count_nonzero(depths != scan.SKIPPED))
    return np.concatenate(found), looked


def is_flat(windows):
    """Whether the detector skips a window because it has next to no contrast.

    Parameters
    ----------
    windows : (N, H, W) uint8 ndarray

    Returns
    -------
    (N,) bool ndarray
        True where the standard deviation, without the outermost pixels, is 10 of 255 or less.
    """
    return windows[:, 1:-1, 1:-1].std(axis=(1, 2)) <= FLAT_STD


def stages_passed(windows, cascade):
    """How many stages of a cascade of stumps each window passes.

    Parameters
    ----------
    windows : (N, H, W) uint8 ndarray
        Of the size of the cascade's window.
    cascade : Cascade
        All of its trees are stumps and no feature is tilted, as `training.train_cascade` makes it.

    Returns
    -------
    (N,) int64 ndarray
        0 for windows that are as flat as those the detector skips.

    Raises
    ------
    ValueError
        If the windows have another size, or a tree has more than one question.
    """
    width, height = cascade.window
    windows = checks.array(windows, "windows", shape=(None, height, width))
    if any(len(t.features) > 1 for s in cascade.stages for t in s.trees) or cascade.tilted.any():
        raise ValueError("stages_passed only knows stumps on upright features; use scan.raw_hits.")
    integrals = haar.integral_image(equal_contrast(windows))  # (N, H+1, W+1)
    passed = np.zeros(len(windows), np.int64)
    left = np.flatnonzero(~is_flat(windows))
    for stage in cascade.stages:
        left = left[_stage_scores(integrals[left], cascade, stage) >= stage.threshold - 1e-5]
        passed[left] += 1
    return passed


def _stage_scores(integrals, cascade, stage):
    """Sum of a stage's votes (n,) for windows given by their integral images (n, H+1, W+1)."""
    total = np.zeros(len(integrals))
    for tree in stage.trees:
        feature = tree.features[0]
        x, y, w, h = cascade.rectangles[feature].astype(np.intp).T  # (3,) each
        sums = haar.rectangle_sum(integrals, x, y, w, h)  # (n, 3)
        below = sums @ cascade.weights[feature].astype(np.float64) < tree.thresholds[0]
        total += np.where(below, *tree.leaves)
    return total
