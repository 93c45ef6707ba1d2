"""mbox as its many writers leave it: where a message begins, where it ends, and which bytes are its own."""

import mmap
from pathlib import Path

import pytest

from amberpost.sources.files.mbox import is_mboxrd, mbox_habits, mbox_messages, unquote

DATED = b"From ana@firma.example Tue Mar 12 10:00:00 2024"


def mail(name: str, text: bytes = b"Guten Tag.\n", *fields: bytes) -> bytes:
    head = [
        *fields,
        b"From: ana@firma.example",
        b"Subject: " + name.encode(),
        b"Date: Tue, 12 Mar 2024 10:00:00 +0100",
    ]
    return b"\n".join(head) + b"\n\n" + text


def mbox(*messages: bytes, line: bytes = DATED, between: bytes = b"\n") -> bytes:
    return b"".join(line + b"\n" + message + between for message in messages)


def taken(content: bytes) -> list[bytes]:
    return [content[message.start : message.end] for message in mbox_messages(content)]


THREE = [mail("eins"), mail("zwei", b"Kurz.\n"), mail("drei", b"")]

LINES = [
    "From ",
    "From -",
    "From - ",
    "From - Tue Mar 12 10:00:00 2024",
    "From ana@firma.example",
    "From <ana@firma.example>",
    "From ana at firma.example",
    'From "ana berg"@firma.example',
    "From ana@firma.example Tue Mar 12 10:00:00 2024",
    "From ana@firma.example  Tue Mar  2 10:00:00 2024",
    "From ana@firma.example Tue Mar 12 10:00 2024",
    "From ana@firma.example Tue Mar 12 10:00:00 24",
    "From ana@firma.example Tue Mar 12 10:00:00",
    "From ana@firma.example Tue Mar 12 10:00:00 CET 2024",
    "From ana@firma.example Tue Mar 12 10:00:00 +0100 2024",
    "From ana@firma.example Tue Mar 12 10:00:00 2024 +0100",
    "From ana@firma.example Tue Mar 12 10:00:00 2024 (+0100)",
    "From ana@firma.example Tue Mar 12 10:00:00 MET DST 2024",
    "From ana@firma.example Tue, 12 Mar 2024 10:00:00 +0100",
    "From ana@firma.example Tue, Mar 12 10:00:00 2024",
    "From ana@firma.example 2024-03-12 10:00:00",
    "From ana@firma.example Tue Mar 12 10:00:00 2024 remote from gate",
    "From gate!ana Tue Mar 12 10:00 EST 1985 remote from gate",
    "From ana@firma.example Di Mär 12 10:00:00 2024",
    'From "ana berg"@firma.example Tue Mar 12 10:00:00 2024',
    "From ana at firma.example  Tue Mar 12 10:00:00 2024",
    "From MAILER-DAEMON Tue Mar 12 10:00:00 2024",
    "From nobody Tue Mar 12 10:00:00 2024",
    "From ???@??? Tue Mar 12 10:00:00 2024",
    "From 1798765432@xxx Tue Mar 12 10:00:00 +0000 2024",
    "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("between", [b"\n", b""], ids=["empty line", "none"])
def test_each_shape_of_a_separator_is_one(line: str, end: bytes, between: bytes) -> None:
    content = mbox(*THREE, line=line.encode(), between=between).replace(b"\n", end)
    assert taken(content) == [one.replace(b"\n", end) for one in THREE]


TEXTS = [
    b"From 1 January 2025 on, prices rise.\nBye.\n",
    b"From 1 January 2025 on, prices rise.\nNote: all of them.\n",
    b"From here on\nSubject: to change\nDate: open\n",
    b"From 10:00 to 12:00 on Tue Mar 12 2024\nTo: all\nCc: none\n",
    b"From the log of Tue Mar 12 10:00:00 2024\nError: no\n",
    b"From our meeting on Tue Mar 12 10:00:00 2024\nSubject: x\nDate: y\n",
    b"From yesterday Mar 12 10:00\nSubject: x\nDate: y\n",
    b"From ana@firma.example\nTo: bob\nDate: yesterday\n",
    b"From - \nTo: bob\nDate: yesterday\n",
    b"From ana\nTo: bob\nDate: yesterday\n",
    b"From ana@firma.example Tue Mar 12 10:00:00 2024\nis a separator.\n",
    b"From ana@firma.example Tue Mar 12 10:00:00 2024\nNote: is one of them.\n",
    b">From ana@firma.example Tue Mar 12 10:00:00 2024\nSubject: quoted\n",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "line", [DATED, b"From - Tue Mar 12 10:00:00 2024", b"From ana at x.example  Tue Mar 12 10:00:00 2024"]
)
def test_a_paragraph_that_begins_with_from_cuts_nothing(text: bytes, line: bytes) -> None:
    messages = [mail("eins", b"Guten Tag,\n\n" + text + b"\nEnde.\n"), mail("zwei")]
    assert taken(mbox(*messages, line=line)) == messages


@pytest.mark.parametrize("line", [b"From ", b"From ana@firma.example"])
def test_weak_separators_stand_before_a_header_that_has_more_than_one_known_field(line: bytes) -> None:
    messages = [mail("eins", line + b"\nTo: do\nmilk\n\n" + line + b"\nGruesse: an alle\n"), mail("zwei")]
    assert taken(mbox(*messages, line=line)) == messages


def test_an_address_alone_needs_its_empty_line_where_all_have_one() -> None:
    quotation = b"Bob wrote:\nFrom bob@x.example\nTo: ana@firma.example\nSubject: x\n"
    messages = [mail("eins"), mail("zwei", quotation), mail("drei")]
    assert taken(mbox(*messages, line=b"From ana@firma.example")) == messages


def test_the_shape_of_the_first_is_demanded_of_all() -> None:
    other = b"\nFrom - Tue Mar 12 10:00:00 2024\nFrom: bob@x.example\nSubject: x\n\nquoted\n"
    messages = [mail("eins", b"An attached mailbox:\n" + other), mail("zwei")]
    content = mbox(*messages)
    assert taken(content) == messages
    assert [message.strangers for message in mbox_messages(content)] == [1, 0]


def test_a_folder_that_outlived_versions_of_thunderbird_has_several_shapes() -> None:
    marked = [
        mail(name, b"x\n", b"X-Mozilla-Status: 0001", b"X-Mozilla-Status2: 00000000") for name in "abcd"
    ]
    lines = [b"From - Tue Mar 12 10:00:00 2024", b"From ", b"From - ", b"From Moon"]
    content = b"".join(line + b"\n" + one for line, one in zip(lines, marked, strict=True))
    assert taken(content) == marked


def test_a_list_archive_with_senders_of_every_kind() -> None:
    lines = [
        b"From ana at firma.example  Mon Jan  6 10:00:00 2025",
        b"From Ana Berg  Mon Jan  6 10:00:00 2025",
        b"From   Mon Jan  6 10:00:00 2025",
        b"From ana  Mon Jan  6 10:00:00 2025",
        b"From a.berg+x at firma.example  Mon Jan  6 10:00:00 2025",
    ]
    content = b"".join(line + b"\n" + mail(str(number)) for number, line in enumerate(lines))
    assert taken(content) == [mail(str(number)) for number in range(len(lines))]


@pytest.mark.parametrize("beginning", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"  \n"])
def test_what_stands_before_the_first_separator_is_nobodys(beginning: bytes) -> None:
    assert taken(beginning + mbox(*THREE)) == THREE


