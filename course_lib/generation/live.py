"""The live figure of `widgets`, under the name that part 09 uses."""

from course_lib.widgets import Live

__all__ = ["Live"]
