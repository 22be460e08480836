"""What a student gets back, and that nothing of a student can run on anybody's screen."""

import copy
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import bs4
import grading_class as small
import nbformat
import nbgrader
import pytest
from nbconvert.exporters import HTMLExporter
from traitlets.config.loader import PyFileConfigLoader

from course_lib.staff.grading import clean, feedback, place, store

PNG = small.DOT
EVIL = """<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))
![$\\text{" onerror=alert(1) x="}$](data:image/svg+xml;base64,PHN2Zz4=) <svg onload=alert(1)>
$\\text{<script>alert(2)</script>}$ <math><mtext><mglyph><style></math><img src onerror=alert(1)>
<iframe src="https://evil.example"></iframe> [d](data:text/html;base64,AA) <form action=x>
<a href=" javascript:alert(1)" onclick=alert(1)>z</a> <style>body{display:none}</style>
<object data=x></object> <meta http-equiv=refresh content=0> <b style="position:fixed">b</b>
<img src="https://evil.example/pixel.png"> <base href="https://evil.example">

```mermaid
<script>alert(1)</script>
```

$$\\href{javascript:alert(1)}{x}$$ ![a](attachment:none.png)
"""


class Seen(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def hostile():
    """A notebook that tries everything."""
    made = small.notebook("half")
    made["metadata"]["title"] = "<script>alert(1)</script>"
    made["cells"].append({"cell_type": "markdown", "metadata": {}, "source": EVIL})
    raw = {"raw_mimetype": "text/html", "tags": ['"><script>alert(1)</script>']}
    made["cells"].append({"cell_type": "raw", "metadata": raw, "source": "<script>x</script>"})
    data = {"text/html": "<script>x</script>", "application/javascript": "alert(1)"}
    data |= {
        "text/plain": "<script>x</script>",
        "image/png": PNG,
        "image/svg+xml": "<svg onload=x>",
    }
    odd = {"image/png": {"alt": '" onload=alert(1)', "width": "1 onload=alert(1)"}}
    made["cells"][1]["outputs"] = [
        {"output_type": "display_data", "data": data, "metadata": odd},
        {"output_type": "display_data", "data": {"image/png": '"><script>x</script>'}},
        {"output_type": "stream", "name": "stdout", "text": "<script>x</script>\x1b[31mred"},
        {"output_type": "error", "ename": "<b>", "evalue": "<b>", "traceback": ["<script>x"]},
        {"output_type": "update_display_data", "data": {"text/html": "<script>"}},
    ]
    made["cells"][1]["metadata"]["nbgrader"]["grade_id"] = '"><script>alert(1)</script>'
    return made


def result(notebook=None, **said):
    made = small.grade(small.submission("s1", "half"), small.assignment(), None, None)
    return replace(made, notebook=notebook or made.notebook, **said)


def row(**said):
    points = {"add-one": 2.0, "add-two": 0.0, "open": None}
    made = {"student": "s1", "points": points, "by_hand": {}, "comments": {}, "waiting": ("open",)}
    return made | {"total": 2.0, "most": 10.0} | said


def page(found, line=None):
    notebook = json.dumps(clean.autograded(small.assignment(), found))
    return feedback.page(notebook, feedback.told(small.assignment(), found, line or row()))


def text(html):
    return " ".join(bs4.BeautifulSoup(html, "html.parser").get_text(" ").split())


def nothing_runs(html):
    seen = Seen(html)
    evil = {"script", "iframe", "object", "embed", "form", "svg", "base", "link", "mglyph"}
    assert not seen.tags & evil
    for tag, name, value in seen.attributes:
        assert not name.startswith("on"), (tag, name, value)
        assert "javascript:" not in value and "data:text" not in value, (tag, name, value)


def test_points_verdicts_comments_and_notes():
    line = row(
        points={"add-one": 2.0, "add-two": 0.0, "open": 4.0},
        by_hand={"open": True},
        comments={"open": "Nice, *but* $x<y$."},
        waiting=(),
        total=6.0,
    )
    html = page(result(notes=("The cell add-one was restored.",)), line)
    said = text(html)
    assert "6 of 10 points" in said and "so far" not in said
    assert "Task 1: add one 2 of 2" in said
    assert "Task 2: add two 0 of 3 wrong value: Look at two." in said
    assert "Task 3: say why 4 of 5 Nice, but" in said and "<em>but</em>" in html
    assert "The cell add-one was restored." in said
    assert "Score: 4.0 / 5.0" in said  # at the cell itself, as nbgrader shows it


def test_what_waits_is_said():
    said = text(page(result()))
    assert "2 of 10 points so far" in said and "waits to be marked" in said


def test_a_mark_by_hand_silences_the_verdict():
    points = {"add-one": 2.0, "add-two": 3.0, "open": None}
    said = text(page(result(), row(points=points, by_hand={"add-two": True})))
    assert "3 of 3" in said and "wrong value" not in said


def test_a_page_loads_nothing():
    html = page(result())
    seen = Seen(html)
    assert "script" not in seen.tags and "link" not in seen.tags
    for _, name, value in seen.attributes:
        assert name not in ("src", "href") or value.startswith(("#", "data:image/"))
    styles = re.sub(r"/\*.*?\*/", "", html, flags=re.DOTALL)
    assert not re.findall(r"@import|url\((?!\.\./fonts|[\"']?data:)[^)]*", styles)
    policy = [value for _, name, value in seen.attributes if name == "content"]
    assert any(value.startswith("default-src 'none'") for value in policy)


def test_formulas_need_no_script():
    html = page(result())
    assert "<mfrac>" in html and "<b>bold</b>" in html


def test_no_script_of_a_student_is_in_the_page():
    given = hostile()
    before = copy.deepcopy(given)
    html = page(result(given), row(comments={"open": EVIL}))
    nothing_runs(html)
    assert "evil.example" not in "".join(v for _, n, v in Seen(html).attributes if n == "src")
    assert f"data:image/png;base64,{PNG}" in html  # the honest picture is there
    assert "alert(1)" in text(html)  # and what was written can be read
    assert given == before


def test_a_picture_pasted_into_a_text_is_shown():
    given = small.notebook()
    given["cells"][0]["source"] = "![mine](attachment:mine.png) ![evil](attachment:evil.png)"
    evil = {"text/html": "x", "image/png": '"><script>'}
    given["cells"][0]["attachments"] = {"mine.png": {"image/png": PNG}, "evil.png": evil}
    html = page(result(given))
    assert f'src="data:image/png;base64,{PNG}"' in html
    nothing_runs(html)


def test_a_notebook_is_made_anew():
    made = clean.autograded(small.assignment(), result(hostile()))
    nbformat.validate(nbformat.from_dict(made))
    known = {cell["id"] for cell in small.notebook()["cells"]}
    for cell in made["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        assert name is None or name in known
    twice = small.notebook()
    twice["cells"].append(copy.deepcopy(twice["cells"][2]))
    made = clean.autograded(small.assignment(), result(twice))
    names = [c["metadata"]["nbgrader"]["grade_id"] for c in made["cells"] if c["metadata"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("source", ["$\\frac{$", "$\\begin{matrix}$", "[" * 500, "> " * 500, ""])
def test_odd_text_is_still_a_page(source):
    assert isinstance(clean.markdown(source), str)


def test_formgrader_runs_nothing_of_a_student(tmp_path):
    """nbgrader's page for instructors, with the settings that `course grade` writes."""
    folder = place.open_class(tmp_path / "class")
    place.write_config(folder, "sqlite:///none.db")
    made = hostile()
    made["cells"].append({"cell_type": "code", "metadata": {}, "source": "slow." * 1000})
    made = result(made)
    store.keep_autograded(folder, small.NAME, "s1", clean.autograded(small.assignment(), made))
    config = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    templates = Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates"
    exporter = HTMLExporter(
        config=config, template_name="formgrade", extra_template_basedirs=[str(templates)]
    )
    resources = {"base_url": "", "notebook_path": "x", "index": 0, "total": 1, "student": "s1"}
    resources |= {"assignment_id": "a", "notebook_id": "n", "submission_id": "i"}
    path = folder / f"autograded/s1/{small.NAME}/{small.NAME}.ipynb"
    html, _ = exporter.from_filename(str(path), resources=resources)
    soup = bs4.BeautifulSoup(html, "html.parser")
    for cell in soup.select("div.cell"):
        nothing_runs(str(cell))
    assert "alert(1)" in soup.get_text()
    assert "slow." * 1000 in html
    assert '<span class="n">' in html


def test_pages_are_renewed_where_something_changed(tmp_path):
    folder = place.open_class(tmp_path / "class")
    assignment, found = small.assignment(), result()
    store.keep_autograded(folder, small.NAME, "s1", clean.autograded(assignment, found))
    store.keep_result(folder, small.NAME, small.submission("s1"), found)
    results = store.results(folder, small.NAME)
    assert feedback.write_all(folder, assignment, results, [row()]) == 1
    assert feedback.write_all(folder, assignment, results, [row()]) == 0
    assert feedback.write_all(folder, assignment, results, [row(comments={"open": "Yes."})]) == 1
    assert "Yes." in feedback.path(folder, small.NAME, "s1").read_text("utf-8")


def test_a_page_of_brackets_costs_no_minutes():
    """Per bracket, nbconvert looked through the rest of the page."""
    made = small.notebook("half")
    source = "    " + "[" * 100_000
    made["cells"].append({"cell_type": "markdown", "metadata": {}, "source": source})
    began = time.process_time()
    assert "[" * 100_000 in page(result(made))
    assert time.process_time() - began < 20


SLOW = {"blanks": " \n" * 50_000, "names": "a." * 50_000, "form feeds": "\f \n" * 30_000}
SLOW |= {"decorators": "@" + "a." * 50_000, "characters": "'" + "\\N{" * 50_000}


def test_a_page_of_code_costs_no_minutes():
    """What finds colours takes the square or the cube of the length of such code."""
    made = small.notebook("half")
    made["cells"] += [{"cell_type": "code", "metadata": {}, "source": s} for s in SLOW.values()]
    source = "\n".join(f"```{name}\n{' ' * 2000}\n```" for name in ("python", "ipython3", "perl"))
    made["cells"].append({"cell_type": "markdown", "metadata": {}, "source": source})
    began = time.process_time()
    assert "a." * 50_000 in page(result(made))
    assert time.process_time() - began < 20


def test_code_has_colours_until_there_is_too_much_of_it():
    made = small.notebook("half")
    code = {"cell_type": "code", "metadata": {}, "source": "for i in x:\n    pass\n" * 450}
    cells = clean.autograded(small.assignment(), result(made))["cells"]
    made["cells"] = [dict(code) for _ in range(10)]
    many = clean.autograded(small.assignment(), result(made))["cells"]
    assert not any("course" in cell["metadata"] for cell in cells)
    told = ['<span class="k">' in clean.highlight_code(c["source"], c["metadata"]) for c in many]
    assert told == [True] * 6 + [False] * 4
    for source in SLOW.values():
        assert "<span" not in clean.highlight_code(source[:3000])


def test_a_worker_makes_pages_without_what_takes_longer_to_import():
    code = """if True:
    import sys
    from course_lib.staff.grading import feedback
    empty = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    said = {"title": "t", "student": "s", "total": 1, "most": 2, "tasks": [], "notes": []}
    print(feedback.page(empty, said)[:9], {"nbgrader", "lark"} & {*sys.modules})
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "<!DOCTYPE set()\n"
