"""Figures with one look: every function takes Axes and returns Axes, and computes nothing.

Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
"""

import io
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import checks

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
CYCLE = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, BLACK)
_LINES = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

plt.rcParams.update(
    {
        "figure.dpi": 100,
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(color=CYCLE),
        "legend.frameon": False,
    }
)


def show_images(
    images, titles=None, *, columns=None, axes=None, cmap="gray", vmin=0, vmax=1, size=2.6
):
    """Draw pictures side by side, without ticks.

    Parameters
    ----------
    images : sequence of (H, W) or (H, W, 3) array
        Values from `vmin` to `vmax`; RGB pictures in [0, 1].
    titles : sequence of str, optional
        One per picture.
    columns : int, optional
        Pictures per row; all in one row up to six by default.
    axes : sequence of Axes, optional
        Where to draw; a new figure otherwise.
    cmap : str
        Colour map of grey pictures.
    vmin, vmax : float
        The grey values drawn as the first and the last colour.
    size : float
        Width of a picture in inches, in a new figure.

    Returns
    -------
    ndarray of Axes
        One per picture.

    Raises
    ------
    ValueError
        If there is no picture, one has another shape, or there is another number of titles or axes.
    """
    images = _pictures(images)
    titles = [""] * len(images) if titles is None else list(titles)
    if len(titles) != len(images):
        raise ValueError(
            f"images has {len(images)} pictures and titles {len(titles)}; wanted as many."
        )
    if axes is None:
        axes = _grid(images, columns or min(len(images), 6), size)
    axes = np.atleast_1d(axes).ravel()
    if len(axes) < len(images):
        raise ValueError(f"axes has {len(axes)} Axes for {len(images)} pictures; wanted as many.")
    for ax, image, title in zip(axes, images, titles, strict=False):
        ax.imshow(image, cmap=cmap, vmin=vmin, vmax=vmax)
        ax.set(xticks=[], yticks=[], title=title)
        ax.spines[:].set_visible(False)
    return axes[: len(images)]


def show_boxes(image, boxes, *, labels=None, colour=ORANGE, ax=None, title=None, style="-"):
    """Draw boxes on a picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array or None
        Values in [0, 1]; None draws on what the Axes hold already.
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    labels : sequence of str, optional
        One per box, written above it.
    colour : colour
        Of frames and labels; a thin dark rim keeps them visible on any picture.
    ax : Axes, optional
    title : str, optional
    style : str
        Line style, to tell two sets of boxes apart without colour.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the boxes are not ``(N, 4)`` or there is another number of labels.
    """
    boxes = checks.boxes(boxes)
    labels = [""] * len(boxes) if labels is None else list(labels)
    if len(labels) != len(boxes):
        raise ValueError(f"labels has {len(labels)} texts for {len(boxes)} boxes; wanted as many.")
    ax = ax or plt.subplots(layout="constrained")[1]
    if image is not None:
        show_images([image], axes=[ax])
    for (x0, y0, x1, y1), label in zip(
        boxes - 0.5, labels, strict=True
    ):  # imshow's pixel 0 is at -.5
        for line, width in (("#000000", 3.5), (colour, 2)):
            frame = {"edgecolor": line, "linewidth": width, "linestyle": style}
            ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, **frame))
        if label:
            badge = {"facecolor": colour, "edgecolor": "none", "pad": 1}
            ax.text(x0, y0, label, va="bottom", fontsize=10, bbox=badge)
    if title is not None:
        ax.set_title(title)
    return ax


def show_skeletons(image, people, limbs, *, names=None, threshold=0.0, ax=None, title=None):
    """Draw people as joints and limbs on a picture.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        Values in [0, 1].
    people : (P, K, 3) array_like
        Keypoints ``x, y, score`` in pixels; points of NaN or of score 0 are missing.
    limbs : sequence of (int, int)
        Which keypoints are joined.
    names : sequence of str, optional
        One per person, written at the topmost joint.
    threshold : float
        Keypoints with a lower score are not drawn.
    ax : Axes, optional
    title : str, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the people are not ``(P, K, 3)``.
    """
    people = checks.array(people, "people", finite=False, dtype=np.float64)
    people = people.reshape(0, 0, 3) if people.size == 0 else people
    people = checks.array(people, "people", shape=(None, None, 3), finite=False)
    ax = show_images([image], axes=[ax or plt.subplots(layout="constrained")[1]])[0]
    for number, person in enumerate(people):
        colour = CYCLE[number % len(CYCLE)]
        seen = np.isfinite(person[:, :2]).all(axis=1) & (person[:, 2] >= max(threshold, 1e-9))
        for a, b in limbs:
            if seen[a] and seen[b]:
                ax.plot(*person[[a, b], :2].T, color="white", linewidth=4, zorder=1.9)
                ax.plot(*person[[a, b], :2].T, color=colour, linewidth=2)
        ax.scatter(*person[seen, :2].T, color=colour, edgecolor="white", s=28, zorder=3)
        if names is not None and seen.any():
            x, y, _ = person[seen][person[seen, 1].argmin()]
            ax.text(x, y - 4, names[number], color=colour, ha="center", va="bottom")
    if title is not None:
        ax.set_title(title)
    return ax


