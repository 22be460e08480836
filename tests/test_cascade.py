"""The reader and writer of cascade files against hand-written files and OpenCV's loader."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.classic import cascade

FILES = sorted(Path(cv2.data.haarcascades).glob("*.xml"))
NEW = """<?xml version="1.0"?>
<opencv_storage>
<cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType>
  <featureType>HAAR</featureType>
  <height>6</height>
  <width>4</width>
  <stageParams><maxWeakCount>1</maxWeakCount></stageParams>
  <featureParams><maxCatCount>0</maxCatCount></featureParams>
  <stageNum>1</stageNum>
  <stages>
    <!-- stage 0 -->
    <_>
      <maxWeakCount>1</maxWeakCount>
      <stageThreshold>5.0000000000000000e-01</stageThreshold>
      <weakClassifiers>
        <_>
          <internalNodes>
            0 1 0 -1.2500000000000000e-01 -1 -2 1 2.5000000000000000e-01</internalNodes>
          <leafValues>
            -1. 1.5000000000000000e+00
            2.</leafValues></_></weakClassifiers></_></stages>
  <features>
    <_>
      <rects>
        <_>
          0 0 4 6 -1.</_>
        <_>
          0 3 4 3 2.</_></rects></_>
    <_>
      <rects>
        <_>
          2 0 2 2 -1.</_>
        <_>
          2 0 1 2 2.</_></rects>
      <tilted>1</tilted></_></features></cascade>
</opencv_storage>
"""
OLD = """<?xml version="1.0"?>
<opencv_storage>
<older type_id="opencv-haar-classifier">
  <size>4 6</size>
  <stages>
    <_>
      <trees>
        <_>
          <_>
            <feature><rects><_>0 0 4 6 -1.</_><_>0 3 4 3 2.</_></rects><tilted>0</tilted></feature>
            <threshold>-1.25e-001</threshold>
            <left_val>-1.</left_val>
            <right_node>1</right_node></_>
          <_>
            <feature><rects><_>2 0 2 2 -1.</_><_>2 0 1 2 2.</_></rects><tilted>1</tilted></feature>
            <threshold>2.5e-001</threshold>
            <left_val>1.5</left_val>
            <right_val>2.</right_val></_></_></trees>
      <stage_threshold>5.e-001</stage_threshold>
      <parent>-1</parent>
      <next>-1</next></_></stages></older>
