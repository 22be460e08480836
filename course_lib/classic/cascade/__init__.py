"""Cascade files: OpenCV's XML in and out.

What a cascade is made of stands in `cascade_parts`; its names are offered here as well.
Taught in ``01_3_face_detector``.
"""

import functools
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from course_lib import checks
from course_lib.classic.cascade.parts import MAX_SIDE, Cascade, CascadeError, Stage, Tree, stump

__all__ = [
    "Cascade",
    "CascadeError",
    "Stage",
    "Tree",
    "opencv_cascade",
    "read_cascade",
    "stump",
    "write_cascade",
]

MAX_BYTES = 64 * 2**20  # The largest cascade of OpenCV has 2.7 MB.


def opencv_cascade(name):
    """One of the cascades that come with OpenCV.

    Parameters
    ----------
    name : str
        For example ``"haarcascade_frontalface_default"``.

    Returns
    -------
    Cascade

    Raises
    ------
    ValueError
        If OpenCV has no such file; the message names near ones.
    """
    import cv2

    files = {path.stem: path for path in Path(cv2.data.haarcascades).glob("*.xml")}
    return _read_once(files[checks.choice(name, "name", sorted(files))])


def read_cascade(path):
    """Read a cascade of Haar features from OpenCV's XML.

    Parameters
    ----------
    path : path-like
        A file of ``opencv_traincascade``, or of the older ``opencv_haartraining``.

    Returns
    -------
    Cascade

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CascadeError
        If it is not XML, defines entities, is incomplete, or holds LBP or HOG features.

    Notes
    -----
    The file is read as data: no document type and so no entity is accepted. The older format's
    tree of stages (`parent`, `next`) is read as a list, which is what OpenCV 4 does as well.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no cascade file {path}; check the path.")
    if path.stat().st_size > MAX_BYTES:
        raise CascadeError(f"{path.name} is larger than any cascade; wanted OpenCV's XML.")
    root = _parse(path)
    try:
        read = _read_old if root.find("size") is not None else _read_new
        window, stages, features = read(root)
        return Cascade(window, stages, *_feature_arrays(features), name=path.stem)
    except CascadeError as error:
        raise CascadeError(f"{path.name}: {error}") from None
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise CascadeError(f"{path.name} is damaged: {error}.") from None


def write_cascade(path, cascade):
    """Write a cascade as XML that ``cv2.CascadeClassifier`` loads.

    Parameters
    ----------
    path : path-like
    cascade : Cascade

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    """
    path = Path(path).expanduser()
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent}; make it first.")
    used, renumber = np.unique(
        [f for stage in cascade.stages for tree in stage.trees for f in tree.features],
        return_inverse=True,
    )
    root = ET.Element("opencv_storage")
    top = ET.SubElement(root, "cascade", type_id="opencv-cascade-classifier")
    _write_header(top, cascade)
    _write_stages(ET.SubElement(top, "stages"), cascade.stages, iter(renumber.tolist()))
    _write_features(ET.SubElement(top, "features"), cascade, used)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


@functools.lru_cache(maxsize=32)
def _read_once(path):
    return read_cascade(path)


class _PlainBuilder(ET.TreeBuilder):
    """Builds elements, and stops at a document type before any entity is defined."""

    def doctype(self, name, pubid, system):
        raise CascadeError("it declares a document type, which cascade files never do")


def _parse(path):
    """The element that describes the cascade."""
    try:
        root = ET.parse(path, ET.XMLParser(target=_PlainBuilder())).getroot()
    except CascadeError as error:
        raise CascadeError(f"{path.name} is not read: {error}.") from None
    except (ET.ParseError, ValueError, LookupError) as error:  # the last two: odd encodings
        raise CascadeError(f"{path.name} is not XML ({error}); wanted OpenCV's XML.") from None
    if root.tag != "opencv_storage" or len(root) == 0:
        raise CascadeError(f"{path.name} is XML, but not of OpenCV: <opencv_storage> is missing.")
    return root[0]


def _read_new(root):
    kind = _text(root, "featureType")
    if _text(root, "stageType") != "BOOST":
        raise CascadeError("its stages are not of the type BOOST, the only one that is supported.")
    if kind != "HAAR":
        raise CascadeError(f"{kind} features are not supported, only HAAR ones are.")
    window = int(_text(root, "width")), int(_text(root, "height"))
    stages = tuple(
        Stage(
            float(np.float32(_text(stage, "stageThreshold"))),
            tuple(_read_tree(tree) for tree in _child(stage, "weakClassifiers")),
        )
        for stage in _child(root, "stages")
    )
    return window, stages, list(_child(root, "features"))


def _read_tree(element):
    rows = np.array(_text(element, "internalNodes").split(), np.float64).reshape(-1, 4)
    left, right, features = rows[:, :3].astype(int).T.tolist()
    leaves = np.array(_text(element, "leafValues").split(), np.float32).tolist()
    thresholds = rows[:, 3].astype(np.float32).tolist()
    children = tuple(zip(left, right, strict=True))
    return Tree(tuple(features), tuple(thresholds), children, tuple(leaves))


def _read_old(root):
    window = tuple(int(v) for v in _text(root, "size").split())
    features, stages = [], []
    for stage in _child(root, "stages"):
        trees = tuple(_read_old_tree(tree, features) for tree in _child(stage, "trees"))
        stages.append(Stage(float(np.float32(_text(stage, "stage_threshold"))), trees))
    return window, tuple(stages), features


def _read_old_tree(element, features):
    """A tree of the older format, whose nodes carry their features, appended to `features`."""
    thresholds, children, leaves = [], [], []
    first = len(features)
    for node in element:
        features.append(_child(node, "feature"))
        thresholds.append(float(np.float32(_text(node, "threshold"))))
        ends = []
        for side in ("left", "right"):
            if node.find(f"{side}_val") is None:
                ends.append(int(_text(node, f"{side}_node")))
            else:
                ends.append(-len(leaves))
                leaves.append(float(np.float32(_text(node, f"{side}_val"))))
        children.append(tuple(ends))
    numbers = tuple(range(first, len(features)))
    return Tree(numbers, tuple(thresholds), tuple(children), tuple(leaves))


def _feature_arrays(elements):
    """Rectangles (F, 3, 4), weights (F, 3) and tilted (F,) of the <feature> elements."""
    rectangles = np.zeros((len(elements), 3, 4), np.int32)
    weights = np.zeros((len(elements), 3), np.float32)
    tilted = np.zeros(len(elements), bool)
    for f, element in enumerate(elements):
        rows = [rectangle.text.split() for rectangle in _child(element, "rects")]
        table = np.array(rows, np.float64).reshape(len(rows), 5)
        if len(rows) > 3 or not np.all(np.abs(table[:, :4]) <= MAX_SIDE):
            raise CascadeError(f"feature {f} has no three rectangles that fit into a window.")
        rectangles[f, : len(rows)] = table[:, :4]
        weights[f, : len(rows)] = table[:, 4]
        tilted[f] = int(element.findtext("tilted", "0")) != 0
    return rectangles, weights, tilted


def _child(element, tag):
    found = element.find(tag)
    if found is None:
        raise CascadeError(f"it is incomplete: <{tag}> is missing.")
    return found


def _text(element, tag):
    return (_child(element, tag).text or "").strip()


def _write_header(top, cascade):
    width, height = cascade.window
    most = max(len(stage.trees) for stage in cascade.stages)
    deepest = max(len(tree.features) for stage in cascade.stages for tree in stage.trees)
    for tag, value in [("stageType", "BOOST"), ("featureType", "HAAR")]:
        ET.SubElement(top, tag).text = value
    for tag, value in [("height", height), ("width", width)]:
        ET.SubElement(top, tag).text = str(value)
    stage, feature = ET.SubElement(top, "stageParams"), ET.SubElement(top, "featureParams")
    ET.SubElement(stage, "maxDepth").text = str(deepest)
    ET.SubElement(stage, "maxWeakCount").text = str(most)
    ET.SubElement(feature, "maxCatCount").text = "0"
    ET.SubElement(top, "stageNum").text = str(len(cascade.stages))


def _write_stages(parent, stages, numbers):
    """Append the stages; `numbers` yields the row of each node's feature in the written table."""
    for stage in stages:
        element = ET.SubElement(parent, "_")
        ET.SubElement(element, "maxWeakCount").text = str(len(stage.trees))
        ET.SubElement(element, "stageThreshold").text = _decimal(stage.threshold)
        trees = ET.SubElement(element, "weakClassifiers")
        for tree in stage.trees:
            rows = [
                f"{left} {right} {next(numbers)} {_decimal(threshold)}"
                for (left, right), threshold in zip(tree.children, tree.thresholds, strict=True)
            ]
            node = ET.SubElement(trees, "_")
            ET.SubElement(node, "internalNodes").text = " ".join(rows)
            ET.SubElement(node, "leafValues").text = " ".join(map(_decimal, tree.leaves))


def _write_features(parent, cascade, used):
    """Append the features that a tree asks for."""
    for f in used:
        element = ET.SubElement(parent, "_")
        rectangles = ET.SubElement(element, "rects")
        for r in np.flatnonzero(cascade.weights[f]):
            sides = " ".join(str(int(v)) for v in cascade.rectangles[f, r])
            ET.SubElement(rectangles, "_").text = f"{sides} {_decimal(cascade.weights[f, r])}"
        ET.SubElement(element, "tilted").text = str(int(cascade.tilted[f]))


def _decimal(value):
    """A float32 in digits from which the same float32 is read again."""
    return f"{np.float32(value):.9g}"
