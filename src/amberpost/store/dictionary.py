"""Makes the shipped compression dictionary: `python -m amberpost.store.dictionary FILE` writes mail-1.dict.

Trained only on mail this module makes up, from the words below and a fixed stream of numbers: the same file
every time, and nothing of anybody's mail in it. A dictionary once released never changes (its number is in
the record format); a better one gets a new number.
"""

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import zstandard

from amberpost.store.phrases import ENGLISH, FIELDS, GERMAN, HTML, NAMES, SUBJECTS

SIZE = 16 * 1024
SAMPLES = 3_000
_HEX = "0123456789abcdef"


class Numbers:
    """A reproducible stream of choices (SHA-256 in counter mode): the same on every machine and version."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def below(self, limit: int) -> int:
        self._count += 1
        digest = hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def pick(self, values: Sequence[str]) -> str:
        return values[self.below(len(values))]

    def token(self, length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        return "".join(self.pick(alphabet) for _ in range(length))


def made_up_mail(numbers: Numbers) -> bytes:
    """One message as they look on lists and in offices; no real person, no real host."""
    lines = [_fill(field, numbers) for field in FIELDS if numbers.below(100) < 70]
    body = _html(numbers) if numbers.below(4) == 0 else _text(numbers)
    eol = "\r\n" if numbers.below(2) else "\n"
    return eol.join([*lines, "", *body, ""]).encode()


def made_up_header(numbers: Numbers) -> bytes:
    """The facts of a capture, as records keep them beside each message: short, and always of this shape."""
    remote = f"/var/mail/{numbers.token(6)}/cur/{numbers.below(10**6)}" if numbers.below(2) else _uid(numbers)
    protocol = "file" if remote.startswith("/") else "imap"
    at = 1_700_000_000_000 + numbers.below(10**11)
    return (
        f'{{"capture_id":"{numbers.token(32, _HEX)}","origin":{{"source":{1 + numbers.below(9)},'
        f'"protocol":"{protocol}","remote_id":"{remote}","peer":null}},"envelope":null,"evaluation":"journal",'
        f'"target":null,"received_at":{at - 2000},"captured_at":{at},"nonce":"{numbers.token(64, _HEX)}",'
        f'"assignments":[[{1 + numbers.below(99)},{20 + numbers.below(4)}],[{1 + numbers.below(99)},{3}]]}}'
    ).encode()


def _uid(numbers: Numbers) -> str:
    return f"INBOX/{1_600_000_000 + numbers.below(10**8)}/{numbers.below(10**6)}"


def train() -> bytes:
    """The bytes of the dictionary."""
    numbers = Numbers("amberpost mail 1")
    samples: list[bytes | bytearray | memoryview] = [made_up_mail(numbers) for _ in range(SAMPLES)]
    samples += [made_up_header(numbers) for _ in range(SAMPLES)]
    trained = zstandard.train_dictionary(SIZE, samples, k=512, d=8, dict_id=1, level=3)
    data: bytes = trained.as_bytes()
    return data


def _fill(field: str, numbers: Numbers) -> str:
    values: dict[str, Callable[[], str]] = {
        "{name}": lambda: numbers.pick(NAMES),
        "{box}": lambda: f"{numbers.pick(NAMES).split()[0].lower()}@{numbers.token(7)}.example",
        "{host}": lambda: f"{numbers.pick(('mail', 'mx1', 'smtp', 'lists'))}.{numbers.token(7)}.example",
        "{ip}": lambda: ".".join(str(numbers.below(256)) for _ in range(4)),
        "{id}": lambda: numbers.token(14),
        "{hex}": lambda: numbers.token(16, "0123456789abcdef"),
        "{day}": lambda: numbers.pick(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")),
        "{month}": lambda: numbers.pick(
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        ),
        "{n}": lambda: str(10 + numbers.below(18)),
        "{subject}": lambda: numbers.pick(SUBJECTS),
    }
    for mark, make in values.items():
        while mark in field:
            field = field.replace(mark, make(), 1)
    return field


def _text(numbers: Numbers) -> list[str]:
    language = GERMAN if numbers.below(3) == 0 else ENGLISH
    lines: list[str] = []
    for _ in range(3 + numbers.below(8)):
        quote = "> " if numbers.below(4) == 0 else ""
        lines += [quote + line for line in _paragraph(language, numbers)]
        lines.append("")
    return lines


def _paragraph(language: Sequence[str], numbers: Numbers) -> list[str]:
    lines, line = [], ""
    for _ in range(10 + numbers.below(50)):
        word = numbers.pick(language)
        if len(line) + len(word) > 72:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, line]


def _html(numbers: Numbers) -> list[str]:
    pieces = [HTML[0]]
    for _ in range(5 + numbers.below(20)):
        pieces.append(numbers.pick(HTML[1:]).replace("{text}", " ".join(_paragraph(ENGLISH, numbers)[:2])))
    return [*pieces, "</body></html>"]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(train())
