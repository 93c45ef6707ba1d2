"""An operator sets up notifications in a real browser and sees where a test message fails and that it arrives."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.servers.smtp import relay

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_from_the_first_setting_to_a_test_message_that_arrives(served: Served) -> None:
    page = served.page("otto")
    page.get_by_role("link", name="Notifications").click()
    expect(page.get_by_text("Nobody is notified yet")).to_be_visible()
    with relay() as (mailbox, port):
        page.get_by_label("Recipients").fill("otto@firma.example")
        page.get_by_label("Mail relay").fill(f"localhost:{port}")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Send a test message").click()
        expect(page.get_by_text("E-mail, Securing the connection: The server does not offer")).to_be_visible()
        page.get_by_label("Connection security").select_option("none")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Send a test message").click()
        expect(page.get_by_text("The mail relay took the test message")).to_be_visible()
    assert len(mailbox.messages) == 1
    assert served.complaints == []
