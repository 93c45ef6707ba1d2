"""axe-core over every page, light and dark, wide and narrow: no WCAG 2.2 AA violation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page

from amberpost.clock import now
from amberpost.notice.models import NoticeSettings
from amberpost.road.models import WorkerStatus
from amberpost.sources.models import Source
from amberpost.store.place import Doubt, doubt_place
from tests.app.pages import SECRET
from tests.browser.conftest import Served, _free_port, _wait_for, search
from tests.browser.screenshots import PEOPLE, visit
from tests.opened import Opened
from tests.processes import kill_all

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


@pytest.mark.long
def test_nobody_meets_a_barrier_where_much_has_happened(
    new_opened: Callable[..., Opened],
    furnished_folder: Path,
    chromium: Browser,
    axe: str,
) -> None:
    listen = f"127.0.0.1:{_free_port()}"
    opened = new_opened(like=furnished_folder, listen=listen)
    with ThreadPoolExecutor(1) as aside:  # this thread's event loop keeps it from the database
        visits = aside.submit(lambda: [visit(opened, *person) for person in PEOPLE.items()]).result()
    server = opened.commands.start("serve", "--web-only", "--listen", listen)
    found = []
    try:
        _wait_for(f"http://{listen}/health")
        for cookies, paths in visits:
            page = chromium.new_context(bypass_csp=True).new_page()
            page.context.add_cookies([{**cookie, "url": f"http://{listen}"} for cookie in cookies])
            for path in paths:
                page.goto(f"http://{listen}{path}")
                found += violations(page, axe)
            page.context.close()
    finally:
        kill_all(server)
    assert found == []


def test_an_operator_of_a_copy_meets_no_barrier(served: Served, axe: str) -> None:
    """In each state of the overview but *well*: something is not, all is but for something, and this may be a copy."""
    page = served.page("otto", bypass_csp=True)
    found = []
    with ThreadPoolExecutor(1) as threads:  # the browser's event loop keeps this one from the database
        threads.submit(_make_well_but_for_tls).result()
    for path in ("", "sources/"):
        page.goto(f"{served.url}/console/{path}")
        found += violations(page, axe)
    assert page.get_by_text("no TLS").count() == 1
    doubt_place(served.opened.config.data, Doubt.UNKNOWN)
    for path in ("", "place/", "sources/", "sources/2/", "notices/"):
        page.goto(f"{served.url}/console/{path}")
        assert page.get_by_role("main").get_by_text("confirm").count(), path
        found += violations(page, axe)
    assert found == []


def _make_well_but_for_tls() -> None:
    for name in ("work", "fetch"):
        WorkerStatus.objects.update_or_create(
            name=name, defaults={"pid": 1, "started_at": now(), "seen_at": now() + timedelta(hours=1)}
        )
    NoticeSettings.objects.create(disk_percent=100, disk_full_percent=100)
    Source.objects.exclude(protocol="file").update(enabled=True, security="none")
    connections.close_all()
