"""What an SSD finds, and how it looks for it, drawn. Taught in ``05_2_mobilenet_ssd``."""

import io

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image

from course_lib import checks, images, plot
from course_lib.detection import boxes
from course_lib.detection.detections import Detections

from . import labels

COLOURS = (plot.ORANGE, plot.SKY, plot.GREEN, plot.YELLOW, plot.PURPLE, plot.VERMILLION)


def colour(label):
    """Give the colour of a class, the same wherever it is drawn.

    Parameters
    ----------
    label : str

    Returns
    -------
    str
    """
    number = labels.NAMES.index(label) if label in labels.NAMES else len(str(label))
    return COLOURS[(number - 1) % len(COLOURS)]


def show_detections(image, detections, *, ax=None, title=None, scores=True):
    """Draw boxes with names on a picture.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) array
    detections : Detections
    ax : Axes, optional
    title : str, optional
    scores : bool
        Whether to write the scores as well.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `detections` is something else, such as a list of them.
    """
    _check(detections)
    ax = ax or plt.subplots(figsize=(7, 5), layout="constrained")[1]
    plot.show_images([image], axes=[ax])
    texts = [
        f"{label} {score:.2f}" if scores else label
        for score, label in zip(detections.scores, detections.labels, strict=True)
    ]
    places = _places(detections.boxes, texts, np.shape(image)[:2], _pixels_per_point(ax, image))
    found = zip(detections.boxes, detections.labels, texts, places, strict=True)
    for box, label, text, (x, y) in reversed(list(found)):
        plot.show_boxes(None, [box], colour=colour(label), ax=ax)
        badge = {"facecolor": colour(label), "edgecolor": "none", "pad": 1}
        ax.text(x, y, text, bbox=badge, ha="left", va="top", fontsize=10)
    ax.set_title(title or "")
    return ax


def _check(detections):
    """Refuse what is not the answer for one picture."""
    if not isinstance(detections, Detections):
        kind = type(detections).__name__
        raise TypeError(f"detections is of type {kind}; wanted what detect returns for a picture.")


def _pixels_per_point(ax, image):
    """About how many of the picture's pixels a point of the figure covers."""
    grid = ax.get_subplotspec().get_gridspec() if ax.get_subplotspec() else None
    rows, columns = (grid.nrows, grid.ncols) if grid else (1, 1)
    width, height = 72 * ax.figure.get_size_inches() / (columns, rows)
    return max(np.shape(image)[1] / (0.97 * width), np.shape(image)[0] / max(1, height - 20))


def _places(found, texts, shape, unit):
    """Where each name begins (left, top), beside its box: inside the picture, and on no other."""
    taken, high = np.zeros((0, 4)), 15 * unit  # letters of 10 points with their rim
    for (x0, y0, x1, y1), text in zip(found, texts, strict=True):
        wide = (6.3 * len(text) + 4) * unit
        sides = [(x, y) for y in (y0 - high, y1, y0, y1 - high) for x in (x0, x1 - wide)]
        limit = max(0, shape[1] - wide), max(0, shape[0] - high)
        sides = np.clip(sides, 0, limit)
        room = np.hstack([sides, sides + (wide, high)])
        best = boxes.iou(room, taken).sum(axis=1).argmin()  # the first of the free ones
        taken = np.vstack([taken, room[best]])
    return taken[:, :2] + unit


def paint(image, detections, *, scores=True):
    """Paint boxes with names into a copy of a picture, without a display; for videos.

    Parameters
    ----------
    image : (H, W, 3) or (H, W) array_like
        RGB or grey in [0, 1].
    detections : Detections
    scores : bool
        Whether to write the scores as well.

    Returns
    -------
    (H, W, 3) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If the picture is none, or `detections` is something else.
    """
    _check(detections)
    canvas = images.to_bytes(images.to_rgb(checks.image(image))).copy()
    unit = max(canvas.shape[:2]) / 700  # lines and letters that fit the picture
    width = max(2, round(2 * unit))
    found = zip(detections.boxes, detections.scores, detections.labels, strict=True)
    for box, score, label in reversed(list(found)):  # the best on top
        rgb = [int(colour(label)[k : k + 2], 16) for k in (1, 3, 5)]
        low, high = (
            tuple(int(v) for v in corner)
            for corner in np.clip(box, -9999, 99_999).round().reshape(2, 2)
        )
        cv2.rectangle(canvas, low, high, rgb, width, cv2.LINE_AA)
        text = f"{label} {score:.2f}" if scores else label
        _write(canvas, text, low, rgb, 0.5 * max(unit, 0.85))
    return images.from_bytes(canvas)


