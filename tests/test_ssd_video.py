"""Videos: read, written, annotated; what is cut off, and what is no video. And painted boxes."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from course_lib.detection import Detections, boxes
from course_lib.detection.ssd import drawing, video


def picture(number, height=48, width=64):
    """A grey picture whose brightness tells its number, modulo 15."""
    return np.full((height, width, 3), 0.05 + number % 15 / 17, np.float32)


def write(path, count=12, rate=10):
    with video.Writer(path, rate) as writer:
        for number in range(count):
            writer.write(picture(number))
    return path


@pytest.fixture(params=[".mp4", ".avi"])
def film(request, tmp_path):
    return write(tmp_path / f"film{request.param}")


def numbers(frames):
    return [round((float(np.median(frame)) - 0.05) * 17) for frame in frames]


def test_what_is_written_is_read(film):
    found = video.Video(film)
    assert (found.height, found.width, found.rate, len(found)) == (48, 64, 10, 12)
    frames = list(found)
    assert frames[0].shape == (48, 64, 3) and frames[0].dtype == np.float32
    assert numbers(frames) == list(range(12)) and found.complete
    assert numbers(found) == list(range(12)), "a second time"


def test_some_frames(film):
    assert numbers(video.Video(film, every=5)) == [0, 5, 10]
    assert numbers(video.Video(film, every=5, most=2)) == [0, 5]
    assert len(video.Video(film, every=5)) == 3 and len(video.Video(film, every=5, most=2)) == 2
    assert len(video.Video(film, most=99)) == 12


def test_colours_survive(tmp_path):
    red = np.zeros((48, 64, 3), np.float32) + np.array([0.8, 0.2, 0.1], np.float32)
    with video.Writer(tmp_path / "red.avi") as writer:
        writer.write(red)
        writer.write(red[..., 0])  # grey is written as well
    first, second = video.Video(tmp_path / "red.avi")
    assert first.mean(axis=(0, 1)) == pytest.approx([0.8, 0.2, 0.1], abs=0.02)
    assert second.mean(axis=(0, 1)) == pytest.approx([0.8] * 3, abs=0.02)


def test_a_film_cut_in_a_frame_keeps_what_was_read(tmp_path):
    film = write(tmp_path / "film.avi", count=30)
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 2 // 3])
    found = video.Video(film)
    with pytest.warns(video.VideoWarning, match=r"ends after \d+ of 30 frames; these are kept"):
        got = numbers(found)
    assert 5 < len(got) < 30 and got == [n % 15 for n in range(len(got))] and not found.complete


def test_no_warning_where_few_were_asked_for(film):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(video.Video(film, most=3))) == 3


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\0\0\0\x18ftypmp42"])
def test_what_is_no_video(tmp_path, content, capfd):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(video.VideoError, match="no video that can be read"):
        video.Video(path)
    assert capfd.readouterr().err == ""


def test_an_mp4_without_its_end_has_no_frame(tmp_path):
    film = write(tmp_path / "film.mp4")  # its index stands at the end
    film.write_bytes(film.read_bytes()[:-400])
    with pytest.raises(video.VideoError, match="cut off"):
        video.Video(film)


def test_missing_files_and_wrong_numbers(tmp_path, film):
    with pytest.raises(video.VideoError, match="is not there"):
        video.Video(tmp_path / "no.mp4")
    with pytest.raises(video.VideoError, match="is not there"):
        video.Video(tmp_path)
    with pytest.raises(ValueError, match="every is 0"):
        video.Video(film, every=0)
    with pytest.raises(ValueError, match="most is 0"):
        video.Video(film, most=0)


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
@pytest.mark.parametrize("shape", [(4, 4), (15, 64), (16, 40_000)])
def test_sizes_that_break_the_encoders_are_refused(tmp_path, shape, suffix):
    with (
        pytest.raises(video.VideoError, match=r"wants sides from 16 to 32000"),
        video.Writer(tmp_path / f"film{suffix}") as writer,
    ):
        writer.write(np.zeros(shape))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_odd_sides_lose_nothing(tmp_path, suffix):
    image = picture(0, 33, 47)
    image[-1], image[:, -1] = 0.9, 0.9
    with video.Writer(tmp_path / f"film{suffix}") as writer:
        writer.write(image)
    (frame,) = video.Video(tmp_path / f"film{suffix}")
    assert frame.shape == (34, 48, 3)
    assert frame[32:, :40].mean() > 0.6 and frame[:25, 46:].mean() > 0.6 and frame[8, 8, 0] < 0.2


def test_an_mp4_that_is_too_wide(tmp_path, capfd):
    with (
        pytest.raises(video.VideoError, match=r"cannot be written; .* below 10000x30, or \.avi"),
        video.Writer(tmp_path / "film.mp4") as writer,
    ):
        writer.write(np.zeros((30, 10_000)))
    assert list(tmp_path.iterdir()) == [] and "rror" not in capfd.readouterr().err


def test_a_path_is_a_path_and_writing_needs_a_block(tmp_path):
    for call in (video.Video, video.Writer):
        with pytest.raises(TypeError, match="path is None"):
            call(None)
    with pytest.raises(video.VideoError, match="write in a block"):
        video.Writer(tmp_path / "film.avi").write(picture(0))
    assert list(tmp_path.iterdir()) == []


def test_writer_refuses(tmp_path):
    with pytest.raises(video.VideoError, match=r"no \.mp4 or \.avi"):
        video.Writer(tmp_path / "film.mov")
    with pytest.raises(video.VideoError, match="there is no folder"):
        video.Writer(tmp_path / "no" / "film.mp4")
    with (
        pytest.raises(video.VideoError, match="image is 32x24; wanted 64x48"),
        video.Writer(tmp_path / "film.avi") as writer,
    ):
        writer.write(picture(0))
        writer.write(picture(0, 24, 32))
    assert numbers(video.Video(tmp_path / "film.avi")) == [0], "what was written is kept"


def test_an_interrupt_keeps_what_was_written(tmp_path):
    with pytest.raises(KeyboardInterrupt), video.Writer(tmp_path / "film.avi") as writer:
        for number in range(4):
            writer.write(picture(number))
        raise KeyboardInterrupt
    assert numbers(video.Video(tmp_path / "film.avi")) == [0, 1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["film.avi"]


def test_nothing_written_leaves_nothing(tmp_path):
    with video.Writer(tmp_path / "film.avi"):
        pass
    assert list(tmp_path.iterdir()) == []


# --- annotate ---


@pytest.fixture
def find(monkeypatch):
    """One box in every picture, without a network; returns the calls that were made."""
    calls = []

    def detect(pictures, network, **settings):
        calls.append((network, settings))
        if isinstance(pictures, list):
            return []
        return Detections([[10, 20, 40, 44]], [0.75], ["cat"], [17])

    monkeypatch.setattr(video, "detect", detect)
    return calls


def test_annotate(film, tmp_path, find):
    done = video.annotate(film, tmp_path / "out.avi", every=4, threshold=0.3)
    assert done.frames == (0, 4, 8) and len(done.detections) == 3 and done.complete
    written = video.Video(done.path)
    assert len(written) == 3 and written.rate == pytest.approx(2.5)
    frame = next(iter(written))
    colour = drawing.colour("cat").lstrip("#")
    colour = np.array([int(colour[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    assert np.abs(frame[30, 10] - colour).max() < 0.25  # the left side of the box
    assert frame[36, 30] == pytest.approx(0.05, abs=0.03)  # nothing inside
    assert find[-1] == ("ssd_mobilenet_v3", {"threshold": 0.3})


def test_annotate_keeps_what_a_cut_video_gave(tmp_path, find):
    film = write(tmp_path / "film.avi", count=30)
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.warns(video.VideoWarning, match="these are kept"):
        done = video.annotate(film, tmp_path / "out.avi")
    assert not done.complete
    assert len(list(video.Video(done.path))) == len(done.detections) == len(done.frames) > 3


def test_annotate_refuses(film, tmp_path, find):
    with pytest.raises(video.VideoError, match="the source itself"):
        video.annotate(film, film)
    with pytest.raises(video.VideoError, match="is not there"):
        video.annotate(tmp_path / "no.mp4", tmp_path / "out.avi")
    assert len(list(tmp_path.iterdir())) == 1


def test_annotate_checks_before_it_writes(film, tmp_path, asset):
    asset("ssd_mobilenet_v3")
    with pytest.raises(ValueError, match="did you mean person"):
        video.annotate(film, tmp_path / "out.avi", classes="peson")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_bar_of_text_where_there_is_no_notebook(film, tmp_path, find, capsys):
    video.annotate(film, tmp_path / "out.avi")
    said = capsys.readouterr()
    assert said.out == "" and "Finding things in each frame: 100%" in said.err


def test_detect_goes_through_a_video(asset, tmp_path):
    asset("ssd_mobilenet_v3")
    path = write(tmp_path / "film.avi", count=30)
    frames = list(video.Video(path, every=7))
    alone = [video.detect(frame, threshold=0.02) for frame in frames]
    for several in (video.Video(path, every=7), iter(frames)):
        together = video.detect(several, threshold=0.02)
        assert [d.boxes.tolist() for d in together] == [d.boxes.tolist() for d in alone]
    assert sum(map(len, alone)) > 0
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(video.VideoWarning, match="these are kept"):
        assert 0 < len(video.detect(video.Video(path))) < 30


def test_the_traffic_video(asset):
    asset("ssd_mobilenet_v3")
    found = video.Video(asset("corke") / "traffic_sequence.mp4", every=100)
    assert (found.height, found.width, found.announced, found.rate) == (576, 704, 350, 30)
    assert len(list(found)) == 4 and found.complete


# --- drawing ---


def test_paint_changes_a_copy_only():
    image = picture(3)
    painted = drawing.paint(image, Detections([[10, 20, 40, 44]], [0.5], ["dog"]))
    assert (image == picture(3)).all() and painted.shape == (48, 64, 3)
    assert painted.dtype == np.float32 and np.abs(painted - image).max() > 0.3
    np.testing.assert_allclose(drawing.paint(image, Detections([], [], [])), image, atol=0.002)


def test_the_best_is_painted_on_top():
    box = [10, 20, 40, 44]
    names = [["dog"], ["car"], ["dog", "car"]]
    dog, car, both = (
        drawing.paint(picture(3), Detections([box] * len(n), [0.5] * len(n), n), scores=False)
        for n in names
    )
    assert np.abs(both - dog)[30, 10].max() < 0.02 < np.abs(both - car)[30, 10].max()


@pytest.mark.parametrize("shape", [(1, 1), (5, 300, 3), (300, 5)])
def test_paint_on_odd_pictures(shape):
    box = [0, 0, shape[1], shape[0]]
    image = np.zeros(shape)
    painted = drawing.paint(image, Detections([box], [0.5], ["traffic light"]), scores=False)
    assert painted.shape == (*shape[:2], 3)


def test_a_film_is_an_animated_png():
    content = drawing.animate([picture(n) for n in (0, 10, 14)], rate=4)
    film = Image.open(io.BytesIO(content))
    assert film.n_frames == 3 and film.format == "PNG" and film.info["duration"] == 250
    film.seek(2)
    assert np.asarray(film.convert("RGB")).mean() / 255 == pytest.approx(0.05 + 14 / 17, abs=0.02)
    with pytest.raises(ValueError, match="frames is empty"):
        drawing.animate([])


def test_names_lie_beside_their_boxes_and_not_on_each_other():
    found = np.array(
        [[100, 80, 180, 200], [105, 82, 185, 204], [95, 84, 170, 190], [0, 0, 300, 250]]
    )
    places = drawing._places(found, ["person 0.90"] * 4, (250, 300), unit=0.8)
    wide, high = (6.3 * 11 + 4) * 0.8, 15 * 0.8
    names = np.hstack([places, places + [wide, high]]) - 0.8
    overlap = boxes.iou(names, names)
    assert (overlap[~np.eye(4, dtype=bool)] == 0).all()
    assert (names >= 0).all() and (names <= np.array([300, 250, 300, 250])).all()
    assert places[0] == pytest.approx([100.8, 80 - high + 0.8])  # the best one on top of its box


def test_drawing_refuses(capsys):
    image, one = picture(0), Detections([[-1e12, 0, 1e12, 5]], [0.5], ["dog"])
    assert drawing.paint(image, one).shape == image.shape
    for call in (drawing.paint, drawing.show_detections):
        with pytest.raises(TypeError, match="detections is of type list"):
            call(image, [one])
    for call, message in [
        (lambda: drawing.animate([image, image[:-2]]), "frames differ in size"),
        (lambda: drawing.animate(image), "wanted a list of pictures"),
        (lambda: drawing.animate([image * 300]), "frame has values"),
        (lambda: drawing.show_film([image], ""), "alt is empty"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert capsys.readouterr().out == ""


def test_what_05_2_shows_together_has_different_colours():
    names = ("person", "car", "motorcycle", "dog")
    assert len({drawing.colour(name) for name in names}) == 4
    assert drawing.colour("a name of your own") in drawing.COLOURS
