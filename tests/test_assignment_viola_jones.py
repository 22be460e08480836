"""The assignment viola_jones: its hidden checks tell right answers from typically wrong ones."""

import assignment_checks
import cv2
import numpy as np
import pytest
import skimage.feature
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

NAME = "viola_jones"


@pytest.fixture(scope="module")
def trials():
    return assignment_checks.trials(NAME)


@pytest.fixture(scope="module")
def space():
    return assignment_checks.ran(NAME)


@pytest.fixture(scope="module")
def calls(trials):
    """Function -> the arguments and wants of its calls."""
    found = {}
    for one in trials:
        for call in one.assignment.calls:
            found.setdefault(call.function, []).append((call.args, call.want))
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", assignment_checks.answers(NAME))
def test_an_answer_loses_points_of_its_own_task_if_it_is_wrong(trials, answer):
    for one in trials:
        assignment_checks.assert_loses_its_own(one, answer)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", assignment_checks.answers(NAME))
def test_a_student_is_told_at_once_what_the_mark_will_say(trials, space, answer):
    assignment_checks.assert_told(trials[0], space, answer)


SHORTCUTS = {
    "integral-image": (
        "integral_image",
        ["np.zeros((a[0].shape[0] + 1, a[0].shape[1] + 1))", "np.pad(a[0], [(1, 0), (1, 0)])", "0"],
    ),
    "two-rectangles": ("two_rectangles", ["0.0", "-8", "2", "a[0][-1, -1]", "None", "'light'"]),
    "stump": ("best_stump", ["(6, 1, 1 / 6)", "(0.0, 1, 0.5)", "(a[0].mean(), 1, 0)", "(1, 1)"]),
    "round": (
        "boosting_round",
        ["(0.25, np.log(3) / 2, a[0])", "(0.5, 0.0, a[0])", "(0, np.inf, a[0])", "np.nan"],
    ),
    "group": ("group_hits", ["a[0]", "a[0].mean(axis=0)[None]", "np.zeros((0, 4))", "a[0][:1]"]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("cell", SHORTCUTS)
def test_no_shortcut_gets_a_point(trials, cell):
    function, values = SHORTCUTS[cell]
    for value in values:
        for one in trials:
            lost = one.lost({cell: f"def {function}(*a):\n    return {value}"})
            assert set(lost) == one.together(cell), value


# --- what is wanted, by other oracles ---


def test_wanted_integral_images_are_scikit_images(calls):
    for (image,), want in calls["integral_image"]:
        theirs = skimage.transform.integral_image(image.astype(float))
        np.testing.assert_allclose(want[1:, 1:], theirs, atol=1e-9)
        assert not want[0].any() and not want[:, 0].any()


def test_wanted_responses_are_scikit_images(calls):
    kinds, tried, touching = {"two_across": "type-2-x", "two_down": "type-2-y"}, [], set()
    for (integral, kind, x, y, width, height), want in calls["two_rectangles"]:
        bottom, right = y + height, x + width
        touching.add((kind, right == integral.shape[1] - 1, bottom == len(integral) - 1))
        if width * height > 80:  # scikit-image computes all features of a window
            continue
        window = np.diff(np.diff(integral, axis=0), axis=1)[y:bottom, x:right]
        sums = skimage.transform.integral_image(window)
        theirs = skimage.feature.haar_like_feature(sums, 0, 0, width, height, kinds[kind])
        places, _ = skimage.feature.haar_like_feature_coord(width, height, kinds[kind])
        whole = [[first[0], last[1]] == [(0, 0), (height - 1, width - 1)] for first, last in places]
        assert theirs[whole] == pytest.approx([want])
        tried.append(kind)
    assert min(tried.count(kind) for kind in kinds) > 5
    assert {("two_across", True, False), ("two_down", False, True)} <= touching


def test_wanted_stumps_are_the_best_of_all_trees(calls):
    polarities = []
    for (values, labels, weights), (threshold, polarity, error) in calls["best_stump"]:
        answers = np.where(values > threshold, polarity, -polarity)
        assert weights[answers != labels].sum() == pytest.approx(error)
        same = DecisionTreeRegressor(criterion="absolute_error", max_depth=1)
        other = DecisionTreeClassifier(max_depth=1)  # minds the Gini impurity instead
        for tree, slack in ((same, 1e-9), (other, 1)):
            tree.fit(values[:, None], labels, sample_weight=weights)
            wrong = weights[tree.predict(values[:, None]) != labels].sum()
            assert error - 1e-9 <= wrong <= error + slack
        polarities.append(polarity)
    assert {-1, 1} == set(polarities)


def test_no_two_stumps_are_as_good(calls):
    for (values, labels, weights), (_, _, error) in calls["best_stump"]:
        levels = np.unique(values)
        above = values > (levels[:-1] + levels[1:])[:, None] / 2
        wrong = (weights * (np.where(above, 1, -1) != labels)).sum(axis=1)
        one_answer = weights[labels > 0].sum()
        errors = np.sort([*wrong, *(1 - wrong), one_answer, 1 - one_answer])
        assert errors[0] == pytest.approx(error)
        assert errors[1] - errors[0] > 1e-6


def test_wanted_rounds_leave_half_of_the_weight_on_the_mistakes(calls):
    errors = []
    for (weights, labels, answers), (error, alpha, following) in calls["boosting_round"]:
        wrong = labels != answers
        assert weights.sum() == pytest.approx(1) and following.sum() == pytest.approx(1)
        assert weights[wrong].sum() == pytest.approx(error)
        assert following[wrong].sum() == pytest.approx(0.5)
        assert np.exp(-2 * alpha) == pytest.approx(error / (1 - error))
        errors.append(error)
    assert min(errors) < 0.45 and max(errors) > 0.55


def test_wanted_groups_are_opencvs(calls):
    sizes = []
    for (hits, least), want in calls["group_hits"]:
        rects = np.hstack([hits[:, :2], hits[:, 2:] - hits[:, :2]]).astype(int).tolist()
        found, _ = cv2.groupRectangles(rects, least, 0.2)
        found = np.reshape(found, (-1, 4)).astype(float)
        found[:, 2:] += found[:, :2]
        np.testing.assert_array_equal(want, found[np.argsort(found[:, 0])])
        assert np.all(np.diff(want[:, 0]) > 1)  # no doubt about the order
        sizes.append(len(want))
    assert 0 in sizes and max(sizes) > 2


# --- the notebook ---


def test_points_titles_answers_and_rubric():
    assignment_checks.assert_in_order(NAME, tasks=6)


def test_size_as_a_student_sees_it():
    assignment_checks.assert_fits_the_page(NAME)


def test_the_source_runs_and_passes_its_own_hidden_checks(tmp_path):
    figures, text = assignment_checks.execute("solutions", NAME, tmp_path)
    assert figures == 7
    assert "open" not in text


def test_the_released_notebook_runs_before_anything_is_done(tmp_path):
    heavy = ("tensorflow", "keras", "numba")
    figures, text = assignment_checks.execute("assignments", NAME, tmp_path, absent=heavy)
    assert figures == 5
    assert "Task 6 is still open." in text and "Tasks 1 to 4 are not all done yet." in text
