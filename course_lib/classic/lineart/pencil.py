"""A pencil sketch in the darkroom's way: dodge to keep the outlines, burn to shade them.

A *drawing* is a grey picture: 1 is paper, 0 is the darkest lead.
"""

import numpy as np

from course_lib import checks
from course_lib.classic.lineart import filters


def dodge(picture, mask):
    """Brighten a picture, the more the brighter the mask.

    Parameters
    ----------
    picture, mask : (H, W) array_like
        Values in [0, 1].

    Returns
    -------
    (H, W) float32 ndarray
        ``picture / (1 - mask)``, at most 1; black stays black.

    Raises
    ------
    ValueError
        If the shapes differ or a value leaves [0, 1].

    Notes
    -----
    Called colour dodge in paint programs. Taught in ``01_4_line_art``.
    """
    picture, mask = _same_shape(picture, mask)
    return np.minimum(picture / np.maximum(1 - mask, 1e-12), 1, dtype=np.float32)


def burn(picture, mask):
    """Darken a picture, the more the darker the mask.

    Parameters
    ----------
    picture, mask : (H, W) array_like
        Values in [0, 1].

    Returns
    -------
    (H, W) float32 ndarray
        ``picture + mask - 1``, at least 0: the darkness of both adds up.

    Raises
    ------
    ValueError
        If the shapes differ or a value leaves [0, 1].

    Notes
    -----
    Called linear burn in paint programs. Taught in ``01_4_line_art``.
    """
    picture, mask = _same_shape(picture, mask)
    return np.maximum(picture + mask - 1, 0)


def hatching(shape, length=15, seed=0):
    """Make the strokes of a pencil that is moved along one diagonal.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    length : int
        Length of a stroke in pixels per side, odd.
    seed : int
        Other strokes for another number.

    Returns
    -------
    (H, W) float32 ndarray
        How much lead stays on the paper, in [0, 2], about 1 on average.

    Raises
    ------
    ValueError
        If `length` is even or a number is out of range.

    Notes
    -----
    Noise, averaged along the diagonal. Taught in ``01_4_line_art``.
    """
    length = checks.number(length, "length", low=1, high=99, integer=True)
    noise = np.random.default_rng(seed).random(shape, dtype=np.float32)
    stroke = np.eye(length, dtype=np.float32)[::-1] / length
    strokes = filters.gaussian_blur(filters.correlate(noise, stroke), 0.6)
    return np.clip(1 + 0.5 * (strokes - strokes.mean()) / max(strokes.std(), 1e-6), 0, 2)


def pencil_sketch(grey, sigma=12, shade=0.4, line=1.3, strokes=None):
    """Draw a grey photo in pencil: outlines from dodging, hatched shadows from burning.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    sigma : float
        Blur of the dodging mask in pixels: small draws fine outlines only.
    shade : float
        Darkness of the shadows, from 0 to 1.
    line : float
        Darkness of the outlines, from 0 to 3; 1 is what dodging gives.
    strokes : (H, W) array_like, optional
        From `hatching`; smooth shading without.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing.

    Raises
    ------
    ValueError
        If the picture is not grey, shapes differ or a number is out of range.

    Notes
    -----
    Taught in ``01_4_line_art``. A darkroom trick; no single source.
    """
    grey = checks.image(grey, "grey", channels=(1,))
    shade = checks.number(shade, "shade", low=0, high=1)
    line = checks.number(line, "line", low=0, high=3)
    strokes = np.ones_like(grey) if strokes is None else strokes
    strokes = checks.array(strokes, "strokes", shape=grey.shape, dtype=np.float32, low=0)
    lifted = 0.03 + 0.97 * grey  # dividing by almost black would show nothing but noise
    outlines = dodge(lifted, np.clip(1 - filters.gaussian_blur(lifted, sigma), 0, 1))
    rough = (1 + strokes) / 2  # outlines are pressed harder: half as grainy as shadows
    outlines = 1 - np.clip(line * (1 - outlines) * rough, 0, 1)
    shadows = shade * (1 - filters.gaussian_blur(grey, 1)) ** 1.5 * strokes
    return burn(outlines, 1 - np.clip(shadows, 0, 1))


def _same_shape(picture, mask):
    """Both as grey pictures of one shape."""
    picture = checks.image(picture, "picture", channels=(1,))
    mask = checks.image(mask, "mask", channels=(1,))
    return picture, checks.array(mask, "mask", shape=picture.shape)
