"""Plain values as text and back: what passes between the grader and a student's process.

Nothing but None, booleans, numbers, text, NumPy arrays of them, and lists, tuples and dicts; never
a pickle. `dump` also runs inside the student's kernel, from this file's text, so that this module
imports only NumPy and the standard library. `load` reads what comes out of there: it believes no
number in the message, and its only error is `PlainError`.
"""

import base64
import json
import math
import re

import numpy as np

MOST = 16_000_000  # bytes of arrays, and characters of a message
DEEPEST = 20
ITEMS = 200_000
TOO_MUCH = "a value of too many bytes or items"
SIDE = 2**40  # of an array that is empty along another axis
DTYPE = re.compile(r"\|b1|[|<][iu]1|<[iu][248]|<f[248]|<c(8|16)")


class PlainError(ValueError):
    """The value is not plain, or the message is not one of ours; `name` says what came."""

    def __init__(self, name):
        super().__init__(f"{name} is not plain: wanted numbers, text, arrays, lists or dicts.")
        self.name = name


def dump(value, most=MOST):
    """A plain value as one line of ASCII.

    Parameters
    ----------
    value : object
        None, bool, int below 2**64, float, complex, str, NumPy array or scalar of numbers or
        booleans, or a list, range, tuple or dict (with str or int keys) of them. A matrix, a
        masked array or a named tuple is taken as what it holds, since a student's own check,
        `course_lib.exercise.check`, takes it so too.
    most : int
        Bytes of all arrays and texts together.

    Returns
    -------
    str
        JSON: a tree, and a table of the arrays' bytes in base64, each only once.

    Raises
    ------
    PlainError
        If there is anything else in it, or too much, or too deep; `name` is what.
    """
    blobs, room = {}, [most, ITEMS]
    tree = _tree(value, blobs, room, 0)
    blobs = [base64.b64encode(blob).decode("ascii") for blob in blobs]
    return json.dumps([tree, blobs], separators=(",", ":"))


def _tree(value, blobs, room, depth):
    """A value as JSON: numbers, text and None as they are, everything else a list with a tag."""
    kind = type(value)
    _spend(room, depth)
    if value is None or kind in (bool, float):
        return value
    if kind is int:
        if value.bit_length() > 64:
            raise PlainError("an integer of more than 64 bits")
        return value
    if kind is str:
        room[0] -= len(value)
        return value if room[0] >= 0 else _too_much()
    if kind is complex:
        return ["c", value.real, value.imag]
    if isinstance(value, (list, tuple, range)):
        tag = "t" if isinstance(value, tuple) else "l"
        return [tag, *(_tree(item, blobs, room, depth + 1) for item in value)]
    if isinstance(value, dict):
        return ["d", *_pairs(value, blobs, room, depth)]
    if isinstance(value, np.ndarray):
        return _array(np.asarray(value), "a", blobs, room)
    if isinstance(value, np.generic) and kind.__module__ == "numpy":
        return _array(np.asarray(value), "s", blobs, room)
    raise PlainError(_name(kind))


def _pairs(value, blobs, room, depth):
    """Keys and values of a dict, one after the other."""
    for key, item in value.items():
        if type(key) not in (str, int):
            raise PlainError(f"a dict with a key of type {_name(type(key))}")
        yield _tree(key, blobs, room, depth + 1)
        yield _tree(item, blobs, room, depth + 1)


def _array(array, tag, blobs, room):
    """An array as its type, shape and the place of its bytes in the table."""
    if array.dtype.kind in "fc" and array.dtype.itemsize > {"f": 8, "c": 16}[array.dtype.kind]:
        array = array.astype({"f": np.float64, "c": np.complex128}[array.dtype.kind])
    dtype = array.dtype.newbyteorder("<").str
    if not DTYPE.fullmatch(dtype):
        raise PlainError(f"an array of {_name(array.dtype.type)}")
    room[0] -= array.nbytes
    if room[0] < 0:
        _too_much()
    blob = array.astype(dtype, copy=False).tobytes()
    return [tag, dtype, list(array.shape), blobs.setdefault(blob, len(blobs))]


