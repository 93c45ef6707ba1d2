"""A reader at work: with keys, without scripts, on a phone, and with mail that means harm."""

import pytest
from playwright.sync_api import expect

from tests.app.pages import ALICES_MAIL, SECRET
from tests.browser.conftest import Served, search

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_a_word_is_found_opened_and_downloaded_by_keys_alone(served: Served) -> None:
    page = served.page("alice")
    page.keyboard.press("/")
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/*/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#pane h1")).to_have_text(f"Angebot {SECRET}")
    expect(page.locator(".hit[aria-current]")).to_have_count(1)
    assert "open=" in page.url
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.path().read_bytes() == ALICES_MAIL
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator("pre.source")).to_contain_text("MIME-Version: 1.0")
    assert served.complaints == []


def test_a_long_list_is_walked_and_going_back_works(served: Served) -> None:
    page = served.page("alice")
    search(page, "Lieferung")
    first = page.locator(".hit").first
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#pane .message")).to_be_visible()
    page.go_back()
    expect(page.locator("#pane .message")).to_have_count(0)
    expect(page.locator(".hit")).to_have_count(6)
    assert served.complaints == []


def test_nothing_of_a_mail_is_kept_by_the_browser(served: Served) -> None:
    page = served.page("alice")
    search(page, "Lieferung")
    page.locator(".hit").first.click()
    expect(page.locator("#pane .message")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Lieferung" not in kept
    assert len(kept) < 200, "at most the address of the page"


def test_everything_works_without_scripts(served: Served) -> None:
    page = served.page("alice", java_script_enabled=False)
    page.get_by_role("searchbox").fill(SECRET)
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".hit").click()
    expect(page.locator("#pane h1")).to_have_text(f"Angebot {SECRET}")
    page.get_by_role("link", name="Plain text").click()
    expect(page.locator("#pane pre")).to_contain_text(SECRET)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_phone_shows_one_pane_at_a_time(served: Served) -> None:
    page = served.page("alice", **PHONE)
    page.locator(".hit").first.click()
    expect(page.locator("#pane .message")).to_be_visible()
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("link", name="List").click()
    expect(page.locator(".list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_bcc_recipient_finds_the_mail_and_a_stranger_does_not(served: Served) -> None:
    for login, count in (("bob", 1), ("alice", 1), ("charlie", 0)):
        page = served.page(login)
        search(page, "Vertraulich")
        expect(page.locator(".hit")).to_have_count(count)


def test_the_message_is_shown_in_its_frame_with_its_own_picture(served: Served) -> None:
    page = served.page("alice")
    page.goto(f"{served.url}/m/0/")
    frame = page.frame_locator("iframe.mail")
    expect(frame.locator("body")).to_contain_text(SECRET)
    assert frame.locator('img[src^="data:image/png"]').count() == 1
    assert served.asked == []


def test_mail_that_means_harm_runs_and_fetches_nothing(served: Served) -> None:
    page = served.page("alice")
    search(page, "Falle")
    page.locator(".hit").click()
    expect(page.frame_locator("iframe.mail").locator("body")).to_contain_text("Harmloser Text")
    page.wait_for_timeout(1500)
    assert served.asked == []
    assert "pwned" not in page.title()
    assert page.url.startswith(served.url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_chosen_appearance_beats_that_of_the_device(served: Served, scheme: str) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    page = served.page("alice", color_scheme=other)
    page.goto(f"{served.url}/account/")
    page.get_by_label("Appearance").select_option(scheme)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_be_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(251, 250, 248)") == (scheme == "light")


def test_the_pages_speak_german_with_those_who_want_it(served: Served) -> None:
    page = served.page("alice")
    page.goto(f"{served.url}/account/")
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ihre Einstellungen")).to_be_visible()
