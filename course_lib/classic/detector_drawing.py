"""Pictures of what a face detector does: windows, hits, what is left after each stage, scores.

Taught in ``01_3_face_detector``.
"""

import numpy as np
from matplotlib.patches import Rectangle

from course_lib import plot


def show_hits(image, hits, *, ax, colour=plot.ORANGE, width=0.8, title=None):
    """Draw many boxes with thin lines, so that where they crowd becomes visible.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    hits : (N, 4) array
        Corners ``x0, y0, x1, y1`` in pixels.
    ax : Axes
    colour : colour
    width : float
        Of the lines, in points.
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_images([image], [title or ""], axes=[ax])
    for x0, y0, x1, y1 in hits:
        ax.add_patch(
            Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color=colour, linewidth=width)
        )
    return ax


def show_scores(face_scores, other_scores, lines, *, ax, title=None):
    """Draw the scores of faces and of other windows, with marked thresholds.

    Parameters
    ----------
    face_scores, other_scores : (N,) array
    lines : dict of str to float
        Thresholds by their names.
    ax : Axes
    title : str, optional

    Returns
    -------
    Axes
    """
    both = np.concatenate([face_scores, other_scores])
    bins = np.linspace(both.min(), both.max(), 31)
    style = {"density": True, "alpha": 0.65, "edgecolor": "white"}
    ax.hist(face_scores, bins, color=plot.ORANGE, label="faces", **style)
    ax.hist(other_scores, bins, color=plot.BLUE, hatch="//", label="not faces", **style)
    for (name, value), dash in zip(lines.items(), ("--", "-", ":"), strict=False):
        label = f"{name}: {value:.2f}".replace("-", "−")
        ax.axvline(value, color="black", linestyle=dash, label=label, ymax=0.7)
    ax.set(xlabel="score of the stage", ylabel="density", title=title or "")
    ax.set_ylim(top=1.45 * ax.get_ylim()[1])  # room for the legend
    ax.legend(ncols=2, loc="upper left", fontsize=10)
    return ax


def show_left(counts, *, ax, colour, title=None):
    """Draw how many windows are left after each stage, as bars on a logarithmic axis.

    Parameters
    ----------
    counts : (S + 1,) array
        From `scan.stage_counts`.
    ax : Axes
    colour : colour
    title : str, optional

    Returns
    -------
    Axes
    """
    stages = np.arange(len(counts))
    ax.bar(stages, np.maximum(counts, 0.5), color=colour, edgecolor="white")
    for stage in {0, 1, 2, len(counts) // 2, len(counts) - 1}:
        ax.text(stage, counts[stage] * 1.15, f"{counts[stage]:,}", ha="left", rotation=35, size=10)
    ax.set_xticks(stages[:: 2 if len(counts) < 20 else 5])
    ax.set(yscale="log", xlabel="stages passed", ylabel="windows left", title=title or "")
    ax.set_ylim(0.8, counts[0] * 12)
    ax.set_xlim(-0.7, len(counts) + 1)
    return ax


def show_pyramid(levels, corners, side, *, ax):
    """Draw the levels of an image pyramid side by side, true to scale, each with one window.

    Parameters
    ----------
    levels : sequence of (h, w) uint8 ndarray
    corners : sequence of (x, y)
        Where the window lies in each level, in pixels of the level.
    side : int
        Of the window, in pixels.
    ax : Axes

    Returns
    -------
    Axes
    """
    gap, left, height = 12, 0, len(levels[0])
    width = sum(level.shape[1] + gap for level in levels) - gap
    canvas = np.ones((height, width))
    for level, (x, y) in zip(levels, corners, strict=True):
        top = height - len(level)
        canvas[top:, left : left + level.shape[1]] = level / 255
        box = Rectangle((left + x, top + y), side, side, fill=False, color=plot.ORANGE, linewidth=2)
        ax.add_patch(box)
        middle = left + level.shape[1] / 2
        ax.text(middle, height + 8, f"{level.shape[1]} px", va="top", ha="center", size=11)
        left += level.shape[1] + gap
    plot.show_images([canvas], axes=[ax])
    ax.set(xlim=(-1, width + 10), ylim=(height + 32, -1))
    return ax


def show_settings(result, faces, scales, neighbours, *, ax, title):
    """Draw faces found and false alarms for every setting as a coloured table.

    Parameters
    ----------
    result : (S, N, 2) int array
        Faces found and false alarms.
    faces : int
        How many there are to be found.
    scales, neighbours : sequence
        Scale factors of the rows, `min_neighbors` of the columns.
    ax : Axes
    title : str

    Returns
    -------
    Axes
        The colour is the recall.
    """
    recall = result[..., 0] / faces
    drawn = ax.imshow(recall, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(recall):
        hits, false = result[row, column]
        ink = "black" if value > 0.5 else "white"
        style = {"ha": "center", "va": "center", "color": ink, "size": 11}
        ax.text(column, row, f"{hits} / {false:,}", **style)
    ax.set_xticks(range(len(neighbours)), neighbours)
    ax.set_yticks(range(len(scales)), scales)
    ax.set(xlabel="min_neighbors", ylabel="scale factor", title=title)
    ax.figure.colorbar(drawn, ax=ax, label="recall", shrink=0.9)
    return ax
