"""Attacks on the sandbox from inside: each must be refused or ended, and harm nothing."""

import dataclasses
import os
import resource
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandbox_cases as cases

import course_lib
from course_lib.staff import sandbox
from course_lib.staff.grading import channel
from course_lib.staff.grading.records import Limits

ROOT = Path(course_lib.__file__).parent.parent
LIMITS = Limits(seconds=600, cpu_seconds=300)
OUTSIDE = str(Path.home())

NETWORK = {
    "tcp": "import socket; socket.create_connection(('127.0.0.1', {port}), 20)",
    "tcp6": "import socket; socket.create_connection(('::1', {port}), 20)",
    "udp": "import socket; socket.socket(2, 2).sendto(b'x', ('192.0.2.1', 53))",
    "name": "import socket; socket.getaddrinfo('example.org', 80)",
    "web": "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}', timeout=20)",
    "unix": "import socket; socket.socket(socket.AF_UNIX).connect({unix!r})",
    "abstract": "import socket; socket.socket(socket.AF_UNIX).connect({abstract!r})",
    "raw": "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "packet": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "vsock": "import socket; socket.socket(40, socket.SOCK_STREAM)",
}
READ = {
    "passwords": "open('/etc/shadow')",
    "users": "open('/etc/passwd')",
    "the machine": "open('/etc/hostname')",
    "solutions": "import os; os.listdir({root!r} + '/solutions')",
    "tests": "import os; os.listdir({root!r} + '/tests')",
    "history": "open({root!r} + '/.git/HEAD')",
    "the course": "open({root!r} + '/pyproject.toml')",
    "gradebook": "open({gradebook!r}).read()",
    "other submissions": "open({other!r}).read()",
    "home": "import os; os.listdir({home!r} + '/.cache')",
    "the first process's memory": "open('/proc/1/mem', 'rb').read(1)",
    "devices": "open('/dev/mem', 'rb')",
    "the kernel's log": "open('/dev/kmsg')",
}
WRITE = {
    "library": "open({root!r} + '/course_lib/attack.py', 'w')",
    "course": "open({root!r} + '/attack', 'w')",
    "python": "import sys; open(sys.prefix + '/attack', 'w')",
    "system": "open('/usr/attack', 'w')",
    "root": "open('/attack', 'w')",
    "etc": "open('/etc/attack', 'w')",
    "given": "open('/given/files/mine', 'w')",
    "dev": "open('/dev/attack', 'w')",
    "gradebook": "open({gradebook!r}, 'w')",
    "mode": "import os; os.chmod({root!r} + '/course_lib/__init__.py', 0)",
    "owner": "import os, sys; os.chown(sys.executable, 1000, 1000)",
    "time": "import os, sys; os.utime({root!r} + '/course_lib/__init__.py')",
    "link": "import os; os.link({root!r} + '/course_lib/__init__.py', 'mine')",
    "setting": "open('/proc/sys/kernel/hostname', 'w').write('x')",
    "program": "open('/proc/self/exe', 'r+b')",
}
PROCESSES = {
    "fork": "import os; os.fork()",
    "fork bomb": "import os\nwhile True: os.fork()",
    "subprocess": "import subprocess; subprocess.run(['/bin/true'])",
    "shell": "import os\nif os.system('true'): raise OSError",
    "spawn": "import os; os.posix_spawn('/bin/true', ['true'], {{}})",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "multiprocessing": "import multiprocessing as m; m.Process(target=print).start()",
    "vfork": "import os; os.spawnv(os.P_WAIT, '/bin/true', ['true']) == 127 and 1 / 0",
}
RIGHTS = {
    "user": "import os; os.setuid(0)",
    "chroot": "import os; os.chroot('/usr')",
    "device": "import os, stat; os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))",
    "memory limit": "import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))",
    "processor limit": "import resource as r; r.setrlimit(r.RLIMIT_CPU, (10**6, 10**6))",
    "open files limit": "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (10**6, 10**6))",
    "many open files": "files = [open('/dev/null') for _ in range(600)]",
    "core limit": "import resource as r; r.setrlimit(r.RLIMIT_CORE, (-1, -1))",
    "file limit": "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (-1, -1))",
    "name": "import socket; socket.sethostname('x')",
    "memory file": "import os; os.memfd_create('x')",
    "clock": "import time; time.clock_settime(0, 0)",
    "priority": "import os; os.nice(-5)",
}
CALLS = """
    ptrace process_vm_readv process_vm_writev mount umount2 pivot_root unshare setns bpf keyctl
    add_key request_key io_uring_setup userfaultfd perf_event_open memfd_create shmget semget msgget
    mq_open open_by_handle_at name_to_handle_at kexec_load init_module reboot swapon personality
    pidfd_getfd fsopen open_tree move_mount mount_setattr fork vfork execve execveat
""".split()


