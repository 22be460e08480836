"""Self-checks for students: every way to be wrong gets its own sentence, none gives the answer."""

import numpy as np
import pytest

from course_lib import exercise

ANSWER = np.array([[10.5, 20.25], [30.125, 40.75]])


def halves(values):
    return values / 2


CASES = [
    exercise.case(ANSWER * 2, expected=ANSWER, hint="the equation of section 2."),
    exercise.case(np.zeros(12), expected=np.zeros(12), hint="many values."),
]


def said(function, cases=CASES):
    """What a check says about a wrong answer."""
    with pytest.raises(exercise.NotYet) as caught:
        exercise.check(function, cases, name="1")
    return str(caught.value)


def test_right_answer_passes_and_an_open_one_does_not_raise(capsys):
    exercise.check(halves, CASES, name="1")
    exercise.check(halves, CASES)

    def later(values):
        raise NotImplementedError("Exercise 2: ...")

    exercise.check(later, CASES, name="2")
    assert capsys.readouterr().out.splitlines() == [
        "Exercise 1: all 2 checks pass.",
        "Exercise halves: all 2 checks pass.",
        "Exercise 2 is still open.",
    ]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda v: None, "returned nothing"),
        (lambda v: v[0] / 2, "shape should be (2, 2); yours is (2,)."),
        (lambda v: v / 2 * np.nan, "NaN or infinity"),
        (lambda v: v / 0.0, "NaN or infinity"),
        (lambda v: v, "4 of 4 values differ, first at index [0, 0], where yours is 21."),
        (lambda v: v / 2 + (v > 80) * 1e-3, "1 of 4 values differ, first at index [1, 1]"),
        (lambda v: (v / 2).tolist() + [[1]], "numbers were expected"),
        (lambda v: "41", "returned '41'; numbers were expected"),
        (lambda v: v / 2 + 1j, "numbers were expected"),
        (lambda v: {}["key"], "stopped with KeyError: 'key'. Look at"),
        (lambda: 1, "stopped with TypeError"),
        (3, "not callable"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_every_fault_is_named_with_input_and_hint(function, words):
    text = said(function)
    assert text.startswith("Exercise 1, check 1 of 2: for [[21.0, 40.5], [60.25, 81.5]], ")
    assert words in text
    assert text.endswith("Look at: the equation of section 2.")


def test_no_message_gives_the_answer():
    wrong = [lambda v: v, lambda v: v[0], lambda v: v * np.nan, lambda v: None, lambda v: v[9]]
    for text in map(said, wrong):
        assert not any(f"{number:g}" in text for number in ANSWER.ravel()), text


def test_one_number_is_too_small_or_too_large_within_its_tolerance():
    cases = [exercise.case(1, expected=2.5, hint="h", atol=0.01)]
    exercise.check(lambda n: 2.509, cases)
    exercise.check(lambda n: np.float32(2.491), cases)
    assert "returned 2.52, which is too large." in said(lambda n: 2.52, cases)
    assert "returned 2.48, which is too small." in said(lambda n: 2.48, cases)
    sharp = [exercise.case(expected=3, hint="h")]
    assert "for no arguments, your function returned 3.00001, which" in said(lambda: 3.00001, sharp)


def test_text_and_truth():
    cases = [exercise.case("a", sep="-", expected="a-a", hint="join")]
    exercise.check(lambda text, sep: sep.join([text, text]), cases)
    assert "for 'a', sep='-', your function returned 'aa'; that" in said(lambda t, sep: "aa", cases)
    assert "not the right text" in said(lambda t, sep: 7, cases)
    truth = [exercise.case(3, expected=True, hint="sign")]
    exercise.check(lambda n: np.bool_(n > 0), truth)
    assert "sign" in said(lambda n: n < 0, truth)


def test_expected_nan_is_matched_by_nan_only():
    cases = [exercise.case(expected=[np.nan, 1], hint="missing")]
    exercise.check(lambda: [np.nan, 1], cases)
    assert "1 of 2 values differ, first at index [0]" in said(lambda: [0, 1], cases)
    assert "NaN" in said(lambda: [np.nan, np.nan], cases)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(np.array([3, 1, 2]), [1, 2, 3]), ([3, 1, 2], [1, 2, 3])],
)
def test_function_that_writes_into_its_argument_does_not_spoil_the_case(given, expected):
    def sort_in_place(values):
        values.sort()
        return values

    case = exercise.case(values=given, expected=expected, hint="h")
    positional = exercise.case(given, expected=expected, hint="h")
    for _ in range(2):
        exercise.check(sort_in_place, [case, positional])
    assert list(given) == [3, 1, 2]
    assert "for values=[3, 1, 2], " in said(lambda values: values.sort() or [0, 0, 0], [case])


def test_generator_starts_anew_at_every_call():
    rng = np.random.default_rng(5)
    expected = np.random.default_rng(5).random(3)
    case = exercise.case(rng, expected=expected, hint="h")
    exercise.check(lambda r: r.random(3), [case, case])


def test_object_that_equals_everything_does_not_pass():
    class Yes:
        def __eq__(self, other):
            return True

        __hash__ = None

    class YesText(str):
        def __eq__(self, other):
            return True

        __hash__ = None

    for expected in (1.0, ANSWER, "text"):
        said(lambda: Yes(), [exercise.case(expected=expected, hint="h")])  # noqa: B023
    said(lambda: YesText("no"), [exercise.case(expected="text", hint="h")])


def test_check_without_cases_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        exercise.check(halves, [])
