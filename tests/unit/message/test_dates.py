"""Dates: what can be true is used, the rest is noted and never becomes 1970."""

from datetime import UTC, datetime, timedelta

import pytest

from amberpost.message.dates import parse_date, received_time
from amberpost.message.parse import parse
from amberpost.message.types import Defect
from tests.unit.message.mail import mail

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 14 Feb 2023 08:41:05 +0000", "2023-02-14T08:41:05+00:00"),
        ("14 Feb 2023 08:41 +0100", "2023-02-14T08:41:00+01:00"),
        ("Tue, 14 Feb 2023 08:41:05 -0330", "2023-02-14T08:41:05-03:30"),
        ("Tue, 2 Jan 24 10:00:00 GMT", "2024-01-02T10:00:00+00:00"),
        ("2 Jan 99 10:00:00 GMT", "1999-01-02T10:00:00+00:00"),
        ("2 Jan 104 10:00:00 GMT", "2004-01-02T10:00:00+00:00"),
        ("Tue, 02 Jan 2024 10:00:00 +0100 (=?utf-8?q?MEZ?=)", "2024-01-02T10:00:00+01:00"),
        ("(Di) 02 (two (nested)) Jan 2024 10:00:00 EST", "2024-01-02T10:00:00-05:00"),
        ("Di, 02 Okt 2024 10:00:00 MESZ", "2024-10-02T10:00:00+02:00"),
        ("Mi, 06 März 2024 10:00:00 +0100", "2024-03-06T10:00:00+01:00"),
        ("Wrongday, 02 Jan 2024 10:00:00 A", "2024-01-02T10:00:00+00:00"),
        ("02-Jan-2024 10.00.00 +01:00", "2024-01-02T10:00:00+01:00"),
        ("Tue, 02 Jan 2024 10:00:00.123 PM", "2024-01-02T22:00:00+00:00"),
        ("Tue, 02 Jan 2024 12:00:00 AM", "2024-01-02T00:00:00+00:00"),
        ("Tue Jan  2 10:00:00 2024", "2024-01-02T10:00:00+00:00"),
        ("Tue Jan  2 10:00:00 CET 2024", "2024-01-02T10:00:00+01:00"),
        ("Tue Jan  2 10:00:00 2024 +0200", "2024-01-02T10:00:00+02:00"),
        ("2024-01-02T10:00:00Z", "2024-01-02T10:00:00+00:00"),
        ("2024-01-02 10:00:00.5 +0200", "2024-01-02T10:00:00+02:00"),
        ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
        ("Tue, 02 Jan 2024 10:00:00 +9999", "2024-01-02T10:00:00+00:00"),
        ("Tue, 02 Jan 2024 10:00:00 (open", "2024-01-02T10:00:00+00:00"),
        ("Tue, 12 Mar 2024 10:00:00 GMT+0200", "2024-03-12T10:00:00+02:00"),
        ("Tue, 12 Mar 2024 10:00:00 GMT +02:00", "2024-03-12T10:00:00+02:00"),
        ("Tue, 12 Mar 2024 10:00:00 UTC-5", "2024-03-12T10:00:00-05:00"),
        ("Tue, 12 Mar 2024 10:00:00 utc+05:45", "2024-03-12T10:00:00+05:45"),
        ("Tue, 12 Mar 2024 10:00:00 +03", "2024-03-12T10:00:00+03:00"),
        ("Tue, 12 Mar 2024 10:00:00 +3", "2024-03-12T10:00:00+03:00"),
        ("Tue, 12 Mar 2024 10:00:00 -03 (BRT)", "2024-03-12T10:00:00-03:00"),
        ("Tue, 12 Mar 2024 10:00:00 +02:00", "2024-03-12T10:00:00+02:00"),
        ("Tue, 12 Mar 2024 10:00:00 +0200 CEST", "2024-03-12T10:00:00+02:00"),
        ("Tue, 12 Mar 2024 10:00:00 -0000", "2024-03-12T10:00:00+00:00"),
        ("Tue, 12 Mar 2024 10:00:00 MSK", "2024-03-12T10:00:00+03:00"),
        ("Tue, 12 Mar 2024 10:00:00 AEDT", "2024-03-12T10:00:00+11:00"),
        ("Tue, 12 Mar 2024 10:00:00 NST", "2024-03-12T10:00:00-03:30"),
        ("Tue, 12 Mar 2024 10:00:00 Pacific Daylight Time", "2024-03-12T10:00:00-07:00"),
        ("Tue Mar 12 2024 10:00:00 GMT+0100 (Mitteleuropäische Normalzeit)", "2024-03-12T10:00:00+01:00"),
        ("Mar 12, 2024 10:00 PM +0100", "2024-03-12T22:00:00+01:00"),
        ("Tue Mar 12 10:00:00 GMT+0100 2024", "2024-03-12T10:00:00+01:00"),
        ("Tue, 12 Mar 2024 10:00:00 (CET)", "2024-03-12T10:00:00+01:00"),
        ("Tue, 12 Mar 2024 10:00:00 (UTC+2)", "2024-03-12T10:00:00+02:00"),
        ("Tue, 12 Mar 2024 10:00:00 MSK (CET)", "2024-03-12T10:00:00+03:00"),
        ("2024-03-12T10:00:00+02", "2024-03-12T10:00:00+02:00"),
        ("gestern", None),
        ("", None),
        ("31 Feb 2024 10:00:00 +0000", None),
        ("2 Foo 2024 10:00:00 +0000", None),
        ("2 Jan 0000 10:00:00 +0000", None),
        ("2 Jan 2024 25:00:00 +0000", None),
        ("Mon, 99 Foo 0000 99:99:99 +9999", None),
    ],
)
def test_dates_are_read_as_they_are_sent(text: str, expected: str | None) -> None:
    moment = parse_date(text)
    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize(
    "zone",
    ["", "IST", "A", "XYZ", "Mitteleuropa", "+9999", "+0160", "0200", "+-0200", "W. Europe Standard Time"],
)
def test_a_zone_that_is_not_understood_is_read_as_utc_and_noted(zone: str) -> None:
    parsed = parse(mail(f"Date: Tue, 12 Mar 2024 10:00:00 {zone}"), captured_at=NOW)
    assert parsed.sent_at == datetime(2024, 3, 12, 10, tzinfo=UTC)
    assert Defect.UNKNOWN_ZONE in parsed.defects


