"""Generation: pictures from noise by two networks that play against each other (part 09).

Import the module that you need, for example ``from course_lib.generation import games``.
"""
