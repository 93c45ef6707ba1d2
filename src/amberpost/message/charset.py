"""Bytes to text, whatever the label says.

Promises a string for every input and never a codec that is no charset (zlib, hex, rot13) or that is slow on
hostile input (idna). Labels are read as browsers read them: iso-8859-1 is cp1252, gb2312 is gb18030.
"""

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

from amberpost.message.types import Defect

# WHATWG Encoding Standard §4.2: the label says less than what is really sent.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
}
_ALIASES = {"x-sjis": "cp932", "ks_c_5601-1987": "cp949", "x-gbk": "gb18030", "windows-874": "cp874"}
# Text codecs by name only: not charsets of mail, slow, or turning plain ASCII into garbage (EBCDIC).
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
_REFUSED |= {"unicode-escape", "raw-unicode-escape"}
_REFUSED |= {"cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"}
# ASCII bytes mean something else here, so the short cut for ASCII does not hold.
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:()+-]{0,39}")
_CP1252 = {
    byte: ord(bytes([byte]).decode("cp1252"))
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_GUESS_BYTES = 16 * 1024
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


@lru_cache(maxsize=512)
def codec_name(label: str) -> str | None:
    """The Python codec for a charset label, None when the label is unknown or no charset."""
    found = _LABEL.search(label.lower())
    if found is None:
        return None
    cleaned = found.group()
    try:
        name = codecs.lookup(_ALIASES.get(cleaned, cleaned)).name
        b"a".decode(name)  # LookupError for zlib, hex and the like, but not for empty input
    except UnicodeError:
        pass  # utf-16 and others, for which one byte is half a character
    except LookupError:
        return None
    return None if name in _REFUSED else _WIDER.get(name, name)


def decode(data: bytes, label: str | None) -> str:
    """Text of `data`; always a string."""
    return decode_noting(data, label)[0]


def decode_noting(data: bytes, label: str | None) -> tuple[str, Defect | None]:
    """Text of `data`, and what had to be tolerated."""
    codec = codec_name(label) if label else "utf-8"
    if data.isascii() and not (codec and codec.startswith(_SEVEN_BIT)):
        if codec is not None and not codec.startswith("utf-16") and not codec.startswith("utf-32"):
            return data.decode("ascii"), None
        if b"\0" not in data:
            return data.decode("ascii"), None if codec else Defect.UNKNOWN_CHARSET
    if codec is None:
        return _fallback(data), Defect.UNKNOWN_CHARSET
    if codec == "cp1252":
        return _cp1252(data), None
    return _declared(data, codec)


def _declared(data: bytes, codec: str) -> tuple[str, Defect | None]:
    try:
        return _without_surrogates(data.decode(codec)), None
    except UnicodeError:
        pass
    if codec != "utf-8" and (text := _utf8(data)) is not None:
        return text, Defect.UNDECODABLE_TEXT
    text = _without_surrogates(data.decode(codec, "replace"))
    # A cut or a few broken characters are no reason to doubt the label.
    if text.count("\ufffd") <= max(2, len(text) // 200):
        return text, Defect.UNDECODABLE_TEXT
    return _fallback(data), Defect.UNDECODABLE_TEXT


def _cp1252(data: bytes) -> str:
    """Every byte has a meaning: the five that cp1252 leaves open are controls, as in browsers."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_CP1252)


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _fallback(data: bytes) -> str:
    """utf-8, else a guess from the first bytes (1 ms), else cp1252, which always fits."""
    text = _utf8(data)
    if text is not None:
        return text
    guess = from_bytes(data[:_GUESS_BYTES]).best()
    codec = codec_name(guess.encoding) if guess is not None else None
    if codec is None or codec == "utf-8" or (len(data) < 64 and codec != "cp1252"):
        return _cp1252(data)
    return _without_surrogates(data.decode(codec, "replace"))


def _without_surrogates(text: str) -> str:
    """utf-7 may spell half a character, which no database takes."""
    return _SURROGATE.sub("\ufffd", text) if _SURROGATE.search(text) else text


def declared_in_html(data: bytes) -> str | None:
    """The charset a <meta> element near the start names, if any."""
    found = _META.search(data, 0, 2048)
    return found.group(1).decode("ascii") if found else None
