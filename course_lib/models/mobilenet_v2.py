"""MobileNetV2 with its classifier, as torchvision trained it."""

from course_lib.fetch.torch_file import read_torch

from . import weights

# Expansion, channels, repetitions, first stride: table 2 of the paper.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
FIRST, LAST, CLASSES = 32, 1280, 1000
EPSILON = 1e-5


def load():
    """Build MobileNetV2 and fill it with torchvision's values."""
    file = "mobilenet_v2_torchvision.weights.h5"
    return weights.converted_model("mobilenet_v2", file, build, torchvision_values)


def build():
    """Build MobileNetV2 for pictures in [0, 1], with any weights.

    Returns
    -------
    keras.Model
        From ``(N, H, W, 3)`` to 1000 probabilities; its layers have the names of
        ``keras.applications.MobileNetV2``.

    Notes
    -----
    As torchvision does, and Keras does not: a border of 1 on all four sides before a convolution
    of stride 2, and 1e-5 in batch normalisation. Source: Sandler et al., CVPR 2018,
    arXiv:1801.04381.
    """
    layers = weights.keras_layers()
    import keras

    pictures = keras.Input((None, None, 3), name="pictures")
    variance = [deviation**2 for deviation in weights.DEVIATION]
    here = layers.Normalization(mean=weights.MEAN, variance=variance, name="scale")(pictures)
    here = layers.ZeroPadding2D(1, name="Conv1_pad")(here)
    here = layers.Conv2D(FIRST, 3, strides=2, use_bias=False, name="Conv1")(here)
    here = _finish(layers, here, "bn_Conv1", "Conv1_relu")
    number = 0
    for expansion, channels, count, first_stride in STAGES:
        for repetition in range(count):
            stride = first_stride if repetition == 0 else 1
            here = _block(layers, here, number, expansion, channels, stride)
            number += 1
    here = layers.Conv2D(LAST, 1, use_bias=False, name="Conv_1")(here)
    here = _finish(layers, here, "Conv_1_bn", "out_relu")
    here = layers.GlobalAveragePooling2D(name="global_average_pooling2d")(here)
    here = layers.Dense(CLASSES, activation="softmax", name="predictions")(here)
    return keras.Model(pictures, here, name="mobilenet_v2_torchvision")


def _block(layers, inputs, number, expansion, channels, stride):
    """An inverted residual: widen, filter each channel, narrow; added to its input if it fits."""
    prefix = f"block_{number}" if number else "expanded_conv"
    here = inputs
    if expansion > 1:
        wide = expansion * inputs.shape[-1]
        here = layers.Conv2D(wide, 1, use_bias=False, name=f"{prefix}_expand")(here)
        here = _finish(layers, here, f"{prefix}_expand_BN", f"{prefix}_expand_relu")
    if stride > 1:
        here = layers.ZeroPadding2D(1, name=f"{prefix}_pad")(here)
    padding = "valid" if stride > 1 else "same"
    name = f"{prefix}_depthwise"
    here = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=name)(
        here
    )
    here = _finish(layers, here, f"{name}_BN", f"{name}_relu")
    here = layers.Conv2D(channels, 1, use_bias=False, name=f"{prefix}_project")(here)
    here = _finish(layers, here, f"{prefix}_project_BN")
    if stride > 1 or inputs.shape[-1] != channels:
        return here
    return layers.Add(name=f"{prefix}_add")([inputs, here])


def _finish(layers, here, normalise, relu=None):
    """Batch normalisation, and ReLU cut at 6 where it is named."""
    here = layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name=normalise)(here)
    return here if relu is None else layers.ReLU(6.0, name=relu)(here)


def torchvision_values(path):
    """Read PyTorch's table: its rows come in the order of our layers, by other names."""
    rows = {name: array for name, array in read_torch(path).items() if "tracked" not in name}
    arrays = iter(rows.values())
    values = {}
    for layer in build().layers:
        mine = [next(arrays, None) for _ in layer.weights]
        values[layer.name] = [_turned(layer, array) for array in mine if array is not None]
    if next(arrays, None) is not None:
        values = {}  # more than we know: not MobileNetV2
    return values


def _turned(layer, array):
    """From PyTorch's order of axes to Keras': (out, in, h, w) and (out, in)."""
    if array.ndim == 2:
        return array.T
    if array.ndim != 4:
        return array
    return array.transpose((2, 3, 0, 1) if "depthwise" in layer.name else (2, 3, 1, 0))
