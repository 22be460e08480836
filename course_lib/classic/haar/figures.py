"""The figures of ``01_1_haar_features``, drawn from what its cells have computed."""

import matplotlib.pyplot as plt

from course_lib import plot
from course_lib.classic.haar import drawing as haar_drawing


def show_search(feature, average, picture, heat, names):
    """Draw a feature on the mean face, on its way over a photo, and where it responds.

    Parameters
    ----------
    feature : (5,) integer array_like
        A row of `haar.feature_table`, for a window as large as `average`.
    average : (H, W) array
    picture, heat : (h, w) array
        The photo and the responses, NaN where nothing shall be drawn.
    names : dict of str to (x, y)
        What to write beside which pixels of `heat`.

    Returns
    -------
    matplotlib Figure
    """
    ratios = {"width_ratios": [1, 1.36, 1.36]}
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.7), layout="constrained", **ratios)
    style = {"title": "− on the eyes, + below", "vmin": average.min(), "vmax": average.max()}
    haar_drawing.show_feature(feature, image=average, ax=axes[0], **style)
    kind, x, y, width, height = feature
    haar_drawing.show_feature((kind, x + 1, y + 2, width, height), image=picture, ax=axes[1])
    window = (1, 2, 1 + average.shape[1], 2 + average.shape[0])
    plot.show_boxes(None, [window], ax=axes[1], title="slide it over a photo", style="--")
    plot.show_heatmap(heat, image=picture, ax=axes[2], cmap="YlOrRd", label="response")
    axes[2].set_title("lighter under + than −")
    label = {"bbox": {"facecolor": "white"}, "arrowprops": {"arrowstyle": "-", "color": "white"}}
    for name, (x, y) in names.items():
        axes[2].annotate(name, (x, y), (2, y + 1), fontsize=10, **label)
    return figure


def show_prices(sides, counted):
    """Draw how many additions the sum of a square takes, on axes that double and quadruple.

    Parameters
    ----------
    sides : (N,) int array
        Sides of the square in pixels.
    counted : dict of str to (N,) int array
        Each way to sum, and its additions; the first one writes the scale.

    Returns
    -------
    matplotlib Figure
    """
    curves = {name: (sides, additions) for name, additions in counted.items()}
    ax = plot.show_curves(curves, x_label="side n of the square (pixels)", y_label="additions")
    ax.set(xscale="log", yscale="log", title="The price of a sum no longer depends on its size")
    ticks = next(iter(counted.values()))
    ax.set_xticks(sides, sides)
    ax.set_yticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()
    return ax.figure


def show_threshold(responses, is_face, cut, curves):
    """Draw the histograms of the eye band with its threshold, and the ROC curves of several.

    Parameters
    ----------
    responses : (N,) array
    is_face : (N,) bool array
    cut : float
        The threshold.
    curves : dict of str to (array, array)
        The false alarm rates and hit rates of each feature.

    Returns
    -------
    matplotlib Figure
    """
    ratios = {"width_ratios": [1.3, 1]}
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", **ratios)
    style = {"line": cut, "label": "threshold", "title": "Eye band: no threshold parts them all"}
    haar_drawing.show_histogram(responses, is_face, ax=axes[0], **style)
    labels = {"x_label": "false alarm rate", "y_label": "hit rate"}
    plot.show_curves(curves, ax=axes[1], title="More hits cost more false alarms", **labels)
    axes[1].plot([0, 1], [0, 1], ":", color="grey")
    axes[1].text(0.55, 0.47, "tossing a coin", color="grey")
    axes[1].legend(loc="lower right")
    return figure


def show_lamps(found):
    """Draw the share of the faces found as the lamp dims.

    Parameters
    ----------
    found : dict of str to (array, array)
        Strength of the lamp and faces found, both in percent, with and without normalising.

    Returns
    -------
    matplotlib Figure
    """
    ax = plot.show_curves(found, x_label="strength of the lamp (%)", y_label="faces found (%)")
    ax.set(ylim=(0, 105), title="Without normalisation, faces get lost in the dark")
    ax.invert_xaxis()
    return ax.figure


def show_trial(feature, window, name, response, responses, is_face):
    """Draw a feature on one window, and its responses on all of them.

    Parameters
    ----------
    feature : (5,) integer array_like
        A row of `haar.feature_table`.
    window : (H, W) array
    name : str
        Of the window.
    response : float
        On the window; marked in the histogram.
    responses : (N,) array
    is_face : (N,) bool array

    Returns
    -------
    matplotlib Figure
    """
    ratios = {"width_ratios": [1, 1.6]}
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained", **ratios)
    title = f"{name}: response {response:+.1f}".replace("-", "−")
    haar_drawing.show_feature(feature, image=window, ax=left, title=title, alpha=0.4)
    haar_drawing.show_histogram(responses, is_face, ax=right, line=response, label=name)
    return figure


def show_failures(scene, boxes, angles, tilted, cut):
    """Draw the strongest window of a photo beside the face, and the responses of a tilted head.

    Parameters
    ----------
    scene : (H, W) array
    boxes : (2, 4) array_like
        The strongest window and the face; corners in pixels.
    angles, tilted : (N,) array
        Degrees, and the response at each.
    cut : float
        The threshold.

    Returns
    -------
    matplotlib Figure
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    plot.show_boxes(scene, boxes[:1], labels=["strongest"], ax=left, title="A helmet beats a face")
    plot.show_boxes(None, boxes[1:], labels=["her face"], ax=left, colour=plot.SKY, style="--")
    right.axhline(cut, color="black", linestyle="--")
    right.text(89, cut + 1, "threshold", ha="right")
    right.plot(angles, tilted, "o-")
    right.set(xlabel="tilt of the head (degrees)", ylabel="response on the mean face")
    right.set(xticks=angles[::3], title="A tilted head is lost")
    return figure
