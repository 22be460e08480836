"""The transposed convolution by hand: every input value stamps the kernel onto the output."""

import numpy as np

from course_lib import checks


def transpose_convolve(values, kernel, *, stride=2):
    """Stamp a kernel, once per input value, at places `stride` apart, and add up.

    Parameters
    ----------
    values : (H, W, C) array_like
    kernel : (K, L, F, C) array_like
        As Keras keeps it: the output's channels F before the input's C.
    stride : int

    Returns
    -------
    (H * stride, W * stride, F) float64 ndarray
        As ``keras.layers.Conv2DTranspose(..., padding="same", use_bias=False)``.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or there is no input.

    Notes
    -----
    Source: Dumoulin and Visin, 2016, arXiv:1603.07285. Taught in ``09_2_dcgan``.
    """
    values = checks.array(values, "values", ndim=3).astype(float)
    kernel = checks.array(kernel, "kernel", shape=(None, None, None, values.shape[2])).astype(float)
    stride = checks.number(stride, "stride", low=1, integer=True)
    if values.size == 0 or kernel.size == 0:
        raise ValueError(f"values {values.shape} or kernel {kernel.shape} is empty.")
    stamps = np.einsum("hwc,klfc->hwklf", values, kernel)
    return add_stamps(stamps, stride)


def add_stamps(stamps, stride):
    """Add stamps ``(H, W, K, L, F)`` up, `stride` apart, and cut to ``(H * stride, ...)``."""
    height, width, tall, wide, channels = stamps.shape
    size = [n * stride for n in (height, width)]
    # Room for every stamp, and for rows between them that no stamp reaches.
    room = [max(n, n - stride + k) for n, k in zip(size, (tall, wide), strict=True)]
    out = np.zeros((*room, channels))
    for y in range(height):
        for x in range(width):
            out[y * stride : y * stride + tall, x * stride : x * stride + wide] += stamps[y, x]
    top, left = (max(k - stride, 0) // 2 for k in (tall, wide))
    return out[top : top + size[0], left : left + size[1]]
