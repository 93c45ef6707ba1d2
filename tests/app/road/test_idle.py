"""An idle archive is idle: its processes sleep until somebody rings, and look by themselves now and then."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from amberpost.audit.actions import Action
from amberpost.audit.models import AuditEvent
from amberpost.audit.record import record
from amberpost.bell import LOOK_SECONDS, Bell, ring
from amberpost.clock import now
from amberpost.daemon import notices, schedule, work
from amberpost.daemon.database import KeptConnection
from amberpost.daemon.directory import directory_loop, session_loop
from amberpost.daemon.schedule import THREADS, Schedule, fetch_loop, seconds_until_due
from amberpost.daemon.work import open_worker
from amberpost.health.verify import request_verify
from amberpost.notice.models import Round
from amberpost.road.indexing import index_lag
from amberpost.road.late import request_assignment
from amberpost.road.models import Capture, Work
from amberpost.search.local import TantivyIndex
from amberpost.sources.models import Source, SourceStatus
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


@pytest.fixture
def connected() -> Iterator[list[int]]:
    """One more for each connection that is opened."""
    opening: list[int] = []

    def note(**_: object) -> None:
        opening.append(1)

    connection.close()
    connection_created.connect(note)
    yield opening
    connection_created.disconnect(note)


def test_an_idle_worker_looks_twice_a_minute_over_one_connection(
    opened: Opened, minute: Minute, monkeypatch: pytest.MonkeyPatch, connected: list[int]
) -> None:
    opened.take(letter(1))
    monkeypatch.setattr(work, "Bell", lambda _folder, _stop: minute)
    connected.clear()
    with open_worker(opened.config) as worker, CaptureQueriesContext(connection) as asked:
        worker.run(minute._stop)
    assert minute.waits <= 60 / LOOK_SECONDS
    assert len(asked) < 80  # with those of beginning and ending
    assert len(connected) <= 1


def test_idle_collecting_looks_twice_a_minute_whatever_its_threads(
    opened: Opened, minute: Minute, monkeypatch: pytest.MonkeyPatch, connected: list[int]
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(schedule, "due_sources", lambda: looks.append(1) or [])
    monkeypatch.setattr(schedule, "Bell", lambda _folder, _stop: minute)
    for loop in ("directory_loop", "session_loop"):
        monkeypatch.setattr(schedule, loop, lambda _config, _bell, stop: stop.wait())
        monkeypatch.setattr(getattr(schedule, loop), "__name__", loop)
    fetch_loop(opened.config, minute._stop)
    assert minute.waits <= 60 / LOOK_SECONDS + 1
    assert len(looks) == minute.waits
    assert len(connected) <= 1


@pytest.mark.parametrize("loop", [directory_loop, session_loop])
def test_who_reads_the_directory_looks_twice_a_minute(
    opened: Opened, minute: Minute, loop: Callable[..., None], connected: list[int]
) -> None:
    loop(opened.config, minute, minute._stop)
    assert minute.waits <= 60 / LOOK_SECONDS + 1
    assert len(connected) <= 1


class Nap(threading.Event):
    """A stop that comes after the second wait; waiting takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        if len(self.waits) == 2:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(("planned", "least", "most"), [
    (timedelta(seconds=40), 35, 40),  # another process holds the rounds
    (timedelta(seconds=-1), 55, 60),
    (timedelta(days=1000), 55, 60),  # its clock was ahead
])  # fmt: skip
def test_who_looks_for_alarms_sleeps_until_the_next_round_is_due(
    opened: Opened, planned: timedelta, least: float, most: float, connected: list[int]
) -> None:
    Round.objects.update_or_create(id=1, defaults={"next_at": now() + planned})
    connection.close()
    connected.clear()
    stop = Nap()
    notices._loop(opened.config, stop)
    assert all(least <= seconds <= most for seconds in stop.waits)
    assert len(connected) <= 1