def _write(canvas, text, corner, rgb, size):
    """Black letters on the colour of the box, above it, or inside where there is no room."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x, y = max(0, min(corner[0], canvas.shape[1] - width)), max(height + 3, corner[1])
    cv2.rectangle(canvas, (x, y - height - 3), (x + width, y + 1), rgb, cv2.FILLED)
    cv2.putText(canvas, text, (x, y - 1), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA)


def show_defaults(image, sizes, shapes, *, axes):
    """Draw the cells of each feature map on a picture, and the default boxes of one cell.

    Parameters
    ----------
    image : (H, W, 3) array
    sizes : sequence of int
        Cells along a side, of each map.
    shapes : sequence of (K, 2) array
        Widths and heights as shares of the picture's sides, of each map.
    axes : sequence of Axes
        One per map.

    Returns
    -------
    sequence of Axes
    """
    height, width = image.shape[:2]
    scale = np.array([width, height])
    for ax, cells, k in zip(axes, sizes, shapes, strict=True):
        plot.show_images([0.55 + 0.45 * image], axes=[ax])
        lines = np.arange(1, cells) / cells
        ax.vlines(lines * width - 0.5, -0.5, height - 0.5, color="white", linewidth=0.7)
        ax.hlines(lines * height - 0.5, -0.5, width - 0.5, color="white", linewidth=0.7)
        middle = scale * (cells // 2 + 0.5) / cells - 0.5
        for number, size in enumerate(k * scale):
            frame = {"edgecolor": plot.CYCLE[number], "linewidth": 1.8, "fill": False}
            ax.add_patch(Rectangle(middle - size / 2, *size, **frame))
        ax.plot(*middle, "+", color="black")
        ax.set(xlim=(-0.33 * width, 1.33 * width), ylim=(1.33 * height, -0.33 * height))
        ax.set_title(f"{cells}x{cells} cells, {len(k)} boxes each")
    return axes


def show_answers(scores, sizes, counts, *, image, axes):
    """Draw the best score of every cell of every map over a picture.

    Parameters
    ----------
    scores : (N,) array
        Of one class, for each default box.
    sizes, counts : sequence of int
        Cells along a side and boxes per cell, of each map.
    image : (H, W, 3) array
    axes : sequence of Axes
        One per map.

    Returns
    -------
    sequence of Axes
    """
    ends = np.cumsum([n * n * k for n, k in zip(sizes, counts, strict=True)])
    height, width = image.shape[:2]
    drawn = None
    for ax, cells, part in zip(axes, sizes, np.split(scores, ends[:-1]), strict=True):
        best = part.reshape(cells, cells, -1).max(axis=-1)
        plot.show_images([image.mean(axis=-1)], axes=[ax])
        extent = (-0.5, width - 0.5, height - 0.5, -0.5)
        drawn = ax.imshow(best, cmap="viridis", vmin=0, vmax=1, alpha=0.65, extent=extent)
        ax.set_title(f"{cells}x{cells}: best {best.max():.2f}")
    bar = axes[0].figure.colorbar(drawn, ax=list(axes), shrink=0.7)
    bar.set_label("score of a cell's best box")
    return axes


def animate(frames, rate=5.0, *, colours=64):
    """Make a film that any browser plays, as an animated PNG.

    Parameters
    ----------
    frames : sequence of (H, W, 3) array
        RGB in [0, 1], of one size.
    rate : float
        Frames per second.
    colours : int
        Fewer make a smaller file, 2 to 256.

    Returns
    -------
    bytes
        The PNG file. A reader that knows no animation shows the first frame.

    Raises
    ------
    TypeError, ValueError
        If there is no frame, they differ in size, or a number is out of range.
    """
    if getattr(frames, "ndim", 4) != 4:
        raise ValueError(f"frames has shape {frames.shape}; wanted a list of pictures.")
    pictures = [
        Image.fromarray(images.to_bytes(images.to_rgb(checks.image(frame, "frame"))))
        for frame in frames
    ]
    if not pictures:
        raise ValueError("frames is empty; wanted at least one picture.")
    if len({picture.size for picture in pictures}) > 1:
        raise ValueError("frames differ in size; wanted pictures of one size.")
    count = checks.number(colours, "colours", low=2, high=256, integer=True)
    every = np.concatenate([np.asarray(p)[::4, ::4] for p in pictures])  # one palette for all
    palette = Image.fromarray(every).quantize(count, method=Image.Quantize.MEDIANCUT, dither=0)
    few = [p.quantize(palette=palette, dither=0) for p in pictures]
    pause = round(1000 / checks.number(rate, "rate", low=0.1, high=100))
    buffer = io.BytesIO()
    few[0].save(buffer, "PNG", save_all=True, append_images=few[1:], duration=pause, loop=0)
    return buffer.getvalue()


def show_film(frames, alt, *, rate=5.0):
    """Display a film that also plays in a stored page, with its alt text.

    Parameters
    ----------
    frames, rate
        See `animate`.
    alt : str
        What is to be seen.

    Raises
    ------
    TypeError, ValueError
        As `animate`; or the alt text is empty.
    """
    from IPython.display import display

    if not str(alt or "").strip():
        raise ValueError("alt is empty; wanted a sentence that says what the film shows.")
    output = {"image/png": animate(frames, rate), "text/plain": alt}
    display(output, raw=True, metadata={"image/png": {"alt": alt}})
