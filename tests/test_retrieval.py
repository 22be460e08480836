"""Retrieval: shapes, errors, values by hand, and scikit-learn as the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from course_lib.transfer import retrieval

quick = settings(max_examples=40, deadline=None)
sizes = {"n": st.integers(2, 40), "d": st.integers(1, 8), "seed": st.integers(0, 999)}


@given(**sizes)
@quick
def test_similarity_equals_scikit_learn(n, d, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    vectors[0] = 0  # like nothing
    ours = retrieval.similarity(vectors[:2], vectors)
    assert ours == pytest.approx(cosine_similarity(vectors[:2], vectors), abs=1e-12)


@pytest.mark.parametrize("metric", retrieval.METRICS)
@given(**sizes, data=st.data())
@quick
def test_nearest_equals_scikit_learn(metric, n, d, seed, data):
    count = data.draw(st.integers(1, n))
    rng = np.random.default_rng(seed)
    library, queries = rng.normal(size=(n, d)), rng.normal(size=(3, d))
    index = NearestNeighbors(n_neighbors=count, algorithm="brute", metric=metric).fit(library)
    their_distances, their_indices = index.kneighbors(queries)
    indices, distances = retrieval.nearest(queries, library, count, metric=metric)
    assert distances == pytest.approx(their_distances, abs=1e-6)
    # In one dimension all cosines are 1 or -1: the order among equals is free there.
    if metric == "euclidean" or d > 2:
        assert (indices == their_indices).all()


def test_nearest_by_hand():
    library = [[0, 1], [2, 0], [5, 5]]
    indices, distances = retrieval.nearest([[1, 0]], library, 3, metric="euclidean")
    assert indices.tolist() == [[1, 0, 2]]
    assert distances == pytest.approx(np.array([[1, 2**0.5, 41**0.5]]))
    indices, distances = retrieval.nearest([[1, 0]], library, 3)
    assert indices.tolist() == [[1, 2, 0]]
    assert distances == pytest.approx(np.array([[0, 1 - 0.5**0.5, 1]]))


def test_of_equally_near_vectors_the_first_row_comes_first():
    library = np.tile([1.0, 2.0], (9, 1))
    indices, _ = retrieval.nearest([[1, 2]], library, 4)
    assert indices.tolist() == [[0, 1, 2, 3]]


def test_no_query_gives_no_neighbours():
    indices, distances = retrieval.nearest(np.zeros((0, 2)), np.ones((3, 2)), 2)
    assert indices.shape == distances.shape == (0, 2)


def test_average_precision_by_hand():
    """Relevant at ranks 1, 3 and 4: precisions 1/1, 2/3 and 3/4."""
    value = retrieval.average_precision([9, 8, 7, 6, 5], [True, False, True, True, False])
    assert value == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


@given(
    scores=st.lists(st.integers(-3, 3), min_size=1, max_size=30),  # many are equal
    seed=st.integers(0, 999),
)
@quick
def test_average_precision_equals_scikit_learn_ties_included(scores, seed):
    relevant = np.random.default_rng(seed).random(len(scores)) < 0.4
    relevant[seed % len(scores)] = True
    expected = average_precision_score(relevant, scores)
    assert retrieval.average_precision(scores, relevant) == pytest.approx(expected)


@given(scores=st.lists(st.floats(-5, 5), min_size=2, max_size=20, unique=True))
@quick
def test_average_precision_is_one_if_and_only_if_the_relevant_come_first(scores):
    order = np.argsort(np.argsort(-np.array(scores)))
    assert retrieval.average_precision(scores, order < 1) == 1
    assert retrieval.average_precision(scores, order == 1) == 0.5


@given(**sizes)
@quick
def test_leave_one_out_equals_a_loop_over_scikit_learn(n, d, seed):
    rng = np.random.default_rng(seed)
    vectors, labels = rng.normal(size=(2 * n, d)), np.tile(np.arange(n) // 3, 2)
    scores = cosine_similarity(vectors).round(12)
    expected = []
    for query in range(2 * n):
        others = np.arange(2 * n) != query
        found = labels[others] == labels[query]
        expected.append(average_precision_score(found, scores[query, others]))
    if d > 1:  # in one dimension rounding decides among cosines that are all 1 or -1
        assert retrieval.leave_one_out(vectors, labels) == pytest.approx(expected, abs=1e-9)


def test_leave_one_out_by_hand():
    vectors = [[1, 0], [1, 0.1], [0, 1], [0.1, 1]]
    assert retrieval.leave_one_out(vectors, [0, 0, 1, 1]).tolist() == [1] * 4
    assert retrieval.leave_one_out(vectors, [0, 1, 0, 1]) == pytest.approx([1 / 3, 1 / 2] * 2)


def test_leave_one_out_searches_with_other_vectors_of_the_same_pictures():
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    swapped = vectors[[2, 3, 0, 1]]  # each picture looks like one of the other label
    assert retrieval.leave_one_out(vectors, [0, 0, 1, 1], queries=vectors).tolist() == [1] * 4
    found = retrieval.leave_one_out(vectors, [0, 0, 1, 1], queries=swapped)
    assert found == pytest.approx([1 / 3] * 4)
    with pytest.raises(ValueError, match="queries has shape"):
        retrieval.leave_one_out(vectors, [0, 0, 1, 1], queries=swapped[:3])


def test_a_vector_of_zeros_learns_nothing_from_the_order_of_the_library():
    """All similarities are 0: chance, 1 of 3 others, whatever the order."""
    vectors = [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert retrieval.leave_one_out(vectors, [0, 0, 1, 1])[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: retrieval.similarity([[1, 2]], [[1, 2, 3]]), r"wanted \(any, 3\)"),
        (lambda: retrieval.nearest([[np.nan, 1]], [[1, 2]], 1), "NaN or infinity"),
        (lambda: retrieval.nearest([[1, 2]], [[1, 2]], 2), "count is 2"),
        (lambda: retrieval.nearest([[1, 2]], np.zeros((0, 2)), 1), "library is empty"),
        (lambda: retrieval.nearest([[1]], [[1]], 1, metric="cosin"), "did you mean cosine"),
        (lambda: retrieval.average_precision([1, 2], [False, False]), "has no True"),
        (lambda: retrieval.average_precision([1, 2], [True]), r"wanted \(2\)"),
        (lambda: retrieval.average_precision([1, np.nan], [True, True]), "NaN or infinity"),
        (lambda: retrieval.leave_one_out(np.eye(3), [0, 0, 1]), "labels has 1 only once"),
        (lambda: retrieval.leave_one_out(np.eye(3), [0, 0]), r"wanted \(3\)"),
        (lambda: retrieval.leave_one_out(np.zeros((0, 3)), []), "wanted at least two pictures"),
        (lambda: retrieval.leave_one_out(np.eye(2), [0.5, 0.5]), "wanted int64 numbers"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
