"""Compare what a cell stored with what it shows now, and keep pictures of what differs."""

import re

import numpy as np
from PIL import Image

from course_lib.staff import likeness, rules

PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_VIEW = "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_TAG = re.compile(r"<style.*?</style>|<[^>]+>", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


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
    loose = "nbval-ignore-output" in cell.metadata.get("tags", [])
    if only_ranges:
        if tolerance.range is None:
            return _new_faults(cell, new)
        loose = False
    left, right = _by_kind(stored), _by_kind(new)
    faults = _new_faults(cell, new)
    for kind in dict.fromkeys([*left, *right]):
        a, b = left.get(kind, []), right.get(kind, [])
        if kind == "picture" and only_ranges:
            continue
        if len(a) != len(b):
            faults.append(f"{kind}: {len(a)} stored, {len(b)} now")
        elif kind == "picture":
            faults += _picture_faults(a, b, tolerance, loose, save)
        elif not loose:
            pairs = zip(a, b, strict=True)
            faults += [
                f"{kind}, {f}" for x, y in pairs for f in likeness.text_faults(x, y, tolerance)
            ]
    return faults


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
            faults.append(f"unexpected on stderr: {output.text.strip().splitlines()[-1][:100]!r}")
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
            before, after = likeness.decode(*a), likeness.decode(*b)
        except ValueError as error:
            faults.append(f"picture {number}: {error}")
            continue
        if loose:
            found = ["the new picture is blank"] if likeness.is_blank(after) else []
        else:
            found = likeness.picture_faults(before, after, tolerance) if a != b else []
            found = found or (["it is blank"] if likeness.is_blank(before) else [])
        if found and save is not None:
            found[-1] += f"; see {save(number, [before, after, difference(before, after)])}"
        faults += [f"picture {number}: {fault}" for fault in found]
    return faults


def _by_kind(outputs):
    """Outputs sorted by what is compared: streams, texts, pictures, errors."""
    kinds = {}
    for output in outputs:
        for kind, value in _parts(output):
            kinds.setdefault(kind, []).append(value)
    return kinds


def _parts(output):
    """Kind and value of everything in one output that a reader sees."""
    if output.output_type == "stream":
        return [(output.name, _plain(output.text))]
    if output.output_type == "error":
        return [("error", f"{output.ename}: {_plain(output.evalue)}")]
    picture = next((mime for mime in PICTURES if mime in output.data), None)
    found = [("picture", (picture, _joined(output.data[picture])))] if picture else []
    for mime, value in output.data.items():
        if mime in PICTURES or mime == _VIEW:
            continue
        text = _joined(value)
        found.append((mime, _plain(_TAG.sub(" ", text) if mime == "text/html" else text)))
    return found


def _plain(text):
    """A text without colours and addresses in memory, which differ from run to run."""
    return _ADDRESS.sub("0x", _COLOUR.sub("", text))


def _joined(value):
    """A value as one string; notebooks may store lines."""
    return "".join(value) if isinstance(value, list) else str(value)
