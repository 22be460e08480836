"""The picture in README.md: what a student makes in parts 01, 05, 06, 09 and 10.

``python -m course_lib.staff.cover`` draws it into ``data/cover.png``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from course_lib import compute, datasets, detection, images, plot
from course_lib.classic import boosting, cascade, haar
from course_lib.classic.cascade import scan
from course_lib.classic.haar import drawing as haar_drawing
from course_lib.classic.lineart import flats
from course_lib.generation import dcgan
from course_lib.generation.dcgan import drawing as dcgan_drawing
from course_lib.pose import openpose
from course_lib.pose.openpose import drawing as pose_drawing
from course_lib.translation import fast_style, paint
from course_lib.translation.fast_style import drawing as style_drawing

PATH = Path("data/cover.png")
SEED = 3


def draw_feature(ax):
    """A Haar feature over the eyes of the mean face."""
    windows, labels = datasets.lfw()
    table = haar.feature_table(25, 25, prototypes=("three_across",))
    wanted = np.abs(table[:, 1:] - (4, 7, 18, 5)).sum(axis=1).argmin()
    face = windows[labels == 1].mean(axis=0)
    haar_drawing.show_feature(table[wanted], image=face, ax=ax, vmin=face.min(), vmax=face.max())
    ax.set_title("A face is a pattern\nof light and dark")


def draw_boundary(ax):
    """Forty decision stumps vote on two interleaved half circles."""
    rng = np.random.default_rng(SEED)
    angle = rng.uniform(0, np.pi, (2, 150))
    upper = np.stack([np.cos(angle[0]), np.sin(angle[0])], axis=1)
    lower = np.stack([1 - np.cos(angle[1]), 0.4 - np.sin(angle[1])], axis=1)
    points = np.concatenate([upper, lower]) + rng.normal(scale=0.14, size=(300, 2))
    labels = np.repeat([1, -1], 150)
    turned = _turns(points)
    ensemble = boosting.fit_adaboost(turned.astype(np.float32), labels, 40)
    x, y = np.meshgrid(np.linspace(-1.5, 2.5, 300), np.linspace(-1.2, 1.6, 210))
    score = ensemble.score(_turns(np.stack([x.ravel(), y.ravel()], 1)).astype(np.float32))
    ax.contourf(
        x, y, np.sign(score).reshape(x.shape), colors=[plot.SKY, plot.YELLOW], levels=1, alpha=0.5
    )
    for sign, colour, marker in ((1, plot.ORANGE, "o"), (-1, plot.BLUE, "s")):
        ax.scatter(
            *points[labels == sign].T, s=14, color=colour, marker=marker, edgecolor="white", lw=0.4
        )
    ax.set(xticks=[], yticks=[], title="Many weak voters\nmake a strong one")
    ax.set_box_aspect(1)
    ax.spines[:].set_visible(False)


def draw_detection(ax):
    """The face and the eyes that OpenCV's cascades find through our detector."""
    photo = datasets.photo("astronaut")[:400, :400]
    faces = scan.detect(
        photo, cascade.opencv_cascade("haarcascade_frontalface_default"), min_neighbors=5
    )
    plot.show_boxes(photo, faces, ax=ax)
    eyes = cascade.opencv_cascade("haarcascade_eye")
    for x0, y0, x1, _y1 in faces.astype(int):
        upper = photo[y0 : y0 + (x1 - x0) // 2, x0:x1]
        found = scan.detect(upper, eyes, min_neighbors=5) + [x0, y0, x0, y0]
        plot.show_boxes(None, found, ax=ax, colour=plot.SKY)
    ax.set_title("A detector built by hand\nfinds faces and eyes")


def draw_comic(ax):
    """A photograph as ink lines over flat colours."""
    photo = images.fit(datasets.photo("chelsea"), 700)
    ax.imshow(flats.comic(photo))
    ax.set(xticks=[], yticks=[], title="A photo becomes\na drawing")
    ax.spines[:].set_visible(False)


def draw_things(ax):
    """What SSD-MobileNet finds on a breakfast table."""
    photo = datasets.photo("coffee")
    found = detection.detect(photo, threshold=0.6)
    plot.show_boxes(photo, found.boxes, labels=found.labels, ax=ax)
    ax.set_title("A network frames\nand names things")


def draw_skeleton(ax):
    """The joints that OpenPose finds."""
    photo = datasets.photo("astronaut")[:400, :400]
    pose_drawing.show_skeletons(photo, openpose.detect(photo), ax=ax, thin=0.7)
    ax.set_title("Joints and limbs,\nleft and right")


def draw_clothes(ax):
    """What our generator makes of random codes."""
    codes = np.random.default_rng(SEED).standard_normal((36, dcgan.CODE_SIZE))
    clothes = dcgan.sample(dcgan.load_generator(), codes)
    dcgan_drawing.show_sheet(ax, clothes, 6, title="Clothes that\nnobody has made")


def draw_styles(ax):
    """A photo in the styles of four pictures that our own code has drawn."""
    photo = images.resize(datasets.photo("china")[:, 60:487], 256, 256)
    painters = paint.PAINTERS.values()
    styles = [painter(256, 256, np.random.default_rng(SEED)) for painter in painters]
    wall = style_drawing.wall([styles, [fast_style.stylise(photo, style) for style in styles]])
    ax.imshow(wall)
    ax.set(xticks=[], yticks=[], title="Style pictures drawn by code,\nand a photo in their style")
    ax.spines[:].set_visible(False)


ROWS = (
    (draw_feature, draw_boundary, draw_detection, draw_comic),
    (draw_clothes, draw_skeleton, draw_things, draw_styles),
)


def draw():
    """Return the figure of all eight panels."""
    compute.seed_all(SEED)
    figure = plt.figure(figsize=(12, 6.1), layout="constrained")
    for part, panels, widths in zip(
        figure.subfigures(2), ROWS, ((1, 1, 1, 1.5), (0.9, 0.9, 1.3, 1.8)), strict=True
    ):
        axes = part.subplots(1, len(panels), width_ratios=widths)
        for panel, ax in zip(panels, axes, strict=True):
            panel(ax)
    return figure


def _turns(points):
    """Coordinates along eight directions, since a stump cuts at right angles to an axis only."""
    angles = np.arange(8) * np.pi / 8
    return points @ np.stack([np.cos(angles), np.sin(angles)])


if __name__ == "__main__":
    draw().savefig(PATH, dpi=110, bbox_inches="tight", pad_inches=0.08)
