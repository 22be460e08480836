"""Figures of ``06_2_openpose``: maps by name, fields as arrows, skeletons with two sides."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from course_lib import checks, images, plot
from course_lib.pose.openpose.scoring import checked, noses

# Colour, dash, marker and letter of each side: in a grey print the dashes still tell them apart.
SIDES = {
    "right": (plot.ORANGE, (0, (2.2, 0.9)), "s", "R"),
    "left": (plot.SKY, "-", "o", "L"),
    "middle": ("white", (0, (1, 0.8)), "D", ""),
}


def side(*names):
    """The side of a part, or of a limb between parts: "right", "left" or "middle"."""
    words = {name.split()[0] for name in names} & {"right", "left"}
    return words.pop() if len(words) == 1 else "middle"


def show_skeletons(image, people, *, ax, thin=1.0, numbers=False, title=None):
    """Draw people with the right side orange, dashed and square, the left blue, solid and round.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        Values in [0, 1].
    people : People
        In the picture's pixels. The lowest part found of each side carries R or L.
    ax : Axes
    thin : float
        Scales lines and markers; less for many people.
    numbers : bool
        Whether to write each person's number, from 1, at the topmost part.
    title : str, optional

    Returns
    -------
    Axes
    """
    image, people = checks.image(image), checked(people)
    plot.show_images([image], [title or ""], axes=[ax])
    for number, points in enumerate(people.keypoints, start=1):
        for a, b in people.limbs:
            if points[a, 2] > 0 and points[b, 2] > 0:
                _limb(ax, points[[a, b], :2], side(people.names[a], people.names[b]), thin)
        _joints(ax, points, people.names, thin)
        if numbers and (points[:, 2] > 0).any():
            x, y, _ = points[points[:, 2] > 0][points[points[:, 2] > 0, 1].argmin()]
            badge = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            ax.text(x, y - 6, number, ha="center", va="bottom", fontsize=10, bbox=badge)
    ax.set(xlim=(-0.5, np.shape(image)[1] - 0.5), ylim=(np.shape(image)[0] - 0.5, -0.5))
    return ax


def show_legend(ax, **where):
    """Say in a legend which line is which side.

    Parameters
    ----------
    ax : Axes
    **where
        As for matplotlib's ``legend``.

    Returns
    -------
    Axes
    """
    lines = [
        Line2D([], [], color=colour, linestyle=dash, marker=marker, markeredgecolor="black", lw=3)
        for colour, dash, marker, _ in SIDES.values()
    ]
    words = ["the person's right", "the person's left", "in the middle"]
    ax.legend(lines, words, labelcolor="black", facecolor="#BBBBBB", frameon=True, **where)
    return ax


def show_heatmaps(maps, titles, *, columns=5, size=1.75):
    """Draw heatmaps with their names, all on one scale from 0 to 1.

    Parameters
    ----------
    maps : (h, w, K) array
    titles : sequence of str
        One per map.
    columns : int
    size : float
        Width of each in inches.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        If there are no maps, or not as many titles.
    """
    maps = checks.array(maps, "maps", shape=(None, None, len(titles)))
    figure, axes = _grid(maps.shape, len(titles), columns, size)
    for ax, values, title in zip(axes, np.moveaxis(maps, 2, 0), titles, strict=True):
        drawn = ax.imshow(values, cmap="inferno", vmin=0, vmax=1)
        ax.set_title(title, fontsize=10)
    figure.colorbar(drawn, ax=list(axes), label="score", shrink=0.4)
    return figure


def show_fields(fields, titles, *, columns=4, size=2.15):
    """Draw x (left) and y (right) of each limb's field: red above 0, blue below.

    Parameters
    ----------
    fields : (h, w, L, 2) array
    titles : sequence of str
        One per limb.
    columns : int
    size : float
        Width of each pair in inches.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ValueError
        If there are no fields, or not as many titles.
    """
    fields = checks.array(fields, "fields", shape=(None, None, len(titles), 2))
    height, width = fields.shape[:2]
    gap = np.full((height, max(1, width // 20)), np.nan)
    pairs = [np.hstack([f[..., 0], gap, f[..., 1]]) for f in np.moveaxis(fields, 2, 0)]
    shape = (height, 2 * width + gap.shape[1])
    figure, axes = _grid(shape, len(titles), columns, size, 0.6)
    for ax, values, title in zip(axes, pairs, titles, strict=True):
        drawn = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
        ax.set_title(title.replace(" to ", "\nto "), fontsize=10)
        for x, letter in ((0.02, "x"), (0.54, "y")):
            ax.text(x, 0.96, letter, transform=ax.transAxes, va="top", fontsize=10)
    figure.colorbar(drawn, ax=list(axes), label="arrow's part along x and y (y: down)", shrink=0.4)
    return figure


def show_arrows(image, field, *, ax, title=None, least=0.25):
    """Draw one limb's field as arrows on a grey picture, cut out around them.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    field : (h, w, 2) array
        Over the whole picture; smaller.
    ax : Axes
    title : str, optional
    least : float
        Shorter arrows are left out; where none is longer, the whole picture is shown.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the picture is none, or the field not of shape (h, w, 2).
    """
    field = checks.array(field, "field", shape=(None, None, 2))
    plot.show_images([images.to_grey(image)], [title or ""], axes=[ax])
    step = np.array([np.shape(image)[1] / field.shape[1], np.shape(image)[0] / field.shape[0]])
    y, x = np.nonzero(np.hypot(field[..., 0], field[..., 1]) > least)
    if not x.size:
        return ax
    places = (np.stack([x, y], axis=1) + 0.5) * step - 0.5  # (N, 2)
    look = {
        "angles": "xy",
        "scale_units": "xy",
        "scale": 0.75 / step[1],
        "width": 0.009,
        "headwidth": 3.5,
    }
    ax.quiver(*places.T, *field[y, x].T, color=plot.YELLOW, edgecolor="black", lw=0.6, **look)
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    reach = np.ptp(places, axis=0).max() / 2 + 3 * step.max()
    ax.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] + reach, middle[1] - reach))
    return ax


def show_verdict(image, people, boxes, score, *, ax, title=None, thin=0.6):
    """Draw people, annotated faces white (missed: dashed), and false noses as crosses.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
    people : People
    boxes : (F, 4) array
    score : FaceScore
        Of these people's noses and these boxes.
    ax : Axes
    title : str, optional
    thin : float
        As in `show_skeletons`.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the score is of other boxes or other people.
    """
    boxes, found = checks.boxes(boxes), noses(people)
    if score.hit.shape != boxes.shape[:1] or score.false.shape != found.shape[:1]:
        raise ValueError(
            f"score is of {len(score.hit)} faces and {len(score.false)} noses; here are "
            f"{len(boxes)} and {len(found)}: use score_faces(noses(people), boxes)."
        )
    show_skeletons(image, people, ax=ax, thin=thin, title=title)
    for chosen, style in ((score.hit, "-"), (~score.hit, "--")):
        plot.show_boxes(None, boxes[chosen], colour="white", style=style, ax=ax)
    false = found[score.false]
    ax.scatter(*false[:, :2].T, marker="x", s=120, color=plot.VERMILLION, linewidth=3, zorder=5)
    return ax


def _limb(ax, ends, which, thin):
    colour, dash, _, _ = SIDES[which]
    ax.plot(*ends.T, color="black", linewidth=5 * thin, solid_capstyle="round")
    ax.plot(*ends.T, color=colour, linestyle=dash, linewidth=3 * thin, dash_capstyle="butt")


def _joints(ax, points, names, thin):
    """Markers at the parts found; the lowest of each side carries its letter."""
    for which, (colour, _, marker, letter) in SIDES.items():
        mine = [k for k, name in enumerate(names) if side(name) == which and points[k, 2] > 0]
        look = {"marker": marker, "facecolor": colour, "edgecolor": "black", "zorder": 3}
        ax.scatter(*points[mine, :2].T, s=32 * thin**2, linewidth=0.8, **look)
        if letter and mine:
            x, y, _ = points[max(mine, key=lambda k: points[k, 1])]
            badge = {"facecolor": colour, "edgecolor": "black", "pad": 1.2, "linewidth": 0.6}
            ax.text(x, y, letter, ha="center", va="center", fontsize=9, bbox=badge, zorder=4)


def _grid(shape, count, columns, size, words=0.4):
    """A figure with `count` Axes for maps of a shape, and `words` inches for each title."""
    if not count or 0 in shape:
        raise ValueError(f"there are {count} maps of shape {shape[:2]}; wanted at least one pixel.")
    columns = checks.number(columns, "columns", low=1, integer=True)
    rows = -(-count // columns)
    shape = (columns * size + 0.9, rows * (size * shape[0] / shape[1] + words))
    figure, axes = plt.subplots(rows, columns, figsize=shape, layout="constrained", squeeze=False)
    for number, ax in enumerate(axes.ravel()):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        if number >= count:
            ax.set_axis_off()
    return figure, axes.ravel()[:count]