@pytest.mark.parametrize(
    "prelude", [b"\xef\xbb\xbf", b">From bob@x.example Mon Mar 11 10:00:00 2024\n", b"\n"]
)
def test_what_stands_before_the_first_field_belongs_to_its_message(prelude: bytes) -> None:
    messages = [mail("eins"), prelude + mail("zwei"), mail("drei")]
    assert taken(mbox(*messages)) == messages


def test_a_missing_empty_line_here_and_there_merges_nothing() -> None:
    content = mbox(*THREE) + mbox(*THREE, between=b"") + mbox(*THREE)
    assert len(taken(content)) == 9


def test_an_empty_line_of_the_letter_stays_where_the_writer_adds_none() -> None:
    messages = [mail("eins", b"Text.\n"), mail("zwei", b"Text.\n\n"), mail("drei", b"Text.\n")]
    assert taken(mbox(*messages, line=b"From ", between=b"")) == messages


# Content-Length


def counted(name: str, text: bytes) -> bytes:
    return mail(name, text, b"Content-Length: %d" % len(text))


ATTACHED = b"See:\n\n" + DATED + b"\nFrom: carl@x.example\nTo: carl@x.example\nSubject: inner\n\nnot his\n"


@pytest.mark.parametrize("between", [b"\n", b""])
def test_content_length_counts_where_it_lands_on_a_separator_or_the_end(between: bytes) -> None:
    messages = [counted("eins", ATTACHED), counted("zwei", b"Kurz.\n"), counted("drei", ATTACHED * 3)]
    assert taken(mbox(*messages, between=between)) == messages


