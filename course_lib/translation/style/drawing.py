"""Runs, terms and Gram matrices, drawn.

Taught in ``10_1_style_transfer``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import ticker

from course_lib import plot

BESIDE = {"loc": "center left", "bbox_to_anchor": (1, 0.5)}  # a legend that hides no curve
INSET = 0.3  # of the picture's width, for the style in its corner


def show_terms(ax, run, *, title=None):
    """Draw how a run's terms changed from step to step, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    run : Run
    title : str, optional

    Returns
    -------
    Axes
    """
    curves = {"style, mean of its layers": run.style} if run.style.any() else {}
    for name in ("content", "smoothness"):
        if name in run.terms:
            values = np.array(run.terms[name])
            curves[name] = np.where(values > 0, values, np.nan)  # 0 has no place on the axis
    plot.show_curves(curves, ax=ax, x_label="step", y_label="term, without its weight (log)")
    ax.set(yscale="log", title=title or "")
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.legend(**BESIDE)
    return ax


def show_layers(ax, run, *, title=None):
    """Draw how the term of each style layer changed, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    run : Run
    title : str, optional

    Returns
    -------
    Axes
    """
    layers = {name: values for name, values in run.terms.items() if name.startswith("block")}
    plot.show_curves(layers, ax=ax, x_label="step", y_label="style term (log)")
    ax.set(yscale="log", title=title or "")
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.legend(**BESIDE)
    return ax


def show_totals(ax, runs, *, title=None):
    """Draw the weighted sum of several runs, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    runs : dict of str to Run
    title : str, optional

    Returns
    -------
    Axes
    """
    curves = {name: run.total for name, run in runs.items()}
    plot.show_curves(curves, ax=ax, x_label="step", y_label="weighted sum of the terms (log)")
    ax.set(yscale="log", title=title or "")
    for axis_part in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
        axis_part(ticker.FormatStrFormatter("%g"))  # 3, not 3 x 10^0
    return ax


def show_pictures(pictures, titles, *, columns=None, size=2.2, axes=None):
    """Draw pictures side by side, with smooth transitions between their pixels.

    Parameters
    ----------
    pictures : sequence of (H, W, 3) array
    titles : sequence of str
    columns : int, optional
    size : float
        Width of a picture in inches.
    axes : sequence of Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    matplotlib Figure
    """
    axes = plot.show_images(pictures, titles, columns=columns, size=size, axes=axes)
    for ax in axes:
        ax.images[0].set_interpolation("bicubic")
    return axes[0].figure


def show_steps(run, *, size=2.2):
    """Draw the pictures that a run kept, in the order of their steps.

    Parameters
    ----------
    run : Run
    size : float
        Width of a picture in inches.

    Returns
    -------
    matplotlib Figure
    """
    steps = sorted(run.kept)
    titles = [f"step {step}" for step in steps]
    pictures = [run.kept[step] for step in steps]
    return show_pictures(pictures, titles, columns=min(3, len(steps)), size=size)


def show_gram(ax, gram, *, top=None, title=None):
    """Draw a Gram matrix; square roots, so that weak entries are seen.

    Parameters
    ----------
    ax : Axes
    gram : (C, C) array
        Of features behind a ReLU: no entry is below 0.
    top : float, optional
        The entry drawn in the last colour; the largest one by default.
    title : str, optional

    Returns
    -------
    Axes
    """
    top = np.sqrt(gram.max() if top is None else top)
    ax.imshow(np.sqrt(np.maximum(gram, 0)), cmap="magma", vmin=0, vmax=top)
    ax.set(xticks=[], yticks=[], xlabel="channel", ylabel="channel", title=title or "")
    return ax


def show_distances(ax, distances, names, *, title=None):
    """Draw a table of distances with a number in each field.

    Parameters
    ----------
    ax : Axes
    distances : (N, M) array
    names : (rows, columns), two sequences of str
    title : str, optional

    Returns
    -------
    Axes
    """
    top = np.percentile(distances, 90)
    ax.imshow(distances, cmap="viridis_r", vmin=0, vmax=top)
    for place, value in np.ndenumerate(distances):
        dark = value > top / 2
        ax.text(*place[::-1], f"{value:.2f}", ha="center", va="center", color="wk"[not dark])
    rows, columns = names
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title(title or "")
    return ax


def show_gallery(pictures, styles, titles, *, columns=2, size=4.4):
    """Draw pictures large, each with its style in a corner.

    Parameters
    ----------
    pictures, styles : sequences of (H, W, 3) array
    titles : sequence of str
    columns : int
    size : float
        Width of a picture in inches.

    Returns
    -------
    matplotlib Figure
    """
    rows = -(-len(pictures) // columns)
    height = size * pictures[0].shape[0] / pictures[0].shape[1] + 0.35
    fig, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * height), squeeze=False, layout="constrained"
    )
    show_pictures(pictures, titles, axes=axes.ravel()[: len(pictures)])
    for ax, style in zip(axes.ravel(), styles, strict=False):
        corner = ax.inset_axes((1 - INSET - 0.015, 0.015, INSET, INSET), zorder=3)
        corner.imshow(style, aspect="auto")
        corner.set(xticks=[], yticks=[])
        for spine in corner.spines.values():
            spine.set(visible=True, color="white", linewidth=2)
    return fig
