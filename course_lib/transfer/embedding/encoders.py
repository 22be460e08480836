"""From pictures to vectors: by the layers of a network, or by a vocabulary of SIFT words.

Used in ``04_2_embedding_and_retrieval``.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks, images
from course_lib.networks import probes
from course_lib.transfer import descriptors, maps, words


def pooled(model, layers, pictures, *, batch_size=16):
    """Average the maps of some layers over all positions: one number per channel.

    Parameters
    ----------
    model : keras.Model
    layers : str or sequence of str
        Names of layers with maps.
    pictures : (N, H, W, 3) array, or list of pictures of any sizes
        RGB in [0, 1].
    batch_size : int
        Pictures per pass; those of different sizes pass one by one.

    Returns
    -------
    dict of str to (N, channels) float32 ndarray

    Raises
    ------
    TypeError, ValueError
        As `course_lib.networks.probes.activations`; also if there is no picture, or a layer has no
        maps.
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty; wanted at least one.")
    layers = [layers] if isinstance(layers, str) else list(layers)
    equal = len({np.shape(picture) for picture in pictures}) == 1
    step = checks.number(batch_size, "batch_size", low=1, integer=True) if equal else 1
    parts = []
    for start in range(0, len(pictures), step):
        answers = probes.activations(model, layers, pictures[start : start + step])
        parts.append({name: _mean(answers[name], name) for name in layers})
    return {name: np.concatenate([part[name] for part in parts]) for name in layers}


def _mean(answer, name):
    if answer.ndim != 4:
        raise ValueError(f"layer {name} answers {answer.shape}; wanted maps (N, h, w, channels).")
    return answer.mean(axis=(1, 2))


@dataclass(frozen=True)
class Vocabulary:
    """Words, hard and soft, for descriptors that were shortened by PCA.

    Attributes
    ----------
    principal : maps.Principal
        The axes that are kept.
    centres : (K, D) float64 ndarray
    mixture : words.Mixture
        Of as many words.
    """

    principal: maps.Principal
    centres: np.ndarray
    mixture: words.Mixture

    def describe(self, picture, *, step=None, limit=300):
        """Shortened RootSIFT of a picture, (n, D): at keypoints, or every `step` pixels."""
        if step is None:
            rows = descriptors.sift(picture, limit=limit)[1]
        else:
            rows = descriptors.dense_sift(picture, step=step)[1]
        return self.principal.project(descriptors.root(rows))

    def vlads(self, described):
        """VLAD vectors, (N, K * D), normalised."""
        return words.normalise([words.vlad(rows, self.centres) for rows in described])

    def fishers(self, described):
        """Fisher vectors, (N, 2 * K * D), normalised."""
        return words.normalise([words.fisher_vector(rows, self.mixture) for rows in described])


def learn(rows, count, *, axes=64, seed=0):
    """Learn a vocabulary: principal axes, words, and a mixture of as many Gaussians.

    Parameters
    ----------
    rows : (n, 128) array
        RootSIFT descriptors of many pictures together.
    count : int
        Number of words.
    axes : int
        Of 128, how many principal axes are kept.
    seed : int

    Returns
    -------
    Vocabulary

    Raises
    ------
    ValueError
        If there are fewer rows than words or axes, or numbers that are not finite.
    """
    principal = maps.pca(rows, axes)
    short = principal.project(rows)
    centres = words.vocabulary(short, count, seed=seed)
    return Vocabulary(principal, centres, words.mixture(short, count, seed=seed))


def tightest_words(centres, rows, points, pictures, *, count=10):
    """Cut out, for each word, the patches nearest to it, one from each picture at most.

    Parameters
    ----------
    centres : (K, D) array
        Words.
    rows : sequence of (n, D) arrays
        The descriptors of each picture.
    points : sequence of (n, 4) arrays
        Where they are, as `descriptors.sift` gives them.
    pictures : sequence of (H, W) or (H, W, 3) arrays
    count : int
        Patches for each word.

    Returns
    -------
    list of list of (32, 32) float32 ndarray
        Grey patches of each word; the word whose patches are nearest to it comes first.
    """
    distances = [((r[:, None] - centres) ** 2).sum(axis=-1) for r in rows]  # (n, K) each
    nearest = np.array([d.argmin(axis=0) for d in distances])  # (pictures, K)
    least = np.array([d.min(axis=0) for d in distances])
    chosen = np.argsort(least, axis=0, kind="stable")[:count]  # (count, K)
    order = np.argsort(np.take_along_axis(least, chosen, axis=0).mean(axis=0), kind="stable")
    grey = [images.to_grey(images.to_rgb(picture)) for picture in pictures]
    return [
        [descriptors.patch(grey[i], points[i][nearest[i, word]]) for i in chosen[:, word]]
        for word in order
    ]
