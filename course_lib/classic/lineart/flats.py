"""Colour beneath the lines: flat areas of few colours, and the recipes that put all together."""

import numpy as np

from course_lib import checks, images
from course_lib.classic import lineart
from course_lib.classic.lineart import filters, morphology

_LIGHTNESS = 0.4  # lightness counts less than hue, so that a shadow keeps its thing's colour
_LARGEST_SAMPLE = 5_000


def palette(image, colours=14, seed=0):
    """Choose the colours that stand for a picture: k-means in Lab.

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1].
    colours : int
        From 1 to 64.
    seed : int
        Where k-means starts.

    Returns
    -------
    (colours, 3) float32 ndarray
        CIE Lab, from dark to light.

    Raises
    ------
    ValueError
        If the picture is not RGB or has fewer pixels than `colours`.

    Notes
    -----
    scikit-learn's KMeans on about 5,000 pixels, evenly taken, with lightness weighed 0.4.
    Taught in ``01_4_line_art``. Source: Lloyd, 1982, doi:10.1109/TIT.1982.1056489.
    """
    from sklearn.cluster import KMeans  # here, because it takes longer to import than the room
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    colours = checks.number(colours, "colours", low=1, high=64, integer=True)
    pixels = _weigh(images.to_lab(image)).reshape(-1, 3)
    if len(pixels) < colours:
        raise ValueError(
            f"image has {len(pixels)} pixels; wanted at least {colours} for as many colours."
        )
    sample = pixels[:: max(1, len(pixels) // _LARGEST_SAMPLE)]
    with threadpool_limits(1):  # threads cost more than they bring on so few pixels
        found = KMeans(colours, n_init=2, random_state=seed).fit(sample.astype(np.float64))
    centres = found.cluster_centers_.astype(np.float32)
    centres[:, 0] /= _LIGHTNESS
    return centres[np.argsort(centres[:, 0])]


def nearest_colour(image, colours):
    """Say, for every pixel, which colour of a palette is nearest.

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1].
    colours : (N, 3) array_like
        CIE Lab, from `palette`.

    Returns
    -------
    (H, W) int64 ndarray
        Index into `colours`.

    Raises
    ------
    ValueError
        If the picture is not RGB or the palette not ``(N, 3)``.
    """
    colours = checks.array(colours, "colours", shape=(None, 3), dtype=np.float32)
    lab = _weigh(images.to_lab(image))
    distance = [((lab - colour) ** 2).sum(axis=-1) for colour in _weigh(colours)]  # N x (H, W)
    return np.argmin(distance, axis=0)


def colour_flats(image, colours=14, smooth=2.0, vivid=1.2, seed=0):
    """Paint a photo in few flat colours with smooth borders.

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1]; a bilateral blur before gives calmer areas.
    colours : int
        From 1 to 64.
    smooth : float
        Borders are smoothed over this many pixels, above 0.
    vivid : float
        1 keeps the colours, more makes them stronger, 0 is grey.
    seed : int
        See `palette`.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1].

    Raises
    ------
    ValueError
        If the picture is not RGB or a number is out of range.

    Notes
    -----
    Each colour's area is blurred, and the strongest wins with a soft rim: specks vanish and
    borders lose their stairs. Taught in ``01_4_line_art``.
    """
    image = checks.image(image, channels=(3,))
    vivid = checks.number(vivid, "vivid", low=0, high=3)
    chosen = palette(image, colours, seed)
    labels = nearest_colour(image, chosen)
    chosen = images.from_lab((chosen * [1, vivid, vivid])[None])[0]  # (N, 3) RGB
    paint, total = np.zeros_like(image), np.zeros((*labels.shape, 1), np.float32)
    for number, colour in enumerate(chosen):
        share = filters.gaussian_blur(labels == number, smooth)[..., None] ** 6
        paint += share * colour
        total += share
    return np.clip(paint / total, 0, 1)


def compose(drawing, colour, ink=(0, 0, 0)):
    """Lay a drawing over colours.

    Parameters
    ----------
    drawing : (H, W) array_like
        1 lets the colour through, 0 covers it with ink.
    colour : (H, W, 3) array_like
        RGB in [0, 1].
    ink : (3,) array_like
        RGB in [0, 1].

    Returns
    -------
    (H, W, 3) float32 ndarray

    Raises
    ------
    ValueError
        If the shapes differ or values leave [0, 1].

    Notes
    -----
    Taught in ``01_4_line_art``. Source: Porter and Duff, 1984, doi:10.1145/800031.808606 ("over").
    """
    drawing = checks.image(drawing, "drawing", channels=(1,))
    colour = checks.image(colour, "colour", channels=(3,))
    checks.array(colour, "colour", shape=(*drawing.shape, 3))
    ink = checks.array(ink, "ink", shape=(3,), low=0, high=1, dtype=np.float32)
    paper = drawing[..., None]
    return paper * colour + (1 - paper) * ink


def comic(image, colours=14, sigma=1.4, threshold=0.004, specks=40, vivid=1.2):
    """Draw a photo as a comic: ink lines over colour flats.

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1]; the defaults suit pictures about 900 pixels wide.
    colours, vivid
        See `colour_flats`.
    sigma, threshold
        See `lineart.ink_lines`.
    specks : int
        See `morphology.remove_specks`.

    Returns
    -------
    (H, W, 3) float32 ndarray

    Raises
    ------
    ValueError
        If the picture is not RGB or a number is out of range.
    """
    calm = filters.bilateral_blur(image, sigma_space=6, sigma_colour=0.1, passes=3)
    lines = lineart.ink_lines(images.to_grey(calm), sigma, threshold)
    return compose(
        morphology.remove_specks(lines, specks), colour_flats(calm, colours, vivid=vivid)
    )


def _weigh(lab):
    """Lab with lightness counted less."""
    return lab * np.float32([_LIGHTNESS, 1, 1])
