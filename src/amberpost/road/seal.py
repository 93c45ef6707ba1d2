"""Put captures into the log: the store keeps the bytes, the ledger the leaf. Only the worker calls this.

Order (formats.md section 4): keys.db commit, segment sync, ledger. A checkpoint comes later and covers only
what is synced; the catalogue follows; the intake log forgets last.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from amberpost.clock import from_milliseconds, milliseconds, now
from amberpost.directory.archives.book import AddressBook
from amberpost.road.assign import decide
from amberpost.road.catalogue import find_fingerprints
from amberpost.road.entries import Draft, LogEntry, archive_draft, canonical, duplicate_draft
from amberpost.road.open import LogPair, Vault
from amberpost.road.prepare import Prepared
from amberpost.store.batch import NewRecord

NONCE = 32


def seal(vault: Vault, prepared: Sequence[Prepared], book: AddressBook) -> list[LogEntry]:
    """Number, encrypt and write captures; those sealed before (a crash lay between) are left out."""
    sealed_before = vault.mail.store.find([p.capture.capture_id for p in prepared])
    new = list(
        {p.capture.capture_id: p for p in prepared if p.capture.capture_id not in sealed_before}.values()
    )
    known = find_fingerprints([p.fingerprint for p in new])
    at = sealing_time(vault.mail)
    source_key = vault.keys.label("source-key")
    first = vault.mail.store.next_index
    nonces = secrets.token_bytes(NONCE * len(new))  # one system call for the batch
    drafts: list[tuple[Draft, Prepared | None]] = []
    for number, item in enumerate(new):
        original = known.setdefault(item.fingerprint, first + number)
        if original == first + number:
            nonce = nonces[number * NONCE : (number + 1) * NONCE]
            decisions = decide(item, book)
            drafts.append((archive_draft(item, decisions, at=at, source_key=source_key, nonce=nonce), item))
        else:
            drafts.append((duplicate_draft(item, original, at=at, source_key=source_key), None))
    return append(vault.mail, drafts, at=at)


def append(pair: LogPair, drafts: Sequence[tuple[Draft, Prepared | None]], *, at: datetime) -> list[LogEntry]:
    """Write drafts to one of the two logs: durable when this returns."""
    if not drafts:
        return []
    records = [
        NewRecord(
            capture_id=draft.capture_id,
            leaf=canonical(draft.leaf),
            header=draft.header,
            split=prepared.split if prepared else None,
        )
        for draft, prepared in drafts
    ]
    indexes = pair.store.append(records, at=at)
    pair.ledger.append_many([record.leaf for record in records])
    pair.last_sealed_at = at
    return [
        LogEntry(index=index, leaf=draft.leaf, header=draft.fields, prepared=prepared)
        for index, (draft, prepared) in zip(indexes, drafts, strict=True)
    ]


def sealing_time(pair: LogPair) -> datetime:
    """Now, but never before the entry before: the log's time is monotone even when the clock is not.

    Only after a clock that was ahead may it go back, once: see clock_readings.ClockWatch.
    """
    moment = from_milliseconds(milliseconds(now()))
    return max(moment, pair.last_sealed_at) if pair.last_sealed_at else moment
