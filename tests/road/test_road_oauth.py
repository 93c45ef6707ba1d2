"""Mail comes with a token of Microsoft's login into the archive: in trouble nothing is lost, and nothing twice."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from amberpost.daemon.fetch import Account
from amberpost.road.open import open_keys_of
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.models import FetchRun, Source, SourceStatus
from tests.faults.road_faults import as_served, assert_each_once
from tests.opened import Opened
from tests.people import letter
from tests.road.collecting import collect_one
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.microsoft import App, Microsoft
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.server, pytest.mark.skipif(PROGRAM is None, reason="Dovecot is not installed")]

BOX = "journal@example.com"


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture
def dovecot(microsoft: Microsoft) -> Iterator[Dovecot]:
    with Dovecot(users={BOX: "not used"}, login=microsoft) as server:
        yield server


def add_source(opened: Opened, dovecot: Dovecot, microsoft: Microsoft, app: App) -> Source:
    keys = open_keys_of(opened.config)
    source = Source(
        name="Microsoft 365", protocol="oauth-imap", server=f"localhost:{dovecot.ssl_port}", user=BOX,
        security="ssl", tenant_id=app.tenant, client_id=app.client_id, authority=microsoft.authority,
        ca_pem=dovecot.ca_pem + microsoft.ca_pem, enabled=True,
    )  # fmt: skip
    save_source(source, NewSecrets(client_secret=app.secret), keys.seal_setting)
    keys.close()
    return source


def at(source: Source, port: int) -> Source:
    """The same source, reached through another port."""
    Source.objects.filter(pk=source.pk).update(server=f"localhost:{port}")
    return Source.objects.get(pk=source.pk)


def counts(account: Account) -> tuple[int, int, int]:
    return account.seen, account.duplicate, account.left


def test_a_secret_that_expires_and_a_connection_that_breaks_lose_and_double_nothing(
    opened: Opened,
    dovecot: Dovecot,
    microsoft: Microsoft,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    app = microsoft.register(mailbox=BOX)
    source = add_source(opened, dovecot, microsoft, app)
    given = [as_served(letter(number)) for number in range(250)]
    dovecot.deposit(BOX, given[:120])

    with Proxy(dovecot.ssl_port, cut_after_bytes=30_000) as proxy:  # in the middle of the first batch
        broken = collect_one(opened, at(source, proxy.port))
        assert proxy.was_cut
    assert broken.error
    microsoft.revoke(app)
    whole = collect_one(opened, at(source, dovecot.ssl_port))
    assert whole.error is None
    assert whole.seen - whole.duplicate + broken.seen == 120
    assert dovecot.count(BOX) == 0

    dovecot.deposit(BOX, given[120:])
    microsoft.revoke(app)
    app.is_secret_expired = True
    expired = collect_one(opened, Source.objects.get(pk=source.pk))
    assert counts(expired) == (0, 0, 0)
    assert "The client secret has expired" in str(expired.error)
    assert "AADSTS7000222" in str(SourceStatus.objects.get(source=source).last_error)
    assert dovecot.count(BOX) == 130

    app.is_secret_expired = False
    app.throttle_seconds = [1700]
    busy = collect_one(opened, Source.objects.get(pk=source.pk))
    assert busy.pause_seconds == 1700
    status = SourceStatus.objects.get(source=source)
    assert status.next_attempt_at is not None
    assert status.last_attempt_at is not None
    assert (status.next_attempt_at - status.last_attempt_at).total_seconds() >= 1700

    assert counts(collect_one(opened, Source.objects.get(pk=source.pk))) == (130, 0, 0)
    assert counts(collect_one(opened, Source.objects.get(pk=source.pk))) == (0, 0, 0)
    assert_each_once(opened.commands, given, tmp_path / "out")

    kept = caplog.text + "".join(map(str, FetchRun.objects.values_list("error", flat=True)))
    kept += (opened.config.data / "catalogue.db").read_bytes().decode("latin-1")
    assert "AADSTS7000222" in kept
    for secret in (app.secret, *microsoft.issued):
        assert secret not in kept
        assert secret.rpartition(".")[2] not in kept
