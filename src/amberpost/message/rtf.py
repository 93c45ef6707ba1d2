"""Compressed RTF (MS-OXRTFCP) of TNEF bodies to plain words.

Good enough to find a message by its text; no layout. Linear, bounded, never raises.
"""

import re
from struct import Struct

_HEADER = Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_MAX_BYTES = 4 * 1024 * 1024
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    r"\\(?:(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|'(?P<hex>[0-9a-fA-F]{2})|(?P<symbol>[^a-z]))"
    r"|(?P<open>\{)|(?P<close>\})|(?P<text>[^\\{}\r\n]+)|[\r\n]+|(?P<rest>\\)",
    re.DOTALL,
)
_BREAKS = {"par": "\n", "line": "\n", "tab": "\t", "cell": " ", "row": "\n", "emdash": "—", "endash": "–"}
_BREAKS |= {"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•"}
_DESTINATIONS = (
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "generator",
    "mhtmltag",
    "htmltag",
)


def uncompress_rtf(data: bytes) -> bytes:
    """RTF out of a PidTagRtfCompressed value; b"" when it is damaged from the start."""
    if len(data) < _HEADER.size:
        return b""
    _, _, kind, _ = _HEADER.unpack_from(data)
    if kind == _STORED:
        return data[_HEADER.size :][:_MAX_BYTES]
    return _uncompress(data) if kind == _COMPRESSED else b""


def _uncompress(data: bytes) -> bytes:
    out = bytearray(_DICTIONARY)
    window = len(_DICTIONARY)  # the ring buffer starts with the dictionary: out[-4096:] is the ring
    position = _HEADER.size
    while position < len(data) and len(out) < _MAX_BYTES:
        control = data[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += data[position : position + 1]
                position += 1
                continue
            if position + 2 > len(data):
                return bytes(out[window:])
            reference = data[position] << 8 | data[position + 1]
            position += 2
            if not _copy(out, reference):
                return bytes(out[window:])
    return bytes(out[window:])


def _copy(out: bytearray, reference: int) -> bool:
    """Append the bytes a reference names; False at the end mark (a reference to the write position)."""
    offset, length = reference >> 4, (reference & 15) + 2
    distance = (len(out) - offset) % 4096
    if distance == 0:
        return False
    start = len(out) - distance
    for number in range(length):
        out.append(out[start + number] if start + number >= 0 else 32)
    return True


def rtf_text(data: bytes) -> str:
    """The words of an RTF document."""
    pieces: list[str] = []
    stack: list[bool] = []  # whether each open group is shown
    is_shown = True
    skip = 0  # characters that stand for the last \u escape
    for match in _TOKEN.finditer(data.decode("latin-1")):
        kind = match.lastgroup
        if kind == "open":
            stack.append(is_shown)
        elif kind == "close":
            is_shown = stack.pop() if stack else True
        elif match["word"] in _DESTINATIONS or match["symbol"] == "*":
            is_shown = False
        elif is_shown:
            text, skip = _shown(match, skip)
            pieces.append(text)
    return "".join(pieces).strip()


def _shown(match: re.Match[str], skip: int) -> tuple[str, int]:
    if match["word"] == "u" and match["number"]:
        code = int(match["number"]) & 0xFFFF
        return (chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"), 1
    if match["word"]:
        return _BREAKS.get(match["word"], ""), 0
    if match["hex"]:
        return ("" if skip else bytes([int(match["hex"], 16)]).decode("cp1252", "replace")), 0
    if match["symbol"]:
        return {"~": "\xa0", "_": "-"}.get(
            match["symbol"], match["symbol"] if match["symbol"] in "\\{}" else ""
        ), 0
    return (match["text"] or "")[skip:], 0
