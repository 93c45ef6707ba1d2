"""Mail for the road: our own ugly cases always, and every file of the shared corpora for tests that are marked."""

import base64
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from amberpost.demo.sample_mail import journal_reports, plain_messages
from tests.corpora import corpus_files, is_open, shared
from tests.people import ALICE, letter, report

NOW = datetime(2024, 6, 1, tzinfo=UTC)
GENERATED = "corpora/journal/generated-400"


def ugly() -> list[bytes]:
    """What arrives although it should not."""
    binary = bytes(range(256)) * 100
    picture = base64.encodebytes(binary * 3).replace(b"\n", b"\r\n")
    return [
        b"",
        b"\n",
        b"\r\n\r\n",
        b"\x00",
        binary,
        b"no header at all",
        b"From: a@b.example",
        b"From sender@x.example Tue Feb 14 08:41:05 2023\nFrom: a@b.example\n\nbody\n",
        b"Subject: " + b"x" * 200_000 + b"\r\n\r\nlong line",
        b"Subject: =?utf-8?Q?x=0D=0ABcc:_evil@x?=\r\n\r\n",
        b"Date: Thu, 32 Foo 99999 99:99:99 +9999\r\n\r\nno such day",
        b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\r\nepoch",
        b"Date: Mon, 1 Jan 0001 00:00:00 +0000\r\n\r\nyear one",
        b"From: \xff\xfe\xfd <\x80@x>\r\nSubject: \xc3\x28\r\n\r\n\xa0\xa1",
        b"Subject: surrogate =?utf-8?B?7aCA?=\r\n\r\nlone",
        b"Subject: nul =?utf-8?Q?a=00b?=\r\n\r\nnul\x00nul",
        letter("lf", end="\n"),
        letter("cr", end="\r"),
        letter("mixed") + b"bare\rbare\nend",
        letter("to nobody", to=""),
        letter("crowd", to=", ".join(f"p{n}@firma.example" for n in range(5000))),
        _attached(picture),
        _attached(picture.replace(b"\r\n", b"\n")),
        _attached(picture.replace(b"\r\n", b" \r\n")),
        _attached(base64.b64encode(binary * 3)),
        _attached(picture) + b"tail after the last boundary",
        nested(30),
        nested(3000),
        report(letter("in a report")),
        report(_attached(picture)),
        report(letter("unclosed"))[:-20],
        report(letter("no recipients"), recipients=()),
        report(letter("many"), recipients=[f"To: p{n}@firma.example" for n in range(5000)]),
        report(report(letter("report in report"))),
        report(b""),
        _in_base64(letter("base64 original")),
        _in_base64(_attached(picture)),
    ]


def _attached(encoded: bytes) -> bytes:
    head = (
        f"From: x@y.example\r\nTo: {ALICE.address}\r\nSubject: Bild\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="=b="\r\n\r\n--=b=\r\nContent-Type: text/plain\r\n\r\nhier\r\n'
        "--=b=\r\nContent-Type: image/png; name=bild.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + encoded + b"\r\n--=b=--\r\n"


def _in_base64(inner: bytes) -> bytes:
    """A report whose original is encoded, against the rules."""
    encoded = base64.encodebytes(inner).replace(b"\n", b"\r\n").rstrip()
    whole = report(b"@@")
    return whole.replace(
        b"message/rfc822\r\n\r\n@@", b"message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded
    )


def nested(depth: int) -> bytes:
    """A message in a message in a message."""
    raw = b"Subject: innermost\r\n\r\nkernel\r\n"
    for _ in range(depth):
        raw = b"Content-Type: message/rfc822\r\n\r\n" + raw
    return raw


def generated(count: int, seed: str = "road") -> list[bytes]:
    """Half journal reports, half plain mail, of our own generator."""
    reports = [one.raw for one in journal_reports(seed, count - count // 2, NOW)]
    return reports + [one.raw for one in plain_messages(seed, count // 2, NOW)]


def corpus() -> tuple[bytes, ...]:
    """Every distinct file of the shared corpora, whatever it is; none for a test without their mark."""
    return _corpus() if is_open() else ()


@cache
def _corpus() -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(path.read_bytes() for path in corpus_files()))


@cache
def truth() -> tuple[dict[str, Any], ...]:
    """What the generated reports say must be seen by whom."""
    return tuple(json.loads(line) for line in shared(f"{GENERATED}/truth.jsonl").read_text().splitlines())


def reports_of(row: dict[str, Any]) -> list[bytes]:
    """The reports that a row of the truth speaks of."""
    return [shared(f"{GENERATED}/reports/{name}").read_bytes() for name in row["reports"]]


def report_files() -> list[Path]:
    """The generated reports; none for a test without the mark of the corpora."""
    return sorted(shared(f"{GENERATED}/reports").rglob("*.eml")) if is_open() else []


# Mutations: what happens to mail on its way through bad gateways and bad disks

_SPLICES = (
    b"\x00", b"\r", b"\n", b"\r\n\r\n", b"--", b"=?utf-8?B?", b"=?", b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: message/rfc822\r\n", b"X-MS-Journal-Report:\r\n",
    b"Message-Id: <x@y>\r\n", b"To: alice@firma.example\r\n", b"\xff\xfe", b"begin 644 x\r\n", b";" * 50,
)  # fmt: skip


def mutated(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` damaged copies of `seeds`; each is reproducible from `seed` and its number."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        raw = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            rng.choice(_CHANGES)(raw, rng)
        yield bytes(raw)


def _flip(raw: bytearray, rng: random.Random) -> None:
    if raw:
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def _cut(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw) + 1)
    del raw[start : start + rng.choice((1, 2, 40, 4000))]


def _end(raw: bytearray, rng: random.Random) -> None:
    del raw[rng.randrange(len(raw) + 1) :]


def _splice(raw: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(raw) + 1)
    raw[at:at] = rng.choice(_SPLICES)


def _repeat(raw: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(raw) + 1)
    piece = raw[start : start + rng.choice((1, 20, 300))]
    raw[start:start] = piece * rng.choice((1, 3, 30))


def _swap(raw: bytearray, rng: random.Random) -> None:
    lines = bytes(raw).split(b"\n")
    rng.shuffle(lines) if len(lines) < 20 else lines.insert(0, lines.pop(rng.randrange(len(lines))))
    raw[:] = b"\n".join(lines)


_CHANGES = (_flip, _cut, _end, _splice, _repeat, _swap)
