"""Every number that a page or a command shows about the whole archive comes from here."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum

from amberpost.message.types import Flag
from amberpost.road.indexing import index_lag
from amberpost.road.models import Capture, Message, Outcome, Quarantine, WorkerStatus
from amberpost.road.open import Vault
from amberpost.sources.models import Source

_NOTHING: dict[str, Any] = {"captures": 0, "duplicates": 0, "quarantined": 0, "last": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNumbers:
    source: Source
    captures: int
    duplicates: int
    quarantined: int
    last_capture_at: datetime | None
    left: int  # messages that stay there
    closed_reports: int  # journal reports in quarantine that its header evaluation did not open


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is kept. captures = stored + duplicates + quarantined, as they were when they came.

    messages = archived + in_quarantine, as they are now; what makes stored + quarantined another number is counted.
    """

    messages: int
    archived: int  # messages that are in an archive
    again: int  # captures, no duplicates, of a message that was here already
    assigned_later: int  # captures that came to quarantine and whose message is in an archive now
    left: int  # messages that stay at their sources
    captures: int
    stored: int
    duplicates: int
    quarantined_captures: int
    in_quarantine: int  # messages that are in no archive now
    unprocessable: int
    raw_bytes: int  # as handed over
    kept_bytes: int  # segments, keys, ledger, embedded catalogue and index on disk
    free_bytes: int  # for us
    disk_bytes: int  # free and used, as df counts
    index_lag: int
    intake_pending: int
    first_capture_at: datetime | None
    last_capture_at: datetime | None
    sources: tuple[SourceNumbers, ...]
    workers: tuple[WorkerStatus, ...]


def overview(vault: Vault) -> Overview:
    """The numbers of this moment."""
    counts = Capture.objects.aggregate(
        captures=Count("index"),
        messages=Count("index", filter=Q(message_id=F("index"))),  # the first capture of each
        stored=Count("index", filter=Q(outcome=Outcome.STORED)),
        duplicates=Count("index", filter=Q(outcome=Outcome.DUPLICATE)),
        quarantined=Count("index", filter=Q(outcome=Outcome.QUARANTINED)),
        raw=Sum("raw_bytes"),
        first=Min("captured_at"),
        last=Max("captured_at"),
    )
    quarantine = Message.objects.exclude(quarantine=0)
    in_quarantine = quarantine.count()
    still = Capture.objects.filter(message__in=quarantine).exclude(outcome=Outcome.DUPLICATE).count()
    sources = source_numbers()
    workers = tuple(WorkerStatus.objects.order_by("name"))
    disk = shutil.disk_usage(vault.config.data)
    return Overview(
        messages=counts["messages"],
        archived=counts["messages"] - in_quarantine,
        again=counts["stored"] + counts["quarantined"] - counts["messages"],
        assigned_later=max(0, counts["quarantined"] - still),
        left=sum(row.left for row in sources),
        captures=counts["captures"],
        stored=counts["stored"],
        duplicates=counts["duplicates"],
        quarantined_captures=counts["quarantined"],
        in_quarantine=in_quarantine,
        unprocessable=Message.objects.filter(quarantine=Quarantine.UNPROCESSABLE).count(),
        raw_bytes=counts["raw"] or 0,
        kept_bytes=kept_bytes(vault),
        free_bytes=disk.free,
        disk_bytes=disk.used + disk.free,
        index_lag=index_lag(),
        intake_pending=sum(worker.intake_pending for worker in workers),
        first_capture_at=counts["first"],
        last_capture_at=counts["last"],
        sources=sources,
        workers=workers,
    )


def kept_bytes(vault: Vault) -> int:
    """Bytes of all files in the data folder; one that the worker removes meanwhile counts nothing."""
    found = (
        file_stat(Path(folder, name)) for folder, _, names in os.walk(vault.config.data) for name in names
    )
    return sum(status.st_size for status in found if status is not None)


def file_stat(path: Path) -> os.stat_result | None:
    """None if the file vanished since its folder was listed."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def source_numbers() -> tuple[SourceNumbers, ...]:
    """What came from each source; of removed ones, those that gave mail."""
    rows: Iterable[Any] = Capture.objects.values("source_id").annotate(
        captures=Count("index"),
        duplicates=Count("index", filter=Q(outcome=Outcome.DUPLICATE)),
        quarantined=Count("index", filter=Q(outcome=Outcome.QUARANTINED)),
        last=Max("captured_at"),
    )
    found = {row["source_id"]: row for row in rows}
    closed = closed_reports()
    return tuple(
        SourceNumbers(
            source=source,
            captures=found.get(source.pk, _NOTHING)["captures"],
            duplicates=found.get(source.pk, _NOTHING)["duplicates"],
            quarantined=found.get(source.pk, _NOTHING)["quarantined"],
            last_capture_at=found.get(source.pk, _NOTHING)["last"],
            left=source.status.left_count if source.removed_at is None and hasattr(source, "status") else 0,
            closed_reports=closed.get(source.pk, 0),
        )
        for source in Source.every.select_related("status")
        if source.removed_at is None or source.pk in found
    )


def closed_reports() -> dict[int, int]:
    """By source; looks at the quarantine only, which is where such reports end."""
    rows = (
        Capture.objects.filter(message__in=Message.objects.exclude(quarantine=0))
        .filter(message__flags__contains=Flag.REPORT_NOT_OPENED)
        .values_list("source_id")
        .annotate(number=Count("index"))
    )
    return dict(rows)
