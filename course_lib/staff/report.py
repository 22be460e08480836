"""What a validation found, on the terminal and as one page of HTML with pictures."""

import html
import os
import time
from pathlib import Path

import pytest

SLOWEST = 8
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Validation of the notebooks</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .3em .8em; text-align: left; }}
tbody tr:nth-child(odd) {{ background: #f3f3f3; }} tfoot {{ border-top: 2px solid #999; }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
pre {{ background: #f3f3f3; padding: .8em; white-space: pre-wrap; overflow-wrap: anywhere; }}
figure {{ margin: 1em 0; }} img {{ width: 100%; border: 1px solid #999; }}
figcaption {{ display: grid; grid-template-columns: 1fr 1fr 1fr; font-weight: bold; }}
.failed {{ color: #b03000; font-weight: bold; }} .passed {{ color: #00604a; }}
</style></head><body><h1>Validation of the notebooks</h1><p>{summary}</p>
<table><thead><tr><th>notebook</th><th>verdict</th><th class="n">items</th>
<th class="n">seconds</th><th class="n">share</th><th class="n">peak memory</th></tr></thead>
<tbody>{rows}</tbody><tfoot>{total}</tfoot></table>
{details}<h2>Slowest cells</h2><table><thead><tr><th>notebook</th><th>cell</th>
<th class="n">seconds</th></tr></thead><tbody>{slowest}</tbody></table></body></html>
"""


class Report:
    """Collects the verdicts of one run, from all its workers."""

    def __init__(self, config):
        self.config, self.started = config, time.monotonic()
        self.items = []

    def pytest_runtest_logreport(self, report):
        """Note one verdict; show at once what an update will change."""
        if report.when != "call" and report.passed:
            return
        path, _, name = report.nodeid.partition("::")
        if not path.endswith(".ipynb"):
            return
        noted = dict(report.user_properties).get("course", {})
        self.items.append(
            {
                "book": Path(path).stem,
                "name": name,
                "outcome": report.outcome,
                "why": _reason(report),
                "seconds": noted.get("seconds", report.duration),
                **{
                    key: noted[key]
                    for key in ("cell", "memory", "changes", "pictures")
                    if key in noted
                },
            }
        )

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter):
        """Print changes, shares and the slowest cells, and write the page."""
        write = terminalreporter.write_line
        if self.config.getoption("course_update"):
            for item in self.items:
                for change in item.get("changes", []):
                    write(f"changed {item['book']}, {item['name']}: {change}")
        if not self.items:
            write("No notebook was validated.")
            return
        total = sum(item["seconds"] for item in self.items)
        wall = time.monotonic() - self.started
        write(f"{total:.1f} s of notebooks in {wall:.1f} s of wall time:")
        for book, items in self._books().items():
            seconds = sum(item["seconds"] for item in items)
            write(f"  {book:28} {seconds:6.1f} s  {100 * seconds / total:3.0f} %")
        write("slowest cells:")
        for item in self._slowest():
            write(f"  {item['book']:28} {item['name']:10} {item['seconds']:6.1f} s")
        write(f"report: {self._write(total, wall)}")

    def _books(self):
        """Items by notebook."""
        books = {}
        for item in self.items:
            books.setdefault(item["book"], []).append(item)
        return dict(sorted(books.items()))

    def _slowest(self):
        """The cells that took longest."""
        cells = [item for item in self.items if "cell" in item]
        return sorted(cells, key=lambda item: -item["seconds"])[:SLOWEST]

    def _write(self, total, wall):
        """Write the page; return where."""
        folder = Path(self.config.getoption("course_build"))
        folder.mkdir(parents=True, exist_ok=True)
        failed = [item for item in self.items if item["outcome"] == "failed"]
        skipped = [item for item in self.items if item["outcome"] == "skipped"]
        passed = len(self.items) - len(failed) - len(skipped)
        counts = f"{passed} passed, {len(failed)} failed, {len(skipped)} not run"
        slowest = [(i["book"], i["name"], f"{i['seconds']:.1f}") for i in self._slowest()]
        page = _PAGE.format(
            summary=f"{counts}; {total:.0f} s of notebooks in {wall:.0f} s.",
            rows="".join(_book_row(book, items, total) for book, items in self._books().items()),
            total=_row("total", "", len(self.items), f"{total:.1f}", "100 %", "", words=2),
            slowest="".join(_row(*cells, words=2) for cells in slowest),
            details="".join(_detail(item, folder) for item in failed) + _not_run(skipped),
        )
        path = folder / "report.html"
        path.write_text(page, encoding="utf-8")
        return path


def _book_row(book, items, total):
    """A notebook's line in the table, with a link to its executed copy."""
    verdict = "failed" if any(item["outcome"] == "failed" for item in items) else "passed"
    seconds = sum(item["seconds"] for item in items)
    memory = max((item.get("memory", 0) for item in items), default=0)
    link = f'<a href="{book}.ipynb">{html.escape(book)}</a>'
    mark = f'<span class="{verdict}">{verdict}</span>'
    share = f"{100 * seconds / total:.0f} %" if total else ""
    numbers = [len(items), f"{seconds:.1f}", share, f"{memory / 1e6:.0f} MB"]
    return _row(link, mark, *numbers, words=2)


def _row(*cells, words):
    """A line of a table: some words, then numbers."""
    marks = ["<td>"] * words + ['<td class="n">'] * (len(cells) - words)
    return f"<tr>{''.join(f'{m}{c}</td>' for m, c in zip(marks, cells, strict=True))}</tr>"


def _reason(report):
    """Why an item failed, or why it was not run, without the place in our own code."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext


def _detail(item, folder):
    """Why an item failed, with its pictures."""
    name = html.escape(f"{item['book']}, {item['name']}")
    title = f'<h2>{name}: <span class="failed">failed</span></h2>'
    shown = ""
    for path in item.get("pictures", []):
        source = html.escape(os.path.relpath(path, folder))
        alt = f"Of {name}: the stored picture, the new one, and where they differ, dark on white."
        labels = "".join(f"<span>{label}</span>" for label in ("stored", "new", "difference"))
        image = f'<a href="{source}"><img src="{source}" alt="{alt}"></a>'
        shown += f"<figure><figcaption>{labels}</figcaption>{image}</figure>"
    return f"{title}<pre>{html.escape(item['why'])}</pre>{shown}"


def _not_run(items):
    """What was not run, in a line for each reason."""
    reasons = {}
    for item in items:
        reasons.setdefault((item["book"], item["why"].removeprefix("not run: ")), []).append(
            item["name"]
        )
    lines = [f"{book}, {', '.join(names)}: {why}" for (book, why), names in reasons.items()]
    listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<h2>Not run</h2><ul>{listed}</ul>" if listed else ""
