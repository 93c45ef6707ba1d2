"""Only the browser knows where it is: its time zone is offered once, and chosen beforehand in the assistant."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_zone_of_the_browser_is_offered_and_asked_about_once(served: Served) -> None:
    at_home = served.page("otto", timezone_id="UTC")
    expect(at_home.get_by_role("heading", name="Overview")).to_be_visible()
    expect(at_home.locator("#zone-offer")).to_be_hidden()
    page = served.page("otto", timezone_id="America/New_York")
    offer = page.locator("#zone-offer")
    expect(offer).to_contain_text("Your browser says America/New York. Use it for the archive?")
    page.goto(f"{served.url}/console/assistant/1/")
    expect(page.locator("#id_time_zone")).to_have_value("America/New_York")
    page.goto(f"{served.url}/console/")
    offer.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Times are shown in the time zone America/New York.")).to_be_visible()
    expect(offer).to_have_count(0)
    assert served.complaints == []
