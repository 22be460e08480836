"""Visual words: shapes, errors, values by hand, and loops and libraries as oracles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from course_lib import compute, datasets, images
from course_lib.transfer import descriptors, words
from course_lib.transfer.embedding import encoders, scenes

quick = settings(max_examples=25, deadline=None)
sizes = {
    "n": st.integers(1, 30),
    "k": st.integers(1, 6),
    "d": st.integers(1, 9),
    "seed": st.integers(0, 999),
}


def problem(n, k, d, seed):
    """Random descriptors (n, d), centres (k, d) and a mixture about those."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(k, 3.0))
    centres = rng.normal(size=(k, d))
    return (
        rng.normal(size=(n, d)),
        centres,
        words.Mixture(weights, centres, rng.uniform(0.2, 2, (k, d))),
    )


def scikit_mixture(mixture):
    """The same mixture as an object of scikit-learn."""
    model = GaussianMixture(len(mixture.weights), covariance_type="diag")
    model.weights_, model.means_ = mixture.weights, mixture.means
    model.covariances_ = mixture.variances
    model.precisions_cholesky_ = 1 / np.sqrt(mixture.variances)
    return model


@pytest.fixture(scope="module")
def coffee():
    return images.fit(datasets.photo("coffee"), 200)


# Descriptors


def test_sift_gives_points_inside_the_picture_and_their_descriptors(coffee):
    points, rows = descriptors.sift(coffee, limit=50)
    assert points.shape == (50, 4) and rows.shape == (50, 128)
    assert points.dtype == rows.dtype == np.float32
    height, width = coffee.shape[:2]
    assert (points[:, :2] >= 0).all() and (points[:, :2] < (width, height)).all()
    assert rows.min() >= 0 and rows.max() <= 255


def test_sift_keeps_the_strongest_first_so_that_a_smaller_limit_is_a_beginning(coffee):
    many, few = descriptors.sift(coffee, limit=60)[0], descriptors.sift(coffee, limit=20)[0]
    assert (many[:20] == few).all()


def test_sift_finds_a_turned_picture_again(coffee):
    """Four quarter turns move pixels without changing them: the descriptors must come along."""
    square = coffee[:128, 20:148]
    rows = descriptors.root(descriptors.sift(square)[1])
    turned = descriptors.root(descriptors.sift(np.rot90(square).copy())[1])
    best = (rows @ turned.T).max(axis=1)
    assert np.median(best) > 0.97  # 1 were equal
    upright = descriptors.root(descriptors.dense_sift(square)[1])
    rotated = descriptors.root(descriptors.dense_sift(np.rot90(square).copy())[1])
    assert np.median((upright @ rotated.T).max(axis=1)) < 0.93  # upright circles do not turn


@pytest.mark.parametrize("picture", [np.zeros((40, 50)), np.full((8, 8, 3), 0.5)])
def test_a_flat_picture_has_no_keypoint(picture):
    points, rows = descriptors.sift(picture)
    assert points.shape == (0, 4) and rows.shape == (0, 128)


def test_dense_sift_covers_a_flat_picture_row_by_row():
    points, rows = descriptors.dense_sift(np.zeros((16, 24)), step=8)
    assert points[:, :2].tolist() == [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]
    assert rows.shape == (6, 128)


def test_root_by_hand():
    rows = descriptors.root([[1, 3, 0], [0, 0, 0]])
    assert rows == pytest.approx(np.array([[0.5, 0.75**0.5, 0], [0, 0, 0]]))


def test_patch_cuts_an_upright_square_pixel_for_pixel():
    picture = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    # Eight pixels wide about the corner between four pixels: columns 6 to 13, rows 4 to 11.
    cut = descriptors.patch(picture, (9.5, 7.5, 4, 0), 8, reach=2)
    assert cut == pytest.approx(picture[4:12, 6:14], abs=1e-6)


def test_patch_turns_with_its_point():
    """Angles grow clockwise, as rows go down: at 90 degrees, right in the patch is down outside."""
    picture = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    cut = descriptors.patch(picture, (9.5, 7.5, 8, 90), 8, reach=1)
    assert cut == pytest.approx(np.rot90(picture[4:12, 6:14]), abs=1e-3)


