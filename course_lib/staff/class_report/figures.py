"""The figures of the report."""

import textwrap

import matplotlib
import numpy as np

from course_lib import plot
from course_lib.staff.class_report.terminal import histogram

HATCHES = ("", "//", "", "..", "", "\\\\", "", "xx", "", "oo", "", "--")
MOST_BARS = 20


def totals(summary):
    """Draw how many have how many points; whoever waits for a person is hatched.

    Parameters
    ----------
    summary : numbers.Summary

    Returns
    -------
    figure : matplotlib Figure
    alt : str
    """
    figure, ax = _figure(3.4)
    bins = int(min(MOST_BARS, max(5, round(summary.most))))
    groups = {
        "marked": [v for who, v in summary.totals.items() if who not in summary.waiting],
        "so far, waits for a person": [summary.totals[who] for who in sorted(summary.waiting)],
    }
    base = np.zeros(bins)
    for (label, values), colour, hatch in zip(
        groups.items(), (plot.BLUE, plot.SKY), ("", "//"), strict=True
    ):
        if values:
            counted = histogram(values, summary.most, bins)
            low, high, count = (np.array(part) for part in zip(*counted, strict=True))
            width = high - low
            style = {"hatch": hatch, "edgecolor": "white", "color": colour, "label": label}
            ax.bar(low, count, width, bottom=base, align="edge", **style)
            base += count
    ax.set(xlabel="points", ylabel="submissions", xlim=(0, summary.most or 1))
    for axis in (ax.xaxis, ax.yaxis):
        axis.get_major_locator().set_params(integer=True)
    title = f"Totals of {len(summary.totals)} submissions"
    ax.set_title(f"{title}; {len(summary.waiting)} wait" if summary.waiting else title)
    if summary.waiting:
        ax.legend(frameon=False)
    counted = histogram(summary.totals.values(), summary.most, 5)
    told = ", ".join(f"{count} from {low:g} to {high:g}" for low, high, count in counted)
    return figure, f"Histogram of points: {told}."


def tasks(summary):
    """Draw the mean share of points of each task, hardest first.

    Parameters
    ----------
    summary : numbers.Summary

    Returns
    -------
    figure : matplotlib Figure
    alt : str
    """
    hardest = summary.hardest
    figure, ax = _figure(1.1 + 0.42 * len(hardest))
    shares = [task.mean or 0.0 for task in hardest]
    ax.barh(range(len(hardest)), shares, color=plot.BLUE, height=0.62)
    for place, task in enumerate(hardest):
        text = "open" if task.mean is None else f"{task.mean:.0%}"
        ax.text((task.mean or 0) + 0.01, place, text, va="center")
    _name_rows(ax, hardest)
    ax.set(xlim=(0, 1.12), xticks=np.linspace(0, 1, 6), xlabel="mean share of the points")
    ax.xaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    ax.set_title("Hardest tasks first")
    told = ", ".join(
        f"{task.title} {'open' if task.mean is None else format(task.mean, '.0%')}"
        for task in hardest
    )
    return figure, f"Bars of the mean share of points: {told}."


def causes(summary):
    """Draw why points are missing, a bar for each task.

    Parameters
    ----------
    summary : numbers.Summary

    Returns
    -------
    figure : matplotlib Figure
    alt : str
    """
    lines = [task for task in summary.tasks if not task.by_hand or task.causes]
    figure, ax = _figure(1.7 + 0.42 * len(lines))
    base = np.zeros(len(lines))
    for place, cause in enumerate(summary.causes):
        count = np.array([task.causes.get(cause, 0) for task in lines])
        style = {"hatch": HATCHES[place % len(HATCHES)], "edgecolor": "white", "height": 0.62}
        colour = plot.CYCLE[place % len(plot.CYCLE)]
        ax.barh(range(len(lines)), count, left=base, color=colour, label=cause, **style)
        base += count
    _name_rows(ax, lines)
    ax.set(xlabel="submissions", xlim=(0, max(base.max(initial=0) * 1.05, 1)))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_title("Why points are missing")
    if summary.causes:
        figure.legend(loc="outside lower center", ncols=4, frameon=False)
    told = "; ".join(
        f"{task.title}: " + ", ".join(f"{n} {cause}" for cause, n in task.causes.items())
        for task in lines
        if task.causes
    )
    return figure, f"Bars of failures by cause. {told or 'There are none'}."


def _figure(height):
    """A figure without a window."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, height), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    ax.spines[["top", "right"]].set_visible(False)
    return figure, ax


def _name_rows(ax, lines):
    """Titles of tasks at the rows of a chart, the first on top."""
    names = [
        textwrap.shorten(task.title.replace("$", r"\$"), 48, placeholder="…") for task in lines
    ]
    ax.set_yticks(range(len(lines)), names)
    ax.invert_yaxis()
