"""Use the first part of a trained network as it is, and train the rest from what it answers.

The first part, frozen, gives the same maps for a picture every time: they are computed once and
kept, and only what stands above them is trained. Taught in ``04_1_transfer_learning``.
"""

import numpy as np

from course_lib import checks, compute, images
from course_lib.transfer import fitting


def split(model, layer):
    """Cut a model in two after a layer.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, with one input and one output.
    layer : str
        The name of the last layer of the first part.

    Returns
    -------
    base, top : keras.Model
        ``top(base(x))`` is ``model(x)``. Both share the layers of `model`: training one of them
        changes it.

    Raises
    ------
    TypeError, ValueError
        If it is not such a model; no layer has that name (near ones are listed); it is the first or
        the last one; or a shortcut leads around it.
    """
    keras = _keras()
    checks.choice(layer, "layer", fitting.layer_names(model))
    here = model.get_layer(layer).output
    if here is model.outputs[0]:
        raise ValueError(f"layer {layer!r} is the last one; nothing would be left above it.")
    if here is model.inputs[0]:
        raise ValueError(f"layer {layer!r} is the input; nothing would be left below it.")
    base = keras.Model(model.inputs[0], here, name=f"up_to_{layer}")
    try:
        top = keras.Model(here, model.outputs[0], name=f"after_{layer}")
    except ValueError:
        text = "choose one that everything passes through, such as the end of a block."
        raise ValueError(f"a shortcut leads around layer {layer!r}; {text}") from None
    return base, top


def thaw(model, first=None, *, statistics=False):
    """Freeze a model up to a layer, and let the layers from there on learn.

    Parameters
    ----------
    model : keras.Model
        Changed in place. Compile it afterwards: Keras looks at ``trainable`` when it compiles.
    first : str, optional
        The name of the first layer that learns; None freezes all.
    statistics : bool
        Whether batch normalisation may learn, too. If not, it works as in inference everywhere:
        with its stored means and variances, which then stay as they are.

    Returns
    -------
    int
        How many numbers can be learned now.

    Raises
    ------
    TypeError, ValueError
        If it is no Keras model with a list of layers, or no layer has that name.
    """
    keras = _keras()
    names = fitting.layer_names(model)
    start = len(names) if first is None else names.index(checks.choice(first, "layer", names))
    model.trainable = True  # a model that is frozen itself would overrule its layers
    for number, layer in enumerate(model.layers):
        layer.trainable = learns = number >= start
        for inner in _flat(layer):
            normalises = isinstance(inner, keras.layers.BatchNormalization)
            inner.trainable = learns and (statistics or not normalises)
    return int(sum(np.prod(variable.shape) for variable in model.trainable_variables))


def enlarge(pictures, side):
    """Resize pictures to squares, smoothly.

    Parameters
    ----------
    pictures : (N, H, W, 3) array_like
        In [0, 1].
    side : int
        In pixels.

    Returns
    -------
    (N, side, side, 3) float32 ndarray
    """
    pictures = checks.array(pictures, "pictures", shape=(None, None, None, 3))
    side = checks.number(side, "side", low=1, integer=True)
    method = "cubic" if side > max(pictures.shape[1:3]) else "area"
    done = [images.resize(picture, side, side, method=method) for picture in pictures]
    return np.array(done, np.float32).reshape(len(pictures), side, side, 3)


def stored_answers(base, pictures, *, side=None, batch=50, watch=iter):
    """Compute a frozen network's answers to many pictures once, in half precision.

    Parameters
    ----------
    base : keras.Model
        Such as the first part that `split` gives; works as in inference.
    pictures : (N, H, W, C) array_like
        Pictures in [0, 1], or answers stored before.
    side : int, optional
        Enlarge the pictures to squares of so many pixels first, a batch at a time.
    batch : int
        Pictures per pass; a number that divides N saves the backend a second compilation.
    watch : callable
        Goes through the list of batches, such as a progress bar.

    Returns
    -------
    (N, ...) float16 ndarray
        Half the memory of float32; the relative rounding error is at most 0.0005.

    Raises
    ------
    TypeError, ValueError
        If there is no picture, pictures do not fit the network, hold NaN or are bytes, or an answer
        is beyond 65504, which float16 cannot hold.
    """
    pictures = fitting.filled(pictures, "pictures", ndim=4)
    if pictures.dtype == np.uint8:
        raise ValueError("pictures holds bytes; wanted values in [0, 1]: use images.from_bytes.")
    batch = checks.number(batch, "batch", low=1, integer=True)
    answers = []
    for start in watch(list(range(0, len(pictures), batch))):
        part = pictures[start : start + batch]
        part = part if side is None else enlarge(part, side)
        part = fitting.batch(base, part, "pictures")
        answers.append(_half(base.predict_on_batch(part)))
    return np.concatenate(answers)


