"""ResNet: blocks that add to what comes in; and small ones to compare with and without."""

from course_lib import checks, compute
from course_lib.networks.builders.plain import finish, known_depth, start

RESNET_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
RESNET_CHANNELS = (64, 128, 256, 512)
EPSILON = 1.001e-5  # Keras' for its ResNets


def resnet(depth=50, *, size=224, classes=1000, bias=True):
    """Build a network of the ResNet family, untrained.

    Parameters
    ----------
    depth : int
        18, 34, 50, 101 or 152 layers with weights.
    size : int
        Height and width of the pictures in pixels, 32 or more.
    classes : int
    bias : bool
        Whether convolutions have a bias, as in Keras. The batch normalisation after each of them
        takes it away again, so the paper and other libraries have none.

    Returns
    -------
    keras.Model
        From pictures ``(N, size, size, 3)`` to probabilities ``(N, classes)``, layers named and
        ordered as in Keras; ResNet50 has 25,636,712 values, 25,583,592 of them trained.

    Raises
    ------
    TypeError, ValueError
        If the depth is another, or a number is too small or not whole.

    Notes
    -----
    As in the paper, the first convolution of a block has its stride; some libraries give it to the
    3x3. Source: He et al., CVPR 2016, arXiv:1512.03385. Taught in ``03_4_architectures``.
    """
    blocks = RESNET_BLOCKS[known_depth(depth, RESNET_BLOCKS)]
    layers, pictures, classes = start(size, classes, 32)
    block = _bottleneck if depth >= 50 else _basic
    here = layers.ZeroPadding2D(3, name="conv1_pad")(pictures)
    here = _convolution(here, 64, 7, "conv1", strides=2, padding="valid", bias=bias)
    here = layers.ReLU(name="conv1_relu")(here)
    here = layers.ZeroPadding2D(1, name="pool1_pad")(here)
    here = layers.MaxPooling2D(3, 2, name="pool1_pool")(here)  # 56x56 from 224x224
    for stage, (count, channels) in enumerate(zip(blocks, RESNET_CHANNELS, strict=True), start=2):
        for number in range(1, count + 1):
            strides = 2 if stage > 2 and number == 1 else 1
            name = f"conv{stage}_block{number}"
            here = block(here, channels, name, strides=strides, bias=bias)
    here = layers.GlobalAveragePooling2D(name="avg_pool")(here)
    return finish(layers, pictures, here, classes, f"resnet{depth}")


