"""The report on a terminal of 80 columns."""

import textwrap

WIDTH = 80
BINS = 10
_BLOCK = "█"


def text(summary, comparison, remarks, path):
    """Return the report as lines of text.

    Parameters
    ----------
    summary : numbers.Summary
    comparison : likeness.Comparison
    remarks : dict of str to dict
        Library name -> student -> cells.
    path : Path
        Of the page.

    Returns
    -------
    str
    """
    parts = (
        head(summary),
        _totals(summary),
        _tasks(summary),
        _causes(summary),
        _notes(summary),
        _resources(summary),
        _pairs(comparison),
        _remarks(remarks),
        [f"The page, with figures and codes side by side: {path}"],
    )
    return "\n\n".join("\n".join(part) for part in parts if part)


def head(summary):
    """Who, how many, how far."""
    totals = sorted(summary.totals.values())
    head = f"{summary.title}: {len(totals)} submissions"
    if not totals:
        return [head]
    middle = (totals[(len(totals) - 1) // 2] + totals[len(totals) // 2]) / 2
    mean = sum(totals) / len(totals)
    lines = [head, f"mean {mean:.1f}, median {middle:.1f}, of {summary.most:g} points"]
    if summary.waiting:
        lines += textwrap.wrap(
            f"so far: {len(summary.waiting)} wait for a person, who can add up to "
            f"{summary.open:g} points each",
            WIDTH,
        )
    return lines


def _bar(share, width):
    """A bar as long as a share of a width; something is seen of whatever is not nothing."""
    return _BLOCK * max(round(share * width), int(share > 0))


def _totals(summary):
    """A histogram of the totals."""
    counts = histogram(summary.totals.values(), summary.most, BINS)
    most = max([count for _, _, count in counts], default=0)
    if not most:
        return []
    lines = ["Totals" + (", with what is open counted as nothing" if summary.waiting else "")]
    for low, high, count in counts:
        lines.append(f"  {low:5.1f} to {high:5.1f} {count:4} {_bar(count / most, 56)}")
    return lines


def histogram(values, most, bins):
    """Count values between 0 and a most; whoever has all points is in the last bin.

    Parameters
    ----------
    values : iterable of float
    most : float
    bins : int

    Returns
    -------
    list of (float, float, int)
        Low end, high end, count.
    """
    width = (most or 1) / bins
    counts = [0] * bins
    for value in values:
        counts[min(max(int(value / width + 1e-9), 0), bins - 1)] += 1
    return [(place * width, (place + 1) * width, count) for place, count in enumerate(counts)]


def _tasks(summary):
    """Mean shares, hardest task first."""
    lines = ["Tasks, hardest first: mean share of the points"]
    for task in summary.hardest:
        title = textwrap.shorten(task.title, 46, placeholder="…")
        share = "open" if task.mean is None else f"{task.mean:4.0%}"
        lines.append(f"  {title:46} {share:>5} {_bar(task.mean or 0, 24)}")
    return lines


def _causes(summary):
    """Which causes took points away, task by task."""
    lines = []
    for task in summary.tasks:
        if task.causes:
            told = [
                f"{task.causes[cause]} {cause}" for cause in summary.causes if cause in task.causes
            ]
            lines += textwrap.wrap(
                f"{task.title}: {', '.join(told)}",
                WIDTH - 2,
                initial_indent="  ",
                subsequent_indent="    ",
            )
    return ["Why points are missing, in submissions", *lines] if lines else []


def _notes(summary):
    """What was found and mended."""
    from course_lib.staff.class_report.numbers import MOST_NOTES

    lines = [
        f"  {count:4} {textwrap.shorten(note, WIDTH - 8, placeholder='…')}"
        for note, count in summary.notes[:MOST_NOTES]
    ]
    more = len(summary.notes) - MOST_NOTES
    lines += [f"       and {more} other notes"] if more > 0 else []
    return ["Notes, and how many submissions have them", *lines] if lines else []


def _resources(summary):
    """Who took longest and most."""
    slowest = ", ".join(f"{who} {seconds:.1f} s" for who, seconds in summary.slowest)
    largest = ", ".join(f"{who} {size / 1e6:.0f} MB" for who, size in summary.largest)
    return [
        line
        for told in (f"Slowest: {slowest}", f"Most memory: {largest}")
        for line in textwrap.wrap(told, WIDTH, subsequent_indent="  ")
    ]


def _pairs(comparison):
    """Which pairs are more alike than others."""
    lines = textwrap.wrap(usual(comparison), WIDTH)
    for pair in comparison.pairs:
        lines.append(f"  {pair.contained:4.0%} {pair.first} and {pair.second}"[:WIDTH])
    if comparison.left_out:
        lines.append(f"  and {comparison.left_out} more pairs")
    return ["Similar submissions, for a person to judge", *lines]


def usual(comparison):
    """Return how alike pairs of this class are, and from where on they are listed.

    Parameters
    ----------
    comparison : likeness.Comparison

    Returns
    -------
    str
    """
    if comparison.compared < 2:
        return "Too few students have code of their own that could be compared."
    middle, _, high = comparison.usual
    return (
        f"Of the code that few have, a pair shares {middle:.0%} as a rule (median), and one pair "
        f"in a hundred more than {high:.0%}. Listed from {comparison.limit:.0%} on: "
        f"{len(comparison.pairs) + comparison.left_out} of the pairs of {comparison.compared} "
        "students. Short functions agree by themselves."
    )


def _remarks(remarks):
    """Whose answers take functions of the course's library."""
    lines = []
    for name, students in remarks.items():
        who = ", ".join(students)
        lines += textwrap.wrap(
            f"{name}: {who}", WIDTH - 2, initial_indent="  ", subsequent_indent="    "
        )
    return (
        ["Own cells that use the course's library, for a person to judge", *lines] if lines else []
    )