def infer(model, inputs):
    """Return a model's answers in inference mode, whatever its layers' ``trainable`` says.

    Parameters
    ----------
    model : keras.Model
    inputs : (N, ...) array_like
        One batch, such as pictures or stored answers.

    Returns
    -------
    float32 ndarray
        Computed layer by layer, not compiled.

    Raises
    ------
    TypeError, ValueError
        If it is no Keras model, or the inputs do not fit it or hold NaN.
    """
    answers = model(fitting.batch(model, inputs, "inputs"), training=False)
    return _keras().ops.convert_to_numpy(answers)


class Learner:
    """A classifier that is trained many times from the same start, and compiled only once.

    Parameters
    ----------
    model : keras.Model
        Ends in logits ``(N, classes)``; trained in place. `thaw` it before.
    rate : float
        The learning rate at the start of a training; it falls to 0 along half a cosine.
    batch : int
        Pictures per step.

    Raises
    ------
    TypeError, ValueError
        If it is no Keras model, a number is out of range, or nothing in it can be learned.

    Notes
    -----
    Stochastic gradient descent with momentum 0.9 on the cross-entropy. Compiling takes seconds;
    `restart` puts back the values of the model and of its optimizer instead.
    """

    def __init__(self, model, *, rate, batch=32):
        keras = _keras()
        self.rate = checks.number(rate, "rate", low=0)
        self.batch = checks.number(batch, "batch", low=1, integer=True)
        fitting.layer_names(model)  # refuses what is no model
        if not model.trainable_variables:
            raise ValueError(f"model {model.name!r} is frozen; thaw some of its layers first.")
        self.model = model
        optimizer = keras.optimizers.SGD(self.rate, momentum=0.9)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss)
        optimizer.build(model.trainable_variables)
        self._start = [np.array(value) for value in model.get_weights()]
        self._fresh = [np.array(keras.ops.convert_to_numpy(v)) for v in optimizer.variables]

    def restart(self, values=None):
        """Put the model's values back, and forget the momentum.

        Parameters
        ----------
        values : list of array, optional
            Other values to start from, as ``model.get_weights()`` orders them.
        """
        self.model.set_weights(self._start if values is None else values)
        for variable, value in zip(self.model.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def train(self, inputs, labels, *, steps, rng, change=None, watch=None):
        """Train once, on batches of a shuffled list that is gone through again and again.

        Parameters
        ----------
        inputs : (N, ...) array_like
            Pictures, or stored answers.
        labels : (N,) array_like of int
        steps : int
        rng : numpy.random.Generator
        change : callable, optional
            Takes a batch of inputs and returns it as it should be learned, such as mirrored.
        watch : callable, optional
            Called after each step with its number, from 1, and its loss.

        Returns
        -------
        (steps,) float64 ndarray
            Loss of every batch, before its step.

        Raises
        ------
        ValueError
            If there is no input, one does not fit the model or holds NaN, or a label is no class.
        """
        classes = self.model.output_shape[-1]
        inputs = fitting.filled(inputs, "inputs", finite=False)  # each batch is looked at below
        wanted = {"shape": (len(inputs),), "low": 0, "high": classes - 1, "dtype": np.int64}
        labels = checks.array(labels, "labels", **wanted)
        steps, losses = checks.number(steps, "steps", low=1, integer=True), []
        for step, chosen in enumerate(self._batches(len(inputs), steps, rng), start=1):
            self.model.optimizer.learning_rate = self._rate_at((step - 1) / steps)
            part = inputs[chosen].astype(np.float32)
            part = part if change is None else change(part)
            part = fitting.batch(self.model, part, "inputs")
            losses.append(float(self.model.train_on_batch(part, labels[chosen])))
            if watch is not None:
                watch(step, losses[-1])
        return np.array(losses)

    def accuracy(self, inputs, labels, *, batch=200):
        """Share of right answers, in inference mode."""
        inputs = fitting.filled(inputs, "inputs", finite=False)
        labels = checks.array(labels, "labels", shape=(len(inputs),))
        starts = range(0, len(inputs), batch)
        logits = np.concatenate([infer(self.model, inputs[n : n + batch]) for n in starts])
        return float((logits.argmax(axis=1) == labels).mean())

    def _rate_at(self, share):
        """The learning rate after a share of the steps."""
        return self.rate * (1 + np.cos(np.pi * share)) / 2

    def _batches(self, count, steps, rng):
        """Positions for each step; every input comes once before any comes again."""
        needed = steps * self.batch
        rounds = [rng.permutation(count) for _ in range(-(-needed // count))]
        return np.concatenate(rounds)[:needed].reshape(steps, self.batch)


def _keras():
    """Keras, after `compute` has set the backend's environment."""
    compute.backend()
    import keras

    return keras


def _flat(layer):
    """A layer, or all layers of a nested model."""
    inner = getattr(layer, "layers", None)
    return [layer] if inner is None else [each for part in inner for each in _flat(part)]


def _half(answers):
    answers = np.asarray(answers, np.float32)
    if not np.abs(answers).max() <= 65504:
        raise ValueError("an answer of base is NaN or beyond 65504, which float16 cannot hold.")
    return answers.astype(np.float16)
