"""The networks of the DCGAN for 28x28 pictures: codes in, pictures out; pictures in, a verdict out.

Source: Radford, Metz and Chintala, 2016, arXiv:1511.06434. Taught in ``09_2_dcgan``.
"""

from pathlib import Path

import numpy as np

from course_lib import checks, compute, models

CODE_SIZE = 64
SIDE = 28
CHECKPOINT = Path(__file__).parents[3] / "data" / "models" / "dcgan_fashion.weights.h5"


def generator(*, code_size=CODE_SIZE, width=32):
    """Build the network that turns codes into pictures.

    Parameters
    ----------
    code_size : int
        Numbers per code.
    width : int
        Channels at 28x28; 14x14 has twice and 7x7 four times as many.

    Returns
    -------
    keras.Model
        From codes ``(N, code_size)`` to pictures ``(N, 28, 28, 1)`` in [0, 1].

    Notes
    -----
    Departs from Radford et al.: two doublings instead of four, kernels of 4 so that every pixel is
    reached equally often, a last 3x3 convolution, and a sigmoid instead of a tanh, because the
    course's pictures live in [0, 1].
    """
    code_size = checks.number(code_size, "code_size", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    compute.backend()
    import keras

    layers = keras.layers
    codes = keras.Input((code_size,), name="codes")
    here = layers.Dense(7 * 7 * 4 * width, use_bias=False, name="unfold")(codes)
    here = _normalise(layers, layers.Reshape((7, 7, 4 * width))(here))
    for name, channels in (("to_14", 2 * width), ("to_28", width)):
        grow = layers.Conv2DTranspose(
            channels, 4, strides=2, padding="same", use_bias=False, name=name
        )
        here = _normalise(layers, grow(here))
    ink = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="ink")(here)
    return keras.Model(codes, ink, name="generator")


def discriminator(*, width=32):
    """Build the network that tells real pictures from generated ones.

    Parameters
    ----------
    width : int
        Channels of the first convolution; the next ones have twice and four times as many.

    Returns
    -------
    keras.Model
        From pictures ``(N, 28, 28, 1)`` in [0, 1] to logits ``(N, 1)``; above 0 it says "real".
    """
    width = checks.number(width, "width", low=1, integer=True)
    compute.backend()
    import keras

    layers = keras.layers
    pictures = keras.Input((SIDE, SIDE, 1), name="pictures")
    here = layers.Rescaling(2, offset=-1)(pictures)
    here = layers.LeakyReLU(0.2)(_halve(layers, width, bias=True)(here))  # 14x14
    for channels in (2 * width, 4 * width):  # 7x7, 4x4
        here = _normalise(layers, _halve(layers, channels)(here), layers.LeakyReLU(0.2))
    logit = layers.Dense(1, name="real")(layers.Flatten()(here))
    return keras.Model(pictures, logit, name="discriminator")


def _halve(layers, channels, *, bias=False):
    return layers.Conv2D(channels, 4, strides=2, padding="same", use_bias=bias)


def _normalise(layers, here, activation=None):
    here = layers.BatchNormalization(momentum=0.9)(here)
    return (activation or layers.ReLU())(here)


def sample(model, codes, *, batch=250):
    """Turn codes into pictures.

    Parameters
    ----------
    model : keras.Model
        A `generator`.
    codes : (N, code_size) array_like
    batch : int
        Pictures at a time.

    Returns
    -------
    (N, 28, 28) float32 ndarray
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        If the model is no generator, or the codes are not of its size, or not finite.
    """
    expect(model, "unfold", "generator")
    size = model.input_shape[-1]
    codes = checks.array(codes, "codes", ndim=2)
    if codes.shape[1] != size:
        raise ValueError(f"codes has shape {codes.shape}; this generator takes (N, {size}).")
    batch = checks.number(batch, "batch", low=1, integer=True)
    codes = codes.astype(np.float32)
    parts = [
        np.asarray(model(codes[n : n + batch], training=False)) for n in range(0, len(codes), batch)
    ]
    return np.concatenate(parts)[..., 0] if parts else np.zeros((0, SIDE, SIDE), np.float32)


def expect(model, layer, kind):
    """A TypeError says so where a model is not of the kind that has such a layer."""
    if layer not in [one.name for one in getattr(model, "layers", ())]:
        came = getattr(model, "name", type(model).__name__)
        raise TypeError(f"model is {came}; wanted a {kind} of this part.")


def check_pictures(pictures, name="pictures"):
    """Return pictures as ``(N, 28, 28, 1)`` float32; a ValueError says what else came."""
    pictures = checks.array(pictures, name)
    if pictures.ndim == 4 and pictures.shape[3] == 1:
        pictures = pictures[..., 0]
    pictures = checks.array(pictures, name, shape=(None, SIDE, SIDE), low=0, high=1)
    return pictures.astype(np.float32)[..., None]


def load_generator():
    """Load the generator that was trained on Fashion-MNIST; its card lies beside it.

    Returns
    -------
    keras.Model
        As `generator`.

    Raises
    ------
    FileNotFoundError
        If the course's folder of models is missing.
    ValueError
        If the file is damaged.
    """
    model = generator()
    models.load_weights(model, CHECKPOINT)
    return model
