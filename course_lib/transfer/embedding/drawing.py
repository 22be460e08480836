"""Search results, maps of thumbnails, keypoints and words, drawn on Axes.

Taught in ``04_2_embedding_and_retrieval``.
"""

import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Circle, ConnectionPatch, Ellipse, Rectangle

from course_lib import plot
from course_lib.transfer import maps

RIGHT, WRONG = plot.BLUE, plot.VERMILLION


def show_found(axes, query, found, right=None, *, name=""):
    """Draw a query and what a search found for it, best first.

    Parameters
    ----------
    axes : sequence of Axes
        One more than pictures were found; the query comes first.
    query : (H, W, 3) array
    found : sequence of (H, W, 3) array
    right : sequence of bool, optional
        Whether each belongs to the query: a blue frame and a tick, or an orange-red one and a
        cross.
    name : str
        By what was searched; written at the left.

    Returns
    -------
    sequence of Axes
    """
    marks = [None] * len(found) if right is None else right
    for ax, picture, mark in zip(axes, [query, *found], [None, *marks], strict=True):
        plot.show_images([picture], axes=[ax])
        if mark is not None:
            colour = RIGHT if mark else WRONG
            height, width = np.shape(picture)[:2]
            frame = {"edgecolor": colour, "linewidth": 4, "linestyle": "-" if mark else (0, (3, 1))}
            ax.add_patch(Rectangle((-0.5, -0.5), width, height, fill=False, **frame))
            badge = {"facecolor": colour, "edgecolor": "none", "boxstyle": "circle,pad=0.15"}
            place = {"va": "top", "color": "white", "fontsize": 11, "bbox": badge}
            ax.text(0.05 * width, 0.06 * height, "✓" if mark else "✗", **place)
    axes[0].set_ylabel(name, fontsize=11)
    return axes


def show_twins(axes, pictures, points):
    """Draw two pictures and lines between keypoints that have nearly the same descriptor.

    Parameters
    ----------
    axes : two Axes
    pictures : two (H, W) or (H, W, 3) arrays
    points : two (n, 4) arrays
        As `course_lib.transfer.descriptors.sift` gives them; row by row a pair.

    Returns
    -------
    two Axes
    """
    plot.show_images(pictures, axes=axes)
    for number, pair in enumerate(zip(*points, strict=True)):
        colour = (plot.YELLOW, plot.SKY, plot.ORANGE, plot.PURPLE)[number % 4]
        for ax, (x, y, diameter, angle) in zip(axes, pair, strict=True):
            turn, reach = np.radians(angle), 3 * diameter  # what the descriptor looks at
            way = reach * np.array([np.cos(turn), np.sin(turn)])
            ring = {"fill": False, "edgecolor": colour, "linewidth": 1.6, "zorder": 4}
            ax.add_patch(Circle((x, y), reach, **ring))
            ax.plot([x, x + way[0]], [y, y + way[1]], color=colour, linewidth=1.6, zorder=4)
        ends = {"xyA": pair[0][:2], "xyB": pair[1][:2], "coordsA": "data", "coordsB": "data"}
        line = {"color": colour, "linewidth": 0.9, "axesA": axes[0], "axesB": axes[1]}
        axes[0].figure.add_artist(ConnectionPatch(**ends, **line))
    return axes


def show_thumbnails(ax, points, pictures, *, zoom, edges=None, gap=0.0):
    """Draw pictures at their points, as many as have room.

    Parameters
    ----------
    ax : Axes
    points : (n, 2) array
        Across and up.
    pictures : sequence of n (H, W) or (H, W, 3) arrays
    zoom : float
        Pixels of the figure per pixel of a picture.
    edges : sequence of n colours, optional
        Of their frames.
    gap : float
        As in `course_lib.transfer.maps.spread`, which chooses: the first come first.

    Returns
    -------
    Axes
    """
    edges = ["none"] * len(points) if edges is None else edges
    points = np.asarray(points)
    for index in maps.spread(points, gap):
        image = OffsetImage(pictures[index], zoom=zoom, cmap="gray")
        image.image.set_clim(0, 1)
        frame = {"edgecolor": edges[index], "linewidth": 2, "boxstyle": "square,pad=0"}
        ax.add_artist(AnnotationBbox(image, points[index], frameon=True, pad=0, bboxprops=frame))
    low, high = points.min(axis=0), points.max(axis=0)
    room = 0.07 * (high - low)
    ax.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color("lightgrey")
    return ax


def show_words(axes, patches):
    """Draw examples of visual words, one word in each row.

    Parameters
    ----------
    axes : (words, examples) ndarray of Axes
    patches : sequence of sequence of (side, side, 3) array
        Not more than there are Axes in a row.

    Returns
    -------
    (words, examples) ndarray of Axes
    """
    for number, (row, examples) in enumerate(zip(axes, patches, strict=True), 1):
        for ax in row[len(examples) :]:
            ax.set_axis_off()
        plot.show_images(examples, axes=row[: len(examples)])
        label = {"rotation": 0, "ha": "right", "va": "center"}
        row[0].set_ylabel(f"word {number}", **label)
    return axes


