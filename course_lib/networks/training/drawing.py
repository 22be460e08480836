"""Costs, curves, confusions, mistakes and probabilities of a classifier, drawn on Axes.

Taught in ``03_2_train_a_cnn``.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import PercentFormatter

from course_lib import plot

MISTAKES = LinearSegmentedColormap.from_list("mistakes", ["white", plot.ORANGE, plot.VERMILLION])
RIGHT = "#CFE4F2"  # light enough for black digits


def show_costs(axes, counts):
    """Draw the parameters and the multiplications of every layer that has some, as bars.

    Parameters
    ----------
    axes : sequence of two Axes
    counts : sequence of training.Count

    Returns
    -------
    sequence of Axes
    """
    paying = [count for count in counts if count.products]
    places = np.arange(len(paying))[::-1]
    looks = (("parameters", plot.BLUE), ("products", plot.ORANGE))
    for ax, (key, colour) in zip(axes, looks, strict=True):
        values = [getattr(count, key) for count in paying]
        ax.barh(places, values, 0.6, color=colour)
        for y, value in zip(places, values, strict=True):
            ax.text(value + 0.02 * max(values), y, f"{value:,}", va="center")
        ax.set(yticks=places, yticklabels=[count.name for count in paying], xticks=[])
        ax.set_xlim(0, 1.3 * max(values))
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    axes[0].set_xlabel("parameters (numbers to learn)")
    axes[1].set_xlabel("multiplications for one picture")
    return axes


def show_confusion(ax, matrix, names, *, size=10):
    """Draw a confusion matrix: right answers pale blue, mistakes the redder, the more there are.

    Parameters
    ----------
    ax : Axes
    matrix : (C, C) array of int
        Row: the right class, column: the answer.
    names : sequence of str
    size : float
        Of the numbers, in points.

    Returns
    -------
    Axes
    """
    matrix = np.asarray(matrix)
    right = np.eye(len(matrix), dtype=bool)
    mistakes = np.where(right, 0, matrix)
    most = max(1, mistakes.max())
    ax.imshow(mistakes, cmap=MISTAKES, vmin=0, vmax=most)
    blue = np.ma.masked_where(~right, np.ones_like(matrix))
    ax.imshow(blue, cmap=LinearSegmentedColormap.from_list("right", [RIGHT, RIGHT]))
    for (row, column), value in np.ndenumerate(matrix):
        dark = row != column and value > 0.7 * most
        if value:
            look = {"ha": "center", "va": "center", "color": "white" if dark else "black"}
            ax.text(column, row, f"{value}", fontsize=size, **look)
    places = range(len(names))
    turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    turn = turn if max(map(len, map(str, names))) > 2 else {}
    ax.set_xticks(places, names, **turn)
    ax.set_yticks(places, names)
    ax.set(xlabel="the network's answer", ylabel="what it is")
    ax.tick_params(length=0)
    return ax


def show_judged(axes, pictures, probabilities, labels, names, *, notes=None, size=11):
    """Draw pictures with the answer above and, where it is wrong, the right class beneath.

    Frames are blue where the answer is right and red where it is wrong; grey pictures are drawn as
    ink on paper.

    Parameters
    ----------
    axes : sequence of Axes
        One per picture.
    pictures : (N, H, W) or (N, H, W, 3) array
        In [0, 1].
    probabilities : (N, C) array
    labels : (N,) sequence of int
        -1 where no class is right.
    names : sequence of str
    notes : sequence of str, optional
        What to write beneath, in place of the right class.
    size : float
        Of the texts, in points.

    Returns
    -------
    sequence of Axes
    """
    axes = plot.show_images(list(pictures), axes=axes, cmap="gray_r")
    for n, (ax, chances, label) in enumerate(zip(axes, probabilities, labels, strict=True)):
        answer = int(np.argmax(chances))
        right = answer == label
        colour = plot.BLUE if right else plot.VERMILLION
        mark = "✓ " if right else ""
        ax.set_title(f"{mark}{names[answer]} {chances[answer]:.0%}", color=colour, fontsize=size)
        beneath = "" if right or label < 0 else f"is: {names[label]} ({chances[label]:.0%})"
        ax.set_xlabel(notes[n] if notes is not None else beneath, fontsize=size, labelpad=3)
        ax.spines[:].set(visible=True, color=colour, linewidth=2)
    return axes


def show_probabilities(ax, probabilities, names, *, label=None):
    """Draw the probability of every class as a bar; the right one is blue, the others orange.

    Parameters
    ----------
    ax : Axes
    probabilities : (C,) array
    names : sequence of str
    label : int, optional
        The right class.

    Returns
    -------
    Axes
    """
    places = np.arange(len(names))[::-1]
    colours = [plot.BLUE if k == label else plot.ORANGE for k in range(len(names))]
    ax.barh(places, probabilities, 0.7, color=colours)
    best = int(np.argmax(probabilities))
    inside = probabilities[best] > 0.8
    x = probabilities[best] + (-0.02 if inside else 0.02)
    side = "right" if inside else "left"
    ax.text(x, places[best], f"{probabilities[best]:.0%}", va="center_baseline", ha=side)
    ax.set(xlim=(0, 1), yticks=places, yticklabels=names, xlabel="probability")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.tick_params(axis="y", length=0)
    return ax


def show_scores(ax, scores, *, y_label, reference=None, low=0):
    """Draw the runs of several methods as dots around their mean.

    Parameters
    ----------
    ax : Axes
    scores : dict of str to sequence of float
        The scores of each method's runs, as shares; names may hold line breaks.
    y_label : str
    reference : str, optional
        The method whose mean goes through as a dashed line; those below it are red.
    low : float
        Where the axis begins.

    Returns
    -------
    Axes
    """
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    for x, (name, values) in enumerate(scores.items()):
        worse = reference is not None and means[name] < means[reference]
        colour = plot.VERMILLION if worse else plot.BLUE
        ax.plot([x - 0.28, x + 0.28], [means[name]] * 2, color=colour, linewidth=3)
        if len(values) > 1:
            ax.plot([x] * len(values), values, "o", color=colour, alpha=0.6, markersize=6)
        top = max(values)
        ax.annotate(f"{means[name]:.1%}", (x, top), (0, 6), textcoords="offset points",
                    ha="center", va="bottom", color=colour)  # fmt: skip
    if reference is not None:
        ax.axhline(means[reference], color="grey", linewidth=1, linestyle="--", zorder=0)
    ax.set(xticks=range(len(scores)), xticklabels=scores, ylabel=y_label)
    ax.set_yticks([tick for tick in np.linspace(0, 1, 11) if tick >= low - 1e-9])
    ax.set_ylim(low, 1 + 0.06 * (1 - low))  # room for the highest number
    ax.set_xlim(-0.6, len(scores) - 0.4)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax
