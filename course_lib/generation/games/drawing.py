"""The game drawn on Axes: densities, what the discriminator says, and where codes are sent.

Taught in ``09_1_adversarial_game``. Data is blue, what the generator makes is orange, the
discriminator is green, in every figure.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from course_lib import plot

# From "generated" over "do not know" to "real", light enough for points on top.
VERDICT = LinearSegmentedColormap.from_list("verdict", ["#fae0ae", "#ffffff", "#aadcca"])
NIGHT = "#14182b"


def show_line(ax, x, data, model, probability, *, best=None):
    """Draw both densities on a line, and the discriminator's answer.

    Parameters
    ----------
    ax : Axes
    x : (N,) array
        Places.
    data, model : (N,) array
        Densities of real and generated samples there.
    probability : (N,) array
        The discriminator's probability of "real" there.
    best : (N,) array, optional
        What the optimal discriminator would say.

    Returns
    -------
    Axes
    """
    ax.fill_between(x, data, color=plot.BLUE, alpha=0.25, linewidth=0)
    ax.plot(x, data, color=plot.BLUE, label="data: density")
    ax.plot(x, model, color=plot.ORANGE, linestyle="--", linewidth=2, label="generator: density")
    ax.plot(x, probability, color=plot.GREEN, linewidth=2.5, label='discriminator: "real"')
    if best is not None:
        ax.plot(x, best, color="black", linestyle=":", label="optimal discriminator")
    ax.axhline(0.5, color="0.8", linewidth=1, zorder=0)
    ax.set(xlim=(x[0], x[-1]), ylim=(0, 1.25), xlabel="sample x")
    return ax


def show_map(ax, codes, samples, *, limits):
    """Draw where a generator sends codes: a line from each code above to its sample below.

    Parameters
    ----------
    ax : Axes
    codes, samples : (N,) array
    limits : (low, high)
        Of the axis of samples; codes are drawn on the same scale.

    Returns
    -------
    Axes
    """
    for code, sample in zip(codes, samples, strict=True):
        arrow = {
            "arrowstyle": "-|>",
            "color": plot.ORANGE,
            "alpha": 0.8,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", (sample, 0), (code, 1), arrowprops=arrow, annotation_clip=False)
    ax.plot(codes, np.ones(len(codes)), "|", color="black", markersize=7)
    ax.set(xlim=limits, ylim=(0, 1), xticks=[], yticks=[0, 1], yticklabels=["x", "code z"])
    ax.tick_params(length=0)
    for side in ("top", "bottom", "left", "right"):
        ax.spines[side].set_visible(side in ("top", "bottom"))
    return ax


def show_history(axes, history, x, data):
    """Draw moments of a game on a line: densities above the map from codes.

    Parameters
    ----------
    axes : (2, T) array of Axes
    history : list of (step, probability, model, codes, samples)
        As `show_line` and `show_map` take them, T of them.
    x, data : (N,) array

    Returns
    -------
    (2, T) array of Axes
    """
    for number, (step, probability, model, codes, samples) in enumerate(history):
        above, below = axes[:, number]
        total = data + model
        best = np.divide(data, total, out=np.full(len(x), np.nan), where=total > 0.003)
        show_line(above, x, data, model, probability, best=best)
        above.set(title=f"step {step:,}", xlabel="")
        show_map(below, codes, samples, limits=(x[0], x[-1]))
        if number:
            above.set_yticklabels([])
            below.set_yticklabels([])
    axes[0, 0].set_ylabel("density, probability")
    return axes


def show_clouds(ax, real, generated, *, limit=5.5):
    """Draw real and generated points of the plane.

    Parameters
    ----------
    ax : Axes
    real, generated : (N, 2) array
    limit : float
        Half the side of the square that is drawn.

    Returns
    -------
    Axes
    """
    ax.scatter(*np.asarray(real).T, s=9, color=plot.BLUE, label="data", linewidth=0)
    look = {"s": 12, "color": plot.ORANGE, "marker": "^", "linewidth": 0}
    ax.scatter(*np.asarray(generated).T, label="generated", **look)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xlabel="$x_0$")
    ax.set_ylabel("$x_1$", labelpad=-2)
    return ax


def show_verdict(ax, probability, *, limit=5.5):
    """Draw a discriminator's answers as the ground: green "real", orange "generated".

    Parameters
    ----------
    ax : Axes
    probability : (H, W) array
        On a square grid, the lowest row first.
    limit : float
        Half the side of the square.

    Returns
    -------
    matplotlib AxesImage
        For a colour bar.
    """
    extent = (-limit, limit, -limit, limit)
    look = {"origin": "lower", "extent": extent, "interpolation": "bilinear"}
    return ax.imshow(probability, cmap=VERDICT, vmin=0, vmax=1, zorder=0, **look)


def show_film(axes, films, codes, centres, *, limit=5.5):
    """Draw how generators spread: a row for each, a column for each moment, at night.

    Parameters
    ----------
    axes : (R, T) array of Axes
    films : dict of str to list of (step, samples, caption)
        One row per entry, T moments each.
    codes : (N, 2) array
        Of the samples: a sample has the colour of its code's direction.
    centres : (K, 2) array
        Rings at the modes.
    limit : float

    Returns
    -------
    (R, T) array of Axes
    """
    colours = np.arctan2(codes[:, 1], codes[:, 0])
    for row, (name, film) in zip(axes, films.items(), strict=True):
        first = name == next(iter(films))
        row[0].set_ylabel(name)
        for ax, (step, samples, caption) in zip(row, film, strict=True):
            ax.set(facecolor=NIGHT, xticks=[], yticks=[], aspect="equal")
            ax.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel=caption)
            ring = {"facecolor": "none", "edgecolor": "0.65", "linewidth": 1}
            ax.scatter(*centres.T, s=130, **ring)
            look = {"cmap": "hsv", "s": 4, "alpha": 0.8, "linewidth": 0}
            ax.scatter(*samples.T, c=colours, vmin=-np.pi, vmax=np.pi, **look)
            if first:
                ax.set_title(f"step {step:,}")
    return axes


def show_colours(ax, colours, *, title=None):
    """Draw colours where their red and blue put them, each in itself.

    Parameters
    ----------
    ax : Axes
    colours : (N, 3) array
        RGB; what leaves [0, 1] is drawn at its border.
    title : str, optional

    Returns
    -------
    Axes
    """
    shown = np.clip(colours, 0, 1)
    ax.scatter(shown[:, 0], shown[:, 2], c=shown, s=10, linewidth=0)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xlabel="red", ylabel="blue")
    ax.set(facecolor="0.85", title=title or "")
    return ax
