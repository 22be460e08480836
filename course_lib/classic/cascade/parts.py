"""The attentional cascade as data: stages of weak classifiers over a table of Haar features.

A window is a face when it passes every stage. A stage adds up one number per weak classifier (a
tree; most often a tree with one question, a `stump`) and lets the window pass when the sum reaches
the threshold. A tree asks whether a Haar feature of the window is below a value.

Taught in ``01_3_face_detector``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb; tilted features: Lienhart and Maydt, ICIP 2002,
doi 10.1109/ICIP.2002.1038171.
"""

from dataclasses import dataclass, replace

import numpy as np

from course_lib import checks

MAX_STAGES = 250  # The scan keeps the depth that a window reached in one byte.
MAX_SIDE = 256  # Pixels. The sum of squares over a larger window would leave 32 bits.


class CascadeError(ValueError):
    """A file or a table that is no cascade which the detector can run."""


@dataclass(frozen=True)
class Tree:
    """A weak classifier: questions about features, and a number at every end.

    Attributes
    ----------
    features : tuple of int
        Row of the cascade's feature table that each question looks at.
    thresholds : tuple of float
        A question goes left where the feature's value is below its threshold. The value is
        ``sum(weight * rectangle sum) / (area * std)``, where area and std (of the bytes 0 to 255
        as of any other unit) belong to the window without its outermost pixels.
    children : tuple of (int, int)
        Where left and right lead: another question (a number above 0) or, as 0 or minus its
        number, a leaf.
    leaves : tuple of float
        What the tree adds to the stage's sum.
    """

    features: tuple
    thresholds: tuple
    children: tuple
    leaves: tuple


def stump(feature, threshold, below, above):
    """A tree of one question.

    Parameters
    ----------
    feature : int
        Row of the cascade's feature table.
    threshold : float
        In the unit of `Tree.thresholds`.
    below, above : float
        What it adds where the value is below the threshold, and where it is not.

    Returns
    -------
    Tree
    """
    leaves = (float(below), float(above))
    return Tree((int(feature),), (float(threshold),), ((0, -1),), leaves)


@dataclass(frozen=True)
class Stage:
    """Weak classifiers whose sum must reach a threshold.

    Attributes
    ----------
    threshold : float
        OpenCV lets sums pass that miss it by 1e-5, and so does our scan.
    trees : tuple of Tree
    """

    threshold: float
    trees: tuple


@dataclass(frozen=True, eq=False)
class Cascade:
    """A detector for one kind of object.

    Attributes
    ----------
    window : (int, int)
        Width and height in pixels of what the stages look at.
    stages : tuple of Stage
    rectangles : (F, 3, 4) int ndarray
        x, y, width, height of up to three rectangles per feature; all zero where there is none.
        In a tilted feature x, y is the topmost corner, width runs down to the right and height
        down to the left, both in diagonal steps.
    weights : (F, 3) float32 ndarray
        What each rectangle's sum is multiplied by.
    tilted : (F,) bool ndarray
        Whether a feature is turned by 45 degrees.
    name : str

    Raises
    ------
    CascadeError
        If a rectangle leaves the window, or a tree points to nothing.
    """

    window: tuple
    stages: tuple
    rectangles: np.ndarray
    weights: np.ndarray
    tilted: np.ndarray
    name: str = "cascade"

    def __post_init__(self):
        _freeze(self)
        _check_shapes(self)
        _check_rectangles(self)
        for number, stage in enumerate(self.stages):
            for tree in stage.trees:
                _check_tree(tree, len(self.rectangles), f"{self.name}, stage {number}")

    def head(self, stages):
        """The cascade of the first stages only: a detector that is satisfied sooner."""
        count = checks.number(stages, "stages", low=1, high=len(self.stages), integer=True)
        return replace(self, stages=self.stages[:count], name=f"{self.name}[:{count}]")


def _freeze(cascade):
    """Tuples and read-only arrays of the right type: the scan keeps tables made from them."""
    for name in ("window", "stages"):
        object.__setattr__(cascade, name, tuple(getattr(cascade, name)))
    for name, kind in [("rectangles", np.int32), ("weights", np.float32), ("tilted", bool)]:
        array = np.array(getattr(cascade, name), kind)
        array.flags.writeable = False
        object.__setattr__(cascade, name, array)


def _check_shapes(cascade):
    if len(cascade.window) != 2:
        raise CascadeError(f"the window is {cascade.window}; wanted width and height.")
    width, height = cascade.window
    if not (3 <= width <= MAX_SIDE and 3 <= height <= MAX_SIDE):
        raise CascadeError(f"the window is {width} x {height}; wanted 3 to {MAX_SIDE} pixels.")
    count = len(cascade.rectangles)
    shapes = [a.shape for a in (cascade.rectangles, cascade.weights, cascade.tilted)]
    if shapes != [(count, 3, 4), (count, 3), (count,)]:
        raise CascadeError(
            f"rectangles, weights and tilted have shapes {shapes}; wanted (F, 3, 4), (F, 3), (F,)."
        )
    if not 0 < len(cascade.stages) <= MAX_STAGES:
        raise CascadeError(f"there are {len(cascade.stages)} stages; wanted 1 to {MAX_STAGES}.")


def _check_rectangles(cascade):
    """Whether every rectangle stays inside the window: the scan does not look again."""
    width, height = cascade.window
    x, y, w, h = np.moveaxis(cascade.rectangles.astype(np.int64), 2, 0)  # (F, 3) each
    turned = cascade.tilted[:, None]
    left, bottom = x - turned * h, y + h + turned * w
    if np.any((left < 0) | (y < 0) | (w < 0) | (h < 0) | (x + w > width) | (bottom > height)):
        raise CascadeError(f"a feature leaves the window of {width} x {height} pixels.")
    if not np.isfinite(cascade.weights).all():
        raise CascadeError("a feature has a weight that is no number.")


def _check_tree(tree, features, where):
    """Whether a tree only points forward and to what exists, so that no walk is endless."""
    nodes, leaves = len(tree.features), len(tree.leaves)
    ends = [end for pair in tree.children for end in pair]
    forward = all(
        end <= 0 or n < end < nodes for n, pair in enumerate(tree.children) for end in pair
    )
    if not (0 < nodes == len(tree.thresholds) == len(tree.children) and forward):
        raise CascadeError(f"{where} has a tree whose questions do not lead to its leaves.")
    if not all(-leaves < end for end in ends) or leaves != nodes + 1:
        raise CascadeError(f"{where} has a tree with {nodes} questions and {leaves} leaves.")
    if not all(0 <= f < features for f in tree.features):
        raise CascadeError(f"{where} asks for a feature that the table of {features} lacks.")
    if not np.isfinite([*tree.thresholds, *tree.leaves]).all():
        raise CascadeError(f"{where} holds a threshold or leaf that is no number.")
