"""The figures of ``04_1_transfer_learning``: what learns, learning curves, where a class shows.

Every function takes Axes and returns Axes, and computes nothing.
"""

import numpy as np
from matplotlib.patches import FancyBboxPatch

from course_lib import images, plot

FROZEN, LEARNS = "#D9E6F2", "#F7D9A3"  # pale blue and pale orange, readable under black text
STYLES = {  # colour, marker and dash of each way, the same in every figure
    "fine-tuned top block": (plot.BLUE, "o", "-"),
    "frozen base, new head": (plot.GREEN, "s", "--"),
    "from scratch": (plot.VERMILLION, "^", "-."),
    "pixels, new head": (plot.BLACK, "D", ":"),
}


def show_ways(ax, rows, widths):
    """Draw ways to train a network as rows of boxes: frozen ones blue, learning ones orange.

    Parameters
    ----------
    ax : Axes
    rows : dict of str to list of (str, bool)
        Per way its boxes: what is written in them, and whether they learn.
    widths : sequence of float
        Of the boxes of every row.

    Returns
    -------
    Axes
    """
    edges = np.concatenate([[0], np.cumsum(widths)])
    for number, (name, boxes) in enumerate(rows.items()):
        y = -number
        ax.text(-0.2, y, name, ha="right", va="center", weight="bold")
        for (text, learns), x, width in zip(boxes, edges, widths, strict=False):
            _box(ax, x, y, width, text, LEARNS if learns else FROZEN)
    for x, (text, colour) in zip((0, edges[-1] / 2), _LEGEND, strict=True):
        _box(ax, x, 1 - 0.1, 0.5, "", colour, height=0.3)
        ax.text(x + 0.6, 0.9, text, va="center")
    ax.set(xlim=(-3.6, edges[-1] + 0.1), ylim=(0.4 - len(rows), 1.2))
    ax.set_axis_off()
    return ax


_LEGEND = (("frozen: as ImageNet left it", FROZEN), ("learns from our pictures", LEARNS))


def show_spread(ax, sizes, runs, *, chance=None):
    """Draw accuracies by the number of training pictures: every run, their mean and their range.

    Parameters
    ----------
    ax : Axes
    sizes : sequence of int
        Training pictures per class; drawn on a logarithmic axis.
    runs : dict of str to (seeds, sizes) array
        Accuracies in [0, 1] of each way.
    chance : float, optional
        Accuracy of guessing.

    Returns
    -------
    Axes
    """
    for name, accuracies in runs.items():
        colour, marker, dash = STYLES.get(name, (plot.PURPLE, "v", "-"))
        table = 100 * np.asarray(accuracies)
        ax.fill_between(sizes, table.min(axis=0), table.max(axis=0), color=colour, alpha=0.2, lw=0)
        ax.plot(sizes, table.mean(axis=0), color=colour, linestyle=dash, label=name)
        for row in table:
            ax.plot(sizes, row, marker, color=colour, markersize=4, alpha=0.7)
    _name_ends(ax, sizes[-1] * 1.12, {n: 100 * np.mean(a, axis=0)[-1] for n, a in runs.items()})
    if chance is not None:
        ax.axhline(100 * chance, color="grey", lw=1)
        ax.text(sizes[0], 100 * chance + 1, "guessing", color="dimgrey", va="bottom")
    ax.set_xscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.set(xlabel="training pictures per class", ylabel="right on new pictures (%)")
    return ax


def show_activation(ax, picture, values, *, title=None, reach=None, mark=None):
    """Lay a class activation map over a picture: red for the class, blue against it.

    Parameters
    ----------
    ax : Axes
    picture : (H, W, 3) array
        In [0, 1].
    values : (h, w) array
        Coarser than the picture; drawn smoothly.
    title : str, optional
    reach : float, optional
        The value drawn in full red; the largest size of a value by default.
    mark : (float, float), optional
        A point to mark with a cross, (y, x) as shares of height and width.

    Returns
    -------
    Axes
    """
    height, width = picture.shape[:2]
    reach = reach or float(np.abs(values).max()) or 1.0
    unit = (np.clip(values / reach, -1, 1) + 1) / 2
    smooth = images.resize(unit.astype(np.float32), height, width, method="linear") * 2 - 1
    grey = images.to_grey(picture)
    ax.imshow(0.25 + 0.75 * grey, cmap="gray", vmin=0, vmax=1)
    shown = ax.imshow(smooth, cmap="RdBu_r", vmin=-1, vmax=1, alpha=0.15 + 0.6 * np.abs(smooth))
    shown.set_rasterized(True)
    if mark is not None:
        y, x = mark
        ax.plot(x * width - 0.5, y * height - 0.5, "x", color="black", markersize=11, mew=4)
        ax.plot(x * width - 0.5, y * height - 0.5, "x", color="white", markersize=10, mew=2)
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.spines[:].set_visible(False)
    return ax


def show_confusion(ax, table, names):
    """Draw how often each class is taken for which, in per cent of its pictures.

    Parameters
    ----------
    ax : Axes
    table : (K, K) array
        Rows are the true classes and sum to 1.
    names : sequence of str

    Returns
    -------
    Axes
    """
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*np.shape(table)):
        colour = "white" if table[row, column] > 0.55 else "black"
        ax.text(column, row, f"{table[row, column]:.0%}", ha="center", va="center", color=colour)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="the answer", ylabel="the truth")
    ax.spines[:].set_visible(False)
    return ax


def _name_ends(ax, x, ends, *, gap=3.2):
    """Write each curve's name at its end, moved up where two would overlap."""
    last = -np.inf
    for name, y in sorted(ends.items(), key=lambda item: item[1]):
        last = max(y, last + gap)
        colour = STYLES.get(name, (plot.PURPLE,))[0]
        ax.annotate(name, (x, last), color=colour, va="center", annotation_clip=False)


def _box(ax, x, y, width, text, colour, *, height=0.7):
    corner = (x + 0.05, y - height / 2)
    style = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": colour, "edgecolor": "grey"}
    ax.add_patch(FancyBboxPatch(corner, width - 0.1, height, **style))
    ax.text(x + width / 2, y, text, ha="center", va="center")
