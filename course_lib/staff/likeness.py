"""Whether two outputs of a notebook say the same: text token by token, pictures by likeness."""

import base64
import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

# Numbers are 3, -.5, 1e-3, 1,234 and nan; conv2d, 01_1 and the version 2.1.0 are words.
_TOKEN = re.compile(
    r"(?P<version>\d+(?:\.\d+){2,})"
    r"|(?P<number>(?<![\w.])[-+]?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w*_)"
    r"|(?<![\w.])[-+]?(?:nan|inf)\b)"
    r"|\w+|[^\w\s]",
    re.IGNORECASE,
)
_BLANK = 0.02
# The lines of a drawn table, whose length goes with the numbers' digits; a single minus is none.
_RULES = re.compile(r"[-=─━+|:│┃]{2,}(?![\d.])|[|│┃]")


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may differ, and how alike pictures must be.

    A number written with a point or an exponent may differ by ``atol + rtol * |stored|``; a whole
    number must be the same, unless the cell sets its own `rtol` or `atol`. Where there is a
    `range`, the new number must lie in it instead.
    """

    rtol: float = 0.01
    atol: float = 1e-6
    whole: bool = True
    range: tuple | None = None
    ssim: float = 0.95
    changed: float = 0.01
    size: float = 0.02

    @classmethod
    def of(cls, metadata):
        """The tolerance of a cell, from the entry ``course`` of its metadata."""
        entry = metadata.get("course", {})
        own = {
            name: entry[name]
            for name in ("rtol", "atol", "ssim", "changed", "size")
            if name in entry
        }
        if "range" in entry:
            own["range"] = tuple(entry["range"])
        return cls(**own, whole=not {"rtol", "atol"} & set(entry))


def text_faults(stored, new, tolerance):
    """Compare two texts token by token: words exactly, numbers within a tolerance.

    Parameters
    ----------
    stored, new : str
    tolerance : Tolerance

    Returns
    -------
    list of str
        What differs, a line each; empty where nothing does. White space and dashes of tables do
        not count.
    """
    if stored == new and tolerance.range is None:
        return []
    left, right = _tokens(stored), _tokens(new)
    faults = []
    for (line, a, is_number), (_, b, other) in zip(left, right, strict=False):
        if is_number and other:
            fault = number_fault(a, b, tolerance)
            faults += [f"line {line}: {fault}"] if fault else []
        elif a != b:
            faults.append(f"line {line}: stored {a!r}, now {b!r}")
            break  # after a word that differs, the rest is out of step
    if len(left) != len(right) and not any("stored '" in fault for fault in faults):
        more, where = (left, "missing now") if len(left) > len(right) else (right, "new")
        rest = " ".join(token for _, token, _ in more[min(len(left), len(right)) :])
        faults.append(f"{where}: {rest[:80]!r}")
    return faults


def number_fault(stored, new, tolerance):
    """Compare two written numbers.

    Parameters
    ----------
    stored, new : str
    tolerance : Tolerance

    Returns
    -------
    str
        What differs, empty where nothing does.
    """
    a, b = float(stored.replace(",", "")), float(new.replace(",", ""))
    if tolerance.range is not None:
        low, high = tolerance.range
        return "" if low <= b <= high else f"now {new}, outside the range [{low:g}, {high:g}]"
    if np.isnan(a) or np.isnan(b) or np.isinf(a) or np.isinf(b):
        same = np.array_equal([a], [b], equal_nan=True)
    elif tolerance.whole and _is_whole(stored) and _is_whole(new):
        same = a == b
    else:
        same = abs(a - b) <= tolerance.atol + tolerance.rtol * abs(a)
    off = "" if same or not a else f" (off by {100 * abs(a - b) / abs(a):.3g} %)"
    return "" if same else f"stored {stored}, now {new}{off}"


def picture_faults(stored, new, tolerance):
    """Compare two pictures: size, blankness, structure, and colours after a blur.

    Parameters
    ----------
    stored, new : (H, W, 3) float array
        RGB in [0, 1], as `decode` returns them.
    tolerance : Tolerance

    Returns
    -------
    list of str
        What differs; empty where nothing does.

    Notes
    -----
    The mean structural similarity (Wang et al., 2004, doi:10.1109/TIP.2003.819861) hardly moves
    where one digit of a title changes, so the least similar place may be no more than four times
    as unlike. And it is blind to a thin line of another colour on white, so the share of pixels is
    counted whose colour, after a blur that evens out anti-aliasing, moved by more than 15 units in
    CIELAB.
    """
    blank = [name for name, picture in (("stored", stored), ("new", new)) if is_blank(picture)]
    if blank:
        return [f"the {' and the '.join(blank)} picture is blank"]
    shapes = np.array([stored.shape[:2], new.shape[:2]], dtype=float)
    if (np.abs(shapes[0] - shapes[1]) > np.maximum(2, tolerance.size * shapes[0])).any():
        return [
            f"size stored {stored.shape[1]}x{stored.shape[0]}, now {new.shape[1]}x{new.shape[0]}"
        ]
    if new.shape != stored.shape:
        new = resized(new, stored.shape)
    faults = _structure_faults(stored, new, tolerance.ssim)
    changed = changed_share(stored, new)
    if changed > tolerance.changed:
        limit = f"at most {100 * tolerance.changed:g} %"
        faults.append(f"{100 * changed:.2f} % of the pixels have another colour, wanted {limit}")
    return faults


def similarity(stored, new):
    """Structural similarity of two pictures of one size around each pixel; 1 where equal."""
    from skimage import metrics  # most pictures come out byte for byte and need none of this

    side = min(7, *stored.shape[:2])
    window = max(side - 1 + side % 2, 1)
    pair = [_blurred(p, 1) for p in (stored, new)]
    if window < 3:
        return 1 - np.abs(pair[0] - pair[1]).mean(axis=2)
    wishes = {"win_size": window, "channel_axis": 2, "data_range": 1, "full": True}
    return metrics.structural_similarity(*pair, **wishes)[1].mean(axis=2)


def _structure_faults(stored, new, wanted):
    """Whether two pictures are alike on the whole, and then in every place."""
    alike = similarity(stored, new)
    if alike.mean() < wanted:
        return [f"structural similarity {alike.mean():.3f}, wanted {wanted:g}"]
    places, wanted = _places(alike), 1 - 4 * (1 - wanted)
    if places.min() < wanted:  # a place may have moved by a pixel
        steps = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
        moved = [_places(similarity(stored, np.roll(new, step, (0, 1)))) for step in steps]
        places = np.max([places, *moved], axis=0)
    if places.min() >= wanted:
        return []
    y, x = np.unravel_index(places.argmin(), places.shape)
    where = f"around the pixel at {x}, {y}"
    return [f"structural similarity {places.min():.3f} {where}, wanted {wanted:.3g}"]


def _places(alike, side=32):
    """Mean over a place of some pixels' side, such as a word or a marker."""
    from scipy import ndimage

    return ndimage.uniform_filter(alike, side)


