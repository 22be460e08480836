"""Writes wherever it can: beside itself, above, at home, into the course, where the test looks."""

from pathlib import Path

import course_lib

for place in [*Path.cwd().parents, Path.home(), Path(course_lib.__file__).parent, Path(CANARY)]:
    try:
        (place / "was_here.txt").write_text("I was here.")
    except OSError:
        pass
for module in Path(course_lib.__file__).parent.glob("exercise.py"):
    try:
        module.write_text(module.read_text())
        print("the course can be changed")
    except OSError:
        pass


def attack(*args, **kwargs):
    return None
