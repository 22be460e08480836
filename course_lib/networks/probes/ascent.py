"""Paint the picture that a score likes best, by gradient ascent on the picture.

Taught in ``03_3_what_vgg16_sees``.
"""

import contextlib

import cv2
import numpy as np

from course_lib import checks, compute
from course_lib.networks.probes.graph import graph, named_steps
from course_lib.networks.probes.pictures import (
    check_score,
    check_size,
    picture_batch,
    picture_shape,
)

GREY, NOISE = 0.5, 0.1  # mean and spread of the picture to begin with
GROWTH = 1.4  # each octave is so much larger than the one before
COLOUR = 0.3  # how far colours part from grey in photographs, of how far grey goes up and down


def maximize(
    score,
    model,
    layers,
    *,
    size=128,
    count=1,
    start=None,
    steps=60,
    rate=0.03,
    jitter=8,
    blur=0.3,
    octaves=3,
    natural=1.0,
    leak=0.01,
    rng=None,
    on_step=None,
):
    """Change a picture step by step so that a score of what some layers answer grows.

    Parameters
    ----------
    score : callable
        Takes what the layers answer, one argument ``(N, h, w, channels)`` each, and returns
        ``(N,)`` scores or one number; computed with Keras. `channel` and `unit` make some.
    model : keras.Model
        Sequential or functional, also nested, with one input of pictures in [0, 1].
    layers : str or sequence of str
        Names as in `layer_names`.
    size : int or (int, int)
        Height and width of the pictures in pixels.
    count : int
        How many pictures to paint at once.
    start : (N, H, W, C) array_like, optional
        Pictures in [0, 1] to begin with, instead of grey with a little noise; `size` and `count`
        are then theirs.
    steps : int
        Over all octaves.
    rate : float
        How far a step moves the pixels, as root mean square, in [0, 1].
    jitter : int
        Each step sees the picture shifted by up to so many pixels, round its borders, so that
        nothing can rely on its exact place; 0 for none.
    blur : float
        Spread in pixels of the Gaussian that smooths the picture after each step; it falls to 0 in
        the course of each octave.
    octaves : int
        How many sizes to go through, from small to large: coarse shapes come first. Sizes of which
        nothing would be left at the layers are passed over.
    natural : float
        0 for the plain gradient; 1 for one whose waves grow with their length, and whose three
        colours mostly go together, as in photographs.
    leak : float
        What share of a negative value the ReLU of the layers asked for lets through meanwhile, so
        that a channel that is off everywhere has a way up.
    rng : numpy.random.Generator or int, optional
        Draws the noise and the shifts; a seed if it is a number, 0 if left out.
    on_step : callable, optional
        Called with the number of the step, from 0, and its scores.

    Returns
    -------
    (N, H, W, C) float32 ndarray
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers, a layer's name is unknown (near ones are listed), the picture
        is too small, an argument is out of range, or the score becomes NaN.

    Notes
    -----
    Sources: Simonyan et al., arXiv:1312.6034 (ascent); Mordvintsev et al., 2015 (jitter, octaves);
    Olah et al., Distill 2017, doi 10.23915/distill.00007 (a gradient weighted like photographs).
    """
    check_score(score)
    rng = np.random.default_rng(0 if rng is None else rng)
    steps = checks.number(steps, "steps", low=1, integer=True)
    jitter = checks.number(jitter, "jitter", low=0, integer=True)
    for name, value in {"rate": rate, "blur": blur, "natural": natural, "leak": leak}.items():
        checks.number(value, name, low=0)
    _, asked = named_steps(model, layers)
    pictures, sizes = _beginning(model, asked, start, size, count, octaves, natural, rng)
    climb = _gradient_of(score, model, asked, leak)
    turns = [turn for turn in np.array_split(np.arange(steps), len(sizes)) if len(turn)]
    for (height, width), turn in zip(sizes[-len(turns) :], turns, strict=True):
        pictures = _resized(pictures, height, width)
        for step in turn:
            shift = rng.integers(-jitter, jitter + 1, size=2)
            scores, (slope,) = climb(np.roll(pictures, shift, axis=(1, 2)))
            if not np.isfinite(scores).all():
                raise ValueError(f"the score is {scores} at step {step}; wanted a finite number.")
            slope = np.roll(slope, -shift, axis=(1, 2))
            silent = ~slope.any(axis=(1, 2, 3))  # behind ReLUs that are all off; try your luck
            slope[silent] = rng.standard_normal(slope[silent].shape)
            slope = _direction(slope, natural)
            left = (turn[-1] - step) / len(turn)
            pictures = np.clip(_blurred(pictures + rate * slope, blur * left), 0, 1)
            if on_step is not None:
                on_step(int(step), scores)
    return pictures


def channel(numbers):
    """Make the score that is the mean of a channel: of its map, or the value where there is none.

    Parameters
    ----------
    numbers : int or sequence of int
        One channel for all pictures, or one for each.

    Returns
    -------
    callable
        Takes ``(N, ..., channels)`` and returns ``(N,)``.

    Raises
    ------
    ValueError
        On use, if there is no such channel, or not one number per picture.
    """

    def score(answer):
        import keras

        chosen = _chosen(answer, numbers)
        return keras.ops.mean(keras.ops.reshape(chosen, (answer.shape[0], -1)), axis=1)

    return score


