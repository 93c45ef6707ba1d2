"""Reading one log of sealed records: header, leaf, content; each byte authenticated or an IntegrityError.

Works beside the worker that writes the log. Knows nothing of mail: headers are opaque.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amberpost.errors import IntegrityError, NotFound
from amberpost.store.batch import HEADER_LENGTH, Binding
from amberpost.store.disk import Disk
from amberpost.store.keys import KeyStore
from amberpost.store.pack import unpack
from amberpost.store.rows import CaptureRow, LogRows, ObjectRow
from amberpost.store.segment import (
    HEADER,
    LEAF_LIMIT,
    Place,
    RecordHeader,
    leaf_of,
    parse_header,
    payload_of,
    segment_path,
)  # fmt: skip
from amberpost.store.split import join
from amberpost.store.stream import CHUNK, TAG, unseal, unseal_first

_HEADER_LIMIT = 64 * 1024 * 1024  # unpacked; the envelope of a report with 100,000 recipients is 10 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One sealed record, opened. `raw` is None for records without content."""

    index: int
    leaf: bytes
    header: bytes
    raw: bytes | None


class Records:
    """The sealed records of one log."""

    def __init__(self, disk: Disk, keys: KeyStore, log: str) -> None:
        self.log = log
        self.disk = disk
        self.keys = keys
        self.rows = LogRows(keys, log)
        self.binding = Binding.of(keys.origin, log)

    def read(self, index: int) -> Record:
        """One record with its content joined; NotFound, or IntegrityError if it is damaged."""
        leaf, header, body = self.open_capture(self._get_row(index))
        raw = join(body, self.open_object) if body else None
        return Record(index=index, leaf=leaf, header=header, raw=raw)

    def read_header(self, index: int) -> tuple[bytes, bytes]:
        """(leaf, header) without joining; reads one chunk at most of a large record."""
        row = self._get_row(index)
        key = self.rows.capture_key(row)
        with _damage(row.place):
            data = self._read(row.place, HEADER + LEAF_LIMIT + CHUNK + TAG)
            record = _capture_header(data, row)
            leaf = leaf_of(record, data)
            first = data[HEADER + record.leaf_length : record.length][: CHUNK + TAG]
            # A header that fits the first chunk is read without opening what may be hundreds of megabytes behind it.
            only = record.payload_length <= CHUNK + TAG
            plain = unseal_first(key, first, self.binding.capture(index, leaf), only=only)
            if HEADER_LENGTH.unpack_from(plain)[0] <= len(plain) - HEADER_LENGTH.size:
                return leaf, _divide(plain)[0]
        return self.open_capture(row)[:2]

    def key_class(self, index: int) -> str:
        """The class of the key that wraps the key of a record, such as mail-2026-11."""
        return self.keys.kek_by_id(self._get_row(index).kek).name

    def leaves(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Every (index, leaf) from `start`, in order; keys whose record is still being written do not count."""
        end = self.count_written()
        for row in self.rows.captures(start):
            if row.index >= end:
                return
            with _damage(row.place):
                data = self._read(row.place, HEADER + LEAF_LIMIT)
                leaf = leaf_of(_capture_header(data, row), data)
            yield row.index, leaf

    def count_written(self) -> int:
        """Records that are there: keys are committed first, so the last of them may have no record yet, or,
        after a crash, never. Below the durable mark every key counts: a missing record there is damage."""
        count, promised = self.rows.next_index(), 0
        with contextlib.suppress(IntegrityError):  # check() names a damaged mark
            promised = self.keys.durable(self.log).next_index
        while count > promised and not self._is_written(count - 1):
            count -= 1
        return count

    def _is_written(self, index: int) -> bool:
        row = self.rows.find_capture(index)
        try:
            return row is not None and row.place.end <= self.disk.size(
                segment_path(self.log, row.place.segment)
            )
        except FileNotFoundError:
            return False

    def find(self, capture_ids: Iterable[bytes]) -> dict[bytes, int]:
        """Which captures are sealed already, and as which index."""
        return self.rows.find_indexes(capture_ids)

    def has_objects(self, ids: Iterable[bytes]) -> set[bytes]:
        """Which objects are kept already."""
        return set(self.rows.find_numbers(ids))

    def open_object(self, id: bytes) -> bytes:
        """The packed body of an object; IntegrityError if it is missing or damaged."""
        row = self.rows.find_object(id)
        if row is None:
            raise IntegrityError("object_missing", subject=f"{self.log} object {id.hex()}")
        return self.open_object_row(row)

    def open_object_row(self, row: ObjectRow) -> bytes:
        """As open_object(). The key first: only then the place in the row is to be believed."""
        key = self.rows.object_key(row)
        with _damage(row.place):
            data = self._read(row.place, row.place.length)
            payload = payload_of(_object_header(data, row), data)
            return unseal(key, payload, self.binding.object(row.id))

    def open_capture(self, row: CaptureRow) -> tuple[bytes, bytes, bytes]:
        """(leaf, header, packed body or nothing) of a capture; IntegrityError if it is damaged."""
        key = self.rows.capture_key(row)
        with _damage(row.place):
            data = self._read(row.place, row.place.length)
            record = _capture_header(data, row)
            leaf, payload = leaf_of(record, data), payload_of(record, data)
            return leaf, *_divide(unseal(key, payload, self.binding.capture(row.index, leaf)))

    def require_sound(self, row: CaptureRow | ObjectRow) -> None:
        """IntegrityError unless the checksums of the record hold; opens nothing."""
        with _damage(row.place):
            data = self._read(row.place, row.place.length)
            header = _capture_header(data, row) if isinstance(row, CaptureRow) else _object_header(data, row)
            leaf_of(header, data)
            payload_of(header, data)

    def _get_row(self, index: int) -> CaptureRow:
        row = self.rows.find_capture(index)
        if row is None:
            raise NotFound("record_unknown", subject=f"{self.log} {index}")
        return row

    def _read(self, place: Place, at_most: int) -> bytes:
        try:
            return self.disk.read_at(
                segment_path(self.log, place.segment), place.offset, min(place.length, at_most)
            )
        except FileNotFoundError:
            raise ValueError("the segment is missing") from None


def _record_header(data: bytes, place: Place) -> RecordHeader:
    header = parse_header(data)
    if header.length != place.length:
        raise ValueError("the record has another length than its key says")
    return header


def _capture_header(data: bytes, row: CaptureRow) -> RecordHeader:
    header = _record_header(data, row.place)
    if header.is_object or header.index != row.index:
        raise ValueError("another record is there")
    return header


def _object_header(data: bytes, row: ObjectRow) -> RecordHeader:
    header = _record_header(data, row.place)
    if not header.is_object or header.index or leaf_of(header, data) != row.id:
        raise ValueError("another record is there")
    return header


def _divide(plain: bytes) -> tuple[bytes, bytes]:
    if len(plain) < HEADER_LENGTH.size:
        raise ValueError("payload is cut off")
    end = HEADER_LENGTH.size + HEADER_LENGTH.unpack_from(plain)[0]
    if end > len(plain):
        raise ValueError("payload is cut off")
    return unpack(memoryview(plain)[HEADER_LENGTH.size : end], limit=_HEADER_LIMIT), plain[end:]


@contextlib.contextmanager
def _damage(place: Place) -> Iterator[None]:
    """What is wrong with the bytes of a record becomes an IntegrityError that says where."""
    try:
        yield
    except ValueError as error:
        raise IntegrityError("record_damaged", subject=str(place)) from error
