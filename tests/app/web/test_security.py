"""What browsers are told, and what other sites may not do."""

import dataclasses
import runpy
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from amberpost import config
from amberpost.config import load
from amberpost.logs import LogfmtFormatter
from amberpost.site.wsgi import behind_proxy
from amberpost.web.csp import MAIL_FRAME
from amberpost.web.files import disposition, image_type
from amberpost.web.parallel import LIMIT, TooMany, one_search
from tests.app.pages import PICTURE, Site, text
from tests.opened import Opened

PAGES = ["/search/", "/account/", "/console/audit/", "/m/1/", "/nowhere"]


@pytest.mark.parametrize("page", PAGES)
def test_private_pages_are_not_kept_framed_or_allowed_foreign_code(site: Site, page: str) -> None:
    answer = site.client("olga").get(page)
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("page", ["/search/", "/account/", "/sign-in/", "/console/", "/console/sources/add/"])
def test_no_page_has_inline_code_or_style(site: Site, page: str) -> None:
    page = text(site.client("otto" if "console" in page else "alice").get(page))
    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page


def test_the_frame_of_a_message_has_exactly_the_policy_of_the_plan(site: Site) -> None:
    answer = site.client("alice").get(f"/m/{site.secret}/html")
    assert (
        answer["Content-Security-Policy"]
        == MAIL_FRAME
        == (
            f"default-src 'none'; script-src '{_hash_of('height.js')}'; img-src 'self' data:; "
            "style-src 'unsafe-inline'; font-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
            "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
        )
    )
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-DNS-Prefetch-Control"] == "off"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"


def _hash_of(script: str) -> str:
    content = (files("amberpost.web") / "static" / "amberpost" / script).read_bytes()
    return "sha256-" + b64encode(sha256(content).digest()).decode()


def test_static_files_are_found_under_names_with_a_hash_and_kept_for_ever(site: Site) -> None:
    page = text(site.fresh().get("/sign-in/"))
    start = page.index("/static/amberpost/base.")
    name = page[start : page.index('"', start)]
    answer = site.fresh().get(name)
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    assert site.fresh().get("/static/amberpost/base.css").status_code == 200


def test_a_form_without_its_token_changes_nothing(site: Site) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/sign-in/", {"login": "alice", "password": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "site_header", "mode", "dest", "status"),
    [
        ("post", "cross-site", "navigate", "document", 403),
        ("post", "same-site", "cors", "empty", 403),
        ("get", "cross-site", "no-cors", "image", 403),
        ("get", "cross-site", "navigate", "iframe", 403),
        ("get", "cross-site", "navigate", "document", 200),
        ("get", "same-origin", "cors", "empty", 200),
        ("get", "none", "navigate", "document", 200),
    ],
)
def test_other_sites_may_only_link_to_us(
    site: Site, method: str, site_header: str, mode: str, dest: str, status: int
) -> None:
    headers = {"sec-fetch-site": site_header, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    assert getattr(site.client("alice"), method)("/search/", headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/console/", "/health"])
def test_an_archive_called_by_a_name_it_does_not_know_names_the_setting(
    site: Site, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = site.fresh().get(path, headers={"host": "archiv.other.example", "accept-language": "de"})
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "public_url" in shown
    assert "kennt den Namen nicht" in shown
    assert '<html lang="de">' in shown
    lines = [LogfmtFormatter().format(record) for record in caplog.records]
    assert any("archiv.other.example" in line for line in lines)
    assert not any("Traceback" in line for line in lines)


def test_a_user_may_have_four_searches_running(site: Site) -> None:
    from contextlib import ExitStack

    from amberpost.accounts.models import User

    alice = User.objects.get(login="alice").pk
    with ExitStack() as running:
        for _ in range(LIMIT):
            running.enter_context(one_search(alice))
        assert site.client("alice").get("/search/").status_code == 429
        assert site.client("bob").get("/search/").status_code == 200
        with pytest.raises(TooMany), one_search(alice):
            pass
    assert site.client("alice").get("/search/").status_code == 200


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plan.pdf", "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"),
        ("Übersicht.xls", "attachment; filename=\"_bersicht.xls\"; filename*=UTF-8''%C3%9Cbersicht.xls"),
        (
            'a"b\r\nSet-Cookie: x',
            "attachment; filename=\"a_bSet-Cookie: x\"; filename*=UTF-8''a%22bSet-Cookie%3A%20x",
        ),
        ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"; filename*=UTF-8''_.._etc_passwd"),
        ("", "attachment; filename=\"attachment\"; filename*=UTF-8''attachment"),
    ],
)
def test_file_names_are_written_as_rfc_6266_wants(name: str, header: str) -> None:
    assert disposition("attachment", name) == header


def test_only_known_first_bytes_make_a_picture() -> None:
    assert image_type(PICTURE) == "image/png"
    assert image_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert image_type(b"GIF89a...") == "image/gif"
    assert image_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    for harmful in (b"<svg xmlns=", b"<html>", b"%PDF-1.7", b"", b"RIFF\0\0\0\0AVI "):
        assert image_type(harmful) is None


def test_a_proxy_on_this_machine_is_believed_about_addresses_and_no_other(tmp_path: object) -> None:
    seen: dict[str, object] = {}

    def application(environ: dict[str, object], start: object) -> list[bytes]:
        seen.update(environ)
        return []

    proxied = dataclasses.replace(load(), public_url="https://mail.example.com/archive")
    call = behind_proxy(application, proxied)  # type: ignore[arg-type]
    environ = RequestFactory().get("/archive/search/").environ
    environ |= {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 192.0.2.9"}
    call(environ, lambda *_: None)
    assert (seen["wsgi.url_scheme"], seen["PATH_INFO"], seen["REMOTE_ADDR"]) == (
        "https",
        "/search/",
        "192.0.2.9",
    )
    environ |= {"REMOTE_ADDR": "203.0.113.5"}
    call(environ, lambda *_: None)
    assert seen["REMOTE_ADDR"] == "203.0.113.5"


def test_search_words_never_stand_in_an_address(site: Site) -> None:
    answer = site.client("alice").post("/search/", {"q": "geheim"})
    assert answer.status_code == 302
    assert "geheim" not in answer["Location"]
    assert reverse("search") in answer["Location"]
    assert "geheim" not in text(site.client("alice").get("/search/?q=geheim")).replace("q=geheim", "")


def test_over_plain_http_a_session_is_kept_on_the_machine_itself_only(opened: Opened) -> None:
    """A browser sends a cookie marked Secure over https alone (RFC 6265 section 5.4)."""
    path = str(files("amberpost.site") / "settings.py")
    for public_url, listen, is_open in (
        ("", "127.0.0.1:8025", True),
        ("http://localhost:8025", "127.0.0.1:8025", True),
        ("", "0.0.0.0:8025", False),
        ("http://archive.example", "127.0.0.1:8025", False),
        ("https://archive.example", "127.0.0.1:8025", False),
    ):
        config.activate(
            dataclasses.replace(opened.config, public_url=public_url, listen=listen, insecure_cookies=False)
        )
        try:
            chosen = runpy.run_path(path)
        finally:
            config.activate(opened.config)
        are_secure = (chosen["SESSION_COOKIE_SECURE"], chosen["CSRF_COOKIE_SECURE"])
        assert are_secure == (not is_open, not is_open), (public_url, listen)
