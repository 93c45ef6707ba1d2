"""The processes that unwrap, parse, split and compress.

A message that kills its process (memory, a crash in a library) costs nobody else anything: the batch is
done again one by one, and the one that kills again is kept whole as unprocessable.
"""

import gc
import logging
import multiprocessing
import resource
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from amberpost.vault.frame import Taken
from amberpost.vault.prepare import Prepared, prepare, unprocessable

log = logging.getLogger(__name__)

_TASK_BYTES = 256 * 1024  # small enough to share between two processes, large enough to hide the pipe
_MEMORY_BYTES = 4 * 1024**3  # address space of a pool process
_REST_AFTER = 20_000  # tasks until a process is replaced


class _Child:
    dedup_key = b""


def relax_collector() -> None:
    """Batches make many objects that live as long as the batch: look for cycles seldom, and never in modules.

    Measured 2026-11-23: the collector took 30 % of the worker's time before.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _start_child(dedup_key: bytes) -> None:
    _Child.dedup_key = dedup_key
    relax_collector()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    logging.getLogger("amberpost").setLevel(logging.ERROR)


def _prepare_some(captures: Sequence[Taken]) -> list[Prepared]:
    return [prepare(capture, _Child.dedup_key) for capture in captures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A batch under way in the pool."""

    captures: Sequence[Taken]
    futures: tuple[tuple[Sequence[Taken], "Future[list[Prepared]] | None"], ...]


class Pool:
    """Prepares batches; with size 0 in this very process."""

    def __init__(self, size: int, dedup_key: bytes) -> None:
        self._size = size
        self._dedup_key = dedup_key
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, captures: Sequence[Taken]) -> Pending:
        """Start preparing; the results come with collect()."""
        tasks = _tasks(captures)
        if not self._size or len(captures) < 8:
            return Pending(captures=captures, futures=tuple((task, None) for task in tasks))
        return Pending(captures=captures, futures=tuple((task, self._send(task)) for task in tasks))

    def collect(self, pending: Pending) -> list[Prepared]:
        """One Prepared for each capture, in order."""
        return [item for task, future in pending.futures for item in self._result(task, future)]

    def prepare(self, captures: Sequence[Taken]) -> list[Prepared]:
        """submit() and collect() in one."""
        return self.collect(self.submit(captures))

    def close(self) -> None:
        if self._executor:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def _send(self, task: Sequence[Taken]) -> "Future[list[Prepared]] | None":
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._size,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_child,
                initargs=(self._dedup_key,),
                max_tasks_per_child=_REST_AFTER,
            )
        try:
            return self._executor.submit(_prepare_some, task)
        except BrokenProcessPool:
            return None

    def _result(self, task: Sequence[Taken], future: "Future[list[Prepared]] | None") -> list[Prepared]:
        if future is None:
            return (
                [prepare(capture, self._dedup_key) for capture in task]
                if not self._broken()
                else self._alone(task)
            )
        try:
            return future.result()
        except BrokenProcessPool:
            log.error("pool process died tasks=%d", len(task))
            return self._alone(task)

    def _broken(self) -> bool:
        return self._executor is not None and bool(getattr(self._executor, "_broken", False))

    def _alone(self, task: Sequence[Taken]) -> list[Prepared]:
        """Each capture in a process of its own, so that the deadly one is known."""
        return [self._one(capture) for capture in task]

    def _one(self, capture: Taken) -> Prepared:
        self.close()
        with ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_child,
            initargs=(self._dedup_key,),
        ) as executor:
            try:
                return executor.submit(_prepare_some, [capture]).result()[0]
            except BrokenProcessPool:
                log.error("unprocessable capture=%s: its process died", capture.capture_id.hex())
                return unprocessable(capture, self._dedup_key, error="the process that read it died")


def _tasks(captures: Sequence[Taken]) -> list[list[Taken]]:
    tasks: list[list[Taken]] = []
    size = 0
    for capture in captures:
        if not tasks or size + len(capture.raw) > _TASK_BYTES or len(tasks[-1]) >= 64:
            tasks.append([])
            size = 0
        tasks[-1].append(capture)
        size += len(capture.raw)
    return tasks
