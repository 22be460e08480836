"""Text token by token, pictures by likeness."""

import base64
import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import metrics

from course_lib.staff import likeness
from course_lib.staff.likeness import Tolerance


@pytest.mark.parametrize(
    ("stored", "new", "same"),
    [
        ("loss 0.6931", "loss 0.6934", True),  # differs in the fourth digit
        ("loss 0.6931", "loss 0.7931", False),
        ("loss 0.6931", "cost 0.6931", False),
        ("162,336 features", "162,336 features", True),
        ("162,336 features", "162,337 features", False),  # whole numbers are exact
        ("162,336 features", "162336 features", True),
        ("3 faces", "3.0 faces", True),
        ("difference 2.2e-16", "difference 4.4e-16", True),
        ("rate 1e-3", "rate 2e-3", False),
        ("[1.    2.   ]", "[1.0 2.0]", True),
        ("[1. 2.]", "[1. 2. 3.]", False),
        ("[1. 2. 3.]", "[1. 2.]", False),
        ("nan", "nan", True),
        ("nan", "1.0", False),
        ("-inf", "inf", False),
        ("shape (3, 4)", "shape (4, 3)", False),
        ("conv2d", "conv3d", False),
        ("01_1", "01_2", False),
        ("version 2.1.0", "version 2.1.1", False),
        ("-0.5", "0.5", False),
        ("| a | 1.00 |\n|---|---|", "| a  | 1.001 |\n|----|----|", True),
        ("   a    b\n0  1.0  2.0", "   a    b\n0  1.0  9.0", False),
        ("2x - 3", "2x + 3", False),  # a minus is no line of a table
        ("(1-2j)", "(1+2j)", False),
        ("x=-3", "x=+3", False),
        ("+---+\n| 1 |\n+---+", "+----+\n| 1. |\n+----+", True),
        ("done", "", False),
        ("", "", True),
    ],
)
def test_text(stored, new, same):
    assert (likeness.text_faults(stored, new, Tolerance()) == []) is same


def test_message_shows_the_numbers_that_differ():
    faults = likeness.text_faults("a 1.0\nb 2.0\nc 3.0", "a 1.0\nb 2.5\nc 3.0", Tolerance())
    assert faults == ["line 2: stored 2.0, now 2.5 (off by 25 %)"]


@pytest.mark.parametrize(
    ("entry", "stored", "new", "same"),
    [
        ({"rtol": 0.5}, "0.4", "0.5", True),
        ({"rtol": 1e-6}, "0.6931", "0.6934", False),
        ({"atol": 2}, "41 errors", "42 errors", True),  # an own tolerance holds for whole numbers
        ({"range": [0.9, 1]}, "accuracy 0.97", "accuracy 0.91", True),
        ({"range": [0.9, 1]}, "accuracy 0.97", "accuracy 0.89", False),
        ({"range": [0.9, 1]}, "accuracy 0.97", "precision 0.97", False),
    ],
)
def test_cells_set_their_own_tolerance(entry, stored, new, same):
    tolerance = Tolerance.of({"course": entry})
    assert (likeness.text_faults(stored, new, tolerance) == []) is same


def picture(colour="blue", shift=0, smooth=False, size=(320, 240), line=2):
    """A curve on white, drawn at four times the size where it is anti-aliased."""
    scale = 4 if smooth else 1
    image = Image.new("RGB", (size[0] * scale, size[1] * scale), "white")
    x = np.arange(20, size[0] - 20)
    y = size[1] / 2 + 60 * np.sin(x / 25) + shift
    points = [(float(a) * scale, float(b) * scale) for a, b in zip(x, y, strict=True)]
    ImageDraw.Draw(image).line(points, fill=colour, width=line * scale)
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype=np.float32) / 255


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        (picture(), None),
        (picture(smooth=True), None),  # another anti-aliasing
        (picture("red"), "another colour"),
        (picture(shift=40), "similarity"),
        (np.ones((240, 320, 3), np.float32), "blank"),
        (picture(size=(322, 241)), None),  # a pixel or two of another size
        (picture(size=(400, 300)), "size"),
    ],
    ids=[
        "same",
        "anti-aliasing",
        "red",
        "moved",
        "blank",
        "almost the size",
        "another size",
    ],
)
def test_pictures(new, fault):
    faults = likeness.picture_faults(picture(), new, Tolerance())
    assert fault in " ".join(faults) if fault else faults == []


