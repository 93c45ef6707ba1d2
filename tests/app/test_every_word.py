"""No reader of German or French meets a sentence in English, or half of one, on any page in any state.

In place of a language stands its catalogue in brackets (tests/marked.py); what is outside them was never translated.
"""

import re
from collections.abc import Callable, Iterable, Set
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.test import Client, RequestFactory
from django.utils.translation import override
from selectolax.lexbor import LexborHTMLParser

from amberpost.accounts.models import User
from amberpost.errors import (
    ArchiveError,
    CatalogueDamaged,
    DiskFull,
    IntegrityError,
    NotFound,
    NotPermitted,
    ReserveFull,
    StoreError,
)
from amberpost.notice.outbox import subject_of, text_of
from amberpost.notice.rounds import Event
from amberpost.search.index import IndexDamaged
from amberpost.signin.first_operator import make_setup_link
from amberpost.store.place import Doubt, doubt_place
from amberpost.web import errors
from tests.app.console.test_directory_pages import typed
from tests.app.pages import PASSWORD, text
from tests.app.test_route_matrix import routes
from tests.app.walk import Shown, Walk
from tests.directory_sample import make_company
from tests.furnished import APP, NAMES, NOBODY
from tests.house.tree import PACKAGE
from tests.marked import is_said, mark, marked, unmarked
from tests.opened import Opened
from tests.servers import openldap
from tests.servers.openldap import AD_LIKE, OpenLdap
from tests.unit.notice.test_alarms import AT, every_alarm

PRODUCTS = frozenset(
    [
        "Amberpost",
        "Microsoft",
        "Active",
        "Directory",
        "Entra",
        "ID",
        "Exchange",
        "Google",
        "Workspace",
        "Postfix",
        "SQLite",
        "Python",
        "Django",
        "Outlook",
        "IMAP",
        "POP3",
        "OAuth",
        "STARTTLS",
        "SSL",
        "TLS",
        "SHA",
        "PEM",
        "PID",
        "UID",
        "CSV",
        "UTC",
        "CET",
        "CEST",
        "English",
        "Deutsch",
        "Français",
        "Message",
        "Envelope",
        "Original",
        "Delivered",
        "To",
        "Gm",
    ]  # Message-ID, X-Envelope-To and their like
)
# Who begins where. What is open to nobody, or to others, answers with a page that must be understood as well
PEOPLE = {
    "otto": (
        "/console/",
        "/console/archives/1/",
        "/console/accounts/7/",
        *(f"/console/archives/{number}/" for number in range(2, 7)),
        "/account/",
        "/no/such/page",
        "/search/",
    ),
    "alice": ("/search/", "/account/", "/console/", "/m/77777/", *(f"/m/{number}/" for number in range(9))),
    "olga": ("/console/audit/", "/console/integrity/"),
    "bob": ("/search/", "/m/1/"),
}
# No page of ours, a download, or shown by another test below
ELSEWHERE = {"health", "home", "message-html", "message-raw", "message-part", "sign-in-microsoft", "set-up"}
ELSEWHERE |= {
    "sign-in-microsoft-back",
    "console:directory-test",
    "console:directory-sync",
    "console:directory-changes",
    "console:archives-select",
    "console:place",
}
TROUBLES = (
    NotFound("x" * 20),
    NotPermitted("x" * 20),
    DiskFull("/archive"),
    ReserveFull("/archive"),
    CatalogueDamaged("/archive"),
    IndexDamaged("x" * 20),
    IntegrityError("x" * 20),
    StoreError("x" * 20),
    ArchiveError("x" * 20),
)
EMPTY = tuple(
    f"/console/{page}/" for page in ("sources", "quarantine", "jobs", "audit", "directory", "archives")
)
_RULES = {"interval_minutes": "60", "guard_percent": "20", "guard_count": "5"}
DIRECTORIES = {
    "ad": {
        "hosts": NOBODY,
        "user": "reader",
        "password": "geheim",
        "security": "ssl",
        "domain": "firma.example",
    },
    "ldap": {
        "hosts": NOBODY,
        "user": "cn=reader",
        "password": "geheim",
        "security": "starttls",
        "base": "dc=x",
    },
    "entra": {**APP, "client_secret": "geheim"},
}


