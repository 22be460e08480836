"""Our own small classifier of Fashion-MNIST, whose features the measures of ``09_2_dcgan`` use."""

from pathlib import Path

import numpy as np

from course_lib import checks, compute, models

from .networks import SIDE, check_pictures, expect

CHECKPOINT = Path(__file__).parents[3] / "data" / "models" / "fashion_classifier.weights.h5"
FEATURES = 64


def classifier():
    """Build three convolutions, 64 features, and ten classes.

    Returns
    -------
    keras.Model
        From pictures ``(N, 28, 28, 1)`` in [0, 1] to logits ``(N, 10)``.
    """
    compute.backend()
    import keras

    layers = keras.layers
    pictures = keras.Input((SIDE, SIDE, 1), name="pictures")
    here = layers.Rescaling(2, offset=-1)(pictures)
    for channels in (16, 32, 64):  # to 14x14, 7x7, 3x3
        here = layers.Conv2D(channels, 3, padding="same", use_bias=False)(here)
        here = layers.BatchNormalization(momentum=0.9)(layers.MaxPooling2D(2)(here))
        here = layers.ReLU()(here)
    here = layers.Dense(FEATURES, activation="relu", name="features")(layers.Flatten()(here))
    here = layers.Dropout(0.3, seed=0)(here)
    return keras.Model(pictures, layers.Dense(10, name="logits")(here), name="classifier")


def train_classifier(model, pictures, labels, *, epochs, batch=128, rate=2e-3, watch=None):
    """Train the classifier; half of the pictures are mirrored in every epoch.

    Parameters
    ----------
    model : keras.Model
        Trained in place.
    pictures : (N, 28, 28) array_like
        In [0, 1].
    labels : (N,) array_like of int
        0 to 9.
    epochs, batch : int
    rate : float
        The learning rate at the start; it falls to 0 along a cosine.
    watch : callable, optional
        Called after every epoch with its number, from 0, and its loss.

    Raises
    ------
    TypeError, ValueError
        If a number or a shape does not fit.
    """
    import keras

    pictures = check_pictures(pictures)
    limits = {"low": 0, "high": 9, "dtype": np.int64}
    labels = checks.array(labels, "labels", shape=(len(pictures),), **limits)
    if len(pictures) == 0:
        raise ValueError("pictures is empty; wanted some to learn from.")
    epochs = checks.number(epochs, "epochs", low=1, integer=True)
    batch = checks.number(batch, "batch", low=1, integer=True)
    rate = checks.number(rate, "rate", low=0)
    steps = epochs * -(-len(pictures) // batch)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        mirror = rng.random(len(pictures)) < 0.5
        turned = np.where(mirror[:, None, None, None], pictures[:, :, ::-1], pictures)
        loss = model.fit(turned, labels, batch_size=batch, verbose=0).history["loss"][0]
        if watch is not None:
            watch(epoch, loss)


def load_classifier():
    """Load our classifier that was trained on Fashion-MNIST; its card lies beside it.

    Returns
    -------
    keras.Model
        As `classifier`; the classes are those of ``datasets.FASHION_NAMES``.

    Raises
    ------
    FileNotFoundError
        If the course's folder of models is missing.
    ValueError
        If the file is damaged.
    """
    model = classifier()
    models.load_weights(model, CHECKPOINT)
    return model


def look(model, pictures, *, batch=500):
    """What the classifier sees in pictures: its features and its answers.

    Parameters
    ----------
    model : keras.Model
        A `classifier`.
    pictures : (N, 28, 28) array_like
        In [0, 1].
    batch : int
        Pictures at a time.

    Returns
    -------
    features : (N, 64) float64 ndarray
    labels : (N,) int64 ndarray
        The most probable class.

    Raises
    ------
    TypeError, ValueError
        If the model is no classifier, pictures are not of 28x28 values in [0, 1], or the batch is
        not a number above 0.
    """
    import keras

    expect(model, "features", "classifier")
    pictures = check_pictures(pictures)
    batch = checks.number(batch, "batch", low=1, integer=True)
    if len(pictures) == 0:
        return np.zeros((0, FEATURES)), np.zeros(0, np.int64)
    both = keras.Model(model.input, [model.get_layer("features").output, model.output])
    seen = [both(pictures[n : n + batch], training=False) for n in range(0, len(pictures), batch)]
    features = np.concatenate([np.asarray(one, np.float64) for one, _ in seen])
    return features, np.concatenate([np.asarray(logits).argmax(axis=1) for _, logits in seen])
