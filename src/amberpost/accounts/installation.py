"""This archive's own name, language and time zone, and how far its set-up has come."""

from enum import IntEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from amberpost.accounts.models import Installation
from amberpost.bell import ring
from amberpost.clock import now

_THE_ONE = 1
_UTC = ZoneInfo("UTC")


class SetupStep(IntEnum):
    """The pages of the set-up assistant, in order."""

    BEGIN = 0
    NAME = 1
    STORAGE = 2
    USERS = 3
    DOMAINS = 4
    SOURCES = 5
    NOTICES = 6
    SUMMARY = 7


def current_installation() -> Installation:
    """The one row; an unsaved one with empty fields if nobody decided anything yet."""
    return Installation.objects.order_by("pk").first() or Installation(pk=_THE_ONE)


def archive_zone() -> ZoneInfo:
    """The archive's time zone; UTC until somebody has chosen one."""
    return zone_named(current_installation().time_zone)


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else _UTC
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC


def save_installation(*, name: str, language: str, time_zone: str) -> None:
    """What people see, and the defaults of those who chose none."""
    row = current_installation()
    row.name, row.language, row.time_zone = name, language, time_zone
    row.save()


def is_set_up() -> bool:
    """False while an assistant was begun and not finished; an archive set up by hand has none."""
    return not Installation.objects.filter(setup_step__gt=0, setup_finished_at=None).exists()


def reach_step(step: SetupStep) -> None:
    """The assistant goes on here next time; it never goes back."""
    with transaction.atomic():
        row = current_installation()
        row.setup_step = max(row.setup_step, int(step))
        row.save()
        transaction.on_commit(ring)  # no deed is recorded for it


def finish_setup() -> None:
    """From now on the archive collects."""
    row = current_installation()
    row.setup_step, row.setup_finished_at = int(SetupStep.SUMMARY), row.setup_finished_at or now()
    row.save()


def begin_again_at(step: SetupStep) -> None:
    """After an import: what another archive had finished is not finished here."""
    row = current_installation()
    row.setup_step, row.setup_finished_at = int(step), None
    row.save()


def is_unfinished() -> bool:
    """True if the assistant waits to be gone on with."""
    return Installation.objects.filter(setup_finished_at=None).exists()
