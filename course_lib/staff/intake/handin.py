"""A hand-in as it came, and how much of one is read."""

import unicodedata
from dataclasses import dataclass, field

MB = 1_000_000
NOTEBOOK = 64 * MB  # bytes of a notebook, outputs included
FILE = 25 * MB  # bytes of a file beside it
FILES = 60 * MB  # bytes of all files beside it
COUNT = 50  # files beside it
ARCHIVE = 100 * MB  # bytes of a student's zip, or of what a .tar.gz unpacks to
CLASS = 400 * MB  # the same for an archive of the whole class that has to be held in memory
STUDENT = 400 * MB  # bytes that are read or unpacked for one student, all together
ENTRIES = 20_000  # in one archive, and in all archives of one student
DEPTH = 3  # archives in archives
NOTES = 40  # sentences about one hand-in


class Unreadable(ValueError):
    """What was handed in cannot be read; the message says why, in one sentence."""


@dataclass(frozen=True)
class HandIn:
    """What one student handed in, as it came.

    Parameters
    ----------
    student : str
        An id that is safe as a folder's name; no other hand-in of the class has it.
    notebook : bytes or None
        The notebook's file, at most `NOTEBOOK` bytes; None where there is none.
    files : dict
        Plain file name -> bytes; what lay beside the notebook.
    notes : tuple of str
        What was found, one sentence each.
    fault : str
        Why nothing can be graded; empty where something can.
    name : str
        The student's name, where the platform or the mapping says it.
    platform : str
        The platform's own id of the submission, such as Moodle's participant number.
    """

    student: str
    notebook: bytes | None = None
    files: dict = field(default_factory=dict)
    notes: tuple = ()
    fault: str = ""
    name: str = ""
    platform: str = ""


class Budget:
    """How many bytes may still be read for one student, and how many entries may be listed."""

    def __init__(self, left=STUDENT, entries=ENTRIES):
        self.left, self.entries = left, entries

    def count(self, entry, inside):
        """Take off the number of entries inside an archive; raise Unreadable if too many."""
        self.entries -= inside
        if self.entries < 0:
            raise Unreadable(f"{said(entry.name)} was not read: it holds too many files.")

    def read(self, entry, most):
        """Return the bytes of `entry`, at most `most`; raise Unreadable where there are more."""
        if entry.size > most:
            raise Unreadable(f"{said(entry.name)} is larger than {most // MB} MB.")
        if entry.size > self.left or self.left <= 0:
            raise Unreadable(f"{said(entry.name)} was not read: the hand-in unpacks to too much.")
        most = min(most, self.left)
        # What turns out to be too large costs as much as was read before that showed.
        self.left -= most
        data = entry.read(most)
        self.left += most - len(data)
        return data


def said(name):
    """Return a name from outside as it may stand in a sentence: printable, quoted, short."""
    text = "".join(c if c.isprintable() else "�" for c in str(name))
    return f"“{text if len(text) <= 80 else text[:50] + '…' + text[-25:]}”"


def plain(text):
    """Return text for comparing names: composed, without case, with forward slashes."""
    return unicodedata.normalize("NFC", text.strip()).casefold().replace("\\", "/")


def few(notes, most=NOTES):
    """Return the notes without repeats, and a count in place of those after the first `most`."""
    notes = tuple(dict.fromkeys(notes))
    if len(notes) <= most:
        return notes
    return (*notes[:most], f"There are {len(notes) - most} more notes of this kind.")
