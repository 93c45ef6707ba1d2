"""Pictures of every page, to be looked at one by one: `python -m tests.browser.screenshots FOLDER [LANGUAGE...]`.

Each page of a furnished archive (tests/furnished.py) in two sets of colours and at the widths of a phone, a tablet
and a desk. A picture that is wider than its window says so in its name.
"""

import os
import sys
import tempfile
from pathlib import Path

WIDTHS = (390, 820, 1280)
SCHEMES = ("light", "dark")


def main(folder: Path, languages: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amberpost.site.settings")
    with tempfile.TemporaryDirectory() as scratch:
        # Settings are read when Django is, so an archive must be current before anything of it is imported
        from amberpost import config

        config.activate(config.load(Path(scratch) / "archive"))
        import django

        django.setup()
        _picture(Path(scratch), folder, languages)


def _picture(scratch: Path, folder: Path, languages: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    from amberpost.accounts.models import User
    from amberpost.accounts.setup import make_setup_link
    from tests.archive import kill_all
    from tests.browser.conftest import CHROMIUM, OPTIONS, _free_port, _wait_for
    from tests.furnished import furnish, journal_server
    from tests.opened import Opened

    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    opened = Opened.create(scratch / "archive", listen=f"127.0.0.1:{port}")
    with journal_server() as server:
        furnish(opened, server)
        visits = {"": ["/sign-in/", f"/setup/{make_setup_link()}/", "/setup/used/"]}
        visits |= {login: _pages_of(opened, login) for login in ("otto", "alice", "olga")}
        cookies = {login: opened.browser(login).cookies for login in visits if login}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            for language in languages:
                User.objects.update(language=language)
            browser.close()
