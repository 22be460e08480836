"""Average precision of 5,000 pictures' detections, ours beside pycocotools.

    .venv/bin/python benchmarks/metrics.py

Prints a Markdown table. pycocotools measures one size of objects ("all") instead of its four, and
reading its lists is not counted: what is left is the same work. Processor time.
"""

import argparse
import contextlib
import io
import os
import platform
import time

for library in ("OMP", "OPENBLAS", "MKL"):  # read when NumPy is first imported
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
from pycocotools.coco import COCO  # noqa: E402
from pycocotools.cocoeval import COCOeval  # noqa: E402

from course_lib.detection import boxes, metrics  # noqa: E402

CLASSES = 80


def picture(rng, detections):
    """Seven objects of up to three classes, and detections of which two thirds are near them."""
    labels = rng.choice(rng.integers(0, CLASSES, 3), 7)
    low = rng.uniform(0, 500, (7, 2))
    true = np.hstack([low, low + rng.uniform(10, 140, (7, 2))])
    owner = rng.integers(0, 7, detections)
    near = true[owner] + rng.normal(0, 8, (detections, 4))
    near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
    lost = rng.random(detections) < 1 / 3
    found_labels = np.where(lost, rng.integers(0, CLASSES, detections), labels[owner])
    found = metrics.Found(near, rng.random(detections).round(3), found_labels)
    return found, metrics.Truth(true, labels, rng.random(7) < 0.02)


def read_by_pycocotools(found, truth):
    """A COCOeval that holds the same boxes."""
    true, results = [], []
    for i, (f, t) in enumerate(zip(found, truth, strict=True)):
        for box, label, crowd in zip(boxes.to_size(t.boxes), t.labels, t.aside, strict=True):
            row = {"image_id": i, "category_id": int(label), "bbox": box.tolist()}
            row |= {"id": len(true) + 1, "area": float(box[2] * box[3]), "iscrowd": int(crowd)}
            true.append(row)
        for box, label, score in zip(boxes.to_size(f.boxes), f.labels, f.scores, strict=True):
            row = {"image_id": i, "category_id": int(label), "bbox": box.tolist()}
            results.append(row | {"score": float(score)})
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i} for i in range(len(found))],
        "categories": [{"id": c, "name": str(c)} for c in range(CLASSES)],
        "annotations": true,
    }
    coco.createIndex()
    run = COCOeval(coco, coco.loadRes(results), "bbox")
    run.params.areaRng, run.params.areaRngLbl, run.params.maxDets = [[0, 1e10]], ["all"], [100]
    return run


def their_table(run):
    """Average precision of pycocotools, (classes, overlaps)."""
    run.evaluate()
    run.accumulate()
    precision = run.eval["precision"][..., 0, 0]
    return np.where(precision[0, 0] > -1, precision.mean(axis=1), np.nan).T


def timed(function):
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=5000)
    pictures = parser.parse_args().pictures
    print(f"{platform.machine()}, 1 thread, NumPy {np.__version__}. {pictures:,} pictures, 7 true")
    print(f"boxes each, {CLASSES} classes, ten overlaps. Processor time of one run each.\n")
    print(
        "| detections in a picture | ours, s | pycocotools, s | times faster | mAP | difference |"
    )
    print("|---|---|---|---|---|---|")
    for detections in (10, 30, 100):
        rng = np.random.default_rng(detections)
        cases = [picture(rng, detections) for _ in range(pictures)]
        found, truth = zip(*cases, strict=True)
        with contextlib.redirect_stdout(io.StringIO()):
            run = read_by_pycocotools(found, truth)
            theirs, table = timed(lambda run=run: their_table(run))
        ours, result = timed(
            lambda f=found, t=truth: metrics.evaluate(f, t, classes=range(CLASSES))
        )
        difference = np.nanmax(np.abs(result.table - table))
        print(
            f"| {detections} | {ours:.1f} | {theirs:.1f} | **{theirs / ours:.1f}** "
            f"| {result.mean:.4f} | {difference:.0e} |"
        )


if __name__ == "__main__":
    main()
