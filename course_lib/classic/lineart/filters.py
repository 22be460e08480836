"""Neighbourhood filters by hand: every output pixel is made from the pixels around it.

At the border the nearest pixel is repeated, in every function here (OpenCV's BORDER_REPLICATE).
"""

import cv2
import numpy as np

from course_lib import checks


def correlate(values, kernel):
    """Slide a kernel over a picture and sum the weighted neighbours.

    Parameters
    ----------
    values : (H, W) or (H, W, C) array_like
        A picture, or any finite numbers.
    kernel : (a, b) array_like
        Weights; odd sizes, so that there is a middle.

    Returns
    -------
    float32 ndarray
        Same shape as `values`, in their units times the kernel's.

    Raises
    ------
    ValueError
        If a kernel side is even, or an array has the wrong number of axes.

    Notes
    -----
    Cross-correlation: the kernel is not flipped, as in ``cv2.filter2D``. Taught in
    ``01_4_line_art``.
    """
    values = _plane(values)
    kernel = checks.array(kernel, "kernel", ndim=2, dtype=np.float32)
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"kernel has shape {kernel.shape}; wanted odd sizes, which have a middle.")
    height, width = values.shape[:2]
    padded = _pad(values, rows // 2, columns // 2)
    total = np.zeros_like(values)
    for i in range(rows):
        for j in range(columns):
            if kernel[i, j]:
                total += kernel[i, j] * padded[i : i + height, j : j + width]
    return total


def box_blur(values, size):
    """Replace each pixel by the mean of the square around it.

    Parameters
    ----------
    values : (H, W) or (H, W, C) array_like
    size : int
        Side of the square in pixels, odd.

    Returns
    -------
    float32 ndarray
        Same shape and range as `values`.

    Raises
    ------
    ValueError
        If `size` is even or below 1.

    Notes
    -----
    A mean over rows, then over columns: 2n additions per pixel instead of n squared. Equals
    ``cv2.blur``. Taught in ``01_4_line_art``.
    """
    weights = np.full((1, _odd(size)), 1 / size)
    return correlate(correlate(values, weights), weights.T)


def gaussian_kernel(sigma):
    """Return the weights of a one-dimensional Gaussian, cut at four sigma.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, above 0.

    Returns
    -------
    (2 r + 1,) float64 ndarray
        Weights that sum to 1, with r = 4 sigma rounded (at least 1).

    Raises
    ------
    ValueError
        If `sigma` is below 0.01.
    """
    sigma = checks.number(sigma, "sigma", low=0.01)
    radius = max(1, int(4 * sigma + 0.5))
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    return weights / weights.sum()


def gaussian_blur(values, sigma):
    """Replace each pixel by a mean in which near pixels count more.

    Parameters
    ----------
    values : (H, W) or (H, W, C) array_like
    sigma : float
        Standard deviation of the bell curve in pixels, above 0.

    Returns
    -------
    float32 ndarray
        Same shape and range as `values`.

    Raises
    ------
    ValueError
        If `sigma` is below 0.01.

    Notes
    -----
    Equals ``cv2.GaussianBlur`` with a kernel of the same length, and
    ``scipy.ndimage.gaussian_filter(mode="nearest")``. Taught in ``01_4_line_art``.
    """
    weights = gaussian_kernel(sigma)[None]  # (1, 2r+1): one row
    return correlate(correlate(values, weights), weights.T)


def median_blur(image, size):
    """Replace each pixel by the middle value of the square around it.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1]; each channel is treated alone.
    size : int
        Side of the square in pixels, odd.

    Returns
    -------
    float32 ndarray
        Same shape as `image`; only values that occur in it.

    Raises
    ------
    ValueError
        If `size` is even or below 1.

    Notes
    -----
    Equals ``cv2.medianBlur``. Taught in ``01_4_line_art``. Source: Tukey, Exploratory Data
    Analysis, 1977.
    """
    image = checks.image(image)
    reach = _odd(size) // 2
    padded = _pad(image, reach, reach)
    squares = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    if image.ndim == 2:
        return np.median(squares, axis=(-2, -1))
    channels = [np.median(squares[:, :, c], axis=(-2, -1)) for c in range(3)]
    return np.stack(channels, axis=-1)


def bilateral_blur(image, sigma_space, sigma_colour, passes=1):
    """Average each pixel with its neighbours of similar colour, so that edges stay sharp.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].
    sigma_space : float
        How far a neighbour may be, in pixels.
    sigma_colour : float
        How different it may be: the sum of the channels' differences, in units of 1.
    passes : int
        How often the filter is applied.

    Returns
    -------
    float32 ndarray
        Same shape, in [0, 1].

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    OpenCV's, for speed: weights exp(-d2/2s2) in space, in a disc of 1.5 `sigma_space`, times the
    same in colour. Built by hand, and compared with this, in ``01_4_line_art``.
    Source: Tomasi and Manduchi, ICCV 1998, doi:10.1109/ICCV.1998.710815.
    """
    image = checks.image(image)
    sigma_space = checks.number(sigma_space, "sigma_space", low=0.1, high=50)
    sigma_colour = checks.number(sigma_colour, "sigma_colour", low=1e-3)
    for _ in range(checks.number(passes, "passes", low=0, integer=True)):
        image = cv2.bilateralFilter(
            image, -1, sigma_colour, sigma_space, borderType=cv2.BORDER_REPLICATE
        )
    return np.clip(image, 0, 1)


def _plane(values):
    """Finite float32 values of two axes, or three with channels last."""
    values = checks.array(values, "values", dtype=np.float32)
    if values.ndim not in (2, 3) or values.size == 0:
        raise ValueError(f"values has shape {values.shape}; wanted (H, W) or (H, W, channels).")
    return values


def _odd(size):
    """An odd whole number, which leaves as many pixels on either side of the middle."""
    size = checks.number(size, "size", low=1, integer=True)
    if size % 2 == 0:
        raise ValueError(f"size is {size}; wanted an odd number, such as {size + 1}.")
    return size


def _pad(values, rows, columns):
    """Repeat the border pixels outwards."""
    width = [(rows, rows), (columns, columns)] + [(0, 0)] * (values.ndim - 2)
    return np.pad(values, width, mode="edge")
