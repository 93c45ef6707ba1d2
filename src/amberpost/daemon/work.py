"""The worker: drains the intake logs, seals, catalogues, indexes, and does the other queued work.

There is one at a time (worker.lock). It may be killed at any moment: what it had not finished it does again.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from amberpost.bell import LOOK_SECONDS, Bell, ring
from amberpost.clock import now
from amberpost.config import Config
from amberpost.daemon.database import KeptConnection
from amberpost.daemon.jobs import do_next_job, request_daily_verify
from amberpost.errors import WorkerBusy, is_disk_full
from amberpost.governance.deeds import seal_events, seal_state
from amberpost.handover import CaptureId
from amberpost.road.catalogue import INDEX, position, require_whole_log
from amberpost.road.clock_judge import Judgement
from amberpost.road.clock_readings import ClockWatch, judgement_fields, sealing_waits
from amberpost.road.indexing import Indexer, index_lag
from amberpost.road.models import Capture, WorkerStatus
from amberpost.road.open import Vault, open_writer_vault
from amberpost.road.pool import Pending, Pool, relax_collector
from amberpost.road.process import catch_up, process
from amberpost.road.rows import select_in
from amberpost.road.signals import seal_signals, waiting_signals
from amberpost.store.drain import Frame, IntakeReader

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 2.0
PUBLISH_RECORDS = 1000
STATE_SECONDS = 60.0
STATUS_SECONDS = 2.0
IDLE_SECONDS = 0.1
AWAKE_SECONDS = 3.0  # after work or a ring: by then what is due every two seconds was done
STATE_ASLEEP_SECONDS = 600.0  # nothing was recorded since the last snapshot, so nothing was decided
VERIFY_LOOK_SECONDS = 600.0  # what is due once a day need not be on time
WAIT_SECONDS = 0.2
BUSY_FACTOR = 4  # while batch follows batch, the index commits more seldom: each commit halts the worker


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    frames: Sequence[Frame]
    pending: Pending


class Timer:
    """Says when something is due again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def is_due(self) -> bool:
        """True at most every so many seconds."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True

    def left(self) -> float:
        """Seconds until it is due."""
        return max(0.0, self._next - time.monotonic())


class Worker:
    """The one writer at work."""

    def __init__(self, vault: Vault, pool: Pool) -> None:
        self._vault = vault
        self._pool = pool
        self._intake = IntakeReader(vault.disk, vault.keys)
        self._batch: _Batch | None = None
        self._indexer = Indexer(vault, pool, vault.index) if vault.index is not None else None
        self._publish = Timer(PUBLISH_SECONDS)
        self._state = Timer(STATE_SECONDS)
        self._state_asleep = Timer(STATE_ASLEEP_SECONDS)
        self._is_stirred = True  # something happened since the last snapshot
        self._awake_until = 0.0
        self._status = Timer(STATUS_SECONDS)
        self._index_idle = Timer(vault.config.index_commit_seconds)
        self._index_busy = Timer(vault.config.index_commit_seconds * BUSY_FACTOR)
        self._started_at = now()
        self._signals: list[int] = []
        self._watch = ClockWatch(vault)
        self._clock = Judgement(ours=self._started_at)

    def recover(self) -> None:
        """Catalogue and index what a crash left sealed only."""
        self._vault.reserve.prepare(self._vault.config.reserve_bytes)
        self._intake.sweep_reserved()
        require_whole_log(self._vault.mail.store.next_index)
        catch_up(self._vault, self._pool)
        if self._indexer:
            self._indexer.catch_up()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, then finish what was begun."""
        bell, database = Bell(self._vault.config.data, stop), KeptConnection(self._vault.config)
        verify = Timer(VERIFY_LOOK_SECONDS)
        verify.is_due()  # not now: a start is no time for work that can wait
        while not stop.is_set():
            database.renew()
            rings = bell.rings  # read first: what is left while we look will ring again
            if not self.step():
                if verify.is_due():
                    request_daily_verify(self._vault.disk)
                pause = self.pause()
                if self._indexer and pause > STATUS_SECONDS:
                    self._indexer.rest()
                bell.wait(rings, pause)
            if bell.rings != rings:
                self.stay_awake()
        self.settle()

    def pause(self) -> float:
        """Seconds until the next step after one that found nothing, unless somebody rings."""
        awake = self._awake_until + max(0.0, self._vault.config.index_commit_seconds - PUBLISH_SECONDS)
        if time.monotonic() < awake:
            return IDLE_SECONDS
        if self._clock.waits:
            return STATUS_SECONDS  # nobody rings when a clock is mended
        return min(LOOK_SECONDS, max(IDLE_SECONDS, self._state.left())) if self._is_stirred else LOOK_SECONDS

    def stay_awake(self) -> None:
        """Look often for a moment: the end of what was begun is due within seconds, and more may come."""
        self._awake_until = time.monotonic() + AWAKE_SECONDS
        self._is_stirred = True

    def settle(self) -> None:
        """Until nothing accepted is unprocessed, unindexed, unsealed or without a checkpoint."""
        for _ in range(2):  # what sources told is sealed in the round after the one that reads it
            while self.step() or do_next_job(self._vault, self._pool, may_seal=not self._clock.waits):
                pass
        if not self._clock.waits:
            while seal_events(self._vault):
                pass
            seal_state(self._vault)
        if self._indexer:
            self._indexer.commit()
        self._vault.publish()
        self._report()  # the last word of a worker that ends now is that nothing is left

    def step(self) -> bool:
        """One round: read the next batch into the pool, seal the one before. False if there was nothing.

        What was accepted waits while the clock cannot be believed: its sealing time would be false for ever.
        """
        self._look_at_clock()
        begun = ended = None
        if not self._clock.waits:
            # The pool prepares the next batch while this process seals the one before.
            frames = self._intake.pending(self._vault.config.batch_bytes)
            begun = self._prepared(frames) if frames else None
            ended, self._batch = self._batch, begun
        if ended:
            catalogued = process(self._vault, self._pool.collect(ended.pending))
            self._intake.release(ended.frames)  # last: what is forgotten there is sealed and catalogued
            if self._indexer:
                self._indexer.add_new(catalogued.documents)
        self._housekeeping(busy=bool(begun or ended))
        return bool(begun or ended)

    def _prepared(self, frames: Sequence[Frame]) -> _Batch:
        return _Batch(
            frames=frames, pending=self._pool.submit([frame.packed for frame in frames], self._clock.ours)
        )

    def _housekeeping(self, *, busy: bool) -> None:
        ledger = self._vault.mail.ledger
        covered = ledger.checkpoint.size if ledger.checkpoint else 0
        if ledger.size - covered >= PUBLISH_RECORDS or self._publish.is_due():
            self._vault.publish()
        if self._indexer and (self._index_busy if busy else self._index_idle).is_due():
            self._indexer.commit()
        may_seal = not self._clock.waits
        if not busy:
            sealed = may_seal and any([self._seal_signals(), seal_events(self._vault)])
            busy = any([do_next_job(self._vault, self._pool, may_seal=may_seal), sealed])
        if busy:
            self.stay_awake()
        if may_seal and ((self._is_stirred and self._state.is_due()) or self._state_asleep.is_due()):
            seal_state(self._vault)
            self._is_stirred = False
        if self._status.is_due():
            self._report()

    def _look_at_clock(self) -> None:
        before, self._clock = self._clock, self._watch.look()
        if before.waits and not self._clock.waits and self._batch:
            self._batch = self._prepared(self._batch.frames)  # its times were judged by the clock as it was
        if (before.fault, before.waits) != (self._clock.fault, self._clock.waits):
            self._report()  # who waits for what it handed over must know at once

    def _report(self) -> None:
        pending = len(self._batch.frames) if self._batch else 0
        report_status("work", self._started_at, intake_pending=pending, clock=judgement_fields(self._clock))

    def _seal_signals(self) -> bool:
        """Those read in an earlier round: all mail that was accepted before them is catalogued by now."""
        seal_signals(self._vault, self._signals)
        self._signals = waiting_signals()
        return bool(self._signals)


