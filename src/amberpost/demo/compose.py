"""One written message: its bytes, and the truth about who sent it to whom."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from amberpost.demo.chance import Chance
from amberpost.demo.company import MailingList, Person
from amberpost.demo.mime import addresses, mailbox, words

Reader = Person | MailingList


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The envelope of one message."""

    author: Person
    to: tuple[Reader, ...]
    cc: tuple[Reader, ...] = ()
    bcc: tuple[Reader, ...] = ()
    delegate: Person | None = None  # wrote it on behalf of the author

    @property
    def sender(self) -> Person:
        return self.delegate or self.author


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A finished message and what is true of it, whatever its own header says."""

    raw: bytes
    kind: str
    route: Route
    message_id: str  # without < >
    subject: str
    sent_at: datetime
    text: str = ""
    is_null_path: bool = False  # delivery notifications have no envelope sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What goes into the header of a message."""

    route: Route
    subject: str
    sent_at: datetime
    message_id: str
    references: tuple[str, ...] = ()
    extra: tuple[str, ...] = field(default=())  # whole fields without the line break


def new_message_id(chance: Chance, author: Person) -> str:
    if author.is_ours:  # the way Exchange Online makes them
        host = f"DB9PR05MB{chance.between(1000, 9999)}"
        return f"{host}{chance.hex(24).upper()}@{host}.eurprd05.prod.outlook.example"
    return f"{chance.hex(20)}@{author.address.rpartition('@')[2]}"


def header_block(header: Header, chance: Chance) -> bytes:
    """The header without the Content fields, in the manner of the author's mail system."""
    route, style = header.route, chance.one_of(("B", "Q"))
    lines = [
        *_received(header, chance),
        f"From: {mailbox(route.author.display, route.author.address, style)}",
    ]
    if route.delegate:
        lines.append(f"Sender: {mailbox(route.delegate.display, route.delegate.address, style)}")
    lines.append(f"To: {addresses([_named(one, style) for one in route.to])}")
    if route.cc:
        lines.append(f"Cc: {addresses([_named(one, style) for one in route.cc])}")
    lines += [
        f"Subject: {words(header.subject, style)}",
        f"Date: {format_datetime(local_time(header.sent_at, route.author))}",
        f"Message-ID: <{header.message_id}>",
    ]
    if header.references:
        lines.append(f"In-Reply-To: <{header.references[-1]}>")
        lines.append("References: " + "\r\n ".join(f"<{one}>" for one in header.references))
    lines += [*header.extra, "MIME-Version: 1.0"]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8")


def local_time(moment: datetime, person: Person) -> datetime:
    """The author's clock: Central Europe or Britain, an hour more from April to October."""
    hours = (person.language == "de") + (4 <= moment.month <= 10)
    return moment.astimezone(timezone(timedelta(hours=hours))).replace(microsecond=0)


def _named(reader: Reader, style: str) -> str:
    name = reader.display if isinstance(reader, Person) else reader.name
    return mailbox(name, reader.address, style)


def _received(header: Header, chance: Chance) -> list[str]:
    when = format_datetime((header.sent_at + timedelta(seconds=chance.between(1, 20))).replace(microsecond=0))
    if header.route.author.is_ours:
        host = f"DB9PR05MB{chance.between(1000, 9999)}.eurprd05.prod.outlook.example"
        return [
            f"Received: from {host}\r\n ([fe80::{chance.hex(4)}]) by {host}\r\n with mapi id 15.20; {when}"
        ]
    domain = header.route.author.address.rpartition("@")[2]
    return [
        f"Received: from mail.{domain} (203.0.113.{chance.between(1, 250)}) by\r\n"
        f" DB8EUR05FT0{chance.between(10, 99)}.mail.protection.outlook.example with Microsoft SMTP\r\n"
        f" Server id 15.20.6156.17 via Frontend Transport; {when}",
        f"X-Envelope-From: {header.route.author.address}",
    ]
