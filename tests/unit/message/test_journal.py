"""The rules of journal-reports.md 3.3, E1 to E7 and the further cases, one by one."""

import binascii
from base64 import b64encode

import pytest

from amberpost.message import limits
from amberpost.message.evaluate import envelope_addresses
from amberpost.message.journal import Unwrapped, is_report, unwrap
from amberpost.message.parse import parse
from amberpost.message.types import Envelope, Flag, RecipientKind, RedirectionKind
from tests.unit.message import examples
from tests.unit.message.mail import INNER, REPORT_HEAD, attribute, mail, multipart, nested, report, tnef
from tests.unit.message.test_parse import BEFORE

REPORT = {Flag.JOURNAL_REPORT}


def owners(unwrapped: Unwrapped) -> list[tuple[str, str]]:
    assert unwrapped.envelope is not None
    return [(found.reason, found.address) for found in envelope_addresses(unwrapped.envelope)]


def recipients(text: str) -> list[tuple[str, str]]:
    return owners(unwrap(report(REPORT_HEAD + text, nested(INNER))))[1:]


def test_e1_bcc_and_delegate_own_the_message_and_both_forks_hold_the_same_bytes() -> None:
    first, second = unwrap(examples.E1A), unwrap(examples.E1B)
    assert first.shown_bytes(examples.E1A) == second.shown_bytes(examples.E1B) == examples.OFFER
    assert owners(first) == [
        ("sender", "desk@own.example"),
        ("on_behalf_of", "mara@own.example"),
        ("to", "jon@own.example"),
        ("cc", "books@own.example"),
        ("bcc", "head@own.example"),
    ]
    assert ("bcc", "tax@office.example") in owners(second)


@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_before_the_first_field_makes_no_other_report(before: bytes) -> None:
    plain = report(REPORT_HEAD + "To: lee@own.example\r\nBcc: pat@own.example\r\n", nested(INNER))
    raw = before + plain
    assert is_report(raw)
    unwrapped = unwrap(raw)
    assert unwrapped.flags == REPORT
    assert owners(unwrapped)[1:] == [("to", "lee@own.example"), ("bcc", "pat@own.example")]
    assert unwrapped.shown_bytes(raw) == INNER
    body = unwrapped.originals[0].body
    assert body is not None
    assert raw[body.start : body.end] == INNER


@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_before_the_first_field_of_an_original_stays_its_bytes(before: bytes) -> None:
    raw = report(REPORT_HEAD + "To: lee@own.example\r\n", nested(before + INNER))
    unwrapped = unwrap(raw)
    assert unwrapped.flags == REPORT
    assert unwrapped.shown_bytes(raw) == before + INNER
    assert parse(unwrapped.shown_bytes(raw)).subject == "Hello"


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"\r\n\r\n", b"From x\r\n", b"\xef\xbb\xbf\r\n>From x\r\n"]
)
def test_what_stands_before_the_lines_of_a_report_is_no_forgery(before: bytes) -> None:
    text = before + (REPORT_HEAD + "To: lee@own.example\r\n").encode()
    unwrapped = unwrap(report(text, nested(INNER)))
    assert unwrapped.flags == REPORT
    assert owners(unwrapped)[1:] == [("to", "lee@own.example")]


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n", b">From x\r\n"])
def test_what_stands_before_the_header_of_its_text_part_hides_no_report(before: bytes) -> None:
    text = REPORT_HEAD + "To: lee@own.example\r\n"
    part = before + mail("Content-Type: text/plain; charset=utf-8", body=text)
    raw = multipart(part, nested(INNER), fields=("X-MS-Journal-Report:",))
    assert unwrap(raw).flags == REPORT


def test_a_line_of_an_mbox_inside_a_report_is_a_forgery() -> None:
    raw = report(REPORT_HEAD + "From x\r\nTo: lee@own.example\r\n", nested(INNER))
    assert Flag.SUSPICIOUS in unwrap(raw).flags


