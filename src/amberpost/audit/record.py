"""Write an audit event, in the transaction of the deed it records."""

import json
import sys
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.bell import ring
from amberpost.clock import now
from amberpost.config import current
from amberpost.errors import is_disk_full
from amberpost.store.reserve import Reserve

_LATELY = timedelta(minutes=1)
_Deed = tuple[str, Action, str]
_in_reserve: dict[_Deed, datetime] = {}  # what this process lately put there, where nobody can look it up

Detail = str | int | bool | list[int] | dict[str, object] | None  # a dict: a remark, as it is kept


def record(actor: str, action: Action, target: str = "", **detail: Detail) -> None:
    """Record that `actor` did `action` to `target`. Never give it secrets, subjects or bodies of mail.

    Where nothing can be written whoever holds the key file may read all the same (pages do not open there), and
    is told that it was not recorded.
    """
    if current().read_only:
        sys.stderr.write("not recorded: the medium is read-only\n")
        return
    _event(actor, action, target, detail).save(force_insert=True)
    transaction.on_commit(ring)


def record_reading(reserve: Reserve, actor: str, action: Action, target: str = "", **detail: Detail) -> None:
    """As record(), for deeds that change nothing: on a full disk they go into the reserve.

    ReserveFull if that has no room either: what cannot be recorded may not be read.
    """
    if current().read_only:
        record(actor, action, target, **detail)
        return
    event = _event(actor, action, target, detail)
    try:
        event.save(force_insert=True)
        transaction.on_commit(ring)
    except DatabaseError as error:
        if not is_disk_full(error):
            raise
        reserve.append(json.dumps(event.as_fields()).encode())
        _in_reserve[actor, action, target] = event.at
        for deed in [deed for deed, at in list(_in_reserve.items()) if event.at - at > _LATELY]:
            _in_reserve.pop(deed, None)


def was_recorded(actor: str, action: Action, target: str) -> bool:
    """True if the same deed was recorded within the last minute."""
    since = now() - _LATELY
    if _in_reserve.get((actor, action, target), since) > since:
        return True
    return AuditEvent.objects.filter(action=action, at__gt=since, actor=actor, target=target).exists()


def _event(actor: str, action: Action, target: str, detail: dict[str, Detail]) -> AuditEvent:
    return AuditEvent(at=now(), actor=actor[:200], action=action, target=target[:200], detail=detail)
