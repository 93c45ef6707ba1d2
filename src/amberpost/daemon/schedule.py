"""When each source is collected: one thread looks for what is due, those that collect sleep until it has found some.

There are several, so that a slow server holds up nobody else; never two at one source. A source over which the
process dies waits longer each time, so that the others come first.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from secrets import SystemRandom

from django.db import connection
from django.db.models import F, Min

from amberpost.accounts.installation import is_set_up
from amberpost.bell import LOOK_SECONDS, Bell
from amberpost.clock import now
from amberpost.config import Config, current
from amberpost.daemon.database import KeptConnection
from amberpost.daemon.directory import directory_loop, session_loop
from amberpost.daemon.fetch import Fetcher, Unsealed
from amberpost.daemon.work import Timer, report_status
from amberpost.errors import is_disk_full
from amberpost.governance.place import is_confirmed
from amberpost.remark import Remark
from amberpost.road.open import open_keys_of
from amberpost.sources.backoff import backoff_seconds
from amberpost.sources.models import Source, SourceProtocol, SourceStatus

log = logging.getLogger(__name__)

THREADS = 4
STOP_SECONDS = 20.0
CUT_OFF = Remark("run_cut_off")
_FULL_SECONDS = 5.0
_PAUSE_SECONDS = 1.0  # after a fault that could not even be noted


def fetch_loop(config: Config, stop: threading.Event) -> None:
    """Collect each enabled source when it is due, and read the directory, until told to stop."""
    note_cut_off()
    bell, database = Bell(config.data, stop), KeptConnection(config)
    schedule, unsealed = Schedule(bell), Unsealed()
    started_at, sign = now(), Timer(LOOK_SECONDS)
    loops = [partial(collect_loop, config, schedule, unsealed, stop)] * THREADS
    loops += [partial(loop, config, bell, stop) for loop in (directory_loop, session_loop)]
    threads = []
    for loop in loops:
        name = loop.func.__name__
        threads.append(threading.Thread(target=_vital, args=(loop, stop), daemon=True, name=name))
        threads[-1].start()
    while not stop.is_set():
        rings = bell.rings  # read first: what comes while we look will ring again
        database.renew()
        try:
            if sign.is_due():
                report_status("fetch", started_at)
            pause = min(schedule.look(), sign.left())
        except Exception as error:  # noqa: BLE001  top of the loop; a database that is busy for a moment ends nothing
            pause = _note_breakdown(error)
        bell.wait(rings, pause)
    schedule.end()
    for thread in threads:
        thread.join(STOP_SECONDS)
    SourceStatus.objects.filter(pk__in=schedule.busy()).update(is_running=False)  # ended on purpose


def _vital(loop: Callable[[], None], stop: threading.Event) -> None:
    """A thread that dies takes the process with it: its supervisor starts a fresh one."""
    try:
        loop()
    finally:
        stop.set()


class Schedule:
    """Hands due sources to the threads that collect, never one to two of them. Thread-safe."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._changed = threading.Condition()
        self._due: list[Source] = []  # handed out, and not yet taken
        self._busy: set[int] = set()  # handed out, and not yet done
        self._is_over = False

    def look(self) -> float:
        """Hand out what is due, no more than can be collected at once. Returns the seconds until the next look."""
        looked_at = now()
        with self._changed:
            idle = [source for source in due_sources() if source.pk not in self._busy]
            found = idle[: THREADS - len(self._busy)]
            self._due += found
            self._busy.update(source.pk for source in found)
            self._changed.notify(len(found))
        return seconds_until_due(looked_at)

    def take(self) -> Source | None:
        """Waits for a due source, which is the caller's until done(); None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._due or self._is_over)
            return None if self._is_over else self._due.pop(0)

    def done(self, source_id: int) -> None:
        """Give a source back, and have somebody look: it may have been asked for meanwhile, and others wait."""
        with self._changed:
            self._busy.discard(source_id)
        self._bell.wake()

    def end(self) -> None:
        """Nobody gets a source any more."""
        with self._changed:
            self._is_over = True
            self._busy.difference_update(source.pk for source in self._due)
            self._changed.notify_all()

    def busy(self) -> set[int]:
        """The sources that are being collected."""
        with self._changed:
            return set(self._busy)


def collect_loop(config: Config, schedule: Schedule, unsealed: Unsealed, stop: threading.Event) -> None:
    """Collect one source after the other, until the schedule ends."""
    keys, database = open_keys_of(config), KeptConnection(config)
    fetcher = Fetcher(config, keys, unsealed)
    try:
        while (source := schedule.take()) is not None:
            database.renew()
            try:
                fetcher.collect(source, stop)
            except Exception as error:  # noqa: BLE001  top of the loop: what happened there could not be noted
                stop.wait(_note_breakdown(error))
            finally:
                schedule.done(source.pk)
    finally:
        fetcher.close()
        keys.close()
        connection.close()


def _note_breakdown(error: Exception) -> float:
    """Tells the log; the seconds after which trying again may help."""
    if is_disk_full(error):
        log.error("the disk is full: nothing is collected")
        return _FULL_SECONDS
    log.error("collecting broke down", exc_info=error)
    return _PAUSE_SECONDS


def note_cut_off() -> None:
    """At the start of collecting: runs that never ended count as failures, for their sources may be why.

    The process may have been killed, by a machine without power or by its memory. A source over which it dies
    again waits longer each time, so that the others are collected in between.
    """
    for status in SourceStatus.objects.filter(is_running=True):
        status.failures += 1
        pause = timedelta(seconds=backoff_seconds(status.failures, SystemRandom().random))
        status.is_running, status.last_error, status.next_attempt_at = False, CUT_OFF.as_json(), now() + pause
        status.save()
        log.error("run was cut off source=%d failures=%d", status.pk, status.failures)


def due_sources() -> list[Source]:
    """Enabled mailboxes whose next attempt has come, or that an operator wants fetched now; longest waiting first.

    None before the end of a set-up that was begun: users and domains come first. None of what may be a copy.
    """
    if not is_set_up() or not is_confirmed(current().data):
        return []
    sources = (
        Source.objects.filter(enabled=True)
        .exclude(protocol=SourceProtocol.FILE)
        .select_related("status")
        .order_by(F("status__last_attempt_at").asc(nulls_first=True), "name")
    )
    return [source for source in sources if _is_due(source)]


def seconds_until_due(looked_at: datetime) -> float:
    """Until a source that was not due at this moment is, but not longer than until the next look."""
    later = SourceStatus.objects.filter(source__enabled=True, next_attempt_at__gt=looked_at)
    first: datetime | None = later.aggregate(first=Min("next_attempt_at"))["first"]
    return min(LOOK_SECONDS, max(0.0, (first - now()).total_seconds())) if first else LOOK_SECONDS


def _is_due(source: Source) -> bool:
    status = getattr(source, "status", None)
    return (
        status is None
        or status.fetch_now
        or status.next_attempt_at is None
        or status.next_attempt_at <= now()
        or (status.last_attempt_at is not None and status.last_attempt_at > now())  # the clock was ahead then
    )
