"""From the network's answers to boxes with a name and a score, and how good they are."""

import numpy as np

from course_lib import checks, images
from course_lib.detection import boxes as box_tools
from course_lib.detection import metrics, scenes
from course_lib.detection.detections import Detections
from course_lib.detection.small_ssd.network import default_boxes
from course_lib.detection.ssd.coding import VARIANCES, decode


def read(answers, *, threshold=0.5, overlap=0.45, names=scenes.NAMES):
    """Decode the network's answers and suppress boxes on the same thing.

    Parameters
    ----------
    answers : (N, 756, 1 + C + 4) array_like
        Logits of background and classes, then four encoded offsets.
    threshold : float
        Only classes whose probability is above it count, in [0, 1].
    overlap : float
        Of two boxes of a class that overlap more, the better one stays, in [0, 1].
    names : sequence of C str

    Returns
    -------
    list of Detections
        One per picture, in pixels of the 96x96 scene, clipped to it; a default box may be
        reported under more than one class, as in SSD.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, a number is not finite or out of range.
    """
    defaults, names = default_boxes(), tuple(names)
    shape = (None, len(defaults), 1 + len(names) + 4)
    answers = checks.array(answers, "answers", shape=shape, dtype=np.float64)
    threshold = checks.number(threshold, "threshold", low=0, high=1)
    found = []
    for one in answers:
        rows, classes, scores = _candidates(one[:, :-4], threshold)
        boxes = decode(one[rows, -4:], defaults[rows], VARIANCES).clip(0, scenes.SIZE)
        kept = box_tools.nms(boxes, scores, overlap=overlap, labels=classes)
        labels = tuple(names[k] for k in classes[kept])
        found.append(Detections(boxes[kept], scores[kept], labels, classes[kept]))
    return found


def predict(model, pictures, *, threshold=0.5, overlap=0.45, batch=100):
    """Find the things that the small SSD knows in pictures of any size.

    Parameters
    ----------
    model : keras.Model
        From `build` or `load_checkpoint`, with the classes of ``scenes.NAMES``.
    pictures : (H, W, 3) array, or sequence of them
        RGB in [0, 1]; squeezed to 96x96 where they have another size.
    threshold, overlap : float
        As for `read`.
    batch : int
        Pictures that the network sees at once.

    Returns
    -------
    list of Detections
        One per picture, in its own pixels, best first.

    Raises
    ------
    TypeError, ValueError
        If a picture is none, or a number is out of range.
    """
    batch = checks.number(batch, "batch", low=1, integer=True)
    if not hasattr(model, "predict"):
        raise TypeError(f"model is {model!r}; wanted a network from build or load_checkpoint.")
    if isinstance(pictures, str) or not np.iterable(pictures):
        raise TypeError(f"pictures is {pictures!r}; wanted a picture (H, W, 3) or several.")
    pictures = [pictures] if getattr(pictures, "ndim", 0) == 3 else pictures
    pictures = [
        checks.image(one, f"pictures[{n}]", channels=(3,)) for n, one in enumerate(pictures)
    ]
    if not pictures:
        return []
    small = np.stack([_squeezed(one) for one in pictures])
    answers = model.predict(small, batch_size=batch, verbose=0)
    found = read(answers, threshold=threshold, overlap=overlap)
    return [_stretched(one, picture) for one, picture in zip(found, pictures, strict=True)]


def evaluate(model, made, *, threshold=0.01, overlap=0.45):
    """Measure average precision at an overlap of 0.5 on scenes.

    Parameters
    ----------
    model : keras.Model
    made : sequence of scenes.Scene
    threshold : float
        Lower than for use: the curve of precision and recall goes through all scores.
    overlap : float
        As for `read`.

    Returns
    -------
    metrics.Evaluation
        ``mean`` is mAP@.5 in COCO's way (101 points).
    """
    pictures = [scene.picture for scene in made]
    found = predict(model, pictures, threshold=threshold, overlap=overlap)
    truth = [metrics.Truth(scene.boxes, scene.names) for scene in made]
    return metrics.evaluate(found, truth, overlaps=0.5, classes=scenes.NAMES)


def _candidates(logits, threshold):
    """Rows, classes and probabilities of all answers above the threshold, background aside."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = (powers / powers.sum(axis=1, keepdims=True))[:, 1:]
    rows, classes = np.nonzero(shares > threshold)
    return rows, classes, shares[rows, classes]


def _squeezed(picture):
    """The picture as 96x96."""
    size = scenes.SIZE
    return picture if picture.shape[:2] == (size, size) else images.resize(picture, size, size)


def _stretched(found, picture):
    """Detections in the pixels of the picture that they came from."""
    height, width = picture.shape[:2]
    factors = np.array([width, height, width, height]) / scenes.SIZE
    return Detections(found.boxes * factors, found.scores, found.labels, found.classes)
