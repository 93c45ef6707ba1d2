"""Nothing grows faster than its input: four times the size takes far less than sixteen times the time.

The processor time of two sizes is compared with each other, never with a clock.
"""

from collections.abc import Callable
from time import process_time

import pytest

from amberpost.message.attachments import attachments
from amberpost.message.evaluate import addresses
from amberpost.message.fork import fork_key, likeness
from amberpost.message.html import safe_html
from amberpost.message.journal import unwrap
from amberpost.message.markup import html_text
from amberpost.message.parse import parse
from amberpost.message.rtf import rtf_text
from amberpost.message.text import index_text, without_encoded
from amberpost.message.tnef import read_tnef
from amberpost.message.words import _parse_parameters, decode_words
from tests.unit.message.mail import INNER, REPORT_HEAD, mail, nested, report, tnef, tnef_file


def everything(raw: bytes) -> None:
    parsed = parse(raw)
    index_text(raw, parsed)
    unwrap(raw)
    attachments(raw, parsed)
    fork_key(raw, parsed)
    likeness(raw, parsed)
    addresses(raw, parsed, "custom:envelope-from")


def field(value: str) -> bytes:
    return mail(f"To: {value}", f"Subject: {value}", f"Content-Type: {value}", f"Received: {value}")


def nest(count: int, wrap: Callable[[bytes, int], bytes]) -> bytes:
    """Linear in count: the heads are written first, then the innermost message."""
    return b"".join(wrap(b"", number) for number in range(count)) + INNER


MAIL: dict[str, Callable[[int], bytes]] = {
    "addresses": lambda n: mail("To: " + ", ".join(f"User {i} <u{i}@own.example>" for i in range(n))),
    "odd addresses": lambda n: mail("To: " + "; ".join(f'"u" (c) <u{i}@own.example>' for i in range(n))),
    "header lines": lambda n: mail(*[f"X-{i}: v" for i in range(n)]),
    "folded lines": lambda n: mail("Subject: x\r\n" + " y\r\n" * n + " z"),
    "quotes": lambda n: field('"' * n),
    "backslashed quotes": lambda n: field('"\\"' * n),
    "open comments": lambda n: field("(" * n),
    "open angles": lambda n: field("<" * n),
    "angles with quotes": lambda n: field('<"' * n),
    "open words": lambda n: field("=?x?q?" * n),
    "closed words": lambda n: field("=?x?q?a?= " * n),
    "blanks": lambda n: field("a" + " " * n + "b"),
    "letters": lambda n: field("a" * n),
    "ats": lambda n: field("a@" * n),
    "commas": lambda n: field("a," * n),
    "equals": lambda n: field(";a=" * n),
    "continuations": lambda n: field("".join(f"; a*{i}=b" for i in range(n))),
    "soft breaks": lambda n: mail("Content-Transfer-Encoding: quoted-printable", body="=\r\n" * n),
    "multiparts": lambda n: nest(
        n, lambda _, i: f"Content-Type: multipart/mixed; boundary=b{i}.\r\n\r\n--b{i}.\r\n".encode()
    ),
    "messages": lambda n: nest(n, lambda _, i: b"Content-Type: message/rfc822\r\n\r\n"),
    "parts": lambda n: mail("Content-Type: multipart/mixed; boundary=b", body="--b\r\n\r\nx\r\n" * n),
    "near delimiters": lambda n: mail("Content-Type: multipart/mixed; boundary=b", body="--bb\r\n" * n),
    "dashes": lambda n: mail("Content-Type: multipart/mixed", body="--\r\n--a\r\n" * n),
    "recipients": lambda n: report(
        REPORT_HEAD + "To: a@b.example, Expanded: c@d.example\r\n" * n, nested(INNER)
    ),
    "redirections": lambda n: report(REPORT_HEAD + "To: a" + ", Expanded: a" * n + "\r\n", nested(INNER)),
    "line breaks": lambda n: b"\r\n" * n,
    "letters only": lambda n: b"a" * n,
}
WORK: dict[str, tuple[Callable[[str], object], str]] = {
    "words": (lambda text: decode_words(text, set()), "=?utf-8?q?a"),
    "parameters": (lambda text: _parse_parameters.__wrapped__(text), "; a = "),
    "divs": (html_text, "<div>"),
    "open quotes": (html_text, '<a "'),
    "quotes in turn": (html_text, "<a \"'>"),
    "comments": (html_text, "<!--"),
    "scripts": (html_text, "<script>"),
    "lesser": (html_text, "<"),
    "safe divs": (lambda text: safe_html(text, cid_url=lambda _: None), "<div>"),
    "base64 lines": (without_encoded, "A" * 64 + "\n"),
    "nearly base64 lines": (without_encoded, "A" * 64 + " \n"),
    "uuencode": (without_encoded, "begin 644 x\nM###\n"),
    "long words": (without_encoded, "x" * 999 + " "),
    "rtf": (lambda text: rtf_text(text.encode()), "{\\b "),
}


def assert_not_quadratic(work: Callable[[int], object], size: int) -> None:
    small, large = (min(_seconds(work, count) for _ in range(3)) for count in (size, size * 4))
    # 16 would be quadratic. What takes less than 5 ms is too short to judge, and harmless.
    assert large < 0.005 or large < small * 11


def _seconds(work: Callable[[int], object], size: int) -> float:
    started = process_time()
    work(size)
    return process_time() - started


@pytest.mark.parametrize("kind", MAIL)
def test_hostile_mail_takes_linear_time(kind: str) -> None:
    assert_not_quadratic(lambda count: everything(MAIL[kind](count)), 2_000)


@pytest.mark.parametrize("kind", WORK)
def test_hostile_text_takes_linear_time(kind: str) -> None:
    work, piece = WORK[kind]
    assert_not_quadratic(lambda count: work(piece * count), 4_000)


def test_hostile_tnef_takes_linear_time() -> None:
    assert_not_quadratic(lambda count: read_tnef(tnef(*[tnef_file("a", b"x")] * count)), 2_000)


def test_deep_nesting_opens_a_limited_number_of_parts() -> None:
    for kind in ("multiparts", "messages"):
        assert len(parse(MAIL[kind](5_000)).parts) <= 21
