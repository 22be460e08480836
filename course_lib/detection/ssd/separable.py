"""The depthwise-separable convolution, of which MobileNets are made, and what it costs."""

from typing import NamedTuple

import numpy as np

from course_lib import checks
from course_lib.networks import convolution
from course_lib.networks.builders import complexity


class Cost(NamedTuple):
    """What a layer costs.

    Attributes
    ----------
    parameters : int
        Weights; no biases.
    multiply_adds : int
        For one picture.
    """

    parameters: int
    multiply_adds: int


def separable_conv2d(pictures, depth, mix, *, padding="same", stride=1):
    """Convolve every channel alone, then mix the channels of each pixel.

    Parameters
    ----------
    pictures : (N, H, W, C) array_like
        Any finite numbers.
    depth : (kh, kw, C) array_like
        One kernel per channel.
    mix : (C, O) array_like
        Weights of every channel in every output channel: a convolution of 1x1.
    padding : {"same", "valid"}
    stride : int

    Returns
    -------
    (N, h, w, O) float ndarray

    Raises
    ------
    TypeError, ValueError
        If shapes disagree, or as `networks.convolution.conv2d`.

    Notes
    -----
    Equal to ``keras.layers.SeparableConv2D`` without bias. Taught in ``05_2_mobilenet_ssd``.
    Source: Howard et al., 2017, arXiv:1704.04861.
    """
    pictures = checks.array(pictures, "pictures", ndim=4)
    channels = pictures.shape[-1]
    if not channels:
        raise ValueError(f"pictures has shape {pictures.shape}; wanted at least one channel.")
    depth = checks.array(depth, "depth", shape=(None, None, channels))
    mix = checks.array(mix, "mix", shape=(channels, None))
    alone = [
        convolution.conv2d(
            pictures[..., [c]], depth[..., [c], None], padding=padding, stride=stride
        )
        for c in range(channels)
    ]
    return np.concatenate(alone, axis=-1) @ mix  # (N, h, w, C) @ (C, O)


def standard_cost(kernel, inputs, outputs, positions):
    """Count what an ordinary convolution costs.

    Parameters
    ----------
    kernel : int
        Height and width of its windows.
    inputs, outputs : int
        Channels.
    positions : int
        Pixels of a map that comes out.

    Returns
    -------
    Cost

    Raises
    ------
    TypeError, ValueError
        If a number is not whole, or below 1.
    """
    parameters = complexity.convolution_parameters(kernel, inputs, outputs, bias=False)
    return Cost(
        parameters, complexity.convolution_multiply_adds(kernel, inputs, outputs, positions)
    )


def separable_cost(kernel, inputs, outputs, positions):
    """Count what a depthwise-separable convolution costs; see `standard_cost`.

    Returns
    -------
    Cost
    """
    alone = complexity.convolution_parameters(kernel, inputs, inputs, groups=inputs, bias=False)
    mixing = complexity.convolution_parameters(1, inputs, outputs, bias=False)
    positions = checks.number(positions, "positions", low=1, integer=True)
    return Cost(alone + mixing, positions * (alone + mixing))
