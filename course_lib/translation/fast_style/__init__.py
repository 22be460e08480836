"""Style in one forward pass: two published networks, and the mean and variance that carry it.

A first network looks at the style picture and says it in 100 numbers, its code; a second takes a
photo and a code. Another network holds 26 styles of its own. Taught in
``10_2_fast_style_transfer``.
"""

import functools

import numpy as np

from course_lib import checks, compute, fetch, images

__all__ = ["STYLES", "adain", "mix", "style_code", "stylise", "stylise_many", "with_code"]

CODE = 100  # numbers that say a style
STYLES = 26  # that the network of `stylise_many` has learned
SIDE, STYLE_SIDE = 384, 256  # px; what the two networks take
SMALLEST = 16  # px; less is all border
LONGEST = 1280  # px; at this size the network of 26 styles takes about half a gigabyte
HIGHEST = 1e6  # what a number of a code may be; real ones stay below 10, and float32 ends at 3e38
LARGEST = 1e100  # of maps; squares of larger ones are infinite


def adain(content, style, *, epsilon=1e-5):
    """Give maps of one picture the mean and the deviation per channel of another's.

    Parameters
    ----------
    content : (..., H, W, C) array_like
        Maps of the picture whose arrangement stays.
    style : (..., K, L, C) array_like
        Maps of the picture whose statistics are taken; it may have another size.
    epsilon : float
        Added to the variance of `content`, above 0, so that an even channel stays even.

    Returns
    -------
    (..., H, W, C) float64 ndarray
        Each channel has the mean of the style's channel and, but for `epsilon`, its deviation.

    Raises
    ------
    TypeError, ValueError
        If they are no maps of finite numbers, or their channels or batches differ.

    Notes
    -----
    Adaptive instance normalisation. Statistics run over all positions of one picture. Taught in
    ``10_2_fast_style_transfer``. Source: Huang and Belongie, ICCV 2017, arXiv:1703.06868, eq. 8.
    """
    content, style = (_maps(maps, n) for maps, n in ((content, "content"), (style, "style")))
    if content.shape[-1] != style.shape[-1]:
        raise ValueError(
            f"content has {content.shape[-1]} channels, style {style.shape[-1]}; wanted the same."
        )
    try:
        np.broadcast_shapes(content.shape[:-3], style.shape[:-3])
    except ValueError:
        raise ValueError(
            f"content is a batch of {content.shape[:-3]}, style of {style.shape[:-3]}; wanted as"
            " many, or one style for all."
        ) from None
    epsilon = checks.number(epsilon, "epsilon", low=np.finfo(float).tiny)
    places = (-3, -2)
    normal = content - content.mean(axis=places, keepdims=True)
    normal = normal / np.sqrt(content.var(axis=places, keepdims=True) + epsilon)
    deviation, mean = (f(axis=places, keepdims=True) for f in (style.std, style.mean))
    return normal * deviation + mean