def unit(numbers, row=None, column=None):
    """Make the score that is one position of a channel's map.

    Parameters
    ----------
    numbers : int or sequence of int
        One channel for all pictures, or one for each.
    row, column : int, optional
        The middle of the map if left out.

    Returns
    -------
    callable
        Takes ``(N, h, w, channels)`` and returns ``(N,)``.

    Raises
    ------
    ValueError
        On use, if there is no such channel or position, or not one number per picture.
    """

    def score(answer):
        if len(answer.shape) != 4:
            raise ValueError(f"the layer has no maps, its answers are {answer.shape}; use channel.")
        height, width = answer.shape[1:3]
        # JAX would take the nearest position for one outside of the map.
        down = _position(row, "row", height)
        return _chosen(answer, numbers)[:, down, _position(column, "column", width)]

    return score


def _position(number, name, length):
    """A row or column of a map; the middle one where none is told."""
    if number is None:
        return length // 2
    return checks.number(number, name, low=0, high=length - 1, integer=True)


def _chosen(answer, numbers):
    """Of each picture's answer, its channel: (N, ...)."""
    import keras

    count, channels = answer.shape[0], answer.shape[-1]
    limits = {"low": 0, "high": channels - 1}
    numbers = checks.array(np.atleast_1d(numbers), "channel", ndim=1, dtype=np.int64, **limits)
    if len(numbers) not in (1, count):
        raise ValueError(
            f"channel has {len(numbers)} numbers for {count} pictures; wanted as many."
        )
    numbers = np.broadcast_to(numbers, (count,))
    mask = np.eye(channels, dtype=np.float32)[numbers]
    mask = mask.reshape(count, *[1] * (len(answer.shape) - 2), channels)
    return keras.ops.sum(answer * mask, axis=-1)


def _gradient_of(score, model, asked, leak):
    """The compiled score of a batch of pictures, and its gradient."""
    import keras

    read, tensors = graph(model), [step.outputs[0] for step in asked]

    def scores(pictures):
        with _leaking([step.layer for step in asked], leak):
            value = score(*read.run(pictures, tensors))
        if not keras.ops.is_tensor(value):
            raise TypeError(f"score returned {value!r}; wanted scores computed with Keras.")
        return value

    return compute.compiled_gradients(scores, state=model.variables)


@contextlib.contextmanager
def _leaking(layers, leak):
    """Let the ReLUs inside of some layers leak for as long as a function is traced."""
    import keras

    relu = keras.activations.relu
    closed = [layer for layer in layers if getattr(layer, "activation", None) is relu]
    for layer in closed:
        layer.activation = lambda answer: (
            keras.ops.leaky_relu(answer, leak) if leak else relu(answer)
        )
    try:
        yield
    finally:
        for layer in closed:
            layer.activation = relu


def _beginning(model, asked, start, size, count, octaves, natural, rng):
    """Pictures to begin with, and the sizes to go through."""
    octaves = checks.number(octaves, "octaves", low=1, integer=True)
    if start is not None:
        start = picture_batch(model, start, "start")
        checks.array(start, "start", low=0, high=1)
        check_size(model, asked, *start.shape[1:3])
        return start, [start.shape[1:3]]
    free = picture_shape(model)
    wish = checks.array([size] * 2 if np.ndim(size) == 0 else size, "size", shape=(2,), low=1)
    wish = checks.array(wish, "size", dtype=np.int64)
    height, width = (fixed or int(side) for fixed, side in zip(free[1:3], wish, strict=True))
    check_size(model, asked, height, width)
    if None not in free[1:3]:  # a model of one size has room for one octave
        octaves = 1
    factors = [GROWTH**-n for n in range(octaves)][::-1]
    sizes = [(max(1, round(height * f)), max(1, round(width * f))) for f in factors]
    read, tensors = graph(model), [step.outputs[0] for step in asked]
    while len(sizes) > 1 and not read.fits(*sizes[0], tensors):
        sizes = sizes[1:]
    count = checks.number(count, "count", low=1, integer=True)
    noise = rng.standard_normal((count, *sizes[0], free[3])).astype(np.float32)
    return np.clip(GREY + NOISE * _direction(noise, natural), 0, 1), sizes


def _direction(slope, natural):
    """A step from a gradient (N, H, W, C): of length 1, and as natural as is wished."""
    height, width = slope.shape[1:3]
    if natural and height * width > 1:
        down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
        waves = np.maximum(np.hypot(down, across), 1 / max(height, width))  # per pixel
        spectrum = np.fft.rfft2(slope, axes=(1, 2)) / (waves**natural)[:, :, None]
        slope = np.fft.irfft2(spectrum, s=(height, width), axes=(1, 2))
        grey = slope.mean(axis=-1, keepdims=True)
        slope = grey + (slope - grey) * COLOUR**natural
    length = np.sqrt((slope**2).mean(axis=(1, 2, 3), keepdims=True))
    return (slope / np.maximum(length, 1e-12)).astype(np.float32)


def _resized(pictures, height, width):
    """The pictures in another size."""
    if pictures.shape[1:3] == (height, width):
        return pictures
    large = [cv2.resize(p, (width, height), interpolation=cv2.INTER_CUBIC) for p in pictures]
    return np.clip(np.reshape(large, (len(pictures), height, width, -1)), 0, 1)


def _blurred(pictures, spread):
    """The pictures behind a Gaussian; less than a twentieth of a pixel is none."""
    if spread < 0.05:
        return pictures
    smooth = [cv2.GaussianBlur(p, (0, 0), spread, borderType=cv2.BORDER_REFLECT) for p in pictures]
    return np.reshape(smooth, pictures.shape)
