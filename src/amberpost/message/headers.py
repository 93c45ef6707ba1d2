"""Header fields as facts: text, mailboxes, message ids.

Tolerant: what a field got wrong is noted as a Defect, and the best reading is returned. Does not know MIME.
"""

import re

from amberpost.message import limits
from amberpost.message.addresses import normalise_address, parse_mailboxes
from amberpost.message.scan import HeaderBlock, field_text, first, readable, scan_header, unfold
from amberpost.message.types import Defect, Mailbox
from amberpost.message.words import decode_words

__all__ = ["header_fields", "mailboxes", "message_id", "message_ids", "normalise_address", "text_field"]

_SHOWN_FIELDS = 1_000
_SHOWN_CHARACTERS = 10_000
_MESSAGE_ID = re.compile(r"<\s{0,5}([^<>\s]{1,998}+)\s{0,5}>")


def header_fields(raw: bytes) -> list[tuple[str, str]]:
    """Every field of the outermost header, decoded, in order; the first thousand."""
    view = readable(raw)
    block = scan_header(view, 0, len(view), set())
    spans = sorted(
        (span, name) for name, occurrences in block.fields.items() for span in occurrences[:_SHOWN_FIELDS]
    )
    shown = []
    for span, name in spans[:_SHOWN_FIELDS]:
        line = view[view.rfind(b"\n", 0, span[0]) + 1 : span[0] - 1].rstrip(b" \t")
        label = line[len(line) - len(name) :].decode("ascii")  # a mark may stand before the first
        text = field_text(unfold(view, span), set(), view, block)[:_SHOWN_CHARACTERS]
        shown.append((label, decode_words(text, set())))
    return shown


def text_field(view: bytes, block: HeaderBlock, name: bytes, defects: set[Defect]) -> str:
    """The first field of that name as text for people."""
    value = first(view, block, name)
    return decode_words(field_text(value, defects, view, block), defects) if value else ""


def mailboxes(view: bytes, block: HeaderBlock, name: bytes, defects: set[Defect]) -> tuple[Mailbox, ...]:
    """The mailboxes of all fields of that name."""
    spans = block.fields.get(name)
    if spans is None:
        return ()
    found: list[Mailbox] = []
    for span in spans[: limits.ADDRESSES]:
        value = unfold(view, span, limits.FIELD_BYTES)
        if value:
            found += parse_mailboxes(field_text(value, defects, view, block), defects)
    if len(found) > limits.ADDRESSES:
        defects.add(Defect.ADDRESS_LIMIT)
    return tuple(found[: limits.ADDRESSES])


def message_id(value: bytes) -> str:
    """A Message-ID without its brackets, "" when there is none. What is not an id is kept as it is."""
    text = field_text(value, set())
    found = _MESSAGE_ID.search(text)
    if found and found[1].isprintable():
        return found[1]
    return "".join(decode_words(text, set()).split()).strip("<>")[: limits.MESSAGE_ID_CHARACTERS]


def message_ids(value: bytes) -> tuple[str, ...]:
    """The ids of a References or In-Reply-To value; of very many the oldest and the newest."""
    if b"<" not in value:
        return ()
    ids = list(filter(str.isprintable, _MESSAGE_ID.findall(field_text(value, set()))))
    if len(ids) > limits.REFERENCES:
        ids = ids[:1] + ids[1 - limits.REFERENCES :]
    return tuple(ids)