@pytest.fixture(scope="module", params=["warm", "cold"])
def inside(request, tmp_path_factory):
    """A kernel, and what lies around it: a server, a gradebook, another student's kernel."""
    wall, folder = cases.wall(request.param), tmp_path_factory.mktemp("around")
    around = {"root": str(ROOT), "home": OUTSIDE, "abstract": f"\0{folder.name}-{os.getpid()}"}
    around |= {"gradebook": str(folder / "gradebook.db"), "unix": str(folder / "socket")}
    (folder / "gradebook.db").write_text("marks")
    listening = [socket.create_server(("127.0.0.1", 0))]
    for name in (around["unix"], around["abstract"]):
        listening.append(socket.socket(socket.AF_UNIX))
        listening[-1].bind(name)
        listening[-1].listen()
    around["port"] = listening[0].getsockname()[1]
    patient = dataclasses.replace(LIMITS, seconds=7200)  # they live through many tests
    with sandbox.kernel(wall, {"mine.py": b"secret = 1"}, patient) as other:
        around["other"] = f"{other._process.folder}/given/files/mine.py"
        assert Path(around["other"]).exists()
        with sandbox.kernel(wall, {}, patient) as kernel:
            yield kernel, around
    for each in listening:
        each.close()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{kind}-{name}")
        for kind, codes in {
            "network": NETWORK, "read": READ, "write": WRITE, "process": PROCESSES, "right": RIGHTS
        }.items()
        for name, code in codes.items()
    ],
)  # fmt: skip
def test_refused(inside, code):
    kernel, around = inside
    said = cases.attempt(kernel, code.format(**around))
    assert said.startswith("error") and "NameError" not in said and "SyntaxError" not in said
    assert kernel.alive()


def test_the_grader_itself_could_do_it(inside):
    """What is refused inside works outside, so that the tests above test the wall."""
    _, around = inside
    assert Path(around["gradebook"]).read_text() == "marks"
    assert os.listdir(ROOT / "tests")
    for name in ("tcp", "unix", "abstract"):
        exec(NETWORK[name].format(**around), {})


def test_system_calls_are_refused(inside):
    kernel, _ = inside
    wanted = {name: cases.number(name) for name in CALLS}
    cell = (
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "def call(*args):\n    ctypes.set_errno(0)\n"
        "    return libc.syscall(*args), ctypes.get_errno()\n"
    )
    known = {name: n for name, n in wanted.items() if n >= 0}
    assert len(known) > len(CALLS) - 4
    said = cases.run(
        kernel, f"{cell}print([n for n, k in {known}.items() if call(k, 0, 0, 0, 0, 0) != (-1, 1)])"
    )
    assert said == "[]\n"
    assert cases.run(kernel, f"print(call({cases.number('clone3')}, 0, 0))") == "(-1, 38)\n"
    clone = f"print(call({cases.number('clone')}, 17, 0, 0, 0, 0))"
    assert cases.run(kernel, clone) == "(-1, 1)\n"