@pytest.mark.parametrize("zone", ["GMT", "Z", "+0200", "GMT+0200", "UTC-5", "+03", "+02:00", "MSK", "-0000"])
def test_a_zone_that_is_understood_is_no_defect(zone: str) -> None:
    parsed = parse(mail(f"Date: Tue, 12 Mar 2024 10:00:00 {zone}"), captured_at=NOW)
    assert Defect.UNKNOWN_ZONE not in parsed.defects


def test_the_received_time_stands_behind_the_last_semicolon() -> None:
    moment = received_time("from a; by b; Tue, 14 Feb 2023 09:41:08 +0100 (CET)")
    assert moment == datetime(2023, 2, 14, 8, 41, 8, tzinfo=UTC)


def test_date_gives_sent_at_and_offset() -> None:
    parsed = parse(mail("Date: Tue, 14 Feb 2023 09:41:08 +0100"), captured_at=NOW)
    assert parsed.sent_at == datetime(2023, 2, 14, 8, 41, 8, tzinfo=UTC)
    assert parsed.date_offset_minutes == 60


@pytest.mark.parametrize(
    ("date", "defect"),
    [
        ("Date: gestern", Defect.BAD_DATE),
        ("Date:", Defect.NO_DATE),
        ("X-Other: 1", Defect.NO_DATE),
        ("Date: Thu, 1 Jan 1970 00:00:00 +0000", Defect.ABSURD_DATE),
        ("Date: Mon, 31 Dec 1979 23:59:59 +0000", Defect.ABSURD_DATE),
        ("Date: Sun, 2 Jun 2024 01:00:01 +0000", Defect.ABSURD_DATE),
        ("Date: Wed, 15 Feb 2023 10:00:01 +0000", Defect.ABSURD_DATE),
        ("Date: Thu, 14 Feb 2013 09:59:59 +0000", Defect.ABSURD_DATE),
        ("Date: Fri, 31 Dec 9999 23:59:59 -1200", Defect.ABSURD_DATE),
        ("Date: Mon, 1 Jan 0001 00:00:00 +1400", Defect.ABSURD_DATE),
    ],
)
def test_an_unusable_date_falls_back_to_the_newest_received(date: str, defect: Defect) -> None:
    received = (
        "Received: from x; nonsense",
        "Received: from b; Tue, 14 Feb 2023 10:00:00 +0000",
        "Received: from a; Tue, 14 Feb 2023 09:00:00 +0000",
    )
    parsed = parse(mail(*received, date), captured_at=NOW)
    assert defect in parsed.defects
    assert parsed.sent_at == datetime(2023, 2, 14, 10, tzinfo=UTC)
    assert parsed.date_offset_minutes is None


