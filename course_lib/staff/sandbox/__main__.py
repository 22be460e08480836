"""Say which walls students' code would run behind: ``python -m course_lib.staff.sandbox``."""

import sys

from course_lib.staff import sandbox


def main():
    """Print the wall that `course grade` will take on this machine.

    Raises
    ------
    SystemExit
        With a sentence for the instructor, where there is none.
    """
    try:
        wall = sandbox.choose()
    except sandbox.NoSandbox as error:
        sys.exit(str(error))
    started = "forked from a process that has imported everything" if wall.warm else "started cold"
    print(f"Students' code runs behind {wall.name}, in kernels {started}.")


if __name__ == "__main__":
    main()
