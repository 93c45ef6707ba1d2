"""What mail programs write into the header of a message they keep: its length, and that its owner deleted it."""

import re
from dataclasses import dataclass

from amberpost.sources.files.fields import Content

_HEADER_BYTES = 256 * 1024  # of a header are looked at: what programs add stands in it, or above it
# A message may be all header. Two patterns, for only one with a fixed beginning is searched for fast.
_HEADER_END = re.compile(rb"\n(?:\r?\n|(?=From ))")
_HEADER_END_CR = re.compile(rb"\r(?:\r|(?=From ))")
_NAMES = rb"(content-length|x-mozilla-status|x-status|status|x-evolution|received)"
_MARK = re.compile(rb"\n(?i:" + _NAMES + rb"[ \t]*:[ \t]*([^\r\n]*))")

_FLAGS = {b"status": re.compile(rb"[RONUD]+"), b"x-status": re.compile(rb"[ADFT]+")}  # of Pine, elm, mutt
_MOZILLA_EXPUNGED = 0x0008  # nsMsgMessageFlags::Expunged
_EVOLUTION_DELETED = 0x02  # CAMEL_MESSAGE_DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Of one message in a mailbox file."""

    body: int  # where its body begins
    length: int | None  # of its body, if Content-Length says so, and says it once
    is_deleted: bool


def header_marks(content: Content, start: int, end: int) -> Marks:
    """The marks in the header that begins at `start`."""
    limit = min(end, start + _HEADER_BYTES)
    header_end = _HEADER_END.search(content, start, limit) or _HEADER_END_CR.search(content, start, limit)
    body = header_end.end() if header_end is not None else end
    header = b"\n" + content[start : min(body, limit)]
    if b"\n" not in header[1:]:
        header = header.replace(b"\r", b"\n")
    lengths: set[bytes] = set()
    is_deleted = was_received = False
    for found in _MARK.finditer(header):
        name, value = found[1].lower(), found[2].strip()
        if name == b"content-length":
            lengths.add(value)
        elif name == b"received":
            was_received = True
        elif name == b"x-mozilla-status":
            # Thunderbird puts it on top. Below a Received it came with the mail: its sender may have written it.
            is_deleted |= not was_received and _hexadecimal(value) & _MOZILLA_EXPUNGED != 0
        elif name == b"x-evolution":
            is_deleted |= _hexadecimal(value.partition(b"-")[2]) & _EVOLUTION_DELETED != 0
        else:
            is_deleted |= b"D" in value and _FLAGS[name].fullmatch(value) is not None
    length = lengths.pop() if len(lengths) == 1 else b""
    return Marks(
        body=body,
        length=int(length) if length.isdigit() and len(length) < 16 else None,
        is_deleted=is_deleted,
    )


def _hexadecimal(value: bytes) -> int:
    try:
        return int(value[:16], 16)
    except ValueError:
        return 0
