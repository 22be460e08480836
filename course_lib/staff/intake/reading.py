"""A notebook's bytes to plain cells: bounded, and whatever is wrong with it becomes a sentence."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field

from course_lib.staff.intake.handin import NOTEBOOK, Unreadable

_CLEAR = "clear its outputs (Edit, Clear Outputs of All Cells), save it and hand it in again"
_OPENINGS, _COMMAS = 500_000, 2_000_000  # each costs up to 200 bytes of memory
_CELLS, _TEXT, _PICTURES = 2_000, 5_000_000, 8_000_000
_KINDS = ("code", "markdown", "raw")
_MARKS = ("grade", "solution", "locked", "task", "points")


@dataclass(frozen=True)
class Cell:
    """One cell: its kind, source, id, nbgrader's marks on it, and pictures pasted into it."""

    kind: str
    source: str
    id: str = ""
    marks: dict = field(default_factory=dict)
    attachments: dict = field(default_factory=dict)

    @property
    def grade_id(self):
        """nbgrader's id of the cell, or an empty string."""
        name = self.marks.get("grade_id")
        return name if isinstance(name, str) else ""

    @property
    def solution(self):
        """Whether an answer goes here, as nbgrader tells."""
        return bool(self.marks.get("solution"))

    @property
    def managed(self):
        """Whether nbgrader holds the cell: locked, or for an answer."""
        return bool(self.grade_id) and any(
            self.marks.get(mark) for mark in ("grade", "solution", "locked", "task")
        )

    def same_text(self, other):
        """Whether two cells say the same, whatever blanks end their lines."""
        return trimmed(self.source) == trimmed(other.source)

    def same_marks(self, other):
        """Whether nbgrader's marks on two cells agree in what matters for points."""
        return all(self.marks.get(mark) == other.marks.get(mark) for mark in _MARKS)


def trimmed(source):
    """Return a cell's source without blanks at line ends and empty lines around it."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def load(raw):
    """Read a notebook.

    Parameters
    ----------
    raw : bytes
        JSON in UTF-8 (with or without mark), UTF-16 or UTF-32, or cp932; nbformat 1 to 4.

    Returns
    -------
    list of Cell
        Without outputs.
    list of str
        What was odd about it, one sentence each.

    Raises
    ------
    Unreadable
        If it is no notebook, or larger or deeper than a notebook may be.

    Notes
    -----
    Of a key that stands twice in an object the last counts, as in Jupyter; NaN and integers of
    more than 18 digits become None.
    """
    notes = []
    book = _parse(_decoded(raw, notes))
    if not isinstance(book, dict):
        raise Unreadable("The file is no notebook: its JSON is no object.")
    cells = book.get("cells")
    if not isinstance(cells, list):
        cells = _upgraded(book, notes)
    return _cells(cells, notes), notes


def _decoded(raw, notes):
    if len(raw) > NOTEBOOK:
        raise Unreadable(f"The notebook is larger than {NOTEBOOK // 1_000_000} MB: {_CLEAR}.")
    if not raw.strip(b"\0 \t\r\n"):
        raise Unreadable("The notebook's file is empty.")
    encoding = json.detect_encoding(raw)
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The notebook was saved as {encoding.upper()}, not as UTF-8.")
        return raw.decode(encoding, "replace")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        notes.append("The notebook was not saved as UTF-8; some characters may be wrong.")
    try:
        return raw.decode("cp932")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")


def _parse(text):
    if text.count("[") + text.count("{") > _OPENINGS or text.count(",") > _COMMAS:
        raise Unreadable(f"The notebook holds too much: {_CLEAR}.")
    try:
        return json.loads(text, parse_int=_small, parse_constant=lambda _: None)
    except RecursionError:
        raise Unreadable("The notebook's JSON is nested far too deep.") from None
    except ValueError as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"The file is no notebook: its JSON is broken{where}.") from None


def _small(digits):
    return int(digits) if len(digits) < 19 else None


def _upgraded(book, notes):
    """The cells of a notebook of nbformat 1 to 3."""
    sheets = book.get("worksheets")
    if not isinstance(sheets, list):
        raise Unreadable("The file is no notebook: it has no cells.")
    notes.append("The notebook was in an old format (nbformat 3) and was upgraded.")
    cells = []
    for sheet in sheets:
        listed = sheet.get("cells") if isinstance(sheet, dict) else None
        cells += [_new(cell) for cell in listed] if isinstance(listed, list) else []
    return cells


def _new(cell):
    if not isinstance(cell, dict):
        return cell
    kind = cell.get("cell_type")
    source = cell.get("input" if kind == "code" else "source", "")
    if kind == "heading":
        level = cell.get("level")
        mark = "#" * (level if level in range(1, 7) else 1)
        source = f"{mark} {_joined(source) or ''}"
    kind = kind if kind in ("code", "raw") else "markdown"
    return {"cell_type": kind, "source": source, "metadata": cell.get("metadata")}


def _cells(listed, notes):
    if len(listed) > _CELLS:
        raise Unreadable(f"The notebook has more than {_CELLS} cells.")
    cells = []
    for number, cell in enumerate(listed, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") not in _KINDS:
            notes.append(f"Cell number {number} is no cell of a notebook and was left out.")
            continue
        source = _joined(cell.get("source", ""))
        if source is None:
            notes.append(f"The source of cell number {number} is no text; it counts as empty.")
        cells.append(_cell(cell, _clean(source or "", number, notes)))
    if sum(len(cell.source) for cell in cells) > _TEXT:
        raise Unreadable(f"The notebook's cells hold more than {_TEXT // 1_000_000} MB of text.")
    return _few_pictures(cells, notes)


def _joined(source):
    """A source as one string; None where it is none."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def _clean(source, number, notes):
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        notes.append(f"Cell number {number} holds characters that are none; they were replaced.")
        # A pair of surrogates that stood apart is one character; a lone one is none.
        source = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return source


def _cell(cell, source):
    meta = cell.get("metadata")
    marks = meta.get("nbgrader") if isinstance(meta, dict) else None
    name = cell.get("id")
    return Cell(
        cell["cell_type"],
        source,
        name if isinstance(name, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) else "",
        marks if isinstance(marks, dict) else {},
        _pictures(cell.get("attachments")) if cell["cell_type"] == "markdown" else {},
    )


def _pictures(attachments):
    """Pasted PNG and JPEG pictures of a text cell; nothing that could hold a script."""
    if not isinstance(attachments, dict):
        return {}
    kept = {}
    for name, kinds in attachments.items():
        for kind in ("image/png", "image/jpeg"):
            data = kinds.get(kind) if isinstance(kinds, dict) else None
            if isinstance(data, str) and _base64(data) and len(name) < 200 and name.isprintable():
                kept[name] = {kind: data}
    return kept


def _base64(data):
    try:
        return bool(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        return False


def _few_pictures(cells, notes):
    sizes = {
        number: sum(len(data) for kinds in cell.attachments.values() for data in kinds.values())
        for number, cell in enumerate(cells)
    }
    if sum(sizes.values()) <= _PICTURES:
        return cells
    notes.append(f"Pictures pasted into text make more than {_PICTURES // 1_000_000} MB; left out.")
    return [Cell(cell.kind, cell.source, cell.id, cell.marks) for cell in cells]
