"""Which part of the picture a position of a layer's map can see.

Taught in ``03_3_what_vgg16_sees``.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.networks.convolution import windows
from course_lib.networks.probes.graph import graph
from course_lib.networks.probes.pictures import check_size, picture_shape

# Layers that answer at each position from that position alone.
POINTWISE = {"Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization"}
POINTWISE |= {"Dropout", "ELU", "GaussianDropout", "GaussianNoise", "Identity", "LeakyReLU"}
POINTWISE |= {"Normalization", "PReLU", "ReLU", "Relu", "Relu6", "Rescaling", "Sigmoid", "Silu"}
POINTWISE |= {"Softmax", "SpatialDropout2D", "Swish", "Tanh"}
# Layers and operations that bring several maps together position by position, or one and a number.
MERGING = {"Add", "Average", "Concatenate", "Divide", "Maximum", "Minimum", "Multiply", "Subtract"}
MERGING |= {"TrueDivide"}
GLOBAL = {"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"}
WINDOWS = {"AveragePooling2D", "Conv2D", "DepthwiseConv2D", "MaxPooling2D", "SeparableConv2D"}


@dataclass(frozen=True)
class ReceptiveField:
    """What the positions of a map see of the input, in pixels; each pair is (down, across).

    Attributes
    ----------
    size : (int, int)
        Height and width of the part that one position sees; infinite where it is the whole picture.
    stride : (int, int)
        How far the parts of two neighbours lie apart.
    start : (int, int)
        First row and column that position (0, 0) sees; negative where that is padding.
    """

    size: tuple
    stride: tuple
    start: tuple

    def box(self, row, column):
        """The part that a position sees.

        Parameters
        ----------
        row, column : int
            Of the map.

        Returns
        -------
        (4,) float64 ndarray
            ``x0, y0, x1, y1`` in pixels of the input; may reach over its border, into the padding.
        """
        if math.inf in self.size:
            return np.array([-np.inf, -np.inf, np.inf, np.inf])
        y0, x0 = np.add(self.start, np.multiply((row, column), self.stride))
        return np.array([x0, y0, x0 + self.size[1], y0 + self.size[0]], np.float64)


def receptive_field(model, layer, *, size=None):
    """Compute which part of the picture a position of a layer's map can see.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, also nested, with one input of pictures.
    layer : str
        Name as in `layer_names`.
    size : int or (int, int), optional
        Height and width of the picture in pixels; that of the model, or 224 x 224 where it takes
        any. Only ``start`` depends on it, where "same" padding meets a stride.

    Returns
    -------
    ReceptiveField
        Of the branch that sees most, where several lead to the layer.

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers, a layer's name is unknown (near ones are listed), the picture
        is too small, or on the way stands a layer whose windows are not known, such as a transposed
        convolution.

    Notes
    -----
    What a position *can* see: with weights of zero, or where a ReLU is off, it sees less. The
    centre counts for more than the rim (Luo et al., NeurIPS 2016, arXiv:1701.04128).
    """
    read = graph(model)
    wanted = read.named(layer)
    usual = tuple(n or 224 for n in picture_shape(model)[1:3])
    height, width = windows.pair(usual if size is None else size, "size")
    check_size(model, [wanted], height, width)
    fields = {id(read.input): (_Axis(1, 1, 0, height), _Axis(1, 1, 0, width))}
    for step in read.needed(wanted.outputs):
        before = [fields[id(read.resolve(tensor))] for tensor in step.inputs]
        after = tuple(_through(step, [pair[axis] for pair in before], axis) for axis in (0, 1))
        fields |= {id(tensor): after for tensor in step.outputs}
    found = fields[id(wanted.outputs[0])]
    parts = ([getattr(axis, name) for axis in found] for name in ("size", "stride", "start"))
    return ReceptiveField(*map(tuple, parts))


class _Axis(NamedTuple):
    """What a map's positions see along one axis, and how many positions there are."""

    size: float
    stride: int
    start: float
    length: int


_WHOLE = _Axis(math.inf, 0, -math.inf, 1)


def _through(step, fields, axis):
    """What is seen behind a step, from what its inputs see."""
    layer, kind = step.layer, type(step.layer).__name__
    if any(math.isinf(field.size) for field in fields) or kind in GLOBAL:
        return _WHOLE
    if kind in MERGING:
        return _union(step, fields)
    (field,) = fields if len(fields) == 1 else (None,)
    if kind in POINTWISE or (kind == "Dense" and len(layer.input.shape) == 4):
        return field
    if kind in WINDOWS:
        kernel = layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size
        dilation = getattr(layer, "dilation_rate", (1, 1))[axis]
        reach = (kernel[axis] - 1) * dilation
        return _windows(field, reach, layer.strides[axis], layer.padding)
    if kind == "ZeroPadding2D":
        before, after = layer.padding[axis]
        return field._replace(
            start=field.start - before * field.stride, length=field.length + before + after
        )
    text = "its windows are not known to receptive_field"
    raise ValueError(f"on the way stands layer {step.name!r}, a {kind}; {text}.")


def _windows(field, reach, stride, padding):
    """Behind windows that reach over `reach` positions more than their first one."""
    before, length = 0, (field.length - reach - 1) // stride + 1
    if padding == "same":  # as TensorFlow pads: what is odd comes after
        length = math.ceil(field.length / stride)
        before = max((length - 1) * stride + reach + 1 - field.length, 0) // 2
    return _Axis(
        size=field.size + reach * field.stride,
        stride=field.stride * stride,
        start=field.start - before * field.stride,
        length=length,
    )


def _union(step, fields):
    """Behind maps that come together position by position."""
    if len({(field.stride, field.length) for field in fields}) > 1:
        raise ValueError(f"the branches that meet in {step.name!r} differ in stride or size.")
    start = min(field.start for field in fields)
    end = max(field.start + field.size for field in fields)
    return fields[0]._replace(start=start, size=end - start)
