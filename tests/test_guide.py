"""The instructor's guide: its ten steps are typed in an empty folder, and keep their word.

The course is a copy, because step 2 changes an assignment.
"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from course_lib.staff import hidden, intake, sandbox
from course_lib.staff.grading import records

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "solutions/README.md"
PATIENCE = 900  # seconds for a step, on a machine that does much else
STEP = re.compile(r"^### (\d+)\. (.+?)$(.+?)(?=^##)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.+?)^```$", re.MULTILINE | re.DOTALL)
SENTENCE = "Changed by an instructor who follows the guide."


def steps():
    """Number -> what is typed."""
    found = {}
    for number, title, text in STEP.findall(GUIDE.read_text(encoding="utf-8")):
        blocks = BLOCK.findall(text)
        assert len(blocks) == 1, f"step {number}, {title}, has {len(blocks)} blocks of commands"
        found[int(number)] = blocks[0]
    return found


def test_there_are_ten_steps():
    assert list(steps()) == list(range(1, 11))


# --- the walk ---


class Walk:
    """An instructor who types one step after the other, each once."""

    def __init__(self, folder):
        self.course, self.desk = folder / "course", folder / "marks"
        self.folder, self.steps, self.said = self.desk / "class", steps(), {}
        self.desk.mkdir()
        for part in ("course_lib", "solutions", "assignments"):
            leave = shutil.ignore_patterns("node_modules", ".ipynb_checkpoints")
            shutil.copytree(ROOT / part, self.course / part, ignore=leave)
        shutil.copy(ROOT / "pyproject.toml", self.course)  # tells a checkout from an installation
        self.before = {2: self.change_the_source, 8: self.serve_formgrader, 10: self.save_marks}

    @property
    def env(self):
        """An activated environment, whose course is the copy."""
        activated = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.course),
            "COURSE": str(self.course),
            "COLUMNS": "80",
            "PYTHONUTF8": "1",
        }
        parts = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
        own = {f"JUPYTER_{key}": str(self.course / part) for key, part in parts.items()}
        return os.environ | activated | own

    def to(self, number):
        """Type all steps up to one, and return what that one said."""
        for step in range(1, number + 1):
            if step not in self.said:
                # What failed once is not typed again: the later steps fail with the same words.
                self.said[step] = "It failed, see the step's own test."
                self.said[step] = self.before.get(step, lambda: None)() or self.type(step)
        assert self.said[number] != "It failed, see the step's own test."
        return self.said[number]

    def type(self, step):
        """Type a step's commands; each must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.steps[step]],
            cwd=self.desk,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"step {step}:\n{self.steps[step]}\n{said}"
        return said

    def table(self, name):
        """Student -> row of the exported table."""
        text = (self.folder / name).read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines()))
        return {row.get("student") or row["Full name"]: row for row in rows}

    def change_the_source(self):
        """Change an assignment, as in JupyterLab."""
        path = self.course / "solutions/boxes/boxes.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        intro = next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
        intro["source"] = "".join(intro["source"]) + f"\n\n{SENTENCE}"
        path.write_text(json.dumps(notebook), encoding="utf-8")

    def serve_formgrader(self):
        """Start JupyterLab as the guide says, mark one submission there, and stop it."""
        flags = "--no-browser --ServerApp.port=0 --ServerApp.port_retries=0"
        root = " --allow-root" if os.geteuid() == 0 else ""
        command = f"exec bash -ec '{self.steps[8].strip()} {flags}{root}'"
        with open(self.course / "lab.log", "w", encoding="utf-8") as log:
            lab = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.desk,
                env=self.env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            return self._mark(lab)
        finally:
            if lab.poll() is None:
                os.killpg(lab.pid, signal.SIGKILL)
            lab.wait()

    def _mark(self, lab):
        ask = self._server(lab)
        listed = [one["name"] for one in ask("api/assignments")]
        rows = {row["student"]: row for row in ask("api/submitted_notebooks/boxes/boxes")}
        row = rows["Ольга_Ünal"]
        page = ask(f"submissions/{row['id']}/?index=0")
        grades = ask(f"api/grades?submission_id={row['id']}")
        grade = next(one for one in grades if one["name"] == "failure-text")
        ask(f"api/grade/{grade['id']}", {"manual_score": 3})
        comments = ask(f"api/comments?submission_id={row['id']}")
        comment = next(one for one in comments if one["name"] == "failure-text")
        ask(f"api/comment/{comment['id']}", {"manual_comment": "Names both boxes."})
        return {"listed": listed, "rows": rows, "page": page}

    def _server(self, lab):
        """A function that asks formgrader, once it is there."""
        log, end = self.course / "lab.log", time.monotonic() + PATIENCE
        while "is running at" not in (said := log.read_text(encoding="utf-8")):
            assert lab.poll() is None and time.monotonic() < end, said
            time.sleep(0.2)
        found = next((self.course / "runtime").glob("jpserver-*.json"))
        server = json.loads(found.read_text(encoding="utf-8"))

        def ask(path, data=None):
            request = urllib.request.Request(
                f"{server['url']}formgrader/{path}",
                data=json.dumps(data).encode() if data else None,
                headers={"Authorization": f"token {server['token']}"},
                method="PUT" if data else "GET",
            )
            local = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with local.open(request, timeout=PATIENCE) as answer:
                text = answer.read().decode()
            return json.loads(text) if path.startswith("api/") else text

        return ask

    def save_marks(self):
        """Save the marks that the page would: the best level of every criterion."""
        page = (self.folder / "gallery/line_art/index.html").read_text(encoding="utf-8")
        data = json.loads(re.search(r'type="application/json"[^>]*>(.+?)</script>', page)[1])
        drawings = re.findall(
            r'<article data-code="(\d+)" data-drawing="(\w*)"[^>]*data-waits', page
        )
        best = {
            line["name"]: max(level["points"] for level in line["levels"])
            for line in data["rubric"]
        }
        mark = {"points": best, "comment": "A clear line."}
        file = {"format": 1, "assignment": data["assignment"], "class": data["class"]}
        file["marks"] = {code: mark | {"drawing": drawing} for code, drawing in drawings}
        (self.desk / "line_art_marks.json").write_text(json.dumps(file), encoding="utf-8")


