"""What a run says beside its messages: what stayed, what is gone, what never came, and that the source lives.

Gaps and signs of life wait here as rows until the worker has sealed them into the mail ledger.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from amberpost.clock import now
from amberpost.sources.connector import RunReport
from amberpost.sources.cursor import Gap
from amberpost.sources.models import LeftMessage, SignalKind, Source, SourceSignal
from amberpost.sources.progress import add_gone
from amberpost.sources.settings import Left

HEARTBEAT_EVERY = timedelta(minutes=15)


def note_run(source: Source, report: RunReport, started_at: datetime) -> None:
    """Remember what a run found beside its messages. `started_at`: when the run began."""
    with transaction.atomic():
        add_gone(source.pk, report.gone)
        _note_left(source, report.left, is_whole=report.error is None)
        _note_gaps(source, report.gaps)
        if report.error is None and not report.captures:
            _note_life(source, started_at)


def _note_left(source: Source, left: Iterable[Left], *, is_whole: bool) -> None:
    """The list of mail that stays on the server; after a whole run, only what is still there."""
    at = now()
    for one in left:
        LeftMessage.objects.update_or_create(
            source=source,
            remote_id=one.remote_id,
            defaults={"size_bytes": one.size_bytes, "reason": one.reason, "last_seen_at": at},
            create_defaults={
                "size_bytes": one.size_bytes,
                "reason": one.reason,
                "first_seen_at": at,
                "last_seen_at": at,
            },
        )
    if is_whole:
        LeftMessage.objects.filter(source=source, last_seen_at__lt=at).delete()


def _note_gaps(source: Source, gaps: Iterable[Gap]) -> None:
    """Each once, however many polls see it before the worker has sealed it."""
    for gap in gaps:
        SourceSignal.objects.get_or_create(
            kind=SignalKind.GAP,
            source_id=source.pk,
            entry=None,
            folder=gap.folder,
            uidvalidity=gap.uidvalidity,
            first_uid=gap.first,
            last_uid=gap.last,
            defaults={"at": now()},
        )


def _note_life(source: Source, at: datetime) -> None:
    """At most every 15 minutes: silence must differ from outage (formats.md section 5)."""
    beats = SourceSignal.objects.filter(kind=SignalKind.HEARTBEAT, source_id=source.pk)
    last = beats.order_by("-at").values_list("at", flat=True).first()
    if last is None or abs(at - last) >= HEARTBEAT_EVERY:  # it lies ahead where the clock was
        SourceSignal.objects.create(
            kind=SignalKind.HEARTBEAT, source_id=source.pk, at=at, since=min(last or source.created_at, at)
        )
