"""Which messages belong together."""

import re
from collections.abc import Callable

import pytest

from amberpost.message.fork import TRANSPORT_FIELDS, TRANSPORT_PREFIXES, fork_key, likeness
from amberpost.message.parse import parse
from amberpost.message.thread import base_subject, thread_key
from tests.house.tree import ROOT
from tests.unit.message.mail import INNER, mail, multipart, nested

FORK = mail(
    "Received: by a; Tue, 14 Feb 2023 09:00:00 +0000", "From: kim@own.example", "To: lee@own.example",
    "Date: Tue, 14 Feb 2023 08:41:05 +0000", "Message-ID: <one@own.example>", "Subject: offer",
    "Content-Type: multipart/mixed; boundary=b",
    body="preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b--\r\nepilogue\r\n",
)  # fmt: skip

# What transport adds, field by field; docs/design/archives.md has the same list.
TRANSPORT = (
    "Received", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To", "Authentication-Results",
    "Received-SPF", "DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
    "X-MS-Exchange-Organization-SCL", "X-MS-Exchange-CrossTenant-Id", "X-Spam-Status", "X-Spam-Score",
)  # fmt: skip
NOT_TRANSPORT = (
    "X-Gateway", "X-Original-From", "Received-By", "Bcc", "Resent-To", "X-MS-Has-Attach", "Archived-At", "X-Spammer",
    "List-Id", "Subject", "Delivered-To-Nobody",
)  # fmt: skip


def joins(raw: bytes) -> bytes:
    return fork_key(raw, parse(raw))


def looks(raw: bytes) -> bytes:
    return likeness(raw, parse(raw))


@pytest.mark.parametrize("name", TRANSPORT)
@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
def test_copies_may_differ_in_a_transport_field(name: str, spelling: Callable[[str], str]) -> None:
    field = f"{spelling(name)}: for alice@own.example;\r\n\tfolded (as long\r\n as it likes)\r\n".encode()
    first = FORK.replace(b"From: kim", field + b"From: kim")
    last = FORK.replace(b"\r\n\r\npreamble", b"\r\n" + field.rstrip() + b"\r\n\r\npreamble")
    assert joins(first) == joins(last) == joins(FORK)
    assert looks(first) == looks(last) == looks(FORK)


@pytest.mark.parametrize("name", NOT_TRANSPORT)
def test_no_other_field_may_differ(name: str) -> None:
    assert joins(FORK.replace(b"From: kim", f"{name}: x\r\nFrom: kim".encode())) != joins(FORK)


def test_the_design_page_has_the_list_of_transport_fields() -> None:
    (line,) = [
        one for one in (ROOT / "docs/design/archives.md").read_text().split("\n\n") if "Received-SPF" in one
    ]
    said = {name.lower().encode() for name in re.findall(r"`([A-Za-z-]+)\*?`", line)}
    assert said == {*TRANSPORT_FIELDS, *TRANSPORT_PREFIXES}


@pytest.mark.parametrize(
    "other",
    [
        FORK.replace(b"Received: by a", b"Received: by b"),
        FORK.replace(b"Received: by a; Tue, 14 Feb 2023 09:00:00 +0000\r\n", b""),
        FORK.replace(b"\r\n", b"\n"),
        FORK.replace(b"text\r\n", b"text\n"),
        FORK.removesuffix(b"\r\n"),
    ],
)
def test_copies_of_one_mail_share_a_key(other: bytes) -> None:
    assert other != FORK
    assert joins(other) == joins(FORK)
    assert len(joins(FORK)) == 16


@pytest.mark.parametrize(
    "other",
    [
        FORK.replace(b"text\r\n", b"text with a footer\r\n"),
        FORK.replace(b"kim@", b"jo@"),
        FORK.replace(b"08:41", b"08:42"),
        FORK.replace(b"<one@", b"<two@"),
        FORK.replace(b"text/plain", b"text/csv"),
        FORK.replace(b"preamble", b"for Bob alone"),
        FORK.replace(b"epilogue", b"for Bob alone"),
        FORK + b"\r\nfor Bob alone",
        FORK + b"\r\n\r\n",
        FORK.replace(
            b"text/plain\r\n\r\ntext", b"text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\ndGV4dA=="
        ),
        FORK.replace(b"From: kim@own.example\r\nTo: lee", b"To: lee").replace(
            b"Subject", b"From: kim@own.example\r\nSubject"
        ),
        FORK.replace(b"Subject: offer", b"Subject:  offer"),
    ],
)
def test_whatever_else_differs_keeps_copies_apart(other: bytes) -> None:
    assert other != FORK
    assert joins(other) != joins(FORK)


