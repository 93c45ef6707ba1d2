"""How a moment is written for people: on every page, in every notification, in every line of a command.

One form for each language, in the time zone that is active: the reader's own on pages, the archive's elsewhere.
What machines read (JSON, manifests, the audit log) has ISO 8601 instead.
"""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from amberpost.clock import now


def day_text(day: date) -> str:
    """A day, such as 28 November 2026; of a moment, the day it falls on here."""
    return date_format(timezone.localtime(day) if isinstance(day, datetime) else day, "DATE_FORMAT")


def moment_text(moment: datetime, *, to_the_second: bool = False) -> str:
    """Day, time and zone, such as 28 November 2026, 21:07 UTC+1: no two moments look the same."""
    local = timezone.localtime(moment)
    return f"{day_text(local)}, {local:{'%H:%M:%S' if to_the_second else '%H:%M'}} {_zone(local)}"


def exact_text(moment: datetime) -> str:
    """To the second, here and in UTC: what stands behind the short form of a page."""
    return f"{moment_text(moment, to_the_second=True)} ({moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z)"


def brief_text(moment: datetime) -> str:
    """For lists: today's time, this year's day, else the day with its year."""
    local, today = timezone.localtime(moment), timezone.localtime(now())
    if local.date() == today.date():
        return f"{local:%H:%M} {_zone(local)}" if _comes_twice(local) else f"{local:%H:%M}"
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == today.year else "DATE_FORMAT")


def column_text(moment: datetime) -> str:
    """For the command line, in every language alike: 2026-11-28 21:07:05+01:00."""
    return timezone.localtime(moment).isoformat(sep=" ", timespec="seconds")


def _zone(local: datetime) -> str:
    """Its distance from UTC: letters such as IST or CST mean several zones."""
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def _comes_twice(local: datetime) -> bool:
    """True in the hour before and the hour after a clock is set back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
