"""Compare what a cell stored with what it shows now, and keep pictures of what differs."""

import base64
import re

import numpy as np
from PIL import Image

from course_lib.staff import likeness, rules

PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_VIEW = "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EMBEDDED = re.compile(
    r"data:(?P<mime>image/[a-z+]+);base64,(?P<data>[A-Za-z0-9+/=\s]+)|(?P<svg><svg\b.*?</svg>)",
    re.DOTALL,
)
# What pandas and others number their elements with, anew in every run.
_RANDOM = re.compile(r"T_[0-9a-f]{5}|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_MOST = 12  # faults of a cell that are told one by one


def compare(cell, stored, new, *, only_ranges=False, save=None):
    """Compare the outputs of a cell.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        Its metadata may set tolerances; the tag ``nbval-ignore-output`` asks for the kinds and the
        number of outputs only.
    stored, new : list of nbformat.NotebookNode
        Outputs, streams merged.
    only_ranges : bool
        Compare nothing but the numbers of cells that set a range, as on another device.
    save : callable, optional
        Takes the number of a picture and three arrays, stored, new and difference; returns where
        it put them.

    Returns
    -------
    list of str
        What differs; empty where nothing does.
    """
    tolerance = likeness.Tolerance.of(cell.metadata)
    faults = _new_faults(cell, new)
    if only_ranges and tolerance.range is None:
        return faults
    loose = not only_ranges and "nbval-ignore-output" in cell.metadata.get("tags", [])
    before, after = [_parts(output) for output in stored], [_parts(output) for output in new]
    left, right = _by_kind(before), _by_kind(after)
    for kind in dict.fromkeys([*left, *right]):
        a, b = left.get(kind, []), right.get(kind, [])
        if kind == "picture" and only_ranges:
            continue
        if len(a) != len(b):
            faults.append(f"{kind}: {len(a)} stored, {len(b)} now")
        elif kind == "picture":
            faults += _picture_faults(a, b, tolerance, loose, save)
        elif kind == "error" or not loose:
            pairs = zip(a, b, strict=True)
            found = [f for x, y in pairs for f in likeness.text_faults(x, y, tolerance)]
            faults += [f"{kind}, {fault}" for fault in found]
    if not faults and not only_ranges and _order(before) != _order(after):
        faults.append(f"the order was {', '.join(_order(before))}, now {', '.join(_order(after))}")
    rest = len(faults) - _MOST
    return faults[:_MOST] + [f"and {rest} more"] * (rest > 0)


def difference(stored, new):
    """Where two pictures differ, dark on white; of the stored one's size."""
    if new.shape != stored.shape:
        new = likeness.resized(new, stored.shape)
    return np.repeat(1 - np.abs(stored - new).max(axis=2, keepdims=True), 3, axis=2)


def side_by_side(path, pictures):
    """Write pictures beside each other, with a gap, into a PNG."""
    height = max(picture.shape[0] for picture in pictures)
    padded = []
    for picture in pictures:
        below = height - picture.shape[0]
        padded.append(np.pad(picture, ((0, below), (0, 12), (0, 0)), constant_values=0.6))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.round(np.hstack(padded) * 255).astype(np.uint8)).save(path)


def _new_faults(cell, new):
    """What no output may hold, whatever was stored."""
    faults = []
    for output in new:
        if output.get("name") == "stderr" and not rules.allows_stderr(cell):
            faults.append(f"unexpected on stderr: {rules.last_line(output.text)!r}")
        for mark in rules.machine_marks(rules.text_of(output))[:1]:
            faults.append(f"the output names a path or a user of one machine: {mark}")
    errors = [output.ename for output in new if output.output_type == "error"]
    if rules.is_exercise(cell) and errors != ["NotImplementedError"]:
        faults.append(
            f"the stub should raise NotImplementedError and nothing else; it raised {errors}"
        )
    return faults


def _picture_faults(stored, new, tolerance, loose, save):
    """Faults of pictures of one cell, pair by pair."""
    faults = []
    for number, (a, b) in enumerate(zip(stored, new, strict=True), start=1):
        try:
            if a == b and not likeness.shows_nothing(*a):
                continue
            before, after = likeness.decode(*a), likeness.decode(*b)
        except ValueError as error:
            faults.append(f"picture {number}: {error}")
            continue
        if a[0] != b[0]:
            found = [f"stored as {a[0]}, now {b[0]}"]
        elif loose:
            found = ["the picture is blank"] if likeness.is_blank(after) else []
        else:
            found = likeness.picture_faults(before, after, tolerance)
        if found and save is not None:
            found[-1] += f"; see {save(number, [before, after, difference(before, after)])}"
        faults += [f"picture {number}: {fault}" for fault in found]
    return faults


def _by_kind(parts):
    """What the outputs show by what is compared: streams, texts, pictures, errors."""
    kinds = {}
    for output in parts:
        for kind, value in output:
            kinds.setdefault(kind, []).append(value)
    return kinds


def _order(parts):
    """The kinds of the outputs in their order; stderr may come in between anywhere."""
    kinds = ["+".join(sorted(kind for kind, _ in output)) for output in parts]
    return [kind for kind in kinds if kind != "stderr"]


def _parts(output):
    """Kind and value of everything in one output that a reader sees; never nothing."""
    if output.output_type == "stream":
        return [(output.name, _plain(output.text))]
    if output.output_type == "error":
        return [("error", f"{output.ename}: {_plain(output.evalue)}")]
    found = []
    for mime, value in sorted(output.data.items()):  # as a notebook's file has them
        text = _joined(value)
        if mime in PICTURES:
            found.append(_picture(mime, text))
        elif mime == "text/html":
            found += _html_parts(text)
        elif mime != _VIEW:
            found.append((mime, _plain(text)))
    return found or [("widget", "")]


def _html_parts(text):
    """The pictures within a piece of HTML, and the rest of it."""
    pictures = []
    for match in _EMBEDDED.finditer(text):
        svg = match["svg"]
        mime, data = ("image/svg+xml", svg) if svg else (match["mime"], match["data"])
        if not svg and "svg" in mime:
            data = base64.b64decode(data).decode(errors="replace")
        pictures.append(_picture(mime, data))
    return [*pictures, ("text/html", _RANDOM.sub("id", _plain(_EMBEDDED.sub(" ", text))))]


def _picture(mime, text):
    """A picture, whose base64 may be broken into lines or not."""
    return "picture", (mime, text if "svg" in mime else "".join(text.split()))


def _plain(text):
    """A text without colours and addresses in memory, which differ from run to run."""
    return _ADDRESS.sub("at 0x...", _COLOUR.sub("", text))  # as the runner stores it


def _joined(value):
    """A value as one string; notebooks may store lines."""
    return "".join(value) if isinstance(value, list) else str(value)
