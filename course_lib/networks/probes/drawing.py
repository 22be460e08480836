"""Maps, filters and patches, drawn.

Taught in ``03_3_what_vgg16_sees``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import plot

GAP = 1  # px between the maps of a mosaic


def mosaic(maps, columns, *, each=True):
    """Lay the channels of a map side by side.

    Parameters
    ----------
    maps : (h, w, channels) array
    columns : int
    each : bool
        Whether each channel is scaled by its own largest value, instead of by that of all.

    Returns
    -------
    (H, W) float64 ndarray
        From 0 to 1, one pixel of 1 between channels. Square roots, so that weak answers are seen.
    """
    height, width, channels = maps.shape
    rows = -(-channels // columns)
    top = maps.max(axis=(0, 1) if each else None, keepdims=True)
    scaled = np.sqrt(np.clip(maps / np.maximum(top, 1e-9), 0, 1))
    canvas = np.ones((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP))
    for n in range(channels):
        y, x = n // columns * (height + GAP), n % columns * (width + GAP)
        canvas[y : y + height, x : x + width] = scaled[:, :, n]
    return canvas


def show_maps(ax, maps, columns, *, title=None):
    """Draw the channels of a map as a mosaic, each bright where it answers most.

    Parameters
    ----------
    ax : Axes
    maps : (h, w, channels) array
    columns : int
    title : str, optional

    Returns
    -------
    Axes
    """
    smooth = "nearest" if maps.shape[0] < 60 else "antialiased"
    ax.imshow(mosaic(maps, columns), cmap="magma", vmin=0, vmax=1, interpolation=smooth)
    ax.set_axis_off()
    ax.set_title(title or "")
    return ax


def show_filters(ax, kernels, columns, *, title=None):
    """Draw kernels of a first layer as small colour pictures, grey where they are 0.

    Parameters
    ----------
    ax : Axes
    kernels : (h, w, 3, channels) array
        Each is scaled by its own largest value.
    columns : int
    title : str, optional

    Returns
    -------
    Axes
    """
    height, width, _, channels = kernels.shape
    top = np.abs(kernels).max(axis=(0, 1, 2), keepdims=True)
    shown = 0.5 + kernels / np.maximum(top, 1e-9) / 2
    rows = -(-channels // columns)
    canvas = np.ones((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3))
    for n in range(channels):
        y, x = n // columns * (height + GAP), n % columns * (width + GAP)
        canvas[y : y + height, x : x + width] = shown[..., n]
    ax.imshow(canvas, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title(title or "")
    return ax


def show_beside(rows, *, painted_title, patches_title, size=1.5):
    """Draw painted pictures on the left, and on the right the patches that excite the same channel.

    Parameters
    ----------
    rows : list of (str, (H, W, 3) array, list of (h, w, 3) array)
        What stands before the row, the painted picture and the patches, as many in each row.
    painted_title, patches_title : str
    size : float
        Side of a picture in inches.

    Returns
    -------
    Figure
    """
    count = max(len(patches) for _, _, patches in rows)
    widths = [1, 0.08, *[1] * count]
    figure, axes = plt.subplots(
        len(rows),
        count + 2,
        figsize=(size * (count + 1.4), size * len(rows) + 0.4),
        gridspec_kw={"width_ratios": widths},
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.ravel():
        ax.set_axis_off()
    for line, (label, painted, patches) in zip(axes, rows, strict=True):
        for ax, picture in zip([line[0], *line[2:]], [painted, *patches], strict=False):
            ax.imshow(picture, vmin=0, vmax=1, interpolation="nearest")
        line[0].text(-0.06, 0.5, label, transform=line[0].transAxes, ha="right", va="center")
    axes[0, 0].set_title(painted_title)
    axes[0, 2 + count // 2].set_title(patches_title)  # in the middle it widens no column
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    return figure


def show_window(ax, image, box, *, title=None):
    """Draw a picture and the part of it that a position of a map sees.

    Parameters
    ----------
    ax : Axes
    image : (H, W, 3) array
    box : (4,) array
        ``x0, y0, x1, y1`` in pixels; may reach over the border.
    title : str, optional

    Returns
    -------
    Axes
    """
    height, width = image.shape[:2]
    ax.imshow(image, vmin=0, vmax=1)
    x0, y0, x1, y1 = np.clip(box, 0, [width, height] * 2) - 0.5  # imshow's pixel 0 is at -.5
    for colour, line in (("black", 4), (plot.ORANGE, 2)):
        frame = {"edgecolor": colour, "linewidth": line, "fill": False}
        ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **frame))
    ax.set_axis_off()
    ax.set_title(title or "")
    return ax


def show_separation(ax, layers, scores, chance):
    """Draw how well each layer's features separate two classes, with the spread over folds.

    Parameters
    ----------
    ax : Axes
    layers : sequence of str
    scores : (layers, folds) array
        Shares of right answers.
    chance : float

    Returns
    -------
    Axes
    """
    scores = np.asarray(scores)
    places = np.arange(len(layers))
    for place, folds in zip(places, scores, strict=True):
        ax.scatter(np.full(len(folds), place), folds, color=plot.SKY, s=22, zorder=2)
    ax.plot(places, scores.mean(axis=1), "o-", color=plot.BLUE, zorder=3)
    for place, mean in zip(places, scores.mean(axis=1), strict=True):
        ax.annotate(f"{mean:.0%}", (place, mean), (7, -12), textcoords="offset points")
    ax.axhline(chance, color="grey", linestyle=":")
    ax.text(0, chance + 0.008, "by chance", color="#555555", va="bottom")
    ax.set_xticks(places, layers)
    ax.set(xlim=(-0.3, len(layers) - 0.4), ylabel="share of pictures right")
    return ax
