"""Files that stand in the text as uuencode (POSIX.1 "uuencode", both of its forms), as mail had them before MIME.

Promises the text around them untouched, and no file where there is none: a sentence that begins with "begin" is
text. Lines between that are no code stay text. Linear, never raises.
"""

import binascii
import re
from dataclasses import dataclass

import pybase64

_BEGIN = re.compile(r"^begin(-base64)? ([0-7]{3,4}) (\S[^\n]{0,249})$", re.MULTILINE)
_CODE = re.compile(r"[ -`]{1,100}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{1,100}={0,2}")
_TRIMMED = 10  # blanks at the end of a line that gateways took away
_ENDINGS = ("`", "end\n", " \n", "\n", "end\r\n")
_SPARE = 3  # characters behind the data: a checksum, or padding
_MAX_FILES = 1_000  # of one text; people sent one or two


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFile:
    name: str  # as the sender wrote it
    data: bytes


def may_hold_files(data: bytes, start: int = 0, end: int | None = None) -> bool:
    """The quick question that nearly all text answers with no."""
    return data.find(b"begin", start, end) >= 0


def first_file(data: bytes) -> bytes | None:
    """The content of the first file in a part whose transfer encoding is uuencode; None if there is none."""
    _, files = take_files(data.decode("latin-1").replace("\r\n", "\n"))
    return files[0].data if files else None


def is_nothing_else(data: bytes) -> bool:
    """Whether such a part is the file alone, with no text around it."""
    around, files = take_files(data.decode("latin-1").replace("\r\n", "\n"))
    return len(files) == 1 and len(around.split("\n", 1)[0]) >= len(around.strip())


def take_files(text: str) -> tuple[str, list[EncodedFile]]:
    """(the text with the name of each file in its place, the files)."""
    kept: list[str] = []
    files: list[EncodedFile] = []
    position = 0
    while len(files) < _MAX_FILES and (found := _BEGIN.search(text, position)):
        data, between, end = _read(text, found.end() + 1, is_base64=found[1] is not None)
        if data is None:
            kept.append(text[position : found.end()])
            position = found.end()
            continue
        files.append(EncodedFile(name=found[3].strip(), data=data))
        kept += text[position : found.start()], found[3].strip(), "\n", *between
        position = end
    kept.append(text[position:])
    return "".join(kept), files


def _read(text: str, start: int, *, is_base64: bool) -> tuple[bytes | None, list[str], int]:
    """(the bytes, lines between them that are text, where the text goes on); None: there is no file.

    Without "end" it ends with the last line of code, as a cut message does.
    """
    pieces: list[bytes] = []
    between: list[str] = []
    waiting: list[str] = []  # text of which it is not known yet whether code follows
    position = end = start
    is_ended = False
    while position < len(text):
        newline = text.find("\n", position)
        stop = len(text) if newline < 0 else newline
        line = text[position:stop]
        position = min(stop + 1, len(text))
        if line.strip() == ("====" if is_base64 else "end"):
            is_ended, end = True, position
            break
        is_last = text.startswith(_ENDINGS, position) or position == len(text)
        piece: bytes | None = None
        if not is_base64:
            piece = _code_line(line, is_last=is_last)
        elif len(line.strip()) % 4 == 0 and _BASE64.fullmatch(line.strip()):
            piece = pybase64.b64decode(line.strip(), validate=True)
        if piece is None:
            if not pieces or _BEGIN.fullmatch(line) or len(waiting) > _TRIMMED:
                break
            waiting.append(line + "\n")
        else:
            between += waiting
            waiting = []
            pieces.append(piece)
            end = position
    if is_ended:
        between += waiting
    if not pieces and not is_ended:
        return None, [], start
    return b"".join(pieces), between, end


def _code_line(line: str, *, is_last: bool) -> bytes | None:
    """The bytes of one line, None if it is none: the first character says how many there are.

    Blanks at the end may be missing, which full lines and the last one show to be code all the same.
    """
    line = line.rstrip("\r")
    if line in ("`", " ", ""):
        return b""
    if _CODE.fullmatch(line) is None:
        return None
    length = (ord(line[0]) - 32) & 63
    expected = (length + 2) // 3 * 4
    trimmed = _TRIMMED if line[0] == "M" or is_last else 0
    if not expected - trimmed <= len(line) - 1 <= expected + _SPARE or (length and len(line) < 2):
        return None
    try:
        return binascii.a2b_uu((line[: expected + 1]).encode("ascii"))
    except binascii.Error:
        return None