</opencv_storage>
"""


def stored(folder, text):
    path = folder / "small.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("text", [NEW, OLD], ids=["new", "old"])
def test_a_file_is_read_as_it_stands(tmp_path, text):
    small = cascade.read_cascade(stored(tmp_path, text))
    tree = cascade.Tree((0, 1), (-0.125, 0.25), ((0, 1), (-1, -2)), (-1.0, 1.5, 2.0))
    assert small.window == (4, 6)
    assert small.stages == (cascade.Stage(0.5, (tree,)),)
    assert small.rectangles.tolist() == [
        [[0, 0, 4, 6], [0, 3, 4, 3], [0, 0, 0, 0]],
        [[2, 0, 2, 2], [2, 0, 1, 2], [0, 0, 0, 0]],
    ]
    assert small.weights.tolist() == [[-1, 2, 0], [-1, 2, 0]]
    assert small.tilted.tolist() == [False, True]
    assert small.name == "small"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_opencvs_own_files_are_read_whole(path):
    found = cascade.read_cascade(path)
    assert found.window == tuple(cv2.CascadeClassifier(str(path)).getOriginalWindowSize())
    text = path.read_text()
    assert len(found.stages) == max(text.count("<stageThreshold>"), text.count("<stage_threshold>"))
    trees = [tree for stage in found.stages for tree in stage.trees]
    assert len(trees) == text.count("<leafValues>") or "<trees>" in text
    assert found.tilted.sum() == text.count("<tilted>1<")


@pytest.mark.parametrize("name", ["frontalface_alt2", "eye_tree_eyeglasses", "smile"])
def test_what_is_written_is_read_again(name, tmp_path):
    first = cascade.opencv_cascade(f"haarcascade_{name}")
    again = cascade.read_cascade(cascade.write_cascade(tmp_path / "again.xml", first))
    assert again.window == first.window
    for one, other in zip(again.stages, first.stages, strict=True):
        assert one.threshold == other.threshold
        for a, b in zip(one.trees, other.trees, strict=True):
            assert (a.thresholds, a.children, a.leaves) == (b.thresholds, b.children, b.leaves)
            for f, g in zip(a.features, b.features, strict=True):
                np.testing.assert_array_equal(again.weights[f], first.weights[g])
                np.testing.assert_array_equal(again.rectangles[f], first.rectangles[g])
                assert again.tilted[f] == first.tilted[g]
    assert cv2.CascadeClassifier(str(tmp_path / "again.xml")).getOriginalWindowSize()


def test_only_features_in_use_are_written(tmp_path):
    whole = cascade.opencv_cascade("haarcascade_eye")
    path = cascade.write_cascade(tmp_path / "head.xml", whole.head(2))
    head = cascade.read_cascade(path)
    used = {f for stage in whole.stages[:2] for tree in stage.trees for f in tree.features}
    assert len(head.rectangles) == len(used) < len(whole.rectangles)
    assert len(head.stages) == 2


def test_opencv_cascade_by_name():
    face = cascade.opencv_cascade("haarcascade_frontalface_default")
    assert face.window == (24, 24) and len(face.stages) == 25
    assert face is cascade.opencv_cascade("haarcascade_frontalface_default")
    with pytest.raises(ValueError, match="haarcascade_eye"):
        cascade.opencv_cascade("haarcascade_eyes")


def test_a_stump_goes_left_below():
    stump = cascade.stump(3, 0.5, -1, 1)
    assert stump == cascade.Tree((3,), (0.5,), ((0, -1),), (-1.0, 1.0))


def test_the_arrays_cannot_change_afterwards():
    eye = cascade.opencv_cascade("haarcascade_eye")
    with pytest.raises(ValueError, match="read-only"):
        eye.weights[0] = 0
    own = np.zeros((1, 3), np.float32)
    rectangles, tree = np.zeros((1, 3, 4), np.int16), cascade.stump(0, 0, 0, 1)
    made = cascade.Cascade([4, 4], [cascade.Stage(0, (tree,))], rectangles, own, [False])
    own[:] = 7
    assert made.weights.max() == 0 and made.window == (4, 4)


def test_a_missing_file_or_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.xml"):
        cascade.read_cascade(tmp_path / "nowhere.xml")
    with pytest.raises(FileNotFoundError, match="no folder"):
        cascade.write_cascade(tmp_path / "no" / "x.xml", cascade.opencv_cascade("haarcascade_eye"))


BROKEN = {
    "empty": ("", "is not XML"),
    "a web page": ("<!DOCTYPE html><html><body>404</body></html>", "document type"),
    "a web page without type": ("<html><body>404</body></html>", "opencv_storage"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "is not XML"),
    "cut off": (NEW[:900], "is not XML"),
    "an unknown encoding": (NEW.replace("1.0", '1.0" encoding="klingon', 1), "is not XML"),
    "LBP": (NEW.replace("HAAR", "LBP"), "LBP features are not supported"),
    "HOG": (NEW.replace("HAAR", "HOG"), "HOG features are not supported"),
    "another kind of stage": (NEW.replace("BOOST", "FOREST"), "not of the type BOOST"),
    "no stages": (NEW.replace("stages>", "pages>"), "<stages> is missing"),
    "no threshold": (NEW.replace("stageThreshold", "thing"), "<stageThreshold> is missing"),
    "a word for a number": (NEW.replace("-1.25", "minus"), "is damaged"),
    "half a node": (NEW.replace("0 1 0 -1.25", "0 1 -1.25"), "is damaged"),
    "not a number": (NEW.replace("-1. 1.5", "nan 1.5"), "that is no number"),
    "a feature outside": (NEW.replace("0 3 4 3", "0 4 4 3"), "leaves the window"),
    "a tilted feature outside": (NEW.replace("2 0 2 2", "1 0 2 2"), "leaves the window"),
    "a huge rectangle": (NEW.replace("0 3 4 3", "0 3 4 4e9"), "fit into a window"),
    "four rectangles": (NEW.replace("<rects>", "<rects>" + "<_>0 0 1 1 1</_>" * 2), "three rect"),
    "an endless tree": (NEW.replace("-1 -2 1 2.5", "1 -2 1 2.5"), "do not lead"),
    "a leaf too far": (NEW.replace("-1 -2 1 2.5", "-1 -3 1 2.5"), "questions and 3 leaves"),
    "a feature too far": (NEW.replace("-1 -2 1 2.5", "-1 -2 2 2.5"), "table of 2 lacks"),
    "a window of nothing": (NEW.replace("<width>4", "<width>0"), "0 x 6"),
}


@pytest.mark.parametrize("text, message", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_fault(tmp_path, text, message):
    path = stored(tmp_path, text)
    with pytest.raises(cascade.CascadeError, match=message) as caught:
        cascade.read_cascade(path)
    assert "small" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_entity_is_expanded(tmp_path, encoding):
    doctype = '<!DOCTYPE a [<!ENTITY a "5"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "small.xml">]>'
    text = NEW.replace('"1.0"?>', f'"1.0" encoding="{encoding}"?>{doctype}', 1)
    path = stored(tmp_path, text.replace("<height>6", "<height>&b;").encode(encoding))
    with pytest.raises(cascade.CascadeError, match="document type"):
        cascade.read_cascade(path)


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(NEW) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_no_single_fault_brings_the_reader_down(tmp_path_factory, place, byte, cut):
    content = bytearray(NEW.encode())
    content[place] = byte
    path = stored(tmp_path_factory.getbasetemp(), bytes(content[:place] if cut else content))
    try:
        found = cascade.read_cascade(path)
    except cascade.CascadeError:
        return
    assert isinstance(found, cascade.Cascade)


def test_head_wants_a_number_of_stages():
    with pytest.raises(ValueError, match="stages is 26"):
        cascade.opencv_cascade("haarcascade_frontalface_default").head(26)
