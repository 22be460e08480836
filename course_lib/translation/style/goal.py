"""The goal of a style transfer: a network, its layers, weights, and the two pictures."""

import numpy as np

from course_lib import checks, compute, images
from course_lib.networks.probes.graph import graph
from course_lib.networks.probes.pictures import check_size
from course_lib.translation.style import terms

CONTENT = "block4_conv2"
STYLE = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
POOLINGS = ("average", "max")
ROUGH = 1e-4  # variation of a photo so smooth that it is no measure


class Goal:
    """What a picture should become, as a function of it with terms and a gradient.

    Parameters
    ----------
    model : keras.Model
        Takes RGB in [0, 1], such as ``models.load("vgg16")``.
    photo, style : (H, W, 3), (H, W) or (H, W, 4) array, or a path, or a file's bytes
        Content and style, of any sizes; see `prepare`.
    size : int, optional
        Both are made smaller until the longest side fits.
    content, smooth : float
        Weights, 0 or more, of the content term and of the smoothness term.
    weight : float
        Weight of the style term, 0 or more, the mean of the style layers' terms.
    content_layer : str
        The layer that holds the content; layers are named as in `probes.layer_names`.
    style_layers : sequence of str, or dict of str to float
        The layers that hold the style; a dict says how much each counts beside the others.
    pooling : {"average", "max"}
        What pooling layers do; average lets the gradient reach all pixels of a window.

    Attributes
    ----------
    photo, style : (1, H, W, 3) float32 ndarray
    names : tuple of str
        Of the terms: ``content``, one per style layer, ``smoothness``. A term without weight is
        left out, and its layer is not computed.

    Raises
    ------
    TypeError, ValueError
        If a picture is none, too small for the layers, or both are the same; a layer is unknown;
        a weight is negative or all are 0.

    Notes
    -----
    Terms are relative, so that weights can be read: content and style are 0 where reached and 1 for
    features that are all zero, smoothness is 1 for a picture as rough as the photo. Gatys et al.
    divide by numbers of channels and positions instead.
    """

    def __init__(
        self,
        model,
        photo,
        style,
        *,
        size=None,
        content=1.0,
        weight=1.0,
        smooth=0.0,
        content_layer=CONTENT,
        style_layers=STYLE,
        pooling="average",
    ):
        self.photo, self.style = prepare(photo, "photo", size), prepare(style, "style", size)
        if self.photo.shape == self.style.shape and np.array_equal(self.photo, self.style):
            raise ValueError("photo and style are the same picture; there is nothing to transfer.")
        self.layers, self.weights = _weighted(content, weight, smooth, content_layer, style_layers)
        self.names = tuple(self.weights)
        checks.choice(pooling, "pooling", POOLINGS)
        self.model = averaging(model) if pooling == "average" else model
        self._read = graph(self.model)
        steps = [self._read.named(layer) for layer in self.layers.values()]
        named = {step.name: step for step in steps}
        for picture in (self.photo, self.style):
            check_size(self.model, list(named.values()), *picture.shape[1:3])
        self._outputs = [step.outputs[0] for step in steps]
        self._wanted = self._targets()
        self._rough = max(float(terms.variation(self.photo)), ROUGH)
        variables = self.model.variables
        self._run = compute.compiled_gradients(self._function, state=variables)

    def __call__(self, picture):
        """Compute the terms of a picture, without their weights, and the gradient of their sum.

        Parameters
        ----------
        picture : (1, H, W, 3) float32 ndarray
            Of the photo's size.

        Returns
        -------
        values : dict of str to float
        total : float
            The sum of weight times term.
        slope : (1, H, W, 3) float32 ndarray
            Its gradient.
        """
        with compute.undisturbed():
            weighted, (slope,) = self._run(picture)
        weights = self.weights.values()
        pairs = zip(self.names, weighted.astype(np.float64), weights, strict=True)
        values = {name: float(term) / weight for name, term, weight in pairs}
        return values, float(weighted.sum(dtype=np.float64)), slope

    def _function(self, picture):
        """The weighted terms, as one tensor (terms,)."""
        from keras import ops

        found = dict(zip(self.layers, self._read.run(picture, self._outputs), strict=True))
        values = []
        for name, weight in self.weights.items():
            if name == "smoothness":
                value = terms.variation(picture) / self._rough
            elif name == "content":
                value = terms.content_term(found[name], self._wanted[name])
            else:
                value = terms.style_term(found[name], self._wanted[name])
            values.append(weight * value)
        return ops.stack(values)

    def _targets(self):
        """What each term wants: the photo's features, the style's Gram matrices."""
        from keras import ops

        wanted = {}
        for name, output in zip(self.layers, self._outputs, strict=True):
            picture = self.photo if name == "content" else self.style
            (features,) = self._read.run(picture, [output])
            features = features if name == "content" else terms.gram(features)
            wanted[name] = ops.convert_to_numpy(features)
            if not np.isfinite(wanted[name]).all():
                raise ValueError(f"the network answers NaN to the picture for {name}; check it.")
        return wanted


