"""The network: a small pyramid of features, and at each cell of three of them a few answers.

Sources: Liu et al., SSD, ECCV 2016, arXiv:1512.02325; Howard et al., MobileNets, 2017,
arXiv:1704.04861 (depthwise-separable convolutions); Ioffe and Szegedy, ICML 2015,
arXiv:1502.03167 (batch normalisation).
"""

from pathlib import Path

import numpy as np

from course_lib import checks, compute, models
from course_lib.detection.scenes import NAMES, SIZE

CHECKPOINT = Path(__file__).parents[3] / "data" / "models" / "small_ssd.weights.h5"
CLASSES = len(NAMES)
CELLS = (12, 6, 3)  # cells per side of the three maps that answer, for a scene of 96 pixels
SIDES = (20.0, 34.0, 52.0, 72.0)  # px: side of the default boxes of each map, and of a next one
SHAPES = 4  # default boxes per cell: square, larger square, wide, tall


def default_boxes():
    """List the default boxes, in the order of the network's answers.

    Returns
    -------
    (756, 4) float64 ndarray
        Corners ``x0, y0, x1, y1`` in pixels of the scene; some reach outside. Map by map from
        fine to coarse, row by row, cell by cell, and the four shapes of each cell.

    Notes
    -----
    As in SSD: a square of side s, one of the geometric mean of s and the next map's side, and the
    ratios 2 and 1/2; without SSD's 3 and 1/3. Taught in ``05_3_train_a_detector``.
    """
    maps = []
    for cells, side, after in zip(CELLS, SIDES[:-1], SIDES[1:], strict=True):
        middles = (np.arange(cells) + 0.5) * SIZE / cells
        y, x = np.meshgrid(middles, middles, indexing="ij")
        centres = np.stack([x, y], axis=-1)[:, :, None]  # (cells, cells, 1, 2)
        larger, root = np.sqrt(side * after), np.sqrt(2)
        shapes = [[side, side], [larger, larger], [side * root, side / root]]
        half = np.array([*shapes, shapes[-1][::-1]]) / 2  # (4, 2): half of width and height
        maps.append(np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4))
    return np.concatenate(maps)


def build(*, classes=CLASSES, width=32):
    """Build the detector.

    Parameters
    ----------
    classes : int
        Without the background.
    width : int
        Channels of the first map; later ones have up to six times as many.

    Returns
    -------
    keras.Model
        From pictures ``(N, 96, 96, 3)``, RGB in [0, 1], to ``(N, 756, 1 + classes + 4)``: per
        default box the logits of background and classes, then four encoded offsets.
    """
    classes = checks.number(classes, "classes", low=1, integer=True)
    width = checks.number(width, "width", low=4, integer=True)
    compute.backend()
    import keras

    pictures = keras.Input((SIZE, SIZE, 3))
    here = keras.layers.Rescaling(4.0, offset=-2.0, name="centred")(pictures)
    here = _normal(keras.layers.Conv2D(width, 3, 2, "same", use_bias=False)(here))  # 48x48
    here = _separable(here, 2 * width, stride=2)  # 24x24
    here = _separable(here, 2 * width)
    answers = []
    for factor in (3, 5, 6):  # 12x12, 6x6, 3x3
        here = _separable(here, factor * width, stride=2)
        here = _separable(here, factor * width)
        here = _separable(here, factor * width)
        answers.append(_answers(here, 1 + classes + 4))
    return keras.Model(pictures, keras.layers.Concatenate(axis=1)(answers), name="small_ssd")


def load_checkpoint():
    """Load our small SSD, trained on scenes; its card lies beside the file.

    Returns
    -------
    keras.Model
        As `build`; the classes are ``scenes.NAMES``.

    Raises
    ------
    FileNotFoundError
        If the course's folder of models is missing.
    ValueError
        If the file is damaged.
    """
    model = build()
    models.load_weights(model, CHECKPOINT)
    return model


def _separable(here, channels, *, stride=1):
    """Depthwise 3x3 convolution, pointwise one; a shortcut around them where shapes allow it."""
    import keras

    start = here
    here = _normal(keras.layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(here))
    here = _normal(keras.layers.Conv2D(channels, 1, use_bias=False)(here))
    return here + start if start.shape == here.shape else here


def _normal(here):
    """Batch normalisation and ReLU."""
    import keras

    here = keras.layers.BatchNormalization(momentum=0.95)(here)
    return keras.layers.ReLU()(here)


def _answers(here, values):
    """One vector of answers per default box: (N, cells * cells * 4, values)."""
    import keras

    here = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(here)
    here = keras.layers.Conv2D(SHAPES * values, 1)(_normal(here))
    return keras.layers.Reshape((-1, values))(here)
