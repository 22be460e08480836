"""A student's notebook as a page may show it: nothing in it can run, load or pretend to be ours.

Instructors open these notebooks in formgrader, on their own Jupyter server; students get them as
feedback. Both go through nbconvert, which puts the HTML of Markdown cells into its pages as it is.
"""

import base64
import binascii
import re
from functools import lru_cache
from html import escape

from jinja2 import pass_context

_PNG = b"\x89PNG\r\n\x1a\n"
_TAGS = """a abbr b blockquote br caption code dd del details div dl dt em figcaption figure h1 h2
    h3 h4 h5 h6 hr i img input kbd li ol p pre s small span strong sub summary sup table tbody
    td th thead tr u ul math menclose mfenced mfrac mi mmultiscripts mn mo mover mpadded
    mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder
    munderover""".split()
_MATH = """xmlns display displaystyle mathvariant mathsize mathcolor stretchy fence form lspace
    rspace linethickness width height depth columnalign rowspacing columnspacing scriptlevel accent
    accentunder symmetric minsize maxsize separator columnlines rowlines notation""".split()
_PROTOCOLS = {"http", "https", "mailto", "data"}  # narrowed by `_allowed`
# Code that is coloured, in letters of a cell and of a notebook. What finds its colours looks from
# each blank to the end of all blanks, and in a long line from each name: 8,000 letters can take it
# 16 seconds, and ten times as many some hours.
_CODE, _ALL_CODE = 10_000, 60_000
_SLOW = re.compile(r"\s{100}|[^\n]{500}")
_PICTURES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif"))


def autograded(assignment, result):
    """Return a notebook as executed, with nbgrader's metadata of the release.

    Parameters
    ----------
    assignment : records.Assignment
    result : records.Result
        Its notebook's cells are the student's; of their metadata nothing is kept.

    Returns
    -------
    dict
        nbformat's JSON, version 4.5.
    """
    released = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]
        for cell in assignment.notebook["cells"]
        if "nbgrader" in cell["metadata"]
    }
    cells, left = [], _ALL_CODE
    for number, cell in enumerate(result.notebook["cells"]):
        said = cell.get("metadata", {}).get("nbgrader")
        name = said.get("grade_id") if isinstance(said, dict) else None
        ours = released.pop(name, None) if isinstance(name, str) else None
        made = _cell(number, cell, ours)
        left -= len(made["source"]) if made["cell_type"] == "code" else 0
        made["metadata"] |= {"course": {"colours": False}} if left < 0 else {}
        cells.append(made)
    kept = ("kernelspec", "language_info")
    metadata = {key: value for key, value in assignment.notebook["metadata"].items() if key in kept}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(number, cell, ours):
    """One cell, made anew of what may be shown."""
    made = {
        "cell_type": "markdown" if cell.get("cell_type") == "markdown" else "code",
        "id": f"cell-{number}",
        "metadata": {"nbgrader": ours} if ours else {},
        "source": _text(cell.get("source")),
    }
    if made["cell_type"] == "code":
        count = cell.get("execution_count")
        made["execution_count"] = count if isinstance(count, int) else None
        found = cell.get("outputs") or ()
        made["outputs"] = [shown for output in found if (shown := _output(output))]
    elif pasted := _pasted(cell.get("attachments")):
        made["attachments"] = pasted
    return made


def _pasted(attachments):
    """The pictures that were pasted into a text."""
    kinds = ("image/png", "image/jpeg")
    return {
        name: {kind: _base64(data[kind]) for kind in kinds if kind in data}
        for name, data in (attachments or {}).items()
        if isinstance(data, dict)
    }


