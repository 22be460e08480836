"""Drawings for ``09_2_dcgan``; each takes axes and returns them."""

import matplotlib.pyplot as plt
import numpy as np

from course_lib import checks, plot

PAPER = "gray_r"  # dark clothes on white paper


def sheet(pictures, columns, *, gap=2, ground=0.0):
    """Lay pictures out in rows: one array that can be drawn or written to a file.

    Parameters
    ----------
    pictures : (N, H, W) or (N, H, W, 3) array_like
        In [0, 1].
    columns : int
    gap : int
        Pixels between two pictures.
    ground : float
        The value of gaps, and of places without a picture.

    Returns
    -------
    (rows * (H + gap) - gap, columns * (W + gap) - gap[, 3]) float32 ndarray
    """
    pictures = checks.array(pictures, "pictures").astype(np.float32)
    columns = checks.number(columns, "columns", low=1, integer=True)
    gap = checks.number(gap, "gap", low=0, integer=True)
    if pictures.ndim not in (3, 4) or len(pictures) == 0:
        raise ValueError(f"pictures has shape {pictures.shape}; wanted (N, H, W), N at least 1.")
    count, height, width = pictures.shape[:3]
    rows = -(-count // columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, *pictures.shape[3:])
    out = np.full(shape, ground, np.float32)
    for n, picture in enumerate(pictures):
        y, x = n // columns * (height + gap), n % columns * (width + gap)
        out[y : y + height, x : x + width] = picture
    return out


def show_sheet(ax, pictures, columns, *, title=None, cmap=PAPER):
    """Draw pictures in rows, on white paper, without ticks."""
    paper = float(np.ndim(pictures) == 4)  # coloured pictures are on white, grey ones will be
    laid = sheet(pictures, columns, ground=paper)
    ax.imshow(laid, cmap=cmap, vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)
    if title:
        ax.set_title(title)
    return ax


def show_rows(ax, rows, labels, *, title=None, x_label=None):
    """Draw rows of pictures, each with a label at its left.

    Parameters
    ----------
    ax : matplotlib Axes
    rows : sequence of (N, H, W) array_like
    labels : sequence of str
    """
    if not len(rows) or len({len(row) for row in rows}) > 1 or len(labels) != len(rows):
        raise ValueError("rows are none, of different lengths, or not as many as labels.")
    columns, side = len(rows[0]), np.shape(rows[0])[1]
    show_sheet(ax, np.concatenate(rows), columns, title=title)
    ax.set_yticks([(side + 2) * n + side / 2 for n in range(len(rows))], labels)
    ax.tick_params(left=False)
    if x_label:
        ax.set_xlabel(x_label)
    return ax


def show_equation(axes, pictures, signs, names):
    """Draw an equation of pictures, with a sign before each but the first."""
    for ax, picture, sign, name in zip(axes, pictures, signs, names, strict=True):
        show_sheet(ax, [picture], 1)
        ax.set_title(name, fontsize=11)
        ax.text(-0.09, 0.5, sign, transform=ax.transAxes, fontsize=20, ha="center", va="center")
    return axes


def show_stamps(axes, values, stamped, places):
    """Draw a small input, two of its stamps on the output, and the sum of all.

    Parameters
    ----------
    axes : sequence of Axes
        One more than there are arrays in `stamped`.
    values : (H, W) array_like
    stamped : sequence of (h, w) array_like
        The stamps and, last, the sum.
    places : sequence of str
        A title for each axes.
    """
    top = max(np.max(array) for array in (values, *stamped))
    for ax, array, title in zip(axes, (values, *stamped), places, strict=True):
        ax.imshow(array, cmap="Blues", vmin=0, vmax=1.25 * top)
        for (y, x), value in np.ndenumerate(array):
            if value:
                colour = "white" if value > 0.7 * top else "black"
                ax.text(x, y, f"{value:g}", ha="center", va="center", color=colour)
        ax.set(xticks=[], yticks=[], title=title)
    return axes


def show_losses(ax, record, *, smooth=25):
    """Draw the losses of a training, each the mean of so many steps."""
    colours = {"discriminator": plot.VERMILLION, "generator": plot.BLUE}
    for (name, values), style in zip(record.curves.items(), ("-", "--"), strict=False):
        count = len(values) // smooth * smooth
        means = np.reshape(values[:count], (-1, smooth)).mean(axis=1)
        steps = smooth * (np.arange(len(means)) + 0.5)
        ax.plot(steps, means, style, color=colours.get(name), label=name)
    ax.set(xlabel="step", ylabel=f"loss, mean of {smooth} steps")
    ax.legend()
    return ax


def show_bars(ax, values, *, x_label, title=None, best="low"):
    """Draw one bar per name with its number beside it; the best one stands out."""
    names, numbers = list(values), list(values.values())
    good = min(numbers) if best == "low" else max(numbers)
    colours = [plot.GREEN if number == good else plot.SKY for number in numbers]
    bars = ax.barh(names, numbers, color=colours)
    ax.bar_label(bars, fmt="%.3g", padding=4)
    ax.invert_yaxis()
    ax.set(xlabel=x_label, xlim=(0, 1.15 * max(numbers)))
    if title:
        ax.set_title(title)
    return ax


def show_copies(ax, distances):
    """Draw how far each kind of picture is from its nearest training picture.

    Parameters
    ----------
    ax : matplotlib Axes
    distances : dict of str to (N,) array_like
    """
    top = max(np.max(values) for values in distances.values())
    bins = np.linspace(0, top, 40)
    styles = [("-", plot.BLACK), ("--", plot.ORANGE), (":", plot.BLUE)]
    for (name, values), (line, colour) in zip(distances.items(), styles, strict=False):
        ax.hist(
            values, bins, histtype="step", lw=2.2, ls=line, color=colour, label=name, density=True
        )
    ax.set(xlabel="distance to the nearest training picture", ylabel="density")
    ax.legend()
    return ax


def tint(pictures, rows, columns, *, cmap="plasma"):
    """Give every picture of a sheet the colour of its place: ``(N, H, W, 3)`` on white.

    Parameters
    ----------
    pictures : (rows * columns, H, W) array_like
        In [0, 1], 0 being the paper.
    rows, columns : int
    cmap : str
        A colour map of matplotlib, run through from corner to corner.
    """
    pictures = checks.array(pictures, "pictures", shape=(rows * columns, None, None))
    y, x = np.mgrid[0:rows, 0:columns]
    share = (y / max(rows - 1, 1) + x / max(columns - 1, 1)) / 2
    ink = plt.get_cmap(cmap)(0.05 + 0.72 * share.ravel())[:, :3]
    strength = pictures.astype(np.float32)[..., None]
    return 1 - strength * (1 - ink[:, None, None, :].astype(np.float32))
