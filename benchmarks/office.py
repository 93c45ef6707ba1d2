"""Office mail for the benchmarks: short letters with attachments, each of which occurs 1.5 times on average.

Half of the attachments hang on one message, half on two, dealt out by chance. Where the corpora lie, every
second is one of their documents with a mark of its own, so that no two are the same by accident.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from functools import cache

from amberpost.demo.chance import Chance
from amberpost.demo.files import csv, docx, pdf
from benchmarks.letters import EPOCH, EVERYBODY, Writer, mailbox
from benchmarks.stock import Stock

MEAN_ATTACHMENTS = 1.6  # on a message
USES = 1.5
_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "docx": "application/msword",
    "doc": "application/msword",
}
_LINE = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    name: str
    data: bytes


class OfficeWriter:
    """Writes `count` messages; which attachments they have depends on the count."""

    def __init__(self, stock: Stock, count: int) -> None:
        self._stock = stock
        self._writer = Writer(stock)
        self._count = count
        self.uses = _dealt(count)

    def messages(self) -> Iterator[bytes]:
        attached: list[list[int]] = [[] for _ in range(self._count)]
        for attachment, message in self.uses:
            if attachment not in attached[message]:
                attached[message].append(attachment)
        return (self._message(number, numbers) for number, numbers in enumerate(attached))

    def _message(self, number: int, attachments: Sequence[int]) -> bytes:
        chance = Chance(f"office/{number}")
        people = self._writer.people
        sender, reader = people[chance.below(len(people))], people[chance.below(50)]
        text = "\n\n".join(chance.some_of(self._writer.western, chance.between(4, 20)))
        boundary = f"----=_NextPart_{chance.hex(20)}"
        subject = " ".join(chance.one_of(self._stock.words) for _ in range(chance.between(3, 7)))
        head = (
            f"Received: from {chance.hex(6)}.outbound.example by mx.lindenhof.example id {chance.hex(12)}\n"
            f"From: {mailbox(*sender)}\nTo: {mailbox(*reader)}, {EVERYBODY}\nSubject: {subject}\n"
            f"Date: {format_datetime(EPOCH + timedelta(seconds=number * 900))}\n"
            f"Message-ID: <{chance.hex(24)}.{number}@lindenhof.example>\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n'
        )
        parts = [
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n".encode()
        ]
        parts += [_part(make_attachment(self._stock, one)) for one in attachments]
        line = f"--{boundary}".encode()
        body = b"".join(line + b"\n" + part + b"\n" for part in parts)
        return (head.encode() + body + line + b"--\n").replace(b"\n", b"\r\n")


@cache
def _dealt(count: int) -> tuple[tuple[int, int], ...]:
    """(attachment, message): which hangs where."""
    chance = Chance(f"dealt/{count}")
    uses = []
    attachment = 0
    while len(uses) < count * MEAN_ATTACHMENTS:
        message = chance.below(count)
        uses.append((attachment, message))
        if attachment % 2:
            again = (message + chance.between(1, count - 1)) % count
            uses.append((attachment, again))
        attachment += 1
    return tuple(uses)


def make_attachment(stock: Stock, number: int) -> Attachment:
    """Attachment `number`, always the same."""
    chance = Chance(f"attachment/{number}")
    if stock.documents and number % 2 == 0:
        return _corpus_document(stock, chance, number)
    text = "\n".join(chance.one_of(stock.paragraphs) for _ in range(chance.between(5, 60)))
    # Without documents of the corpora our own files must weigh more to reach the size of office mail.
    heavier = 1 if stock.documents else 2
    match chance.below(10):
        case 0:
            rows = heavier * chance.between(300, 2500)
            return Attachment(name=f"list-{number}.csv", data=csv(chance, rows=rows))
        case 1 | 2 | 3:
            return Attachment(name=f"letter-{number}.docx", data=docx(f"{number}\n{text}"))
        case _:
            picture = chance.data(heavier * chance.between(3_000, 40_000))
            return Attachment(name=f"report-{number}.pdf", data=pdf(f"{number}\n{text}", picture=picture))


def _corpus_document(stock: Stock, chance: Chance, number: int) -> Attachment:
    path = chance.one_of(stock.documents)
    data = bytearray(path.read_bytes())
    mark = f"benchmark {number:012}".encode()
    middle = len(data) // 2
    data[middle : middle + len(mark)] = mark
    return Attachment(name=f"{number}-{path.name}".encode("ascii", "replace").decode(), data=bytes(data))


def _part(attachment: Attachment) -> bytes:
    kind = _TYPES.get(attachment.name.rpartition(".")[2], "application/octet-stream")
    head = (
        f'Content-Type: {kind};\n name="{attachment.name}"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment;\n filename="{attachment.name}"\n\n'
    )
    return head.encode() + base64.encodebytes(attachment.data)
