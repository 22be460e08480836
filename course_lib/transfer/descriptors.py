"""Local descriptors: what the surroundings of single points of a picture look like.

Taught in ``04_2_embedding_and_retrieval``.
"""

import cv2
import numpy as np

from course_lib import checks, images

LENGTH = 128  # numbers in a SIFT descriptor: 4 x 4 squares, 8 directions each
SMALLEST = 8  # pixels; on a smaller picture there is no room for a blob and its surroundings


def sift(image, *, limit=300, contrast=0.02):
    """Find the keypoints of a picture and describe the surroundings of each by 128 numbers.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        In [0, 1], both sides 8 pixels or more.
    limit : int
        Largest number of keypoints; the strongest stay.
    contrast : float
        Weaker blobs than this are left out.

    Returns
    -------
    points : (n, 4) float32 ndarray
        Column, row and diameter in pixels, and angle in degrees (clockwise, as rows go down).
    descriptors : (n, 128) float32 ndarray
        Histograms of gradient directions, 0 to 255. A picture without a blob, such as a clear sky,
        has none: n is 0.

    Raises
    ------
    ValueError
        If the picture is too small, or not a picture; or `limit` or `contrast` is not positive.

    Notes
    -----
    OpenCV computes them; its own default for `contrast` is 0.04, which leaves small pictures with
    few points. Source: Lowe, IJCV 2004. Taught in ``04_2_embedding_and_retrieval``.
    """
    limit = checks.number(limit, "limit", low=1, integer=True)
    contrast = checks.number(contrast, "contrast", low=1e-6)
    detector = cv2.SIFT_create(contrastThreshold=contrast)
    points, descriptors = detector.detectAndCompute(_grey_bytes(image), None)
    # Left to cut the number itself, OpenCV keeps more where several are equally strong.
    strongest = np.argsort([-p.response for p in points], kind="stable")[:limit].astype(int)
    chosen = [points[i] for i in strongest]
    descriptors = np.zeros((0, LENGTH), np.float32) if descriptors is None else descriptors
    return _table(chosen), descriptors[strongest]


def dense_sift(image, *, step=8, diameter=12.0):
    """Describe a picture on a regular grid of upright circles, whether anything is there or not.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        In [0, 1], both sides 8 pixels or more.
    step : int
        Pixels from one circle to the next; at most the shorter side.
    diameter : float
        Of the circles, in pixels, 1 or more.

    Returns
    -------
    points, descriptors
        As `sift`; row by row.

    Raises
    ------
    ValueError
        As `sift`; also if `step` is larger than the picture.

    Notes
    -----
    Finds categories better than keypoints do, but not what was turned.
    Source: Fei-Fei and Perona, CVPR 2005.
    """
    picture = _grey_bytes(image)
    height, width = picture.shape
    step = checks.number(step, "step", low=1, high=min(height, width), integer=True)
    diameter = checks.number(diameter, "diameter", low=1)
    places = [(x, y) for y in range(step // 2, height, step) for x in range(step // 2, width, step)]
    points = [cv2.KeyPoint(float(x), float(y), diameter, 0) for x, y in places]
    points, descriptors = cv2.SIFT_create().compute(picture, points)
    return _table(points), descriptors


def root(descriptors):
    """Take SIFT descriptors to RootSIFT: share of the whole, then the square root.

    Parameters
    ----------
    descriptors : (n, D) array
        0 or more.

    Returns
    -------
    (n, D) float32 ndarray
        Each row of length 1; rows of zeros stay zero.

    Raises
    ------
    ValueError
        If the array has another shape, or holds NaN or numbers below 0.

    Notes
    -----
    Between such rows the ordinary product is the Hellinger similarity of the histograms.
    Source: Arandjelović and Zisserman, CVPR 2012.
    """
    rows = checks.array(descriptors, "descriptors", ndim=2, low=0, dtype=np.float64)
    return np.sqrt(rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-30)).astype(np.float32)


def patch(image, point, side=32, *, reach=6.0):
    """Cut out the turned square that a keypoint's descriptor looks at, upright.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array
        In [0, 1].
    point : (x, y, diameter, angle)
        As a row of `sift`.
    side : int
        Of the result, in pixels.
    reach : float
        Width of the square in diameters; SIFT looks at about 6. What lies outside of the picture
        is its mirror image.

    Returns
    -------
    (side, side) or (side, side, 3) float32 ndarray

    Raises
    ------
    ValueError
        If it is not a picture, the point is not four finite numbers, or a size is not positive.
    """
    picture = checks.image(image)
    x, y, diameter, angle = checks.array(point, "point", shape=(4,), dtype=np.float64)
    diameter = checks.number(float(diameter), "the diameter in point", low=1e-6)
    side = checks.number(side, "side", low=1, integer=True)
    scale = checks.number(reach, "reach", low=1e-6) * diameter / side
    cosine, sine = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    turn = np.array([[cosine, -sine], [sine, cosine]])  # from the result to the picture
    matrix = np.c_[turn, [x, y] - turn @ np.full(2, (side - 1) / 2)]
    settings = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REFLECT}
    return cv2.warpAffine(picture, matrix, (side, side), **settings)


def _grey_bytes(image):
    """The picture as OpenCV's SIFT wants it, (H, W) uint8."""
    picture = checks.image(image)
    if min(picture.shape[:2]) < SMALLEST:
        size = f"{picture.shape[0]} x {picture.shape[1]}"
        raise ValueError(f"image is {size} pixels; wanted at least {SMALLEST} x {SMALLEST}.")
    return images.to_bytes(picture if picture.ndim == 2 else images.to_grey(picture))


def _table(points):
    rows = [(*p.pt, p.size, p.angle) for p in points]
    return np.array(rows, np.float32).reshape(-1, 4)