def changed_share(stored, new, limit=15.0, blur=3.0):
    """Share of pixels whose blurred colour differs by more than `limit` in CIELAB."""
    from skimage import color

    labs = [color.rgb2lab(_blurred(p, blur)) for p in (stored, new)]
    return float((color.deltaE_cie76(*labs) > limit).mean())


def _blurred(picture, sigma):
    """The picture without what anti-aliasing may change."""
    from scipy import ndimage

    return ndimage.gaussian_filter(picture, (sigma, sigma, 0))


def is_blank(picture):
    """Whether a picture shows one colour only."""
    return bool(np.ptp(picture, axis=(0, 1)).max() < _BLANK)


def decode(mime, data):
    """Turn an output's picture into an array.

    Parameters
    ----------
    mime : str
        ``image/png``, ``image/jpeg`` or ``image/svg+xml``.
    data : str
        As stored in a notebook: base64, or the SVG's text.

    Returns
    -------
    (H, W, 3) float32 ndarray
        RGB in [0, 1], on white.

    Raises
    ------
    ValueError
        If the data is not such a picture.
    """
    return np.asarray(_flat(mime, data), dtype=np.float32) / 255


def shows_nothing(mime, data):
    """Whether a picture shows one colour only, without the arrays that a comparison needs."""
    return all(high - low < 255 * _BLANK for low, high in _flat(mime, data).getextrema())


def _flat(mime, data):
    """The picture on white, as Pillow holds it."""
    text = data if isinstance(data, str) else "".join(data)
    try:
        raw = _svg_as_png(text) if mime == "image/svg+xml" else base64.b64decode(text)
        with Image.open(io.BytesIO(raw)) as image:
            coloured = image.convert("RGBA")
    except Exception as error:
        raise ValueError(f"a {mime} output cannot be read as a picture: {error}") from None
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("RGB")


def _svg_as_png(text):
    """Draw an SVG with a renderer that runs no script and loads nothing."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=text, dpi=96))


def resized(picture, shape):
    """The picture in another size."""
    height, width = shape[:2]
    image = Image.fromarray(np.round(picture * 255).astype(np.uint8))
    return np.asarray(image.resize((width, height)), dtype=np.float32) / 255


def _tokens(text):
    """Line number, token and whether it is a number; the rules of drawn tables do not count."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for match in _TOKEN.finditer(_RULES.sub(" ", line)):
            found.append((number, match.group(), match["number"] is not None))
    return found


def _is_whole(token):
    """Whether a number is written without point and exponent."""
    return token.lstrip("+-").replace(",", "").isdigit()
