"""Say how a download goes, where someone watches, and leave nothing behind."""

import contextlib
import sys
import time

MEGABYTE = 1_000_000


@contextlib.contextmanager
def bar(label, progress=None):
    """Give a function that takes the bytes that have come and all that will.

    Parameters
    ----------
    label : str
        What comes.
    progress : callable or bool, optional
        The caller's own function; True for a bar on stderr, False for silence. By default a bar
        on a terminal, a line in a notebook, silence elsewhere.

    Yields
    ------
    callable or None
    """
    if callable(progress):
        yield progress
    elif progress is None and _in_notebook():
        yield from _line(label)
    elif progress or (progress is None and sys.stderr.isatty()):
        yield from _terminal(label)
    else:
        yield None


def _in_notebook():
    """Whether a kernel runs this; IPython is asked only where it is already loaded."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _terminal(label):
    from tqdm import tqdm

    form = "{desc}: {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {rate_fmt}"
    options = {"unit": "B", "unit_scale": True, "leave": False, "bar_format": form}
    shown = None

    def report(done, total):
        nonlocal shown
        if shown is None or done < shown.n:  # the first source begins, or the next one
            close()
            shown = tqdm(total=total, desc=label, file=sys.stderr, **options)
        shown.update(done - shown.n)

    def close():
        if shown is not None:
            shown.close()

    try:
        yield report
    finally:
        close()


def _line(label):
    """A line of text that is replaced as it goes and empty at the end."""
    from IPython.display import display

    def data(text):
        return {"text/plain": text}

    handle = display(data(f"fetching {label}"), raw=True, display_id=True)
    shown = 0.0

    def report(done, total):
        nonlocal shown
        if time.monotonic() - shown > 0.2:
            shown = time.monotonic()
            text = f"fetching {label}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB"
            handle.update(data(text), raw=True)

    try:
        yield report
    finally:
        handle.update(data(""), raw=True)
