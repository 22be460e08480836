"""Networks, their costs and their gradients, drawn on Axes.

Taught in ``03_4_architectures``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import LogLocator, StrMethodFormatter

from course_lib import plot

BY_HAND, LEARNED = plot.ORANGE, plot.BLUE
LOOKS = {"3x3": "#BFE0F5", "1x1": "#FBE0A8", "pool": "#DDDDDD", "5x5": "#B9E3D2", "+": "white"}

# What the blocks of three networks are made of: boxes (name, x, y, text, look), and arrows between.
BLOCKS = {
    "Inception (GoogLeNet)": (
        [
            ("in", 1.5, 0, "192 maps", "pool"),
            ("a", 0, 1.5, "1x1\n64", "1x1"),
            ("b", 1, 1, "1x1\n96", "1x1"),
            ("c", 2, 1, "1x1\n16", "1x1"),
            ("d", 3, 1, "max\n3x3", "pool"),
            ("e", 1, 2, "3x3\n128", "3x3"),
            ("f", 2, 2, "5x5\n32", "5x5"),
            ("g", 3, 2, "1x1\n32", "1x1"),
            ("out", 1.5, 3, "side by side: 256 maps", "pool"),
        ],
        ["in-a", "in-b", "in-c", "in-d", "b-e", "c-f", "d-g", "a-out", "e-out", "f-out", "g-out"],
    ),
    "Bottleneck (ResNet)": (
        [
            ("in", 0.5, 0, "256 maps", "pool"),
            ("a", 0, 0.75, "1x1\n64", "1x1"),
            ("b", 0, 1.5, "3x3\n64", "3x3"),
            ("c", 0, 2.25, "1x1\n256", "1x1"),
            ("out", 0.5, 3, "sum: 256 maps", "pool"),
            ("way", 1.2, 1.5, "shortcut", "+"),
        ],
        ["in-a", "a-b", "b-c", "c-out", "in-way", "way-out"],
    ),
    "Separable (MobileNet)": (
        [
            ("in", 0, 0, "128 maps", "pool"),
            ("a", 0, 1, "3x3\neach map alone", "3x3"),
            ("b", 0, 2, "1x1\n128", "1x1"),
            ("out", 0, 3, "128 maps", "pool"),
        ],
        ["in-a", "a-b", "b-out"],
    ),
}


def show_history(ax, entries, human):
    """Draw the winners' errors by year, and a person's.

    Parameters
    ----------
    ax : Axes
    entries : sequence of (int, str, float)
        Year, name, error in per cent. Features were made by hand before 2012, learned since.
    human : float
        In per cent.

    Returns
    -------
    Axes
    """
    for year, name, error in entries:
        ax.bar(year, error, color=BY_HAND if year < 2012 else LEARNED, width=0.75)
        above = 0.4 + (human if human > error else error)  # never on the line
        ax.text(year, above, f"{error:g} %\n{name}", ha="center", va="bottom", fontsize=10)
    ax.axhline(human, color="black", linestyle="--")
    last = entries[-1][0]
    ax.text(last + 0.5, human + 0.4, f"a person:\n{human:g} %", ha="left", va="bottom")
    ax.set_xlim(entries[0][0] - 0.6, last + 1.5)
    for colour, label in ((BY_HAND, "features made by hand"), (LEARNED, "features learned")):
        ax.bar(entries[0][0], 0, color=colour, label=label)
    ax.legend(loc="upper right")
    ax.set(xlabel="year of the challenge", ylabel="top-5 error (%)", ylim=(0, 34))
    ax.set_xticks([entry[0] for entry in entries])
    return ax


def show_cone(ax, layers):
    """Draw what one position sees, layer below layer, along one axis of the picture.

    Parameters
    ----------
    ax : Axes
    layers : sequence of (int, int)
        Kernel and stride of each, from the picture upwards.

    Returns
    -------
    Axes
    """
    steps = np.cumprod([1] + [stride for _, stride in layers])  # px between neighbours, per level
    seen, top = np.zeros(1), len(layers)
    ax.scatter(seen, [top], color=plot.BLUE, s=70, zorder=3)
    for level in range(top, 0, -1):
        kernel = layers[level - 1][0]
        reach = (np.arange(kernel) - (kernel - 1) / 2) * steps[level - 1]
        for x in seen:
            for below in x + reach:
                ax.plot([x, below], [level, level - 1], color="grey", linewidth=0.6)
        seen = np.unique((seen[:, None] + reach).round(6))
        last = {"marker": "s", "color": plot.ORANGE} if level == 1 else {"color": plot.BLUE}
        ax.scatter(seen, np.full(len(seen), level - 1), s=max(12, 70 - len(seen)), zorder=3, **last)
    names = ["picture", *(f"{kernel}x{kernel}" for kernel, _ in layers)]
    ax.set_yticks(range(top + 1), names)
    half = max(4, (seen[-1] - seen[0]) / 2 + 1)
    ax.set(xlabel="pixels from the middle", xlim=(-half, half), ylim=(-0.5, top + 0.5))
    return ax


def show_block(ax, name):
    """Draw what a block of a network is made of, from bottom to top.

    Parameters
    ----------
    ax : Axes
    name : str
        A key of `BLOCKS`.

    Returns
    -------
    Axes
    """
    boxes, arrows = BLOCKS[name]
    places = {key: np.array([1.5 * x, y]) for key, x, y, _, _ in boxes}
    for arrow in arrows:
        start, end = (places[key] for key in arrow.split("-"))
        style = {"arrowstyle": "->", "color": "black", "shrinkA": 14, "shrinkB": 14}
        ax.annotate("", end, start, arrowprops=style)
    for key, _, _, text, look in boxes:
        edge = "none" if look == "+" else "black"
        style = {"boxstyle": "round,pad=0.35", "facecolor": LOOKS[look], "edgecolor": edge}
        ax.text(*places[key], text, ha="center", va="center", fontsize=10, bbox=style)
    xs = [place[0] for place in places.values()]
    ax.set(xlim=(min(xs) - 1, max(xs) + 1), ylim=(-0.4, 3.4), title=name)
    ax.set_axis_off()
    return ax


def show_silhouettes(figure, tables):
    """Draw each network as a row of maps: how high they are, and by colour their channels.

    Heights go with the root of the maps' height in pixels, so that the last ones are seen, too; the
    numbers are pixels.

    Parameters
    ----------
    figure : matplotlib Figure
    tables : dict of str to list of complexity.Row
        The titles and what `complexity.table` returns.

    Returns
    -------
    ndarray of Axes
        One per network.
    """
    axes = figure.subplots(len(tables), 1, sharex=True, squeeze=False)[:, 0]
    norm, colours = LogNorm(32, 2048), plt.get_cmap("viridis_r")
    for ax, (title, rows) in zip(axes, tables.items(), strict=True):
        _silhouette(ax, _widest_by_depth(rows), lambda channels: colours(norm(channels)))
        ax.set_title(title, loc="left", fontsize=11)
    axes[-1].set_xlabel(
        "layers with weights, from the picture on (red: dense; numbers: height in pixels)"
    )
    axes[-1].spines["bottom"].set_visible(True)
    axes[-1].tick_params(bottom=True)
    scale = plt.cm.ScalarMappable(norm, colours)
    bar = figure.colorbar(scale, ax=list(axes), label="channels", ticks=[32, 128, 512, 2048])
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    bar.minorticks_off()
    return axes


def show_costs(ax, costs, *, label):
    """Draw what networks cost in their convolutions and in their dense layers.

    Parameters
    ----------
    ax : Axes
    costs : dict of str to (float, float)
        Of convolutions and of dense layers.
    label : str
        What is counted, with its unit.

    Returns
    -------
    Axes
    """
    names = list(costs)
    values = np.array([costs[name] for name in names])
    ax.barh(names, values[:, 0], color=plot.SKY, label="convolutions")
    ax.barh(names, values[:, 1], left=values[:, 0], color=plot.VERMILLION, label="dense layers")
    for place, total in enumerate(values.sum(axis=1)):
        ax.text(total, place, f" {total:.3g}", va="center")
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set(xlabel=label, xlim=(0, 1.15 * values.sum(axis=1).max()))
    return ax


def show_gradients(ax, norms):
    """Draw the length of the gradient in each layer, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    norms : dict of str to (layers,) array
        From the first layer to the last.

    Returns
    -------
    Axes
    """
    curves = {name: (np.arange(1, len(y) + 1), np.asarray(y)) for name, y in norms.items()}
    plot.show_curves(curves, ax=ax, x_label="layer", y_label="length of the gradient")
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(10, numticks=9))
    ax.axhline(1, color="grey", linewidth=0.8, zorder=0)
    ax.legend(loc=(0.35, 0.2))
    return ax


def show_guesses(ax, guesses):
    """Draw the names that a network gives to a picture, and how sure it is.

    Parameters
    ----------
    ax : Axes
    guesses : sequence of (str, float)
        The likeliest first; probabilities in [0, 1].

    Returns
    -------
    Axes
    """
    for place, (name, chance) in enumerate(guesses):
        track = FancyBboxPatch((0, place - 0.3), 1, 0.6, boxstyle="square,pad=0", color="#EEEEEE")
        ax.add_patch(track)
        ax.barh(place, chance, 0.6, color=plot.SKY)
        ax.text(0.02, place, f"{name}, {chance:.0%}", va="center", fontsize=10)
    ax.set(xlim=(0, 1), ylim=(len(guesses) - 0.5, -0.5), yticks=[], xticks=[])
    ax.spines[:].set_visible(False)
    return ax


def _silhouette(ax, rows, colour):
    """One network's maps, and its dense layers in red."""
    maps = [row for row in rows if len(row.shape) == 3]
    for row in rows:
        height = np.sqrt(row.shape[0]) if row in maps else 2
        look = colour(row.shape[-1]) if row in maps else plot.VERMILLION
        ax.bar(row.depth, height, 0.85, bottom=-height / 2, color=look)
    for row in (maps[0], maps[-1]):
        place = row.depth, np.sqrt(row.shape[0]) / 2 + 0.5
        ax.text(*place, row.shape[0], ha="center", va="bottom", fontsize=10)
    ax.set(ylim=(-8, 11), yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(bottom=False)


def _widest_by_depth(rows):
    """Of the layers with weights at each depth, the one with most channels."""
    widest = {}
    for row in rows:
        if row.multiply_adds and row.shape[-1] >= getattr(widest.get(row.depth), "shape", (0,))[-1]:
            widest[row.depth] = row
    return list(widest.values())