def test_it_has_no_rights_and_sees_no_processes(inside):
    kernel, _ = inside
    code = "print(open('/proc/self/status').read())"
    status = dict(
        line.split(":\t") for line in cases.run(kernel, code).splitlines() if ":\t" in line
    )
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    code = "import os; print([p for p in os.listdir('/proc') if p.isdigit()], os.getpid())"
    assert len(cases.numbers(cases.run(kernel, code))) <= 4  # the namespace's own first ones
    names = cases.run(kernel, "print([open(f'/proc/{p}/comm').read() for p in (1,)])")
    assert "bwrap" in names or "cat" in names
    assert cases.run(kernel, "import os; print(os.getuid(), os.listdir('/sys'))").endswith(
        "'/sys'\n"
    )


def test_no_setting_of_the_machine_can_be_written(inside):
    """Linux asks for no right but the number of root, which is the student's if root grades."""
    kernel, _ = inside
    code = (
        "import os\nopened = []\nfor folder, folders, files in os.walk('/proc'):\n"
        "    folders[:] = [f for f in folders if not f.isdigit() and 'self' not in f]\n"
        "    for name in files:\n"
        "        try: os.close(os.open(f'{folder}/{name}', os.O_WRONLY | os.O_NONBLOCK))\n"
        "        except OSError: continue\n"
        "        opened.append(f'{folder}/{name}')\n"
        "print(opened)"
    )
    assert cases.run(kernel, code) == "[]\n"


def test_it_sees_no_variable_of_the_grader(monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "hush-hush")
    for way in ("warm", "cold"):
        with sandbox.kernel(cases.wall(way), {}, LIMITS) as kernel:
            code = "import os, glob; print(dict(os.environ), [open(f).read() for f in "
            said = cases.run(kernel, f"{code}('/proc/self/environ', '/proc/1/environ')])")
            assert "hush" not in said and "PYTEST" not in said and "'HOME': '/sandbox'" in said


def test_it_leaves_no_core_and_holds_few_files(inside):
    kernel, _ = inside
    code = "import resource as r; print(r.getrlimit(r.RLIMIT_CORE), r.getrlimit(r.RLIMIT_NOFILE))"
    core, most_core, files, most_files = cases.numbers(cases.run(kernel, code))
    assert core <= most_core <= 1 and 0 < files <= most_files <= 512


def test_it_holds_no_file_of_the_machine(inside):
    kernel, _ = inside
    code = (
        "import os\nfor f in os.listdir('/proc/self/fd'):\n"
        "    try: print(os.readlink(f'/proc/self/fd/{f}'))\n    except OSError: pass"
    )
    for name in cases.run(kernel, code).splitlines():
        assert name.startswith(("/dev/null", "pipe:", "socket:", "anon_inode:", "/proc")), name


def test_the_program_that_runs_cannot_be_broken(inside):
    kernel, _ = inside
    before = stat.S_IMODE(os.stat(sys.executable).st_mode)
    cases.run(kernel, "import os; os.chmod('/proc/self/exe', 0)")
    assert stat.S_IMODE(os.stat(sys.executable).st_mode) == before
    with sandbox.kernel(cases.wall("warm"), {}, LIMITS) as another:
        assert cases.run(another, "print(1)") == "1\n"


# --- too much of everything ---


@pytest.fixture(params=["warm", "cold"])
def wall(request):
    return cases.wall(request.param)


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np; a = np.ones(50 * 2**30 // 8)",
        "a = []\nwhile True: a.append(bytearray(10**8))",
        "import mmap; a = [mmap.mmap(-1, 10**9) for _ in range(50)]",
        "a = [bytes(10**6) for _ in range(50_000)]",
    ],
)
def test_memory(wall, code):
    with sandbox.kernel(wall, {}, dataclasses.replace(LIMITS, memory=2 * 10**9)) as kernel:
        said = cases.run(kernel, code)
        assert "MemoryError" in said or "OSError" in said or cases.ended(kernel) == "memory"
    assert kernel.peak < 2.2e9


