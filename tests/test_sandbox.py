"""The sandbox: honest work in it, what it leaves behind, and its parts as data."""

import asyncio
import concurrent.futures
import dataclasses
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import sandbox_cases as cases

import course_lib
from course_lib.staff import sandbox
from course_lib.staff.grading.records import Limits
from course_lib.staff.sandbox import bubblewrap, containers, keeper, kernels, servers, view, walls

ROOT = Path(course_lib.__file__).parent.parent
LIMITS = Limits(seconds=600, cpu_seconds=300)
ENDLESS = "print('begun')\nwhile True: pass"


@pytest.fixture(params=["warm", "cold"])
def wall(request):
    return cases.wall(request.param)


# --- honest work ---


def test_honest_work(wall):
    files = {"given.txt": "はい".encode(), "helper.py": b"def double(x):\n    return 2 * x\n"}
    with sandbox.kernel(wall, files, LIMITS) as kernel:
        assert kernel.alive() and kernel.fate() == ""
        assert cases.run(kernel, "print(open('given.txt', encoding='utf-8').read())") == "はい\n"
        assert cases.run(kernel, "import helper; print(helper.double(21))") == "42\n"
        code = "import numpy as np; a = np.ones((300, 300)); print((a @ a)[0, 0])"
        assert cases.run(kernel, code) == "300.0\n"
        code = "import cv2; print(cv2.GaussianBlur(np.ones((9, 9)), (3, 3), 0).shape)"
        assert cases.run(kernel, code) == "(9, 9)\n"
        code = "open('a.txt', 'w').write('mine'); print(open('a.txt').read())"
        assert cases.run(kernel, code) == "mine\n"
        code = "import tempfile; print(tempfile.TemporaryFile().write(b'123'))"
        assert cases.run(kernel, code) == "3\n"
        code = "import threading; t = threading.Thread(target=print, args=('hi',)); t.start()"
        assert "hi" in cases.run(kernel, f"{code}; t.join()")
        code = "from course_lib.detection import boxes; a = [[0, 0, 2, 2]]; print(boxes.iou(a, a))"
        assert cases.run(kernel, code) == "[[1.]]\n"
        assert "ZeroDivisionError" in cases.run(kernel, "1 / 0")
        assert kernel.alive()


def test_commands_and_exit_take_no_answer_with_them(wall):
    """A student's `!pip install` stands above the answer in its cell; `exit()` below it."""
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        code = (
            "!pip install shapely\nfiles = !ls\n%pip list\ndef f():\n    return len(files)\nexit()"
        )
        said = cases.run(kernel, code)
        assert "Error" not in said and "not done where your notebook is graded: exit" in said
        assert cases.run(kernel, "import time; time.sleep(1); quit()") and kernel.alive()
        assert cases.run(kernel, "print(f())") == "0\n"


def test_figures_are_pictures(wall):
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        code = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()"
        assert "image/png" in cases.run(kernel, code)
        code = "from course_lib import plot; f = plt.figure(); plot.show(f, alt='Nothing at all')"
        said = cases.run(kernel, code)
        assert "image/png" in said and "Nothing at all" in said


def test_photographs_of_the_libraries_are_there(wall):
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        code = "from skimage import data; print(data.camera().shape)"
        assert cases.run(kernel, code) == "(512, 512)\n"


def test_luck_is_the_same_for_all(wall):
    code = "import random, numpy; print(random.random(), numpy.random.rand(), hash('a'))"
    said = set()
    for _ in range(2):
        with sandbox.kernel(wall, {}, LIMITS) as kernel:
            said.add(cases.run(kernel, code))
    assert len(said) == 1


def test_a_warm_and_a_cold_kernel_draw_alike():
    code = "import matplotlib; print(sorted(map(str, matplotlib.rcParams.items())))"
    said = set()
    for way in ("warm", "cold"):
        with sandbox.kernel(cases.wall(way), {}, LIMITS) as kernel:
            cases.run(kernel, "import matplotlib.pyplot as plt; plt.plot([1]); plt.show()")
            said.add(cases.run(kernel, code))
    assert len(said) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "/a", "a\0b"])
