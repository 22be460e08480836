"""The assignment neural_network: its hidden checks tell right answers from typically wrong ones."""

import assignment_checks
import numpy as np
import pytest
from scipy import special

from course_lib.networks import losses
from course_lib.networks.backpropagation import checking

NAME = "neural_network"


@pytest.fixture(scope="module")
def trials():
    return assignment_checks.trials(NAME)


@pytest.fixture(scope="module")
def space():
    return assignment_checks.ran(NAME)


@pytest.fixture(scope="module")
def calls(trials):
    """Function -> the calls of it."""
    found = {}
    for one in trials:
        for call in one.assignment.calls:
            found.setdefault(call.function, []).append(call)
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
    "softmax": ("softmax", ["np.eye(*a[0].shape)", "a[0]", "0.25", "a[0] / a[0].sum()"]),
    "loss": ("cross_entropy", ["0.0", "np.log(2)", "1000", "np.log(a[0].shape[1])", "np.nan"]),
    "backward": (
        "backward",
        [
            "tuple(np.zeros(n) for n in ((a[0].shape[1], len(a[2])), len(a[2]), a[2].shape, "
            "a[2].shape[1]))",
            "(0, 0, 0, 0)",
            "a[:4]",
        ],
    ),
    "adam": (
        "adam_step",
        ["(a[0], a[2], a[3])", "(a[0] - a[5] * a[1], a[2], a[3])", "(0.9, 0.4, 0.016)", "a[0]"],
    ),
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


def test_wanted_probabilities_are_finite_and_sum_to_one(calls):
    largest = 0
    for call in calls["softmax"]:
        np.testing.assert_allclose(call.want.sum(axis=1), 1)
        assert np.isfinite(call.want).all()
        largest = max(largest, np.abs(call.args[0]).max())
    assert largest > 1e9


def test_wanted_losses_are_the_librarys(calls):
    for call in calls["cross_entropy"]:
        assert losses.categorical_cross_entropy(*call.args)[0] == pytest.approx(call.want)
    assert max(call.want for call in calls["cross_entropy"]) > 1e6


def loss_of(X, W1, b1, W2, b2, labels):
    return losses.categorical_cross_entropy(np.maximum(X @ W1 + b1, 0) @ W2 + b2, labels)[0]


def test_wanted_gradients_are_those_of_finite_differences(calls):
    """W1 and b1 are not among the arguments, so they are chosen anew to give the same H."""
    tried = 0
    for call in calls["backward"]:
        X, H, W2, P, labels = (np.asarray(each) for each in call.args)
        logits = np.log(P)
        inputs = np.eye(len(X))  # one input per sample: any H comes from some W1
        rng, hidden = np.random.default_rng(0), H.shape[1]
        W1 = np.where(H > 0, H, -rng.uniform(1, 2, H.shape))
        # b2 per sample cannot be had: keep only calls whose logits are H @ W2 up to a constant
        gap = logits - H @ W2
        gap -= gap.mean(axis=1, keepdims=True)
        if np.abs(gap - gap[0]).max() > 1e-6 or np.abs(H[H > 0]).min(initial=1) < 1e-4:
            continue
        b1, b2 = np.zeros(hidden), gap[0].copy()
        np.testing.assert_allclose(special.softmax(H @ W2 + b2, axis=1), P, atol=1e-9)
        arrays = [W1, b1, W2.astype(float), b2]
        slopes = checking.finite_differences(
            lambda inputs=inputs, labels=labels, arrays=arrays: loss_of(inputs, *arrays, labels),
            arrays,
        )
        np.testing.assert_allclose(call.want[0], X.T @ slopes[0], atol=1e-6)
        for wanted, slope in zip(call.want[1:], slopes[1:], strict=True):
            np.testing.assert_allclose(wanted, slope, atol=1e-6)
        tried += 1
    assert tried >= 20


def test_units_are_open_or_shut_as_the_task_says(calls):
    shut = {}
    for call in calls["backward"]:
        shut.setdefault(call.task, []).append((call.args[1] == 0).mean())
    assert max(shut["backward-check"]) == 0
    assert min(shut["backward-shut-check"]) > 0


def test_wanted_memories_of_adam_are_moving_averages(calls):
    steps = set()
    for call in calls["adam_step"]:
        w, g, m, s, t, rate = call.args
        moved, mean, square = call.want
        np.testing.assert_allclose(mean, 0.9 * m + 0.1 * g, atol=1e-12)
        np.testing.assert_allclose(square, 0.999 * s + 0.001 * g**2, atol=1e-12)
        lifted = np.sqrt(square / (1 - 0.999**t)) + 1e-7  # the form of the notebook
        np.testing.assert_allclose(
            moved, w - rate * mean / (1 - 0.9**t) / lifted, atol=call.atol, rtol=call.rtol
        )
        steps.add(t)
    assert min(steps) == 1 and max(steps) > 10


# --- the notebook ---


def test_points_titles_answers_and_rubric():
    assignment_checks.assert_in_order(NAME, tasks=5)


def test_size_as_a_student_sees_it():
    assignment_checks.assert_fits_the_page(NAME)


def test_the_source_runs_and_passes_its_own_hidden_checks(tmp_path):
    heavy = ("tensorflow", "keras", "numba")
    figures, text = assignment_checks.execute("solutions", NAME, tmp_path, absent=heavy)
    assert figures == 3
    assert "open" not in text


def test_the_released_notebook_runs_before_anything_is_done(tmp_path):
    heavy = ("tensorflow", "keras", "numba", "cv2")
    figures, text = assignment_checks.execute("assignments", NAME, tmp_path, absent=heavy)
    assert figures == 2
    assert "Task 5 is still open." in text