def test_pooled_is_the_mean_over_positions_for_pictures_of_any_sizes():
    compute.backend()
    import keras

    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", name="early"),
            keras.layers.Conv2D(5, 3, strides=2, name="late"),
        ]
    )
    rng = np.random.default_rng(0)
    pictures = [rng.random((9 + n, 12, 3)).astype(np.float32) for n in range(3)]
    vectors = encoders.pooled(model, ["early", "late"], pictures)
    assert vectors["early"].shape == (3, 4) and vectors["late"].shape == (3, 5)
    for row, picture in enumerate(pictures):
        answer = keras.ops.convert_to_numpy(model(picture[None]))[0]
        assert vectors["late"][row] == pytest.approx(answer.mean(axis=(0, 1)), abs=1e-5)
    one_name = encoders.pooled(model, "late", pictures)
    assert one_name["late"] == pytest.approx(vectors["late"], abs=1e-5)
    same = encoders.pooled(model, ["late"], [pictures[0]] * 5, batch_size=2)["late"]
    assert same == pytest.approx(np.tile(vectors["late"][0], (5, 1)), abs=1e-5)
    with pytest.raises(ValueError, match="layer 'lat' is not known; did you mean late"):
        encoders.pooled(model, ["lat"], pictures)
    with pytest.raises(ValueError, match="pictures is empty"):
        encoders.pooled(model, ["late"], [])


def test_a_vocabulary_gives_all_pictures_vectors_of_one_length(coffee):
    rows = descriptors.root(descriptors.sift(coffee)[1])
    vocabulary = encoders.learn(rows, 5, axes=8)
    described = [vocabulary.describe(coffee), vocabulary.describe(np.full((30, 30), 0.5))]
    assert described[1].shape == (0, 8)
    for encode, length in (("vlads", 40), ("fishers", 80)):
        vectors = getattr(vocabulary, encode)(described)
        assert vectors.shape == (2, length)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0])
    with pytest.raises(ValueError, match="3 rows for 5 words|count is 8"):
        encoders.learn(rows[:3], 5, axes=8)


def test_the_town_is_seen_turned(asset):
    asset("corke")
    task = scenes.places(rows=2, views=3, side=40)
    assert task.pictures.shape == (12, 40, 40, 3) and task.pictures.dtype == np.float32
    assert task.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert task.pictures.min() >= 0 and task.pictures.max() <= 1
    assert (scenes.places(rows=2, views=3, side=40).pictures == task.pictures).all()


# Words


@given(**sizes)
@quick
def test_assign_finds_the_nearest_centre_as_a_loop_does(n, k, d, seed):
    rows, centres, _ = problem(n, k, d, seed)
    expected = [np.argmin([np.linalg.norm(row - c) for c in centres]) for row in rows]
    assert words.assign(rows, centres).tolist() == expected


def test_bag_of_words_by_hand():
    rows = [[0.1, 0], [9, 9], [8, 8], [-1, 0]]
    assert words.bag_of_words(rows, [[0, 0], [10, 10], [50, 50]]).tolist() == [0.5, 0.5, 0]


def test_vlad_by_hand():
    rows = [[1, 0], [0, 2], [9, 9]]
    assert words.vlad(rows, [[0, 0], [10, 10]]).tolist() == [1, 2, -1, -1]


def loop_vlad(rows, centres):
    """The definition: for each word the sum of x - c over the descriptors nearest to it."""
    result = []
    for k, centre in enumerate(centres):
        total = np.zeros(len(centre))
        for row in rows:
            if np.argmin([np.sum((row - c) ** 2) for c in centres]) == k:
                total += row - centre
        result.extend(total)
    return np.array(result)


@given(**sizes)
@quick
def test_vlad_equals_the_loop(n, k, d, seed):
    rows, centres, _ = problem(n, k, d, seed)
    assert words.vlad(rows, centres) == pytest.approx(loop_vlad(rows, centres), abs=1e-9)


# Fisher vector


@given(**sizes)
@quick
def test_posteriors_equal_scikit_learn(n, k, d, seed):
    rows, _, mixture = problem(n, k, d, seed)
    theirs = scikit_mixture(mixture).predict_proba(rows)
    assert words.posteriors(rows, mixture) == pytest.approx(theirs, abs=1e-9)


def test_posteriors_far_from_every_word_are_still_shares():
    mixture = words.Mixture(np.array([0.5, 0.5]), np.array([[0.0], [1.0]]), np.ones((2, 1)))
    shares = words.posteriors([[1e4], [-1e4]], mixture)
    assert shares == pytest.approx(np.array([[0, 1], [1, 0]]))


def test_fisher_vector_by_hand():
    """One Gaussian of width 2 about 1; 3 and 5: (1 + 2) / 2 and (0 + 3) / 2 / sqrt 2."""
    mixture = words.Mixture(np.ones(1), np.ones((1, 1)), np.full((1, 1), 4.0))
    assert words.fisher_vector([[3], [5]], mixture) == pytest.approx([1.5, 1.5 / 2**0.5])


