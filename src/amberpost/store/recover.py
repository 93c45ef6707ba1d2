"""What happens before the first write after a start: find the end of the log and bring keys.db in step.

Cuts only what no promise covers: bytes after the last sound record of the last segment, never a record that
a signed checkpoint or a durable mark counts. Where more is missing it refuses, and changes nothing.
"""

import logging
from zlib import crc32

from amberpost.errors import IntegrityError
from amberpost.remark import Remark
from amberpost.store.batch import Tail
from amberpost.store.disk import Disk
from amberpost.store.keys import Durable, KeyStore
from amberpost.store.rows import LogRows
from amberpost.store.segment import (
    HEADER,
    LEAF_LIMIT,
    RecordHeader,
    leaf_of,
    parse_header,
    segment_number,
    segment_path,
)

_log = logging.getLogger(__name__)
_READ = 4 * 1024 * 1024  # at a time, so that a record of any size takes no more memory


def segment_numbers(disk: Disk, log: str) -> list[int]:
    """The segments there are, ascending."""
    found = (segment_number(name) for name in disk.list(f"{log}/segments"))
    return sorted(number for number in found if number is not None)


def recover(disk: Disk, keys: KeyStore, rows: LogRows, *, checkpoint_size: int) -> Tail:
    """Make the log ready for its writer; IntegrityError if anything promised is missing."""
    log = rows.log
    mark = keys.durable(log)
    end = _Walk(disk, rows, mark).to_end(max(checkpoint_size, mark.next_index))
    if end.torn:
        _log.warning("cut log=%s segment=%d at=%d bytes=%d", log, end.segment, end.end, end.torn)
        disk.truncate(segment_path(log, end.segment), end.end)
    if end.segment:
        _settle_segment(disk, log, end.segment, mark.end if mark.segment == end.segment else 0)
    keys.database.truncate_wal()
    keys.note_durable(log, Durable(next_index=end.next_index, segment=end.segment, end=end.end))
    with keys.transaction() as connection:
        dropped = rows.drop_after(connection, end.next_index, end.segment, end.end)
    if dropped:
        _log.warning("dropped keys without a record log=%s keys=%d", log, dropped)
    return Tail(next_index=end.next_index, next_number=rows.next_number(), segment=end.segment, end=end.end)


class _Walk:
    """From the durable mark over every sound record to the end of the log."""

    def __init__(self, disk: Disk, rows: LogRows, mark: Durable) -> None:
        self._disk = disk
        self._rows = rows
        self.next_index = mark.next_index
        self.segment = mark.segment
        self.end = mark.end
        self.torn = 0

    def to_end(self, promised: int) -> "_Walk":
        numbers = segment_numbers(self._disk, self._rows.log)
        if self.segment and self.segment not in numbers:
            raise self._missing(Remark("last_segment_gone"))
        if self.segment and self._disk.size(self._path()) < self.end:
            raise self._missing(Remark("last_segment_cut"))
        for number in numbers:
            if number < self.segment:
                continue
            if number > self.segment:
                # Only the very last segment may end torn: the next one is begun when this one is durable.
                if self.torn:
                    raise self._missing(Remark("earlier_record_damaged"))
                if number != self.segment + 1:
                    raise self._missing(Remark("segment_number_gone", {"number": self.segment + 1}))
                self.segment, self.end = number, 0
            self._through_segment()
        if self.next_index < promised:
            raise self._missing(Remark("records_fewer", {"found": self.next_index, "promised": promised}))
        return self

    def _through_segment(self) -> None:
        size = self._disk.size(self._path())
        while self.end < size:
            header = self._sound_record(size)
            if header is None:
                self.torn = size - self.end
                return
            if not header.is_object:
                self.next_index += 1
            self.end += header.length

    def _sound_record(self, size: int) -> RecordHeader | None:
        """The header of the record at the current end, None if it is torn."""
        start = self._disk.read_at(self._path(), self.end, HEADER + LEAF_LIMIT)
        try:
            header = parse_header(start)
            leaf = leaf_of(header, start)
        except ValueError:
            return None
        if self.end + header.length > size or not self._has_payload(header):
            return None
        self._require_key(header, leaf)
        return header

    def _has_payload(self, header: RecordHeader) -> bool:
        crc, at, left = 0, self.end + HEADER + header.leaf_length, header.payload_length
        while left and (part := self._disk.read_at(self._path(), at, min(left, _READ))):
            crc, at, left = crc32(part, crc), at + len(part), left - len(part)
        return not left and crc == header.payload_crc

    def _require_key(self, header: RecordHeader, leaf: bytes) -> None:
        if header.is_object:
            known = self._rows.find_object(leaf) is not None
        else:
            row = self._rows.find_capture(header.index)
            known = row is not None and (row.place.segment, row.place.offset) == (self.segment, self.end)
            if header.index != self.next_index:
                raise self._missing(
                    Remark("record_out_of_place", {"found": header.index, "expected": self.next_index})
                )
        if not known:
            raise self._missing(Remark("record_without_key"))

    def _path(self) -> str:
        return segment_path(self._rows.log, self.segment)

    def _missing(self, why: Remark) -> IntegrityError:
        return IntegrityError("archive_incomplete", why=why, subject=self._path())


def _settle_segment(disk: Disk, log: str, number: int, offset: int) -> None:
    """After kill -9, or after a sync that failed, the page cache may be all that has the newest records."""
    disk.settle(segment_path(log, number), offset)
    disk.make_folder(f"{log}/segments")
    disk.sync_folder(f"{log}/segments")
