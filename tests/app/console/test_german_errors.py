"""No page is half translated: whatever goes wrong at a server stands in the reader's language, its own words quoted."""

import re
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from amberpost.accounts.models import User
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.daemon.fetch import collect_once
from amberpost.demo.imap_server import ImapServer
from amberpost.directory.ldap.reader import read_directory
from amberpost.directory.models import Directory, DirectoryRun, DirectoryStatus, RunOutcome
from amberpost.directory.settings import LdapKind, LdapSettings
from amberpost.errors import DirectoryError
from amberpost.notice.models import Dispatch
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.refusal import OAuthError
from amberpost.oauth.request import ask
from amberpost.road.models import Work
from amberpost.road.open import open_keys_of
from amberpost.sentences import SENTENCES
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import FetchRun, Source, SourceStatus
from amberpost.store.secret import Secret
from tests.app.pages import Site, text
from tests.servers.certificates import make_certificates
from tests.servers.microsoft import Microsoft
from tests.servers.odd_pop3 import OddPop3, Refusal

PAGES = ("", "sources/", "audit/", "directory/", "jobs/", "integrity/", "notices/", "quarantine/", "guides/")


class Unwilling(OddPop3):
    """Lets nobody in."""

    def before(self, verb: str, argument: str) -> None:
        if verb == "AUTH":
            raise Refusal("[AUTH] keine Lust")


def account(site: Site, name: str, port: int, **fields: object) -> Source:
    wanted = {"server": f"127.0.0.1:{port}", "security": "none", **fields}
    source = Source(name=name, user="journal", **wanted)
    keys = open_keys_of(site.opened.config)
    save_source(source, NewSecrets(password="geheim"), keys.seal_setting)
    keys.close()
    return source


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[ImapServer]:
    certificates = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    server = ImapServer(user="journal", password=Secret(b"anders"), tls=context)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def german(site: Site) -> Iterator[Site]:
    User.objects.filter(login="otto").update(language="de")
    with translation.override("en"):  # a page leaves its language behind
        yield site


def shown(site: Site, path: str) -> str:
    """What a reader sees of a page, on one line."""
    page = text(site.client("otto").get(f"/console/{path}"))
    page = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(page.split())


def english(page: str) -> list[str]:
    """The sentences of our catalogue that stand there untranslated."""
    pieces = {
        piece.strip()
        for sentence in SENTENCES.values()
        for piece in re.split(r"%\(\w+\)[sd]|[“”]", sentence)
        if len(piece.split()) > 2
    }
    return sorted(piece for piece in pieces if piece in page)


def test_each_broken_account_says_it_in_german(german: Site, tls_server: ImapServer) -> None:
    plain = ImapServer(user="journal", password=Secret(b"anders"))
    plain.start()
    with Unwilling() as pop3:
        wanted = {
            account(german, "imap", plain.port): "Der Server nimmt Benutzernamen oder Passwort nicht an. "
            "Der Server antwortete: „",
            account(german, "pop3", pop3.port, protocol="pop3"): "Der Server antwortete: „[AUTH] keine Lust“",
            account(german, "tls", tls_server.port, security="ssl"): "Dem Zertifikat des Servers",
            account(german, "gone", 1): "Beim Verbinden ging die Verbindung verloren: Verbindung abgelehnt",
            account(german, "name", 1, server="no-such-host.invalid"): "Der Servername ist nicht bekannt",
        }
        collect_once(german.opened.config, list(wanted), threading.Event())
    plain.stop()
    for source, words in wanted.items():
        page = shown(german, f"sources/{source.pk}/")
        assert page.count(words) == 2, (
            source.name,
            FetchRun.objects.get(source=source).error,
        )  # state and run
        assert english(page) == []
    for path in PAGES:
        assert english(shown(german, path)) == [], path
    audit = shown(german, "audit/?action=source:collected")
    assert "Konto abgerufen" in audit
    assert all(words in audit for words in wanted.values())


