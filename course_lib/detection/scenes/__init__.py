"""Endless pictures whose boxes are known exactly: emoji on photographs.

Taught in ``05_3_train_a_detector``. Emoji: Twemoji, CC BY 4.0. The idea of pasting cut-out objects
onto photographs for training detectors: Dwibedi et al., ICCV 2017, arXiv:1708.01642.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from course_lib import checks
from course_lib.detection.scenes.backgrounds import SPLITS, crop, photographs
from course_lib.detection.scenes.glyphs import NAMES, glyph, lay, shrink

__all__ = [
    "NAMES",
    "SIZE",
    "SPLITS",
    "Scene",
    "batch",
    "compose",
    "glyph",
    "lay",
    "make",
    "shrink",
    "tight_box",
]

SIZE = 96  # px: side of a scene
LARGEST = 4096  # px: side of a scene
MOST = 100  # objects asked for: a scene is full long before
TRIES = 8  # places tried for an object before it is left out


@dataclass(frozen=True)
class Scene:
    """A picture and what is in it.

    Attributes
    ----------
    picture : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    boxes : (n, 4) float64 ndarray
        Corners ``x0, y0, x1, y1`` in pixels, tight around the *visible* pixels of each object.
    labels : (n,) int64 ndarray
        Index into `NAMES`.
    masks : (n, H, W) bool ndarray
        The visible pixels of each object: opacity 1/2 or more, and nothing on top.
    shown : (n,) float64 ndarray
        Share of the object's pixels that is visible: neither covered nor outside.
    """

    picture: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    shown: np.ndarray

    @property
    def names(self):
        """The name of each object, as a tuple."""
        return tuple(NAMES[label] for label in self.labels)


def make(seed, *, size=SIZE, split="learning", classes=NAMES, objects=(1, 5), sides=(18, 50),
         turn=25.0, light=0.35, hidden=0.4):  # fmt: skip
    """Make one scene.

    Parameters
    ----------
    seed : int, sequence of int, or numpy.random.Generator
        The same seed gives the same scene.
    size : int
        Side of the picture in pixels, 32 to 4096.
    split : str
        ``"learning"`` or ``"held out"``: which photographs lie behind.
    classes : sequence of str
        Which of `NAMES` may occur.
    objects : (int, int)
        Fewest and most objects, up to 100; fewer where there is no room for the last ones.
    sides : (float, float)
        Smallest and largest side of an emoji's square in pixels.
    turn : float
        Largest turn to either side, in degrees.
    light : float
        0 leaves colours as they are; up to 0.9: how much light and its colour change.
    hidden : float
        Largest share of an object that may be covered or outside, in [0, 1).

    Returns
    -------
    Scene
        The objects are listed from back to front.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or a class or split is unknown.
    """
    rng = _generator(seed)
    size = checks.number(size, "size", low=32, high=LARGEST, integer=True)
    light = checks.number(light, "light", low=0, high=0.9)
    turn = checks.number(turn, "turn", low=0, high=180)
    objects = _span(objects, "objects", low=0, high=MOST, integer=True)
    sides = _span(sides, "sides", low=8, high=size)
    numbers = _numbers(classes)
    photos = photographs(checks.choice(split, "split", SPLITS))
    background = crop(photos[rng.integers(len(photos))], size, rng)
    layers, labels = [], []
    for _ in range(rng.integers(objects[0], objects[1] + 1)):
        label = numbers[rng.integers(len(numbers))]
        look = rng.uniform(1 - light, 1 + light / 2) * rng.uniform(1 - light / 4, 1, 3)
        labels.append(label)
        layers.append((glyph(NAMES[label]), look, _places(rng, size, sides, turn)))
    picture, masks, shown, kept = compose(background, layers, hidden=hidden)
    picture = _lit(picture, *_light(rng, size, light))
    boxes = np.array([tight_box(mask) for mask in masks]).reshape(-1, 4)
    return Scene(picture, boxes, np.array(labels, np.int64)[kept], masks, shown)


def batch(count, seed, **settings):
    """Make several scenes, each with its own seed drawn from one.

    Parameters
    ----------
    count : int
    seed : int or sequence of int
        Scene ``n`` is ``make((*seed, n))``.
    **settings
        As for `make`.

    Returns
    -------
    pictures : (count, H, W, 3) float32 ndarray
    scenes : list of Scene
    """
    count = checks.number(count, "count", low=1, integer=True)
    seed = list(seed) if isinstance(seed, (list, tuple, np.ndarray)) else [seed]
    made = [make((*seed, n), **settings) for n in range(count)]
    return np.stack([scene.picture for scene in made]), made


def compose(background, layers, *, hidden=0.4):
    """Lay objects on a picture, back to front, and keep the account of who is visible.

    Parameters
    ----------
    background : (H, W, 3) float32 ndarray
        RGB in [0, 1].
    layers : sequence of (levels, look, places)
        Sizes of the emoji from `shrink`; factors (3,) for its colours; places
        ``(centre, side, angle)`` of which the first that leaves enough visible is taken.
    hidden : float
        Largest share of any object that may be covered or outside, in [0, 1).

    Returns
    -------
    picture : (H, W, 3) float32 ndarray
    masks : (n, H, W) bool ndarray
    shown : (n,) float64 ndarray
    kept : (n,) int64 ndarray
        Which layers found a place.

    Raises
    ------
    ValueError
        If the background is no colour picture, or `hidden` leaves [0, 1).
    """
    # Colour by colour: NumPy is slow where a row of an array holds three numbers only.
    planes = np.array(cv2.split(checks.image(background, "background", channels=(3,))))
    hidden = checks.number(hidden, "hidden", low=0, high=1 - 1e-9)
    masks, totals, kept = [], [], []
    for n, (levels, look, places) in enumerate(_layers(layers)):
        for place in places:
            patch, corner = lay(levels, *place)
            mask, window, cut = _land(patch, corner, planes.shape[1:])
            total = np.count_nonzero(patch[..., 3] >= 0.5)
            if not _fits(mask, total, masks, totals, hidden):
                continue
            layer = np.array(cv2.split(patch[cut]))
            shade = np.minimum(layer[:3] * look, layer[3])
            planes[window] = planes[window] * (1 - layer[3]) + shade
            masks = [old > mask for old in masks] + [mask]
            totals.append(total)
            kept.append(n)
            break
    stack = np.array(masks, bool).reshape(-1, *planes.shape[1:])
    shown = np.array([np.count_nonzero(mask) for mask in stack]) / np.array(totals, float)
    return cv2.merge(planes), stack, shown, np.array(kept, np.int64)


def tight_box(mask):
    """Find the smallest box around the true pixels of a mask.

    Parameters
    ----------
    mask : (H, W) array_like of bool

    Returns
    -------
    (4,) float64 ndarray
        Corners ``x0, y0, x1, y1`` in pixels: a single pixel at row 2, column 5 has (5, 2, 6, 3).

    Raises
    ------
    ValueError
        If no pixel is true.
    """
    mask = checks.array(mask, "mask", ndim=2)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        raise ValueError("mask has no true pixel; wanted at least one.")
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


def _generator(seed):
    """The generator of a seed, or one sentence on what a seed is."""
    try:
        return np.random.default_rng("None" if seed is None else seed)  # None: another each time
    except (TypeError, ValueError) as error:
        text = "wanted a whole number of at least 0, several of them, or a Generator"
        raise type(error)(f"seed is {seed!r}; {text}.") from None


def _layers(layers):
    """Check the layers: look becomes float32 (3, 1, 1)."""
    try:
        parts = [(levels, look, list(places)) for levels, look, places in layers]
    except (TypeError, ValueError):
        raise TypeError("layers holds no triples; wanted (levels, look, places) each.") from None
    form = {"shape": (3,), "low": 0, "dtype": np.float32}
    return [(one, checks.array(look, "look", **form)[:, None, None], at) for one, look, at in parts]


def _land(patch, corner, shape):
    """Clip a patch to the picture: its mask there, and the windows in picture and patch."""
    (left, top), (height, width) = corner, patch.shape[:2]
    x0, x1 = max(left, 0), min(left + width, shape[1])
    y0, y1 = max(top, 0), min(top + height, shape[0])
    window = np.s_[..., y0:y1, x0:x1]
    cut = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    mask = np.zeros(shape[:2], bool)
    mask[window] = patch[cut][..., 3] >= 0.5
    return mask, window, cut


def _fits(mask, total, masks, totals, hidden):
    """Whether the new object, and each one below it, stays visible enough."""
    least = 1 - hidden
    if total == 0 or np.count_nonzero(mask) < least * total:
        return False
    lefts = (np.count_nonzero(old > mask) for old in masks)  # true, and not covered
    return all(left >= least * of for left, of in zip(lefts, totals, strict=True))


def _places(rng, size, sides, turn):
    """Draw the places to try for one object: (centre, side, angle)."""
    side, angle = np.exp(rng.uniform(*np.log(sides))), rng.uniform(-turn, turn)
    centres = rng.uniform(0.4 * side, size - 0.4 * side, (TRIES, 2))
    return [(centre, side, angle) for centre in centres]


def _light(rng, size, light):
    """Draw a light that comes from one side and has a colour: factors (size, size), (3,)."""
    strength, direction = rng.uniform(0, light), rng.uniform(0, 2 * np.pi)
    axis = np.linspace(-0.7, 0.7, size, dtype=np.float32)
    slope = axis * np.float32(np.cos(direction)) + axis[:, None] * np.float32(np.sin(direction))
    colour = rng.uniform(1 - light / 2, 1 + light / 4) * rng.uniform(1 - light / 4, 1, 3)
    return 1 + np.float32(strength) * slope, colour.astype(np.float32)


def _lit(picture, slope, colour):
    """The picture in that light, in [0, 1]."""
    planes = zip(cv2.split(picture), colour, strict=True)
    return cv2.merge([np.clip(plane * (slope * factor), 0, 1) for plane, factor in planes])


def _span(pair, name, *, low, high=None, integer=False):
    """Check a pair of numbers, the smaller one first."""
    pair = checks.array(pair, name, shape=(2,)).tolist()
    first = checks.number(pair[0], f"{name}[0]", low=low, high=high, integer=integer)
    return first, checks.number(pair[1], f"{name}[1]", low=first, high=high, integer=integer)


def _numbers(classes):
    """Turn names of classes into their numbers."""
    classes = classes if isinstance(classes, str) or not np.iterable(classes) else tuple(classes)
    if not isinstance(classes, tuple) or not classes:
        raise ValueError(f"classes is {classes!r}; wanted one or more of {', '.join(NAMES)}.")
    return [NAMES.index(checks.choice(name, "class", NAMES)) for name in classes]
