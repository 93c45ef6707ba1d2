"""An archive in which much has happened: each of its pages has something to show, and something to complain of.

What people and things are called here stands in NAMES, so that a test can tell it from the words of a page.
"""

import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from amberpost.accounts.models import Installation
from amberpost.accounts.people import get_user, set_active
from amberpost.accounts.public_archives import add_public_archive
from amberpost.accounts.releases import hand_over, release
from amberpost.accounts.seats import set_seat_limit
from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.demo.imap_server import ImapServer
from amberpost.directory.models import ArchiveOrigin, Directory
from amberpost.health.verify import request_verify
from amberpost.notice.configure import current_settings
from amberpost.notice.models import NoticeSettings
from amberpost.notice.outbox import carry, waiting
from amberpost.notice.rounds import follow
from amberpost.road.models import Work, WorkerStatus
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import NewSecrets, remove_source, save_source
from amberpost.sources.domains import add_domain
from amberpost.sources.models import Source, SourceStatus
from amberpost.store.secret import Secret
from tests.app.pages import ALICES_MAIL, SECRET
from tests.opened import Opened
from tests.people import ALICE, BOB, CHARLIE, letter, report
from tests.servers.certificates import make_certificates
from tests.unit.notice.test_alarms import every_alarm

NAMES = frozenset(
    f"{SECRET} Xenia Journalkonto Altkonto Wolke Zweigstelle Niederlassung Kasse Verteiler Lager Journal Anna Berg "
    "alice bob charlie dora olga otto aron test mailbox journal localhost cli root user Test CA INBOX HTTP Wort Brief "
    "Angebot Guten Tag Das envelope from amberpost rebuild index clock confirm".split()
)
NOBODY = "127.0.0.1:9"  # a port of this machine where nobody listens
USER, WORD = "journal@archive.example", "geheim"
ACCOUNTS: dict[str, dict[str, object]] = {
    "Niederlassung": {"protocol": "imap", "security": "none", "max_size_mb": 1},
    "Journalkonto": {"protocol": "imap"},
    "Zweigstelle": {"protocol": "pop3", "security": "none"},
    "Wolke": {
        "protocol": "oauth-imap",
        "mail_system": "microsoft-365",
        "secret_expires_on": date(2027, 1, 1),
        "evaluation": "delivered-to",
    },
    "Kasse": {"protocol": "oauth-pop3", "enabled": False, "mail_system": "postfix"},
    "Altkonto": {"protocol": "imap", "mail_system": "google"},
}
APP = {
    "tenant_id": "firma.example",
    "client_id": "66666666-7777-8888-9999-000000000000",
    "authority": f"https://{NOBODY}",
}
_HTML = ["Content-Type: text/html; charset=utf-8"]
_BLIND = ["To: alice@firma.example", "Bcc: bob@firma.example"]


@contextmanager
def journal_server() -> Iterator[ImapServer]:
    """The one server that answers: with mail, with mail that is too large, and a certificate that nobody knows."""
    with TemporaryDirectory() as folder:
        certificates = make_certificates(Path(folder))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates.chain, certificates.key)
    server = ImapServer(user=USER, password=Secret(WORD.encode()), tls=tls, offers_starttls=True)
    raws = [report(letter(number), recipients=_BLIND, number=number) for number in range(100, 103)]
    for raw in (*raws, letter(103, text="x" * 1_100_000)):
        server.inbox.add(raw, now())
    server.start()
    try:
        yield server
    finally:
        server.stop()


def furnish(opened: Opened, server: ImapServer) -> None:
    """Let everything happen in an empty archive."""
    _add_people(opened)
    _add_accounts(opened, server)
    _add_mail(opened)
    opened.commands.run("fetch")
    server.inbox.add(letter(104), now())  # waits there
    remove_source(Source.objects.get(name="Altkonto"))
    _note_the_rest(opened)


