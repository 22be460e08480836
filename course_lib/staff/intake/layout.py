"""Whose is what: entries of a folder or an archive, grouped by student."""

import re
from dataclasses import dataclass, field, replace

from course_lib.staff.intake.handin import plain, said
from course_lib.staff.intake.packed import ARCHIVE_NAMES, is_archive
from course_lib.staff.intake.people import Person, safe_id

NOTEBOOK_NAMES = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
# mod/assign of Moodle: full name, participant number, plugin; then the file's own name.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?", re.DOTALL
)
_CANVAS = re.compile(
    r"(?P<name>[^\W_][^_]*)(?:_LATE)?_(?P<number>\d{3,})_(?P<upload>\d{3,})_(?P<rest>.+)"
)
_COPIES = re.compile(r"( ?\(\d+\)|[-_ ]?copy ?\d*|[-_ ]\d+| - コピー( \(\d+\))?)$", re.IGNORECASE)
_IGNORED = {"__macosx", "thumbs.db", "desktop.ini", "__pycache__", "venv", "node_modules"}
_WRAPPERS = {"submitted", "submissions", "abgaben", "提出物"}


@dataclass
class Group:
    """What one student handed in: a label to tell it by, and entries by their paths in it."""

    label: str
    student: str
    name: str = ""
    platform: str = ""
    person: Person | None = None
    entries: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def is_notebook(name):
    """Whether a file's name is that of a notebook, also as browsers spoil it (.ipynb.txt)."""
    return bool(NOTEBOOK_NAMES.search(name))


def stem(name):
    """Return a file's name without its ending."""
    for pattern in (NOTEBOOK_NAMES, ARCHIVE_NAMES):
        name = pattern.sub("", name)
    return name


def is_copy_of(name, expected):
    """Whether a file is called as expected, or as a copy of it, such as ``boxes (1).ipynb``."""
    return bool(expected) and plain(_COPIES.sub("", stem(name))) == plain(expected)


def arrange(entries, expected, container, people):
    """Group entries by student.

    Parameters
    ----------
    entries : list of Entry
    expected : str
        The assignment's name.
    container : str
        What the folder or archive is called; a lone ``boxes.ipynb`` in it is that student's.
    people : People or None
        A list that says whose a file is.

    Returns
    -------
    list of Group
        Two may still want the same id.
    """
    entries = [entry for entry in entries if not ignored(entry.parts)]
    entries = _unwrapped(entries, expected, container, people)
    canvas = _all_canvas(entries)
    groups = {}
    for entry in entries:
        key, group, kept = _owner(entry, people, canvas)
        if group is None:
            continue
        group = groups.setdefault(key, group)
        if kept is not None:
            group.entries.append(kept)
        else:
            group.notes.append("Text typed into the platform was left aside.")
    claimed = {entry.parts[0] for entry in entries if people and _listed(entry, None, people)}
    found = [g for key, g in groups.items() if not (g.label in claimed and _is_bare(key, g))]
    _share_loose(entries, found)
    _name_after(container, expected, found, entries)
    return found


def ignored(parts):
    """Whether a path is none of the student's doing: hidden, a checkpoint, a system's leavings."""
    if not parts:
        return False
    return any(part.startswith(".") or part.casefold() in _IGNORED for part in parts) or bool(
        re.search(r"-checkpoint\.ipynb$", parts[-1], re.IGNORECASE)
    )


def _unwrapped(entries, expected, container, people):
    """Entries without folders around the whole class."""
    while True:
        tops = {entry.parts[0] for entry in entries if not entry.refused}
        inside = [entry for entry in entries if len(entry.parts) > 1]
        handed = {top for top in tops if top.casefold() == "submitted"}
        if handed and any(entry.parts[0] in handed for entry in inside):
            entries = [entry.without(1) for entry in inside if entry.parts[0] in handed]
        elif len(tops) == 1 and _wraps(tops.copy().pop(), inside, expected, container, people):
            top = tops.pop()
            inside = [entry for entry in inside if entry.parts[0] == top or entry.refused]
            entries = [entry.without(1) if entry.parts[0] == top else entry for entry in inside]
        else:
            return entries


def _wraps(top, inside, expected, container, people):
    """Whether the only folder at the top is around the class, not a student's."""
    inside = [e.without(1) for e in inside if e.parts[0] == top and len(e.parts) > 1]
    if not inside or _MOODLE.fullmatch(top) or (people and people.find(top)):
        return False
    if plain(top) in _WRAPPERS | {plain(expected), plain(container)}:
        return True
    children = {entry.parts[0] for entry in inside if entry.folder or len(entry.parts) > 1}
    if any(_MOODLE.fullmatch(entry.parts[0]) for entry in inside):
        return True
    if plain(expected) in map(plain, children):
        return False  # STUDENT/NAME of nbgrader
    work = [entry for entry in inside if is_notebook(entry.name) or is_archive(entry.name)]
    flat = [entry.name for entry in work if len(entry.parts) == 1]
    if flat:
        return len(flat) > 1 and not any(is_copy_of(name, expected) for name in flat)
    below = {entry.parts[0] for entry in work}
    if len(below) == 1:
        return _wraps(below.pop(), inside, expected, "", people)
    return len(below) > 1


