"""The trusted process beside a grader: it has imported everything, and forks a keeper per kernel.

It is told nothing of students, marks or solutions, so nothing of these can be seen by what is
forked from it. It ends with its grader.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile

from course_lib.staff.sandbox import inside

# What assignments use; each is imported only if it is there. None starts a thread, and none sets
# matplotlib's style, as course_lib.plot does: that is for notebooks that import it.
MODULES = """
    numpy cv2 scipy.ndimage scipy.optimize skimage.data skimage.filters skimage.morphology
    skimage.color sklearn.datasets sklearn.metrics
    matplotlib.pyplot matplotlib.font_manager matplotlib.backends.backend_agg
    matplotlib_inline.backend_inline matplotlib_inline.config
    PIL.Image PIL.ImageOps PIL.PngImagePlugin PIL.JpegImagePlugin
    ipykernel.kernelapp ipykernel.ipkernel ipykernel.zmqshell ipykernel.displayhook
    IPython.core.completer IPython.core.pylabtools IPython.core.magics jedi
    course_lib.checks course_lib.images course_lib.exercise course_lib.datasets
    course_lib.classic.haar course_lib.classic.boosting course_lib.classic.cascade
    course_lib.classic.lineart course_lib.detection.boxes course_lib.detection.metrics
    course_lib.networks.neurons course_lib.networks.losses course_lib.networks.backpropagation
    course_lib.networks.optimizers
""".split()


def main(number):
    """Serve requests that come over a socket until the other end is closed.

    Parameters
    ----------
    number : int
        File descriptor of a Unix socket. Its first line, JSON, says what to prepare; each byte
        after it brings along the socket over which a keeper is told what to start.
    """
    from course_lib.staff.sandbox import keeper

    link = socket.socket(fileno=number)
    first = json.loads(link.makefile().readline())
    _undumpable()
    if first["warm"]:
        _import(first.pop("fonts"))
    link.sendall(json.dumps({"alone": _alone()}).encode() + b"\n")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended keepers need no waiting for
    while True:
        if not select.select([link], [], [], 5)[0]:
            if os.getppid() != first["parent"]:
                os._exit(0)
            continue
        data, channels, _, _ = socket.recv_fds(link, 1, 1)
        if not data:
            os._exit(0)
        if channels and not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            link.close()
            keeper.keep(socket.socket(fileno=channels[0]))
            os._exit(0)
        for each in channels:
            os.close(each)


def _alone():
    """Say whether this process has one thread, so that a fork of it is whole."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _undumpable():
    """Let no other process of this user look into this one."""
    import ctypes

    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)


FIRST = "import matplotlib.pyplot as plt; plt.plot([1]); plt.show(); print(1)"


def _rehearsed():
    """Yield the names of what a kernel imports when it starts and runs a first cell.

    A fork starts one and tells; threads and sockets end with it.
    """
    for name in MODULES:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory(prefix="course-") as folder, os.fdopen(reader) as told:
        child = os.fork()
        if not child:
            _rehearse(folder, writer)
        os.close(writer)
        names = told.read().split()
        os.waitpid(child, 0)
    return names


def _rehearse(folder, writer):
    """Be a kernel for a moment, and write which modules it took."""
    known = set(sys.modules)
    try:
        os.environ.update(HOME=folder, IPYTHONDIR=folder)
        os.mkdir(f"{folder}/tmp")
        app = inside.application({"home": folder, "sockets": folder, "key": "-"})
        app.shell.run_cell(FIRST)
    finally:
        with os.fdopen(writer, "w") as told:
            told.write(" ".join(name for name in sys.modules if name not in known))
        os._exit(0)


def _import(fonts):
    """Import what students' notebooks use, with the fonts that matplotlib has found before."""
    import gc

    own = dict(os.environ)
    os.environ.pop("MPLCONFIGDIR", None)
    os.environ.update(fonts)
    inside.leave_out()
    for name in _rehearsed():
        with contextlib.suppress(Exception):  # a kernel that needs it will say so
            importlib.import_module(name)
    with contextlib.suppress(Exception):
        _draw()
    os.environ.clear()
    os.environ.update(own)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
    gc.collect()
    gc.freeze()  # the collector of a fork would touch, and so copy, every page


def _draw():
    """Draw a picture: what is looked up for the first one, fonts above all, stays known."""
    import io

    import matplotlib.pyplot as plt
    from PIL import Image

    Image.init()
    figure, ax = plt.subplots(layout="constrained")
    ax.plot([0, 1], label="a")
    ax.set(title="title", xlabel="x", ylabel="y")
    ax.legend()
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)


if __name__ == "__main__":
    main(int(sys.argv[1]))
