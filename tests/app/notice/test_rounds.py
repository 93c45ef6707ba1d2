"""An alarm begins, lasts and ends: what is told when, and that telling survives crashes and company."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from amberpost.clock import now
from amberpost.notice.alarm import Alarm, AlarmKind, Level
from amberpost.notice.configure import current_settings, save_settings
from amberpost.notice.models import Channel, Dispatch, Notice, Round
from amberpost.notice.outbox import carry, failures, waiting
from amberpost.notice.rounds import claim_round, count_grave, follow, forget_old, seconds_until_round
from amberpost.spoken import in_words
from tests.servers.smtp import relay, web_server

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MAIL = [Channel.MAIL]
URL = "https://archive.firma.example"
FAILING = Alarm(
    kind=AlarmKind.SOURCE_FAILING,
    level=Level.GRAVE,
    subject="7",
    arguments={"source": "Journal", "error": {"code": "server_name_unknown"}},
)

pytestmark = pytest.mark.usefixtures("opened")


def filling(stage: int) -> Alarm:
    level = Level.WARNING if stage == 1 else Level.GRAVE
    return Alarm(
        kind=AlarmKind.DISK_FILLING,
        level=level,
        stage=stage,
        arguments={"percent": 70 + 10 * stage, "free": 3000, "least": 256, "stops": 0},
    )


def unprocessable(number: int) -> Alarm:
    return Alarm(
        kind=AlarmKind.UNPROCESSABLE, level=Level.WARNING, stage=number, arguments={"number": number}
    )


def told(*alarms: Alarm, at: datetime, channels: list[Channel] = MAIL) -> list[tuple[str, str]]:
    """What one round puts into the outbox."""
    before = set(Dispatch.objects.values_list("pk", flat=True))
    follow(alarms, channels, at)
    return [
        (event["kind"], event["what"])
        for dispatch in Dispatch.objects.exclude(pk__in=before)
        for event in dispatch.events
    ]


def test_an_alarm_is_told_when_it_begins_daily_while_it_lasts_and_once_when_it_is_over() -> None:
    kind = str(AlarmKind.SOURCE_FAILING)
    assert told(FAILING, at=AT) == [(kind, "began")]
    assert told(FAILING, at=AT + MINUTE) == []
    assert told(FAILING, at=AT + 23 * 60 * MINUTE) == []
    assert told(FAILING, at=AT + DAY) == [(kind, "lasts")]
    assert told(FAILING, at=AT + DAY + MINUTE) == []
    assert told(at=AT + DAY + 3 * MINUTE) == []
    assert told(at=AT + DAY + 7 * MINUTE) == [(kind, "over")]
    assert told(at=AT + DAY + 8 * MINUTE) == []
    assert told(FAILING, at=AT + 2 * DAY) == [(kind, "began")]
    assert Notice.objects.count() == 2


def test_an_alarm_that_comes_and_goes_is_one_alarm() -> None:
    assert len(told(FAILING, at=AT)) == 1
    for minute in range(1, 30, 4):
        assert told(at=AT + minute * MINUTE) == []
        assert told(FAILING, at=AT + (minute + 2) * MINUTE) == []
    assert Notice.objects.count() == 1


def test_a_warning_is_told_weekly_and_when_it_grows_at_most_daily() -> None:
    assert len(told(unprocessable(1), at=AT)) == 1
    assert told(unprocessable(5), at=AT + MINUTE) == []
    assert told(unprocessable(5), at=AT + DAY) == [("unprocessable", "lasts")]
    assert told(unprocessable(5), at=AT + 3 * DAY) == []
    assert told(unprocessable(5), at=AT + 8 * DAY) == [("unprocessable", "lasts")]
    assert told(unprocessable(4), at=AT + 10 * DAY) == []


def test_a_next_step_of_a_disk_is_told_at_once_and_not_again_when_it_swings() -> None:
    assert len(told(filling(1), at=AT)) == 1
    assert told(filling(2), at=AT + MINUTE) == [("disk_filling", "lasts")]
    for minute in range(2, 10, 2):
        assert told(filling(1), at=AT + minute * MINUTE) == []
        assert told(filling(2), at=AT + (minute + 1) * MINUTE) == []


def test_a_hint_is_not_told_and_ends_what_was() -> None:
    hint = Alarm(kind=FAILING.kind, level=Level.HINT, subject="7", arguments=FAILING.arguments)
    assert told(hint, at=AT) == []
    assert not Notice.objects.exists()
    told(FAILING, at=AT)
    assert told(hint, at=AT + 6 * MINUTE) == [(str(FAILING.kind), "over")]


def test_a_restart_of_a_process_is_not_told() -> None:
    silent = Alarm(
        kind=AlarmKind.PROCESS_SILENT, level=Level.GRAVE, subject="work", arguments={"process": "work"}
    )
    assert told(silent, at=AT) == []
    assert told(silent, at=AT + 2 * MINUTE) == []
    assert told(at=AT + 8 * MINUTE) == []
    assert not Notice.objects.exists()
    told(silent, at=AT + 10 * MINUTE)
    assert told(silent, at=AT + 13 * MINUTE) == [("process_silent", "began")]


def test_a_monitor_is_told_of_grave_things_that_stand_and_not_of_a_restart() -> None:
    silent = Alarm(
        kind=AlarmKind.PROCESS_SILENT, level=Level.GRAVE, subject="work", arguments={"process": "work"}
    )
    told(FAILING, silent, unprocessable(3), at=AT, channels=[])
    assert count_grave(AT) == 1
    told(FAILING, silent, at=AT + 3 * MINUTE)
    assert count_grave(AT + 3 * MINUTE) == 2
    told(at=AT + 9 * MINUTE)
    assert count_grave(AT + 9 * MINUTE) == 0


def test_what_nobody_could_be_told_is_told_as_soon_as_somebody_is_named() -> None:
    assert told(FAILING, at=AT, channels=[]) == []
    assert told(FAILING, at=AT + DAY) == [(str(FAILING.kind), "began")]


def test_several_things_make_one_message_a_way() -> None:
    follow([FAILING, filling(1)], list(Channel), AT)
    assert sorted((d.channel, len(d.events)) for d in Dispatch.objects.all()) == [("mail", 2), ("webhook", 2)]


def test_that_a_way_fails_is_told_by_the_others() -> None:
    alarm = Alarm(
        kind=AlarmKind.NOTICE_FAILED,
        level=Level.WARNING,
        subject="mail",
        arguments={"channel": "mail", "error": {"code": "connection_lost"}},
    )
    follow([alarm], list(Channel), AT)
    assert [dispatch.channel for dispatch in Dispatch.objects.all()] == ["webhook"]


def test_old_memory_goes() -> None:
    told(FAILING, at=AT)
    told(at=AT + 6 * MINUTE)
    Dispatch.objects.update(sent_at=AT)
    forget_old(AT + 89 * DAY)
    assert Notice.objects.count() == 1
    forget_old(AT + 92 * DAY)
    assert not Notice.objects.exists()
    assert not Dispatch.objects.exists()


# Handing over


def mail_settings(port: int, **changes: Any) -> None:
    settings = current_settings()
    settings.relay, settings.security = f"localhost:{port}", "none"
    settings.addresses = ["otto@firma.example"]
    for name, value in changes.items():
        setattr(settings, name, value)
    save_settings(settings, {}, lambda _row, _field, plain: plain)


def carry_all() -> list[bool]:
    return [carry(d, current_settings(), lambda _r, _f, s: s, URL) for d in waiting(datetime.now(UTC))]


def test_a_message_says_in_the_chosen_language_what_is_where() -> None:
    follow([FAILING, filling(2)], MAIL, AT)
    with relay() as (mailbox, port):
        mail_settings(port, language="de")
        assert carry_all() == [True]
        assert carry_all() == []
    (text,) = mailbox.texts
    assert "Journal" in text
    assert "Der Servername ist nicht bekannt" in text
    assert "25. November 2026, 10:00 UTC" in text
    assert f"{URL}/console/" in text
    assert "Neu:" in text
    assert "ü" in text or "ß" in text or "ä" in text


def test_a_failure_is_kept_shown_and_tried_again_with_back_off() -> None:
    follow([FAILING], MAIL, AT)
    mail_settings(1)
    assert carry_all() == [False]
    row = Dispatch.objects.get()
    assert (row.tries, row.sent_at) == (1, None)
    assert failures()[Channel.MAIL]["code"] == "relay_port_closed"
    assert carry_all() == []  # not due yet
    waits = []
    for _ in range(7):
        Dispatch.objects.update(next_at=AT)
        carry_all()
        waits.append(round((Dispatch.objects.get().next_at - datetime.now(UTC)) / MINUTE))
    assert waits == [2, 4, 8, 16, 30, 30, 30]
    with relay() as (mailbox, port):
        mail_settings(port)
        Dispatch.objects.update(next_at=AT)
        assert carry_all() == [True]
    assert len(mailbox.messages) == 1
    assert failures() == {}


def test_a_crash_between_sending_and_noting_sends_again_as_the_same_message() -> None:
    follow([FAILING], MAIL, AT)
    with relay() as (mailbox, port):
        mail_settings(port)
        carry_all()
        Dispatch.objects.update(sent_at=None)  # as if the process had died before it noted
        assert carry_all() == []  # its claim holds for a while
        Dispatch.objects.update(next_at=AT)
        carry_all()
    one, two = mailbox.messages
    assert one["Message-ID"] == two["Message-ID"]


def test_a_recipient_who_is_refused_is_shown_and_the_rest_not_told_twice() -> None:
    follow([FAILING], MAIL, AT)
    with relay() as (mailbox, port):
        mail_settings(port, addresses=["otto@firma.example", "gone@firma.example"])
        mailbox.refuses = {"gone@firma.example"}
        assert carry_all() == [True]
        Dispatch.objects.update(next_at=AT)
        assert carry_all() == []
    assert "gone@firma.example" in in_words(failures()[Channel.MAIL])


def test_a_way_that_was_switched_off_forgets_what_waits() -> None:
    follow([FAILING], MAIL, AT)
    assert carry_all() == [True]
    assert not Dispatch.objects.exists()


def test_the_webhook_gets_each_event_with_its_sentence() -> None:
    follow([FAILING], [Channel.WEBHOOK], AT)
    with web_server() as received:
        settings = current_settings()
        settings.webhook_url, settings.is_webhook_internal = f"http://localhost:{received.port}/", True
        save_settings(settings, {}, lambda _row, _field, plain: plain)
        carry_all()
    (event,) = received.events
    assert event == {
        "what": "began",
        "kind": "source_failing",
        "subject": "7",
        "level": "grave",
        "since": "2026-11-25T10:00:00+00:00",
        "text": "Journal cannot be collected: The server name is not known",
    }


def in_threads(number: int, call: Callable[[], object]) -> list[object]:
    results: list[object] = []
    barrier = threading.Barrier(number)

    def run() -> None:
        barrier.wait()
        try:
            results.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_all_that_ask_exactly_one_holds_the_round() -> None:
    claim_round(AT)
    assert not claim_round(AT + timedelta(seconds=59))
    assert sorted(map(bool, in_threads(4, lambda: claim_round(AT + 2 * MINUTE)))) == [False] * 3 + [True]


@pytest.mark.parametrize(("ahead", "seconds"), [(-DAY, 0), (1000 * DAY, 60)])
def test_nobody_sleeps_longer_than_until_the_next_round_whatever_the_clock_said(
    ahead: timedelta, seconds: float
) -> None:
    claim_round(now())
    Round.objects.update(next_at=now() + ahead)
    assert seconds_until_round() == seconds


def test_of_all_that_carry_exactly_one_sends() -> None:
    follow([FAILING], MAIL, AT)
    (dispatch,) = waiting(datetime.now(UTC))
    with relay() as (mailbox, port):
        mail_settings(port)
        in_threads(4, lambda: carry(dispatch, current_settings(), lambda _r, _f, s: s, URL))
    assert len(mailbox.messages) == 1
