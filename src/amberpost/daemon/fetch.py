"""Collect a source: fetch, accept, confirm, and account for each message; daemon.schedule says when.

Whatever goes wrong at a source stays there: it is noted, and the source waits longer each time.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from secrets import SystemRandom

from django.db import connection, transaction

from amberpost.accounts.seats import require_seats
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now, uptime
from amberpost.config import Config
from amberpost.daemon.work import are_processed
from amberpost.errors import SourceError
from amberpost.governance.place import require_confirmed
from amberpost.handover import Accept, CaptureId, Incoming, Receipt
from amberpost.health.evidence import note_evidence
from amberpost.logs import set_context
from amberpost.remark import Remark
from amberpost.road.accept import accept, require_room
from amberpost.road.clock_readings import note_arrivals, note_heard, note_look, sealing_waits
from amberpost.road.models import Capture, Outcome
from amberpost.road.open import open_keys_of
from amberpost.road.rows import select_in
from amberpost.sources.account import account_settings
from amberpost.sources.backoff import backoff_seconds
from amberpost.sources.connector import CONNECTORS, Connector, FetchReport, run
from amberpost.sources.cursor import Cursor
from amberpost.sources.models import FetchRun, Source, SourceStatus
from amberpost.sources.progress import load_cursor
from amberpost.sources.settings import Task
from amberpost.sources.signals import note_run
from amberpost.sources.status import note_shown_certificate
from amberpost.sources.trouble import as_trouble
from amberpost.store.disk import LocalDisk
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import KeyStore

log = logging.getLogger(__name__)

# A source that is asked every minute makes as many runs in a week: older ones that brought nothing are forgotten,
# and of all others so many are kept, some 2 MB of rows. What they brought is sealed in the audit log for good.
EMPTY_RUNS_KEPT = timedelta(days=7)
RUNS_KEPT = 10_000
_COUNTS = ("seen", "stored", "duplicate", "quarantined", "left")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account of one run: seen = stored + duplicate + quarantined + left + waiting."""

    source: str
    seen: int
    stored: int
    duplicate: int
    quarantined: int
    left: int
    seconds: float
    notes: tuple[Remark, ...] = ()
    error: Remark | None = None
    pause_seconds: float | None = None  # the server asked to be left alone that long
    waiting: int = 0  # accepted, and to be sealed when the clock can be believed

    def as_json(self) -> dict[str, object]:
        """For a person or a program; without what is empty."""
        said = {"notes": [str(note) for note in self.notes], "error": str(self.error) if self.error else ""}
        facts = {name: value for name, value in {**asdict(self), **said}.items() if value or value == 0}
        return facts if self.waiting else {name: facts[name] for name in facts if name != "waiting"}

    def as_detail(self) -> dict[str, int | dict[str, object]]:
        """For the audit log, which seals it: the signed report of this run."""
        counts: dict[str, int | dict[str, object]] = {name: getattr(self, name) for name in _COUNTS}
        if self.waiting:
            counts["waiting"] = self.waiting
        return {**counts, "error": self.error.as_json()} if self.error else counts


