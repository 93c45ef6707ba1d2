"""One run of the active directory, from reading to applying, and the record it leaves.

Promises: never two at once, in whatever process; a directory that fails changes nothing; a plan that looks
wrong, and the first one after a directory was chosen, waits until an operator has said yes to that very plan.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom

from django.db import transaction

from amberpost.bell import ring
from amberpost.clock import now
from amberpost.directory.active import active_directory, secret_of, status_of
from amberpost.directory.configure import missing_fields
from amberpost.directory.models import Directory, DirectoryKind, DirectoryRun, DirectoryStatus, RunOutcome
from amberpost.directory.readers import read_found
from amberpost.errors import ArchiveError, DirectoryError, UserError
from amberpost.governance.directories import PlanPreview, Synchronised, preview, synchronise
from amberpost.sources.backoff import backoff_seconds
from amberpost.store.disk import LocalDisk
from amberpost.store.keys import KeyStore
from amberpost.store.secret import Secret

log = logging.getLogger(__name__)

_LOCK = "directory.lock"
_KEPT_RUNS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one run was: its record, and the plan if the directory gave one."""

    run: DirectoryRun
    preview: PlanPreview | None
    error: ArchiveError | None = None


def sync_directory(
    disk: LocalDisk, keys: KeyStore, *, by: str, accept: str = "", must_ask: bool = False
) -> SyncReport:
    """Read the active directory, plan, and apply unless somebody must look first. Raises UserError only.

    `accept` is the hash of a plan an operator has seen; with `must_ask` no other is applied.
    """
    with _alone(disk):
        directory, started_at = _readable(), now()
        status = status_of(directory)
        status.last_attempt_at, status.sync_now = started_at, False
        try:
            found = read_found(directory, lambda field: _secret(directory, field, keys))
            done = synchronise(found, by=by, accept=accept, must_ask=must_ask)
        except DirectoryError as error:
            return _note_failure(status, error, by=by, started_at=started_at)
        return _note(status, done, by=by, started_at=started_at)


def look_at_directory(disk: LocalDisk, keys: KeyStore) -> PlanPreview:
    """What a run would change now. Changes nothing; UserError or DirectoryError if it cannot be told."""
    with _alone(disk):
        directory = _readable()
        return preview(read_found(directory, lambda field: _secret(directory, field, keys)))


def is_due(at: datetime) -> bool:
    """True if the schedule, or an operator, wants a run; a plan that waits is not made again by itself."""
    directory = active_directory()
    if directory.kind == DirectoryKind.LOCAL or missing_fields(directory):
        return False
    status = status_of(directory)
    was_ahead = status.last_attempt_at is not None and status.last_attempt_at > at  # the clock, then
    return status.sync_now or was_ahead or status.next_attempt_at is None or status.next_attempt_at <= at


def needs_first_look() -> bool:
    """True until a plan of the directory in use has been applied: an operator should see the first one."""
    return not status_of(active_directory()).is_applied


def request_sync(directory: Directory) -> None:
    """Ask for a run at once instead of at the next time."""
    DirectoryStatus.objects.update_or_create(directory=directory, defaults={"sync_now": True})
    transaction.on_commit(ring)


def note_breakdown(error: Exception, *, by: str) -> None:
    """Leave a record of a run that ended as none should: a fault of ours, not of the directory."""
    status = status_of(active_directory())
    shown = DirectoryError("directory_surprise", subject=type(error).__name__, permanent=True)
    _note_failure(status, shown, by=by, started_at=now())


@contextmanager
def _alone(disk: LocalDisk) -> Iterator[None]:
    lock = disk.lock(_LOCK)
    if lock is None:
        raise UserError("directory_busy")
    try:
        yield
    finally:
        lock.release()


def _readable() -> Directory:
    directory = active_directory()
    if directory.kind == DirectoryKind.LOCAL:
        raise UserError("directory_is_local")
    if missing := missing_fields(directory):
        raise UserError("directory_incomplete", subject=", ".join(missing))
    return directory


def _secret(directory: Directory, field: str, keys: KeyStore) -> Secret:
    return secret_of(directory, field, keys.open_setting)


def _note(status: DirectoryStatus, done: Synchronised, *, by: str, started_at: datetime) -> SyncReport:
    made, applied = done.preview.plan, done.applied
    run = _run(status, by=by, started_at=started_at)
    run.came, run.changed, run.left = len(made.coming), len(made.changing), len(made.leaving)
    run.conflicts, run.quarantined = len(made.conflicts), done.preview.quarantined
    run.notes = [note.as_json() for note in made.notes]
    if applied is None:
        run.outcome = RunOutcome.WAITING
    else:
        run.outcome = RunOutcome.UNCHANGED if made.is_empty else RunOutcome.APPLIED
        status.is_applied, status.last_success_at = True, run.finished_at
    status.is_waiting = applied is None
    status.failures, status.last_error = 0, {}
    status.report = _report(done.preview)
    _save(status, run, timedelta(minutes=status.directory.interval_minutes))
    log.info(
        "directory read outcome=%s came=%d changed=%d left=%d", run.outcome, run.came, run.changed, run.left
    )
    return SyncReport(run=run, preview=done.preview)


def _note_failure(
    status: DirectoryStatus, error: DirectoryError, *, by: str, started_at: datetime
) -> SyncReport:
    """The next try comes sooner than usual, unless trying again cannot help."""
    run = _run(status, by=by, started_at=started_at)
    run.outcome, run.error = RunOutcome.FAILED, error.remark.as_json()
    status.failures, status.last_error = status.failures + 1, run.error
    wait = timedelta(minutes=status.directory.interval_minutes)
    if not error.permanent:
        wait = min(wait, timedelta(seconds=backoff_seconds(status.failures + 2, SystemRandom().random)))
    _save(status, run, wait)
    log.warning("directory not read failures=%d", status.failures)
    return SyncReport(run=run, preview=None, error=error)


def _run(status: DirectoryStatus, *, by: str, started_at: datetime) -> DirectoryRun:
    return DirectoryRun(
        directory=status.directory, started_at=started_at, finished_at=now(), asked_by=by[:200]
    )


def _save(status: DirectoryStatus, run: DirectoryRun, wait: timedelta) -> None:
    with transaction.atomic():
        run.save()
        status.next_attempt_at = run.finished_at + wait
        status.save()
        oldest = DirectoryRun.objects.values_list("pk", flat=True)[_KEPT_RUNS - 1 : _KEPT_RUNS]
        DirectoryRun.objects.filter(pk__lt=next(iter(oldest), 0)).delete()


def _report(shown: PlanPreview) -> dict[str, object]:
    made = shown.plan
    return {
        "plan": shown.hash,
        "notes": [note.as_json() for note in made.notes],
        "worries": [worry.value for worry in made.worries],
        "conflicts": [
            {"subject": c.subject, "holder": c.holder, "claimants": list(c.claimants)} for c in made.conflicts
        ],
    }
