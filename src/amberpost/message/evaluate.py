"""Whose addresses a message names, by the six header evaluations (collecting-mail.md 1.4).

A pure reading: which archives these addresses belong to is decided elsewhere. A chosen field that is missing
gives nothing; there is no silent fallback.
"""

import re
from dataclasses import dataclass

from amberpost.errors import UserError
from amberpost.message import limits
from amberpost.message.addresses import normalise_address, parse_mailboxes
from amberpost.message.headers import mailboxes
from amberpost.message.scan import HeaderBlock, field_text, readable, scan_header, unfold
from amberpost.message.types import Envelope, Mailbox, ParsedMessage, RecipientKind

MODES = ("journal", "header", "x-envelope-to", "x-original-to", "delivered-to")
_CUSTOM = re.compile(r"custom:([!-9;-~]{1,100})", re.IGNORECASE)
_TRACE_FIELDS = (b"received", b"return-path", b"received-spf", b"authentication-results")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An address and why it counts."""

    reason: str
    address: str


def parse_mode(text: str) -> str:
    """The canonical name of a header evaluation; UserError with the allowed values otherwise."""
    mode = text.strip()
    if mode.lower() in MODES:
        return mode.lower()
    custom = _CUSTOM.fullmatch(mode)
    if custom:
        return "custom:" + custom[1].lower()
    allowed = ", ".join((*MODES, "custom:NAME"))
    raise UserError(f"Unknown header evaluation; allowed are {allowed}", subject=text[:80])


def addresses(raw: bytes, parsed: ParsedMessage, mode: str) -> tuple[Found, ...]:
    """The addresses that own a message which is no journal report."""
    if mode in ("journal", "header"):
        return _header_addresses(parsed)
    name = mode.removeprefix("custom:").lower()
    view = readable(raw)
    block = scan_header(view, 0, len(view), set())
    named = mailboxes(view, block, name.encode("utf-8", "replace"), set())
    if not named and mode.startswith("custom:"):
        return _unique([Found(reason=name, address=address) for address in _in_trace(view, block, name)])
    return _unique([Found(reason=name, address=mailbox.address) for mailbox in named])


def _header_addresses(parsed: ParsedMessage) -> tuple[Found, ...]:
    fields: tuple[tuple[str, tuple[Mailbox, ...]], ...] = (
        ("header_from", parsed.from_),
        ("header_sender", parsed.sender),
        ("header_to", parsed.to),
        ("header_cc", parsed.cc),
        ("header_bcc", parsed.bcc),
        ("header_resent", parsed.resent),
    )
    return _unique([Found(reason=reason, address=box.address) for reason, boxes in fields for box in boxes])


def _unique(found: list[Found]) -> tuple[Found, ...]:
    """Without repetitions and empty addresses, in order."""
    return tuple(dict.fromkeys(item for item in found if item.address))


def _in_trace(view: bytes, block: HeaderBlock, name: str) -> list[str]:
    """`(envelope-from <a@b>)` and `envelope-from=a@b` inside trace fields."""
    pattern = re.compile(
        rf"(?<![\w-]){re.escape(name)}[\s=:]{{1,5}}(<[^<>\s]{{1,998}}>|[^\s;,()<>]{{1,998}})", re.IGNORECASE
    )
    found: list[str] = []
    for field in _TRACE_FIELDS:
        for span in block.fields.get(field, ())[: limits.ADDRESSES]:
            for value in pattern.findall(field_text(unfold(view, span), set())):
                found += (box.address for box in parse_mailboxes(value, set()) if "@" in box.address)
    return found


def envelope_addresses(envelope: Envelope) -> tuple[Found, ...]:
    """Every address of an envelope: sender, delegate, recipients and what they were expanded from."""
    found = [
        Found(reason="sender", address=normalise_address(envelope.mail_from or "")),
        Found(reason="on_behalf_of", address=normalise_address(envelope.on_behalf_of or "")),
    ]
    for recipient in envelope.rcpt_to:
        found.append(Found(reason=_reason(recipient.kind), address=normalise_address(recipient.address)))
        found += (
            Found(reason=f"{redirection.kind.value}_from", address=normalise_address(redirection.address))
            for redirection in recipient.redirections
        )
    return _unique(found)


def _reason(kind: RecipientKind) -> str:
    return kind.value
