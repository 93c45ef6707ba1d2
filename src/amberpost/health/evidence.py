"""What the mail of a source proves about its set-up: that reports, outgoing, internal and Bcc mail arrive.

Looks at the newest catalogue rows only, and at no more than WINDOW of them; what was seen once is remembered
with the source's status. Memory, not truth: forgotten evidence comes back with the next mail.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from amberpost.message.types import Flag
from amberpost.road.models import Capture, Party
from amberpost.road.reasons import Reason
from amberpost.road.rows import chunks
from amberpost.sources.models import OwnDomain, Source, SourceStatus

WINDOW = 2000  # rows of Party, about 500 messages

_SENDERS = {Reason.SENDER, Reason.ON_BEHALF_OF, Reason.HEADER_FROM, Reason.HEADER_SENDER}
_BLIND = {Reason.BCC, Reason.HEADER_BCC}


class Evidence(StrEnum):
    """What can be seen first at a source; the value is kept in rows."""

    JOURNAL_REPORT = "journal_report"
    OUTGOING = "outgoing"
    INTERNAL = "internal"
    INCOMING = "incoming"
    BCC = "bcc"
    UNDELIVERABLE = "undeliverable"  # a report that was found inside a non-delivery report
    LAST_REPORT = "last_report"  # the newest, not the first


_ONCE = frozenset(Evidence) - {Evidence.LAST_REPORT}


@dataclass(slots=True, kw_only=True)
class _Seen:
    """One capture, as its parties tell it."""

    senders: set[str] = field(default_factory=set)
    recipients: set[str] = field(default_factory=set)
    has_bcc: bool = False


def note_evidence(source: Source) -> None:
    """Look through the newest mail of the source and remember what it proves."""
    known = evidence_of(source)
    found = _look(source)
    for kind, at in found.items():
        if kind in _ONCE:
            known.setdefault(kind, at)
        else:
            known[kind] = max(at, known.get(kind, at))
    if found:
        kept = {kind.value: at.isoformat() for kind, at in known.items()}
        SourceStatus.objects.update_or_create(source=source, defaults={"evidence": kept})


def evidence_of(source: Source) -> dict[Evidence, datetime]:
    """What was seen so far at this source, and when it was captured."""
    kept = SourceStatus.objects.filter(source=source).values_list("evidence", flat=True).first() or {}
    names = {kind.value for kind in Evidence}
    return {Evidence(name): datetime.fromisoformat(at) for name, at in kept.items() if name in names}


def direction(senders: Iterable[str], recipients: Iterable[str], own: frozenset[str]) -> Evidence | None:
    """Outgoing, internal or incoming by the own domains; None if they cannot tell."""
    domains = {_domain(address) for address in senders}
    targets = {_domain(address) for address in recipients}
    if not (own and domains and targets):
        return None
    if not domains & own:
        return Evidence.INCOMING
    return Evidence.INTERNAL if targets <= own else Evidence.OUTGOING


def _look(source: Source) -> dict[Evidence, datetime]:
    """What the newest mail proves: of each kind the first moment, of the last report the newest."""
    newest = Party.objects.order_by("-pk").values_list("capture_index", "reason", "address__address")[:WINDOW]
    seen: dict[int, _Seen] = defaultdict(_Seen)
    for index, reason, address in newest:
        one = seen[index]
        (one.senders if reason in _SENDERS else one.recipients).add(address)
        one.has_bcc = one.has_bcc or reason in _BLIND

    own = frozenset(OwnDomain.objects.values_list("name", flat=True))
    found: dict[Evidence, datetime] = {}
    for some in chunks(sorted(seen)):
        captures = Capture.objects.filter(index__in=some, source_id=source.pk, message__isnull=False)
        rows = captures.order_by("index").values_list(
            "index", "captured_at", "message__flags", "message__from_address"
        )
        for index, at, words, from_address in rows:
            if at is None:
                continue
            one, flags = seen[index], words.split()
            # An evaluation that reads one field only names no sender: then the message itself does.
            way = direction(one.senders or {from_address}, one.recipients, own)
            proofs = {way} if way else set()
            if Flag.JOURNAL_REPORT in flags:
                proofs |= {Evidence.JOURNAL_REPORT, Evidence.LAST_REPORT}
            if Flag.FROM_NDR in flags:
                proofs.add(Evidence.UNDELIVERABLE)
            if one.has_bcc:
                proofs.add(Evidence.BCC)
            for kind in proofs:
                before = found.get(kind, at)
                found[kind] = min(at, before) if kind in _ONCE else max(at, before)
    return found


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
