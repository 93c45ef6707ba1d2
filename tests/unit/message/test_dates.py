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
        ("Date: Mon, 3 Jun 2024 00:00:00 +0000", Defect.ABSURD_DATE),
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


def test_a_date_just_ahead_of_the_capture_is_clock_skew() -> None:
    almost = NOW + timedelta(hours=23)
    parsed = parse(mail(f"Date: {almost:%d %b %Y %H:%M:%S} +0000"), captured_at=NOW)
    assert parsed.sent_at == almost