@pytest.mark.parametrize("folder", [".", "/tmp", "/dev/shm", "/sockets", "/"])
def test_disk(wall, folder):
    code = (
        f"import os\ntotal = 0\ntry:\n    for i in range(10**6):\n"
        f"        with open({folder!r} + f'/{{i}}', 'wb', buffering=0) as f:\n"
        "            for _ in range(40): total += f.write(bytes(10**6))\n"
        "except OSError as e: print(e.errno)\nprint('wrote', total)"
    )
    with sandbox.kernel(wall, {}, dataclasses.replace(LIMITS, disk=50_000_000)) as kernel:
        said = cases.run(kernel, code)
        if "wrote" in said:
            assert cases.numbers(said)[-1] <= 50_000_000
        else:
            assert folder == "/sockets" and cases.ended(kernel) == "output"


@pytest.mark.parametrize("folder", [".", "/sockets"])
def test_many_files(folder):
    code = (
        "import os\ntry:\n    for i in range(10**6): os.mkdir(f'{f}/{i}')\n"
        "except OSError: print('made', i)"
    )
    with sandbox.kernel(cases.wall("warm"), {}, LIMITS) as kernel:
        made = cases.numbers(cases.run(kernel, f"f = {folder!r}\n{code}"))[-1]
        assert made < 10_000 and kernel.alive()


def test_many_files_for_the_grader_to_clear_away():
    with sandbox.kernel(cases.wall("cold"), {}, LIMITS) as kernel:
        kernel.client.execute("import os\nfor i in range(10**6): os.mkdir(f'/sockets/{i}')")
        assert cases.ended(kernel) == "output"
        folder = kernel._process.folder
    assert not folder.exists()


def test_endless_output_fills_no_memory(wall):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        kernel.client.execute("while True: print('x' * 1000)")
        while kernel.client.get_iopub_msg(timeout=cases.LONG)["msg_type"] != "execute_input":
            pass
        time.sleep(3)
        kernel.interrupt()
        asked = kernel.client.execute("1")
        with_time = cases.LONG * 5
        while kernel.alive() and with_time:
            with_time -= 1
            try:
                message = kernel.client.get_shell_msg(timeout=0.2)
            except Exception:
                continue
            if message["parent_header"]["msg_id"] == asked:
                break
        assert with_time
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1_500_000  # kilobytes


def test_one_huge_message_is_not_taken(wall):
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        kernel.client.execute("import IPython; IPython.display.display('x' * 30_000_000)")
        assert cases.ended(kernel) == "output"


FLOOD = """
import os, socket
part = bytes([3]) + (7_000_000).to_bytes(8, "big") + bytes(7_000_000)  # of ZeroMQ: more will come
for number in range(3, 200):
    try:
        talk = socket.socket(fileno=os.dup(number))
        talk.getpeername(), talk.setblocking(True)
        if "k-2" in talk.getsockname():
            while True:
                talk.sendall(part)
    except (OSError, TypeError):
        continue
"""


def test_a_message_without_end_fills_no_memory(wall, monkeypatch):
    """ZeroMQ keeps parts of a message until the last has come, and counts none of them."""
    monkeypatch.setattr(channel, "GROWTH", 60_000_000)
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        talk = channel.Channel(kernel, LIMITS.output)
        assert talk.execute(FLOOD, cases.LONG, lambda kind, content: None) == "output"
        assert talk.lost == "output" and talk.execute("1", 1, print) == "output"


def test_threads(wall):
    code = (
        "import threading, time; threading.stack_size(2**16)\nmade = 0\ntry:\n    while True:\n"
        "        threading.Thread(target=time.sleep, args=(1000,)).start(); made += 1\n"
        "except RuntimeError: print('made', made)"
    )
    with sandbox.kernel(wall, {}, LIMITS) as kernel:
        said = cases.run(kernel, code)
        if "made" in said:
            assert cases.numbers(said)[-1] < LIMITS.processes
        else:
            assert cases.ended(kernel) == "died"


# --- killing ---


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(os.getpid(), 9)",
        "\ntry: os.kill(-1, 9)\nexcept OSError: pass\nos.kill(os.getpid(), 9)",
        "os.kill(0, 9)",
        "[os.kill(int(p), 9) for p in os.listdir('/proc') if p.isdigit()]",
        "os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "os._exit(0)",
    ],
)
def test_killing(wall, code):
    with sandbox.kernel(wall, {}, LIMITS) as other, sandbox.kernel(wall, {}, LIMITS) as kernel:
        kernel.client.execute(f"import os; {code}")
        assert cases.ended(kernel) == "died"
        assert other.alive() and cases.run(other, "print(1)") == "1\n"


