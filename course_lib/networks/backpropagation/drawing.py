"""What goes in and out of a dense network, its weights and its signals, drawn on Axes.

Taught in ``02_3_backpropagation``.
"""

import numpy as np

from course_lib import plot

GAP = 1  # pixels between small pictures


def show_numbers(ax, picture):
    """Draw a small picture with the value of every pixel written in it.

    Parameters
    ----------
    ax : Axes
    picture : (H, W) array
        In [0, 1], 1 drawn black.

    Returns
    -------
    Axes
    """
    plot.show_images([picture], axes=[ax], cmap="gray_r")
    for (row, column), value in np.ndenumerate(picture):
        colour = "white" if value > 0.55 else "black"
        text = f"{value:.1f}".replace("0.0", "0").replace("1.0", "1").replace("0.", ".")
        ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=10)
    return ax


def show_batches(ax, pictures, order, size, *, y_label):
    """Draw the samples of one epoch in their order, cut into mini-batches.

    Parameters
    ----------
    ax : Axes
    pictures : (N, H, W) array
        In [0, 1], 1 drawn black.
    order : (N,) array of int
    size : int
        Samples per mini-batch.
    y_label : str

    Returns
    -------
    Axes
    """
    height, width = pictures.shape[1:]
    for place, sample in enumerate(order):
        left = place * (width + GAP) + (place // size) * 6
        extent = (left, left + width, 0, height)
        ax.imshow(pictures[sample], cmap="gray_r", vmin=0, vmax=1, extent=extent)
        if place % size == size - 1 or place == len(order) - 1:
            ax.text(left + width + 3 + GAP, height / 2, "→", ha="center", va="center", fontsize=14)
    ax.set(xlim=(-1, left + width + 8), ylim=(-1, height + 1), xticks=[], yticks=[])
    ax.set_ylabel(y_label, rotation=0, ha="right", va="center")
    ax.spines[:].set_visible(False)
    return ax


def show_weights(ax, weights, shape, *, columns=8, reach=None):
    """Draw the weights of every unit as a small picture: red pixels speak for it, blue against.

    Parameters
    ----------
    ax : Axes
    weights : (inputs, units) array
    shape : (H, W)
        H * W inputs.
    columns : int
        Pictures per row.
    reach : float, optional
        The weight drawn in full colour; the largest by default.

    Returns
    -------
    AxesImage
        For a colour bar.
    """
    height, width = shape
    units = weights.shape[1]
    rows = -(-units // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for unit in range(units):
        top, left = unit // columns * (height + GAP), unit % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = weights[:, unit].reshape(shape)
    reach = reach or np.abs(weights).max()
    drawn = ax.imshow(sheet, cmap="RdBu_r", vmin=-reach, vmax=reach)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return drawn


def show_push(ax, probabilities, gradient, label):
    """Draw the probability of each class, and beside it which way its logit is pushed.

    Parameters
    ----------
    ax : Axes
    probabilities, gradient : (classes,) array
    label : int
        The right class.

    Returns
    -------
    Axes
    """
    places = np.arange(len(probabilities))
    ax.bar(places - 0.2, probabilities, 0.36, color=plot.BLUE, label="probability $p$")
    ax.bar(places + 0.2, gradient, 0.36, color=plot.VERMILLION, hatch="//", edgecolor="white",
           label="gradient by logit, $p - t$")  # fmt: skip
    for x, value in [*zip(places - 0.2, probabilities), *zip(places + 0.2, gradient)]:  # noqa: B905
        text = f"{value:.2f}".replace("-", "−")
        lift = 0.02 if value > 0 else -0.04
        ax.text(x, value + lift, text, ha="center", va="bottom" if value > 0 else "top")
    names = [f"class {k} (right)" if k == label else f"class {k}" for k in places]
    ax.axhline(0, color="black", linewidth=1)
    ax.set(xticks=places, xticklabels=names, ylim=(-0.95, 0.95), ylabel="value")
    ax.legend(loc="lower left")
    return ax


def show_signals(ax, layers, edges, *, texts=None, side="right"):
    """Draw one histogram per layer, the first layer at the top.

    Parameters
    ----------
    ax : Axes
    layers : sequence of array
        The values of each layer; each histogram is as high as its fullest bin.
    edges : (bins + 1,) array
        Values outside are counted in the last bin on their side.
    texts : sequence of str, optional
        One per layer.
    side : str
        Where the texts stand: ``right`` or ``left``.

    Returns
    -------
    Axes
    """
    bins = 0.5 * (edges[:-1] + edges[1:])
    for number, values in enumerate(layers):
        counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
        base = len(layers) - number
        heights = 0.85 * counts / max(1, counts.max())
        ax.fill_between(bins, base, base + heights, step="mid", color=plot.SKY)
        ax.step(bins, base + heights, where="mid", color=plot.BLUE, linewidth=1)
        if texts is not None:
            room = 0.02 * (edges[-1] - edges[0])
            x = edges[-1] - room if side == "right" else edges[0] + room
            ax.text(x, base + 0.45, texts[number], ha=side, va="center", fontsize=10)
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0.8, len(layers) + 1))
    ax.set_yticks(np.arange(len(layers)) + 1.4, range(len(layers), 0, -1))
    ax.tick_params(axis="y", length=0)
    return ax


def show_curves_of(ax, history, *, names=("training", "validation"), what="loss"):
    """Draw a learning curve of the samples learned from, and one of samples only looked at.

    Parameters
    ----------
    ax : Axes
    history : dict
        From `backpropagation.train`, with validation samples.
    names : (str, str)
    what : str
        ``loss`` or ``accuracy``.

    Returns
    -------
    Axes
    """
    curves = dict(zip(names, (history[what], history[f"validation {what}"]), strict=True))
    label = "mean loss" if what == "loss" else "share right"
    return plot.show_curves(curves, ax=ax, x_label="epoch", y_label=label)
