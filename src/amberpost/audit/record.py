"""Write an audit event, in the transaction of the deed it records."""

import sys
from datetime import timedelta

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.clock import now
from amberpost.config import current

_LATELY = timedelta(minutes=1)


def record(
    actor: str, action: Action, target: str = "", **detail: str | int | bool | list[int] | None
) -> None:
    """Record that `actor` did `action` to `target`. Never give it secrets, subjects or bodies of mail.

    Where nothing can be written whoever holds the key file may read all the same (pages do not open there), and
    is told that it was not recorded.
    """
    if current().read_only:
        sys.stderr.write("not recorded: the medium is read-only\n")
        return
    AuditEvent.objects.create(at=now(), actor=actor[:200], action=action, target=target[:200], detail=detail)


def was_recorded(actor: str, action: Action, target: str) -> bool:
    """True if the same deed was recorded within the last minute."""
    since = now() - _LATELY
    return AuditEvent.objects.filter(action=action, at__gt=since, actor=actor, target=target).exists()
