"""Load a published network by name, ready to call on a picture, with its own preprocessing."""

import functools
import json

import numpy as np

from course_lib import checks, fetch, images

from . import mobilenet_v2, resnet50, vgg16
from .hed import EdgeNetwork
from .weights import load_weights

__all__ = ["EdgeNetwork", "classify", "imagenet_labels", "load", "load_weights"]

NETWORKS = ("hed", "mobilenet_v2", "resnet50", "vgg16")
SIDE = 224  # px; what networks for ImageNet are usually given
SMALLEST = 32  # px; five halvings leave one value


def load(name, *, top=False):
    """Load a published network; its weights are downloaded at the first use.

    Parameters
    ----------
    name : str
        ``"vgg16"``, the convolutions and pools of VGG16; ``"mobilenet_v2"`` and ``"resnet50"``,
        with 1000 probabilities as output; or ``"hed"``.
    top : bool
        Whether VGG16 comes with its classifier, for 224x224 pictures; run
        ``course fetch vgg16_top`` first, 553 MB.

    Returns
    -------
    keras.Model or EdgeNetwork
        A new model at each call, so that training one leaves the others as they are. It takes
        ``(N, H, W, 3)`` float32, RGB in [0, 1]; what its values want done to them is its first
        layer. ``"hed"`` is an `EdgeNetwork`, the same one at each call.

    Raises
    ------
    ValueError
        If there is no such network, near ones are named; or ``COURSE_WEIGHTS`` says something else
        than below; or a top is asked for where there is no choice.
    fetch.FetchError
        If the weights are not in the cache and cannot be fetched.
    archives.ArchiveError
        If the weights are not what they should be.

    Notes
    -----
    VGG16 has two forms; a printed line says which one it is, and so does the model's name.
    ``vgg16_oxford`` has the values of its authors, as Keras offers them, ``vgg16_torchvision``
    those that torchvision trained, which a package holds. What is in the cache is used; else the
    first is tried before the second. ``COURSE_WEIGHTS=official`` or ``COURSE_WEIGHTS=package``
    allows one of them only; the outputs stored in the notebooks were made with the package's.
    """
    checks.choice(name, "network", NETWORKS)
    if top and name != "vgg16":
        raise ValueError(f"{name} has no choice of top; only vgg16 comes with and without.")
    if name == "hed":
        return _hed()
    if name == "vgg16":
        return vgg16.load_with_top() if top else vgg16.load()
    return {"mobilenet_v2": mobilenet_v2, "resnet50": resnet50}[name].load()


@functools.cache
def _hed():
    return EdgeNetwork(fetch.fetch("hed"))


@functools.cache
def imagenet_labels():
    """Name the 1000 classes of ImageNet, in the order of the networks' outputs.

    Returns
    -------
    tuple of str
        One name each, the first where a class has several; two names occur twice (crane, a bird
        and a machine; maillot).

    Raises
    ------
    fetch.FetchError
        If they are not in the cache and cannot be fetched.
    """
    path = fetch.fetch("imagenet_labels")
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":  # {"281": ["n02123045", "tabby"], ...}
        table = json.loads(text)
        return tuple(table[str(i)][1].replace("_", " ") for i in range(len(table)))
    return tuple(line.partition(",")[0] for line in text.splitlines())


def classify(model, image, top=5):
    """Name what a network for ImageNet sees in a picture.

    Parameters
    ----------
    model : keras.Model
        From a batch ``(1, H, W, 3)`` to 1000 probabilities, such as `load` gives.
    image : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1]. It is resized to what the model takes, by default 224x224; a picture
        that is not square is squeezed.
    top : int
        How many names.

    Returns
    -------
    list of (str, float)
        The likeliest first.

    Raises
    ------
    TypeError, ValueError
        If it is not a picture in [0, 1], a side is under 32 pixels, or the model has other outputs.
    """
    if not hasattr(model, "output_shape"):
        kind = type(model).__name__
        raise TypeError(f"model is a {kind}; wanted a Keras model, such as models.load gives.")
    image = images.to_rgb(checks.image(image))
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"image has {height}x{width} pixels; wanted {SMALLEST} or more on both sides."
        )
    labels = imagenet_labels()
    top = checks.number(top, "top", low=1, high=len(labels), integer=True)
    if tuple(model.output_shape[1:]) != (len(labels),):
        raise ValueError(f"model gives {model.output_shape}; wanted (N, 1000), as mobilenet_v2.")
    size = [side or SIDE for side in model.input_shape[1:3]]
    from keras import ops

    batch = images.resize(image, *size)[np.newaxis]
    chances = ops.convert_to_numpy(model(batch, training=False))[0]
    best = np.argsort(-chances, kind="stable")[:top]
    return [(labels[i], float(chances[i])) for i in best]