def test_e2_expansions_forwards_and_names_of_exchange_are_kept() -> None:
    unwrapped = unwrap(examples.E2)
    assert unwrapped.shown_bytes(examples.E2) == examples.INVOICE
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.reported_subject == "Zahlung für April – bitte prüfen"
    assert owners(unwrapped)[1:] == [
        ("to", "mara@own.example"),
        ("expanded_from", "info@own.example"),
        ("to", "jon@own.example"),
        ("cc", "stand-in@own.example"),
        ("forwarded_from", "away@own.example"),
        ("bcc", "boss@own.example"),
        ("expanded_from", "bosses@own.example"),
        ("recipient", "[ex:/o=own/ou=exchange administrative group/cn=recipients/cn=scanner]"),
    ]
    assert parse(examples.INVOICE).subject == "Zahlung für April – bitte prüfen"


def test_e3_an_encrypted_original_without_subject() -> None:
    unwrapped = unwrap(examples.E3)
    parsed = parse(unwrapped.shown_bytes(examples.E3))
    assert parsed.subject == ""
    assert parsed.flags == {Flag.ENCRYPTED}
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.reported_subject == ""


def test_e4_tnef_stays_inside_the_original() -> None:
    unwrapped = unwrap(examples.E4)
    assert unwrapped.shown_bytes(examples.E4) == examples.PRICES
    assert parse(examples.PRICES).flags == {Flag.TNEF}


@pytest.mark.parametrize(("raw", "clear"), [(examples.E5, 1), (examples.E5_SWAPPED, 0)])
def test_e5_the_clear_copy_is_shown_and_both_are_kept(raw: bytes, clear: int) -> None:
    unwrapped = unwrap(raw)
    assert [original.data for original in unwrapped.originals][clear] == examples.CLEAR
    assert (len(unwrapped.originals), unwrapped.shown) == (2, clear)
    assert unwrapped.flags == REPORT | {Flag.DECRYPTED_BY_EXCHANGE}


def test_e6_a_report_inside_a_non_delivery_report_is_unwrapped() -> None:
    unwrapped = unwrap(examples.E6)
    assert unwrapped.shown_bytes(examples.E6) == examples.DATE_CONFIRMED
    assert unwrapped.flags == REPORT | {Flag.FROM_NDR}
    assert owners(unwrapped) == [("sender", "mara@own.example"), ("to", "buyer@client.example")]


def test_e7_a_line_no_exchange_writes_makes_the_report_suspicious() -> None:
    unwrapped = unwrap(examples.E7)
    assert unwrapped.flags == REPORT | {Flag.SUSPICIOUS}
    assert unwrapped.shown is None
    assert unwrapped.shown_bytes(examples.E7) == examples.E7


@pytest.mark.parametrize(
    "field",
    ["X-MS-Journal-Report:", "x-ms-journal-report: ", "X-MS-JOURNAL-REPORT: yes", "X-Ms-Journal-Report :"],
)
def test_rule_1_the_field_alone_detects(field: str) -> None:
    assert unwrap(report(REPORT_HEAD, nested(INNER), field=field)).shown_bytes(b"") == INNER


def test_rule_1_only_the_outermost_header_counts() -> None:
    forwarded = multipart(mail("Content-Type: text/plain", body="look"), nested(examples.E1A))
    in_body = mail("Content-Type: text/plain", body=examples.E1A)
    envelope = Envelope(mail_from="a@b.example", rcpt_to=())
    for raw in (forwarded, in_body, b"", b"\r\n\r\n", INNER):
        unwrapped = unwrap(raw, envelope)
        assert unwrapped == Unwrapped(
            originals=(), shown=None, envelope=envelope, flags=frozenset(), report_text=""
        )
        assert unwrapped.shown_bytes(raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        report("See attachment\r\n", nested(INNER)),
        report("Sender: a@b.example\r\nTo: c@d.example\r\n", nested(INNER)),
        report("Message-Id: <x@y>\r\nTo: c@d.example\r\n", nested(INNER)),
        multipart(nested(INNER), fields=("X-MS-Journal-Report:",)),
        mail("X-MS-Journal-Report:", "Content-Type: text/plain", body=REPORT_HEAD),
        mail("X-MS-Journal-Report:", "Content-Type: application/ms-tnef", body="no tnef"),
    ],
)
def test_rule_1_without_a_report_part_it_is_ordinary_mail(raw: bytes) -> None:
    unwrapped = unwrap(raw)
    assert (unwrapped.originals, unwrapped.shown, unwrapped.envelope) == ((), None, None)
    assert unwrapped.flags == {Flag.REPORT_UNREADABLE}


