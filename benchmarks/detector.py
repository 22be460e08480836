"""The face detector: ours against OpenCV's, with OpenCV's cascades, in one run.

Speed on pictures of 1920x1080, both on the same number of threads, taking turns; equality of the
boxes on every photograph that the course has, grouped and raw.

    python benchmarks/detector.py               # the three cascades of the course, about a minute
    python benchmarks/detector.py --all         # all 17 that OpenCV brings
    python benchmarks/detector.py --runs 21     # more runs per time

Prints Markdown tables. Ours compiles with numba on first use; that is timed on its own, in fresh
processes with an empty and a filled cache, and is in none of the other numbers. The group photos
take part when they are in the cache (course fetch group_photos).
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numba
import numpy as np

from course_lib import datasets, fetch, images
from course_lib.classic import cascade
from course_lib.classic.cascade import scan
from course_lib.detection import boxes

COURSE = ("frontalface_default", "frontalface_alt2", "eye")
NATIVE = ("astronaut", "china", "coffee", "motorcycle_left", "rocket", "chelsea", "flower")
SETTINGS = {"scale_factor": 1.1, "min_neighbors": 3}
OVERLAP = 0.9
FIRST_CALL = "import detector as b; print(b.time_first_call())"


def enlarged():
    """The middle 16:9 of the astronaut (512x288 pixels), enlarged to 1920x1080."""
    photo = datasets.photo("astronaut")[:288]
    picture = cv2.resize(photo, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture, 0, 1)


def collage():
    """Photos in their own size, side by side and repeated until 1920x1080 are full."""
    photos = [datasets.photo(name) for name in NATIVE]
    photos = [np.dstack([p] * 3) if p.ndim == 2 else p for p in photos]
    canvas = np.zeros((1080, 1920, 3), np.float32)
    for top in range(0, 1080, 300):
        left = 0
        while left < 1920:
            photo = photos[0][:300, : 1920 - left]
            canvas[top : top + 300, left : left + photo.shape[1]] = photo[: 1080 - top]
            left += photo.shape[1]
            photos.append(photos.pop(0))
    return canvas


def all_photos():
    """Name -> picture: the photos of the packages, and the group photos where they are cached."""
    photos = {name: datasets.photo(name) for name in datasets.photo_names()}
    if fetch.cached("group_photos") is not None:
        photos |= {group.name: group.image for group in datasets.group_photos()}
    return photos


def both(name):
    """Two detectors with one cascade: ours and OpenCV's."""
    file = f"haarcascade_{name}"
    opencv = cv2.CascadeClassifier(f"{cv2.data.haarcascades}{file}.xml")
    return cascade.opencv_cascade(file), opencv


def opencv_boxes(picture, detector, neighbors):
    """OpenCV's boxes (n, 4) as corners, from its own kind of picture: bytes, BGR or grey."""
    found = detector.detectMultiScale(picture, SETTINGS["scale_factor"], neighbors)
    found = np.array(found, float).reshape(-1, 4)
    return np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])


def opencv_picture(image):
    return images.to_bytes(image) if image.ndim == 2 else images.to_bgr(image)


def seconds(function, *arguments, **settings):
    start = time.perf_counter()
    function(*arguments, **settings)
    return time.perf_counter() - start


def race(image, own, opencv, runs):
    """Seconds of each run (runs, 2), ours first, taking turns; a first run is not kept."""
    picture, neighbors = opencv_picture(image), SETTINGS["min_neighbors"]
    rows = [
        (
            seconds(scan.detect, image, own, **SETTINGS),
            seconds(opencv_boxes, picture, opencv, neighbors),
        )
        for _ in range(runs + 1)
    ]
    return np.array(rows[1:])


def compare(photos, own, opencv, neighbors):
    """Boxes matched, ours, theirs, and photos where both lists hold the very same boxes."""
    matched = ours_n = theirs_n = same = 0
    for image in photos.values():
        theirs = opencv_boxes(opencv_picture(image), opencv, neighbors)
        ours = scan.detect(
            image, own, scale_factor=SETTINGS["scale_factor"], min_neighbors=neighbors
        )
        matched += len(boxes.match(ours, theirs, overlap=OVERLAP))
        ours_n, theirs_n = ours_n + len(ours), theirs_n + len(theirs)
        same += sorted(ours.tolist()) == sorted(theirs.tolist())
    return matched, ours_n, theirs_n, same


def time_first_call():
    """Seconds of the first detection in this process."""
    own = cascade.opencv_cascade("haarcascade_frontalface_default")
    return seconds(scan.detect, datasets.photo("astronaut"), own, **SETTINGS)


def first_calls():
    """Seconds of the first call with an empty numba cache, and with the cache that it left."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        runs = [
            subprocess.run(
                [sys.executable, "-c", FIRST_CALL],
                env=environment,
                cwd=Path(__file__).parent,
                check=True,
                capture_output=True,
            )
            for _ in range(2)
        ]
    return [float(run.stdout) for run in runs]


def report_speed(names, runs):
    print("| cascade | 1920x1080 picture | ours, ms | OpenCV, ms | ours / OpenCV | spread |")
    print("|---|---|---|---|---|---|")
    pictures = {"astronaut enlarged": enlarged(), "collage": collage()}
    for name in names:
        for title, image in pictures.items():
            times = race(image, *both(name), runs)
            ours, theirs = 1000 * np.median(times, axis=0)
            ratio = np.divide(*times.T)
            low, high = np.percentile(ratio, [10, 90])
            print(
                f"| {name} | {title} | {ours:.0f} | {theirs:.0f} | **{ours / theirs:.2f}** "
                f"| {low:.2f} to {high:.2f} |"
            )


def report_equality(names, photos):
    print(
        f"\n| cascade | boxes matched at IoU >= {OVERLAP}, of OpenCV's (of ours) "
        "| photos with equal boxes | raw hits matched | photos with equal raw hits |"
    )
    print("|---|---|---|---|---|")
    sums = np.zeros((2, 4), int)
    for name in names:
        rows = np.array([compare(photos, *both(name), n) for n in (SETTINGS["min_neighbors"], 0)])
        print(f"| {name} {_cells(rows, len(photos))}")
        sums += rows
    print(f"| all {_cells(sums, len(photos) * len(names))}")


def _cells(rows, photos):
    return (
        "".join(
            f"| {matched} of {theirs} ({ours}) | {same} of {photos} "
            for matched, ours, theirs, same in rows
        )
        + "|"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=11, help="runs per time")
    parser.add_argument("--threads", type=int, default=2, help="for either side")
    parser.add_argument("--all", action="store_true", help="all cascades that OpenCV brings")
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    numba.set_num_threads(min(arguments.threads, numba.config.NUMBA_NUM_THREADS))
    files = sorted(Path(cv2.data.haarcascades).glob("haarcascade_*.xml"))
    names = [f.stem.removeprefix("haarcascade_") for f in files] if arguments.all else COURSE
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {cv2.getNumThreads()} threads for OpenCV "
        f"{cv2.__version__}, {numba.get_num_threads()} for ours; numba {numba.__version__}. "
        f"Medians of {arguments.runs} runs, {SETTINGS}.\n"
    )
    compiling, cached = first_calls()
    report_speed(names, arguments.runs)
    photos = all_photos()
    report_equality(names, photos)
    print(
        f"\n{len(photos)} photos. The first call on a machine also compiles: {compiling:.1f} s; "
        f"the first call of a later process loads that: {cached:.1f} s."
    )


if __name__ == "__main__":
    main()
