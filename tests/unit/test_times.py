"""How moments are written: one form for each language, and no two moments alike when a clock is set back."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from amberpost import times
from amberpost.times import brief_text, column_text, day_text, moment_text

EVENING = datetime(2026, 3, 5, 20, 7, 9, tzinfo=UTC)


def test_a_moment_has_day_time_and_distance_from_utc_in_each_language() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        for language, written in (
            ("en", "5 March 2026, 21:07 UTC+1"),
            ("de", "5. März 2026, 21:07 UTC+1"),
            ("fr", "5 mars 2026, 21:07 UTC+1"),
        ):
            with translation.override(language):
                assert moment_text(EVENING) == written
                assert moment_text(EVENING, to_the_second=True) == written.replace("21:07", "21:07:09")


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("UTC", "5 March 2026, 20:07 UTC"),
        ("Asia/Kolkata", "6 March 2026, 01:37 UTC+5:30"),
        ("America/St_Johns", "5 March 2026, 16:37 UTC-3:30"),
        ("America/New_York", "5 March 2026, 15:07 UTC-5"),
        ("Pacific/Kiritimati", "6 March 2026, 10:07 UTC+14"),
    ],
)
def test_letters_of_zones_mean_several_things_and_numbers_one(zone: str, written: str) -> None:
    with timezone.override(ZoneInfo(zone)), translation.override("en"):
        assert moment_text(EVENING) == written


def test_the_hour_that_comes_twice_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    monkeypatch.setattr(times, "now", lambda: datetime(2026, 10, 25, 12, tzinfo=UTC))
    with timezone.override(ZoneInfo("Europe/Berlin")), translation.override("en"):
        assert moment_text(first) == "25 October 2026, 02:30 UTC+2"
        assert moment_text(second) == "25 October 2026, 02:30 UTC+1"
        assert (brief_text(first), brief_text(second)) == ("02:30 UTC+2", "02:30 UTC+1")
        assert brief_text(datetime(2026, 10, 25, 2, 0, tzinfo=UTC)) == "03:00"
        assert column_text(first) == "2026-10-25 02:30:00+02:00"
        assert column_text(second) == "2026-10-25 02:30:00+01:00"
        before, after = (datetime(2026, 3, 29, *at, tzinfo=UTC) for at in ((0, 59), (1, 0)))
        assert moment_text(before) == "29 March 2026, 01:59 UTC+1"
        assert moment_text(after) == "29 March 2026, 03:00 UTC+2"


def test_in_lists_today_is_a_time_this_year_a_day_and_else_the_year_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(times, "now", lambda: datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    moments = [datetime(2026, 12, 31, 23, 5, tzinfo=UTC), datetime(2026, 12, 31, 22, 5, tzinfo=UTC)]
    with timezone.override(ZoneInfo("Europe/Berlin")), translation.override("de"):
        assert [brief_text(moment) for moment in moments] == [
            "00:05",
            "31. Dezember 2026",
        ]  # there it is 2027
    with timezone.override(ZoneInfo("UTC")), translation.override("de"):
        assert [brief_text(moment) for moment in moments] == ["23:05", "22:05"]
        assert brief_text(datetime(2026, 11, 1, tzinfo=UTC)) == "1. November"


def test_the_day_of_a_moment_is_that_of_the_zone_and_a_day_is_itself() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")), translation.override("fr"):
        assert day_text(EVENING) == "6 mars 2026"
        assert day_text(date(2026, 8, 5)) == "5 août 2026"
