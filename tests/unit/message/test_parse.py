"""Header facts and the edges of the header."""

import pytest

from amberpost.message import limits
from amberpost.message.headers import header_fields, message_id
from amberpost.message.parse import parse
from amberpost.message.text import index_text
from amberpost.message.types import Defect
from tests.unit.message.mail import mail, multipart, nested


def test_the_facts_of_a_message() -> None:
    parsed = parse(
        mail(
            "From: Kim <kim@own.example>",
            "Sender: desk@own.example",
            "Reply-To: reply@own.example",
            "To: a@own.example",
            "To: b@own.example",
            "Cc: c@own.example",
            "Bcc: d@own.example",
            "Resent-From: e@own.example",
            "Resent-To: f@own.example",
            "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
            "Date: Tue, 14 Feb 2023 08:41:05 +0000",
            "Message-ID: <id@own.example>",
            "In-Reply-To: Your mail of yesterday <parent@own.example>",
            "References: <root@own.example>",
            " <parent@own.example>",
        )
    )
    assert parsed.subject == "Grüße"
    assert [box.address for box in (*parsed.from_, *parsed.sender, *parsed.reply_to)] == [
        "kim@own.example",
        "desk@own.example",
        "reply@own.example",
    ]
    assert [box.address for box in (*parsed.to, *parsed.cc, *parsed.bcc, *parsed.resent)] == [
        f"{letter}@own.example" for letter in "abcdef"
    ]
    assert parsed.message_id == "id@own.example"
    assert parsed.in_reply_to == ("parent@own.example",)
    assert parsed.references == ("root@own.example", "parent@own.example")
    assert parsed.defects == frozenset()


@pytest.mark.parametrize(
    ("raw", "subject", "defects"),
    [
        (b"Subject: x\r\n\r\nbody", "x", set()),
        (b"Subject: x\n\nbody", "x", set()),
        (b"Subject: x\r\rbody", "x", set()),
        (b"subject : x\r\n\r\n", "x", set()),
        (b"From a@b Mon Jan  1 00:00:00 2024\nSubject: x\n\n", "x", {Defect.BEFORE_HEADER}),
        (b">From a@b\nSubject: x\n\n", "x", {Defect.BEFORE_HEADER}),
        (b" stray\nSubject: x\n\n", "x", {Defect.BEFORE_HEADER}),
        (b"Subject: x\r\n y\r\n\tz\r\n\r\n", "x y\tz".replace("\t", " "), set()),
        (b"Subject: x", "x", set()),
        (b":no name\nSubject: x\n\n", "x", set()),
        (b"Subject: x\nno field\nTo: y\n\n", "x", {Defect.MALFORMED_HEADER}),
        (b"no field at all", "", {Defect.NO_HEADER}),
        (b"From only a mbox line", "", {Defect.NO_HEADER}),
        (b"\r\nSubject: x\r\n", "x", {Defect.BEFORE_HEADER}),
        (b" \nSubject: x\n", "x", {Defect.BEFORE_HEADER}),
        (b"\r\r\nSubject: x\r\n", "x", {Defect.BEFORE_HEADER}),
        (b"\r\nNote: bring cake\r\n", "", {Defect.NO_HEADER}),
        (b"\r\nHello\r\nSubject: x\r\n", "", {Defect.NO_HEADER}),
        (b"", "", {Defect.NO_HEADER}),
        ("Subject: ü\n\n".encode(), "ü", set()),
        (b"Subject: \xfc\n\n", "ü", {Defect.EIGHT_BIT_HEADER}),
        (b"Subject: x\n\na\0b", "x", {Defect.NUL_BYTES}),
        (b"Subject:\n\n", "", set()),
    ],
)
def test_headers_end_where_mail_systems_end_them(raw: bytes, subject: str, defects: set[Defect]) -> None:
    parsed = parse(raw)
    assert parsed.subject == subject
    assert parsed.defects - {Defect.NO_DATE, Defect.NO_MESSAGE_ID} == defects


BEFORE = [
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n\n \t\n",
    b"From kim@own.example Tue Feb 14 08:41:05 2023\r\n",
    b">From kim@own.example\n",
    b">>From \n>From \n",
    b" rest of a field that was cut off\r\n",
    b"\xef\xbb\xbf\xef\xbb\xbf",
    b"From kim@own.example\r\n\xef\xbb\xbf\r\n",
    b"\r\n>From kim@own.example\r\n\r\n",
    b"\xef\xbb\xbf\r\nFrom kim@own.example\r\n",
]


