"""Pose: where people's joints are, and which belong together (part 06).

Import the module that you need, for example ``from course_lib.pose import fields``.
"""
