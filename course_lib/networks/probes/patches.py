"""The patches of many pictures that excite a channel most.

Taught in ``03_3_what_vgg16_sees``.
"""

from typing import NamedTuple

import numpy as np

from course_lib import checks


class Peak(NamedTuple):
    """Where a channel answers strongly: the number of the picture, row and column of the map."""

    picture: int
    row: int
    column: int
    value: float


def strongest(maps, number, count, *, groups=None):
    """Find where a channel answers most, at most once per picture or group.

    Parameters
    ----------
    maps : (N, h, w, channels) array_like
        What a layer answers to N pictures.
    number : int
        The channel.
    count : int
        How many places; fewer come back where there are fewer groups.
    groups : (N,) sequence, optional
        What each picture was cut from, so that no photograph is taken twice; every picture for
        itself if left out.

    Returns
    -------
    list of Peak
        The strongest first.

    Raises
    ------
    ValueError
        If there is no map or no such channel, no place is wanted, or not one group per picture.
    """
    maps = checks.array(maps, "maps", ndim=4)
    if maps.size == 0:
        raise ValueError(f"maps has shape {maps.shape}; wanted at least one answer.")
    count = checks.number(count, "count", low=1, integer=True)
    number = checks.number(number, "channel", low=0, high=maps.shape[-1] - 1, integer=True)
    groups = list(range(len(maps)) if groups is None else groups)
    if len(groups) != len(maps):
        raise ValueError(f"groups has {len(groups)} entries for {len(maps)} pictures.")
    flat = maps[..., number].reshape(len(maps), -1)
    found, taken = [], set()
    for n in np.argsort(-flat.max(axis=1), kind="stable"):
        if groups[n] not in taken and len(found) < count:
            taken.add(groups[n])
            row, column = np.unravel_index(flat[n].argmax(), maps.shape[1:3])
            found.append(Peak(int(n), int(row), int(column), float(flat[n].max())))
    return found


def cut(image, box, *, fill=0.5):
    """Cut a box out of a picture; what lies outside of the picture is filled.

    Parameters
    ----------
    image : (H, W, C) or (H, W) array
    box : (4,) array_like
        ``x0, y0, x1, y1`` in whole pixels, such as `ReceptiveField.box` gives.
    fill : float

    Returns
    -------
    (y1 - y0, x1 - x0, ...) ndarray

    Raises
    ------
    TypeError, ValueError
        If it is no picture, or the box is infinite or empty.
    """
    x0, y0, x1, y1 = checks.array(box, "box", shape=(4,)).round().astype(int).tolist()
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"box {(x0, y0, x1, y1)} is empty; wanted x0 < x1 and y0 < y1.")
    image = checks.array(image, "image", finite=False)
    if image.ndim not in (2, 3):
        raise ValueError(f"image has shape {image.shape}; wanted (H, W) or (H, W, C).")
    patch = np.full((y1 - y0, x1 - x0, *image.shape[2:]), fill, image.dtype)
    top, left = max(y0, 0), max(x0, 0)
    inside = image[top : max(y1, 0), left : max(x1, 0)]
    patch[top - y0 :, left - x0 :][: inside.shape[0], : inside.shape[1]] = inside
    return patch