def test_without_any_usable_time_there_is_none() -> None:
    parsed = parse(mail("Date: x", "Received: by a; Thu, 1 Jan 1970 00:00:00 +0000"), captured_at=NOW)
    assert parsed.sent_at is None


def sent(*fields: str, captured_at: datetime = NOW) -> datetime | None:
    return parse(mail(*fields), captured_at=captured_at).sent_at


def field(moment: datetime) -> str:
    return f"Date: {moment:%d %b %Y %H:%M:%S} +0000"


@pytest.mark.parametrize(
    ("date", "is_believed"),
    [
        (datetime(1980, 1, 1, tzinfo=UTC), True),
        (datetime(1979, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (NOW + timedelta(hours=25), True),
        (NOW + timedelta(hours=25, seconds=1), False),
    ],
)
def test_the_capture_bounds_the_date(date: datetime, is_believed: bool) -> None:
    assert sent(field(date)) == (date if is_believed else None)


@pytest.mark.parametrize(
    ("date", "is_believed"),
    [
        (datetime(2013, 2, 14, 10, tzinfo=UTC), True),
        (datetime(2013, 2, 14, 9, 59, 59, tzinfo=UTC), False),
        (datetime(2023, 2, 15, 10, tzinfo=UTC), True),
        (datetime(2023, 2, 15, 10, 0, 1, tzinfo=UTC), False),
    ],
)
def test_the_newest_received_bounds_the_date(date: datetime, is_believed: bool) -> None:
    received = datetime(2023, 2, 14, 10, tzinfo=UTC)
    older = "Received: from a; Tue, 14 Feb 2012 09:00:00 +0000"
    found = sent("Received: from b; Tue, 14 Feb 2023 10:00:00 +0000", older, field(date))
    assert found == (date if is_believed else received)


def test_ten_years_before_a_leap_day_is_the_day_before_it() -> None:
    received = "Received: from b; Thu, 29 Feb 2024 10:00:00 +0000"
    assert sent(received, "Date: 28 Feb 2014 10:00:00 +0000") == datetime(2014, 2, 28, 10, tzinfo=UTC)
    assert sent(received, "Date: 28 Feb 2014 09:59:59 +0000") == datetime(2024, 2, 29, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "unsound", ["Thu, 1 Jan 1970 00:00:00 +0000", "Sun, 1 Jan 2034 00:00:00 +0000", "later"]
)
def test_a_received_that_cannot_be_true_bounds_nothing(unsound: str) -> None:
    sound = datetime(2023, 2, 14, 10, tzinfo=UTC)
    fields = (f"Received: from c; {unsound}", "Received: from b; Tue, 14 Feb 2023 10:00:00 +0000")
    assert sent(*fields, "Date: Tue, 14 Feb 2023 09:00:00 +0000") == sound - timedelta(hours=1)
    assert sent(*fields, "Date: gestern") == sound


def test_the_given_moment_is_the_moment_of_capture() -> None:
    date = "Date: Tue, 14 Feb 2023 08:41:05 +0000"
    assert sent(date, captured_at=datetime(2001, 9, 9, tzinfo=UTC)) is None
    assert sent(date, captured_at=datetime(1970, 1, 1, tzinfo=UTC)) is None
    for extreme in (datetime.min, datetime.max):
        parse(
            mail(date, "Received: x; Fri, 31 Dec 9999 23:59:59 -1200"),
            captured_at=extreme.replace(tzinfo=UTC),
        )