def _add_people(opened: Opened) -> None:
    for person in (ALICE, BOB, CHARLIE):
        opened.add_user(person.login, *person.addresses)
    for login, role in (("olga", "officer"), ("otto", "operator"), ("aron", "auditor"), ("dora", "reader")):
        opened.add_user(login, role=role)
    set_active(get_user("dora"), active=False, by="otto")
    left_behind = get_user("dora").private_archive
    assert left_behind is not None
    hand_over(left_behind, to=get_user("bob"), by="otto", reason="Xenia")
    Directory.objects.create(kind="local", is_active=True, has_public_archives=True)
    for name, origin in (("Lager", ArchiveOrigin.SHARED), ("Verteiler", ArchiveOrigin.GROUP)):
        public = add_public_archive(name, [f"{name}@firma.example"], origin=origin, by="otto")
        release(public, to=get_user("alice"), by="otto", reason="Xenia")
    set_seat_limit(2, by="otto")
    set_seat_limit(50, by="otto")
    NoticeSettings.objects.create(
        addresses=["otto@firma.example"],
        sender="archive@firma.example",
        relay=NOBODY,
        webhook_url=f"https://{NOBODY}/",
        is_webhook_internal=True,
    )
    Installation.objects.update_or_create(pk=1, defaults={"name": "Xenia", "setup_step": 3})


def _add_accounts(opened: Opened, server: ImapServer) -> None:
    keys = open_keys_of(opened.config)
    for name, fields in ACCOUNTS.items():
        where = f"localhost:{server.port}" if name in ("Niederlassung", "Journalkonto") else NOBODY
        app = APP if str(fields["protocol"]).startswith("oauth") else {}
        source = Source(name=name, server=where, user=USER, **app, **fields)
        save_source(source, NewSecrets(password=WORD, client_secret=WORD), keys.seal_setting)
    keys.close()
    for domain in ("firma.example", "müller.example"):
        add_domain(domain)


def _add_mail(opened: Opened) -> None:
    """Of each kind that a page says something of."""
    opened.take(
        ALICES_MAIL,
        report(letter(2, subject=SECRET), recipients=_BLIND),
        report(letter(3), recipients=["To: alice@firma.example, Expanded: list@firma.example"], number=3),
        report(letter(4), recipients=["To: alice@firma.example, Forwarded: x@firma.example"], number=4),
        letter(5, fields=_HTML, text="<p>Wort<img src='https://t.example/a.gif'></p>"),
        letter(6, to="nobody@nowhere.example", sender="else@nowhere.example"),
        letter(7, text=" "),
        report(b"", recipients=_BLIND, number=8),
        report(letter(9), recipients=["Something: strange"], number=9),
        *(letter(number) for number in range(20, 42)),
    )
    opened.take(
        report(letter(10), recipients=_BLIND, number=10),
        source=Source.objects.get(name="Wolke").pk,
        evaluation="delivered-to",
        remote="INBOX/1/900",
    )
    opened.take(letter(11), source=opened.files, remote="x.mbox")


def _note_the_rest(opened: Opened) -> None:
    """What takes a long time or a broken machine to happen, as its own code notes it."""
    at = now()
    SourceStatus.objects.filter(source__name="Journalkonto").update(
        certificate_expires_at=at + timedelta(days=3), last_success_at=at - timedelta(days=400)
    )
    request_verify("olga")
    opened.process()
    request_verify("otto")
    Work.objects.create(kind="assign", finished_at=at, error="x" * 30, requested_by="otto")
    Work.objects.create(kind="reindex", claimed_at=at, total=100, done=7, requested_by="otto")
    for name, age in (("work", 0), ("fetch", 5)):
        seen = {"pid": 1, "started_at": at, "seen_at": at - timedelta(minutes=age)}
        WorkerStatus.objects.update_or_create(name=name, defaults=seen)
    settings, keys = current_settings(), open_keys_of(opened.config)
    follow({(alarm.kind, alarm.subject): alarm for alarm in every_alarm()}.values(), settings.channels, at)
    for dispatch in waiting(at):
        carry(dispatch, settings, keys.open_setting, opened.config.url)  # nobody listens
    keys.close()
    for action in Action:
        AuditEvent.objects.create(at=at, actor="otto", action=action, target="Xenia")


@pytest.fixture(scope="session")
def furnished_folder(
    _empty: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Path]:
    """To copy; the server of two of its accounts answers as long as the tests run."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copytree(_empty, folder, dirs_exist_ok=True)
    with journal_server() as server, django_db_blocker.unblock():
        opened = Opened.enter(folder / "archive")
        furnish(opened, server)
        opened.leave()
        yield folder
