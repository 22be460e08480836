"""Whole figures of boosting: rows of classifiers, of rounds and of questions, one panel each.

Taught in ``01_2_adaboost``.
"""

import matplotlib.pyplot as plt
import numpy as np

from course_lib.classic.boosting.drawing import show_answers, show_samples, show_stump
from course_lib.classic.haar.drawing import show_feature


def show_voters(voters, X, labels, titles, *, truth=None):
    """Draw a row of classifiers: their answers, the samples, and the true border, dotted.

    Parameters
    ----------
    voters : sequence
        Each with ``predict``, such as boosting.Ensemble.
    X, labels
        See `show_samples`.
    titles : sequence of str
    truth : callable, optional
        Takes values of feature 0, (N,), and returns the border's feature 1, (N,).

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(voters), figsize=(9, 3.6), layout="constrained", sharey=True)
    for ax, voter, title in zip(axes, voters, titles, strict=True):
        show_answers(ax, voter.predict)
        show_samples(ax, X, labels, size=13)
        if truth is not None:
            line = np.linspace(-1, 1, 100)
            ax.plot(line, truth(line), ":", color="black", linewidth=2)
        ax.set_title(title)
        ax.label_outer()
    return fig


def show_rounds(voters, X, labels, history, *, columns=3, height=3.5, **look):
    """Draw rounds of boosting side by side, with each one's weighted error and say in its title.

    Parameters
    ----------
    voters : boosting.Ensemble
    X, labels
        See `show_samples`.
    history : (rounds or more, n_samples) array
        The weights that each stump was trained with.
    columns : int
    height : float
        Of a row of panels, in inches.
    **look
        Passed to `show_stump`.

    Returns
    -------
    Figure
    """
    rows = -(-len(voters.stumps) // columns)
    options = {"layout": "constrained", "sharex": True, "sharey": True, "squeeze": False}
    fig, axes = plt.subplots(rows, columns, figsize=(9, height * rows), **options)
    for t, (ax, stump) in enumerate(zip(axes.flat, voters.stumps, strict=False)):
        show_stump(ax, stump, X, labels, history[t], **look)
        error = history[t][stump.predict(X) != labels].sum()
        ax.set_title(f"Round {t + 1}: error {error:.3f}, say {voters.alphas[t]:.2f}")
        ax.label_outer()
    fig.suptitle("Area: the sample’s weight. Black rim: the stump is wrong.", fontsize=11)
    return fig


def show_questions(stumps, rows, image):
    """Draw the Haar feature that each stump asks about, with its question as the title.

    Parameters
    ----------
    stumps : sequence of boosting.Stump
    rows : (n_features, 5) integer array
        From `haar.feature_table`.
    image : (H, W) array
        Drawn behind them, from its darkest to its brightest value.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(stumps), figsize=(9, 2.8), layout="constrained")
    for t, (ax, stump) in enumerate(zip(axes, stumps, strict=True)):
        sign = ">" if stump.polarity > 0 else "<"
        level = f"{stump.threshold:.1f}".replace("-", "−")
        title = f"{t + 1}: a face if\norange − blue {sign} {level}"
        low, high = image.min(), image.max()
        show_feature(rows[stump.feature], image=image, ax=ax, title=title, vmin=low, vmax=high)
    return fig
