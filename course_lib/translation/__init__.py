"""Translation: one picture made from others, the style of this with the content of that (part 10).

Import the module that you need, for example ``from course_lib.translation import style``.
"""
