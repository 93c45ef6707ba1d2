"""What goes wrong at one source stays there: it is told, counted and waited for, and the others are collected."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError

from amberpost.audit.models import AuditEvent
from amberpost.bell import Bell, ring
from amberpost.cli.source_report import report_of, report_text
from amberpost.clock import now
from amberpost.daemon import fetch, schedule
from amberpost.daemon.directory import Turns, _loop
from amberpost.daemon.fetch import collect_once
from amberpost.daemon.schedule import CUT_OFF, due_sources, fetch_loop, note_cut_off
from amberpost.handover import Incoming
from amberpost.road.open import open_keys_of
from amberpost.sources.backoff import FIRST_SECONDS
from amberpost.sources.configure import NewSecrets, save_source
from amberpost.sources.connector import CONNECTORS, Connector
from amberpost.sources.models import FetchRun, LeftMessage, Source, SourceSignal, SourceStatus
from amberpost.sources.settings import AccountSettings, Task
from amberpost.spoken import in_words
from tests.contract.source_contract import letters
from tests.fakes import FakeConnector
from tests.opened import Opened
from tests.road.collecting import collect_one
from tests.unit.sources.test_run import SURPRISES, made

WAIT_SECONDS = 20


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


class Breaking(FakeConnector):
    """A source over which `error` comes up."""

    def __init__(self, error: BaseException) -> None:
        super().__init__({})
        self._error = error

    def fetch(self) -> Iterator[Sequence[Incoming]]:
        raise self._error


Make = Callable[[AccountSettings, Task], Connector]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Make]], None]:
    """Says which connector the account of a user gets."""

    def choose(made_for: dict[str, Make]) -> None:
        monkeypatch.setitem(
            CONNECTORS, "imap", lambda settings, task: made_for[settings.user](settings, task)
        )

    return choose


def account(opened: Opened, name: str, **fields: object) -> Source:
    source = Source(name=name, server="localhost", user=name, **fields)
    keys = open_keys_of(opened.config)
    save_source(source, NewSecrets(password="word"), keys.seal_setting)
    keys.close()
    return source


def collect(opened: Opened, source: Source) -> None:
    collect_once(opened.config, [source], threading.Event())


def status_of(source: Source) -> SourceStatus:
    return SourceStatus.objects.get(source=source)


@pytest.mark.parametrize("kind", SURPRISES)
def test_a_surprise_is_shown_counted_and_waited_for(
    opened: Opened,
    serve: Callable[[dict[str, Make]], None],
    kind: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    serve({"odd": lambda *_: Breaking(made(kind))})
    source = account(opened, "odd")
    collect(opened, source)
    status = status_of(source)
    assert status.last_error == {"code": "surprise", "params": {"kind": kind.__name__}}
    assert (status.failures, status.is_running) == (1, False)
    assert status.next_attempt_at is not None
    assert status.next_attempt_at > now()
    assert FetchRun.objects.get(source=source).error == status.last_error
    assert f"failed once: {in_words(status.last_error)}" in report_text(report_of(source))
    assert "sesame" not in caplog.text + str(status.last_error)
    collect(opened, source)
    assert status_of(source).failures == 2


def test_the_other_sources_go_on(
    opened: Opened, serve: Callable[[dict[str, Make]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "THREADS", 1)
    collected = threading.Event()

    class Telling(FakeConnector):
        def close(self) -> None:
            collected.set()

    serve({"a": lambda *_: Breaking(RecursionError()), "b": lambda *_: Telling({})})
    bad, good = account(opened, "a"), account(opened, "b")
    with looping(opened):
        assert collected.wait(WAIT_SECONDS)
    assert status_of(bad).failures == 1
    assert status_of(good).failures == 0


def test_a_database_that_is_busy_for_a_moment_does_not_end_the_collecting(
    opened: Opened, serve: Callable[[dict[str, Make]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    noted, seen = fetch._note, [threading.Event(), threading.Event()]

    def note(source: Source, *arguments: object) -> None:
        seen[source.name == "b"].set()
        if source.name == "a":
            raise OperationalError("database is locked")
        noted(source, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "_note", note)
    monkeypatch.setattr(schedule, "THREADS", 1)
    serve(dict.fromkeys("ab", lambda *_: FakeConnector({})))
    bad = account(opened, "a")
    account(opened, "b")
    with looping(opened):
        assert all(event.wait(WAIT_SECONDS) for event in seen)
    assert bad not in due_sources()


class looping:
    """Collects what is due."""

    def __init__(self, opened: Opened) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=fetch_loop, args=(opened.config, self._stop), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        assert self._thread.is_alive()
        self._stop.set()
        self._thread.join(WAIT_SECONDS)


def test_a_fault_in_the_directory_loop_does_not_end_it(opened: Opened) -> None:
    stop, again = threading.Event(), threading.Event()

    def act(_: Turns) -> float:
        if again.is_set():
            stop.set()
        again.set()
        ring()
        raise OperationalError("not even the fault can be noted")

    _loop(opened.config, Bell(opened.config.data, stop), stop, act)
    assert again.is_set()


def test_a_source_over_which_the_process_dies_does_not_come_first_after_a_restart(
    opened: Opened, serve: Callable[[dict[str, Make]], None], caplog: pytest.LogCaptureFixture
) -> None:
    serve({"a": lambda *_: Breaking(Killed()), "b": lambda *_: FakeConnector({})})
    deadly, other = account(opened, "a"), account(opened, "b")
    pauses = []
    for time in range(1, 4):
        with pytest.raises(Killed):
            collect(opened, deadly)
        assert due_sources() == [other]  # also if the next process had no time to note anything
        note_cut_off()
        status = status_of(deadly)
        assert (status.failures, status.is_running, status.last_error) == (time, False, CUT_OFF.as_json())
        assert status.next_attempt_at is not None
        pauses.append((status.next_attempt_at - now()).total_seconds())
        assert due_sources() == [other]
    assert pauses[0] > FIRST_SECONDS / 2 - 5
    assert pauses[2] > pauses[0]
    assert "run was cut off" in caplog.text
    serve({"a": lambda *_: FakeConnector({})})
    collect(opened, deadly)
    assert (status_of(deadly).failures, status_of(deadly).last_error) == (0, {})


def test_a_stop_in_the_middle_of_a_run_is_no_failure(
    opened: Opened, serve: Callable[[dict[str, Make]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "STOP_SECONDS", 0.1)
    begun, end, stop = threading.Event(), threading.Event(), threading.Event()

    class Slow(FakeConnector):
        def fetch(self) -> Iterator[Sequence[Incoming]]:
            begun.set()
            end.wait(WAIT_SECONDS)
            return iter(())

    serve({"a": lambda *_: Slow({})})
    source = account(opened, "a")
    loop = threading.Thread(target=fetch_loop, args=(opened.config, stop), daemon=True)
    loop.start()
    assert begun.wait(WAIT_SECONDS)
    assert status_of(source).is_running
    stop.set()
    loop.join(WAIT_SECONDS)
    note_cut_off()
    assert status_of(source).failures == 0
    end.set()
    for thread in threading.enumerate():
        if thread.name == "collect_loop":
            thread.join(WAIT_SECONDS)


def test_a_message_above_the_size_is_recorded_once_and_fetched_when_the_limit_is_raised(
    opened: Opened, serve: Callable[[dict[str, Make]], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    mailbox = {1: letters(1)[0], 2: b"x" * (2**20 + 1), 3: b"y" * (2**20 + 1)}
    serve({"a": lambda settings, _: FakeConnector(mailbox, max_size_bytes=settings.max_size_bytes)})
    source = account(opened, "a", max_size_mb=1)
    accounts = [collect_one(opened, source) for _ in range(3)]
    assert [(a.seen, a.stored + a.duplicate + a.quarantined, a.left) for a in accounts] == [
        (3, 1, 2),
        (0, 0, 0),
        (0, 0, 0),
    ]
    events = AuditEvent.objects.filter(action="source:collected")
    assert events.count() == 1
    assert caplog.text.count("left source=") == 2
    assert LeftMessage.objects.filter(source=source).count() == status_of(source).left_count == 2
    mailbox[4] = b"z" * (2**20 + 1)
    assert collect_one(opened, source).left == 1
    assert (events.count(), status_of(source).left_count) == (2, 3)
    del mailbox[4]
    collect_one(opened, source)
    assert status_of(source).left_count == 2
    source.max_size_mb = None
    source.save()
    last = collect_one(opened, source)
    assert (last.seen, last.left) == (2, 0)
    assert (LeftMessage.objects.count(), mailbox) == (0, {})


def test_runs_do_not_grow_for_ever_and_the_first_stays(
    opened: Opened, serve: Callable[[dict[str, Make]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "RUNS_KEPT", 10)
    serve({"a": lambda *_: FakeConnector({})})
    source = account(opened, "a")
    collect(opened, source)
    first = FetchRun.objects.get()
    at = now()
    FetchRun.objects.bulk_create(
        FetchRun(
            source=source,
            started_at=at,
            finished_at=at,
            seen=number % 2,
            error={} if number % 2 else {"code": "connection_lost"},
        )
        for number in range(30)
    )
    collect(opened, source)
    kept = FetchRun.objects.filter(source=source).order_by("id")
    assert kept.count() == 11
    assert kept[0] == first
    assert kept.filter(seen=1).count() == 5  # of the last ten


def test_sealed_signs_of_life_stay_as_rows_for_a_week(
    opened: Opened, serve: Callable[[dict[str, Make]], None]
) -> None:
    serve({"a": lambda *_: FakeConnector({})})
    source = account(opened, "a")
    old = [now() - timedelta(days=days) for days in (30, 20, 8, 2)]
    SourceSignal.objects.bulk_create(
        SourceSignal(kind="heartbeat", source_id=source.pk, at=at, since=at, entry=number)
        for number, at in enumerate(old)
    )
    collect(opened, source)
    beats = SourceSignal.objects.filter(source_id=source.pk).order_by("at")
    assert [beat.at for beat in beats][:1] == old[3:]
    assert (beats.count(), beats.last().since) == (2, old[3])  # type: ignore[union-attr]
