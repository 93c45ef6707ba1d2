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
_FILE = ("name", "filename")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_ESCAPED_QUOTE = re.compile(r'\\(["\\])')
_ESCAPED_SIGN = re.compile(r"\\([^\w.])", re.ASCII)  # "\(1\)", but "docs\plan.pdf"
_CUT_ESCAPE = re.compile(r"=[0-9A-Fa-f]?\Z")
# "Macintosh HD:Users:eva:plan.pdf", but not "Call 10:20:30.wav" nor "Re: AW: plan.pdf"
_MACINTOSH_PATH = re.compile(r"(?:[^\W\d][^:]*:){2,}(?=[^\W\d])")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
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
    run: list[tuple[str, str]] = []  # (B or Q, content) of adjacent words of one charset
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
            pieces += _run_text(run, charset, defects), between
            run = []
        elif label != charset:
            pieces.append(_run_text(run, charset, defects))
            run = []
        charset = label
        _add_word(run, start[2].upper(), text[start.end() : end], defects)
        position = end + 2
        if codec_name(label) is None:
            defects.add(Defect.UNKNOWN_CHARSET)
    if not charset:
        defects.add(Defect.BAD_ENCODED_WORD)
    pieces += _run_text(run, charset, defects), text[position:]
    return "".join(pieces)


def _add_word(run: list[tuple[str, str]], encoding: str, content: str, defects: set[Defect]) -> None:
    """Join it to the word before where one was cut in two: inside four letters of base64, inside a =C3."""
    if encoding == "B":
        content = "".join(content.split())
    if run and run[-1][0] == encoding:
        before = run[-1][1]
        # Two whole words of base64 are not one that was cut, though the first may lack its padding.
        is_cut = (
            not (_is_whole(before) and _is_whole(content))
            if encoding == "B"
            else _CUT_ESCAPE.search(before) is not None
        )
        if is_cut:
            defects.add(Defect.BAD_ENCODED_WORD)
            run[-1] = (encoding, before + content)
            return
    run.append((encoding, content))


def _is_whole(content: str) -> bool:
    """Whether base64 ends where a byte does. RFC 4648 §3.5: bits of the last letter that are left over are 0."""
    rest = len(content) % 4
    if rest == 0 or content.endswith("="):
        return rest == 0
    bits = {2: "AQgw", 3: "AEIMQUYcgkosw048"}.get(rest, "")
    return content[-1] in bits


def _run_text(run: list[tuple[str, str]], charset: str, defects: set[Defect]) -> str:
    """The text of adjacent words; a character may be split over them, against RFC 2047 §5."""
    words: list[bytes] = []
    for encoding, content in run:
        data, is_intact = content.encode("utf-8", "replace"), True
        if encoding == "Q":
            data = binascii.a2b_qp(data, header=True)
        else:
            data, is_intact = decode_base64(data)
        if not is_intact:
            defects.add(Defect.BAD_ENCODED_WORD)
        words.append(data)
    if len(words) > 1 and codec_name(charset) == "utf-8" and any(map(_ends_inside_character, words)):
        defects.add(Defect.BAD_ENCODED_WORD)
    return decode(b"".join(words), charset, defects) if words else ""


def _ends_inside_character(data: bytes) -> bool:
    """Whether the last bytes of UTF-8 begin a character that is longer (RFC 3629 §3)."""
    for length in range(1, min(4, len(data) + 1)):
        byte = data[-length]
        if byte >= 0xC0:
            return length < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


def parse_parameters(value: str, defects: set[Defect] | None = None) -> tuple[str, dict[str, str]]:
    """("text/plain", {"charset": "utf-8"}); names lower case, values as sent but unquoted and joined.

    The result is shared: callers only read it. What had to be tolerated is added to `defects`.
    """
    main, parameters, noted = _parse_parameters(value[: limits.PARAMETER_BYTES])
    if noted and defects is not None:
        defects |= noted
    return main, parameters


@lru_cache(maxsize=2048)
def _parse_parameters(value: str) -> tuple[str, dict[str, str], frozenset[Defect]]:
    main = re.split(r"[;\s]", value, maxsplit=1)[0].lower()
    plain: dict[str, str] = {}
    defects: set[Defect] = set()
    continued: dict[str, dict[int, tuple[str, bool]]] = {}
    position = len(main)
    while found := _PARAMETER.search(value, position):
        name = found[1].lower()
        is_file = name.startswith(_FILE)
        if quoted := _QUOTED.match(value, found.end()):
            text, position = _unescaped(quoted[1], is_file=is_file), quoted.end()
        else:
            unquoted = _UNQUOTED.match(value, found.end())
            text = unquoted.group() if unquoted else ""
            if not is_file:  # file names are sent with bare blanks; nothing else is
                text = text.split(None, 1)[0] if text.strip() else ""
            position = found.end() + len(text)
            text = text.strip()
        section = _CONTINUATION.fullmatch(name)
        if section is None:
            plain.setdefault(name, text)
        elif section[2] is None:
            continued.setdefault(section[1], {}).setdefault(0, (text, True))
        else:
            continued.setdefault(section[1], {}).setdefault(int(section[2]), (text, bool(section[3])))
    for name, sections in continued.items():
        plain[name] = _join_continuations(sections, defects)
    return main, plain, frozenset(defects)


def _unescaped(text: str, *, is_file: bool) -> str:
    """Without the backslashes of RFC 5322 §3.2.1, but with those of a path that nobody escaped."""
    if "\\" not in text:
        return text
    if is_file and (text.startswith("=?") or _WINDOWS_PATH.match(text)):
        return _ESCAPED_QUOTE.sub(r"\1", text)
    return (_ESCAPED_SIGN if is_file else _BACKSLASH).sub(r"\1", text)


def _join_continuations(sections: dict[int, tuple[str, bool]], defects: set[Defect]) -> str:
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
    return decode(data, charset or "utf-8", defects)


def clean_filename(name: str) -> str:
    """A bare file name: no path, no controls, no direction tricks, none of Windows' forbidden characters.

    The path may be one of Windows, Unix, a URL or the old Macintosh. Percent signs that spell letters in UTF-8 are
    read as these, as in a URL.
    """
    if "%" in name:
        name = _PERCENT.sub(_letters_of, name)
    name = _UNSAFE.sub("", name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    if ":" in name:
        name = _MACINTOSH_PATH.sub("", name)
    name = name.translate(_NO_FILE_CHARACTERS).strip(" .")
    if len(name) > limits.FILENAME_CHARACTERS:
        stem, dot, extension = name.rpartition(".")
        keep = limits.FILENAME_CHARACTERS - len(extension) - 1
        name = stem[:keep] + dot + extension if dot and keep > 0 else name[: limits.FILENAME_CHARACTERS]
    return "_" + name if _RESERVED.match(name) else name


def _letters_of(escapes: re.Match[str]) -> str:
    """Escaped letters beyond ASCII; "100%25" and a percent sign that means itself stay as they are."""
    data = unquote_to_bytes(escapes.group())
    try:
        return escapes.group() if data.isascii() else data.decode("utf-8")
    except UnicodeDecodeError:
        return escapes.group()
