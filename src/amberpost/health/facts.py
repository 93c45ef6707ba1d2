"""Gather what the alarms are made of. Cheap: it is asked every minute, also in an archive of many years."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from amberpost.accounts.seats import seats
from amberpost.clock import now
from amberpost.config import Config
from amberpost.directory.active import active_directory
from amberpost.directory.models import DirectoryKind, DirectoryStatus
from amberpost.health.alarms import DirectoryFacts, Facts, SourceFacts, is_silent
from amberpost.health.numbers import closed_reports, file_stat
from amberpost.health.verified import read_verified, standing
from amberpost.net.server import read_server
from amberpost.notice.outbox import failures
from amberpost.road.catalogue import INDEX, position
from amberpost.road.clock_readings import last_judgement
from amberpost.road.indexing import index_lag
from amberpost.road.models import Message, Quarantine, Work, WorkerStatus, WorkKind
from amberpost.search.index import IndexDamaged
from amberpost.search.local import TantivyIndex
from amberpost.sources.models import FetchRun, Source, SourceProtocol, SourceStatus
from amberpost.store.disk import LocalDisk
from amberpost.store.place import find_doubts

_DAY = timedelta(days=1)
_RECENT = timedelta(days=7)
_LONGEST_JOB = timedelta(minutes=15)


def gather(config: Config, *, has_index: bool) -> Facts:
    """The facts of this moment."""
    at = now()
    verified = standing(read_verified(LocalDisk(config.data)))
    disk = shutil.disk_usage(config.data)
    seen_at = dict(WorkerStatus.objects.values_list("name", "seen_at"))
    jobs = Work.objects.filter(finished_at__gt=at - _RECENT).exclude(kind=WorkKind.VERIFY)
    quarantined = Message.objects.exclude(quarantine=Quarantine.NONE)
    unfindable = Message.objects.filter(id__gte=position(INDEX)).order_by("id")
    return Facts(
        at=at,
        seen_at=seen_at,
        is_worker_busy=Work.objects.filter(finished_at=None, claimed_at__gt=at - _LONGEST_JOB).exists(),
        sources=tuple(_sources()),
        disk_percent=int(100 * disk.used / (disk.used + disk.free)),  # of what we may use, as df counts
        disk_free_bytes=disk.free,
        clock=last_judgement(),
        has_index=has_index,
        index_lag=index_lag(),
        unfindable_since=(unfindable.values_list("captured_at", flat=True).first() if has_index else None),
        unprocessed_since=_unprocessed_since(config, is_stopped=is_silent(seen_at.get("work"), at)),
        quarantined_today=quarantined.filter(captured_at__gt=at - _DAY).count(),
        unprocessable=quarantined.filter(quarantine=Quarantine.UNPROCESSABLE).count(),
        findings=max((run.findings_count for run in verified), default=0),
        has_failed_verify=any(run.error for run in verified),
        failed_jobs=jobs.exclude(error={}).count(),
        failed_channels={str(channel): error for channel, error in failures().items()},
        directory=_directory(),
        seats=seats(),
        doubts=find_doubts(config.data),
    )


def index_is_there(config: Config) -> bool:
    """True if the search index can be opened."""
    try:
        TantivyIndex.open_reader(config.data / "index").close()
    except IndexDamaged:
        return False
    return True


def status_of(source: Source) -> SourceStatus | None:
    """What happened last at a source; None if it was never tried."""
    return getattr(source, "status", None)


def _sources() -> Iterator[SourceFacts]:
    """Each remote account."""
    unopened = closed_reports()
    for source in Source.objects.exclude(protocol=SourceProtocol.FILE).select_related("status"):
        status = status_of(source) or SourceStatus(source=source)
        yield SourceFacts(
            source_id=source.pk,
            name=source.name,
            is_enabled=source.enabled,
            host=read_server(source.server, 1).name.lower() if source.server else "",
            failures=status.failures,
            last_error=status.last_error,
            left=status.left_count,
            unopened_reports=unopened.get(source.pk, 0) if source.evaluation != "journal" else 0,
            secret_expires_on=source.secret_expires_on,
            certificate_expires_at=status.certificate_expires_at,
            silence_hours=source.silence_hours,
            quiet_since=status.last_message_at or _first_look(source),
        )


def _directory() -> DirectoryFacts:
    directory = active_directory()
    if directory.pk is None or directory.kind == DirectoryKind.LOCAL:
        return DirectoryFacts()
    status = DirectoryStatus.objects.filter(directory=directory).first() or DirectoryStatus()
    conflicts = status.report.get("conflicts", [])
    return DirectoryFacts(
        failures=status.failures,
        last_error=status.last_error,
        is_waiting=status.is_waiting,
        claimed_twice=sum(not c["holder"] and len(c["claimants"]) > 1 for c in conflicts),
    )


def _first_look(source: Source) -> datetime:
    """When somebody first looked for mail; after a rebuild, which forgets the runs, it begins anew."""
    run = FetchRun.objects.filter(source=source).order_by("id").first()
    return run.started_at if run else source.created_at


def _unprocessed_since(config: Config, *, is_stopped: bool) -> datetime | None:
    """When the oldest intake log got its last message; None while the worker has nothing to do.

    A log stays until its writer ends, also when all of it is processed: its age alone says nothing.
    """
    is_idle = not WorkerStatus.objects.filter(name="work", intake_pending__gt=0).exists()
    if is_idle and not is_stopped:
        return None
    files = [file_stat(path) for path in (config.data / "intake").glob("*.log")]
    oldest = min((file.st_mtime for file in files if file and file.st_size), default=None)
    return datetime.fromtimestamp(oldest, tz=now().tzinfo) if oldest is not None else None
