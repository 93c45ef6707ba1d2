"""From an empty data folder to the first archived message, in a real browser, with a real mail server."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.archive import Archive
from tests.browser.conftest import _free_port, _wait_for
from tests.people import ALICE, letter, report
from tests.processes import kill_all
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.slow]

WORD = "correct horse battery staple"
MOST = 40
PATIENCE = 60_000  # milliseconds; other people's tests run on the same machine


@dataclass
class Hand:
    """A person at the browser: each click and each field he fills is counted."""

    page: Page
    acts: int = 0

    def click(self, what: Locator) -> None:
        self.acts += 1
        what.click(timeout=PATIENCE)

    def fill(self, what: Locator, text: str) -> None:
        self.acts += 1
        what.fill(text, timeout=PATIENCE)

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True))

    def field(self, name: str, text: str) -> None:
        self.fill(self.page.locator(f"#id_{name}"), text)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=PATIENCE)


GERMAN = {
    "locale": "de-DE", "make": "Administrator anlegen", "begin": "Beginnen", "continue": "Weiter",
    "add users": "Benutzer hinzufügen", "other": "Anderes Postfach", "save": "Speichern",
    "skip": "Vorerst überspringen", "start": "Starten", "overview": "Übersicht", "copy": "Ich habe eine Kopie",
    "message": "1 Nachricht", "begun": "Der Abruf hat begonnen",
}  # fmt: skip
ENGLISH = {
    "locale": "en-GB", "make": "Create this operator", "begin": "Begin", "continue": "Continue",
    "add users": "Add users", "other": "Other mailbox", "save": "Save", "skip": "Skip for now", "start": "Start",
    "overview": "Overview", "copy": "I have a copy", "message": "1 message", "begun": "Collecting has begun",
}  # fmt: skip


@pytest.fixture
def journal() -> Iterator[Dovecot]:
    with Dovecot(users={"journal": "journal-password"}) as server:
        server.deposit("journal", [report(letter(1), recipients=[f"To: {ALICE.address}"])])
        yield server


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[[str], Page]]:
    yield lambda locale: chromium.new_context(locale=locale).new_page()
    for context in chromium.contexts:
        context.close()


@pytest.mark.parametrize("words", [ENGLISH, GERMAN], ids=["English", "German"])
def test_from_an_empty_folder_to_the_first_message_in_under_forty_acts(
    tmp_path: Path, journal: Dovecot, new_page: Callable[[str], Page], words: dict[str, str]
) -> None:
    archive = Archive(data=tmp_path / "archive").init()
    port = _free_port()
    said = tmp_path / "said"
    with said.open("wb") as errors:
        server = archive.start("serve", "--listen", f"127.0.0.1:{port}", errors=errors)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health")
        hand = Hand(new_page(words["locale"]))
        hand.page.goto(_setup_link(said))
        _walk(hand, words, journal)
        _wait_for_the_message(hand, words)
        assert hand.acts < MOST
        print(f"{words['locale']}: {hand.acts} clicks and fields")
        assert len(archive.found("alice", "")) == 1
        assert journal.count("journal") == 0
    finally:
        kill_all(server)


def _walk(hand: Hand, words: dict[str, str], journal: Dovecot) -> None:
    hand.field("login", "otto")
    hand.field("password", WORD)
    hand.field("again", WORD)
    hand.button(words["make"])
    hand.button(words["begin"])
    hand.field("name", "Firma GmbH")
    hand.button(words["continue"])
    hand.click(hand.page.get_by_label(re.compile(words["copy"])))
    hand.button(words["continue"])
    hand.field("people", f"Alice Ahrens <{ALICE.address}>")
    hand.button(words["add users"])
    hand.link(words["continue"])
    expect(hand.page.locator("#id_domains")).to_have_value("firma.example", timeout=PATIENCE)
    hand.button(words["continue"])
    hand.link(words["other"])
    hand.field("name", "Journal")
    hand.field("server", f"localhost:{journal.port}")
    hand.field("user", "journal")
    hand.field("password", "journal-password")
    fold = hand.page.locator("details:has(#id_ca_pem):not([open]) > summary")
    if fold.count():
        hand.click(fold)
    hand.field("ca_pem", journal.ca_pem)
    hand.button(words["save"])
    hand.button(words["continue"])
    hand.button(words["skip"])
    expect(hand.page).to_have_title(re.compile("Firma GmbH"))
    hand.button(words["start"])
    hand.sees(words["overview"])
    expect(hand.page.get_by_text(words["begun"])).to_be_visible(timeout=PATIENCE)


def _wait_for_the_message(hand: Hand, words: dict[str, str]) -> None:
    """The page looks by itself while the first run is under way."""
    shown = hand.page.locator(".say").filter(has_text=words["message"])
    for _ in range(30):
        with suppress(AssertionError):
            expect(shown).to_be_visible(timeout=4000)
            return
        hand.acts += 1
        hand.page.reload()
    raise AssertionError(hand.page.content())


def _setup_link(said: Path) -> str:
    found = re.search(r"http\S+/setup/\S+", said.read_text())
    assert found, said.read_text()
    return found[0]