def figure(title="accuracy 0.95", cosine=True, marker=3.0, rc=()):
    """A figure as notebooks draw it."""
    x = np.linspace(0, 6, 80)
    with plt.rc_context(matplotlib.rcParamsDefault | dict(rc)):  # whatever other tests have set
        fig, ax = plt.subplots(figsize=(7, 4), layout="constrained", dpi=100)
        ax.plot(x, np.sin(x))
        ax.plot(x, 0.7 * np.cos(x), visible=cosine)
        ax.plot([marker], [0.1], "o")
        ax.set(title=title, xlabel="rounds", ylabel="error")
        buffer = io.BytesIO()
        fig.savefig(buffer)
        plt.close(fig)
    return likeness.decode("image/png", base64.b64encode(buffer.getvalue()).decode())


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (figure(rc={"text.hinting": "none"}), True),
        (figure(rc={"font.size": 10.1}), True),
        (figure(rc={"text.antialiased": False, "lines.antialiased": False}), True),
        (np.roll(figure(), 1, axis=0), True),  # by a pixel
        (figure(title="accuracy 0.59"), False),
        (figure(cosine=False), False),
        (figure(marker=2.0), False),
    ],
    ids=["hinting", "font", "aliased", "a pixel", "two digits", "a curve gone", "a marker moved"],
)
def test_small_but_telling_changes_of_a_figure(new, same):
    assert (likeness.picture_faults(figure(), new, Tolerance()) == []) is same


def test_a_looser_cell_is_looser_in_every_place():
    loose = Tolerance.of({"course": {"ssim": 0.9}})
    assert likeness.picture_faults(figure(), figure(title="accuracy 0.59"), loose) == []


def test_a_blank_stored_picture_fails_too():
    blank = np.full((240, 320, 3), 0.5, np.float32)
    assert "stored and the new" in likeness.picture_faults(blank, blank, Tolerance())[0]


def test_a_hairline_of_another_colour_fails():
    faults = likeness.picture_faults(picture(line=1), picture("red", line=1), Tolerance())
    assert "another colour" in faults[-1]


def test_blue_photo_that_became_red():
    rng = np.random.default_rng(0)
    photo = np.zeros((60, 60, 3), np.float32)
    photo[..., 2] = rng.uniform(0.3, 0.9, (60, 60))
    assert likeness.picture_faults(photo, photo[..., ::-1], Tolerance())


def test_similarity_is_that_of_scikit_image():
    a, b = picture(), picture(shift=3)
    wanted = metrics.structural_similarity(a, b, channel_axis=2, data_range=1)
    assert likeness.similarity(a, a).min() == pytest.approx(1)
    assert likeness.similarity(a, b).mean() == pytest.approx(wanted, abs=0.05)


def test_tiny_pictures_compare():
    a = np.zeros((2, 2, 3), np.float32)
    a[0, 0] = 1
    assert likeness.picture_faults(a, a, Tolerance()) == []
    assert likeness.picture_faults(a, 1 - a, Tolerance())


def encode(array, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray((array * 255).astype(np.uint8)).save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def test_decode_png_jpeg_svg():
    half = np.zeros((20, 30, 3), np.float32)
    half[:, 15:] = (1, 0, 0)
    np.testing.assert_array_equal(likeness.decode("image/png", encode(half)), half)
    np.testing.assert_allclose(likeness.decode("image/jpeg", encode(half, "JPEG")), half, atol=0.4)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">'
        '<rect width="30" height="20" fill="black"/>'
        '<rect x="15" width="15" height="20" fill="red"/></svg>'
    )
    np.testing.assert_array_equal(likeness.decode("image/svg+xml", svg), half)


def test_an_svg_in_points_is_drawn():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30pt" height="15pt"/>'  # as matplotlib's
    assert likeness.decode("image/svg+xml", svg).shape == (20, 40, 3)


@pytest.mark.parametrize("mime", ["image/png", "image/svg+xml"])
def test_decode_says_what_is_no_picture(mime):
    with pytest.raises(ValueError, match=f"{mime.split('+')[0]}.*cannot be read"):
        likeness.decode(mime, "bm90IGEgcGljdHVyZQ==")
