"""Samples of two classes and a classifier's answers, drawn on Axes.

Taught in ``01_2_adaboost``.
"""

from fractions import Fraction

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

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
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="feature 0", ylabel="feature 1")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(3, steps=[1, 5, 10]))
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
    ticks = np.unique(np.r_[0, steps].round(9))
    fractions = [str(Fraction(tick).limit_denominator(len(values))) for tick in ticks]
    ax.set_yticks(ticks, fractions)
    ax.set(xlim=(ends[0], ends[-1]), ylim=(-0.28, steps.max() + 0.1))
    ax.set(xlabel="threshold (below the line: the samples)", ylabel="error of “+1 above”")
    return ax


def show_say(ax, say, error):
    """Draw how much say a stump gets for each error, and mark one stump, a coin and a bad one.

    Parameters
    ----------
    ax : Axes
    say : callable
        Takes errors (N,) in (0, 1) and returns (N,) weights of votes.
    error : float
        Error of the stump to mark, below 0.5.

    Returns
    -------
    Axes
    """
    errors = np.linspace(0.01, 0.99, 300)
    ax.axhline(0, color="grey", linewidth=1)
    ax.plot(errors, say(errors), linewidth=2)
    marked = np.array([error, 0.5, 0.9])
    ax.plot(marked, say(marked), "o", color=plot.VERMILLION)
    ax.text(error + 0.03, say(error) + 0.1, "our stump")
    ax.text(0.48, -0.5, "a coin: no say", ha="right")
    ax.text(0.85, -1.6, "often wrong:\ntrust the opposite", ha="right")
    ax.set(xlabel=r"weighted error $\varepsilon$", ylabel=r"say $\alpha$", xlim=(0, 1))
    return ax


def show_votes(ax, stumps, alphas, spots):
    """Write the weighted votes of all stumps, and their sum, at some spots of the plane.

    Parameters
    ----------
    ax : Axes
    stumps : sequence of boosting.Stump
    alphas : sequence of float
        Written, and added up, with two digits.
    spots : sequence of (x, y)

    Returns
    -------
    Axes
    """
    for spot in spots:
        pairs = zip(stumps, alphas, strict=True)
        votes = [round(alpha, 2) * stump.predict([spot])[0] for stump, alpha in pairs]
        lines = [f"{vote:+.2f}" for vote in votes] + [f"= {sum(votes):+.2f}"]
        text = "\n".join(lines).replace("-", "−")
        ax.text(*spot, text, ha="center", va="center", fontsize=10)
    return ax


def show_errors(ax, errors, *, y_label):
    """Draw the share of wrong answers after each round, rounds on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
    errors : dict of str to (rounds,) array
    y_label : str

    Returns
    -------
    Axes
    """
    curves = {}
    for name, curve in errors.items():
        # Of thousands of rounds, those that lie evenly on the axis.
        some = np.unique(np.geomspace(1, len(curve), 80).astype(int))
        curves[name] = some, np.asarray(curve)[some - 1]
    plot.show_curves(curves, ax=ax, x_label="rounds", y_label=y_label)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    return ax


def show_margins(ax, margins):
    """Draw which share of the samples has less than each margin.

    Parameters
    ----------
    ax : Axes
    margins : dict of str to (n_samples,) array

    Returns
    -------
    Axes
    """
    for (name, values), line in zip(margins.items(), (":", "--", "-"), strict=False):
        low = f"{values.min():+.2f}".replace("-", "−")
        ax.ecdf(values, linestyle=line, linewidth=2, label=f"{name}: {low}")
    ax.axvline(0, color="grey", linewidth=1)
    ax.axvspan(-1, 0, color="#EEEEEE", zorder=0)
    ax.set(xlabel="margin (grey: wrong)", ylabel="share of samples with a smaller one")
    ax.set(xlim=(-1, 1), xticks=[-1, -0.5, 0, 0.5, 1])
    ax.legend(loc="upper left", title="smallest margin")
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
