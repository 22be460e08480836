"""Figures of windows that move over pictures: tables of numbers, kernels, receptive fields.

These functions show what they are given and compute no convolution. Taught in
``03_1_convolution_and_pooling``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import plot
from course_lib.networks.convolution import windows

WINDOW, RESULT, MARGIN = "#CFE4F2", "#FBE7C6", "#E4E4E4"


def show_table(ax, values, *, window=None, colour=WINDOW, title="", digits=None):
    """Draw an array as a table of numbers; NaN stays empty, a window is coloured.

    Parameters
    ----------
    ax : Axes
    values : (H, W) array_like
    window : (y, x, height, width), optional
        Cells to colour.
    colour : colour
    title : str
    digits : int, optional
        After the point; as many as needed by default.

    Returns
    -------
    Axes
    """
    values = np.asarray(values, float)
    height, width = values.shape
    ax.set(xlim=(-0.53, width - 0.47), ylim=(height - 0.47, -0.53), aspect="equal")
    if window is not None:
        _cells(ax, *window, facecolor=colour)
    for y, x in np.ndindex(values.shape):
        _cells(ax, y, x, 1, 1, fill=False, edgecolor="grey", linewidth=0.8)
        if np.isfinite(values[y, x]):
            text = f"{values[y, x]:.4g}" if digits is None else f"{values[y, x]:.{digits}f}"
            ax.text(x, y, text.replace("-", "−"), ha="center", va="center_baseline")
    if window is not None:
        _cells(ax, *window, fill=False, edgecolor=plot.BLACK, linewidth=2.2)
    ax.set_axis_off()
    ax.set_title(title)
    return ax


def show_walk(picture, result, size, stride, *, word, kernel=None):
    """Draw a window at each of its stops, and beneath it the result so far.

    Parameters
    ----------
    picture : (H, W) array_like
    result : (h, w) array_like
        At most six numbers, so that each stop has its place.
    size, stride : int
    word : str
        What a window becomes, such as ``"largest"``.
    kernel : (size, size) array_like, optional
        Drawn on the left.

    Returns
    -------
    Figure
    """
    picture, result = np.asarray(picture), np.asarray(result, float)
    stops = list(np.ndindex(result.shape))
    widths = [size] * (kernel is not None) + [len(picture)] * len(stops)
    figure, axes = plt.subplots(
        2,
        len(widths),
        figsize=(9, 20 / len(widths) - 1.0 * (kernel is None)),
        layout="constrained",
        height_ratios=(len(picture), len(result) + 0.2),
        width_ratios=widths,
    )
    if kernel is not None:
        show_table(axes[0, 0], kernel, title="kernel")
        axes[1, 0].set_axis_off()
        axes = axes[:, 1:]
    for number, (y, x) in enumerate(stops):
        top, bottom = axes[:, number]
        window = (y * stride, x * stride, size, size)
        show_table(top, picture, window=window, title=f"stop {number + 1}")
        so_far = np.full(result.shape, np.nan)
        for stop in stops[: number + 1]:
            so_far[stop] = result[stop]
        show_table(bottom, so_far, window=(y, x, 1, 1), colour=RESULT)
        bottom.set_title(f"{word} {result[y, x]:g}".replace("-", "−"), fontsize=11)
    return figure


def show_setting(ax, size, kernel, *, padding=0, stride=1, dilation=1, title=""):
    """Draw a picture's pixels with its margin, the first two stops of a kernel, and all others.

    Parameters
    ----------
    ax : Axes
    size, kernel, padding, stride, dilation : int
        Of a square picture; see `windows.output_size`.
    title : str

    Returns
    -------
    Axes
        Blue squares are weighed at the first stop, red rims at the second; a dot is the middle
        of each stop.
    """
    stops = windows.output_size(size, kernel, padding=padding, stride=stride, dilation=dilation)
    whole, reach = size + 2 * padding, dilation * (kernel - 1) + 1
    _cells(ax, 0, 0, whole, whole, facecolor=MARGIN, edgecolor="none")
    _cells(ax, padding, padding, size, size, facecolor="white", edgecolor="none")
    taps = dilation * np.array(list(np.ndindex(kernel, kernel)))
    for y, x in taps:
        _cells(ax, y, x, 1, 1, facecolor="#8EC3E3", edgecolor="none")
    for y, x in np.ndindex(whole, whole):
        _cells(ax, y, x, 1, 1, fill=False, edgecolor="grey", linewidth=0.7)
    for y, x in taps + [0, stride] if stops > 1 else ():
        frame = {"fill": False, "edgecolor": plot.VERMILLION, "linewidth": 1.8}
        ax.add_patch(Rectangle((x - 0.36, y - 0.36), 0.72, 0.72, **frame))
    middles = stride * np.arange(stops) + (reach - 1) / 2
    ax.plot(*np.meshgrid(middles, middles), "o", color=plot.BLACK, markersize=4.5)
    ax.set(xlim=(-0.6, whole - 0.4), ylim=(whole - 0.4, -0.6), aspect="equal")
    ax.set_axis_off()
    ax.set_title(f"{title}\n{size}×{size} → {stops}×{stops}", fontsize=11)
    return ax


def show_kernel(ax, kernel, *, numbers=False, title=""):
    """Draw a kernel: blue squares are weights below 0, red ones above it.

    Parameters
    ----------
    ax : Axes
    kernel : (kh, kw) array_like
    numbers : bool
        Whether to write the weights, rounded to one digit, into their squares.
    title : str

    Returns
    -------
    Axes
    """
    kernel = np.asarray(kernel, float)
    reach = np.abs(kernel).max() or 1
    ax.imshow(kernel, cmap="RdBu_r", vmin=-1.25 * reach, vmax=1.25 * reach)
    for y, x in np.ndindex(kernel.shape) if numbers else ():
        text = f"{kernel[y, x].round(1) + 0.0:.1f}".replace("-", "−")
        colour = "white" if abs(kernel[y, x]) > 0.8 * reach else "black"
        ax.text(x, y, text, ha="center", va="center", color=colour)
    ax.set(xticks=[], yticks=[], title=title)
    ax.spines[:].set_visible(False)
    return ax


def show_learned(kernels, answers, *, limit):
    """Draw kernels with their numbers, and beneath each what it makes of a photo.

    Parameters
    ----------
    kernels : dict of str to (kh, kw) array
    answers : sequence of (H, W) array
    limit : float
        The answer drawn in white; minus it is black, 0 grey.

    Returns
    -------
    Figure
    """
    height, width = np.shape(answers[0])
    columns = len(kernels)
    figure, axes = plt.subplots(
        2,
        columns,
        figsize=(9, 2.1 + 9 / columns * height / width),
        height_ratios=(2, 9 / columns * height / width),
        layout="constrained",
    )
    for ax, (title, kernel) in zip(axes[0], kernels.items(), strict=True):
        show_kernel(ax, kernel, numbers=True, title=title)
    plot.show_images(answers, axes=axes[1], vmin=-limit, vmax=limit)
    return figure


def show_bank(kernels, *, columns=8, title=""):
    """Draw a layer's kernels as a wall of small pictures, each on its own scale.

    Parameters
    ----------
    kernels : (kh, kw, O) array
    columns : int
    title : str

    Returns
    -------
    Figure
    """
    rows = -(-kernels.shape[2] // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(9, 1.1 * rows + 0.5), squeeze=False, layout="constrained"
    )
    for number, ax in enumerate(axes.ravel()):
        if number < kernels.shape[2]:
            show_kernel(ax, kernels[:, :, number])
        else:
            ax.set_axis_off()
    figure.suptitle(title, fontsize=12)
    return figure


def show_reach(ax, layers, names):
    """Draw which pixels of one row an output sees, layer by layer.

    Parameters
    ----------
    ax : Axes
    layers : sequence of (kernel, stride)
        From the input upwards.
    names : sequence of str
        Of the layers.

    Returns
    -------
    Axes
        Blue dots lead to the last output; its receptive field is the lowest row.
    """
    fields, steps = windows.receptive_fields(layers)
    seen = np.r_[1, fields], np.r_[1, steps]
    wanted = [(0, 1)]  # first and number of the outputs needed, from the top downwards
    for kernel, stride in reversed(layers):
        first, count = wanted[0]
        wanted.insert(0, (first * stride, (count - 1) * stride + kernel))
    places = [
        (field - 1) / 2 + np.arange(n) * step
        for (_, n), field, step in zip(wanted, *seen, strict=True)
    ]
    for level, (below, above) in enumerate(zip(places[:-1], places[1:], strict=True)):
        kernel, stride = layers[level]
        for number, x in enumerate(above):
            for tap in below[number * stride : number * stride + kernel]:
                ax.plot([tap, x], [level, level + 1], color="#9AC7E2", linewidth=1, zorder=1)
    for level, spots in enumerate(places):
        ax.plot(spots, np.full(len(spots), level), "o", color=plot.BLUE, markersize=9)
        size = fields[level - 1] if level else 1
        text = f"  sees {size} pixels" if level else "  input: one row of pixels"
        ax.text(spots[-1] + 0.3, level, text, va="center")
    right = fields[-1] + 0.42 * fields[-1] + 2
    ax.set(xlim=(-1, right), ylim=(-0.4, len(layers) + 0.4))
    ax.set_yticks(range(len(layers) + 1), ["photo", *names])
    ax.set(xticks=range(0, fields[-1], 2), xlabel="pixel of the row")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return ax


def show_influence(values, title):
    """Draw how much each pixel of a picture counts for one output; pixels of 0 stay white.

    Parameters
    ----------
    values : (H, W) array_like
        Such as gradients.
    title : str

    Returns
    -------
    Figure
    """
    values = np.asarray(values, float)
    figure, ax = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    plot.show_heatmap(np.where(values == 0, np.nan, values), ax=ax, label="gradient", title=title)
    ax.set(xticks=range(0, values.shape[1], 4), yticks=range(0, values.shape[0], 4))
    ax.set(xlabel="column (pixels)", ylabel="row (pixels)")
    ax.spines[:].set_visible(True)
    return figure


def _cells(ax, y, x, height, width, **look):
    """A rectangle around whole cells, whose centres have whole coordinates."""
    look = {"edgecolor": "none"} | look
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, **look))
