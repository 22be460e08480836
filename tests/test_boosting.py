import matplotlib
import matplotlib.pyplot as plt
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from course_lib.classic import boosting
from course_lib.classic.boosting import Ensemble, Stump, drawing, figures, stumps
from course_lib.classic.boosting.binning import bin_features

# Ten points: the lines x = 2.5, x = 8.5 and y = 5.5 are each wrong on three of them.
POINTS = [(1, 3), (2, 1), (5, 8), (7, 9), (8, 7), (3, 4), (4, 2), (6, 4), (9, 8), (10, 4)]
SIGNS = np.array([1, 1, 1, 1, 1, -1, -1, -1, -1, -1])


class ErrorStump(ClassifierMixin, BaseEstimator):
    """scikit-learn's tree that minimises the weighted error: medians of -1 and +1 are votes."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.array([-1, 1])
        self.tree_ = DecisionTreeRegressor(
            criterion="absolute_error", max_depth=1, random_state=0
        ).fit(X, y, sample_weight=sample_weight)
        return self

    def predict(self, X):
        return np.where(self.tree_.predict(X) > 0, 1, -1)


def noisy(seed, samples=80, features=6):
    """Random samples whose label hangs on two features and some noise, and random weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, features)).astype(np.float32)
    labels = np.where(X[:, 0] + X[:, 1] ** 2 + 0.5 * rng.normal(size=samples) > 0.7, 1, -1)
    return X, labels, rng.uniform(0.5, 1.5, samples)


def every_error(X, labels, weights):
    """Smallest weighted error of all stumps, by trying each of them."""
    errors = []
    for column in np.asarray(X, dtype=np.float64).T:
        for low in np.unique(column)[:-1]:
            above = np.where(column > low, 1, -1)
            wrong = weights[above != labels].sum() / weights.sum()
            errors += [wrong, 1 - wrong]
    return min(errors)


# The worked example, by hand


def test_three_stumps_separate_the_ten_points():
    seen = []
    ensemble = boosting.fit_adaboost(
        POINTS, SIGNS, 3, on_round=lambda e, error, weights: seen.append((error, weights))
    )
    assert ensemble.stumps == (Stump(0, 2.5, -1), Stump(0, 8.5, -1), Stump(1, 5.5, 1))
    errors, weights = zip(*seen, strict=True)
    np.testing.assert_allclose(errors, [3 / 10, 3 / 14, 3 / 22], atol=1e-12)
    halves = [np.log(7 / 3) / 2, np.log(11 / 3) / 2, np.log(19 / 3) / 2]
    np.testing.assert_allclose(ensemble.alphas, halves, atol=1e-12)
    second = [1 / 14, 1 / 14, 1 / 6, 1 / 6, 1 / 6] + [1 / 14] * 5
    third = np.array([3, 3, 7, 7, 7, 11, 11, 11, 3, 3]) / 66
    np.testing.assert_allclose(weights, [[1 / 10] * 10, second, third], atol=1e-12)
    assert (ensemble.predict(POINTS) == SIGNS).all()


def test_margins_of_the_worked_example():
    ensemble = Ensemble((Stump(0, 2.5, -1), Stump(0, 8.5, -1), Stump(1, 5.5, 1)), (1.0, 2.0, 3.0))
    # (1, 3): +1 +2 -3; (5, 8): -1 +2 +3; (10, 4): -1 -2 -3
    np.testing.assert_allclose(ensemble.score(POINTS)[[0, 2, 9]], [0, 4, -6])
    np.testing.assert_allclose(ensemble.margins(POINTS, SIGNS)[[0, 2, 9]], [0, 2 / 3, 1])
    assert ensemble.predict(POINTS)[0] == -1  # a score of 0


def test_stump_by_hand():
    stump, error = boosting.best_stump([[1], [2], [4], [8]], [-1, -1, 1, 1])
    assert stump == Stump(0, 3.0, 1) and error == 0
    stump, error = boosting.best_stump([[1], [2], [4], [8]], [1, -1, -1, 1], [1, 2, 2, 4])
    assert stump == Stump(0, 6.0, 1)
    assert error == pytest.approx(1 / 9)


