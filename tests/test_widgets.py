"""Sliders and choosers, without a browser: what a moved control does, and what a page keeps."""

import base64
import io

import ipywidgets
import numpy as np
import pytest
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from PIL import Image

from course_lib import images, widgets

_VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module", autouse=True)
def _shell():
    """What notebooks have and a bare Python has not: a place where displays go."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.instance(config=config)
    yield
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def made():
    """Every widget that a test makes, in order."""
    every = []
    ipywidgets.Widget.on_widget_constructed(every.append)
    yield every
    ipywidgets.Widget.on_widget_constructed(None)


@pytest.fixture
def shown(made):
    """Return a function: an action -> the widget that it displays, the text that a page keeps."""

    def of(action):
        with capture_output() as captured:
            action()
        (output,) = captured.outputs
        assert set(output.data) == {_VIEW, "text/plain"}
        model = output.data[_VIEW]["model_id"]
        return next(w for w in made if w.model_id == model), output.data["text/plain"]

    return of


def png(level):
    """A PNG of one grey level."""
    buffer = io.BytesIO()
    Image.new("L", (2, 2), level).save(buffer, format="png")
    return buffer.getvalue()


def level_of(picture):
    code = picture.value.split("base64,")[1].split('"')[0]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))))[0, 0]


def show_level(level, **_):
    data = {"image/png": base64.b64encode(png(level)).decode()}
    display(data, raw=True)


def test_moving_a_slider_calls_the_function_and_changes_the_picture(shown):
    calls = []

    def draw(**values):
        calls.append(values)
        print("level", values["level"])
        show_level(values["level"])

    panel, text = shown(
        lambda: widgets.play(draw, level=widgets.slider(9, 0, 255), mode=["fast", "slow"], on=True)
    )
    level, mode, on, words, picture = panel.children
    assert calls == [{"level": 9, "mode": "fast", "on": True}] and level_of(picture) == 9
    level.value = 200
    assert calls[-1] == {"level": 200, "mode": "fast", "on": True} and level_of(picture) == 200
    assert "level 200" in words.value
    mode.value = "slow"
    on.value = False
    assert calls[-1] == {"level": 200, "mode": "slow", "on": False} and len(calls) == 4
    assert text == "Run this cell to play with: level, mode, on."


def test_play_takes_ranges_and_labels_each_control(shown):
    panel, _ = shown(
        lambda: widgets.play(lambda **_: None, kernel_size=(1, 9, 2), t=(0.0, 0.1, 0.005))
    )
    size, t, *_ = panel.children
    assert t.readout_format == ".3f"
    assert (size.min, size.max, size.step, size.description) == (1, 9, 2, "kernel size")
    assert isinstance(t, ipywidgets.FloatSlider) and not t.continuous_update
    named, _ = shown(
        lambda: widgets.play(lambda **_: None, s=widgets.slider(1, 0, 2, label="Width in px"))
    )
    assert named.children[0].description == "Width in px"


def test_error_in_the_function_becomes_a_sentence_and_goes_away(shown):
    def draw(level):
        if level == 2:
            raise ValueError("level is 2 <b>px</b>; wanted another.")
        show_level(level)

    panel, _ = shown(lambda: widgets.play(draw, level=widgets.slider(1, 1, 3)))
    level, words, picture = panel.children
    assert level_of(picture) == 1 and not words.value
    level.value = 2
    assert "ValueError: level is 2 &lt;b&gt;px&lt;/b&gt;; wanted another." in words.value
    assert picture.layout.display == "none"
    level.value = 3
    assert level_of(picture) == 3 and not words.value and picture.layout.display is None


def test_picture_carries_its_alt_text(shown):
    def draw(level):
        data = {"image/png": png(level), "text/plain": f'Level {level} <of> "9".'}
        display(data, raw=True)

    panel, _ = shown(lambda: widgets.play(draw, level=(1, 3)))
    level, _, picture = panel.children
    level.value = 3
    image = BeautifulSoup(picture.value, "html.parser").img
    assert image["alt"] == 'Level 3 <of> "9".' and level_of(picture) == 3


@pytest.mark.parametrize(
    ("controls", "message"),
    [({}, "play has no controls"), ({"size": None}, "size is None; wanted a widget")],
)
def test_play_names_what_it_cannot_control(controls, message):
    with pytest.raises(ValueError, match=message):
        widgets.play(show_level, **controls)


def test_slider_is_whole_or_not_as_its_limits_are():
    whole = widgets.slider(3, 0, 10)
    assert isinstance(whole, ipywidgets.IntSlider)
    assert (whole.value, whole.min, whole.max, whole.step) == (3, 0, 10, 1)
    fine = widgets.slider(0, 0, 0.1, label="Threshold")
    assert isinstance(fine, ipywidgets.FloatSlider)
    assert fine.step == pytest.approx(0.001) and fine.readout_format == ".3f"
    assert fine.description == "Threshold"
    assert isinstance(widgets.slider(1, 0, 2, step=0.5), ipywidgets.FloatSlider)


def test_choose_starts_where_it_is_told():
    assert widgets.choose(["a", "b"]).value == "a"
    assert widgets.choose(["a", "b"], value="b", label="Filter").description == "Filter"
    assert widgets.choose([("none", 0), ("one", 1)], value=0).value == 0


def test_upload_is_none_before_and_the_photo_after(shown):
    holder = []
    button, text = shown(lambda: holder.append(widgets.upload("My photo")))
    upload = holder[0]
    assert upload.image() is None
    assert text == "Run this cell for a button: My photo."
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (255, 0, 51)).save(buffer, format="png")
    send(button, buffer.getvalue())
    photo = upload.image()
    assert photo.shape == (4, 5, 3) and photo.dtype == np.float32
    np.testing.assert_allclose(photo[0, 0], [1, 0, 0.2], atol=1e-6)
    send(button, b"<html>no photo</html>")
    with pytest.raises(images.ImageError):
        upload.image()


def send(button, content):
    """What the browser sends when a file is chosen."""
    file = {"name": "a.png", "type": "image/png", "size": len(content), "last_modified": 0}
    button.set_state({"value": [{**file, "content": memoryview(content)}]})


def test_progress_yields_all_and_leaves_the_label(shown):
    taken = []
    box, text = shown(lambda: taken.extend(widgets.progress(range(3), "Training rounds")))
    assert taken == [0, 1, 2] and text == "Training rounds"
    bar, label = box.children
    assert (bar.value, bar.max, bar.bar_style) == (3, 3, "success")
    assert label.value == "Training rounds: 3 of 3"


def test_progress_moves_while_it_runs(monkeypatch, made, shown):
    clock = iter(np.arange(10, 19, 0.06))
    monkeypatch.setattr(widgets.time, "monotonic", lambda: next(clock))
    seen = []

    def loop():
        for _ in widgets.progress(iter("abcd"), "Letters", total=4):
            bar = next(w for w in made if isinstance(w, ipywidgets.IntProgress))
            seen.append(bar.value)

    shown(loop)
    assert seen[0] == 0 and sorted(seen) == seen and 2 <= seen[-1] <= 3


def test_progress_of_a_loop_that_is_left_says_where(shown):
    def leave():
        for item in widgets.progress(range(9), "Search"):
            if item == 3:
                break

    bar, label = shown(leave)[0].children
    assert (bar.value, bar.max, bar.bar_style) == (4, 9, "")
    assert label.value == "Search: 4 of 9"


def test_progress_without_a_length_and_over_nothing(shown):
    box, _ = shown(lambda: list(widgets.progress(iter("ab"), "Letters")))
    assert box.children[1].value == "Letters: 2"
    empty, _ = shown(lambda: list(widgets.progress([], "None")))
    assert empty.children[0].bar_style == "success"


def test_progress_in_plain_python_is_a_line_on_stderr(monkeypatch, capsys):
    monkeypatch.setattr(widgets, "get_ipython", lambda: None)
    assert list(widgets.progress(iter("ab"), "Letters", total=2)) == ["a", "b"]
    said = capsys.readouterr()
    assert said.out == "" and "Letters: 100%" in said.err


def test_live_figures_take_the_place_of_the_one_before(monkeypatch):
    import matplotlib.pyplot as plt

    shown = []

    class Handle:
        def update(self, data, **about):
            shown.append(("again", data["text/plain"], about["metadata"]["image/png"]["alt"]))

    def display(data, **about):
        assert about["display_id"] is True and data["image/png"].startswith(b"\x89PNG")
        shown.append(("first", data["text/plain"], about["metadata"]["image/png"]["alt"]))
        return Handle()

    monkeypatch.setattr(widgets, "display", display)
    place = widgets.Live()
    with pytest.raises(ValueError, match="alt is empty"):
        place.show(plt.figure(), " ")
    plt.close("all")
    for alt in ("one", "two", "three"):
        place.show(plt.figure(figsize=(1, 1)), alt)
    assert shown == [("first", "one", "one"), ("again", "two", "two"), ("again", "three", "three")]
    assert plt.get_fignums() == []
