"""Style pictures that we draw ourselves, so that nobody's rights are touched: seeded, at any size.

`waves` (a pattern in the manner of seigaiha), `mosaic`, `strokes` (along a field of whirls) and
`hatching` (with a pen). Each takes a height, a width and a generator. Used in
``10_1_style_transfer`` and ``10_2_fast_style_transfer``.
"""

from course_lib.translation.paint.hatching import hatching
from course_lib.translation.paint.mosaic import mosaic
from course_lib.translation.paint.strokes import strokes
from course_lib.translation.paint.waves import waves

__all__ = ["PAINTERS", "hatching", "mosaic", "strokes", "waves"]
PAINTERS = {"waves": waves, "mosaic": mosaic, "strokes": strokes, "hatching": hatching}
