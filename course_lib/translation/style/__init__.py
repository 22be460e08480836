"""Style transfer by optimisation: a picture with the content of one and the style of another.

`Goal` says what is wanted, `transfer` walks there, and `Run` holds all that was computed, also
after an interrupt. Taught in ``10_1_style_transfer``. Source: Gatys, Ecker and Bethge, Image style
transfer using convolutional neural networks, CVPR 2016, doi 10.1109/CVPR.2016.265.
"""

from course_lib.translation.style.goal import CONTENT, STYLE, Goal, averaging, prepare
from course_lib.translation.style.run import Run, load, transfer
from course_lib.translation.style.terms import (
    content_term,
    gram,
    relative_error,
    style_term,
    variation,
)

__all__ = ["CONTENT", "STYLE", "Goal", "Run", "averaging", "content_term", "gram", "load"]
__all__ += ["prepare", "relative_error", "style_term", "transfer", "variation"]
