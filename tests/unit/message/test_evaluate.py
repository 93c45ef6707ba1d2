"""The six header evaluations and the envelope."""

import pytest

from amberpost.errors import UserError
from amberpost.message.evaluate import PREFIXED, addresses, envelope_addresses, parse_mode, without_prefix
from amberpost.message.parse import parse
from amberpost.message.types import (
    Envelope,
    EnvelopeRecipient,
    RecipientKind,
    Redirection,
    RedirectionKind,
)
from tests.unit.message.mail import mail

RAW = mail(
    "Return-Path: <bounce@own.example>",
    "Delivered-To: one@own.example",
    "Delivered-To: two@own.example",
    "Received: from x (envelope-from <kim@own.example>) by y; Tue, 14 Feb 2023 08:41:05 +0000",
    "Received: from z (envelope-from jo@own.example)",
    "Received-SPF: pass envelope-from=ada@own.example;",
    "X-Original-To: Orig@own.example",
    "X-Envelope-To: <a@own.example>, b@own.example",
    "X-Team: team@own.example",
    "From: Kim <kim@own.example>",
    "Sender: desk@own.example",
    "To: a@own.example, A@own.example, undisclosed-recipients:;",
    "Cc: c@own.example",
    "Bcc: d@own.example",
    "Resent-To: e@own.example",
)


def found(mode: str, raw: bytes = RAW) -> list[tuple[str, str]]:
    return [(item.reason, item.address) for item in addresses(raw, parse(raw), mode)]


@pytest.mark.parametrize("mode", ["journal", "header"])
def test_the_header_names_its_people(mode: str) -> None:
    assert found(mode) == [
        ("header_from", "kim@own.example"),
        ("header_sender", "desk@own.example"),
        ("header_to", "a@own.example"),
        ("header_cc", "c@own.example"),
        ("header_bcc", "d@own.example"),
        ("header_resent", "e@own.example"),
    ]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("x-original-to", ["orig@own.example"]),
        ("x-envelope-to", ["a@own.example", "b@own.example"]),
        ("delivered-to", ["one@own.example", "two@own.example"]),
        ("custom:x-team", ["team@own.example"]),
        ("custom:return-path", ["bounce@own.example"]),
        ("custom:envelope-from", ["kim@own.example", "jo@own.example", "ada@own.example"]),
        ("custom:none", []),
    ],
)
def test_a_chosen_field_is_the_only_one_that_counts(mode: str, expected: list[str]) -> None:
    reason = "custom" if mode.startswith("custom:") else mode
    assert found(mode) == [(reason, address) for address in expected]


def test_a_missing_field_gives_nothing() -> None:
    assert (
        found("x-envelope-to", mail("To: a@own.example", "Received: (x-envelope-to <b@own.example>)")) == []
    )


