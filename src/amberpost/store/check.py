"""Does the log still hold what it promised? Named findings; changes nothing, cuts nothing.

quick: keys, file names, sizes, numbering. crc: every byte of every segment against checksums and keys.db.
deep: every key, payload, object and reference opened and joined. What a crash may leave behind (keys of a
batch that was never written, a torn end, objects without a reference) is no finding.
"""

import heapq
from collections.abc import Iterator
from itertools import takewhile
from typing import Literal

from amberpost.errors import Finding, FindingKind, IntegrityError
from amberpost.remark import Remark
from amberpost.store.check_keys import check_keys
from amberpost.store.keys import Durable
from amberpost.store.records import Records
from amberpost.store.recover import segment_numbers
from amberpost.store.rows import BY_CAPTURE, BY_OBJECT, CaptureRow, ObjectRow
from amberpost.store.segment import (
    HEADER,
    LEAF_LIMIT,
    Place,
    leaf_of,
    parse_header,
    payload_of,
    segment_number,
    segment_path,
)  # fmt: skip
from amberpost.store.split import body_references, join, object_id

Depth = Literal["quick", "crc", "deep"]
_CACHE_BYTES = 16 * 1024 * 1024  # packed objects; a few dozen letters with what is attached to them


def check(records: Records, depth: Depth, *, start: int = 0, checkpoint_size: int = 0) -> Iterator[Finding]:
    """Findings from ledger index `start` on; `checkpoint_size` records must be there."""
    yield from check_keys(records.keys, records.disk, deep=depth == "deep")
    try:
        yield from _Check(records, depth, start=start, checkpoint_size=checkpoint_size).run()
    except IntegrityError as error:
        yield Finding(kind=FindingKind.KEYS_DAMAGED, where=error.subject or "keys.db", remark=error.remark)


