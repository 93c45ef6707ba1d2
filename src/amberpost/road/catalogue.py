"""The catalogue follows the log: each entry, in order, becomes rows. Pure repetition gives the same rows.

`catalogue()` runs in one transaction with the position it reached, so a crash leaves the catalogue at an
earlier point of the log and never in between.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from amberpost.clock import from_milliseconds, milliseconds
from amberpost.errors import IntegrityError, StoreError
from amberpost.road.entries import LogEntry
from amberpost.road.models import (
    Assignment,
    Capture,
    IndexJob,
    Message,
    Outcome,
    Party,
    Position,
    Quarantine,
)
from amberpost.road.prepare import Prepared
from amberpost.road.quarantine import why_quarantined
from amberpost.road.reasons import Reason
from amberpost.road.rows import Value, address_ids, chunks, insert, select_in
from amberpost.search.document import Document
from amberpost.sources.cursor import Gap
from amberpost.sources.models import SourceSignal
from amberpost.sources.progress import add_gap, add_sealed, add_sealed_uidls

CATALOGUE = "catalogue"
INDEX = "index"
REBUILT = "rebuilt"  # a catalogue begun anew is whole once it has come so far

Owned = tuple[int, int, int, int]  # message id, archive id, reason, entry


@dataclass(slots=True, kw_only=True)
class Owners:
    """The archives of messages while entries are walked in order."""

    archives: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    fork_of: dict[int, bytes] = field(default_factory=dict)
    groups: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))
    rows: list[Owned] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    is_owned_at: dict[int, bool] = field(default_factory=dict)  # by entry

    def join(self, message_id: int, fork: bytes) -> None:
        """The message belongs to its fork group from now on."""
        if message_id not in self.fork_of:
            self.fork_of[message_id] = fork
            self.groups[fork].append(message_id)

    def add(self, message_id: int, archive_id: int, reason: int, entry: int) -> None:
        self.rows.append((message_id, archive_id, reason, entry))
        if archive_id not in self.archives[message_id]:
            self.archives[message_id].add(archive_id)
            self.changed.add(message_id)

    def share(self, message_id: int, entry: int) -> None:
        """The owners of a fork group see each of its messages (formats.md section 4, message identity)."""
        group = self.groups[self.fork_of[message_id]]
        if len(group) < 2:
            return
        union = {archive_id for member in group for archive_id in self.archives[member]}
        for member in group:
            for archive_id in sorted(union - self.archives[member]):
                self.add(member, archive_id, int(Reason.FORK), entry)

    def note(self, entry: int, message_id: int | None) -> None:
        """Remember whether the message of this entry was in any archive when the entry came."""
        if message_id is not None:
            self.is_owned_at[entry] = bool(self.archives[message_id])


_MESSAGE_COLUMNS = (
    "id", "sha256", "message_id", "subject", "from_name", "from_address", "sent_at", "captured_at", "thread",
    "fork", "likeness", "size_bytes", "attachment_count", "flags", "defects", "quarantine", "error",
)  # fmt: skip
_CAPTURE_COLUMNS = (
    "index", "capture_id", "message_id", "source_id", "outcome", "fingerprint", "captured_at", "raw_bytes",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Catalogued:
    """What the search index must learn from a catalogued batch."""

    documents: list[Document] = field(default_factory=list)  # new messages
    changed: set[int] = field(default_factory=set)  # older messages whose archives changed


def catalogue(entries: Sequence[LogEntry]) -> Catalogued:
    """Make rows of the entries that follow the catalogue's position; call it inside a transaction."""
    result = Catalogued()
    if not entries:
        return result
    if entries[0].index != position(CATALOGUE):
        raise StoreError("catalogue_fell_behind")
    captured = [entry for entry in entries if entry.prepared is not None]
    messages = _messages_of(captured)
    new = _add_messages(captured, messages)
    owners = _own(entries, messages)
    insert(Assignment, ("message_id", "archive_id", "reason", "entry"), owners.rows)
    _settle_quarantine(owners.changed)
    _add_captures(entries, messages, owners)
    _add_parties(captured)
    add_sealed(_remote_ids(entries, "imap"))
    add_sealed_uidls(_remote_ids(entries, "pop3"))
    _add_signals(entries)
    result.changed = owners.changed - new.keys()
    insert(IndexJob, ["message_id"], [(message_id,) for message_id in result.changed])
    result.documents = _documents(new)
    _advance(entries[-1].index + 1)
    return result


