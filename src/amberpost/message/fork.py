"""Which messages are copies of one mail that the mail system split (journal-reports.md rule 17).

The key groups; it never identifies: messages with different bytes stay separate messages.
"""

from hashlib import blake2b

from amberpost.message.body import decode_part
from amberpost.message.types import ParsedMessage, Part


def fork_key(raw: bytes, parsed: ParsedMessage, reported_message_id: str | None) -> bytes:
    """16 bytes, equal for the forks of one mail.

    Made of the Message-Id of the report (else the message's own), From, Date and the decoded leaf parts.
    Without any Message-Id, subject and recipients count as well: a bare "ok" from two people must never
    make each an owner of the other's mail.
    """
    digest = blake2b(digest_size=16)
    identifier = (reported_message_id or "").strip().strip("<>") or parsed.message_id
    _add(digest, identifier.encode("utf-8", "replace"))
    _add(digest, ",".join(mailbox.address for mailbox in parsed.from_).encode("utf-8", "replace"))
    _add(digest, parsed.sent_at.isoformat().encode() if parsed.sent_at and _has_date(parsed) else b"")
    if not identifier:
        _add(digest, parsed.subject.encode("utf-8", "replace"))
        _add(digest, ",".join(box.address for box in parsed.to + parsed.cc).encode("utf-8", "replace"))
    parents = {part.path.rpartition(".")[0] for part in parsed.parts}
    for part in parsed.parts:
        if not part.is_multipart and part.path not in parents and not _is_container(part, parsed):
            _add(digest, part.content_type.encode("utf-8", "replace"))
            _add(digest, _leaf(raw, part))
    return digest.digest()


def _has_date(parsed: ParsedMessage) -> bool:
    """Only the Date field counts; Received differs from fork to fork."""
    return parsed.date_offset_minutes is not None


def _is_container(part: Part, parsed: ParsedMessage) -> bool:
    """The message itself when it is a nested message with parts of its own."""
    return part.path == "0" and len(parsed.parts) > 1


def _leaf(raw: bytes, part: Part) -> bytes:
    data = decode_part(raw, part)
    if part.content_type.startswith("text/"):  # transport may rewrite line ends, never words
        return data.replace(b"\r\n", b"\n").rstrip(b"\n")
    return data


def _add(digest: blake2b, value: bytes) -> None:
    """Length first, so that no two lists of values give the same input."""
    digest.update(len(value).to_bytes(8, "big"))
    digest.update(value)
