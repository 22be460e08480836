"""Pictures of boxes that are many, of what is right and wrong, and of precision and recall.

Taught in ``05_1_boxes``.
"""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from course_lib import checks, plot
from course_lib.detection.metrics.precision import GRIDS, METHODS, envelope


def show_many(image, boxes, *, ax, title=None, colour=plot.ORANGE):
    """Draw many boxes with thin lines, so that where they crowd becomes visible.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    boxes : (N, 4) array
        Corners ``x0, y0, x1, y1`` in pixels.
    ax : Axes
    title : str, optional
    colour : colour

    Returns
    -------
    Axes
    """
    plot.show_images([image], axes=[ax])
    x0, y0, x1, y1 = (checks.boxes(boxes) - 0.5).T  # imshow's pixel 0 is at -0.5
    corners = np.stack([x0, y0, x1, y0, x1, y1, x0, y1, x0, y0], axis=1).reshape(-1, 5, 2)
    alpha = float(np.clip(60 / max(len(corners), 1), 0.03, 0.9))
    ax.add_collection(LineCollection(corners, colors=colour, linewidths=0.8, alpha=alpha))
    ax.set_title(title or "")
    return ax


def show_pair(a, b, *, ax, title=None):
    """Draw two boxes and, hatched, what they share.

    Parameters
    ----------
    a, b : (4,) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    ax : Axes
        Its y axis is turned to point down.
    title : str, optional

    Returns
    -------
    Axes
    """
    a, b = (checks.array(box, name, shape=(4,)) for box, name in ((a, "a"), (b, "b")))
    for box, colour in ((a, plot.BLUE), (b, plot.ORANGE)):
        ax.add_patch(_rectangle(box, facecolor=colour, alpha=0.35))
        ax.add_patch(_rectangle(box, fill=False, edgecolor=colour, linewidth=2))
    shared = np.r_[np.maximum(a, b)[:2], np.minimum(a, b)[2:]]
    if (shared[2:] > shared[:2]).all():
        ax.add_patch(_rectangle(shared, fill=False, hatch="///", linewidth=0))
    low, high = np.minimum(a, b)[:2] - 1, np.maximum(a, b)[2:] + 1
    ax.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal", title=title or "")
    ax.set(xlabel="x, pixels", ylabel="y, pixels")
    return ax


def show_verdicts(image, boxes, verdicts, owners, truth, *, ax, title=None):
    """Draw judged detections: right ones solid, wrong ones dashed, missed objects dotted.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    boxes : (N, 4) array
        Corners ``x0, y0, x1, y1`` in pixels.
    verdicts, owners : (N,) array
        From `judge`.
    truth : (M, 4) array
    ax : Axes
    title : str, optional
        How many are right, wrong and missed if left out.

    Returns
    -------
    Axes
    """
    boxes, truth = checks.boxes(boxes), checks.boxes(truth, "truth")
    verdicts = checks.array(verdicts, "verdicts", shape=(len(boxes),))
    owners = checks.array(owners, "owners", shape=verdicts.shape, high=len(truth) - 1)
    missed = np.delete(truth, owners[verdicts == 1], axis=0)
    right, wrong = boxes[verdicts == 1], boxes[verdicts == 0]
    plot.show_boxes(image, wrong, ax=ax, colour=plot.VERMILLION, style="--")
    plot.show_boxes(None, right, ax=ax, colour=plot.SKY)
    plot.show_boxes(None, missed, ax=ax, colour="white", style=":")
    counts = (
        f"{len(right)} right (blue), {len(wrong)} wrong (dashed), {len(missed)} missed (dotted)"
    )
    ax.set_title(counts if title is None else title)
    return ax


def show_precision_recall(precision, recall, *, ax, method=None, title=None):
    """Draw precision against recall, and what a method of averaging reads of it.

    Parameters
    ----------
    precision, recall : (N,) array
        From `precision_recall`.
    ax : Axes
    method : {"voc11", "all", "coco101"}, optional
        The points or the area of this method, on the envelope.
    title : str, optional

    Returns
    -------
    Axes
    """
    style = {"linewidth": 1, "markersize": 4, "zorder": 3}
    ax.plot(recall, precision, ".-", color=plot.BLACK, label="measured", **style)
    if method is not None and checks.choice(method, "method", METHODS):
        best, edges = envelope(precision), np.append(0, recall)
        ax.stairs(best, edges, color=plot.BLUE, linewidth=3, label="envelope", baseline=None)
        if method == "all":
            ax.stairs(best, edges, fill=True, color=plot.SKY, alpha=0.5, label="area")
        else:
            grid = GRIDS[method]
            heights = np.append(best, 0.0)[np.searchsorted(recall, grid)]
            size = 6 if method == "voc11" else 3
            style = {"color": plot.VERMILLION, "markersize": size, "zorder": 4}
            ax.plot(grid, heights, "o", label="read here", **style)
        ax.legend(loc="lower left")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xlabel="recall", ylabel="precision")
    ax.set_title(title or "")
    return ax


def show_by_class(evaluation, *, ax, title=None):
    """Draw the average precision of each class as a bar, and their mean as a line.

    Parameters
    ----------
    evaluation : Evaluation
        Classes without a true box have no bar.
    ax : Axes
    title : str, optional

    Returns
    -------
    Axes
    """
    names = [
        f"{name}\n{count} true"
        for name, count in zip(evaluation.classes, evaluation.truths, strict=True)
    ]
    heights = np.nan_to_num(list(evaluation.by_class.values()))
    bars = ax.bar(names, heights, color=plot.SKY, edgecolor=plot.BLUE)
    ax.bar_label(bars, [f"{height:.2f}" for height in heights], label_type="center")
    ax.axhline(evaluation.mean, color=plot.VERMILLION, linestyle="--")
    ax.text(
        0.99,
        evaluation.mean,
        f"mean {evaluation.mean:.2f} ",
        ha="right",
        va="bottom",
        color=plot.VERMILLION,
        transform=ax.get_yaxis_transform(),
    )
    ax.set(ylim=(0, 1.1), ylabel="average precision", title=title or "")
    return ax


def _rectangle(box, **style):
    return Rectangle(box[:2], *(box[2:] - box[:2]), **style)
