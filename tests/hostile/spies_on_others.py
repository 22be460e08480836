"""Looks for other submissions, other processes, and the grader's environment."""

import os
from pathlib import Path

seen = [str(place) for place in Path(CLASS).rglob("*.ipynb")]
for process in Path("/proc").glob("[0-9]*"):
    try:
        seen += [text for text in (process / "environ").read_text().split("\0") if "SECRET" in text]
    except OSError:
        pass
seen += [name for name in os.environ if "SECRET" in name]
print("SEEN" if seen else "nothing", len(seen))


def attack(*args, **kwargs):
    return seen
