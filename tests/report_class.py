"""Made-up answers for the class report: independent ones of many kinds, and copies of them."""

import random
import re

GIVEN = '''def total(values):
    """Add the values up."""
    raise NotImplementedError("your answer goes here")'''
WORDS = "low high total part step size left right best score mean value item count row side".split()
CALLS = [
    "np.maximum",
    "np.minimum",
    "np.abs",
    "np.cumsum",
    "np.diff",
    "np.sort",
    "np.roll",
    "np.sqrt",
]


def notebook(sources, *, added=()):
    """A notebook's JSON: solution cells ``task0``, ``task1``, then cells that a student added."""
    cells = []
    for number, source in enumerate(sources):
        said = {"grade_id": f"task{number}", "solution": True, "grade": False, "locked": False}
        cells.append({"cell_type": "code", "source": source, "metadata": {"nbgrader": said}})
    cells += [{"cell_type": "code", "source": source, "metadata": {}} for source in added]
    return {"cells": cells, "metadata": {}, "nbformat": 4}


def answer(rng, number):
    """A function that nobody else would write."""
    names = rng.sample(WORDS, 6)
    lines = [f"def task{number}({names[0]}, {names[1]}):"]
    for _ in range(rng.randint(6, 14)):
        kind = rng.randrange(5)
        a, b, c = (rng.choice(names) for _ in range(3))
        if kind == 0:
            lines.append(f"    {a} = {rng.choice(CALLS)}({b} {rng.choice('+-*/')} {c})")
        elif kind == 1:
            lines.append(f"    for {a} in range({rng.randint(2, 90)}):")
            lines.append(f"        {b} += {c}[{a}, {rng.randint(0, 9)}:] ** {rng.randint(2, 5)}")
        elif kind == 2:
            lines.append(f"    if {a} > {b}.{rng.choice(['sum', 'max', 'min', 'mean'])}():")
            lines.append(f"        {c} = {a} - {rng.randint(1, 99)} * {b}")
        elif kind == 3:
            lines.append(f"    {a}, {b} = {b}[::{rng.randint(1, 5)}], {c}.T @ {a}")
        else:
            lines.append(f"    {a}[{b} < {rng.randint(0, 50)}] = {rng.choice(CALLS)}({c})")
    lines.append(f"    return {rng.choice(names)}")
    return "\n".join(lines)


def answers(seed, tasks=4):
    """One student's answers."""
    rng = random.Random(seed)
    return [answer(rng, number) for number in range(tasks)]


def disguised(source):
    """The same code with other names, comments, texts and layout."""
    new = {word: f"my_{word[::-1]}" for word in WORDS}
    free = rf"(?<!\.)\b(?:{'|'.join(new)})\b"  # a method has the name that it has
    text = re.sub(free, lambda found: new[found[0]], source)
    lines = []
    for line in text.split("\n"):
        spaced = re.sub(r" ([=+*/-]) ", r"  \1 ", line).replace("    ", "  ")
        lines += [spaced + "  # I did this myself", ""]
    return "\n".join(lines)
