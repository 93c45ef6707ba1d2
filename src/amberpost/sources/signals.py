"""What a run says beside its messages: what stayed, what is gone, what never came, and that the source lives.

Gaps and signs of life wait here as rows until the worker has sealed them into the mail ledger.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from amberpost.bell import ring
from amberpost.clock import now
from amberpost.sources.connector import FetchReport
from amberpost.sources.cursor import Gap
from amberpost.sources.models import LeftMessage, SignalKind, Source, SourceSignal
from amberpost.sources.progress import add_gone
from amberpost.sources.settings import Left

HEARTBEAT_EVERY = timedelta(minutes=15)
HEARTBEATS_KEPT = timedelta(days=7)  # as rows; they are in the ledger for good
_ROWS = 500  # in one statement

log = logging.getLogger(__name__)


def note_run(source: Source, report: FetchReport, started_at: datetime) -> list[Left]:
    """Remember what a run found beside its messages. `started_at`: when the run began.

    Returns what it left and was not left before: a message that stays is told once, not in every run.
    """
    with transaction.atomic():
        add_gone(source.pk, report.gone)
        new = _note_left(source, report.left, is_whole=report.error is None)
        _note_gaps(source, report.gaps)
        if report.error is None and not report.captures:
            _note_life(source, started_at)
    for one in new:
        log.warning(
            "left source=%d message=%r bytes=%s reason=%s",
            source.pk,
            one.remote_id,
            one.size_bytes,
            one.reason.code,
        )
    return new


def _note_left(source: Source, left: Sequence[Left], *, is_whole: bool) -> list[Left]:
    """The list of mail that stays on the server; after a whole run, only what is still there. Returns what is new."""
    at = now()
    rows = {row.remote_id: row for row in LeftMessage.objects.filter(source=source)}
    new = [one for one in left if one.remote_id not in rows]
    for one in {one.remote_id: one for one in left}.values():
        row = rows.get(one.remote_id) or LeftMessage(source=source, remote_id=one.remote_id, first_seen_at=at)
        row.size_bytes, row.reason, row.last_seen_at = one.size_bytes, one.reason.as_json(), at
        rows[one.remote_id] = row
    seen = [row for row in rows.values() if row.last_seen_at == at]
    LeftMessage.objects.bulk_create([row for row in seen if row.pk is None], batch_size=_ROWS)
    known = [row for row in seen if row.first_seen_at != at]
    LeftMessage.objects.bulk_update(known, ["size_bytes", "reason", "last_seen_at"], batch_size=_ROWS)
    if is_whole:
        LeftMessage.objects.filter(source=source, last_seen_at__lt=at).delete()
    return new


def _note_gaps(source: Source, gaps: Iterable[Gap]) -> None:
    """Each once, however many polls see it before the worker has sealed it."""
    for gap in gaps:
        _, is_new = SourceSignal.objects.get_or_create(
            kind=SignalKind.GAP,
            source_id=source.pk,
            entry=None,
            folder=gap.folder,
            uidvalidity=gap.uidvalidity,
            first_uid=gap.first,
            last_uid=gap.last,
            defaults={"at": now()},
        )
        if is_new:
            transaction.on_commit(ring)


def _note_life(source: Source, at: datetime) -> None:
    """At most every 15 minutes: silence must differ from outage (formats.md section 5). Old rows of sealed ones go."""
    beats = SourceSignal.objects.filter(kind=SignalKind.HEARTBEAT, source_id=source.pk)
    last = beats.order_by("-at").values_list("at", flat=True).first()
    beats.exclude(entry=None).filter(at__lt=min(at - HEARTBEATS_KEPT, last or at)).delete()
    if last is None or abs(at - last) >= HEARTBEAT_EVERY:  # it lies ahead where the clock was
        SourceSignal.objects.create(
            kind=SignalKind.HEARTBEAT, source_id=source.pk, at=at, since=min(last or source.created_at, at)
        )
        transaction.on_commit(ring)
