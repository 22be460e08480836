"""Pooling: each window of a picture is replaced by its largest value, or by its mean.

Taught in ``03_1_convolution_and_pooling``. Sources: LeCun et al., Proc. IEEE 1998,
doi 10.1109/5.726791 (average); Scherer, Müller and Behnke, ICANN 2010,
doi 10.1007/978-3-642-15825-4_10 (the two compared).
"""

import functools

import numpy as np

from course_lib import checks
from course_lib.networks.convolution import windows


def max_pool(pictures, size=2, *, stride=None, padding="valid"):
    """Keep the largest value of each window.

    Parameters
    ----------
    pictures : (H, W) or (N, H, W, C) array_like
        Each channel is pooled alone.
    size : int or (int, int)
        Of the window, down and across.
    stride : int or (int, int), optional
        Pixels from one window to the next; as the size by default, so that none overlap.
    padding : "valid", "same" or int
        See `windows.output_size`. Margins are never the largest.

    Returns
    -------
    (h, w) or (N, h, w, C) float ndarray
        float32 for float32, float64 for every other type.

    Raises
    ------
    TypeError, ValueError
        If the shape is another one, values are not finite, a window is larger than the picture, or
        a whole-number padding is as large as the window, which would then see nothing.

    Notes
    -----
    Taught in ``03_1_convolution_and_pooling``.
    """
    return _pool(pictures, size, stride, padding, -np.inf, _largest)


def average_pool(pictures, size=2, *, stride=None, padding="valid"):
    """Keep the mean of each window.

    Parameters
    ----------
    pictures, size, stride, padding
        See `max_pool`. The mean is over the pixels of the picture; margins do not count.

    Returns
    -------
    (h, w) or (N, h, w, C) float ndarray

    Raises
    ------
    TypeError, ValueError
        As `max_pool`.

    Notes
    -----
    As in Keras and TensorFlow; PyTorch counts margins unless it is told not to. Taught in
    ``03_1_convolution_and_pooling``.
    """
    return _pool(pictures, size, stride, padding, np.nan, _mean)


def _pool(pictures, size, stride, padding, outside, summary):
    """Check, put margins around, list what stands at each place of the window, summarise."""
    pictures = checks.array(pictures, "pictures")
    if pictures.ndim not in (2, 4) or pictures.size == 0:
        raise ValueError(f"pictures has shape {pictures.shape}; wanted (H, W) or (N, H, W, C).")
    batch = pictures[None, :, :, None] if pictures.ndim == 2 else pictures
    batch = batch if batch.dtype == np.float32 else batch.astype(np.float64)
    size = windows.pair(size, "size")
    stride = size if stride is None else windows.pair(stride, "stride")
    padded = windows.pad(
        batch, size, padding=padding, stride=stride, dilation=(1, 1), value=outside
    )
    if not isinstance(padding, str) and padding >= min(size):
        raise ValueError(f"padding is {padding}; wanted less than the window, {min(size)}.")
    stops = windows.stops(padded, size, stride=stride)
    pooled = summary([stops[..., i, j] for i, j in np.ndindex(size)])
    return pooled[0, :, :, 0] if pictures.ndim == 2 else pooled


def _largest(places):
    return functools.reduce(np.maximum, places)


def _mean(places):
    """The mean at each stop over the places that are not NaN, in the type of the pictures."""
    total = np.zeros_like(places[0])
    count = np.zeros_like(places[0])
    for place in places:
        inside = ~np.isnan(place)
        count += inside
        total += np.where(inside, place, 0)
    return total / count
