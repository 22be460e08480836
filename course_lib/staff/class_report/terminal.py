"""The report on a terminal of 80 columns."""

import textwrap

WIDTH = 80
BINS = 10
COLUMNS = 5  # of causes; the rest are summed up
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
    lines = [head, f"Mean {mean:.1f}, median {middle:.1f}, of {summary.most:g} points"]
    if summary.waiting:
        lines += textwrap.wrap(
            f"So far: {len(summary.waiting)} wait for a person, who can add up to "
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
        lines.append(f"  {low:5.1f} to {high:5.1f} {count:4} {_bar(count / most, 56)}".rstrip())
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
        still = f" {task.open} open" if task.mean is not None and task.open else ""
        lines.append(f"  {title:46} {share:>5} {_bar(task.mean or 0, 18)}{still}".rstrip())
    return lines


def _causes(summary):
    """Which causes took points away: a table of cells and the most frequent causes."""
    counts = {
        cause: sum(task.causes.get(cause, 0) for task in summary.tasks) for cause in summary.causes
    }
    shown = sorted(summary.causes, key=lambda cause: -counts[cause])
    shown, rest = shown[:COLUMNS], shown[COLUMNS:]
    if not shown:
        return []
    heads = [cause.split(" ", 1) for cause in shown] + ([["other"]] if rest else [])
    lines = ["Why points are missing, in submissions"]
    for words in (
        [head[0] if len(head) > 1 else "" for head in heads],
        [head[-1] for head in heads],
    ):
        lines.append(f"  {'':20}" + "".join(f"{word:>9}" for word in words))
    for task in summary.tasks:
        numbers = [task.causes.get(cause, 0) for cause in shown]
        numbers += [sum(task.causes.get(cause, 0) for cause in rest)] if rest else []
        lines.append(
            f"  {task.cell[:20]:20}" + "".join(f"{number or '':>9}" for number in numbers).rstrip()
        )
    return lines


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
    middle, most, high = (f"{share:.0%}" for share in comparison.usual)
    number = comparison.compared
    listed = len(comparison.pairs) + comparison.left_out
    return (
        f"{number} students wrote enough that few others have. Of their "
        f"{number * (number - 1) // 2} pairs, the median shares {middle} of the shorter answers in "
        f"such code, one in twenty more than {most}, one in a hundred more than {high}. "
        f"Listed from {comparison.limit:.0%} on: {listed}."
    )


def _remarks(remarks):
    """Whose answers take functions of the course's library."""
    lines = []
    for name, students in remarks.items():
        who = ", ".join(f"{student} ({', '.join(cells)})" for student, cells in students.items())
        told = f"{name}: {who}"
        lines += textwrap.wrap(told, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return (
        ["Own cells that use the course's library, for a person to judge", *lines] if lines else []
    )