@pytest.mark.parametrize("name", ["to", "sender", "import", "fork", PREFIXED])
def test_the_name_of_a_custom_field_is_never_taken_for_a_reason(name: str) -> None:
    assert found(f"custom:{name}", mail(f"{name}: a@own.example")) == [("custom", "a@own.example")]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Received: from x (envelope-from <a@own.example>)", ["a@own.example"]),
        ("Received: from x (envelope-from a@own.example)", ["a@own.example"]),
        ("Received: from x (envelope-from a@own.example, uid 89)", ["a@own.example"]),
        ("Received: from x (Envelope-From: <A@Own.example>)", ["a@own.example"]),
        ("Received: from x (envelope-from = a@own.example)", ["a@own.example"]),
        ('Received: from x (envelope-from <"a b"@own.example>)', ['"a b"@own.example']),
        ('Received: from x (envelope-from "a, b"@own.example)', ['"a, b"@own.example']),
        ('Received-SPF: pass envelope-from="a@own.example";', ["a@own.example"]),
        ('Received-SPF: pass envelope-from="\\"a b\\"@own.example"', ['"a b"@own.example']),
        ("Received: from x (not-envelope-from <a@own.example>)", []),
        ("Received: from x (envelope-fromage a@own.example)", []),
        ("Received: from x (envelope-from<a@own.example>)", []),
        ("Received: from x (envelope-from kim)", []),
        ("X-Other: (envelope-from <a@own.example>)", []),
        ("Received: (envelope-from <" + '"' * 5001 + "a@own.example>)", []),
    ],
)
def test_a_custom_name_is_found_inside_trace_fields(field: str, expected: list[str]) -> None:
    raw = mail(field, "From: kim@own.example")
    assert [address for _, address in found("custom:envelope-from", raw)] == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("kim@own.example", ()),
        ("mbox-kim@own.example", ("kim@own.example",)),
        ("a-b-kim@own.example", ("b-kim@own.example", "kim@own.example")),
        (
            "a-b-c-d-e-f-g@x.example",
            tuple(f"{rest}@x.example" for rest in ("b-c-d-e-f-g", "c-d-e-f-g", "d-e-f-g", "e-f-g", "f-g")),
        ),
        ("kim-@own.example", ()),
        ("-kim@own.example", ("kim@own.example",)),
        ('"a-b"@own.example', ()),
        ("kim+a@own-firm.example", ()),
        ("jane+caf_=kim=own.example@gmail.example", ("kim@own.example",)),
        ("[ex:/o=own-firm/cn=kim]", ()),
    ],
)
def test_every_hyphen_may_end_a_prefix(address: str, expected: tuple[str, ...]) -> None:
    assert without_prefix(address) == expected


def test_what_is_behind_a_prefix_is_told_apart_and_only_in_delivered_to() -> None:
    raw = mail(
        "Delivered-To: mbox-kim@own.example", "Delivered-To: mbox-jo@own.example", "Delivered-To: jo@own.example",
        "X-Original-To: mbox-kim@own.example",
    )  # fmt: skip
    assert found("delivered-to", raw) == [
        ("delivered-to", "mbox-kim@own.example"),
        ("delivered-to", "mbox-jo@own.example"),
        ("delivered-to", "jo@own.example"),
        (PREFIXED, "kim@own.example"),
    ]
    assert found("x-original-to", raw) == [("x-original-to", "mbox-kim@own.example")]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("journal", "journal"),
        (" Header ", "header"),
        ("X-Envelope-To", "x-envelope-to"),
        ("custom:X-Team", "custom:x-team"),
        ("CUSTOM:Envelope-From", "custom:envelope-from"),
    ],
)
def test_modes_have_one_spelling(text: str, mode: str) -> None:
    assert parse_mode(text) == mode


@pytest.mark.parametrize("text", ["", "custom:", "custom:a b", "custom:x:", "nonsense"])
def test_an_unknown_mode_names_the_allowed_ones(text: str) -> None:
    with pytest.raises(UserError, match="custom:NAME"):
        parse_mode(text)


def test_everybody_in_an_envelope_counts() -> None:
    envelope = Envelope(
        mail_from="Kim@own.example",
        on_behalf_of="boss@own.example",
        rcpt_to=(
            EnvelopeRecipient(
                address="a@own.example",
                kind=RecipientKind.BCC,
                redirections=(
                    Redirection(kind=RedirectionKind.FORWARDED, address="b@own.example"),
                    Redirection(kind=RedirectionKind.EXPANDED, address="c@own.example"),
                ),
            ),
            EnvelopeRecipient(address="d@own.example"),
            EnvelopeRecipient(address=""),
        ),
    )
    assert [(item.reason, item.address) for item in envelope_addresses(envelope)] == [
        ("sender", "kim@own.example"),
        ("on_behalf_of", "boss@own.example"),
        ("bcc", "a@own.example"),
        ("forwarded_from", "b@own.example"),
        ("expanded_from", "c@own.example"),
        ("unknown", "d@own.example"),
    ]
    assert envelope_addresses(Envelope(mail_from=None, rcpt_to=())) == ()
