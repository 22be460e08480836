"""The page that a student gets back: points, what to look at, comments, and the own notebook.

It is nbgrader's feedback page, made whole without a network. It asks the browser to run no script,
and there is none in it.
"""

import hashlib
import json
from collections import Counter
from contextlib import ExitStack
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

from course_lib.staff import sources
from course_lib.staff.grading import pool, store

_SOON = 60  # pages that are made here before workers would have started
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_TEMPLATE = """{%- extends 'index.html.j2' -%}
{%- block header -%}
{{ super() | replace('<meta charset="utf-8" />', resources.course.head, 1) }}
{%- endblock header -%}
{%- block body -%}
{{ super() | replace('<a name="top"></a>', '<a name="top"></a>' ~ resources.course.top, 1) }}
{%- endblock body -%}
"""
_STYLE = """.overview { max-width: 70em; margin: 0 auto 1.5em; padding: 0 15px; }
.overview td, .overview th { padding: .3em .8em .3em 0; vertical-align: top; text-align: left; }
.overview td.points { white-space: nowrap; text-align: right; }
.overview .missing { color: #a32b16; } .overview .waits { color: #666; }
.panel td, .panel th { padding: .1em .6em !important; }
img { max-width: 100%; } #toc { display: none; }
div.output_area pre { white-space: pre-wrap; overflow-wrap: anywhere; }"""


def told(assignment, result, row):
    """Return what a page says beside the notebook, as plain data.

    Parameters
    ----------
    assignment : records.Assignment
    result : records.Result
    row : dict
        The student's, of `book.marks`.

    Returns
    -------
    dict
        ``title, student, total, most, tasks, notes``; equal ones make equal pages.
    """
    verdicts = {verdict.task: verdict for verdict in result.verdicts}
    titles = Counter(task.title for task in assignment.tasks)
    tasks = []
    for task in assignment.tasks:
        verdict, by_hand = verdicts[task.cell], row["by_hand"].get(task.cell, False)
        told = by_hand or verdict.cause in ("nothing", "by hand")
        tasks.append(
            {
                "cell": task.cell,
                "title": task.title + (f" ({task.cell})" if titles[task.title] > 1 else ""),
                "points": row["points"].get(task.cell),
                "most": task.points,
                "cause": "" if told else verdict.cause,
                "message": "" if told else verdict.message,
                "comment": row["comments"].get(task.cell, ""),
            }
        )
    course = assignment.notebook["metadata"].get("course", {}).get("assignment", {})
    return {
        "title": str(course.get("title", assignment.name)),
        "student": row["student"],
        "total": row["total"],
        "most": row["most"],
        "tasks": tasks,
        "notes": list(result.notes),
    }


def page(notebook, said):
    """Return the page of one student.

    Parameters
    ----------
    notebook : str
        JSON, as of `clean.autograded`.
    said : dict
        As of `told`.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    nbformat = sources.nbformat()
    head = f'<meta charset="utf-8" /><meta name="course-digest" content="{key(notebook, said)}" />'
    notebook = nbformat.from_dict(json.loads(notebook))
    for cell in notebook.cells:
        _fill(cell, {task["cell"]: task for task in said["tasks"]})
    head += f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}" />'
    resources = {
        "metadata": {"name": said["title"]},
        "nbgrader": {
            "notebook": escape(said["title"]),
            "score": said["total"],
            "max_score": said["most"],
            "late_penalty": 0,
        },
        "course": {"head": f"{head}<style>{_STYLE}</style>", "top": _overview(said)},
    }
    return _exporter().from_notebook_node(notebook, resources)[0]


def _fill(cell, tasks):
    """Points and comment into a cell's metadata, where nbgrader's template looks for them."""
    said = cell.metadata.get("nbgrader")
    if not said:
        return
    task = tasks.get(said.grade_id, {})
    said["score"], said["points"] = task.get("points") or 0.0, task.get("most", 0.0)
    said["comment"] = task.get("comment") or None


@cache
def _exporter():
    """nbgrader's page of feedback, without MathJax and with formulas that need none."""
    from jinja2 import DictLoader
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from nbconvert.filters import DataTypeFilter
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor

    from course_lib.staff.grading import clean

    class Exporter(HTMLExporter):
        def from_notebook_node(self, nb, resources=None, **kw):
            # HTMLExporter's own parses each page once more, for alt texts that `clean` gives.
            return TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources))

    # To import nbgrader takes a worker longer than all its pages.
    nbgrader = Path(find_spec("nbgrader").origin).parent
    formgrader = nbgrader / "server_extensions" / "formgrader"
    styles = formgrader / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    exporter = Exporter(
        template_name="feedback",
        extra_template_basedirs=[str(formgrader / "templates")],
        extra_template_paths=[str(styles)],
        extra_loaders=[
            DictLoader({"mathjax.html.j2": "{% macro mathjax(url='') %}{% endmacro %}"})
        ],
        raw_template=_TEMPLATE,
        preprocessors=[CSSHTMLHeaderPreprocessor],
    )
    exporter.register_filter("markdown2html", clean.markdown2html)
    # nbconvert's own looks from each bracket to the text's end: minutes where there are many.
    exporter.register_filter("strip_files_prefix", lambda text: text)
    exporter.register_filter("highlight_code", clean.highlight_code)
    exporter.register_filter("filter_data_type", DataTypeFilter())
    return exporter


