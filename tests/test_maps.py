"""Maps: PCA against scikit-learn, and the places of thumbnails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from course_lib.transfer import maps

quick = settings(max_examples=30, deadline=None)
sizes = {"n": st.integers(2, 25), "d": st.integers(1, 12), "seed": st.integers(0, 999)}


@given(**sizes, data=st.data())
@quick
def test_pca_equals_scikit_learn(n, d, seed, data):
    # Of n centred vectors only n - 1 directions vary; the last one is free.
    count = data.draw(st.integers(1, max(1, min(n - 1, d))))
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, d)) * np.geomspace(1, 5, d) + rng.normal(size=d)
    ours, theirs = maps.pca(vectors, count), PCA(count, svd_solver="full").fit(vectors)
    assert ours.axes == pytest.approx(theirs.components_, abs=1e-6)
    assert ours.variances == pytest.approx(theirs.explained_variance_)
    assert ours.shares == pytest.approx(theirs.explained_variance_ratio_)
    projected = ours.project(vectors)
    assert projected == pytest.approx(theirs.transform(vectors), abs=1e-6)
    assert ours.restore(projected) == pytest.approx(theirs.inverse_transform(projected), abs=1e-6)


def test_pca_by_hand():
    """Four points on the line (3, 4) / 5 about (1, 2): at -2, -1, 1 and 2 along it."""
    along = np.array([-2, -1, 1, 2.0])
    found = maps.pca([1, 2] + along[:, None] * [0.6, 0.8], 2)
    assert found.mean == pytest.approx([1, 2])
    assert found.axes[0] == pytest.approx([0.6, 0.8])
    assert found.variances == pytest.approx([10 / 3, 0])
    assert found.shares == pytest.approx([1, 0])


@given(**sizes)
@quick
def test_all_axes_restore_the_vectors(n, d, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    found = maps.pca(vectors, min(n, d))
    assert found.restore(found.project(vectors)) == pytest.approx(vectors)
    assert found.axes @ found.axes.T == pytest.approx(np.eye(min(n, d)), abs=1e-9)


def test_equal_vectors_have_no_variance():
    assert maps.pca(np.ones((3, 2)), 1).shares.tolist() == [0]


@given(n=st.integers(0, 40), gap=st.floats(0, 1), seed=st.integers(0, 999))
@quick
def test_spread_keeps_distance_and_leaves_no_room(n, gap, seed):
    points = np.random.default_rng(seed).normal(size=(n, 2)) * [1, 30]
    chosen = maps.spread(points, gap)
    unit = points / np.ptp(points, axis=0) if n > 1 else points
    apart = np.abs(unit[:, None] - unit).max(axis=-1)
    among = apart[np.ix_(chosen, chosen)] + 9 * np.eye(len(chosen))
    assert (among >= gap).all()
    left = np.setdiff1d(np.arange(n), chosen)
    assert (apart[np.ix_(left, chosen)] < gap).any(axis=1).all()


def test_spread_prefers_the_first():
    assert maps.spread([[0, 0], [0.01, 0], [1, 1]], 0.1).tolist() == [0, 2]
    assert maps.spread([[5, 5], [5, 5]], 0.1).tolist() == [0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: maps.pca([[1, 2]], 1), "two or more"),
        (lambda: maps.pca(np.zeros((3, 0)), 1), "two or more"),
        (lambda: maps.pca(np.zeros((3, 5)), 4), "count is 4"),
        (lambda: maps.pca([[1, np.nan], [0, 0]], 1), "NaN or infinity"),
        (lambda: maps.pca([1, 2], 1), "has 1 axes"),
        (lambda: maps.pca(np.eye(3), 1).project(np.eye(2)), r"wanted \(any, 3\)"),
        (lambda: maps.pca(np.eye(3), 1).restore(np.eye(2)), r"wanted \(any, 1\)"),
        (lambda: maps.spread(np.zeros((2, 3)), 0.1), r"wanted \(any, 2\)"),
        (lambda: maps.spread(np.zeros((2, 2)), 2), "gap is 2"),
    ],
)
def test_bad_input_gets_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