def report_status(
    name: str,
    started_at: datetime,
    *,
    intake_pending: int = 0,
    note: str = "",
    clock: dict[str, object] | None = None,
) -> None:
    """Leave a sign of life for the overview, if there is room for it."""
    values = {
        "pid": os.getpid(),
        "started_at": started_at,
        "seen_at": now(),
        "intake_pending": intake_pending,
        "note": note,
        "clock": clock or {},
    }
    try:
        if not WorkerStatus.objects.filter(name=name).update(**values):
            WorkerStatus.objects.create(name=name, **values)
    except DatabaseError as error:
        if not is_disk_full(error):
            raise
        log.debug("the disk is full: no sign of life process=%s", name)


@contextmanager
def open_worker(config: Config) -> Iterator[Worker]:
    """Become the worker; WorkerBusy if another process is."""
    with open_writer_vault(config) as vault:
        pool = Pool(config.pool, vault.dedup_key)
        relax_collector()
        try:
            worker = Worker(vault, pool)
            worker.recover()
            yield worker
        finally:
            pool.close()


def work_beside(config: Config, feeding: "Future[Any]") -> None:
    """Be the worker while another thread collects or reads files, unless another process is."""
    while not feeding.done():
        with contextlib.suppress(WorkerBusy), open_worker(config) as worker:
            while not feeding.done():
                if not worker.step():
                    wait([feeding], timeout=IDLE_SECONDS)
            worker.settle()
            return
        wait([feeding], timeout=WAIT_SECONDS)


def settle(config: Config, captures: Sequence[CaptureId] = ()) -> None:
    """Return when these captures are catalogued and findable: by a running worker, else by becoming it.

    Also when their sealing waits, because the clock cannot be believed.
    """
    if config.read_only:
        return  # nothing was recorded that could wait to be sealed
    while True:
        with contextlib.suppress(WorkerBusy), open_worker(config) as worker:
            worker.settle()
            return
        if are_processed(captures) or sealing_waits():
            return
        time.sleep(WAIT_SECONDS)


def wait_until_settled(config: Config) -> None:
    """Return when nothing accepted before this call is unprocessed or unindexed, or sealing waits."""
    began = now()
    ring()  # a worker that sleeps says by its status that nothing is left
    while True:
        with contextlib.suppress(WorkerBusy), open_worker(config) as worker:
            worker.settle()
            return
        idle = WorkerStatus.objects.filter(name="work", seen_at__gt=began, intake_pending=0).exists()
        if (idle and index_lag() == 0) or sealing_waits():
            return
        time.sleep(WAIT_SECONDS)


def are_processed(captures: Sequence[CaptureId]) -> bool:
    """True if all these captures are catalogued and findable."""
    # The last one first: who waits for a large mailbox asks five times a second.
    return _are_indexed(captures[-1:]) and _are_indexed(captures)


def _are_indexed(captures: Sequence[CaptureId]) -> bool:
    rows = select_in(Capture, ["index"], "capture_id", captures)
    return len(rows) == len(set(captures)) and max((index for (index,) in rows), default=-1) < position(INDEX)
