"""The catalogue follows the log: each entry, in order, becomes rows. Pure repetition gives the same rows.

`catalogue()` runs in one transaction with the position it reached, so a crash leaves the catalogue at an
earlier point of the log and never in between.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

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

_Captured = tuple[LogEntry, Prepared]
Owned = tuple[int, int, int, int]  # message id, archive id, reason, entry


@dataclass(slots=True, kw_only=True)
class Owners:
    """The archives of messages while entries are walked in order."""

    archives: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    fork_of: dict[int, bytes] = field(default_factory=dict)
    groups: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))
    rows: list[Owned] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    is_owned_at: dict[int, bool] = field(default_factory=dict)  # entry -> had its message an archive then

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
    captured = [(entry, entry.prepared) for entry in entries if entry.prepared is not None]
    messages, new = _add_messages(captured)

    owners = _own(entries, messages)
    insert(Assignment, ("message_id", "archive_id", "reason", "entry"), owners.rows)
    for some in chunks(sorted(archives_of(owners.changed))):  # who has an archive is in no quarantine
        Message.objects.filter(id__in=some).exclude(quarantine=0).update(quarantine=Quarantine.NONE)

    _add_captures(entries, messages, owners)
    # What was handed over for one archive goes nowhere else, ever: who it names is remembered of the rest only.
    named = [(entry.index, p.claims) for entry, p in captured if entry.header["target"] is None]
    ids = address_ids(claim.address for _, claims in named for claim in claims)
    insert(
        Party,
        ("capture_index", "address_id", "reason"),
        [(index, ids[claim.address], int(claim.reason)) for index, claims in named for claim in claims],
    )

    # Where each source has come to: what is sealed is not fetched again.
    origins = [entry.header["origin"] for entry in entries if "origin" in entry.header]
    add_sealed([(o["source"], o["remote_id"]) for o in origins if o["protocol"] == "imap"])
    add_sealed_uidls([(o["source"], o["remote_id"]) for o in origins if o["protocol"] == "pop3"])
    _add_signals(entries)

    # The index learns new messages at once, older ones whose archives changed by a job that outlives a crash.
    result.changed = owners.changed - new.keys()
    insert(IndexJob, ["message_id"], [(message_id,) for message_id in result.changed])
    archives = archives_of(new)
    result.documents = [
        replace(p.document, message_id=message_id, archives=archives.get(message_id, ()))
        for message_id, p in new.items()
    ]
    set_position(CATALOGUE, entries[-1].index + 1)
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
    """`name` expects `next_index` from now on."""
    if not Position.objects.filter(name=name).update(next_index=next_index):
        Position.objects.create(name=name, next_index=next_index)


def archives_of(message_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """The archives of each message, in a stable order."""
    found: dict[int, set[int]] = defaultdict(set)
    for message_id, archive_id in select_in(
        Assignment, ["message_id", "archive_id"], "message_id", message_ids
    ):
        found[message_id].add(archive_id)
    return {message_id: tuple(sorted(archives)) for message_id, archives in found.items()}


def _add_messages(captured: Sequence[_Captured]) -> tuple[dict[bytes, int], dict[int, Prepared]]:
    """The message of each SHA-256, and those that are new; the first capture in the batch gives one its id."""
    digests = {prepared.facts.sha256 for _, prepared in captured}
    messages = {bytes(sha256): i for sha256, i in select_in(Message, ["sha256", "id"], "sha256", digests)}
    new: dict[int, Prepared] = {}
    rows: list[tuple[Value, ...]] = []
    for entry, prepared in captured:
        facts = prepared.facts
        if messages.setdefault(facts.sha256, entry.index) != entry.index:
            continue  # the same bytes came before, in this batch or an earlier one
        new[entry.index] = prepared
        rows.append((
            entry.index, facts.sha256, facts.message_id, facts.subject, facts.from_name, facts.from_address,
            milliseconds(facts.sent_at), milliseconds(prepared.capture.captured_at), facts.thread, facts.fork,
            facts.likeness, facts.size_bytes, facts.attachment_count, facts.flags, facts.defects,
            int(why_quarantined(facts)), json.dumps(facts.error.as_json() if facts.error else {}),
        ))  # fmt: skip
    insert(Message, _MESSAGE_COLUMNS, rows)
    return messages, new


def _own(entries: Sequence[LogEntry], messages: dict[bytes, int]) -> Owners:
    """Who owns what after each entry: decided in the order of the log, so that a rebuild decides alike."""
    # What was known before these entries, of their messages and of all that share a fork key with them.
    assigned = {m for e in entries if e.leaf["t"] == "ASSIGN" for m, _, _ in e.header["assign"]}
    forks = {entry.prepared.facts.fork for entry in entries if entry.prepared is not None}
    forks |= {bytes(fork) for (fork,) in select_in(Message, ["fork"], "id", assigned)}
    owners = Owners()
    for message_id, fork in select_in(Message, ["id", "fork"], "fork", forks):
        if message_id < entries[0].index:
            owners.join(message_id, bytes(fork))
    for message_id, archives in archives_of(owners.fork_of).items():
        owners.archives[message_id] = set(archives)

    for entry in entries:
        if entry.prepared is not None:
            message_id = messages[entry.prepared.facts.sha256]
            owners.join(message_id, entry.prepared.facts.fork)
            for archive_id, reason in entry.header["assignments"]:
                owners.add(message_id, archive_id, reason, entry.index)
            owners.share(message_id, entry.index)
            owners.is_owned_at[entry.index] = bool(owners.archives[message_id])
        elif entry.leaf["t"] == "ASSIGN":
            for message_id, archive_id, reason in entry.header["assign"]:
                owners.add(message_id, archive_id, reason, entry.index)
                owners.share(message_id, entry.index)
    return owners


def _add_captures(entries: Sequence[LogEntry], messages: dict[bytes, int], owners: Owners) -> None:
    message_of: dict[int, int | None] = {}
    rows: list[tuple[Value, ...]] = []
    for entry in entries:
        if "capture_id" not in entry.header:
            continue
        prepared = entry.prepared
        if prepared is not None:
            message_id: int | None = messages[prepared.facts.sha256]
        elif (ref := entry.leaf["ref"]) in message_of:  # a DUP: what it repeats is in this batch
            message_id = message_of[ref]
        else:  # or catalogued before
            message_id = Capture.objects.filter(index=ref).values_list("message_id", flat=True).first()
        message_of[entry.index] = message_id
        if entry.leaf["t"] == "DUP":
            outcome = Outcome.DUPLICATE
        else:  # as it was when the entry came; a later owner does not change what became of the capture
            is_owned = owners.is_owned_at.get(entry.index, False)
            outcome = Outcome.STORED if is_owned else Outcome.QUARANTINED
        rows.append((
            entry.index, bytes.fromhex(entry.header["capture_id"]), message_id,
            entry.header["origin"]["source"], int(outcome), prepared.fingerprint if prepared else None,
            entry.header["captured_at"], prepared.raw_bytes if prepared else 0,
        ))  # fmt: skip
    insert(Capture, _CAPTURE_COLUMNS, rows)


def _add_signals(entries: Sequence[LogEntry]) -> None:
    """What sources told beside mail; the UIDs of a gap are known from now on to hold nothing."""
    for entry in entries:
        leaf = entry.leaf
        if leaf["t"] not in {"GAP", "HEARTBEAT"}:
            continue
        told = entry.header["signal"]
        if leaf["t"] == "GAP":
            folder, uidvalidity = told["folder"], told["uidvalidity"]
            first, last = leaf["from"], leaf["to"]
            add_gap(leaf["src"], Gap(folder=folder, uidvalidity=uidvalidity, first=first, last=last))
            of_kind = {"folder": folder, "uidvalidity": uidvalidity, "first_uid": first, "last_uid": last}
        else:
            of_kind = {"since": from_milliseconds(leaf["from"])}
        SourceSignal.objects.create(
            kind=leaf["t"].lower(),
            source_id=leaf["src"],
            entry=entry.index,
            at=from_milliseconds(told["at"]),
            **of_kind,
        )
