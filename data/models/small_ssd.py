"""The recipe of small_ssd.weights.h5: train it, write it, and print what its card says.

Run from the root of the repository: python data/models/small_ssd.py
It needs the assets twemoji and corke and, on two cores, about a quarter of an hour.
With --score it only prints the score of the stored file.
"""

import argparse
import hashlib
import time

from course_lib import compute
from course_lib.detection import scenes, small_ssd

SEED = 0
STEPS = 6000
HELD_OUT = 1000


def main():
    import keras  # noqa: F401  so that seed_all seeds it

    compute.seed_all(SEED)
    model = small_ssd.build()
    print(f"{model.count_params():,} parameters, {compute.backend()}", flush=True)
    start = time.perf_counter()
    some = scenes.batch(200, 1, split="held out")[1]

    def watch(step):
        line = f"step {step}, {time.perf_counter() - start:.0f} s"
        print(f"{line}: mAP@.5 {small_ssd.evaluate(model, some).mean:.3f}", flush=True)
        save(model)

    small_ssd.train(model, steps=STEPS, seed=SEED, watch=watch, every=500)
    score()


def save(model):
    """Write a model's values; of itself it would write the optimiser's momenta as well."""
    bare = small_ssd.build()
    bare.set_weights(model.get_weights())
    bare.save_weights(small_ssd.CHECKPOINT)


def score():
    """Print what the card says of the stored file."""
    made = scenes.batch(HELD_OUT, 2, split="held out")[1]
    result = small_ssd.evaluate(small_ssd.load_checkpoint(), made)
    count = sum(len(scene.boxes) for scene in made)
    print(f"mAP@.5 {result.mean:.4f} on {count:,} objects in {HELD_OUT:,} held-out scenes")
    print(", ".join(f"{name} {value:.3f}" for name, value in result.by_class.items()))
    content = small_ssd.CHECKPOINT.read_bytes()
    print(f"{len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--score", action="store_true", help="only print the stored file's score")
    score() if told.parse_args().score else main()
