"""The recipe of cifar10_cnn.weights.h5: train it, write it, and print what its card says.

Run from the root of the repository: python data/models/cifar10_cnn.py
It needs the asset cifar10 and, on two cores, about two minutes for each of its 14 epochs.
With --score it only prints the score of the stored file.
"""

import argparse
import hashlib
import time

from course_lib import compute, datasets
from course_lib.networks import recipes

SEED = 0
EPOCHS = 14


def main():
    train, _ = datasets.cifar10()
    rng = compute.seed_all(SEED)
    model = recipes.cifar_network()
    print(f"{model.count_params():,} parameters, {compute.backend()}", flush=True)
    start = time.perf_counter()

    def watch(epoch, record):
        print(f"epoch {epoch + 1}, {time.perf_counter() - start:.0f} s: {record}", flush=True)

    recipes.train(model, *train, epochs=EPOCHS, rng=rng, watch=watch)
    bare = recipes.cifar_network()  # a trained model would store its optimiser's momenta as well
    bare.set_weights(model.get_weights())
    bare.save_weights(recipes.CHECKPOINT)
    score()


def score():
    """Print what the card says of the stored file."""
    pictures, labels = datasets.cifar10()[1]
    logits = recipes.load_checkpoint().predict(pictures, batch_size=500, verbose=0)
    right = logits.argmax(axis=1) == labels
    print(f"test accuracy {right.mean():.4f} on {len(labels):,} pictures")
    classes = enumerate(datasets.CIFAR10_NAMES)
    print(", ".join(f"{name} {right[labels == k].mean():.3f}" for k, name in classes))
    content = recipes.CHECKPOINT.read_bytes()
    print(f"{len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--score", action="store_true", help="only print the stored file's score")
    score() if told.parse_args().score else main()