def test_rule_3_the_first_text_before_the_first_original_is_the_report() -> None:
    raw = multipart(
        nested(INNER), mail("Content-Type: text/plain", body=REPORT_HEAD), fields=("X-MS-Journal-Report:",)
    )
    assert Flag.REPORT_UNREADABLE in unwrap(raw).flags


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (("Content-Type: text/plain; charset=utf-8; format=flowed",), REPORT_HEAD.encode()),
        (("Content-Type: text/plain", "Content-Transfer-Encoding: base64"), b64encode(REPORT_HEAD.encode())),
        (
            ("Content-Type: text/html",),
            b"<p>" + REPORT_HEAD.encode().replace(b"\r\n", b"<br>").replace(b"<one", b"&lt;one"),
        ),
        (("Content-Type: text/plain; charset=nope",), REPORT_HEAD.replace("Hello", "für").encode("cp1252")),
        (("X-None: 1",), REPORT_HEAD.encode()),
    ],
)
def test_rule_3_the_report_part_is_decoded(fields: tuple[str, ...], body: bytes) -> None:
    unwrapped = unwrap(
        report(
            body + b"<br>To: lee@other.example\r\n" if b"<br>" in body else body,
            nested(INNER),
            text_fields=fields,
        )
    )
    assert unwrapped.shown == 0
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.mail_from == "kim@own.example"
    assert unwrapped.envelope.reported_message_id == "one@own.example"


def test_rule_3_the_report_part_may_stand_in_an_alternative() -> None:
    alternative = multipart(
        mail("Content-Type: text/html", body="<p>Sender: x@y.example"),
        mail("Content-Type: text/plain", body=REPORT_HEAD),
        kind="alternative",
        boundary="alt",
    )
    raw = multipart(alternative, nested(INNER), fields=("X-MS-Journal-Report:",))
    assert unwrap(raw).shown_bytes(raw) == INNER


def test_rule_3_an_empty_text_before_the_report_says_nothing() -> None:
    lines = "<br>".join(REPORT_HEAD.replace("<", "&lt;").splitlines()) + "<br>To: kim@own.example"
    raw = multipart(
        mail("Content-Type: text/plain", body="\r\n"),
        mail("Content-Type: text/html", body=lines),
        nested(INNER),
        fields=("X-MS-Journal-Report:",),
    )
    assert ("to", "kim@own.example") in owners(unwrap(raw))


def test_rule_3_folded_lines_are_joined() -> None:
    assert recipients("To: a@own.example,\r\n Expanded: list@own.example\r\n") == [
        ("to", "a@own.example"),
        ("expanded_from", "list@own.example"),
    ]


def test_rule_4_names_are_case_insensitive_and_unknown_fields_before_the_id_are_text() -> None:
    text = (
        "SENDER: kim@own.example\r\nsubject: line one\r\nrest of a subject\r\nFoo: bar\r\n"
        "MESSAGE-ID: <one@own.example>\r\nLabel: Keep 10 years\r\nMailbox: kim@own.example\r\n"
        "SentUtc: 01/02/2024\r\nReceivedUtc: 01/02/2024\r\n\r\ntO : lee@own.example\r\n"
    )
    unwrapped = unwrap(report(text, nested(INNER)))
    assert unwrapped.flags == REPORT
    assert owners(unwrapped)[1:] == [("to", "lee@own.example")]


