"""axe-core over every page, light and dark, wide and narrow: no WCAG 2.2 AA violation."""

from importlib.resources import files

import pytest
from playwright.sync_api import Page

from tests.app.pages import SECRET
from tests.browser.conftest import Served, search

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
READER = ["/search/", "/search/?open=0", "/m/0/", "/m/0/?view=headers", "/m/0/?view=source", "/m/0/print",
          "/m/9/", "/m/9/print", "/m/9/print?view=text", "/account/", "/account/password/", "/console/",
          "/m/77777/"]  # fmt: skip
OPERATOR = ["", "accounts/", "accounts/add/", "accounts/1/", "directory/", "directory/settings/",
            "directory/settings/?kind=ad", "archives/", "archives/1/", "archives/add/", "sources/", "sources/add/",
            "sources/add/?protocol=oauth-imap", "sources/2/", "sources/2/edit/", "sources/2/remove/",
            "sources/preview/", "notices/", "quarantine/", "jobs/", "audit/", "integrity/", "system/",
            "system/configuration/", "guides/", "guides/microsoft-365/", "guides/exchange/", "guides/postfix/",
            "guides/google/", *(f"assistant/{step}/" for step in range(8)),
            "sources/add/?from=assistant&kind=microsoft-365"]  # fmt: skip


@pytest.fixture(scope="module")
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


LOOKS = [(1280, "light"), (390, "dark")]  # each width and each set of colours


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds on the page as it is loaded, in each look. What a mail says is its sender's."""
    page.evaluate(axe)
    found = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        result = page.evaluate(f"axe.run({{exclude: [['div.mail']]}}, {{runOnly: {RULES}, iframes: false}})")
        found += [
            f"{page.url} {width} {scheme} {v['id']}: {v['nodes'][0]['html'][:120]}"
            for v in result["violations"]
        ]
    return found


def test_a_visitor_meets_no_barrier(served: Served, axe: str) -> None:
    page = served.page(bypass_csp=True)
    page.goto(f"{served.url}/sign-in/")
    assert violations(page, axe) == []


def test_a_reader_meets_no_barrier(served: Served, axe: str) -> None:
    page = served.page("alice", bypass_csp=True)
    search(page, SECRET)
    found = violations(page, axe)
    for path in READER:
        page.goto(served.url + path)
        found += violations(page, axe)
    assert found == []


def test_an_operator_meets_no_barrier(served: Served, axe: str) -> None:
    page = served.page("otto", bypass_csp=True, timezone_id="Europe/Berlin")  # which is offered
    found = []
    for path in OPERATOR:
        page.goto(f"{served.url}/console/{path}")
        found += violations(page, axe)
    assert found == []