class _Check:
    """One run over one log."""

    def __init__(self, records: Records, depth: Depth, *, start: int, checkpoint_size: int) -> None:
        self._records = records
        self._rows = records.rows
        self._depth = depth
        self._start = start
        self._mark: Durable = records.keys.durable(records.log)
        self._promised = max(checkpoint_size, self._mark.next_index)
        # Before the rows: a worker may be adding keys first, then bytes.
        self._sizes = {number: self._size(number) for number in segment_numbers(records.disk, records.log)}
        self._next_index, self._next_number = self._rows.next_numbers()
        self._references = 0
        self._recent: dict[bytes, bytes] = {}
        self._recent_bytes = 0

    def run(self) -> Iterator[Finding]:
        yield from self._check_names()
        if self._next_index < self._promised:
            where = f"{self._records.log} records {self._next_index} to {self._promised - 1}"
            yield self._finding(FindingKind.RECORD_MISSING, where, Remark("promised_records_unknown"))
        if self._depth == "quick":
            yield from self._check_sizes()
            return
        yield from self._walk()
        if self._depth == "deep" and self._start == 0:
            yield from self._check_reference_count()

    # Files and numbers

    def _check_names(self) -> Iterator[Finding]:
        folder = f"{self._records.log}/segments"
        for name in self._records.disk.list(folder):
            if segment_number(name) is None:
                yield self._finding(
                    FindingKind.SEGMENT_FOREIGN, f"{folder}/{name}", Remark("segment_name_foreign")
                )
        before = 0
        for number in [*segment_numbers(self._records.disk, self._records.log), self._mark.segment + 1]:
            if number > before + 1:
                path = segment_path(self._records.log, before + 1)
                yield self._finding(FindingKind.SEGMENT_MISSING, path, Remark("segment_gone"))
            before = max(before, number)

    def _check_sizes(self) -> Iterator[Finding]:
        """The ends of the segments as keys.db knows them, for the last record and the durable mark."""
        places = [Place(segment=self._mark.segment, offset=0, length=self._mark.end)]
        if self._promised and (row := self._rows.find_capture(self._promised - 1)) is not None:
            places.append(row.place)
        for place in places:
            if place.segment and self._size(place.segment) < place.end:
                yield self._finding(FindingKind.SEGMENT_CUT, str(place), Remark("segment_ends_early"))

    # Every record

    def _walk(self) -> Iterator[Finding]:
        """Rows and bytes side by side, in the order in which the records lie in the segments."""
        before = self._rows.find_capture(self._start - 1) if self._start else None
        segment, end = (before.place.segment, before.place.end) if before else (1, 0)
        expected = self._start
        number = self._rows.first_number_after(segment, end)
        # Up to what was there at the beginning: a worker may be writing more.
        captures = takewhile(lambda row: row.index < self._next_index, self._rows.captures(self._start))
        objects = takewhile(lambda row: row.number < self._next_number, self._rows.objects(number))
        rows: Iterator[CaptureRow | ObjectRow] = heapq.merge(
            captures, objects, key=lambda row: (row.place.segment, row.place.offset)
        )
        for row in rows:
            if row.place.segment != segment:
                yield from self._check_segments_between(segment, end, row.place.segment)
                segment, end = row.place.segment, 0
            yield from self._check_gap(segment, end, row.place.offset)
            end = max(end, row.place.end)
            if isinstance(row, CaptureRow):
                if row.index != expected:
                    where = f"{self._records.log} records {expected} to {row.index - 1}"
                    yield self._finding(FindingKind.RECORD_MISSING, where, Remark("these_records_unknown"))
                expected = row.index + 1
            yield from self._check_row(row)
        yield from self._check_segments_between(segment, end, self._mark.segment + 1)

    def _check_segments_between(self, segment: int, end: int, stop: int) -> Iterator[Finding]:
        """Nothing follows the last known record of a segment, and segments without one are empty."""
        for number, size in self._sizes.items():
            if number == segment or segment < number < stop:
                yield from self._check_gap(number, end if number == segment else 0, size)

    def _check_gap(self, segment: int, at: int, stop: int) -> Iterator[Finding]:
        """Bytes no key points to: objects whose key was destroyed, or what a crash left at the very end."""
        while at < stop:
            length = self._unused_object(Place(segment=segment, offset=at, length=stop - at))
            if not length:
                # Behind the durable mark a torn end is what a crash leaves; before it, or if a whole header stands
                # there, something lost its key.
                if (segment, at) < (self._mark.segment, self._mark.end) or self._is_record(segment, at):
                    where = f"{segment_path(self._records.log, segment)}@{at}"
                    yield self._finding(
                        FindingKind.BYTES_WITHOUT_KEY,
                        where,
                        Remark("bytes_without_key", {"number": stop - at}),
                    )
                return
            at += length

    def _unused_object(self, gap: Place) -> int:
        """The length of the sound object record at the gap's start; 0 if there is none."""
        data = self._read(gap, HEADER)
        try:
            header = parse_header(data)
            if not header.is_object or header.length > gap.length:
                return 0
            data = self._read(gap, header.length)
            leaf_of(header, data)
            payload_of(header, data)
        except ValueError:
            return 0
        return header.length

    def _is_record(self, segment: int, at: int) -> bool:
        data = self._read(Place(segment=segment, offset=at, length=HEADER), HEADER + LEAF_LIMIT)
        try:
            parse_header(data)
        except ValueError:
            return False
        return True

    # One record

    def _check_row(self, row: CaptureRow | ObjectRow) -> Iterator[Finding]:
        try:
            if self._depth == "crc":
                self._records.require_sound(row)
            elif isinstance(row, CaptureRow):
                body = self._records.open_capture(row)[2]
                if body:
                    yield from self._check_references(body, BY_CAPTURE, row.index, row)
                    join(body, self._object)
            else:
                yield from self._open_object(row)
        except IntegrityError as error:
            if self._is_promised(row):
                yield self._finding(FindingKind.RECORD_DAMAGED, self._where(row), error.remark)

    def _open_object(self, row: ObjectRow) -> Iterator[Finding]:
        packed = self._records.open_object_row(row)
        # A capture follows its objects: most need not be decrypted twice.
        if self._recent_bytes > _CACHE_BYTES:
            self._recent.clear()
            self._recent_bytes = 0
        self._recent[row.id] = packed
        self._recent_bytes += len(packed)
        yield from self._check_references(packed, BY_OBJECT, row.number, row)
        if object_id(self._records.keys.label("dedup"), join(packed, self._object)) != row.id:
            yield self._finding(FindingKind.OBJECT_DIFFERS, self._where(row), Remark("object_differs"))

    def _check_references(
        self, body: bytes, kind: int, referrer: int, row: CaptureRow | ObjectRow
    ) -> Iterator[Finding]:
        where = self._where(row)
        try:
            ids = {one.id for one in body_references(body)}
        except ValueError as error:
            raise IntegrityError("references_damaged", subject=where) from error
        for id, number in self._rows.find_numbers(ids).items():
            self._references += self._is_promised(row)
            if not self._rows.has_reference(number, kind, referrer):
                yield self._finding(
                    FindingKind.REFERENCE_MISSING, where, Remark("reference_lacking", subject=id.hex())
                )

    def _check_reference_count(self) -> Iterator[Finding]:
        number = min(self._rows.first_number_after(self._mark.segment, self._mark.end), self._next_number)
        found = self._rows.count_references(self._promised, number)
        if found > self._references:
            where = f"keys.db {self._records.log}_reference"
            yield self._finding(
                FindingKind.REFERENCE_UNKNOWN,
                where,
                Remark("references_counted", {"found": found, "records": self._references}),
            )

    def _object(self, id: bytes) -> bytes:
        found = self._recent.get(id)
        return self._records.open_object(id) if found is None else found

    def _is_promised(self, row: CaptureRow | ObjectRow) -> bool:
        if isinstance(row, CaptureRow) and row.index < self._promised:
            return True
        return (row.place.segment, row.place.offset) < (self._mark.segment, self._mark.end)

    # Small things

    def _where(self, row: CaptureRow | ObjectRow) -> str:
        name = f"record {row.index}" if isinstance(row, CaptureRow) else f"object {row.number}"
        return f"{self._records.log} {name} {row.place}"

    def _size(self, segment: int) -> int:
        try:
            return self._records.disk.size(segment_path(self._records.log, segment))
        except FileNotFoundError:
            return 0

    def _read(self, place: Place, length: int) -> bytes:
        try:
            path = segment_path(self._records.log, place.segment)
            return self._records.disk.read_at(path, place.offset, length)
        except FileNotFoundError:
            return b""

    def _finding(self, kind: FindingKind, where: str, remark: Remark) -> Finding:
        return Finding(kind=kind, where=where, remark=remark)