def test_rule_4_the_order_of_subject_and_id_may_be_swapped() -> None:
    text = "Sender: kim@own.example\r\nMessage-ID: <one@own.example>\r\nSubject: Hello\r\nTo: a@b.example\r\n"
    assert unwrap(report(text, nested(INNER))).flags == REPORT


@pytest.mark.parametrize("line", ["Foo: bar", "some words", "To lee@own.example", "Reply: no"])
def test_rule_4_an_unknown_line_behind_the_id_is_suspicious(line: str) -> None:
    assert Flag.SUSPICIOUS in unwrap(report(f"{REPORT_HEAD}{line}\r\n", nested(INNER))).flags


def test_rule_4_an_unknown_line_in_front_of_everything_is_suspicious() -> None:
    assert Flag.SUSPICIOUS in unwrap(report(f"Attention!\r\n{REPORT_HEAD}", nested(INNER))).flags


def test_rule_5_recipients_inside_a_subject_give_no_rights() -> None:
    text = (
        "Sender: kim@own.example\r\nSubject: x\r\nBcc: evil@own.example\r\nSender: evil@own.example\r\n"
        "Message-Id: <one@own.example>\r\nTo: lee@own.example\r\nMessage-Id: <two@own.example>\r\n"
    )
    unwrapped = unwrap(report(text, nested(INNER)))
    assert owners(unwrapped) == [("sender", "kim@own.example"), ("to", "lee@own.example")]
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.reported_message_id == "one@own.example"


def test_rule_5_an_encoded_line_break_in_a_subject_stays_text() -> None:
    text = REPORT_HEAD.replace("Hello", "=?utf-8?Q?x=0D=0ABcc:_evil@x?=") + "To: lee@own.example\r\n"
    assert owners(unwrap(report(text, nested(INNER))))[1:] == [("to", "lee@own.example")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("To: a@x.example, Expanded: l@x.example", [("to", "a@x.example"), ("expanded_from", "l@x.example")]),
        ("To: a@x.example Expanded: l@x.example", [("to", "a@x.example"), ("expanded_from", "l@x.example")]),
        (
            "Cc: a@x.example; Expanded from: l@x.example",
            [("cc", "a@x.example"), ("expanded_from", "l@x.example")],
        ),
        (
            "Cc: a@x.example , FORWARDED : u@x.example",
            [("cc", "a@x.example"), ("forwarded_from", "u@x.example")],
        ),
        (
            'To: "a, b"@x.example, Expanded: l@x.example',
            [("to", '"a, b"@x.example'), ("expanded_from", "l@x.example")],
        ),
        ('To: "a, Expanded: evil@x.example"@y.example', [("to", '"a, expanded: evil@x.example"@y.example')]),
        (
            "Recipient: a@x.example, Forwarded: b@x.example, Expanded: c@x.example",
            [
                ("recipient", "a@x.example"),
                ("forwarded_from", "b@x.example"),
                ("expanded_from", "c@x.example"),
            ],
        ),
        (
            "Bcc: [EX:/o=Own/cn=Kim], Expanded: [EX:/o=Own/cn=List]",
            [("bcc", "[ex:/o=own/cn=kim]"), ("expanded_from", "[ex:/o=own/cn=list]")],
        ),
        ("To: kim@bücher.example", [("to", "kim@xn--bcher-kva.example")]),
        ("To: jürgen@own.example", [("to", "jürgen@own.example")]),
        ("To: MAPIPDL", [("to", "mapipdl")]),
        ("To: IMCEAEX-_o+3DOwn_cn+3DKim@own.example", [("to", "[ex:/o=own/cn=kim]")]),
        ("To:", []),
        ("To: a@x.example, Expanded:", [("to", "a@x.example")]),
    ],
)
def test_rules_6_and_7_recipients_are_read_from_the_right(line: str, expected: list[tuple[str, str]]) -> None:
    assert recipients(f"{line}\r\n")[: len(expected)] == expected


