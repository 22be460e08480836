"""Pictures moved and recoloured, so that a few look like many.

Every function takes a batch and returns a new one of the same shape. Taught in
``03_2_train_a_cnn``. Source: Simard, Steinkraus and Platt, ICDAR 2003 (moved digits); Krizhevsky,
Sutskever and Hinton, NIPS 2012 (crops, mirror images and colours of photographs).
"""

import numpy as np

from course_lib import checks

FILLS = ("zero", "edge", "mirror")
_GREY = (0.299, 0.587, 0.114)  # Rec. 601, as `images.to_grey`


def move(pictures, *, angle=0, zoom=1, shift=(0, 0), flip=False, fill="zero"):
    """Mirror, enlarge, turn and shift pictures, in this order, about their middle.

    Parameters
    ----------
    pictures : (N, H, W) or (N, H, W, C) array_like
    angle : float or (N,) array_like
        In degrees, against the clock.
    zoom : float or (N,) array_like
        Above 1 enlarges.
    shift : (float, float) or (N, 2) array_like
        Down and right, in pixels.
    flip : bool or (N,) array_like
        Whether to swap left and right.
    fill : str
        What is seen beyond the border: ``zero``, ``edge`` (the last pixel goes on) or ``mirror``
        (the picture goes on mirrored).

    Returns
    -------
    ndarray
        Of the pictures' shape, float32.

    Raises
    ------
    ValueError
        If the pictures have not three or four axes, a zoom is not above 0, another argument has
        another number of rows, or the fill is unknown.

    Notes
    -----
    Each new pixel looks up its place in the old picture and mixes its four neighbours there
    (bilinear). Enlarging does so without blur, and shrinking skips pixels.
    """
    pictures = _batch(pictures)
    checks.choice(fill, "fill", FILLS)
    count, height, width = pictures.shape[:3]
    angle = np.deg2rad(_per_picture(angle, "angle", count))
    zoom = _per_picture(zoom, "zoom", count)
    if (zoom <= 0).any():
        raise ValueError(f"zoom is {zoom.min():g}; wanted above 0, such as 1.2.")
    down, right = _per_picture(shift, "shift", count, axes=(2,)).T[..., None, None]
    sign = 1 - 2 * _per_picture(flip, "flip", count).astype(bool)
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1]).reshape(2, 1, 1) / 2
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    y, x = y - down, x - right  # (N, H, W), undone in reverse order
    rows = cos * y + sin * x + (height - 1) / 2
    columns = sign * (cos * x - sin * y) + (width - 1) / 2
    return _sample(pictures, rows, columns, fill)


def random_moves(pictures, rng, *, angle=0, zoom=0, shift=0, flip=False, fill="zero"):
    """Move every picture differently, by `move`.

    Parameters
    ----------
    pictures : (N, H, W) or (N, H, W, C) array_like
    rng : numpy.random.Generator
    angle : float
        The largest turn in degrees, either way.
    zoom : float
        The largest change of size: 0.2 goes from 1 / 1.2 to 1.2 times.
    shift : float
        The furthest move in pixels, in each direction.
    flip : bool
        Whether half of the pictures are mirrored.
    fill : str
        See `move`.

    Returns
    -------
    ndarray
        Of the pictures' shape, float32.

    Raises
    ------
    ValueError
        If a limit is below 0, or as `move`.
    """
    pictures = _batch(pictures)
    limits = {"angle": angle, "zoom": zoom, "shift": shift}
    for name, value in limits.items():
        checks.number(value, name, low=0)
    count = len(pictures)
    return move(
        pictures,
        angle=rng.uniform(-angle, angle, count),
        zoom=(1 + zoom) ** rng.uniform(-1, 1, count),
        shift=rng.uniform(-shift, shift, (count, 2)),
        flip=(rng.random(count) < 0.5) & flip,
        fill=fill,
    )


def recolour(pictures, *, brightness=0, contrast=1, saturation=1):
    """Change the light and the colours of photographs.

    Parameters
    ----------
    pictures : (N, H, W, 3) array_like
        RGB in [0, 1].
    brightness : float
        Added to every value.
    contrast : float
        Above 1 drives the values away from the mean of their picture; 0 leaves the mean only.
    saturation : float
        Above 1 makes colours stronger; 0 leaves grey.

    Returns
    -------
    (N, H, W, 3) float32 ndarray
        Clipped to [0, 1].

    Raises
    ------
    ValueError
        If the pictures are not ``(N, H, W, 3)``, or contrast or saturation is below 0.
    """
    pictures = checks.array(pictures, "pictures", shape=(None, None, None, 3)).astype(np.float32)
    contrast = checks.number(contrast, "contrast", low=0)
    saturation = checks.number(saturation, "saturation", low=0)
    grey = (pictures @ np.array(_GREY, np.float32))[..., None]
    colours = grey + saturation * (pictures - grey)
    mean = colours.mean(axis=(1, 2, 3), keepdims=True)
    result = mean + contrast * (colours - mean) + checks.number(brightness, "brightness")
    return np.clip(result, 0, 1).astype(np.float32)


def _batch(pictures):
    """Checked pictures as float32."""
    pictures = np.asarray(pictures)
    if pictures.ndim not in (3, 4) or 0 in pictures.shape:
        wanted = "(N, H, W) or (N, H, W, C)"
        raise ValueError(f"pictures has shape {pictures.shape}; wanted a batch {wanted}.")
    return checks.array(pictures, "pictures").astype(np.float32)


def _per_picture(value, name, count, axes=()):
    """One value for each picture, ``(N, 1, 1)``, or ``(N, *axes)``."""
    value = checks.array(np.asarray(value), name)
    if value.shape not in {axes, (count, *axes)}:
        raise ValueError(
            f"{name} has shape {value.shape}; wanted one, or one per picture: {count}."
        )
    value = np.broadcast_to(value, (count, *axes)).astype(np.float64)
    return value if axes else value[:, None, None]


def _sample(pictures, rows, columns, fill):
    """The pictures' values at fractional places ``(N, H, W)``, by their four neighbours."""
    height, width = pictures.shape[1:3]
    if fill == "zero":
        margins = [(0, 0), (1, 1), (1, 1)] + [(0, 0)] * (pictures.ndim - 3)
        pictures = np.pad(pictures, margins)
        rows, columns = np.clip(rows, -1, height) + 1, np.clip(columns, -1, width) + 1
    else:
        rows, columns = _inside(rows, height, fill), _inside(columns, width, fill)
    height, width = pictures.shape[1:3]
    y, x = np.floor(rows).astype(int), np.floor(columns).astype(int)
    picture = np.arange(len(pictures))[:, None, None]
    result = 0.0
    for i in (0, 1):
        for j in (0, 1):
            share = np.abs(1 - i - (rows - y)) * np.abs(1 - j - (columns - x))
            share = share.reshape(share.shape + (1,) * (pictures.ndim - 3))
            found = pictures[picture, np.minimum(y + i, height - 1), np.minimum(x + j, width - 1)]
            result = result + share * found
    return result.astype(np.float32)


def _inside(places, length, fill):
    """Places beyond the border, folded or clipped back to 0 ... length - 1."""
    if fill == "edge" or length == 1:
        return np.clip(places, 0, length - 1)
    places = np.mod(places, 2 * (length - 1))
    return np.minimum(places, 2 * (length - 1) - places)
