"""A class that attacks: nobody gains a point, nothing is harmed, the honest lose nothing."""

import hashlib
import os
import socketserver
import threading
from pathlib import Path

import bs4
import hostile_class
import psutil
import pytest

from course_lib.staff import sandbox, sources, variants
from course_lib.staff.grading import book as books
from course_lib.staff.grading import crowd, place, plan, records, store

LIMITS = records.Limits(memory=2_000_000_000, seconds=150, cell_seconds=20, call_seconds=20)
ATTACKS = hostile_class.attacks()


class Accomplice(socketserver.StreamRequestHandler):
    """Notes whatever reaches it, and answers."""

    def handle(self):
        self.server.heard.append(self.rfile.readline())
        self.wfile.write(b"[[1.0]]\n")


@pytest.fixture(scope="module")
def accomplice():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Accomplice) as server:
        server.heard = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def wall():
    try:
        return sandbox.choose()
    except sandbox.NoSandbox as error:
        pytest.skip(f"needs a sandbox: {error}")


@pytest.fixture(scope="module")
def graded(tmp_path_factory, accomplice, wall):
    """Everything after the class was graded: folder, marks, results, and what was there before."""
    home = tmp_path_factory.mktemp("hostile")
    canary, folder = home / "canary", home / "class"
    canary.mkdir()
    known = {"CANARY": canary, "CLASS": folder, "CHECKOUT": sources.ROOT}
    known["PORT"] = accomplice.server_address[1]
    released, answers = sources.released("boxes"), variants.read("boxes")
    right = {cell: next(a.source for a in all_ if a.is_right) for cell, all_ in answers.items()
             if any(a.is_right for a in all_)}  # fmt: skip
    hostile_class.write(home / "handed_in", released, right, known)
    before, running = fingerprint(), set(psutil.pids())
    os.environ["COURSE_TEST_SECRET"] = "SECRET"
    try:
        marks, results = grade(folder, home / "handed_in", released)
    finally:
        del os.environ["COURSE_TEST_SECRET"]
    return {"home": home, "folder": folder, "marks": marks, "results": results,
            "before": before, "running": running}  # fmt: skip


def grade(folder, handed_in, released):
    """What `course grade boxes HANDED_IN` does, with tighter limits."""
    folder = place.open_class(folder)
    assignment = plan.read("boxes", place.seed(folder, "boxes", 1))
    with books.open_book(folder, "") as book:
        books.define(book, assignment)
        students = crowd.intake(folder, "boxes", handed_in, released)
        crowd.run(folder, book, assignment, students, workers=2, limits=LIMITS)
        marks = {row["student"]: row for row in books.marks(book, "boxes")}
    return marks, store.results(folder, "boxes")


def fingerprint():
    """The bytes of the course, which nothing may change."""
    files = [*(sources.ROOT / "course_lib").rglob("*.py")]
    files += [*(sources.ROOT / "solutions").rglob("*.ipynb")]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in files}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gains_no_point(graded, attack):
    assert graded["marks"][attack]["total"] == 0, graded["results"][attack].verdicts
    assert len(graded["results"][attack].verdicts) == 9


@pytest.mark.parametrize("student", hostile_class.HONEST)
def test_the_honest_lose_nothing(graded, student):
    assert graded["marks"][student]["total"] == 16


def test_everybody_is_there_and_nobody_else(graded):
    assert set(graded["marks"]) == {*ATTACKS, *hostile_class.HONEST}


def test_nothing_was_written_anywhere(graded):
    assert list((graded["home"] / "canary").iterdir()) == []
    assert list(graded["home"].glob("was_here*")) == []
    places = [sources.ROOT, *sources.ROOT.parents, Path.home(), Path.cwd()]
    assert [p for place in places for p in place.glob("was_here*")] == []
    assert fingerprint() == graded["before"]


def test_nobody_called_an_accomplice(graded, accomplice):
    assert accomplice.heard == []


def test_nothing_was_seen_of_others(graded):
    book = Path(graded["results"]["spies_on_others"].notebook).read_text(encoding="utf-8")
    assert "nothing 0" in book and "SEEN " not in book.replace('"SEEN"', "")
    book = Path(graded["results"]["reads_the_gradebook"].notebook).read_text(encoding="utf-8")
    assert "hidden checks read: " not in book


def test_no_process_is_left(graded):
    left = [p for p in psutil.process_iter(["pid", "cmdline", "ppid"])
            if p.pid not in graded["running"]]  # fmt: skip
    walls = [p for p in left if any("bwrap" in part for part in p.info["cmdline"] or ())]
    # Another test of the same run may have a sandbox of its own: only ours are our matter.
    mine = {child.pid for child in psutil.Process().children(recursive=True)}
    walls = [p for p in walls if p.pid in mine or p.info["ppid"] == 1]
    # One of the other tests may be ending just now, its parent gone before it.
    assert psutil.wait_procs(walls, timeout=60)[1] == []


def test_what_is_kept_is_small(graded):
    for attack in ATTACKS:
        kept = graded["folder"] / "autograded" / attack
        assert sum(f.stat().st_size for f in kept.rglob("*") if f.is_file()) < 9_000_000, attack
        assert not any(f.is_symlink() for f in kept.rglob("*"))


def test_feedback_runs_no_script(graded):
    pages = list((graded["folder"] / "feedback").rglob("*.html"))
    assert {page.parts[-3] for page in pages} >= {"runs_in_the_readers_browser", "anna"}
    for page in pages:
        found = dangers(page.read_text(encoding="utf-8"))
        assert found == [], page.parts[-3]


def dangers(text):
    """What a browser would run, or fetch, of a page."""
    every = bs4.BeautifulSoup(text, "html.parser").find_all(True)
    found = [one for one in every if one.name in ("script", "iframe", "object", "embed", "link")]
    found += [one for one in every if any(name.startswith("on") for name in one.attrs)]
    places = [one.get(name, "") for one in every for name in ("href", "src", "action")]
    kinds = [place.split(":")[0].lower() for place in places if ":" in place]
    return found + [kind for kind in kinds if kind not in ("data", "http", "https")]


def test_dangers_are_seen():
    bad = "<script>1</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>a</a>"
    assert len(dangers(bad)) == 3 and dangers("<p>alert(1) <a href='#top'>up</a></p>") == []