def test_a_single_message_may_hold_a_mailbox() -> None:
    assert taken(mbox(counted("eins", ATTACHED * 5))) == [counted("eins", ATTACHED * 5)]


@pytest.mark.parametrize("wrong", [0, 1, 7, 10_000, 10**14])
def test_a_wrong_content_length_does_not_count(wrong: int) -> None:
    messages = [
        mail(name, b"Guten Tag.\n", b"Content-Length: %d" % wrong) for name in ("eins", "zwei", "drei")
    ]
    assert taken(mbox(*messages)) == messages


def test_a_content_length_that_few_have_does_not_swallow_the_mail_of_others() -> None:
    others = [mail(str(number)) for number in range(5)]
    swallowed = mbox(*others[:2])
    greedy = mail("gierig", b"Hallo.\n", b"Content-Length: %d" % (len(b"Hallo.\n\n" + swallowed) - 1))
    assert taken(mbox(greedy, *others)) == [greedy, *others]


# Quoting


def kind_is_mboxrd(content: bytes, name: str = "box") -> bool:
    habits = mbox_habits(content)
    assert habits is not None
    return is_mboxrd(content, habits, name)


def test_mboxrd_is_told_by_lines_quoted_deeper_than_those_around_them() -> None:
    text = b"> He said\n>>From here on\n> and\n\n>> She said\n>>>From there\n>> so\n"
    assert kind_is_mboxrd(mbox(mail("eins", text), mail("zwei", b">From me\n")))
    assert unquote(text) == b"> He said\n>From here on\n> and\n\n>> She said\n>>From there\n>> so\n"


@pytest.mark.parametrize(
    "text",
    [
        b">>From the old thread\n",
        b"> a\n>>From the old thread\n> b\n",
        b">From me\n\n>> a\n>>From b\n>> c\n\n>>> d\n>>>From e\n",
        b"> a\n>>From b\n\n> a\n>>>From b\n\n" + b">> a\n>>From b\n>> c\n",
        b"no quotes at all >>From >>>From\n",
    ],
)
def test_one_line_or_a_quoted_quotation_makes_no_mboxrd(text: bytes) -> None:
    assert not kind_is_mboxrd(mbox(mail("eins", text), mail("zwei")))


def test_the_name_says_what_bytes_cannot_unless_they_contradict() -> None:
    assert kind_is_mboxrd(mbox(mail("eins", b">From me\n")), "list.mboxrd")
    assert not kind_is_mboxrd(mbox(mail("eins", b">From me\n\nFrom me\n")), "list.mboxrd")
    assert not kind_is_mboxrd(mbox(mail("eins", b">From me\n")), "list.mbox")


# Deleted


@pytest.mark.parametrize(
    ("fields", "is_deleted"),
    [
        ([b"X-Mozilla-Status: 0009"], True),
        ([b"X-Mozilla-Status: 0008"], True),
        ([b"X-Mozilla-Status: 1019"], True),
        ([b"X-Mozilla-Status: 0001"], False),
        ([b"X-Mozilla-Status: 9000"], False),
        ([b"X-Mozilla-Status: none"], False),
        ([b"X-Account-Key: account1", b"X-Mozilla-Status: 0009"], True),
        ([b"Received: from x by y", b"X-Mozilla-Status: 0009"], False),  # the sender's
        ([b"Status: RO", b"X-Status: D"], True),
        ([b"X-Status: AF"], False),
        ([b"Status: DRAFT"], False),
        ([b"Status: Done"], False),
        ([b"X-Evolution: 00000a2b-0012"], True),
        ([b"X-Evolution: 00000a2b-0010"], False),
    ],
)
def test_mail_that_its_owner_deleted_is_known(fields: list[bytes], is_deleted: bool) -> None:
    content = mbox(mail("eins", b"x\n", *fields), mail("zwei", b"X-Mozilla-Status: 0009\n"))
    assert [message.is_deleted for message in mbox_messages(content)] == [is_deleted, False]


# Size


def test_a_mapped_file_is_read_as_bytes_are(tmp_path: Path) -> None:
    content = mbox(*[mail(str(number), b"Text\n" * 50) for number in range(3000)])
    (tmp_path / "box").write_bytes(content)
    with (
        (tmp_path / "box").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        assert list(mbox_messages(mapped)) == list(mbox_messages(content))


def test_hostile_lines_take_linear_time() -> None:
    """A line of 1,000 bytes that almost is a separator, thousands of times: done in no time, or never."""
    almost = b"From " + b"a at b. " * 120 + b"Tue Mar 12 10:00:00 x\n"
    assert len(taken(mbox(mail("eins", almost * 2000)))) == 1