def test_stump_compares_as_exactly_as_it_was_trained():
    X = np.array([[1], [np.nextafter(np.float32(1), np.float32(2))]], np.float32)
    stump, error = boosting.best_stump(X, [-1, 1])
    assert error == 0
    assert stump.predict(X).tolist() == [-1, 1]


# Oracles


@pytest.mark.parametrize("seed", range(5))
def test_best_stump_is_sklearns_that_minimises_the_error(seed):
    X, labels, weights = noisy(seed)
    stump, error = boosting.best_stump(X, labels, weights)
    tree = ErrorStump().fit(X, labels, sample_weight=weights).tree_.tree_
    assert stump.feature == tree.feature[0]
    assert stump.threshold == pytest.approx(tree.threshold[0], abs=1e-12)
    assert error == pytest.approx(every_error(X, labels, weights), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_best_stump_errs_no_more_than_gini(seed):
    X, labels, weights = noisy(seed)
    tree = DecisionTreeClassifier(max_depth=1).fit(X, labels, sample_weight=weights)
    gini = weights[tree.predict(X) != labels].sum() / weights.sum()
    assert boosting.best_stump(X, labels, weights)[1] <= gini + 1e-12


def test_separable_threshold_is_that_of_sklearns_tree():
    X = np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)
    labels = np.where(X[:, 0] > 0.3, 1, -1)
    tree = DecisionTreeClassifier(max_depth=1).fit(X, labels).tree_
    assert boosting.best_stump(X, labels)[0].threshold == tree.threshold[0]


@pytest.mark.parametrize("seed", range(3))
def test_adaboost_answers_as_sklearns_round_by_round(seed):
    X, labels, weights = noisy(seed, samples=150)
    ours = boosting.fit_adaboost(X, labels, 30, weights=weights)
    theirs = AdaBoostClassifier(ErrorStump(), n_estimators=30)
    theirs.fit(X, labels, sample_weight=weights)
    new = noisy(seed + 100)[0]
    staged = np.where(ours.staged_score(new) > 0, 1, -1)
    np.testing.assert_array_equal(staged, list(theirs.staged_predict(new)))
    np.testing.assert_allclose(2 * np.array(ours.alphas), theirs.estimator_weights_, atol=1e-9)


@pytest.mark.parametrize("n", [1, 3, 4, 21, 100])
def test_majority_vote_is_the_binomial_tail(n):
    p = np.linspace(0, 1, 11)
    tie = binom.pmf(n // 2, n, p) / 2 if n % 2 == 0 else 0
    want = 1 - binom.cdf(n // 2, n, p) + tie
    np.testing.assert_allclose(boosting.majority_vote_probability(n, p), want, atol=1e-12)


def test_three_voters_at_60_percent():
    assert boosting.majority_vote_probability(3, 0.6) == pytest.approx(0.648)


# Invariants


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans(), st.integers(0, 5)),
        min_size=2,
        max_size=12,
    )
)
def test_no_stump_is_better_even_where_values_are_equal(rows):
    X, labels = np.array([r[:2] for r in rows]), np.array([1 if r[2] else -1 for r in rows])
    weights = np.array([r[3] for r in rows], dtype=float)
    if len(set(labels)) == 1 or weights.sum() == 0 or len(np.unique(X, axis=0)) == 1:
        return
    stump, error = boosting.best_stump(X, labels, weights)
    assert error == pytest.approx(every_error(X, labels, weights), abs=1e-9)
    wrong = weights[stump.predict(X) != labels].sum() / weights.sum()
    assert error == pytest.approx(wrong, abs=1e-9)
    binned, binned_error = boosting.best_stump(bin_features([X]), labels, weights)
    assert binned_error == pytest.approx(error, abs=1e-9)
    assert (binned.predict(X) == stump.predict(X)).all()


def test_reweighting_makes_the_last_stump_a_coin_flip_and_the_bound_holds():
    X, labels, _ = noisy(7, samples=200)
    seen = []
    ensemble = boosting.fit_adaboost(
        X, labels, 20, on_round=lambda e, error, weights: seen.append((e, error, weights))
    )
    for (before, _, _), (_, _, weights) in zip(seen, seen[1:], strict=False):
        wrong = before.stumps[-1].predict(X) != labels
        assert weights[wrong].sum() == pytest.approx(0.5)
    bound = np.prod([2 * np.sqrt(error * (1 - error)) for _, error, _ in seen])
    assert (ensemble.predict(X) != labels).mean() <= bound