@pytest.fixture(scope="class")
def walk(tmp_path_factory):
    try:
        sandbox.choose()
    except sandbox.NoSandbox as error:
        pytest.skip(str(error))
    return Walk(tmp_path_factory.mktemp("guide"))


class TestTenSteps:
    """One test for each step; it types those before it where they were not typed yet."""

    def test_1_names_the_wall(self, walk):
        assert sandbox.choose().name in walk.to(1)

    def test_2_releases_what_was_changed(self, walk):
        assert "Wrote assignments/boxes/boxes.ipynb: 20 points" in walk.to(2)
        text = (walk.course / "assignments/boxes/boxes.ipynb").read_text(encoding="utf-8")
        assert SENTENCE in text and "HIDDEN TESTS" not in text and "NotImplementedError" in text

    def test_3_packs_two_assignments(self, walk):
        walk.to(3)
        shutil.unpack_archive(walk.desk / "assignments.zip", walk.desk / "unpacked")
        packed = {
            str(path.relative_to(walk.desk / "unpacked"))
            for path in walk.desk.glob("unpacked/**/*.ipynb")
        }
        assert packed == {"boxes/boxes.ipynb", "line_art/line_art.ipynb"}

    def test_4_makes_up_a_class(self, walk):
        assert "4 made up" in walk.to(4) and (walk.desk / "class.zip").is_file()

    def test_5_grades_it(self, walk):
        said = walk.to(5)
        assert "4 graded" in said and "nothing to grade from Aiko_Jóhannsdóttir" in said
        assert "3 wait for marks by hand" in said
        totals = {who: row["total"] for who, row in walk.table("boxes.csv").items()}
        assert totals == GRADED, said
        assert walk.folder.stat().st_mode & 0o077 == 0
        for who in totals:
            page = (walk.folder / f"feedback/{who}/boxes/boxes.html").read_text(encoding="utf-8")
            assert SENTENCE in page and f"{totals[who]} of 20" in page

    def test_6_grades_only_what_is_new(self, walk):
        assert "1 graded" in (said := walk.to(6)) and "4 skipped" in said
        totals = {who: row["total"] for who, row in walk.table("boxes.csv").items()}
        assert totals == GRADED | {"Hiroshi_Fernández": "16"}

    def test_7_reports(self, walk):
        assert "5 submissions" in (said := walk.to(7)) and "average precision" in said
        assert (walk.folder / "report/boxes/index.html").is_file()
        assert max(map(len, said.splitlines())) <= 80

    def test_8_serves_formgrader_with_the_class(self, walk):
        found = walk.to(8)
        assert found["listed"] == ["boxes"]
        assert set(found["rows"]) == {*GRADED, "Hiroshi_Fernández"}
        assert found["rows"]["Ольга_Ünal"]["needs_manual_grade"]
        assert SENTENCE in found["page"]

    def test_9_shows_the_drawings_without_names(self, walk):
        assert "3 graded" in (said := walk.to(9)) and "3 wait for marks by hand" in said
        page = (walk.folder / "gallery/line_art/index.html").read_text(encoding="utf-8")
        students = walk.table("line_art.csv")
        assert page.count("<article") == len(students) == 3
        assert not [who for who in students if who in page or who.replace("_", " ") in page]
        assert len(list(walk.folder.glob("gallery/line_art/pictures/*_drawing.png"))) == 3

    def test_10_exports_all_marks(self, walk):
        said = walk.to(10)
        assert "Took the marks of 3 drawings; 0 open" in said
        assert "0 graded" in said and "3 skipped" in said and "5 skipped" in said
        marked = walk.table("boxes.csv")["Ольга_Ünal"]
        assert marked["failure-text"] == "3" and marked["total"] == "15"
        sheet = walk.table("boxes_moodle.csv")
        grades = {who: row["Grade"] for who, row in sheet.items()}
        assert grades["Ольга Ünal"] == "15" and grades["Ngozi Nguyễn"] == ""
        assert sheet["Ольга Ünal"]["Identifier"] == "Participant 100007"
        page = (walk.folder / "feedback/Ольга_Ünal/boxes/boxes.html").read_text(encoding="utf-8")
        assert "15 of 20 points" in page and "Names both boxes." in page
        for row in walk.table("line_art.csv").values():
            assert row["words"] == "18" and float(row["total"]) >= 18
        assert all(row["Grade"] for row in walk.table("line_art_moodle.csv").values())


