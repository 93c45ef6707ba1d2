"""An idle archive is idle: its processes sleep until somebody rings, and look by themselves now and then."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.audit.record import record
from amberpost.bell import LOOK_SECONDS, Bell, ring
from amberpost.daemon import fetch, work
from amberpost.daemon.fetch import Schedule, Unsealed, _collect_loop
from amberpost.daemon.work import open_worker
from amberpost.sources.models import Source, SourceStatus
from amberpost.vault.late import request_assignment
from amberpost.vault.models import Capture, Work
from amberpost.vault.verify import request_verify
from tests.opened import Opened
from tests.people import letter

PATIENCE = 60
NEVER = 3600.0


class Minute:
    """A bell that nobody rings; waiting for it takes no time, and a minute of it is all there is."""

    def __init__(self, stop: threading.Event) -> None:
        self.rings = self.waits = 0
        self.slept = 0.0
        self._stop = stop

    def wait(self, heard: int, seconds: float) -> None:
        assert seconds > 0, "it does not sleep at all"
        self.waits += 1
        self.slept += seconds
        if self.slept >= 60:
            self._stop.set()


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> Minute:
    return Minute(threading.Event())


def test_an_idle_worker_looks_six_times_a_minute(
    opened: Opened, minute: Minute, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.take(letter(1))
    monkeypatch.setattr(work, "Bell", lambda _folder, _stop: minute)
    with open_worker(opened.config) as worker, CaptureQueriesContext(connection) as asked:
        worker.run(minute._stop)
    assert minute.waits <= 60 / LOOK_SECONDS
    assert len(asked) < 120  # with those of beginning and ending


def test_idle_collecting_looks_six_times_a_minute_whatever_its_threads(
    opened: Opened, minute: Minute, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(fetch, "due_sources", lambda: looks.append(1) or [])
    schedule = Schedule()
    for _ in range(fetch.THREADS):  # of one ring, whatever comes first looks for all
        assert schedule.take(0) is None
    assert len(looks) == 1
    _collect_loop(opened.config, schedule, Unsealed(), minute, minute._stop)  # type: ignore[arg-type]
    assert minute.waits <= 60 / LOOK_SECONDS + 1
    assert schedule.take(1) is None
    assert len(looks) == 2, "a ring is reason to look"


def test_collecting_sleeps_until_a_source_is_due_and_not_longer(opened: Opened) -> None:
    source = Source.objects.get(pk=opened.mailbox)
    Source.objects.filter(pk=source.pk).update(enabled=True)
    at = fetch.now()
    due = at + fetch.timedelta(seconds=4)
    SourceStatus.objects.update_or_create(source=source, defaults={"next_attempt_at": due})
    assert 0 < fetch.seconds_until_due(at) <= 4
    SourceStatus.objects.update(next_attempt_at=at + fetch.timedelta(hours=1))
    assert fetch.seconds_until_due(at) == LOOK_SECONDS


def test_a_source_asked_for_while_it_was_collected_is_looked_for_at_once(opened: Opened) -> None:
    source = Source.objects.get(pk=opened.mailbox)
    Source.objects.filter(pk=source.pk).update(enabled=True)
    schedule = Schedule()
    assert schedule.take(0) == source
    assert schedule.take(0) is None
    schedule.done(source.pk)
    assert schedule.take(0) == source


@pytest.fixture
def asleep(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """An archive whose worker sleeps until it is rung for."""
    monkeypatch.setattr(work, "LOOK_SECONDS", NEVER)
    monkeypatch.setattr(work, "AWAKE_SECONDS", 0.5)
    stop, workers = threading.Event(), []

    def be_worker() -> None:
        with open_worker(opened.config) as worker:
            workers.append(worker)
            worker.run(stop)
        connection.close()

    thread = threading.Thread(target=be_worker)
    thread.start()
    try:
        _until(lambda: bool(workers) and workers[0].pause() == NEVER)
        yield opened
    finally:
        stop.set()  # wakes it as well
        thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.parametrize("ask", [
    lambda opened: opened.accept([opened.incoming(letter(1))]) and Capture.objects.exists,
    lambda _: record("test", Action.SOURCE_CHANGED) or _sealed,
    lambda _: request_verify("test") or _done,
    lambda _: request_assignment(["a@firma.example"], "test") or _done,
])  # fmt: skip
def test_work_of_each_kind_wakes_the_worker(asleep: Opened, ask: Callable[[Opened], Any]) -> None:
    _until(ask(asleep))


def _sealed() -> bool:
    return not AuditEvent.objects.filter(entry=None).exists()


def _done() -> bool:
    return not Work.objects.filter(finished_at=None).exists()


def _until(true: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    patience = threading.Event()
    for _ in range(PATIENCE * 20):
        if true():
            return
        patience.wait(0.05)
    raise AssertionError("it never happens")


def test_a_deed_rings_when_it_is_committed_and_not_before(opened: Opened) -> None:
    bell = Bell(opened.config.data, stop := threading.Event())
    with transaction.atomic():
        rings = bell.rings
        record("test", Action.SOURCE_CHANGED)
        bell.wait(rings, 0.2)
        assert bell.rings == rings
    bell.wait(rings, PATIENCE)
    assert bell.rings > rings
    stop.set()


@pytest.mark.parametrize("kernel_tells", [True, False])
def test_a_ring_wakes_all_who_wait(
    opened: Opened, kernel_tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kernel_tells:
        monkeypatch.setattr("amberpost.bell._watch", lambda file: file.touch())
        monkeypatch.setattr("amberpost.bell._ASK_SECONDS", 0.1)
    bell = Bell(opened.config.data, stop := threading.Event())
    waiting = [threading.Thread(target=bell.wait, args=(0, NEVER)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    ring()
    for thread in waiting:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in waiting)
    stop.set()


def test_nobody_falls_asleep_after_the_end(opened: Opened) -> None:
    bell = Bell(opened.config.data, stop := threading.Event())
    stop.set()
    bell.wait(0, PATIENCE)
    late = threading.Thread(target=bell.wait, args=(bell.rings, NEVER), daemon=True)
    late.start()
    late.join(PATIENCE)
    assert not late.is_alive()


def test_to_ring_where_nobody_listens_harms_nothing(opened: Opened, tmp_path: Path) -> None:
    assert not (opened.config.data / "bell").exists()
    ring()
    assert not (opened.config.data / "bell").exists()
