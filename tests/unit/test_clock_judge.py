"""What is thought of a clock, from what it says and what others said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amberpost.clock import EARLIEST, Saying
from amberpost.road.clock_judge import ClockFault, Judgement, judge

TRUE = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=365)
AHEAD, BEHIND, STEPPED = ClockFault.AHEAD, ClockFault.BEHIND, ClockFault.STEPPED


def said(
    at: datetime, *, exact: bool = True, who: str = "login.example", loose: timedelta = timedelta(0)
) -> Saying:
    return Saying(name=who, who=who, earliest=at, latest=at + loose if exact else None, uptime=0)


def judged(ours: datetime, **facts: Any) -> Judgement:
    return judge(ours, **{"live": [], "older": [], "expected": None, "last_sealed_at": None, **facts})


def shape(found: Judgement) -> tuple[ClockFault | None, bool]:
    return found.fault, found.waits


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (0 * MINUTE, (None, False)),
        (10 * MINUTE, (None, False)),
        (11 * MINUTE, (AHEAD, True)),
        (4 * YEAR, (AHEAD, True)),
        (-11 * MINUTE, (BEHIND, False)),
    ],
)
def test_a_server_that_is_asked_now_decides(
    ahead: timedelta, expected: tuple[ClockFault | None, bool]
) -> None:
    found = judged(TRUE + ahead, live=[said(TRUE)], last_sealed_at=TRUE - 5 * YEAR)
    assert shape(found) == expected
    assert found.is_vouched is (expected[0] is None)
    assert found.who == ("" if found.is_vouched else "login.example")


def test_one_server_that_agrees_is_enough_whatever_others_say() -> None:
    wrong = [said(TRUE - YEAR, who="old.example"), said(TRUE + 5 * YEAR, who="new.example")]
    for live in ([*wrong, said(TRUE)], [said(TRUE), *wrong]):
        assert judged(TRUE, live=live, last_sealed_at=TRUE + 4 * YEAR).is_vouched
    assert shape(judged(TRUE, live=wrong)) == (AHEAD, True)


def test_mail_that_may_be_as_late_as_the_clock_says_nothing_against_it() -> None:
    assert shape(judged(TRUE, live=[said(TRUE - 5 * DAY, loose=5 * DAY)])) == (None, False)
    assert shape(judged(TRUE + DAY, live=[said(TRUE - 5 * DAY, loose=5 * DAY)])) == (AHEAD, True)


@pytest.mark.parametrize(
    ("ours", "waits"),
    [(TRUE + 400 * DAY, False), (TRUE + 401 * DAY, True), (TRUE + 4 * YEAR, True), (TRUE + DAY, False)],
)
def test_without_a_server_a_step_of_more_than_400_days_waits(ours: datetime, waits: bool) -> None:
    assert shape(judged(ours, last_sealed_at=TRUE)) == ((STEPPED, True) if waits else (None, False))


def test_a_certificate_shortens_the_step() -> None:
    """Nobody signs a certificate ahead of time; its holder has used it since."""
    certificate = said(TRUE + 3 * YEAR, exact=False)
    for facts in ({"live": [certificate]}, {"older": [certificate]}):
        assert shape(judged(TRUE + 4 * YEAR, last_sealed_at=TRUE, **facts)) == (None, False)
        assert shape(judged(TRUE + 5 * YEAR, last_sealed_at=TRUE, **facts)) == (STEPPED, True)
        found = judged(TRUE + YEAR, last_sealed_at=TRUE, **facts)
        assert (*shape(found), found.who) == (BEHIND, False, "login.example")


def test_a_smaller_step_is_reported() -> None:
    for ours in (TRUE + 11 * MINUTE, TRUE - 11 * MINUTE, TRUE + 300 * DAY):
        assert shape(judged(ours, expected=TRUE, last_sealed_at=TRUE - DAY)) == (
            STEPPED,
            False,
        )
    assert shape(judged(TRUE + 401 * DAY, expected=TRUE)) == (STEPPED, True)
    assert shape(judged(TRUE + 9 * MINUTE, expected=TRUE)) == (None, False)


@pytest.mark.parametrize(("behind", "waits"), [(11 * MINUTE, False), (400 * DAY, False), (401 * DAY, True)])
def test_a_clock_behind_the_last_entry_is_an_alarm(behind: timedelta, waits: bool) -> None:
    assert shape(judged(TRUE, last_sealed_at=TRUE + behind)) == (BEHIND, waits)
    assert judged(TRUE, last_sealed_at=TRUE + behind, live=[said(TRUE)]).is_vouched


def test_a_clock_before_the_first_archive_of_all_is_wrong() -> None:
    for ours in (datetime(1970, 1, 1, 0, 5, tzinfo=UTC), EARLIEST - MINUTE):
        assert shape(judged(ours)) == (BEHIND, True)
    assert shape(judged(EARLIEST)) == (None, False)
