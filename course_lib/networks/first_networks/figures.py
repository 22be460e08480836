"""Whole figures of first networks: rows of outlines, activations, boundaries and class maps.

Each takes what a network has answered and returns a Figure. Taught in ``02_1_neuron_to_network``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from course_lib import plot
from course_lib.networks.first_networks import drawing


def show_outlines(image, chances, *, lines=None, height=2.5):
    """Draw a photograph once per network, with the border of what the network calls yes.

    Parameters
    ----------
    image : (H, W, 3) array
        In [0, 1].
    chances : dict of str to (h, w) array
        Title and probabilities.
    lines : sequence, optional
        For each network the (w0, w1, b) of its hidden neurons.
    height : float
        In inches.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(chances), figsize=(9, height), layout="constrained")
    lines = [()] * len(chances) if lines is None else lines
    for ax, (title, chance), dotted in zip(axes, chances.items(), lines, strict=True):
        drawing.show_outline(ax, image, chance, lines=dotted)
        ax.set_title(title)
    return fig


def show_colour_neuron(weights, bias, colours, pixels, answer, chance):
    """Draw a neuron of two inputs, its line among pixels, and its answer at every pixel.

    Parameters
    ----------
    weights : (2,) array
    bias : float
    colours : (N, 2) array
        Its inputs.
    pixels : (N, 3) array
        The colours that the dots get.
    answer : callable
        Takes (N, 2), returns (N,).
    chance : (H, W) array
        Its answers on the photograph.

    Returns
    -------
    Figure
    """
    ratios = {"layout": "constrained", "width_ratios": (1.15, 1, 1.15)}
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.1), **ratios)
    layer = np.reshape(weights, (2, 1)), np.array([bias])
    drawing.show_network(left, [layer], names=("red", "blue", "flower?"))
    left.set_title("Two inputs, weights, a bias")
    drawing.show_plane(middle, answer, limits=(0, 1, 0, 1))
    middle.scatter(*colours.T, c=pixels, s=9)
    middle.set(title="A dot is a pixel; blue side: flower", xlabel="red", ylabel="blue")
    plot.show_images([chance], ["Its answer at every pixel"], axes=[right])
    return fig


def show_activations(curves, pictures):
    """Draw activation functions, and beneath each what it makes of a picture.

    Parameters
    ----------
    curves : dict of str to (x, y)
    pictures : sequence of (picture, low, high)
        The values drawn as black and as white.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(2, len(curves), figsize=(9, 4.7), layout="constrained")
    for (top, bottom), (name, (x, y)), (picture, low, high) in zip(
        axes.T, curves.items(), pictures, strict=True
    ):
        top.plot(x, y, linewidth=2.5)
        top.axvline(0, color="grey", linewidth=0.8)
        top.axhline(0, color="grey", linewidth=0.8)
        top.set(title=name, xlabel="z", xticks=[-4, -2, 0, 2, 4])
        plot.show_images([picture], axes=[bottom], vmin=low, vmax=high)
        bottom.set_xlabel(f"black is {drawing.text_of(low, 0)}, white {high}")
    axes[0, 0].set_ylabel("output")
    return fig


def show_price(answers, lost):
    """Draw what an answer costs if the truth is yes or no, and a map of what 2-2-1 pays.

    Parameters
    ----------
    answers : dict of str to (p, loss)
    lost : (H, W) array
        Loss of each pixel.

    Returns
    -------
    Figure
    """
    options = {"layout": "constrained", "width_ratios": (1, 1.2)}
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), **options)
    plot.show_curves(answers, ax=left, x_label="answer p", y_label="loss")
    left.set_title("The price of an answer")
    plot.show_heatmap(lost, ax=right, label="loss of the pixel", title="Where 2-2-1 pays")
    return fig


def show_steps(steps, names):
    """Draw the steps of softmax, one bar per class.

    Parameters
    ----------
    steps : dict of str to (classes,) array
    names : sequence of str
        Of the classes.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(steps), figsize=(9, 2.7), layout="constrained")
    for ax, (title, values) in zip(axes, steps.items(), strict=True):
        bars = ax.bar(names, values, color=plot.CYCLE[: len(names)], width=0.65)
        ax.bar_label(bars, [drawing.text_of(value, 2) for value in values], padding=2)
        ax.set(title=title, yticks=[])
        ax.spines["left"].set_visible(False)
        ax.margins(y=0.15)
    return fig


