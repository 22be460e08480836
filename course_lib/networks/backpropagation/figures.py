"""Whole figures of backpropagation: several panels that make one point.

Taught in ``02_3_backpropagation``.
"""

import matplotlib.pyplot as plt
import numpy as np

from course_lib import plot
from course_lib.networks.backpropagation import drawing


def show_step_sizes(steps, errors):
    """Draw the error of finite differences against their step, on logarithmic axes.

    Parameters
    ----------
    steps, errors : (n,) array

    Returns
    -------
    Figure
    """
    fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
    ax.loglog(steps, errors, "o-")
    ax.text(1.5e-13, 1e-10, "too small:\nrounding in the 16th digit,\nerror grows as $1/s$")
    ax.text(2, 1e-10, "too large:\nno parabola,\nerror grows as $s^2$", ha="right")
    ax.set(xlabel="step $s$", ylabel="mean error of a slope")
    ax.set_title("A check by finite differences is best in the middle")
    return fig


def show_training(step_loss, batch, history, samples):
    """Draw the loss of every mini-batch and of every epoch, and the accuracy beside it.

    Parameters
    ----------
    step_loss : (steps,) array
    batch, samples : int
        Samples per step, and in all.
    history : dict
        From `backpropagation.train`, with validation samples.

    Returns
    -------
    Figure
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    epochs = np.arange(len(step_loss)) / -(-samples // batch)
    left.plot(epochs, step_loss, color=plot.SKY, linewidth=0.7, label="each mini-batch")
    left.plot(history["loss"], color=plot.BLUE, linewidth=2.5, label="all training digits")
    _guessing(left, epochs[-1])
    left.set(xlabel="epoch", ylabel="mean loss", title="Mini-batches waver, the whole falls")
    left.legend(loc="center right")
    drawing.show_curves_of(right, history, what="accuracy")
    right.set(ylim=(0.8, 1.01), title="Most is learned in the first epochs")
    return fig


def show_learned(before, after, shape, *, units=10):
    """Draw the hidden units that learned most: before, after, and what training has added.

    Parameters
    ----------
    before, after : sequence of array
        The parameters of a network with one hidden layer.
    shape : (H, W)
        H * W inputs.
    units : int
        How many are drawn.

    Returns
    -------
    Figure
    """
    added = after[0] - before[0]
    most = np.argsort(-np.abs(added).sum(axis=0))[:units]
    fig, axes = plt.subplots(3, 1, figsize=(9, 3.2), layout="constrained")
    reach = np.quantile(np.abs(after[0][:, most]), 0.995)
    rows = {"before": before[0], "after": after[0], "added": added}
    for ax, (name, weights) in zip(axes, rows.items(), strict=True):
        drawn = drawing.show_weights(ax, weights[:, most], shape, columns=units, reach=reach)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    for place, unit in enumerate(most):
        x = place * (shape[1] + drawing.GAP) + (shape[1] - 1) / 2
        axes[0].text(x, -1.5, f"for {after[2][unit].argmax()}", ha="center", va="bottom")
    fig.suptitle("Training adds strokes: ten hidden units, and the digit that each speaks for most")
    bar = fig.colorbar(drawn, ax=axes, shrink=0.9, extend="both")
    bar.set_label("weight (red: ink excites)")
    return fig


def show_studies(studies):
    """Draw learning curves side by side, the lowest validation loss of each with a star.

    Parameters
    ----------
    studies : dict of str to dict
        Title, and what `backpropagation.train` returned.

    Returns
    -------
    Figure
    """
    size = {"figsize": (9, 3.6), "layout": "constrained"}
    fig, axes = plt.subplots(1, len(studies), sharey=True, **size)
    for ax, (title, history) in zip(axes, studies.items(), strict=True):
        drawing.show_curves_of(ax, history)
        lowest = history["validation loss"].argmin()
        place = lowest, history["validation loss"][lowest]
        star = {"color": plot.VERMILLION, "markersize": 14, "zorder": 5, "clip_on": False}
        ax.plot(*place, "*", label="lowest validation", **star)
        ax.legend(loc="upper right")
        ax.set(title=title, ylim=(0, 2.6))
        ax.label_outer()
    return fig


def show_reading(picture, digit, chance):
    """Draw a photo, the digit found in it, and the probability of every class.

    Parameters
    ----------
    picture : (H, W) or (H, W, 3) array
    digit : (8, 8) array
    chance : (10,) array

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    plot.show_images([picture], ["The photo"], axes=axes[0])
    drawing.show_numbers(axes[1], digit).set_title("Share of ink in 8x8 cells")
    axes[2].bar(range(10), chance)
    axes[2].set(xticks=range(10), xlabel="class", ylabel="probability", ylim=(0, 1.02))
    axes[2].set_title(f"The network reads {chance.argmax()}")
    return fig