def test_rule_6_the_outermost_redirection_stands_last() -> None:
    unwrapped = unwrap(
        report(
            REPORT_HEAD + "To: a@x.example, Forwarded: b@x.example, Expanded: c@x.example\r\n", nested(INNER)
        )
    )
    assert unwrapped.envelope is not None
    (recipient,) = unwrapped.envelope.rcpt_to
    assert recipient.kind is RecipientKind.TO
    assert [item.kind for item in recipient.redirections] == [
        RedirectionKind.FORWARDED,
        RedirectionKind.EXPANDED,
    ]


def test_rule_8_the_original_is_cut_from_the_raw_bytes() -> None:
    raw = report(REPORT_HEAD, nested(INNER))
    (original,) = unwrap(raw).originals
    assert original.data == raw[original.body.start : original.body.end] == INNER
    assert original.encoding == ""


@pytest.mark.parametrize(
    "inner", [b"", b"\r\n", INNER.rstrip(), INNER + b"\r\n\r\n", INNER.replace(b"\r\n", b"\n")]
)
def test_rule_8_line_ends_of_the_original_are_its_own(inner: bytes) -> None:
    assert unwrap(report(REPORT_HEAD, nested(inner))).originals[0].data == inner


def test_rule_9_an_encoded_original_is_decoded_first() -> None:
    for encoding, body in (
        ("base64", b64encode(INNER)),
        ("quoted-printable", binascii.b2a_qp(INNER, istext=True)),
    ):
        raw = report(REPORT_HEAD, nested(body, f"Content-Transfer-Encoding: {encoding}"))
        unwrapped = unwrap(raw)
        assert unwrapped.shown_bytes(raw) == INNER
        assert unwrapped.originals[0].encoding == encoding
        assert raw[unwrapped.originals[0].body.start : unwrapped.originals[0].body.end] == body


def test_rule_10_an_original_may_come_as_an_eml_file() -> None:
    part = mail('Content-Type: application/octet-stream; name="Hello.EML"', body=INNER)
    raw = report(REPORT_HEAD, part)
    assert unwrap(raw).shown_bytes(raw) == INNER


def test_rule_10_an_outlook_file_is_no_original_and_the_wrapper_is_shown() -> None:
    part = mail('Content-Type: application/octet-stream; name="Hello.msg"', body=b"\xd0\xcf\x11\xe0")
    unwrapped = unwrap(report(REPORT_HEAD, part))
    assert unwrapped.flags == REPORT | {Flag.ORIGINAL_MISSING}


@pytest.mark.parametrize("is_multipart", [True, False])
def test_rule_10_a_report_may_come_as_tnef(is_multipart: bool) -> None:
    stream = tnef(attribute(1, 0x0002800C, REPORT_HEAD.encode() + b"To: lee@own.example\r\n\0"))
    part = ("Content-Type: application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64")
    if is_multipart:
        raw = multipart(mail(*part, body=b64encode(stream)), fields=("X-MS-Journal-Report:",))
    else:
        raw = mail("X-MS-Journal-Report:", *part, body=b64encode(stream))
    unwrapped = unwrap(raw)
    assert owners(unwrapped) == [("sender", "kim@own.example"), ("to", "lee@own.example")]
    assert unwrapped.flags == REPORT | {Flag.ORIGINAL_MISSING}


@pytest.mark.parametrize(
    "copies", [(examples.CLEAR, examples.CLEAR), (examples.PROTECTED, examples.PROTECTED)]
)
def test_rule_12_without_one_protected_copy_the_first_is_shown(copies: tuple[bytes, bytes]) -> None:
    unwrapped = unwrap(report(REPORT_HEAD, *map(nested, copies)))
    assert unwrapped.shown == 0
    assert Flag.DECRYPTED_BY_EXCHANGE not in unwrapped.flags