def test_files_have_plain_names(wall, name):
    with pytest.raises(ValueError, match="plain"), sandbox.kernel(wall, {name: b""}, LIMITS):
        pass


def test_what_does_not_fit_is_refused_with_a_sentence(wall):
    small = dataclasses.replace(LIMITS, disk=1_000_000)
    with pytest.raises(OSError, match="did not start"):
        with sandbox.kernel(wall, {"big": bytes(2_000_000)}, small):
            pass


# --- ends ---


def test_interrupt(wall):
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        assert "KeyboardInterrupt" in cases.run(kernel, ENDLESS, then=kernel.interrupt)
        assert cases.run(kernel, "print('still here')") == "still here\n"


def test_wall_time_ends_what_ignores_interrupts(wall):
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    with sandbox.kernel(wall, {}, dataclasses.replace(LIMITS, seconds=8)) as kernel:
        kernel.client.execute(code)
        assert cases.ended(kernel) == "time"
        assert not kernel.alive()


@pytest.mark.parametrize("before", ["", "import signal; signal.signal(24, signal.SIG_IGN)\n"])
def test_processor_time_is_bounded(wall, before):
    with sandbox.kernel(wall, {}, dataclasses.replace(LIMITS, cpu_seconds=6)) as kernel:
        kernel.client.execute(f"{before}while True: pass")
        assert cases.ended(kernel) == "time"


def test_leaving_by_itself(wall):
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        cases.run(kernel, "import sys; sys.exit(3)")
        assert cases.run(kernel, "print('here')") == "here\n"
        kernel.client.execute("import os; os._exit(3)")
        assert cases.ended(kernel) == "died"
    assert kernel.peak > 10_000_000


def test_nothing_remains(wall, tmp_path, monkeypatch):
    import tempfile

    import psutil

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for end in ("", "import os; os.abort()"):
        with sandbox.kernel(wall, {"a": b"1"}, LIMITS) as kernel:
            assert list(tmp_path.iterdir())
            root = psutil.Process(servers.server(wall.warm).process.pid)
            assert root.children(recursive=True)
            if end:
                kernel.client.execute(end)
                assert cases.ended(kernel) == "died"
        assert list(tmp_path.iterdir()) == []
        gone, left = psutil.wait_procs(root.children(recursive=True), timeout=cases.LONG)
        assert left == []


def test_twenty_kernels_cost_no_more_threads_and_files_than_three():
    wall = cases.wall("warm")

    def held():
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    counts = []
    gc.collect()  # what earlier tests left in cycles would go on the way
    for _ in range(20):
        with sandbox.kernel(wall, {}, LIMITS) as kernel:
            assert cases.run(kernel, "print(1)") == "1\n"
        counts.append(held())
    first, later = np.array(counts[:3]), np.array(counts[3:])
    assert (later.max(axis=0) <= first.max(axis=0)).all(), counts


def test_kernels_at_the_same_time_do_not_meet(wall):
    def one(index):
        with sandbox.kernel(wall, {"who": str(index).encode()}, LIMITS) as kernel:
            return cases.run(kernel, "import os; print(open('who').read(), os.listdir())")

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(6))) == [f"{i} ['who']\n" for i in range(6)]


def test_a_thread_that_starts_a_kernel_may_end_before_it():
    wall = cases.wall("warm")
    servers.close()
    started = []
    thread = threading.Thread(target=lambda: started.append(kernels.kernel(wall, {}, LIMITS)))
    thread.start()
    thread.join()
    first = threading.Thread(target=lambda: started.append(started[0].__enter__()))
    first.start()
    first.join()
    time.sleep(0.2)
    assert cases.run(started[1], "print(1)") == "1\n"
    started[0].__exit__(None, None, None)


