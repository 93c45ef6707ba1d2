"""Dates of the query language as half-open intervals: "2024", "2024-05", "2024-05-17", "17.5.2024"."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from amberpost.errors import QueryError

_ISO = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?", re.ASCII)
_GERMAN = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100  # nobody means a year beyond; the index has seconds from 1970 to 2106


def interval(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Begin (inclusive) and end (exclusive), in UTC, of the year, month or day the text names in `zone`.

    QueryError for any other text, and for a day that no calendar has.
    """
    match = _ISO.fullmatch(text) or _GERMAN.fullmatch(text)
    if match is None or not _FIRST_YEAR <= int(match["year"]) <= _LAST_YEAR:
        raise _no_date(text)
    year, month, day = int(match["year"]), match["month"], match["day"]
    try:
        begin = datetime(year, int(month or 1), int(day or 1))  # noqa: DTZ001 - the zone is put on below
    except ValueError:
        raise _no_date(text) from None
    # Days are counted before the zone is put on: one with a change of the clock has 23 or 25 hours.
    if day:
        end = begin + timedelta(days=1)
    elif month:
        end = (begin + timedelta(days=31)).replace(day=1)
    else:
        end = begin.replace(year=year + 1)
    return _utc(begin, zone), _utc(end, zone)


def _utc(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _no_date(text: str) -> QueryError:
    return QueryError("not_a_date", subject=text)