@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_before_the_first_field_hides_nothing(before: bytes) -> None:
    plain = mail("X-First: 1", "From: kim@own.example", "Subject: x", "Date: Tue, 14 Feb 2023 08:41:05 +0000")
    raw = before + plain
    parsed, expected = parse(raw), parse(plain)
    assert (parsed.subject, parsed.from_, parsed.sent_at) == ("x", expected.from_, expected.sent_at)
    assert parsed.defects - expected.defects == {Defect.BEFORE_HEADER}
    assert raw[parsed.parts[0].body.start :] == b"text\r\n"
    assert header_fields(raw) == header_fields(plain)


@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_before_the_header_of_a_nested_message_hides_nothing(before: bytes) -> None:
    inner = mail(
        "Subject: inner", "Content-Type: text/plain; charset=koi8-r", body=b"\xed\xcf\xd3\xcb\xd7\xc1"
    )
    raw = multipart(mail("Content-Type: text/plain"), nested(before + inner))
    parsed = parse(raw)
    assert [part.content_type for part in parsed.parts][-2:] == ["message/rfc822", "text/plain"]
    assert Defect.BEFORE_HEADER in parsed.defects
    words = index_text(raw, parsed).body.split()
    assert {"inner", "Москва"} <= set(words)
    assert "koi8-r" not in words


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b">From kim@own.example\r\n", b"\r\n"])
def test_what_stands_before_the_header_of_a_part_hides_nothing(before: bytes) -> None:
    raw = multipart(
        before + mail("Content-Type: text/html; charset=koi8-r", body=b"\xed\xcf\xd3\xcb\xd7\xc1")
    )
    parsed = parse(raw)
    assert (parsed.parts[1].content_type, parsed.parts[1].charset) == ("text/html", "koi8-r")
    assert Defect.BEFORE_HEADER in parsed.defects


def test_a_part_without_a_header_keeps_its_first_lines() -> None:
    for body in (b"\r\nSubject: x\r\n\r\ntext\r\n", b"\r\n\r\nFrom: Kim\r\n", b"\r\n text\r\n"):
        raw = multipart(body)
        parsed = parse(raw)
        assert raw[parsed.parts[1].body.start : parsed.parts[1].body.end] == body[2:]
        assert Defect.BEFORE_HEADER not in parsed.defects


def test_a_header_without_end_is_cut_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADER_FIELDS", 3)
    fields = "".join(f"X-{number}: 1\r\n" for number in range(9))
    raw = fields.encode() + b"\r\nbody"
    parsed = parse(raw)
    assert Defect.HEADER_LIMIT in parsed.defects
    assert raw[parsed.parts[0].body.start :] == b"body"
    assert parse(fields.encode()).parts[0].body.start == len(fields)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<a@b>", "a@b"),
        (b" < a@b > ", "a@b"),
        (b"a@b", "a@b"),
        (b"<a b>", "ab"),
        (b"<a\x01b@c>", "ab@c"),
        (b"", ""),
        (b"<" + b"x" * 2_000 + b">", "x" * 998),
    ],
)
def test_message_ids_are_bare_and_bounded(value: bytes, expected: str) -> None:
    assert message_id(value) == expected


def test_of_very_many_references_the_oldest_and_the_newest_are_kept() -> None:
    references = parse(mail("References: " + " ".join(f"<{number}@x>" for number in range(900)))).references
    assert len(references) == limits.REFERENCES
    assert (references[0], references[-1]) == ("0@x", "899@x")


def test_ids_without_brackets_are_no_references() -> None:
    assert parse(mail("References: a@b", "In-Reply-To: <a\x01@b>")).references == ()


def test_addresses_of_many_fields_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES", 3)
    parsed = parse(mail(*["To: a@b.example, c@d.example"] * 5, "Cc:"))
    assert len(parsed.to) == 3
    assert Defect.ADDRESS_LIMIT in parsed.defects
    assert parsed.cc == ()


def test_header_fields_are_shown_decoded_in_order_and_as_spelt() -> None:
    raw = mail("X-One: 1", "subject: =?utf-8?Q?=C3=BC?=", "x-ONE: two", " lines")
    assert header_fields(raw) == [("X-One", "1"), ("subject", "ü"), ("x-ONE", "two lines")]


def test_shown_header_fields_are_bounded() -> None:
    assert len(header_fields(mail(*["X: 1"] * 3_000, "Y: 1"))) == 1_000
    assert len(header_fields(mail("X: " + "y" * 50_000))[0][1]) == 10_000


