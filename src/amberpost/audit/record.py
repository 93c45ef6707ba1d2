"""Write an audit event, in the transaction of the deed it records."""

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.clock import now


def record(
    actor: str, action: Action, target: str = "", **detail: str | int | bool | list[int] | None
) -> None:
    """Record that `actor` did `action` to `target`. Never give it secrets, subjects or bodies of mail."""
    AuditEvent.objects.create(at=now(), actor=actor[:200], action=action, target=target[:200], detail=detail)
