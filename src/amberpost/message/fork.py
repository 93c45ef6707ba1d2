"""Which messages are copies of one mail, and which look the same to their reader.

`fork_key` decides who may read: owners of one copy see the others, so nothing may differ but what transport adds.
`likeness` grants nothing: it folds lines of a list for somebody who may see both copies anyhow. Neither
identifies: messages with different bytes stay separate messages.
"""

import hashlib
from hashlib import sha256

from amberpost.message.body import decode_part
from amberpost.message.scan import readable
from amberpost.message.types import ParsedMessage

# What servers on the way add, take away or change; docs/design/archives.md has the same list.
TRANSPORT_FIELDS = (
    b"received", b"return-path", b"delivered-to", b"x-original-to", b"envelope-to", b"authentication-results",
    b"received-spf", b"dkim-signature",
)  # fmt: skip
TRANSPORT_PREFIXES = (b"arc-", b"x-ms-exchange-", b"x-spam-")

_KEY_BYTES = (
    16  # who makes a collision wrote both messages; to read a stranger's takes a second preimage, 2^128
)
_CHUNK_BYTES = 1 << 20  # a large message is not copied as a whole to change its line ends


def fork_key(raw: bytes, parsed: ParsedMessage) -> bytes:
    """16 bytes, equal for copies that differ in transport fields and line ends only.

    Preamble, epilogue and encoding count: what stands only in one copy is for the owners of that copy.
    """
    view = readable(raw)
    body = parsed.parts[0].body.start
    kept: list[bytes] = []
    position = 0
    transport = [
        (span, len(name))
        for name, spans in parsed.fields.items()
        if name in TRANSPORT_FIELDS or name.startswith(TRANSPORT_PREFIXES)
        for span in spans
    ]
    for (start, end), length in sorted(transport):
        # Up to the name: what stands before it on its line, as a byte order mark, is not the field's.
        before = view[position : start - 1].rstrip(b" \t")
        kept.append(before[: len(before) - length])
        position = min(end + 1, body)
    kept.append(view[position:body])
    digest = sha256()
    _add(digest, _with_one_line_end(b"".join(kept)))
    _add_lines(digest, view, body)
    return digest.digest()[:_KEY_BYTES]


def _add_lines(digest: "hashlib._Hash", view: bytes, start: int) -> None:
    """The body with one kind of line end. A line end at its very end may be a delimiter's (RFC 2046 §5.1.1)."""
    end = len(view)
    if end > start and view[end - 1] == 10:
        end -= 2 if end - 2 >= start and view[end - 2] == 13 else 1
    while start < end:
        stop = min(start + _CHUNK_BYTES, end)
        if stop < end and view[stop - 1] == 13:
            stop += 1  # CR LF stays together
        digest.update(_with_one_line_end(view[start:stop]))
        start = stop


def likeness(raw: bytes, parsed: ParsedMessage) -> bytes:
    """16 bytes, equal for messages in which a reader sees the same: people, date, subject, texts and files."""
    digest = sha256()
    for people in (parsed.from_, parsed.to, parsed.cc):
        _add(digest, ",".join(box.address for box in people).encode("utf-8", "replace"))
    # Only the Date field counts, which alone has an offset; Received differs from copy to copy.
    has_date = parsed.date_offset_minutes is not None
    sent = parsed.sent_at.isoformat() if parsed.sent_at and has_date else ""
    for text in (parsed.message_id, parsed.subject, sent):
        _add(digest, text.encode("utf-8", "replace"))
    parents = {part.path.rpartition(".")[0] for part in parsed.parts}
    for part in parsed.parts:
        # A message that is a nested message has "0" for itself, which is no parent of "1" by its path.
        is_container = (
            part.is_multipart or part.path in parents or (part.path == "0" and len(parsed.parts) > 1)
        )
        if is_container:
            continue
        _add(digest, f"{part.content_type}\n{part.filename}".encode("utf-8", "replace"))
        data = decode_part(raw, part)
        if part.content_type.startswith("text/"):  # transport may rewrite line ends, never words
            data = _with_one_line_end(data).rstrip(b"\n")
        _add(digest, data)
    return digest.digest()[:_KEY_BYTES]


def _with_one_line_end(data: bytes) -> bytes:
    """CR LF as LF. Joining the lines takes half the time of replace()."""
    return b"\n".join(data.split(b"\r\n")) if b"\r\n" in data else data


def _add(digest: "hashlib._Hash", value: bytes) -> None:
    """Length first, so that no two lists of values give the same input."""
    digest.update(len(value).to_bytes(8, "big"))
    digest.update(value)
