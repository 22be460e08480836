"""Which of a student's cells is which cell of the release."""

import re
from collections import Counter
from dataclasses import dataclass, field

from course_lib.staff.intake.reading import trimmed

_BOUND = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)[ \t]*=(?!=)", re.MULTILINE)


@dataclass
class Match:
    """What was found.

    Parameters
    ----------
    where : dict
        Index of a cell of the release -> index of the student's cell.
    copies : dict
        Index of a student's cell -> index of the cell of the release that it doubles.
    by : dict
        Index of a cell of the release -> how it was found: mark, id, text, name or place.
    """

    where: dict = field(default_factory=dict)
    copies: dict = field(default_factory=dict)
    by: dict = field(default_factory=dict)

    def take(self, release, student, how):
        """Enter that a cell of the release is the student's cell."""
        self.where[release], self.by[release] = student, how

    @property
    def used(self):
        """Indexes of the student's cells that are spoken for."""
        return set(self.where.values()) | set(self.copies)


def names(source):
    """Return the names that a cell defines at its top level, in order."""
    return list(dict.fromkeys(a or b for a, b in _BOUND.findall(source)))


def match(cells, release):
    """Match a student's cells with the managed cells of the release.

    Parameters
    ----------
    cells, release : list of Cell

    Returns
    -------
    Match

    Notes
    -----
    By nbgrader's id first. For what is still missing, among cells without a known id: by the
    cell's own id; by its text; for answers by the function or variable that the stub defines; and
    at last, where one answer is missing between two cells that were found and the student has one
    cell of the same kind there, by its place.

    Of several cells with the id of an answer the last one counts that differs from the stub and
    is not empty: run from top to bottom, it is the one whose definition would hold.
    """
    found = Match()
    known = {cell.grade_id for cell in release if cell.managed}
    by_mark = _indexes((i, cell.grade_id) for i, cell in enumerate(cells) if cell.grade_id in known)
    marked = set().union(*by_mark.values())
    for r, cell in _missing(release, found):
        _take(found, r, by_mark.get(cell.grade_id, []), cells, release, "mark")
    by_id = _indexes((i, c.id) for i, c in enumerate(cells) if c.id and i not in marked)
    for r, cell in _missing(release, found):
        _take(found, r, by_id.get(cell.id, []), cells, release, "id")
    by_text = _indexes((i, _text(c)) for i, c in enumerate(cells) if i not in found.used)
    for r, cell in _missing(release, found):
        if not cell.solution and trimmed(cell.source):
            _take(found, r, by_text.get(_text(cell), []), cells, release, "text")
    _match_answers(found, cells, release, by_text)
    _match_places(found, cells, release)
    return found


def _missing(release, found):
    """Managed cells that are not found yet."""
    return [(r, cell) for r, cell in enumerate(release) if cell.managed and r not in found.where]


def _indexes(pairs):
    found = {}
    for index, key in pairs:
        found.setdefault(key, []).append(index)
    return found


def _text(cell):
    return cell.kind, trimmed(cell.source)


def _take(found, r, indexes, cells, release, how):
    """Take the one of several cells that counts; the others double it."""
    used = found.used
    indexes = [index for index in indexes if index not in used]
    if not indexes:
        return
    before = max((k for k in found.where if k < r), default=None)
    after = [i for i in indexes if before is None or i > found.where[before]]
    chosen = _best(indexes, cells, release[r], after)
    found.take(r, chosen, how)
    found.copies.update({index: r for index in indexes if index != chosen})


def _best(indexes, cells, wanted, after=()):
    """The cell that counts: of copies of a locked one, one that was not moved if there is any."""
    if wanted.solution:
        done = [i for i in indexes if trimmed(cells[i].source) and not cells[i].same_text(wanted)]
        return (done or indexes)[-1]
    same = [i for i in indexes if cells[i].same_text(wanted)]
    return ([i for i in same if i in after] or same or list(after) or indexes)[0]


def _match_answers(found, cells, release, by_text):
    """Find answers by what they define, or untouched by their text."""
    missing = [(r, cell) for r, cell in _missing(release, found) if cell.solution]
    defined = [set(names(c.source)) if missing and c.kind == "code" else set() for c in cells]
    for r, cell in missing:
        used, wanted = found.used, set(names(cell.source))
        same = [i for i in range(len(cells)) if i not in used and wanted & defined[i]]
        if cell.kind == "code" and same:
            found.take(r, _best(same, cells, cell), "name")
        elif trimmed(cell.source):
            _take(found, r, by_text.get(_text(cell), []), cells, release, "text")


def _match_places(found, cells, release):
    """Find answers that are alone between two cells that were found."""
    missing = _missing(release, found)
    free = Counter(_text(cell) for cell in release if not cell.managed)
    for r, cell in missing:
        before = max((k for k in found.where if k < r), default=None)
        after = min((k for k in found.where if k > r), default=None)
        start = -1 if before is None else found.where[before]
        stop = len(cells) if after is None else found.where[after]
        alone = not any(k != r and (before or -1) < k < (after or len(release)) for k, _ in missing)
        if not cell.solution or not alone:
            continue
        used = found.used
        here = [
            i
            for i in range(start + 1, stop)
            if i not in used and cells[i].kind == cell.kind and _text(cells[i]) not in free
        ]
        if len(here) == 1:
            found.take(r, here[0], "place")
