"""What a detector found in one picture."""

from dataclasses import dataclass, field

import numpy as np

from course_lib import checks


@dataclass(frozen=True, eq=False)
class Detections:
    """Boxes, scores and names of the things found in one picture, best first.

    Attributes
    ----------
    boxes : (N, 4) float64 ndarray
        Corners ``x0, y0, x1, y1`` in pixels of the original picture.
    scores : (N,) float64 ndarray
        In [0, 1].
    labels : tuple of str
        One name per box.
    classes : (N,) int64 ndarray
        The network's number of each name; -1 where there is none.

    Raises
    ------
    TypeError
        If boxes or scores are not numeric.
    ValueError
        If there are not as many boxes as scores, labels and classes, or a score leaves [0, 1].
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: tuple[str, ...]
    classes: np.ndarray = field(default=None)

    def __post_init__(self):
        boxes = checks.boxes(self.boxes)
        scores = checks.array(self.scores, "scores", dtype=np.float64, low=0, high=1)
        labels = tuple(self.labels)
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
        """
        names = set(self.labels if labels is None else [labels] * isinstance(labels, str) or labels)
        least = checks.number(threshold, "threshold", low=0, high=1)
        fits = np.array([label in names for label in self.labels], bool)
        rows = np.flatnonzero(fits & (self.scores >= least))
        labels = tuple(self.labels[i] for i in rows)
        return Detections(self.boxes[rows], self.scores[rows], labels, self.classes[rows])
