"""Figures of ``06_1_heatmaps_and_affinity_fields``: crowds, fields as arrows, tops and tables."""

import numpy as np
from matplotlib.colors import to_rgb

from course_lib import plot
from course_lib.pose.fields.hills import vertex

SAMPLE_MARKS = ("o", "s", "^", "D")
WHEEL = (plot.ORANGE, plot.GREEN, plot.BLUE, plot.PURPLE)  # right, down, left, up


def show_people(ax, people, height, width, *, paper=None, colour=None, title=None):
    """Draw people on paper of the map's size; colours go from left to right: neighbours differ.

    Parameters
    ----------
    ax : Axes
    people : People
    height, width : int
    paper : (height, width) ndarray, optional
        White if left out.
    colour : colour, optional
        Of all limbs, for a crowd in which nobody is told apart; a colour a person otherwise.
    title : str, optional

    Returns
    -------
    Axes
    """
    paper = np.ones((height, width)) if paper is None else paper
    if colour is None:
        middle = people.keypoints[..., 0].sum(axis=1) / np.maximum(people.found.sum(axis=1), 1)
        plot.show_skeletons(paper, people.keypoints[np.argsort(middle)], people.limbs[:17], ax=ax)
        for joints in ax.collections:
            joints.set(sizes=[14], linewidth=0.5)  # small: some limbs have two pixels
    else:
        plot.show_images([paper], axes=[ax])
        for (a, b), person in ((limb, p) for p in people.keypoints for limb in people.limbs[:17]):
            if person[a, 2] and person[b, 2]:
                ax.plot(*person[[a, b], :2].T, color=colour, linewidth=1.5)
    ax.set(title=title or "", xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    ax.spines[:].set_visible(True)
    return ax


def direction_colours(field):
    """A picture of a field: the colour says where its vectors point, white is no vector.

    Parameters
    ----------
    field : (H, W, L, 2) ndarray
        The longest vector of each pixel is shown.

    Returns
    -------
    (H, W, 3) float64 ndarray
        RGB in [0, 1]: orange points right, green down, blue left, purple up, mixtures between.
    """
    length = np.linalg.norm(field, axis=-1)
    longest = length.argmax(axis=2)[..., None]
    x, y = np.moveaxis(np.take_along_axis(field, longest[..., None], axis=2)[:, :, 0], -1, 0)
    quarter = (np.arctan2(y, x) / (np.pi / 2)) % 4
    wheel = np.array([to_rgb(colour) for colour in (*WHEEL, WHEEL[0])])
    places, strength = np.arange(5), np.clip(length.max(axis=2), 0, 1)[..., None]
    hue = np.stack([np.interp(quarter, places, channel) for channel in wheel.T], axis=-1)
    return 1 - strength * (1 - hue)


def show_field(ax, field, *, image=None, title=None, colour=plot.BLUE, shortest=0.05):
    """Draw a field as arrows, one a pixel; the longest is nearly a pixel long.

    Parameters
    ----------
    ax : Axes
    field : (H, W, 2) ndarray
    image : (H, W) or (H, W, 3) ndarray, optional
        Drawn beneath; may have another size than the field.
    title : str, optional
    colour : colour
    shortest : float
        Shorter vectors are left out.

    Returns
    -------
    Axes
    """
    height, width = field.shape[:2]
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    if image is not None:
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=extent)
    y, x = np.nonzero(np.linalg.norm(field, axis=2) > shortest)
    longest = np.linalg.norm(field, axis=2).max(initial=1e-9)
    arrows = {"angles": "xy", "scale_units": "xy", "scale": 1.1 * longest, "pivot": "mid"}
    ax.quiver(x, y, *field[y, x].T, color=colour, width=0.007, **arrows)
    ax.set(title=title or "", xlim=extent[:2], ylim=extent[2:], aspect="equal")
    return ax


def show_top(ax, values, true_top, *, title=None):
    """Draw three pixels of a hill, the two curves through them, and where each has its top.

    Parameters
    ----------
    ax : Axes
    values : (3,) ndarray
        At -1, 0 and 1, above 0.
    true_top : float
    title : str, optional

    Returns
    -------
    Axes
    """
    places, fine = np.array([-1, 0, 1]), np.linspace(-1.6, 1.6, 200)
    looks = {"parabola": (plot.ORANGE, "--"), "gaussian": (plot.BLUE, "-")}
    for name, (colour, dash) in looks.items():
        logs = np.log(values) if name == "gaussian" else values
        curve = np.polyval(np.polyfit(places, logs, 2), fine)
        curve = np.exp(curve) if name == "gaussian" else curve
        top = vertex(*values[:, None], name)[0]
        ax.plot(fine, curve, dash, color=colour, label=f"{name}: top at {top:.3f}")
        ax.plot(2 * [top], [0, curve.max()], dash, color=colour, linewidth=1)
    ax.plot(places, values, "o", color="black", label="pixels")
    ax.axvline(true_top, color=plot.GREEN, linestyle=":", label=f"truth: {true_top:.3f}")
    ax.set(xlabel="pixels from the highest one", ylabel="heatmap", ylim=(0, 1.6), title=title or "")
    ax.legend(loc="upper left", fontsize=10)
    return ax


def show_candidates(ax, field, lines, along):
    """Draw candidate limbs on a field, and below in the legend the mean of each.

    Parameters
    ----------
    ax : Axes
    field : (H, W, 2) ndarray
    lines : dict of str to ((float, float), (float, float))
        Name -> start and end.
    along : dict of str to (S,) ndarray
        Name -> the field's part along the line at each sample.

    Returns
    -------
    Axes
    """
    show_field(ax, field, colour="#999999")
    for number, (name, (start, end)) in enumerate(lines.items()):
        steps = np.linspace(0, 1, len(along[name]))[:, None]
        x, y = (np.array(start) + steps * (np.array(end) - start)).T
        mean = f"{name}: mean {along[name].mean():.2f}"
        style = {"color": plot.CYCLE[number], "markersize": 6, "linewidth": 1.5}
        ax.plot(x, y, marker=SAMPLE_MARKS[number % 4], label=mean, **style)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), fontsize=10)
    return ax


def show_table(ax, scores, choices, *, rows, columns, title=None):
    """Draw a table of scores, and frames around the pairs that were chosen.

    Parameters
    ----------
    ax : Axes
    scores : (N, M) ndarray
    choices : dict of str to (Q, 2) ndarray
        Name -> pairs.
    rows, columns : sequence of str
        What the starts and the ends are called.
    title : str, optional

    Returns
    -------
    Axes
    """
    ax.imshow(np.where(np.isfinite(scores), scores, 0), cmap="Greys", vmin=0, vmax=2)
    for (n, m), score in np.ndenumerate(scores):
        ax.text(m, n, f"{score:.3f}" if np.isfinite(score) else "-", ha="center", va="center")
    looks = (plot.PURPLE, "--", 0.40), (plot.BLACK, "-", 0.46)  # blue and orange are people
    for (name, pairs), (colour, dash, half) in zip(choices.items(), looks, strict=False):
        for n, m in pairs:
            x, y = m + half * np.array([-1, 1, 1, -1, -1]), n + half * np.array([-1, -1, 1, 1, -1])
            ax.plot(x, y, dash, color=colour, linewidth=2.5)
        total = sum(scores[n, m] for n, m in pairs)
        ax.plot([], [], dash, color=colour, linewidth=2.5, label=f"{name}: sum {total:.3f}")
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title(title or "")
    ax.spines[:].set_visible(False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12))
    return ax
