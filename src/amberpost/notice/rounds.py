"""What is new: alarms of this moment against the notices that are open.

An alarm is told when it begins, again while it lasts, and once when it is over. Telling is a row of the outbox
in the same transaction, so that a crash may tell twice, never not at all. Nothing is sent here.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from django.db import transaction

from amberpost.clock import now
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.models import THE_ONE, Channel, Dispatch, Notice, Round

NoticeTurn = Literal["began", "lasts", "over", "test"]

EVERY = timedelta(seconds=60)
ENDED_AFTER = timedelta(minutes=5)  # an alarm that comes and goes is one alarm
AGAIN = {Level.GRAVE: timedelta(days=1), Level.WARNING: timedelta(days=7)}
_DAY = timedelta(days=1)
_FIRST = {AlarmKind.PROCESS_SILENT: timedelta(minutes=3)}  # a restart or an update is no alarm
_STEPS = {
    AlarmKind.SECRET_EXPIRES,
    AlarmKind.CERTIFICATE_EXPIRES,
    AlarmKind.DISK_FILLING,
    AlarmKind.CLOCK_BEHIND,
    AlarmKind.CLOCK_STEPPED,
}  # few stages: each is told at once
_KEEP = timedelta(days=90)


class Event(TypedDict):
    """One line of a message, as it waits in the outbox."""

    what: NoticeTurn
    kind: str
    subject: str
    level: int
    arguments: dict[str, Any]
    since: str


def claim_round(at: datetime) -> bool:
    """True for exactly one of all processes that ask, once in a minute."""
    planned = Round.objects.get_or_create(id=THE_ONE, defaults={"next_at": at})[0].next_at
    # Further off than a minute only where a clock was ahead: that must silence nobody after it is right again.
    if at < planned <= at + EVERY:
        return False
    return Round.objects.filter(id=THE_ONE, next_at=planned).update(next_at=at + EVERY) == 1


def seconds_until_round() -> float:
    """Until the next round is due, and somebody should ask for it."""
    left = Round.objects.get(id=THE_ONE).next_at - now()
    return max(0.0, min(left, EVERY).total_seconds())  # more: the clock was ahead


def follow(alarms: Iterable[Alarm], channels: Sequence[Channel], at: datetime) -> None:
    """Bring the notices up to date and put what is to be told into the outbox of each channel."""
    with transaction.atomic():
        known = {(row.kind, row.subject): row for row in Notice.objects.filter(ended_at=None)}
        events = []
        for alarm in alarms:
            if alarm.level is Level.HINT:
                continue
            notice = _seen(known.pop((alarm.kind, alarm.subject), None), alarm, at)
            what = what_to_tell(notice, at) if channels else None
            if what:
                events.append(event_of(notice, what))
                notice.sent_at, notice.told_stage = at, max(notice.stage, notice.told_stage)
            notice.save()
        events += [over for notice in known.values() for over in _unseen(notice, at)]
        _put(events, channels, at)


def what_to_tell(notice: Notice, at: datetime) -> NoticeTurn | None:
    """Whether an open notice is to be told now: at its beginning, when it gets worse, and from time to time."""
    if notice.sent_at is None:
        return "began" if _is_lasting(notice, at) else None
    age = abs(at - notice.sent_at)  # it lies ahead where a clock was
    is_worse = notice.stage > notice.told_stage
    if is_worse and (notice.kind in _STEPS or age >= _DAY):
        return "lasts"
    return "lasts" if age >= AGAIN[Level(notice.level)] else None


def count_grave(at: datetime) -> int:
    """How many grave things stand, as the last round saw them; a restart is none."""
    return sum(_is_lasting(notice, at) for notice in Notice.objects.filter(ended_at=None, level=Level.GRAVE))


def event_of(notice: Notice, what: NoticeTurn) -> Event:
    return Event(
        what=what,
        kind=str(notice.kind),
        subject=notice.subject,
        level=int(notice.level),
        arguments=dict(notice.arguments),
        since=notice.first_at.isoformat(timespec="seconds"),
    )


def forget_old(at: datetime) -> None:
    """Ended notices and delivered messages are memory for three months."""
    Notice.objects.filter(ended_at__lt=at - _KEEP).delete()
    Dispatch.objects.filter(sent_at__lt=at - _KEEP).delete()


def _is_lasting(notice: Notice, at: datetime) -> bool:
    return abs(at - notice.first_at) >= _FIRST.get(AlarmKind(notice.kind), timedelta(0))


def _seen(notice: Notice | None, alarm: Alarm, at: datetime) -> Notice:
    notice = notice or Notice(kind=alarm.kind, subject=alarm.subject, first_at=at)
    notice.level, notice.stage = alarm.level, alarm.stage
    notice.arguments, notice.last_at = dict(alarm.arguments), at
    return notice


def _unseen(notice: Notice, at: datetime) -> list[Event]:
    if abs(at - notice.last_at) < ENDED_AFTER:
        return []
    if notice.sent_at is None:  # nobody was told
        notice.delete()
        return []
    notice.ended_at = at
    notice.save(update_fields=["ended_at"])
    return [event_of(notice, "over")]


def _put(events: Sequence[Event], channels: Sequence[Channel], at: datetime) -> None:
    for channel in channels:
        mine = [event for event in events if not _is_about(event, channel)]
        if mine:
            Dispatch.objects.create(channel=channel, events=mine, created_at=at, next_at=at)


def _is_about(event: Event, channel: Channel) -> bool:
    """That a channel fails is told by the others."""
    return event["kind"] == AlarmKind.NOTICE_FAILED and event["subject"] == channel
