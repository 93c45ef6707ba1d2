"""The processes that unwrap, parse, split and compress.

A message that kills its process (memory, a crash in a library) costs nobody else anything: the batch is
done again one by one, and the one that kills again is kept whole as unprocessable.
"""

import gc
import logging
import multiprocessing
import os
import resource
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime

from amberpost.remark import Remark
from amberpost.road.frame import Taken, decode_frame, encode_taken, not_after
from amberpost.road.prepare import Prepared, prepare, unprocessable
from amberpost.store.frames import pack_payload, unpack_payload

log = logging.getLogger(__name__)

_TASK_BYTES = 128 * 1024  # packed: small enough to share between two processes, large enough to hide the pipe
_TASK_FRAMES = 64
_TOO_FEW = 8  # frames that are done here sooner than a process would start
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
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _Child.dedup_key = dedup_key
    relax_collector()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    logging.getLogger("amberpost").setLevel(logging.ERROR)


def _die_with_parent() -> None:
    """A child holds both ends of the pipe it reads tasks from, so it would wait for a killed parent for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _prepare_some(task: Sequence[bytes], at: datetime | None) -> list[Prepared]:
    return [prepare(_open(packed, at), _Child.dedup_key) for packed in task]


def _open(packed: bytes, at: datetime | None) -> Taken:
    capture = decode_frame(unpack_payload(packed))
    return capture if at is None else not_after(capture, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A batch under way in the pool."""

    futures: tuple[tuple[Sequence[bytes], "Future[list[Prepared]] | None"], ...]
    at: datetime | None


class Pool:
    """Prepares batches; with size 0 in this very process."""

    def __init__(self, size: int, dedup_key: bytes) -> None:
        self._size = size
        self._dedup_key = dedup_key
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, frames: Sequence[bytes], at: datetime | None = None) -> Pending:
        """Start preparing packed intake frames; the results come with collect().

        `at`: the present moment; what claims to have been captured later was not.
        """
        tasks: list[list[bytes]] = []
        size = 0
        for packed in frames:
            if not tasks or size + len(packed) > _TASK_BYTES or len(tasks[-1]) >= _TASK_FRAMES:
                tasks.append([])
                size = 0
            tasks[-1].append(packed)
            size += len(packed)
        if not self._size or len(frames) < _TOO_FEW:
            return Pending(futures=tuple((task, None) for task in tasks), at=at)
        return Pending(futures=tuple((task, self._send(task, at)) for task in tasks), at=at)

    def collect(self, pending: Pending) -> list[Prepared]:
        """One Prepared for each capture, in order."""
        return [item for task, future in pending.futures for item in self._result(task, pending.at, future)]

    def prepare(self, captures: Sequence[Taken]) -> list[Prepared]:
        """The same for captures read back from the store."""
        return self.collect(self.submit([pack_payload(encode_taken(capture)) for capture in captures]))

    def close(self) -> None:
        if self._executor:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def _send(self, task: Sequence[bytes], at: datetime | None) -> "Future[list[Prepared]] | None":
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._size,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_child,
                initargs=(self._dedup_key,),
                max_tasks_per_child=_REST_AFTER,
            )
        try:
            return self._executor.submit(_prepare_some, task, at)
        except BrokenProcessPool:
            return None

    def _result(
        self, task: Sequence[bytes], at: datetime | None, future: "Future[list[Prepared]] | None"
    ) -> list[Prepared]:
        is_broken = self._executor is not None and bool(getattr(self._executor, "_broken", False))
        if future is None and not is_broken:
            return [prepare(_open(packed, at), self._dedup_key) for packed in task]
        if future is None:
            return self._alone(task, at)
        try:
            return future.result()
        except BrokenProcessPool:
            log.error("pool process died tasks=%d", len(task))
            return self._alone(task, at)

    def _alone(self, task: Sequence[bytes], at: datetime | None) -> list[Prepared]:
        """Each capture in a process of its own, so that the deadly one is known."""
        self.close()
        return [self._one(packed, at) for packed in task]

    def _one(self, packed: bytes, at: datetime | None) -> Prepared:
        with ProcessPoolExecutor(
            1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_child,
            initargs=(self._dedup_key,),
        ) as executor:
            try:
                return executor.submit(_prepare_some, [packed], at).result()[0]
            except BrokenProcessPool:
                capture = _open(packed, at)
                log.error("unprocessable capture=%s: its process died", capture.capture_id.hex())
                return unprocessable(capture, self._dedup_key, error=Remark("process_died"))