@pytest.fixture
def furnished(new_opened: Callable[..., Opened], furnished_folder: Path) -> Opened:
    return new_opened(like=furnished_folder)


def browser(opened: Opened, login: str, language: str) -> Client:
    client = opened.browser(login) if login else Client()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    return client


def english(pages: Iterable[Shown], names: Set[str] = frozenset()) -> list[str]:
    """Each text that is not translated, once, with the way to the page that shows it."""
    found: dict[str, str] = {}
    for page in pages:
        for said in unmarked(page.html, NAMES | PRODUCTS | names):
            found.setdefault(said, f"{page.way}: {said}")
    return list(found.values())


def walk_everywhere(opened: Opened, language: str, **how: Any) -> list[str]:
    User.objects.update(language=language)
    found, shown = [], set()
    with marked(language):
        for login, starts in PEOPLE.items():
            walk = Walk(browser(opened, login, language), starts, **how)
            found += english(walk.pages())
            shown |= walk.routes
    if how.get("with_forms"):
        assert {route.name for route in routes()} - shown - ELSEWHERE == set(), (
            "a page that nobody was led to"
        )
    return found


def test_what_no_catalogue_says_is_found() -> None:
    page = f"""<html lang="de"><title>{mark("Suche")}</title><p>{mark("Noch %(n)s Tage") % {"n": 3}}</p>
        <p lang="en">All messages</p><code>ls</code><textarea placeholder="{mark("Namen")}">typed</textarea>
        <p title="Not said">{mark("Fehler: %(error)s") % {"error": "connection refused"}}</p>
        <input type="submit" value="Send"><option>Anything</option>"""
    assert unmarked(page) == ["Not said", "⟦Fehler: ⟧connection refused", "Send", "Anything"]


def test_every_page_and_the_answer_to_every_form_is_translated(furnished: Opened) -> None:
    found = walk_everywhere(furnished, "de", with_forms=True)
    assert not found, "\n".join(found)


def test_every_page_is_translated_into_the_other_language(furnished: Opened) -> None:
    found = walk_everywhere(furnished, "fr", with_forms=False, enough=1)
    assert not found, "\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("language", ["de", "fr"])
def test_many_more_pages_are_translated(furnished: Opened, language: str) -> None:
    found = walk_everywhere(furnished, language, with_forms=True, enough=50)
    assert not found, "\n".join(found)


def test_an_empty_archive_and_its_assistant_are_translated(opened: Opened) -> None:
    visitor = browser(opened, "", "de")
    with marked("de"):
        link = f"/setup/{make_setup_link()}/"
        found = english(Walk(visitor, ("/sign-in/", link, "/setup/used/", "/console/"), enough=0).pages())
        otto = {"login": "otto", "password": PASSWORD, "again": PASSWORD}
        visitor.post(link, otto)
        steps = tuple(f"/console/assistant/{step}/" for step in range(8))
        found += english(Walk(visitor, steps, enough=0).pages())
        found += english(Walk(visitor, ("/console/", *EMPTY), with_forms=False, enough=0).pages())
        opened.add_user("alice")
        found += english(
            Walk(browser(opened, "alice", "de"), ("/search/",), with_forms=False, enough=0).pages()
        )
    assert not found, "\n".join(found)


def test_a_directory_that_cannot_be_read_is_told_in_ones_language(opened: Opened) -> None:
    opened.add_user("otto", role="operator")
    client = browser(opened, "otto", "de")
    with marked("de"):
        for kind, fields in DIRECTORIES.items():
            typed = {"kind": kind, "fields_for": kind, **_RULES, **fields}
            pages = [client.post("/console/directory/settings/", typed, follow=True)]
            pages += [client.post("/console/directory/settings/", {**typed, "test": "typed"})]
            found = english(Shown(way=kind, status=200, html=text(page)) for page in pages)
            opened.commands.run("directory", "sync")
            places = ("", f"settings/?kind={kind}", "changes/")
            found += english(
                Walk(client, tuple(f"/console/directory/{place}" for place in places), enough=0).pages()
            )
            assert not found, "\n".join(found)


