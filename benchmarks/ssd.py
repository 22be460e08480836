"""SSD-MobileNet: what comes after the network by hand, against the network; speed by input size.

    python benchmarks/ssd.py               # about a minute
    python benchmarks/ssd.py --runs 31     # more runs per time

Prints Markdown tables. By hand means: sigmoid, decoding of the offsets and suppression class by
class, from the raw outputs. The forward pass includes making the input from the picture. Both take
turns, so that a busy machine slows both.
"""

import argparse
import os
import platform
import time

import cv2
import numpy as np

from course_lib import datasets, fetch, images
from course_lib.detection import ssd
from course_lib.detection.ssd import networks, selection

THRESHOLDS = (0.5, 0.3, 0.1, 0.01)
SIDES = (320, 448, 640)


def photos():
    """A crowd, a street and two photos with few things: name -> picture."""
    found = {name: datasets.photo(name) for name in ("coffee", "astronaut")}
    if fetch.cached("corke") is not None:
        found["street"] = images.read(fetch.cached("corke") / "image3.jpg")
    if fetch.cached("group_photos") is not None:
        found["group"] = max(datasets.group_photos(), key=lambda photo: len(photo.boxes)).image
    return found


def seconds(function, *arguments, **settings):
    """How long a call takes, and what it returns."""
    start = time.perf_counter()
    value = function(*arguments, **settings)
    return time.perf_counter() - start, value


def race(net, picture, threshold, runs):
    """Seconds of the network and of what follows by hand, (runs, 2); a first run is not kept."""
    rows = []
    for _ in range(runs + 1):
        forward, raw = seconds(net.raw, picture)
        outputs = raw.logits, raw.offsets, raw.defaults
        rows.append((forward, seconds(selection.select, *outputs, threshold=threshold)[0]))
    return np.array(rows[1:])


def report_hand(pictures, runs):
    """Print what decoding and suppression by hand cost, beside the network."""
    print(
        "| network | threshold | forward pass, ms | by hand, ms | by hand / forward, worst photo |"
    )
    print("|---|---|---|---|---|")
    for name in networks.SETTINGS:
        net = ssd.load(name)
        for threshold in THRESHOLDS:
            times = np.array([race(net, p, threshold, runs) for p in pictures.values()])
            forward, hand = 1000 * np.median(times, axis=1).T  # one per photo
            share = np.median(times[..., 1] / times[..., 0], axis=1).max()
            print(
                f"| {name} | {threshold:g} | {forward.mean():.0f} | {hand.mean():.2f} "
                f"| **{share:.1%}** |"
            )


def report_sides(picture, runs):
    """Print pictures per second by input size, from picture to named boxes."""
    print("\n| input | " + " | ".join(networks.SETTINGS) + " |")
    print("|---|" + "---|" * len(networks.SETTINGS))
    for side in SIDES:
        cells = []
        for name in networks.SETTINGS:
            ssd.detect(picture, name, side=side)  # loads the graph
            times = [seconds(ssd.detect, picture, name, side=side)[0] for _ in range(runs)]
            cells.append(f"{1 / np.median(times):.1f}")
        print(f"| {side} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=11, help="runs per time")
    parser.add_argument("--threads", type=int, default=2, help="for OpenCV")
    arguments = parser.parse_args()
    cv2.setNumThreads(arguments.threads)
    pictures = photos()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {cv2.getNumThreads()} threads, OpenCV "
        f"{cv2.__version__}. Medians of {arguments.runs} runs; photos: {', '.join(pictures)}.\n"
    )
    report_hand(pictures, arguments.runs)
    print("\nPictures per second, `detect` of the astronaut (512x512):")
    report_sides(pictures["astronaut"], arguments.runs)


if __name__ == "__main__":
    main()
