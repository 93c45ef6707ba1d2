"""Who may see which page: every route of the table times everybody. A route without a rule fails."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from amberpost.accounts.access import rule_of
from amberpost.accounts.models import User
from amberpost.accounts.releases import release
from amberpost.directory.archives.local import create_archive
from amberpost.directory.models import ArchiveKind, ArchiveOrigin
from amberpost.sources.models import OwnDomain, Source
from amberpost.web.models import save_search
from tests.app.pages import SECRET, Site, attachment_path, text
from tests.house.tree import ROOT

READERS = {"alice", "bob", "charlie", "olga", "aron"}
EVERYBODY = READERS | {"otto"}

# Written by hand, on purpose not taken from accounts.permissions.
MAY = {
    "mail:read": READERS,
    "account:change": EVERYBODY,
    "console:see": {"otto"},
    "users:change": {"otto"},
    "directory:change": {"otto"},
    "archives:change": {"otto"},
    "sources:change": {"otto"},
    "notices:change": {"otto"},
    "quarantine:see": {"otto"},
    "system:see": {"otto"},
    "system:change": {"otto"},
    "integrity:verify": {"otto", "olga", "aron"},
    "audit:see": {"otto", "olga"},
}
ANYBODY = {"health", "sign-in", "sign-in-microsoft", "sign-in-microsoft-back", "sign-out", "set-up"}
OWNER_ONLY = {"message", "message-html", "message-print", "message-raw", "message-part", "results"}
REFUSED = {403, 404}


@dataclass(frozen=True)
class Route:
    name: str  # with its namespace
    pattern: URLPattern

    @property
    def rule(self) -> str | None:
        return rule_of(self.pattern.callback)


def routes() -> list[Route]:
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, f"{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield Route(namespace + (entry.name or "?"), entry)


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_every_route_stands_in_the_documents_with_its_right(route: Route) -> None:
    template = "/" + ("console/" if route.name.startswith("console:") else "") + str(route.pattern.pattern)
    pattern = re.escape(re.sub(r"<[^>]+>", "<>", template))
    page = (ROOT / "docs" / "reference" / "urls.md").read_text()
    page = re.sub(r"<[^>]+>", "<>", page)
    assert re.search(rf"^\| `{pattern}` \| {route.rule} \|", page, re.MULTILINE), template


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_every_route_declares_its_rule(route: Route) -> None:
    assert route.rule in {*MAY, "anybody"}
    assert (route.rule == "anybody") == (route.name in ANYBODY)


def test_each_route_shows_only_what_the_asking_person_may_see(site: Site) -> None:
    alice = User.objects.get(login="alice")
    shared = create_archive(
        "Info", ["info@firma.example"], kind=ArchiveKind.PUBLIC, origin=ArchiveOrigin.SHARED
    )
    released = release(shared, to=alice, by="otto")
    arguments = {
        "message_id": site.secret,
        "path": attachment_path(site.client("alice"), site.secret),
        "search_id": save_search(alice, "Angebot").pk,
        "user_id": User.objects.get(login="dora").pk,
        "source_id": Source.objects.exclude(protocol="file").get().pk,
        "domain_id": OwnDomain.objects.create(name="firma.example").pk,
        "archive_id": shared.pk,
        "release_id": released.pk,
        "token": "no-such-token",
        "number": 4,
    }
    wrong = []
    for route in routes():
        names = route.pattern.pattern.converters
        url = reverse(route.name, kwargs={name: arguments[name] for name in names})
        for login in ["", *sorted(EVERYBODY)]:
            client = site.fresh(login) if route.name == "sign-out" else site.client(login)
            wrong += [
                f"{route.name} as {login or 'stranger'}: {what}" for what in _judge(route, client, url, login)
            ]
    assert wrong == []


def _judge(route: Route, client: Client, url: str, login: str) -> Iterator[str]:
    answer = client.get(url)
    if answer.status_code == 405:
        answer = client.post(url)
    if login != "alice" and SECRET in text(answer):
        yield "shows Alice's mail"
    status, to_sign_in = answer.status_code, answer.headers.get("Location", "").startswith("/sign-in/")
    if route.rule == "anybody":
        if status not in {200, 302, 401, 404}:  # 401: a sign-in that was refused
            yield f"status {status}"
    elif not login:
        if not (status == 302 and to_sign_in):
            yield f"a stranger gets {status}"
    elif login not in MAY[str(route.rule)]:
        if status not in REFUSED:
            yield f"is not refused but gets {status}"
    elif route.name in OWNER_ONLY:
        if status != (200 if login == "alice" else 404):
            yield f"status {status}"
    elif status not in {200, 302} or to_sign_in:
        yield f"is allowed and gets {status}"


@pytest.mark.parametrize("login", sorted(EVERYBODY - {"alice"}))
@pytest.mark.parametrize(
    "words",
    [SECRET, f"subject:{SECRET}", f"from:{SECRET}", f"filename:{SECRET}", "amber", "", "-nothing", "Bern*"],
)
def test_no_search_of_others_finds_or_counts_the_message(site: Site, login: str, words: str) -> None:
    answer = site.client(login).post("/search/", {"q": words}, follow=True)
    found = text(answer).replace(f'value="{words}"', "")  # the field repeats what was typed
    assert f"/m/{site.secret}/" not in found
    assert f"Angebot {SECRET}" not in found
    assert "verirrt" not in found
    if login != "otto" and SECRET in words:
        assert "0 messages" in found


def test_the_message_of_nobody_is_on_no_page(site: Site) -> None:
    lost = site.message("verirrt")
    for login in EVERYBODY:
        for view in ("", "html", "print", "raw"):
            assert site.client(login).get(f"/m/{lost}/{view}").status_code == 404


def test_what_may_not_be_seen_answers_like_what_is_not_there(site: Site) -> None:
    missing = text(site.client("bob").get("/m/987654321/"))
    forbidden = text(site.client("bob").get(f"/m/{site.secret}/"))
    assert _without_tokens(missing) == _without_tokens(forbidden)


def _without_tokens(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)
