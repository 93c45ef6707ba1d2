"""Header fields and multipart borders as offsets into the raw bytes.

Promises: one pass, no copies, no recursion, never an exception. The first line that is neither a field nor
a continuation ends the header, as in Postfix, Sendmail and the standard library.
"""

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field

from amberpost.message import limits
from amberpost.message.charset import codec_name, decode, guessed
from amberpost.message.types import Defect

# A field, or (the empty alternative) the place where the header ends.
_FIELD = re.compile(rb"([!-9;-~]*+)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)|")
# What no field begins with, and what may stand before the first one: byte order marks, lines of an mbox, empty
# lines, lines that continue nothing.
_NO_FIELD = (b" ", b"\t", b"\r", b"\n", b"From ", b">", BOM_UTF8)
_STRAY = rb"\xef\xbb\xbf|>*+From [^\n]*+\n"
_BEFORE = re.compile(rb"(?:" + _STRAY + rb"|[ \t]*+\r*+\n|[ \t][^\n]*+\n)++")
_BEFORE_PART = re.compile(rb"(?:" + _STRAY + rb"|[ \t]*+\r?\n)++(?=content-type[ \t]*:)", re.IGNORECASE)
_STRAY_LINES = re.compile(rb"(?:" + _STRAY + rb")*+(?:[ \t]++[^\s][^\n]*+\n)?")
# A header with a field that programs write; "Note: bring cake" as the first line of a text is none, nor are From and
# To alone.
_KNOWN_FIELD = re.compile(
    rb"(?:[!-9;-~]++[ \t]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*?"
    rb"(?:date|subject|message-id|received|return-path|mime-version|content-type|x-ms-journal-report)"
    rb"[ \t]*+:",
    re.IGNORECASE,
)
_KNOWN_WINDOW = 64 * 1024  # from the first line on: fields before a known one are those of a few relays
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9._:+-]{1,40})", re.IGNORECASE)
_PART_CHARSET = re.compile(
    rb"^content-type[ \t]*:(?:[^\n]|\n[ \t]){0,500}?" + _CHARSET.pattern, re.IGNORECASE | re.MULTILINE
)
_PARTS_WINDOW = 64 * 1024  # the texts of a message come first, the files behind them
_SAMPLE_BYTES = 4096  # a guess takes a millisecond for these; a longer one is hardly ever another
_SAMPLE_LEAST = 64  # from less a guess is worth nothing
_SAMPLE_LETTERS = 8  # beyond ASCII; fewer of them fit the code pages of DOS as well as any other
# An encoded word in Q (RFC 2047 §4.2) with a letter that it should have encoded.
_RAW_IN_WORD = re.compile(
    rb"=\?[^?\s=]{1,60}+\?[qQ]\?(?:(?!=\?)[^\x80-\xff]){0,500}?[\x80-\xff](?:(?!=\?).)*?\?=", re.DOTALL
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_AFTER_DELIMITER = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\Z)")
_GUESSED = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,69})[ \t]*\r?\n")


@dataclass(slots=True)
class HeaderBlock:
    """The fields of one header: lower-case name to value ranges, in order of appearance."""

    start: int
    end: int = 0
    body: int = 0
    fields: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)
    outer: "HeaderBlock | None" = None  # of the message, for the header of a part
    charset: str | None = None  # body_charset(), once it was asked


def readable(raw: bytes) -> bytes:
    """Same length, with bare CR line ends (old Macintosh) as LF; `raw` itself in all other cases."""
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def scan_header(
    view: bytes, start: int, end: int, defects: set[Defect], *, is_message: bool = True
) -> HeaderBlock:
    """The header that begins at `start`; `.body` is where the body begins. `is_message`: not that of a part."""
    block = HeaderBlock(start)
    fields = block.fields
    at = position = first_field(view, start, end, is_message=is_message)
    if position > start:
        defects.add(Defect.BEFORE_HEADER)
    count = 0
    for match in _FIELD.finditer(view, position, end):  # pragma: no branch (the empty match ends it)
        value_start, value_end = match.span(2)
        if value_start < 0:
            at = match.start()
            break
        count += 1
        if count > limits.HEADER_FIELDS:
            defects.add(Defect.HEADER_LIMIT)
            # The rest of the header is passed over, so that none of it is taken for the body.
            blank = _BLANK_LINE.search(view, match.start(), end)
            at = blank.start() + 1 if blank else end
            break
        name = match[1].lower()
        if name in fields:
            fields[name].append((value_start, value_end))
        else:
            fields[name] = [(value_start, value_end)]
    block.end = at
    block.body = at
    if view.startswith(b"\n", at, end):
        block.body = at + 1
    elif view.startswith(b"\r\n", at, end):
        block.body = at + 2
    if block.body == at < end:
        defects.add(Defect.MALFORMED_HEADER if count else Defect.NO_HEADER)
    elif not count:
        defects.add(Defect.NO_HEADER)
    return block


