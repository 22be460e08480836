"""From grey values to drawn lines: thresholds, differences of Gaussians, XDoG, pencil.

A *drawing* is a grey picture: 1 is paper, 0 is ink.
"""

import math

import cv2
import numpy as np

from course_lib import checks
from course_lib.classic.lineart import edges, filters


def adaptive_threshold(grey, size=15, offset=0.03):
    """Ink what is darker than its surroundings.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    size : int
        Side of the square that counts as surroundings, in pixels, odd.
    offset : float
        How much darker than the mean a pixel must be, from -1 to 1.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing of 0 and 1.

    Raises
    ------
    ValueError
        If the picture is not grey, `size` is even or `offset` out of range.

    Notes
    -----
    Equals ``skimage.filters.threshold_local(method="mean", mode="nearest")``;
    ``cv2.adaptiveThreshold`` rounds the mean to a whole grey level. Taught in ``01_4_line_art``.
    """
    grey = checks.image(grey, "grey", channels=(1,))
    offset = checks.number(offset, "offset", low=-1, high=1)
    return (grey > filters.box_blur(grey, size) - offset).astype(np.float32)


def difference_of_gaussians(grey, sigma, k=1.6):
    """Subtract a wide blur from a narrow one: what is left are lines and edges.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    sigma : float
        Narrow blur in pixels: half of the thickness of the lines found, roughly.
    k : float
        How many times wider the other blur is, above 1.

    Returns
    -------
    (H, W) float32 ndarray
        Signed, 0 on flat ground; negative on the dark side of an edge.

    Raises
    ------
    ValueError
        If the picture is not grey or a number is out of range.

    Notes
    -----
    Taught in ``01_4_line_art``. Source: Marr and Hildreth, Proc. R. Soc. B 1980,
    doi:10.1098/rspb.1980.0020 (k = 1.6 comes closest to the Laplacian of a Gaussian).
    """
    grey = checks.image(grey, "grey", channels=(1,))
    k = checks.number(k, "k", low=1.01)
    return filters.gaussian_blur(grey, sigma) - filters.gaussian_blur(grey, k * sigma)


def soft_threshold(values, epsilon, phi):
    """Paper above a threshold; below it ink, the blacker the farther below.

    Parameters
    ----------
    values : (H, W) array_like
    epsilon : float
        Where ink begins, in the unit of `values`.
    phi : float
        Steepness, above 0: small leaves greys, large is a plain threshold.

    Returns
    -------
    (H, W) float32 ndarray
        1 where ``values >= epsilon``, else ``1 + tanh(phi (values - epsilon))``: a drawing.

    Raises
    ------
    ValueError
        If `phi` is not above 0.

    Notes
    -----
    Taught in ``01_4_line_art``. Source: Winnemoeller et al., 2012, equation 5; see `xdog`.
    """
    values = checks.array(values, "values", ndim=2, dtype=np.float32)
    epsilon = checks.number(epsilon, "epsilon")
    phi = checks.number(phi, "phi", low=1e-6)
    return 1 + np.tanh(phi * np.minimum(values - epsilon, 0), dtype=np.float32)


def xdog(grey, sigma=1.4, p=20, epsilon=0.5, phi=10, k=1.6, flow=0):
    """Draw with the extended difference of Gaussians: black shapes with crisp lines in them.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    sigma : float
        Thickness of the lines, in pixels.
    p : float
        How much the lines count against the tones, at least 0; 0 is a threshold of the blurred
        photo.
    epsilon, phi : float
        See `soft_threshold`.
    k : float
        See `difference_of_gaussians`.
    flow : float
        How far to smooth along the lines, in pixels; see `smooth_along`.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing.

    Raises
    ------
    ValueError
        If the picture is not grey or a number is out of range.

    Notes
    -----
    Sharpened picture ``(1 + p) G(sigma) - p G(k sigma)``, then `soft_threshold`. With `flow` above
    0 we smooth the sharpened picture along the lines; the paper also takes the difference across
    them in one dimension only. Taught in ``01_4_line_art``. Source: Winnemoeller, Kyprianidis and
    Olsen, Computers & Graphics 2012, doi:10.1016/j.cag.2012.03.004.
    """
    p = checks.number(p, "p", low=0)
    sharp = filters.gaussian_blur(grey, sigma) + p * difference_of_gaussians(grey, sigma, k)
    if checks.number(flow, "flow", low=0):
        sharp = smooth_along(sharp, line_direction(grey, 2 * sigma), flow)
    return soft_threshold(sharp, epsilon, phi)


