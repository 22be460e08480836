"""Photographs behind the objects: some for learning, others for held-out scenes."""

import functools

import cv2
import numpy as np

from course_lib import checks, datasets, fetch, images

SHORT = 200  # px: the shorter side of a stored photograph

# Inside scikit-image's and scikit-learn's wheels; chelsea, a real cat, is in neither list.
PACKAGED = {
    "learning": ("astronaut", "brick", "china", "coffee", "flower", "grass", "motorcycle_left"),
    "held out": ("gravel", "rocket", "retina"),
}
# Peter Corke's photographs. No place is in both lists.
CORKE = {
    "learning": (
        *(f"flowers{n}.png" for n in range(1, 8)),
        *(f"campus/P10704{n}.png" for n in (91, 93, 94, 95, 96, 97, 98, 99)),
        *(f"campus/P10705{n:02}.png" for n in (0, 1, 3, 4, 5, 6, 7, 9, 10, 12, 14, 15)),
        "building2-1.png",
        "castle.png",
        "lab-scene.png",
        "penguins.png",
        "street.png",
        "monalisa.png",
    ),
    "held out": (
        "flowers8.png",
        "flowers9.png",
        *(f"campus/holdout/P10704{n}.png" for n in (92,)),
        *(f"campus/holdout/P10705{n:02}.png" for n in (2, 8, 11, 13)),
        "church.jpg",
        "eiffel-1.png",
        "notre-dame.png",
        "rocks2-l.png",
        "road.png",
    ),
}
SPLITS = tuple(CORKE)


@functools.cache
def photographs(split):
    """Load the photographs of a split, small.

    Parameters
    ----------
    split : str
        ``"learning"`` or ``"held out"``.

    Returns
    -------
    tuple of (H, W, 3) uint8 ndarray
        RGB, the shorter side `SHORT` pixels; read-only. Read once: the first call takes seconds.

    Raises
    ------
    ValueError
        If there is no such split.
    """
    checks.choice(split, "split", SPLITS)
    folder = fetch.fetch("corke")
    photos = [datasets.photo(name) for name in PACKAGED[split]]
    photos += [images.read(folder / name) for name in CORKE[split]]
    return tuple(map(_small, photos))


def crop(photo, size, rng):
    """Cut a square out of a photograph, perhaps mirrored.

    Parameters
    ----------
    photo : (H, W, 3) uint8 ndarray
    size : int
        Side of the result in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    (size, size, 3) float32 ndarray
        RGB in [0, 1].
    """
    height, width = photo.shape[:2]
    side = int(rng.integers(min(height, width) // 2, min(height, width) + 1))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    cut = photo[top : top + side, left : left + side]
    if rng.random() < 0.5:
        cut = cv2.flip(cut, 1)
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(cut, (size, size), interpolation=method).astype(np.float32) / 255


def _small(photo):
    """Shrink to the stored size, in colour, as bytes."""
    scale = SHORT / min(photo.shape[:2])
    height, width = (max(SHORT, round(scale * n)) for n in photo.shape[:2])
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    small = images.to_bytes(small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2))
    small.setflags(write=False)
    return small
