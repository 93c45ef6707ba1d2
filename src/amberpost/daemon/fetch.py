"""Collect every source on its schedule: fetch, accept, confirm, and account for each message."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from secrets import SystemRandom

from django.db import close_old_connections

from amberpost.accounts.seats import require_seats
from amberpost.clock import now
from amberpost.config import Config
from amberpost.daemon.work import are_processed, report_status, settle
from amberpost.errors import ArchiveError, ConfigError
from amberpost.handover import Accept, CaptureId
from amberpost.sources.backoff import backoff_seconds
from amberpost.sources.configure import setting_row
from amberpost.sources.connector import CONNECTORS, RunReport, run
from amberpost.sources.models import FetchRun, Source, SourceProtocol, SourceStatus
from amberpost.sources.progress import add_gone, load_cursor
from amberpost.sources.settings import ImapSettings, Task
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore
from amberpost.store.secret import Secret
from amberpost.vault.accept import accept, require_room
from amberpost.vault.models import Capture, Outcome
from amberpost.vault.open import open_keys_of
from amberpost.vault.rows import select_in

log = logging.getLogger(__name__)

PORTS = {"starttls": 143, "none": 143, "ssl": 993}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account of one run: seen = stored + duplicate + quarantined + left."""

    source: str
    seen: int
    stored: int
    duplicate: int
    quarantined: int
    left: int
    seconds: float
    error: str | None = None

    def as_json(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if name != "error" or value}


class Fetcher:
    """Collects sources into the intake log of this process."""

    def __init__(self, config: Config, keys: KeyStore, *, settles: bool) -> None:
        """settles: process what was taken here, if no worker runs; else wait for the worker."""
        self._config = config
        self._keys = keys
        self._settles = settles
        self._intake = IntakeLog(LocalDisk(config.data), keys)
        self._accept: Accept = partial(accept, self._intake)

    def close(self) -> None:
        self._intake.close()

    def collect(self, source: Source, stop: threading.Event | None = None) -> Account:
        """One run at one source; never raises for what the source does."""
        started = now()
        SourceStatus.objects.update_or_create(
            source=source, defaults={"last_attempt_at": started, "fetch_now": False}
        )
        try:
            require_room(LocalDisk(self._config.data))
            require_seats()
            connector = CONNECTORS[source.protocol](
                imap_settings(source, self._keys, ceiling_bytes=self._config.ceiling_bytes),
                Task(source_id=source.pk, cursor=load_cursor(source.pk), evaluation=source.evaluation),
            )
            report = run(connector, self._accept)
            self._wait(report.captures, stop)
            add_gone(source.pk, report.gone)
            account = _account(source, report, (now() - started).total_seconds())
        except ArchiveError as error:
            account = _failed(source, str(error), (now() - started).total_seconds())
        FetchRun.objects.create(
            source=source, started_at=started, finished_at=now(), seen=account.seen, stored=account.stored,
            duplicate=account.duplicate, quarantined=account.quarantined, left=account.left,
            error=account.error or "",
        )  # fmt: skip
        _note(source, account)
        return account

    def _wait(self, captures: Sequence[CaptureId], stop: threading.Event | None) -> None:
        self._intake.rotate()
        if self._settles:
            settle(self._config, captures)
            return
        stop = stop or threading.Event()
        while captures and not are_processed(captures) and not stop.wait(0.2):
            pass


def imap_settings(source: Source, keys: KeyStore, *, ceiling_bytes: int) -> ImapSettings:
    """What the connector must know; opens the sealed password."""
    host, port = split_server(source.server, PORTS[source.security])
    sealed = bytes(source.sealed_password)
    password = keys.open_setting(setting_row(source), "password", sealed) if sealed else b""
    return ImapSettings(
        server=host,
        port=port,
        user=source.user,
        password=Secret(password),
        security=source.security,  # type: ignore[arg-type]
        folders=tuple(source.folders) or ("INBOX",),
        keep_mails=source.keep_mails,
        ca_pem=source.ca_pem or None,
        max_message_bytes=ceiling_bytes,
    )


def split_server(server: str, default_port: int) -> tuple[str, int]:
    """host[:port], with [::1]:port for IPv6."""
    host, colon, port = server.rpartition(":")
    if not colon or "]" in port or (":" in host and not host.endswith("]")):
        return server.strip("[]"), default_port
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError("This is not a port number", subject=server, code="C021")
    return host.strip("[]"), int(port)


def fetch_loop(config: Config, stop: threading.Event) -> None:
    """Collect each enabled source when it is due, until told to stop."""
    keys = open_keys_of(config)
    fetcher = Fetcher(config, keys, settles=False)
    started_at = now()
    try:
        while not stop.is_set():
            for source in due_sources():
                fetcher.collect(source, stop)
                if stop.is_set():
                    break
            report_status("fetch", started_at)
            close_old_connections()
            stop.wait(1)
    finally:
        fetcher.close()
        keys.close()


def due_sources() -> list[Source]:
    """Enabled mailboxes whose next attempt has come, or that an operator wants fetched now."""
    sources = (
        Source.objects.filter(enabled=True).exclude(protocol=SourceProtocol.FILE).select_related("status")
    )
    return [source for source in sources if _is_due(source)]


def _is_due(source: Source) -> bool:
    status = getattr(source, "status", None)
    return (
        status is None
        or status.fetch_now
        or status.next_attempt_at is None
        or status.next_attempt_at <= now()
    )


def outcomes_of(captures: Sequence[CaptureId]) -> dict[Outcome, int]:
    """How many of these captures were stored, repeated, quarantined."""
    counts = dict.fromkeys(Outcome, 0)
    for (outcome,) in select_in(Capture, ["outcome"], "capture_id", captures):
        counts[Outcome(outcome)] += 1
    return counts


def _account(source: Source, report: RunReport, seconds: float) -> Account:
    counts = outcomes_of(report.captures)
    return Account(
        source=source.name,
        seen=report.seen,
        stored=counts[Outcome.STORED],
        duplicate=counts[Outcome.DUPLICATE],
        quarantined=counts[Outcome.QUARANTINED],
        left=len(report.left),
        seconds=round(seconds, 3),
        error=str(report.error) if report.error else None,
    )


def _failed(source: Source, error: str, seconds: float) -> Account:
    return Account(
        source=source.name,
        seen=0,
        stored=0,
        duplicate=0,
        quarantined=0,
        left=0,
        seconds=round(seconds, 3),
        error=error,
    )


def _note(source: Source, account: Account) -> None:
    """When the source is asked next: its interval, or later while it fails."""
    status = SourceStatus.objects.get(source=source)
    status.failures = status.failures + 1 if account.error else 0
    status.last_error = account.error or ""
    wait = timedelta(minutes=source.interval_minutes)
    if account.error:
        log.warning("fetch failed source=%d failures=%d", source.pk, status.failures)
        wait = max(wait, timedelta(seconds=backoff_seconds(status.failures, SystemRandom().random)))
    else:
        status.last_success_at = now()
        log.info("fetched source=%d seen=%d left=%d", source.pk, account.seen, account.left)
    status.next_attempt_at = now() + wait
    status.save()
