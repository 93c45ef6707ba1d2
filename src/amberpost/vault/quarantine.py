"""What is kept and in no archive: facts for an operator, who reads no mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from amberpost.sources.models import Source
from amberpost.vault.models import Capture, Message, Quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One message in quarantine: no subject, no names, no text."""

    id: int
    reason: str
    captured_at: datetime | None
    size_bytes: int
    source: str
    flags: str
    error: str


def quarantined(*, limit: int = 50, offset: int = 0) -> tuple[int, list[Quarantined]]:
    """How many messages are in quarantine, and some of them, newest first."""
    rows = Message.objects.exclude(quarantine=0).order_by("-id")
    return rows.count(), _facts(rows[offset : offset + limit])


def _facts(rows: Iterable[Message]) -> list[Quarantined]:
    rows = list(rows)
    sources = {source.pk: source.shown_name for source in Source.every.all()}
    source_of = dict(
        Capture.objects.filter(index__in=[row.id for row in rows]).values_list("index", "source_id")
    )
    return [
        Quarantined(
            id=row.id,
            reason=str(Quarantine(row.quarantine).label),
            captured_at=row.captured_at,
            size_bytes=row.size_bytes,
            source=sources.get(source_of.get(row.id, 0), ""),
            flags=row.flags,
            error=row.error,
        )
        for row in rows
    ]