def _text(value):
    """A cell's text, which nbformat also stores as lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _output(output):
    """An output of text or PNG; None for any other."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = [str(line) for line in output.get("traceback") or ()]
        said = {key: str(output.get(key, "")) for key in ("ename", "evalue")}
        return {"output_type": "error", "traceback": lines} | said
    data = output.get("data") or {}
    shown = {"text/plain": _text(data["text/plain"])} if "text/plain" in data else {}
    if picture := _png(data.get("image/png")):
        shown["image/png"] = picture
    if kind not in ("display_data", "execute_result") or not shown:
        return None
    alt = ((output.get("metadata") or {}).get("image/png") or {}).get("alt")
    alt = alt if isinstance(alt, str) and alt else "A picture without a description."
    metadata = {"image/png": {"alt": alt}} if picture else {}
    return {"output_type": "display_data", "data": shown, "metadata": metadata}


def _png(value):
    """Base64 of a PNG; empty for anything else."""
    text = _base64(value)
    return text if base64.b64decode(text).startswith(_PNG) else ""


def _base64(value):
    """Base64 written anew, so that it holds nothing else; empty where it cannot be read."""
    try:
        raw = base64.b64decode("".join(_text(value).split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return base64.b64encode(raw).decode()


@lru_cache(maxsize=1000)
def markdown(source):
    """Return Markdown as HTML that runs and loads nothing, with formulas as MathML.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    import bleach
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    try:
        html = MarkdownWithMath(renderer=_renderer()).render(source)
    except Exception:  # nesting that the parser gives up on, say
        html = f"<pre>{escape(source)}</pre>"
    return bleach.clean(html, tags=set(_TAGS), attributes=_allowed, protocols=_PROTOCOLS)


@pass_context
def markdown2html(context, source):
    """Return what `markdown` does, with a cell's pasted pictures, as a filter of nbconvert's."""
    pasted = (context.get("cell") or {}).get("attachments") or {}
    for name, data in pasted.items():
        for kind, content in data.items():
            source = source.replace(f"attachment:{name}", f"data:{kind};base64,{content}")
    return markdown(source)


@lru_cache(maxsize=1000)
def _coloured(source):
    """Code in colours, as nbconvert does it."""
    from nbconvert.filters import Highlight2HTML

    return Highlight2HTML(pygments_lexer="ipython3")(source)


def highlight_code(source, metadata=None):
    """Return code as HTML, as a filter of nbconvert's: in colours where those are found soon.

    Parameters
    ----------
    source : str
    metadata : dict, optional
        The cell's, as of `autograded`.

    Returns
    -------
    str
    """
    wanted = (metadata or {}).get("course", {}).get("colours", True)
    if wanted and len(source) <= _CODE and not _SLOW.search(source):
        return _coloured(source)
    return f'<div class="highlight"><pre>{escape(source)}</pre></div>\n'


def _renderer():
    """Markdown's renderer, which writes formulas as MathML."""
    from latex2mathml.converter import convert
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class Renderer(IPythonRenderer):
        def block_math(self, body):
            return self.formula(body, "block")

        def inline_math(self, body):
            return self.formula(body, "inline")

        def block_code(self, code, info=None):
            # Whoever names a language chooses what reads the code, and some readers never end.
            return f"<pre><code>{escape(code)}</code></pre>\n"

        def _embed_image_or_attachment(self, src):
            return src  # nothing is read for it; `_allowed` says what a page may show

        def formula(self, body, display):
            try:
                return convert(body, display=display)
            except Exception:  # not LaTeX, or more than the converter knows
                return f"<code>{escape(body)}</code>"

    return Renderer(escape=False, exclude_anchor_links=True)


def _allowed(tag, name, value):
    """Whether an attribute may stay."""
    if tag == "img" and name == "src":
        return value.startswith(_PICTURES)
    if tag == "a" and name == "href":
        return value.startswith(("http://", "https://", "mailto:", "#"))
    if tag == "input":
        return (name, value) == ("type", "checkbox") or name in ("checked", "disabled")
    if tag.startswith("m"):
        return name in _MATH
    return name in ("alt", "title", "colspan", "rowspan", "align", "open", "class", "start")
