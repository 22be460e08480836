"""Computation graphs: numbers that flow forward, and gradients that flow back.

Taught in ``02_3_backpropagation``.
"""

import numpy as np
from matplotlib.patches import Circle

from course_lib import plot

FORWARD, BACKWARD = plot.BLUE, plot.VERMILLION
RADIUS = 0.33

# Name of a node: where it stands, and what is written in it. Capital letters are operations.
CHAIN = {
    "x": (0, 1, "$x$"),
    "w": (0, -1, "$w$"),
    "TIMES": (1.5, 0, "×"),
    "b": (3.4, -1.7, "$b$"),
    "PLUS": (3.4, 0, "+"),
    "RELU": (5.3, 0, "ReLU"),
    "t": (7.2, -1.7, "$t$"),
    "MINUS": (7.2, 0, "−"),
    "SQUARE": (9.1, 0, "$(\\ )^2$"),
    "loss": (11, 0, "$L$"),
}
CHAIN_EDGES = [
    ("x", "TIMES", "x"),
    ("w", "TIMES", "w"),
    ("TIMES", "PLUS", "wx"),
    ("b", "PLUS", "b"),
    ("PLUS", "RELU", "z"),
    ("RELU", "MINUS", "h"),
    ("t", "MINUS", "t"),
    ("MINUS", "SQUARE", "e"),
    ("SQUARE", "loss", "L"),
]
FORK = {
    "h": (0, 0, "$h$"),
    "TOP": (2.6, 1.15, "×"),
    "LOW": (2.6, -1.15, "×"),
    "v1": (0.6, 2.0, "$v_1$"),
    "v2": (0.6, -2.0, "$v_2$"),
    "PLUS": (5.0, 0, "+"),
    "t": (6.9, -1.7, "$t$"),
    "MINUS": (6.9, 0, "−"),
    "SQUARE": (8.8, 0, "$(\\ )^2$"),
    "loss": (10.7, 0, "$L$"),
}
FORK_EDGES = [
    ("h", "TOP", "h1"),
    ("h", "LOW", "h2"),
    ("v1", "TOP", "v1"),
    ("v2", "LOW", "v2"),
    ("TOP", "PLUS", "p1"),
    ("LOW", "PLUS", "p2"),
    ("PLUS", "MINUS", "out"),
    ("t", "MINUS", "t"),
    ("MINUS", "SQUARE", "e"),
    ("SQUARE", "loss", "L"),
]

# Names of the values in between, as the formulas call them.
NAMES = {"wx": "wx", "z": "z", "h": "h", "e": "e"}


def show_graph(ax, nodes, edges, values, gradients):
    """Draw a computation graph; along each edge its value and its gradient.

    Parameters
    ----------
    ax : Axes
    nodes : dict of str to (x, y, text)
        Names in capital letters are operations, drawn grey.
    edges : sequence of (from, to, name)
    values, gradients : dict of str to float
        By the names of the edges: forward in blue above the edge (or to its left), backward in
        vermillion below (or to its right). An edge without a gradient gets none.

    Returns
    -------
    Axes
    """
    for start, end, name in edges:
        a, b = np.array(nodes[start][:2], float), np.array(nodes[end][:2], float)
        way = (b - a) / np.hypot(*(b - a))
        _arrow(ax, a + RADIUS * way, b - (RADIUS + 0.04) * way)
        across = np.array([-way[1], way[0]]) * (1 if way[0] >= 0 else -1)
        middle = (a + b) / 2
        called = f"${NAMES[name]}$ = " if name in NAMES else ""
        _number(ax, middle + 0.29 * across, values[name], FORWARD, called)
        if name in gradients:
            _number(ax, middle - 0.29 * across, gradients[name], BACKWARD)
    for name, (x, y, text) in nodes.items():
        face = "#E8E8E8" if name.isupper() else "white"
        ax.add_patch(Circle((x, y), RADIUS, facecolor=face, edgecolor="black", zorder=3))
        size = 9 if len(text) == 4 and text.isalpha() else 13
        ax.text(x, y, text, ha="center", va="center_baseline", fontsize=size, zorder=4)
    xs, ys, _ = zip(*nodes.values(), strict=True)
    ax.set(xlim=(min(xs) - 0.5, max(xs) + 0.5), ylim=(min(ys) - 0.5, max(ys) + 0.5))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def show_chain(ax, values, gradients):
    """Draw one ReLU unit with its squared error; see `show_graph`. Edges: x w wx b z h t e L."""
    return show_graph(ax, CHAIN, CHAIN_EDGES, values, gradients)


def show_fork(ax, values, gradients):
    """Draw a value that is used twice; see `show_graph`. Edges: h1 h2 v1 v2 p1 p2 out t e L."""
    return show_graph(ax, FORK, FORK_EDGES, values, gradients)


def name_colours(ax, place):
    """Write what the two colours of a graph mean, at a place in the Axes' coordinates."""
    x, y = place
    ax.text(x, y, "value, forward →", color=FORWARD, transform=ax.transAxes)
    ax.text(x, y - 0.12, "gradient, ← backward", color=BACKWARD, transform=ax.transAxes)
    return ax


def _arrow(ax, start, end):
    arrow = {"arrowstyle": "-|>", "color": "grey", "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=arrow)


def _number(ax, place, value, colour, called=""):
    text = called + f"{value:g}".replace("-", "−")
    ax.text(*place, text, ha="center", va="center", color=colour, weight="bold", fontsize=12)
