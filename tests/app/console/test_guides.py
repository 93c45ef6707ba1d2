"""The guides: commands from the operator's own values, warnings, and check lists that tick themselves off."""

import html
import re
from datetime import timedelta

import pytest

from amberpost.clock import now
from amberpost.console.guides.checks import check_list
from amberpost.console.guides.warnings import microsoft_warnings
from amberpost.sources.models import OwnDomain, Source, SourceStatus
from tests.app.pages import Site, text
from tests.people import letter, report

GUIDES = ("microsoft-365", "exchange", "postfix", "google")
MICROSOFT = "/console/guides/microsoft-365/"
APP, OBJECT = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-aaaaaaaaaaaa"
VALUES = {
    "journal_address": "journal@archive.example",
    "undeliverable_address": "ndr@archive.example",
    "rule_name": "O'Neill's rule",
    "mailbox": "journal@tenant.example",
    "tenant": "tenant.example",
    "app_id": APP,
    "object_id": OBJECT,
}


def page(site: Site, path: str = MICROSOFT, **values: str) -> str:
    if values:
        answer = site.client("otto").post(path, values)
        assert answer.status_code in {200, 302}
        if answer.status_code == 200:
            return html.unescape(text(answer))
    return html.unescape(text(site.client("otto").get(path)))


# Values and commands


def test_the_values_of_the_form_stand_in_the_commands(site: Site) -> None:
    shown = page(site, **VALUES)
    assert (
        "New-JournalRule -Name 'O''Neill''s rule' -JournalEmailAddress 'journal@archive.example' "
        "-Scope Global -Enabled $true" in shown
    )
    assert f"New-ServicePrincipal -AppId '{APP}' -ObjectId '{OBJECT}'" in shown
    assert f"Add-MailboxPermission -Identity 'journal@tenant.example' -User '{OBJECT}'" in shown


