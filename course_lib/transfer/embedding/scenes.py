"""Pictures to search among: places of a town, kinds of things, people, photographs.

Used in ``04_2_embedding_and_retrieval``.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks, datasets, fetch, images
from course_lib.transfer import descriptors

TOWN = 1250  # pixels, the longer side to which the aerial photograph is shrunk
CAMPUS = [f"P1070{number}" for number in range(491, 516)]
HELD_OUT = [f"P1070{number}" for number in (492, 502, 508, 511, 513)]
FLOWERS = [f"flowers{number}" for number in range(1, 10)]
SIGHTS = ["building2-1", "building2-2", "building2-3", "castle", "castle2", "church"]
SIGHTS += ["eiffel-1", "eiffel-2", "notre-dame", "penguins", "road", "street", "monalisa"]
NEAR_BY = ["astronaut", "camera", "chelsea", "china", "coffee", "flower", "rocket", "coins"]


@dataclass(frozen=True)
class Task:
    """Pictures of one size, and which of them belong together.

    Attributes
    ----------
    pictures : (N, H, W, 3) float32 ndarray
        RGB in [0, 1].
    labels : (N,) int64 ndarray
        Pictures of one label are relevant to each other.
    """

    pictures: np.ndarray
    labels: np.ndarray


def town():
    """Load the aerial photograph of a town by the sea.

    Returns
    -------
    (1236, 1250, 3) float32 ndarray
        RGB in [0, 1].

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: the images of P. Corke's Machine Vision Toolbox, MIT licence.
    """
    return images.fit(images.read(fetch.fetch("corke") / "mosaic" / "aerialphoto.png"), TOWN)


def places(*, rows=6, views=5, side=128, seed=0):
    """Fly over a town several times: each place is seen turned, shifted and in other light.

    Parameters
    ----------
    rows : int
        Places along each side of the town; 2 or more.
    views : int
        Pictures of each place.
    side : int
        Of a picture, in pixels.
    seed : int

    Returns
    -------
    Task
        ``rows**2 * views`` pictures; the label is the place, row by row.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    rows = checks.number(rows, "rows", low=2, integer=True)
    views = checks.number(views, "views", low=1, integer=True)
    photo, rng = town(), np.random.default_rng(seed)
    reach = 0.12 * TOWN  # width of what a picture shows
    down, across = (np.linspace(0.75 * reach, n - 0.75 * reach, rows) for n in photo.shape[:2])
    centres = [(x, y) for y in down for x in across]
    pictures = [_flown(photo, centre, reach, side, rng) for centre in centres for _ in range(views)]
    return Task(np.array(pictures), np.repeat(np.arange(rows**2), views))


def _flown(photo, centre, reach, side, rng):
    """One view of a place, up to 3 % of the town beside it, higher or lower, by day or dusk."""
    x, y = np.add(centre, rng.uniform(-0.016, 0.016, 2) * TOWN)
    point = (x, y, reach * rng.uniform(0.85, 1.15), rng.uniform(0, 360))
    view = descriptors.patch(photo, point, side, reach=1)
    return rng.uniform(0.7, 1) * view ** np.float32(rng.uniform(0.6, 1.6))


def kinds(*, count=30, side=96):
    """Take the first pictures of each of the ten kinds of things of CIFAR-10's test set.

    Parameters
    ----------
    count : int
        Pictures of each kind, at most 1000.
    side : int
        To which the 32 x 32 pixels are enlarged.

    Returns
    -------
    Task
        ``10 * count`` pictures, kind by kind.

    Raises
    ------
    ValueError
        If a number is out of range.
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.
    """
    count = checks.number(count, "count", low=1, high=1000, integer=True)
    _, (pictures, labels) = datasets.cifar10()
    chosen = np.concatenate([np.flatnonzero(labels == kind)[:count] for kind in range(10)])
    large = [images.resize(pictures[i], side, side, method="linear") for i in chosen]
    return Task(np.clip(large, 0, 1).astype(np.float32), labels[chosen].astype(np.int64))


def people(*, count=5):
    """Take the first portraits of each of the 40 people of the ORL faces, as RGB.

    Parameters
    ----------
    count : int
        Portraits of each, at most 10.

    Returns
    -------
    Task
        ``40 * count`` pictures of 112 x 92 pixels. For research; do not publish them.

    Raises
    ------
    ValueError
        If a number is out of range.
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.
    """
    count = checks.number(count, "count", low=1, high=10, integer=True)
    pictures, labels = datasets.orl()
    chosen = np.arange(len(labels)) % 10 < count
    return Task(np.repeat(pictures[chosen, :, :, None], 3, axis=3), labels[chosen])


def photographs(*, longest=320):
    """Load photographs of a campus, flowers and sights, and some that came with the packages.

    Parameters
    ----------
    longest : int
        Pixels of the longer side.

    Returns
    -------
    dict of str to (H, W, 3) float32 ndarray
        RGB; grey photographs too. The campus comes first; `HELD_OUT` names five of it to search
        with.

    Raises
    ------
    fetch.FetchError
        If the data are not in the cache and cannot be fetched.

    Notes
    -----
    Source: the images of P. Corke's Machine Vision Toolbox (MIT licence), and `datasets.photo`.
    """
    folder = fetch.fetch("corke")
    paths = {name: folder / f"{name}.png" for name in FLOWERS + SIGHTS}
    held_out = folder / "campus" / "holdout"
    campus = {n: (held_out if n in HELD_OUT else folder / "campus") / f"{n}.png" for n in CAMPUS}
    found = {name: images.read(path) for name, path in (campus | paths).items()}
    found |= {name: datasets.photo(name) for name in NEAR_BY}
    return {name: images.to_rgb(images.fit(photo, longest)) for name, photo in found.items()}
