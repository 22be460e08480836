"""Cover one part of a picture after the other, and watch a score fall.

Taught in ``03_3_what_vgg16_sees``.
"""

import numpy as np

from course_lib import checks
from course_lib.networks.probes.graph import graph, named_steps
from course_lib.networks.probes.pictures import check_score, check_size, picture_shape


def occlusion(score, model, layers, image, *, size=32, stride=16, fill=0.5, batch_size=16):
    """Tell for each pixel by how much a score falls when a square covers it.

    Parameters
    ----------
    score : callable
        Takes what the layers answer, one argument ``(N, ...)`` each, and returns ``(N,)`` scores;
        see `channel`.
    model : keras.Model
        Sequential or functional, also nested, with one input of pictures.
    layers : str or sequence of str
        Names as in `layer_names`.
    image : (H, W, C) array_like
        In the range that the model expects.
    size : int
        Side of the square in pixels.
    stride : int
        How far it moves at a time; the last row and column of squares end at the border.
    fill : float or (C,) array_like
        The colour of the square.
    batch_size : int
        Covered pictures per pass.

    Returns
    -------
    (H, W) float64 ndarray
        The mean, over all squares that cover a pixel, of the score without a square minus the score
        with it: above 0 where the score needs what is there, below 0 where it is better covered.

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers, a layer's name is unknown (near ones are listed), the picture
        does not fit the model or holds NaN, the square is larger than the picture, or there is not
        one finite score per picture.

    Notes
    -----
    Departure from the paper: pixels hold the mean over squares, not one square's score.
    Source: Zeiler and Fergus, ECCV 2014, arXiv:1311.2901.
    """
    check_score(score)
    picture = checks.array(image, "image", shape=picture_shape(model)[1:], dtype=np.float32)
    height, width, channels = picture.shape
    read = graph(model)
    _, steps = named_steps(model, layers)
    check_size(model, steps, height, width)
    size = checks.number(size, "size", low=1, high=min(height, width), integer=True)
    stride = checks.number(stride, "stride", low=1, high=size, integer=True)
    batch_size = checks.number(batch_size, "batch_size", low=1, integer=True)
    fill = checks.array(fill, "fill", shape=(channels,) if np.ndim(fill) else ())
    corners = [(y, x) for y in _starts(height, size, stride) for x in _starts(width, size, stride)]
    tensors = [step.outputs[0] for step in steps]

    def scores(pictures):
        return _scores(score, read.run(pictures, tensors), len(pictures))

    before = scores(picture[None])[0]
    total, squares = np.zeros((2, height, width))
    for n in range(0, len(corners), batch_size):
        some = corners[n : n + batch_size]
        after = scores(np.stack([_covered(picture, y, x, size, fill) for y, x in some]))
        for (y, x), value in zip(some, after, strict=True):
            total[y : y + size, x : x + size] += before - value
            squares[y : y + size, x : x + size] += 1
    return total / squares


def _starts(length, size, stride):
    """Where the squares begin along one side; the last one ends at the border."""
    starts = list(range(0, length - size + 1, stride))
    return starts if starts[-1] == length - size else [*starts, length - size]


def _covered(picture, y, x, size, fill):
    """A copy of a picture with a square on it."""
    copy = picture.copy()
    copy[y : y + size, x : x + size] = fill
    return copy


def _scores(score, answers, count):
    """One finite score per picture, (N,)."""
    import keras

    values = np.asarray(keras.ops.convert_to_numpy(score(*answers)), np.float64)
    return checks.array(values, "what score returned", shape=(count,))
