"""Answers to an assignment, right and typically wrong, and how another would have written them.

Right answers come from the source; wrong ones, and more right ones, from a file beside it,
``solutions/NAME/wrong.py``, in cells such as ``# %% iou wrong: counts the shared area twice``.
"""

import ast
import re
from dataclasses import dataclass

from course_lib.staff import sources

HEADING = re.compile(r"([\w-]+) (right|wrong): (.+)")
MARKED = re.compile(r"^[ \t]*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)[ \t]*\n?", re.MULTILINE)
WORDS = ("a1", "aux", "tmp", "cur", "out_", "val", "x_", "res", "my", "item", "q", "ret", "foo")
REMARKS = ("as in the lesson", "check: shapes", "done", "ok?", "see the table", "TODO tidy up")


@dataclass(frozen=True)
class Answer:
    """What may stand in a solution cell."""

    cell: str
    label: str
    source: str

    @property
    def is_right(self):
        """Whether it should get all points."""
        return self.label == "right"


def read(name, root=sources.ROOT):
    """Read the answers to an assignment.

    Parameters
    ----------
    name : str
    root : Path
        The folder of the course.

    Returns
    -------
    dict
        Id of each solution cell -> list of Answer; the first is the source's own, and right.

    Raises
    ------
    FileNotFoundError
        If there is no such assignment.
    ValueError
        If an answer names no solution cell.
    """
    cells = sources.source(name, root)["cells"]
    places = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")]
    found = {}
    for cell in places:
        key = cell["metadata"]["nbgrader"]["grade_id"]
        own = MARKED.sub("", cell["source"]).strip()
        found[key] = [Answer(key, "right", own)]
        if cell["cell_type"] == "markdown":
            found[key].append(Answer(key, "one sentence only", own.split(". ")[0] + "."))
    file = sources.place(root, sources.SOURCES, name).with_name("wrong.py")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    for part in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]:
        heading, body = part.split("\n", 1)
        told = HEADING.fullmatch(heading.strip())
        if not told and heading.startswith("[markdown]"):
            continue
        if not told or told[1] not in found:
            raise ValueError(f"wrong.py of {name}: '# %% {heading}' names no solution cell.")
        label = "right" if told[2] == "right" else told[3]
        found[told[1]].append(Answer(told[1], label, body.strip()))
    return found


def in_own_words(source, rng):
    """Write an answer as another student might: other names for some variables, a remark.

    Parameters
    ----------
    source : str
        Code, or text: of text some sentences at the end may be missing.
    rng : numpy.random.Generator

    Returns
    -------
    str
        Code that does the same.
    """
    if _tree(source) is None:
        sentences = re.split(r"(?<=\.)\s+", source)
        return " ".join(sentences[: rng.integers(max(1, len(sentences) - 2), len(sentences) + 1)])
    if rng.random() < 0.6:
        source = renamed(source, rng, share=0.5)
    if rng.random() < 0.5:
        source += f"\n# {REMARKS[rng.integers(len(REMARKS))]}"
    return source


def renamed(source, rng, share=1.0):
    """Rename the variables inside the functions of some code; arguments keep their names.

    Parameters
    ----------
    source : str
    rng : numpy.random.Generator
    share : float
        Of the variables.

    Returns
    -------
    str
        Code that does the same; without its comments where anything was renamed, and unchanged
        where it is no Python.
    """
    tree = _tree(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)] if tree else []
    for function in functions:
        nodes = list(ast.walk(function))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        fixed = {node.arg for node in nodes if isinstance(node, ast.arg)}
        for node in nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                fixed.update(node.names)
        own = sorted({node.id for node in names if isinstance(node.ctx, ast.Store)} - fixed)
        taken = {node.id for node in names} | fixed
        new = [word for word in WORDS if word not in taken]
        new = [new[i] for i in rng.permutation(len(new))]
        other = {name: word for name, word in zip(own, new, strict=False) if rng.random() < share}
        for node in names:
            node.id = other.get(node.id, node.id)
    return ast.unparse(tree) if functions else source


def _tree(source):
    """The code as a tree, or None where it is none."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None
