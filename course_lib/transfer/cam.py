"""Class activation maps: where in a picture a class gets its logit from.

Taught in ``04_1_transfer_learning``.
"""

import numpy as np

from course_lib import checks, compute
from course_lib.networks.probes.graph import graph


def class_activation(maps, weights):
    """Weigh the channels of the last maps as a dense head does, before pooling.

    Parameters
    ----------
    maps : (N, h, w, C) or (h, w, C) array_like
        What global average pooling would average.
    weights : (C, K) or (C,) array_like
        Of the dense head: one column per class, or the column of one class.

    Returns
    -------
    float64 ndarray
        ``(N, h, w, K)``, without the axes that `maps` or `weights` do not have. Its mean over all
        positions, plus the head's bias, is the logit.

    Raises
    ------
    ValueError
        If the channels do not agree, or a number is not finite.

    Notes
    -----
    The bias is left out: it belongs to no position. Source: Zhou et al., Learning deep features
    for discriminative localization, CVPR 2016, arXiv:1512.04150.
    """
    maps = checks.array(maps, "maps", dtype=np.float64)
    weights = checks.array(weights, "weights", dtype=np.float64)
    if maps.ndim not in (3, 4) or weights.ndim not in (1, 2):
        came = f"maps {maps.shape} and weights {weights.shape}"
        raise ValueError(f"these are {came}; wanted (N, h, w, C) or (h, w, C), and (C, K) or (C,).")
    if maps.shape[-1] != len(weights):
        raise ValueError(f"maps has {maps.shape[-1]} channels, weights {len(weights)}.")
    return maps @ weights


def of_model(model, pictures, dense=None):
    """Compute the class activation maps of a network with a pooled head, and its logits.

    Parameters
    ----------
    model : keras.Model
        Has a `dense` layer straight above global average pooling.
    pictures : (N, H, W, C) array_like
        In the range that the model expects.
    dense : str, optional
        The name of that layer; the last dense layer by default.

    Returns
    -------
    maps : (N, h, w, K) float64 ndarray
    logits : (N, K) float64 ndarray
        Before any activation, with the bias.

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers, has no such layer (near ones are listed), the layer is not
        dense, or does not stand straight above global average pooling of a layer's maps.
    """
    from course_lib.networks import probes

    compute.backend()
    import keras

    steps = graph(model).steps
    kind = keras.layers.Dense
    if dense is None:
        names = [step.name for step in steps if isinstance(step.layer, kind)]
        if not names:
            raise ValueError(f"model {model.name!r} has no dense layer.")
        dense = names[-1]
    head = graph(model).named(dense)
    if not isinstance(head.layer, kind):
        raise ValueError(f"layer {dense!r} is a {type(head.layer).__name__}; wanted Dense.")
    source = _feeding(model, _below(model, head))
    if source is None:
        raise ValueError(f"model {model.name!r} pools the pictures themselves; it has no maps.")
    answers = probes.activations(model, [source.name], pictures)
    maps = next(iter(answers.values()))
    values = [np.asarray(keras.ops.convert_to_numpy(v), np.float64) for v in head.layer.weights]
    found = class_activation(maps, values[0])
    logits = found.mean(axis=(1, 2)) + (values[1] if len(values) > 1 else 0)
    return found, logits


def peak(values):
    """Tell where a map is largest, as shares of its height and width.

    Parameters
    ----------
    values : (h, w) array_like

    Returns
    -------
    (y, x) : tuple of float
        In [0, 1]: the centre of the largest cell, y down.
    """
    values = checks.array(values, "values", ndim=2)
    if values.size == 0:
        raise ValueError(f"values has shape {values.shape}; wanted at least one cell.")
    row, column = np.unravel_index(values.argmax(), values.shape)
    return float((row + 0.5) / values.shape[0]), float((column + 0.5) / values.shape[1])


def collage(pictures, columns):
    """Put pictures of one size side by side into one, row by row.

    Parameters
    ----------
    pictures : (N, H, W, C) array_like
    columns : int
        Must divide N.

    Returns
    -------
    (rows * H, columns * W, C) ndarray

    Raises
    ------
    ValueError
        If `columns` does not divide the number of pictures.
    """
    pictures = checks.array(pictures, "pictures", ndim=4)
    count, height, width, channels = pictures.shape
    columns = checks.number(columns, "columns", low=1, integer=True)
    if count == 0 or count % columns:
        raise ValueError(f"{count} pictures do not fill rows of {columns}.")
    grid = pictures.reshape(count // columns, columns, height, width, channels)
    return grid.transpose(0, 2, 1, 3, 4).reshape(-1, columns * width, channels)


def _below(model, head):
    """The step of global average pooling that feeds the head."""
    import keras

    found = _feeding(model, head)
    if found is None or not isinstance(found.layer, keras.layers.GlobalAveragePooling2D):
        kind = "the input" if found is None else type(found.layer).__name__
        text = "wanted GlobalAveragePooling2D, without which there is no such map."
        raise ValueError(f"below layer {head.name!r} stands {kind}; {text}")
    return found


def _feeding(model, step):
    """The step whose output another one takes, or None where that is the model's input."""
    read = graph(model)
    sources = {id(read.resolve(tensor)) for tensor in step.inputs}
    for each in read.steps:
        if sources & {id(tensor) for tensor in each.outputs}:
            return each
    return None