def cifar_resnet(
    depth=20, *, shortcuts=True, normalise=True, width=16, size=32, channels=3, classes=10
):
    """Build the small network that ResNet's authors compared with and without shortcuts.

    Parameters
    ----------
    depth : int
        6n + 2 layers with weights: 8, 14, 20, 56, ...
    shortcuts : bool
        Whether every second convolution adds what came in two layers before. A shortcut has no
        parameters: it takes every other pixel and adds empty channels where the sizes differ.
    normalise : bool
        Whether batch normalisation follows each convolution.
    width : int
        Channels of the first third; the others have two and four times as many. 16 in the paper.
    size, channels, classes : int
        Height and width of the pictures in pixels, their channels, and the classes.

    Returns
    -------
    keras.Model
        From pictures ``(N, size, size, channels)`` to logits ``(N, classes)``. With the defaults
        269,722 trained parameters; the paper says 0.27 million.

    Raises
    ------
    TypeError, ValueError
        If the depth is not 6n + 2, or a number is too small or not whole.

    Notes
    -----
    Convolutions are named ``layer1_conv``, ``layer2_conv``, ... Source: He et al., CVPR 2016,
    arXiv:1512.03385, section 4.2. Taught in ``03_4_architectures``.
    """
    depth = checks.number(depth, "depth", low=8, integer=True)
    if depth % 6 != 2:
        raise ValueError(f"depth is {depth}; wanted 6n + 2, such as 8, 14, 20 or 56.")
    width = checks.number(width, "width", low=1, integer=True)
    size = checks.number(size, "size", low=4, integer=True)
    channels = checks.number(channels, "channels", low=1, integer=True)
    classes = checks.number(classes, "classes", low=2, integer=True)
    compute.backend()
    import keras

    relu, look = keras.layers.ReLU, {"bias": not normalise, "normalise": normalise, "momentum": 0.9}
    pictures = keras.Input((size, size, channels), name="pictures")
    here = relu()(_convolution(pictures, width, 3, "layer1", **look))
    for number in range(2, depth - 1, 2):
        stage = 3 * (number - 2) // (depth - 2)  # 0, 1, 2
        strides = 2 if stage and not (number - 2) % ((depth - 2) // 3) else 1
        inner = _convolution(here, width * 2**stage, 3, f"layer{number}", strides=strides, **look)
        inner = _convolution(relu()(inner), width * 2**stage, 3, f"layer{number + 1}", **look)
        if shortcuts:
            inner = keras.layers.Add()([_shrunk(here, width * 2**stage, strides), inner])
        here = relu()(inner)
    here = keras.layers.GlobalAveragePooling2D(name="average")(here)
    logits = keras.layers.Dense(classes, name="logits")(here)
    return keras.Model(pictures, logits, name=f"{'resnet' if shortcuts else 'plain'}{depth}")


def _shrunk(here, channels, strides):
    """What a shortcut carries: every other pixel, and empty channels after the old ones."""
    from keras import layers

    if strides > 1:
        here = layers.MaxPooling2D(1, strides)(here)  # of one pixel: takes every other one
    if here.shape[-1] < channels:  # half as many: each third of the network doubles them
        here = layers.Concatenate()([here, layers.Rescaling(0.0)(here)])
    return here


def _basic(here, channels, name, *, strides, bias):
    """Two 3x3 convolutions and a shortcut."""
    from keras import layers

    shortcut = _shortcut(here, channels, name, strides, bias)
    inner = _convolution(here, channels, 3, f"{name}_1", strides=strides, bias=bias)
    inner = layers.ReLU(name=f"{name}_1_relu")(inner)
    inner = _convolution(inner, channels, 3, f"{name}_2", bias=bias)
    here = layers.Add(name=f"{name}_add")([shortcut, inner])
    return layers.ReLU(name=f"{name}_out")(here)


def _bottleneck(here, channels, name, *, strides, bias):
    """1x1 to fewer channels, 3x3, 1x1 to four times as many, and a shortcut."""
    from keras import layers

    shortcut = _shortcut(here, 4 * channels, name, strides, bias)
    inner = _convolution(here, channels, 1, f"{name}_1", strides=strides, bias=bias)
    inner = layers.ReLU(name=f"{name}_1_relu")(inner)
    inner = _convolution(inner, channels, 3, f"{name}_2", bias=bias)
    inner = layers.ReLU(name=f"{name}_2_relu")(inner)
    inner = _convolution(inner, 4 * channels, 1, f"{name}_3", bias=bias)
    here = layers.Add(name=f"{name}_add")([shortcut, inner])
    return layers.ReLU(name=f"{name}_out")(here)


def _shortcut(here, channels, name, strides, bias):
    """What came in; through a 1x1 convolution where the shape changes."""
    if strides == 1 and here.shape[-1] == channels:
        return here
    return _convolution(here, channels, 1, f"{name}_0", strides=strides, bias=bias)


def _convolution(
    here,
    channels,
    kernel,
    name,
    *,
    strides=1,
    padding="same",
    bias=True,
    normalise=True,
    momentum=0.99,
):
    """A convolution, and the batch normalisation after it."""
    from keras import layers

    look = {"strides": strides, "padding": padding, "use_bias": bias, "name": f"{name}_conv"}
    here = layers.Conv2D(channels, kernel, **look)(here)
    if not normalise:
        return here
    look = {"epsilon": EPSILON, "momentum": momentum, "name": f"{name}_bn"}
    return layers.BatchNormalization(**look)(here)
