"""Vision before deep networks: Haar features, boosting, the face detector, line art (part 01).

Import the module that you need, for example ``from course_lib.classic import haar``.
"""
