"""Scenes, default boxes, matches, losses and grids, drawn on Axes.

Taught in ``05_3_train_a_detector``.
"""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from course_lib import plot
from course_lib.detection import scenes

# One colour per class, in the order of ``scenes.NAMES``; names stand beside the boxes as well.
COLOURS = (*plot.CYCLE[:7], "#FFFFFF")
FINE, BACKGROUND = plot.GREEN, "#999999"


def show_named(ax, picture, boxes, names, *, scores=None, title=None):
    """Draw boxes with their names, each class in its colour.

    Parameters
    ----------
    ax : Axes
    picture : (H, W, 3) array
    boxes : (N, 4) array
        Corners in pixels.
    names : sequence of str
        Of ``scenes.NAMES``.
    scores : (N,) array, optional
        Written behind the names, in percent.
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_images([picture], [title or ""], axes=[ax])
    boxes = np.asarray(boxes).reshape(-1, 4)
    for n, (box, name) in enumerate(zip(boxes, names, strict=True)):
        text = name if scores is None else f"{name} {100 * scores[n]:.0f}"
        colour = COLOURS[scenes.NAMES.index(name)]
        plot.show_boxes(None, [box], colour=colour, ax=ax)
        badge = {"facecolor": colour, "edgecolor": "none", "pad": 0.6}
        dark = colour in (plot.BLUE, plot.BLACK, plot.VERMILLION)
        style = {"fontsize": 10, "color": "white" if dark else "black", "bbox": badge}
        # Names stay inside the picture: above the box where there is room, else in its corner.
        high, right = box[1] > 0.12 * len(picture), box[0] > 0.6 * picture.shape[1]
        x = box[2] if right else box[0]
        place = {"va": "bottom" if high else "top", "ha": "right" if right else "left"}
        ax.text(x - 0.5, box[1] - 0.5, text, **place, **style)
    return ax


def show_masks(ax, scene, *, title=None):
    """Draw the visible pixels of each object in a colour of its own, and its box.

    Parameters
    ----------
    ax : Axes
    scene : scenes.Scene
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_images([0.25 * scene.picture + 0.1], [title or ""], axes=[ax])
    for n, (mask, box) in enumerate(zip(scene.masks, scene.boxes, strict=True)):
        colour = COLOURS[n % len(COLOURS)]
        layer = np.zeros((*mask.shape, 4))
        layer[mask] = *to_rgb(colour), 1
        ax.imshow(layer)
        plot.show_boxes(None, [box], colour=colour, ax=ax)
    return ax


def show_default_boxes(ax, picture, defaults, cells, chosen, *, title=None):
    """Draw the grid of one map's cells, and the default boxes of one cell.

    Parameters
    ----------
    ax : Axes
    picture : (S, S, 3) array
    defaults : (cells * cells * shapes, 4) array
        The map's default boxes, row by row.
    cells : int
        Per side.
    chosen : (row, column)
        Which cell's boxes to draw.
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_images([0.5 + 0.5 * np.asarray(picture)], [title or ""], axes=[ax])
    lines = np.linspace(0, len(picture), cells + 1) - 0.5
    ax.hlines(lines, lines[0], lines[-1], color="black", linewidth=0.6)
    ax.vlines(lines, lines[0], lines[-1], color="black", linewidth=0.6)
    own = np.reshape(defaults, (cells, cells, -1, 4))[chosen]
    for box, colour in zip(own, plot.CYCLE, strict=False):
        plot.show_boxes(None, [box], colour=colour, ax=ax)
    x, y = own[0].reshape(2, 2).mean(axis=0) - 0.5
    ax.plot(x, y, "o", color="black", markersize=5)
    return ax


def show_matches(ax, scene, defaults, chosen, which, *, title=None):
    """Draw one true box (black) and the default boxes that answer for it.

    Parameters
    ----------
    ax : Axes
    scene : scenes.Scene
    defaults : (D, 4) array
    chosen : (D,) array of int
        From `match`.
    which : int
        Index of the true box.
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_boxes(scene.picture, defaults[chosen == which], ax=ax, colour=plot.SKY, style="--")
    plot.show_boxes(None, scene.boxes[[which]], ax=ax, colour=plot.ORANGE)
    corners = np.concatenate([defaults[chosen == which], scene.boxes[[which]]]) - 0.5
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    (x, y), reach = (low + high) / 2, (high - low).max() / 2 + 8  # a square around all of them
    ax.set(xlim=(x - reach, x + reach), ylim=(y + reach, y - reach), title=title or "")
    return ax


