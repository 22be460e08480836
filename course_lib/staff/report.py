"""What a validation found, on the terminal and as one page of HTML with pictures."""

import html
import os
import time
from pathlib import Path

import pytest

SLOWEST = 8
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Validation of the notebooks</title><style>
body {{ font: 16px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .3em .8em; text-align: left; }}
tr:nth-child(even) {{ background: #f3f3f3; }} td.n {{ text-align: right; }}
pre {{ background: #f3f3f3; padding: .8em; overflow: auto; }} img {{ max-width: 100%; }}
.failed {{ color: #b03000; font-weight: bold; }} .passed {{ color: #00604a; }}
</style></head><body><h1>Validation of the notebooks</h1><p>{summary}</p>
<table><tr><th>notebook</th><th>verdict</th><th>items</th><th>seconds</th><th>share</th>
<th>peak memory</th></tr>{rows}</table>
<h2>Slowest cells</h2><table>{slowest}</table>{details}</body></html>
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
                "why": report.longreprtext,
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
        slowest = "".join(
            _row(i["book"], i["name"], f"{i['seconds']:.1f} s") for i in self._slowest()
        )
        page = _PAGE.format(
            summary=f"{counts}; {total:.0f} s of notebooks in {wall:.0f} s.",
            rows="".join(_book_row(book, items, total) for book, items in self._books().items()),
            slowest=slowest,
            details="".join(_detail(item, folder) for item in failed + skipped),
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
    cells = [link, mark, len(items), f"{seconds:.1f}", share, f"{memory / 1e6:.0f} MB"]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _row(*cells):
    """A line of a table."""
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _detail(item, folder):
    """Why an item failed or was not run, with its pictures."""
    title = html.escape(f"{item['book']}, {item['name']}: {item['outcome']}")
    images = [os.path.relpath(path, folder) for path in item.get("pictures", [])]
    alt = "Stored picture, new picture, and their difference, side by side."
    shown = "".join(f'<p><img src="{html.escape(src)}" alt="{alt}"></p>' for src in images)
    return f"<h2>{title}</h2><pre>{html.escape(item['why'])}</pre>{shown}"
