"""The cascades that we trained for the course, with their cards in ``data/models``.

Used in ``01_3_face_detector``.
"""

from pathlib import Path

from course_lib import checks
from course_lib.classic import cascade

FOLDER = Path(__file__).parents[3] / "data" / "models"


def path(name="face_cascade"):
    """Where the file of one of our cascades is, for example for ``cv2.CascadeClassifier``.

    Parameters
    ----------
    name : str

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If the course's folder of models is missing.
    ValueError
        If there is no such cascade.
    """
    files = {file.stem: file for file in FOLDER.glob("*_cascade.xml")}
    if not files:
        raise FileNotFoundError(
            f"There are no cascades in {FOLDER}; run the course from a clone of its repository."
        )
    return files[checks.choice(name, "name", sorted(files))]


def load(name="face_cascade"):
    """One of our cascades.

    Parameters
    ----------
    name : str

    Returns
    -------
    Cascade

    Raises
    ------
    FileNotFoundError, ValueError
        As `path`.
    """
    return cascade.read_cascade(path(name))