def ink_lines(grey, sigma=1.4, threshold=0.004, flow=4, k=1.6):
    """Draw lines only, no black shapes: what goes over colours.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    sigma : float
        Thickness of the lines, in pixels.
    threshold : float
        How far below 0 the difference of Gaussians must be, at least 0.
    flow : float
        How far to smooth along the lines, in pixels; 0 does not.
    k : float
        See `difference_of_gaussians`.

    Returns
    -------
    (H, W) float32 ndarray
        A drawing, with soft rims.

    Raises
    ------
    ValueError
        If the picture is not grey or a number is out of range.

    Notes
    -----
    Taught in ``01_4_line_art``. Source: Winnemoeller, Olsen and Gooch, Real-time video
    abstraction, 2006, doi:10.1145/1141911.1142018, with our flow (see `xdog`).
    """
    threshold = checks.number(threshold, "threshold", low=0)
    difference = difference_of_gaussians(grey, sigma, k)
    if checks.number(flow, "flow", low=0):
        difference = smooth_along(difference, line_direction(grey, 2 * sigma), flow)
    return soft_threshold(difference, -threshold, phi=300)


def line_direction(grey, sigma=3.0):
    """Find, at every pixel, the direction in which the picture changes least.

    Parameters
    ----------
    grey : (H, W) array_like
        Values in [0, 1].
    sigma : float
        Over how many pixels neighbours agree on a direction.

    Returns
    -------
    (H, W, 2) float32 ndarray
        Unit vectors x, y along the lines; a direction and its opposite mean the same.

    Raises
    ------
    ValueError
        If the picture is not grey or `sigma` not above 0.

    Notes
    -----
    The structure tensor: squares of the gradient, blurred, because gradients of both signs would
    cancel. Source: Kyprianidis and Doellner, Image abstraction by structure adaptive filtering,
    2008, doi:10.2312/LocalChapterEvents/TPCG/TPCG08/051-058.
    """
    gx, gy = edges.sobel(checks.image(grey, "grey", channels=(1,)))
    tensor = filters.gaussian_blur(np.stack([gx * gx, gx * gy, gy * gy], axis=-1), sigma)
    xx, xy, yy = np.moveaxis(tensor, -1, 0)  # each (H, W)
    across = np.arctan2(2 * xy, xx - yy) / 2
    return np.stack([-np.sin(across), np.cos(across)], axis=-1)


def smooth_along(values, direction, sigma):
    """Average every pixel along the line that it lies on.

    Parameters
    ----------
    values : (H, W) array_like
    direction : (H, W, 2) array_like
        Unit vectors from `line_direction`.
    sigma : float
        Standard deviation of the weights, in pixels along the line, above 0.

    Returns
    -------
    (H, W) float32 ndarray
        In the unit of `values`.

    Raises
    ------
    ValueError
        If the shapes differ or `sigma` is not above 0.

    Notes
    -----
    Walks two sigma forwards and backwards in steps of a pixel (line integral convolution: Cabral
    and Leedom, 1993, doi:10.1145/166117.166151).
    """
    values = checks.array(values, "values", ndim=2, dtype=np.float32)
    wanted = (*values.shape, 2)
    direction = checks.array(direction, "direction", shape=wanted, dtype=np.float32)
    sigma = checks.number(sigma, "sigma", low=0.1, high=50)
    total, weights = values.copy(), 1.0
    for start in (direction, -direction):
        place = np.indices(values.shape, dtype=np.float32)[::-1].transpose(
            1, 2, 0
        )  # (H, W, 2) x, y
        step = start
        for n in range(1, math.ceil(2 * sigma) + 1):
            place = place + step
            weight = math.exp(-(n**2) / (2 * sigma**2))
            total += weight * _look_up(values, place, cv2.INTER_LINEAR)
            weights += weight
            ahead = _look_up(direction, place, cv2.INTER_NEAREST)
            forwards = (ahead * step).sum(axis=-1, keepdims=True) >= 0
            step = np.where(forwards, ahead, -ahead)
    return total / np.float32(weights)


def _look_up(values, place, method):
    """The values at places x, y between the pixels; the border goes on outside."""
    return cv2.remap(values, place, None, method, borderMode=cv2.BORDER_REPLICATE)
