"""A small class whose drawings a gallery shows: made as `course grade` leaves it."""

import numpy as np
from PIL import Image

from course_lib.staff.grading import book, store
from course_lib.staff.grading.records import Assignment, Result, Submission, Task, Verdict

NAME = "sketch"
CELL = "drawing"
RUBRIC = (
    {
        "name": "Lines",
        "points": 6,
        "levels": [
            {"points": 0, "text": "no lines can be made out"},
            {"points": 2, "text": "many are broken or doubled"},
            {"points": 4, "text": "the main contours are whole"},
            {"points": 6, "text": "whole, and of even strength"},
        ],
    },
    {
        "name": "Noise & <dust>",
        "points": 4,
        "levels": [
            {"points": 0, "text": "specks everywhere"},
            {"points": 2, "text": "specks in some places"},
            {"points": 4, "text": "clean paper"},
        ],
    },
    {
        "name": "Likeness",
        "points": 6,
        "levels": [
            {"points": 0, "text": "the subject cannot be told"},
            {"points": 3, "text": "the subject can be told"},
            {"points": 6, "text": "a stranger would find the photo among others"},
        ],
    },
    {
        "name": "Care",
        "points": 4,
        "levels": [
            {"points": 0, "text": "values as they were handed out"},
            {"points": 2, "text": "some were tuned to the photo"},
            {"points": 4, "text": "each choice fits the photo"},
        ],
    },
)
NBGRADER = {"schema_version": 3, "task": False, "locked": False, "cell_type": "code"}
STUDENTS = {
    "s1001": "Akiko Tanaka",
    "s1002": "<img src=x onerror=alert(1)>",
    "s1003": "Jürgen Müller",
    "s1004": "Zoë O'Neil",
    "s1005": "</script><b>Bo",
}


def notebook(rubric=RUBRIC, pictures=("drawing", "photo")):
    """The released notebook's JSON, as far as a gallery reads it."""
    data = {"grade": True, "solution": True, "grade_id": CELL, "points": 20}
    graded = {"grade": True, "solution": False, "grade_id": "test_edges", "points": 5}
    course = {
        "title": "A line drawing",
        "minutes": 90,
        "pictures": {name: [f"{name}.png", 600, 800] for name in pictures},
        "rubric": list(rubric),
    }
    cells = [
        {
            "cell_type": "code",
            "metadata": {"nbgrader": one | NBGRADER},
            "source": "",
            "id": one["grade_id"],
        }
        for one in (graded, data)
    ]
    return {"cells": cells, "metadata": {"course": {"assignment": course}}, "nbformat": 4}


def assignment():
    """What the grader knows of it."""
    tasks = (Task("test_edges", "Task 1: edges", 5), Task(CELL, "Task 2: a drawing", 20, True))
    pictures = {"drawing": ("drawing.png", 600, 800), "photo": ("$imgfile", 600, 800)}
    return Assignment(NAME, notebook(), tasks, (), pictures, RUBRIC, 1, "d" * 64)


def photo(number, height=600, width=800):
    """A made-up photograph: a few blobs of colour, another one for each number."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width].astype(float)
    image = np.full((height, width, 3), rng.uniform(90, 200, 3))
    for _ in range(9):
        cx, cy, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(40, 180)
        image[(x - cx) ** 2 + ((y - cy) * rng.uniform(0.6, 1.6)) ** 2 < r**2] = rng.uniform(
            0, 255, 3
        )
    return image.astype(np.uint8)


def drawing(image):
    """Where its brightness jumps, black on white."""
    grey = image.mean(axis=2)
    jump = np.abs(np.diff(grey, axis=0, prepend=grey[:1])) + np.abs(
        np.diff(grey, axis=1, prepend=grey[:, :1])
    )
    return np.where(jump > 8, 0, 255).astype(np.uint8)


def result(student, number, *, cause="by hand", pictures=True, size=(600, 800)):
    """What grading says of one student."""
    image = photo(number, *size)
    kept = {"photo": image, "drawing": drawing(image)} if pictures else {}
    verdicts = (Verdict("test_edges", 5, 5), Verdict(CELL, 0, 20, cause))
    notes = (f"The notebook of {STUDENTS.get(student, student)} was called <b>x</b>.ipynb.",)
    return Result(student, verdicts, {}, notes, kept, 3.5, 10**8, f"digest of {student}")


def answered(words):
    """A notebook whose open task holds a student's words."""
    whole = notebook()
    whole["cells"][1]["source"] = words
    return whole


def keep(folder, one, name="", words="By <i>AKIKO</i>, s1003 and Bo."):
    """Write one student's result into a class's folder, and into its gradebook."""
    submission = Submission(one.student, {"cells": []}, name=name)
    store.keep(folder, NAME, submission)
    store.keep_pictures(folder, NAME, one)
    store.keep_autograded(folder, NAME, one.student, answered(words))
    with book.open_book(folder) as opened:
        book.record(opened, assignment(), submission, one)
    store.keep_result(folder, NAME, submission, one)


def make(folder):
    """Write the whole class: three drawings, one notebook without, one that cannot be read."""
    folder = store.open_class(folder)
    with book.open_book(folder) as opened:
        book.define(opened, assignment())
    sizes = {"s1003": (800, 500)}
    for number, (student, name) in enumerate(STUDENTS.items()):
        cause = "no notebook" if student == "s1005" else "by hand"
        there = student not in ("s1004", "s1005")
        size = sizes.get(student, (600, 800))
        keep(folder, result(student, number, cause=cause, pictures=there, size=size), name)
    return folder


def keep_one_picture(folder):
    """Write one small drawing; returns its path."""
    path = folder / "drawing.png"
    Image.fromarray(drawing(photo(1, 60, 80))).save(path)
    return path
