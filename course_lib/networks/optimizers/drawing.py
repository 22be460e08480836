"""Landscapes, and the trails of those who walk down them, drawn on Axes.

Taught in ``02_2_gradient_descent``. An optimizer keeps its colour, dash and marker in every figure.
"""

import numpy as np
from matplotlib.colors import ListedColormap, PowerNorm

from course_lib import checks, plot

STYLES = {
    "SGD": (plot.BLUE, "-", "o"),
    "Momentum": (plot.ORANGE, "--", "s"),
    "AdaGrad": (plot.GREEN, "-.", "^"),
    "RMSprop": (plot.VERMILLION, ":", "D"),
    "Adam": (plot.PURPLE, "-", "v"),
}
# High ground is light, low ground dark, so that coloured trails stand out on all of it.
GROUND = ListedColormap([str(grey) for grey in np.linspace(0.72, 0.99, 12)])


def show_landscape(ax, landscape, *, levels=12, limits=None):
    """Draw a landscape as a map: the darker the lower; a star at each of its deepest places.

    Parameters
    ----------
    ax : Axes
    landscape : Landscape
    levels : int
        Number of shades; the lines between them are denser where it is steep or low.
    limits : (x0, x1, y0, y1), optional
        Its own if left out.

    Returns
    -------
    Axes
    """
    x0, x1, y0, y1 = limits or landscape.limits
    x, y = np.linspace(x0, x1, 201), np.linspace(y0, y1, 201)
    height = landscape.height(np.stack(np.meshgrid(x, y), axis=-1))
    low, high = height.min(), height.max()
    # Squared, so that the low ground, where the walks end, gets lines as well.
    edges = low + (high - low) * np.linspace(0, 1, levels + 1) ** 2
    ax.contourf(x, y, height, levels=edges, cmap=GROUND)
    ax.contour(x, y, height, levels=edges[1:-1], colors="0.55", linewidths=0.6)
    for place in landscape.minima:
        look = {"markersize": 22, "markeredgecolor": "black", "color": plot.YELLOW, "zorder": 4}
        ax.plot(*place, "*", **look)
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="$w_0$", ylabel="$w_1$")
    return ax


def show_surface(ax, landscape):
    """Draw a landscape in perspective, with the place where the walks start.

    Parameters
    ----------
    ax : Axes3D
    landscape : Landscape

    Returns
    -------
    Axes3D
    """
    x0, x1, y0, y1 = landscape.limits
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, 80), np.linspace(y0, y1, 80)), axis=-1)
    height = landscape.height(grid)
    look = {"cmap": "viridis", "rcount": 80, "ccount": 80, "linewidth": 0, "antialiased": False}
    look["norm"] = PowerNorm(0.5)  # more shades for the low ground: a saddle's two dips are shallow
    ax.plot_surface(*np.moveaxis(grid, -1, 0), height, alpha=0.85, **look)
    ax.view_init(elev=55, azim=-35)  # high enough to see a saddle's two dips behind its wall
    start = np.array(landscape.start)
    lift = landscape.height(start) + 0.02 * np.ptp(height)
    ax.plot(*start, lift, "o", color="black", markersize=7, zorder=10)
    ax.set(xticks=[], yticks=[], zticks=[])
    ax.set_xlabel("$w_0$", labelpad=-12)
    ax.set_ylabel("$w_1$", labelpad=-12)
    return ax


def show_trails(ax, trails, *, every=10):
    """Draw walks: a marker every few steps, a ring at the start, a large marker at the end.

    Parameters
    ----------
    ax : Axes
    trails : dict of str to (steps + 1, 2) array
        An optimizer's name gets its own style; other names get the styles in turn.
    every : int
        Steps between two markers.

    Returns
    -------
    Axes
    """
    for number, (name, trail) in enumerate(trails.items()):
        colour, dash, marker = style(name, number)
        line = {"color": colour, "linestyle": dash, "marker": marker, "clip_on": True}
        ax.plot(*trail.T, markevery=every, markersize=5, linewidth=1.8, label=name, **line)
        end = {"markersize": 9, "markeredgecolor": "white", "zorder": 6}
        ax.plot(*trail[-1], marker=marker, color=colour, **end)
        ring = {"markersize": 11, "markerfacecolor": "none", "markeredgewidth": 2, "zorder": 7}
        ax.plot(*trail[0], "o", color="black", **ring)
    return ax


