"""Code names, so that a person who marks a drawing does not see whose it is."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from course_lib.staff.grading import store

FEW = 500  # up to so many students, three digits leave enough numbers free


@dataclass(frozen=True)
class Key:
    """Who is behind a code; it stays with the class and is not for sharing.

    Parameters
    ----------
    seed : str
        Secret; the codes follow from it, so that neither order nor number tells who it is.
    codes : dict
        Code, such as ``"017"`` -> student.
    """

    seed: str
    codes: dict

    @property
    def digest(self):
        """What names this class's page of this assignment, without telling anything else."""
        return hashlib.sha256(f"class {self.seed}".encode()).hexdigest()[:16]

    def stamp(self, picture):
        """What names a picture's bytes, so that a mark is known to be of another drawing.

        Parameters
        ----------
        picture : Path or None
            None gives an empty stamp.
        """
        if picture is None:
            return ""
        return hashlib.sha256(self.seed.encode() + picture.read_bytes()).hexdigest()[:12]


def path(folder, name):
    """Where a class keeps the key of an assignment's page: beside it, not in it."""
    return Path(folder) / "gallery" / f"{name}_key.json"


def load(folder, name):
    """Read a key.

    Parameters
    ----------
    folder : Path
        The class.
    name : str
        The assignment.

    Returns
    -------
    Key or None
        None where no page has been written yet.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    place = path(folder, name)
    if not place.is_file():
        return None
    try:
        data = json.loads(place.read_text(encoding="utf-8"))
        key = Key(str(data["seed"]), {str(k): str(v) for k, v in data["codes"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{place} is broken ({error!r}). Bring it back from a copy: without it, nobody knows "
            "whose marks are whose. If no marks were given yet, delete it and write the page again."
        ) from error
    return key


def extend(key, students):
    """Return a key that has a code for every student, and leaves the codes of others as they are.

    Parameters
    ----------
    key : Key or None
        None for a new class.
    students : iterable of str

    Returns
    -------
    Key
    """
    key = key or Key(secrets.token_hex(16), {})
    codes, known = dict(key.codes), set(key.codes.values())
    new = sorted(set(students) - known)
    digits = 3 if len(codes) + len(new) <= FEW else 5
    for student in new:
        number = int(hashlib.sha256(f"{key.seed} {student}".encode()).hexdigest(), 16)
        while (code := f"{number % 10**digits:0{digits}}") in codes:
            number += 1
        codes[code] = student
    return Key(key.seed, dict(sorted(codes.items())))


def save(key, folder, name):
    """Write a key, for its owner's eyes only; the file gets its name when it is complete."""
    text = json.dumps({"assignment": name, "seed": key.seed, "codes": key.codes}, indent=1)
    store.write(path(folder, name), text + "\n", private=True)
