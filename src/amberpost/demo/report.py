"""Wraps messages in journal reports as Exchange Online writes them (envelope journaling)."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from email.utils import format_datetime

from amberpost.demo.chance import Chance
from amberpost.demo.company import DOMAIN, JOURNAL_ADDRESS, PEOPLE, RUTH, TENANT, MailingList
from amberpost.demo.compose import Composed, Reader
from amberpost.demo.mime import STYLES, text_part, words
from amberpost.message.types import Envelope, EnvelopeRecipient, RecipientKind, Redirection, RedirectionKind

_EXCHANGE = f"Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{TENANT}>"


def envelopes(written: Composed, chance: Chance) -> list[Envelope]:
    """What Exchange knows of the message: one envelope, or one for each fork of it."""
    recipients = list(_recipients(written, chance))
    if not written.route.author.is_ours:
        return [_envelope(written, [one for one in recipients if _is_ours(one.address)])]
    inside = [one for one in recipients if _is_ours(one.address)]
    outside = [one for one in recipients if not _is_ours(one.address)]
    # Exchange forks a message whose recipients need different treatment, and reports each fork.
    if inside and outside and chance.is_in(35):
        return [_envelope(written, inside), _envelope(written, outside)]
    return [_envelope(written, recipients)]


def report(written: Composed, envelope: Envelope, chance: Chance) -> bytes:
    """The report with the message in it, byte for byte."""
    boundary = f"_{chance.hex(8)}-{chance.hex(4)}-{chance.hex(4)}_"
    when = written.sent_at + timedelta(seconds=chance.between(1, 30))
    style = STYLES[0] if chance.is_in(80) else STYLES[2]
    parts = [text_part(_report_text(envelope), style), _original(written.raw)]
    line = f"--{boundary}".encode("ascii")
    return (
        _report_header(written, boundary, format_datetime(when), chance).encode("utf-8")
        + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
        + line
        + b"--\r\n"
    )


def _report_header(written: Composed, boundary: str, when: str, chance: Chance) -> str:
    subject = words(written.subject)
    serial = "-".join(chance.hex(digits) for digits in (8, 4, 4, 4, 12))
    return (
        "Received: from EUR05-DB8-obe.outbound.protection.outlook.example\r\n"
        f" (mail-db8eur05on{chance.between(2000, 2999)}.outbound.protection.outlook.example)\r\n"
        f" by mx1.archive.example (Postfix) with ESMTPS id {chance.hex(12).upper()}\r\n"
        f" for <{JOURNAL_ADDRESS}>; {when}\r\n"
        f"From: {_EXCHANGE}\r\nSender: {_EXCHANGE}\r\nTo: <{JOURNAL_ADDRESS}>\r\n"
        f"Subject: {subject}\r\nThread-Topic: {subject}\r\nDate: {when}\r\n"
        f"Message-ID: <{serial}@journal.report.generator>\r\n"
        "X-MS-Journal-Report:\r\nX-MS-Exchange-Generated-Message-Source: Journal Agent\r\n"
        f'Content-Type: multipart/mixed; boundary="{boundary}"\r\nMIME-Version: 1.0\r\n\r\n'
    )


def _original(raw: bytes) -> bytes:
    encoding = b"" if raw.isascii() else b"Content-Transfer-Encoding: binary\r\n"
    return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n" + encoding + b"\r\n" + raw


def _report_text(envelope: Envelope) -> str:
    lines = [f"Sender: {envelope.mail_from or '<>'}"]
    if envelope.on_behalf_of:
        lines.append(f"On-Behalf-Of: {envelope.on_behalf_of}")
    lines += [f"Subject: {envelope.reported_subject or ''}", f"Message-Id: <{envelope.reported_message_id}>"]
    for one in envelope.rcpt_to:
        # "Bcc: a@b, Expanded: list@b": where a redirected copy came from stands behind its recipient.
        redirected = "".join(f", {by.kind.value.capitalize()}: {by.address}" for by in one.redirections)
        lines.append(f"{one.kind.value.capitalize()}: {one.address}{redirected}")
    return "\n".join(lines) + "\n"


def _envelope(written: Composed, recipients: list[EnvelopeRecipient]) -> Envelope:
    route = written.route
    return Envelope(
        mail_from="" if written.is_null_path else route.sender.address,
        rcpt_to=tuple(recipients),
        on_behalf_of=route.author.address if route.delegate else None,
        reported_message_id=written.message_id,
        reported_subject=written.subject,
    )


def _recipients(written: Composed, chance: Chance) -> Iterator[EnvelopeRecipient]:
    route = written.route
    groups = ((RecipientKind.TO, route.to), (RecipientKind.CC, route.cc), (RecipientKind.BCC, route.bcc))
    # From the internet Exchange often cannot tell how somebody was addressed
    is_unknown = not route.author.is_ours and chance.is_in(30)
    seen: set[str] = set()
    for kind, readers in groups:
        for one in _delivered(readers, RecipientKind.RECIPIENT if is_unknown else kind, chance):
            if one.address not in seen:
                seen.add(one.address)
                yield one


def _delivered(readers: Iterable[Reader], kind: RecipientKind, chance: Chance) -> Iterator[EnvelopeRecipient]:
    """Lists are expanded to their members; a few people have their mail forwarded to the assistant."""
    for reader in readers:
        if isinstance(reader, MailingList):
            source = Redirection(kind=RedirectionKind.EXPANDED, address=reader.address)
            for member in reader.members:
                yield EnvelopeRecipient(address=member.address, kind=kind, redirections=(source,))
        elif reader in PEOPLE and reader is not RUTH and chance.is_in(3):
            source = Redirection(kind=RedirectionKind.FORWARDED, address=reader.address)
            yield EnvelopeRecipient(address=RUTH.address, kind=kind, redirections=(source,))
        else:
            yield EnvelopeRecipient(address=reader.address, kind=kind)


def _is_ours(address: str) -> bool:
    return address.endswith("@" + DOMAIN)