def test_order_of_samples_threads_and_layout_do_not_matter():
    X, labels, _ = noisy(3, samples=120, features=40)
    X = np.hstack([X.round(1), X.round(1)])  # ties within and between features
    want = boosting.fit_adaboost(X, labels, 15)
    shuffle = np.random.default_rng(0).permutation(len(X))
    shuffled = boosting.fit_adaboost(X[shuffle], labels[shuffle], 15)
    assert shuffled.stumps == want.stumps
    assert boosting.fit_adaboost(np.asfortranarray(X), labels, 15) == want
    assert boosting.fit_adaboost(X, labels, 15, order=boosting.sort_features(X)) == want
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        assert boosting.fit_adaboost(X, labels, 15) == want
    finally:
        numba.set_num_threads(threads)


def test_ties_go_to_the_first_feature_the_lowest_threshold_and_plus():
    X = np.array([[5, 0, 0], [5, 1, 1], [5, 2, 2], [5, 3, 3]])
    stump, error = boosting.best_stump(X, [1, -1, 1, -1])
    assert stump == Stump(1, 0.5, -1) and error == pytest.approx(0.25)
    assert boosting.best_stump([[0], [1], [0], [1]], [1, 1, -1, -1])[0] == Stump(0, 0.5, 1)


def test_sorted_order_is_small_and_sorts():
    X = np.random.default_rng(0).normal(size=(300, 2000)).astype(np.float32)
    order = boosting.sort_features(X)
    assert order.dtype == np.uint16 and order.shape == X.shape and order.flags.f_contiguous
    np.testing.assert_array_equal(np.take_along_axis(X, order, axis=0), np.sort(X, axis=0))
    assert boosting.sort_features(np.zeros((2**16 + 1, 1))).dtype == np.int32


def test_float32_in_fortran_order_is_not_copied():
    X = np.asfortranarray(noisy(0)[0])
    assert stumps.prepare(X, noisy(0)[1], None, None)[0] is X


# Bagging and bins


def test_bagging_trains_on_the_samples_it_drew():
    X, labels, _ = noisy(5)
    bag = boosting.fit_bagging(X, labels, 3, rng=np.random.default_rng(1))
    rng = np.random.default_rng(1)
    for stump in bag.stumps:
        drawn = rng.integers(len(X), size=len(X))
        weights = np.bincount(drawn, minlength=len(X))
        wrong = (stump.predict(X[drawn]) != labels[drawn]).mean()
        assert wrong == pytest.approx(every_error(X[drawn], labels[drawn], np.ones(len(X))))
        assert stump == boosting.best_stump(X, labels, weights)[0]
    assert sum(bag.alphas) == pytest.approx(1)


def test_bins_hold_each_value_between_its_edges():
    X = np.random.default_rng(0).normal(size=(500, 7)).astype(np.float32)
    binned = bin_features([X[:, :3], X[:, 3:]])
    assert binned.shape == X.shape and len(binned) == 500
    middle = np.stack([binned.column(f) for f in range(7)], axis=1)
    assert (np.abs(middle - X) <= binned.width / 2 + 1e-9).all()


def test_boosting_binned_features_costs_little_accuracy():
    X, labels, _ = noisy(11, samples=400)
    exact = boosting.fit_adaboost(X, labels, 20)
    rough = boosting.fit_adaboost(bin_features([X]), labels, 20)
    exact_error, rough_error = ((e.predict(X) != labels).mean() for e in (exact, rough))
    assert rough_error <= exact_error + 0.02


def test_a_constant_feature_is_never_asked():
    X = np.column_stack([np.full(4, 3.0), [0, 1, 2, 3]])
    for features in (X, bin_features([X])):
        assert boosting.best_stump(features, [-1, -1, 1, 1])[0].feature == 1
    for features in (X[:, :1], bin_features([X[:, :1]])):
        with pytest.raises(ValueError, match="nothing to ask"):
            boosting.best_stump(features, [-1, -1, 1, 1])


