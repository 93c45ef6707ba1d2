"""Archives with one thing wrong each. A harness that does not catch them all proves nothing."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from unittest.mock import patch

from amberpost.clock import now
from amberpost.errors import StoreError
from amberpost.store import recover
from amberpost.store.batch import NewRecord
from amberpost.store.disk import LocalAppendFile, LocalDisk
from amberpost.store.drain import Frame, IntakeReader, _Followed
from amberpost.store.intake import IntakeLog
from amberpost.store.keys import Durable
from amberpost.store.store import Store
from tests.faults.crash_run import Archive
from tests.simdisk import SimDatabase, SimDisk

Mutant = Callable[[], contextlib.AbstractContextManager[type[Archive]]]
_write_all, _sync, _sync_folder = LocalAppendFile._write_all, LocalAppendFile.sync, LocalDisk.sync_folder


@contextlib.contextmanager
def _patched(owner: object, name: str, new: object) -> Iterator[type[Archive]]:
    with patch.object(owner, name, new):
        yield Archive


def _no_sync_of(folder: str) -> Mutant:
    def sync(self: LocalAppendFile) -> None:
        if not self._path.startswith(folder):
            _sync(self)

    return lambda: _patched(LocalAppendFile, "sync", sync)


def _no_folder_sync() -> contextlib.AbstractContextManager[type[Archive]]:
    return _patched(LocalDisk, "sync_folder", lambda self, path: None)


class _EarlyReceipt(IntakeLog):
    """Says yes when the payload waits in memory; writes with the next one."""

    def append(self, payloads: Sequence[bytes]) -> None:
        before, self._later = getattr(self, "_later", []), list(payloads)
        if before:
            super().append(before)


def _early_receipt() -> contextlib.AbstractContextManager[type[Archive]]:
    return _patched(Archive, "intake_class", _EarlyReceipt)


def _ignore_short_write() -> contextlib.AbstractContextManager[type[Archive]]:
    def write_all(self: LocalAppendFile, block: bytes) -> None:
        self._calls.write(self.handle, block)
        self.size += len(block)

    return _patched(LocalAppendFile, "_write_all", write_all)


def _retry_sync() -> contextlib.AbstractContextManager[type[Archive]]:
    def sync(self: LocalAppendFile) -> None:
        for _ in range(5):
            try:
                return self._calls.fdatasync(self.handle)
            except OSError as error:
                last = error
        raise StoreError("cannot_write") from last

    return _patched(LocalAppendFile, "sync", sync)


def _no_cut_at_recovery() -> contextlib.AbstractContextManager[type[Archive]]:
    return _patched(LocalDisk, "truncate", lambda self, path, size: None)


def _no_sync_at_recovery() -> contextlib.AbstractContextManager[type[Archive]]:
    return _patched(recover, "_settle_segment", lambda disk, log, number, offset: None)


class _KeysAfterSegment(Store):
    def append(self, records: Sequence[NewRecord], *, at: datetime | None = None) -> list[int]:
        tail = self._writable_tail()
        batch = self._new_batch(records, tail, now())
        batch.add_all(records)
        with self._fail_stop():
            for segment, parts in batch.writes:
                self._write(segment, parts)
            self._commit_keys(batch)
        self._tail = batch.tail
        self._note_durable(batch.tail)
        return []


def _keys_after_segment() -> contextlib.AbstractContextManager[type[Archive]]:
    return _patched(Archive, "store_class", _KeysAfterSegment)


def _release_before_seal() -> contextlib.AbstractContextManager[type[Archive]]:
    def seal(self: Archive) -> None:
        frames = self.reader.pending()
        unsealed = self.unsealed(frames)
        self.reader.release(frames)
        self.append(unsealed)

    return _patched(Archive, "seal", seal)


def _release_unread_logs() -> contextlib.AbstractContextManager[type[Archive]]:
    def is_done(self: IntakeReader, log: _Followed) -> bool:
        return not log.damaged and len(log.released) >= log.given

    return _patched(IntakeReader, "_is_done", is_done)


def _seal_without_asking() -> contextlib.AbstractContextManager[type[Archive]]:
    def append(self: Archive, frames: list[Frame]) -> None:
        self.store.append(
            [NewRecord(capture_id=None, leaf=b"{}", header=frame.payload[:16]) for frame in frames]
        )

    def unsealed(self: Archive, frames: list[Frame]) -> list[Frame]:
        return frames

    @contextlib.contextmanager
    def both() -> Iterator[type[Archive]]:
        with patch.object(Archive, "append", append), patch.object(Archive, "unsealed", unsealed):
            yield Archive

    return both()


@contextlib.contextmanager
def _commits_not_synced() -> Iterator[type[Archive]]:
    first = SimDatabase.__init__

    def init(self: SimDatabase, disk: SimDisk, image: bytes) -> None:
        first(self, disk, image)
        self.keeps_commits = False

    with patch.object(SimDatabase, "__init__", init):
        yield Archive


def _rows_stay_at_recovery() -> contextlib.AbstractContextManager[type[Archive]]:
    from amberpost.store.rows import LogRows

    return _patched(LogRows, "drop_after", lambda self, connection, next_index, segment, end: 0)


def _mark_before_sync() -> contextlib.AbstractContextManager[type[Archive]]:
    """Promises durable records before they are: recovery must then refuse."""

    commit = Store._commit_keys

    def commit_keys(self: Store, batch: object) -> None:
        tail = batch.tail  # type: ignore[attr-defined]
        mark = Durable(next_index=tail.next_index, segment=tail.segment, end=tail.end)
        self.keys.note_durable(self.log, mark)
        commit(self, batch)  # type: ignore[arg-type]

    return _patched(Store, "_commit_keys", commit_keys)


def _sync_only_at_recovery() -> contextlib.AbstractContextManager[type[Archive]]:
    """Believes a sync in a new process although one failed in the process before."""

    def settle(self: LocalDisk, path: str, offset: int) -> None:
        file = self.append(path)
        file.sync()
        file.close()

    return _patched(LocalDisk, "settle", settle)


MUTANTS: dict[str, Mutant] = {
    "no sync of the intake": _no_sync_of("intake/"),
    "no sync of segments": _no_sync_of("mail/"),
    "no sync of folders": _no_folder_sync,
    "receipt before the sync": _early_receipt,
    "short writes ignored": _ignore_short_write,
    "sync tried again after it failed": _retry_sync,
    "no cut at recovery": _no_cut_at_recovery,
    "no sync at recovery": _no_sync_at_recovery,
    "keys after the segment": _keys_after_segment,
    "released before sealed": _release_before_seal,
    "logs released before read to the end": _release_unread_logs,
    "sealed without asking what is sealed": _seal_without_asking,
    "commits of keys.db not synced": _commits_not_synced,
    "keys without a record stay": _rows_stay_at_recovery,
    "marked durable before the sync": _mark_before_sync,
    "sync believed after a failed one": _sync_only_at_recovery,
}
