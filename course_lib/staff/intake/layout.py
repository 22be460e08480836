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
_MOODLE_TEXT = re.compile(r"_\d+_assignsubmission_onlinetext")
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


def names_someone(name):
    """Whether a file at the top is called as Moodle or Canvas does."""
    return bool(_MOODLE.fullmatch(name) or _CANVAS.fullmatch(name))


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
    found = _grouped(entries, _all_canvas(entries), people)
    _share_loose(entries, found)
    _name_after(container, expected, found, entries)
    _without_title(found, expected)
    return found


def _grouped(entries, canvas, people):
    """Groups by what the platform or the list says; what is nobody's is left out."""
    owned = [(entry, *_owner(entry, canvas)) for entry in entries]
    listed = {}
    for entry, key, _, _ in owned if people else []:
        person = _listed(entry, key, people)
        if person:
            listed.setdefault(key, {})[entry.parts] = person
    groups = {}
    for entry, key, group, kept in owned:
        person = _person(entry, key, listed.get(key, {}))
        if person:
            key, group = ("person", person), _of_person(person, group, entry)
        elif group is None or (entry.folder and key in listed):
            continue
        group = groups.setdefault(key, group)
        if _MOODLE_TEXT.search(entry.parts[0]):
            group.notes.append("Text typed into the platform was left aside.")
        else:
            group.entries.append(kept)
    return list(groups.values())


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


def _owner(entry, canvas):
    """The key of a student, a new group for one, and the entry as it lies in the group."""
    top, loose = entry.parts[0], len(entry.parts) == 1 and not entry.folder
    moodle = _MOODLE.fullmatch(top)
    if moodle:
        name = moodle["name"].strip()
        label = name if name.casefold() not in ("participant", "参加者") else f"{name} {moodle[2]}"
        key, group = ("moodle", moodle[1], moodle[2]), Group(top, label, name, moodle["number"])
        kept = _renamed(entry, moodle["rest"], loose)
    elif canvas and loose:
        match = _CANVAS.fullmatch(top)
        key = ("canvas", match["name"], match["number"])
        group = Group(top, match["name"], "", match["number"])
        kept = _renamed(entry, match["rest"], loose)
    elif not loose:
        key, group, kept = ("folder", top), Group(top, top), entry.without(1)
    elif is_notebook(top) or is_archive(top) or (entry.refused and "." not in top):
        key, group, kept = ("file", top), Group(top, stem(top)), entry
    else:
        key, group, kept = ("loose", top), None, entry
    return key, group, kept


def _listed(entry, key, people):
    """Whom the list gives a file to: by path, by name, by folder; by number and name in Moodle."""
    top = entry.parts[0]
    if key[0] == "moodle":
        return people.find("/".join(entry.parts), top, key[2], key[1])
    return people.find("/".join(entry.parts), entry.name, top, stem(top))


def _person(entry, key, listed):
    """Whose a file is; one that the list does not name goes with the others of its hand-in."""
    found, everyone = listed.get(entry.parts), set(listed.values())
    work = is_notebook(entry.name) or is_archive(entry.name)
    if found or len(everyone) != 1 or (key[0] == "folder" and work):
        return found
    return everyone.pop()


def _of_person(person, group, entry):
    name = person.name or (group.name if group else "")
    platform = person.platform or (group.platform if group else "")
    return Group(entry.parts[0], person.student, name, platform, person)


def _renamed(entry, rest, loose):
    """An entry under the name that the student gave it; a folder's are without the folder."""
    return replace(entry, parts=(rest or entry.name,)) if loose else entry.without(1)


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


def _without_title(groups, expected):
    """Where all notebooks are called like ``ann_boxes`` or ``boxes-ann``, take the name only."""
    flat = [g for g in groups if is_notebook(g.label) and g.student == stem(g.label)]
    title = re.escape(expected)
    for pattern in (rf"(.+?)[-_ ]+{title}", rf"{title}[-_ ]+(.+)"):
        names = [re.fullmatch(pattern, group.student, re.IGNORECASE) for group in flat]
        # A number of one or two digits is a copy's, not a student's.
        named = all(name and re.search(r"[^\W\d]|\d{4}", name[1]) for name in names)
        if expected and len(flat) > 1 and named:
            for group, name in zip(flat, names, strict=True):
                group.student = name[1]
            return


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
