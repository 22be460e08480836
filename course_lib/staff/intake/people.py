"""Who handed in what: ids that are safe as names of folders, and lists that map files to them."""

import csv
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.staff.intake.handin import plain, said

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 64  # characters; at most four bytes each, and a file's name may have 255


@dataclass(frozen=True)
class Person:
    """A student as a list names one; `platform` is the platform's number, where it gives one.

    The id is as written; ``safe_id`` makes it safe.
    """

    student: str
    name: str = ""
    platform: str = ""


@dataclass
class People:
    """The students of a list, found by a file's path or name, a number, a name or an address."""

    everyone: list = field(default_factory=list)
    _known: dict = field(default_factory=dict)

    def add(self, person, *keys):
        """Enter a person under keys; a key that two people have finds neither."""
        if person not in self.everyone:
            self.everyone.append(person)
        for key in filter(None, map(_key, keys)):
            known = self._known.setdefault(key, person)
            if known is not None and known.student != person.student:
                self._known[key] = None

    def find(self, *keys):
        """Return the person of the first key that one has, or None."""
        found = (self._known.get(_key(key)) for key in keys)
        return next((person for person in found if person), None)


def _key(text):
    return plain(text).removeprefix("./").strip("/")


def safe_id(text):
    """Return an id for a student that is safe as a folder's name on every system.

    Letters and digits of any script, ``._-`` and ``@``; it begins and ends with a letter or
    digit, is no name that Windows keeps for itself, and has at most 64 characters.
    """
    text = unicodedata.normalize("NFKC", text)
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in ".-@" else "_" for c in text)
    kept = re.sub(r"_+", "_", re.sub(r"\.\.+", ".", kept)).strip("._-@")
    while kept and unicodedata.category(kept[0])[0] == "M":
        kept = kept[1:].lstrip("._-@")
    if _RESERVED.fullmatch(kept):
        kept = f"student_{kept}"
    if len(kept) > _LONGEST:
        digest = hashlib.sha256(kept.encode()).hexdigest()[:8]
        kept = f"{kept[: _LONGEST - 9].rstrip('._-@')}-{digest}"
    return kept or "student"


def is_plain(name):
    """Whether a file's name is safe as it is, on every system."""
    odd = re.search(r'[/\\:*?"<>|]|[. ]$|^[.~ ]', name) or _RESERVED.fullmatch(name)
    return bool(name) and name.isprintable() and not odd and len(name.encode()) <= 200


def read_people(path):
    """Read a list of students.

    Parameters
    ----------
    path : path
        A CSV with the columns ``file,student`` and, if wanted, ``name``; or Moodle's grading
        worksheet, in any language: its first column reads like ``Participant 1234567``. Commas,
        semicolons or tabs; UTF-8, UTF-16 with its mark, or cp932 as Excel writes it in Japan.

    Returns
    -------
    People
        From a worksheet a student's id is the ID number where everyone has one, otherwise the
        e-mail address, otherwise the full name.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it is neither.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no list of students at {path}.")
    rows = [row for row in _rows(_text(path)) if any(cell.strip() for cell in row)]
    head = [plain(cell) for cell in rows[0]] if rows else []
    if "file" in head and "student" in head:
        return _from_mapping(head, rows[1:])
    if len(rows) > 1 and all(re.fullmatch(r"\D*\d{2,}\s*", row[0]) for row in rows[1:]):
        return _from_worksheet(head, rows[1:])
    raise ValueError(
        f"{said(path.name)} has no columns file and student, and is no grading worksheet of "
        "Moodle; write one line file,student and below it one line for each hand-in."
    )


def _text(path):
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp932", "replace")


def _rows(text):
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ValueError(f"The list of students cannot be read as CSV: {error}.") from None


def _from_mapping(head, rows):
    people = People()
    for row in rows:
        row = dict(zip(head, row, strict=False))
        student = row.get("student", "").strip()
        if student:
            person = Person(student, row.get("name", "").strip())
            people.add(person, row.get("file", ""))
    return people


def _from_worksheet(head, rows):
    width = len(head)
    rows = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    mail = next((i for i in range(width) if any("@" in row[i] for row in rows)), None)
    names = next((i for i in (1,) if i < width and i != mail), None)
    number = next((i for i in range(1, width) if _is_number(head[i])), None)
    if number is not None and len({row[number] for row in rows} - {""}) < len(rows):
        number = None
    people = People()
    for row in rows:
        participant = re.search(r"\d+", row[0])[0]
        name = row[names] if names is not None and not _is_state(head[names]) else ""
        address = row[mail] if mail is not None else ""
        student = (row[number] if number is not None else "") or address or name or row[0]
        people.add(Person(student, name, participant), participant, name, address, student)
    return people


def _is_number(head):
    return head in ("id number", "idnumber", "idナンバー", "学籍番号", "id-nummer")


def _is_state(head):
    """In a worksheet for blind marking the second column is the state, not the name."""
    return head in ("status", "ステータス")
