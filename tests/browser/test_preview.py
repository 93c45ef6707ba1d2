"""The preview of the header evaluations in a real browser: pasted, uploaded, too large, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Served
from tests.people import letter, report

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINES = ["To: alice@firma.example", "Bcc: bob@firma.example"]


def test_a_pasted_report_shows_its_people_and_their_archives(served: Served) -> None:
    page = served.page("otto")
    page.goto(f"{served.url}/console/sources/")
    page.get_by_role("link", name="Try the header evaluation").click()
    page.get_by_label("or its source, pasted").fill(report(letter(7), recipients=LINES).decode())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="A journal report")).to_be_visible()
    row = page.get_by_role("row", name="Journal report (envelope)")
    expect(row).to_contain_text("bob@firma.example")
    expect(row.get_by_role("cell").last).to_have_text("alicebob")
    expect(page.get_by_role("row", name="X-Original-To")).to_contain_text("quarantine")
    assert served.complaints == []


def test_a_file_is_taken_up_to_its_limit_and_beyond_it_says_so(served: Served, tmp_path: Path) -> None:
    page = served.page("otto")
    file = tmp_path / "mail.eml"
    for size, is_taken in ((300_000, True), (1024 * 1024 + 1, False), (9_000_000, False)):
        file.write_bytes(letter(8).ljust(size, b"x"))
        page.goto(f"{served.url}/console/sources/preview/")
        page.get_by_label("Message as a file").set_input_files(file)
        page.get_by_role("button", name="Show").click()
        expected = "An ordinary message" if is_taken else "too large for the preview"
        expect(page.get_by_text(expected)).to_be_visible()


def test_a_phone_shows_it_without_scrolling_sideways(served: Served) -> None:
    page = served.page("otto", viewport={"width": 390, "height": 844})
    page.goto(f"{served.url}/console/sources/preview/")
    page.get_by_label("or its source, pasted").fill(report(letter(7), recipients=LINES).decode())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="A journal report")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
