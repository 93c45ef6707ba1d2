"""Queued work other than mail: rows of Work, claimed by UPDATE, done by the worker between batches."""

import logging
from datetime import timedelta

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.errors import ArchiveError, is_disk_full
from amberpost.health.verified import SCHEDULE, note_verified, read_verified
from amberpost.health.verify import Verification, request_verify, verify
from amberpost.remark import Remark
from amberpost.road.late import assign_late
from amberpost.road.models import Work, WorkKind
from amberpost.road.open import Vault
from amberpost.road.pool import Pool
from amberpost.store.disk import Disk

log = logging.getLogger(__name__)

CLAIM_EXPIRES = timedelta(hours=1)  # a crashed worker's claim runs out
VERIFY_EVERY = timedelta(days=1)
KEPT = timedelta(days=90)  # as notifications are


def claim(work: Work) -> bool:
    """True if this worker now owns the work; of all that ask, exactly one gets True."""
    return Work.objects.filter(pk=work.pk, claimed_at=work.claimed_at).update(claimed_at=now()) == 1


def do_next_job(vault: Vault, pool: Pool, *, may_seal: bool = True) -> bool:
    """Do the oldest waiting job; one that seals only if it may. False if there is none."""
    at = now()
    claimed = (at - CLAIM_EXPIRES, at + CLAIM_EXPIRES)  # later: by a clock that was ahead
    waiting = Work.objects.filter(finished_at=None).exclude(claimed_at__range=claimed)
    if not may_seal:
        waiting = waiting.exclude(kind=WorkKind.ASSIGN)
    work = waiting.order_by("id").first()
    if work is None or not claim(work):
        return False
    try:
        result = _do(vault, work)
        Work.objects.filter(pk=work.pk).update(finished_at=now(), result=result)
    except Exception as error:  # top of the job loop: one bad job must not stop the worker
        if is_disk_full(error):  # no fault of the job's: it waits for room, as the worker does
            Work.objects.filter(pk=work.pk).update(claimed_at=None)
            raise
        log.exception("job failed job=%d kind=%s", work.pk, work.kind)
        Work.objects.filter(pk=work.pk).update(finished_at=now(), error=_trouble_of(error).as_json())
    if may_seal:  # else the clock is not believed
        # Jobs are memory: what they did is sealed, and what a verification found is noted elsewhere.
        Work.objects.filter(finished_at__lt=now() - KEPT).delete()
    return True


def request_daily_verify(disk: Disk) -> None:
    """Ask for a quick verification if none of any kind, from anywhere, ended within the last day."""
    at = now()
    if not any(at - VERIFY_EVERY < run.at <= at for run in read_verified(disk)):  # later: a clock was ahead
        request_verify(SCHEDULE)


def _trouble_of(error: Exception) -> Remark:
    """What people are told; of a mistake of ours only its kind, for its words may quote mail."""
    if isinstance(error, ArchiveError):
        return error.remark
    return Remark("job_broke_down", {"kind": type(error).__name__})


def _do(vault: Vault, work: Work) -> dict[str, object]:
    if work.kind == WorkKind.ASSIGN:
        return {"assigned": len(assign_late(vault, work.detail["addresses"]))}
    if work.kind == WorkKind.VERIFY:
        vault.publish()
        report, depth = Verification(), work.detail["depth"]
        try:
            verify(vault, depth, report)
        except Exception as error:
            if not is_disk_full(error):
                note_verified(
                    vault.disk, depth, by=work.requested_by, report=report, error=_trouble_of(error)
                )
            raise
        note_verified(vault.disk, depth, by=work.requested_by, report=report)
        findings = [finding.as_json() for finding in report.findings]
        record(work.requested_by, Action.ARCHIVE_VERIFIED, depth, findings=len(findings))
        return {"checked": report.checked, "uncovered": report.uncovered, "findings": findings}
    raise ValueError(f"unknown kind of work {work.kind}")