class Unsealed:
    """What was accepted while sealing waits, so that no run fetches it again. Thread-safe; forgotten at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._remote_ids: dict[int, dict[CaptureId, str]] = {}

    def add(self, source_id: int, taken: Iterable[tuple[CaptureId, Incoming]]) -> None:
        with self._lock:
            known = self._remote_ids.setdefault(source_id, {})
            known.update((capture, one.origin.remote_id) for capture, one in taken)

    def beside(self, cursor: Cursor, source: Source) -> Cursor:
        """The cursor, and what waits; what is sealed by now is in the cursor itself."""
        with self._lock:
            waiting = self._remote_ids.pop(source.pk, {})
            if waiting:
                sealed = {
                    bytes(one) for (one,) in select_in(Capture, ["capture_id"], "capture_id", [*waiting])
                }
                waiting = {capture: name for capture, name in waiting.items() if capture not in sealed}
                self._remote_ids[source.pk] = waiting
        return cursor.joined(waiting.values(), is_imap="imap" in source.protocol)


class Fetcher:
    """Collects sources into the intake log of this process."""

    def __init__(self, config: Config, keys: KeyStore, unsealed: Unsealed | None = None) -> None:
        self._config = config
        self._keys = keys
        self._intake = IntakeLog(LocalDisk(config.data), keys)
        self._unsealed = unsealed or Unsealed()

    def close(self) -> None:
        self._intake.close()

    def collect(self, source: Source, stop: threading.Event | None = None) -> Account:
        """One run at one source; never raises for what happens there, foreseen or not."""
        started, began = now(), uptime()
        _begin(source, started)
        set_context(f"source={source.pk}")
        try:
            require_confirmed(self._config.data)
            require_room(LocalDisk(self._config.data))
            require_seats()
            cursor = self._unsealed.beside(load_cursor(source.pk), source)
            report = run(self._connector(source, cursor), self._taking(source, cursor))
            note_heard()
            if report.error is None:
                note_look(source, began)
            self._wait(report.captures, stop)
            left = note_run(source, report, started)
            account = _account(source, report, len(left), (now() - started).total_seconds())
        except Exception as error:  # noqa: BLE001  top of the run
            account = Account(
                source=source.name,
                seen=0,
                stored=0,
                duplicate=0,
                quarantined=0,
                left=0,
                seconds=round((now() - started).total_seconds(), 3),
                error=as_trouble(error, "run").remark,
            )
        finally:
            set_context("")
        _note(source, account, started)
        if account.seen > account.left:
            note_evidence(source)
        return account

    def _taking(self, source: Source, cursor: Cursor) -> Accept:
        def take(incoming: Sequence[Incoming]) -> list[Receipt]:
            note_arrivals(source, cursor, incoming)  # first: the worker may seal as soon as it is accepted
            receipts = accept(self._intake, incoming)
            if sealing_waits():
                captures = [receipt.capture_id for receipt in receipts]
                self._unsealed.add(source.pk, zip(captures, incoming, strict=True))
            return receipts

        return take

    def _connector(self, source: Source, cursor: Cursor) -> Connector:
        settings = replace(
            account_settings(source, self._keys.open_setting, ceiling_bytes=self._config.ceiling_bytes),
            on_certificate=partial(note_shown_certificate, source.pk),
        )
        task = Task(source_id=source.pk, cursor=cursor, evaluation=source.evaluation)
        return CONNECTORS[source.protocol](settings, task)

    def _wait(self, captures: Sequence[CaptureId], stop: threading.Event | None) -> None:
        """Until the worker has made everything findable, or its sealing waits: the account counts what became of it."""
        self._intake.rotate()
        stop = stop or threading.Event()
        while captures and not are_processed(captures) and not sealing_waits() and not stop.wait(0.2):
            pass


def collect_once(config: Config, sources: Sequence[Source], stop: threading.Event) -> list[Account]:
    """One run at each of these sources, one after the other; somebody must be the worker until `stop` is set."""
    keys = open_keys_of(config)
    fetcher = Fetcher(config, keys)
    try:
        return [fetcher.collect(source, stop) for source in sources]
    finally:
        fetcher.close()
        keys.close()
        connection.close()


def outcomes_of(captures: Sequence[CaptureId]) -> dict[Outcome, int]:
    """How many of these captures were stored, repeated, quarantined."""
    counts = dict.fromkeys(Outcome, 0)
    for (outcome,) in select_in(Capture, ["outcome"], "capture_id", captures):
        counts[Outcome(outcome)] += 1
    return counts


def _account(source: Source, report: FetchReport, left: int, seconds: float) -> Account:
    """`left`: what was not left before. What stays on the server is seen once and not in every run."""
    counts, error = outcomes_of(report.captures), report.error
    waiting = len(report.captures) - sum(counts.values())
    return Account(
        source=source.name,
        seen=len(report.captures) + left,
        stored=counts[Outcome.STORED],
        duplicate=counts[Outcome.DUPLICATE],
        quarantined=counts[Outcome.QUARANTINED],
        left=left,
        seconds=round(seconds, 3),
        notes=(*report.notes, *([Remark("note_waiting", {"number": waiting})] if waiting else [])),
        error=error.remark if error else None,
        pause_seconds=error.retry_after_seconds if isinstance(error, SourceError) else None,
        waiting=waiting,
    )


def _begin(source: Source, at: datetime) -> None:
    """Written before anything can go wrong: if the process dies in the run, this source does not come first again."""
    status = SourceStatus.objects.get_or_create(source=source)[0]
    status.last_attempt_at, status.is_running, status.fetch_now = at, True, False
    pause = backoff_seconds(status.failures + 1, SystemRandom().random)
    status.next_attempt_at = at + timedelta(seconds=pause)
    status.save(update_fields=["last_attempt_at", "is_running", "fetch_now", "next_attempt_at"])


def _note(source: Source, account: Account, started: datetime) -> None:
    """The account of the run, and when the source is asked next: its interval, or later while it fails."""
    status = SourceStatus.objects.get(source=source)
    error = account.error.as_json() if account.error else {}
    with transaction.atomic():
        FetchRun.objects.create(
            source=source, started_at=started, finished_at=now(), seen=account.seen, stored=account.stored,
            duplicate=account.duplicate, quarantined=account.quarantined, left=account.left,
            notes=[note.as_json() for note in account.notes], error=error,
        )  # fmt: skip
        _forget_runs(source, before=started - EMPTY_RUNS_KEPT)
        if account.seen or (account.error and not status.failures):
            record("collector", Action.SOURCE_COLLECTED, source.name, **account.as_detail())
        status.failures = status.failures + 1 if account.error else 0
        status.last_error = error
        status.is_running = False
        wait = timedelta(minutes=source.interval_minutes)
        if account.error:
            log.warning("fetch failed source=%d failures=%d", source.pk, status.failures)
            chance = SystemRandom().random
            if account.pause_seconds is not None:
                # What the server asked for, and a tenth more by chance, so that its clients do not come back together.
                pause = account.pause_seconds * (1 + chance() / 10)
            else:
                pause = backoff_seconds(status.failures, chance)
            wait = max(wait, timedelta(seconds=pause))
        else:
            status.last_success_at = now()
            # A run without error has signed in, and had a token where one is needed: ticks of the guides.
            status.first_login_at = status.first_login_at or now()
            if source.kind.uses_oauth:
                status.first_token_at = status.first_token_at or now()
            log.info("fetched source=%d seen=%d left=%d", source.pk, account.seen, account.left)
        if account.seen > account.left:
            status.last_message_at = now()
        status.left_count = source.left_messages.count()
        status.next_attempt_at = now() + wait
        status.save()


def _forget_runs(source: Source, *, before: datetime) -> None:
    """What nobody reads any more; signs of life are in the ledger. The first run stays: it says since when."""
    runs = FetchRun.objects.filter(source=source).order_by("id")
    first = runs.values_list("id", flat=True).first() or 0
    runs.filter(seen=0, error={}, started_at__lt=before).exclude(pk=first).delete()
    oldest = list(runs.reverse().values_list("id", flat=True)[RUNS_KEPT - 1 : RUNS_KEPT])
    if oldest:
        runs.filter(pk__lt=oldest[0]).exclude(pk=first).delete()
