"""Seal into the audit log what people did (events) and what they decided (snapshots of the state tables).

The audit table follows the audit log as the catalogue follows the mail log: rows and position in one
transaction. So a crash between sealing and remembering seals nothing twice, and a rebuild makes each deed once.
"""

import json

from django.db import transaction

from amberpost.audit.models import AuditEvent
from amberpost.governance.state import (
    Snapshot,
    restore_snapshot,
    snapshot_mark,
    state_is_empty,
    take_snapshot,
)
from amberpost.road.catalogue import position, set_position
from amberpost.road.entries import event_draft, header_hash, parse_header, parse_leaf, snapshot_draft
from amberpost.road.open import Vault
from amberpost.road.seal import append, sealing_time

AUDIT = "audit"  # how far the audit table has followed its log
SNAPSHOT = "snapshot"  # the mark of the state that was sealed last
_BATCH = 200


def seal_events(vault: Vault) -> int:
    """Seal the audit events that are not yet in the audit log. Returns how many."""
    vault.reserve.drain(_keep)  # what was read while the disk was full
    follow_audit_log(vault)  # what a crash left sealed and not remembered
    events = list(AuditEvent.objects.filter(entry__isnull=True).order_by("id")[:_BATCH])
    if not events:
        return 0
    at = sealing_time(vault.audit)
    append(vault.audit, [(event_draft(event.as_fields(), at=at), None) for event in events], at=at)
    follow_audit_log(vault)
    return len(events)


def seal_state(vault: Vault) -> bool:
    """Seal a snapshot of the state tables if anything was decided since the last. True if it did."""
    follow_audit_log(vault)
    snapshot = take_snapshot()
    if snapshot_mark(snapshot) == position(SNAPSHOT):
        return False
    at = sealing_time(vault.audit)
    append(vault.audit, [(snapshot_draft(snapshot, at=at), None)], at=at)
    follow_audit_log(vault)
    return True


def follow_audit_log(vault: Vault) -> None:
    """Give the rows of the events that were sealed since their entries, and make the rows that are missing."""
    end = vault.audit.store.next_index
    while (start := position(AUDIT)) < end:
        stop = min(start + _BATCH, end)
        with transaction.atomic():
            _follow(vault, start, stop)
            set_position(AUDIT, stop)


def rebuild_state(vault: Vault) -> bool:
    """Audit events from the audit log; users, archives, addresses and sources, too, if the database has none."""
    set_position(AUDIT, 0)
    follow_audit_log(vault)
    if not state_is_empty():
        return False
    snapshot = find_last_snapshot(vault)
    if snapshot is not None:
        restore_snapshot(snapshot)
    return snapshot is not None


def find_last_snapshot(vault: Vault) -> Snapshot | None:
    """The newest CONFIG record of the audit log."""
    for index in range(vault.audit.store.next_index - 1, -1, -1):
        leaf, header = vault.audit.store.read_header(index)
        if parse_leaf(leaf)["t"] == "CONFIG":
            snapshot: Snapshot = parse_header(header)["snapshot"]
            return snapshot
    return None


def _keep(entries: list[bytes]) -> None:
    """Rows of entries from the reserve; one that came before is there already."""
    events = [AuditEvent.of_fields(json.loads(entry)) for entry in entries]
    AuditEvent.objects.bulk_create(events, batch_size=_BATCH, ignore_conflicts=True)


def _follow(vault: Vault, start: int, stop: int) -> None:
    known = set(AuditEvent.objects.filter(entry__gte=start, entry__lt=stop).values_list("entry", flat=True))
    for index in range(start, stop):
        leaf, header = vault.audit.store.read_header(index)
        kind, fields = parse_leaf(leaf)["t"], parse_header(header)
        if kind == "CONFIG":
            set_position(SNAPSHOT, snapshot_mark(fields["snapshot"]))
        elif kind == "EVENT" and index not in known:
            # The first entries had no id: their salted hash is as good a name.
            event = AuditEvent.of_fields({"id": header_hash(header)[:32], **fields["event"]})
            rows = AuditEvent.objects.filter(event_id=event.event_id)
            if not rows.exists():
                event.entry = index
                event.save()
            rows.filter(entry=None).update(entry=index)
