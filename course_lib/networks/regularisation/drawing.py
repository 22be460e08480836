"""What regularisation changes, drawn on Axes: boundaries, pairs of curves, weights.

Taught in ``02_4_dropout_and_friends``.
"""

import numpy as np
from matplotlib.colors import ListedColormap

from course_lib import plot

LEARNT, NEW = plot.BLUE, plot.VERMILLION
# Light blue and light orange: the answers behind samples of the full colours.
_ANSWERS = ListedColormap(["#FBE7C6", "#CFE4F2"])


def show_boundary(ax, answer, points, labels, title, *, flipped=None):
    """Colour the plane by a classifier's answers, with the samples that it learnt from.

    Parameters
    ----------
    ax : Axes
    answer : callable
        Takes points ``(N, 2)`` and returns classes ``(N,)``, 0 or 1.
    points : (N, 2) ndarray
    labels : (N,) ndarray
        0 orange square, 1 blue circle.
    title : str
    flipped : (N,) bool ndarray, optional
        Samples whose label is wrong; they get a black rim.

    Returns
    -------
    Axes
    """
    flipped = np.zeros(len(points), bool) if flipped is None else flipped
    low, high = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    axes = [np.linspace(a, b, 200) for a, b in zip(low, high, strict=True)]
    plane = np.stack(np.meshgrid(*axes), axis=-1)
    answers = answer(plane.reshape(-1, 2)).reshape(200, 200)
    extent = (low[0], high[0], low[1], high[1])
    ax.imshow(answers, cmap=_ANSWERS, vmin=0, vmax=1, origin="lower", extent=extent, aspect="auto")
    ax.contour(*axes, answers, levels=[0.5], colors="black", linewidths=1)
    for label, marker, colour in ((0, "s", plot.ORANGE), (1, "o", plot.BLUE)):
        for rim, edge in ((False, "white"), (True, "black")):
            chosen = (labels == label) & (flipped == rim)
            width = 1.6 if rim else 0.5
            look = {"marker": marker, "color": colour, "edgecolor": edge, "linewidth": width}
            ax.scatter(*points[chosen].T, s=34, zorder=3 + rim, **look)
    ax.set(xlabel="feature 0", ylabel="feature 1", title=title, xticks=[], yticks=[])
    return ax


def show_gap(ax, history, title, *, what="loss", best=None, limits=None):
    """Draw what a network reached on the samples it learnt from and on others, epoch by epoch.

    Parameters
    ----------
    ax : Axes
    history : dict, or list of dict
        As `layers.train` returns it; of several runs, their mean and the range between the lowest
        and the highest are drawn.
    title : str
    what : str
        ``"loss"`` or ``"accuracy"``.
    best : int, optional
        An epoch, from 0, to mark.
    limits : (float, float), optional
        Of the y axis.

    Returns
    -------
    Axes
    """
    runs = [history] if isinstance(history, dict) else history
    for key, name, colour, dash in (
        (what, "learnt from", LEARNT, "-"),
        (f"held_out_{what}", "new samples", NEW, "--"),
    ):
        curves = np.array([run[key] for run in runs])  # (runs, epochs)
        epochs = np.arange(1, curves.shape[1] + 1)
        ax.plot(epochs, curves.mean(axis=0), dash, color=colour, linewidth=2, label=name)
        if len(runs) > 1:
            ax.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.2)
    if best is not None:
        ax.axvline(best + 1, color="black", linestyle=":", label=f"best epoch: {best + 1}")
    ax.set(xlabel="epoch", ylabel=what, title=title, ylim=limits)
    return ax


def show_counts(ax, counts, expected, title):
    """Compare how often each count came with how often it should come.

    Parameters
    ----------
    ax : Axes
    counts : dict of str to (K,) ndarray
        For each maker, the share of rows in which 0, 1, ... values were kept.
    expected : (K,) ndarray
    title : str

    Returns
    -------
    Axes
    """
    kept = np.arange(len(expected))
    width = 0.8 / len(counts)
    colours = (plot.BLUE, plot.ORANGE, plot.GREEN)
    for n, (name, share) in enumerate(counts.items()):
        ax.bar(
            kept + (n - (len(counts) - 1) / 2) * width, share, width, color=colours[n], label=name
        )
    ax.plot(kept, expected, "k_", markersize=14, label="binomial distribution")
    ax.set(xlabel="values kept, of 10", ylabel="share of rows", title=title, xticks=kept)
    ax.legend()
    return ax


def show_spread(axes, layers, title, *, limit=3.0):
    """Draw the histogram of each layer's values, one below the other.

    Parameters
    ----------
    axes : sequence of Axes
    layers : sequence of ndarray
        The values of one layer each.
    title : str
        Over the first.
    limit : float
        Values beyond it are counted in the outermost bars.

    Returns
    -------
    sequence of Axes
    """
    bins = np.linspace(-limit, limit, 49)
    for number, (ax, values) in enumerate(zip(axes, layers, strict=True), start=1):
        values = np.clip(np.ravel(values), -limit, limit)
        ax.hist(values, bins, weights=np.full(len(values), 1 / len(values)), color=plot.BLUE)
        ax.set(yticks=[], xlim=(-limit, limit), ylabel=f"layer {number}")
        ax.set_title(title if number == 1 else "")
    axes[-1].set_xlabel("value before the ReLU")
    return axes


def show_bars(ax, results, title, *, guess):
    """Compare what was reached on the samples learnt from and on new ones.

    Parameters
    ----------
    ax : Axes
    results : dict of str to (float, float)
        Accuracy on the samples learnt from, and on new ones.
    title : str
    guess : float
        The accuracy of guessing.

    Returns
    -------
    Axes
    """
    known, new = np.array(list(results.values())).T
    rows = np.arange(len(results))
    ax.barh(rows - 0.2, known, 0.38, color=LEARNT, label="learnt from")
    ax.barh(rows + 0.2, new, 0.38, color=NEW, hatch="//", edgecolor="white", label="new samples")
    ax.axvline(guess, color="black", linestyle=":", label="guessing")
    ax.set(yticks=rows, yticklabels=list(results), xlabel="accuracy", xlim=(0, 1), title=title)
    ax.invert_yaxis()
    ax.figure.legend(loc="outside lower center", ncols=3)
    return ax
