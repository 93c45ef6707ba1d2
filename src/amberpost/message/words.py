"""Encoded words (RFC 2047) and parameters (RFC 2045, RFC 2231) to text.

Tolerates what is really sent: blanks and question marks inside words, characters split over two words, words
inside quotes, missing semicolons, continuations with gaps. Always linear in the input.
"""

import binascii
import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from amberpost.message import limits
from amberpost.message.charset import codec_name, decode
from amberpost.message.transfer import decode_base64
from amberpost.message.types import Defect

_WORD_START = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PARAMETER = re.compile(r"(?<![;\s])[;\s]++([^\s=;\"]{1,100}+)\s*+=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_UNQUOTED = re.compile(r"[^;]*+")
_CONTINUATION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*?))?")
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_NO_FILE_CHARACTERS = str.maketrans(dict.fromkeys('<>:"|?*', "_"))


def decode_words(text: str, defects: set[Defect]) -> str:
    """Header text with its encoded words decoded; controls and line breaks become one blank."""
    if "=?" in text:
        text = _decode_words(text, defects)
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text).strip()
    return text


def _decode_words(text: str, defects: set[Defect]) -> str:
    pieces: list[str] = []
    pending = b""  # decoded bytes of adjacent words of one charset: a character may be split over them
    charset = ""
    position = end = 0
    for start in _WORD_START.finditer(text):
        if start.start() < position:
            continue
        if end < start.end():
            end = text.find("?=", start.end())
        if end < 0:
            break
        if text.find("=?", start.end(), end) >= 0:
            continue  # never closed before the next word begins
        between = text[position : start.start()]
        label = start[1].partition("*")[0].lower()
        if between and (not charset or not between.isspace()):
            pieces += decode(pending, charset), between
            pending = b""
        elif label != charset:
            pieces.append(decode(pending, charset))
            pending = b""
        charset = label
        pending += _word_bytes(start[2], text[start.end() : end], defects)
        position = end + 2
        if codec_name(label) is None:
            defects.add(Defect.UNKNOWN_CHARSET)
    if not charset:
        defects.add(Defect.BAD_ENCODED_WORD)
    pieces += decode(pending, charset), text[position:]
    return "".join(pieces)


def _word_bytes(encoding: str, encoded: str, defects: set[Defect]) -> bytes:
    data = encoded.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    decoded, intact = decode_base64(data)
    if not intact:
        defects.add(Defect.BAD_ENCODED_WORD)
    return decoded


@lru_cache(maxsize=2048)
def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """("text/plain", {"charset": "utf-8"}); names lower case, values as sent but unquoted and joined.

    The result is shared: callers only read it.
    """
    value = value[: limits.PARAMETER_BYTES]
    main = re.split(r"[;\s]", value, maxsplit=1)[0].lower()
    plain: dict[str, str] = {}
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    position = len(main)
    while found := _PARAMETER.search(value, position):
        name = found[1].lower()
        text, position = _parameter_value(value, found.end(), name)
        section = _CONTINUATION.fullmatch(name)
        if section is None:
            plain.setdefault(name, text)
        elif section[2] is None:
            continued.setdefault(section[1], {}).setdefault(0, (text, True))
        else:
            continued.setdefault(section[1], {}).setdefault(int(section[2]), (text, bool(section[3])))
    for name, sections in continued.items():
        plain[name] = _join_continuations(sections)
    return main, plain


def _parameter_value(value: str, start: int, name: str) -> tuple[str, int]:
    quoted = _QUOTED.match(value, start)
    if quoted:
        return _BACKSLASH.sub(r"\1", quoted[1]) if "\\" in quoted[1] else quoted[1], quoted.end()
    unquoted = _UNQUOTED.match(value, start)
    text = unquoted.group() if unquoted else ""
    if not name.startswith(("name", "filename")):  # file names are sent with bare blanks; nothing else is
        text = text.split(None, 1)[0] if text.strip() else ""
        return text, start + len(text)
    return text.strip(), start + len(text)


def _join_continuations(sections: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 §3 and §4; a missing section is passed over, the rest is still the best name we have."""
    ordered = [sections[number] for number in sorted(sections)]
    first, is_encoded = ordered[0]
    charset = "utf-8"
    if is_encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
        ordered[0] = (first, True)
    data = b"".join(
        unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace")
        for text, is_encoded in ordered
    )
    return decode(data, charset or "utf-8")


def clean_filename(name: str) -> str:
    """A bare file name: no path, no controls, no direction tricks, none of Windows' forbidden characters."""
    name = _UNSAFE.sub("", name.replace("\\", "/").rpartition("/")[2])
    name = name.translate(_NO_FILE_CHARACTERS).strip(" .")
    if len(name) > limits.FILENAME_CHARACTERS:
        stem, dot, extension = name.rpartition(".")
        keep = limits.FILENAME_CHARACTERS - len(extension) - 1
        name = stem[:keep] + dot + extension if dot and keep > 0 else name[: limits.FILENAME_CHARACTERS]
    return "_" + name if _RESERVED.match(name) else name