def test_the_trusted_process_comes_again(wall):
    for _ in range(2):
        with sandbox.kernel(wall, {}, LIMITS) as kernel:
            assert cases.run(kernel, "print(1)") == "1\n"
            servers.server(wall.warm).process.kill()
            assert cases.ended(kernel) == "died"


def test_a_grader_that_is_killed_leaves_no_process(tmp_path):
    import psutil

    cases.wall("warm")
    script = (
        "import sys, time\nfrom course_lib.staff import sandbox\n"
        "from course_lib.staff.sandbox import servers\n"
        "with sandbox.kernel(sandbox.choose()) as k:\n"
        "    print(servers.server(True).process.pid, flush=True)\n    time.sleep(600)\n"
    )
    grader = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    server = psutil.Process(int(grader.stdout.readline()))
    family = [server, *server.children(recursive=True)]
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert len(family) >= 3
    assert psutil.wait_procs(family, timeout=cases.LONG)[1] == []


# --- a kernel of Jupyter's own making ---


def test_provisioner_starts_kernels_for_jupyter(monkeypatch):
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.provisioning import KernelProvisionerFactory

    from course_lib.staff.sandbox import provisioner

    cases.wall("warm")
    factory = KernelProvisionerFactory.instance()
    monkeypatch.setattr(factory, "is_provisioner_available", lambda spec: True)
    made = lambda kernel_id, spec, parent: provisioner.SandboxProvisioner(  # noqa: E731
        kernel_id=kernel_id, kernel_spec=spec, parent=parent
    )
    monkeypatch.setattr(factory, "create_provisioner_instance", made)
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(**provisioner.specification())

    async def work():
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=cases.LONG)
        said = []
        hook = lambda m: said.append(m["content"].get("text"))  # noqa: E731
        code = "import os; print(os.getcwd(), os.listdir('/sandbox/work'))"
        await client.execute_interactive(code, output_hook=hook, timeout=cases.LONG)
        client.stop_channels()
        assert await manager.is_alive()
        await manager.shutdown_kernel(now=True)
        assert not await manager.is_alive()
        return "".join(filter(None, said))

    assert asyncio.run(work()) == "/sandbox/work []\n"


# --- walls as data ---


def test_choosing(monkeypatch):
    monkeypatch.setattr(walls, "_trial", walls._trial.__wrapped__)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(sandbox.NoSandbox, match="install bubblewrap"):
        sandbox.choose()
    with pytest.raises(sandbox.NoSandbox, match="podman: it is not installed"):
        sandbox.choose(only="podman")
    assert sandbox.choose(unsafe=True).name == "none"
    assert sandbox.choose(unsafe=True, only="none").name == "none"
    with pytest.raises(ValueError, match="bubblewrap, podman, docker"):
        sandbox.choose(only="none")


