"""Detection: boxes and what is done with them (part 05; the face detector uses `boxes` already).

Import the module that you need, for example ``from course_lib.detection import boxes``.
"""