# Stopping early


def test_a_perfect_stump_ends_it():
    ensemble = boosting.fit_adaboost([[0], [1], [2], [3]], [-1, -1, 1, 1], 10)
    assert ensemble == Ensemble((Stump(0, 1.5, 1),), (1.0,))


def test_xor_stops_before_the_first_round():
    with pytest.raises(ValueError, match="beats chance"):
        boosting.fit_adaboost([[0, 0], [0, 1], [1, 0], [1, 1]], [1, -1, -1, 1], 5)


def test_no_better_than_chance_later_ends_it():
    ensemble = boosting.fit_adaboost([[0], [0], [1]], [1, -1, 1], 10)
    assert len(ensemble.stumps) == 1


def test_on_round_can_stop():
    X, labels, _ = noisy(2)
    ensemble = boosting.fit_adaboost(
        X, labels, 10, on_round=lambda e, error, weights: len(e.stumps) == 4
    )
    assert len(ensemble.stumps) == 4


# Errors

GOOD = np.array([[0.0], [1.0], [2.0]])


@pytest.mark.parametrize(
    ("X", "labels", "extra", "message"),
    [
        (GOOD, [0, 1, 1], {}, "-1 and \\+1"),
        (GOOD, [1, 1, 1], {}, "both classes"),
        (GOOD, [1, -1], {}, "labels has shape"),
        (GOOD[:, 0], [1, -1, 1], {}, "X has 1 axes"),
        (np.zeros((0, 3)), [], {}, "at least one sample"),
        (np.array([[0.0], [np.nan], [2.0]]), [1, -1, 1], {}, "NaN"),
        (np.array([[0.0], [1e300], [2.0]]), [1, -1, 1], {}, "float32"),
        (GOOD, [1, -1, 1], {"weights": [1, 2]}, "weights has shape"),
        (GOOD, [1, -1, 1], {"weights": [1, -2, 1]}, "weights goes down"),
        (GOOD, [1, -1, 1], {"weights": [0, 0, 0]}, "all 0"),
        (GOOD, [1, -1, 1], {"order": np.array([[0], [1], [3]])}, "sort_features"),
        (GOOD, [1, -1, 1], {"order": np.array([[0.0], [1], [2]])}, "sort_features"),
    ],
)
def test_errors_say_what_came_and_what_was_wanted(X, labels, extra, message):
    with pytest.raises(ValueError, match=message):
        boosting.best_stump(X, labels, **extra)
    with pytest.raises(ValueError, match=message):
        boosting.fit_adaboost(X, labels, 2, **extra)


@pytest.mark.parametrize("fit", [boosting.fit_adaboost, boosting.majority_vote_probability])
def test_at_least_one_round_or_voter(fit):
    with pytest.raises(ValueError, match="at least 1"):
        fit(*{boosting.fit_adaboost: (GOOD, [1, -1, 1], 0)}.get(fit, (0, 0.5)))
    with pytest.raises(ValueError, match="at least 1"):
        boosting.fit_bagging(GOOD, [1, -1, 1], 0, rng=np.random.default_rng(0))


def test_probabilities_lie_between_0_and_1():
    with pytest.raises(ValueError, match="p goes up"):
        boosting.majority_vote_probability(3, 60)


def test_parts_of_different_length_are_refused():
    with pytest.raises(ValueError, match="same number"):
        bin_features([np.zeros((3, 1)), np.zeros((4, 1))])
    with pytest.raises(ValueError, match="same number"):
        bin_features([])


# Drawing


def test_samples_are_drawn_with_areas_like_their_weights():
    matplotlib.use("agg")
    ax = plt.figure().subplots()
    weights = np.array([1, 2, 3, 2])
    drawing.show_samples(ax, np.eye(4)[:, :2], [1, 1, -1, -1], weights=weights, size=10)
    areas = np.concatenate([dots.get_sizes() for dots in ax.collections])
    np.testing.assert_allclose(sorted(areas), [5, 10, 10, 15])
    plt.close("all")


