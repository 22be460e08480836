"""What style transfer measures: features, Gram matrices, and three terms made of them.

All are computed with Keras, on either backend; arrays will do as well as tensors.
Taught in ``10_1_style_transfer``. Source: Gatys, Ecker and Bethge, CVPR 2016, arXiv:1508.06576.
"""

TINY = 1e-12


def gram(features):
    """Gram matrix of feature maps: for each two channels, the mean of their product.

    Parameters
    ----------
    features : (1, h, w, C) tensor

    Returns
    -------
    (C, C) tensor
        Divided by the positions, h w, so that pictures of different sizes compare.
    """
    from keras import ops

    rows = ops.reshape(features, (-1, features.shape[-1]))  # (positions, C)
    return ops.matmul(ops.transpose(rows), rows) / rows.shape[0]


def relative_error(value, wanted):
    """Squared distance of two tensors in units of the wanted one: 0 equal, 1 as far as zeros are.

    Parameters
    ----------
    value, wanted : tensors of one shape

    Returns
    -------
    scalar tensor
    """
    from keras import ops

    return ops.sum((value - wanted) ** 2) / (ops.sum(wanted**2) + TINY)


def content_term(features, wanted):
    """How far feature maps are from a photo's: `relative_error` of the maps, position by position.

    Parameters
    ----------
    features, wanted : (1, h, w, C) tensor

    Returns
    -------
    scalar tensor
    """
    return relative_error(features, wanted)


def style_term(features, wanted):
    """How far the Gram matrix of feature maps is from a style's: `relative_error` of the matrices.

    Parameters
    ----------
    features : (1, h, w, C) tensor
    wanted : (C, C) tensor
        The `gram` of the style picture's features.

    Returns
    -------
    scalar tensor
    """
    return relative_error(gram(features), wanted)


def variation(picture):
    """Total variation: mean squared difference of neighbours, down plus across.

    Parameters
    ----------
    picture : (1, H, W, C) tensor

    Returns
    -------
    scalar tensor
        0 for a picture of one colour.
    """
    from keras import ops

    down, across = picture[:, 1:] - picture[:, :-1], picture[:, :, 1:] - picture[:, :, :-1]
    return ops.mean(down**2) + ops.mean(across**2)