@pytest.mark.parametrize(
    ("value", "charset", "subject", "defect"),
    [
        ("发票通知".encode("gb2312"), "gb2312", "发票通知", Defect.EIGHT_BIT_HEADER),
        ("Счёт".encode("koi8-r"), "koi8-r", "Счёт", Defect.EIGHT_BIT_HEADER),
        ("Łódź".encode("iso-8859-2"), '"ISO-8859-2"', "Łódź", Defect.EIGHT_BIT_HEADER),
        ("Grüße".encode("cp1252"), "us-ascii", "Grüße", Defect.EIGHT_BIT_HEADER),
        ("Grüße".encode("cp1252"), "utf-8", "Grüße", Defect.EIGHT_BIT_HEADER),
        ("Grüße".encode(), "koi8-r", "Grüße", None),
        (b"=?iso-8859-1?Q?Fr\xf6sche?=", "koi8-r", "Frösche", Defect.BAD_ENCODED_WORD),
        (b"=?koi8-r?Q?\xf3\xdeet?= a", "utf-8", "Счet a", Defect.BAD_ENCODED_WORD),
        ("=?iso-8859-1?Q?Frösche?=".encode(), "utf-8", "Frösche", Defect.BAD_ENCODED_WORD),
        (b"\xf6 =?iso-8859-1?Q?Fr\xf6sche?=", "iso-8859-1", "ö Frösche", Defect.EIGHT_BIT_HEADER),
        (b"=?utf-8?B?S8O2\xfcbmln?=", "utf-8", "König", Defect.EIGHT_BIT_HEADER),
    ],
)
def test_raw_letters_in_a_field_are_read(
    value: bytes, charset: str, subject: str, defect: Defect | None
) -> None:
    single = b"Subject: " + value + b"\r\nFrom: " + value + b" <a@b.example>\r\n"
    single += f"Content-Type: text/plain; charset={charset}\r\n\r\ntext".encode()
    part = mail(f"Content-Type: text/plain;\r\n charset={charset}")
    several = b"Subject: " + value + b"\r\nFrom: " + value + b" <a@b.example>\r\n" + multipart(part)
    for raw in (single, several):
        parsed = parse(raw)
        assert (parsed.subject, parsed.from_[0].name) == (subject, subject)
        assert defect is None or defect in parsed.defects
        assert ("Subject", subject) in header_fields(raw)


def test_a_raw_field_above_unlabelled_text_is_read_as_that_text_seems_to_be() -> None:
    text = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 5
    raw = b"Subject: " + "Счёт".encode("koi8-r") + b"\r\n\r\n" + text.encode("koi8-r")
    assert parse(raw).subject == "Счёт"


def test_a_raw_name_of_a_file_is_read_in_the_charset_of_the_text() -> None:
    name = "Счёт.pdf".encode("koi8-r")
    text = mail("Content-Type: text/plain; charset=koi8-r", body=b"\xf3\xde")
    fields = (
        b'Content-Type: application/pdf; name="' + name + b'"',
        b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="' + name + b'"',
    )
    for field in fields:
        raw = multipart(text, field + b"\r\n\r\nx")
        assert parse(raw).parts[2].filename == "Счёт.pdf"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (
            'Content-Disposition: attachment; filename*0="=?UTF-8?Q?Rechnung_M=C3="; filename*1="BCller.pdf?="',
            "Rechnung Müller.pdf",
        ),
        (
            'Content-Disposition: attachment; filename*0="=?utf-8?B?UmVjaG51?="; filename*1="=?utf-8?B?bmcucGRm?="',
            "Rechnung.pdf",
        ),
        ('Content-Disposition: attachment; filename="C:\\Users\\eva\\Angebot.pdf"', "Angebot.pdf"),
        ('Content-Disposition: attachment; filename="\\\\server\\share\\Angebot.pdf"', "Angebot.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?Q?C:\\Users\\=C3=BC.pdf?="', "ü.pdf"),
        ("Content-Disposition: =?utf-8?b?YXR0YWNobWVudDsgZmlsZW5hbWU9ImEucGRmIg==?=", "a.pdf"),
    ],
)
def test_names_of_files_are_the_last_piece_decoded(field: str, name: str) -> None:
    part = parse(multipart(mail("Content-Type: application/pdf", field))).parts[1]
    assert (part.filename, part.disposition) == (name, "attachment")