GRADED = {
    "Ольга_Ünal": "12",  # a typical mistake in the last task that a machine marks
    "Ngozi_Nguyễn": "16",
    "Émile_Fernández": "16",
    "Aiko_Jóhannsdóttir": "0",  # forgot the notebook
}


# --- what the guide says besides ---


def test_the_limits_are_those_of_the_code():
    text, limits = " ".join(GUIDE.read_text(encoding="utf-8").split()), records.Limits()
    said = (
        f"{limits.memory / 1e9:g} GB of memory, {limits.seconds:g} s in all, "
        f"{limits.cell_seconds:g} s a cell, {limits.call_seconds:g} s for the calls of a task, "
        f"{limits.cpu_seconds} s of processor, {limits.processes} threads, "
        f"{limits.disk / 1e6:g} MB on disk, {limits.output / 1e6:g} MB of outputs"
    )
    assert said in text


def test_the_list_of_students_is_read(tmp_path):
    example = re.search(r"^```\n(file,student,name\n.+?)^```", GUIDE.read_text(), re.M | re.S)[1]
    (tmp_path / "list.csv").write_text(example, encoding="utf-8")
    odd = tmp_path / "all/IMG_2231/boxes (1).ipynb"
    odd.parent.mkdir(parents=True)
    odd.write_bytes((ROOT / "assignments/boxes/boxes.ipynb").read_bytes())
    found = list(intake.collect(tmp_path / "all", tmp_path / "list.csv", "boxes"))
    assert [(one.student, one.name, one.fault) for one in found] == [("s1042", "Aiko Tanaka", "")]


def test_the_example_of_a_hidden_check_is_one():
    text = re.search(r"^```python\n(.+?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)[1]
    with hidden.recording(3) as record:
        exec(text, {"__name__": "__main__"})
    assert [call.function for call in record.calls] == ["iou"] * 5
    assert record.calls[0].want.shape == (3, 5)


def test_places_that_it_names_are_there():
    text = GUIDE.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (GUIDE.parent / target).exists(), target
    headings = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
