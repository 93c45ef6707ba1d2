"""Whose addresses a message names, by the six header evaluations (collecting-mail.md 1.4).

A pure reading: which archives these addresses belong to is decided elsewhere. A chosen field that is missing
gives nothing; there is no silent fallback. What is no address (a bare word, `<>`) gives nothing either.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from amberpost.errors import UserError
from amberpost.message import limits
from amberpost.message.addresses import is_address, normalise_address
from amberpost.message.headers import mailboxes
from amberpost.message.scan import HeaderBlock, field_text, readable, scan_header, unfold
from amberpost.message.types import Envelope, Mailbox, ParsedMessage

MODES = ("journal", "header", "x-envelope-to", "x-original-to", "delivered-to")
_CUSTOM = re.compile(r"custom:([!-9;-~]{1,100})", re.IGNORECASE)
PREFIXED = "delivered-to-prefixed"  # the reason of what is behind a prefix of a Delivered-To address
_TRACE_FIELDS = (b"received", b"return-path", b"received-spf", b"authentication-results")
_TRACE_VALUE = (
    r'(?:<((?:"(?:[^"\\]|\\.)*+"|[^<>"\s])*+)>|("(?:[^"\\]|\\.)*+"@[^\s;,()<>"]++)'
    r'|"((?:[^"\\]|\\.)*+)"|([^\s;,()<>"]++))'
)
_BACKSLASH = re.compile(r"\\(.)", re.DOTALL)
_PREFIXES = 5  # of more hyphens than that the first ones count
_GMAIL_FORWARD = re.compile(r"[^@]*\+caf_=([^@=]+)=([^@=]+)@[^@]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
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
    raise UserError("evaluation_unknown", allowed=allowed, subject=text[:80])


def addresses(raw: bytes, parsed: ParsedMessage, mode: str) -> tuple[FoundAddress, ...]:
    """The addresses that own a message which is no journal report.

    Those with the reason PREFIXED count only if the address they came from is unknown (road.assign).
    """
    if mode in ("journal", "header"):
        fields: tuple[tuple[str, tuple[Mailbox, ...]], ...] = (
            ("header_from", parsed.from_),
            ("header_sender", parsed.sender),
            ("header_to", parsed.to),
            ("header_cc", parsed.cc),
            ("header_bcc", parsed.bcc),
            ("header_resent", parsed.resent),
        )
        return _unique((reason, box.address) for reason, boxes in fields for box in boxes)
    view = readable(raw)
    block = scan_header(view, 0, len(view), set())
    if mode.startswith("custom:"):
        # Only where there is no field of that name, the same word inside trace fields.
        name = mode.removeprefix("custom:").lower()
        is_field = name.encode() in block.fields
        named = _named(view, block, name) if is_field else _in_trace(view, block, name)
        return _unique(("custom", address) for address in named)
    found = _unique((mode, address) for address in _named(view, block, mode))
    if mode != "delivered-to":
        return found
    # What is named in full as well needs no guess from a prefixed form.
    full = {item.address for item in found}
    rests = (rest for item in found for rest in without_prefix(item.address) if rest not in full)
    return found + _unique((PREFIXED, rest) for rest in rests)


def without_prefix(address: str) -> tuple[str, ...]:
    """What a Delivered-To address may mean without its prefix, the longest first.

    qmail writes `prefix-user@domain` for a virtual domain, Gmail `someone+caf_=user=domain@gmail.com` when it
    forwards. Every hyphen may end a prefix; only the address book knows which does.
    """
    forward = _GMAIL_FORWARD.fullmatch(address)
    if forward:
        return (normalise_address(f"{forward[1]}@{forward[2]}"),)
    local, _, domain = address.rpartition("@")
    if not local or local.startswith('"'):
        return ()
    pieces = local.split("-", _PREFIXES)
    rests = ("-".join(pieces[number:]) for number in range(1, len(pieces)))
    return tuple(f"{rest}@{domain}" for rest in rests if rest)


def _unique(named: Iterable[tuple[str, str]]) -> tuple[FoundAddress, ...]:
    """Pairs of reason and address without repetitions and what is no address, in order."""
    return tuple(
        FoundAddress(reason=reason, address=address)
        for reason, address in dict.fromkeys(named)
        if is_address(address)
    )


def _named(view: bytes, block: HeaderBlock, name: str) -> list[str]:
    return [box.address for box in mailboxes(view, block, name.encode(), set())]


def _in_trace(view: bytes, block: HeaderBlock, name: str) -> list[str]:
    """`(envelope-from <a@b>)`, `envelope-from a@b` and `envelope-from=a@b` inside trace fields.

    Exim and sendmail write the first two as comments of Received, RFC 7208 §9.1 the third into Received-SPF.
    """
    pattern = re.compile(
        rf"(?<![\w-]){re.escape(name)}(?:\s*+[=:]\s*+|\s++){_TRACE_VALUE}", re.IGNORECASE | re.DOTALL
    )
    found: list[str] = []
    for field in _TRACE_FIELDS:
        for span in block.fields.get(field, ())[: limits.ADDRESSES]:
            for angle, quoted_local, quoted, bare in pattern.findall(
                field_text(unfold(view, span), set(), view, block)
            ):
                value = angle or quoted_local or _BACKSLASH.sub(r"\1", quoted) or bare
                found.append(normalise_address(value))
    return found


def envelope_addresses(envelope: Envelope) -> tuple[FoundAddress, ...]:
    """Every address of an envelope: sender, delegate, recipients and what they were expanded from."""
    named = [
        ("sender", normalise_address(envelope.mail_from or "")),
        ("on_behalf_of", normalise_address(envelope.on_behalf_of or "")),
    ]
    for recipient in envelope.rcpt_to:
        named.append((str(recipient.kind), normalise_address(recipient.address)))
        for redirection in recipient.redirections:
            named.append((f"{redirection.kind}_from", normalise_address(redirection.address)))
    return tuple(
        FoundAddress(reason=reason, address=address) for reason, address in dict.fromkeys(named) if address
    )
