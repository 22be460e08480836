"""Windows of faces and of other things, made ready for training a cascade.

Windows are stored as bytes, because that is what the detector looks at. Taught in
``01_3_face_detector``.
"""

import cv2
import numpy as np

from course_lib import checks

LFW_FRAME = (3, 5, 18, 20)  # What CBCL shows of a face, in an LFW window: their means fit best.


def to_window_bytes(windows, name="windows"):
    """Grey windows in [0, 1] as bytes.

    Parameters
    ----------
    windows : (N, H, W) array_like
        Values in [0, 1], or bytes already.
    name : str
        What the message calls the argument.

    Returns
    -------
    (N, H, W) uint8 ndarray

    Raises
    ------
    ValueError
        If the windows are not three-dimensional or leave [0, 1].
    """
    if getattr(windows, "dtype", None) == np.uint8:
        return checks.array(windows, name, ndim=3)
    windows = checks.array(windows, name, ndim=3, low=0, high=1)
    return np.rint(np.float32(windows) * 255).astype(np.uint8)


def equal_contrast(windows):
    """Windows divided by what the detector divides by: ``area * std`` without the border.

    Parameters
    ----------
    windows : (N, H, W) array_like
        Any finite numbers, at least 3 x 3 pixels.

    Returns
    -------
    (N, H, W) float64 ndarray
        A Haar feature on it has the value that the detector compares with the thresholds. A flat
        window becomes zeros.

    Notes
    -----
    Area and standard deviation belong to the window without its outermost pixels, as in OpenCV.
    The mean stays: a balanced feature (`haar.feature_rectangles`) does not see it.
    """
    windows = checks.array(windows, "windows", ndim=3).astype(np.float64)
    inner = windows[:, 1:-1, 1:-1]
    spread = inner.std(axis=(1, 2)) * inner[0].size  # (N,)
    return np.where(spread > 0, 1 / np.where(spread > 0, spread, 1), 0)[:, None, None] * windows


def split_in_blocks(count, *, block=50, parts=5):
    """Deal samples to parts in blocks of neighbours, so that near-copies stay together.

    Parameters
    ----------
    count : int
        Number of samples.
    block : int
        Length of a block of neighbouring samples.
    parts : int

    Returns
    -------
    (count,) int64 ndarray
        The part of every sample, 0 to ``parts - 1``.

    Notes
    -----
    In CBCL near-copies of a face (shifted or turned a little) follow each other within a few
    files. A split by single files would test on faces that were trained on.
    """
    count = checks.number(count, "count", low=0, integer=True)
    block = checks.number(block, "block", low=1, integer=True)
    parts = checks.number(parts, "parts", low=1, integer=True)
    return np.arange(count) // block % parts


def jitter(windows, rng, *, degrees=7, shift=0.7, zoom=(0.92, 1.12), frame=None, side=None):
    """Copies turned, moved and zoomed a little, as real faces are, half of them mirrored.

    Parameters
    ----------
    windows : (N, H, W) uint8 ndarray
    rng : numpy.random.Generator
    degrees : float
        Standard deviation of the angle.
    shift : float
        Largest move to each side, in pixels of the copy.
    zoom : (float, float)
        Smallest and largest magnification.
    frame : (x0, y0, x1, y1), optional
        A square of the windows that shall fill the copies; everything by default.
    side : int, optional
        Width and height of the copies; those of the windows by default.

    Returns
    -------
    (N, h, w) uint8 ndarray
        What comes in from outside repeats the border.
    """
    windows = to_window_bytes(windows)
    height, width = windows.shape[1:]
    x0, y0, x1, y1 = (0, 0, width, height) if frame is None else frame
    size = (width, height) if side is None else (side, side)
    middle = ((x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2)
    to_middle = (np.array(size) - 1) / 2 - middle
    copies = []
    for window in windows:
        magnify = rng.uniform(*zoom) * size[0] / (x1 - x0)
        matrix = cv2.getRotationMatrix2D(middle, rng.normal(0, degrees), magnify)
        matrix[:, 2] += to_middle + rng.uniform(-shift, shift, 2)
        copy = cv2.warpAffine(window, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        copies.append(copy[:, ::-1] if rng.random() < 0.5 else copy)
    return np.stack(copies)
