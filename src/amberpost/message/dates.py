"""Date and Received times (RFC 5322 §3.3 and §4.3) as aware UTC, and which of them is believed.

Promises a usable time or None with a Defect, never 1970 for want of a better one.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from amberpost.message.types import Defect

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # no mail with a Date field is older (RFC 733 is of 1977)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)  # every offset from it still has a moment in UTC
AFTER_CAPTURE = timedelta(hours=25)  # a clock that is wrong by a day or by its zone
AFTER_RECEIVED = timedelta(days=1)  # the sender's clock against the server's, with the same latitude
YEARS_BEFORE_RECEIVED = 10  # a clock that was never set says 1980, 1990 or 2000
_MAXIMUM = 256  # letters that are read: three times a Date with the names of day and zone and a comment

_USUAL = re.compile(
    r"(?:[^\W\d]{1,20}\.?,?\s{0,20})?(\d{1,2})[\s.-]{1,20}([^\W\d]{3,12})\.?[\s.,-]{1,20}(\d{2,4})[\s,]{1,20}"
    r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:\.\d{1,9})?)?\s{0,20}(AM|PM)?\s{0,20}(.{0,60})",
    re.IGNORECASE,
)
# asctime, as old mail and mbox lines have it: "Tue Jan  2 10:00:00 2024"
_ASCTIME = re.compile(
    r"(?:[^\W\d]{1,20},?\s{1,20})?([^\W\d]{3,12})\s{1,20}(\d{1,2}),?\s{1,20}(\d{1,2}):(\d{2})(?::(\d{2}))?\s{1,20}"
    r"(?:([A-Za-z]{1,5}(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2})\s{1,20})?(\d{4})(?:\s{1,20}(.{0,60}))?"
)
# As programs in JavaScript write it: "Tue Jan 02 2024 10:00:00 GMT+0100", and Americans by hand
_AMERICAN = re.compile(
    r"(?:[^\W\d]{1,20},?\s{1,20})?([^\W\d]{3,12})\.?\s{1,20}(\d{1,2}),?\s{1,20}(\d{4}),?\s{1,20}"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s{0,20}(AM|PM)?\s{0,20}(.{0,60})",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T\s]{1,5}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s{0,5}(.{0,60})"
)
# "+0200", and as it is also written: "+02", "+2:00", "GMT+0200", "UTC-5", "GMT +02:00"
_OFFSET = re.compile(r"(?:(?:gmt|utc?|z)\s{0,5})?([+-])\s?(?:(\d{1,2}):?(\d{2})|(\d{1,2}))(?!\d)")
_NAME = re.compile(r"[a-z]{1,5}(?![\w+-])")
_COMMENT = re.compile(r"\([^()]*\)")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6}
_MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
# Seen in practice: senders that write the month in the language of their desktop.
_MONTHS |= {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12, "fév": 2, "avr": 4, "aoû": 8, "déc": 12}
# Names of zones that mean one thing, in minutes. Not IST (India, Israel, Ireland), and not the military letters,
# which were sent with either sign (RFC 5322 §4.3).
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "wez": 0, "west": 60, "bst": 60, "wat": 60,
    "cet": 60, "met": 60, "mez": 60, "cest": 120, "mest": 120, "mesz": 120, "mesze": 120, "cat": 120, "sast": 120,
    "eet": 120, "eest": 180, "oez": 120, "oesz": 180, "idt": 180, "eat": 180, "msk": 180, "trt": 180, "msd": 240,
    "samt": 240, "irst": 210, "irdt": 270, "pkt": 300, "yekt": 300, "uzt": 300, "npt": 345, "omst": 360,
    "ict": 420, "wib": 420, "krat": 420, "novt": 420, "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "awst": 480,
    "wita": 480, "irkt": 480, "jst": 540, "kst": 540, "wit": 540, "yakt": 540, "acst": 570, "acdt": 630,
    "aest": 600, "vlat": 600, "aedt": 660, "magt": 660, "nzst": 720, "pett": 720, "nzdt": 780,
    "nst": -210, "ndt": -150, "brt": -180, "brst": -120, "art": -180, "uyt": -180, "clst": -180, "adt": -180,
    "clt": -240, "ast": -240, "edt": -240, "est": -300, "cot": -300, "pet": -300, "cdt": -300, "cst": -360,
    "mdt": -360, "mst": -420, "pdt": -420, "pst": -480, "akdt": -480, "akst": -540, "hst": -600,
}  # fmt: skip
_LONG_NAME = re.compile(r"(eastern|central|mountain|pacific) (standard|daylight) time")


def parse_date(text: str, defects: set[Defect] | None = None) -> datetime | None:
    """The moment a Date value names, with the offset it gave; None when it names none.

    A zone that is missing or not understood counts as UTC and is added to `defects`.
    """
    comment = _COMMENT.search(text, 0, _MAXIMUM) if "(" in text else None
    text = _without_comments(text[:_MAXIMUM]).strip()
    if usual := _USUAL.match(text):
        day, month, year, hour, minute, second, half, zone = usual.groups()
        date = (year, _month(month), day)
    elif asctime := _ASCTIME.match(text):
        month, day, hour, minute, second, before, year, after = asctime.groups()
        date, half, zone = (year, _month(month), day), None, before or after
    elif american := _AMERICAN.match(text):
        month, day, year, hour, minute, second, half, zone = american.groups()
        date = (year, _month(month), day)
    elif iso := _ISO.match(text):
        year, month, day, hour, minute, second, zone = iso.groups()
        date, half = (year, int(month), day), None
    else:
        return None
    offset = _zone(zone or "")
    if offset is None and not zone and comment is not None:  # 10:00:00 (CEST)
        offset = _zone(comment[0].strip("( )"))
    if offset is None and defects is not None:
        defects.add(Defect.UNKNOWN_ZONE)
    year, month_number, day = date
    of_day = int(hour)
    if half is not None:  # 12 AM is midnight, 12 PM is noon
        of_day = of_day % 12 + (12 if half.upper() == "PM" else 0)
    try:
        return datetime(
            _full_year(year),
            month_number,
            int(day),
            of_day,
            int(minute),
            min(int(second or 0), 59),  # RFC 5322 §3.3 allows 60, for a leap second
            tzinfo=offset or UTC,
        )
    except (ValueError, OverflowError):  # the 31st of February
        return None


def _month(name: str) -> int:
    return _MONTHS.get(name[:3].lower(), 0)


def _without_comments(text: str) -> str:
    while "(" in text:
        shorter = _COMMENT.sub(" ", text)
        if shorter == text:
            return text.partition("(")[0]
        text = shorter
    return text


def _full_year(year: str) -> int:
    """RFC 5322 §4.3: two digits below 50 are 20xx, other two and three digits count from 1900."""
    number = int(year)
    if len(year) == 4:
        return number
    return number + (2000 if len(year) == 2 and number < 50 else 1900)


@lru_cache(maxsize=512)
def _zone(zone: str) -> timezone | None:
    """The offset a zone means; None for one that is not understood."""
    zone = zone.lower()
    if offset := _OFFSET.match(zone):
        sign, hours, minutes, alone = offset.groups()
        total = int(hours or alone) * 60 + int(minutes or 0)
        if int(minutes or 0) >= 60 or total >= 24 * 60:
            return None
        return timezone(timedelta(minutes=-total if sign == "-" else total))
    if long := _LONG_NAME.match(zone):
        zone = f"{long[1][0]}{long[2][0]}t"
    name = _NAME.match(zone)
    known = _ZONES.get(name.group()) if name else None
    return None if known is None else timezone(timedelta(minutes=known))


def received_time(text: str) -> datetime | None:
    """The time at the end of a Received field: behind its last semicolon."""
    return parse_date(text.rpartition(";")[2])


def is_sound(moment: datetime, captured_at: datetime) -> bool:
    """Whether mail that was captured then can have a time like this in its header."""
    return EARLIEST <= moment <= LATEST and moment - captured_at <= AFTER_CAPTURE


def date_of(
    text: str, *, captured_at: datetime, received_at: datetime | None, defects: set[Defect]
) -> datetime | None:
    """The Date field if it can be true; a Defect says why not. `received_at`: the newest sound Received."""
    if not text:
        defects.add(Defect.NO_DATE)
        return None
    moment = parse_date(text, defects)
    if moment is None:
        defects.add(Defect.BAD_DATE)
        return None
    is_true = is_sound(moment, captured_at)
    if is_true and received_at:
        # Nothing arrives before it is sent, nor ten years later.
        is_leap_day = (received_at.month, received_at.day) == (2, 29)  # ten years before there was none
        earliest = received_at.replace(
            year=received_at.year - YEARS_BEFORE_RECEIVED, day=28 if is_leap_day else received_at.day
        )
        is_true = earliest <= moment and moment - received_at <= AFTER_RECEIVED
    if not is_true:
        defects.add(Defect.ABSURD_DATE)
        return None
    return moment
