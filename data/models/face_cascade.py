"""The recipe of face_cascade.xml: train it, write it, and print what its card says.

Run from the root of the repository: python data/models/face_cascade.py
It needs the assets cbcl_faces, corke and group_photos, and some minutes on two cores.
"""

import hashlib
import time
from pathlib import Path

import numpy as np

from course_lib import datasets, fetch, images
from course_lib.classic import cascade
from course_lib.classic.cascade import face_windows, mining, scan, scoring, training

SEED = 0
OUT = Path(__file__).with_suffix(".xml")
SETTINGS = {
    "stages": 15,
    "hit_rate": 0.997,
    "false_alarms": 0.45,
    "stumps": (20, 40, 60, 80, 120, 160, 200, 250),
    "features": 8000,
    "negatives": 5000,
}
# Photos of Corke's set on which nobody's face can be made out.
CORKE = """
    building2-1 butterfly castle church flowers1 flowers2 flowers3 flowers4 flowers5 flowers6
    flowers7 flowers8 flowers9 notre-dame parks road rocks2-l roof tomato_124 tomato_14 tomato_35
    tomato_54 walls-l mosaic/aerial-08 mosaic/aerialphoto mosaic/aerial2-001 seq/im.001 seq/im.005
    seq/im.009
""".split()
LONGEST = 900  # Pixels.


def face_sets(rng):
    """Faces to learn from, faces for thresholds, and hidden ones, all 19x19 bytes."""
    windows, labels = datasets.cbcl()
    faces = face_windows.to_window_bytes(windows[labels == 1])
    part = face_windows.split_in_blocks(len(faces))
    lfw, lfw_labels = datasets.lfw()
    lfw = face_windows.to_window_bytes(lfw[lfw_labels == 1])
    sets = [
        with_copies(faces[chosen], lfw_part, rng)
        for chosen, lfw_part in ((part < 3, lfw[:80]), (part == 3, lfw[80:]))
    ]
    return *sets, faces[part == 4]


def with_copies(faces, lfw, rng):
    """CBCL faces, their mirror images, three moved copies of each, and 15 of each LFW face."""
    copies = [face_windows.jitter(faces, rng) for _ in range(3)]
    frame = {"frame": face_windows.LFW_FRAME, "side": 19}
    press = [face_windows.jitter(lfw, rng, zoom=(0.92, 1.1), **frame) for _ in range(15)]
    return np.concatenate([faces, faces[:, :, ::-1], *copies, *press])


def photos_without_faces():
    """Grey photos of scikit-image and of Corke's set."""
    folder = fetch.fetch("corke")
    campus = sorted(file.relative_to(folder).as_posix() for file in folder.glob("campus/**/*.png"))
    files = [next(folder.glob(f"{name}.*")) for name in CORKE] + [folder / c for c in campus]
    corke = [images.to_grey(images.fit(images.read(file), LONGEST)) for file in files]
    return mining.photos_without_faces() + corke


def report(model, hidden, non_faces):
    """Print the scores that the card holds."""
    digest = hashlib.sha256(OUT.read_bytes()).hexdigest()
    print(f"sha256 {digest}")
    for name, windows in {"hidden faces": hidden, "hidden non-faces": non_faces}.items():
        passed = mining.stages_passed(windows, model) == len(model.stages)
        print(f"{name}: {passed.sum()} of {len(passed)} pass")
    held_out = mining.photos_without_faces(mining.HELD_OUT_PHOTOS)
    left = sum(scan.stage_counts(photo, model) for photo in held_out)
    print(f"{', '.join(mining.HELD_OUT_PHOTOS)}: {left[-1]} of {left[0]:,} windows pass")
    photos = datasets.group_photos()
    for least in (1, 2, 3, 4, 5, 8):
        found = [scoring.grow(scan.detect(p.image, model, min_neighbors=least)) for p in photos]
        hits, false = scoring.count(found, [p.boxes for p in photos])
        print(f"min_neighbors {least}: finds {hits} of 43 with {false} false alarms")


def main():
    rng = np.random.default_rng(SEED)
    learn, tune, hidden = face_sets(rng)
    windows, labels = datasets.cbcl()
    others = face_windows.to_window_bytes(windows[labels == 0])
    part = face_windows.split_in_blocks(len(others))
    photos = photos_without_faces()
    print(f"{len(learn)} faces, {len(tune)} for thresholds, {len(photos)} photos", flush=True)
    start = time.perf_counter()
    model, records = training.train_cascade(
        learn, tune, others[part < 4], photos, rng=rng, name=OUT.stem, **SETTINGS
    )
    print(f"{time.perf_counter() - start:.0f} s")
    for record in records:
        print(record)
    cascade.write_cascade(OUT, model)
    report(cascade.read_cascade(OUT), hidden, others[part == 4])


if __name__ == "__main__":
    main()
