"""Write an audit event, in the transaction of the deed it records."""

from datetime import timedelta

from django.db import transaction

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.bell import ring
from amberpost.clock import now

_LATELY = timedelta(minutes=1)


def record(
    actor: str, action: Action, target: str = "", **detail: str | int | bool | list[int] | None
) -> None:
    """Record that `actor` did `action` to `target`. Never give it secrets, subjects or bodies of mail."""
    AuditEvent.objects.create(at=now(), actor=actor[:200], action=action, target=target[:200], detail=detail)
    transaction.on_commit(ring)


def was_recorded(actor: str, action: Action, target: str) -> bool:
    """True if the same deed was recorded within the last minute."""
    since = now() - _LATELY
    return AuditEvent.objects.filter(action=action, at__gt=since, actor=actor, target=target).exists()
