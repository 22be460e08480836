"""What students handed in, in whatever shape it comes.

``collect`` finds the hand-ins, ``restore`` puts the release's locked cells back into one, and
``submissions`` does both, one student at a time.
"""

from course_lib.staff.intake.collecting import collect
from course_lib.staff.intake.handin import HandIn, Unreadable
from course_lib.staff.intake.restoring import restore, submissions

__all__ = ["HandIn", "Unreadable", "collect", "restore", "submissions"]