def _all_canvas(entries):
    """Whether every file at the top is called as Canvas does; one alone may be chance."""
    names = [entry.name for entry in entries if len(entry.parts) == 1 and not entry.folder]
    return bool(names) and all(_CANVAS.fullmatch(name) for name in names)


def _owner(entry, people, canvas):
    """The key of a student, a new group for one, and the entry as it lies in the group."""
    top, loose = entry.parts[0], len(entry.parts) == 1 and not entry.folder
    moodle = _MOODLE.fullmatch(top)
    person = people and _listed(entry, moodle, people)
    if moodle:
        name = moodle["name"].strip()
        label = name if name.casefold() not in ("participant", "参加者") else f"{name} {moodle[2]}"
        key, group = ("moodle", moodle[1], moodle[2]), Group(top, label, name, moodle["number"])
        kept = None if moodle["kind"] == "onlinetext" else _renamed(entry, moodle["rest"], loose)
    elif canvas and loose:
        match = _CANVAS.fullmatch(top)
        key = ("canvas", match["name"], match["number"])
        group = Group(top, match["name"], "", match["number"])
        kept = _renamed(entry, match["rest"], loose)
    elif not loose:
        key, group, kept = ("folder", top), Group(top, top), _inside(entry)
    elif is_notebook(top) or is_archive(top) or (entry.refused and "." not in top):
        key, group, kept = ("file", top), Group(top, stem(top)), entry
    else:
        key, group, kept = None, None, None
    if person:
        platform = person.platform or (group.platform if group else "")
        name = person.name or (group.name if group else "")
        key, group = ("person", person), Group(top, person.student, name, platform, person)
        kept = kept if moodle else kept or entry
    return key, group, kept


def _is_bare(key, group):
    """Whether a group is a folder without a file of its own."""
    return key[0] == "folder" and all(entry.folder for entry in group.entries)


def _listed(entry, moodle, people):
    top = entry.parts[0]
    keys = ["/".join(entry.parts), entry.name, top, stem(top)]
    if moodle:
        keys = [*keys[:1], *keys[2:3], moodle["number"], moodle["name"]]
    return people.find(*keys)


def _renamed(entry, rest, loose):
    """An entry under the name that the student gave it; a folder's are without the folder."""
    return replace(entry, parts=(rest or entry.name,)) if loose else _inside(entry)


def _inside(entry):
    """An entry inside a student's folder; the folder itself keeps an empty path."""
    return entry.without(1)


def _share_loose(entries, groups):
    """Give loose pictures to the one whose notebook's name they begin with."""
    owners = [group for group in groups if group.entries and is_notebook(group.label)]
    for entry in entries:
        work = is_notebook(entry.name) or is_archive(entry.name)
        if work or len(entry.parts) > 1 or entry.folder:
            continue
        mine = [g for g in owners if _begins(plain(entry.name), plain(stem(g.label)))]
        if mine and not any(entry in g.entries for g in mine):
            max(mine, key=lambda group: len(group.label)).entries.append(entry)


def _begins(name, start):
    return name.startswith(start) and not name[len(start) : len(start) + 1].isalnum()


def _name_after(container, expected, groups, entries):
    """A lone notebook that is called like the assignment is its folder's or archive's student.

    What lies beside it is that student's too.
    """
    if len(groups) != 1 or not is_copy_of(groups[0].label, expected) or not container:
        return
    group = groups[0]
    if not is_copy_of(container, expected) and group.student == stem(group.label):
        group.student = group.label = container
        group.entries += [e for e in entries if len(e.parts) == 1 and e not in group.entries]


def distinguished(groups):
    """Give every group an id of its own, safe as a folder's name; say where two were the same."""
    groups = sorted(groups, key=lambda group: (safe_id(group.student).casefold(), group.label))
    same = {}
    for group in groups:
        same.setdefault(safe_id(group.student).casefold(), []).append(group)
    taken = {key for key, members in same.items() if len(members) == 1}
    for key, members in same.items():
        for number, group in enumerate(members, 1):
            wanted = safe_id(group.student)
            if len(members) > 1:
                group.notes.append(
                    f"{len(members)} hand-ins would be called {key}; this one is from "
                    f"{said(group.label)}. A mapping file tells them apart."
                )
                wanted = _free(wanted, group.platform or str(number), taken)
            group.student = wanted
    return sorted(groups, key=lambda group: (group.student.casefold(), group.student))


def _free(wanted, mark, taken):
    found, number = safe_id(f"{wanted[:48]}-{mark}"), 2
    while found.casefold() in taken:
        found, number = safe_id(f"{wanted[:44]}-{mark}-{number}"), number + 1
    taken.add(found.casefold())
    return found
