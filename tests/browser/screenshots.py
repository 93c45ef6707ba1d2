"""Pictures of every page, to be looked at one by one: `python -m tests.browser.screenshots FOLDER [LANGUAGE...]`.

Each page of a furnished archive (tests/furnished.py) in two sets of colours and at the widths of a phone, a tablet
and a desk. Says which pages are wider than their window.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

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


def _take(scratch: Path, folder: Path, languages: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    from amberpost.accounts.setup import make_setup_link
    from tests.app.walk import Walk
    from tests.archive import kill_all
    from tests.browser.conftest import CHROMIUM, OPTIONS, _free_port, _wait_for
    from tests.furnished import furnish, journal_server
    from tests.opened import Opened

    address = f"127.0.0.1:{_free_port()}"
    opened = Opened.create(scratch / "archive", listen=address)
    with journal_server() as server:
        furnish(opened, server)
        visits = {"": ["/sign-in/", f"/setup/{make_setup_link()}/", "/setup/used/"]}
        cookies = {}
        for login, starts in PEOPLE.items():
            client = opened.browser(login)
            visits[login] = [page.way for page in Walk(client, starts, with_forms=False, enough=1).pages()]
            cookies[login] = {name: morsel.value for name, morsel in client.cookies.items()}
        running = opened.commands.start("serve", "--web-only", "--listen", address)
        _wait_for(f"http://{address}/health")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
                for language in languages:
                    for login, paths in visits.items():
                        context = browser.new_context(locale=language)
                        context.add_cookies(
                            [
                                {"name": n, "value": v, "url": f"http://{address}"}
                                for n, v in cookies.get(login, {}).items()
                            ]
                        )
                        page = context.new_page()
                        for path in paths:
                            page.goto(f"http://{address}{path}")
                            name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:60] or "home"
                            for width in WIDTHS:
                                page.set_viewport_size({"width": width, "height": 900})
                                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                                    print(f"wider than {width}: {language} {path}")
                                for scheme in SCHEMES:
                                    page.emulate_media(color_scheme=scheme)
                                    place = folder / language / f"{width}-{scheme}"
                                    place.mkdir(parents=True, exist_ok=True)
                                    page.screenshot(
                                        path=place / f"{login or 'visitor'}-{name}.png", full_page=True
                                    )
                        context.close()
                browser.close()
        finally:
            kill_all(running)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["en", "de", "fr"])
