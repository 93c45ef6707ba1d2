"""The people of the tests, and short letters and journal reports between them, byte by byte as written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    login: str
    name: str
    addresses: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.addresses[0]


ALICE = Person(
    login="alice", name="Alice Ahrens", addresses=("alice@firma.example", "a.ahrens@firma.example")
)
BOB = Person(login="bob", name="Bob Böhm", addresses=("bob@firma.example",))
CHARLIE = Person(login="charlie", name="Charlie Fremd", addresses=("charlie@elsewhere.example",))
OTTO = Person(login="otto", name="Otto Betreiber", addresses=())  # operator: runs the system, reads no mail
READERS = (ALICE, BOB, CHARLIE)

JOURNAL = "journal@archive.example"


def letter(
    number: int | str,
    *,
    sender: str = "kunde@customer.example",
    to: str = ALICE.address,
    subject: str = "",
    text: str = "Guten Tag.",
    date: str = "Tue, 14 Feb 2023 08:41:05 +0000",
    fields: Sequence[str] = (),
    end: str = "\r\n",
) -> bytes:
    """A plain message; `fields` are further header lines."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or f'Brief {number}'}",
        f"Date: {date}",
        f"Message-ID: <letter-{number}@customer.example>",
        *fields,
        "",
        text,
        "",
    ]
    return end.join(lines).encode()


def report(
    inner: bytes,
    *,
    sender: str = "kunde@customer.example",
    recipients: Iterable[str] = ("To: alice@firma.example",),
    message_id: str = "<letter@customer.example>",
    number: int | str = 1,
    extra: Sequence[str] = (),
) -> bytes:
    """A journal report as Exchange Online sends it; `recipients` are lines such as "Bcc: bob@firma.example"."""
    said = [
        f"Sender: {sender}",
        *extra,
        "Subject: Bericht",
        f"Message-Id: {message_id}",
        *recipients,
    ]
    head = [
        "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@firma.example>",
        f"To: <{JOURNAL}>",
        "Subject: Bericht",
        f"Message-ID: <report-{number}@journal.report.generator>",
        "X-MS-Journal-Report:",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="_report_"',
        "",
        "--_report_",
        'Content-Type: text/plain; charset="utf-8"',
        "",
        *said,
        "",
        "--_report_",
        "Content-Type: message/rfc822",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + inner + b"\r\n--_report_--\r\n"
