"""The recipe of dcgan_fashion.weights.h5: train it, write it, and print what its card says.

Run from the root of the repository: python data/models/dcgan_fashion.py [FOLDER]
It needs the asset fashion_mnist and about 20 minutes of processor time. With a FOLDER it leaves a
sheet of pictures and the whole training there every 500 steps, and goes on from what it finds.
With --score it only prints the score of the stored file.
"""

import argparse
import hashlib
import os
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # twice as fast; the course turns it off

import numpy as np

from course_lib import compute, datasets, images
from course_lib.generation import dcgan, loop, measures
from course_lib.generation.dcgan import drawing, networks

SEED = 0
STEPS = 10_000  # 10.7 times through the 60,000 pictures
BATCH = 64
MEASURED = 2_500  # pictures for the score


def main(folder=None):
    (pictures, _), _ = datasets.fashion_mnist()
    compute.seed_all(SEED)
    gan, rng = dcgan.Dcgan(), np.random.default_rng(SEED)
    sheet = np.random.default_rng(1).standard_normal((64, gan.code_size))
    saved = None if folder is None else Path(folder) / "dcgan.npz"
    record = loop.Record()
    if saved is not None and saved.exists():
        record = loop.resume(saved, gan.variables, rng=rng)
    step = dcgan.stepper(gan, pictures, rng, batch=BATCH)

    def watch(record):
        means = {name: np.mean(values[-500:]) for name, values in record.curves.items()}
        print(record.steps, means, flush=True)
        if saved is not None:
            loop.save(saved, record, gan.variables, rng=rng)
            name = saved.with_name(f"sheet_{record.steps:05}.png")
            images.write(name, drawing.sheet(dcgan.sample(gan.average, sheet), 8))

    left = STEPS - record.steps
    loop.train(step, left, record=record, variables=gan.variables, watch=watch, every=500)
    gan.average.save_weights(networks.CHECKPOINT)
    score()


def score():
    """Print what the card says of the stored file."""
    (pictures, _), (test, _) = datasets.fashion_mnist()
    codes = np.random.default_rng(SEED).standard_normal((MEASURED, dcgan.CODE_SIZE))
    fakes = dcgan.sample(dcgan.load_generator(), codes)
    classifier = dcgan.load_classifier()
    real, kinds = dcgan.look(classifier, pictures[:MEASURED])[0], ()
    for name, some in {"test pictures": test[:MEASURED], "generated pictures": fakes}.items():
        cloud, kinds = dcgan.look(classifier, some)
        precision, recall = measures.precision_recall(real, cloud)
        distance = measures.frechet_distance(real, cloud)
        print(f"{name}: Frechet distance {distance:.2f}, ", end="")
        print(f"precision {precision:.3f}, recall {recall:.3f}")
    print("kinds of the first 1,000:", np.bincount(kinds[:1000], minlength=10).tolist())
    content = networks.CHECKPOINT.read_bytes()
    print(f"{len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--score", action="store_true", help="only print the stored file's score")
    told.add_argument("folder", nargs="?", help="where the training is kept every 500 steps")
    told = told.parse_args()
    score() if told.score else main(told.folder)