def test_killing_all_it_could_name(wall):
    """Signals to any number reach nothing outside, this process included."""
    code = (
        f"import os\nfor pid in [*range(3, 50_000), {os.getpid()}]:\n"
        "    try: pid != os.getpid() and os.kill(pid, 9)\n    except OSError: pass"
    )
    with sandbox.kernel(wall, {}, LIMITS) as other, sandbox.kernel(wall, {}, LIMITS) as kernel:
        cases.run(kernel, code)
        assert cases.run(other, "print(1)") == "1\n"


def test_the_first_process_gives_no_more_rights():
    """Code written into the process that holds the namespaces is as bound as the kernel."""
    code = (
        "try:\n    m = open('/proc/1/maps').read()\n    print('read')\n"
        "    open('/proc/1/mem', 'r+b')\nexcept OSError as e: print(e)\n"
        "print(open('/proc/1/status').read(), open('/proc/1/limits').read())"
    )
    with sandbox.kernel(cases.wall("warm"), {}, LIMITS) as kernel:
        said = cases.run(kernel, code)
    assert "Seccomp:\t2" in said and "CapPrm:\t0000000000000000" in said
    line = next(line for line in said.splitlines() if line.startswith("Max address space"))
    assert cases.numbers(line)[0] <= 1 << 28


def test_a_path_swapped_for_a_link_leads_nowhere():
    """What stands at the sockets' paths once the grader is connected does not matter."""
    with sandbox.kernel(cases.wall("warm"), {}, LIMITS) as kernel:
        code = (
            "import os\nfor i in (1, 2):\n"
            "    os.remove(f'/sockets/k-{i}'); os.symlink('/', f'/sockets/k-{i}')"
        )
        cases.run(kernel, code)
        assert cases.run(kernel, "print(1)") == "1\n"


# --- as an ordinary user ---

SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[1])
import sandbox_cases as cases
from course_lib.staff import sandbox
from course_lib.staff.grading.records import Limits
found = sandbox.choose(only="bubblewrap")
for warm in (True, False):
    wall = sandbox.Wall(found.name, found.program, warm)
    with sandbox.kernel(wall, {"a": b"1"}, Limits(seconds=600)) as kernel:
        assert (kernel._process.connection["ip"].startswith("/proc")) == warm
        print(os.getuid(), cases.run(kernel, "print(open('a').read())").strip())
        for code in ("import os; os.fork()", "open('/etc/shadow')", "os.listdir('/home')"):
            print(cases.attempt(kernel, code).strip())
        t = "import threading, time\\n"
        t += "while True: threading.Thread(target=time.sleep, args=(9,)).start()"
        print(cases.attempt(kernel, t).strip() or cases.ended(kernel))
"""


def test_as_an_ordinary_user(tmp_path):
    if os.getuid():
        pytest.skip("all tests ran as an ordinary user already")
    cases.wall("warm")
    here, nobody = str(Path(__file__).parent), {"user": 65534, "group": 65534, "extra_groups": []}
    own = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": "/var/tmp"}
    packages = [path for path in sys.path if path.endswith("site-packages")]
    own["PYTHONPATH"] = os.pathsep.join([str(ROOT), *packages])
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            test = "import course_lib.staff.sandbox, numpy, zmq"
            how = {"env": own, "cwd": "/", "capture_output": True, **nobody}
            subprocess.run([python, "-c", test], check=True, **how)
        except (OSError, subprocess.CalledProcessError):
            continue
        done = subprocess.run(
            [python, "-c", SCRIPT, here], text=True, timeout=cases.LONG * 2, **how
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines[0] == "65534 1"
        assert [line.split()[0] for line in lines[1:4]] == ["error"] * 3
        return
    pytest.skip("no Python here that a user without rights may run")
