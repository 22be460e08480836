"""How good a face detector is: faces found and false alarms over annotated photos.

Taught in ``01_3_face_detector``.
"""

import numpy as np

from course_lib import checks
from course_lib.classic.cascade import grouping, scan
from course_lib.detection import boxes as detection_boxes

# The windows of CBCL end at the brows and the chin; the boxes that people draw around a face are
# wider. Measured once on the annotated group photos: the median ratio of the widths of an annotated
# box and of ours. Nothing else in the detector was fitted to those photos.
GROWTH = 1.4
OVERLAP = 0.4


def grow(boxes, factor=GROWTH):
    """Boxes made larger around their centres.

    Parameters
    ----------
    boxes : (N, 4) array_like
        Corners ``x0, y0, x1, y1`` in pixels.
    factor : float
        Above 0; 1 changes nothing.

    Returns
    -------
    (N, 4) float64 ndarray
    """
    boxes = checks.boxes(boxes)
    factor = checks.number(factor, "factor", low=np.finfo(float).tiny)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * factor
    return np.hstack([centre - half, centre + half])


def count(found, truth, *, overlap=OVERLAP):
    """Faces found and false alarms over several photos.

    Parameters
    ----------
    found, truth : sequence of (n, 4) array_like
        The found and the annotated boxes of each photo, ``x0, y0, x1, y1`` in pixels.
    overlap : float
        A found box counts when its intersection over union with a face that no better box took
        is at least this.

    Returns
    -------
    hits, false_alarms : int

    Raises
    ------
    ValueError
        If there are not as many photos found as annotated, or a box is no box.
    """
    if len(found) != len(truth):
        raise ValueError(f"found is for {len(found)} photos and truth for {len(truth)}.")
    pairs = [
        len(detection_boxes.match(f, t, overlap=overlap)) for f, t in zip(found, truth, strict=True)
    ]
    return sum(pairs), sum(len(f) for f in found) - sum(pairs)


def agreement(mine, theirs, *, overlap=0.9):
    """How well the boxes of two detectors agree over several photos.

    Parameters
    ----------
    mine, theirs : sequence of (n, 4) array_like
        Boxes of each photo, ``x0, y0, x1, y1`` in pixels.
    overlap : float
        Intersection over union from which two boxes are a pair.

    Returns
    -------
    counts : (3,) int64 ndarray
        Boxes of the first, boxes of the second, and pairs.
    furthest : float
        The largest difference between the coordinates of two boxes of a pair, in pixels.

    Raises
    ------
    ValueError
        If they are not for the same number of photos, or a box is no box.
    """
    if len(mine) != len(theirs):
        raise ValueError(f"mine is for {len(mine)} photos and theirs for {len(theirs)}.")
    counts, furthest = np.zeros(3, np.int64), 0.0
    for ours, others in zip(map(checks.boxes, mine), map(checks.boxes, theirs), strict=True):
        pairs = detection_boxes.match(ours, others, overlap=overlap)  # (P, 2)
        counts += len(ours), len(others), len(pairs)
        gaps = np.abs(ours[pairs[:, 0]] - others[pairs[:, 1]])
        furthest = max(furthest, gaps.max(initial=0))
    return counts, furthest


def sweep(images, truth, cascade, scale_factors, min_neighbors, *, growth=1.0):
    """Faces found and false alarms for every pair of settings.

    Parameters
    ----------
    images : sequence of (H, W) or (H, W, 3) array_like
    truth : sequence of (n, 4) array_like
        The annotated boxes of each image, ``x0, y0, x1, y1`` in pixels.
    cascade : Cascade
    scale_factors : sequence of float
    min_neighbors : sequence of int
    growth : float
        See `grow`.

    Returns
    -------
    (S, M, 2) int64 ndarray
        Faces found and false alarms, as of `count`.

    Notes
    -----
    Scans once for every scale factor; for every `min_neighbors` it only groups again.
    """
    table = np.zeros((len(scale_factors), len(min_neighbors), 2), np.int64)
    for row, factor in enumerate(scale_factors):
        hits = [scan.raw_hits(image, cascade, scale_factor=factor) for image in images]
        for column, least in enumerate(min_neighbors):
            found = [grow(grouping.group_boxes(h, least)[0], growth) for h in hits]
            table[row, column] = count(found, truth)
    return table