def test_what_stands_before_a_transport_field_on_its_line_is_not_the_fields() -> None:
    raw = b"Received: by x\r\n" + mail("Subject: x")
    assert joins(raw) == joins(mail("Subject: x"))
    assert joins(b"\xef\xbb\xbf" + raw) != joins(raw)
    assert joins(b"From Ana\r\n" + raw) != joins(b"From Bob\r\n" + raw)


def test_line_ends_are_one_thing_also_where_a_large_body_is_cut() -> None:
    head, body = b"Subject: x\r\n\r\n", b"y\r\n" * 1_000_000
    for shift in range(4):
        raw = head + b"z" * shift + body
        assert joins(raw) == joins(raw.replace(b"\r\n", b"\n"))
    assert joins(head + body) != joins(head + b"z" + body)


def test_a_header_cannot_pass_for_a_body() -> None:
    assert joins(b"A: 1\r\n\r\nB: 2\r\n\r\n") != joins(b"A: 1\r\nB: 2\r\n\r\n\r\n")


@pytest.mark.parametrize(
    "other",
    [
        FORK.replace(b"epilogue", b"for Bob alone"),
        FORK.replace(b"Subject", b"X-Gateway: passed\r\nSubject"),
        FORK.replace(
            b"text/plain\r\n\r\ntext", b"text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\ndGV4dA=="
        ),
    ],
)
def test_what_its_reader_does_not_see_changes_no_likeness(other: bytes) -> None:
    assert looks(other) == looks(FORK)
    assert joins(other) != joins(FORK)


@pytest.mark.parametrize(
    "change", [(b"offer", b"[external] offer"), (b"lee@", b"jo@"), (b"text\r", b"txt\r"), (b"one@", b"two@")]
)
def test_what_its_reader_sees_makes_another_likeness(change: tuple[bytes, bytes]) -> None:
    assert looks(FORK.replace(*change)) != looks(FORK)


def test_binary_parts_names_and_nested_messages_are_seen() -> None:
    image = mail("Content-Type: image/png; name=a.png", body=b"\x89PNG\r\n")
    assert looks(multipart(image)) != looks(multipart(image.replace(b"\r\n--", b"x\r\n--") + b"x"))
    assert looks(multipart(image)) != looks(multipart(image.replace(b"a.png", b"b.png")))
    assert looks(nested(INNER)) != looks(nested(INNER.replace(b"Hello Lee", b"Hello Jo")))
    assert looks(multipart(nested(INNER))) != looks(
        multipart(nested(INNER.replace(b"Hello Lee", b"Hello Jo")))
    )


def thread(
    *,
    references: tuple[str, ...] = (),
    in_reply_to: tuple[str, ...] = (),
    message_id: str = "",
    subject: str = "",
) -> str:
    return thread_key(references=references, in_reply_to=in_reply_to, message_id=message_id, subject=subject)


def test_replies_share_the_key_of_the_first_message() -> None:
    first = thread(message_id="1@x", subject="Hello")
    assert thread(references=("1@x", "2@x"), in_reply_to=("2@x",), message_id="3@x") == first
    assert thread(in_reply_to=("1@x",), message_id="2@x") == first
    assert thread(message_id="9@x", subject="Hello") != first
    assert len(first) == 32


def test_without_ids_the_subject_ties() -> None:
    assert thread(subject="AW: Re: WG:  Hello") == thread(subject="hello")
    assert thread(subject="") != ""


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Hello", "hello"),
        ("RE[2]: AW: Hello", "hello"),
        ("Report: x", "report: x"),
        ("", ""),
        ("Re:", ""),
    ],
)
def test_reply_marks_are_taken_off(subject: str, base: str) -> None:
    assert base_subject(subject) == base