def show_heatmap(values, *, image=None, ax=None, label="", title=None, cmap=None, centre=None):
    """Draw a map of values with its colour bar, over a picture where one is given.

    Parameters
    ----------
    values : (H, W) array
    image : (H, W) or (H, W, 3) array, optional
        Drawn beneath, in [0, 1]; may have another size than the map.
    ax : Axes, optional
    label : str
        What the values are, with their unit; written at the colour bar.
    title : str, optional
    cmap : str, optional
        ``viridis``, or the diverging ``RdBu_r`` around a `centre`.
    centre : float, optional
        The value drawn in white.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the values are not ``(H, W)``.
    """
    values = checks.array(values, "values", ndim=2, finite=False)
    ax = ax or plt.subplots(layout="constrained")[1]
    kwargs = {"cmap": cmap or ("viridis" if centre is None else "RdBu_r")}
    if centre is not None:
        reach = np.nanmax(np.abs(values - centre)) or 1
        kwargs |= {"vmin": centre - reach, "vmax": centre + reach}
    if image is not None:
        height, width = np.shape(image)[:2]
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        kwargs |= {"alpha": 0.6, "extent": (-0.5, width - 0.5, height - 0.5, -0.5)}
    drawn = ax.imshow(values, **kwargs)
    ax.figure.colorbar(drawn, ax=ax, label=label, shrink=0.8)
    ax.set(xticks=[], yticks=[], title=title or "")
    return ax


def show_curves(curves, *, x_label, y_label, ax=None, title=None):
    """Draw curves that differ by colour, dash and marker.

    Parameters
    ----------
    curves : dict of str to array or (array, array)
        The name of each curve and its y values, or its x and y values.
    x_label, y_label : str
        What the axes show, with the unit.
    ax : Axes, optional
    title : str, optional

    Returns
    -------
    Axes
    """
    ax = ax or plt.subplots(figsize=(6.5, 3.8), layout="constrained")[1]
    for number, (name, curve) in enumerate(curves.items()):
        x, y = curve if isinstance(curve, tuple) else (np.arange(len(curve)), curve)
        style = {"linestyle": _LINES[number % len(_LINES)], "color": CYCLE[number % len(CYCLE)]}
        marker = _MARKERS[number % len(_MARKERS)]
        ax.plot(x, y, marker=marker, markevery=max(1, len(y) // 12), label=name, **style)
    ax.set(xlabel=x_label, ylabel=y_label, title=title or "")
    if len(curves) > 1:
        ax.legend()
    return ax


def show(figure, alt):
    """Display a figure with its alt text in the output's metadata, and close it.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        What the figure shows, in a sentence for a reader who cannot see it.

    Raises
    ------
    ValueError
        If the alt text is empty.
    """
    from IPython.display import display

    if not str(alt or "").strip():
        raise ValueError("alt is empty; wanted a sentence that says what the figure shows.")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    text = {"image/png": buffer.getvalue(), "text/plain": alt}
    display(text, raw=True, metadata={"image/png": {"alt": alt}})


def _pictures(images):
    """The pictures as a list; one that came alone would be drawn as hundreds of rows."""
    alone = isinstance(images, np.ndarray) and (
        images.ndim == 2 or (images.ndim == 3 and images.shape[1] > 16 and images.shape[2] == 3)
    )
    if alone:
        raise ValueError(f"images is one picture {images.shape}; wanted a list: [picture].")
    images = list(images)
    if not images:
        raise ValueError("images is empty; wanted at least one picture.")
    for number, image in enumerate(images):
        shape = np.shape(image)
        if len(shape) != 2 and not (len(shape) == 3 and shape[2] in (3, 4)):
            wanted = "(H, W) or (H, W, 3)"
            raise ValueError(f"images[{number}] has shape {shape}; wanted a picture {wanted}.")
    return images


def _grid(images, columns, size):
    """Axes for the pictures in a new figure; cells that stay empty are hidden."""
    height, width = np.shape(images[0])[:2]
    rows = math.ceil(len(images) / columns)
    shape = (columns * size, rows * (size * height / width + 0.4))
    figure, axes = plt.subplots(rows, columns, figsize=shape, squeeze=False, layout="constrained")
    for ax in axes.ravel()[len(images) :]:
        ax.set_axis_off()
    return axes
