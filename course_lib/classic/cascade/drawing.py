"""Pictures of what a face detector does: windows, hits, what is left after each stage, verdicts.

Taught in ``01_3_face_detector``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import plot


def show_attention(image, reached, stages, *, ax, least=8):
    """Colour the places of a picture whose windows passed many stages.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    reached : (H, W) array
        From `scan.attention`.
    stages : int
        How many the cascade has.
    ax : Axes
    least : int
        Places with fewer stages stay as they are.

    Returns
    -------
    Axes
    """
    values = np.where(reached < least, np.nan, reached)
    label = f"stages passed, of {stages}"
    plot.show_heatmap(values, image=image, ax=ax, label=label, cmap="plasma")
    ax.images[-1].colorbar.set_ticks(range(5 * (least // 5 + 1), stages + 1, 5))
    return ax


def three_steps(image, reached, stages, hits, found):
    """A figure of how a detector works: who came far, who passed all stages, what is grouped.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    reached : (H, W) array
        From `scan.attention`.
    stages : int
        How many the cascade has.
    hits, found : (N, 4) and (M, 4) array
        Boxes before and after grouping, ``x0, y0, x1, y1`` in pixels.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained")
    show_attention(image, reached, stages, ax=axes[0]).set_title("who came far?")
    show_hits(image, hits, ax=axes[1], title=f"{len(hits)} windows passed all")
    title = f"grouped: {len(found)} box{'' if len(found) == 1 else 'es'}"
    plot.show_boxes(image, found, ax=axes[2], title=title)
    return figure


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


def stage_table(records):
    """The log of `training.train_cascade` as lines of text, one per stage.

    Parameters
    ----------
    records : sequence of training.StageRecord

    Returns
    -------
    str
    """
    lines = ["stage  stumps  faces still in  photo windows that reach it"]
    for number, record in enumerate(records, start=1):
        reach = f"{record.passed / record.looked:.3%}" if record.looked else "all"
        lines.append(f"{number:5} {record.stumps:7} {record.hit_rate:15.1%} {reach:>28}")
    return "\n".join(lines)


def show_scores(face_scores, other_scores, lines, *, ax=None, title=None):
    """Draw the scores of faces and of other windows, with marked thresholds.

    Parameters
    ----------
    face_scores, other_scores : (N,) array
    lines : dict of str to float
        Thresholds by their names.
    ax : Axes, optional
    title : str, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(7.5, 3.4), layout="constrained")[1]
    both = np.concatenate([face_scores, other_scores])
    bins = np.linspace(both.min(), both.max(), 31)
    groups = {
        "faces": (face_scores, {"color": plot.ORANGE}),
        "not faces": (other_scores, {"color": plot.BLUE, "hatch": "//"}),
    }
    for name, (scores, style) in groups.items():
        weights = np.full(len(scores), 100 / len(scores))
        style |= {"alpha": 0.65, "edgecolor": "white", "label": name}
        ax.hist(scores, bins, weights=weights, **style)
    for (name, value), dash in zip(lines.items(), ("--", "-", ":"), strict=False):
        label = f"{name}: {value:.2f}".replace("-", "−")
        ax.axvline(value, color="black", linestyle=dash, label=label, ymax=0.7)
    ax.set(xlabel="score of the stage", ylabel="share of its kind (%)", title=title or "")
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


def show_verdict(image, truth, found, right, *, ax):
    """Draw annotated faces white, boxes that found one orange, false alarms dashed red.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    truth, found : (N, 4) and (M, 4) array
        Corners ``x0, y0, x1, y1`` in pixels.
    right : (M,) bool array
        Which of the found boxes are on a face.
    ax : Axes

    Returns
    -------
    Axes
        Its title counts them.
    """
    plot.show_boxes(image, truth, colour="white", ax=ax)
    plot.show_boxes(None, found[right], ax=ax)
    plot.show_boxes(None, found[~right], colour=plot.VERMILLION, style="--", ax=ax)
    ax.set_title(f"{right.sum()} of {len(truth)} found, {(~right).sum()} false")
    return ax


def show_two_detectors(image, ours, theirs, *, ax, title=None):
    """Draw the boxes of one detector orange and those of another dashed blue.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    ours, theirs : (N, 4) and (M, 4) array
        Corners ``x0, y0, x1, y1`` in pixels.
    ax : Axes
    title : str, optional

    Returns
    -------
    Axes
    """
    plot.show_boxes(image, ours, ax=ax, title=title)
    return plot.show_boxes(None, theirs, colour=plot.SKY, style="--", ax=ax)
