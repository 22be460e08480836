"""Sliders and choosers over a plain function; they compute nothing themselves.

A stored page has no kernel behind it, so every widget leaves one plain sentence for its readers.
"""

import base64
import html
import io
import math
import time

import ipywidgets
from IPython import get_ipython
from IPython.display import display
from IPython.utils.capture import capture_output
from tqdm import tqdm

from course_lib import images

_VIEW = "application/vnd.jupyter.widget-view+json"


def play(function, **controls):
    """Call a function again whenever a control moves.

    Parameters
    ----------
    function : callable
        Draws and shows its figure; takes the controls' values by name.
    **controls
        A widget, a ``(low, high)`` or ``(low, high, step)`` tuple, a list of options, or a bool.

    Returns
    -------
    None
        The controls and the figure beneath them are displayed.

    Raises
    ------
    ValueError
        If there is no control.
    """
    if not controls:
        raise ValueError("play has no controls; wanted at least one, such as size=(1, 9).")
    panel = {name: _control(name, wish) for name, wish in controls.items()}
    # HTML, because ipywidgets.Image takes no alt text.
    picture, words = ipywidgets.HTML(), ipywidgets.HTML()

    def redraw(_change=None):
        values = {name: control.get_interact_value() for name, control in panel.items()}
        for widget, text in zip((words, picture), _drawn(function, values), strict=True):
            widget.value = text
            widget.layout.display = None if text else "none"  # no gap where nothing is

    for control in panel.values():
        control.observe(redraw, names="value")
    redraw()
    rows = [*panel.values(), words, picture]
    _show(ipywidgets.VBox(rows), f"Run this cell to play with: {', '.join(controls)}.")


def slider(value, low, high, step=None, label=None):
    """Make a slider, whole numbers or not as its limits are.

    Parameters
    ----------
    value, low, high : int or float
        Where it starts, and its ends.
    step : int or float, optional
        1, or a hundredth of the range.
    label : str, optional
        Written beside it; the name of the argument otherwise.

    Returns
    -------
    ipywidgets.IntSlider or ipywidgets.FloatSlider
    """
    whole = all(isinstance(number, int) for number in (value, low, high, step or 1))
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    step = step or (1 if whole else (high - low) / 100)
    text = {} if label is None else {"description": label}
    text |= {} if whole else {"readout_format": _digits(step)}
    layout = {"width": "28em"}
    return kind(value=value, min=low, max=high, step=step, layout=layout, **text)


def choose(options, value=None, label=None):
    """Make a drop-down list.

    Parameters
    ----------
    options : sequence
        The choices, or pairs of what is written and what is meant.
    value : optional
        The first choice; the first option by default.
    label : str, optional

    Returns
    -------
    ipywidgets.Dropdown
    """
    chosen = {} if value is None else {"value": value}
    text = {} if label is None else {"description": label}
    return ipywidgets.Dropdown(options=options, **chosen, **text)


class Upload:
    """A button that takes a photo from the student's own device; see `upload`."""

    def __init__(self, label):
        self.button = ipywidgets.FileUpload(accept="image/*", multiple=False, description=label)
        self.button.layout.width = "auto"

    def image(self):
        """Return the photo as RGB ``float32`` ``(H, W, 3)`` or grey ``(H, W)``; None before any.

        Raises
        ------
        course_lib.images.ImageError
            If the file is not a picture that can be read.
        """
        if not self.button.value:
            return None
        return images.read(bytes(self.button.value[0].content), shrink=True)


def upload(label="Your photo"):
    """Display a button that takes a photo from the student's device.

    Parameters
    ----------
    label : str
        Written on the button.

    Returns
    -------
    Upload
        Its ``image()`` is the photo, or None while there is none.
    """
    chooser = Upload(label)
    _show(chooser.button, f"Run this cell for a button: {label}.")
    return chooser