def prepare(picture, name="picture", size=None):
    """Make a batch of one RGB picture from what a student may have.

    Parameters
    ----------
    picture : (H, W, 3), (H, W) or (H, W, 4) array, or str, Path, bytes
        In [0, 1]; grey gets three channels, RGBA is laid on white, anything else is read by
        `images.read`.
    name : str
        What messages call it.
    size : int, optional
        Longest side in pixels; larger pictures are made smaller.

    Returns
    -------
    (1, H, W, 3) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If it is no such picture.
    """
    if not hasattr(picture, "shape") and not isinstance(picture, list | tuple):
        picture = images.read(picture, shrink=True)
    if np.ndim(picture) == 3 and np.shape(picture)[-1] == 4:
        rgba = checks.array(picture, name, low=0, high=1).astype(np.float32)
        picture = rgba[..., :3] * rgba[..., 3:] + 1 - rgba[..., 3:]
    picture = images.to_rgb(checks.image(picture, name))
    return (picture if size is None else images.fit(picture, size))[np.newaxis]


def averaging(model):
    """Make a model that shares all layers with another, but averages where that one takes maxima.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional.

    Returns
    -------
    keras.Model
    """
    graph(model)  # refuses what is no such model
    import keras

    def other(layer):
        if not isinstance(layer, keras.layers.MaxPooling2D):
            return layer
        config = layer.get_config()
        return keras.layers.AveragePooling2D(
            config["pool_size"], config["strides"], config["padding"], name=layer.name
        )

    return keras.models.clone_model(model, clone_function=other)


def _weighted(content, weight, smooth, content_layer, style_layers):
    """The layer of each term that needs one, and the weight of every term that has one."""
    given = {"content": content, "weight": weight, "smooth": smooth}
    content, weight, smooth = (checks.number(v, name, low=0) for name, v in given.items())
    if not content and not weight:
        raise ValueError("content and weight are both 0; wanted at least one above 0.")
    if isinstance(style_layers, str):
        style_layers = (style_layers,)
    if not hasattr(style_layers, "__iter__"):
        kind = type(style_layers).__name__
        raise TypeError(f"style_layers is a {kind}; wanted names of layers, such as block1_conv1.")
    parts = dict(style_layers) if hasattr(style_layers, "items") else dict.fromkeys(style_layers, 1)
    parts = {layer: checks.number(part, layer, low=0) for layer, part in parts.items()}
    whole = sum(parts.values())
    if weight and not whole:
        raise ValueError("style_layers has no layer above 0; name at least one.")
    weights = {"content": content}
    weights |= {layer: weight * part / (whole or 1) for layer, part in parts.items()}
    weights = {name: value for name, value in (weights | {"smoothness": smooth}).items() if value}
    layers = {name: name for name in weights if name != "smoothness"}
    return layers | ({"content": content_layer} if content else {}), weights
