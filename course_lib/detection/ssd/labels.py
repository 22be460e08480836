"""The names of the COCO classes, by the number that the networks give."""

from course_lib import checks

# 80 classes are annotated in COCO; the numbers of the other ten were planned and never used, so
# that the networks have outputs that nothing ever taught. 0 is the background.
NAMES = (
    "background",
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "street sign", "stop sign", "parking meter", "bench"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("hat", "backpack", "umbrella", "shoe", "eye glasses", "handbag", "tie", "suitcase"),
    *("frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove"),
    *("skateboard", "surfboard", "tennis racket", "bottle", "plate", "wine glass", "cup", "fork"),
    *("knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot"),
    *("hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "mirror"),
    *("dining table", "window", "desk", "toilet", "door", "tv", "laptop", "mouse", "remote"),
    *("keyboard", "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "blender"),
    *("book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)
UNUSED = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
TRAINED = tuple(n for i, n in enumerate(NAMES) if i and i not in UNUSED)


def numbers(classes):
    """The numbers of classes.

    Parameters
    ----------
    classes : str or iterable of str
        Names among the 80 of COCO, such as ``"person"``.

    Returns
    -------
    tuple of int
        1 to 90, in the order of the names.

    Raises
    ------
    TypeError
        If it is neither a name nor names.
    ValueError
        If a name is not known (near ones are named), or there is none.
    """
    names = [classes] if isinstance(classes, str) else classes
    if not hasattr(names, "__iter__"):
        raise TypeError(f"classes is {classes!r}; wanted a name or names, such as 'person'.")
    found = tuple(NAMES.index(checks.choice(name, "class", TRAINED)) for name in names)
    if not found:
        raise ValueError("classes is empty; wanted at least one name, or None for all classes.")
    return found
