"""ResNet50 with its classifier, as Keras offers it."""

from course_lib import fetch

from . import vgg16, weights

SIZE = 224  # px


def load():
    """Build ResNet50 and fill it with the values of its authors."""
    path = fetch.fetch("resnet50")
    model = build()
    values = weights.keras_values(path)
    kernel, *rest = values.get("conv1_conv", [None])
    if kernel is not None and kernel.ndim == 4:  # from blue, green, red
        values["conv1_conv"] = [kernel[:, :, ::-1], *rest]
    weights.fill(model, values, path.name)
    return model


def build():
    """Build ResNet50 for 224x224 pictures in [0, 1], with any weights.

    Returns
    -------
    keras.Model
        From ``(N, 224, 224, 3)`` to 1000 probabilities.

    Notes
    -----
    Source: He et al., CVPR 2016, arXiv:1512.03385, through ``keras.applications``.
    """
    layers = weights.keras_layers()
    import keras

    pictures = keras.Input((SIZE, SIZE, 3), name="pictures")
    scaled = vgg16.scaling(layers, "oxford")(pictures)
    network = keras.applications.ResNet50(weights=None, input_tensor=scaled)
    return keras.Model(pictures, network.output, name="resnet50")
