"""From connecting the domain to a member of a group who reads a shared mailbox, in a real browser."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served, search, sign_in
from tests.directory_sample import PASSWORD, make_company
from tests.people import letter, report
from tests.servers import openldap
from tests.servers.openldap import AD_LIKE, OpenLdap

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.server,
    pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed"),
]

MEMBER, STRANGER = "p8@firma.example", "p0@firma.example"
GROUP, BOX = "g-self@firma.example", "box0@firma.example"


@pytest.fixture(scope="module")
def domain() -> Iterator[OpenLdap]:
    company = make_company()
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server:
        yield server


def aside(act: Callable[[], object]) -> None:
    """Do something with the database: not in this thread, whose event loop drives the browser."""

    def closing() -> None:
        try:
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(closing).result()


def enter(served: Served, login: str) -> Page:
    """A browser in which a user of the directory has signed in with the password he has there."""
    page = served.page()
    sign_in(page, served.url, login, PASSWORD)
    return page


def connect(page: Page, served: Served, domain: OpenLdap) -> None:
    """Fill in the settings; nothing is saved yet."""
    page.goto(f"{served.url}/console/")
    page.get_by_role("link", name="Directory", exact=True).click()
    page.get_by_role("link", name="Connect a directory").click()
    expect(page.get_by_role("heading", name="Directory settings")).to_be_visible()
    page.wait_for_load_state()  # before that nobody listens to the choice
    expect(page.get_by_label("Servers")).to_have_count(0)
    page.get_by_label("Users come from").select_option("ad")
    expect(page.get_by_label("Servers")).to_be_visible()
    page.get_by_label("Servers").fill(f"localhost:{domain.port}")
    page.get_by_label("Domain", exact=False).first.fill("firma.example")
    page.get_by_label("User", exact=True).fill(domain.reader)
    page.get_by_label("Password").fill(domain.password)
    page.get_by_text("Certificate of the server", exact=True).click()
    page.get_by_label("Own root certificate").fill(domain.ca_pem)


def test_connect_test_preview_apply_release_and_only_a_member_finds_the_mail(
    served: Served, domain: OpenLdap
) -> None:
    inner = letter("shared", subject="Postfach aller", to=BOX)
    raw = report(inner, recipients=[f"To: {BOX}"], message_id="<shared@customer.example>")
    aside(lambda: served.opened.take(raw))
    page = served.page("otto")
    connect(page, served, domain)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("This directory can be read.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Preview changes").click()
    expect(page.get_by_text("Nothing has been changed.")).to_be_visible()
    page.get_by_role("button", name="Apply these changes").click()
    expect(page.get_by_text("Done:")).to_be_visible()
    aside(served.opened.process)  # the worker assigns what had waited in quarantine

    page.get_by_role("link", name="Archives", exact=True).click()
    page.get_by_label("Name, login or address").fill("box0@")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Postfach 0").click()
    page.get_by_label("Release to").press_sequentially("g-self", delay=30)
    expect(page.locator(f'#readers option[value="{GROUP}"]')).to_have_count(1)
    page.get_by_label("Release to").fill(GROUP)
    page.get_by_label("Reason").fill("Vertretung")
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_text("g-self may read this archive")).to_be_visible()

    member, stranger = enter(served, MEMBER), enter(served, STRANGER)
    search(member, "Postfach")
    expect(member.get_by_role("link", name=re.compile("Postfach aller"))).to_be_visible()
    search(stranger, "Postfach")
    expect(stranger.get_by_text("0 messages")).to_be_visible()

    row = page.get_by_role("row").filter(has_text="g-self")
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The release has ended")).to_be_visible()
    search(member, "Postfach aller")
    expect(member.get_by_text("0 messages")).to_be_visible()
    assert served.complaints == []
    assert served.asked == []


def test_it_all_works_without_scripts(served: Served, domain: OpenLdap) -> None:
    page = served.page("otto", java_script_enabled=False)
    page.goto(f"{served.url}/console/directory/settings/")
    page.get_by_label("Users come from").select_option("ad")
    page.get_by_role("button", name="Show the fields of this directory").click()
    page.get_by_label("Servers").fill(f"localhost:{domain.port}")
    page.get_by_label("User", exact=True).fill(domain.reader)
    page.get_by_label("Password").fill(domain.password)
    page.get_by_text("Certificate of the server", exact=True).click()
    page.get_by_label("Own root certificate").fill(domain.ca_pem)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Please look at the changes")).to_be_visible()
