"""The text part of a journal report (MS-XJRNL 2.1, journal-reports.md 3.2) as an envelope.

Strict where rights depend on it: recipients count only after the Message-Id line, only the first Sender,
Subject and Message-Id count, and a line no Exchange writes makes the report suspicious.
"""

import re
from dataclasses import dataclass, field

from amberpost.message import limits
from amberpost.message.addresses import normalise_address, parse_mailboxes
from amberpost.message.types import Envelope, EnvelopeRecipient, RecipientKind, Redirection, RedirectionKind

_KINDS = {
    "to": RecipientKind.TO,
    "cc": RecipientKind.CC,
    "bcc": RecipientKind.BCC,
    "recipient": RecipientKind.RECIPIENT,
}
_SINGLE = ("sender", "on-behalf-of", "subject", "message-id")
_IGNORED = ("label", "mailbox", "sentutc", "receivedutc")
# Blanks, perhaps around a comma; spelled so that each search skips to the first of them, in half the time.
_REDIRECTION = re.compile(
    r"[\s,;](?:(?<=\s)\s{0,8}[,;])?\s{0,9}(expanded|forwarded)(?:\s{1,9}from)?\s{0,9}:\s{0,9}", re.IGNORECASE
)
# Left by gateways before the first line; behind it such a line would be a forgery.
_BEFORE = re.compile(r"\A(?:[\ufeff\s]|>*+From [^\n]*+\n)++")
_FOLD = re.compile(r"\n[ \t]+(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedReport:
    envelope: Envelope
    is_suspicious: bool


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    single: dict[str, str] = field(default_factory=dict)
    recipients: list[EnvelopeRecipient] = field(default_factory=list)
    is_suspicious: bool = False
    is_listing: bool = False  # Exchange 2003: after "Recipients:" one recipient per line


def read_report(text: str) -> ParsedReport | None:
    """The envelope a report part describes; None when it is no report part."""
    reading = _Reading()
    lines = text[: limits.REPORT_BYTES].replace("\r\n", "\n").replace("\r", "\n")
    for line in _FOLD.sub(" ", _BEFORE.sub("", lines)).split("\n"):
        _take_line(reading, line.strip())
    single = reading.single
    if "sender" not in single or "message-id" not in single:
        return None
    behalf = single.get("on-behalf-of", "")
    reported_id = single["message-id"].strip().removeprefix("<").removesuffix(">").strip()
    envelope = Envelope(
        mail_from=_one_address(single["sender"]),
        rcpt_to=tuple(reading.recipients),
        on_behalf_of=_one_address(behalf) if behalf else None,
        reported_message_id=reported_id[: limits.MESSAGE_ID_CHARACTERS] or None,
        reported_subject=single.get("subject"),
    )
    return ParsedReport(envelope=envelope, is_suspicious=reading.is_suspicious)


def _one_address(value: str) -> str:
    """A single address, with or without a display name. "<>" and "" are the null path."""
    if value.strip() in ("", "<>"):
        return ""
    if '"' in value or (" " in value and not value.startswith("[")):
        boxes = [box.address for box in parse_mailboxes(value, set()) if "@" in box.address]
        if len(boxes) == 1:
            return boxes[0]
    return normalise_address(value)


def _take_line(reading: _Reading, line: str) -> None:
    if not line:
        return
    label, colon, value = line.partition(":")
    name, value = label.strip().lower(), value.strip()
    is_known_message = "message-id" in reading.single
    if colon and name in _SINGLE:
        reading.single.setdefault(name, value)
    elif colon and name in _KINDS:
        if is_known_message:  # before it, a line is what a sender wrote into the subject
            address, redirections = _split_redirections(value)
            if address:
                address, kind = _one_address(address), _KINDS[name]
                _add(reading, EnvelopeRecipient(address=address, kind=kind, redirections=redirections))
    elif colon and name == "recipients" and not value and is_known_message:
        reading.is_listing = True
    elif reading.is_listing:
        address = _one_address(line)
        if "@" in address or address.startswith("[ex:"):
            _add(reading, EnvelopeRecipient(address=address, kind=RecipientKind.RECIPIENT))
        else:
            reading.is_suspicious = True
    elif not (colon and name in _IGNORED) and (is_known_message or "subject" not in reading.single):
        # Between Subject and Message-Id it is the rest of a subject with line breaks; elsewhere a forgery.
        reading.is_suspicious = True


def _add(reading: _Reading, recipient: EnvelopeRecipient) -> None:
    if len(reading.recipients) < limits.RECIPIENTS:
        reading.recipients.append(recipient)
    else:
        reading.is_suspicious = True


def _split_redirections(value: str) -> tuple[str, tuple[Redirection, ...]]:
    """Redirections are taken from the right end; a quoted local part may hold commas and the same words."""
    if ":" not in value:
        return value, ()
    found: list[Redirection] = []
    for match in reversed(list(_REDIRECTION.finditer(value))):
        source = value[match.end() :].strip()
        if not source or source.count('"') % 2:
            break
        found.append(Redirection(kind=RedirectionKind(match[1].lower()), address=_one_address(source)))
        value = value[: match.start()]
    return value.strip(), tuple(reversed(found))
