"""OpenPose and MoveNet on the nine group photos: pictures per second and quality by input size.

    python benchmarks/pose.py               # about three minutes on two cores
    python benchmarks/pose.py --runs 5      # more runs per time

Prints Markdown tables. Time is that of the networks alone, and of all that makes people of a
photo; quality is how many of the 43 annotated faces hold a found nose, and how many noses lie
elsewhere. Needs the assets openpose, movenet and group_photos (course fetch).
"""

import argparse
import os
import platform
import time

import cv2
import numpy as np

from course_lib import datasets, images
from course_lib.pose import movenet, openpose
from course_lib.pose.openpose import scoring

HEIGHTS = (96, 128, 184, 248, 368, 496)
ORDERS = {
    "blue, green, red (as trained)": lambda picture: picture,
    "red, green, blue": lambda picture: picture[..., ::-1],
    "grey": images.to_grey,
}


def photos_and(function, photos):
    """What a function gives for every photo, and the seconds that all of them took."""
    start = time.perf_counter()
    return [function(photo.image) for photo in photos], time.perf_counter() - start


def quickest(function, photos, runs):
    """Photos per second, median of some runs after one that warms up."""
    photos_and(function, photos[:1])
    return len(photos) / np.median([photos_and(function, photos)[1] for _ in range(runs)])


def faces(people_of_photos, photos):
    """Score of the noses of all photos."""
    total = scoring.NOTHING
    for people, photo in zip(people_of_photos, photos, strict=True):
        total = total + scoring.score_faces(scoring.noses(people), photo.boxes)
    return total


def quality(people, photos):
    """The columns of the tables that say what was found."""
    score = faces(people, photos)
    parts = sum(found.found.sum() for found in people)
    return f"{score.hit.sum()} | {score.false.sum()} | {sum(map(len, people))} | {parts}"


def print_sizes(photos, runs):
    """Speed and quality of OpenPose by input height, and of MoveNet."""
    print("| network | input height, px | network, photos/s | all, photos/s ", end="")
    print("| faces with a nose, of 43 | noses elsewhere | people | parts |")
    print("|---|---|---|---|---|---|---|---|")
    for height in HEIGHTS:
        network = quickest(lambda p, h=height: openpose.maps(p, height=h), photos, runs)
        whole = quickest(lambda p, h=height: openpose.detect(p, height=h), photos, runs)
        people, _ = photos_and(lambda p, h=height: openpose.detect(p, height=h), photos)
        print(f"| OpenPose | {height} | {network:.1f} | {whole:.1f} | {quality(people, photos)} |")
    whole = quickest(movenet.detect, photos, runs)
    people, _ = photos_and(movenet.detect, photos)
    print(f"| MoveNet, one person | 192 | | {whole:.1f} | {quality(people, photos)} |\n")


def print_orders(photos):
    """What the order of colours does to the quality."""
    print("| colours | height, px | faces with a nose, of 43 | noses elsewhere | people | parts |")
    print("|---|---|---|---|---|---|")
    for height in (184, 368):
        for name, change in ORDERS.items():
            people, _ = photos_and(
                lambda p, h=height, f=change: openpose.detect(f(p), height=h), photos
            )
            print(f"| {name} | {height} | {quality(people, photos)} |")
    print()


def print_enlarged(photos):
    """Whether it helps to enlarge the maps before peaks are sought."""
    print("| maps enlarged | height, px | faces with a nose, of 43 | noses elsewhere ", end="")
    print("| people | parts |\n|---|---|---|---|---|---|")
    for height in (184, 368):
        maps, _ = photos_and(lambda p, h=height: openpose.maps(p, height=h), photos)
        for times in (1, 2, 4):
            people = [openpose.merge(found, enlarge=times) for found in maps]
            print(f"| {times} times | {height} | {quality(people, photos)} |")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs per time; the median counts")
    runs = parser.parse_args().runs
    photos = datasets.group_photos()
    cores, threads = os.cpu_count(), cv2.getNumThreads()
    print(
        f"{platform.machine()}, {cores} cores, {threads} threads, OpenCV {cv2.__version__}.",
        end=" ",
    )
    print(f"Medians of {runs} runs over {len(photos)} photos.\n")
    print_sizes(photos, runs)
    print_orders(photos)
    print_enlarged(photos)


if __name__ == "__main__":
    main()
