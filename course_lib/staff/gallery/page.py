"""The gallery's page: written for one assignment of a class, whole in one folder."""

import base64
import hashlib
import html
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

from course_lib.staff import sources
from course_lib.staff.gallery import blind, entries
from course_lib.staff.gallery import marks as marking
from course_lib.staff.grading import store

HERE = Path(__file__).parent
PICTURES = (("drawing", ".png"), ("photo", ".jpg"))  # lines stay crisp, photos small


def command(name, *, folder, db="", names=False, marks=None):
    """Write the page of a class's drawings, or take marks from it: ``course gallery NAME``.

    Parameters
    ----------
    name : str
        The assignment.
    folder : Path
        The class.
    db : str
        The gradebook; by default the class's own.
    names : bool
        Whether the page shows who drew what.
    marks : Path or None
        A file that the page saved; its marks go into the gradebook.

    Raises
    ------
    ValueError, OSError
        With a sentence for the instructor; then no mark was written.
    """
    if marks is not None:
        print(marking.command(name, marks, folder=folder, db=db))
        return
    path = write(name, folder=folder, db=db, names=names)
    print(f"Wrote {path}")
    where = "" if Path(folder) == Path("class") else f" --class {folder}"
    print(f"Save the marks there, then: course gallery {name}{where} --import {name}_marks.json")
    if not names:
        print(f"Who drew what stays in {blind.path(folder, name)}; share only {path.parent}.")


def write(name, *, folder, db="", names=False):
    """Write the page.

    Parameters
    ----------
    name, folder, db, names
        See `command`.

    Returns
    -------
    Path
        Of ``index.html``; beside it lies a folder of pictures.
    """
    rubric, everyone = entries.read(name, folder, db)
    key = blind.extend(blind.load(folder, name), everyone)
    blind.save(key, folder, name)  # before any picture is named by it
    shown = [(code, everyone[who]) for code, who in key.codes.items() if who in everyone]
    target = Path(folder) / "gallery" / name
    shutil.rmtree(target / "pictures", ignore_errors=True)
    (target / "pictures").mkdir(parents=True)
    with ThreadPoolExecutor() as pool:  # Pillow reads and writes pictures beside other threads
        articles = list(pool.map(lambda pair: _article(*pair, key, target, names), shown))
    title = sources.released(name)["metadata"]["course"]["assignment"].get("title") or name
    page = _page(name, title, rubric, articles, key, names)
    store.write(target / "index.html", page)
    return target / "index.html"


# --- the page ---


def _page(name, title, rubric, articles, key, names):
    """Fill the page's template."""
    style, script = ((HERE / file).read_text(encoding="utf-8") for file in ("page.css", "page.js"))
    keys = _keys(rubric)
    intro = "With names." if names else "Without names: each drawing has a code."
    told = "<kbd>0</kbd> to <kbd>9</kbd>: that many points for the criterion in the frame."
    if keys is None:
        told = "<kbd>1</kbd>, <kbd>2</kbd> ...: the first, second level of the framed criterion."
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        policy=_policy(style, script),
        title=f"{html.escape(title)}: gallery",
        intro=f"{intro} {len(articles)} students, {rubric.most:g} points for each drawing.",
        number_keys=told,
        style=style,
        articles="\n".join(articles),
        rubric="\n".join(_criterion(place, line) for place, line in enumerate(rubric.criteria)),
        data=_data(name, rubric, key, keys),
        script=script,
    )


def _policy(style, script):
    """What the page may do: show its pictures, and run the one script that we wrote."""

    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; img-src 'self' data: file:; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _keys(rubric):
    """Whether a level's key is its number of points: True, or None where that cannot be."""
    points = [level.points for line in rubric.criteria for level in line.levels]
    return True if all(one in range(10) for one in points) else None


def _data(name, rubric, key, keys):
    """What the script needs to know, as JSON that cannot end its element."""
    lines = [
        {
            "name": line.name,
            "levels": [
                {"points": level.points, "key": f"{level.points:g}" if keys else str(place)}
                for place, level in enumerate(line.levels, 1)
            ],
        }
        for line in rubric.criteria
    ]
    data = {"assignment": name, "class": key.digest, "most": rubric.most, "rubric": lines}
    return json.dumps(data).replace("<", "\\u003c")


def _criterion(place, line):
    """One criterion's levels to click."""
    levels = "".join(
        f'<label class="level"><input type="radio" value="{number}" autocomplete="off">'
        f"<b>{level.points:g}</b> <span>{html.escape(level.text)}</span></label>\n"
        for number, level in enumerate(line.levels)
    )
    legend = f"{html.escape(line.name)} <span>(of {line.points:g})</span>"
    return f'<fieldset data-criterion="{place}"><legend>{legend}</legend>\n{levels}</fieldset>'


def _article(code, entry, key, target, names):
    """One drawing beside its photo; copies both."""
    who = f"{entry.student} {entry.name}".strip() if names else ""
    sizes = {
        which: size
        for which, suffix in PICTURES
        if (path := getattr(entry, which))
        and (size := entries.copy_picture(path, target / f"pictures/{code}_{which}{suffix}"))
    }
    figures = [
        _figure(code, which, suffix, sizes[which]) for which, suffix in PICTURES if which in sizes
    ]
    if "drawing" not in sizes:
        figures.insert(0, f'<p class="reason">{html.escape(entry.reason or entries.BROKEN)}</p>')
    waits = "data-waits" if entry.waits else ""
    named = f" <b>{html.escape(who)}</b>" if who else ""
    words = html.escape(entry.words if names else entries.without_names(entry, key.codes.values()))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in entry.notes) if names else ""
    return (
        f'<article data-code="{code}" data-drawing="{key.stamp(entry.drawing)}" tabindex="-1" '
        f'aria-labelledby="h{code}" {waits}>\n'
        f'<h2 id="h{code}"><span>Drawing {code}</span>{named} '
        f'<span class="sum">nothing to mark</span></h2>\n'
        f'<div class="pictures">{"".join(figures)}</div>\n'
        + (f'<p class="words" tabindex="0">{words}</p>\n' if words else "")
        + (f'<ul class="notes">{notes}</ul>\n' if notes else "")
        + "</article>"
    )


def _figure(code, which, suffix, size):
    """One picture, which a click enlarges."""
    width, height = size
    alt = f"Drawing {code}" if which == "drawing" else f"Photo of drawing {code}"
    return (
        f'<figure><button type="button" aria-label="Enlarge: {alt}">'
        f'<img class="{which}" loading="lazy" decoding="async" width="{width}" height="{height}" '
        f'src="pictures/{code}_{which}{suffix}" alt="{alt}"></button></figure>'
    )