def loop_fisher(rows, mixture):
    """Perronnin's formulas, one descriptor, word and axis at a time."""
    (K, D), n = mixture.means.shape, len(rows)
    by_mean, by_width = np.zeros((K, D)), np.zeros((K, D))
    for x in rows:
        density = [
            w * np.prod(np.exp(-((x - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v))
            for w, m, v in zip(mixture.weights, mixture.means, mixture.variances, strict=True)
        ]
        for k in range(K):
            share = density[k] / sum(density)
            for d in range(D):
                z = (x[d] - mixture.means[k, d]) / np.sqrt(mixture.variances[k, d])
                by_mean[k, d] += share * z / (n * np.sqrt(mixture.weights[k]))
                by_width[k, d] += share * (z**2 - 1) / (n * np.sqrt(2 * mixture.weights[k]))
    return np.r_[by_mean.ravel(), by_width.ravel()]


@given(**sizes)
@quick
def test_fisher_vector_equals_the_loop(n, k, d, seed):
    rows, _, mixture = problem(n, k, d, seed)
    assert words.fisher_vector(rows, mixture) == pytest.approx(loop_fisher(rows, mixture), abs=1e-8)


@given(**sizes)
@quick
def test_fisher_vector_equals_scikit_image(n, k, d, seed):
    """scikit-image: k gradients by the weights first; those by the widths with the other sign."""
    from skimage.feature import fisher_vector

    rows, _, mixture = problem(n, k, d, seed)
    theirs = fisher_vector(rows, scikit_mixture(mixture))[k:]
    ours = words.fisher_vector(rows, mixture)
    assert ours[: k * d] == pytest.approx(theirs[: k * d], abs=1e-9)
    assert ours[k * d :] == pytest.approx(-theirs[k * d :], abs=1e-9)


@given(**sizes)
@quick
def test_normalised_fisher_vectors_compare_as_those_of_scikit_image_do(n, k, d, seed):
    """With power 0.5 and length 1; theirs are so too, but for the k weights, which we leave out."""
    from skimage.feature import fisher_vector

    rows, _, mixture = problem(n, k, d, seed)
    parts = [rows, rows[::2] + 0.5]
    a, b = (words.normalise(words.fisher_vector(part, mixture)) for part in parts)
    theirs = [fisher_vector(part, scikit_mixture(mixture), improved=True)[k:] for part in parts]
    c, e = (row / np.linalg.norm(row) for row in theirs)
    assert a @ b == pytest.approx(c @ e, abs=1e-6)


def test_fisher_vector_is_the_gradient_of_the_mean_log_likelihood():
    """Finite differences of scikit-learn's score, in units of the Fisher information."""
    rows, _, mixture = problem(40, 3, 4, seed=5)
    gradient = np.zeros(24)
    for i in range(24):
        k, d = divmod(i % 12, 4)
        scores = []
        for step in (-1e-5, 1e-5):
            means, widths = mixture.means.copy(), np.sqrt(mixture.variances)
            (means if i < 12 else widths)[k, d] += step
            moved = words.Mixture(mixture.weights, means, widths**2)
            scores.append(scikit_mixture(moved).score(rows))
        unit = np.sqrt(mixture.variances[k, d] / mixture.weights[k] / (1 if i < 12 else 2))
        gradient[i] = (scores[1] - scores[0]) / 2e-5 * unit
    assert words.fisher_vector(rows, mixture) == pytest.approx(gradient, abs=1e-5)


def test_the_mean_fisher_vector_of_what_the_mixture_drew_is_near_zero():
    _, _, mixture = problem(1, 3, 4, seed=2)
    rng = np.random.default_rng(0)
    which = rng.choice(3, size=60_000, p=mixture.weights)
    rows = rng.normal(mixture.means[which], np.sqrt(mixture.variances[which]))
    assert np.abs(words.fisher_vector(rows, mixture)).max() < 0.03


# Vocabularies


def test_vocabulary_and_mixture_find_clusters_that_are_there():
    rng = np.random.default_rng(1)
    places = np.array([[0.0, 0], [9, 0], [0, 9]])
    rows = np.concatenate([rng.normal(place, 0.5, (200, 2)) for place in places])
    centres = words.vocabulary(rows, 3)
    assert np.abs(centres[:, None] - places).max(axis=2).min(axis=0).max() < 0.2
    found = words.mixture(rows, 3)
    assert np.abs(found.means[:, None] - places).max(axis=2).min(axis=0).max() < 0.2
    assert found.weights == pytest.approx([1 / 3] * 3, abs=0.01)
    assert np.sqrt(found.variances) == pytest.approx(0.5, abs=0.08)


def test_the_same_seed_gives_the_same_words():
    rows = np.random.default_rng(3).normal(size=(500, 4))
    assert (words.vocabulary(rows, 7, seed=1) == words.vocabulary(rows, 7, seed=1)).all()
    assert (words.mixture(rows, 4, seed=1).means == words.mixture(rows, 4, seed=1).means).all()


def test_a_picture_without_descriptors_becomes_zeros():
    _, centres, mixture = problem(1, 3, 4, seed=0)
    nothing = np.zeros((0, 4))
    assert words.bag_of_words(nothing, centres).tolist() == [0] * 3
    assert words.vlad(nothing, centres).tolist() == [0] * 12
    assert words.fisher_vector(nothing, mixture).tolist() == [0] * 24
    assert words.normalise(words.vlad(nothing, centres)).tolist() == [0] * 12


@given(d=sizes["d"], seed=sizes["seed"], power=st.floats(0.1, 1))
@quick
def test_normalise_keeps_signs_and_gives_length_one(d, seed, power):
    vectors = np.random.default_rng(seed).normal(size=(5, d))
    result = words.normalise(vectors, power=power)
    assert np.linalg.norm(result, axis=1) == pytest.approx(1)
    assert (np.sign(result) == np.sign(vectors)).all()
    assert result[0] == pytest.approx(words.normalise(vectors[0], power=power))


def test_normalise_by_hand():
    assert words.normalise([9.0, -16]) == pytest.approx([0.6, -0.8])  # roots 3 and -4, length 5
    assert words.normalise([3.0, -4], power=1) == pytest.approx([0.6, -0.8])


GOOD = words.Mixture(np.ones(1), np.zeros((1, 3)), np.ones((1, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: descriptors.sift(np.zeros((7, 40))), "7 x 40 pixels; wanted at least 8 x 8"),
        (lambda: descriptors.sift(np.full((9, 9), np.nan)), r"wanted \[0, 1\]"),
        (lambda: descriptors.sift(np.zeros((9, 9, 4))), "wanted a picture"),
        (lambda: descriptors.sift(np.zeros((9, 9)), limit=0), "limit is 0"),
        (lambda: descriptors.dense_sift(np.zeros((9, 20)), step=10), "step is 10"),
        (lambda: descriptors.patch(np.zeros((9, 9)), (1, 2, 3)), r"wanted \(4\)"),
        (lambda: descriptors.patch(np.zeros((9, 9)), (1, 2, 3, np.nan)), "NaN or infinity"),
        (lambda: descriptors.patch(np.zeros((9, 9)), (1, 2, -3, 0)), "diameter in point is -3"),
        (lambda: words.Mixture(np.ones(1), np.zeros((1, 3)), np.zeros((1, 3))), "variances goes"),
        (lambda: words.Mixture(np.zeros(1), np.zeros((1, 3)), np.ones((1, 3))), "weights goes"),
        (lambda: words.Mixture(np.ones(2), np.zeros((1, 3)), np.ones((1, 3))), "weights has"),
        (lambda: words.Mixture(np.ones(1), np.zeros((1, 3)), np.ones(3)), "variances has"),
        (lambda: scenes.places(rows=1), "rows is 1"),
        (lambda: scenes.kinds(count=0), "count is 0"),
        (lambda: scenes.people(count=11), "count is 11"),
        (lambda: descriptors.root([[1, -1]]), "goes down to -1"),
        (lambda: descriptors.root([1.0, 2.0]), "has 1 axes"),
        (lambda: words.vocabulary(np.zeros((3, 2)), 4), "3 rows for 4 words"),
        (lambda: words.vocabulary([[np.nan, 1]], 1), "NaN or infinity"),
        (lambda: words.mixture(np.zeros((3, 2)), 4), "3 rows for 4 words"),
        (lambda: words.mixture(np.zeros((3, 2)), 0), "words is 0"),
        (lambda: words.assign(np.zeros((3, 2)), np.zeros((4, 3))), r"wanted \(any, 3\)"),
        (lambda: words.assign(np.zeros((3, 2)), np.zeros((0, 2))), "centres is empty"),
        (lambda: words.vlad([[np.inf, 0]], [[0, 0]]), "NaN or infinity"),
        (lambda: words.fisher_vector(np.zeros((3, 2)), GOOD), r"wanted \(any, 3\)"),
        (lambda: words.fisher_vector([[np.nan] * 3], GOOD), "NaN or infinity"),
        (lambda: words.normalise(np.zeros((2, 2, 2))), r"wanted \(D,\) or \(n, D\)"),
        (lambda: words.normalise([1.0, np.nan]), "NaN or infinity"),
        (lambda: words.normalise([1.0], power=0), "power is 0"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("encode", [words.posteriors, words.fisher_vector])
def test_centres_are_no_mixture(encode):
    with pytest.raises(TypeError, match="mixture is of type ndarray; wanted a Mixture"):
        encode(np.zeros((3, 2)), np.zeros((4, 2)))
