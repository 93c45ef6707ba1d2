"""A form sent after the end of the session: whoever signs in again finds what they had typed, but no secrets."""

import pytest
from playwright.sync_api import Page, expect

from tests.app.pages import PASSWORD
from tests.browser.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRET = "hidden-in-amber-7"
KEPT = "sessionStorage.getItem('amberpost-late') || ''"


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="amberpost")


def sign_in_here(page: Page, login: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def test_words_typed_too_late_are_there_again_after_signing_in_and_secrets_are_not(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/console/sources/add/?kind=other")
    page.get_by_label("Protocol").select_option("oauth-imap")
    expect(page.get_by_label("Tenant ID")).to_be_visible()  # the fields of a protocol come with it
    page.get_by_label("Name", exact=True).fill("Journal für alle")
    page.get_by_label("User", exact=True).fill("journal@example.com")
    page.get_by_label("Tenant ID").fill("example.com")
    page.get_by_label("Client ID").fill("01234567-89ab-cdef-0123-456789abcdef")
    page.get_by_label("Client secret", exact=False).first.fill(SECRET)
    page.get_by_label("Keep e-mails on the server").check()
    end_session(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your session had ended")).to_be_visible()
    assert "Journal für alle" in page.evaluate(KEPT)
    assert SECRET not in page.evaluate(KEPT)

    page.get_by_label("Login").fill("otto")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()  # a mistyped password forgets nothing
    sign_in_here(page, "otto")

    expect(page.get_by_text("What you had typed is here again")).to_be_visible()
    expect(page.get_by_label("Protocol")).to_have_value("oauth-imap")
    expect(page.get_by_label("Client ID")).to_have_value("01234567-89ab-cdef-0123-456789abcdef")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Journal für alle")
    expect(page.get_by_label("Keep e-mails on the server")).to_be_checked()
    expect(page.get_by_label("Client secret", exact=False).first).to_have_value("")
    assert page.evaluate(KEPT) == "", "told once"
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    assert [text for text in served.complaints if "401" not in text] == []  # of the mistyped password


def test_nobody_else_finds_the_words_and_a_form_that_was_taken_leaves_none(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/account/")
    page.get_by_label("Name").fill("Otto der Zweite")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your settings are saved")).to_be_visible()
    assert page.evaluate(KEPT) == ""

    page.get_by_label("Name").fill("Otto der Dritte")
    end_session(page)
    page.get_by_role("button", name="Save").click()
    sign_in_here(page, "alice")
    expect(page.get_by_label("Name")).not_to_have_value("Otto der Dritte")
    assert page.evaluate(KEPT) == ""


def test_a_form_whose_token_another_window_outdated_keeps_its_words_too(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/account/")
    page.get_by_label("Name").fill("Otto der Vierte")
    end_session(page)
    other = page.context.new_page()
    other.goto(f"{served.url}/sign-in/")
    sign_in_here(other, "otto")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This form is no longer valid")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Name")).to_have_value("Otto der Vierte")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your settings are saved")).to_be_visible()
