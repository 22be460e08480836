"""How the small CIFAR-10 network of ``03_2_train_a_cnn`` is built and trained.

Sources: He et al., CVPR 2016, arXiv:1512.03385 (shortcuts, crops and flips); Page, "How to train
your ResNet", 2018 (the shape of the network); Smith and Topin, 2017, arXiv:1708.07120 (the rate
that rises and falls); Szegedy et al., CVPR 2016, arXiv:1512.00567 (smoothed labels).
"""

from pathlib import Path

import numpy as np

from course_lib import checks, compute, models

CHECKPOINT = Path(__file__).parents[2] / "data" / "models" / "cifar10_cnn.weights.h5"
MEAN = (0.4914, 0.4822, 0.4465)  # of CIFAR-10's training pictures, per channel
DEVIATION = (0.2470, 0.2435, 0.2616)


def cifar_network(*, width=32, classes=10):
    """Build a residual network of eight convolutions for 32x32 pictures.

    Parameters
    ----------
    width : int
        Channels of the first convolution; the last ones have four times as many.
    classes : int

    Returns
    -------
    keras.Model
        From pictures ``(N, 32, 32, 3)``, RGB in [0, 1], to logits ``(N, classes)``. 613,354
        values at the default width, 611,882 of them learned by gradients.

    Notes
    -----
    Departs from Page: one eighth of the parameters, batch normalisation after the pooling.
    """
    width = checks.number(width, "width", low=1, integer=True)
    classes = checks.number(classes, "classes", low=2, integer=True)
    compute.backend()
    import keras

    layers = keras.layers
    pictures = keras.Input((32, 32, 3))
    variance = [value**2 for value in DEVIATION]
    here = layers.Normalization(mean=MEAN, variance=variance, name="normalise")(pictures)
    here = _convolution(layers, here, width)
    here = _convolution(layers, here, 2 * width, pool=True)  # 16x16
    here = _residual(layers, here, 2 * width)
    here = _convolution(layers, here, 4 * width, pool=True)  # 8x8
    here = _convolution(layers, here, 4 * width, pool=True)  # 4x4
    here = _residual(layers, here, 4 * width)
    here = layers.GlobalMaxPooling2D(name="pool")(here)
    return keras.Model(pictures, layers.Dense(classes, name="logits")(here), name="cifar")


def load_checkpoint():
    """Load our network that was trained on CIFAR-10 for 14 epochs; its card lies beside it.

    Returns
    -------
    keras.Model
        As `cifar_network`; the classes are those of ``datasets.CIFAR10_NAMES``.

    Raises
    ------
    FileNotFoundError
        If the course's folder of models is missing.
    ValueError
        If the file is damaged.
    """
    model = cifar_network()
    models.load_weights(model, CHECKPOINT)
    return model


def flip_and_shift(pictures, rng, *, pixels=4):
    """Mirror half of the pictures and move each by a few pixels; mirrored borders fill the gap.

    Parameters
    ----------
    pictures : (N, H, W, C) array_like
    rng : numpy.random.Generator
    pixels : int
        The furthest that a picture moves, in each direction.

    Returns
    -------
    (N, H, W, C) ndarray
        Of the same type.

    Raises
    ------
    ValueError
        If the pictures have not four axes, or are smaller than the move.
    """
    pictures = checks.array(pictures, "pictures", ndim=4)
    count, height, width, _ = pictures.shape
    limit = min(height, width) - 1
    pixels = checks.number(pixels, "pixels", low=0, high=limit, integer=True)
    padded = np.pad(pictures, ((0, 0), (pixels,) * 2, (pixels,) * 2, (0, 0)), mode="reflect")
    down, right = rng.integers(0, 2 * pixels + 1, (2, count))
    mirrored = rng.random(count) < 0.5
    moved = np.empty_like(pictures)
    for n in range(count):
        crop = padded[n, down[n] : down[n] + height, right[n] : right[n] + width]
        moved[n] = crop[:, ::-1] if mirrored[n] else crop
    return moved


def train(model, pictures, labels, *, epochs, rng, batch=128, rate=0.1, watch=None):
    """Train a classifier with crops, flips, smoothed labels and a rate that rises and falls.

    Parameters
    ----------
    model : keras.Model
        From pictures to logits; trained in place.
    pictures : (N, H, W, C) array_like
        In [0, 1].
    labels : (N,) array_like of int
    epochs, batch : int
    rng : numpy.random.Generator
        For the moves; the order of the pictures is seeded by `compute.seed_all`.
    rate : float
        The highest learning rate.
    watch : callable, optional
        Called after every epoch with its number, from 0, and its record.

    Returns
    -------
    dict of str to list of float
        ``loss`` and ``accuracy`` on the moved training pictures, one value per epoch.

    Raises
    ------
    TypeError, ValueError
        If a number or a shape does not fit, pictures leave [0, 1], or a label is not a class.
    """
    import keras

    epochs = checks.number(epochs, "epochs", low=1, integer=True)
    batch = checks.number(batch, "batch", low=1, integer=True)
    rate = checks.number(rate, "rate", low=0)
    pictures = checks.array(pictures, "pictures", ndim=4, low=0, high=1)
    if len(pictures) == 0:
        raise ValueError(f"pictures has shape {pictures.shape}; wanted at least one picture.")
    limits = {"low": 0, "high": model.output_shape[-1] - 1, "dtype": np.int64}
    labels = checks.array(labels, "labels", shape=(len(pictures),), **limits)
    targets = keras.utils.to_categorical(labels, model.output_shape[-1])
    steps = epochs * -(-len(pictures) // batch)
    model.compile(
        optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.CosineDecay(
                rate / 10, 0.8 * steps, warmup_target=rate, warmup_steps=0.2 * steps
            ),
            momentum=0.9,
            nesterov=True,
            weight_decay=5e-3,
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
    )
    history = {"loss": [], "accuracy": []}
    for epoch in range(epochs):
        moved = flip_and_shift(pictures, rng)
        record = model.fit(moved, targets, batch_size=batch, verbose=0).history
        for name, values in history.items():
            values.append(float(record[name][0]))
        if watch is not None:
            watch(epoch, {name: values[-1] for name, values in history.items()})
    return history


def _convolution(layers, here, channels, *, pool=False):
    here = layers.Conv2D(channels, 3, padding="same", use_bias=False)(here)
    if pool:
        here = layers.MaxPooling2D(2)(here)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(here))


def _residual(layers, here, channels):
    inner = _convolution(layers, _convolution(layers, here, channels), channels)
    return layers.Add()([here, inner])
