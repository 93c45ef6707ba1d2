"""Seal into the mail ledger what sources told: GAP for mail that never came, HEARTBEAT for silence.

A hole in a mailbox is a gap only if the missing message is not on its way to a segment: the worker calls
this when all that was accepted before the rows were read is catalogued, and what is known by then is left out.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from amberpost.clock import from_milliseconds, milliseconds
from amberpost.road.catalogue import catalogue
from amberpost.road.entries import Draft, gap_draft, heartbeat_draft
from amberpost.road.open import Vault
from amberpost.road.seal import append, sealing_time
from amberpost.sources.models import SignalKind, SourceSignal
from amberpost.sources.progress import load_cursor
from amberpost.sources.uidset import UidSet

_BATCH = 100
_AHEAD = timedelta(hours=1)  # later than the sealing: noticed by a clock that was far ahead


def waiting_signals() -> list[int]:
    """Rows that are not sealed yet, the oldest first."""
    return list(SourceSignal.objects.filter(entry=None).order_by("id").values_list("id", flat=True)[:_BATCH])


def seal_signals(vault: Vault, ids: Sequence[int]) -> None:
    """Seal these rows; repeating it after a crash seals nothing twice."""
    rows = list(SourceSignal.objects.filter(pk__in=ids, entry=None).order_by("id"))
    if not rows:
        return
    at = sealing_time(vault.mail)
    for row in rows:
        if row.at > at + _AHEAD:
            row.at, row.since = at, min(row.since, at) if row.since else None
    drafts: list[Draft] = []
    told: dict[tuple[int, str, int], UidSet] = {}
    for row in rows:
        if row.kind == SignalKind.HEARTBEAT:
            # Sealed before, as the ledger keeps moments: a crash lay between sealing and deleting the row.
            moment = from_milliseconds(milliseconds(row.at))
            same = SourceSignal.objects.filter(kind=row.kind, source_id=row.source_id, at=moment)
            if not same.exclude(entry=None).exists():
                drafts.append(heartbeat_draft(row, at=at))
            continue
        # Of a gap only what did not come after all, and what no row before this one told.
        folder = (row.source_id, row.folder, row.uidvalidity or 0)
        known = told.get(folder) or load_cursor(row.source_id).known(row.folder, row.uidvalidity or 0)
        holes = UidSet(((row.first_uid or 0, row.last_uid or 0),)).difference(known)
        told[folder] = known.union(holes)
        drafts += [gap_draft(row, hole, at=at) for hole in holes.ranges]
    entries = append(vault.mail, [(draft, None) for draft in drafts], at=at)
    with transaction.atomic():
        catalogue(entries)  # gives the sealed rows
        SourceSignal.objects.filter(pk__in=[row.pk for row in rows]).delete()
