"""Fingerprints and comparison: what is the same code, what stands out, and what cannot hurt."""

import random
import time
from pathlib import Path

import numpy as np
import pytest
import report_class
from report_class import answers, disguised, notebook

from course_lib.staff import class_report
from course_lib.staff.class_report import code, fingerprints, likeness
from course_lib.staff.class_report.fingerprints import WINDOW, K, grams, tokens, winnow

NOWHERE = Path(__file__).parent / "no notebooks here"
EMPTY = {"cells": [], "metadata": {}}


def texts(source):
    return [text for text, _, _ in tokens(source)]


# --- tokens ---


def test_only_what_counts_is_left():
    source = (
        'def f(a):\n    """Says."""\n    # why\n    b = a.sum()  # so\n    return {"x": len(b)}\n'
    )
    assert texts(source) == "def f ( a ) : b = a . sum ( ) return { S : len ( b ) }".split()
    free = {text for text, name, _ in tokens(source) if name}
    assert free == {"f", "a", "b"}  # no keyword, builtin or attribute
    assert [line for text, _, line in tokens(source) if text == "b"] == [4, 5]


def test_a_text_at_the_beginning_of_a_line_is_no_docstring_if_it_is_used():
    assert texts('"{}".format(1)') == ["S", ".", "format", "(", "1", ")"]
    assert texts('"says"\nx = 1') == ["x", "=", "1"]
    assert texts('"""Says\nmore."""') == []


@pytest.mark.parametrize(
    "broken", ["x = = 1", "x = (1", "'open", '"""open', "  back\n back", "?!$", "%time x", "\x00"]
)
def test_what_is_no_python_hides_nothing_behind_it(broken):
    wanted = "after = before + 1".split()
    lines = f"before = 1\n{broken}\n" + "\n" * 3 + "after = before + 1\n"
    assert " ".join(wanted) in " ".join(texts(lines)), texts(lines)


@pytest.mark.parametrize(
    "hostile",
    [
        "x" * 1_000_000,
        "x = " + "1+" * 500_000 + "1",
        "(" * 1_000_000,
        "[" * 500 + "]" * 500,
        "-" * 1_000_000 + "1",
        "not " * 200_000 + "1",
        "a" + ".b" * 300_000,
        "'" + "\\" * 500_001,
        '"""' * 300_001,
        "\n" * 1_000_000,
        "if x:\n" + " " * 1_000_000 + "y",
        "\n".join(" " * depth + "if x:" for depth in range(2000)),
        "x = " + "9" * 1_000_000,
        "\ud800 = 1\ud800",
        "lambda: " * 100_000,
        "f'" + "{f'" * 5000,
        "\x00\x01\x02" * 1000,
    ],
    ids=range(17),
)
def test_hostile_code_takes_little_time(hostile):
    begin = time.process_time()
    cell = code.Cell("task0", hostile)
    fingerprints.of_cells([hostile])
    fingerprints.lines_with(hostile, {1})
    code.library_names([cell], EMPTY)
    assert time.process_time() - begin < 10  # 0.1 s each on a quiet machine


# --- fingerprints ---


def test_other_names_are_the_same_code_and_other_steps_are_not():
    first = "low = np.maximum(a, b)\nhigh = np.minimum(a, b)\nreturn high - low"
    same = "x = np.maximum(p, q)\ny = np.minimum(p, q)\nreturn y - x"
    other = "x = np.maximum(p, q)\ny = np.minimum(q, p)\nreturn y - x"
    assert grams(tokens(first)) == grams(tokens(same))
    assert grams(tokens(first)) != grams(tokens(other))
    assert grams(tokens(first)) != grams(tokens(first.replace("maximum", "add")))


def test_fingerprints_are_the_same_in_every_run():
    found = grams(tokens("a = b + c * d - e ** f + g"))  # Python's own hash would be another
    assert len(found) == 13 - K + 1
    assert found == [
        7692777796540233563,
        7926207489466159151,
    ]


def test_winnowing_by_hand():
    """The example of Schleimer, Wilkerson and Aiken's figure 2, of windows of 4."""
    hashes = [77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98]
    assert winnow(hashes, 4) == {17, 8, 39}
    assert winnow([5, 3], 4) == {3} and winnow([], 4) == set()


