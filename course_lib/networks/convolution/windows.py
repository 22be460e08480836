"""Where a window stops on a picture: padding, stride, dilation, and the size of the result.

Taught in ``03_1_convolution_and_pooling``. Sources: Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning", 2016, arXiv:1603.07285; Araujo et al., "Computing receptive fields of
convolutional neural networks", Distill 2019, doi 10.23915/distill.00021.
"""

import numpy as np

from course_lib import checks

NAMED = ("valid", "same")


def output_size(size, kernel, *, padding="valid", stride=1, dilation=1):
    """How often a window stops along one axis of a picture.

    Parameters
    ----------
    size, kernel : int
        Pixels of the picture, and weights of the kernel, along this axis.
    padding : "valid", "same" or int
        No margin; a margin that keeps the size where `stride` is 1; or so many pixels on each side.
    stride : int
        Pixels from one stop to the next.
    dilation : int
        Pixels from one weight to the next; 1 leaves no gaps.

    Returns
    -------
    int
        ``floor((size + margins - reach) / stride) + 1`` with
        ``reach = dilation * (kernel - 1) + 1``.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or below 1, the padding is unknown or below 0, or the kernel
        reaches further than the padded picture.

    Notes
    -----
    Source: Dumoulin and Visin, 2016. Taught in ``03_1_convolution_and_pooling``.
    """
    size = checks.number(size, "size", low=1, integer=True)
    before, after = margins(size, kernel, padding=padding, stride=stride, dilation=dilation)
    reach, padded = dilation * (kernel - 1) + 1, before + size + after
    if reach > padded:
        raise ValueError(
            f"the kernel reaches over {reach} pixels and the picture has {padded}; wanted a "
            "smaller kernel or dilation, a larger picture, or padding='same'."
        )
    return (padded - reach) // stride + 1


def margins(size, kernel, *, padding="valid", stride=1, dilation=1):
    """Pixels to add before and after a picture along one axis.

    Parameters
    ----------
    size, kernel, padding, stride, dilation
        See `output_size`.

    Returns
    -------
    before, after : int

    Raises
    ------
    TypeError, ValueError
        As `output_size`.

    Notes
    -----
    "same" is TensorFlow's: as few pixels as give ``ceil(size / stride)`` stops; the odd one comes
    after the picture, that is, below or to the right.
    """
    kernel = checks.number(kernel, "kernel", low=1, integer=True)
    stride = checks.number(stride, "stride", low=1, integer=True)
    dilation = checks.number(dilation, "dilation", low=1, integer=True)
    if not isinstance(padding, str):
        padding = checks.number(padding, "padding", low=0, integer=True)
        return padding, padding
    if checks.choice(padding, "padding", NAMED) == "valid":
        return 0, 0
    stops = -(-size // stride)
    total = max((stops - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def pad(pictures, kernel, *, padding="valid", stride=1, dilation=1, value=0.0):
    """Put the margins around pictures that a window of this size asks for.

    Parameters
    ----------
    pictures : (N, H, W, C) ndarray
    kernel, stride, dilation : (int, int)
        Down and across.
    padding : "valid", "same" or int
    value : float
        What stands in the margins.

    Returns
    -------
    (N, H', W', C) ndarray
        The same array where nothing is added.

    Raises
    ------
    TypeError, ValueError
        As `output_size`.
    """
    around = []
    for size, k, s, d in zip(pictures.shape[1:3], kernel, stride, dilation, strict=True):
        output_size(size, k, padding=padding, stride=s, dilation=d)  # refuses what does not fit
        around.append(margins(size, k, padding=padding, stride=s, dilation=d))
    if not np.any(around):
        return pictures
    return np.pad(pictures, ((0, 0), *around, (0, 0)), constant_values=value)


def stops(pictures, kernel, *, stride=(1, 1), dilation=(1, 1)):
    """All windows of pictures, without copying a pixel.

    Parameters
    ----------
    pictures : (N, H, W, C) ndarray
        Padded already.
    kernel, stride, dilation : (int, int)
        Down and across.

    Returns
    -------
    (N, h, w, C, kh, kw) ndarray
        A read-only view: ``[n, y, x, c]`` is the window of stop (y, x) in channel c.
    """
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    every = np.lib.stride_tricks.sliding_window_view(pictures, reach, axis=(1, 2))
    return every[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]


def pair(value, name, low=1):
    """A whole number for both axes, or two of them, as ``(down, across)``.

    Parameters
    ----------
    value : int or (int, int)
    name : str
        What the message calls the argument.
    low : int

    Returns
    -------
    (int, int)

    Raises
    ------
    TypeError, ValueError
        If it is neither, or a number is below `low`.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name} is {value!r}; wanted a whole number or two: (down, across).")
    return tuple(checks.number(one, name, low=low, integer=True) for one in both)


def receptive_fields(layers):
    """How many input pixels one output sees after each layer of a stack, along one axis.

    Parameters
    ----------
    layers : sequence of (int, int) or (int, int, int)
        Kernel, stride and, where it is not 1, dilation; from the input upwards. Pooling counts like
        a convolution with a kernel of its size.

    Returns
    -------
    sizes, steps : (L,) int64 ndarray
        Pixels seen by one output, and pixels between what two neighbouring outputs see.

    Raises
    ------
    TypeError, ValueError
        If there is no layer, one has another form, or a number is not whole or below 1.

    Notes
    -----
    Each layer adds its reach minus one, in steps of the layer below. The pixels that *can* change
    the output; those in the middle do so more (Luo et al., 2016, arXiv:1701.04128). Source: Araujo
    et al., 2019. Taught in ``03_1_convolution_and_pooling``.
    """
    layers = list(layers)
    if not layers:
        raise ValueError("layers is empty; wanted pairs (kernel, stride), such as [(3, 1)].")
    size, step, sizes, steps = 1, 1, [], []
    for number, layer in enumerate(layers):
        if not isinstance(layer, tuple | list) or len(layer) not in (2, 3):
            raise ValueError(f"layers[{number}] is {layer!r}; wanted (kernel, stride[, dilation]).")
        kernel, stride, dilation = (
            checks.number(value, f"layers[{number}]", low=1, integer=True)
            for value in (*layer, 1)[:3]
        )
        size += dilation * (kernel - 1) * step
        step *= stride
        sizes.append(size)
        steps.append(step)
    return np.array(sizes), np.array(steps)
