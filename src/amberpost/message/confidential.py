"""Header fields that name recipients others must not know: Bcc, and what delivery agents note for one recipient.

Promises a copy without them, or the very same bytes if there are none; nothing but whole fields is ever left
out. Looks at the outermost header only: what a sender attached he meant to send.
"""

import re
from collections.abc import Callable, Collection

from amberpost.message.addresses import normalise_address
from amberpost.message.scan import first_field, readable
from amberpost.message.types import Defect, ParsedMessage

_BLANK_LINE = re.compile(rb"\n\r?\n")  # without \A: that would cost ten times as much
_START = rb"(?:^|(?<=\xef\xbb\xbf))"  # of a line, perhaps behind a byte order mark
_REST = rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)"
_BCC = re.compile(_START + rb"(?:resent-)?bcc" + _REST, re.IGNORECASE | re.MULTILINE)
_BCC_FIELDS = (b"bcc", b"resent-bcc")
# A parser may see its end before the first empty line, or did not read all of it.
_BROKEN_HEADER = (Defect.NO_HEADER, Defect.MALFORMED_HEADER, Defect.HEADER_LIMIT)
_DELIVERY = (
    rb"delivered-to|x-delivered-to|envelope-to|x-envelope-to|x-original-to|x-real-to|x-rcpt-to|apparently-to"
)
_RECEIVED_FOR = re.compile(rb"\bfor\s+<?([^\s<>;]+@[^\s<>;]+)", re.IGNORECASE)
_ADDRESS = re.compile(rb"[^\s<>()\",;:]+@[^\s<>()\",;]+")


def has_bcc(raw: bytes, parsed: ParsedMessage) -> bool:
    """True if the header has a field for blind copies."""
    if parsed.defects.isdisjoint(_BROKEN_HEADER):
        return not parsed.fields.keys().isdisjoint(_BCC_FIELDS)
    view = readable(raw)
    end = _header_end(view)
    return _BCC.search(view, 0, end) is not None


def without_bcc(raw: bytes, *, own: Collection[str] = ()) -> bytes:
    """The message without fields for blind copies; one that names nobody but `own` stays."""
    return _cut(raw, _BCC, lambda value: _names_others(_ADDRESS.findall(value) or [value], own))


def without_deliveries(raw: bytes, *, known: Collection[str], field: str = "") -> bytes:
    """The message without the notes of delivery agents, and without `field`, that name somebody not `known`."""
    names = _DELIVERY + (b"|" + re.escape(field.encode("ascii", "replace")) if field else b"")
    noted = re.compile(_START + rb"(?:" + names + rb")" + _REST, re.IGNORECASE | re.MULTILINE)
    received = re.compile(_START + rb"received" + _REST, re.IGNORECASE | re.MULTILINE)
    raw = _cut(raw, noted, lambda value: _names_others(_ADDRESS.findall(value), known))
    return _cut(raw, received, lambda value: _names_others(_RECEIVED_FOR.findall(value), known))


def _cut(raw: bytes, pattern: re.Pattern[bytes], is_meant: Callable[[bytes], bool]) -> bytes:
    view = readable(raw)
    spans = [m.span() for m in pattern.finditer(view, 0, _header_end(view)) if is_meant(m[1])]
    if not spans:
        return raw
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(raw)]
    return b"".join(raw[end:start] for end, start in zip(ends, starts, strict=True))


def _header_end(view: bytes) -> int:
    """The first empty line, although a parser may see the end of a broken header before it."""
    begin = first_field(view, 0, len(view))
    if view.startswith((b"\n", b"\r\n"), begin):
        return begin + 1
    found = _BLANK_LINE.search(view, begin)
    return found.start() + 1 if found else len(view)


def _names_others(addresses: Collection[bytes], known: Collection[str]) -> bool:
    return any(normalise_address(a.decode("utf-8", "replace")) not in known for a in addresses)
