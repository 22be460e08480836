"""What the layers of a model answer to pictures.

Taught in ``03_3_what_vgg16_sees``.
"""

import numpy as np

from course_lib import checks
from course_lib.networks.probes.graph import graph, named_steps
from course_lib.networks.probes.pictures import check_size, picture_batch


def activations(model, layers, images, *, batch_size=16):
    """Record what some layers answer to pictures, in one pass for all of them.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, also nested, with one input.
    layers : str or sequence of str
        Names as in `layer_names`; the bare name of a layer in a nested model will do, and that of
        a nested model stands for the last of its layers.
    images : (N, H, W, C) array_like, or a list of pictures of one size
        In the range that the model expects; [0, 1] for those of `models.load`.
    batch_size : int
        Pictures per pass; the outputs of a whole pass are in memory at once.

    Returns
    -------
    (N, ...) float32 ndarray, or dict of str to such arrays
        ``(N, h, w, channels)`` for a layer with maps; a dict where `layers` is not a single name.

    Raises
    ------
    TypeError, ValueError
        If the model hides its layers, a layer's name is unknown (near ones are listed), the
        pictures do not fit the model, are too small for a layer, or hold NaN or infinity.

    Notes
    -----
    Layers after the last one asked for are not computed. Dropout and batch normalisation work as in
    inference. Of a layer that is used several times, the first answer is recorded.
    """
    read = graph(model)
    names, steps = named_steps(model, layers)
    batch_size = checks.number(batch_size, "batch_size", low=1, integer=True)
    batch = picture_batch(model, images)
    if batch.ndim == 4:
        check_size(model, steps, *batch.shape[1:3])
    tensors = [step.outputs[0] for step in steps]
    starts = range(0, len(batch), batch_size)
    passes = [_numpy(read.run(batch[n : n + batch_size], tensors)) for n in starts]
    answers = [np.concatenate(found) for found in zip(*passes, strict=True)]
    return answers[0] if isinstance(layers, str) else dict(zip(names, answers, strict=True))


def _numpy(tensors):
    """What a backend computed, as arrays."""
    import keras

    return [keras.ops.convert_to_numpy(tensor) for tensor in tensors]
