"""The code of a submission that is the student's own, and what of the course's library is in it."""

import ast
import re
from dataclasses import dataclass

ADDED = "own cell"  # and a number: the name of a cell that the student added
HELPERS = ("exercise", "plot", "images", "datasets", "widgets", "checks", "compute")
_NAMED = re.compile(r"\bcourse_lib(?:\.\w+)*")
_DEEP = 90  # brackets within brackets, beyond which Python's own parser is not asked


@dataclass(frozen=True)
class Cell:
    """One cell of the student's.

    Parameters
    ----------
    name : str
        Its nbgrader id; ``"own cell 1"`` where the student added it.
    source : str
    """

    name: str
    source: str


def own_cells(notebook, released):
    """Return the code cells of a notebook that the student wrote or changed.

    Parameters
    ----------
    notebook : dict or None
        As handed in, nbformat's JSON.
    released : dict

    Returns
    -------
    tuple of Cell
    """
    given = {_text(cell) for cell in _code(released)}
    cells = []
    for cell in _code(notebook or {}):
        text, said = _text(cell), cell.get("metadata", {}).get("nbgrader") or {}
        if text.strip() and text not in given and not (said.get("locked") or said.get("grade")):
            added = sum(one.name.startswith(ADDED) for one in cells)
            name = said.get("grade_id") if said.get("solution") else None
            cells.append(Cell(str(name or f"{ADDED} {added + 1}"), text))
    return tuple(cells)


def code_of(notebook):
    """Return the sources of all code cells of a notebook."""
    return [_text(cell) for cell in _code(notebook)]


def answers(released):
    """Return the ids of the cells whose functions hidden checks call.

    Parameters
    ----------
    released : dict

    Returns
    -------
    set of str
        Of the solution cells that a cell with automatic points follows before the next one.
    """
    found, last = set(), None
    for cell in released.get("cells", ()):
        said = cell.get("metadata", {}).get("nbgrader") or {}
        if said.get("solution"):
            last = said.get("grade_id")
        elif said.get("grade") and last:
            found.add(last)
    return found


def library_names(cells, released):
    """Find what a student's own cells take from the course's library, helpers left out.

    Parameters
    ----------
    cells : iterable of Cell
    released : dict
        Its imports hold in the student's cells, too.

    Returns
    -------
    dict of str to tuple of str
        Dotted name, such as ``course_lib.detection.boxes.iou`` -> cells that use it.
    """
    meaning = {}
    for text in code_of(released):
        meaning |= _imports(_parsed(text))
    trees = [(cell, _parsed(cell.source)) for cell in cells]
    for _, tree in trees:
        meaning |= _imports(tree)
    found = {}
    for cell, tree in trees:
        for name in _used(cell.source, tree, meaning):
            if not _helper(name):
                found.setdefault(name, []).append(cell.name)
    return {name: tuple(dict.fromkeys(where)) for name, where in sorted(found.items())}


def _code(notebook):
    """The code cells of a notebook's JSON."""
    cells = notebook.get("cells", ()) if isinstance(notebook, dict) else ()
    return [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _text(cell):
    """A cell's source as one text."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def _parsed(source):
    """A cell's syntax tree, None where there is none to be had safely."""
    depth = deepest = 0
    for letter in source:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    if deepest > _DEEP or len(source) > 200_000 or re.search(r"(?:[-+~]\s*|not\s+){50}", source):
        return None
    try:
        return ast.parse(re.sub(r"(?m)^[ \t]*[%!].*$", "pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imports(tree):
    """What names stand for, as far as they come from the library."""
    found = {}
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name.split(".")[0] == "course_lib":
                    found[one.asname or "course_lib"] = one.name if one.asname else "course_lib"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "course_lib":
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def _used(source, tree, meaning):
    """Dotted names of the library that a cell imports, uses, or holds in a string."""
    if tree is None:
        return set(_NAMED.findall(source[:200_000]))
    names = {name for name in _imports(tree).values() if name != "course_lib"}
    inner, bound = set(), _bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= {node.value} if _NAMED.fullmatch(node.value) else set()
        elif isinstance(node, ast.Attribute | ast.Name) and id(node) not in inner:
            dotted, root = _dotted(node, inner)
            if root in meaning and root not in bound:
                names.add(".".join([meaning[root], *dotted]))
    return {name for name in names if not any(other.startswith(f"{name}.") for other in names)}


def _bound(tree):
    """Names that a cell uses for something of its own, such as an argument called ``boxes``."""
    nodes = list(ast.walk(tree))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return names - set(_imports(tree))


def _dotted(node, inner):
    """The attributes of a chain such as ``a.b.c``, and its first name, if it has one."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
        inner.add(id(node))
    return parts[::-1], node.id if isinstance(node, ast.Name) else ""


def _helper(name):
    """Whether a name of the library helps without answering anything."""
    parts = name.split(".")
    return len(parts) < 2 or parts[1] in HELPERS
