"""What runs in the student's kernel, sent as text: calls functions, reads pictures, brings back.

It decides nothing. The student's process may change it, or send what it likes in its place: that
is then judged as what the functions returned. It uses no name of the notebook's, so that a student
who calls a variable ``list`` or ``np`` loses nothing.
"""

import contextlib
import functools
import hashlib
import io
import json
import os
import sys
from pathlib import Path

from course_lib.staff.grading.plain import TOO_MUCH, PlainError, dump, load

MIME = "application/x-course-results"
ARGUMENTS = 64_000_000  # bytes of the arguments of all calls of one task
LOADER = """
import sys, types
module = sys.modules.get(NAME)
if module is None:
    module = types.ModuleType(NAME)
    module.__file__ = NAME
    exec(compile(TEXT, NAME, "exec"), module.__dict__)
    sys.modules[NAME] = module
getattr(module, DO)(SPACE, load_from=REQUEST, most=MOST, nonce=NONCE)
"""


def request(do, items, most, nonce):
    """The text of a cell that does something in the student's kernel.

    Parameters
    ----------
    do : {"calls", "pictures"}
    items : list of tuple
        ``(function, args)`` each, or ``(file, height, width)``.
    most : int
        Characters of all results together.
    nonce : str
        Comes back with the results.

    Returns
    -------
    str
        Python; an expression whose value is None.
    """
    text, name = _text()
    given = {"TEXT": text, "NAME": name, "DO": do, "MOST": most, "NONCE": nonce}
    given["REQUEST"] = dump(items, ARGUMENTS)
    pairs = ", ".join(f"{key!r}: {value!r}" for key, value in given.items())
    builtins = "__import__('builtins')"
    return f"{builtins}.exec({LOADER!r}, {{'SPACE': {builtins}.globals(), {pairs}}})"


@functools.cache
def _text():
    """This module and `plain` as one text, and a name that changes with it."""
    here = Path(__file__)
    lines = here.read_text(encoding="utf-8").splitlines(keepends=True)
    own = "".join(line for line in lines if not line.startswith("from course_lib.staff"))
    text = here.with_name("plain.py").read_text(encoding="utf-8") + own
    return text, f"course_inside_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


# --- in the student's kernel ---


def calls(space, load_from, most, nonce):
    """Call functions one after the other, until one does not return; publish what they gave."""
    results = []
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        for name, args in load(load_from, ARGUMENTS):
            results.append(_guarded(most, _called, space, name, args))
            most -= len(results[-1][1])
            if results[-1][0] != "value":
                break
    _publish(nonce, results)


def pictures(space, load_from, most, nonce):
    """Read pictures, each made small enough; publish them as bytes."""
    results = []
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        for file, height, width in load(load_from, ARGUMENTS):
            results.append(_guarded(most, _picture, space, file, height, width))
            most -= len(results[-1][1])
    _publish(nonce, results)


def _guarded(most, function, *args):
    """What a function gave, or how it ended, as two texts."""
    try:
        return "value", dump(function(*args), max(0, most * 3 // 4))
    except PlainError as error:
        return ("output" if error.name == TOO_MUCH else "refused"), error.name
    except NotImplementedError:
        return "not begun", ""
    except _MissingError as error:
        return "missing", str(error)
    except MemoryError:
        return "memory", ""
    except KeyboardInterrupt:
        return "time", ""
    except BaseException as error:  # SystemExit too
        return "error", _said(error)


def _said(error):
    """Type and message of an exception, shortened."""
    try:
        return f"{type(error).__name__}: {str(error)[:300]}"
    except Exception:  # its text is made by the student's own code, perhaps
        return type(error).__name__


class _MissingError(Exception):
    pass


def _called(space, name, args):
    function = space.get(name)
    if not callable(function):
        raise _MissingError(f"there is no function {name}")
    return function(*args)


def _picture(space, file, height, width):
    """A picture as bytes, at most so high and wide; upright."""
    from course_lib import images

    if file.startswith("$"):
        name, file = file[1:], space.get(file[1:])
        if not isinstance(file, (str, os.PathLike)):
            raise _MissingError(f"there is no file's name in the variable {name}")
    if not os.path.isfile(file):
        raise _MissingError(f"there is no file {os.path.basename(file)}")
    picture = images.read(os.fspath(file), shrink=True)
    scale = min(height / picture.shape[0], width / picture.shape[1])
    if scale < 1:
        size = [max(1, int(scale * side)) for side in picture.shape[:2]]
        picture = images.resize(picture, *size)
    return images.to_bytes(picture)


class _Nowhere(io.TextIOBase):
    """Where prints go while functions are called: they are no result."""

    def writable(self):
        return True

    def write(self, text):
        return len(text)


def _publish(nonce, results):
    """Send the results as an output of the running cell, which is not shown."""
    from IPython import get_ipython

    if "matplotlib.pyplot" in sys.modules:  # figures that the functions made are no result
        sys.modules["matplotlib.pyplot"].close("all")
    get_ipython().display_pub.publish({MIME: json.dumps([nonce, results])})