def style_code(style):
    """Say a picture's style in 100 numbers.

    Parameters
    ----------
    style : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1], 16 pixels or more on both sides. Its middle square is resized to
        256x256 pixels.

    Returns
    -------
    (100,) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If it is not such a picture.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.

    Notes
    -----
    A MobileNetV2 that learned from the paper's Inception-v3, stored in 8 bits: Magenta's version
    for phones. Taught in ``10_2_fast_style_transfer``. Source: Ghiasi et al., BMVC 2017,
    arXiv:1705.06830.
    """
    style = _picture(style, "style")
    side = min(style.shape[:2])
    top, left = ((size - side) // 2 for size in style.shape[:2])
    square = images.resize(style[top : top + side, left : left + side], STYLE_SIDE, STYLE_SIDE)
    (code,) = _network("arbitrary_style", "arbitrary_predict.onnx")(square[np.newaxis])
    return code.reshape(CODE)


def mix(codes, weights):
    """Average styles' codes.

    Parameters
    ----------
    codes : (N, 100) array_like
        Of `style_code`.
    weights : (N,) array_like
        0 or more, not all 0; only their ratios count.

    Returns
    -------
    (100,) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If a shape is another, there is no code, a number of a code is beyond a million, or a weight
        is negative, or all are 0.

    Notes
    -----
    Taught in ``10_2_fast_style_transfer``. Source: Ghiasi et al., BMVC 2017, arXiv:1705.06830.
    """
    codes = checks.array(codes, "codes", shape=(None, CODE), low=-HIGHEST, high=HIGHEST)
    if not len(codes):
        raise ValueError("codes holds no code; wanted one or more to mix.")
    return (_shares(weights, len(codes)) @ codes).astype(np.float32)


def with_code(content, code):
    """Paint a photo in the style that a code says.

    Parameters
    ----------
    content : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1], 16 pixels or more on both sides.
    code : (100,) array_like
        Of `style_code` or `mix`.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1]. The network takes 384x384 pixels: a larger photo is shrunk for it and the
        result enlarged, which looks soft; one that is not square is mirrored at its borders.

    Raises
    ------
    TypeError, ValueError
        If it is not such a picture, or not such a code, or a number of it is beyond a million.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.

    Notes
    -----
    Taught in ``10_2_fast_style_transfer``. Source: Ghiasi et al., BMVC 2017, arXiv:1705.06830.
    """
    content = _picture(content, "content")
    code = checks.array(code, "code", shape=(CODE,), low=-HIGHEST, high=HIGHEST)
    small = _fitted(content)
    height, width = small.shape[:2]
    padded = np.pad(small, ((0, SIDE - height), (0, SIDE - width), (0, 0)), mode="symmetric")
    network = _network("arbitrary_style", "arbitrary_transform.onnx")
    painted = network(padded[np.newaxis], code.reshape(1, 1, 1, CODE))[0][0, :height, :width]
    return images.resize(painted.clip(0, 1), *content.shape[:2])


def stylise(content, style, *, strength=1.0):
    """Paint a photo in the style of another picture, in one forward pass.

    Parameters
    ----------
    content, style : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1], 16 pixels or more on both sides; their sizes may differ.
    strength : float
        In [0, 1]; at 0 the photo is painted in its own style, which leaves most of it as it is.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1], of the photo's size; see `with_code`.

    Raises
    ------
    TypeError, ValueError
        If they are not such pictures, or the strength leaves [0, 1].
    fetch.FetchError
        If the networks are not in the cache and cannot be fetched.

    Notes
    -----
    The strength mixes the photo's own code with the style's. Taught in
    ``10_2_fast_style_transfer``. Source: Ghiasi et al., BMVC 2017, arXiv:1705.06830.
    """
    strength = checks.number(strength, "strength", low=0, high=1)
    code = style_code(style)
    if strength < 1:
        code = mix([style_code(content), code], [1 - strength, strength])
    return with_code(content, code)


def stylise_many(content, weights):
    """Paint a photo in a mixture of the 26 styles that one network holds.

    Parameters
    ----------
    content : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1], 16 pixels or more on both sides. One with a side over 1280 pixels is
        shrunk for the network, and the result enlarged again.
    weights : (26,) array_like
        How much of each style: 0 or more, not all 0; only their ratios count.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1], of the photo's size.

    Raises
    ------
    TypeError, ValueError
        If it is not such a picture, or the weights are not such numbers.
    fetch.FetchError
        If the network is not in the cache and cannot be fetched.

    Notes
    -----
    One scale and one shift per style and channel, all other weights shared. Taught in
    ``10_2_fast_style_transfer``. Source: Dumoulin et al., ICLR 2017, arXiv:1610.07629.
    """
    content = _picture(content, "content")
    shares = _shares(weights, STYLES)
    small = images.fit(content, LONGEST) if max(content.shape) > LONGEST else content
    height, width = small.shape[:2]
    below, beside = (max(-size % 4, SMALLEST - size) for size in (height, width))
    padded = np.pad(small, ((0, below), (0, beside), (0, 0)), mode="symmetric")
    (painted,) = _network("multistyle26")(padded.transpose(2, 0, 1)[np.newaxis], shares)
    painted = painted[0].transpose(1, 2, 0)[:height, :width]
    return images.resize(painted.clip(0, 1), *content.shape[:2])


@functools.cache
def _network(asset, file=None):
    """A published network, loaded once."""
    path = fetch.fetch(asset)
    return compute.onnx(path / file if file else path)


def _picture(value, name):
    """An RGB picture that is not too small."""
    picture = images.to_rgb(checks.image(value, name))
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST:
        raise ValueError(f"{name} has {height}x{width} pixels; wanted {SMALLEST} or more each way.")
    return picture


def _fitted(content):
    """The photo in the network's square: shrunk or enlarged, its shape kept."""
    height, width = content.shape[:2]
    scale = SIDE / max(height, width)
    return images.resize(content, *(max(1, round(size * scale)) for size in (height, width)))


def _shares(weights, count):
    """Weights that sum to 1."""
    weights = checks.array(weights, "weights", shape=(count,), low=0)
    if not weights.max():
        raise ValueError("weights are all 0; one at least must be more.")
    weights = weights / weights.max()  # first, as the sum of huge ones is infinite
    return weights / weights.sum()


def _maps(value, name):
    """Maps of finite numbers, with an axis each for height, width and channels."""
    maps = checks.array(value, name, low=-LARGEST, high=LARGEST).astype(np.float64)
    if maps.ndim < 3 or 0 in maps.shape:
        raise ValueError(
            f"{name} has the shape {maps.shape}; wanted (..., H, W, C), none of them 0."
        )
    return maps