def test_a_wall_that_does_not_hold_is_not_chosen(monkeypatch, tmp_path):
    monkeypatch.setattr(walls, "_trial", walls._trial.__wrapped__)
    for name in ("bwrap", "podman", "docker"):
        (tmp_path / name).write_text("#!/bin/sh\necho no namespaces here >&2; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(sandbox.NoSandbox, match="no namespaces here"):
        sandbox.choose()


def test_without_libseccomp_there_is_no_sandbox(monkeypatch):
    cases.wall("warm")
    monkeypatch.setattr(walls, "_trial", walls._trial.__wrapped__)
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    walls.calls.program.cache_clear()
    with pytest.raises(sandbox.NoSandbox, match="libseccomp2"):
        sandbox.choose(only="bubblewrap")


def test_a_wall_travels():
    import pickle

    wall = sandbox.Wall("bubblewrap", "bwrap", True)
    assert pickle.loads(pickle.dumps(wall)) == wall


def test_bubblewrap_binds_the_library_but_not_the_course():
    command = bubblewrap.command("bwrap", "given", 10)
    mounts = {
        command[i + 2]: part for i, part in enumerate(command) if part.startswith("--ro-bind")
    }
    assert str(ROOT / "course_lib") in mounts and "/usr" in mounts
    assert str(ROOT) not in mounts and str(Path.home()) not in mounts and "/etc" not in mounts
    assert {"--unshare-all", "--die-with-parent", "--new-session", "--clearenv"} <= set(command)


def test_an_environment_around_the_course_does_not_show_it(monkeypatch):
    monkeypatch.setattr(view, "seen", lambda: (str(ROOT.parent), str(ROOT / ".venv")))
    command = bubblewrap.command("bwrap", "given", 10)
    pairs = list(zip(command, command[1:], strict=False))
    order = [("--ro-bind", ROOT.parent), ("--tmpfs", ROOT), ("--ro-bind", ROOT / ".venv")]
    places = [pairs.index((option, str(path))) for option, path in order]
    assert places == sorted(places)


@pytest.mark.parametrize("make", [containers.podman, containers.docker])
def test_containers_have_no_network_and_see_no_more(make, tmp_path):
    limits = {"memory": 1, "disk": 2, "processes": 3}
    command = make("program", tmp_path, limits, "name")
    text = " ".join(command)
    assert "--network none" in text and "--read-only " in text and "--cap-drop all" in text
    writable = [p for p in command if p.startswith("type=bind") and not p.endswith(",readonly")]
    assert writable == [f"type=bind,source={tmp_path / 'sockets'},target=/sockets"]
    assert f"source={ROOT}," not in text and f"source={Path.home()}," not in text


def test_podman():
    try:
        wall = sandbox.choose(only="podman")
    except sandbox.NoSandbox as error:
        pytest.skip(f"{error}")
    with sandbox.kernel(wall, {"a": b"1"}, LIMITS) as kernel:
        assert cases.run(kernel, "print(open('a').read())") == "1\n"
        for code in (
            "import os; os.fork()",
            "open('/etc/shadow')",
            "open('/usr/attack', 'w')",
            "open('/proc/sys/kernel/core_pattern', 'r+')",
            f"import os; os.listdir({str(ROOT / 'tests')!r})",
            "import socket; socket.create_connection(('192.0.2.1', 80), 20)",
        ):
            assert cases.attempt(kernel, code).startswith("error"), code
        assert "KeyboardInterrupt" in cases.run(kernel, ENDLESS, then=kernel.interrupt)
        kernel.client.execute("import os; os.abort()")
        assert cases.ended(kernel) == "died"
    left = subprocess.run([wall.program, "ps", "-a"], capture_output=True, text=True, check=True)
    assert "course-" not in left.stdout


def test_fits(tmp_path):
    assert keeper.fits(tmp_path, 0, 0)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(bytes(100_000))
    assert keeper.fits(tmp_path, 2, 200_000)
    assert not keeper.fits(tmp_path, 1, 200_000)
    assert not keeper.fits(tmp_path, 2, 50_000)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert keeper.fits(tmp_path, 3, 200_000)


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        ({"why": "output"}, "output"),
        ({"signal": signal.SIGXCPU}, "time"),
        ({"signal": signal.SIGKILL, "cpu": 10.1}, "time"),
        ({"signal": signal.SIGXFSZ}, "output"),
        ({"signal": signal.SIGABRT, "peak": 90}, "memory"),
        ({"signal": signal.SIGSEGV, "peak": 10}, "died"),
        ({}, "died"),
    ],
)
def test_causes(end, cause):
    limits = Limits(memory=100, cpu_seconds=10)
    whole = {"why": "", "signal": 0, "cpu": 0.0, "peak": 0} | end
    assert kernels._cause(whole, limits, short=False) == cause
    if whole["signal"] == signal.SIGKILL and whole["cpu"] == 0:
        assert kernels._cause(whole, limits, short=True) == "memory"


# --- without a wall ---


def test_unsafe_runs_the_same_code():
    with sandbox.kernel(sandbox.choose(unsafe=True, only="none"), {"a": b"1"}, LIMITS) as kernel:
        assert cases.run(kernel, "print(open('a').read())") == "1\n"
        assert "KeyboardInterrupt" in cases.run(kernel, ENDLESS, then=kernel.interrupt)
