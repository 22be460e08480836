"""GoogLeNet: modules of four branches whose maps lie side by side."""

from course_lib.networks.builders.plain import finish, start

# 1x1; 1x1 before 3x3, 3x3; 1x1 before 5x5, 5x5; 1x1 after the pooling: the paper's table 1.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
POOLED_AFTER = ("3b", "4e")


def inception(here, channels, name):
    """Add an Inception module to a network.

    Parameters
    ----------
    here : KerasTensor (N, H, W, C)
    channels : sequence of 6 int
        Of the 1x1 convolution; of the 1x1 before the 3x3, of the 3x3; of the 1x1 before the 5x5,
        of the 5x5; of the 1x1 after the pooling.
    name : str
        Begins the names of its layers.

    Returns
    -------
    KerasTensor (N, H, W, C')
        The maps of the 1x1, the 3x3, the 5x5 and the pooled branch, in this order.

    Raises
    ------
    ValueError
        If there are not six numbers of channels.

    Notes
    -----
    Source: Szegedy et al., CVPR 2015, arXiv:1409.4842. Taught in ``03_4_architectures``.
    """
    from keras import layers

    if len(channels) != 6:
        raise ValueError(f"channels has {len(channels)} numbers; wanted 6, as MODULES holds them.")
    one, before3, three, before5, five, pooled = channels

    def convolution(inputs, count, kernel, suffix):
        suffix = f"{name}_{suffix}"
        look = {"padding": "same", "activation": "relu", "name": suffix}
        return layers.Conv2D(count, kernel, **look)(inputs)

    branches = [
        convolution(here, one, 1, "1x1"),
        convolution(convolution(here, before3, 1, "before_3x3"), three, 3, "3x3"),
        convolution(convolution(here, before5, 1, "before_5x5"), five, 5, "5x5"),
    ]
    here = layers.MaxPooling2D(3, 1, padding="same", name=f"{name}_pool")(here)
    branches.append(convolution(here, pooled, 1, "after_pool"))
    return layers.Concatenate(name=f"{name}_joined")(branches)


def googlenet(*, size=224, classes=1000):
    """Build GoogLeNet, untrained.

    Parameters
    ----------
    size : int
        Height and width of the pictures in pixels, 32 or more.
    classes : int

    Returns
    -------
    keras.Model
        From pictures ``(N, size, size, 3)`` to probabilities ``(N, classes)``; 6,998,552
        parameters.

    Raises
    ------
    TypeError, ValueError
        If a number is too small or not whole.

    Notes
    -----
    Departures: without the two auxiliary classifiers, which only training uses, and without local
    response normalisation. The paper's table writes K for 1,024 and lists 2.7 K for the first
    convolution; its text and its drawing say 7x7, which makes 9.2 K, as here.
    Source: Szegedy et al., CVPR 2015, arXiv:1409.4842. Taught in ``03_4_architectures``.
    """
    layers, pictures, classes = start(size, classes, 32)

    def convolution(inputs, count, kernel, name, strides=1):
        look = {"strides": strides, "padding": "same", "activation": "relu", "name": name}
        return layers.Conv2D(count, kernel, **look)(inputs)

    def pool(inputs, name):
        return layers.MaxPooling2D(3, 2, padding="same", name=name)(inputs)

    here = pool(convolution(pictures, 64, 7, "conv1", strides=2), "pool1")  # 56x56 from 224x224
    here = convolution(convolution(here, 64, 1, "before_conv2"), 192, 3, "conv2")
    here = pool(here, "pool2")
    for name, channels in MODULES.items():
        here = inception(here, channels, name)
        if name in POOLED_AFTER:
            here = pool(here, f"pool{name[0]}")
    here = layers.GlobalAveragePooling2D(name="average")(here)
    here = layers.Dropout(0.4, name="drop")(here)
    return finish(layers, pictures, here, classes, "googlenet")