def show_loss(ax, curves, *, x_label="step", y_label="loss"):
    """Draw the loss on the way, each optimizer in its own style.

    Parameters
    ----------
    ax : Axes
    curves : dict of str to (N,) array or (x, y)
    x_label, y_label : str

    Returns
    -------
    Axes
    """
    for number, (name, curve) in enumerate(curves.items()):
        colour, dash, marker = style(name, number)
        x, y = curve if isinstance(curve, tuple) else (np.arange(len(curve)), curve)
        look = {"color": colour, "linestyle": dash, "marker": marker, "linewidth": 1.8}
        ax.plot(x, y, markevery=max(1, len(x) // 10), markersize=5, label=name, **look)
    ax.set(xlabel=x_label, ylabel=y_label)
    return ax


def show_steps(ax, loss, trail, *, limits):
    """Draw steps on a loss of one parameter, numbered by their order.

    Parameters
    ----------
    ax : Axes
    loss : callable
        Takes an array of places, returns their losses.
    trail : (steps + 1,) array
    limits : (low, high)
        Of the parameter.

    Returns
    -------
    Axes
    """
    w = np.linspace(*limits, 200)
    ax.plot(w, loss(w), color="0.6", linewidth=2)
    inside = trail[(trail >= limits[0]) & (trail <= limits[1])]
    ax.plot(inside, loss(inside), "o-", color=plot.VERMILLION, linewidth=1.2, markersize=5)
    ax.plot(trail[0], loss(trail[0]), "o", color="black", markersize=9)
    ax.set(xlim=limits, ylim=(-0.06 * loss(w).max(), 1.05 * loss(w).max()))
    ax.set(xlabel="$w$", ylabel="loss")
    return ax


def show_slope(ax, w, slope, *, zero=None):
    """Draw the slope of a loss against its one parameter, and where it is 0.

    Parameters
    ----------
    ax : Axes
    w, slope : (N,) array
    zero : float, optional
        Where the slope is 0, marked by a star; by a question mark if left out.

    Returns
    -------
    Axes
    """
    ax.axhline(0, color="0.6", linewidth=1)
    ax.plot(w, slope, color=plot.BLUE, linewidth=2)
    if zero is None:
        crossing = w[np.abs(slope).argmin()]
        ax.text(crossing, 0, "?", color=plot.VERMILLION, size=22, ha="center", va="top")
    else:
        ax.plot(zero, 0, "*", markersize=16, color=plot.YELLOW, markeredgecolor="black")
    ax.set(xlabel="$w$", ylabel="slope of the loss")
    return ax


def show_ends(ax, landscape, starts, ends):
    """Colour every start by how deep the walk from it ended.

    Parameters
    ----------
    ax : Axes
    landscape : Landscape
    starts, ends : (rows, columns, 2) array
        The starts are a grid, as `numpy.meshgrid` makes them.

    Returns
    -------
    Axes
    """
    starts = checks.array(starts, "starts", shape=(None, None, 2))
    loss = landscape.height(checks.array(ends, "ends", shape=starts.shape))
    x, y = starts[..., 0], starts[..., 1]
    drawn = ax.pcolormesh(x, y, loss, cmap="viridis", shading="nearest", vmin=0)
    ax.figure.colorbar(drawn, ax=ax, label="loss where the walk ended", shrink=0.8)
    for place in landscape.minima:
        ax.plot(*place, "*", markersize=18, markeredgecolor="black", color="white")
    ax.set(xlabel="$w_0$ of the start", ylabel="$w_1$ of the start", aspect="equal")
    return ax


def style(name, number=0):
    """Colour, dash and marker of an optimizer, or the ones of that number."""
    return STYLES.get(name, list(STYLES.values())[number % len(STYLES)])