def test_whoever_shares_enough_in_a_row_shares_a_fingerprint():
    rng = random.Random(1)
    part = [rng.randrange(10**6) for _ in range(WINDOW)]
    for seed in range(50):
        other = random.Random(seed)
        first, second = (
            [other.randrange(10**6) for _ in range(20)] + part + [other.randrange(10**6)] * 9
            for _ in range(2)
        )
        assert winnow(first) & winnow(second)


def test_lines_that_match_are_found():
    first = "import os\nbest = sorted(values)[-1] + other[0] * 3\nprint(1)"
    shared = set(grams(tokens("x = sorted(y)[-1] + z[0] * 3")))
    assert fingerprints.lines_with(first, shared) == {2}


# --- comparison ---


def compared(codes, released=EMPTY):
    cells = {who: code.own_cells(notebook(sources), released) for who, sources in codes.items()}
    prints, known = class_report.fingerprint(cells, released, NOWHERE)
    return likeness.compare(prints, known)


def listed(comparison):
    return {(pair.first, pair.second) for pair in comparison.pairs}


def test_a_copied_and_renamed_answer_stands_out_among_300():
    """45,000 pairs in less than 20 s of processor time."""
    codes = {f"s{number:03}": answers(number) for number in range(300)}
    codes["s111"] = [disguised(source) for source in codes["s222"]]
    codes["s050"] = [disguised(source) for source in codes["s260"][:3]] + codes["s050"][3:]
    assert codes["s111"] != codes["s222"]
    begin = time.process_time()
    found = compared(codes)
    assert time.process_time() - begin < 20
    assert listed(found) == {("s111", "s222"), ("s050", "s260")}
    assert found.pairs[0].contained > 0.8 and found.pairs[0].jaccard == 1
    assert 0.4 < found.pairs[1].contained < 1
    assert found.compared == 300 and found.usual[2] < 0.2


TYPICAL = (
    "def iou(a, b):\n    w = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])\n"
    "    h = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])\n"
    "    shared = np.clip(w, 0, None) * np.clip(h, 0, None)\n"
    "    return shared / (a.sum() + b.sum())",
    "def iou(p, q):\n    left = np.maximum(p[..., :2], q[..., :2])\n"
    "    right = np.minimum(p[..., 2:], q[..., 2:])\n    side = (right - left).clip(0)\n"
    "    both = side[..., 0] * side[..., 1]\n    return both / (area(p) + area(q) - both)",
)


def test_typical_answers_are_common_and_not_listed():
    """Everyone writes one of the two usual functions, and one of one's own."""
    codes = {
        f"s{number:02}": [
            TYPICAL[number % 2],
            *answers(number, tasks=1),
            *answers(1000 + number, 2),
        ]
        for number in range(40)
    }
    found = compared(codes)
    assert found.pairs == () and found.compared == 40
    codes["s07"] = [codes["s07"][0], *map(disguised, codes["s31"][1:])]
    assert listed(compared(codes)) == {("s07", "s31")}


def test_those_who_wrote_only_what_is_typical_are_not_compared():
    codes = {f"s{number:02}": [TYPICAL[number % 2]] for number in range(40)}
    found = compared(codes)
    assert found.compared == 0 and found.pairs == ()


def test_what_was_handed_out_does_not_count():
    given = notebook(answers(1), added=answers(2))
    codes = {"a": answers(1), "b": answers(2), "c": answers(3)}
    codes["a"] = [source + "\nx = 1" for source in codes["a"]]
    codes["b"] = [source + "\nx = 2" for source in answers(1)]
    assert listed(compared(codes)) == {("a", "b")}
    assert listed(compared(codes, given)) == set()


def test_what_is_usual_raises_the_bound():
    """Tukey's outer fence: the upper quartile and three times the distance of the quartiles."""
    assert likeness._bound(np.linspace(0.1, 0.3, 101)) == pytest.approx(0.25 + 3 * 0.1)
    assert likeness._bound(np.linspace(0.0, 0.9, 101)) == likeness.SURE
    assert likeness._bound(np.full(100, 0.1)) == likeness.LEAST
    assert likeness._bound(np.linspace(0.0, 0.9, 10)) == likeness.LEAST  # too few to tell


