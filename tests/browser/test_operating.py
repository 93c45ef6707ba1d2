"""An operator's first hour in a real browser: set-up link, a user, a source."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORD = "correct horse battery staple"


def test_from_the_setup_link_to_a_new_user_who_chooses_a_password(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.url}/setup/{served.setup_token}/")
    page.get_by_label("Login").fill("oda")
    page.get_by_label("New password").fill(WORD)
    page.get_by_label("Repeat").fill(WORD)
    page.get_by_role("button", name="Create this operator").click()
    expect(page.get_by_role("heading", name="Set up the archive")).to_be_visible()
    page.get_by_role("link", name="Leave the assistant").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("link", name="E-mail accounts").click()
    page.get_by_role("link", name="Add user").click()
    page.get_by_label("Login").fill("eva")
    page.get_by_label("E-mail addresses").fill("eva@firma.example")
    page.get_by_role("button", name="Add user").click()
    once = page.locator("#once").inner_text()

    other = served.page()
    sign_in(other, served.url, "eva", once)
    expect(other.get_by_role("heading", name="Change password")).to_be_visible()
    other.get_by_label("Present password").fill(once)
    other.get_by_label("New password").fill(WORD + " 2")
    other.get_by_label("Repeat").fill(WORD + " 2")
    other.get_by_role("button", name="Change password").click()
    expect(other.get_by_text("There is no mail in your archive yet")).to_be_visible()
    assert served.complaints == []


def test_an_operator_who_follows_a_link_to_a_message_sees_nothing(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/m/0/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
