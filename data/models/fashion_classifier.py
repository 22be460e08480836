"""The recipe of fashion_classifier.weights.h5: train it, write it, and print what its card says.

Run from the root of the repository: python data/models/fashion_classifier.py
It needs the asset fashion_mnist and about three minutes of processor time.
With --score it only prints the score of the stored file.
"""

import argparse
import hashlib
import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # twice as fast; the course turns it off

from course_lib import compute, datasets
from course_lib.generation import dcgan
from course_lib.generation.dcgan.classifier import CHECKPOINT

SEED = 0
EPOCHS = 8


def main():
    import keras  # before the seed, which is for Keras as well

    (pictures, labels), _ = datasets.fashion_mnist()
    compute.seed_all(SEED)
    model = dcgan.classifier()
    print(f"{model.count_params():,} parameters, {keras.config.backend()}", flush=True)
    dcgan.train_classifier(model, pictures, labels, epochs=EPOCHS, watch=print)
    bare = dcgan.classifier()  # a trained model would store its optimiser's momenta as well
    bare.set_weights(model.get_weights())
    bare.save_weights(CHECKPOINT)
    score()


def score():
    """Print what the card says of the stored file."""
    pictures, labels = datasets.fashion_mnist()[1]
    right = dcgan.look(dcgan.load_classifier(), pictures)[1] == labels
    print(f"test accuracy {right.mean():.4f} on {len(labels):,} pictures")
    classes = enumerate(datasets.FASHION_NAMES)
    print(", ".join(f"{name} {right[labels == k].mean():.3f}" for k, name in classes))
    content = CHECKPOINT.read_bytes()
    print(f"{len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--score", action="store_true", help="only print the stored file's score")
    score() if told.parse_args().score else main()
