"""One log of sealed records: append, read, find. formats.md sections 4 and 5; bytes in docs/formats/store.md.

append() returns only when keys and records are durable. After any error of a write nothing more is written
until the store is opened again. Knows nothing of mail: headers are opaque, leaves are the caller's.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

from amberpost.clock import now
from amberpost.errors import Finding, StoreError
from amberpost.store.batch import Batch, NewRecord, Tail
from amberpost.store.check import Depth, check
from amberpost.store.disk import AppendFile, Disk
from amberpost.store.keys import Durable, KeyStore
from amberpost.store.records import Records
from amberpost.store.recover import recover
from amberpost.store.rows import LogRows
from amberpost.store.segment import segment_path


class Store(Records):
    """Make one with Store.open(). One writer (the worker), any number of readers beside it."""

    def __init__(self, disk: Disk, keys: KeyStore, log: str, *, tail: Tail | None) -> None:
        super().__init__(disk, keys, log)
        self._tail = tail
        self._file: AppendFile | None = None
        self._lock = threading.Lock()
        self._failed = False

    @classmethod
    def open(
        cls, disk: Disk, keys: KeyStore, log: str, *, checkpoint_size: int = 0, read_only: bool = False
    ) -> "Store":
        """The writer recovers first; it refuses if less is there than `checkpoint_size` records."""
        if read_only:
            return cls(disk, keys, log, tail=None)
        tail = recover(disk, keys, LogRows(keys, log), checkpoint_size=checkpoint_size)
        return cls(disk, keys, log, tail=tail)

    def close(self) -> None:
        """Also marks what was written as durable, so that a later cut is found without a checkpoint."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            if not self._failed:
                self.keys.settle()

    @property
    def next_index(self) -> int:
        """The index that the next record gets, and how many there are."""
        return self.count_written() if self._tail is None else self._tail.next_index

    # Writing

    def append(self, records: Sequence[NewRecord], *, at: datetime | None = None) -> list[int]:
        """Seal the records and give their indexes. All of them are durable, or StoreError and none counts.

        `at`: the sealing time their leaves tell; its month chooses the key, whatever the clock says meanwhile.
        """
        if not records:
            return []
        with self._lock:
            tail = self._writable_tail()
            batch = self._new_batch(records, tail, at or now())
            batch.add_all(records)
            # Keys first: a record whose key was never durable could not be read by anybody.
            with self._fail_stop():
                self._commit_keys(batch)
                for segment, parts in batch.writes:
                    self._write(segment, parts)
            self._tail = batch.tail
            self._note_durable(batch.tail)
        return list(range(tail.next_index, batch.tail.next_index))

    def _writable_tail(self) -> Tail:
        if self._tail is None:
            raise StoreError("store_read_only", subject=self.log)
        if self._failed:
            raise StoreError("store_write_failed", subject=self.log)
        return self._tail

    def _new_batch(self, records: Sequence[NewRecord], tail: Tail, at: datetime) -> Batch:
        ids: set[bytes] = set()
        for split in (one.split for one in records if one.split is not None):
            ids.update(split.references)
            for one in split.objects:
                ids.update((one.id, *one.references))
        if not tail.segment:
            tail = Tail(next_index=tail.next_index, next_number=tail.next_number, segment=1, end=0)
        return Batch(
            rows=self.rows,
            binding=self.binding,
            tail=tail,
            record_kek=self.keys.month_kek(self.log, at),
            object_kek=self.keys.kek("objects"),
            known=self.rows.find_numbers(ids),
        )

    def _commit_keys(self, batch: Batch) -> None:
        with self.keys.transaction() as connection:
            self.rows.add_objects(connection, batch.objects)
            self.rows.add_captures(connection, batch.captures)
            self.rows.add_references(connection, batch.references)

    def _write(self, segment: int, parts: list[bytes]) -> None:
        """The step between keys and promise: when this returns the records of one segment are durable."""
        file = self._segment_file(segment)
        file.write(parts)
        file.sync()

    def _segment_file(self, segment: int) -> AppendFile:
        """The segment, open for appending; a new one begins where the one before is full."""
        assert self._tail is not None
        if self._file is not None and self._tail.segment == segment:
            return self._file
        if self._file is not None:
            self._file.close()
            self._file = None
        path = segment_path(self.log, segment)
        if segment == self._tail.segment:
            self._file = self.disk.append(path)
            # Longer than we left it: another writer is at work, and its records must not end up among ours.
            if self._file.size != self._tail.end:
                raise StoreError("segment_written_by_other", subject=path)
        else:
            self._file = self.disk.create(path)
            self._tail = Tail(
                next_index=self._tail.next_index, next_number=self._tail.next_number, segment=segment, end=0
            )
        return self._file

    def _note_durable(self, tail: Tail) -> None:
        mark = Durable(next_index=tail.next_index, segment=tail.segment, end=tail.end)
        self.keys.note_durable(self.log, mark)

    @contextlib.contextmanager
    def _fail_stop(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    def collect_orphans(self) -> int:
        """Destroy the keys of objects that no record refers to; how many."""
        with self._lock:
            self._writable_tail()
            with self._fail_stop():
                with self.keys.transaction() as connection:
                    count = self.rows.drop_orphans(connection)
                if count:
                    self.keys.database.truncate_wal()
        return count

    # Verifying

    def check(self, depth: Depth, start: int = 0, *, checkpoint_size: int = 0) -> Iterator[Finding]:
        """What is wrong with this log and its keys; never changes anything."""
        return check(self, depth, start=start, checkpoint_size=checkpoint_size)
