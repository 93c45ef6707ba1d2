"""Seal into the audit log what people did (events) and what they decided (snapshots of the state tables)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from amberpost.audit.models import AuditEvent
from amberpost.vault.catalogue import set_position
from amberpost.vault.entries import event_draft, parse_header, parse_leaf, snapshot_draft
from amberpost.vault.open import Vault
from amberpost.vault.seal import append, sealing_time
from amberpost.vault.state import Snapshot, last_snapshot_hash, snapshot_hash, take_snapshot

_BATCH = 200


def seal_events(vault: Vault) -> int:
    """Seal the audit events that are not yet in the audit log. Returns how many."""
    events = list(AuditEvent.objects.filter(entry__isnull=True).order_by("id")[:_BATCH])
    at = sealing_time(vault.audit)
    entries = append(vault.audit, [(event_draft(_fields(event), at=at), None) for event in events], at=at)
    with transaction.atomic():
        for event, entry in zip(events, entries, strict=True):
            AuditEvent.objects.filter(pk=event.pk).update(entry=entry.index)
    return len(events)


def seal_state(vault: Vault) -> bool:
    """Seal a snapshot of the state tables if anything was decided since the last. True if it did."""
    snapshot = take_snapshot()
    mark = int(snapshot_hash(snapshot)[:15], 16)
    if mark == last_snapshot_hash():
        return False
    at = sealing_time(vault.audit)
    append(vault.audit, [(snapshot_draft(snapshot, at=at), None)], at=at)
    set_position("snapshot", mark)
    return True


def find_last_snapshot(vault: Vault) -> Snapshot | None:
    """The newest CONFIG record of the audit log."""
    for index in range(vault.audit.store.next_index - 1, -1, -1):
        leaf, header = vault.audit.store.read_header(index)
        if parse_leaf(leaf)["t"] == "CONFIG":
            snapshot: Snapshot = parse_header(header)["snapshot"]
            return snapshot
    return None


def restore_events(vault: Vault) -> int:
    """Make the audit table again from the audit log. Returns how many events."""
    known = set(AuditEvent.objects.filter(entry__isnull=False).values_list("entry", flat=True))
    rows = [
        AuditEvent(
            at=datetime.fromisoformat(event["at"]),
            actor=event["actor"],
            action=event["action"],
            target=event["target"],
            detail=event["detail"],
            entry=index,
        )
        for index, event in _sealed_events(vault)
        if index not in known
    ]
    AuditEvent.objects.bulk_create(rows, batch_size=_BATCH)
    return len(rows)


def _sealed_events(vault: Vault) -> Iterator[tuple[int, dict[str, Any]]]:
    for index in range(vault.audit.store.next_index):
        leaf, header = vault.audit.store.read_header(index)
        if parse_leaf(leaf)["t"] == "EVENT":
            yield index, parse_header(header)["event"]


def _fields(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "action": event.action,
        "target": event.target,
        "detail": event.detail,
    }