def test_rule_15_a_report_without_original_keeps_its_addresses() -> None:
    raw = report(REPORT_HEAD + "To: lee@own.example\r\n")
    unwrapped = unwrap(raw)
    assert unwrapped.flags == REPORT | {Flag.ORIGINAL_MISSING}
    assert unwrapped.shown_bytes(raw) == raw
    assert owners(unwrapped)[1:] == [("to", "lee@own.example")]


def test_rule_16_another_id_inside_is_flagged() -> None:
    other = INNER.replace(b"<one@", b"<two@")
    assert Flag.MESSAGE_ID_DIFFERS in unwrap(report(REPORT_HEAD, nested(other))).flags
    without = INNER.replace(b"Message-ID", b"X-ID")
    assert unwrap(report(REPORT_HEAD, nested(without))).flags == REPORT


def test_rule_17_an_empty_message_id_is_a_report_too() -> None:
    unwrapped = unwrap(
        report("Sender: kim@own.example\r\nMessage-Id:\r\nTo: lee@own.example\r\n", nested(INNER))
    )
    assert unwrapped.flags == REPORT
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.reported_message_id is None


def test_rule_18_ordinary_non_delivery_reports_stay_as_they_are() -> None:
    status = mail("Content-Type: message/delivery-status", body="Action: failed\r\n")
    for parts in ((status,), (status, nested(INNER)), (status, nested(examples.E6))):
        raw = multipart(*parts, kind="report", boundary="_dsn_")
        assert unwrap(raw).flags <= {Flag.FROM_NDR, Flag.JOURNAL_REPORT}
        if parts[-1] != nested(examples.E6):
            assert unwrap(raw).shown_bytes(raw) == raw


def test_rule_18_no_more_than_one_level_is_opened() -> None:
    deep = examples.E6
    for level in range(3):
        deep = multipart(nested(deep), kind="report", boundary=f"_n{level}_")
    assert unwrap(deep).shown_bytes(deep) == deep


@pytest.mark.parametrize("count", [0, 5_000])
def test_rule_20_any_number_of_recipients(count: int) -> None:
    lines = "".join(f"To: user{number}@own.example\r\n" for number in range(count))
    assert len(recipients(lines)) == count


