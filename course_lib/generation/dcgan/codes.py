"""Walks among codes: between two, along directions that matter, over a sheet of four corners.

Sources: White, 2016, arXiv:1609.04468 (along the sphere); Shen and Zhou, CVPR 2021,
arXiv:2007.06600 (directions from the first layer's weights). Taught in ``09_2_dcgan``.
"""

import numpy as np

from course_lib import checks

from .networks import expect

METHODS = ("straight", "sphere")


def interpolate(start, end, shares, *, method="sphere"):
    """Codes on the way from one to another.

    Parameters
    ----------
    start, end : (D,) array_like
    shares : (N,) array_like
        How far on the way, 0 to 1.
    method : str
        ``"straight"``, or ``"sphere"``: along an arc, on which the length of a code changes evenly.

    Returns
    -------
    (N, D) float64 ndarray

    Raises
    ------
    ValueError
        If the sizes differ, a number is not finite or a share leaves [0, 1], there is no such
        method, or an arc is asked for from or to the code 0.

    Notes
    -----
    Codes of many numbers have lengths near the square root of D. A straight way passes through
    much shorter ones, which the generator has hardly met. Two opposite codes have no shortest arc;
    they are joined by the straight line.
    """
    checks.choice(method, "method", METHODS)
    start = checks.array(start, "start", ndim=1).astype(float)
    end = checks.array(end, "end", shape=start.shape).astype(float)
    shares = checks.array(shares, "shares", ndim=1, low=0, high=1).astype(float)[:, None]
    straight = (1 - shares) * start + shares * end
    if method == "straight":
        return straight
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) == 0:
        raise ValueError("start or end is the code 0, which has no direction; go straight.")
    a, b = start / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(a @ b, -1, 1))
    if np.sin(angle) < 1e-6:
        return straight
    turned = (np.sin((1 - shares) * angle) * a + np.sin(shares * angle) * b) / np.sin(angle)
    return turned * ((1 - shares) * lengths[0] + shares * lengths[1])


def sheet_of_four(corners, rows, columns):
    """Codes for a sheet whose corners are given: arcs down both sides, then arcs across.

    Parameters
    ----------
    corners : (4, D) array_like
        Top left, top right, bottom left, bottom right.
    rows, columns : int

    Returns
    -------
    (rows * columns, D) float64 ndarray
        Row by row.

    Raises
    ------
    TypeError, ValueError
        If there are not four codes, or a number is too small.
    """
    corners = checks.array(corners, "corners", ndim=2)
    if len(corners) != 4:
        raise ValueError(f"corners has shape {corners.shape}; wanted four codes.")
    rows = checks.number(rows, "rows", low=2, integer=True)
    columns = checks.number(columns, "columns", low=2, integer=True)
    left, right = (
        interpolate(corners[n], corners[n + 2], np.linspace(0, 1, rows)) for n in range(2)
    )
    across = np.linspace(0, 1, columns)
    return np.concatenate([interpolate(a, b, across) for a, b in zip(left, right, strict=True)])


def directions(model, count):
    """The directions in which a step changes the generator's first layer most.

    Parameters
    ----------
    model : keras.Model
        A generator.
    count : int

    Returns
    -------
    (count, code_size) float64 ndarray
        Orthogonal, of length 1, the strongest first; each one's largest number is positive.

    Raises
    ------
    TypeError, ValueError
        If the model is no generator, or has fewer directions than `count`.

    Notes
    -----
    The first layer is a matrix: these are its right singular vectors.
    """
    expect(model, "unfold", "generator")
    kernel = np.asarray(model.get_layer("unfold").kernel, np.float64)  # (code_size, units)
    count = checks.number(count, "count", low=1, high=len(kernel), integer=True)
    vectors = np.linalg.eigh(kernel @ kernel.T)[1][:, ::-1].T[:count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1)
    return vectors * np.sign(largest)
