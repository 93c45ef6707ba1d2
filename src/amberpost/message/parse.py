"""Facts out of the bytes of one message.

parse() never raises, never recurses on input and never changes a byte: what is odd becomes a Defect. It reads
headers and structure only; text is decoded by body.py and text.py when somebody asks for it.
"""

from datetime import UTC, datetime

from amberpost.clock import now
from amberpost.message import limits
from amberpost.message.dates import date_of, is_sound, received_time
from amberpost.message.headers import mailboxes, message_id, message_ids, text_field
from amberpost.message.mime import build_tree
from amberpost.message.scan import HeaderBlock, field_text, first, readable, scan_header, unfold
from amberpost.message.thread import thread_key
from amberpost.message.types import Defect, Mailbox, ParsedMessage, Span

_RESENT = (b"resent-from", b"resent-sender", b"resent-to", b"resent-cc", b"resent-bcc")
_RECEIVED_FIELDS = 50  # each hop writes its own on top: the first of these that is sound is the newest


def parse(raw: bytes, *, captured_at: datetime | None = None) -> ParsedMessage:
    """What `raw` says about itself.

    `captured_at` is the moment of capture, which bounds what a Date can be; who parses again later passes the
    same moment and gets the same answer. Without it the present moment is taken.
    """
    view = readable(raw)
    defects: set[Defect] = set()
    block = scan_header(view, 0, len(view), defects)
    tree = build_tree(view, block, len(view), defects)
    if b"\0" in raw:
        defects.add(Defect.NUL_BYTES)
    identifier = message_id(first(view, block, b"message-id"))
    if not identifier:
        defects.add(Defect.NO_MESSAGE_ID)
    subject = text_field(view, block, b"subject", defects)[: limits.SUBJECT_CHARACTERS]
    references = message_ids(first(view, block, b"references"))
    in_reply_to = message_ids(first(view, block, b"in-reply-to"))
    captured_at = captured_at or now()
    received_at = _received_at(view, block, captured_at)
    date = field_text(first(view, block, b"date"), defects)
    sent_at = date_of(date, captured_at=captured_at, received_at=received_at, defects=defects)
    offset = sent_at.utcoffset() if sent_at is not None else None
    resent: list[Mailbox] = []
    for name in _RESENT:
        if name in block.fields:
            resent += mailboxes(view, block, name, defects)
    return ParsedMessage(
        subject=subject,
        from_=mailboxes(view, block, b"from", defects),
        sender=mailboxes(view, block, b"sender", defects),
        reply_to=mailboxes(view, block, b"reply-to", defects),
        to=mailboxes(view, block, b"to", defects),
        cc=mailboxes(view, block, b"cc", defects),
        bcc=mailboxes(view, block, b"bcc", defects),
        resent=tuple(resent),
        message_id=identifier,
        in_reply_to=in_reply_to,
        references=references,
        # Without a Date that can be true, the newest server's clock; only the Date has an offset of the sender's.
        sent_at=sent_at.astimezone(UTC) if sent_at is not None else received_at,
        date_offset_minutes=int(offset.total_seconds()) // 60 if offset is not None else None,
        thread=thread_key(
            references=references, in_reply_to=in_reply_to, message_id=identifier, subject=subject
        ),
        header=Span(start=block.start, end=block.end),
        parts=tuple(tree.parts),
        fields=block.fields,
        flags=frozenset(tree.flags),
        defects=frozenset(defects),
    )


def _received_at(view: bytes, block: HeaderBlock, captured_at: datetime) -> datetime | None:
    for span in block.fields.get(b"received", ())[:_RECEIVED_FIELDS]:
        moment = received_time(unfold(view, span).decode("utf-8", "replace"))
        if moment is not None and is_sound(moment, captured_at):
            return moment.astimezone(UTC)
    return None
