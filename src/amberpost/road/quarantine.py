"""What is kept and in no archive: facts for an operator, who reads no mail."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from amberpost.message.journal import lacks_envelope
from amberpost.road.marks import marks_of
from amberpost.road.models import Capture, Message, Outcome, Party, Quarantine
from amberpost.road.prepare import MessageFacts
from amberpost.road.rows import chunks
from amberpost.sources.models import Source
from amberpost.spoken import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One message in quarantine: no subject, no names, no text."""

    id: int
    reason: str
    captured_at: datetime | None
    size_bytes: int
    source: str
    flags: str
    error: str  # in the language of whoever asks
    marks: tuple[str, ...]


def quarantined(*, limit: int = 50, offset: int = 0) -> tuple[int, list[Quarantined]]:
    """How many messages are in quarantine, and some of them, newest first."""
    held = Message.objects.exclude(quarantine=0).order_by("-id")
    rows = list(held[offset : offset + limit])
    sources = {source.pk: source.shown_name for source in Source.every.all()}
    source_of = dict(
        Capture.objects.filter(index__in=[row.id for row in rows]).values_list("index", "source_id")
    )
    return held.count(), [
        Quarantined(
            id=row.id,
            reason=str(Quarantine(row.quarantine).label),
            captured_at=row.captured_at,
            size_bytes=row.size_bytes,
            source=sources.get(source_of.get(row.id, 0), ""),
            flags=row.flags,
            error=in_words(row.error),
            marks=marks_of(row.flags.split()),
        )
        for row in rows
    ]


def why_quarantined(facts: MessageFacts) -> Quarantine:
    """Why a message with these facts is in quarantine as long as no archive holds it."""
    if facts.error:
        return Quarantine.UNPROCESSABLE
    return Quarantine.NO_ENVELOPE if lacks_envelope(facts.flags.split()) else Quarantine.NO_ARCHIVE


def count_assignable(addresses: Collection[str]) -> int:
    """How many messages in quarantine name one of these addresses as an owner's."""
    found: set[int] = set()
    for some in chunks(sorted(addresses)):
        captures = Party.objects.filter(address__address__in=some).values("capture_index")
        messages = Message.objects.filter(quarantine=Quarantine.NO_ARCHIVE, captures__index__in=captures)
        found.update(messages.values_list("id", flat=True))
    return len(found)


def count_own_addresses(domains: Collection[str]) -> int:
    """How many addresses of these domains are named as an owner's in quarantine: nearly always somebody is missing."""
    if not domains:
        return 0
    held = Message.objects.filter(quarantine=Quarantine.NO_ARCHIVE)
    captures = Capture.objects.filter(message__in=held).exclude(outcome=Outcome.DUPLICATE).values("index")
    parties = Party.objects.filter(capture_index__in=captures)
    found = parties.values_list("address__address", flat=True).distinct()
    return sum(address.rpartition("@")[2] in domains for address in found.iterator())
