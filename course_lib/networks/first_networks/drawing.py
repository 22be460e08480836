"""Networks, layers and the answers of a network, drawn on Axes.

Blue is yes and a positive weight, orange no and a negative one. Taught in
``02_1_neuron_to_network``.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle, Rectangle

from course_lib import plot

YES, NO = plot.BLUE, plot.ORANGE
# From no to yes through white, light enough for points to stand out.
ANSWERS = LinearSegmentedColormap.from_list("answers", ["#F5C15C", "#FFFFFF", "#7FB8DA"])


def text_of(number, digits=1):
    """A number as a figure shows it: with a true minus, and no zeros that say nothing."""
    text = f"{number:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{number:.0f}"
    return ("0" if text in ("-0", "") else text).replace("-", "−")


def show_points(ax, X, labels, *, size=18):
    """Draw points of two classes: blue circles are yes (1), orange squares no (0).

    Parameters
    ----------
    ax : Axes
    X : (N, 2) array
    labels : (N,) array
        0 and 1.
    size : float
        Area of a point, in square points.

    Returns
    -------
    Axes
    """
    X, labels = np.asarray(X), np.asarray(labels)
    for label, marker, colour in ((1, "o", YES), (0, "s", NO)):
        look = {"marker": marker, "color": colour, "edgecolor": "white", "linewidth": 0.5}
        ax.scatter(*X[labels == label].T, s=size, zorder=3, **look)
    return ax


def show_plane(ax, answer, *, limits=(-1, 1, -1, 1), resolution=200, lines=()):
    """Colour a plane by a network's probability of yes, with the boundary where it is a half.

    Parameters
    ----------
    ax : Axes
    answer : callable
        Takes points (N, 2), returns probabilities (N,) or (N, 1).
    limits : (x0, x1, y0, y1)
    resolution : int
        Points per side at which the network is asked.
    lines : sequence of (w0, w1, b)
        Dotted where ``w0 x + w1 y + b = 0``, such as the lines of hidden neurons.

    Returns
    -------
    Axes
    """
    x0, x1, y0, y1 = limits
    across, up = (
        np.linspace(a, b, 2 * resolution + 1)[1::2] for a, b in ((x0, x1), (y0, y1))
    )  # the middles of the squares that are coloured
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    chance = np.reshape(answer(plane), (resolution, resolution))
    ax.imshow(chance, cmap=ANSWERS, vmin=0, vmax=1, origin="lower", extent=limits, aspect="auto")
    if chance.min() < 0.5 < chance.max():
        ax.contour(across, up, chance, levels=[0.5], colors="black", linewidths=1.8)
    show_lines(ax, lines, limits)
    return ax


def show_lines(ax, lines, limits, *, colour="black"):
    """Draw, dotted, where each neuron's weighted sum is 0.

    Parameters
    ----------
    ax : Axes
    lines : sequence of (w0, w1, b)
    limits : (x0, x1, y0, y1)
    colour : colour

    Returns
    -------
    Axes
    """
    x0, x1, y0, y1 = limits
    across, up = np.linspace(x0, x1, 101), np.linspace(y0, y1, 101)
    for w0, w1, b in lines:
        sums = w0 * across + w1 * up[:, None] + b
        if sums.min() < 0 < sums.max():
            ax.contour(across, up, sums, [0], colors=colour, linestyles=":", linewidths=1.3)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    return ax


def show_outline(ax, image, chance, *, lines=()):
    """Draw a photograph and, on it, the border of what a network says yes to.

    Parameters
    ----------
    ax : Axes
    image : (H, W, 3) array
        In [0, 1].
    chance : (h, w) array
        Probability of yes, at the same or another size.
    lines : sequence of (w0, w1, b)
        Of hidden neurons that look at `places`; drawn dotted.

    Returns
    -------
    Axes
    """
    ratio = image.shape[1] / image.shape[0]
    limits = (-ratio, ratio, -1, 1)
    ax.imshow(image, extent=limits)
    height, width = chance.shape
    across = ratio * (2 * np.arange(width) + 1 - width) / width
    up = (height - 1 - 2 * np.arange(height)) / height
    shade = np.where(chance[..., None] >= 0.5, [0, 0, 0, 0.0], [0, 0, 0, 0.55])
    ax.imshow(shade, extent=limits, interpolation="nearest")
    if chance.min() < 0.5 < chance.max():
        for colour, line in (("black", 4), ("white", 2)):
            ax.contour(across, up, chance, levels=[0.5], colors=colour, linewidths=line)
    show_lines(ax, lines, limits, colour="white")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def show_network(ax, layers, *, names=(), digits=1):
    """Draw a network as circles and wires with its numbers; wider wires are larger weights.

    Parameters
    ----------
    ax : Axes
    layers : sequence of (weights, bias)
        Small ones: every weight is written on its wire, every bias into its neuron.
    names : sequence of str
        One per input and one per output, in this order.
    digits : int
        After the point, of what is written.

    Returns
    -------
    Axes
    """
    sizes = [np.shape(layers[0][0])[0], *(len(bias) for _, bias in layers)]
    spots = [[(2.6 * k, 1.5 * ((n - 1) / 2 - i)) for i in range(n)] for k, n in enumerate(sizes)]
    largest = max(np.abs(weights).max() for weights, _ in layers) or 1
    for k, (weights, bias) in enumerate(layers):
        for (i, j), weight in np.ndenumerate(weights):
            _wire(ax, spots[k][i], spots[k + 1][j], weight, largest, digits)
        for spot, b in zip(spots[k + 1], bias, strict=True):
            _unit(ax, spot, ("+" if b > 0 else "") + text_of(b, digits))
    for spot, name in zip(spots[0], names, strict=False):
        ax.text(*spot, name, ha="right", va="center")
    for (x, y), name in zip(spots[-1], names[sizes[0] :], strict=False):
        ax.text(x, y + 0.5, name, ha="center", va="bottom")
    tall = 0.75 * max(sizes) + 0.3
    ax.set(xlim=(-1.1, 2.6 * len(layers) + 0.6), ylim=(-tall, tall), aspect="equal")
    ax.set_axis_off()
    return ax


def show_product(ax, parts, names, notes, *, swatches=()):
    """Draw matrices with their numbers in a row: ``X @ W + b = Z``.

    Parameters
    ----------
    ax : Axes
    parts : four (rows, columns) arrays
        Inputs, weights, bias as one row, and result.
    names, notes : four str
        Written above and beneath each.
    swatches : sequence of (3,) array
        Colours drawn in front of the rows of the inputs.

    Returns
    -------
    Axes
    """
    x, tall = 0.0, max(len(part) for part in parts)
    for part, name, note, sign in zip(parts, names, notes, ("@", "+", "=", ""), strict=True):
        rows, columns = np.shape(part)
        top = (tall + rows) / 2
        for (i, j), value in np.ndenumerate(np.asarray(part)):
            corner = (x + 1.25 * j, top - i - 1)
            colour = YES if value > 0 else NO
            strength = min(1, abs(value)) * 0.4
            ax.add_patch(Rectangle(corner, 1.25, 1, facecolor=colour, alpha=strength))
            ax.add_patch(Rectangle(corner, 1.25, 1, fill=False, edgecolor="grey"))
            ax.text(corner[0] + 0.62, corner[1] + 0.5, text_of(value, 2), ha="center", va="center")
        middle = x + 1.25 * columns / 2
        ax.text(middle, tall + 0.35, name, ha="center", va="bottom", weight="bold")
        ax.text(middle, -0.35, note, ha="center", va="top")
        x += 1.25 * columns + 1.4
        ax.text(x - 0.7, tall / 2, sign, ha="center", va="center", fontsize=15)
    for i, colour in enumerate(swatches):
        ax.add_patch(Rectangle((-1.3, tall - i - 0.95), 0.9, 0.9, facecolor=colour))
    ax.set(xlim=(-1.4, x - 1.3), ylim=(-1.5, tall + 1.1), aspect="equal")
    ax.set_axis_off()
    return ax


def _wire(ax, start, end, weight, largest, digits):
    """One connection, and its weight a third of the way along, where wires are apart."""
    colour = YES if weight >= 0 else NO
    width = 0.8 + 4.2 * abs(weight) / largest
    start = start[0] + 0.1, start[1]
    ax.plot(*zip(start, end, strict=True), color=colour, linewidth=width, alpha=0.75, zorder=1)
    x, y = (a + 0.33 * (b - a) for a, b in zip(start, end, strict=True))
    plate = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    ax.text(x, y, text_of(weight, digits), ha="center", va="center", bbox=plate, zorder=2)


def _unit(ax, spot, text):
    """One neuron with its bias."""
    ax.add_patch(Circle(spot, 0.45, facecolor="white", edgecolor="black", linewidth=1.4, zorder=3))
    ax.text(*spot, text, ha="center", va="center", zorder=4)
