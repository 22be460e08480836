"""Convolution and pooling by hand: the two steps that a convolutional network repeats.

Taught in ``03_1_convolution_and_pooling``. Sources: LeCun et al., "Gradient-based learning applied
to document recognition", Proc. IEEE 1998, doi 10.1109/5.726791; Dumoulin and Visin, 2016,
arXiv:1603.07285.

As in all networks, "convolution" is cross-correlation here: the kernel is not turned around.
Batches are ``(N, H, W, C)``, kernels ``(kh, kw, C, O)``, as in Keras.
"""

import numpy as np

from course_lib import checks
from course_lib.networks.convolution import windows
from course_lib.networks.convolution.pooling import average_pool, max_pool
from course_lib.networks.convolution.windows import output_size, receptive_fields

__all__ = [
    "average_pool",
    "conv2d",
    "correlate2d",
    "correlate2d_loop",
    "max_pool",
    "output_size",
    "receptive_fields",
]

# Numbers in the table of windows that is made at a time: few large products, since threads that
# share small ones wait for each other longer than they work.
BLOCK = 2**21


def correlate2d_loop(picture, kernel, *, padding="valid", stride=1, dilation=1):
    """Cross-correlate one grey picture, one pixel after the other: slow, and plain to read.

    Parameters
    ----------
    picture, kernel, padding, stride, dilation
        See `correlate2d`.

    Returns
    -------
    (h, w) float64 ndarray

    Raises
    ------
    TypeError, ValueError
        As `correlate2d`.

    Notes
    -----
    Taught in ``03_1_convolution_and_pooling``.
    """
    picture, kernel = _grey(picture, kernel)
    stride, dilation = windows.pair(stride, "stride"), windows.pair(dilation, "dilation")
    padded = _padded(picture[None, :, :, None], kernel.shape, padding, stride, dilation)[0, :, :, 0]
    down, across = (
        range(0, n - d * (k - 1), s)
        for n, k, s, d in zip(padded.shape, kernel.shape, stride, dilation, strict=True)
    )
    result = np.zeros((len(down), len(across)))
    for row, y in enumerate(down):
        for column, x in enumerate(across):
            for i, j in np.ndindex(kernel.shape):
                pixel = padded[y + i * dilation[0], x + j * dilation[1]]
                result[row, column] += kernel[i, j] * pixel
    return result


def correlate2d(picture, kernel, *, padding="valid", stride=1, dilation=1):
    """Cross-correlate one grey picture with one kernel.

    Parameters
    ----------
    picture : (H, W) array_like
        Any finite numbers.
    kernel : (kh, kw) array_like
    padding : "valid", "same" or int
        Zeros around the picture, see `windows.output_size`.
    stride : int or (int, int)
        Pixels from one stop to the next, down and across.
    dilation : int or (int, int)
        Pixels from one weight to the next; 1 leaves no gaps.

    Returns
    -------
    (h, w) float ndarray
        float32 where both are float32, else float64.

    Raises
    ------
    TypeError, ValueError
        If a shape is another one, values are not finite, or the kernel reaches further than the
        padded picture.

    Notes
    -----
    The kernel is not turned around: ``scipy.signal.correlate2d``, not ``convolve2d``. OpenCV's
    ``filter2D`` keeps the size and, by default, mirrors the picture at its border instead of adding
    zeros. Taught in ``03_1_convolution_and_pooling``.
    """
    picture, kernel = _grey(picture, kernel)
    batch, kernels = picture[None, :, :, None], kernel[:, :, None, None]
    settings = {"padding": padding, "stride": stride, "dilation": dilation}
    return conv2d(batch, kernels, **settings)[0, :, :, 0]


def conv2d(pictures, kernels, bias=None, *, padding="valid", stride=1, dilation=1):
    """A convolutional layer without its activation: many channels in, many channels out.

    Parameters
    ----------
    pictures : (N, H, W, C) array_like
        Any finite numbers.
    kernels : (kh, kw, C, O) array_like
        One kernel of all C channels per output channel.
    bias : (O,) array_like, optional
        Added to each output channel.
    padding, stride, dilation
        See `correlate2d`.

    Returns
    -------
    (N, h, w, O) float ndarray
        float32 where pictures and kernels are float32, else float64.

    Raises
    ------
    TypeError, ValueError
        As `correlate2d`; also if the channels of pictures and kernels, or of kernels and bias,
        differ.

    Notes
    -----
    Every window becomes a row, every kernel a column; one matrix product makes all sums. The rows
    are made in blocks, so that they do not fill the memory. Unlike Keras, stride and dilation may
    both be above 1. Source: Chellapilla et al., IWFHR 2006. Taught in
    ``03_1_convolution_and_pooling``.
    """
    pictures = _floats(checks.array(pictures, "pictures", ndim=4), "pictures")
    kernels = _floats(checks.array(kernels, "kernels", ndim=4), "kernels")
    *size, channels, filters = kernels.shape
    if pictures.shape[3] != channels:
        raise ValueError(
            f"pictures has {pictures.shape[3]} channels and kernels {channels}; wanted as many."
        )
    if bias is not None:
        bias = checks.array(bias, "bias", shape=(filters,))
    stride, dilation = windows.pair(stride, "stride"), windows.pair(dilation, "dilation")
    padded = _padded(pictures, size, padding, stride, dilation)
    stops = windows.stops(padded, size, stride=stride, dilation=dilation)
    result = _products(stops, kernels)
    return result if bias is None else result + bias.astype(result.dtype)


def _products(stops, kernels):
    """Windows (N, h, w, C, kh, kw) times kernels (kh, kw, C, O), a block of rows at a time."""
    columns = kernels.reshape(-1, kernels.shape[3])  # (kh kw C, O)
    count, height, width = stops.shape[:3]
    result = np.empty((count, height, width, columns.shape[1]), np.result_type(stops, kernels))
    rows = max(1, BLOCK // (width * len(columns)))
    many, rows = (
        min(max(1, rows // height), count),
        min(rows, height),
    )  # whole pictures, if they fit
    table = np.empty((many * rows * width, len(columns)), result.dtype)  # one window per row
    for n in range(0, count, many):
        for y in range(0, height, rows):
            block = stops[n : n + many, y : y + rows].transpose(0, 1, 2, 4, 5, 3)
            sums = result[n : n + many, y : y + rows].reshape(-1, columns.shape[1])  # a view
            part = table[: len(sums)]
            part.reshape(block.shape)[...] = block  # the only copy
            np.matmul(part, columns, out=sums)
    return result


def _padded(pictures, size, padding, stride, dilation):
    return windows.pad(pictures, size, padding=padding, stride=stride, dilation=dilation)


def _grey(picture, kernel):
    """One picture and one kernel, checked."""
    picture = _floats(checks.array(picture, "picture", ndim=2), "picture")
    return picture, _floats(checks.array(kernel, "kernel", ndim=2), "kernel")


def _floats(values, name):
    """Values that are not empty, as float32 where they are, else as float64."""
    if values.size == 0:
        raise ValueError(f"{name} has shape {values.shape}; wanted at least one number.")
    return values if values.dtype == np.float32 else values.astype(np.float64)