def show_dead(runs):
    """Draw how many units die, and what becomes of the loss.

    Parameters
    ----------
    runs : dict of str to (dead, loss)
        Share of dead units, in [0, 1], and loss at every step.

    Returns
    -------
    Figure
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    dead = {name: 100 * shares for name, (shares, _) in runs.items()}
    plot.show_curves(dead, ax=left, x_label="step", y_label="dead hidden units (%)")
    left.legend(loc="lower right", bbox_to_anchor=(1, 0.1))
    left.set(ylim=(-3, 103), title="Long steps kill units for good")
    loss = {name: losses for name, (_, losses) in runs.items()}
    plot.show_curves(loss, ax=right, x_label="step", y_label="loss of the mini-batch (cut at 5)")
    _guessing(right, max(len(values) for values in loss.values()) - 1, lift=0.4)
    right.set(ylim=(0, 5), title="With nearly all dead, it can only guess")
    return fig


def show_tanh_layers(layers):
    """Draw histograms of tanh outputs, a column per initialisation and a row per layer.

    Parameters
    ----------
    layers : dict of str to sequence of array
        Title, and the outputs of each layer.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(layers), figsize=(9, 4), layout="constrained", sharey=True)
    for ax, (title, outputs) in zip(axes, layers.items(), strict=True):
        drawing.show_signals(ax, [output.ravel() for output in outputs], np.linspace(-1, 1, 62))
        ax.set(title=title, xlabel="output of tanh", xlim=(-1.2, 1.2), xticks=[-1, 0, 1])
    axes[0].set_ylabel("layer")
    fig.suptitle("tanh: too small fades to 0, too large sticks at −1 and 1, Glorot and He live")
    return fig


def show_relu_layers(layers):
    """Draw histograms of the size of ReLU outputs above zero, on a logarithmic axis.

    Parameters
    ----------
    layers : dict of str to sequence of array
        Title, and the outputs of each layer.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(layers), figsize=(9, 4), layout="constrained", sharey=True)
    for ax, (title, outputs) in zip(axes, layers.items(), strict=True):
        sizes = [np.log10(output[output > 0]) for output in outputs]
        medians = [np.median(size) for size in sizes]
        side = "right" if medians[-1] < -6 else "left"
        texts = [_power(median) for median in medians]
        drawing.show_signals(ax, sizes, np.linspace(-12, 8, 61), texts=texts, side=side)
        ax.axvline(0, color="grey", linestyle=":", zorder=0)
        ax.set(title=title, xlabel="output of ReLU", xticks=[-10, -5, 0, 5])
        ax.set_xticklabels(["$10^{-10}$", "$10^{-5}$", "1", "$10^5$"])
    axes[0].set_ylabel("layer")
    fig.suptitle(
        "ReLU: small vanishes, large explodes, Glorot shrinks, He stays (written: medians)"
    )
    return fig


def show_deep(slopes, losses):
    """Draw the gradient of every layer before training, and the learning curves.

    Parameters
    ----------
    slopes : dict of str to (layers,) array
    losses : dict of str to (epochs,) array
        By the same names in the same order; the last ones may be missing.

    Returns
    -------
    Figure
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.7), layout="constrained")
    curves = {name: (np.arange(1, len(values) + 1), values) for name, values in slopes.items()}
    plot.show_curves(curves, ax=left, x_label="layer", y_label="mean size of a weight's gradient")
    left.legend(ncols=2, loc="center", bbox_to_anchor=(0.5, 0.33))
    left.set(yscale="log", title="Before training: vanishing, exploding")
    plot.show_curves(losses, ax=right, x_label="epoch", y_label="mean loss")
    right.set(ylim=(0, 2.7), xticks=range(0, 21, 5), title="He learns at once, Glorot later")
    return fig


def _guessing(ax, x, lift=0.05):
    """The loss of equal probabilities for ten classes."""
    ax.axhline(np.log(10), color="grey", linestyle=":")
    ax.text(x, np.log(10) + lift, "guessing: ln 10 = 2.30", ha="right")


def _power(exponent):
    """A number written short."""
    if -2.5 < exponent < 3:
        return f"{10**exponent:.2g}" if exponent < 2 else f"{10**exponent:.0f}"
    return f"$10^{{{exponent:.0f}}}$".replace("-", "−")