def test_microsofts_refusal_is_explained_in_german(german: Site) -> None:
    with Microsoft() as microsoft:
        app = microsoft.register()
        client = OAuthClient(
            tenant=app.tenant,
            client_id=app.client_id,
            client_secret=Secret(b"wrong"),
            authority=microsoft.authority,
            ca_pem=microsoft.ca_pem,
        )
        with pytest.raises(OAuthError) as caught:
            ask(client)
    source = account(german, "oauth", 1)
    SourceStatus.objects.create(source=source, failures=5, last_error=caught.value.remark.as_json())
    for path in (f"sources/{source.pk}/", "", "sources/"):
        page = shown(german, path)
        assert "Clientschlüssel" in page or "Client-Geheimnis" in page
        assert english(page) == []


def test_a_directory_that_fails_says_it_in_german(german: Site) -> None:
    settings = LdapSettings(
        kind=LdapKind.LDAP, hosts=("127.0.0.1:1", "no-such-host.invalid"), user="cn=x", password=Secret(b"y")
    )
    with pytest.raises(DirectoryError) as caught:
        read_directory(settings)
    error = caught.value.remark.as_json()
    Directory.objects.update(is_active=False)
    directory = Directory.objects.create(kind="ldap", is_active=True, settings={"hosts": ["dc1"]})
    DirectoryStatus.objects.create(directory=directory, failures=5, last_error=error)
    DirectoryRun.objects.create(
        directory=directory,
        started_at=now(),
        finished_at=now(),
        outcome=RunOutcome.FAILED,
        error=error,
        notes=[{"code": "hint", "params": {"reason": {"code": "hint_guests"}, "number": 1, "examples": "x"}}],
    )
    for path in ("directory/", "", "archives/"):
        page = shown(german, path)
        assert english(page) == []
        assert path == "archives/" or "Kein Server des Verzeichnisses" in page


def test_each_sentence_that_may_be_kept_is_shown_in_german(german: Site) -> None:
    """All of them, as errors of runs, jobs, findings and notifications."""
    source, codes = account(german, "all", 1), [code for code in SENTENCES if code != "unknown"]
    for start in range(0, len(codes), 8):
        some = [{"code": code, "params": parameters(code)} for code in codes[start : start + 8]]
        FetchRun.objects.all().delete()
        Work.objects.all().delete()
        Dispatch.objects.all().delete()
        for one in some:
            FetchRun.objects.create(
                source=source, started_at=now(), finished_at=now(), error=one, notes=[one]
            )
        findings = [{"kind": "x", "where": "y", "remark": one} for one in some]
        Work.objects.create(
            kind="verify", finished_at=now(), detail={"depth": "quick"}, result={"findings": findings}
        )
        Dispatch.objects.create(
            channel="mail", events=[], created_at=now(), next_at=now(), tries=1, error=some[0]
        )
        Work.objects.create(kind="assign", finished_at=now(), error=some[0])
        for path in (f"sources/{source.pk}/", "integrity/", "notices/", "jobs/"):
            assert english(shown(german, path)) == [], path


def parameters(code: str) -> dict[str, str | int]:
    found = re.findall(r"%\((\w+)\)([sd])", SENTENCES[code])
    return {name: 7 if kind == "d" else "X" for name, kind in found}


def test_what_is_kept_is_a_code_and_no_sentence(site: Site) -> None:
    source = account(site, "gone", 1)
    collect_once(site.opened.config, [source], threading.Event())
    status, run = SourceStatus.objects.get(source=source), FetchRun.objects.get(source=source)
    assert status.last_error == run.error
    assert status.last_error["code"] == "source_lost"
    event = AuditEvent.objects.get(action="source:collected", target="gone")
    for kept in (status.last_error, run.error, event.detail["error"]):
        assert english(str(kept)) == []


@pytest.mark.parametrize("kept", [{"code": "moon_full"}, "a sentence of an older release", {}, ["x"], 7])
def test_what_another_release_has_kept_breaks_no_page(german: Site, kept: object) -> None:
    source = account(german, "old", 1)
    SourceStatus.objects.create(source=source, failures=1, last_error=kept)
    FetchRun.objects.create(source=source, started_at=now(), finished_at=now(), error=kept, notes=[kept])
    Work.objects.create(kind="assign", finished_at=now(), error=kept)
    for path in (f"sources/{source.pk}/", "", "sources/", "jobs/"):
        page = shown(german, path)
    if kept:
        assert "Etwas, das diese Version nicht kennt" in page