def _spend(room, depth):
    """Take one item from the room that there is."""
    room[1] -= 1
    if depth > DEEPEST:
        raise PlainError(f"a value nested more than {DEEPEST} deep")
    if room[1] < 0:
        _too_much()


def _too_much():
    raise PlainError(TOO_MUCH)


def _name(kind):
    """What a type calls itself, shortened; a type may lie there, or not be called anything."""
    name = getattr(kind, "__name__", None)
    return re.sub(r"[^\w.]", "", name)[:40] or "?" if type(name) is str else "?"


def load(text, most=MOST):
    """The value in a message of `dump`, from whomever it comes.

    Parameters
    ----------
    text : str
    most : int
        Bytes of all arrays and texts together, and a third more of the message.

    Returns
    -------
    object
        Of new memory throughout: no part of it is shared.

    Raises
    ------
    PlainError
        If it is no such message, or holds more than it may; never another error, and memory is
        never more than some times the message's own size.
    """
    if type(text) is not str or len(text) > most * 1.5 + 1000:
        raise PlainError("a message of the wrong type or size")
    try:
        tree, blobs = json.loads(text)
        if type(tree) is dict or type(blobs) is not list:
            raise PlainError("a message of another form")
        return _value(tree, blobs, [most, ITEMS], 0)
    except PlainError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError):
        raise PlainError("a broken message") from None


def _value(tree, blobs, room, depth):
    """What a part of the tree stands for."""
    _spend(room, depth)
    if type(tree) is int and tree.bit_length() > 64:
        raise PlainError("an integer of more than 64 bits")
    if type(tree) is str:
        room[0] -= len(tree)
        return tree if room[0] >= 0 else _too_much()
    if tree is None or type(tree) in (bool, int, float):
        return tree
    tag, *items = tree  # a dict has no place here, and gives keys that are no tag
    if tag in ("a", "s"):
        array = _loaded(*items, blobs, room)
        return array if tag == "a" else array[()]
    if tag == "c":
        return complex(*items)
    if tag not in ("l", "t", "d"):
        raise PlainError("a message with an unknown tag")
    items = [_value(item, blobs, room, depth + 1) for item in items]
    return items if tag == "l" else tuple(items) if tag == "t" else _dict(items)


def _dict(items):
    """A dict from keys and values in turn."""
    keys = items[::2]
    if len(items) % 2 or any(type(key) not in (str, int) for key in keys):
        raise PlainError("a dict with other keys")
    if len(set(keys)) != len(keys):
        raise PlainError("a dict with the same key twice")
    return dict(zip(keys, items[1::2], strict=True))


def _loaded(dtype, shape, place, blobs, room):
    """An array whose bytes are all there; nothing is allocated on the shape's word."""
    if type(dtype) is not str or not DTYPE.fullmatch(dtype) or type(place) is not int:
        raise PlainError("an array of another type")
    if type(shape) is not list or len(shape) > 32 or any(type(n) is not int for n in shape):
        raise PlainError("an array of no shape")
    if any(not 0 <= n < SIDE for n in shape) or not 0 <= place < len(blobs):
        raise PlainError("an array of no shape")
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room[0] -= size
    if room[0] < 0 or type(blobs[place]) is not str or len(blobs[place]) != -(-size // 3) * 4:
        raise PlainError("an array of another size than its bytes")
    raw = bytearray(base64.b64decode(blobs[place], validate=True))
    if len(raw) != size:
        raise PlainError("an array of another size than its bytes")
    if dtype == "|b1":  # a byte of 2 would be neither True nor False
        return (np.frombuffer(raw, np.uint8) != 0).reshape(shape)
    return np.frombuffer(raw, dtype).reshape(shape)