def progress(iterable, label, total=None):
    """Go through an iterable beneath a bar; a stored page keeps the label only.

    Where there is no IPython the bar is a line of text on stderr.

    Parameters
    ----------
    iterable : iterable
    label : str
        What takes time.
    total : int, optional
        How many items; taken from ``len`` where there is one.

    Yields
    ------
    object
        The items of the iterable.
    """
    if get_ipython() is None:  # no page to show a widget on
        yield from tqdm(iterable, label, total)
        return
    total = len(iterable) if total is None and hasattr(iterable, "__len__") else total
    bar = ipywidgets.IntProgress(max=total or 1)
    text = ipywidgets.Label()
    _show(ipywidgets.HBox([bar, text]), label)
    text.value, done, shown = label, 0, 0.0
    try:
        for done, item in enumerate(iterable, start=1):
            yield item
            if time.monotonic() - shown >= 0.1:  # a message per item would slow a fast loop down
                shown = time.monotonic()
                bar.value = done if total else 0
                text.value = _count(label, done, total)
        bar.max, bar.bar_style = max(done, 1), "success"
    finally:  # also where the loop was left early
        bar.value = max(done, 1)
        text.value = _count(label, done, total)


class Live:
    """Show figures one after another in one place of the page; the last one stays.

    Notes
    -----
    ``plot.show`` displays a figure once; this is for a callback that has a new one every few
    seconds. Used in ``09_1_adversarial_game``, ``09_2_dcgan`` and ``10_1_style_transfer``.
    """

    def __init__(self):
        self._place = None

    def show(self, figure, alt):
        """Display a figure in place of the one before it, and close it.

        Parameters
        ----------
        figure : matplotlib Figure
        alt : str
            What it shows, in a sentence for a reader who cannot see it.

        Raises
        ------
        ValueError
            If the alt text is empty.
        """
        import matplotlib.pyplot as plt

        if not str(alt or "").strip():
            raise ValueError("alt is empty; wanted a sentence that says what the figure shows.")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
        data = {"image/png": buffer.getvalue(), "text/plain": alt}
        about = {"raw": True, "metadata": {"image/png": {"alt": alt}}}
        if self._place is None:
            self._place = display(data, display_id=True, **about)
        else:
            self._place.update(data, **about)


def _digits(step):
    """The format that shows a step; ipywidgets' two digits show nothing of 0.001."""
    return f".{max(0, math.ceil(-math.log10(step)))}f"


def _count(label, done, total):
    """How far a loop is."""
    return f"{label}: {done} of {total}" if total else f"{label}: {done}"


def _control(name, wish):
    """A widget from what `play` accepts, labelled with the argument's name if it has no label."""
    control = ipywidgets.interactive.widget_from_abbrev(wish)
    if control is None:
        raise ValueError(f"{name} is {wish!r}; wanted a widget, (low, high), a list or a bool.")
    control.description = control.description or name.replace("_", " ")
    control.style.description_width = "initial"
    if isinstance(control, ipywidgets.IntSlider | ipywidgets.FloatSlider):
        control.layout.width = f"{28 + len(control.description) // 2}em"  # the text takes no track
    if isinstance(control, ipywidgets.FloatSlider) and control.step:
        control.readout_format = _digits(control.step)
    if hasattr(control, "continuous_update"):  # a picture per pixel of a drag is too slow
        control.continuous_update = False
    return control


def _drawn(function, values):
    """What a function prints, or its error, and the figure that it shows, as HTML.

    The output is captured in the kernel, so that a run without a browser stores no second picture.
    """
    with capture_output() as captured:
        try:
            function(**values)
        except Exception as error:
            return f"<b>{html.escape(f'{type(error).__name__}: {error}')}</b>", ""
    figures = [output.data for output in captured.outputs if "image/png" in output.data]
    said = f"<pre>{html.escape(captured.stdout)}</pre>" if captured.stdout else ""
    return said, _img(figures[-1]) if figures else ""


def _img(data):
    """A figure as an HTML element, with its alt text."""
    png, alt = data["image/png"], data.get("text/plain", "")
    png = png if isinstance(png, str) else base64.b64encode(png).decode()
    source = f"data:image/png;base64,{png.strip()}"
    return f'<img alt="{html.escape(alt)}" src="{source}" style="max-width: 100%">'


def _show(widget, text):
    """Display a widget, with a sentence where no widget can be shown."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({_VIEW: view, "text/plain": text}, raw=True)
