"""How long `import course_lib` takes beside `import numpy`: whole processes in turn, medians.

Run: python benchmarks/import_time.py
"""

import statistics
import subprocess
import sys
import time

RUNS = 15


def seconds(statement):
    """Wall time of one fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main():
    statements = {"nothing": "pass", "numpy": "import numpy", "course_lib": "import course_lib"}
    for statement in statements.values():
        seconds(statement)  # fills the disk cache
    taken = {name: [] for name in statements}
    for _ in range(RUNS):
        for name, statement in statements.items():
            taken[name].append(seconds(statement))
    median = {name: statistics.median(times) for name, times in taken.items()}
    print("| process | median of", RUNS, "runs |\n|---|---|")
    for name, value in median.items():
        print(f"| python, import {name} | {value * 1000:.0f} ms |")
    net = {name: median[name] - median["nothing"] for name in ("numpy", "course_lib")}
    print(f"\nimport course_lib / import numpy, whole processes: {ratio(median):.2f}")
    print(f"import course_lib / import numpy, without Python's own start: {ratio(net):.2f}")


def ratio(times):
    """course_lib over numpy."""
    return times["course_lib"] / times["numpy"]


if __name__ == "__main__":
    main()
