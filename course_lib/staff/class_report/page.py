"""The report as a page: figures, tables, and codes side by side. No script; nothing is loaded."""

import base64
import hashlib
from html import escape
from pathlib import Path
from string import Template

from course_lib.staff.class_report import figures, fingerprints, terminal
from course_lib.staff.class_report.numbers import MOST_NOTES

HERE = Path(__file__).parent
MOST_LINES, MOST_LETTERS = 300, 160  # of a cell, and of a line


def write(folder, summary, comparison, codes, shared, remarks):
    """Write the page and its figures.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    summary : numbers.Summary
    comparison : likeness.Comparison
    codes : dict of str to tuple of code.Cell
        What each student wrote.
    shared : callable
        Two students -> the fingerprints that count as shared.
    remarks : dict of str to dict
        Library name -> student -> cells.

    Returns
    -------
    Path
        Of ``index.html``.
    """
    from course_lib.staff.grading import store

    folder.mkdir(parents=True, exist_ok=True)
    alts = {}
    for draw in (figures.totals, figures.tasks, figures.causes):
        figure, alt = draw(summary)
        figure.savefig(folder / f"{draw.__name__}.png", dpi=110, metadata={"Software": None})
        alts[f"{draw.__name__}_alt"] = escape(alt)
    style = (HERE / "page.css").read_text(encoding="utf-8")
    page = Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        alts,
        policy=_policy(style),
        style=style,
        title=escape(f"{summary.title}: how the class did"),
        head=escape(". ".join(terminal.head(summary)) + "."),
        cause_heads="".join(f'<th scope="col" class="n">{cause}</th>' for cause in summary.causes),
        task_rows="\n".join(_task(task, summary.causes) for task in summary.tasks),
        notes=_notes(summary.notes),
        resources=_resources(summary),
        usual=escape(terminal.usual(comparison)),
        pairs=_pairs(comparison, codes, shared),
        remarks=_remarks(remarks),
    )
    store.write(folder / "index.html", page.encode("utf-8", "replace"))
    return folder / "index.html"


def _policy(style):
    """What the page may do: show its figures in its own style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _row(cells, numbers=()):
    """One row of a table; some cells are numbers."""
    return "".join(
        f'<td class="n">{escape(str(cell))}</td>'
        if place in numbers
        else f"<td>{escape(str(cell))}</td>"
        for place, cell in enumerate(cells)
    )


def _task(task, causes):
    """One row of the table of tasks."""
    mean = "open" if task.mean is None else f"{task.mean:.0%}"
    counts = [task.causes.get(cause) or "" for cause in causes]
    cells = [task.title, f"{task.most:g}", mean, *counts]
    return f"<tr>{_row(cells, range(1, len(cells)))}</tr>"


def _notes(notes):
    """What grading noted, and how often."""
    if not notes:
        return "<p>There are none.</p>"
    rows = "".join(f"<tr>{_row((count, note), (0,))}</tr>" for note, count in notes[:MOST_NOTES])
    more = f"<p>And {len(notes) - MOST_NOTES} others.</p>" if len(notes) > MOST_NOTES else ""
    head = '<thead><tr><th scope="col">Submissions</th><th scope="col">Note</th></tr></thead>'
    return f"<table>{head}<tbody>{rows}</tbody></table>{more}"


def _resources(summary):
    """Who took longest and most."""
    rows = "".join(
        f"<tr>{_row((who, f'{seconds:.1f} s', large, f'{size / 1e6:.0f} MB'), (1, 3))}</tr>"
        for (who, seconds), (large, size) in zip(summary.slowest, summary.largest, strict=True)
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Slowest", "Time", "Most memory", "Peak")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


# --- codes side by side ---


def _pairs(comparison, codes, shared):
    """Every pair that is listed, folded."""
    parts = [_pair(pair, codes, shared(pair.first, pair.second)) for pair in comparison.pairs]
    if comparison.left_out:
        parts.append(f"<p>And {comparison.left_out} more pairs.</p>")
    return "\n".join(parts) or "<p>No pair stands out.</p>"


def _pair(pair, codes, wanted):
    """One pair: cell by cell, lines that match marked."""
    told = (
        f"{pair.first} and {pair.second}: {pair.contained:.0%} of the shorter answers "
        f"shared by them and few others; {pair.jaccard:.0%} of all that either wrote is in both"
    )
    first, second = (
        {cell.name: cell.source for cell in codes[who]} for who in (pair.first, pair.second)
    )
    names = list(dict.fromkeys([*first, *second]))
    cells = "".join(
        f'<h3>{escape(name)}</h3><div class="both">'
        + "".join(
            f"<div>{escape(who)}{_code(code.get(name, ''), wanted)}</div>"
            for who, code in ((pair.first, first), (pair.second, second))
        )
        + "</div>"
        for name in names
    )
    return f"<details><summary>{escape(told)}</summary><div>{cells}</div></details>"


def _code(source, wanted):
    """A cell's code, with the lines marked that hold what was asked for."""
    marked = fingerprints.lines_with(source, wanted)
    lines = source.split("\n")
    shown = []
    for number, line in enumerate(lines[:MOST_LINES], 1):
        tag = "mark" if number in marked else "span"
        cut = line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}…"
        shown.append(f"<{tag}>{escape(cut)}</{tag}>")
    if len(lines) > MOST_LINES:
        shown.append(f"<span>… {len(lines) - MOST_LINES} more lines</span>")
    return f'<pre tabindex="0">{"".join(shown)}</pre>'


def _remarks(remarks):
    """Whose own cells take what from the library."""
    if not remarks:
        return "<p>No answer uses it.</p>"
    lines = [
        (name, f"{who} ({', '.join(cells)})")
        for name, students in remarks.items()
        for who, cells in students.items()
    ]
    rows = "".join(f"<tr>{_row(line)}</tr>" for line in lines)
    head = '<thead><tr><th scope="col">Uses</th><th scope="col">Student (cells)</th></tr></thead>'
    return f"<table>{head}<tbody>{rows}</tbody></table>"
