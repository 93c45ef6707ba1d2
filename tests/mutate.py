"""Damage a message as disks, gateways and attackers do. Seeded: the same generator gives the same mutant."""

import random
from collections.abc import Callable

_NASTY = (
    b"\r\n",
    b"\n\n",
    b"\r",
    b"\0",
    b"--",
    b"=?utf-8?B?",
    b"?=",
    b"=?x?Q?=ff?=",
    b"<",
    b'"',
    b"(",
    b",",
    b":;",
    b"\\",
    b"\xff\xfe",
    b"\xc3",
    b"=\r\n",
    b"%ff*0*=",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"X-MS-Journal-Report:\r\n",
    b"Date: Mon, 99 Foo 0000 99:99:99 +9999\r\n",
    b"begin 644 ../x\r\n",
    b"<p <b>&#xD800;",
    "ÄİＡ\u202e".encode(),
)


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """`raw` with one to eight random injuries; never longer than twice its length plus a few kilobytes."""
    for _ in range(rng.randint(1, 8)):
        raw = rng.choice(_INJURIES)(raw, rng)
    return raw


def _span(raw: bytes, rng: random.Random) -> tuple[int, int]:
    """Mostly near the header, where structure is."""
    size = len(raw) if rng.random() < 0.4 else min(len(raw), 3_000)
    start = rng.randint(0, size)
    return start, min(len(raw), start + rng.randint(0, 200))


def _flip(raw: bytes, rng: random.Random) -> bytes:
    start, _ = _span(raw, rng)
    return raw[:start] + bytes([rng.randrange(256)]) + raw[start + 1 :]


def _insert(raw: bytes, rng: random.Random) -> bytes:
    start, _ = _span(raw, rng)
    return raw[:start] + rng.choice(_NASTY) + raw[start:]


def _delete(raw: bytes, rng: random.Random) -> bytes:
    start, end = _span(raw, rng)
    return raw[:start] + raw[end:]


def _repeat(raw: bytes, rng: random.Random) -> bytes:
    start, end = _span(raw, rng)
    return raw[:end] + raw[start:end] * rng.randint(1, 5) + raw[end:]


def _swap(raw: bytes, rng: random.Random) -> bytes:
    (a, b), (c, d) = sorted((_span(raw, rng), _span(raw, rng)))
    if b > c:
        return raw
    return raw[:a] + raw[c:d] + raw[b:c] + raw[a:b] + raw[d:]


def _cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randint(0, len(raw))]


def _line_ends(raw: bytes, rng: random.Random) -> bytes:
    return raw.replace(b"\r\n", rng.choice([b"\n", b"\r", b"\r\r\n", b"\n\r"]))


def _swap_lines(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


_INJURIES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _flip,
    _insert,
    _insert,
    _insert,
    _delete,
    _repeat,
    _swap,
    _cut,
    _line_ends,
    _swap_lines,
)