def test_rule_20_recipients_beyond_the_limit_are_suspicious(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECIPIENTS", 2)
    lines = "".join(f"To: user{number}@own.example\r\n" for number in range(3))
    assert Flag.SUSPICIOUS in unwrap(report(REPORT_HEAD + lines, nested(INNER))).flags


def test_a_boundary_may_hold_any_characters() -> None:
    raw = report(REPORT_HEAD, nested(INNER), boundary="=_(.*)+?[x]$^|'")
    assert unwrap(raw).shown_bytes(raw) == INNER


def test_a_missing_closing_boundary_is_tolerated() -> None:
    raw = report(REPORT_HEAD, nested(INNER)).removesuffix(b"\r\n--_jr_--\r\n")
    assert unwrap(raw).shown_bytes(raw) == INNER


def test_lf_only_reports_are_read() -> None:
    raw = report(REPORT_HEAD, nested(INNER)).replace(b"\r\n", b"\n")
    assert unwrap(raw).shown_bytes(raw) == INNER.replace(b"\r\n", b"\n")


def test_a_null_sender_is_the_null_path() -> None:
    for sender in ("<>", ""):
        unwrapped = unwrap(
            report(f"Sender: {sender}\r\nMessage-Id: <x@y>\r\nTo: a@own.example\r\n", nested(INNER))
        )
        assert unwrapped.envelope is not None
        assert unwrapped.envelope.mail_from == ""
        assert owners(unwrapped) == [("to", "a@own.example")]


@pytest.mark.parametrize("name", ["Content-Identifer", "Content-Identifier"])
def test_exchange_2003_reports_list_their_recipients(name: str) -> None:
    text = (
        'Sender: "Kim" kim@own.example\r\nMessage-ID: <one@own.example>\r\nRecipients:\r\n'
        '"Lee, Jo" lee@own.example\r\nMax Berg <max@own.example>\r\n[EX:/o=Own/cn=Ada]\r\n'
    )
    unwrapped = unwrap(report(text, nested(INNER), field=f"{name}: ExJournalReport"))
    assert owners(unwrapped) == [
        ("sender", "kim@own.example"),
        ("recipient", "lee@own.example"),
        ("recipient", "max@own.example"),
        ("recipient", "[ex:/o=own/cn=ada]"),
    ]
    assert unwrapped.flags == REPORT


def test_exchange_2003_lines_without_address_are_suspicious() -> None:
    text = REPORT_HEAD + "Recipients:\r\nplease pay\r\n"
    assert (
        Flag.SUSPICIOUS
        in unwrap(report(text, nested(INNER), field="Content-Identifer: ExJournalReport")).flags
    )


def test_the_report_replaces_the_envelope_of_the_journal_mailbox() -> None:
    unwrapped = unwrap(examples.E1A, Envelope(mail_from="journal@own.example", rcpt_to=()))
    assert unwrapped.envelope is not None
    assert unwrapped.envelope.mail_from == "desk@own.example"


NDR = ("Content-Type: text/plain",)


def bounced(*parts: bytes, boundary: str = "_ndr_") -> bytes:
    """A non-delivery report that returns these parts."""
    status = mail("Content-Type: message/delivery-status", body="Reporting-MTA: dns; x\r\n\r\n")
    return multipart(mail(*NDR, body="failed"), status, *parts, kind="report", boundary=boundary)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_rule_18_an_encoded_report_in_a_non_delivery_report_is_opened(encoding: str) -> None:
    inner = report(REPORT_HEAD + "To: lee@other.example\r\n", nested(INNER))
    body = b64encode(inner) if encoding == "base64" else binascii.b2a_qp(inner, istext=True)
    raw = bounced(nested(body, f"Content-Transfer-Encoding: {encoding}"))
    unwrapped = unwrap(raw)
    assert unwrapped.shown_bytes(raw) == INNER
    assert unwrapped.originals[0].body is None
    assert unwrapped.flags == REPORT | {Flag.FROM_NDR}


def test_rule_18_a_non_delivery_report_may_come_back_itself_but_not_for_ever() -> None:
    inner = report(REPORT_HEAD, nested(INNER))
    once = bounced(nested(inner))
    twice = bounced(nested(once), boundary="_2_")
    assert unwrap(twice).shown_bytes(twice) == INNER
    thrice = bounced(nested(twice), boundary="_3_")
    assert unwrap(thrice).shown_bytes(thrice) == thrice
    assert unwrap(thrice).flags == frozenset()


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/global-headers"])
def test_rule_18_of_a_report_whose_header_alone_came_back_nobody_learns_the_owners(kind: str) -> None:
    head = report(REPORT_HEAD, nested(INNER)).partition(b"\r\n\r\n")[0] + b"\r\n"
    unwrapped = unwrap(bounced(mail(f"Content-Type: {kind}", body=head)))
    assert unwrapped.flags == {Flag.REPORT_UNREADABLE, Flag.FROM_NDR}
    assert (unwrapped.envelope, unwrapped.shown) == (None, None)


def test_rule_18_an_ordinary_non_delivery_report_is_ordinary_mail() -> None:
    assert unwrap(bounced(nested(INNER))).flags == frozenset()
    assert unwrap(bounced(mail("Content-Type: text/rfc822-headers", body=INNER))).flags == frozenset()


def test_is_report_says_what_would_be_opened() -> None:
    inner = report(REPORT_HEAD, nested(INNER))
    assert is_report(inner)
    assert is_report(bounced(nested(inner)))
    assert is_report(examples.E7)
    assert not is_report(INNER)
    assert not is_report(report("no report", nested(INNER)))