def _overview(said):
    """The table at the head of a page."""
    rows = "".join(_task(task) for task in said["tasks"])
    notes = "".join(f"<li>{escape(note)}</li>" for note in said["notes"])
    waits = any(task["points"] is None for task in said["tasks"])
    total = f"{said['total']:g} of {said['most']:g} points" + (" so far" if waits else "")
    return (
        f'<div class="overview"><h1>{escape(said["title"])}: {total}</h1>'
        f"<p>{escape(said['student'])}</p>"
        f"<table><tr><th>Task</th><th>Points</th><th>What to look at</th></tr>{rows}</table>"
        + (f"<p>Notes:</p><ul>{notes}</ul>" if notes else "")
        + "</div>"
    )


def _task(task):
    """One row of the table."""
    from course_lib.staff.grading import clean

    if task["points"] is None:
        points, said = (
            f"&ndash; of {task['most']:g}",
            '<span class="waits">waits to be marked</span>',
        )
    else:
        points, said = f"{task['points']:g} of {task['most']:g}", ""
    if task["cause"]:
        message = f"{task['cause']}: {task['message']}" if task["message"] else task["cause"]
        said = f'<span class="missing">{escape(message)}</span>'
    if task["comment"]:
        said += clean.markdown(task["comment"])
    return (
        f'<tr><td><a href="#{escape(task["cell"])}">{escape(task["title"])}</a></td>'
        f'<td class="points">{points}</td><td>{said}</td></tr>'
    )


def key(notebook, said):
    """Return what a page depends on, in 64 letters."""
    text = json.dumps([notebook, said, _TEMPLATE, _STYLE], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_all(folder, assignment, results, rows, client=None, workers=0):
    """Write the pages that differ from those that are there.

    Parameters
    ----------
    folder : Path
        Of the class.
    assignment : records.Assignment
    results : dict of str -> records.Result
        As of `store.results`.
    rows : list of dict
        As of `book.marks`.
    client : distributed.Client, optional
        Its workers make the pages.
    workers : int
        How many to start where there is no client, and more pages than this process makes soon.

    Returns
    -------
    int
        Pages written.
    """

    def load(student):
        notebook = results[student].notebook.read_text(encoding="utf-8")
        return notebook, told(assignment, results[student], lines[student])

    lines = {row["student"]: row for row in rows if row["student"] in results}
    pages = {student: path(folder, assignment.name, student) for student in lines}
    wanted = [student for student in lines if key(*load(student)) not in _head(pages[student])]
    with ExitStack() as stack:
        if client is None and len(wanted) > _SOON:
            client = stack.enter_context(pool.here(workers))
        for student, html in _pages(wanted, load, client):
            store.write(pages[student], html)
    return len(wanted)


def _pages(students, load, client):
    """Student and page, made by the workers or here."""
    if client is None:
        yield from ((student, page(*load(student))) for student in students)
        return
    for student, html in pool.each(client, page, students, load):
        yield student, page(*load(student)) if isinstance(html, Exception) else html


def path(folder, name, student):
    """Return where a student's page is."""
    return folder / "feedback" / store.safe(student) / store.safe(name) / f"{name}.html"


def _head(path):
    """The beginning of a page that is there, which holds its digest."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8") as file:
        return file.read(2000)
