"""The form of a remote account in a real browser, field by field as in account_fields.py."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.account_fields import (
    ALL,
    EVALUATIONS,
    FIELDS,
    IMAP,
    OAUTH_IMAP,
    PROTOCOL_NAMES,
    REFERENCE,
    Field,
    Value,
)
from tests.browser.conftest import Served
from tests.corpora import shared
from tests.house.tree import ROOT
from tests.people import letter
from tests.servers.certificates import make_certificates
from tests.servers.dovecot import PROGRAM, Dovecot

SECRET_ID = "11111111-2222-3333-4444-555555555555"


# The table itself


def test_every_field_of_the_reference_is_in_the_table() -> None:
    names = {field.name for field in FIELDS}
    assert set(REFERENCE) <= names


@pytest.mark.shared
def test_the_table_is_that_of_the_reference_itself() -> None:
    section = (
        shared("reference/collecting-mail.md").read_text().partition("### 1.3")[2].partition("### 1.4")[0]
    )
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)[1:]
    assert [row.partition(" (")[0] for row in rows] == list(REFERENCE)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_tests_that_show_the_effect_are_there(field: Field) -> None:
    assert field.effects
    for effect in field.effects:
        path, _, name = effect.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in found, effect


# In the browser


def open_form(page: Page, served: Served, protocol: str) -> None:
    page.goto(f"{served.url}/console/sources/add/")
    choose(page, protocol)


def choose(page: Page, protocol: str) -> None:
    # The fields are asked for even if it is the protocol that is shown, and come folded.
    page.locator("#account-fields").evaluate("fields => fields.classList.add('before')")
    page.get_by_label("Protocol", exact=True).select_option(protocol)
    expect(page.locator("#account-fields:not(.before)")).to_have_count(1)
    expect(page.locator("#id_fields_for")).to_have_value(protocol)
    unfold(page)


def unfold(page: Page) -> None:
    folded = page.locator("details.fold:not([open]) > summary")
    while folded.count():
        folded.first.click()


def element(page: Page, label: str) -> Locator:
    return page.locator("#account-form").get_by_label(
        re.compile(rf"^\s*{re.escape(label)}(\s+\(optional\))?\s*$")
    )


def shown(page: Page, label: str) -> Value:
    found = element(page, label)
    return found.is_checked() if found.get_attribute("type") == "checkbox" else found.input_value()


def enter(page: Page, label: str, value: Value) -> None:
    found = element(page, label)
    if isinstance(value, bool):
        found.set_checked(value)
    elif found.evaluate("e => e.tagName") == "SELECT":
        found.select_option(value)
    else:
        found.fill(value)


def labels(page: Page) -> set[str]:
    texts = page.locator("#account-fields label").all_inner_texts()
    return {text.removesuffix(" (optional)").strip() for text in texts}


def fields_of(protocol: str) -> list[Field]:
    return [field for field in FIELDS if protocol in field.protocols]


@pytest.mark.browser
@pytest.mark.slow
def test_each_protocol_shows_its_fields_with_their_defaults_and_keeps_what_is_set(
    served: Served, tmp_path: Path
) -> None:
    page, authority = served.page("otto"), make_certificates(tmp_path).ca_pem
    for protocol in ALL:
        open_form(page, served, protocol)
        # seen only while they count
        enter(page, "Connection security", "none")
        enter(page, "E-mail header evaluation", "custom")
        assert {field.label for field in fields_of(protocol)} == labels(page)
        open_form(page, served, protocol)
        for field in fields_of(protocol):
            assert shown(page, field.label) == field.default_for(protocol), (protocol, field.name)
        for field in fields_of(protocol):
            if field.typed != "" or isinstance(field.typed, bool):
                enter(page, field.label, field.typed)
        enter(page, "Name", PROTOCOL_NAMES[protocol])
        enter(page, "Own root certificate (PEM)", authority)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=PROTOCOL_NAMES[protocol], exact=True)).to_be_visible()
        page.get_by_role("link", name="Change settings").click()
        unfold(page)
        for field in fields_of(protocol):
            if field.is_secret:
                assert shown(page, field.label) == ""
                place = element(page, field.label).locator("xpath=ancestor::div[contains(@class, 'field')]")
                expect(place).to_contain_text("Set on")
            elif field.typed != "" and field.name != "Name":
                assert shown(page, field.label) == field.typed, (protocol, field.name)
    listed = {source["name"]: source for source in served.commands.json("source", "list")["sources"]}
    found = {protocol: listed[PROTOCOL_NAMES[protocol]] for protocol in ALL}
    for protocol in ALL:
        for field in fields_of(protocol):
            if field.is_secret:
                assert found[protocol][field.option], field.name
            elif field.kept is not None and field.name != "Name":
                assert found[protocol][field.option] == field.kept, (protocol, field.name)
    assert "geheim" not in page.content()
    assert served.complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_the_six_header_evaluations_are_offered_and_the_custom_one_shows_its_field(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/console/sources/add/")
    choice = page.get_by_label("E-mail header evaluation")
    assert tuple(choice.locator("option").all_inner_texts()) == EVALUATIONS
    custom = page.get_by_label("Name of the custom header")
    expect(custom).to_be_hidden()
    choice.select_option("custom")
    expect(custom).to_be_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_the_fields_follow_the_protocol_without_a_page_load_and_typed_text_stays(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/console/sources/add/")
    page.evaluate("window.untouched = true")
    enter(page, "Name", "Konto")
    enter(page, "User", "journal@archive.example")
    enter(page, "Password", "typed secret")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.post_data or ""))
    choose(page, "pop3")
    assert shown(page, "Password") == "typed secret"
    choose(page, OAUTH_IMAP)
    assert page.evaluate("window.untouched")
    assert (shown(page, "Name"), shown(page, "User")) == ("Konto", "journal@archive.example")
    assert shown(page, "Server") == "outlook.office365.com"
    expect(element(page, "Password")).to_have_count(0)
    enter(page, "Tenant ID", "firma.example")
    choose(page, IMAP)
    assert (shown(page, "Server"), shown(page, "Connection security")) == ("", "starttls")
    choose(page, OAUTH_IMAP)
    assert shown(page, "Tenant ID") == "firma.example"
    assert not any(
        "typed" in request for request in requests
    )  # a secret travels only when it is saved or tested
    assert served.complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_warnings_stand_beside_the_fields_that_call_for_them(served: Served) -> None:
    served.commands.json("domain", "add", "firma.example")
    page = served.page("otto")
    open_form(page, served, OAUTH_IMAP)
    for label, harmless, alarming, words in (
        ("Connection security", "ssl", "none", "Others can read passwords and mail on the way"),
        ("Keep e-mails on the server", False, True, "The mailbox fills up"),
        ("Client secret", "aB8Q~value", SECRET_ID, "This looks like the Secret ID"),
        ("Client ID", SECRET_ID, "my-app", "A client ID usually is a GUID"),
        ("User", "journal@archive.example", "journal@FIRMA.example", "in one of your own mail domains"),
        ("User", "journal@archive.example", "journal", "With OAuth 2 the user is the address of the mailbox"),
    ):
        warning = page.get_by_text(words)
        for value, is_called in ((harmless, False), (alarming, True), (harmless, False)):
            enter(page, label, value)
            expect(warning).to_be_visible(visible=is_called)
    tick = element(page, "Send the token without encryption anyway")
    expect(tick).to_be_hidden()
    enter(page, "Connection security", "none")
    expect(tick).to_be_visible()
    choose(page, IMAP)
    enter(page, "Server", "outlook.office365.com")
    expect(page.get_by_text("Exchange Online takes no passwords")).to_be_visible()
    assert served.complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_without_scripts_a_button_brings_the_fields_of_the_protocol(served: Served) -> None:
    page = served.page("otto", java_script_enabled=False)
    page.goto(f"{served.url}/console/sources/add/")
    enter(page, "Name", "Konto")
    page.get_by_label("Protocol", exact=True).select_option(OAUTH_IMAP)
    page.get_by_role("button", name="Show the fields of this protocol").click()
    assert shown(page, "Name") == "Konto"
    expect(page.get_by_label("Tenant ID")).to_be_visible()
    assert shown(page, "Connection security") == "ssl"
    page.get_by_label("Protocol", exact=True).select_option("pop3")
    page.get_by_role("button", name="Show the fields of this protocol").click()
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    if PROGRAM is None:
        pytest.skip("Dovecot is not installed")
    with Dovecot() as server:
        server.deposit("journal", [letter(1, subject="Streng geheim")])
        yield server


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.server
def test_what_is_typed_is_tested_and_a_certificate_trusted_before_anything_is_saved(
    served: Served, dovecot: Dovecot
) -> None:
    page = served.page("otto")
    open_form(page, served, IMAP)
    page.get_by_role("button", name="Test connection").click()
    result = page.locator("#probe")
    expect(result).to_contain_text("Server: This field is required.")
    for label, value in (
        ("Server", f"localhost:{dovecot.port}"), ("User", "journal"), ("Password", "journal-password"),
    ):  # fmt: skip
        enter(page, label, value)
    page.get_by_role("button", name="Test connection").click()
    expect(result).to_contain_text("The certificate is not trusted", timeout=60_000)
    expect(result).to_contain_text("Mail cannot be collected yet")
    page.get_by_role("button", name="Trust this certificate").click()
    expect(page.get_by_text("It counts when you save")).to_be_visible()
    assert len(str(shown(page, "Accepted certificate (SHA-256 fingerprint)"))) == 64
    assert shown(page, "Password") == "journal-password"
    expect(result).to_contain_text("Mail can be collected from this account", timeout=60_000)
    expect(result).to_contain_text("no journal report, but an ordinary message")
    assert "geheim" not in page.content()
    assert dovecot.flags("journal") == [""]
    enter(page, "Name", "Journal")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#probe")).to_contain_text("Mail can be collected from this account", timeout=60_000)
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("On the mail server nothing is deleted")).to_be_visible()
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_text("Journal is deleted")).to_be_visible()
    assert dovecot.count("journal") == 1
    assert served.complaints == []


@pytest.mark.browser
@pytest.mark.slow
def test_own_domains_are_added_in_any_form_and_removed(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/console/sources/")
    for typed in ("Firma.Example", "bücher.example", "no domain"):
        page.get_by_label("Domain", exact=True).fill(typed)
        page.get_by_role("button", name="Add domain").click()
    expect(page.get_by_text("This is not a mail domain")).to_be_visible()
    assert served.commands.json("domain", "list")["domains"] == ["firma.example", "xn--bcher-kva.example"]
    expect(page.get_by_text("bücher.example").first).to_be_visible()
    page.get_by_role("button", name="Remove firma.example").click()
    expect(page.get_by_text("firma.example is no longer one of your own domains")).to_be_visible()
    assert served.commands.json("domain", "list")["domains"] == ["xn--bcher-kva.example"]
