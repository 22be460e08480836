"""What a detector found in one picture."""

from dataclasses import dataclass, field

import numpy as np

from course_lib import checks
from course_lib.detection.boxes.forms import valid


@dataclass(frozen=True, eq=False)
class Detections:
    """Boxes, scores and names of the things found in one picture, best first.

    Attributes
    ----------
    boxes : (N, 4) float64 ndarray
        Corners ``x0, y0, x1, y1`` in pixels of the original picture, ``x0 <= x1``, ``y0 <= y1``.
    scores : (N,) float64 ndarray
        In [0, 1].
    labels : tuple of str
        One name per box.
    classes : (N,) int64 ndarray
        The network's number of each name; -1 where there is none.

    Raises
    ------
    TypeError
        If boxes, scores or classes are not numeric, or the labels are no list of texts.
    ValueError
        If there are not as many boxes as scores, labels and classes, a score leaves [0, 1], or a
        box has NaN or corners in the wrong order.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]
    classes: np.ndarray = field(default=None)

    def __post_init__(self):
        boxes = valid(self.boxes)
        scores = checks.array(self.scores, "scores", ndim=1, dtype=np.float64, low=0, high=1)
        labels = _names(self.labels)
        classes = np.full(len(boxes), -1) if self.classes is None else self.classes
        classes = checks.array(classes, "classes", ndim=1, dtype=np.int64)
        counts = len(boxes), len(scores), len(labels), len(classes)
        if len(set(counts)) > 1:
            raise ValueError(
                f"boxes, scores, labels and classes are {counts} in number; wanted as many of each."
            )
        values = {"boxes": boxes, "scores": scores, "labels": labels, "classes": classes}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __len__(self):
        return len(self.boxes)

    def only(self, labels=None, *, threshold=0.0):
        """Return those with some names, or with good scores.

        Parameters
        ----------
        labels : str or iterable of str, optional
            The names to keep; all by default. One that was not found is no error.
        threshold : float
            Smallest score to keep.

        Returns
        -------
        Detections

        Raises
        ------
        TypeError, ValueError
            If the labels are no texts, or the threshold is no number from 0 to 1.
        """
        labels = [labels] if isinstance(labels, str) else labels
        names = self.labels if labels is None else _names(labels)
        least = checks.number(threshold, "threshold", low=0, high=1)
        fits = np.array([label in names for label in self.labels], bool)
        rows = np.flatnonzero(fits & (self.scores >= least))
        labels = tuple(self.labels[i] for i in rows)
        return Detections(self.boxes[rows], self.scores[rows], labels, self.classes[rows])


def _names(labels):
    """The labels as a tuple of str."""
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise TypeError(f"labels is {labels!r}; wanted a list of names, such as ['cat'].")
    names = tuple(labels)
    for i, name in enumerate(names):
        if not isinstance(name, str):
            raise TypeError(f"labels[{i}] is {name!r} ({type(name).__name__}); wanted a text.")
    return names
