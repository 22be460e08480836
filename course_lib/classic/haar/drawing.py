"""Haar features, tables of numbers and histograms: light is orange with +, dark is blue with −.

Taught in ``01_1_haar_features``.
"""

import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import plot
from course_lib.classic import haar

LIGHT, DARK = plot.ORANGE, plot.BLUE


def cells(row):
    """The cells of one feature and their signs.

    Parameters
    ----------
    row : (5,) integer array_like
        A row of `haar.feature_table`.

    Returns
    -------
    list of (x, y, width, height, sign)
        In pixels, left to right, then down; `sign` is +1 for light and -1 for dark.
    """
    kind, x, y, width, height = (int(value) for value in row)
    across, down = haar.CELLS[haar.PROTOTYPES[kind]]
    w, h = width // across, height // down
    return [
        (x + i * w, y + j * h, w, h, 1 if (i + j) % 2 else -1)
        for j in range(down)
        for i in range(across)
    ]


def show_feature(row, *, image=None, ax=None, title=None, alpha=0.55, vmin=0, vmax=1):
    """Draw one feature, over a picture where one is given.

    Parameters
    ----------
    row : (5,) integer array_like
        A row of `haar.feature_table`.
    image : (H, W) array, optional
        The window that the feature lies in.
    ax : Axes, optional
    title : str, optional
    alpha : float
        How much of the picture the cells hide, from 0 to 1.
    vmin, vmax : float
        The grey values drawn as black and white.

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(3, 3), layout="constrained")[1]
    if image is not None:
        plot.show_images([image], axes=[ax], vmin=vmin, vmax=vmax)
    for cell in cells(row):
        _draw_cell(ax, *cell, alpha)
    if title is not None:
        ax.set_title(title)
    return ax


def show_features(rows, titles, *, image, columns=5, size=1.8, **style):
    """Draw several features side by side, each over the same picture.

    Parameters
    ----------
    rows : sequence of (5,) integer array_like
        Rows of `haar.feature_table`.
    titles : sequence of str
        One per feature.
    image : (H, W) array
    columns : int
        Drawings per line.
    size : float
        Width of a drawing in inches.
    **style
        Passed to `show_feature`.

    Returns
    -------
    matplotlib Figure
    """
    lines = -(-len(rows) // columns)
    shape = (columns * size, lines * (size + 0.25 * (1 + max(t.count("\n") for t in titles))))
    figure, axes = plt.subplots(lines, columns, figsize=shape, layout="constrained", squeeze=False)
    for row, title, ax in zip(rows, titles, axes.ravel(), strict=False):
        show_feature(row, image=image, ax=ax, title=title, **style)
    for ax in axes.ravel()[len(rows) :]:
        ax.set_axis_off()
    return figure


def _draw_cell(ax, x, y, width, height, sign, alpha):
    """One cell; pixel 0 of imshow begins at -0.5."""
    corner, colour = (x - 0.5, y - 0.5), LIGHT if sign > 0 else DARK
    ax.add_patch(Rectangle(corner, width, height, facecolor=colour, alpha=alpha, linewidth=0))
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor="white", linewidth=1.2))
    if min(width, height) < 3:
        return  # too thin for a sign
    middle = (corner[0] + width / 2, corner[1] + height / 2)
    rim = [effects.withStroke(linewidth=2.5, foreground="black")]
    text = {"color": "white", "fontsize": 15, "fontweight": "bold", "path_effects": rim}
    ax.text(*middle, "+" if sign > 0 else "−", ha="center", va="center", **text)


def show_numbers(values, *, ax, rectangle=None, colour=LIGHT, title=None, indices=False):
    """Draw a small table of numbers as a grid, one rectangle of it coloured.

    Parameters
    ----------
    values : (H, W) array
    ax : Axes
    rectangle : (x, y, width, height), optional
        The cells to colour.
    colour : colour
    title : str, optional
    indices : bool
        Whether to write the numbers of the rows and columns outside.

    Returns
    -------
    Axes
    """
    values = np.asarray(values)
    plot.show_images([np.ones(values.shape)], [title or ""], axes=[ax])
    if indices:
        ax.set(xticks=range(values.shape[1]), yticks=range(values.shape[0]))
        ax.set(xlabel="x (column)", ylabel="y (row)")
        ax.tick_params(length=0, colors="grey")
    if rectangle is not None:
        x, y, width, height = rectangle
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, color=colour, alpha=0.6))
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, str(value), ha="center", va="center", fontsize=13)
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="grey"))
    return ax


def show_histogram(responses, is_face, *, ax, line, label, title=None):
    """Draw the responses of faces and of other windows as two histograms, with one marked value.

    Parameters
    ----------
    responses : (N,) array
    is_face : (N,) bool array
    ax : Axes
    line : float
        The marked value, such as a threshold.
    label : str
        What is marked.
    title : str, optional

    Returns
    -------
    Axes
    """
    bins = np.linspace(responses.min(), responses.max(), 26)
    style = {"alpha": 0.65, "edgecolor": "white"}
    ax.hist(responses[is_face], bins, color=LIGHT, label="faces", **style)
    ax.hist(responses[~is_face], bins, color=DARK, label="not faces", hatch="//", **style)
    number = f"{line:.1f}".replace("-", "−")
    ax.axvline(line, color="black", linestyle="--", ymax=0.82, label=f"{label}: {number}")
    ax.set(xlabel="response (light minus dark)", ylabel="windows", title=title or "")
    ax.set_ylim(top=1.5 * ax.get_ylim()[1])  # room for the legend
    ax.legend(ncols=3, loc="upper center", fontsize=10, columnspacing=1, handlelength=1.5)
    return ax


def show_tables(tables, rectangles, titles, *, colours=(LIGHT,), height=3.3, indices=False):
    """Draw small tables of numbers side by side, one rectangle of each coloured.

    Parameters
    ----------
    tables : sequence of (H, W) array
    rectangles : sequence of (x, y, width, height)
        One per table.
    titles : sequence of str
        One per table.
    colours : sequence of colour
        Taken in turn.
    height : float
        Of the figure, in inches.
    indices : bool
        See `show_numbers`.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = plt.subplots(1, len(tables), figsize=(9, height), layout="constrained")
    for n, (table, rectangle, title) in enumerate(zip(tables, rectangles, titles, strict=True)):
        style = {"colour": colours[n % len(colours)], "title": title, "indices": indices}
        show_numbers(table, ax=axes[n], rectangle=rectangle, **style)
    return figure
