"""Compressed RTF (MS-OXRTFCP) of TNEF bodies to plain words.

Good enough to find a message by its text; no layout. Linear, bounded, never raises.
"""

import re
from struct import Struct

from amberpost.message.charset import codec_name, decode

_HEADER = Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_MAX_BYTES = 4 * 1024 * 1024  # half of what the index takes of one message: most of RTF is markup
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
_SYMBOLS = {"~": "\xa0", "_": "-", "\\": "\\", "{": "{", "}": "}"}
# \\fcharset (RTF 1.9.1) to code pages; 0 and 1 are the page of the document, 2 are symbols.
_CHARSETS = {
    77: "macintosh",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "cp936",
    136: "cp950",
    161: "cp1253",
}
_CHARSETS |= {162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251"}
_CHARSETS |= {222: "cp874", 238: "cp1250", 255: "cp437"}
_PAGES = {"mac": "macintosh", "pc": "cp437", "pca": "cp850"}
_MAX_FONTS = 10_000  # Word has some hundred; more cost memory and name nothing
_MAX_FALLBACK = 100  # characters behind one \\u escape; RTF 1.9.1 has one, or two in an Asian code page
_DESTINATIONS = (
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
    if kind != _COMPRESSED:
        return b""
    # Each byte of control tells of eight tokens whether they are a byte or a reference back.
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
            offset, length = reference >> 4, (reference & 15) + 2
            distance = (len(out) - offset) % 4096
            if distance == 0:  # a reference to the place that is written next is the end
                return bytes(out[window:])
            start = len(out) - distance
            for number in range(start, start + length):  # byte by byte: it may read what it has just written
                out.append(out[number] if number >= 0 else 32)
    return bytes(out[window:])


def rtf_text(data: bytes, codepage: str = "cp1252") -> str:
    """The words of an RTF document; `codepage` is for one that names none.

    Bytes are in the charset of their font (RTF 1.9.1, "Font Table"), else in the code page of the document. A letter
    of two bytes may have the second as a plain character, so bytes are gathered and read together.
    """
    pieces: list[str] = []
    waiting = bytearray()
    fonts: dict[int, str] = {}
    stack: list[tuple[bool, bool, str, int]] = []
    is_shown, is_font_table = True, False
    default, charset, font, fallback_length = codepage, codepage, -1, 1
    default_font = -1
    skip = 0  # characters that stand for the last \\u escape

    def flush() -> None:
        if waiting:
            # Not as labels of mail are read: a font is right, and a run of it short.
            data = bytes(waiting)
            try:
                text = data.decode("ascii" if data.isascii() else codec_name(charset) or "cp1252")
            except UnicodeDecodeError:
                text = decode(data, charset)
            pieces.append(text)
            waiting.clear()

    for match in _TOKEN.finditer(data.decode("latin-1")):
        kind = match.lastgroup
        word, number = match["word"], int(match["number"] or 0)
        if kind == "open":
            stack.append((is_shown, is_font_table, charset, fallback_length))
        elif kind == "close":
            flush()
            if stack:
                is_shown, is_font_table, charset, fallback_length = stack.pop()
            else:
                is_shown = True
        elif word == "fonttbl":
            is_shown, is_font_table = False, True
        elif word in _DESTINATIONS or match["symbol"] == "*":
            is_shown = False
        elif is_font_table:
            if word == "f":
                font = number
            elif word == "fcharset" and len(fonts) < _MAX_FONTS:
                fonts[font] = _CHARSETS.get(number, "")
            elif word == "cpg" and number:
                fonts[font] = f"cp{number}"
        elif not is_shown:
            continue
        elif word in ("ansicpg", "mac", "pc", "pca"):
            flush()
            default = charset = f"cp{number}" if word == "ansicpg" and number else _PAGES.get(word, default)
        elif word == "deff":
            default_font = number
        elif word in ("f", "plain"):
            flush()
            charset = fonts.get(number if word == "f" else default_font) or default
        elif word == "uc":
            fallback_length = min(number, _MAX_FALLBACK) if match["number"] else 1
        elif word == "u" and match["number"]:
            flush()
            pieces.append(chr(number & 0xFFFF))
            skip = fallback_length
        elif match["hex"]:
            if skip:
                skip -= 1
            else:
                waiting.append(int(match["hex"], 16))
        elif match["text"]:
            waiting += match["text"][skip:].encode("latin-1")
            skip = max(0, skip - len(match["text"]))
        elif skip and kind in ("word", "number", "symbol"):
            skip -= 1
        elif text := _BREAKS.get(word or "") or _SYMBOLS.get(match["symbol"] or ""):
            flush()
            pieces.append(text)
    flush()
    text = "".join(pieces).strip()
    # Two escapes make one character beyond U+FFFF; half of one is none.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
