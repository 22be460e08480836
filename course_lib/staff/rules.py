"""What a stored notebook must be before it is worth running: nothing passes by being skipped."""

import ast
import getpass
import re

KEYS = {"part", "minutes", "needs", "gpu"}
_PATH = re.compile(
    r"(?:(?<![\w/.:])|(?<=file://))/(?:home|Users|root|tmp|private|mnt|media|Volumes|work|workspaces?|"
    r"opt|usr|var|etc|srv|data|scratch|content)/[^\s'\"<>]*|\b[A-Z]:\\\\?\w+\\"
)
_COMMON = {"root", "user", "runner", "admin", "jovyan", "student", "ubuntu", "vscode"}


def faults(notebook):
    """Find what is wrong with a notebook as it is stored.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    list of str
        One sentence each; empty where nothing is wrong.
    """
    found = _metadata_faults(notebook)
    code = [(n, cell) for n, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code"]
    code = [(n, cell) for n, cell in code if cell.source.strip()]
    found += _count_faults(code) if code else ["there is no code in it"]
    for number, cell in code:
        found += [f"cell {number}: {fault}" for fault in _output_faults(cell)]
    return found + [f"cell {n}: {fault}" for n, fault in _widget_faults(code)]


def expects_error(cell):
    """Whether a cell is marked as one that raises."""
    return bool({"raises-exception", "nbval-raises-exception"} & set(cell.metadata.get("tags", [])))


def is_exercise(cell):
    """Whether a cell is the stub of an exercise."""
    return "exercise" in cell.metadata.get("tags", [])


def allows_stderr(cell):
    """Whether a cell is marked as one that writes to stderr."""
    return bool(cell.metadata.get("course", {}).get("stderr"))


def machine_marks(text):
    """Absolute paths, and the name of the user, in a text."""
    marks = [match.group() for match in _PATH.finditer(text)]
    try:
        user = getpass.getuser()
    except OSError:  # a container whose user has no name
        user = ""
    if len(user) > 3 and user.lower() not in _COMMON and re.search(rf"\b{re.escape(user)}\b", text):
        marks.append(user)
    return marks


def _metadata_faults(notebook):
    """The entry ``course`` of the notebook's metadata."""
    course = notebook.metadata.get("course")
    if course is None:
        return ["the metadata has no entry `course`"]
    missing = sorted(KEYS - set(course))
    if missing:
        return [f"the metadata's entry `course` lacks {', '.join(missing)}"]
    if course["gpu"] == "faster" and not any(_sets_range(cell) for cell in notebook.cells):
        return [
            "a GPU makes it faster, but no cell sets a range, so that nothing is compared there"
        ]
    return []


def _sets_range(cell):
    """Whether a cell says between what its numbers lie."""
    return "range" in cell.metadata.get("course", {})


def _count_faults(code):
    """Cells that never ran, or ran in another order."""
    found, last = [], 0
    for number, cell in code:
        count = cell.execution_count
        if count is None:
            found.append(f"cell {number} was never run")
        elif count <= last:
            found.append(f"cell {number} was run out of order: [{count}] comes after [{last}]")
        last = count or last
    return found


def _output_faults(cell):
    """Errors, warnings and traces of a machine among the stored outputs of a cell."""
    found = []
    for output in cell.outputs:
        if output.output_type == "error" and not expects_error(cell):
            found.append(f"the stored output is an error, {output.ename}, that no tag expects")
        if output.get("name") == "stderr" and not allows_stderr(cell):
            found.append(f"stderr holds {last_line(output.text)!r}")
        marks = machine_marks(text_of(output))
        if marks:
            found.append(f"the output names a path or a user of one machine: {marks[0]}")
    shown = "".join(text_of(output) for output in cell.outputs)
    if _sets_range(cell) and not re.search(r"\d", shown):
        found.append("it sets a range, but stores no number")
    return found


def _widget_faults(code):
    """Functions under sliders that are never called without them, so that a page shows nothing."""
    called, played = set(), []
    for number, cell in code:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a line of IPython's own
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                called.add(name)
                if re.search(r"(^|\bwidgets\.)play$", name) and node.args:
                    played.append((number, ast.unparse(node.args[0])))
    return [(n, f"{f} is never called without its sliders") for n, f in played if f not in called]


def text_of(output):
    """All text of an output that a reader sees."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join([output.evalue, *output.traceback])
    texts = [
        v
        for mime, v in output.data.items()
        if isinstance(v, str) and mime not in ("image/png", "image/jpeg")
    ]
    return "\n".join(texts)


def last_line(text):
    """The last line of a text that says something, shortened; empty if none does."""
    return next((line.strip()[:80] for line in reversed(text.splitlines()) if line.strip()), "")
