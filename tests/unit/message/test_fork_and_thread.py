"""Which messages belong together."""

import pytest

from amberpost.message.fork import fork_key
from amberpost.message.parse import parse
from amberpost.message.thread import base_subject, thread_key
from tests.unit.message.mail import INNER, mail, multipart, nested

FIELDS = ("From: kim@own.example", "Date: Tue, 14 Feb 2023 08:41:05 +0000", "Message-ID: <one@own.example>")
FORK = mail(
    "Received: by a; Tue, 14 Feb 2023 09:00:00 +0000", *FIELDS, "Content-Type: text/plain", body="text\r\n"
)


def key(raw: bytes, reported: str | None = None) -> bytes:
    return fork_key(raw, parse(raw), reported)


@pytest.mark.parametrize(
    "other",
    [
        FORK.replace(b"Received: by a", b"Received: by b"),
        FORK.replace(b"Content-Type: text/plain", b"Content-Type: text/plain\r\nX-Other: 1"),
        FORK.replace(b"text/plain", b"text/plain\r\nContent-Transfer-Encoding: base64").replace(
            b"text\r\n", b"dGV4dA0K"
        ),
        FORK + b"\r\n",
        FORK.replace(b"\r\n", b"\n"),
    ],
)
def test_forks_of_one_mail_share_a_key(other: bytes) -> None:
    assert other != FORK
    assert key(other) == key(FORK) == key(FORK, "<one@own.example>") == key(FORK, "one@own.example")
    assert len(key(FORK)) == 16


@pytest.mark.parametrize(
    "other",
    [
        FORK.replace(b"text\r\n", b"text with a footer\r\n"),
        FORK.replace(b"kim@", b"jo@"),
        FORK.replace(b"08:41", b"08:42"),
        FORK.replace(b"<one@", b"<two@"),
        FORK.replace(b"text/plain", b"text/csv"),
    ],
)
def test_other_mail_has_another_key(other: bytes) -> None:
    assert key(other) != key(FORK)


def test_without_message_id_recipients_and_subject_keep_people_apart() -> None:
    one = mail("From: kim@own.example", "To: a@own.example", body="ok")
    two = mail("From: kim@own.example", "To: b@own.example", body="ok")
    assert key(one) != key(two)
    assert key(one) == key(one)


def test_binary_parts_and_nested_messages_count() -> None:
    image = mail("Content-Type: image/png", body=b"\x89PNG\r\n")
    assert key(multipart(image)) != key(multipart(image.replace(b"\r\n--", b"x\r\n--") + b"x"))
    assert key(nested(INNER)) != key(nested(INNER.replace(b"Hello Lee", b"Hello Jo")))
    assert key(multipart(nested(INNER))) != key(multipart(nested(INNER.replace(b"Hello Lee", b"Hello Jo"))))


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
