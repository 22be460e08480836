"""What stays of code when names, comments and layout are taken away, and fingerprints of it.

Fingerprints are chosen by winnowing (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003,
10.1145/872757.872770), as MOSS does. A name counts by where it came before within the same K
tokens (Baker, STOC 1993, 10.1145/167088.167115), so that renamed code is the same code; attributes,
builtins and keywords, which nobody can rename, count as they are.
"""

import builtins
import keyword
import tokenize
from hashlib import blake2b
from io import StringIO

K = 12  # tokens that a fingerprint is made of: about a line
WINDOW = 6  # of so many neighbours one is kept: whoever shares K + WINDOW - 1 tokens shares one
LONGEST = 60_000  # letters of a cell, and
MOST_TOKENS = 6_000  # tokens of a student that are looked at; an honest answer has some hundreds
RESTARTS = 40  # behind places where the code is no Python

_FIXED = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
_LAYOUT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)


def tokens(source):
    """Return what counts of a piece of code.

    Parameters
    ----------
    source : str
        Of any kind; what is no Python is skipped.

    Returns
    -------
    list of (str, bool, int)
        Text, whether it is a name that could be another, and the line, from 1. Strings have the
        text ``"S"``; docstrings, comments and layout are gone.
    """
    lines = source[:LONGEST].split("\n")
    found, first = [], 0
    for _ in range(RESTARTS):
        done = _read(lines, first, found)
        if done >= len(lines) or len(found) >= MOST_TOKENS:
            break
        first = done
    return found[:MOST_TOKENS]


def _read(lines, first, found):
    """Add the tokens from a line on; returns where to go on."""
    begin = len(found)
    before, open_string = tokenize.NEWLINE, None
    reader = StringIO("\n".join(lines[first:]) + "\n").readline
    try:
        for kind, text, (row, _), _, _ in tokenize.generate_tokens(reader):
            if open_string and kind not in (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT):
                found.append(open_string)
            open_string = open_string if kind in (tokenize.NL, tokenize.COMMENT) else None
            line = first + row
            if kind == tokenize.STRING and before in _LAYOUT:
                open_string = ("S", False, line)  # a docstring, if nothing follows on its line
            elif kind not in _LAYOUT and text.strip():
                found.append(_token(kind, text, found[-1][0] if len(found) > begin else "", line))
            before = kind
            if len(found) >= MOST_TOKENS:
                return len(lines)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError) as error:
        place = error.args[1] if len(error.args) > 1 else ()
        row = place[0] if isinstance(place, tuple) and place and isinstance(place[0], int) else 1
        if isinstance(error, SyntaxError):
            row = error.lineno or row
        last = found[-1][2] if len(found) > begin else first
        return max(first + row, last, first + 1)
    return len(lines)


def _token(kind, text, before, line):
    """One token as it counts."""
    if kind == tokenize.NAME and before != "." and text not in _FIXED:
        return text, True, line
    string = kind == tokenize.STRING or tokenize.tok_name[kind].startswith("FSTRING")
    return "S" if string else text[:80], False, line


def grams(found):
    """Return the fingerprint of every K tokens in a row.

    Parameters
    ----------
    found : list of (str, bool, int)
        As of `tokens`.

    Returns
    -------
    list of int
        One for each place where K tokens begin.
    """
    last, back = {}, []
    for place, (text, free, _) in enumerate(found):
        back.append(place - last.get(text, place) if free else -1)
        if free:
            last[text] = place
    texts = [text for text, _, _ in found]
    return [_hash(texts, back, place) for place in range(len(found) - K + 1)]


def _hash(texts, back, begin):
    """The fingerprint of K tokens: a name is told by how far back it was here before."""
    parts = [
        texts[begin + step]
        if back[begin + step] < 0
        else f"\x01{back[begin + step] if back[begin + step] <= step else 0}"
        for step in range(K)
    ]
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1


def winnow(hashes, window=WINDOW):
    """Return the fingerprints that are kept: of every few neighbours the least.

    Parameters
    ----------
    hashes : list of int
    window : int

    Returns
    -------
    set of int
    """
    if len(hashes) <= window:
        return {min(hashes)} if hashes else set()
    return {min(hashes[place : place + window]) for place in range(len(hashes) - window + 1)}


def of_cells(sources):
    """Return the fingerprints of a student's cells, at most of the first thousands of tokens.

    Parameters
    ----------
    sources : iterable of str

    Returns
    -------
    set of int
    """
    kept, left = set(), MOST_TOKENS
    for source in sources:
        found = tokens(source)[:left]
        left -= len(found)
        kept |= winnow(grams(found))
    return kept


def all_grams(sources):
    """Return the fingerprints of every place of some pieces of code: what is known to all."""
    return {one for source in sources for one in grams(tokens(source))}


def lines_with(source, wanted):
    """Return the lines of a piece of code that hold any of some fingerprints.

    Parameters
    ----------
    source : str
    wanted : set of int

    Returns
    -------
    set of int
        Line numbers, from 1.
    """
    found = tokens(source)
    places = [place for place, one in enumerate(grams(found)) if one in wanted]
    return {line for place in places for _, _, line in found[place : place + K]}
