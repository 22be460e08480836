"""Figures of line art: rows and steps of drawings, Canny's stages, a kernel at work, sliders.

These functions show what they are given and compute no drawing. Taught in ``01_4_line_art``.
"""

import inspect

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from course_lib import checks, plot, widgets
from course_lib.classic.haar.drawing import show_numbers


def show_row(pictures, alt, size=2.7, boxes=None, **style):
    """Show pictures side by side, each beneath its name.

    Parameters
    ----------
    pictures : dict of str to (H, W) or (H, W, 3) array
        Of one shape; values in [0, 1], unless `style` says otherwise.
    alt : str
        What the figure shows, for a reader who cannot see it.
    size : float
        Width of a picture in inches.
    boxes : dict of str to (x0, y0, x1, y1), optional
        Frames on the first picture, in pixels, with their names.
    **style
        Passed to `plot.show_images`, such as ``vmin`` and ``vmax``.

    Raises
    ------
    ValueError
        If there is no picture, or no alt text.
    """
    if not pictures:
        raise ValueError("pictures is empty; wanted at least one picture with its name.")
    drawn = list(pictures.values())
    height, width = np.shape(drawn[0])[:2]
    shape = (size * len(drawn), size * height / width + 0.32)  # 0.32 inches hold the names
    figure, axes = plt.subplots(1, len(drawn), figsize=shape, squeeze=False, layout="constrained")
    plot.show_images(drawn, list(pictures), axes=axes, **style)
    if boxes:
        plot.show_boxes(None, list(boxes.values()), labels=list(boxes), ax=axes[0, 0])
    plot.show(figure, alt=alt)


def show_steps(pictures, alt, size=8.2):
    """Show two steps small, one above the other, and the drawing that they lead to large.

    Parameters
    ----------
    pictures : dict of str to (H, W) or (H, W, 3) array
        Three of one shape, values in [0, 1]; the last is drawn large.
    alt : str
        What the figure shows, for a reader who cannot see it.
    size : float
        Width of the figure in inches.

    Raises
    ------
    ValueError
        If there are not three pictures, or there is no alt text.
    """
    if len(pictures) != 3:
        raise ValueError(f"pictures has {len(pictures)} pictures; wanted 3.")
    height, width = np.shape(list(pictures.values())[-1])[:2]
    shape = (size, 0.645 * size * height / width + 0.5)  # the large one takes 0.645 of the width
    figure = plt.figure(figsize=shape, layout="constrained")
    axes = figure.subplot_mosaic([[0, 2], [1, 2]], width_ratios=[1, 2.1])
    plot.show_images(list(pictures.values()), list(pictures), axes=[axes[i] for i in range(3)])
    plot.show(figure, alt=alt)


def show_correlation(picture, kernel, result, titles):
    """Draw a picture, a kernel and their sums as tables of numbers; one sum is coloured.

    Parameters
    ----------
    picture : (H, W) array
    kernel : (h, w) array
        Odd sides, at most as large as the picture.
    result : (H, W) array
        The sums; the one whose kernel touches the picture's first pixel is coloured.
    titles : sequence of str
        One for each of the three.

    Returns
    -------
    matplotlib Figure
    """
    (height, width), (rows, columns) = np.shape(picture), np.shape(kernel)
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.7), layout="constrained")
    places = [(0, 0, columns, rows), None, (columns // 2, rows // 2, 1, 1)]
    for ax, values, place, title in zip(
        axes, (picture, kernel, result), places, titles, strict=True
    ):
        words = np.array([[f"{value:g}" for value in row] for row in np.round(values, 2)])
        show_numbers(words, ax=ax, rectangle=place, title=title)
        ax.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6))
    return figure


def close_up(picture, side=150):
    """Cut a square out of the upper middle of a picture, where faces are.

    Parameters
    ----------
    picture : (H, W) or (H, W, 3) array_like
    side : int
        In pixels; less where the picture ends.

    Returns
    -------
    (side, side) or (side, side, 3) ndarray
        From a tenth of the height down and three tenths of the width to the right.

    Raises
    ------
    ValueError
        If `side` is below 1.
    """
    picture = np.asarray(picture)
    side = checks.number(side, "side", low=1, integer=True)
    y, x = picture.shape[0] // 10, picture.shape[1] * 3 // 10
    return picture[y : y + side, x : x + side]


def colour_edges(strong, weak):
    """Paint sure edges blue and perhaps-edges orange, on white.

    Parameters
    ----------
    strong, weak : (H, W) bool array_like
        From `edges.double_threshold`.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1].

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    strong = checks.array(strong, "strong", ndim=2, dtype=bool)
    weak = checks.array(weak, "weak", shape=strong.shape, dtype=bool)
    painted = np.ones((*strong.shape, 3), np.float32)
    painted[weak] = to_rgb(plot.ORANGE)
    painted[strong] = to_rgb(plot.BLUE)
    return painted


def play(function, starts=None, /, **controls):
    """Put sliders over a recipe; each starts where the recipe's own default is.

    Parameters
    ----------
    function : callable
        Draws and shows its figure; takes the controls' values by name.
    starts : dict, optional
        Where controls start that have no default in the function's signature.
    **controls
        ``(low, high)`` or ``(low, high, step)``, or a list of choices.

    Returns
    -------
    None
        The controls and the figure beneath them are displayed.

    Raises
    ------
    ValueError
        If a control has no start.
    """
    arguments = inspect.signature(function).parameters.values()
    known = {argument.name: argument.default for argument in arguments} | (starts or {})
    panel = {}
    for name, limits in controls.items():
        start = known.get(name, inspect.Parameter.empty)
        if start is inspect.Parameter.empty:
            raise ValueError(f"{name} has no default to start from; wanted one in starts.")
        if isinstance(limits, tuple):
            panel[name] = widgets.slider(start, *limits)
        else:
            panel[name] = widgets.choose(limits, start)
    widgets.play(function, **panel)
