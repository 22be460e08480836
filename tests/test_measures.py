"""measures: against closed forms, SciPy and a plain loop."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.generation import measures


def covariance(rng, size, rank=None):
    half = rng.normal(size=(size, rank or size))
    return half @ half.T


# --- Frechet distance ---


@pytest.mark.parametrize("mean, a, b, expected", [(0, 1, 1, 0), (3, 1, 1, 9), (0, 4, 9, 1)])
def test_frechet_by_hand_in_one_dimension(mean, a, b, expected):
    """(difference of means)**2 + (difference of standard deviations)**2."""
    came = measures.frechet_gaussians([mean], [[a]], [0], [[b]])
    assert came == pytest.approx(expected)


def test_frechet_of_diagonal_covariances_is_the_sum_over_axes():
    rng = np.random.default_rng(0)
    means, variances = rng.normal(size=(2, 6)), rng.uniform(0, 4, (2, 6))
    expected = ((means[0] - means[1]) ** 2).sum()
    expected += ((np.sqrt(variances[0]) - np.sqrt(variances[1])) ** 2).sum()
    came = measures.frechet_gaussians(
        means[0], np.diag(variances[0]), means[1], np.diag(variances[1])
    )
    assert came == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 12))
def test_frechet_agrees_with_scipy(seed, size):
    rng = np.random.default_rng(seed)
    means, a, b = rng.normal(size=(2, size)), covariance(rng, size), covariance(rng, size)
    root = scipy.linalg.sqrtm(a @ b).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(a + b - 2 * root)
    came = measures.frechet_gaussians(means[0], a, means[1], b)
    assert came == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert came == pytest.approx(measures.frechet_gaussians(means[1], b, means[0], a), abs=1e-7)


def test_frechet_of_singular_clouds():
    """A flat cloud against itself is at 0; turned by a right angle at the sum of both traces."""
    flat, other = np.diag([4.0, 0, 0]), np.diag([0, 9.0, 0])
    zero = np.zeros(3)
    assert measures.frechet_gaussians(zero, flat, zero, flat) == pytest.approx(0, abs=1e-12)
    assert measures.frechet_gaussians(zero, flat, zero, other) == pytest.approx(13)


def test_frechet_of_samples():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(300, 4)), rng.normal(1, 2, (200, 4))
    expected = measures.frechet_gaussians(a.mean(0), np.cov(a.T), b.mean(0), np.cov(b.T))
    assert measures.frechet_distance(a, b) == pytest.approx(expected)
    assert measures.frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)
    assert measures.frechet_distance(a[:, :1], a[:, :1] + 2) == pytest.approx(4)


def test_frechet_falls_with_more_samples_of_the_same_cloud():
    rng = np.random.default_rng(2)
    few, many = (measures.frechet_distance(*rng.normal(size=(2, n, 8))) for n in (50, 5000))
    assert many < few / 20


# --- precision and recall ---


def loop_share_inside(points, others, neighbours):
    """The share of points that lie in a ball of the others, as the paper writes it."""
    inside = 0
    for point in points:
        for n, other in enumerate(others):
            own = sorted(np.linalg.norm(other - x) for m, x in enumerate(others) if m != n)
            if np.linalg.norm(point - other) <= own[neighbours - 1]:
                inside += 1
                break
    return inside / len(points)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), neighbours=st.integers(1, 4))
def test_precision_and_recall_agree_with_a_loop(seed, neighbours):
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(14, 3)), rng.normal(0.7, 1, (9, 3))
    precision, recall = measures.precision_recall(real, generated, neighbours=neighbours)
    assert precision == pytest.approx(loop_share_inside(generated, real, neighbours))
    assert recall == pytest.approx(loop_share_inside(real, generated, neighbours))


def test_precision_and_recall_by_hand():
    """Generated points all sit on one half of the real ones, and one far outside."""
    real = np.array([[0.0], [1], [2], [10], [11], [12]])
    generated = np.array([[0.4], [0.9], [1.6], [50]])
    precision, recall = measures.precision_recall(real, generated, neighbours=1)
    assert precision == 3 / 4
    # Balls: 0.4 +- 0.5, 0.9 +- 0.5, 1.6 +- 0.7, and 50 +- 48.4, which begins at 1.6.
    assert recall == 6 / 6
    assert measures.precision_recall(real, generated[:3], neighbours=1)[1] == 3 / 6


def test_precision_and_recall_of_the_same_pictures():
    real = np.random.default_rng(3).normal(size=(40, 5))
    assert measures.precision_recall(real, real) == (1, 1)
    assert measures.precision_recall(real, real + 100) == (0, 0)


# --- nearest ---


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 5), batch=st.integers(1, 9))
def test_nearest_agrees_with_a_loop(seed, count, batch):
    rng = np.random.default_rng(seed)
    queries, collection = rng.random((7, 4, 3)), rng.random((11, 4, 3))
    places, distances = measures.nearest(queries, collection, count=count, batch=batch)
    for query, found, far in zip(queries, places, distances, strict=True):
        all_far = np.sqrt(((collection - query) ** 2).sum(axis=(1, 2)))
        assert found.tolist() == np.argsort(all_far)[:count].tolist()
        np.testing.assert_allclose(far, all_far[found], atol=1e-7)


def test_a_picture_is_its_own_nearest_at_a_distance_that_is_a_number():
    """Rounding makes some squared distances a little less than 0."""
    pictures = np.random.default_rng(5).random((60, 28, 28)) + 10
    places, distances = measures.nearest(pictures, pictures)
    assert places[:, 0].tolist() == list(range(60))
    assert (distances < 1e-3).all()  # false for NaN


def test_nearest_of_nothing():
    places, distances = measures.nearest(np.zeros((0, 2)), np.zeros((3, 2)), count=2)
    assert places.shape == distances.shape == (0, 2)


# --- bad input ---


NAN = np.full((5, 2), np.nan)
GOOD = np.random.default_rng(4).normal(size=(5, 2))


@pytest.mark.parametrize(
    "function, args, message",
    [
        (measures.frechet_distance, (GOOD, GOOD[:, :1]), "features_b"),
        (measures.frechet_distance, (GOOD[:1], GOOD), "features_a has shape .* at least two rows"),
        (measures.frechet_distance, (NAN, GOOD), "features_a"),
        (measures.frechet_distance, (GOOD[0], GOOD), "features_a"),
        (measures.frechet_gaussians, ([0, 0], np.eye(3), [0, 0], np.eye(2)), "covariance_a"),
        (measures.frechet_gaussians, ([0, 0], [[1, 1], [0, 1]], [0, 0], np.eye(2)), "symmetric"),
        (measures.frechet_gaussians, ([0, 0], -np.eye(2), [0, 0], np.eye(2)), "negative"),
        (measures.precision_recall, (GOOD, NAN), "generated"),
        (measures.precision_recall, (GOOD[:3], GOOD), "neighbours"),
        (measures.nearest, (GOOD, GOOD[:, :1]), "items of shapes"),
        (measures.nearest, (GOOD, GOOD[:0]), "count"),
        (measures.nearest, (np.float64(3), GOOD), "single item"),
        (measures.nearest, (GOOD, np.float64(3)), "single item"),
        (measures.nearest, ([[1, 2], [1]], GOOD), "queries has rows of different lengths"),
        (measures.nearest, (GOOD, NAN), "collection holds NaN"),
    ],
)
def test_bad_input(function, args, message):
    with pytest.raises(ValueError, match=message):
        function(*args)


def test_what_is_no_array():
    for value in (None, "x"):
        with pytest.raises(TypeError, match="queries is of type"):
            measures.nearest(value, GOOD)
    with pytest.raises(ValueError, match="batch is 0"):
        measures.nearest(GOOD, GOOD, batch=0)