def first_field(view: bytes, start: int, end: int, *, is_message: bool = True) -> int:
    """Where the first field stands, behind what gateways, editors and mboxes leave before it.

    Empty lines are passed over only where fields of a message follow: a body may begin with them, and a part
    without a header does (RFC 2046 §5.1).
    """
    if not view.startswith(_NO_FIELD, start, end):
        return start
    before = _BEFORE.match(view, start, end) if is_message else _BEFORE_PART.match(view, start, end)
    if before and _KNOWN_FIELD.match(view, before.end(), min(end, before.end() + _KNOWN_WINDOW)):
        return before.end()
    line = _STRAY_LINES.match(view, start, end)
    return line.end() if line else start


def unfold(view: bytes, span: tuple[int, int], limit: int = limits.TEXT_FIELD_BYTES) -> bytes:
    """A field value on one line."""
    start, end = span
    value = view[start : min(end, start + limit)]
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip()


def first(view: bytes, block: HeaderBlock, name: bytes) -> bytes:
    """The first field of that name on one line, b"" when there is none."""
    spans = block.fields.get(name)
    return unfold(view, spans[0]) if spans else b""


def field_text(
    value: bytes, defects: set[Defect], view: bytes = b"", block: HeaderBlock | None = None
) -> str:
    """Field bytes as text: ASCII, RFC 6532 utf-8, or raw 8-bit in the charset of the body, else in a guessed one.

    `block` is the header that the field stands in.
    """
    if value.isascii():
        return value.decode("ascii")
    if b"=?" in value and (escaped := _RAW_IN_WORD.sub(_escaped, value)) != value:
        defects.add(Defect.BAD_ENCODED_WORD)
        value = escaped
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        defects.add(Defect.EIGHT_BIT_HEADER)
        return decode(value, body_charset(view, block) if block else None)


def _escaped(word: re.Match[bytes]) -> bytes:
    """Raw letters in an encoded word as that word would spell them; so they are read in its charset."""
    return b"".join(b"=%02X" % byte if byte >= 0x80 else b"%c" % byte for byte in word.group())


def body_charset(view: bytes, block: HeaderBlock) -> str | None:
    """The charset of the text below a header: named there or in its parts, else guessed from the text."""
    if block.charset is None:
        block.charset = _named_charset(view, block) or ""
        if not block.charset and block.outer is not None:
            block.charset = body_charset(view, block.outer) or ""
        elif not block.charset:
            sample = view[block.body : block.body + _SAMPLE_BYTES]
            if len(sample) >= _SAMPLE_LEAST and sum(map((127).__lt__, sample)) >= _SAMPLE_LETTERS:
                block.charset = guessed(sample) or ""
    return block.charset or None


def _named_charset(view: bytes, block: HeaderBlock) -> str | None:
    """One that says something: a field that is no ASCII and no UTF-8 is in neither, whatever the body is in."""
    for span in block.fields.get(b"content-type", ())[:1]:
        labels: list[bytes] = _CHARSET.findall(view, *span)
        if view[span[0] : span[1]].lstrip()[:10].lower() == b"multipart/":
            labels += _PART_CHARSET.findall(view, block.body, block.body + _PARTS_WINDOW)
        for label in labels:
            name = label.decode("ascii")
            if codec_name(name) not in (None, "utf-8") and name.lower() != "us-ascii":
                return name
    return None


def split_multipart(
    view: bytes, start: int, end: int, boundary: bytes, limit: int = limits.PARTS
) -> tuple[list[tuple[int, int]], bool]:
    """(ranges of the parts, whether the closing delimiter was found). RFC 2046 §5.1.1."""
    ranges: list[tuple[int, int]] = []
    delimiter = b"--" + boundary
    part_start = -1
    position = start
    while (position := view.find(delimiter, position, end)) >= 0:
        if position > start and view[position - 1] != 10:
            position += len(delimiter)
            continue
        after = _AFTER_DELIMITER.match(view, position + len(delimiter), end)
        if after is None:  # a longer boundary that begins with ours
            position += len(delimiter)
            continue
        # Two delimiters in succession hold no part, unless the second is the end.
        if part_start >= 0 and (part_start < position or after[1]):
            # The line break before a delimiter belongs to the delimiter.
            has_crlf = position - 2 >= part_start and view[position - 2] == 13
            ranges.append((part_start, position - 2 if has_crlf else max(part_start, position - 1)))
        if after[1] or len(ranges) >= limit:
            return ranges, bool(after[1])
        part_start = position = after.end()
    if part_start >= 0:
        ranges.append((part_start, end))
    return ranges, False


def guess_boundary(view: bytes, start: int, end: int) -> bytes:
    """A boundary for a multipart that names none: its first "--x" line, if a "--x--" follows."""
    found = _GUESSED.search(view, start, min(end, start + 64 * 1024))
    if found is None:
        return b""
    boundary = found[1].rstrip()
    return boundary if view.find(b"\n--" + boundary + b"--", found.end() - 1, end) >= 0 else b""
