"""AlexNet and VGG: convolutions in a row, then dense layers."""

from course_lib import checks, compute

VGG_BLOCKS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
VGG_CHANNELS = (64, 128, 256, 512, 512)
ALEXNET_LATER = (("conv3", 384, 1), ("conv4", 384, 2), ("conv5", 256, 2))  # channels, groups


def alexnet(*, size=227, classes=1000):
    """Build AlexNet, untrained.

    Parameters
    ----------
    size : int
        Height and width of the pictures in pixels, 67 or more.
    classes : int

    Returns
    -------
    keras.Model
        From pictures ``(N, size, size, 3)`` to probabilities ``(N, classes)``; 60,965,224
        parameters (240 MB) at the default size, "60 million" in the paper.

    Raises
    ------
    TypeError, ValueError
        If a number is too small or not whole.

    Notes
    -----
    Departures: 227 pixels, since the paper's 224 do not give its 55 positions; what the paper
    split over two graphics cards are two groups of one convolution here; no local response
    normalisation, which has no parameters and which VGG's authors found to be of no use.
    Source: Krizhevsky, Sutskever and Hinton, NeurIPS 2012. Taught in ``03_4_architectures``.
    """
    layers, pictures, classes = start(size, classes, 67)
    relu = {"activation": "relu"}
    here = layers.Conv2D(96, 11, strides=4, name="conv1", **relu)(pictures)  # 55x55 from 227x227
    here = layers.MaxPooling2D(3, 2, name="pool1")(here)
    here = layers.Conv2D(256, 5, padding="same", groups=2, name="conv2", **relu)(here)
    here = layers.MaxPooling2D(3, 2, name="pool2")(here)
    for name, channels, groups in ALEXNET_LATER:
        here = layers.Conv2D(channels, 3, padding="same", groups=groups, name=name, **relu)(here)
    here = layers.Flatten(name="flatten")(layers.MaxPooling2D(3, 2, name="pool5")(here))
    for name in ("fc6", "fc7"):
        here = layers.Dense(4096, name=name, **relu)(here)
        here = layers.Dropout(0.5, name=f"drop_{name}")(here)
    return finish(layers, pictures, here, classes, "alexnet")


def vgg(depth=16, *, size=224, classes=1000):
    """Build a network of the VGG family, untrained.

    Parameters
    ----------
    depth : int
        11, 13, 16 or 19 layers with weights: the paper's networks A, B, D and E.
    size : int
        Height and width of the pictures in pixels, 32 or more.
    classes : int

    Returns
    -------
    keras.Model
        From pictures ``(N, size, size, 3)`` to probabilities ``(N, classes)``, layers named and
        ordered as in Keras; VGG16 has 138,357,544 parameters (550 MB) at the default size.

    Raises
    ------
    TypeError, ValueError
        If the depth is another, or a number is too small or not whole.

    Notes
    -----
    Departure: no dropout, which the paper trains the dense layers with (neither has Keras).
    Source: Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556. Taught in ``03_4_architectures``.
    """
    blocks = VGG_BLOCKS[known_depth(depth, VGG_BLOCKS)]
    layers, pictures, classes = start(size, classes, 32)
    here = pictures
    for block, (count, channels) in enumerate(zip(blocks, VGG_CHANNELS, strict=True), start=1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            here = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(here)
        here = layers.MaxPooling2D(2, name=f"block{block}_pool")(here)
    here = layers.Flatten(name="flatten")(here)
    for name in ("fc1", "fc2"):
        here = layers.Dense(4096, activation="relu", name=name)(here)
    return finish(layers, pictures, here, classes, f"vgg{depth}")


def known_depth(depth, known):
    """Refuse a depth that a family of networks has not."""
    depth = checks.number(depth, "depth", integer=True)
    if depth not in known:
        raise ValueError(f"depth is {depth}; there are {', '.join(map(str, known))}.")
    return depth


def start(size, classes, smallest):
    """Keras' layers, the input of a network, and the checked number of classes."""
    size = checks.number(size, "size", low=smallest, integer=True)
    classes = checks.number(classes, "classes", low=2, integer=True)
    compute.backend()  # sets the environment before Keras is imported for the first time
    import keras

    return keras.layers, keras.Input((size, size, 3), name="pictures"), classes


def finish(layers, pictures, here, classes, name):
    """The classifier's layer, and the network."""
    import keras

    here = layers.Dense(classes, activation="softmax", name="predictions")(here)
    return keras.Model(pictures, here, name=name)