def test_values_stay_for_the_session_and_are_nobody_elses(site: Site) -> None:
    page(site, **VALUES)
    assert "journal@archive.example" in page(site)
    assert "journal@archive.example" in page(site, "/console/guides/exchange/")
    assert "journal@archive.example" not in text(site.fresh("otto").get(MICROSOFT))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule_name", "x" * 65),
        ("app_id", "'; Remove-Mailbox"),
        ("object_id", "1234"),
        ("tenant", "a b"),
        ("journal_address", "no address"),
        ("undeliverable_address", "'@"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(site: Site, field: str, value: str) -> None:
    shown = page(site, **{**VALUES, field: value})
    assert 'class="field wrong"' in shown
    assert "Remove-Mailbox" not in page(site)


def test_a_rule_name_of_64_letters_is_allowed(site: Site) -> None:
    assert f"-Name '{'x' * 64}'" in page(site, **{**VALUES, "rule_name": "x" * 64})


def test_an_account_that_is_there_fills_the_form(site: Site) -> None:
    Source.objects.create(
        name="Journal",
        protocol="oauth-imap",
        user="box@tenant.example",
        tenant_id="tenant.example",
        client_id=APP,
        server="outlook.office365.com",
    )
    shown = page(site)
    assert "-Identity 'box@tenant.example'" in shown
    assert f"-AppId '{APP}'" in shown


def test_every_text_to_copy_has_its_button_and_is_there_without_scripts(site: Site) -> None:
    for name in ("microsoft-365", "exchange", "postfix", "google"):
        shown = page(
            site, f"/console/guides/{name}/", journal_address="journal@archive.example", rule_name="A"
        )
        buttons = re.findall(r'data-copy="([^"]+)"', shown)
        fields = re.findall(r'<pre id="([^"]+)">', shown)
        assert buttons, name
        assert buttons == fields
        assert len(set(fields)) == len(fields)


def test_the_postfix_lines_name_the_journal_and_strip_the_note_everywhere_else(site: Site) -> None:
    shown = page(site, "/console/guides/postfix/", journal_address="journal@archive.example")
    assert "always_bcc = journal@archive.example" in shown
    assert "/^(.+@.+)$/ PREPEND X-Envelope-To: <$1>" in shown
    assert "smtp_header_checks = regexp:/etc/postfix/envelope-strip" in shown
    assert "lmtp_header_checks = regexp:/etc/postfix/envelope-strip" in shown


def test_the_portal_steps_have_microsofts_labels_and_the_values_of_the_form(site: Site) -> None:
    shown = page(site, **VALUES)
    for step in (
        "Microsoft Purview, Settings, Data lifecycle management, Exchange (legacy)",
        "Microsoft Purview, Solutions, Data lifecycle management, Exchange (legacy), Journal rules, New rule",
        "Send undeliverable journal reports to",
    ):
        assert step in shown
    for label, value in (
        ("Send journal reports to", "journal@archive.example"),
        ("Journal rule name", "O'Neill's rule"),
        ("Journal messages sent or received from", "Everyone"),
        ("Type of message to journal", "All messages"),
    ):
        plain = shown.replace(' lang="en"', "")
        assert f'<th scope="row">{label}</th><td>{value}</td>' in plain
    assert shown.index("Send undeliverable journal reports to") < shown.index("New rule")
    assert "not the journal address itself" in shown
    assert "limit of external recipients" in shown
    assert "default domain" in shown


def test_the_guide_says_how_notifications_go_out_without_a_password(site: Site) -> None:
    shown = page(site)
    assert "SMTP.SendAsApp" in shown
    assert "smtp.office365.com" in shown
    assert "-SmtpClientAuthenticationDisabled $false" in shown
    assert "end of December 2026" in shown


def test_assistant_and_guide_ask_the_same_question_first(site: Site) -> None:
    guide = page(site)
    assistant = html.unescape(text(site.client("otto").get("/console/assistant/5/")))
    for words in (
        "Where is the journal mailbox?",
        "Never in Exchange Online of the tenant that is journaled",
    ):
        assert words in guide
        assert words in assistant
    for place, protocol in (
        ("At a provider", "imap"),
        ("On a mail server of your own", "imap"),
        ("In another Microsoft 365 tenant", "oauth-imap"),
    ):
        for shown in (guide, assistant):
            assert re.search(f'kind=microsoft-365&protocol={protocol}">{place}<', shown)


# Warnings


def warnings(own: frozenset[str] = frozenset(), **changes: str) -> str:
    return " ".join(microsoft_warnings({**VALUES, **changes}, own))


def test_a_journal_address_in_the_tenant_is_warned_of(site: Site) -> None:
    OwnDomain.objects.create(name="archive.example")
    assert "one of your own mail domains. Exchange Online cannot" in page(site, **VALUES)
    assert warnings() == ""


def test_nothing_is_warned_of_before_anything_was_typed(site: Site) -> None:
    assert 'class="note error"' not in page(site)
    assert 'class="note error"' not in page(site, rule_name="Amberpost")
    assert 'class="note error"' in page(
        site, journal_address="journal@archive.example", rule_name="Amberpost"
    )


def test_each_warning_has_its_reason() -> None:
    assert "belongs to another tenant" in warnings(journal_address="a@firma.onmicrosoft.com")
    assert "is lost" in warnings(undeliverable_address="")
    assert "out of order" in warnings(undeliverable_address="Journal@archive.example")
    assert "nobody may work with it" in warnings(
        frozenset({"firma.example"}), undeliverable_address="ndr@firma.example"
    )
    assert "another value" in warnings(object_id=APP)


# Check list


def journal(site: Site) -> Source:
    return Source.objects.get(pk=site.opened.mailbox)


@pytest.fixture
def exchange_journal(site: Site) -> Source:
    """The account of the site, which gets its reports from Microsoft 365."""
    Source.objects.filter(pk=site.opened.mailbox).update(mail_system="microsoft-365")
    return journal(site)


def ticked(site: Site) -> list[str]:
    return [check.text for check in check_list(journal(site)).checks if check.at]


def test_the_check_list_ticks_what_the_archive_has_seen(site: Site, exchange_journal: Source) -> None:
    OwnDomain.objects.create(name="firma.example")
    assert ticked(site) == ["First message from outside"]
    SourceStatus.objects.update_or_create(source=journal(site), defaults={"first_login_at": now()})
    site.opened.take(report(letter(9), recipients=["To: alice@firma.example", "Bcc: bob@firma.example"]))
    assert ticked(site) == [
        "First sign-in at the mailbox",
        "First journal report",
        "First message from outside",
        "First recipient in Bcc",
    ]
    shown = page(site)
    assert shown.count('<li class="done">') == 4
    assert "4 / 6" in shown


def test_the_token_is_a_line_of_oauth_accounts_only(site: Site) -> None:
    source = journal(site)
    assert "First token from Microsoft" not in [check.text for check in check_list(source).checks]
    source.protocol = "oauth-imap"
    assert check_list(source).checks[0].text == "First token from Microsoft"


def test_a_guide_lists_the_accounts_of_its_mail_system(site: Site) -> None:
    Source.objects.create(name="Kopien", server="imap.firma.example", user="k", mail_system="postfix")
    Source.objects.create(name="Berichte", server="imap.firma.example", user="b", mail_system="microsoft-365")
    listed = {name: "Kopien" in page(site, f"/console/guides/{name}/") for name in GUIDES}
    assert listed == {"microsoft-365": False, "exchange": False, "postfix": True, "google": False}
    listed = {name: "Berichte" in page(site, f"/console/guides/{name}/") for name in GUIDES}
    assert listed == {"microsoft-365": True, "exchange": False, "postfix": False, "google": False}
    everything = page(site, "/console/guides/")
    assert "Kopien" in everything
    assert "Berichte" in everything


def test_an_ordinary_account_never_waits_for_a_journal_report(site: Site) -> None:
    source = journal(site)  # with the evaluation an account begins with
    assert (source.evaluation, source.mail_system) == ("journal", "other")
    assert "First journal report" not in [check.text for check in check_list(source).checks]
    assert check_list(source).self_test.text != "No journal report has come yet."
    assert "journal report" not in text(site.client("otto").get("/console/guides/"))
    site.opened.take(report(letter(9)))
    assert "First journal report" in ticked(site)


def test_an_account_without_reports_is_not_asked_for_them(site: Site) -> None:
    source = journal(site)
    source.evaluation = "x-envelope-to"
    texts = [check.text for check in check_list(source).checks]
    assert "First journal report" not in texts
    assert "First recipient in Bcc" not in texts


def test_the_self_test_tells_silence_for_more_than_the_hours_of_the_account(
    site: Site, exchange_journal: Source
) -> None:
    source = exchange_journal
    assert check_list(source).self_test.state == "waiting"
    site.opened.take(report(letter(9)))
    assert check_list(source).self_test.state == "well"
    status = SourceStatus.objects.get(source=source)
    late = (now() - timedelta(hours=73)).isoformat()
    # every other line is ticked, so that the archive does not look for the newest report again
    kinds = ("journal_report", "incoming", "outgoing", "internal", "bcc", "last_report")
    SourceStatus.objects.filter(pk=status.pk).update(evidence=dict.fromkeys(kinds, late))
    test = check_list(source).self_test
    assert (test.state, test.text) == ("alarm", "No journal report for 72 hours.")
    assert "No journal report for 72 hours." in page(site)
    source.silence_hours = 0
    assert check_list(source).self_test.state == "off"


def test_a_page_that_looks_by_itself_keeps_no_session_alive(site: Site) -> None:
    client = site.fresh("otto")
    session = client.session
    session["seen_at"] -= 10 * 60 * 1000
    session.save()
    before = client.session["seen_at"]
    client.get(MICROSOFT, headers={"Amberpost-Poll": "yes"})
    assert client.session["seen_at"] == before
    client.get(MICROSOFT)
    assert client.session["seen_at"] > before
