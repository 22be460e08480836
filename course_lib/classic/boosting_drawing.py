"""Samples of two classes and a classifier's answers, drawn on the plane.

Taught in ``01_2_adaboost``.
"""

import numpy as np
from matplotlib.colors import ListedColormap

from course_lib import plot

PLUS, MINUS = plot.BLUE, plot.ORANGE
# The same hues, light enough for samples to stand out on them: below 0 and above it.
ANSWERS = ListedColormap(["#FBE7C6", "#CFE4F2"])


def show_samples(ax, X, labels, *, weights=None, size=26, ringed=None, signs=False):
    """Draw samples: blue circles are +1, orange squares -1.

    Parameters
    ----------
    ax : Axes
    X : (n_samples, 2) array
        Across and up.
    labels : (n_samples,) array
        -1 and +1.
    weights : (n_samples,) array, optional
        Areas are proportional to them; all equal if left out.
    size : float
        Area of a sample of average weight, in square points.
    ringed : (n_samples,) bool array, optional
        Samples with a black rim, such as mistakes.
    signs : bool
        Whether to write + and - into them; for large ones.

    Returns
    -------
    Axes
    """
    X, labels = np.asarray(X), np.asarray(labels)
    weights = np.ones(len(X)) if weights is None else np.asarray(weights)
    areas = size * weights / weights.mean()
    ringed = np.zeros(len(X), bool) if ringed is None else ringed
    for sign, marker, colour in ((1, "o", PLUS), (-1, "s", MINUS)):
        for rim, edge, width in ((False, "white", 0.4), (True, "black", 1.1)):
            chosen = (labels == sign) & (ringed == rim)
            look = {"marker": marker, "color": colour, "edgecolor": edge, "linewidth": width}
            ax.scatter(*X[chosen].T, s=areas[chosen], zorder=3 + rim, **look)
    for point, label in zip(X, labels, strict=True):
        if signs:
            place = {"ha": "center", "va": "center_baseline", "zorder": 6}
            ax.text(*point, "+" if label > 0 else "−", color="white", weight="bold", **place)
    return ax


def show_answers(ax, answer, *, limits=(-1, 1, -1, 1), resolution=300, line=True):
    """Colour the plane by a classifier's answers and draw the line between them.

    Parameters
    ----------
    ax : Axes
    answer : callable
        Takes samples (N, 2) and returns (N,) numbers: above 0 means +1.
    limits : (x0, x1, y0, y1)
    resolution : int
        Points per side at which the classifier is asked.
    line : bool
        Whether to draw the boundary.

    Returns
    -------
    Axes
    """
    x0, x1, y0, y1 = limits
    half = 0.5 / resolution  # the middles of the squares that are coloured
    across = np.linspace(x0, x1, resolution, endpoint=False) + half * (x1 - x0)
    up = np.linspace(y0, y1, resolution, endpoint=False) + half * (y1 - y0)
    plane = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    above = (answer(plane) > 0).reshape(resolution, resolution)
    ax.imshow(above, cmap=ANSWERS, vmin=0, vmax=1, origin="lower", extent=limits, aspect="auto")
    if line and above.any() and not above.all():
        ax.contour(across, up, above, levels=[0.5], colors="black", linewidths=1)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    return ax


def show_stump(ax, stump, X, labels, weights, *, limits=(-1, 1, -1, 1), size=20, signs=False):
    """Draw one round of boosting: the stump's answers, the samples' weights, mistakes ringed.

    Parameters
    ----------
    ax : Axes
    stump : boosting.Stump
    X, labels, weights, size, signs
        See `show_samples`; the weights are those that the stump was trained with.
    limits : (x0, x1, y0, y1)

    Returns
    -------
    Axes
    """
    show_answers(ax, stump.predict, limits=limits)
    wrong = stump.predict(X) != labels
    return show_samples(ax, X, labels, weights=weights, size=size, ringed=wrong, signs=signs)


def show_sorted_pass(ax, values, labels, weights, errors):
    """Draw the error of every threshold on one feature as a staircase above the samples.

    Parameters
    ----------
    ax : Axes
    values, labels, weights : (n_samples,) array
        The feature, all different; -1 and +1; weights that sum to 1.
    errors : (n_samples - 1,) array
        Weighted error of "+1 above the threshold" between each two neighbours.

    Returns
    -------
    Axes
    """
    edges = np.sort(values)
    room = (edges[-1] - edges[0]) / 7
    steps = np.r_[weights[labels < 0].sum(), errors, weights[labels > 0].sum()]
    ends = np.r_[edges[0] - room, edges, edges[-1] + room]
    ax.stairs(steps, ends, baseline=None, color="black", linewidth=2)
    show_samples(ax, np.c_[values, np.full(len(values), -0.14)], labels, size=170, signs=True)
    best = errors.argmin()
    threshold = edges[best : best + 2].mean()
    ax.plot(threshold, errors[best], "v", color=plot.VERMILLION, markersize=11)
    text = {"ha": "center", "va": "top", "color": plot.VERMILLION}
    ax.text(threshold, errors[best] - 0.05, f"best threshold {threshold:g}", **text)
    ax.set(xlim=(ends[0], ends[-1]), ylim=(-0.28, steps.max() + 0.1))
    ax.set(xlabel="value of the feature, and threshold", ylabel="weighted error")
    return ax


def show_majority(ax, chances):
    """Draw how probable each number of right voters is, the majorities in another colour.

    Parameters
    ----------
    ax : Axes
    chances : (n + 1,) array
        Probability that 0 to n voters are right; n odd.

    Returns
    -------
    Axes
    """
    chances = np.asarray(chances)
    n = len(chances) - 1
    right = np.arange(n + 1) > n / 2
    ax.bar(np.arange(n + 1), chances, color=np.where(right, PLUS, MINUS))
    ax.axvline(n / 2, color="black", linestyle="--")
    top = chances.max()
    sides = ((~right, -0.4, "right", "wrong"), (right, 0.4, "left", "right"))
    for half, shift, align, word in sides:
        text = f"majority {word}\n{chances[half].sum():.1%}"
        ax.text(n / 2 + shift, 1.28 * top, text, ha=align, va="top", linespacing=1.3)
    ax.set(xlabel=f"right voters, of {n}", ylabel="probability", ylim=(0, 1.3 * top))
    return ax
