"""Hand-ins out of a folder, a notebook or an archive, one after the other."""

import io
import re
from contextlib import ExitStack
from pathlib import Path

from course_lib.staff.intake.handin import (
    ARCHIVE,
    CLASS,
    COUNT,
    DEPTH,
    FILE,
    FILES,
    NOTEBOOK,
    Budget,
    HandIn,
    Unreadable,
    few,
    plain,
    said,
)
from course_lib.staff.intake.layout import (
    Group,
    arrange,
    distinguished,
    ignored,
    is_copy_of,
    is_notebook,
    names_someone,
    stem,
)
from course_lib.staff.intake.packed import (
    entries_of,
    file_entry,
    folder_entries,
    is_archive,
)
from course_lib.staff.intake.people import is_plain, read_people
from course_lib.staff.intake.reading import load

_TRIES = 8  # notebooks of one student that are looked into
_FOREIGN = re.compile(r"\.(rar|7z|bz2|xz|zst|lzh)$", re.IGNORECASE)


def collect(path, mapping=None, expected="", fit=None):
    """Yield what every student handed in, in the order of their ids.

    Parameters
    ----------
    path : path
        A notebook; a folder or archive (``.zip``, ``.tar``, ``.tar.gz``) of notebooks, of
        students' folders or of students' archives; nbgrader's ``submitted`` folder; a download
        from Moodle or Canvas.
    mapping : path, optional
        A CSV ``file,student[,name]`` or Moodle's grading worksheet; who is on it and handed in
        nothing is yielded with a fault.
    expected : str
        The assignment's name.
    fit : callable, optional
        ``fit(bytes)`` says how well a notebook fits the assignment, for students who handed in
        several; larger is better. By default how many cells carry marks of nbgrader.

    Yields
    ------
    HandIn
        One is read at a time. What is wrong with it is its fault, never an exception.

    Raises
    ------
    FileNotFoundError
        If `path` is not there.
    ValueError
        If `path` itself, or the mapping, cannot be read at all.

    Notes
    -----
    Nothing is written. No link is followed. How much is read is bounded, counted in bytes that
    really come; see ``handin``.
    """
    path = Path(path)
    people = read_people(mapping) if mapping else None
    with ExitStack() as stack:
        container, entries = _opened(path, stack, people)
        groups = arrange(entries, expected, container, people)
        if not groups and not people:
            raise ValueError(f"There is no hand-in in {said(path.name)}.")
        for group in _with_absent(groups, people):
            yield _hand_in(group, expected, fit or _marked_cells)


def _opened(path, stack, people):
    """What a path is called, and the entries of it."""
    if path.is_dir():
        container, entries = path.resolve().name, folder_entries(path)
    elif not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    elif not path.is_file():
        raise ValueError(f"{said(path.name)} is neither a folder nor a file.")
    elif is_notebook(path.name):
        return "", [file_entry(path.resolve(), (path.name,))]
    else:
        file = stack.enter_context(open(path, "rb"))
        container, entries = stem(path.name), entries_of(file, path.name)
    return _lone(container, entries, people)


def _lone(container, entries, people):
    """The class itself where there is nothing but one archive with the class in it."""
    for _ in range(DEPTH):
        files = [entry for entry in entries if not entry.folder]
        if len(files) != 1 or len(files[0].parts) != 1 or not is_archive(files[0].name):
            break
        name = files[0].name
        if files[0].refused or names_someone(name) or (people and people.find(name, stem(name))):
            break
        try:
            entries = entries_of(io.BytesIO(files[0].read(CLASS)), name)
        except Unreadable:
            break  # the fault of the one student whose archive it is
        container = stem(name)
    return container, entries


def _with_absent(groups, people):
    """The groups, and those of the list who handed in nothing."""
    if people is None:
        return distinguished(groups)
    for group in groups:
        if group.person is None:
            group.notes.append(f"{said(group.label)} is not on the list of students.")
    there = {group.person for group in groups}
    absent = [
        Group("", person.student, person.name, person.platform, person)
        for person in people.everyone
        if person not in there
    ]
    return distinguished([*groups, *absent])


def _hand_in(group, expected, fit):
    notes, files, raw, fault = list(group.notes), {}, None, ""
    try:
        budget = Budget()
        entries = _all_entries(group.entries, budget, notes, DEPTH)
        chosen, raw = _choose(_of(expected, entries, notes), expected, fit, budget, notes)
        files = _files(entries, chosen, budget, notes)
    except Unreadable as error:
        fault = str(error)
    except Exception as error:  # one broken hand-in never stops the others
        fault = f"The hand-in cannot be read ({type(error).__name__})."
    if not group.label:
        fault = "Nothing was handed in."
    name = "".join(filter(str.isprintable, group.name))[:100]
    return HandIn(group.student, raw, files, few(notes), fault, name, group.platform[:40])


