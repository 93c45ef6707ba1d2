"""Bytes to text, whatever the label says.

Promises a string for every input and never a codec that is no charset (zlib, hex, rot13) or that is slow on
hostile input (idna). Labels are read as browsers read them (WHATWG Encoding Standard: iso-8859-1 is cp1252,
gb2312 is gb18030), and as mail spells them beyond that. `decode` is the one place that decides: bodies, header
fields, parameters, reports and TNEF all ask it, with the label they have or None.
"""

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from charset_normalizer import from_bytes
from webencodings.labels import LABELS

from amberpost.message.types import Defect

_STANDARD: dict[str, str] = LABELS
# Encodings of the standard to Python's codecs; a wider one where Python's of that name knows less than browsers.
_CODECS = {
    "iso-8859-8-i": "iso8859-8",  # the order of reading, not another charset (RFC 1556)
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "windows-874": "cp874",
    "shift_jis": "cp932",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "iso-2022-jp": "iso2022_jp_ext",
}
# Not what browsers make of them (nothing, or letters for private use): no text of a mail is lost.
_OWN_LABELS = {
    "hz-gb-2312": "hz",
    "iso-2022-kr": "iso2022_kr",
    "csiso2022kr": "iso2022_kr",
    "utf-16": "utf-16",  # which end comes first is told by a mark or by the text (decode_noting)
    "unicode": "utf-16",
    "csunicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    # Labels that mail uses and browsers do not know.
    "ucs2": "utf-16",
    "utf16": "utf-16",
    "ucs-4": "utf-32",
    "iso-10646-ucs-4": "utf-32",
    "unicode-1-1": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "unicode-2-0-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "iso-10646": "utf-8",
    "iso-10646/utf-8": "utf-8",
    "usascii": "cp1252",
    "ansi": "cp1252",
    "iso-8859-1-windows-3.0-latin-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "iso-8859-2-windows-latin-2": "cp1250",
    "iso-8859-9-windows-latin-5": "cp1254",
    "utf-8-sig": "utf-8",
    "koi-8": "koi8-r",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "iso2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "ksc5601-1987": "cp949",
    "uhc": "cp949",
    "chinesebig5": "big5hkscs",
    "gb-2312": "gb18030",
    "gb2312-80": "gb18030",
    "gb2312_charset": "gb18030",
    "euc-cn": "gb18030",
    "x-mac-ce": "mac_latin2",
    "x-mac-centraleurroman": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-croatian": "mac_croatian",
    "x-mac-romanian": "mac_romanian",
    "x-mac-arabic": "mac_arabic",
    "x-mac-farsi": "mac_farsi",
    "x-mac-japanese": "cp932",
    "x-mac-korean": "cp949",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-chinesetrad": "big5hkscs",
}
# Numbers of Windows' code pages that are no name of a codec.
_OWN_LABELS |= {
    "cp367": "cp1252",
    "cp708": "iso8859-6",
    "cp819": "cp1252",
    "cp936": "gb18030",
    "cp951": "big5hkscs",
    "cp1200": "utf-16-le",
    "cp1201": "utf-16-be",
    "cp10000": "mac-roman",
    "cp10001": "cp932",
    "cp10002": "big5hkscs",
    "cp10003": "cp949",
    "cp10004": "mac_arabic",
    "cp10006": "mac_greek",
    "cp10007": "mac-cyrillic",
    "cp10008": "gb18030",
    "cp10010": "mac_romanian",
    "cp10017": "mac-cyrillic",
    "cp10029": "mac_latin2",
    "cp10079": "mac_iceland",
    "cp10081": "mac_turkish",
    "cp10082": "mac_croatian",
    "cp12000": "utf-32-le",
    "cp12001": "utf-32-be",
    "cp20127": "cp1252",
    "cp20866": "koi8-r",
    "cp20932": "euc_jp",
    "cp20936": "gb18030",
    "cp20949": "cp949",
    "cp21866": "koi8-u",
    "cp28598": "iso8859-8",
    "cp38598": "iso8859-8",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp50222": "iso2022_jp_ext",
    "cp50225": "iso2022_kr",
    "cp51932": "euc_jp",
    "cp51936": "gb18030",
    "cp51949": "cp949",
    "cp52936": "hz",
    "cp54936": "gb18030",
    "cp65000": "utf-7",
    "cp65001": "utf-8",
}
# Spellings of one number, whatever stands before it: win-1251, windows1251, cp-1251, ibm850, iso_8859_15.
_CODE_PAGE = re.compile(r"(?:x-)?(?:cp|win|windows|ms|ansi|ibm|dos|codepage)[-_. ]?(?:cp[-_]?)?0?(\d{3,5})")
_ISO_8859 = re.compile(r"(?:x-)?iso[-_ .]?8859[-_ .]?(\d{1,2})(?![\d-])")
# Text codecs by name only: not charsets of mail, slow, or turning plain ASCII into garbage (EBCDIC).
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
_REFUSED |= {"unicode-escape", "raw-unicode-escape"}
_REFUSED |= {"cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"}
# ASCII bytes mean something else here, so the short cut for ASCII does not hold.
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
_WIDE = ("utf-16", "utf-32")
_MULTI_BYTE = ("utf", "gb", "big5", "cp932", "cp949", "cp950", "euc", "shift", "johab", *_SEVEN_BIT)
# Asked when the codec before does not know a character: rows of vendors that the standard's tables have.
_JIS_CODEC = "iso2022_jp_ext"
_SECOND = {
    "big5hkscs": "cp950",
    "euc_jp": "euc_jis_2004",
    "cp932": "shift_jis_2004",
    _JIS_CODEC: "euc_jis_2004",
}
_JIS = re.compile(rb"\x1b\$[@B]([^\x1b\n]*)|\x1b\(I([^\x1b\n]*)|\x1b\([BJ]")
_HIGH = bytes(byte | 0x80 if 0x21 <= byte < 0x7F else byte for byte in range(256))
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before utf-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_OF_MARK = b"\xef\xff\xfe\x00"
# Thai letters are legal UTF-8 pairs by chance in the first words; six sequences are no chance any more.
_THAI = "cp874"
_THAI_SEQUENCES = 6
_LEADS = bytes(range(0xC2, 0xF5))
_CUT_BYTES = 64 * 1024  # a text of this length may have been cut inside its last character
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:()+/-]{0,39}")
_CP1252 = {
    byte: ord(bytes([byte]).decode("cp1252"))
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_GUESS_BYTES = 16 * 1024  # the guess takes time with its sample, and has long made up its mind by then
_GUESS_LEAST = 64  # a guess from less is worth nothing
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


@lru_cache(maxsize=512)
def codec_name(label: str) -> str | None:
    """The Python codec for a charset label, None when the label is unknown or no charset.

    Numbers of Windows' code pages are labels, too, whatever stands before the number: `cp1251`, `win-1251`.
    """
    found = _LABEL.search(label.lower())
    if found is None:
        return None
    cleaned = found.group()
    for spelling in _spellings(cleaned):
        if spelling in _OWN_LABELS:
            return _OWN_LABELS[spelling]
        name = _python_name(spelling)
        if name is not None or spelling in _STANDARD:
            return name
    return None


def _spellings(label: str) -> Iterator[str]:
    yield label
    if page := _CODE_PAGE.fullmatch(label):
        yield f"cp{page[1]}"
        yield f"windows-{page[1]}"
        if page[1].startswith("285"):
            yield f"iso-8859-{int(page[1]) - 28590}"
    elif iso := _ISO_8859.match(label):
        yield f"iso-8859-{iso[1]}"
    yield label.replace("_", "-").removeprefix("x-")


def _python_name(label: str) -> str | None:
    """The codec of one spelling. Python's own aliases lead back to the standard: latin-1 is cp1252, too."""
    try:
        if label not in _STANDARD:
            label = codecs.lookup(label).name
        encoding = _STANDARD.get(label.replace("_", "-") if label not in _STANDARD else label, label)
        name = codecs.lookup(_CODECS.get(encoding, encoding)).name
        b"a".decode(name)  # LookupError for zlib, hex and the like, but not for empty input
    except UnicodeError:
        pass  # utf-16 and others, for which one byte is half a character
    except LookupError:
        return None
    return None if name in _REFUSED else name


def decode(data: bytes, label: str | None, defects: set[Defect] | None = None) -> str:
    """Text of `data`; always a string. What had to be tolerated is added to `defects`.

    A byte order mark beats the label and is no part of the text. Valid UTF-8 under the label of a single-byte
    charset is UTF-8. No label: UTF-8, else a guess.
    """
    text, defect = decode_noting(data, label)
    if defect is not None and defects is not None:
        defects.add(defect)
    return text


def decode_noting(data: bytes, label: str | None) -> tuple[str, Defect | None]:
    """Text of `data`, and what had to be tolerated."""
    codec = codec_name(label) if label else "utf-8"
    if data[:1] in _FIRST_OF_MARK and data and (marked := _behind_mark(data, codec, label)) is not None:
        return marked
    if data.isascii() and not (codec and codec.startswith(_SEVEN_BIT)):
        if codec is not None and not codec.startswith(_WIDE):
            return data.decode("ascii"), None
        if b"\0" not in data:
            return data.decode("ascii"), None if codec else Defect.UNKNOWN_CHARSET
    if codec is None:
        return _fallback(data), Defect.UNKNOWN_CHARSET
    if not codec.startswith(_MULTI_BYTE):
        # Letters of another charset are hardly ever valid UTF-8 by chance; those of Thai are, in a few words.
        if (text := _utf8(data)) is not None and (
            codec != _THAI or len(data) - len(data.translate(None, _LEADS)) >= _THAI_SEQUENCES
        ):
            return text, Defect.CHARSET_MISLABELLED
    elif codec.startswith(_WIDE) and b"\0" not in data and (text := _utf8(data)) is not None:
        return text, Defect.CHARSET_MISLABELLED
    if codec == "cp1252":
        return _cp1252(data), None
    if codec == "utf-16":
        # Neither label nor mark says which end comes first: ASCII has its zeros there. Else as Windows has it.
        sample = data[: 2 * _GUESS_BYTES]
        codec = "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return _utf8_or_guess(data, label) if codec == "utf-8" else _declared(data, codec)


def _behind_mark(data: bytes, codec: str | None, label: str | None) -> tuple[str, Defect | None] | None:
    """The text behind a byte order mark (WHATWG Encoding Standard, "BOM sniff"); None if there is none.

    Two bytes above 127 may be letters: a mark of UTF-16 counts only where the text looks like it.
    """
    for mark, name in _MARKS:
        if not data.startswith(mark):
            continue
        is_wide = name.startswith(_WIDE)
        if is_wide and b"\0" not in data and label and not (codec or "").startswith(_WIDE):
            continue
        try:
            text = data[len(mark) :].decode(name)
        except UnicodeError:
            if not is_wide:
                return None
            text = data[len(mark) :].decode(name, "replace")
        is_right = label is None or (codec or "").startswith(name[:6] if is_wide else name)
        return text, None if is_right else Defect.CHARSET_MISLABELLED
    return None


def _declared(data: bytes, codec: str) -> tuple[str, Defect | None]:
    try:
        return _without_surrogates(data.decode(codec)), None
    except UnicodeError:
        pass
    if not data.isascii() and (text := _utf8(data)) is not None:
        return text, Defect.CHARSET_MISLABELLED
    if codec in _SECOND:
        try:
            return (_JIS.sub(_euc, data) if codec == _JIS_CODEC else data).decode(_SECOND[codec]), None
        except UnicodeError:
            pass
    text = _without_surrogates(data.decode(codec, "replace"))
    # A cut or a few broken characters are no reason to doubt the label.
    if text.count("\ufffd") <= max(2, len(text) // 200):
        return text, Defect.UNDECODABLE_TEXT
    return _fallback(data), Defect.UNDECODABLE_TEXT


def _euc(match: re.Match[bytes]) -> bytes:
    """A run of ISO-2022-JP (RFC 1468) as EUC-JP, whose codec knows the numbers in circles that people send."""
    kanji, kana = match[1] or b"", match[2] or b""
    return kanji.translate(_HIGH) + b"".join(b"\x8e%c" % (byte | 0x80) for byte in kana)


def _utf8_or_guess(data: bytes, label: str | None) -> tuple[str, Defect | None]:
    """What is called UTF-8, or nothing. Where no character of it fits, it is something else."""
    if (text := _utf8(data)) is not None:
        return text, None
    text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    broken = text.count("\ufffd")
    has_letters = not text.replace("\ufffd", "").isascii()
    is_cut = label is not None and broken == 1 and text.endswith("\ufffd")
    if (has_letters or is_cut) and broken <= max(2, len(text) // 200):
        return text, Defect.UNDECODABLE_TEXT
    return _fallback(data), Defect.UNDECODABLE_TEXT


def _cp1252(data: bytes) -> str:
    """Every byte has a meaning: the five that cp1252 leaves open are controls, as in browsers."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_CP1252)


def _utf8(data: bytes) -> str | None:
    """Text if it is valid UTF-8; of a long one the last character may be cut."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(data) < _CUT_BYTES or error.start < len(data) - 3 or error.reason != "unexpected end of data":
            return None
        text = data[: error.start].decode("utf-8")
        return None if text.isascii() else text + "\ufffd"


def _fallback(data: bytes) -> str:
    """utf-8, else a guess from the first bytes (1 ms), else cp1252, which always fits."""
    text = _utf8(data)
    if text is not None:
        return text
    codec = guessed(data[:_GUESS_BYTES])
    if codec is None or codec == "utf-8" or (len(data) < _GUESS_LEAST and codec != "cp1252"):
        return _cp1252(data)
    return _without_surrogates(data.decode(codec, "replace"))


def guessed(sample: bytes) -> str | None:
    """The codec that a sample of text seems to be in, None when nobody can say. Costs a millisecond."""
    guess = from_bytes(sample).best()
    return codec_name(guess.encoding) if guess is not None else None


def _without_surrogates(text: str) -> str:
    """utf-7 may spell half a character, which no database takes."""
    return _SURROGATE.sub("\ufffd", text) if _SURROGATE.search(text) else text


def declared_in_html(data: bytes) -> str | None:
    """The charset a <meta> element near the start names, if any."""
    found = _META.search(data, 0, 2048)
    return found.group(1).decode("ascii") if found else None
