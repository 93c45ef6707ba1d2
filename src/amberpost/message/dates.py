"""Date and Received times (RFC 5322 §3.3 and §4.3) as aware UTC.

Promises: a usable time or None with a Defect, never 1970 for want of a better one. A time before 1980, or
later than one day after the message was captured, cannot be true and is not used.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from amberpost.message.types import Defect

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)
_MAXIMUM = 256

_USUAL = re.compile(
    r"(?:[^\W\d]{1,20}\.?,?\s{0,20})?(\d{1,2})[\s.-]{1,20}([^\W\d]{3,12})\.?[\s.,-]{1,20}(\d{2,4})[\s,]{1,20}"
    r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:\.\d{1,9})?)?\s{0,20}(AM|PM)?\s{0,20}([+-]\s?\d{1,2}:?\d{2}|[A-Za-z]{1,5})?",
    re.IGNORECASE,
)
# asctime, as old mail and mbox lines have it: "Tue Jan  2 10:00:00 2024"
_ASCTIME = re.compile(
    r"(?:[^\W\d]{1,20},?\s{1,20})?([^\W\d]{3,12})\s{1,20}(\d{1,2}),?\s{1,20}(\d{1,2}):(\d{2})(?::(\d{2}))?\s{1,20}"
    r"(?:([A-Za-z]{1,5}|[+-]\d{4})\s{1,20})?(\d{4})(?:\s{1,20}([+-]\d{4}|[A-Za-z]{1,5}))?"
)
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T\s]{1,5}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s{0,5}([+-]\d{2}:?\d{2}|Z|[A-Za-z]{1,5})?"
)
_COMMENT = re.compile(r"\([^()]*\)")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
# Seen in practice: senders that write the month in the language of their desktop.
_MONTHS |= {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "fév": 2, "avr": 4, "aoû": 8, "déc": 12}
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8}
# Not in RFC 5322, but sent; all others and the military letters count as UTC (RFC 5322 §4.3).
_ZONES |= {
    "cet": 1,
    "cest": 2,
    "met": 1,
    "mest": 2,
    "mez": 1,
    "mesz": 2,
    "bst": 1,
    "eet": 2,
    "eest": 3,
    "jst": 9,
}


def parse_date(text: str) -> datetime | None:
    """The moment a Date value names, with the offset it gave; None when it names none."""
    text = _without_comments(text[:_MAXIMUM]).strip()
    usual = _USUAL.match(text)
    if usual:
        day, month, year, hour, minute, second, half, zone = usual.groups()
        hour = _hour_of_day(hour, half)
        return _moment(year, _MONTHS.get(month[:3].lower(), 0), day, (hour, minute, second), zone)
    asctime = _ASCTIME.match(text)
    if asctime:
        month, day, hour, minute, second, before, year, after = asctime.groups()
        return _moment(year, _MONTHS.get(month[:3].lower(), 0), day, (hour, minute, second), before or after)
    iso = _ISO.match(text)
    if iso:
        year, month, day, hour, minute, second, zone = iso.groups()
        return _moment(year, int(month), day, (hour, minute, second), zone)
    return None


def _without_comments(text: str) -> str:
    while "(" in text:
        shorter = _COMMENT.sub(" ", text)
        if shorter == text:
            return text.partition("(")[0]
        text = shorter
    return text


def _hour_of_day(hour: str, half: str | None) -> str:
    if half is None:
        return hour
    return str(int(hour) % 12 + (12 if half.upper() == "PM" else 0))


def _moment(
    year: str, month: int, day: str, clock: tuple[str, str, str | None], zone: str | None
) -> datetime | None:
    hour, minute, second = clock
    try:
        return datetime(
            _full_year(year),
            month,
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59),  # a leap second
            tzinfo=_zone(zone or ""),
        )
    except (ValueError, OverflowError):
        return None


def _full_year(year: str) -> int:
    """RFC 5322 §4.3: two digits below 50 are 20xx, other two and three digits count from 1900."""
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)


def _zone(zone: str) -> timezone:
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "").strip()
        minutes = int(digits[:-2]) * 60 + int(digits[-2:])
        if minutes >= 24 * 60:
            return UTC
        return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
    return timezone(timedelta(hours=_ZONES.get(zone.lower(), 0)))


def believable(moment: datetime | None, latest: datetime) -> bool:
    """Whether mail can have been sent then."""
    return moment is not None and EARLIEST <= moment <= latest


def usable_date(text: str, latest: datetime, defects: set[Defect]) -> datetime | None:
    """The Date field if it can be true; a Defect says why not."""
    if not text:
        defects.add(Defect.NO_DATE)
        return None
    moment = parse_date(text)
    if moment is None:
        defects.add(Defect.BAD_DATE)
    elif not believable(moment, latest):
        defects.add(Defect.ABSURD_DATE)
        return None
    return moment


def received_time(text: str) -> datetime | None:
    """The time at the end of a Received field: behind its last semicolon."""
    return parse_date(text.rpartition(";")[2])