def find_fingerprints(fingerprints: Sequence[bytes]) -> dict[bytes, int]:
    """Index of the capture that first brought each of these handings-over."""
    rows = select_in(Capture, ["fingerprint", "index"], "fingerprint", fingerprints)
    return {bytes(fingerprint): index for fingerprint, index in rows}


def position(name: str) -> int:
    """The ledger index that `name` (CATALOGUE or INDEX) expects next."""
    return Position.objects.filter(name=name).values_list("next_index", flat=True).first() or 0


def require_whole_log(records: int) -> None:
    """Refuse to go on if the log has fewer records than the catalogue knows: new ones would take their numbers."""
    known = position(CATALOGUE)
    if known > records:
        raise IntegrityError(
            "catalogue_ahead",
            known=known,
            records=records,
            subject="mail/segments",
        )


def set_position(name: str, next_index: int) -> None:
    Position.objects.update_or_create(name=name, defaults={"next_index": next_index})


def archives_of(message_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """The archives of each message, in a stable order."""
    found: dict[int, set[int]] = defaultdict(set)
    for message_id, archive_id in select_in(
        Assignment, ["message_id", "archive_id"], "message_id", message_ids
    ):
        found[message_id].add(archive_id)
    return {message_id: tuple(sorted(archives)) for message_id, archives in found.items()}


def _messages_of(captured: Sequence[LogEntry]) -> dict[bytes, int]:
    """SHA-256 -> message id, for all that are known; the first capture in the batch gives a new message its id."""
    digests = {_prepared(entry).facts.sha256 for entry in captured}
    known = {bytes(sha256): i for sha256, i in select_in(Message, ["sha256", "id"], "sha256", digests)}
    for entry in captured:
        known.setdefault(_prepared(entry).facts.sha256, entry.index)
    return known


def _add_messages(captured: Sequence[LogEntry], messages: dict[bytes, int]) -> dict[int, LogEntry]:
    new = {e.index: e for e in captured if messages[_prepared(e).facts.sha256] == e.index}
    insert(Message, _MESSAGE_COLUMNS, [_message_row(entry) for entry in new.values()])
    return new


def _message_row(entry: LogEntry) -> tuple[Value, ...]:
    prepared = _prepared(entry)
    facts = prepared.facts
    return (
        entry.index, facts.sha256, facts.message_id, facts.subject, facts.from_name, facts.from_address,
        milliseconds(facts.sent_at), milliseconds(prepared.capture.captured_at), facts.thread, facts.fork,
        facts.likeness, facts.size_bytes, facts.attachment_count, facts.flags, facts.defects,
        int(why_quarantined(facts)), json.dumps(facts.error.as_json() if facts.error else {}),
    )  # fmt: skip


def _own(entries: Sequence[LogEntry], messages: dict[bytes, int]) -> Owners:
    """Who owns what after each entry: decided in the order of the log, so that a rebuild decides alike."""
    owners = _owners_before(entries, messages)
    for entry in entries:
        if entry.prepared is not None:
            message_id = messages[entry.prepared.facts.sha256]
            owners.join(message_id, entry.prepared.facts.fork)
            for archive_id, reason in entry.header["assignments"]:
                owners.add(message_id, archive_id, reason, entry.index)
            owners.share(message_id, entry.index)
        elif entry.leaf["t"] == "ASSIGN":
            for message_id, archive_id, reason in entry.header["assign"]:
                owners.add(message_id, archive_id, reason, entry.index)
                owners.share(message_id, entry.index)
        owners.note(entry.index, messages[entry.prepared.facts.sha256] if entry.prepared else None)
    return owners


def _owners_before(entries: Sequence[LogEntry], messages: dict[bytes, int]) -> Owners:
    """What was known before these entries, of their messages and of all that share a fork key with them."""
    assigned = {m for e in entries if e.leaf["t"] == "ASSIGN" for m, _, _ in e.header["assign"]}
    keys = {_prepared(entry).facts.fork for entry in entries if entry.prepared is not None}
    keys |= {bytes(key) for (key,) in select_in(Message, ["fork"], "id", assigned)}
    first = entries[0].index
    owners = Owners()
    for message_id, key in select_in(Message, ["id", "fork"], "fork", keys):
        if message_id < first:
            owners.join(message_id, bytes(key))
    for message_id, archives in archives_of(owners.fork_of).items():
        owners.archives[message_id] = set(archives)
    return owners


def _settle_quarantine(message_ids: Iterable[int]) -> None:
    """A message with an archive is in no quarantine."""
    for some in chunks(sorted(archives_of(message_ids))):
        Message.objects.filter(id__in=some).exclude(quarantine=0).update(quarantine=Quarantine.NONE)


def _add_captures(entries: Sequence[LogEntry], messages: dict[bytes, int], owners: Owners) -> None:
    captures = [entry for entry in entries if "capture_id" in entry.header]
    rows: list[tuple[Value, ...]] = []
    for entry in captures:
        message_id = messages[entry.prepared.facts.sha256] if entry.prepared else _message_of(entry, rows)
        outcome = _outcome(entry, owners.is_owned_at.get(entry.index, False))
        capture_id = bytes.fromhex(entry.header["capture_id"])
        prepared = entry.prepared
        rows.append((
            entry.index, capture_id, message_id, entry.header["origin"]["source"], int(outcome),
            prepared.fingerprint if prepared else None, entry.header["captured_at"],
            prepared.raw_bytes if prepared else 0,
        ))  # fmt: skip
    insert(Capture, _CAPTURE_COLUMNS, rows)


def _message_of(entry: LogEntry, rows: Sequence[tuple[Value, ...]]) -> int | None:
    """The message a DUP repeats: its capture is in this batch or catalogued before."""
    ref = entry.leaf["ref"]
    for row in rows:
        if row[0] == ref:
            return row[2] if isinstance(row[2], int) else None
    return Capture.objects.filter(index=ref).values_list("message_id", flat=True).first()


def _outcome(entry: LogEntry, is_owned: bool) -> Outcome:
    if entry.leaf["t"] == "DUP":
        return Outcome.DUPLICATE
    return Outcome.STORED if is_owned else Outcome.QUARANTINED


def _add_parties(captured: Sequence[LogEntry]) -> None:
    captured = [entry for entry in captured if entry.header["target"] is None]  # others go nowhere else, ever
    ids = address_ids(claim.address for entry in captured for claim in _prepared(entry).claims)
    insert(
        Party,
        ("capture_index", "address_id", "reason"),
        [
            (entry.index, ids[claim.address], int(claim.reason))
            for entry in captured
            for claim in _prepared(entry).claims
        ],
    )


def _remote_ids(entries: Sequence[LogEntry], protocol: str) -> list[tuple[int, str]]:
    """(source id, remote id) of each message that came from a mailbox over this protocol."""
    origins = [entry.header["origin"] for entry in entries if "origin" in entry.header]
    return [(origin["source"], origin["remote_id"]) for origin in origins if origin["protocol"] == protocol]


def _add_signals(entries: Sequence[LogEntry]) -> None:
    """What sources told beside mail; the UIDs of a gap are known from now on to hold nothing."""
    for entry in entries:
        if entry.leaf["t"] == "GAP":
            add_gap(entry.leaf["src"], _gap(entry))
        if entry.leaf["t"] in {"GAP", "HEARTBEAT"}:
            SourceSignal.objects.create(**_signal_row(entry))


def _gap(entry: LogEntry) -> Gap:
    told = entry.header["signal"]
    return Gap(
        folder=told["folder"],
        uidvalidity=told["uidvalidity"],
        first=entry.leaf["from"],
        last=entry.leaf["to"],
    )


def _signal_row(entry: LogEntry) -> dict[str, Any]:
    leaf, told = entry.leaf, entry.header["signal"]
    row = {
        "kind": leaf["t"].lower(), "source_id": leaf["src"], "entry": entry.index,
        "at": from_milliseconds(told["at"]),
    }  # fmt: skip
    if leaf["t"] == "HEARTBEAT":
        return {**row, "since": from_milliseconds(leaf["from"])}
    return {
        **row, "folder": told["folder"], "uidvalidity": told["uidvalidity"],
        "first_uid": leaf["from"], "last_uid": leaf["to"],
    }  # fmt: skip


def _documents(new: dict[int, LogEntry]) -> list[Document]:
    archives = archives_of(new)
    return [
        replace(_prepared(entry).document, message_id=message_id, archives=archives.get(message_id, ()))
        for message_id, entry in new.items()
    ]


def _advance(next_index: int) -> None:
    if not Position.objects.filter(name=CATALOGUE).update(next_index=next_index):
        Position.objects.create(name=CATALOGUE, next_index=next_index)


def _prepared(entry: LogEntry) -> Prepared:
    assert entry.prepared is not None
    return entry.prepared