def test_comparison_by_hand():
    """Sixty are common; a and b share 19 of the rest."""
    common = set(range(1000, 1060))
    prints = {f"x{n}": common | {2000 + n} for n in range(4)}
    prints |= {
        "a": set(range(20)) | common,
        "b": set(range(1, 31)) | common,
        "c": set(range(50, 90)),
    }
    found = likeness.compare(prints)
    assert found.common == common and found.compared == 3 and found.usual[0] == 0
    assert found.pairs == ()  # 19 of 80
    known = set(range(1000, 1055))
    pair = likeness.compare(prints, known).pairs[0]
    assert (pair.first, pair.second, pair.shared) == ("a", "b", 19)
    assert pair.contained == 19 / 25 and pair.jaccard == 24 / 36


def test_nobody_to_compare():
    for prints in ({}, {"a": set(range(50))}, {"a": set(), "b": set()}):
        assert likeness.compare(prints).pairs == ()


# --- own code, and the library's ---


def test_own_cells_are_what_the_student_wrote():
    given = notebook([report_class.GIVEN, "def other(): ..."], added=["import numpy as np"])
    handed = notebook(
        ["def total(values):\n    return sum(values)", "def other(): ..."],
        added=["import numpy as np", "total([1])", "  "],
    )
    locked = {"grade_id": "check", "locked": True, "grade": True, "solution": False}
    handed["cells"].append(
        {"cell_type": "code", "source": ["x", "=1"], "metadata": {"nbgrader": locked}}
    )
    handed["cells"].append({"cell_type": "markdown", "source": "words", "metadata": {}})
    cells = code.own_cells(handed, given)
    assert [cell.name for cell in cells] == ["task0", "own cell 1"]
    assert code.own_cells(None, given) == () and code.own_cells({"cells": [1, {}]}, given) == ()


def test_cells_that_hidden_checks_call():
    cells = [("a", 0, 1), ("a-check", 1, 0), ("a-more", 1, 0), ("b", 0, 1), ("b-text", 1, 1)]
    made = {"cells": [{"metadata": {}}]}
    for name, grade, solution in cells:
        said = {"grade_id": name, "grade": bool(grade), "solution": bool(solution)}
        made["cells"].append({"metadata": {"nbgrader": said}})
    assert code.answers(made) == {"a"}


GIVEN_IMPORTS = notebook(
    [], added=["from course_lib import plot\nfrom course_lib.detection import boxes"]
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from course_lib.detection.boxes import iou", {"course_lib.detection.boxes.iou"}),
        (
            "from course_lib.detection.boxes import iou as mine\nmine(1)",
            {"course_lib.detection.boxes.iou"},
        ),
        ("boxes.nms(1, 2, 3)", {"course_lib.detection.boxes.nms"}),
        (
            "import course_lib\ncourse_lib.detection.boxes.iou(1)",
            {"course_lib.detection.boxes.iou"},
        ),
        ("import course_lib.detection.boxes as b\nb.iou(1)", {"course_lib.detection.boxes.iou"}),
        ("__import__('course_lib.detection')", {"course_lib.detection"}),
        (
            "importlib.import_module('course_lib.detection.boxes').iou",
            {"course_lib.detection.boxes"},
        ),
        ("def f(:\n  course_lib.detection.boxes.iou", {"course_lib.detection.boxes.iou"}),
        ("def iou(boxes):\n    return boxes.sum()", set()),
        ("boxes = 3\nboxes.real", set()),
        ("plot.show(1)\nfrom course_lib import images\nimages.read('x')", set()),
        ("'''As course_lib.detection.boxes.iou does.'''", set()),
        ("import numpy as np\nnp.sum(1)", set()),
    ],
)
def test_the_library_is_found_in_answers(source, names):
    cell = code.Cell("task0", source)
    assert set(code.library_names([cell], GIVEN_IMPORTS)) == names
    assert all(where == ("task0",) for where in code.library_names([cell], GIVEN_IMPORTS).values())