def test_a_copy_says_what_waits_in_ones_language(furnished: Opened) -> None:
    client = browser(furnished, "otto", "de")
    places = ("", "place/", "sources/", "sources/2/", "notices/", "directory/")
    starts = tuple(f"/console/{place}" for place in places)
    with marked("de"):
        for doubt in Doubt:
            doubt_place(furnished.config.data, doubt)
            found = english(Walk(client, starts, with_forms=False, enough=0).pages())
            assert not found, "\n".join(found)
        client.post("/console/place/")
        audit = text(client.get("/console/audit/"))
        assert mark("Ordner als Archiv bestätigt") in audit
    assert english([Shown(way="audit", status=200, html=audit)]) == []


@pytest.mark.server
@pytest.mark.skipif(openldap.PROGRAM is None, reason="OpenLDAP is not installed")
def test_what_a_directory_would_change_is_told_in_ones_language(opened: Opened) -> None:
    company = make_company()
    values = [
        value.decode("utf-8", "replace")
        for entry in company.entries
        for some in entry.values.values()
        for value in some
    ]
    named = {
        "cn",
        "ou",
        "dc",
        *re.findall(r"[^\W\d_]+", " ".join([*values, *(entry.dn for entry in company.entries)])),
    }
    opened.add_user("otto", role="operator")
    client = browser(opened, "otto", "de")
    with OpenLdap(company.suffix, company.entries, schema=AD_LIKE) as server, marked("de"):
        client.post(
            "/console/directory/settings/", {**typed(server), "releases_to_members": "on", "has_rooms": "on"}
        )
        pages = list(Walk(client, ("/console/directory/changes/",), enough=0).pages())
        changes = LexborHTMLParser(client.get("/console/directory/changes/").content)
        client.post(
            "/console/directory/changes/", {"plan": changes.css_first("[name=plan]").attributes["value"]}
        )
        places = ("accounts/", "archives/", "directory/", "", "audit/")
        pages += Walk(
            client, tuple(f"/console/{place}" for place in places), with_forms=False, enough=2
        ).pages()
    found = english(pages, named)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_a_message_about_alarms_is_translated(language: str) -> None:
    alarms = [
        Event(
            what=what,
            kind=alarm.kind,
            subject="",
            level=int(alarm.level),
            arguments=dict(alarm.arguments),
            since=AT.isoformat(),
        )
        for alarm in every_alarm()
        for what in ("began", "lasts", "over")
    ]
    test = Event(what="test", kind="", subject="", level=0, arguments={}, since=AT.isoformat())
    with marked(language), override(language):
        for events in ([test], alarms, [event for event in alarms if event["what"] == "over"]):
            for line in (subject_of(events), *text_of(events, "https://archive.example", AT).splitlines()):
                assert is_said(line, NAMES | PRODUCTS), line


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_page_of_each_error_is_translated(opened: Opened, language: str) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with marked(language), override(language):
        answers = [errors.show(request, errors.describe(error)) for error in TROUBLES]
        answers += [errors.bad_request(request, error) for error in (DisallowedHost(), SuspiciousOperation())]
        answers += [errors.broken(request), errors.form_expired(request)]
        found = english(Shown(way="", status=answer.status_code, html=text(answer)) for answer in answers)
    assert not found, "\n".join(found)


def test_no_script_has_words_of_its_own() -> None:
    """They take them from the page, whose attributes the walk reads."""
    said = re.compile(r"""(?:textContent|inner\w+|title|placeholder|alert|confirm|prompt)\s*[=(]\s*["'`]\w""")
    for script in PACKAGE.glob("*/static/amberpost/*.js"):
        assert not said.search(script.read_text()), script.name
