"""Pictures of every page, to be looked at one by one: `python -m tests.browser.screenshots FOLDER [LANGUAGE...]`.

Each page of a furnished archive (tests/furnished.py) in two sets of colours and at the widths of a phone, a tablet
and a desk. Says which pages are wider than their window.
"""

import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, SetCookieParam

    from tests.opened import Opened

WIDTHS = (390, 820, 1280)
SCHEMES = ("light", "dark")
PEOPLE = {
    "otto": ("/console/",),
    "alice": ("/search/", "/search/?open=0", "/m/0/", "/no/such/page"),
    "olga": ("/console/audit/",),
}


def main(folder: Path, languages: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "amberpost.site.settings"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["AMBERPOST_DATA"] = f"{scratch}/archive"  # Django's settings are read with it
        import django
        from django.test.utils import setup_test_environment

        django.setup()
        setup_test_environment()
        _take(Path(scratch), folder, languages)


def visit(opened: "Opened", login: str, starts: tuple[str, ...]) -> tuple[list["SetCookieParam"], list[str]]:
    """The cookies of a person's browser, and each page they come to, once."""
    from tests.app.walk import Walk

    client = opened.browser(login)
    paths = [page.way for page in Walk(client, starts, with_forms=False, enough=1).pages()]
    return [{"name": name, "value": morsel.value} for name, morsel in client.cookies.items()], paths


def _take(scratch: Path, folder: Path, languages: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    from amberpost.signin.first_operator import make_setup_link
    from tests.browser.conftest import CHROMIUM, OPTIONS, _free_port, _wait_for
    from tests.furnished import furnish, journal_server
    from tests.opened import Opened
    from tests.processes import kill_all

    listen = f"127.0.0.1:{_free_port()}"
    opened = Opened.create(scratch / "archive", listen=listen)
    with journal_server() as mail, sync_playwright() as playwright:
        with ThreadPoolExecutor(1) as aside:  # this thread's event loop keeps it from the database
            aside.submit(furnish, opened, mail).result()
            link = aside.submit(make_setup_link).result()
            visits = {"visitor": ([], ["/sign-in/", f"/setup/{link}/", "/setup/used/"])}
            visits |= {
                login: aside.submit(visit, opened, login, starts).result() for login, starts in PEOPLE.items()
            }
        server = opened.commands.start("serve", "--web-only", "--listen", listen)
        try:
            _wait_for(f"http://{listen}/health")
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            for language in languages:
                for login, (cookies, paths) in visits.items():
                    page = browser.new_context(locale=language).new_page()
                    page.context.add_cookies([{**cookie, "url": f"http://{listen}"} for cookie in cookies])
                    for path in paths:
                        page.goto(f"http://{listen}{path}")
                        _picture(page, folder / language, f"{login}-{_name(path)}.png")
                    page.context.close()
            browser.close()
        finally:
            kill_all(server)


def _picture(page: "Page", folder: Path, name: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            print(f"wider than {width}: {folder.name} {page.url}")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=folder / f"{width}-{scheme}" / name, full_page=True)


def _name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:60] or "home"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["en", "de", "fr"])
