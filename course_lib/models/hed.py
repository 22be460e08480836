"""HED, which draws the outlines of a photograph."""

import numpy as np

from course_lib import checks, compute, images


class EdgeNetwork:
    """Holistically-nested edge detection: where a person would draw the outlines in a photograph.

    The 13 convolutions of VGG16 in five blocks; each block gives an edge map of its own, a **side
    output**, finer in the early blocks and more about objects in the late ones. The five are
    enlarged to the size of the picture and summed with learned weights.

    Parameters
    ----------
    path : Path
        The weights, ``hed_bsds500.weights.h5``.

    Attributes
    ----------
    network : keras.Model
        From pictures ``(1, H, W, 3)``, RGB 0..255 minus `MEAN`, to the five side outputs
        ``(1, H / 2**k, W / 2**k, 1)``, k = 0..4, before the sigmoid.

    Notes
    -----
    Departures from the paper: the package's author trained these weights in Keras on BSDS500;
    borders are padded as Keras pads. The weights expect blue, green, red; here the first kernel is
    turned round once, so that RGB goes in and no other order exists in the course.
    Source: Xie and Tu, ICCV 2015, arXiv:1504.06375. Used in ``01_4_line_art``.
    """

    BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))  # convolutions, channels
    MEAN = np.array([122.67892, 116.66877, 104.00699], np.float32)  # red, green, blue of ImageNet
    LONGEST = 1280  # px; at this size the largest layer takes 420 MB

    def __init__(self, path):
        # `compute` has set the backend's environment before Keras is imported for the first time.
        compute.backend()
        import keras

        self.network = self._build(keras)
        self._fuse_weights, self._fuse_bias = self._read_weights(path)

    def __call__(self, image):
        """Tell for each pixel how likely an outline runs through it.

        Parameters
        ----------
        image : (H, W, 3) or (H, W) array_like
            RGB or grey in [0, 1], of any size. One with a side over `LONGEST` pixels is shrunk
            for the network, and its map enlarged again.

        Returns
        -------
        (H, W) float32 ndarray
            Probabilities in [0, 1].

        Raises
        ------
        TypeError, ValueError
            If it is not a picture in [0, 1].
        """
        image = images.to_rgb(checks.image(image))
        height, width = image.shape[:2]
        if max(height, width) > self.LONGEST:
            image = images.fit(image, self.LONGEST)
        logit = self.side_outputs(image) @ self._fuse_weights + self._fuse_bias  # (h, w)
        edges = 1 / (1 + np.exp(-logit))
        if edges.shape != (height, width):
            edges = images.resize(edges, height, width, method="linear")
        return edges.astype(np.float32)

    def side_outputs(self, image):
        """The five edge maps of a picture before they are summed, enlarged to its size.

        Parameters
        ----------
        image : (H, W, 3) or (H, W) array_like
            RGB or grey in [0, 1]; not shrunk, so a large one needs a lot of memory.

        Returns
        -------
        (H, W, 5) float32 ndarray
            Before the sigmoid: an outline is likelier than not where a value is above 0.
        """
        from keras import ops

        image = images.to_rgb(checks.image(image))
        batch = (255 * image - self.MEAN)[np.newaxis]  # (1, H, W, 3)
        size = image.shape[:2]
        sides = [
            ops.image.resize(side, size, interpolation="bilinear")  # (1, H, W, 1)
            for side in self.network(batch, training=False)
        ]
        return ops.convert_to_numpy(ops.concatenate(sides, axis=-1))[0]

    def _build(self, keras):
        layers = keras.layers
        here = pictures = keras.Input((None, None, 3))
        sides = []
        for block, (count, channels) in enumerate(self.BLOCKS, start=1):
            if block > 1:
                here = layers.MaxPooling2D(2, padding="same", name=f"pool{block - 1}")(here)
            for number in range(1, count + 1):
                here = layers.Conv2D(
                    channels, 3, padding="same", activation="relu", name=f"conv{block}_{number}"
                )(here)
            sides.append(layers.Conv2D(1, 1, name=f"side{block}")(here))
        return keras.Model(pictures, sides, name="hed")

    def _read_weights(self, path):
        """Fill the network; return the weights of the sum of the side outputs, and its bias."""
        import h5py

        with h5py.File(path, "r") as file:

            def values(place):
                return [file[f"{place}/vars/{i}"][()] for i in (0, 1)]  # kernel, bias

            for block, (count, _) in enumerate(self.BLOCKS, start=1):
                self._set(f"side{block}", *values(f"dsn{block}"))
                for number in range(1, count + 1):
                    place = "conv2d" if number == 1 else f"conv2d_{number - 1}"
                    kernel, bias = values(f"block{block}/layers/{place}")
                    if (block, number) == (1, 1):
                        kernel = kernel[:, :, ::-1]  # from blue, green, red
                    self._set(f"conv{block}_{number}", kernel, bias)
            kernel, bias = values("fuse")
        return kernel.reshape(5), bias[0]

    def _set(self, layer, kernel, bias):
        self.network.get_layer(layer).set_weights([kernel, bias])
