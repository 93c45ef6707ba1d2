"""Which facts are an alarm, how grave it is, and what it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from amberpost.accounts.seats import Seats
from amberpost.health.alarms import DirectoryFacts, Facts, SourceFacts, alarms
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.models import NoticeSettings
from amberpost.notice.words import _SENTENCES, sentence
from amberpost.road.clock_judge import ClockFault, Judgement
from amberpost.store.place import Doubt

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GIB = 2**30
JOURNAL = SourceFacts(source_id=7, name="Journal", is_enabled=True)
WELL = Facts(at=AT, seen_at={"work": AT, "fetch": AT}, sources=(JOURNAL,), disk_percent=50)


def found(facts: Facts = WELL, **limits: int) -> list[Alarm]:
    return alarms(facts, NoticeSettings(**limits))


def of_source(**changes: object) -> list[Alarm]:
    return found(replace(WELL, sources=(replace(JOURNAL, **changes),)))  # type: ignore[arg-type]


def shape(alarm: Alarm) -> tuple[AlarmKind, Level, int]:
    return alarm.kind, alarm.level, alarm.stage


def test_all_is_well_without_an_alarm() -> None:
    assert found() == []


def test_a_failing_account_is_shown_at_once_and_told_when_it_goes_on() -> None:
    for failures, level in [(1, Level.HINT), (4, Level.HINT), (5, Level.GRAVE), (50, Level.GRAVE)]:
        (alarm,) = of_source(failures=failures, last_error={"code": "server_name_unknown"})
        assert shape(alarm) == (AlarmKind.SOURCE_FAILING, level, 0)
        assert alarm.subject == "7"
    assert (
        sentence(alarm.kind, alarm.arguments) == "Journal cannot be collected: The server name is not known"
    )
    failing = replace(WELL, sources=(replace(JOURNAL, failures=2),))
    assert found(failing, failing_polls=2)[0].level is Level.GRAVE


def test_a_paused_account_is_no_alarm() -> None:
    late = {"silence_hours": 1, "quiet_since": AT - DAY, "secret_expires_on": AT.date()}
    assert of_source(is_enabled=False, failures=9, **late) == []


@pytest.mark.parametrize(
    ("days", "stage", "level"),
    [
        (31, 0, None),
        (30, 1, Level.WARNING),
        (8, 1, Level.WARNING),
        (7, 2, Level.WARNING),
        (2, 2, Level.WARNING),
        (1, 3, Level.GRAVE),
        (0, 3, Level.GRAVE),
        (-1, 4, Level.GRAVE),
        (-400, 4, Level.GRAVE),
    ],
)
def test_a_secret_warns_30_7_and_1_days_before_and_a_certificate_7_and_1(
    days: int, stage: int, level: Level | None
) -> None:
    secret = of_source(secret_expires_on=(AT + days * DAY).date())
    certificate = of_source(host="imap.firma.example", certificate_expires_at=AT + days * DAY + HOUR)
    if days > 7:
        assert certificate == []
    else:
        assert [shape(a) for a in certificate] == [(AlarmKind.CERTIFICATE_EXPIRES, level, stage - 1)]
        said = sentence(certificate[0].kind, certificate[0].arguments)
        assert "imap.firma.example" in said
        assert ("has expired" in said) == (days < 0)
    if level is None:
        assert secret == []
        return
    assert [shape(a) for a in secret] == [(AlarmKind.SECRET_EXPIRES, level, stage)]
    assert ("has expired" in sentence(secret[0].kind, secret[0].arguments)) == (days < 0)


def test_a_certificate_that_ended_an_hour_ago_has_expired() -> None:
    (alarm,) = of_source(certificate_expires_at=AT - HOUR)
    assert alarm.stage == 3


def test_the_certificate_of_a_server_is_one_alarm_however_many_accounts_it_has() -> None:
    def account(number: int, host: str, days: int, *, is_enabled: bool = True) -> SourceFacts:
        return replace(
            JOURNAL,
            source_id=number,
            name=f"Account {number}",
            host=host,
            is_enabled=is_enabled,
            certificate_expires_at=AT + days * DAY + HOUR,
        )

    accounts = (
        account(9, "imap.firma.example", 3),
        account(4, "imap.firma.example", 3),
        account(5, "pop.firma.example", 2),
        account(2, "imap.firma.example", 0, is_enabled=False),
    )
    found_alarms = found(replace(WELL, sources=accounts))
    assert [(a.subject, a.arguments["server"], a.arguments["days"]) for a in found_alarms] == [
        ("4", "imap.firma.example", 3),
        ("5", "pop.firma.example", 2),
    ]


def test_silence_is_an_alarm_after_the_hours_of_the_source_and_never_if_there_are_none() -> None:
    quiet = AT - 5 * HOUR
    assert of_source(silence_hours=0, quiet_since=quiet) == []
    assert of_source(silence_hours=6, quiet_since=quiet) == []
    (alarm,) = of_source(silence_hours=5, quiet_since=quiet)
    assert shape(alarm) == (AlarmKind.SOURCE_SILENT, Level.GRAVE, 0)
    assert sentence(alarm.kind, alarm.arguments) == "No mail came from Journal for 5 hours."


def test_mail_left_on_a_server_is_told_again_when_it_grows_even_if_the_account_is_paused() -> None:
    (alarm,) = of_source(left=3, is_enabled=False)
    assert shape(alarm) == (AlarmKind.MAIL_LEFT, Level.WARNING, 3)


@pytest.mark.parametrize(
    ("percent", "stage", "level"),
    [
        (79, 0, None),
        (80, 1, Level.WARNING),
        (89, 1, Level.WARNING),
        (90, 2, Level.GRAVE),
        (99, 2, Level.GRAVE),
    ],
)
def test_a_disk_that_fills(percent: int, stage: int, level: Level | None) -> None:
    seen = [shape(alarm) for alarm in found(replace(WELL, disk_percent=percent))]
    assert seen == ([(AlarmKind.DISK_FILLING, level, stage)] if level else [])


@pytest.mark.parametrize(
    ("free", "stage", "what"),
    [
        (2 * GIB, 0, ""),
        (2 * GIB - 1, 3, "2047 MiB are free. Collecting stops at 256 MiB."),
        (GIB // 4, 3, "256 MiB are free. Collecting stops at 256 MiB."),
        (GIB // 4 - 1, 4, "Collecting has stopped: only 255 MiB are free on the disk."),
    ],
)
def test_a_disk_with_little_room_whatever_part_of_it_that_is(free: int, stage: int, what: str) -> None:
    seen = found(replace(WELL, disk_percent=7, disk_free_bytes=free))
    assert [shape(alarm) for alarm in seen] == (
        [(AlarmKind.DISK_FILLING, Level.GRAVE, stage)] if stage else []
    )
    assert all(what in sentence(alarm.kind, alarm.arguments) for alarm in seen)


def test_a_large_disk_tells_its_room_in_gib() -> None:
    (alarm,) = found(replace(WELL, disk_percent=85, disk_free_bytes=300 * GIB))
    assert sentence(alarm.kind, alarm.arguments) == (
        "The disk is 85 % full: 300 GiB are free. Collecting stops at 256 MiB."
    )


@pytest.mark.parametrize("fault", list(ClockFault))
@pytest.mark.parametrize("waits", [False, True])
def test_a_clock_is_grave_where_sealing_waits_for_somebody(fault: ClockFault, waits: bool) -> None:
    clock = Judgement(fault=fault, waits=waits, ours=AT, known=AT - DAY)
    (alarm,) = found(replace(WELL, clock=clock))
    assert (alarm.kind, alarm.level) == (f"clock_{fault}", Level.GRAVE if waits else Level.WARNING)
    text = sentence(alarm.kind, alarm.arguments)
    assert "25 November 2026, 10:00 UTC" in text
    assert fault is ClockFault.AHEAD or "amberpost clock confirm" in text


def test_a_clock_that_is_right_is_no_alarm() -> None:
    assert found(replace(WELL, clock=Judgement(ours=AT, is_vouched=True))) == []


def test_limits_are_those_of_the_settings() -> None:
    assert found(replace(WELL, disk_percent=60), disk_percent=60, disk_full_percent=100)[0].stage == 1
    late = replace(WELL, unfindable_since=AT - timedelta(minutes=3))
    assert [a.kind for a in found(late, behind_minutes=3)] == [AlarmKind.INDEX_BEHIND]
    assert (
        found(replace(WELL, quarantined_today=5), quarantine_per_day=5)[0].kind
        is AlarmKind.QUARANTINE_GROWING
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("unfindable_since", AlarmKind.INDEX_BEHIND), ("unprocessed_since", AlarmKind.INTAKE_BEHIND)],
)
def test_what_waits_for_a_quarter_of_an_hour_is_behind(name: str, kind: AlarmKind) -> None:
    for minutes, expected in [(14, []), (15, [(kind, Level.GRAVE, 0)])]:
        facts = replace(WELL, **{name: AT - timedelta(minutes=minutes)})
        assert [shape(alarm) for alarm in found(facts)] == expected


def test_a_process_is_silent_after_a_minute_but_not_while_the_worker_does_a_job() -> None:
    old = {"work": AT - timedelta(seconds=61), "fetch": AT - timedelta(seconds=59)}
    assert [a.subject for a in found(replace(WELL, seen_at=old))] == ["work"]
    assert found(replace(WELL, seen_at=old, is_worker_busy=True)) == []
    assert [a.subject for a in found(replace(WELL, seen_at={}))] == ["work", "fetch"]


def test_findings_are_grave_and_come_first() -> None:
    facts = replace(WELL, findings=2, failed_jobs=1, unprocessable=3, has_index=False)
    assert [shape(alarm) for alarm in found(facts)] == [
        (AlarmKind.FINDINGS, Level.GRAVE, 2),
        (AlarmKind.NO_INDEX, Level.GRAVE, 0),
        (AlarmKind.UNPROCESSABLE, Level.WARNING, 3),
        (AlarmKind.JOBS_FAILED, Level.WARNING, 1),
    ]
    assert found(replace(WELL, has_failed_verify=True))[0].kind is AlarmKind.VERIFY_FAILED


def test_a_way_that_fails_is_an_alarm() -> None:
    (alarm,) = found(replace(WELL, failed_channels={"mail": "The connection was lost"}))
    assert (alarm.kind, alarm.subject) == (AlarmKind.NOTICE_FAILED, "mail")
    assert "The connection was lost" in sentence(alarm.kind, alarm.arguments)


def test_without_a_source_there_is_a_hint() -> None:
    assert [shape(a) for a in found(replace(WELL, sources=()))] == [(AlarmKind.NO_SOURCE, Level.HINT, 0)]


EVERYTHING = replace(
    WELL,
    seen_at={},
    sources=(
        replace(
            JOURNAL,
            failures=5,
            left=2,
            unopened_reports=3,
            silence_hours=1,
            quiet_since=AT - DAY,
            secret_expires_on=(AT + DAY).date(),
            certificate_expires_at=AT + 3 * DAY,
        ),
    ),
    disk_percent=96,
    has_index=False,
    index_lag=12,
    unfindable_since=AT - DAY,
    unprocessed_since=AT - DAY,
    quarantined_today=500,
    unprocessable=1,
    findings=1,
    failed_jobs=1,
    failed_channels={"webhook": {"code": "webhook_refused", "subject": "HTTP 500"}},
    directory=DirectoryFacts(
        failures=1, last_error={"code": "server_timeout"}, is_waiting=True, claimed_twice=2
    ),
    seats=Seats(used=12, limit=10, grace_until=AT + DAY),
)


def every_alarm() -> list[Alarm]:
    """At least one of each kind, and of each sentence it has."""
    several = [*found(EVERYTHING), *found(replace(WELL, has_failed_verify=True, sources=()))]
    several += found(replace(WELL, disk_free_bytes=GIB // 8))
    for doubts in [(Doubt.PATH,), (Doubt.IMPORTED,)]:
        several += found(replace(WELL, doubts=doubts))
    for fault in ClockFault:
        for waits, who in [(False, ""), (True, ""), (False, "mail.example")]:
            judgement = Judgement(fault=fault, waits=waits, ours=AT, known=AT - DAY, who=who)
            several += found(replace(WELL, clock=judgement))
    return several


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_each_kind_has_a_sentence_with_its_values_in_each_language(language: str) -> None:
    several = every_alarm()
    assert {alarm.kind for alarm in several} == set(AlarmKind) == set(_SENTENCES)
    with translation.override(language):
        for alarm in several:
            text = sentence(alarm.kind, alarm.arguments)
            assert "%" not in text.replace(" %", ""), text
            if "source" in alarm.arguments:
                assert "Journal" in text
            if language != "en":
                with translation.override("en"):
                    assert text != sentence(alarm.kind, alarm.arguments)


def test_a_kind_of_another_release_is_shown_by_its_name() -> None:
    assert sentence("moon_full", {}) == "moon_full"
    assert sentence(AlarmKind.MAIL_LEFT, {}) == "mail_left"


def test_a_failing_directory_is_shown_at_once_and_told_when_it_goes_on() -> None:
    for failures, level in [(1, Level.HINT), (5, Level.GRAVE)]:
        (alarm,) = found(
            replace(WELL, directory=DirectoryFacts(failures=failures, last_error={"code": "server_timeout"}))
        )
        assert shape(alarm) == (AlarmKind.DIRECTORY_FAILING, level, 0)
    assert sentence(alarm.kind, alarm.arguments).startswith(
        "The directory cannot be read: The server did not answer in time."
    )


def test_a_waiting_plan_and_addresses_that_nobody_gets_are_told() -> None:
    told = found(replace(WELL, directory=DirectoryFacts(is_waiting=True, claimed_twice=3)))
    assert {shape(alarm) for alarm in told} == {
        (AlarmKind.DIRECTORY_WAITS, Level.WARNING, 0),
        (AlarmKind.CLAIMED_TWICE, Level.WARNING, 3),
    }


@pytest.mark.parametrize(
    ("left", "level", "stage"),
    [(3 * DAY, Level.WARNING, 1), (HOUR, Level.GRAVE, 2), (-HOUR, Level.GRAVE, 3)],
)
def test_too_few_seats_become_graver_until_collecting_stops(
    left: timedelta, level: Level, stage: int
) -> None:
    (alarm,) = found(replace(WELL, seats=Seats(used=12, limit=10, grace_until=AT + left)))
    assert shape(alarm) == (AlarmKind.SEATS_EXCEEDED, level, stage)
    assert ("has stopped" in sentence(alarm.kind, alarm.arguments)) == (stage == 3)


def test_enough_seats_are_no_alarm() -> None:
    assert found(replace(WELL, seats=Seats(used=10, limit=10, grace_until=None))) == []
    assert found(replace(WELL, seats=Seats(used=10, limit=None, grace_until=None))) == []
