"""Values of an operator in PowerShell commands: nothing in them is ever run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amberpost.console.guides.commands import exchange_mailbox, microsoft_access, microsoft_journal
from amberpost.console.guides.powershell import line, quoted

SINGLE = "'\u2018\u2019\u201a\u201b"  # what PowerShell takes for a single quote
VALUES = {
    "rule_name": "O'Neill; Remove-Mailbox",
    "journal_address": "journal@archive.example",
    "undeliverable_address": "ndr@other.example",
    "mailbox": "journal@tenant.example",
    "tenant": "tenant.example",
    "app_id": "11111111-2222-3333-4444-555555555555",
    "object_id": "66666666-7777-8888-9999-aaaaaaaaaaaa",
}


def read_literal(text: str) -> tuple[str, str]:
    """A single-quoted text as PowerShell's tokenizer reads it, and what follows it."""
    assert text[0] in SINGLE
    value, at = "", 1
    while at < len(text):
        if text[at] in SINGLE:
            if at + 1 == len(text) or text[at + 1] not in SINGLE:
                return value, text[at + 1 :]
            at += 1
        value += text[at]
        at += 1
    raise AssertionError("never closed")


@pytest.mark.parametrize("quote", SINGLE)
def test_each_quote_that_powershell_knows_is_doubled(quote: str) -> None:
    assert quoted(f"a{quote}b") == f"'a{quote}{quote}b'"


@given(st.text())
def test_any_text_is_one_literal_and_nothing_behind_it(text: str) -> None:
    value, rest = read_literal(quoted(text))
    assert rest == ""
    assert value == "".join(letter for letter in text if letter.isprintable())


def test_a_line_break_begins_no_second_command() -> None:
    assert "\n" not in line("New-JournalRule", [("Name", "a\nRemove-Mailbox b\r\u2028c\x00")])


def test_the_journal_rule_is_switched_on_for_everybody_and_everything() -> None:
    text = microsoft_journal(VALUES).text
    rule = next(one for one in text.splitlines() if one.startswith("New-JournalRule"))
    assert rule == (
        "New-JournalRule -Name 'O''Neill; Remove-Mailbox' -JournalEmailAddress 'journal@archive.example' "
        "-Scope Global -Enabled $true"
    )
    assert "-Recipient" not in text
    lines = text.splitlines()
    assert lines.index("Set-TransportConfig -JournalingReportNdrTo 'ndr@other.example'") < lines.index(rule)


def test_the_application_gets_one_mailbox_by_its_object_id() -> None:
    lines = microsoft_access(VALUES).text.splitlines()
    assert (
        "New-ServicePrincipal -AppId '11111111-2222-3333-4444-555555555555' "
        "-ObjectId '66666666-7777-8888-9999-aaaaaaaaaaaa' -DisplayName 'Amberpost'" in lines
    )
    assert (
        "Add-MailboxPermission -Identity 'journal@tenant.example' "
        "-User '66666666-7777-8888-9999-aaaaaaaaaaaa' -AccessRights FullAccess" in lines
    )


def test_what_is_not_given_yet_stands_as_a_placeholder() -> None:
    text = microsoft_access(dict.fromkeys(VALUES, "")).text
    assert "'<object ID>'" in text
    assert "''" not in text


def test_exact_sizes_need_both_switches_of_exchange() -> None:
    text = exchange_mailbox(VALUES).text
    assert "-ImapUseProtocolDefaults $false -ImapEnableExactRFC822Size $true" in text
