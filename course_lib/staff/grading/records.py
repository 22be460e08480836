"""What passes between the steps of grading: plain data, which may travel to another machine."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """One cell of an assignment that gives points.

    Parameters
    ----------
    cell : str
        The cell's nbgrader id.
    title : str
        What a person calls it, such as ``Task 2: non-maximum suppression``.
    points : float
    by_hand : bool
        Whether a person marks it; otherwise its calls do.
    """

    cell: str
    title: str
    points: float
    by_hand: bool = False


@dataclass(frozen=True)
class Call:
    """One call of a student's function, and what it should return.

    Parameters
    ----------
    task : str
        The nbgrader id of the cell that the call counts for.
    function : str
        The name under which the student defines it.
    args : tuple
        Plain values: None, bool, int, float, str, NumPy arrays of numbers, and lists, tuples and
        dicts of them.
    want : object
        A plain value, of the same kind as the result should be.
    rtol, atol : float
        As of ``numpy.allclose``.
    hint : str
        What to look at when the result is another; it goes into the student's feedback.
    """

    task: str
    function: str
    args: tuple
    want: object
    rtol: float = 1e-6
    atol: float = 1e-8
    hint: str = ""


@dataclass(frozen=True)
class Assignment:
    """What a grader needs to know of an assignment; it holds no solution.

    Parameters
    ----------
    name : str
    notebook : dict
        The released notebook, as nbformat's JSON.
    tasks : tuple of Task
        In the notebook's order.
    calls : tuple of Call
        In the notebook's order, with inputs drawn from `seed`.
    pictures : dict
        Name -> file in the student's folder that is kept for the gallery, with the largest height
        and width: ``{"drawing": ("drawing.png", 600, 800), "photo": ("$imgfile", 600, 800)}``. A
        name with a dollar sign is that of a variable that holds the file's name.
    rubric : tuple of dict
        How a person marks: ``{"name": ..., "points": ..., "levels": ({"points", "text"}, ...)}``.
    seed : int
        What the inputs of the calls were drawn from.
    digest : str
        Changes whenever anything above does.
    """

    name: str
    notebook: dict
    tasks: tuple
    calls: tuple
    pictures: dict
    rubric: tuple
    seed: int
    digest: str


@dataclass(frozen=True)
class Submission:
    """What one student handed in, with locked cells restored.

    Parameters
    ----------
    student : str
        An id of letters, digits, ``._-`` and ``@``, which is safe as a folder's name.
    notebook : dict or None
        nbformat's JSON; None where there is none that can be read.
    files : dict
        Plain file name -> bytes; what lay beside the notebook.
    notes : tuple of str
        What was found and mended, one sentence each.
    fault : str
        Why nothing can be graded; empty where something can.
    name : str
        The student's name, where the platform says it.
    platform : str
        The platform's own id of the submission, such as Moodle's participant number.
    """

    student: str
    notebook: dict | None
    files: dict = field(default_factory=dict)
    notes: tuple = ()
    fault: str = ""
    name: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Limits:
    """What one submission may use; bytes and seconds.

    Parameters
    ----------
    memory : int
        Address space of the kernel.
    seconds : float
        Wall time of the whole submission.
    cell_seconds, call_seconds : float
        Wall time of one cell, and of all calls that count for one task.
    cpu_seconds : int
        Processor time of the kernel.
    processes : int
        Threads and processes.
    disk : int
        Bytes that it may write.
    output : int
        Bytes of outputs that are kept of the notebook, and most of one result.
    """

    memory: int = 4_000_000_000
    seconds: float = 120
    cell_seconds: float = 30
    call_seconds: float = 10
    cpu_seconds: int = 150
    processes: int = 64
    disk: int = 200_000_000
    output: int = 6_000_000


CAUSES = (
    "nothing",  # all is well
    "wrong value",
    "wrong shape",
    "wrong type",
    "not finite",
    "error",  # the function raised
    "missing",  # there is no function of that name
    "not begun",  # NotImplementedError
    "time",
    "memory",
    "died",  # the kernel is gone
    "output",  # more than may be kept
    "no notebook",
    "by hand",  # waits for a person
)


@dataclass(frozen=True)
class Verdict:
    """What came of one task.

    Parameters
    ----------
    task : str
        The nbgrader id of its cell.
    points, most : float
    cause : str
        One of `CAUSES`: why points are missing.
    message : str
        A sentence for the student; it does not say what is right.
    """

    task: str
    points: float
    most: float
    cause: str = "nothing"
    message: str = ""


@dataclass(frozen=True)
class Result:
    """What came of one submission.

    Parameters
    ----------
    student : str
    verdicts : tuple of Verdict
        One for each task of the assignment, always.
    notebook : dict
        As executed, with outputs of text and PNG only.
    notes : tuple of str
        What was found, mended or stopped.
    pictures : dict
        Name -> uint8 array (H, W) or (H, W, 3), at most as large as the assignment allows.
    seconds : float
        Wall time.
    memory : int
        Most bytes that the kernel held.
    digest : str
        Of the submission, the assignment and the limits; equal digests need no second run.
    """

    student: str
    verdicts: tuple
    notebook: dict
    notes: tuple = ()
    pictures: dict = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    digest: str = ""
