"""Gradients by finite differences: slow, approximate, and independent of any calculus of ours.

Taught in ``02_3_backpropagation``.
"""

import numpy as np

from course_lib import checks


def finite_differences(function, arrays, *, step=1e-5):
    """Estimate the gradient of a number by moving every entry a little up and a little down.

    Parameters
    ----------
    function : callable
        Takes nothing, reads the arrays, and returns one number.
    arrays : sequence of float ndarray
        Moved in place, and put back.
    step : float
        How far each entry is moved.

    Returns
    -------
    list of ndarray
        One per array, of its shape; the error is of the order of ``step**2``, plus rounding of
        the order of ``1e-16 / step``.

    Raises
    ------
    ValueError
        If the step is not above 0.
    TypeError
        If an item is not an array of float, which can be moved in place.

    Notes
    -----
    Calls the function twice per entry. Taught in ``02_3_backpropagation``.
    """
    step = checks.number(step, "step", low=1e-300)
    arrays = list(arrays)
    for array in arrays:
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            raise TypeError(f"arrays holds a {type(array).__name__}; wanted arrays of float.")
    return [_slopes(function, array, step) for array in arrays]


def _slopes(function, array, step):
    """The slope of the function along each entry of one array."""
    slopes = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        kept, ends = array[place], []
        try:
            for moved in (kept + step, kept - step):
                array[place] = moved
                ends.append(float(function()))
        finally:
            array[place] = kept
        slopes[place] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def largest_difference(ours, theirs):
    """Return the largest absolute difference between two lists of arrays of the same shapes.

    Parameters
    ----------
    ours, theirs : sequence of array_like

    Returns
    -------
    float
        NaN if one is in the arrays.

    Raises
    ------
    ValueError
        If there is another number of arrays, two shapes differ, or there is no number at all.
    """
    ours, theirs = [np.asarray(a, float) for a in ours], [np.asarray(b, float) for b in theirs]
    if [a.shape for a in ours] != [b.shape for b in theirs]:
        shapes = [a.shape for a in ours], [b.shape for b in theirs]
        raise ValueError(f"the shapes are {shapes[0]} and {shapes[1]}; wanted the same.")
    if not any(a.size for a in ours):
        raise ValueError("there is no number to compare; wanted at least one.")
    # NumPy's maximum, unlike Python's, is NaN wherever the NaN stands.
    pairs = zip(ours, theirs, strict=True)
    return float(np.concatenate([np.abs(a - b).ravel() for a, b in pairs]).max())