def show_arrows(ax, rows, centres, nearest):
    """Draw descriptors of two numbers, their words, and an arrow from each word to its own.

    Parameters
    ----------
    ax : Axes
    rows : (n, 2) array
    centres : (K, 2) array
    nearest : (n,) array
        The word of each descriptor.

    Returns
    -------
    Axes
    """
    for number, centre in enumerate(centres):
        colour = plot.CYCLE[number]
        mine = rows[nearest == number]
        total = (mine - centre).sum(axis=0)
        for row in mine:
            style = {"arrowstyle": "->", "color": colour, "linewidth": 1, "shrinkA": 0}
            ax.annotate("", row, centre, arrowprops=style)
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 4, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", centre + total, centre, arrowprops=style)
        ax.plot(*mine.T, "o", color=colour, markersize=5)
        _name_word(ax, centre, number)
    return _finish_plane(ax)


def show_gaussians(ax, rows, mixture, wanted):
    """Draw a mixture as ellipses, and where a picture's descriptors want them.

    Parameters
    ----------
    ax : Axes
    rows : (n, 2) array
        Descriptors of two numbers.
    mixture, wanted : Mixture
        What was learned, drawn in full; what the picture pulls it to, dashed.

    Returns
    -------
    Axes
    """
    ax.plot(*rows.T, "o", color="grey", markersize=5)
    for number in range(len(mixture.weights)):
        for model, line in ((mixture, "-"), (wanted, (0, (3, 2)))):
            size = 4 * np.sqrt(model.variances[number])  # two standard deviations to each side
            look = {"edgecolor": plot.CYCLE[number], "linewidth": 2, "linestyle": line}
            ax.add_patch(Ellipse(model.means[number], *size, fill=False, **look))
        style = {"arrowstyle": "-|>", "color": plot.CYCLE[number], "linewidth": 3, "shrinkA": 0}
        ax.annotate("", wanted.means[number], mixture.means[number], arrowprops=style)
        _name_word(ax, mixture.means[number], number)
    return _finish_plane(ax)


def show_precision(ax, relevant):
    """Draw a ranked list and the precision at each rank of something relevant.

    Parameters
    ----------
    ax : Axes
    relevant : (N,) bool array
        Best score first.

    Returns
    -------
    Axes
    """
    relevant = np.asarray(relevant, bool)
    ranks = np.arange(1, len(relevant) + 1)
    precision = np.cumsum(relevant) / ranks
    colours = np.where(relevant, RIGHT, "white")
    ax.bar(ranks, np.where(relevant, precision, 0), width=0.8, color=colours)
    for rank, hit, value in zip(ranks, relevant, precision, strict=True):
        ax.text(rank, -0.1, "✓" if hit else "✗", ha="center", color=RIGHT if hit else WRONG)
        if hit:
            text = f"{relevant[:rank].sum()}/{rank}"
            ax.text(rank, value - 0.03, text, ha="center", va="top", color="white", fontsize=12)
    ax.axhline(precision[relevant].mean(), color="black", linestyle=":")
    ax.set(xticks=ranks, ylim=(-0.16, 1.04), yticks=[0, 0.5, 1], xlabel="rank", ylabel="precision")
    ax.spines["bottom"].set_position(("data", -0.16))
    return ax


def show_contest(ax, scores, *, chance):
    """Draw the scores of several methods in several tasks as bars.

    Parameters
    ----------
    ax : Axes
    scores : dict of str to dict of str to float
        For each task the score of each method, 0 to 1; the same methods in each.
    chance : dict of str to float
        What a random order gets in each task.

    Returns
    -------
    Axes
    """
    methods = list(next(iter(scores.values())))
    width, colours = 0.8 / len(methods), (plot.SKY, plot.BLUE, plot.GREEN, plot.ORANGE)
    for number, method in enumerate(methods):
        values = [row[method] for row in scores.values()]
        x = np.arange(len(scores)) + (number - (len(methods) - 1) / 2) * width
        look = {"color": colours[number], "hatch": ("", "//", "..", "")[number]}
        bars = ax.bar(x, values, 0.92 * width, label=method, edgecolor="white", **look)
        ax.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=10)
    for number, task in enumerate(scores):
        ax.plot([number - 0.42, number + 0.42], [chance[task]] * 2, ":", color="black")
    ax.plot([], [], ":", color="black", label="random order")
    ax.set(xticks=range(len(scores)), ylim=(0, 1.1), ylabel="mean average precision")
    ax.set_xticklabels(list(scores))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _name_word(ax, place, number):
    ax.plot(*place, "X", color=plot.CYCLE[number], markersize=13, markeredgecolor="white")


def _finish_plane(ax):
    ax.set(xlabel="descriptor, number 0", ylabel="descriptor, number 1")
    ax.set_aspect("equal")
    return ax


def show_similarity(ax, values, pictures):
    """Draw a table of similarities with its pictures along both sides.

    Parameters
    ----------
    ax : Axes
    values : (n, n) array
        -1 to 1.
    pictures : sequence of n (H, W, 3) array

    Returns
    -------
    Axes
    """
    ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        text = f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−")
        ax.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            color="white" if abs(value) > 0.7 else "black",
        )
    for number, picture in enumerate(pictures):
        side = min(np.shape(picture)[:2])
        square = picture[:side, :side]
        for place in ((-1.05, number), (number, -1.05)):
            image = OffsetImage(square, zoom=34 / side)
            ax.add_artist(AnnotationBbox(image, place, frameon=False, pad=0, annotation_clip=False))
    n = len(pictures)
    ax.set(xlim=(-1.6, n - 0.5), ylim=(n - 0.5, -1.6), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax
