"""A class through real Dask workers: same marks always, nothing lost, nobody stops the others."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grading_class as small
import pytest
from typer.testing import CliRunner

from course_lib.staff.grading import book as books
from course_lib.staff.grading import crowd, place, pool, records, store, worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="grading runs on Linux and macOS")
TESTS = Path(__file__).parent
LONG = 300  # seconds that a busy machine may take


@pytest.fixture(autouse=True, scope="module")
def patience():
    """The workers of a test's own cluster may still be starting, for longer than 60 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_PATIENCE", LONG)
        yield


def until(true, what):
    """Wait until something holds."""
    end = time.monotonic() + LONG
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return found


def start(folder, *command, **environment):
    """Start one of Dask's programs, its words into a file."""
    paths = os.pathsep.join((str(TESTS), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "PYTHONPATH": paths, **environment}
    with open(folder / f"{command[0]}.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Yield a function that starts a scheduler with workers, each a process: -> its address."""
    started = []

    def make(workers=2, **environment):
        folder = tmp_path_factory.mktemp("dask")
        file = folder / "scheduler.json"
        common = ("--scheduler-file", str(file), "--no-dashboard")
        failures = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
        started.append(start(folder, "scheduler", *common, "--port", "0", **failures))
        until(file.exists, "the scheduler did not start")
        address = until(lambda: _address(file), "the scheduler has no address")
        options = (*common, "--nworkers", str(workers), "--nthreads", "1")
        started.append(start(folder, "worker", *options, "--no-dashboard", **environment))
        return address

    yield make
    for process in reversed(started):
        process.terminate()
    for process in started:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _address(file):
    try:
        return json.loads(file.read_text())["address"]
    except ValueError:  # half written
        return ""


@pytest.fixture(scope="module")
def address(cluster):
    """One scheduler for the tests that do not spoil it."""
    return cluster()


@pytest.fixture
def folder(tmp_path):
    return place.open_class(tmp_path / "class")


@pytest.fixture
def book(folder):
    with books.open_book(folder) as opened:
        books.define(opened, small.assignment())
        yield opened


def graded(folder, book, submissions, **how):
    """Run the class with the fake session."""
    students = small.keep(folder, submissions)
    return crowd.run(folder, book, small.assignment(), students, grade=small.grade, **how)


def marks(book):
    return {row["student"]: row["points"] for row in books.marks(book, small.NAME)}


def a_class(count=7):
    words = ("fine", "half", "raise")
    return [
        small.submission(f"s{n}", words[n % 3], platform=f"Participant {n}") for n in range(count)
    ]


def expected(count=7):
    points = ((2.0, 3.0), (2.0, 0.0), (0.0, 0.0))
    return {
        f"s{n}": {"add-one": points[n % 3][0], "add-two": points[n % 3][1], "open": None}
        for n in range(count)
    }


# --- same marks ---


@pytest.mark.parametrize("workers", [1, 2, 4, "scheduler"])
def test_same_marks_for_any_number_of_workers(folder, book, workers, request):
    how = {"workers": workers}
    if workers == "scheduler":
        how = {"scheduler": request.getfixturevalue("address")}
    tally = graded(folder, book, a_class(), **how)
    assert sorted(tally.graded) == [f"s{n}" for n in range(7)]
    assert marks(book) == expected()
    assert sorted(tally.look) == ["s2", "s5"]
    table = (folder / f"{small.NAME}.csv").read_text("utf-8-sig").splitlines()
    assert table[1] == "s0,Name of s0,2,3,,5,10,"
    assert "the session has a fault" in table[3]
    assert len(list(folder.glob("feedback/*/*/*.html"))) == 7


# --- nothing twice ---


def test_a_second_run_skips_what_is_graded(folder, book, address):
    first = a_class(2)
    graded(folder, book, first, scheduler=address)
    page = folder / f"feedback/s0/{small.NAME}/{small.NAME}.html"
    before = page.stat().st_mtime_ns
    tally = graded(folder, book, first, scheduler="tcp://no-one:1")  # not even asked
    assert (tally.graded, tally.skipped, tally.pages) == ([], ["s0", "s1"], 0)
    books.mark(book, small.NAME, "s0", "open", 4, "Well said.")
    tally = graded(folder, book, first, scheduler="tcp://no-one:1")
    assert tally.pages == 1 and "Well said." in page.read_text()
    assert page.stat().st_mtime_ns != before
    assert ",4,9,10," in (folder / f"{small.NAME}.csv").read_text().splitlines()[1]
    new = [small.submission("s0", "half", platform="Participant 0"), first[1]]
    tally = graded(folder, book, new, scheduler=address)
    assert (tally.graded, tally.skipped) == (["s0"], ["s1"])
    found = books.marks(book, small.NAME)[0]
    assert found["points"] == {"add-one": 2.0, "add-two": 0.0, "open": 4.0}
    assert found["waiting"] == ("open",)  # other work than the one that was marked
    tally = graded(folder, book, new, scheduler=address, again=True)
    assert sorted(tally.graded) == ["s0", "s1"]


def test_what_the_grader_failed_on_is_tried_again(folder, book, address):
    for _ in range(2):
        tally = graded(folder, book, a_class(3), scheduler=address)
        assert "s2" in tally.graded and "the session has a fault" in tally.look["s2"]
    assert tally.skipped == ["s0", "s1"]
    notes = store.results(folder, small.NAME)["s2"].notes
    assert any(worker.LOOK in note for note in notes)


def test_a_fault_is_graded_and_said(folder, book, address):
    nothing = small.records.Submission("s1", None, fault="There is no notebook.")
    tally = graded(folder, book, [*a_class(1), nothing], scheduler=address)
    assert tally.faults == {"s1": "There is no notebook."}
    assert marks(book)["s1"] == {"add-one": 0.0, "add-two": 0.0, "open": 0.0}
    assert "There is no notebook." in (folder / f"feedback/s1/{small.NAME}/tiny.html").read_text()


# --- nobody stops the others ---


def test_workers_that_die_take_nobody_with_them(folder, book, tmp_path):
    killers = {"s1": "kill", "s4": f"kill once {tmp_path / 'flag'}"}
    given = [small.submission(f"s{n}", killers.get(f"s{n}", "fine")) for n in range(6)]
    tally = graded(folder, book, given, workers=2)
    full = {"add-one": 2.0, "add-two": 3.0, "open": None}
    found = marks(book)
    assert {student: found[student] for student in found if student != "s1"} == dict.fromkeys(
        ("s0", "s2", "s3", "s4", "s5"), full
    )
    assert found["s1"] == {"add-one": 0.0, "add-two": 0.0, "open": None}
    assert list(tally.look) == ["s1"] and "ended the worker twice" in tally.look["s1"]


def test_workers_that_died_are_awaited_on_a_busy_machine(monkeypatch):
    """Dask gives up a worker that is not back in 15 s, and a class without workers never ends."""
    import dask
    import distributed
    from dask.utils import parse_timedelta

    awaited = []

    class Cluster:
        def __init__(self, **how):
            awaited.append(dask.config.get("distributed.deploy.lost-worker-timeout"))
            raise KeyboardInterrupt

    monkeypatch.setattr(distributed, "LocalCluster", Cluster)
    with pytest.raises(KeyboardInterrupt), pool.here(1):
        pass
    assert parse_timedelta(*awaited) > 3600


def test_a_few_are_on_their_way_at_a_time(address):
    with pool.there(address) as client:
        loaded, done, most = [], 0, 0

        def load(key):
            loaded.append(key)
            return (key,)

        for _ in pool.each(client, str.upper, [f"k{n}" for n in range(40)], load):
            most = max(most, len(loaded) - done)
            done += 1
        assert done == 40 and most <= pool.width(client)


def test_ctrl_c_keeps_what_was_graded(folder):
    """A real Ctrl-C reaches every process of the terminal's group, workers too."""
    command = [sys.executable, str(TESTS / "grading_class.py"), str(folder), "12"]

    def results():
        return len(list(folder.glob("results/tiny/*.json")))

    process = subprocess.Popen(
        [*command, "1.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: results() >= 2 or process.poll() is not None, "nothing was graded")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LONG)
    before = results()
    assert process.returncode == 130, out + err
    assert "Stopped. What was graded is kept" in err and "Traceback" not in err
    assert 2 <= before < 12
    done = subprocess.run([*command, "1.5"], capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    assert f"{12 - before} graded" in done.stdout and f"{before} skipped" in done.stdout
    assert results() == 12


# --- workers elsewhere ---


def test_a_worker_without_a_sandbox_refuses(folder, book, cluster):
    """One whose PATH has no program that could make one."""
    bare = cluster(workers=1, PATH=str(folder))
    students = small.keep(folder, a_class(2))
    with pytest.raises(OSError, match="The worker .* cannot grade: No sandbox"):
        crowd.run(folder, book, small.assignment(), students, scheduler=bare)
    assert store.results(folder, small.NAME) == {} and marks(book) == {}


def test_a_worker_with_another_library_refuses(folder, book, address, monkeypatch):
    monkeypatch.setattr(worker, "fingerprint", lambda: "0.0.1 (abc)")
    with pytest.raises(OSError, match="it has course_lib .* and here it is 0.0.1"):
        graded(folder, book, a_class(2), scheduler=address)
    assert marks(book) == {}


def test_no_scheduler_is_said(folder, book, monkeypatch):
    monkeypatch.setattr(pool, "_PATIENCE", 3)
    with pytest.raises(OSError, match="No Dask scheduler answers at tcp://127.0.0.1:9"):
        graded(folder, book, a_class(1), scheduler="tcp://127.0.0.1:9")


# --- the whole command ---


@pytest.mark.parametrize("address", ["nonsense", "host:", "http://host:8786", "tcp://host"])
def test_what_is_no_address_is_said_at_once(tmp_path, address):
    """Dask's client takes two minutes to give up on one."""
    how = {"workers": 0, "db": "", "mapping": None, "seed": None, "again": False, "unsafe": False}
    with pytest.raises(ValueError, match="is no address of a scheduler; write tcp://host:8786"):
        crowd.command("boxes", tmp_path, scheduler=address, folder=tmp_path / "class", **how)
    assert not (tmp_path / "class").exists()


@pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="needs bubblewrap: apt install bubblewrap"
)
def test_a_practice_class_from_zip_to_tables(tmp_path, monkeypatch):
    """The command as an instructor types it, sandbox and all; with patience for a busy machine."""
    from course_lib import cli
    from course_lib.staff import practice

    slow = {"seconds": 1800, "cell_seconds": 600, "call_seconds": 600, "cpu_seconds": 1800}
    monkeypatch.setattr(records, "Limits", functools.partial(records.Limits, **slow))
    monkeypatch.chdir(tmp_path)
    practice.write("boxes", 6, tmp_path / "class.zip", seed=3)
    done = CliRunner().invoke(cli.app, ["grade", "boxes", "class.zip", "--workers", "2"])
    assert done.exit_code == 0, done.output
    assert "6 graded" in done.output and "Traceback" not in done.output
    folder = tmp_path / "class"
    with books.open_book(folder) as book:
        rows = books.marks(book, "boxes")
    assert len(rows) == 6 and all(row["most"] == rows[0]["most"] for row in rows)
    results = store.results(folder, "boxes")
    assert not [v for r in results.values() for v in r.verdicts if v.cause in ("time", "died")]
    wanted = {made.name: made for made in practice.students("boxes", 6, 3)}
    for row in rows:
        answers = wanted[row["name"]].answers.values()
        automatic = [v for v in results[row["student"]].verdicts if v.cause != "by hand"]
        if all(answer == "right" for answer in answers):
            assert all(verdict.points == verdict.most for verdict in automatic)
    assert len(list(folder.glob("feedback/*/boxes/boxes.html"))) == 6
