"""Signing in at Microsoft's page, played by a stand-in, in a real browser."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app.pages import PASSWORD
from tests.browser.conftest import CHROMIUM, OPTIONS, _free_port, _wait_for, sign_in
from tests.microsoft_site import MicrosoftSite, make_site
from tests.opened import Opened, _set_hashers
from tests.people import letter
from tests.processes import kill_all
from tests.servers.microsoft import Microsoft

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Walk:
    url: str
    site: MicrosoftSite
    browser: Browser

    def page(self, **options: object) -> Page:
        context = self.browser.new_context(ignore_https_errors=True, **options)  # type: ignore[arg-type]
        return context.new_page()


@pytest.fixture
def walk(new_opened: Callable[..., Opened]) -> Iterator[Walk]:
    if CHROMIUM is None:
        pytest.skip("no chromium")
    port = _free_port()
    opened = new_opened(listen=f"127.0.0.1:{port}")
    _set_hashers(["django.contrib.auth.hashers.Argon2PasswordHasher"])
    with Microsoft() as microsoft:
        site = make_site(opened, microsoft)
        opened.take(letter(1, to="anna@firma.example", subject="Angebot an Anna"))
        server = opened.commands.start("serve", "--web-only", "--listen", f"127.0.0.1:{port}")
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{url}/health")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
                yield Walk(url, site, browser)
                browser.close()
        finally:
            kill_all(server)


def test_a_person_signs_in_at_microsoft_and_finds_his_mail(walk: Walk) -> None:
    page = walk.page()
    page.goto(f"{walk.url}/search/")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    page.get_by_role("button", name="anna@firma.example").click()
    expect(page.get_by_text("Angebot an Anna").first).to_be_visible()
    assert page.url.startswith(f"{walk.url}/search/"), "where she wanted to go, without the code"
    page.goto(f"{walk.url}/account/")
    expect(page.get_by_text("the account of your company's directory")).to_be_visible()


def test_whoever_is_unknown_or_gives_up_is_told_so_and_the_operator_still_comes_in(walk: Walk) -> None:
    page = walk.page(viewport={"width": 390, "height": 844})
    page.goto(f"{walk.url}/sign-in/")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("you declined")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="gone@firma.example").click()
    expect(page.get_by_role("alert")).to_contain_text("no account in this archive")
    page.get_by_label("Login").fill("otto")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    sign_in(other := walk.page(), walk.url, "otto")
    expect(other.get_by_role("heading", name="Overview")).to_be_visible()
