"""How many people the archive works for, and what happens when there are more than were agreed.

A seat is an active user with a private archive that takes new mail. Public archives do not count. Above the
limit everything works for seven days; then collecting stops: mail stays where it is, nothing is deleted
there, and everything archived can still be read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from amberpost.accounts.models import SeatLimit, User
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.errors import UserError

GRACE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    used: int
    limit: int | None  # None: as many as you like
    grace_until: datetime | None  # None: not above the limit

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.used > self.limit


def seats() -> Seats:
    """The seats as they are now."""
    rule = SeatLimit.objects.first()
    limit, used = (rule.limit if rule else None), _used()
    if limit is None or used <= limit:
        return Seats(used=used, limit=limit, grace_until=None)
    since = rule.exceeded_at if rule and rule.exceeded_at else now()
    return Seats(used=used, limit=limit, grace_until=since + GRACE)


def set_seat_limit(limit: int | None, *, by: str) -> None:
    """Agree on a number of seats, or on none."""
    with transaction.atomic():
        rule = SeatLimit.objects.select_for_update().first() or SeatLimit()
        rule.limit = limit
        rule.save()
        _note_excess()
        record(by, Action.SEATS_CHANGED, limit=limit)


def may_collect() -> bool:
    """False if there have been more people than seats for longer than the grace; notes when that began."""
    _note_excess()
    grace_until = seats().grace_until
    return grace_until is None or now() < grace_until


def require_seats() -> None:
    """Stop taking mail when the grace is over: it is safe where it is."""
    if not may_collect():
        raise UserError("seats_exceeded")


def _used() -> int:
    return User.objects.filter(is_active=True, private_archive__is_selected=True).count()


def _note_excess() -> None:
    """The grace begins when the excess is first seen, and anew after it was gone."""
    rule = SeatLimit.objects.first()
    if rule is None:
        return
    is_over = rule.limit is not None and _used() > rule.limit
    if is_over != (rule.exceeded_at is not None):
        SeatLimit.objects.filter(pk=rule.pk).update(exceeded_at=now() if is_over else None)
