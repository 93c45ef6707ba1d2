"""The six header evaluations and the envelope."""

import pytest

from amberpost.errors import UserError
from amberpost.message.evaluate import addresses, envelope_addresses, parse_mode
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
