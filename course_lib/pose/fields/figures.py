"""Whole figures of ``06_1_heatmaps_and_affinity_fields``, made of `drawing` and `plot`."""

import matplotlib.pyplot as plt
import numpy as np

from course_lib import plot
from course_lib.pose.fields import drawing
from course_lib.pose.parts import LIMBS, NAMES, People


def show_chain(crowd, maps, field, found):
    """A crowd in black, its heatmaps, its fields, and the people put together.

    Parameters
    ----------
    crowd, found : People
    maps : (H, W, 18) ndarray
    field : (H, W, 19, 2) ndarray

    Returns
    -------
    Figure
    """
    size = maps.shape[:2]
    fig, axes = plt.subplots(2, 2, figsize=(9, 5.6), layout="constrained")
    drawing.show_people(axes[0, 0], crowd, *size, colour="black", title="A crowd: who owns what?")
    pictures = [1 - maps.max(axis=2), drawing.direction_colours(field)]
    titles = [
        "Joints: 18 heatmaps, one on the other",
        "Limbs: orange flows right, green down, blue left",
    ]
    plot.show_images(pictures, titles, axes=[axes[0, 1], axes[1, 0]])
    drawing.show_people(axes[1, 1], found, *size, title=f"Put together: {len(found)} people")
    return fig


def show_maps(people, maps, shown):
    """Some heatmaps side by side, with the people's limbs in blue.

    Parameters
    ----------
    people : People
    maps : (H, W, 18) ndarray
    shown : sequence of int
        Which parts.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(shown), figsize=(9, 2), layout="constrained")
    for ax, j in zip(axes, shown, strict=True):
        look = {"paper": 1 - maps[..., j], "colour": plot.SKY, "title": NAMES[j]}
        drawing.show_people(ax, people, *maps.shape[:2], **look)
    return fig


def show_top(values, true_top, *, title=None):
    """Three pixels of a hill and the tops of two curves through them, see `drawing.show_top`.

    Parameters
    ----------
    values : (3,) ndarray
    true_top : float
    title : str, optional

    Returns
    -------
    Figure
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.9), layout="constrained")
    drawing.show_top(ax, values, true_top, title=title)
    return fig


def show_matching(people, hips, knees, table, choices, size):
    """Two people's left legs, and the table of their hips and knees with the chosen pairs.

    Parameters
    ----------
    people : People
    hips, knees : (2, 2) ndarray
        x and y.
    table : (2, 2) ndarray
        Scores of each hip with each knee.
    choices : dict of str to (2, 2) ndarray
        Name of the method -> pairs.
    size : (int, int)
        Height and width of the map.

    Returns
    -------
    Figure
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    others = np.isin(np.arange(len(NAMES)), range(2, 11))  # arms and the right legs
    legs = People(np.where(others[:, None], 0, people.keypoints))
    drawing.show_people(left, legs, *size, title="Two left thighs cross")
    low, high = np.min([hips, knees], axis=(0, 1)) - 5, np.max([hips, knees], axis=(0, 1)) + 5
    left.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
    names = ["hip 0", "hip 1", "knee 0", "knee 1"]
    for name, place, away in zip(names, [*hips, *knees], [10, -44, -54, 10], strict=True):
        left.annotate(name, place, (away, -3), textcoords="offset points")
    drawing.show_table(right, table, choices, rows=names[:2], columns=names[2:])
    return fig


def show_photo(photo, maps, field, found, *, part=0, limb=0, enlarged=(8, 26, 30, 12)):
    """A photograph with one heatmap, one field enlarged, and the skeletons.

    Parameters
    ----------
    photo : (H, W, 3) ndarray
    maps : (h, w, 18) ndarray
    field : (h, w, 19, 2) ndarray
    found : People
        In the map's pixels.
    part, limb : int
        Which heatmap and which field.
    enlarged : (float, float, float, float)
        Left, right, bottom and top of the field that is shown, in the map's pixels.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
    heat = {"image": photo, "label": "heatmap", "title": f"The {NAMES[part]}'s hill"}
    plot.show_heatmap(maps[..., part], ax=axes[0], **heat)
    title = " to ".join(NAMES[k] for k in LIMBS[limb]).capitalize()
    drawing.show_field(axes[1], field[:, :, limb], image=photo, colour=plot.YELLOW, title=title)
    axes[1].set(xticks=[], yticks=[], xlim=enlarged[:2], ylim=enlarged[2:])
    large = found.scaled(photo.shape[1] / maps.shape[1], photo.shape[0] / maps.shape[0])
    plot.show_skeletons(photo, large.keypoints, LIMBS[:17], ax=axes[2], title="Put together")
    return fig


def show_lost(people, field, found, *, near=(30, 46, 20, 8)):
    """People, one field between them, and what was found.

    Parameters
    ----------
    people, found : People
    field : (H, W, 2) ndarray
    near : (float, float, float, float)
        Left, right, bottom and top of the field that is shown.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
    drawing.show_people(axes[0], people, *field.shape[:2], title="Two people, a grip")
    drawing.show_field(axes[1], field, title="Left forearms: the mean is zero")
    axes[1].set(xlim=near[:2], ylim=near[2:], xlabel="x (pixels)", ylabel="y (pixels)")
    drawing.show_people(axes[2], found, *field.shape[:2], title="Their hands are lost")
    return fig


def show_found(maps, found, title):
    """The heatmaps, one on the other, and the people who were found.

    Parameters
    ----------
    maps : (H, W, 18) ndarray
    found : People
    title : str

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    paper = 1 - np.clip(maps.max(axis=2), 0, 1)
    plot.show_images([paper], ["The heatmaps, one on the other"], axes=axes[:1])
    drawing.show_people(axes[1], found, *maps.shape[:2], title=title)
    return fig