def show_mining(ax, entropy, matched, count):
    """Draw the classification losses of the background boxes, sorted; the mined ones filled.

    Parameters
    ----------
    ax : Axes
    entropy : (D,) array
        Loss of each default box.
    matched : (D,) array of bool
    count : int
        How many background boxes count.

    Returns
    -------
    Axes
    """
    falling = np.sort(np.asarray(entropy)[~np.asarray(matched, bool)])[::-1]
    rank = np.arange(1, len(falling) + 1)
    ax.plot(rank, falling, color=BACKGROUND, linewidth=2)
    ax.fill_between(rank[:count], falling[:count], color=plot.VERMILLION, alpha=0.7)
    share = falling[:count].sum() / falling.sum()
    text = f"{count} of {len(falling)} boxes,\n{share:.0%} of all background loss"
    ax.annotate(text, (count, falling[count - 1]), (3 * count, 0.75 * falling[0]),
                arrowprops={"arrowstyle": "->"}, va="center")  # fmt: skip
    ax.set(xlabel="background boxes, the worst first", ylabel="cross-entropy", ylim=(0, None))
    ax.set_xscale("log")
    ax.set_xticks([1, 10, 100, 700], ["1", "10", "100", "700"])
    return ax


def show_losses(ax, losses, *, over=15):
    """Draw the two parts of the loss by step: dots for batches, lines for their running means.

    Parameters
    ----------
    ax : Axes
    losses : (steps, 2) array
        From `train`: classes and places.
    over : int
        Batches per mean, odd.

    Returns
    -------
    Axes
    """
    losses = np.asarray(losses)
    steps = np.arange(1, len(losses) + 1)
    means = np.stack([np.convolve(part, np.ones(over) / over, "valid") for part in losses.T])
    middles = steps[over // 2 :][: len(means[0])]  # odd `over`: the middle batch of each mean
    curves = {"classes": (middles, means[0]), "places": (middles, means[1])}
    plot.show_curves(curves, ax=ax, x_label="steps", y_label=f"loss, mean of {over} batches")
    ax.plot(steps, losses, ".", color=BACKGROUND, markersize=2, zorder=0)
    ax.set(ylim=(0, None))
    return ax


def show_precisions(ax, results):
    """Draw the average precision of every class as dots, one row per class.

    Parameters
    ----------
    ax : Axes
    results : dict of str to metrics.Evaluation

    Returns
    -------
    Axes
    """
    for (name, result), marker, colour in zip(results.items(), "os^", plot.CYCLE, strict=False):
        values = [result.by_class[one] for one in scenes.NAMES]
        label = f"{name}: mean {result.mean:.2f}"
        ax.plot(values, np.arange(len(values)), marker, color=colour, markersize=9, label=label)
    ax.set_yticks(np.arange(len(scenes.NAMES)), scenes.NAMES)
    ax.invert_yaxis()
    ax.set(xlabel="average precision at overlap 0.5", xlim=(0, 1.03))
    ax.grid(axis="x", alpha=0.4)
    ax.legend(loc="lower left")
    return ax


def show_grid_cells(ax, scene, grid, *, title=None):
    """Draw YOLO's cells on a scene: the cells that answer are framed, centres are dots.

    Parameters
    ----------
    ax : Axes
    scene : scenes.Scene
    grid : (S, S, 5 + C) array
        From `grid_targets`.
    title : str, optional

    Returns
    -------
    Axes
    """
    cells, side = len(grid), len(scene.picture) / len(grid)
    plot.show_boxes(scene.picture, scene.boxes, ax=ax, title=title)
    lines = np.linspace(0, len(scene.picture), cells + 1) - 0.5
    ax.hlines(lines, lines[0], lines[-1], color="white", linewidth=0.8)
    ax.vlines(lines, lines[0], lines[-1], color="white", linewidth=0.8)
    for row, column in np.argwhere(grid[..., 0] > 0):
        corner = column * side - 0.5, row * side - 0.5
        look = {"facecolor": (*to_rgb(plot.SKY), 0.5), "edgecolor": "black", "linewidth": 2.5}
        ax.add_patch(Rectangle(corner, side, side, **look))
    centres = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2 - 0.5
    ax.plot(*centres.T, "o", color="black", markeredgecolor="white", markersize=7)
    return ax


def show_channels(axes, grid, names):
    """Draw the channels of a YOLO target one by one, with their values in the cells.

    Parameters
    ----------
    axes : sequence of Axes
        One per name.
    grid : (S, S, K) array
    names : sequence of K str

    Returns
    -------
    ndarray of Axes
    """
    axes = np.ravel(axes)
    for ax, channel, name in zip(axes, np.moveaxis(grid, -1, 0), names, strict=True):
        ax.imshow(channel, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.argwhere(channel > 0):
            value = channel[row, column]
            text = "1" if value == 1 else f"{value:.1f}".lstrip("0")
            colour = "white" if value > 0.6 else "black"
            ax.text(column, row, text, ha="center", va="center", fontsize=10, color=colour)
        ax.set(xticks=[], yticks=[], title=name)
    return axes