def _all_entries(entries, budget, notes, depth):
    """Files of a student, those in archives too; what is refused becomes a note."""
    found = []
    for entry in entries:
        if entry.refused:
            notes.append(f"{said(entry.name if entry.parts else '?')} {entry.refused}.")
        elif entry.folder or ignored(entry.parts):
            continue
        elif not is_archive(entry.name):
            found.append(entry)
        elif depth == 0:
            notes.append(f"{said(entry.name)} is an archive in too many others; it stays closed.")
        else:
            found += _unpacked(entry, budget, notes, depth)
    return found


def _unpacked(entry, budget, notes, depth):
    try:
        data = io.BytesIO(budget.read(entry, ARCHIVE))
        inner = entries_of(data, entry.name, min(ARCHIVE, budget.left))
        budget.count(entry, len(inner))
    except Unreadable as error:
        notes.append(str(error))
        return []
    return _all_entries([item.under(entry.parts) for item in inner], budget, notes, depth - 1)


def _of(expected, entries, notes):
    """The notebooks; those in a folder of the assignment's name where there are any."""
    notebooks = [entry for entry in entries if is_notebook(entry.name)]
    inside = [e for e in notebooks if plain(expected) in map(plain, e.parts[:-1])]
    if not notebooks:
        names = [entry.name for entry in entries]
        others = f": only {', '.join(map(said, names[:3]))}" if names else ""
        ask = [" Ask for a zip instead."] if any(map(_FOREIGN.search, names)) else []
        why = [f" {note}" for note in notes[:1]] if not names else ask
        raise Unreadable(f"There is no notebook in the hand-in{others}.{''.join(why)}")
    return inside or notebooks


def _choose(notebooks, expected, fit, budget, notes):
    """The entry and the bytes of the notebook that counts."""
    ordered = sorted(notebooks, key=lambda entry: _newest(entry, expected), reverse=True)
    if len(ordered) == 1:
        return ordered[0], _read_notebook(ordered[0], budget)
    best, faults = None, []
    for entry in ordered[:_TRIES]:
        try:
            raw = _read_notebook(entry, budget)
            value = fit(raw)
        except Unreadable as error:
            faults.append(error)
            continue
        if best is None or value > best[0]:
            best = value, entry, raw
    if best is None:
        raise faults[0]
    notes.append(f"There were {len(notebooks)} notebooks; {said(best[1].name)} counts.")
    return best[1:]


def _newest(entry, expected):
    """Called like the assignment first; then the highest number in the name."""
    numbers = tuple(int(digits[:9]) for digits in re.findall(r"\d+", stem(entry.name)))
    return is_copy_of(entry.name, expected), numbers, plain(entry.name), entry.parts


def _read_notebook(entry, budget):
    try:
        return budget.read(entry, NOTEBOOK)
    except Unreadable as error:
        if "larger than" in str(error):
            raise Unreadable(
                f"The notebook {said(entry.name)} is larger than {NOTEBOOK // 1_000_000} MB: clear "
                "its outputs (Edit, Clear Outputs of All Cells), save it and hand it in again."
            ) from None
        raise


def _marked_cells(raw):
    return sum(cell.managed for cell in load(raw)[0])


def _files(entries, chosen, budget, notes):
    """What lies beside the notebook, by plain name; then what lies further away, but no code."""
    here = chosen.parts[:-1]
    others = [entry for entry in entries if not is_notebook(entry.name)]
    others.sort(key=lambda entry: (entry.parts[:-1] != here, entry.parts))
    files, left, out = {}, FILES, []
    for entry in others:
        name = entry.name
        taken = plain(name) in map(plain, files)
        far = entry.parts[:-1] != here and name.lower().endswith((".py", ".so", ".pyd"))
        if far or taken or not is_plain(name) or len(files) >= COUNT or left <= 0:
            out.append(name)
            continue
        try:
            files[name] = budget.read(entry, min(FILE, left))
        except Unreadable as error:
            notes.append(str(error))
            continue
        left -= len(files[name])
    if out:
        more = f" and {len(out) - 3} more" if len(out) > 3 else ""
        notes.append(f"Of the other files, left out: {', '.join(map(said, out[:3]))}{more}.")
    return files
