"""Colour spaces; notebooks call these functions as ``images.to_grey`` and so on."""

import cv2
import numpy as np

from course_lib import checks

GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # red, green, blue


def to_grey(image):
    """How bright a picture is: 0.299 red + 0.587 green + 0.114 blue.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1]; a grey picture is copied.

    Returns
    -------
    (H, W) float32 ndarray
        Values in [0, 1].

    Notes
    -----
    Source: ITU-R BT.601-7, section 2.5.1; OpenCV's ``COLOR_RGB2GRAY`` does the same.
    """
    picture = checks.image(image)
    if picture.ndim == 2:
        return picture.copy()
    return np.clip(picture @ GREY_WEIGHTS, 0, 1)


def to_rgb(image):
    """A picture with three channels; those of a grey picture are equal.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array_like
        Values in [0, 1].

    Returns
    -------
    (H, W, 3) float32 ndarray
    """
    picture = checks.image(image)
    return np.stack([picture] * 3, axis=-1) if picture.ndim == 2 else picture.copy()


def to_hsv(image):
    """Hue, saturation and value of a colour picture, all in [0, 1].

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1].

    Returns
    -------
    (H, W, 3) float32 ndarray
        Hue as a part of a full turn (0 red, 1/3 green, 2/3 blue).
    """
    hsv = cv2.cvtColor(checks.image(image, channels=(3,)), cv2.COLOR_RGB2HSV)
    hsv[..., 0] /= 360  # OpenCV counts degrees
    return hsv


def from_hsv(hsv):
    """RGB from hue, saturation and value, all in [0, 1]: the inverse of `to_hsv`."""
    degrees = checks.image(hsv, "hsv", channels=(3,)) * np.float32([360, 1, 1])
    return np.clip(cv2.cvtColor(degrees, cv2.COLOR_HSV2RGB), 0, 1)


def to_lab(image):
    """CIE L*a*b* of a colour picture: equal distances look about equally different.

    Parameters
    ----------
    image : (H, W, 3) array_like
        RGB in [0, 1], read as sRGB.

    Returns
    -------
    (H, W, 3) float32 ndarray
        L in [0, 100], a (green to red) and b (blue to yellow) about -110 to 110; white point D65.
    """
    from skimage import color  # here, because it takes longer to import than this module

    return color.rgb2lab(checks.image(image, channels=(3,))).astype(np.float32)


def from_lab(lab):
    """RGB in [0, 1] from CIE L*a*b*: the inverse of `to_lab`; colours no screen shows are cut."""
    from skimage import color

    lab = checks.array(lab, "lab", shape=(None, None, 3), dtype=np.float32)
    return np.clip(color.lab2rgb(lab), 0, 1).astype(np.float32)