def show_row_fits(image, row, x, values, fits):
    """Draw the brightness along one row of a photograph, and curves that should follow it.

    Parameters
    ----------
    image : (H, W, 3) array
    row : int
        Which row.
    x, values : (N,) array
        Places and brightness.
    fits : dict of str to (N,) array
        Title and answers of each network.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(fits) + 1, figsize=(9, 2.9), layout="constrained")
    plot.show_images([image], ["The row"], axes=axes[:1])
    axes[0].axhline(row, color="white", linewidth=2)
    for ax, (title, y) in zip(axes[1:], fits.items(), strict=True):
        ax.vlines(x, values, y, color=plot.VERMILLION, linewidth=1)
        ax.plot(x, values, ".", color="black", markersize=4)
        ax.plot(x, y, color=plot.BLUE, linewidth=2)
        ax.set(title=title, xlabel="place x", ylim=(0, 0.8))
    axes[1].set_ylabel("brightness")
    return fig


def show_overflow(z, safe, naive):
    """Draw a loss that is computed safely, and others that jump to infinity.

    Parameters
    ----------
    z : (N,) array
        Logits.
    safe : (N,) array
    naive : dict of str to (N,) array
        Name of a type and losses, infinite from somewhere on.

    Returns
    -------
    Figure
    """
    fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    ax.plot(z, safe, color="black", label="safe", zorder=3)
    looks = (plot.ORANGE, 5), (plot.SKY, 11)
    for (name, loss), (colour, width) in zip(naive.items(), looks, strict=False):
        end = np.flatnonzero(np.isfinite(loss))[-1]
        line = {"color": colour, "linewidth": width, "zorder": 2 - width / 100}
        ax.plot(z[: end + 1], loss[: end + 1], label=f"through p, {name}", **line)
        up = {"arrowstyle": "-|>", "color": colour, "linewidth": 4, "mutation_scale": 24}
        ax.annotate("", (z[end], safe[-1] + 3), (z[end], loss[end]), arrowprops=up)
        ax.text(z[end] - 0.9, safe[-1], f"∞ above {z[end]:.0f}", va="center", ha="right")
    ax.set(xlabel="logit z (the truth is: no)", ylabel="loss", ylim=(0, safe[-1] + 3))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.25))
    return fig


def show_xor(layers, corners, hidden, labels, answers):
    """Draw a 2-2-1 network, its boundary among the inputs, and among its hidden neurons' outputs.

    Parameters
    ----------
    layers : two of (weights, bias)
    corners, hidden : (4, 2) array
        Inputs, and what the hidden layer makes of them.
    labels : (4,) array
        0 and 1.
    answers : two callables
        Probability of yes from inputs, and from hidden outputs.

    Returns
    -------
    Figure
    """
    ratios = {"layout": "constrained", "width_ratios": (1.5, 1, 1)}
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3.2), **ratios)
    drawing.show_network(left, layers, names=("in 1", "in 2", "XOR?"), digits=0)
    left.set_title("Nine numbers")
    lines = [*np.vstack(layers[0]).T]
    drawing.show_plane(middle, answers[0], limits=(-0.5, 1.5, -0.5, 1.5), lines=lines)
    middle.set(title="Inputs: no line works", xlabel="in 1", ylabel="in 2", xticks=[0, 1])
    drawing.show_plane(right, answers[1], limits=(-0.5, 2.5, -0.5, 1.5))
    right.set(title="Hidden: a line works", xlabel="hidden neuron 1", ylabel="hidden neuron 2")
    right.text(1.35, -0.12, "(0, 1) and (1, 0)", va="top", ha="center")
    for ax, points in ((middle, corners), (right, hidden)):
        drawing.show_points(ax, points, labels, size=130)
        ax.set(yticks=[0, 1])
    return fig


def show_boundaries(panels, columns, *, limits=(-1.2, 1.2, -1.2, 1.2)):
    """Draw the boundaries of several networks among the points they were trained on.

    Parameters
    ----------
    panels : dict of str to (answer, X, labels)
        Title; a callable from (N, 2) to probabilities; points and classes.
    columns : int
    limits : (x0, x1, y0, y1)

    Returns
    -------
    Figure
    """
    rows = -(-len(panels) // columns)
    options = {"layout": "constrained", "sharex": True, "sharey": True}
    fig, axes = plt.subplots(rows, columns, figsize=(9, 3 * rows), **options)
    for ax, (title, (answer, X, labels)) in zip(axes.flat, panels.items(), strict=True):
        drawing.show_plane(ax, answer, limits=limits)
        drawing.show_points(ax, X, labels)
        ax.set_title(title)
    fig.supxlabel("input 1", fontsize=11)
    fig.supylabel("input 2", fontsize=11)
    return fig


def show_classes(image, dabs, classes, certainty, names, colours):
    """Draw a photograph with labelled dabs, the class of every pixel, and how sure that is.

    Parameters
    ----------
    image : (H, W, 3) array
    dabs : sequence of (N, 4) array
        Boxes of each class, in pixels.
    classes : (H, W) integer array
    certainty : (H, W) array
        Largest probability of each pixel.
    names, colours : three str
        One per class.

    Returns
    -------
    Figure
    """
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    plot.show_images([image], ["Photo, with our boxes"], axes=[left])
    for boxes, colour in zip(dabs, colours, strict=True):
        plot.show_boxes(None, boxes, colour=colour, ax=left)
    middle.imshow(classes, cmap=ListedColormap(colours), vmin=0, vmax=len(names) - 1)
    middle.set(xticks=[], yticks=[], title="Most probable class")
    marks = [plt.Rectangle((0, 0), 1, 1, facecolor=c, edgecolor="grey") for c in colours]
    fig.legend(marks, names, loc="outside lower center", ncols=len(names))
    plot.show_images([certainty], ["How sure: black ⅓, white 1"], axes=[right], vmin=1 / 3)
    return fig
