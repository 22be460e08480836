"""Offsets from default boxes and back; default boxes; names of classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.detection.ssd import coding, defaults, labels

SIDES = st.integers(1, 400)


def some_boxes(count):
    """Hypothesis: boxes (count, 4) with sides of at least a hundredth."""
    corner = hnp.arrays(float, (count, 2), elements=st.floats(-5, 5))
    size = hnp.arrays(float, (count, 2), elements=st.floats(0.01, 5))
    return st.tuples(corner, size).map(lambda pair: np.hstack([pair[0], pair[0] + pair[1]]))


def test_encode_by_hand():
    # Half a width to the right, twice as wide; a quarter of a height up, as high.
    offsets = coding.encode([[4, -2, 12, 6]], [[2, 0, 6, 8]], variances=(1, 1, 1, 1))
    assert offsets == pytest.approx(np.array([[1, -0.25, np.log(2), 0]]))
    assert coding.encode([[4, -2, 12, 6]], [[2, 0, 6, 8]]) == pytest.approx(
        offsets / [0.1, 0.1, 0.2, 0.2]
    )


def test_no_offset_is_the_default_box():
    box = np.array([[0.1, 0.2, 0.5, 0.9]])
    assert coding.decode(np.zeros((1, 4)), box) == pytest.approx(box)
    assert coding.decode([], []).shape == (0, 4) == coding.encode([], []).shape


@settings(deadline=None)
@given(boxes=some_boxes(7), anchors=some_boxes(7))
def test_decode_undoes_encode(boxes, anchors):
    offsets = coding.encode(boxes, anchors)
    np.testing.assert_allclose(coding.decode(offsets, anchors), boxes, atol=1e-9)
    np.testing.assert_allclose(
        coding.encode(coding.decode(offsets, anchors), anchors), offsets, atol=1e-6
    )


@pytest.mark.parametrize(
    "function, arguments, message",
    [
        (coding.encode, ([[0, 0, 1, 0]], [[0, 0, 1, 1]]), "boxes has an empty box in row 0"),
        (coding.encode, ([[3, 0, 1, 2]], [[0, 0, 1, 1]]), "boxes has an empty box in row 0"),
        (coding.encode, ([[0, 0, 1, 1]], [[1, 0, 1, 1]]), "defaults has an empty box"),
        (coding.encode, ([[0, 0, 1, 1]], np.ones((2, 4))), "defaults has 2 rows; wanted 1"),
        (coding.encode, ([[0, 0, np.nan, 1]], [[0, 0, 1, 1]]), "boxes holds NaN"),
        (coding.decode, ([[0, 0, 1]], [[0, 0, 1, 1]]), r"offsets has shape \(1, 3\)"),
        (coding.decode, (np.zeros((2, 4)), [[0, 0, 1, 1]]), "offsets has 2 rows; wanted 1"),
        (coding.decode, ([[0, 0, np.inf, 1]], [[0, 0, 1, 1]]), "offsets holds NaN or inf"),
        (coding.decode, ([[0] * 4], [[0, 0, 1, 1]], (0, 1, 1, 1)), "variances goes down to 0"),
        (coding.decode, ([[0] * 4], [[0, 0, 1, 1]], (1, 1)), "variances has shape"),
        (coding.decode, ([[0, 0, 9e9, 0]], [[0, 0, 1, 1]]), "row 0 that are too large"),
        (coding.decode, ([[0] * 4, [9e200, 0, 0, 0]], [[0, 0, 1, 1]] * 2), "row 1 that are too"),
        (coding.encode, ([[0, 0, 1, 1]], [[0, 0, 1e300, 1]]), "defaults goes up to 1e\\+300"),
    ],
)
def test_bad_boxes_and_offsets(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_one_cell_with_one_shape():
    assert defaults.default_boxes([1], [[[0.5, 0.25]]]) == pytest.approx(
        np.array([[0.25, 0.375, 0.75, 0.625]])
    )


def test_rows_come_before_columns_and_shapes_last():
    boxes = defaults.default_boxes([2], [[[0.1, 0.1], [0.3, 0.2]]])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert centres[::2].tolist() == pytest.approx(
        np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
    )
    assert (boxes[1::2, 2] - boxes[1::2, 0]) == pytest.approx(0.3)


def test_shapes_have_the_area_of_their_scale():
    shapes = defaults.box_shapes()
    assert [len(k) for k in shapes] == [3, 6, 6, 6, 6, 6]
    assert shapes[0][0] == pytest.approx([0.1, 0.1])
    for scale, k in zip((0.35, 0.5, 0.65, 0.8, 0.95), shapes[1:], strict=True):
        assert k[:5].prod(axis=1) == pytest.approx(scale**2)
        assert k[:5, 0] / k[:5, 1] == pytest.approx(defaults.RATIOS)
    assert shapes[-1][-1] == pytest.approx([0.95**0.5] * 2)


def test_maps_are_halved_and_rounded_up():
    assert defaults.map_sizes(320) == (20, 10, 5, 3, 2, 1)
    assert defaults.map_sizes(300) == (19, 10, 5, 3, 2, 1)


@settings(deadline=None, max_examples=30)
@given(side=SIDES)
def test_default_boxes_are_as_many_as_cells_and_shapes(side):
    sizes, shapes = defaults.map_sizes(side), defaults.box_shapes()
    boxes = defaults.default_boxes(sizes, shapes)
    assert len(boxes) == sum(n * n * len(k) for n, k in zip(sizes, shapes, strict=True))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert centres.min() > 0 and centres.max() < 1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: defaults.map_sizes(0), "side is 0"),
        (lambda: defaults.box_shapes(1), "maps is 1"),
        (lambda: defaults.box_shapes(smallest=0), "smallest is 0"),
        (lambda: defaults.box_shapes(ratios=(1, -2)), "ratios goes down to -2"),
        (lambda: defaults.default_boxes([2, 1], [[[1, 1]]]), "2 maps and 1 lists"),
        (lambda: defaults.default_boxes([2], [[1, 1]]), "shapes has shape"),
        (lambda: defaults.default_boxes([2], [[[np.nan, 1]]]), "shapes holds NaN"),
        (lambda: defaults.default_boxes([], []), "sizes is empty"),
        (lambda: defaults.box_shapes(ratios=(1, 2)), "ratios holds 2 numbers; wanted 3"),
        (lambda: defaults.box_shapes(smallest=0.9, largest=0.2), "largest is 0.2"),
    ],
)
def test_bad_maps_and_shapes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("arguments", [(None, None), (5, [[[1, 1]]]), ([2], None), ("2", [[1]])])
def test_maps_and_shapes_are_lists(arguments):
    with pytest.raises(TypeError, match="wanted a list with an entry for each map"):
        defaults.default_boxes(*arguments)


def test_tiny_and_huge_boxes_are_said_as_well():
    boxes = np.array([[0, 0, 1e-300, 1e99]])
    offsets = coding.encode(boxes, [[0, 0, 1, 1]], (1, 1, 1, 1))
    assert offsets[0, 2:] == pytest.approx(np.log([1e-300, 1e99]))


def test_numbers_of_names():
    assert labels.numbers("person") == (1,)
    assert labels.numbers(["cat", "cup", "car", "toothbrush"]) == (17, 47, 3, 90)
    assert len(labels.TRAINED) == 80 and len(labels.NAMES) == 91
    with pytest.raises(ValueError, match="'cta' is not known; did you mean cat"):
        labels.numbers("cta")
    with pytest.raises(ValueError, match="'hat' is not known"):  # an output that nothing taught
        labels.numbers("hat")
    with pytest.raises(ValueError, match="classes is empty"):
        labels.numbers([])
    with pytest.raises(TypeError, match="classes is 3"):
        labels.numbers(3)


def test_names_are_those_of_the_file(asset):
    lines = (asset("ssd_mobilenet_v3") / "labels.txt").read_text().splitlines()
    assert tuple(lines[:90]) == labels.NAMES[1:]
