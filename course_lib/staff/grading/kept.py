"""Which outputs of a student's notebook are kept: text and PNG, and not too much of them.

HTML, SVG, JavaScript, Markdown and widgets are what an output could reach its reader's browser
with; each of them comes with a plain text beside it, and that is kept.
"""

import base64
import binascii
import re
import struct

PNG = b"\x89PNG\r\n\x1a\n"
PIXELS = 25_000_000
SIDE = 10_000
TRACEBACK = 20_000  # characters
ALT = 500
OVERHEAD = 200  # bytes that an output costs beside its text
COLOURED = 50  # and each of its colours, which a page looks for from the text's start every time
COLOUR = re.compile(r"(\x1b\[[0-9;]{0,20}m)|\x1b\[[0-9;?]{0,20}[@-~]|\x1b")
# Turn what is written after them around, in a sentence of ours too.
TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 27), *range(28, 32), 127])


def text(value, most=10**9):
    """Text that can be stored and shown: without control characters, colours excepted.

    Parameters
    ----------
    value : object
        From a student's process; what is no text becomes none.
    most : int
        Characters.

    Returns
    -------
    str
        Encodable as UTF-8.
    """
    value = value[:most] if type(value) is str else ""
    value = COLOUR.sub(lambda found: found[1] or "", value.translate(CONTROL))
    return value.encode("utf-8", "replace").decode("utf-8")


def png(value):
    """A PNG in base64, as it may be stored; None where it is none, or would be too large to show.

    Parameters
    ----------
    value : object
        From a student's process.

    Returns
    -------
    str or None
    """
    try:
        data = base64.b64decode(value, validate=True) if type(value) is str else b""
    except (binascii.Error, ValueError):
        try:  # matplotlib's is broken into lines
            data = base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
    if len(data) < 33 or data[:8] != PNG or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= SIDE and 0 < height <= SIDE and width * height <= PIXELS):
        return None
    return base64.b64encode(data).decode("ascii")


def _cost(*texts):
    """Bytes that an output takes of the room."""
    return sum(len(text) + COLOURED * text.count("\x1b") for text in texts)


class Room:
    """How many bytes of outputs a notebook may still hold."""

    def __init__(self, left):
        self.left, self.cut = left, False


class Outputs:
    """The outputs of one cell, as messages bring them.

    Parameters
    ----------
    room : Room
        Shared by all cells of a notebook.
    """

    def __init__(self, room):
        self.room, self.items, self.clearing, self.cut = room, [], False, False
        self.others = room.left // 4  # for later cells: a person may have to see a figure there
        self.named = {}  # display_id -> item

    def take(self, kind, content):
        """Take one message.

        Parameters
        ----------
        kind : str
            Its type; others than of outputs are dropped.
        content : dict
        """
        if kind == "clear_output":
            self.clearing = content.get("wait") is True
            if not self.clearing:
                self._clear()
            return
        make = {
            "stream": self._stream,
            "display_data": self._display,
            "execute_result": self._display,
            "update_display_data": self._update,
            "error": self._error,
            "too large": lambda *_: self._spend(self.room.left + 1),
        }.get(kind)
        if make:
            if self.clearing and kind != "update_display_data":
                self._clear()
            make(kind, content)

    def done(self):
        """The outputs, as nbformat's JSON.

        Returns
        -------
        list of dict
        """
        outputs = []
        for item in self.items:
            output = {key: value for key, value in item.items() if key not in ("cost", "parts")}
            if "parts" in item:
                output["text"] = _overwritten("".join(item["parts"]))
            outputs.append(output)
        if self.cut:
            said = "[cut here: the outputs of this notebook are too long]\n"
            outputs.append({"output_type": "stream", "name": "stderr", "text": said})
        return outputs

    def _spend(self, cost):
        """Whether there is room; from the first output that found none, nothing more is kept."""
        if self.cut or cost > self.room.left - self.others:
            self.cut = self.room.cut = True
            return False
        self.room.left -= cost
        return True

    def _clear(self):
        self.room.left += sum(item["cost"] for item in self.items)
        self.items, self.named, self.clearing = [], {}, False

    def _stream(self, _, content):
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        said = text(content.get("text"))
        last = self.items[-1] if self.items else {}
        more = last.get("name") == name
        cost = _cost(said) + (0 if more else OVERHEAD)
        if not said or not self._spend(cost):
            return
        if more:
            last["parts"].append(said)
            last["cost"] += cost
        else:
            item = {"output_type": "stream", "name": name, "parts": [said], "cost": cost}
            self.items.append(item)

    def _display(self, kind, content):
        data, metadata = _shown(content)
        cost = OVERHEAD + _cost(*data.values())
        if not data or not self._spend(cost):
            return
        item = {"output_type": kind, "data": data, "metadata": metadata, "cost": cost}
        if kind == "execute_result":
            item["execution_count"] = None
        self.items.append(item)
        name = _display_id(content)
        if name and len(self.named) < 1000:
            self.named[name] = item

    def _update(self, _, content):
        item = self.named.get(_display_id(content))
        data, metadata = _shown(content)
        if not item or not data:
            return
        self.room.left += item["cost"]
        cost = OVERHEAD + _cost(*data.values())
        if self._spend(cost):
            item.update(data=data, metadata=metadata, cost=cost)
        else:
            self.room.left -= item["cost"]

    def _error(self, kind, content):
        lines = content.get("traceback")
        lines = [line for line in lines if type(line) is str] if type(lines) is list else []
        said = text("\n".join(lines), TRACEBACK)
        name, value = text(content.get("ename"), 200), text(content.get("evalue"), 2000)
        cost = OVERHEAD + _cost(said, name, value)
        if self._spend(cost):
            item = {"output_type": kind, "ename": name, "evalue": value, "cost": cost}
            self.items.append({**item, "traceback": said.split("\n")})


def _shown(content):
    """Text and PNG of a message, and the PNG's alt text."""
    data = content.get("data")
    data = data if type(data) is dict else {}
    kept = {}
    if type(data.get("text/plain")) is str:
        kept["text/plain"] = text(data["text/plain"])
    picture = png(data["image/png"]) if "image/png" in data else None
    if not picture:
        return kept, {}
    metadata = content.get("metadata")
    metadata = metadata.get("image/png") if type(metadata) is dict else None
    alt = text(metadata.get("alt"), ALT) if type(metadata) is dict else ""
    alt = re.sub(r"[<>&\"'`]", " ", alt)  # some templates put it into a page as it is
    return {**kept, "image/png": picture}, {"image/png": {"alt": alt}} if alt else {}


def _display_id(content):
    """The name under which an output may be changed later."""
    transient = content.get("transient")
    name = transient.get("display_id") if type(transient) is dict else None
    return name if type(name) is str else None


def _overwritten(said):
    """What a terminal shows of lines with carriage returns, as progress bars print them."""
    if "\r" not in said:
        return said
    lines = said.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
