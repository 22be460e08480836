"""How long each notebook takes, from a fresh kernel to its last cell, one after the other.

Run from the root of the repository: python benchmarks/notebooks.py [01_1 ...]
"""

import os
import resource
import sys
import time

from course_lib import runner

LIMIT = 180  # s on two cores


def main():
    os.environ.setdefault("COURSE_WEIGHTS", "package")  # as when the outputs were stored
    print(f"{os.cpu_count()} cores. Wall time, and processor time of all threads.\n")
    print("| notebook | wall time, s | processor, s |")
    print("|---|---|---|")
    for book in runner.find(sys.argv[1:]):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        runner.run(book, quiet=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        mark = "" if wall <= LIMIT else " (over the limit)"
        print(f"| {book.stem} | {wall:.0f}{mark} | {cpu:.0f} |", flush=True)


if __name__ == "__main__":
    main()
