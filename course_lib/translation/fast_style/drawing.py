"""The two-input design, statistics of channels and walls of pictures, drawn on Axes.

Taught in ``10_2_fast_style_transfer``.
"""

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib import checks, plot

PREDICTS, PAINTS = "#FBE0A8", "#BFE0F5"  # pale orange and pale blue


def show_design(ax, content, style, code, painted):
    """Draw which network takes what and gives what.

    Parameters
    ----------
    ax : Axes
    content, style, painted : (H, W, 3) array_like
        RGB in [0, 1], shown in their places.
    code : (100,) array_like
        Drawn as 10x10 squares.

    Returns
    -------
    Axes
    """
    ax.set(xlim=(0, 10), ylim=(0, 5.2), aspect="equal")
    ax.axis("off")
    square = checks.array(code, "code", shape=(100,)).reshape(10, 10)
    for name, picture, x, y in (
        ("style picture", style, 0, 3.1),
        ("100 numbers: its code", square, 5.1, 3.1),
        ("photo", content, 0, 0.3),
        ("painted photo", painted, 8.2, 0.3),
    ):
        inset = ax.inset_axes([x, y, 1.8, 1.8], transform=ax.transData)
        inset.imshow(picture, cmap="viridis" if picture is square else None, aspect="auto")
        inset.set(xticks=[], yticks=[])
        ax.text(x + 0.9, y - 0.08, name, ha="center", va="top", fontsize=10)
    _box(ax, 2.5, 3.25, 1.9, "reads the style\n(MobileNetV2)", PREDICTS)
    _box(
        ax,
        2.5,
        0.45,
        5.0,
        "paints: convolutions; 13 of 16 are\nnormalised, then scaled and shifted",
        PAINTS,
    )
    arrows = [((1.85, 4), (2.45, 4)), ((4.45, 4), (5.05, 4)), ((6, 2.75), (6, 2.0))]
    arrows += [((1.85, 1.2), (2.45, 1.2)), ((7.55, 1.2), (8.15, 1.2))]
    for start, end in arrows:
        ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=16, color="0.2"))
    ax.text(6.2, 2.4, "says scale and shift\nof each channel", va="center", fontsize=10)
    return ax


def _box(ax, x, y, width, text, colour):
    """A network."""
    box = FancyBboxPatch((x, y), width, 1.5, boxstyle="round,pad=0.05", fc=colour, ec="0.3")
    ax.add_patch(box)
    ax.text(x + width / 2, y + 0.75, text, ha="center", va="center", fontsize=10)


def show_channels(ax, content, style, *, colours=("#C1121F", "#2A9D4B", "#1D4ED8")):
    """Draw where the values of three channels lie, in one picture and in another.

    Parameters
    ----------
    ax : Axes
    content, style : (H, W, 3) array_like
        Content is drawn filled, style as a line; a dot stands at each mean, a bar for a deviation
        to both sides.

    Returns
    -------
    Axes
    """
    content, style = (
        checks.array(picture, name, shape=(None, None, 3)).astype(float)
        for picture, name in ((content, "content"), (style, "style"))
    )
    edges = np.linspace(0, 1, 41)
    for row, (name, colour) in enumerate(zip(("red", "green", "blue"), colours, strict=True)):
        base = 2 - row
        for picture, filled in ((content, True), (style, False)):
            values = picture[..., row].ravel()
            height = np.histogram(values.clip(0, 1), edges)[0] / values.size
            height = 0.8 * height / max(height.max(), 1e-9)
            middle = (edges[:-1] + edges[1:]) / 2
            if filled:
                ax.fill_between(middle, base, base + height, color=colour, alpha=0.35, lw=0)
            else:
                ax.plot(middle, base + height, color="black", lw=1.2)
            y = base - (0.06 if filled else 0.13)
            ax.errorbar(
                values.mean(), y, xerr=values.std(), fmt="o", ms=4, capsize=3,
                color=colour if filled else "black",
            )  # fmt: skip
        ax.text(-0.02, base + 0.35, name, ha="right", va="center")
    ax.set(xlim=(0, 1), ylim=(-0.25, 2.95), yticks=[], xlabel="value of a pixel")
    return ax


def show_statistics(ax, before, after, wanted, label):
    """Draw a number per channel against the one that was wanted, before and after.

    Parameters
    ----------
    ax : Axes
    before, after, wanted : (C,) array_like
    label : str
        What the numbers are, such as ``"mean"``.

    Returns
    -------
    Axes
    """
    wanted = checks.array(wanted, "wanted", ndim=1)
    before, after = (
        checks.array(values, name, shape=wanted.shape)
        for values, name in ((before, "before"), (after, "after"))
    )
    top = 1.05 * max(np.max(before), np.max(after), np.max(wanted))
    ax.plot([0, top], [0, top], color="0.6", lw=1)
    ax.plot(wanted, before, "x", color=plot.ORANGE, ms=5, label="before: the photo's")
    ax.plot(wanted, after, "o", color=plot.BLUE, ms=4, label="after AdaIN")
    ax.set(xlabel=f"{label} of the style's channel", ylabel=f"{label} of the photo's channel")
    ax.set(xlim=(0, top), ylim=(0, top))
    return ax


def wall(pictures, *, gap=4):
    """Put pictures of one size side by side into one, row under row.

    Parameters
    ----------
    pictures : sequence of sequence of (H, W, 3) array_like
        Rows of equal length.
    gap : int
        White pixels between them.

    Returns
    -------
    (rows * (H + gap) - gap, columns * (W + gap) - gap, 3) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        If sizes or lengths of rows differ, they are no colour pictures, or the gap is no whole
        number of 0 or more.
    """
    gap = checks.number(gap, "gap", low=0, integer=True)
    if not hasattr(pictures, "__len__") or not all(hasattr(row, "__len__") for row in pictures):
        raise TypeError("pictures are no rows of pictures; wanted a list of lists.")
    sizes = {np.shape(picture) for row in pictures for picture in row}
    if len(sizes) != 1 or len({len(row) for row in pictures}) != 1:
        raise ValueError("pictures differ in size, or rows in length; wanted all the same.")
    tiles = checks.array(pictures, "pictures", shape=(None, None, None, None, 3), finite=False)
    tiles = tiles.astype(np.float32)  # (rows, columns, H, W, 3)
    tiles = np.pad(tiles, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=1)
    rows, columns, height, width, _ = tiles.shape
    whole = tiles.swapaxes(1, 2).reshape(rows * height, columns * width, 3)
    return whole[: rows * height - gap, : columns * width - gap]
