"""Videos: read them picture by picture, find things in each, write them with boxes."""

import contextlib
import os
import secrets
import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2

from course_lib import checks, images, widgets
from course_lib.detection.detections import Detections

from . import drawing
from .detecting import detect

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong is said here, in one sentence
CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
SIDES = 16, 32_000  # OpenCV's encoders break off, or break the program, beyond these


class VideoError(ValueError):
    """A video cannot be read or written; the message says which one and what to do."""


class VideoWarning(UserWarning):
    """A video ends too early; the message says how much of it was read and kept."""


@dataclass(frozen=True)
class Annotated:
    """What came of `annotate`.

    Attributes
    ----------
    path : Path
        The video that was written.
    frames : tuple of int
        The numbers, from 0, of the frames of the source that were used.
    detections : tuple of Detections
        One per frame.
    complete : bool
        Whether the source could be read to the end of what was asked for.
    """

    path: Path
    frames: tuple[int, ...]
    detections: tuple[Detections, ...]
    complete: bool


class Video:
    """A video file, opened for reading; go through it with ``for``, as often as you like.

    Parameters
    ----------
    path : str or Path
    every : int
        Give only every so many frames, the first one included.
    most : int, optional
        Give at most so many.

    Attributes
    ----------
    height, width : int
        In pixels.
    rate : float
        Frames per second of the file.
    announced : int
        How many frames the file says that it has; 0 where it does not say.
    complete : bool
        After a loop to the end: whether the file held the frames that it had announced.

    Raises
    ------
    VideoError
        If there is no such file, or it is no video that can be read.
    TypeError, ValueError
        If a number is not whole, or below 1.
    """

    def __init__(self, path, *, every=1, most=None):
        self.path = _path(path)
        self.every = checks.number(every, "every", low=1, integer=True)
        self.most = None if most is None else checks.number(most, "most", low=1, integer=True)
        with self._opened() as capture:
            self.height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            self.width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            self.rate = float(capture.get(cv2.CAP_PROP_FPS)) or 25.0
            self.announced = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.complete = True

    def __len__(self):
        """How many frames a loop should give; 0 where the file does not say."""
        count = -(-self.announced // self.every)
        return count if self.most is None else min(count, self.most)

    def __iter__(self):
        """Yield the frames, RGB float32 (H, W, 3) in [0, 1]; warn if the file ends too early."""
        self.complete, given, read = True, 0, 0
        with self._opened() as capture:
            while self.most is None or given < self.most:
                good, frame = capture.read()
                if not good:
                    self._end(read)
                    return
                if read % self.every == 0:
                    given += 1
                    yield images.from_bgr(frame)
                read += 1

    def _end(self, read):
        """Say so if fewer frames came than the file announced."""
        self.complete = read >= self.announced
        if not self.complete:
            warnings.warn(
                f"'{self.path}' ends after {read} of {self.announced} frames; these are kept.",
                VideoWarning,
                stacklevel=3,
            )

    @contextlib.contextmanager
    def _opened(self):
        """OpenCV's reader of the file, which gives at least one frame."""
        if not self.path.is_file():
            raise VideoError(f"'{self.path}' is not there; check the path.")
        with _quiet():
            capture = cv2.VideoCapture(str(self.path))
        try:
            if not capture.isOpened() or not capture.grab():
                raise VideoError(
                    f"'{self.path}' is no video that can be read, or is cut off; copy it again."
                )
            capture.release()
            capture = cv2.VideoCapture(str(self.path))  # from its first frame
            yield capture
        finally:
            capture.release()


class Writer:
    """Write pictures of one size into a video file; it gets its name when the block is left.

    What was written until then is kept, also where an error or an interrupt ended the block.

    Parameters
    ----------
    path : str or Path
        The suffix decides: ``.mp4`` (MPEG-4; smaller) or ``.avi`` (Motion JPEG; opens everywhere).
    rate : float
        Frames per second.

    Raises
    ------
    VideoError
        If the suffix is another, there is no such folder, or nothing can be written there.
    """

    def __init__(self, path, rate=25.0):
        self.path = _path(path)
        self.rate = checks.number(rate, "rate", low=0.1, high=1000)
        if self.path.suffix.lower() not in CODECS:
            raise VideoError(f"'{self.path}' is no .mp4 or .avi; choose one of the two.")
        if not self.path.parent.is_dir():
            raise VideoError(f"there is no folder '{self.path.parent}'; make it first.")
        name = f".{self.path.stem}-{secrets.token_hex(4)}{self.path.suffix}"
        self._working, self._writer, self._size = self.path.with_name(name), None, None
        self._entered = False

    def __enter__(self):
        self._entered = True
        return self

    def __exit__(self, *_):
        self._entered = False
        if self._writer is not None:
            self._writer.release()
            os.replace(self._working, self.path)

    def write(self, image):
        """Add a picture, (H, W, 3) or (H, W) in [0, 1]; the first one sets the size.

        Videos have even sides: where one is odd, the last row or column comes twice.
        """
        if not self._entered:
            raise VideoError("write in a block: with video.Writer(path) as writer: ...")
        frame = images.to_bgr(images.to_rgb(checks.image(image)))
        if self._writer is None:
            self._open(frame)
        if frame.shape != self._size:
            height, width, _ = self._size
            raise VideoError(
                f"image is {frame.shape[1]}x{frame.shape[0]}; wanted {width}x{height} as the first."
            )
        bottom, right = frame.shape[0] % 2, frame.shape[1] % 2
        if bottom or right:
            frame = cv2.copyMakeBorder(frame, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        self._writer.write(frame)

    def _open(self, frame):
        height, width = frame.shape[:2]
        if min(height, width) < SIDES[0] or max(height, width) > SIDES[1]:
            wanted = f"sides from {SIDES[0]} to {SIDES[1]} pixels"
            raise VideoError(f"image is {width}x{height}; a video wants {wanted}: resize it first.")
        code = cv2.VideoWriter_fourcc(*CODECS[self.path.suffix.lower()])
        size = width + width % 2, height + height % 2
        with _quiet():
            writer = cv2.VideoWriter(str(self._working), code, self.rate, size)
        if not writer.isOpened():
            self._working.unlink(missing_ok=True)
            raise VideoError(
                f"'{self.path}' cannot be written; choose another folder, a size below "
                f"{width}x{height}, or .avi."
            )
        self._writer, self._size = writer, frame.shape


def annotate(source, path, network="ssd_mobilenet_v3", *, every=1, most=None, **settings):
    """Find things in a video and write it again, with boxes.

    Parameters
    ----------
    source, path : str or Path
        Of the video to read, and of the one to write (``.mp4`` or ``.avi``).
    network : str
        See `detect`.
    every : int
        Use only every so many frames; the new video takes as long as the old one.
    most : int, optional
        Use at most so many.
    **settings
        Of `detect`: ``threshold``, ``overlap``, ``classes``, ``side``, ``by_hand``.

    Returns
    -------
    Annotated

    Raises
    ------
    VideoError
        If the one cannot be read or the other not written.
    TypeError, ValueError
        As `detect`.

    Warns
    -----
    VideoWarning
        If the source ends before its end. What was read is kept and written.

    Notes
    -----
    A bar shows how far it is. No display is needed. Taught in ``05_2_mobilenet_ssd``.
    """
    video, path = Video(source, every=every, most=most), _path(path)
    if path.exists() and video.path.samefile(path):
        raise VideoError(f"'{path}' is the source itself; write to another file.")
    detect([], network, **settings)  # a wrong setting shows before anything is written
    found = []
    with Writer(path, video.rate / video.every) as writer:
        for frame in widgets.progress(video, "Finding things in each frame"):
            found.append(detect(frame, network, **settings))
            writer.write(drawing.paint(frame, found[-1]))
    numbers = range(0, len(found) * video.every, video.every)
    return Annotated(writer.path, tuple(numbers), tuple(found), video.complete)


def _path(value):
    """The path, or a sentence that says what came instead."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"path is {value!r} ({type(value).__name__}); wanted the path of a video.")
    return Path(value)


@contextlib.contextmanager
def _quiet():
    """Keep OpenCV from writing to the terminal what is said in a sentence here."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