def test_the_plane_has_the_colour_of_the_answer():
    matplotlib.use("agg")
    ax = plt.figure().subplots()
    drawing.show_answers(ax, Stump(1, 0.0, 1).predict, resolution=10)
    above = ax.images[0].get_array()
    assert above[5:].all() and not above[:5].any()  # row 0 is at the bottom
    assert ax.images[0].origin == "lower"
    plt.close("all")


def test_written_votes_add_up_to_the_written_sum():
    matplotlib.use("agg")
    ax = plt.figure().subplots()
    stumps_ = Stump(0, 2.5, -1), Stump(0, 8.5, -1), Stump(1, 5.5, 1)
    drawing.show_votes(ax, stumps_, (0.4236, 0.6496, 0.9229), [(1, 9), (9, 1)])
    want = ["+0.42\n+0.65\n+0.92\n= +1.99", "−0.42\n−0.65\n−0.92\n= −1.99"]
    assert [text.get_text() for text in ax.texts] == want
    plt.close("all")


def test_rounds_are_drawn_with_their_own_weights():
    matplotlib.use("agg")
    weights = []
    voters = boosting.fit_adaboost(
        POINTS, SIGNS, 3, on_round=lambda e, error, now: weights.append(now)
    )
    fig = figures.show_rounds(voters, POINTS, SIGNS, weights, columns=2, size=10)
    titles = [ax.get_title() for ax in fig.axes]
    assert titles[:2] == ["Round 1: error 0.300, say 0.42", "Round 2: error 0.214, say 0.65"]
    areas = np.concatenate([dots.get_sizes() for dots in fig.axes[1].collections[:4]])
    assert areas.max() / areas.min() == pytest.approx(7 / 3)  # 1/6 against 1/14
    plt.close("all")


def test_every_classifier_gets_a_panel_with_its_title():
    matplotlib.use("agg")
    voters = [Stump(0, 0.0, 1), Stump(1, 0.0, 1)]
    fig = figures.show_voters(voters, np.eye(2), [1, -1], ["across", "up"], truth=np.sin)
    assert [ax.get_title() for ax in fig.axes] == ["across", "up"]
    across, up = (ax.images[0].get_array() for ax in fig.axes)
    assert across[0, -1] and not up[0, -1]  # the lower right corner
    plt.close("all")


def test_a_question_says_what_counts_as_a_face():
    matplotlib.use("agg")
    rows = np.array([[0, 0, 0, 4, 2], [1, 0, 0, 2, 4]])
    asked = [Stump(0, 1.25, 1), Stump(1, -3.0, -1)]
    fig = figures.show_questions(asked, rows, np.zeros((6, 6)))
    first, second = (ax.get_title() for ax in fig.axes)
    assert first.endswith("orange − blue > 1.2") and second.endswith("orange − blue < −3.0")
    plt.close("all")


def test_rounds_lie_evenly_on_a_logarithmic_axis():
    matplotlib.use("agg")
    ax = plt.figure().subplots()
    drawing.show_errors(ax, {"a": np.arange(1, 1001) / 1000}, y_label="share wrong")
    x, y = ax.lines[0].get_data()
    assert x[0] == 1 and x[-1] == 1000 and len(x) <= 80
    np.testing.assert_allclose(y, x / 1000)
    plt.close("all")


@pytest.mark.parametrize("values", [2, 5, 1000])
def test_features_left_out_of_the_scan_could_not_win(values):
    """The shortcut of the search against a scan of everything, with many and with few ties."""
    rng = np.random.default_rng(values)
    for samples, features in [(2, 1), (5, 40), (30, 200), (60, 500)]:
        X = rng.integers(0, values, (samples, features)).astype(np.float32)
        labels = np.where(np.arange(samples) % 2, 1, -1)
        weights = rng.dirichlet(np.ones(samples))
        X, labels, weights, order = stumps.prepare(X, labels, weights, None)
        arguments = X.T, order.T, weights * labels, weights[labels < 0].sum()
        every = stumps._scan(*arguments, np.arange(features))
        able = stumps._scan_able(*arguments)
        best = [np.flatnonzero(e <= e.min() + stumps.TIE)[0] for e in (every[0], able[0])]
        assert best[0] == best[1]
        assert [a[best[0]] for a in every] == [a[best[0]] for a in able]
