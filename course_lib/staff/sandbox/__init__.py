"""Where a student's code runs: walls around its kernel, and limits inside.

``choose`` finds the walls of this machine; ``kernel`` starts a Jupyter kernel behind them, which
sees the system, Python and this library read-only, has no network and an empty home, and is gone
without a trace afterwards.
"""

from course_lib.staff.sandbox.kernels import Kernel, kernel
from course_lib.staff.sandbox.walls import NoSandbox, Wall, choose

__all__ = ["Kernel", "NoSandbox", "Wall", "choose", "kernel"]