def test_looking_for_alarms_goes_on_after_a_failure(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise DatabaseError("locked")

    monkeypatch.setattr(notices, "hold_round", fail)
    stop = Nap()
    notices._loop(opened.config, stop)
    assert stop.waits == [15, 15]


def test_a_kept_connection_follows_the_database(opened: Opened) -> None:
    """`rebuild` puts a damaged file aside: what came later would be written there."""
    database = KeptConnection(opened.config)
    Work.objects.exists()
    kept = connection.connection
    database.renew()
    Work.objects.exists()
    assert connection.connection is kept
    path, aside = opened.config.data / "catalogue.db", opened.config.data / "aside.db"
    aside.write_bytes(path.read_bytes())
    aside.rename(path)
    database.renew()
    Work.objects.exists()
    assert connection.connection is not kept
    kept = connection.connection
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("no such words")
    database.renew()
    assert connection.connection is not kept


def test_collecting_sleeps_until_a_source_is_due_and_not_longer(opened: Opened) -> None:
    source = Source.objects.get(pk=opened.mailbox)
    Source.objects.filter(pk=source.pk).update(enabled=True)
    at = now()
    due = at + timedelta(seconds=4)
    SourceStatus.objects.update_or_create(source=source, defaults={"next_attempt_at": due})
    assert 0 < seconds_until_due(at) <= 4
    SourceStatus.objects.update(next_attempt_at=at + timedelta(hours=1))
    assert seconds_until_due(at) == LOOK_SECONDS


def test_a_source_goes_to_one_thread_and_its_end_is_a_reason_to_look(opened: Opened) -> None:
    """Somebody may have asked for it while it was collected."""
    source = Source.objects.get(pk=opened.mailbox)
    Source.objects.filter(pk=source.pk).update(enabled=True)
    bell = Bell(opened.config.data, stop := threading.Event())
    plan = Schedule(bell)
    plan.look()
    assert plan.take() == source
    plan.look()
    assert plan._due == []
    rings = bell.rings
    plan.done(source.pk)
    assert bell.rings > rings
    plan.look()
    assert plan.take() == source
    plan.end()
    assert plan.take() is None
    assert plan.busy() == {source.pk}
    stop.set()


def test_no_more_sources_are_handed_out_than_can_be_collected_and_the_others_come_next(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that waits for a thread would be collected as it was set up when it became due."""
    due = [Source(pk=number) for number in range(THREADS + 2)]
    monkeypatch.setattr(schedule, "due_sources", lambda: due)
    plan = Schedule(Bell(opened.config.data, stop := threading.Event()))
    plan.look()
    plan.look()
    assert [plan.take() for _ in range(THREADS)] == due[:THREADS]
    assert plan._due == []
    plan.done(0)
    del due[0]
    plan.look()
    assert plan.take() == Source(pk=THREADS)
    stop.set()


def test_a_thread_that_dies_ends_the_collecting(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its supervisor starts a fresh one."""

    def die(*_: object) -> None:
        """As if it had been an error: nothing is told to anybody."""

    monkeypatch.setattr(schedule, "collect_loop", die)
    monkeypatch.setattr(die, "__name__", "collect_loop")
    stop = threading.Event()
    loop = threading.Thread(target=fetch_loop, args=(opened.config, stop), daemon=True)
    loop.start()
    loop.join(PATIENCE)
    assert not loop.is_alive()


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


@pytest.fixture
def strangers() -> set[str]:
    """Threads that other tests of this process have left."""
    return _threads_of_the_index()


def test_an_index_rests_while_its_worker_sleeps_and_takes_what_comes(
    strangers: set[str], asleep: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AWAKE_SECONDS", 3.0)  # as it is: until the index is committed
    _until(lambda: _threads_of_the_index() <= strangers)
    asleep.accept([asleep.incoming(letter(1))])
    _until(lambda: Capture.objects.exists() and index_lag() == 0)
    _until(lambda: _threads_of_the_index() <= strangers)
    assert TantivyIndex.open_reader(asleep.config.data / "index").count() == 1


def _threads_of_the_index() -> set[str]:
    found = set()
    for task in Path("/proc/self/task").glob("*/comm"):
        with suppress(OSError):  # it has just ended
            if "tantivy" in task.read_text():
                found.add(task.parent.name)
    return found


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
